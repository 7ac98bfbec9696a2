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

// After so long without a recorded look at a host's health, nobody knows what it was in between (milliseconds): the
// console slept, or the link was down. The watch records at least every minute, and four times in a bake.
qint64 unwatchedMs(const RolloutState &state);

double scaledMs(const RolloutState &state, int seconds); // bakes and steadiness only, never deadlines

} // namespace bellwether
