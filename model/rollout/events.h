#pragma once
// What happened, in the past tense: one struct each, one list of fields each. The journal is a sequence of these and
// nothing else; rollouts, inventory, trusted keys and the catalogue are folds over it. Adding an event: a struct here,
// its name in EventBody, its case in apply (rollout/state.cpp) and its words in gui/text.
#include "base/clock.h"
#include "base/error.h"
#include "base/fields.h"
#include "domain/facts.h"
#include "domain/installation.h"
#include "domain/profile.h"
#include "migrations/migration.h"
#include "rollout/states.h"

#include <variant>

namespace bellwether {

#define BELLWETHER_EVENT(Type)                                                                            \
    static constexpr const char *name = #Type;

// ---- the workspace
struct ConsoleStarted { // a console took the journal over; durations before it do not count on
    BELLWETHER_EVENT(ConsoleStarted)
    QString workspace; // id of the data folder, made once; owner of leases on hosts
    QString version, hostName;
    qint64 pid = 0;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("workspace", s.workspace); v("version", s.version); v("host_name", s.hostName); v("pid", s.pid); }
};
struct FleetImported { // adds or replaces by name
    BELLWETHER_EVENT(FleetImported)
    QString source;
    QList<Installation> installations;
    qint64 undoes = 0; // sequence number of the change of the fleet that this takes back; 0: none
    template<class V, class S> static void fields(V &&v, S &s)
    { v("source", s.source); v("installations", s.installations); v("undoes", s.undoes); }
};
struct HostRemoved {
    BELLWETHER_EVENT(HostRemoved)
    QStringList hosts;
    QString reason;
    qint64 undoes = 0; // as above
    template<class V, class S> static void fields(V &&v, S &s) { v("hosts", s.hosts); v("reason", s.reason); v("undoes", s.undoes); }
};
struct HostTrusted {
    BELLWETHER_EVENT(HostTrusted)
    QString machine; // address:port
    QString keyType, fingerprint; // SHA256:…
    QString source;               // "operator", "import FILE", "demo"
    QString replaced;             // fingerprint before, with a reason
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("machine", s.machine); v("key_type", s.keyType); v("fingerprint", s.fingerprint);
        v("source", s.source); v("replaced", s.replaced); v("reason", s.reason);
    }
};
struct KeyRevoked { // this key is never believed again, whichever machine shows it
    BELLWETHER_EVENT(KeyRevoked)
    QString keyType, fingerprint; // SHA256:…
    QString source;               // "import FILE"
    template<class V, class S> static void fields(V &&v, S &s)
    { v("key_type", s.keyType); v("fingerprint", s.fingerprint); v("source", s.source); }
};
struct ReleasesImported {
    BELLWETHER_EVENT(ReleasesImported)
    QString source, text; // the catalogue as read
    template<class V, class S> static void fields(V &&v, S &s) { v("source", s.source); v("text", s.text); }
};
struct TransferBegun { // a file is about to be copied to hosts, or from one; before its first byte
    BELLWETHER_EVENT(TransferBegun)
    QStringList hosts;
    QString direction; // "put" or "get"
    QString path;      // on the host
    QString file;      // on the console's computer
    qint64 size = 0;   // of what is put; a get learns it on the host
    QString sha256, reason;
    QStringList stagedOn; // jump hosts on which it lies meanwhile, to be passed on
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("staged_on", s.stagedOn); v("hosts", s.hosts); v("direction", s.direction); v("path", s.path); v("file", s.file);
        v("size", s.size); v("sha256", s.sha256); v("reason", s.reason);
    }
};
struct FileTransferred { // it stands there whole under its name, compared by its sum
    BELLWETHER_EVENT(FileTransferred)
    QString host, direction, path, file;
    qint64 size = 0;
    QString sha256, reason;
    bool already = false; // the host had this very content before
    QString through;      // the host that passed it on; empty: this console did
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("host", s.host); v("direction", s.direction); v("path", s.path); v("file", s.file); v("size", s.size);
        v("sha256", s.sha256); v("reason", s.reason); v("already", s.already); v("through", s.through);
    }
};
struct TransferFailed { // or was cancelled: what is called `path` is as it was; a part may lie beside it
    BELLWETHER_EVENT(TransferFailed)
    QString host, direction, path, problem;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("direction", s.direction); v("path", s.path); v("problem", s.problem); }
};
struct EverythingStopped { // from here on no step is begun in any rollout, by this console or its next ones
    BELLWETHER_EVENT(EverythingStopped)
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("reason", s.reason); }
};
struct EverythingReleased {
    BELLWETHER_EVENT(EverythingReleased)
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("reason", s.reason); }
};
struct HoldsSpread { // hosts that are about to be told of a stop, where it binds other consoles; one of each machine
    BELLWETHER_EVENT(HoldsSpread)
    QStringList hosts;
    template<class V, class S> static void fields(V &&v, S &s) { v("hosts", s.hosts); }
};
struct HoldsLifted { // and those that have confirmed its end
    BELLWETHER_EVENT(HoldsLifted)
    QStringList hosts;
    template<class V, class S> static void fields(V &&v, S &s) { v("hosts", s.hosts); }
};
struct FactsMeasured { // phase: preflight, migrated (right after the new version's start), check, back,
// before-back (the evidence for the way back is read anew), or fleet (a fleet check)
    BELLWETHER_EVENT(FactsMeasured)
    QString host, phase, token; // token: of the measuring step; empty for a fleet check
    int hop = 0;
    HostFacts facts;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("phase", s.phase); v("token", s.token); v("hop", s.hop); v("facts", s.facts); }
};

