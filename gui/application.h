#pragma once
// The composition root: the only code that sees windows and agents at once.

namespace bellwether {

int runBellwether(int argc, char **argv); // the program's exit code

} // namespace bellwether
