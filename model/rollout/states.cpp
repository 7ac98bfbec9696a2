#include "rollout/states.h"

namespace bellwether {

bool isResting(HostRunState state)
{
    switch (state) {
    case HostRunState::Preflight:
    case HostRunState::BackingUp:
    case HostRunState::Upgrading:
    case HostRunState::Migrating:
    case HostRunState::Checking:
    case HostRunState::Baking:
    case HostRunState::RollingBack:
        return false;
    case HostRunState::Waiting:
    case HostRunState::Upgraded:
    case HostRunState::Deferred:
    case HostRunState::Excluded:
    case HostRunState::AlreadyThere:
    case HostRunState::Failed:
    case HostRunState::HalfMigrated:
    case HostRunState::InDoubt:
    case HostRunState::RolledBack:
    case HostRunState::RollbackFailed:
        return true;
    }
    return true;
}

bool isBegun(HostRunState state)
{
    return !isResting(state);
}

} // namespace bellwether
