#pragma once
// A whole console in one test: engine, fake hosts, journal in memory, a clock that moves when told.
#include "engine/engine.h"
#include "engine/truststore.h"
#include "fakeclock.h"
#include "fakefleet.h"
#include "memoryjournal.h"

namespace bellwether {

// A plan of the test product: hosts demo-01… from 1.4.0, the first is the canary.
struct PlanSketch {
    int hosts = 4;
    QString to = QStringLiteral("1.5.0");
    SchemaChange schema = SchemaChange::Rewriting;
    QStringList migrations{QStringLiteral("0003"), QStringLiteral("0004")};
    bool manualGate = true;
    AutoRollback autoRollback = AutoRollback::Off;
};
Plan sketchPlan(const PlanSketch &sketch);

class EngineWorld {
public:
    explicit EngineWorld(const PlanSketch &sketch = {});
    ~EngineWorld();
    void startConsole(); // a new process on the same journal and the same hosts
    void killConsole();
    Reply ask(const QString &verb, QJsonObject args = {}); // and lets the world go on until it is answered
    QList<Installation> planned() const;
    Reply run(QJsonObject options = {}); // imports what is planned, where the fleet does not know it
    // Lets time pass until it rests (ended, paused with nothing under way) or the journal is dead; false after an hour.
    bool settle();
    bool until(const std::function<bool()> &holds); // lets time pass until it does; false after a quarter of an hour
    QString repeated() const; // a step that had its effect more than once, and how often; empty: none
    const RolloutState &rollout(int id = 1) const { return engine->workspace().rollouts.find(id).value(); }
    const HostRun &host(const QString &name) const { return rollout().hosts.find(name).value(); }
    void turn(qint64 ms = 250);

    FakeClock clock;
    FakeFleet fleet{clock};
    MemoryJournal journal;
    TrustStore trust;
    Plan plan;
    std::unique_ptr<Engine> engine;
    QString dataFolder;
};

} // namespace bellwether