// ---- a rollout's course
struct RunOptions {
    bool autoPromote = false, acknowledgedNotes = false, yes = false;
    double bakeScale = 1.0;
    QString takeOver; // why leases of consoles that have gone silent may be taken; empty: a person is asked each time
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("auto_promote", s.autoPromote); v("acknowledged_notes", s.acknowledgedNotes);
        v("yes", s.yes); v("bake_scale", s.bakeScale); v("take_over", s.takeOver);
    }
};
struct RolloutStarted {
    BELLWETHER_EVENT(RolloutStarted)
    QJsonObject plan; // whole
    QString planHash;
    RunOptions options;
    QString workspace; // whose rollout it is: two consoles count from R-0001 each, and may meet on one host
    template<class V, class S> static void fields(V &&v, S &s)
    { v("plan", s.plan); v("plan_hash", s.planHash); v("options", s.options); v("workspace", s.workspace); }
};
struct RolloutResumed { // by an operator, after an interruption: a new console carries on
    BELLWETHER_EVENT(RolloutResumed)
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("reason", s.reason); }
};
struct WaveOpened {
    BELLWETHER_EVENT(WaveOpened)
    int wave = 0, hop = 0;
    template<class V, class S> static void fields(V &&v, S &s) { v("wave", s.wave); v("hop", s.hop); }
};
struct HostBegun {
    BELLWETHER_EVENT(HostBegun)
    QString host;
    int hop = 0;
    template<class V, class S> static void fields(V &&v, S &s) { v("host", s.host); v("hop", s.hop); }
};
struct HostEnded { // reached a resting state: upgraded, already-there, failed, half-migrated, in-doubt, deferred, excluded, rolled-back, rollback-failed
    BELLWETHER_EVENT(HostEnded)
    QString host;
    HostRunState state = HostRunState::Waiting;
    int hop = 0;
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("state", s.state); v("hop", s.hop); v("reason", s.reason); }
};
struct LeaseTaken {
    BELLWETHER_EVENT(LeaseTaken)
    QString host; // any installation on the machine
    QString machine, owner;
    qint64 epoch = 0;
    QString takenFrom; // a stranger's stale lease
    std::optional<qint64> insteadOf; // our own of before, which we gave back for this one; nobody else has had it since, if it is the next
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("machine", s.machine); v("owner", s.owner); v("epoch", s.epoch); v("taken_from", s.takenFrom); v("instead_of", s.insteadOf); }
};
struct LeaseRefused { // another console has the host; once for each answer that says something new
    BELLWETHER_EVENT(LeaseRefused)
    QString host, owner;
    QString by;                     // who, in people's words: "ann@desk-7, R-0003"; empty when it did not say
    std::optional<qint64> sinceMs;  // wall clock: when it took the lease
    bool stale = false;             // it has gone silent: a person may take the lease over
    std::optional<qint64> silentSinceMs; // when its lease ran out; absent: before the host was started last, or unknown
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("owner", s.owner); v("by", s.by); v("since", s.sinceMs); v("stale", s.stale); v("silent_since", s.silentSinceMs); }
};
struct TakeOverConfirmed { // a person gave leave to take a silent console's lease
    BELLWETHER_EVENT(TakeOverConfirmed)
    QString host, owner, by; // from whom
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("host", s.host); v("owner", s.owner); v("by", s.by); v("reason", s.reason); }
};

