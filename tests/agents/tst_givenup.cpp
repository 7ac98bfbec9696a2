// A host that does not come back in the middle of a step: a person may stop waiting for it, and the rollout goes on to an end.
// The real engine, with hosts, journal and clock in memory.
#include "engineworld.h"

#include <QJsonArray>
#include <QTest>

#include <algorithm>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01");

bool isUnderWay(const HostRun &host, StepKind kind)
{
    const StepRun *step = host.current();
    return step && step->kind == kind && step->phase == StepPhase::Started;
}

// Until this step is under way on the host, and the host has gone.
bool loseDuring(EngineWorld &w, StepKind kind, const QString &host = canary)
{
    const bool isThere = w.until([&] { return isUnderWay(w.host(host), kind); });
    w.fleet.host(host).reachable = false;
    return isThere && w.until([&] { return !w.host(host).connected; });
}

Reply skip(EngineWorld &w, const QString &reason, const QString &host = canary)
{
    return w.ask(QStringLiteral("skip"), {{QStringLiteral("hosts"), QJsonArray{host}}, {QStringLiteral("reason"), reason}});
}

Reply restore(EngineWorld &w, const QString &host)
{
    return w.ask(QStringLiteral("rollback"), {{QStringLiteral("hosts"), QJsonArray{host}}, {QStringLiteral("confirm"), QJsonObject{{host, host + QStringLiteral(".example.test")}}}});
}

QList<LeaseTaken> leasesInsteadOfOurOwn(const EngineWorld &w, int rollout)
{
    QList<LeaseTaken> found;
    for (const Event &e : w.journal.events())
        if (const auto *taken = std::get_if<LeaseTaken>(&e.body); taken && taken->insteadOf && e.rollout == rollout)
            found.append(*taken);
    return found;
}

// Whether anybody was told of another console, where there is none.
bool toldOfAStranger(const EngineWorld &w)
{
    return std::ranges::any_of(w.journal.events(), [](const Event &e) {
        const auto *paused = std::get_if<Paused>(&e.body);
        return paused && paused->reason == PauseReason::Hold;
    });
}

// The lease before it ends whatever is still on its way under it.
void verifyFenced(EngineWorld &w, const Installation &host, qint64 epoch, const QString &owner)
{
    std::optional<Error> late;
    w.fleet.start(host, QStringLiteral("late"), epoch, owner, 60, "true", [&late](const Result<JobState> &job) { late = job ? Error{} : job.error(); });
    while (w.fleet.deliver()) { }
    QVERIFY(late);
    QCOMPARE(late->code, ErrorCode::HostFenced);
}

} // namespace

class TestGivenUp : public QObject {
    Q_OBJECT

