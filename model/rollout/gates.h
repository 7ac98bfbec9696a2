#pragma once
// The gate after a wave's hop: what must hold before the next one opens. Pure. Inconclusive never passes.
#include "rollout/state.h"

namespace bellwether {

struct GateReading {
    GateVerdict verdict = GateVerdict::Pending;
    QString reason;
    QList<GateCondition> conditions; // upgraded, healthy, budget, bake, manual
    bool waitsForPerson = false;     // everything else holds
    qint64 bakeFromMono = 0, bakeEndMono = 0; // 0 = not baking
    int failures = 0, allowed = 0;   // hosts that count against the budget
};

GateReading readGate(const RolloutState &state, int wave, const Now &now);

// Hosts whose health the engine must keep sampling: those in a health step and those that a gate watches.
QStringList watchedHosts(const RolloutState &state);
bool isWatched(const RolloutState &state, const HostRun &host);

bool countsAsFailure(HostRunState state);
QString leftInTrouble(const RolloutState &state); // the first host that a person has to decide about; empty: none

} // namespace bellwether
