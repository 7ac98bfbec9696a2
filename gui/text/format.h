#pragma once
// Numbers, times and counts as people read them at night: ages and durations in words, local time with UTC beside it.
// "–" means there is none, "unknown" means it could not be measured; they are never swapped.
#include <QString>
#include <optional>

namespace bellwether {

QString durationText(qint64 ms);       // "0.55 s", "42 s", "4 min 14 s", "2 h 50 min", "3 d 4 h"
QString ageText(qint64 ms);            // the largest unit only: "40 s", "38 min", "5 h", "3 d"
QString agoText(qint64 thenMs, qint64 nowMs); // "40 s ago"; "–" for 0
QString clockText(qint64 ms);          // countdown: "55:12", "3:02:10"
QString timeText(qint64 wallMs);       // "21:40:07", local
QString dateTimeText(qint64 wallMs);   // "20 Nov 21:40:07 CET", local
QString utcText(qint64 wallMs);        // "2026-11-20 20:40:07 UTC", for tooltips
QString localAndUtcText(qint64 wallMs); // "20 Nov 21:40:07 CET (20:40:07 UTC)"
QString bytesText(qint64 bytes);       // "18.2 GB"
QString bytesText(const std::optional<qint64> &bytes); // "unknown" when absent
QString hostsText(int count);          // "1 host", "46 hosts"
QString numberText(qint64 number);     // "12 481"
QString shortHash(const QString &hash); // "7c1e…90ab"
QString unknownText();
QString noneText();                    // "–"
QString joinNames(const QStringList &names, int most = 3); // "a, b, c and 4 more"
QString caret(char16_t control);       // "^M", as terminals write control characters
// Makes text from a host safe to show on one line: control and bidirectional characters become visible marks.
QString visibleText(const QString &text, int most = 2000);

} // namespace bellwether
