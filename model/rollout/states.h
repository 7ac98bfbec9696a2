#pragma once
// The words of the rollout rules as enums. Their names are a contract (command line, journal, reports).
#include "base/fields.h"

namespace bellwether {

enum class RolloutLifecycle { Running, Paused, Succeeded, Failed, RolledBack, Aborted };
BELLWETHER_ENUM(RolloutLifecycle, "running", "paused", "succeeded", "failed", "rolled-back", "aborted")

enum class PauseReason {
    Operator, ApprovalNeeded, GateFailed, GateInconclusive, FailureBudget, LostHosts, WindowClosed, Hold, JournalFailure, Recovery
};
BELLWETHER_ENUM(PauseReason, "operator", "approval-needed", "gate-failed", "gate-inconclusive", "failure-budget",
                "lost-hosts", "window-closed", "hold", "journal-failure", "recovery")

enum class HostRunState {
    Waiting, Preflight, BackingUp, Upgrading, Migrating, Checking, Baking, Upgraded, Deferred, Excluded, AlreadyThere,
    Failed, HalfMigrated, InDoubt, RollingBack, RolledBack, RollbackFailed
};
BELLWETHER_ENUM(HostRunState, "waiting", "preflight", "backing-up", "upgrading", "migrating", "checking", "baking",
                "upgraded", "deferred", "excluded", "already-there", "failed", "half-migrated", "in-doubt",
                "rolling-back", "rolled-back", "rollback-failed")
bool isResting(HostRunState state); // nothing is under way on the host
bool isBegun(HostRunState state);   // between its first step and a resting state

enum class GateVerdict { Pending, Pass, Fail, Inconclusive, Error };
BELLWETHER_ENUM(GateVerdict, "pending", "pass", "fail", "inconclusive", "error")

enum class Direction { Forward, TagOnly, Restore };
BELLWETHER_ENUM(Direction, "forward", "tag-only", "restore")

enum class StepOutcome { Done, Already, Failed, Cancelled, TimedOut, Lost, InDoubt };
BELLWETHER_ENUM(StepOutcome, "done", "already", "failed", "cancelled", "timed-out", "lost", "in-doubt")

enum class WayBackVerdict { None, TagOnly, Restore }; // None: nothing to go back from
BELLWETHER_ENUM(WayBackVerdict, "none", "tag-only", "restore")

} // namespace bellwether
