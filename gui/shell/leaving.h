#pragma once
// What is said when the window is closed while a rollout runs or files are copied.
#include "rollout/snapshot.h"
#include "widgets/confirmdialog.h"

#include <optional>

namespace bellwether {

// Nothing when no rollout moves (neither a host at work nor a wave that would go on by itself) and no copy is under way.
std::optional<ConfirmDialog::Words> leavingWords(const ConsoleSnapshot &snapshot);

} // namespace bellwether
