#pragma once
// The whole console window with all its pages, in the rail's order. A new page is one line in makewindow.cpp.
#include "shell/mainwindow.h"

#include <memory>

namespace bellwether {

class CredentialPort;

// Theme::install must have been called. `console` outlives the window, and so does whoever keeps credentials.
std::unique_ptr<MainWindow> makeMainWindow(ConsolePort &console, const QString &dataFolder, CredentialPort *credentials = nullptr);

} // namespace bellwether
