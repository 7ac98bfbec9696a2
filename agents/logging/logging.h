#pragma once
// The program's own log: <data>/logs/bellwether.log, rotated at 5 MiB, three kept, mode 0600, every line redacted and free of
// control characters. Qt's messages go there too; warnings also go to stderr unless `quiet`.
#include <QByteArray>
#include <QString>

namespace bellwether {

// Without a folder that can be written it logs nowhere and says so on stderr once. Call once, before threads start.
void startLogging(const QString &dataFolder, bool quiet);
void stopLogging(); // flushes; before the process ends

// One line for the log as it would be written: redacted, control characters visible. Exposed for tests.
QByteArray logLine(const QByteArray &text);

} // namespace bellwether
