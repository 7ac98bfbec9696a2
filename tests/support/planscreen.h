#pragma once
// The whole window against a console without hosts, and a fleet that any plan would take.
#include "fakeconsole.h"
#include "fleetview/fleetpage.h"
#include "planview/planpage.h"
#include "shell/makewindow.h"
#include "widgets/button.h"

#include <QDateTime>
#include <QTemporaryDir>

namespace bellwether {

// Healthy, measured just now, on one version.
inline ConsoleSnapshot wellFleet(int hosts)
{
    ConsoleSnapshot snapshot = madeUpFleet(hosts, QDateTime::currentMSecsSinceEpoch());
    const HostFacts well = snapshot.fleet.first().facts; // austin-01 is never spoiled
    for (FleetRow &row : snapshot.fleet) {
        row.facts = well;
        row.keyState = QStringLiteral("trusted");
        Version version;
        Version::fromText(QStringLiteral("1.4.0"), version);
        row.facts.version = version;
    }
    return snapshot;
}

struct Screen {
    explicit Screen(ConsoleSnapshot snapshot) : console(std::move(snapshot)), window(makeMainWindow(console, data.path()))
    {
        window->resize(1440, 900);
        window->show();
        window->activateWindow();
    }
    FleetPage &fleet() { return *qobject_cast<FleetPage *>(window->page(QStringLiteral("fleet"))); }
    PlanPage &plan() { return *qobject_cast<PlanPage *>(window->page(QStringLiteral("plan"))); }
    Button *button(const QString &start)
    {
        for (Button *one : window->findChildren<Button *>())
            if (one->text().startsWith(start))
                return one;
        return nullptr;
    }
    QTemporaryDir data;
    FakeConsole console;
    std::unique_ptr<MainWindow> window;
};

} // namespace bellwether
