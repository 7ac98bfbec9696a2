#pragma once
// One rollout of two real hosts whose console is a process of its own that may be killed or stopped: what the tests of
// resuming share. The tested program is started again as `--console DATA PLAN …` and calls liveOn().
#include "demo/demofleet.h"
#include "engine/consolestack.h"
#include "faultproxy.h"
#include "plan/plan.h"
#include "rollout/workspace.h"

#include <QTemporaryDir>
#include <vector>

namespace bellwether {

Reply askPort(ConsolePort &port, const QString &verb, const QJsonObject &args);

// One life of a console: begins the rollout or resumes it. Exit codes: 0 the rollout ended, 2 something was refused, 3 it
// rested without ending.
int liveOn(const QString &dataFolder, const QString &planFile, const ConsoleStack::Between &between, double bakeScale = 0.001);

class LivesWorld {
public:
    LivesWorld();
    ~LivesWorld();

    // The fleet, its trust and a plan; empty when all of it is there, else why not. behindProxies: each host is reached
    // through proxies()[i].
    QString prepare(bool behindProxies = false);
    QStringList console(const QStringList &more = {}) const; // arguments of a life
    QString effectsFile(int host) const;
    // What is not as it should be at the end: every host upgraded, every step carried out once, the chain intact.
    QString problem() const;
    QList<Event> events() const;
    std::vector<std::unique_ptr<FaultProxy>> &proxies() { return m_proxies; }

private:
    QTemporaryDir m_data;
    DemoFleet m_fleet;
    std::vector<std::unique_ptr<FaultProxy>> m_proxies;
    Plan m_plan;
};

} // namespace bellwether
