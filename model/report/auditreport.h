#pragma once
// The evidence of one rollout as a pure function of its events. The JSON form embeds the events themselves with their
// chain, so that it can be verified without the journal; the other forms are for people.
#include "base/error.h"
#include "rollout/snapshot.h"

namespace bellwether {

struct ReportDecision {
    qint64 atMs = 0;
    QString who, what;
};
struct ReportLoss {
    QString host;
    qint64 backupMs = 0, stoppedMs = 0;
    QString counted; // difference in rows, or "unknown"
};
struct AuditReport {
    RolloutSnapshot rollout; // as folded to its last event
    QList<Event> events;
    QByteArray previousHash, headHash; // hex: chain before its first event is not needed; each event carries its own
    QString headline, summary; // sentences in English
    QList<ReportDecision> decisions;
    QList<ReportLoss> losses;
    QStringList gaps; // evidence that is missing, one sentence each; never empty without reason
    qint64 firstSeq = 0, lastSeq = 0;
    qint64 madeMs = 0;
    QString programVersion;
};

enum class ReportFormat { Html, Pdf, Csv, Json, Md };
BELLWETHER_ENUM(ReportFormat, "html", "pdf", "csv", "json", "md")

} // namespace bellwether
