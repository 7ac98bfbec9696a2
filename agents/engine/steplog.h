#pragma once
// The output of a step as kept on this computer: without its secrets, line by line, at most 8 MiB, then a line that says
// that not all is kept.
#include "logging/redactor.h"

#include <QFile>

namespace bellwether {

class StepLog {
public:
    explicit StepLog(const QString &path); // made anew: a step that is attached to again is read from its beginning
    ~StepLog();
    void append(const QByteArray &bytes);
    void finish(); // its last line is written though it has no end
    QByteArray tail() const { return m_tail; } // at most 2 KiB

private:
    void keep(const QByteArray &bytes);
    QFile m_file;
    RedactedStream m_clean;
    qint64 m_written = 0;
    bool m_full = false;
    QByteArray m_tail;
};

} // namespace bellwether
