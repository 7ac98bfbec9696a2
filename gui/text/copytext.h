#pragma once
// How far a copy of a file is, in words: a row of what the request "transfers" answers (rollout/console.h).
#include <QJsonObject>
#include <QString>

namespace bellwether {

QString rateText(double bytesPerSecond);         // "2.1 MB/s"
QString copyStateText(const QJsonObject &row);   // "3 MB of 9 MB, 2.1 MB/s, 3 s left"
QString copyErrorText(const QJsonObject &row);   // a sentence

} // namespace bellwether
