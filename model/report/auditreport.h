#pragma once
// The evidence of one rollout as a pure function of its events: the same events give the same bytes, on any computer and
// at any time (hence UTC throughout). Every number in it is counted from events. The JSON form embeds the events
// themselves with their chain, so that it can be verified without the journal; the other forms are for people.
#include "base/error.h"
#include "journal/chain.h"
#include "rollout/snapshot.h"

namespace bellwether {

struct JournalCheck;

struct ReportDecision {
    qint64 atMs = 0;
    QString who, what;
    bool operator==(const ReportDecision &) const = default;
    template<class V, class S> static void fields(V &&v, S &s) { v("at", s.atMs); v("who", s.who); v("what", s.what); }
};
struct ReportLoss { // of a host that was restored
    QString host;
    qint64 backupMs = 0, stoppedMs = 0; // 0: not recorded
    QString counted; // difference in rows, or why it is unknown
    bool operator==(const ReportLoss &) const = default;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("backup", s.backupMs); v("stopped", s.stoppedMs); v("counted", s.counted); }
};
struct ReportMigration {
    QString host;
    int hop = 0;
    qint64 atMs = 0; // when its last word was recorded
    Migration migration;
    bool operator==(const ReportMigration &) const = default;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("hop", s.hop); v("at", s.atMs); v("migration", s.migration); }
};
struct ReportGate {
    int wave = 0, hop = 0;
    GateVerdict verdict = GateVerdict::Pending;
    bool passed = false;
    QString by, reason;
    qint64 bakeFromMs = 0, atMs = 0; // all of its hosts at rest; passed, or assessed last
    QList<GateCondition> conditions;
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("wave", s.wave); v("hop", s.hop); v("verdict", s.verdict); v("passed", s.passed); v("by", s.by);
        v("reason", s.reason); v("bake_from", s.bakeFromMs); v("at", s.atMs); v("conditions", s.conditions);
    }
};
struct ReportHost {
    QString name, environment, address, domain;
    int wave = 0;
    QString waveName, from, now; // versions; now: measured last
    HostRunState state = HostRunState::Waiting;
    QString reason;
    bool begun = false, stillDown = false;
    qint64 beganMs = 0, endedMs = 0, downtimeMs = 0;
    int ran = 0, skipped = 0, failed = 0; // migrations
    QList<StepRun> steps;
    std::optional<WayBack> way;
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("name", s.name); v("environment", s.environment); v("address", s.address); v("domain", s.domain);
        v("wave", s.wave); v("wave_name", s.waveName); v("from", s.from); v("now", s.now); v("state", s.state);
        v("reason", s.reason); v("begun", s.begun); v("still_down", s.stillDown); v("began", s.beganMs);
        v("ended", s.endedMs); v("downtime_ms", s.downtimeMs); v("ran", s.ran); v("skipped", s.skipped);
        v("failed", s.failed); v("way_back", s.way);
    }
};
struct ReportFigures {
    int planned = 0, upgraded = 0, rolledBack = 0, troubled = 0, deferred = 0, excluded = 0, notBegun = 0, underWay = 0;
    int migrationsRan = 0, migrationsFailed = 0, restored = 0;
    qint64 downtimeAtMostMs = 0;
    bool operator==(const ReportFigures &) const = default;
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("planned", s.planned); v("upgraded", s.upgraded); v("rolled_back", s.rolledBack); v("troubled", s.troubled);
        v("deferred", s.deferred); v("excluded", s.excluded); v("not_begun", s.notBegun); v("under_way", s.underWay);
        v("migrations_ran", s.migrationsRan); v("migrations_failed", s.migrationsFailed); v("restored", s.restored);
        v("downtime_at_most_ms", s.downtimeAtMostMs);
    }
};
struct AuditReport {
    RolloutSnapshot rollout; // as folded to its last event
    Plan plan;
    QList<Event> events;     // of this rollout, and what concerned every rollout while it ran
    QList<ChainLink> links;  // what lies between them: whose it is, not what it says
    QByteArray previousHash, headHash; // raw: the link before its first event; the link of its last
    QString workspace;
    QString headline, summary; // sentences in English
    ReportFigures figures;
    QList<ReportHost> hosts;   // by wave, then name
    QList<ReportMigration> migrations;
    QList<ReportGate> gates;
    QList<ReportDecision> decisions;
    QList<ReportLoss> losses;
    QStringList gaps; // evidence that is missing, one sentence each; never empty without reason
    qint64 firstSeq = 0, lastSeq = 0;
    qint64 madeMs = 0;
    QString journalBroken; // of the journal it was made from, as a whole: "missing at event 7"; empty: it held
    QString programVersion;
};

enum class ReportFormat { Html, Pdf, Csv, Json, Md };
BELLWETHER_ENUM(ReportFormat, "html", "pdf", "csv", "json", "md")

// All events of the journal (or at least those from the rollout's first to its last), in order. UnknownRollout when there
// is no such rollout among them.
Result<AuditReport> makeReport(const QList<Event> &allEvents, int rollout, qint64 madeMs, const QString &journalBroken = {});
QString brokenWords(const JournalCheck &check); // for journalBroken

QByteArray reportHtml(const AuditReport &report); // one file, nothing remote, no script
QByteArray reportMarkdown(const AuditReport &report);
QByteArray reportCsv(const AuditReport &report);  // RFC 4180, one row per step
QByteArray reportJson(const AuditReport &report); // canonical JSON and a line end
// The format PDF is made by gui/reportview. ReportFormat for it.
Result<QByteArray> writeReport(const AuditReport &report, ReportFormat format);

// Verifies a JSON report with nothing but itself: every hash is computed anew, every link is followed, and what the
// report says to people is derived from its events once more. Cause: unreadable, altered, missing, chain, withheld (an event
// that the report has to show is there as a link only), summary.
// Sentences (headline, summary, decisions, gaps) are compared when this version of the program wrote them; those of another
// one are not, and `headline` is what this one says of the same events.
// That nobody rewrote the whole file is for its signature to prove, or for a head kept elsewhere.
struct ReportCheck {
    bool intact = false;
    bool wordsChecked = false;
    QString program, headline;
    qint64 events = 0, firstBroken = 0; // sequence number in the journal; 0: the file as a whole
    QString cause, rollout, workspace, headHash; // hex
};
ReportCheck verifyReport(const QByteArray &bytes);

} // namespace bellwether
