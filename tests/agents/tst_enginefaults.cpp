// Faults that need no host to go wrong: the console's own sleep and clock, another console, an inventory that is edited
// meanwhile. The real engine, with hosts, journal and clock in memory.
#include "engineworld.h"

#include "base/fields.h"

#include <QJsonArray>
#include <QTest>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01");

// Until something was done on the canary.
bool begun(EngineWorld &w)
{
    for (int i = 0; i < 400 && w.fleet.effectLog.isEmpty(); ++i)
        w.turn();
    return !w.fleet.effectLog.isEmpty();
}

// From the first effect to the gate that waits for a person, on the clock that goes on evenly.
qint64 timeToTheGate(qint64 jumpMs)
{
    EngineWorld w;
    if (!w.run() || !begun(w))
        return -1;
    const qint64 from = w.clock.now().monoMs;
    for (int i = 0; i < 20'000 && !w.rollout().pauses.contains(PauseReason::ApprovalNeeded); ++i) {
        w.turn();
        if (i % 20 == 10) // during each phase, the bake among them, forwards and back
            w.clock.jumpWall(i % 40 == 10 ? jumpMs : -jumpMs);
    }
    return w.host(canary).state == HostRunState::Upgraded ? w.clock.now().monoMs - from : -2;
}

} // namespace