// ---- steps
struct StepIntended { // durable before anything is sent to the host
    BELLWETHER_EVENT(StepIntended)
    QString host, token; // token = r<rollout>.h<host>.<hop>.<step>.<attempt>.<workspace>, leading b: back tag-only, x: restore
    Direction direction = Direction::Forward;
    int hop = 0, index = 0, attempt = 1;
    QString step; // name
    StepKind kind = StepKind::Guard;
    QString sha256; // of the script; empty for steps that measure
    QString command; // as shown to people
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("host", s.host); v("token", s.token); v("direction", s.direction); v("hop", s.hop); v("index", s.index);
        v("attempt", s.attempt); v("step", s.step); v("kind", s.kind); v("sha256", s.sha256); v("command", s.command);
    }
};
struct StepStarted {
    BELLWETHER_EVENT(StepStarted)
    QString host, token;
    template<class V, class S> static void fields(V &&v, S &s) { v("host", s.host); v("token", s.token); }
};
struct StepEnded {
    BELLWETHER_EVENT(StepEnded)
    QString host, token;
    StepOutcome outcome = StepOutcome::Done;
    std::optional<int> exitStatus;
    QString reason;       // one clause: why it did not end well
    qint64 durationMs = 0; // as the host counted it
    qint64 outputBytes = 0;
    std::optional<qint64> unreadBytes; // of them, in its middle: left on the host
    QString lastWords; // the end of its output, at most 2 KiB, redacted
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("host", s.host); v("token", s.token); v("outcome", s.outcome); v("exit", s.exitStatus); v("reason", s.reason);
        v("duration_ms", s.durationMs); v("output_bytes", s.outputBytes);
        v("unread_bytes", s.unreadBytes); v("last_words", s.lastWords);
    }
};
struct StepReconciled { // after an interruption or a lost link: what the host said of a step that was in doubt
    BELLWETHER_EVENT(StepReconciled)
    QString host, token;
    QString found; // absent, unstarted, running, done, lost
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("token", s.token); v("found", s.found); }
};
struct ConnectionChanged {
    BELLWETHER_EVENT(ConnectionChanged)
    QString host;
    bool connected = false;
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("connected", s.connected); v("reason", s.reason); }
};
struct MigrationObserved {
    BELLWETHER_EVENT(MigrationObserved)
    QString host, token;
    int hop = 0;
    Migration migration;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("token", s.token); v("hop", s.hop); v("migration", s.migration); }
};
struct BackupProven {
    BELLWETHER_EVENT(BackupProven)
    QString host;
    int hop = 0;
    Backup backup;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("hop", s.hop); v("backup", s.backup); }
};
struct HealthObserved { // first sample, each change, and a heartbeat while something waits for it
    BELLWETHER_EVENT(HealthObserved)
    QString host;
    Health health = Health::Unknown;
    QString version, detail;
    QString process; // identity of the running process; a change is a restart
    template<class V, class S> static void fields(V &&v, S &s)
    { v("host", s.host); v("health", s.health); v("version", s.version); v("detail", s.detail); v("process", s.process); }
};

// ---- gates and stops
struct GateCondition {
    QString key;  // upgraded, healthy, budget, bake, manual
    GateVerdict verdict = GateVerdict::Pending;
    QString value; // "3 of 3"
    template<class V, class S> static void fields(V &&v, S &s)
    { v("key", s.key); v("verdict", s.verdict); v("value", s.value); }
};
struct GateAssessed { // on each change of verdict
    BELLWETHER_EVENT(GateAssessed)
    int wave = 0, hop = 0;
    GateVerdict verdict = GateVerdict::Pending;
    QString reason;
    QList<GateCondition> conditions;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("wave", s.wave); v("hop", s.hop); v("verdict", s.verdict); v("reason", s.reason); v("conditions", s.conditions); }
};
struct GatePassed {
    BELLWETHER_EVENT(GatePassed)
    int wave = 0, hop = 0;
    QString by; // operator who promoted, "auto-promote", or empty where no person is needed
    template<class V, class S> static void fields(V &&v, S &s) { v("wave", s.wave); v("hop", s.hop); v("by", s.by); }
};
struct Promoted {
    BELLWETHER_EVENT(Promoted)
    int wave = 0, hop = 0;
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("wave", s.wave); v("hop", s.hop); v("reason", s.reason); }
};
struct Paused {
    BELLWETHER_EVENT(Paused)
    PauseReason reason = PauseReason::Operator;
    QString detail;
    QString token; // of the step that is overdue, when that is why
    template<class V, class S> static void fields(V &&v, S &s)
    { v("reason", s.reason); v("detail", s.detail); v("token", s.token); }
};
struct Unpaused {
    BELLWETHER_EVENT(Unpaused)
    PauseReason reason = PauseReason::Operator;
    QString detail;
    template<class V, class S> static void fields(V &&v, S &s) { v("reason", s.reason); v("detail", s.detail); }
};
struct HostRetried {
    BELLWETHER_EVENT(HostRetried)
    QString host, reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("host", s.host); v("reason", s.reason); }
};
struct HostSkipped {
    BELLWETHER_EVENT(HostSkipped)
    QString host, reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("host", s.host); v("reason", s.reason); }
};
struct HostGivenUp { // a person waits no longer for what became of a step on a host that does not answer; StepEnded follows
    BELLWETHER_EVENT(HostGivenUp)
    QString host, token, reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("host", s.host); v("token", s.token); v("reason", s.reason); }
};

