#pragma once
// Whether what was measured or planned speaks of what the fleet means by a name now.
#include "plan/plan.h"

namespace bellwether {

// Groups, labels, environment and window sort hosts for people. All else says which installation it is, how it is
// reached and what is done there.
bool isSameInstallation(const Installation &a, const Installation &b);

// Why this plan is not to be begun in this fleet, a clause for each host: it is gone, it is another one, it became
// production, or it is a canary that became critical. A rollout that runs is not asked: it keeps its plan.
QStringList outdatedHosts(const Plan &plan, const Inventory &fleet);

} // namespace bellwether
