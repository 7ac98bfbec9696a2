#pragma once
// How far a copy of a file is, in words: what the request "transfers" answers (rollout/console.h), and a row of it.
#include <QJsonObject>
#include <QString>

#include <optional>

namespace bellwether {

QString rateText(double bytesPerSecond);         // "2.1 MB/s"
QString copyStateText(const QJsonObject &row);   // "3 MB of 9 MB, 2.1 MB/s, 3 s left"
QString copyErrorText(const QJsonObject &row);   // a sentence

// Bytes a second from "500k", "1.5 MB/s"; 0 from nothing. Absent: it is no rate, or below what a copy can keep to (1024).
std::optional<qint64> copyLimit(const QString &text);

// All of it at once: its hosts, and the jump hosts that take the file first and pass it on.
struct CopyTotals {
    qint64 done = 0, total = 0; // bytes
    double rate = 0;            // a second
    qint64 etaS = -1;           // of the slowest that is under way; -1: unknown
    QString etaTo;              // the jump host that this is; empty: a host
    int hosts = 0, copied = 0, ended = 0;
    bool isReading = false;     // the file, here
    int percent() const { return total > 0 ? static_cast<int>(100 * done / total) : 0; }
};
CopyTotals copyTotals(const QJsonObject &report);
QString copyPaceText(const CopyTotals &totals);  // "2.1 MB/s, 3 s left"; "2.1 MB/s, 4 min 10 s to gate-1"

} // namespace bellwether
