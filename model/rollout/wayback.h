#pragma once
// The way back, decided from evidence and nothing else (rollout rules, "Way back"; requirements N-01, PI-11, CS-09):
//   1 new version never started against the database → tag-only
//   2 ledger before = ledger after and the release declares no schema change → tag-only
//   3 migrations ran, all declared additive, a patch, and the profile allows → tag-only
//   4 migrations ran otherwise, or the database is half-migrated → restore
//   5 cannot tell → restore
#include "rollout/state.h"

namespace bellwether {

// Whether there is anything to take back at all: decideWayBack() gives another verdict than None.
bool hasWayBack(const RolloutState &state, const HostRun &host);
// Whether a step of this hop has had an effect on the service; what was begun and did not end well may have had it too.
bool isChanged(const HostRun &host, int hop);
WayBack decideWayBack(const RolloutState &state, const HostRun &host);

// Of steps that are carried out again: whether this run reached its host at all; whether nobody knows what it did there;
// and the newest run of the same step before this one that reached it, or null.
bool wasCarriedOut(const StepRun &step);
bool isUnknown(const StepRun &step);
const StepRun *carriedOutBefore(const HostRun &host, const StepRun &step);

} // namespace bellwether
