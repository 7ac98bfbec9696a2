#pragma once
// A folded state in one canonical form: equal states give equal bytes, on every computer, in every time zone and language, and
// whatever order a hash table has today. What equals the state's own beginning is left out.
#include "rollout/workspace.h"

namespace bellwether {

// The plan, which nothing changes once a rollout has started and which is by far the largest part, only where it is asked for.
enum class Plans { LeftOut, Hashed };

QJsonObject stateJson(const RolloutState &state, Plans plans);
QJsonObject stateJson(const Workspace &workspace, Plans plans); // its rollouts, and what stops them
QString stateHash(const Workspace &workspace, Plans plans);     // 64 hex digits

} // namespace bellwether
