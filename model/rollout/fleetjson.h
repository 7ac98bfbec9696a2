#pragma once
// A row of the fleet as the command line's contract writes it (`fleet list|check --json`).
#include "rollout/snapshot.h"

namespace bellwether {

QJsonObject fleetRowJson(const FleetRow &row);

} // namespace bellwether
