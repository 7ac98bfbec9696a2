// Names that share a machine, and consoles that share a host. The real engine, with hosts, journal and clock in memory.
#include "engineworld.h"

#include <QJsonArray>
#include <QTest>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01"), other = QStringLiteral("ws-other"), theirs = QStringLiteral("R-0007 of ann@desk-7, on desk-7");

// Whose turn it was, host after host, each named when it changes.
QStringList turns(const QStringList &effectLog, const QStringList &hosts)
{
    QStringList order;
    for (const QString &line : effectLog) {
        const QString host = line.section(u' ', 0, 0);
        if (hosts.contains(host) && (order.isEmpty() || order.last() != host))
            order.append(host);
    }
    return order;
}

template<class T>
QList<T> eventsOf(const EngineWorld &w, QStringList *actors = nullptr)
{
    QList<T> found;
    for (const Event &e : w.journal.events())
        if (const T *body = std::get_if<T>(&e.body)) {
            found.append(*body);
            if (actors)
                actors->append(e.actor);
        }
    return found;
}

void leaveToAnother(EngineWorld &w, bool stale)
{
    FakeHost &host = w.fleet.host(canary);
    host.epoch = 4;
    host.leaseOwner = other;
    host.leaseBy = theirs;
    host.leaseIsStale = stale;
}

} // namespace

