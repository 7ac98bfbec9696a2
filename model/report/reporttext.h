#pragma once
// Words and numbers of a report: English, UTC, the same on every computer.
#include "report/auditreport.h"

namespace bellwether {

QString reportTime(qint64 wallMs);      // "20 Nov 2026 21:40:07"; "–" for 0
QString reportClock(qint64 wallMs);     // "21:40:07"; "–" for 0
QString reportDuration(qint64 ms);      // "0.6 s", "42 s", "4 min 14 s", "2 h 05 min 09 s"
QString reportCount(int count, const char *one, const char *many = nullptr); // "1 host", "6 hosts"
QString reportWord(HostRunState state); // "Rolled back"
QString reportWord(RolloutLifecycle state);
QString reportWord(WayBackVerdict verdict);
QString reportWord(StepOutcome outcome);
// A cell that no spreadsheet runs: ' in front of what begins like a formula, also behind a separator of another locale
// within the text, where one splits the cell. Quoting is the format's.
QString guardedCell(const QString &text);
QString shortHashText(const QString &hex); // "3fa9 71be 04d2 … 88e0 c2d1"

// Text that came from hosts and people, safe to print: control, bidirectional and invisible characters become visible
// marks, long text is cut and says so. Line ends are kept only where `lines` says so.
QString shown(const QString &text, bool lines = false, qsizetype most = 4000);

} // namespace bellwether
