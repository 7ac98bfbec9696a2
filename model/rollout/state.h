#pragma once
// A rollout as a fold over its events. apply() is the only way it changes; it uses no clock, no randomness, no I/O.
#include "plan/plan.h"
#include "rollout/events.h"

#include <QHash>

namespace bellwether {

enum class StepPhase { Intended, Started, Ended };
BELLWETHER_ENUM(StepPhase, "intended", "started", "ended")

struct StepRun {
    QString token, name, command, sha256;
    StepKind kind = StepKind::Guard;
    Direction direction = Direction::Forward;
    int hop = 0, index = 0, attempt = 1;
    StepPhase phase = StepPhase::Intended;
    StepOutcome outcome = StepOutcome::Done; // once ended
    qint64 intendedMs = 0, startedMs = 0, endedMs = 0; // wall clock
    qint64 startedMono = 0;
    std::optional<int> exitStatus;
    QString reason, lastWords;
    bool overdue = false; // the rollout was paused for it once
    bool partlyRead = false; // a part of its output was left on the host
};

struct HealthRecord {
    Health health = Health::Unknown;
    QString version, detail, process;
    qint64 sinceMono = 0, lastMono = 0, lastMs = 0; // continuous health on the target version since
    int checks = 0;                                // good ones in a row
};

struct HostRun {
    QString name;
    int wave = 0;
    HostRunState state = HostRunState::Waiting;
    int hop = 0;      // index in its plan's hops
    int next = 0;     // index of the next step in the present direction
    Direction direction = Direction::Forward;
    QString reason; // why it rests where it rests
    QList<StepRun> steps; // all, in order
    QList<Migration> migrations; // of the present hop
    QHash<QString, QString> migrationTokens; // name → the step whose output spoke of it last
    QMap<int, HostFacts> factsBefore, factsAfter; // by hop
    std::optional<HostFacts> factsBack;
    QMap<int, Backup> backups; // by hop
    struct Moment {
        qint64 wallMs = 0, monoMs = 0; // the console's, never the host's
    };
    QMap<int, Moment> backedUp; // by hop: when the step of its backup ended well
    HealthRecord health;
    std::optional<WayBack> way;
    QString confirmedDomain;
    bool retryAsked = false;
    bool connected = true;
    qint64 beganMs = 0, endedMs = 0, changedMono = 0, doubtSinceMono = 0;
    qint64 downSinceMs = 0, downtimeMs = 0; // between stop and healthy again
    QString measuredVersion;
    qint64 leaseEpoch = 0;  // 0: no lease for this console yet
    qint64 lastEpoch = 0;   // of the newest lease, also while it is not known to be held
    bool leaseGivenBack = false;
    qint64 abandonedEpoch = 0; // under which a step was given up: one with a higher number first, and what comes late of it is fenced
    bool disturbed = false;  // somebody else held the host since it was measured: what was measured is no evidence
    bool mustBeSeen = false; // … and no person has said anything since
    QString machine;         // which it is on, as far as is known: one goes forward at a time on each
    qint64 turn = 0;         // of those begun on one machine the lowest goes on, the others wait
    bool measureAnew = false; // another one was under way on its machine, or had been: it begins with its preflight again
    std::optional<LeaseRefused> heldBy; // the console that kept us from its lease last, until it is ours
    QString takeOverFrom;    // whose stale lease a person gave leave to take
    QString measuredToken;  // the measuring step whose facts are in
    int deferrals = 0;
    QMap<int, Ledger> ledgersAfter; // by hop: the newest reading once the new version was started
    qint64 seq = 0; // of the last event that was about it

    const StepRun *current() const; // the last one when it has not ended, else null
    const StepRun *last() const;
};

struct WaveRun {
    bool opened = false, passed = false;
    int hop = 0; // the hop its hosts are going through
    GateVerdict verdict = GateVerdict::Pending;
    QString gateReason;
    QList<GateCondition> conditions;
    qint64 settledMono = -1; // since when all of its hosts rest (this hop); −1 = they do not
    int unsettled = 0;       // hosts of it that wait or are begun
    bool held = false; // its gate held once and waits for a person: the bake is not asked for again
    bool promoted = false;
    QString promotedBy;
};

struct Hold { // everything is stopped: no step is begun
    QString by, reason;
    qint64 sinceMs = 0; // wall clock
    bool operator==(const Hold &) const = default;
};

struct RolloutState {
    int id = 0;
    Plan plan;
    QString planHash;
    RunOptions options;
    QString workspace; // as in RolloutStarted; empty in old journals
    RolloutLifecycle lifecycle = RolloutLifecycle::Running;
    QMap<PauseReason, QString> pauses; // reason → detail
    QList<WaveRun> waves;
    QMap<QString, HostRun> hosts;
    QHash<QString, QStringList> leases; // place of a lease → its hosts
    QHash<QString, QString> identities; // what a machine proved to be (machineIdentity) → its name here
    bool machinesAreShared = false;     // any with more than one host
    QStringList rollbackOrder; // hosts that still have to go back, newest first
    std::optional<Hold> hold;
    bool interrupted = false;  // a console began after its last event; it moves only when resumed
    bool abortRequested = false;
    bool reopened = false; // it had ended and hosts are taken back: nothing else is begun any more
    RolloutLifecycle endedAs = RolloutLifecycle::Succeeded; // while reopened: what it goes back to
    QString startedBy, endReason;
    qint64 startedMs = 0, endedMs = 0, lastSeq = 0, lastMs = 0;
    qint64 wholeSeq = 0; // of the last event that was not about one host alone

    bool isEnded() const;
    bool isPaused() const { return !pauses.isEmpty() || interrupted || hold; }
    const HostRun *underWayOnMachineOf(const HostRun &host) const; // another one that has its turn first there; or null
    int currentWave() const; // first not passed; −1 when all are
};

// Events of other rollouts are ignored; unknown combinations leave the state as it is (never assert: journals are data).
void apply(RolloutState &state, const Event &event);
// What an event of the workspace means for a rollout (see concernsEveryRollout()); all others change nothing.
void applyToEvery(RolloutState &state, const Event &event);

// The step with everything resolved that is known at run time: {rollout}, {backup}, {confirmed-domain}.
const QList<Step> &stepsOf(const RolloutState &state, const HostRun &host, Direction direction, int hop);
Step stepAt(const RolloutState &state, const HostRun &host, Direction direction, int hop, int index);
QString resolvedBackupPath(const RolloutState &state, const HostRun &host, int hop);
Version targetOf(const RolloutState &state, const HostRun &host); // what must run once its present direction is done

bool isVersion(const QString &text, const Version &version); // as measured; build metadata does not count, unreadable is no
QString rolloutName(int id); // "R-0001"
// What {rollout} becomes on hosts: "R-0001-1f0c9a2b". Files and tokens there are shared with other consoles, each of which
// has an R-0001 of its own: without its workspace a backup of one would pass for the backup of the other.
QString rolloutNameOnHosts(const RolloutState &state);
QString workspaceTag(const QString &workspace); // 8 hex digits; empty for an empty workspace
std::optional<int> rolloutIdFromName(const QString &text); // "R-0001", "r1", "1"

} // namespace bellwether
