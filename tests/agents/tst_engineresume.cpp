// A console that ends in the middle of a rollout, and the one that goes on with it: nothing moves before a person says so, nothing is
// done twice, and where another console was meanwhile what was measured before is no evidence. Hosts, journal and clock in memory.
#include "engineworld.h"

#include <QTest>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01");

// Kills the console once `effects` steps have had their effect, lets another console have the host, and comes back.
void leaveTheHostToAnother(EngineWorld &w, qsizetype effects)
{
    QVERIFY(w.run().has_value());
    for (int i = 0; i < 400 && w.fleet.effectLog.size() < effects; ++i)
        w.turn();
    for (int i = 0; i < 400 && w.host(QStringLiteral("demo-01")).current(); ++i)
        w.turn(10);
    w.killConsole();
    FakeHost &host = w.fleet.host(QStringLiteral("demo-01"));
    ++host.epoch;
    host.leaseOwner.clear(); // it came and went
    w.startConsole();
    QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    QVERIFY(w.settle());
}

// Kills the console right after event n was committed, starts another one, resumes and lets it end.
void dieAndResume(EngineWorld &w)
{
    w.killConsole();
    w.journal.setLimit(-1);
    w.startConsole();
    if (!w.engine->workspace().rollouts.contains(1)) { // died before the rollout was durable
        QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    } else if (!w.rollout().isEnded()) {
        QVERIFY(w.rollout().interrupted); // nothing moves by itself
        const qsizetype effects = w.fleet.effectLog.size();
        for (int i = 0; i < 20; ++i)
            w.turn();
        QCOMPARE(w.fleet.effectLog.size(), effects);
        QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    }
}

} // namespace

class TestEngineResume : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingIsDecidedBeforeItsStartIsDurable();
    void anotherConsolePromotesWithoutBakingAgain();
    void whatRanBeforeAnInterruptionHasRanAfterIt();
    void consolesShareNoTokensAndNoBackups();
    void measuresAnewWhereAnotherConsoleWasMeanwhile();
    void asksWhereAnotherConsoleWasAfterTheStop();
    void survivesDeathAfterEachEvent();
    void survivesDeathAfterEachEventOfARollback();
};

void TestEngineResume::nothingIsDecidedBeforeItsStartIsDurable() // [N-07]
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    for (int i = 0; i < 200 && w.fleet.effectLog.isEmpty(); ++i)
        w.turn();
    w.killConsole();
    w.journal.failNext(3); // the start of the next console takes its time
    w.startConsole();
    const qsizetype events = w.journal.events().size();
    for (int i = 0; i < 40; ++i)
        w.turn();
    QCOMPARE(w.journal.events().size(), events + 1);
    QVERIFY(std::holds_alternative<ConsoleStarted>(w.journal.events().last().body));
    QVERIFY(w.rollout().interrupted);
}

void TestEngineResume::anotherConsolePromotesWithoutBakingAgain()
{
    EngineWorld w;
    w.plan.strategy.bakeCanaryS = 4 * 3600;
    QVERIFY(w.run().has_value());
    for (int i = 0; i < 30'000 && !(w.engine->workspace().rollouts.contains(1) && w.rollout().pauses.contains(PauseReason::ApprovalNeeded)); ++i)
        w.turn(1000);
    QVERIFY(w.rollout().pauses.contains(PauseReason::ApprovalNeeded));
    w.killConsole();
    w.startConsole();
    QVERIFY(w.rollout().interrupted);
    QVERIFY(w.ask(QStringLiteral("promote")).has_value());
    for (int i = 0; i < 60 && !w.rollout().waves[0].passed; ++i)
        w.turn(1000);
    QVERIFY(w.rollout().waves[0].passed);
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
}

void TestEngineResume::whatRanBeforeAnInterruptionHasRanAfterIt() // [AS-07] [N-07]
{
    EngineWorld w;
    w.fleet.releases[w.plan.to.toString()].failing = QStringLiteral("0004");
    w.fleet.pollsOfAStart = 40;
    QVERIFY(w.run().has_value());
    QVERIFY(w.until([&] {
        return w.engine->workspace().rollouts.contains(1) && w.host(canary).migrations.size() == 2 && w.host(canary).current();
    }));
    QCOMPARE(w.host(canary).migrations[0].state, MigrationState::Ran);
    w.killConsole();
    w.startConsole();
    w.fleet.host(canary).jobs.last().pollsLeft = 2;
    QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(canary).migrations.size(), 2);
    QCOMPARE(nameOf(w.host(canary).migrations[0].state), QStringLiteral("ran"));
    QCOMPARE(nameOf(w.host(canary).migrations[1].state), QStringLiteral("failed"));
}

void TestEngineResume::consolesShareNoTokensAndNoBackups() // each has an R-0001 of its own
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    const QString tag = workspaceTag(QStringLiteral("workspace-1"));
    QCOMPARE(tag.size(), 8);
    QVERIFY(tag != workspaceTag(QStringLiteral("workspace-2")));
    for (const StepRun &step : w.host(QStringLiteral("demo-01")).steps)
        QVERIFY2(step.token.endsWith(QLatin1Char('.') + tag), qPrintable(step.token));
    QCOMPARE(w.fleet.host(QStringLiteral("demo-01")).backups.keys(), QStringList{QStringLiteral("/backups/R-0001-%1-1.5.0").arg(tag)});
}