class TestEngineOthers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oneMachineUnderTwoNames_data()
    {
        QTest::addColumn<bool>("planned");
        QTest::addColumn<bool>("sameDirectory");
        QTest::newRow("known when it was planned") << true << false;
        QTest::newRow("found out at preflight") << false << false;
        QTest::newRow("one installation under two names, known") << true << true;
        QTest::newRow("one installation under two names, found out") << false << true;
    }
    void oneMachineUnderTwoNames()
    {
        // [fault 50] [OPS-01] One after the other, whatever the strategy's number of hosts at once; others go on beside it.
        QFETCH(bool, planned);
        QFETCH(bool, sameDirectory);
        EngineWorld w(PlanSketch{5});
        const QStringList names{QStringLiteral("demo-02"), QStringLiteral("demo-04")};
        for (PlanHost &host : w.plan.hosts) {
            const QString name = host.installation.name;
            const bool shared = names.contains(name);
            w.fleet.host(name).machineId = shared ? QString(32, u'a') : QStringLiteral("%1").arg(name.right(2).toInt(), 32, 10, QLatin1Char('7'));
            w.fleet.host(name).hostKey = shared ? QStringLiteral("SHA256:one") : QStringLiteral("SHA256:") + name;
            if (!sameDirectory)
                host.installation.directory = QStringLiteral("/srv/") + name;
            if (shared && planned)
                host.sharedMachine = w.plan.hosts[1].installation.endpoint.machine();
        }
        w.fleet.pollsOfAStart = w.fleet.pollsOfABackup = 4;
        QVERIFY(w.run({{QStringLiteral("auto_promote"), true}}));
        int most = 0, together = 0;
        for (int i = 0; i < 8000 && !w.rollout().isEnded(); ++i) {
            w.turn();
            int under = 0, both = 0;
            for (const HostRun &h : w.rollout().hosts) {
                const bool works = h.current() && h.current()->kind != StepKind::Preflight;
                under += works;
                both += names.contains(h.name) && works;
            }
            most = std::max(most, under);
            together = std::max(together, both);
        }
        QVERIFY2(w.rollout().lifecycle == RolloutLifecycle::Succeeded, qPrintable(QStringList(w.rollout().pauses.values()).join(u',')));
        QCOMPARE(together, 1);
        QVERIFY2(most >= 3, qPrintable(QString::number(most))); // the rest is not held up
        QCOMPARE(turns(w.fleet.effectLog, names).size(), 2);
        QCOMPARE(w.host(names[0]).machine, w.host(names[1]).machine);
        for (auto it = w.fleet.effects.cbegin(); it != w.fleet.effects.cend(); ++it)
            QCOMPARE(it.value(), 1);
        int preflights = 0;
        for (const QString &name : names)
            for (const StepRun &step : w.host(name).steps)
                preflights += step.kind == StepKind::Preflight;
        QCOMPARE(preflights, planned ? 2 : 3); // what was measured beside the other's work is measured again
    }
    void cannotBeReachedCountsMachines()
    {
        // [fault 50] Three names of one machine among eleven: one of nine machines is away, 3 of 11 names.
        EngineWorld w(PlanSketch{12});
        w.plan.strategy.unreachablePercent = 12;
        for (const int i : {1, 2, 3}) {
            w.plan.hosts[i].sharedMachine = QStringLiteral("one");
            w.fleet.host(w.plan.hosts[i].installation.name).reachable = false;
        }
        QVERIFY(w.run({{QStringLiteral("auto_promote"), true}}));
        QVERIFY(w.settle());
        QVERIFY2(!w.rollout().pauses.contains(PauseReason::LostHosts), qPrintable(w.rollout().pauses.value(PauseReason::LostHosts)));
        QCOMPARE(w.host(w.plan.hosts[3].installation.name).state, HostRunState::Deferred);
    }
    void onlyAPersonTakesOver()
    {
        // [fault 27] A stranger's lease that has gone stale: nothing is done before somebody says why it may be taken.
        EngineWorld w;
        leaveToAnother(w, true);
        QVERIFY(w.run());
        QVERIFY(w.settle());
        QVERIFY(w.fleet.effectLog.isEmpty());
        QCOMPARE(w.fleet.host(canary).leaseOwner, other);
        QCOMPARE(w.rollout().pauses.keys(), QList<PauseReason>{PauseReason::Hold});
        for (const QString &said : {w.rollout().pauses.value(PauseReason::Hold), w.engine->snapshot()->rollouts.first()->host(canary)->stepWaitsFor})
            QVERIFY2(said.contains(theirs) && said.contains(QStringLiteral("since")) && said.contains(QStringLiteral("silent")), qPrintable(said));
        QCOMPARE(eventsOf<LeaseRefused>(w).size(), 1); // however often it was asked
        QCOMPARE(eventsOf<LeaseRefused>(w).first().owner, other);

        const Reply without = w.ask(QStringLiteral("take-over"));
        QVERIFY(!without);
        QCOMPARE(without.error().code, ErrorCode::NotAllowed);
        QVERIFY(w.ask(QStringLiteral("take-over"), {{QStringLiteral("reason"), QStringLiteral("ann is on a plane")}}));
        QVERIFY(w.settle());
        QCOMPARE(w.rollout().pauses.keys(), QList<PauseReason>{PauseReason::ApprovalNeeded});
        QCOMPARE(w.host(canary).state, HostRunState::Upgraded);
        QStringList actors;
        const QList<TakeOverConfirmed> leave = eventsOf<TakeOverConfirmed>(w, &actors);
        QCOMPARE(leave.size(), 1);
        QCOMPARE(leave.first().reason, QStringLiteral("ann is on a plane"));
        QCOMPARE(leave.first().owner, other);
        QCOMPARE(actors, QStringList{QStringLiteral("tester")});
        QCOMPARE(eventsOf<LeaseTaken>(w).first().takenFrom, other);
        QVERIFY(!w.ask(QStringLiteral("take-over"), {{QStringLiteral("reason"), QStringLiteral("again")}}));
    }
    void aReasonGivenBeforehandHoldsForStaleLeasesOnly_data()
    {
        QTest::addColumn<bool>("stale");
        QTest::newRow("stale") << true;
        QTest::newRow("fresh") << false;
    }
    void aReasonGivenBeforehandHoldsForStaleLeasesOnly()
    {
        // [fault 26, 27]
        QFETCH(bool, stale);
        EngineWorld w;
        leaveToAnother(w, stale);
        QVERIFY(w.run({{QStringLiteral("take_over"), QStringLiteral("night shift")}}));
        QVERIFY(w.settle());
        QCOMPARE(w.fleet.host(canary).leaseOwner == other, !stale);
        QCOMPARE(w.fleet.effectLog.isEmpty(), !stale);
        QCOMPARE(w.host(canary).state, stale ? HostRunState::Upgraded : HostRunState::Deferred);
        if (stale)
            QCOMPARE(eventsOf<TakeOverConfirmed>(w).first().reason, QStringLiteral("night shift"));
        else
            QVERIFY2(w.host(canary).reason.contains(theirs), qPrintable(w.host(canary).reason));
    }
    void aStaleLeaseMayBeLeftToItsOwner()
    {
        EngineWorld w;
        leaveToAnother(w, true);
        QVERIFY(w.run());
        QVERIFY(w.settle());
        QVERIFY(w.ask(QStringLiteral("skip"), {{QStringLiteral("hosts"), QJsonArray{canary}}, {QStringLiteral("reason"), QStringLiteral("theirs")}}));
        QCOMPARE(w.host(canary).state, HostRunState::Excluded);
        QCOMPARE(w.fleet.host(canary).leaseOwner, other);
        QVERIFY(w.fleet.effectLog.isEmpty());
    }
    void aLeaseThatComesFreeIsTakenWithoutAsking()
    {
        EngineWorld w;
        leaveToAnother(w, true);
        QVERIFY(w.run());
        QVERIFY(w.settle());
        w.fleet.host(canary).leaseOwner.clear(); // they gave it back
        for (int i = 0; i < 60; ++i)
            w.turn();
        QVERIFY(w.host(canary).leaseEpoch > 0 && !w.host(canary).heldBy);
        QVERIFY(w.ask(QStringLiteral("resume")));
        QVERIFY(w.settle());
        QCOMPARE(w.host(canary).state, HostRunState::Upgraded);
        QVERIFY(eventsOf<TakeOverConfirmed>(w).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestEngineOthers)
#include "tst_engineothers.moc"
