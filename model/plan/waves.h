#pragma once
// Who goes first. Deterministic: the same hosts give the same waves.
#include "plan/plan.h"

namespace bellwether {

// One host per kind of installation (its version, for now), commonest kind first, at most `max`, never one labelled
// critical. Sorted by name.
QStringList chooseCanaries(const QList<PlanHost> &hosts, int max);

// The canary and the waves after it; critical hosts come last.
QList<PlanWave> makeWaves(const QList<PlanHost> &hosts, const Strategy &strategy);

} // namespace bellwether
