#pragma once
// The inputs of a plan as values that may cross threads, and what came of them.
#include "plan/planner.h"
#include "rollout/snapshot.h"

namespace bellwether {

struct PlanDraft {
    std::shared_ptr<const Library> library;
    QString product, strategy, author;
    Version to;
    QList<Installation> hosts;
    QMap<QString, HostFacts> facts;
    QMap<QString, QString> heldBy;
    QStringList deferred;
    QList<PlanWave> waves;
    qint64 createdMs = 0;
};

struct PlanResult {
    Plan plan;
    QString hash;
    bool made = false;
    int refusals = 0, warnings = 0;
};

PlanResult makeResult(const PlanDraft &draft); // any thread

// The version to offer first: the newest of the same major that leads somewhere from the lowest version of the hosts.
Version suggestedVersion(const Catalogue &catalogue, const Policy &policy, const QList<Version> &from);

// `hosts` taken out of their waves and put at the end of `wave`; one past the last makes a new wave, and waves left
// empty are dropped, but never the canary.
QList<PlanWave> movedHosts(QList<PlanWave> waves, const QStringList &hosts, int wave);

} // namespace bellwether
