#pragma once
// From facts to a plan: a pure function. Who is the canary, who comes in which wave, by which hops, with which exact
// steps, and what stands in the way.
#include "plan/plan.h"

namespace bellwether {

struct PlanRequest {
    const ProductProfile *profile = nullptr;
    const Catalogue *catalogue = nullptr;
    Strategy strategy;
    Version to;
    QList<Installation> hosts;         // chosen ones; all of the profile's product
    QMap<QString, HostFacts> facts;    // by name; missing = never measured
    QMap<QString, QString> heldBy;     // host → unfinished rollout it is in
    QStringList acceptedAsDeferred;    // unreachable ones that may be tried later
    QList<PlanWave> wavesOverride;     // set by hand; empty = by the strategy. A host of no wave is left out
    QString author;
    qint64 createdMs = 0;
};

// Never fails as such: what is wrong stands in the plan's findings. The hosts of a refused plan are listed all the same.
Plan makePlan(const PlanRequest &request);

// The versions to pass through from → to (from excluded, to included); empty when there is no way.
QList<Version> upgradePath(const Catalogue &catalogue, const Policy &policy, const Version &from, const Version &to);

// Cuts hosts (in order) into waves after the canary: "2", "10%", "rest"; rounded up, empty ones dropped.
QList<QStringList> cutWaves(const QStringList &hosts, const QStringList &sizes);

} // namespace bellwether