void TestEngineResume::measuresAnewWhereAnotherConsoleWasMeanwhile() // [N-07] [OPS-04] [fault 27]
{
    EngineWorld w;
    w.plan.hosts[0].hops[0].steps[2].safe = true;
    QVERIFY(w.run().has_value());
    for (int i = 0; i < 400 && w.fleet.effectLog.isEmpty(); ++i)
        w.turn();
    QVERIFY(w.ask(QStringLiteral("pause")).has_value()); // it rests before the stop, its backup taken
    QVERIFY(w.settle());
    QCOMPARE(w.fleet.effectLog.size(), 1);
    w.killConsole();
    FakeHost &host = w.fleet.host(QStringLiteral("demo-01"));
    ++host.epoch;
    host.leaseOwner.clear();
    host.version = QStringLiteral("1.4.7"); // what the other one did
    w.startConsole();
    QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(QStringLiteral("demo-01")).state, HostRunState::Failed);
    QVERIFY2(w.host(QStringLiteral("demo-01")).reason.contains(QLatin1String("1.4.7")), qPrintable(w.host(QStringLiteral("demo-01")).reason));
    QCOMPARE(w.fleet.effectLog.size(), 1); // nothing more was done to it
}

void TestEngineResume::asksWhereAnotherConsoleWasAfterTheStop() // [N-01] [N-02]
{
    EngineWorld w;
    leaveTheHostToAnother(w, 2); // backup, stop
    if (QTest::currentTestFailed())
        return;
    const HostRun &host = w.host(QStringLiteral("demo-01"));
    QCOMPARE(host.state, HostRunState::InDoubt);
    QVERIFY2(host.reason.contains(QLatin1String("another console")), qPrintable(host.reason));
    QVERIFY(host.way.has_value());
    QCOMPARE(host.way->verdict, WayBackVerdict::Restore);
}

void TestEngineResume::survivesDeathAfterEachEvent() // [N-07] [fault 7, 8, 9, 10]
{
    PlanSketch sketch;
    sketch.hosts = 2;
    EngineWorld whole(sketch);
    QVERIFY(whole.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    QVERIFY(whole.settle());
    QCOMPARE(whole.rollout().lifecycle, RolloutLifecycle::Succeeded);
    const QStringList effects = whole.fleet.effectLog;
    const qsizetype events = whole.journal.events().size();
    QVERIFY(events > 30);
    for (qsizetype n = 2; n <= events; ++n) {
        EngineWorld w(sketch);
        w.journal.setLimit(n);
        w.run(QJsonObject{{QStringLiteral("auto_promote"), true}});
        QVERIFY(w.settle());
        dieAndResume(w);
        if (QTest::currentTestFailed())
            return;
        QVERIFY2(w.settle(), qPrintable(QStringLiteral("after event %1").arg(n)));
        QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
        QCOMPARE(w.fleet.effectLog, effects);
        QCOMPARE(w.repeated(), QString());
    }
}

void TestEngineResume::survivesDeathAfterEachEventOfARollback() // [N-07] [PI-10]
{
    PlanSketch sketch;
    sketch.hosts = 2;
    const QJsonObject confirm{{QStringLiteral("confirm"), QJsonObject{{QStringLiteral("demo-01"), QStringLiteral("demo-01.example.test")}}}};
    auto begin = [&](EngineWorld &w) {
        w.fleet.releases[sketch.to].failing = QStringLiteral("0004");
        QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
        QVERIFY(w.settle());
    };
    EngineWorld whole(sketch);
    begin(whole);
    const qsizetype first = whole.journal.events().size();
    QVERIFY(whole.ask(QStringLiteral("rollback"), confirm).has_value());
    QVERIFY(whole.settle());
    QCOMPARE(whole.rollout().lifecycle, RolloutLifecycle::RolledBack);
    const qsizetype events = whole.journal.events().size();
    for (qsizetype n = first + 1; n <= events; ++n) {
        EngineWorld w(sketch);
        begin(w);
        w.journal.setLimit(n);
        w.ask(QStringLiteral("rollback"), confirm);
        QVERIFY(w.settle());
        dieAndResume(w);
        if (QTest::currentTestFailed())
            return;
        QVERIFY(w.settle());
        if (!w.rollout().isEnded() && w.rollout().rollbackOrder.isEmpty()) { // died before it was confirmed
            QVERIFY(w.ask(QStringLiteral("rollback"), confirm).has_value());
            QVERIFY(w.settle());
        }
        QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::RolledBack);
        QCOMPARE(w.fleet.effectLog, whole.fleet.effectLog);
        QCOMPARE(w.repeated(), QString());
    }
}

QTEST_GUILESS_MAIN(TestEngineResume)
#include "tst_engineresume.moc"
