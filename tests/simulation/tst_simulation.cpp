// Nights in which everything goes wrong, from seeds: none of them makes the console lie, forget, or do a thing twice.
// A failure names its seed; `simulate SEED` tells that night again, event for event.
#include "simulation.h"

#include <QFile>
#include <QRandomGenerator>
#include <QTest>

using namespace bellwether;

class TestSimulation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theSameSeedGivesTheSameJournal();
    void aBackupThatIsGoneIsSeen();
    void aFoldThatDiffersIsSeen();
    void aStepIsEndedAtItsDeadline_data();
    void aStepIsEndedAtItsDeadline();
    void seedsThatFailedOnce_data();
    void seedsThatFailedOnce();
    void freshSeeds();
};

void TestSimulation::theSameSeedGivesTheSameJournal() // I14
{
    for (quint64 seed = 1; seed <= 5; ++seed)
        QCOMPARE(Simulation(seed).run().journal, Simulation(seed).run().journal);
}

namespace {

// Hosts on their own, with one step of a product under way.
struct Hosts {
    SimTime time;
    SimRandom random{7};
    SimHosts hosts{time, random};
    const QString shop = QStringLiteral("shop"), token = QStringLiteral("r1.h1.1"), owner = QStringLiteral("ws");
    Hosts() { hosts.add(shop, QStringLiteral("box")); }
    void start(const QByteArray &command, int timeoutS = 0)
    {
        const auto lease = hosts.lock(shop, owner, 9999, {});
        QVERIFY(lease.has_value());
        QVERIFY(hosts.start(shop, token, lease->epoch, owner, "# product " + command + "\n", timeoutS).has_value());
        while (hosts.poll(shop, token, 0).state == JobState::Running && time.step()) {}
    }
};

Event eventOf(qint64 seq, int rollout, const EventBody &body)
{
    Event e;
    e.seq = seq;
    e.rollout = rollout;
    e.actor = QStringLiteral("bellwether");
    e.body = body;
    return e;
}

RolloutStarted aRollout()
{
    Plan plan;
    PlanHost host;
    host.installation.name = QStringLiteral("shop");
    plan.hosts = {host};
    plan.waves = {{QStringLiteral("Canary"), {host.installation.name}}};
    RolloutStarted started;
    started.plan = toJson(plan);
    return started;
}

} // namespace

void TestSimulation::aBackupThatIsGoneIsSeen() // I8
{
    Hosts h;
    Invariants invariants(QStringLiteral("ws"), h.hosts, h.time);
    h.start("backup /backups/one");
    BackupProven proven;
    proven.host = h.shop;
    proven.backup = h.hosts.backup(h.shop, QStringLiteral("/backups/one"));
    QVERIFY(proven.backup.verified);
    invariants.see(eventOf(1, 0, ConsoleStarted{}));
    invariants.see(eventOf(2, 1, aRollout()));
    invariants.see(eventOf(3, 1, proven));
    QVERIFY2(invariants.violations().isEmpty(), qPrintable(invariants.violations().value(0)));
    h.hosts.product(h.shop).backups.clear();
    invariants.see(eventOf(4, 0, EverythingReleased{}));
    QVERIFY2(invariants.violations().value(0).contains(QLatin1String("I8")), qPrintable(invariants.violations().value(0)));
}

void TestSimulation::aFoldThatDiffersIsSeen() // I13
{
    Hosts h;
    Invariants invariants(QStringLiteral("ws"), h.hosts, h.time);
    Workspace other;
    const QList<Event> events{eventOf(1, 0, ConsoleStarted{}), eventOf(2, 1, aRollout())};
    for (const Event &e : events) {
        invariants.see(e);
        apply(other, e);
    }
    invariants.compare(other, Plans::Hashed);
    QVERIFY2(invariants.violations().isEmpty(), qPrintable(invariants.violations().value(0)));
    other.rollouts[1].hosts[h.shop].mustBeSeen = true; // which shows nowhere
    invariants.compare(other, Plans::LeftOut);
    QVERIFY2(invariants.violations().value(0).contains(QLatin1String("I13")), qPrintable(invariants.violations().value(0)));
}

void TestSimulation::aStepIsEndedAtItsDeadline_data()
{
    QTest::addColumn<QByteArray>("command");
    QTest::addColumn<double>("hanging");
    QTest::addColumn<QString>("why");
    QTest::addColumn<QList<int>>("statuses");
    QTest::newRow("in time") << QByteArray("stop") << 0.0 << QStringLiteral("exit") << QList<int>{0};
    QTest::newRow("waits for ever") << QByteArray("wait") << 0.0 << QStringLiteral("timeout") << QList<int>{143};
    // it obeys the TERM, or is killed ten seconds later, or comes to its end in between
    QTest::newRow("hangs") << QByteArray("stop") << 1.0 << QStringLiteral("timeout") << QList<int>{0, 137, 143};
}

void TestSimulation::aStepIsEndedAtItsDeadline()
{
    QFETCH(QByteArray, command);
    QFETCH(double, hanging);
    QFETCH(QList<int>, statuses);
    Hosts h;
    h.hosts.hanging = hanging;
    const qint64 began = h.time.mono();
    h.start(command, 60);
    const JobPoll end = h.hosts.poll(h.shop, h.token, 0);
    QCOMPARE(end.state, JobState::Done);
    QTEST(end.why, "why");
    QVERIFY2(statuses.contains(end.exitStatus), qPrintable(QString::number(end.exitStatus)));
    QVERIFY(h.time.mono() - began <= 70'000);
    QCOMPARE(h.hosts.product(h.shop).running, end.exitStatus != 0); // what was ended has had no effect
}

void TestSimulation::seedsThatFailedOnce_data()
{
    QTest::addColumn<quint64>("seed");
    QFile file(QStringLiteral(BELLWETHER_SOURCE_DIR "/tests/simulation/seeds.txt"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    for (const QByteArray &line : file.readAll().split('\n'))
        if (const quint64 seed = line.left(line.indexOf(' ') < 0 ? line.size() : line.indexOf(' ')).toULongLong())
            QTest::newRow(line.constData()) << seed;
}

void TestSimulation::seedsThatFailedOnce()
{
    QFETCH(quint64, seed);
    const SimulationResult r = Simulation(seed).run();
    QVERIFY2(r.violations.isEmpty(), qPrintable(r.violations.join(QLatin1Char('\n'))));
}

void TestSimulation::freshSeeds() // [N-07]
{
    bool given = false;
    const int count = qEnvironmentVariableIntValue("BELLWETHER_SEEDS", &given);
    const quint64 first = QRandomGenerator::global()->generate64() >> 16;
    for (quint64 seed = first; seed < first + quint64(given ? count : 2000); ++seed) {
        const SimulationResult r = Simulation(seed).run();
        QVERIFY2(r.violations.isEmpty(), qPrintable(QStringLiteral("seed %1:\n%2").arg(seed).arg(r.violations.join(QLatin1Char('\n')))));
    }
}

QTEST_GUILESS_MAIN(TestSimulation)
#include "tst_simulation.moc"