// ---- the way back
struct Evidence {
    QString kind; // ledger, log, backup, release, step, health
    QString text;
    bool speaksForRestore = false;
    QString source; // a token, a sequence number, a file
    template<class V, class S> static void fields(V &&v, S &s)
    { v("kind", s.kind); v("text", s.text); v("restore", s.speaksForRestore); v("source", s.source); }
};
struct WayBack {
    WayBackVerdict verdict = WayBackVerdict::None;
    int rule = 0;   // of the rollout rules, 1 to 5
    QString reason; // one sentence
    QList<Evidence> evidence;
    int hop = 0;         // goes back to this hop's `from`
    qint64 lossFromMs = 0; // wall clock of the backup's start; 0 = nothing is lost
    QString backupPath;
    template<class V, class S> static void fields(V &&v, S &s)
    {
        v("verdict", s.verdict); v("rule", s.rule); v("reason", s.reason); v("evidence", s.evidence);
        v("hop", s.hop); v("loss_from", s.lossFromMs); v("backup", s.backupPath);
    }
};
struct WayBackDecided {
    BELLWETHER_EVENT(WayBackDecided)
    QString host;
    WayBack way;
    template<class V, class S> static void fields(V &&v, S &s) { v("host", s.host); v("way", s.way); }
};
struct RollbackConfirmed {
    BELLWETHER_EVENT(RollbackConfirmed)
    QStringList hosts;                // in the order they go back: newest first
    QMap<QString, QString> ways;      // host → tag-only | restore
    QMap<QString, QString> confirmed; // host → the domain as typed (restores only)
    bool automatic = false;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("hosts", s.hosts); v("ways", s.ways); v("confirmed", s.confirmed); v("automatic", s.automatic); }
};

// ---- the end
struct AbortRequested {
    BELLWETHER_EVENT(AbortRequested)
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("reason", s.reason); }
};
struct RolloutEnded {
    BELLWETHER_EVENT(RolloutEnded)
    RolloutLifecycle state = RolloutLifecycle::Succeeded;
    QString reason;
    template<class V, class S> static void fields(V &&v, S &s) { v("state", s.state); v("reason", s.reason); }
};
struct ReportExported {
    BELLWETHER_EVENT(ReportExported)
    QString format, file, sha256;
    template<class V, class S> static void fields(V &&v, S &s) { v("format", s.format); v("file", s.file); v("sha256", s.sha256); }
};

using AnyEventBody = std::variant<ConsoleStarted, FleetImported, HostRemoved, HostTrusted, KeyRevoked, ReleasesImported, TransferBegun,
    FileTransferred, TransferFailed, EverythingStopped,
    EverythingReleased, HoldsSpread, HoldsLifted, FactsMeasured, RolloutStarted, RolloutResumed, WaveOpened, HostBegun, HostEnded,
    LeaseTaken, LeaseRefused, TakeOverConfirmed, StepIntended, StepStarted, StepEnded,
    StepReconciled, ConnectionChanged, MigrationObserved, BackupProven, HealthObserved, GateAssessed, GatePassed,
    Promoted, Paused, Unpaused, HostRetried, HostSkipped, HostGivenUp, WayBackDecided, RollbackConfirmed, AbortRequested,
    RolloutEnded, ReportExported>;

// One of these. Copying and destroying forty kinds is compiled once (events.cpp) and not in every file that holds an event.
struct EventBody : AnyEventBody {
    using AnyEventBody::AnyEventBody;
    using AnyEventBody::operator=;
    EventBody();
    EventBody(const EventBody &);
    EventBody(EventBody &&) noexcept;
    EventBody &operator=(const EventBody &);
    EventBody &operator=(EventBody &&) noexcept;
    ~EventBody();
};

struct Event {
    qint64 seq = 0;    // from 1, without holes; given by the journal
    int rollout = 0;   // 0: the workspace
    qint64 wallMs = 0; // UTC, for display
    qint64 monoMs = 0; // console's monotonic clock; comparable only after the same ConsoleStarted
    QString actor;     // who: an operator's name, or "bellwether"
    EventBody body;
    QByteArray prev, hash; // its place in the chain as the journal recorded it, 32 bytes each; empty outside of it
    QByteArray payload;    // the body's JSON as the journal recorded it: what the hash was made of
};

QString eventName(const EventBody &body); // "StepIntended"
QJsonObject eventBodyToJson(const EventBody &body);
Result<EventBody> eventBodyFromJson(const QString &name, const QJsonObject &json);
QString eventHost(const EventBody &body); // empty when it concerns no single host
// Whether it belongs to the course of every rollout although it was recorded for the workspace: another console began,
// everything was stopped, or released.
bool concernsEveryRollout(const QString &type);

} // namespace bellwether