class TestEngineFaults : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aConsoleThatSleptAsksEverybodyAnew()
    {
        // [fault 11] Ten minutes without a turn: connections are made anew, leases renewed at once, no step twice.
        EngineWorld w;
        QVERIFY(w.run());
        QVERIFY(begun(w));
        const int before = w.fleet.reconnects;
        w.turn(20'000); // a busy computer is no sleeping one
        QCOMPARE(w.fleet.reconnects, before);
        w.turn(600'000);
        w.turn();
        QCOMPARE(w.fleet.reconnects, before + 1);
        QVERIFY(w.settle());
        QCOMPARE(w.fleet.reconnects, before + 1);
        QVERIFY2(w.host(canary).state == HostRunState::Upgraded, qPrintable(nameOf(w.host(canary).state) + u' ' + w.host(canary).reason + u' ' + QStringList(w.rollout().pauses.values()).join(u',')));
        QCOMPARE(w.rollout().pauses.keys(), (QList<PauseReason>{PauseReason::ApprovalNeeded}));
        for (auto it = w.fleet.effects.cbegin(); it != w.fleet.effects.cend(); ++it)
            QCOMPARE(it.value(), 1);
    }
    void sleepIsNoVerdictOnAService_data()
    {
        QTest::addColumn<bool>("healthy");
        QTest::newRow("well afterwards") << true;
        QTest::newRow("not well afterwards") << false;
    }
    void sleepIsNoVerdictOnAService()
    {
        // [fault 11] Past its deadline while nobody looked: it is looked at before anything is said of it.
        QFETCH(bool, healthy);
        EngineWorld w;
        w.fleet.releases[QStringLiteral("1.5.0")].healthy = false;
        QVERIFY(w.run());
        const auto looking = [&] {
            const StepRun *step = w.host(canary).current();
            return step && step->kind == StepKind::Health;
        };
        for (int i = 0; i < 2000 && !looking(); ++i)
            w.turn();
        QVERIFY(looking());
        for (int i = 0; i < 40; ++i)
            w.turn(); // seen to be starting
        w.fleet.releases[QStringLiteral("1.5.0")].healthy = healthy;
        w.turn(3'600'000);
        QVERIFY(w.settle());
        const HostRun run = w.host(canary);
        QVERIFY2(run.state == (healthy ? HostRunState::Upgraded : HostRunState::Failed), qPrintable(nameOf(run.state) + u' ' + run.reason));
    }
    void aBakeIsCountedAnew_data()
    {
        QTest::addColumn<bool>("slept");
        QTest::newRow("[fault 11] nobody looked meanwhile") << true;
        QTest::newRow("[fault 42] its service was not well for a moment") << false;
    }
    void aBakeIsCountedAnew()
    {
        QFETCH(bool, slept);
        constexpr qint64 bakeMs = 600'000;
        EngineWorld w;
        w.plan.strategy.bakeCanaryS = w.plan.strategy.bakeCanaryPatchS = int(bakeMs / 1000);
        QVERIFY(w.run());
        for (int i = 0; i < 4000 && w.host(canary).state != HostRunState::Upgraded; ++i)
            w.turn();
        QCOMPARE(w.host(canary).state, HostRunState::Upgraded);
        for (const qint64 until = w.clock.now().monoMs + bakeMs - 60'000; w.clock.now().monoMs < until;)
            w.turn();
        QVERIFY(w.rollout().pauses.isEmpty()); // a minute is left of its bake
        if (slept) {
            w.turn(600'000);
        } else {
            w.fleet.releases[QStringLiteral("1.5.0")].healthy = false;
            for (const qint64 until = w.clock.now().monoMs + 4'000; w.clock.now().monoMs < until;)
                w.turn();
            w.fleet.releases[QStringLiteral("1.5.0")].healthy = true;
        }
        const qint64 awake = w.clock.now().monoMs;
        for (int i = 0; i < 20'000 && !w.rollout().pauses.contains(PauseReason::ApprovalNeeded); ++i)
            w.turn();
        QVERIFY2(!slept || w.rollout().pauses.size() == 1, qPrintable(QStringList(w.rollout().pauses.values()).join(u',')));
        const qint64 baked = w.clock.now().monoMs - awake;
        QVERIFY2(baked >= bakeMs && baked < bakeMs + 60'000, QByteArray::number(baked).constData());
    }
    void aRollbackThatFailsStopsThere_data()
    {
        QTest::addColumn<QString>("verb");
        for (const char *verb : {"validate", "stop", "restore", "start"})
            QTest::newRow(verb) << QString::fromLatin1(verb);
    }
    void aRollbackThatFailsStopsThere()
    {
        // [fault 46] Whichever step of the way back fails: nothing comes after it, the backup is kept, nobody else is touched.
        QFETCH(QString, verb);
        EngineWorld w;
        w.fleet.releases[QStringLiteral("1.5.0")].failing = QStringLiteral("0004");
        QVERIFY(w.run());
        QVERIFY(w.settle());
        QCOMPARE(w.host(canary).state, HostRunState::HalfMigrated);
        const auto backups = w.fleet.host(canary).backups.keys();
        QCOMPARE(backups.size(), 1);
        const qsizetype before = w.fleet.effectLog.size();
        w.fleet.failing = verb;
        QVERIFY(w.ask(QStringLiteral("rollback"), {{QStringLiteral("confirm"), QJsonObject{{canary, QStringLiteral("demo-01.example.test")}}}}));
        QVERIFY(w.settle());
        QVERIFY2(w.host(canary).state == HostRunState::RollbackFailed, qPrintable(nameOf(w.host(canary).state)));
        QVERIFY2(w.fleet.effectLog.size() > before && w.fleet.effectLog.last().startsWith(canary + u' ' + verb), qPrintable(w.fleet.effectLog.last()));
        QVERIFY(!w.rollout().isEnded());
        QCOMPARE(w.fleet.host(canary).backups.keys(), backups);
        for (const QString &line : w.fleet.effectLog.mid(before))
            QVERIFY2(line.startsWith(canary), qPrintable(line));
        // Once what was wrong is mended, the same way is gone to its end, and no step that was done is done again.
        w.fleet.failing.clear();
        w.fleet.host(canary).content = {{QStringLiteral("customers"), 120}}; // what the failing step had destroyed
        QVERIFY(w.ask(QStringLiteral("retry")));
        QVERIFY(w.settle());
        QCOMPARE(w.host(canary).state, HostRunState::RolledBack);
        QCOMPARE(w.fleet.host(canary).content.value(QStringLiteral("customers")), 120);
    }
    void aConsoleThatSleptTooLongIsFenced()
    {
        // [fault 27] Its lease ran out meanwhile and another console took the host: nothing more is done there.
        EngineWorld w;
        QVERIFY(w.run());
        QVERIFY(begun(w));
        const auto done = w.fleet.effectLog;
        FakeHost &host = w.fleet.host(canary);
        ++host.epoch;
        host.leaseOwner = QStringLiteral("ws-other");
        w.turn(600'000);
        QVERIFY(w.settle());
        QCOMPARE(w.fleet.effectLog, done);
        QVERIFY(!w.rollout().pauses.isEmpty());
        QCOMPARE(host.leaseOwner, QStringLiteral("ws-other"));
    }
    void wallClocksHaveNoSay_data()
    {
        QTest::addColumn<qint64>("jump");
        QTest::newRow("a day ahead and back") << qint64(86'400'000);
        QTest::newRow("a day back and ahead") << qint64(-86'400'000);
    }
    void wallClocksHaveNoSay()
    {
        // [fault 28] No gate passes earlier or later for it.
        QFETCH(qint64, jump);
        const qint64 even = timeToTheGate(0);
        QVERIFY2(even > 0, QByteArray::number(even).constData());
        QCOMPARE(timeToTheGate(jump), even);
    }
    void aRolloutGoesWhereItsPlanSays()
    {
        // [fault 51] The inventory is edited while the rollout waits at its gate.
        EngineWorld w;
        QVERIFY(w.run());
        QVERIFY(w.settle());
        const QString hash = w.rollout().planHash;
        Installation edited = w.plan.hosts[1].installation;
        const QString planned = edited.endpoint.machine();
        edited.directory = QStringLiteral("/srv/elsewhere");
        QVERIFY(w.ask(QStringLiteral("fleet-import"), {{QStringLiteral("source"), QStringLiteral("edit")}, {QStringLiteral("installations"), valueToJson(QList<Installation>{edited})}}));
        // Another machine under the name is refused while the host belongs to a rollout.
        Installation moved = edited;
        moved.endpoint.address = QStringLiteral("192.0.2.7");
        const Reply refused = w.ask(QStringLiteral("fleet-import"), {{QStringLiteral("source"), QStringLiteral("edit")}, {QStringLiteral("installations"), valueToJson(QList<Installation>{moved})}});
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::HostInOtherRollout);
        QVERIFY(w.ask(QStringLiteral("promote")));
        QVERIFY(w.settle());
        QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
        QCOMPARE(w.rollout().planHash, hash);
        QCOMPARE(w.fleet.addresses.value(edited.name), planned);
        QCOMPARE(w.rollout().plan.hosts[1].installation, w.plan.hosts[1].installation);
        QVERIFY(w.engine->workspace().facts.contains(canary));
        QVERIFY(!w.engine->workspace().facts.contains(edited.name)); // what was measured is not what the fleet means by it now
    }
};

QTEST_GUILESS_MAIN(TestEngineFaults)
#include "tst_enginefaults.moc"
