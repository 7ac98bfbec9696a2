#pragma once
// A whole night from one seed: a plan, hosts, one or two consoles, operators with habits, and everything that goes wrong.
// For a while faults strike; then they end, and what the operators do from there must bring every rollout to its end.
#include "simconsole.h"

namespace bellwether {

struct SimulationResult {
    quint64 seed = 0;
    QStringList violations; // empty: all invariants held
    QString story;          // what was planned and what went wrong, line by line
    QString course;         // the journals, a line per event
    QByteArray journal;     // hash over all journals: the same seed gives the same
    QList<QList<Event>> journals; // one of each console
    qsizetype events = 0;
    int effects = 0;
    QStringList ends;       // how each rollout ended
};

class Simulation {
public:
    explicit Simulation(quint64 seed);
    ~Simulation();
    SimulationResult run();

private:
    struct Operator {
        SimConsole *console;
        QString name;
        int retries = 0, calm = 0;
        qint64 abortedMono = 0;
        bool hasRegretted = false, isRegretting = false;
    };
    Plan makePlan();
    void giveAnotherName(PlanHost &host, int number);
    void makeReleases();
    void arrangeFaults();
    void fault();
    void say(const QString &what);
    void operate(Operator &op);
    void meddle(Operator &op, const RolloutState &s);
    void mend(Operator &op, const RolloutState &s);
    void rollBack(Operator &op, const RolloutState &s, const QStringList &hosts);
    bool stopOrRelease(Operator &op);
    bool giveUp(Operator &op, const RolloutState &s);
    void regret(Operator &op);
    void later(Operator &op);
    bool ended() const;

    quint64 m_seed;
    SimRandom m_random;
    SimRandom m_stops; // a stream of its own: nights in which nobody stops everything stay as they were
    bool m_somebodyStops;
    SimRandom m_names; // likewise: nights in which each machine has one name
    bool m_namesAreShared;
    SimRandom m_patience; // likewise: nights in which nobody gives a host up
    bool m_somebodyGivesUp;
    SimRandom m_regrets; // likewise: nights in which nobody goes back once all has gone well
    bool m_somebodyRegrets;
    SimTime m_time;
    SimHosts m_hosts;
    std::vector<std::unique_ptr<SimConsole>> m_consoles;
    std::vector<Operator> m_operators;
    QStringList m_story;
    QList<QString> m_versions;
    qint64 m_beganMono, m_faultsEndMono;
    int m_effects = 0;
};

} // namespace bellwether
