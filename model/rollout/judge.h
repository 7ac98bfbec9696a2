#pragma once
// Verdicts on steps that measure: preflight, first health and steadiness, and the checks afterwards. Pure.
#include "rollout/state.h"

namespace bellwether {

struct Judgement {
    bool decided = false; // false: wait
    StepOutcome outcome = StepOutcome::Done;
    QString reason;       // when it did not end well
    bool alreadyThere = false; // preflight only: nothing to do on this host
    bool unreachable = false;  // preflight only
};

Judgement judge(const RolloutState &state, const HostRun &host, const Now &now);

double scaledMs(const RolloutState &state, int seconds); // bakes and steadiness only, never deadlines

} // namespace bellwether
