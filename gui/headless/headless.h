#pragma once
// Carries out one command without a window.
#include "headless/context.h"

namespace bellwether {

// Prints its result, or its error as one line; returns the exit code of the contract.
int runHeadless(const Invocation &invocation, const QString &dataFolder, const Services &services);

} // namespace bellwether
