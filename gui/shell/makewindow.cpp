#include "shell/makewindow.h"

#include "fleetview/fleetpage.h"
#include "journalview/historypage.h"
#include "planview/planpage.h"
#include "reportview/pdf.h"
#include "reportview/signature.h"
#include "rolloutview/rolloutpage.h"
#include "settingsview/settingspage.h"

namespace bellwether {

std::unique_ptr<MainWindow> makeMainWindow(ConsolePort &console, const QString &dataFolder, CredentialPort *credentials)
{
    auto window = std::make_unique<MainWindow>(console, dataFolder);
    window->requests().setActor(qEnvironmentVariable("USER", QStringLiteral("operator")));
    window->addPage(new FleetPage(window->requests()));
    window->addPage(new PlanPage(window->requests()));
    window->addPage(new RolloutPage(window->requests()));
    window->addPage(new HistoryPage(window->requests(), {reportPdf, signReport}));
    window->addPage(new SettingsPage(window->requests(), dataFolder, credentials));
    window->finish();
    return window;
}

} // namespace bellwether
