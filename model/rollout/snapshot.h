#pragma once
// What windows and commands see: values made from the state by a pure function. Immutable once published.
#include "config/files.h"
#include "rollout/decide.h"
#include "rollout/state.h"

namespace bellwether {

struct StepView {
    QString name, command, token;
    StepKind kind = StepKind::Guard;
    Direction direction = Direction::Forward;
    int hop = 0, attempt = 1;
    QString state; // planned, intended, running, done, already, failed, cancelled, timed-out, lost, in-doubt
    qint64 startedMs = 0, endedMs = 0;
    QString reason;
};

struct HostView {
    QString name, domain, address;
    Environment environment = Environment::Production;
    bool critical = false;
    HostRunState state = HostRunState::Waiting;
    Version from, to;
    QString version; // as measured last
    Health health = Health::Unknown;
    QString healthDetail;
    QString step;         // the one under way, or the last
    QString stepWaitsFor; // a clause: what is awaited
    qint64 stepSinceMs = 0;
    QString error; // why it rests where it does
    QList<Migration> migrations;
    QList<StepView> steps;
    std::optional<WayBack> way;
    QList<StepView> backSteps; // what that way would do, in order; empty when there is nothing to go back from
    std::optional<Backup> backup;
    std::optional<LeaseRefused> heldBy; // another console that has its lease
    bool connected = true;
    qint64 beganMs = 0, endedMs = 0, downtimeMs = 0;
    QMap<QString, qint64> contentBefore, contentAfter;
    bool isUnderWay() const; // a step of it
};

struct GateView {
    GateVerdict verdict = GateVerdict::Pending;
    QString reason;
    QList<GateCondition> conditions;
    int bakeS = 0;
    qint64 bakeEndsMs = 0; // wall clock; 0 = not baking
};

struct WaveView {
    QString name, state; // waiting, open, gate, passed
    GateView gate;
    QList<HostView> hosts;
};

struct RolloutSnapshot {
    int id = 0;
    QString name; // R-0001
    QString product, productName, planHash, strategy;
    Version to;
    QString from; // one version, or "several"
    RolloutLifecycle state = RolloutLifecycle::Running;
    QStringList pauseReasons;  // names
    QString pauseText;         // one sentence
    bool interrupted = false;
    QString author, approver, startedBy;
    QList<WaveView> waves;
    QMap<QString, Permission> permissions; // by verb's name
    int hostsTotal = 0, hostsDone = 0, hostsFailed = 0;
    qint64 startedMs = 0, endedMs = 0, etaMs = 0; // eta: wall clock, 0 = unknown
    qint64 seq = 0;
    RunOptions options;
    const HostView *host(const QString &name) const;
};

// `previous`: an earlier snapshot of the same rollout, or null. Hosts that nothing was recorded about since are taken
// from it, so that showing a big rollout costs what changed; the result is the same without it.
RolloutSnapshot snapshotOf(const RolloutState &state, const Now &now, const RolloutSnapshot *previous = nullptr);
QJsonObject statusJson(const RolloutSnapshot &snapshot); // keys of the command line's contract

struct FleetRow {
    Installation installation;
    HostFacts facts;
    bool checking = false;
    QString rollout; // the unfinished one it is in
    QString keyState; // trusted, unknown, changed
    QString keyFingerprint;
};

bool isSameMachine(const FleetRow &a, const FleetRow &b); // by address, or by what was measured

// A change of the fleet as it can be taken back.
struct FleetChange {
    qint64 seq = 0;             // of its event
    QString source;             // where it came from; empty for a removal
    QList<Installation> before; // what stood there, of those that were replaced or removed
    QStringList added;          // what did not
};

// The whole of what a console knows; published at most every 100 ms.
struct ConsoleSnapshot {
    quint64 revision = 0;
    QList<FleetRow> fleet; // sorted by name
    QList<std::shared_ptr<const RolloutSnapshot>> rollouts; // newest first
    std::shared_ptr<const Library> library;
    qint64 journalEvents = 0;
    QString journalState; // "intact", "not verified", "broken at N", "failing: …"
    std::optional<Hold> hold; // everything is stopped
    QString readOnlyReason; // why this console may not change anything; empty = it may
    QString dataFolder;
    int connected = 0; // SSH sessions open
    int transfers = 0; // copies of files that have not ended
    std::optional<FleetChange> undo; // the last change of the fleet, which fleet-undo takes back
};

} // namespace bellwether