    // Another rollout, of another installation on the canary's machine; its backup takes a while.
    static void runAnotherOn(EngineWorld &w, const QString &name)
    {
        Installation &installation = w.plan.hosts[0].installation;
        installation.name = name;
        installation.directory = QStringLiteral("/srv/second");
        w.plan.waves[0].hosts = {name};
        w.fleet.add(name);
        w.fleet.putOn(name, canary);
        w.fleet.pollsOfABackup = 40;
        QVERIFY(w.run().has_value());
    }

private Q_SLOTS:
    void aHostThatIsGoneMayBeGivenUp_data() // [N-07] each rollout comes to an end, or waits for somebody who is named
    {
        QTest::addColumn<StepKind>("kind");
        QTest::addColumn<QString>("state");
        QTest::newRow("backup") << StepKind::Backup << QStringLiteral("in-doubt");
        QTest::newRow("migration, of which a part was seen") << StepKind::Migrate << QStringLiteral("half-migrated");
    }
    void aHostThatIsGoneMayBeGivenUp()
    {
        QFETCH(StepKind, kind);
        QFETCH(QString, state);
        EngineWorld w;
        w.fleet.pollsOfABackup = w.fleet.pollsOfAStart = 4;
        QVERIFY(w.run().has_value());
        QVERIFY(loseDuring(w, kind));
        const QString token = w.host(canary).current()->token;
        QVERIFY(permission(w.rollout(), Verb::Skip).hosts.contains(canary));

        QVERIFY(!skip(w, {}).has_value()); // not without a reason
        QVERIFY(w.host(canary).current());
        const Reply given = skip(w, QStringLiteral("the machine burnt down"));
        QVERIFY2(given.has_value(), given ? "" : qPrintable(clauseOf(given.error())));
        QVERIFY(w.until([&] { return !isBegun(w.host(canary).state); }));
        QCOMPARE(nameOf(w.host(canary).state), state);
        QCOMPARE(w.host(canary).last()->outcome, StepOutcome::InDoubt);
        QVERIFY2(w.host(canary).last()->reason.contains(QStringLiteral("burnt down")), qPrintable(w.host(canary).last()->reason));
        const auto &events = w.journal.events();
        QCOMPARE(std::ranges::count_if(events, [&](const Event &e) {
            const auto *up = std::get_if<HostGivenUp>(&e.body);
            return up && up->token == token && up->reason == QLatin1String("the machine burnt down");
        }), 1);

        // Nobody asks it any more, so nobody waits for it either.
        for (int i = 0; i < 800; ++i)
            w.turn(1000);
        QVERIFY(!w.rollout().pauses.contains(PauseReason::LostHosts));
        QVERIFY(w.ask(QStringLiteral("abort"), {{QStringLiteral("reason"), QStringLiteral("enough")}}).has_value());
        QVERIFY(w.settle());
        QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Failed);
        QCOMPARE(w.repeated(), QString());
    }
    void whoComesBackIsTakenBack() // nothing is lost by giving it up
    {
        EngineWorld w;
        w.fleet.pollsOfAStart = 4;
        QVERIFY(w.run().has_value());
        QVERIFY(loseDuring(w, StepKind::Migrate));
        const qint64 epoch = w.fleet.host(canary).epoch;
        const QString owner = w.fleet.host(canary).leaseOwner;
        QVERIFY(skip(w, QStringLiteral("its switch is dead")).has_value());
        QVERIFY(w.until([&] { return w.host(canary).state == HostRunState::InDoubt || w.host(canary).state == HostRunState::HalfMigrated; }));
        w.fleet.host(canary).reachable = true;
        QVERIFY(restore(w, canary).has_value());
        QVERIFY(w.settle());
        QCOMPARE(nameOf(w.host(canary).state), QStringLiteral("rolled-back"));
        QCOMPARE(w.fleet.host(canary).version, QStringLiteral("1.4.0"));
        QVERIFY(w.host(canary).connected);
        QVERIFY(!w.host(canary).disturbed); // nobody else has had it meanwhile
        QCOMPARE(w.repeated(), QString());
        // What was on its way all the time is not begun between the steps of the way back.
        QVERIFY(w.fleet.host(canary).epoch > epoch);
        verifyFenced(w, w.planned().first(), epoch, owner);
    }
    void theOtherOneOnItsMachineGoesOn() // [fault 50] two installations, and one lease
    {
        EngineWorld w;
        const QString lost = QStringLiteral("demo-02"), other = QStringLiteral("demo-03");
        w.plan.hosts[2].installation.endpoint = w.plan.hosts[1].installation.endpoint;
        w.plan.hosts[2].installation.directory = QStringLiteral("/srv/second");
        w.plan.strategy.budgetPercent = 100; // one host in doubt keeps the others from nothing
        w.fleet.putOn(other, lost);
        w.fleet.pollsOfAStart = 4;
        QVERIFY(w.run({{QStringLiteral("auto_promote"), true}}).has_value());
        QVERIFY(loseDuring(w, StepKind::Migrate, lost));
        QVERIFY(!isBegun(w.host(other).state)); // one goes forward at a time on each machine
        const FakeHost &machine = w.fleet.host(lost);
        const qint64 epoch = machine.epoch;
        const QString owner = machine.leaseOwner;
        QVERIFY(skip(w, QStringLiteral("its switch is dead"), lost).has_value());

        // Its turn has come, with the lease that is there; what was given up does not have it.
        QVERIFY(w.until([&] { return w.host(other).state == HostRunState::Deferred; }));
        QCOMPARE(w.host(lost).last()->outcome, StepOutcome::InDoubt);
        QCOMPARE(w.host(lost).leaseEpoch, 0);
        QCOMPARE(w.host(lost).abandonedEpoch, epoch);
        QCOMPARE(w.host(other).lastEpoch, epoch);
        QVERIFY(w.settle());
        QVERIFY(leasesInsteadOfOurOwn(w, 1).isEmpty());
        QCOMPARE(machine.epoch, epoch);
        QCOMPARE(machine.leaseOwner, owner);

        // The machine is back. What was given up is taken back while the other one is in the middle of a step, and asks for the
        // next lease for that: it is the other one's, too.
        w.fleet.host(lost).reachable = true;
        w.fleet.pollsOfABackup = 40;
        QVERIFY(w.ask(QStringLiteral("retry"), {{QStringLiteral("hosts"), QJsonArray{other}}}).has_value());
        QVERIFY(w.until([&] { return isUnderWay(w.host(other), StepKind::Backup); }));
        QCOMPARE(w.host(other).leaseEpoch, epoch);
        QVERIFY(restore(w, lost).has_value());
        QVERIFY(w.until([&] { return w.host(lost).leaseEpoch == epoch + 1; }));
        QCOMPARE(w.host(other).leaseEpoch, epoch + 1);
        QVERIFY(isUnderWay(w.host(other), StepKind::Backup));
        QVERIFY(w.settle());
        QCOMPARE(nameOf(w.host(lost).state), QStringLiteral("rolled-back"));
        QVERIFY(w.ask(QStringLiteral("resume")).has_value());
        QVERIFY(w.settle());
        QCOMPARE(nameOf(w.host(other).state), QStringLiteral("upgraded"));

        const QList<LeaseTaken> next = leasesInsteadOfOurOwn(w, 1);
        QCOMPARE(next.size(), 1);
        QCOMPARE(next.first().host, lost);
        QCOMPARE(next.first().insteadOf, std::optional(epoch));
        QVERIFY(!w.host(lost).disturbed && !w.host(other).disturbed);
        QVERIFY(!toldOfAStranger(w));
        QCOMPARE(w.repeated(), QString());
        verifyFenced(w, w.planned()[2], epoch, owner);
    }
    void anotherRolloutOnItsMachineHearsOfTheNextLease()
    {
        EngineWorld w(PlanSketch{1});
        const QString second = QStringLiteral("other-01");
        w.fleet.pollsOfAStart = 4;
        QVERIFY(w.run().has_value());
        QVERIFY(loseDuring(w, StepKind::Migrate));
        QVERIFY(skip(w, QStringLiteral("its switch is dead")).has_value());
        QVERIFY(w.until([&] { return !isBegun(w.host(canary).state); }));
        const qint64 epoch = w.fleet.host(canary).epoch;
        w.fleet.host(canary).reachable = true;

        runAnotherOn(w, second);
        const auto run = [&w, &second]() -> const HostRun & { return w.rollout(2).hosts.find(second).value(); };
        QVERIFY(w.until([&] { return isUnderWay(run(), StepKind::Backup); }));
        QCOMPARE(run().lastEpoch, epoch);

        // The lease is given back for the sake of the first rollout, and the next one is long in coming: until then nothing is
        // begun in the second one either.
        w.fleet.refusing = [](const QString &verb, const QString &host) {
            return verb == QLatin1String("lock") ? std::optional(Error{ErrorCode::ConnectionLost, {host, QStringLiteral("no answer")}, {}, nullptr}) : std::nullopt;
        };
        QVERIFY(restore(w, canary).has_value());
        QVERIFY(w.until([&] { return !run().current(); }));
        for (int i = 0; i < 80; ++i)
            w.turn();
        QCOMPARE(run().last()->kind, StepKind::Backup);
        QCOMPARE(run().last()->outcome, StepOutcome::Done);
        w.fleet.refusing = nullptr;

        QVERIFY(w.until([&] { return run().lastEpoch == epoch + 1; }));
        QCOMPARE(run().leaseEpoch, epoch + 1);
        QVERIFY(!run().disturbed && !run().mustBeSeen);
        for (const int rollout : {1, 2}) {
            const QList<LeaseTaken> next = leasesInsteadOfOurOwn(w, rollout);
            QCOMPARE(next.size(), 1);
            QCOMPARE(next.first().host, rollout == 1 ? canary : second);
            QCOMPARE(next.first().insteadOf, std::optional(epoch));
        }
        QVERIFY(w.until([&] { return w.rollout(1).isEnded() && w.rollout(2).isEnded(); }));
        QCOMPARE(nameOf(w.host(canary).state), QStringLiteral("rolled-back"));
        QCOMPARE(nameOf(run().state), QStringLiteral("upgraded"));
        QVERIFY(!toldOfAStranger(w));
        QCOMPARE(w.repeated(), QString());
    }
    // The lease was given back for the sake of the first rollout, which then did not get the next one and has stopped asking. Whoever
    // else is on the machine asks for it.
    void whoWaitsForALeaseThatNobodyTookAsksForIt()
    {
        EngineWorld w(PlanSketch{1});
        const QString second = QStringLiteral("other-01");
        w.fleet.pollsOfAStart = 4;
        QVERIFY(w.run().has_value());
        QVERIFY(loseDuring(w, StepKind::Migrate));
        QVERIFY(skip(w, QStringLiteral("its switch is dead")).has_value());
        QVERIFY(w.until([&] { return !isBegun(w.host(canary).state); }));
        const qint64 epoch = w.fleet.host(canary).epoch;
        w.fleet.host(canary).reachable = true;
        runAnotherOn(w, second);
        const auto run = [&w, &second]() -> const HostRun & { return w.rollout(2).hosts.find(second).value(); };
        QVERIFY(w.until([&] { return isUnderWay(run(), StepKind::Backup); }));

        int refusals = 1;
        w.fleet.refusing = [&refusals](const QString &verb, const QString &host) {
            return verb == QLatin1String("lock") && refusals-- > 0 ? std::optional(Error{ErrorCode::HostDiskFull, {host}, {}, nullptr}) : std::nullopt;
        };
        QVERIFY(restore(w, canary).has_value());
        QVERIFY(w.until([&] { return w.host(canary).state == HostRunState::RollbackFailed; }));
        QVERIFY(isUnderWay(run(), StepKind::Backup));
        QVERIFY(w.until([&] { return w.rollout(2).isEnded(); }));
        QCOMPARE(nameOf(run().state), QStringLiteral("upgraded"));
        QVERIFY(!run().disturbed);
        const QList<LeaseTaken> next = leasesInsteadOfOurOwn(w, 2);
        QCOMPARE(next.size(), 1);
        QCOMPARE(next.first().epoch, epoch + 1);
        QCOMPARE(next.first().insteadOf, std::optional(epoch));
        QVERIFY(!toldOfAStranger(w));
        QCOMPARE(w.repeated(), QString());
    }
    // Whichever of two rollouts on a machine takes the lease again after a stranger has had it: both know that he was there.
    void thatAStrangerWasBetweenIsKnownToAllOnTheMachine()
    {
        EngineWorld w(PlanSketch{1});
        const QString second = QStringLiteral("other-01");
        QVERIFY(w.run().has_value());
        QVERIFY(w.until([&] { return w.host(canary).state == HostRunState::Upgraded; })); // and waits at its gate
        runAnotherOn(w, second);
        const auto run = [&w, &second]() -> const HostRun & { return w.rollout(2).hosts.find(second).value(); };
        QVERIFY(w.until([&] { return isUnderWay(run(), StepKind::Backup); }));
        FakeHost &machine = w.fleet.host(canary);
        QCOMPARE(run().lastEpoch, machine.epoch);
        QCOMPARE(w.host(canary).lastEpoch, machine.epoch);

        ++machine.epoch;
        machine.leaseOwner = QStringLiteral("stranger");
        QVERIFY(w.until([&] { return w.rollout(1).pauses.contains(PauseReason::Hold) && w.rollout(2).pauses.contains(PauseReason::Hold); }));
        machine.leaseOwner.clear();
        for (int i = 0; i < 400; ++i) // nobody takes it without being told to
            w.turn();
        QCOMPARE(machine.leaseOwner, QString());
        QVERIFY(w.ask(QStringLiteral("resume"), {{QStringLiteral("rollout"), 2}}).has_value());
        QVERIFY(w.until([&] { return run().lastEpoch == machine.epoch; }));
        QVERIFY(run().disturbed);
        QCOMPARE(w.host(canary).lastEpoch, machine.epoch);
        QVERIFY(w.host(canary).disturbed);
        QVERIFY(w.rollout(1).pauses.contains(PauseReason::Hold)); // for a person to lift
    }
    void aLeaseInsteadOfOurOwnIsNoStrangers_data() // also for others on its machine, who gave nothing up
    {
        QTest::addColumn<std::optional<qint64>>("insteadOf");
        QTest::addColumn<int>("further");
        QTest::addColumn<bool>("disturbed");
        QTest::newRow("the next") << std::optional<qint64>(0) << 1 << false;
        QTest::newRow("another one was between") << std::optional<qint64>(0) << 2 << true;
        QTest::newRow("instead of an older one") << std::optional<qint64>(-1) << 1 << true;
        QTest::newRow("nothing was given back") << std::optional<qint64>() << 1 << true;
    }
    void aLeaseInsteadOfOurOwnIsNoStrangers()
    {
        QFETCH(std::optional<qint64>, insteadOf);
        QFETCH(int, further);
        QFETCH(bool, disturbed);
        EngineWorld w;
        QVERIFY(w.run().has_value());
        QVERIFY(w.until([&] { return w.host(canary).leaseEpoch > 0; }));
        RolloutState s = w.rollout();
        LeaseTaken taken;
        taken.host = canary;
        taken.epoch = s.hosts[canary].lastEpoch + further;
        if (insteadOf)
            taken.insteadOf = s.hosts[canary].lastEpoch + *insteadOf;
        Event event;
        event.rollout = s.id;
        event.seq = s.lastSeq + 1;
        event.body = taken;
        apply(s, event);
        QCOMPARE(s.hosts[canary].mustBeSeen, disturbed);
        QCOMPARE(s.hosts[canary].leaseEpoch, taken.epoch);
    }
    void whoAnswersIsNotGivenUp()
    {
        EngineWorld w;
        w.fleet.pollsOfABackup = 40;
        QVERIFY(w.run().has_value());
        QVERIFY(w.until([&] { const StepRun *step = w.host(canary).current(); return step && step->kind == StepKind::Backup; }));
        const Reply refused = skip(w, QStringLiteral("I am in a hurry"));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::NotAllowed);
        QVERIFY(w.settle());
    }
};

QTEST_GUILESS_MAIN(TestGivenUp)
#include "tst_givenup.moc"
