// A host that does not come back in the middle of a step: a person may stop waiting for it, and the rollout goes on to an end.
// The real engine, with hosts, journal and clock in memory.
#include "engineworld.h"

#include <QJsonArray>
#include <QTest>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01");

bool until(EngineWorld &w, const std::function<bool()> &holds)
{
    for (int i = 0; i < 4000; ++i) {
        if (holds())
            return true;
        w.turn();
    }
    return false;
}

// Until this step is under way on the canary, and the canary has gone.
bool loseDuring(EngineWorld &w, StepKind kind)
{
    const bool isThere = until(w, [&] {
        const StepRun *step = w.host(canary).current();
        return step && step->kind == kind && step->phase == StepPhase::Started;
    });
    w.fleet.host(canary).reachable = false;
    return isThere && until(w, [&] { return !w.host(canary).connected; });
}

Reply skip(EngineWorld &w, const QString &reason)
{
    return w.ask(QStringLiteral("skip"), {{QStringLiteral("hosts"), QJsonArray{canary}}, {QStringLiteral("reason"), reason}});
}

QString repeated(const EngineWorld &w)
{
    for (auto it = w.fleet.effects.cbegin(); it != w.fleet.effects.cend(); ++it)
        if (it.value() > 1)
            return it.key();
    return {};
}

} // namespace

class TestGivenUp : public QObject {
    Q_OBJECT

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
        QVERIFY(until(w, [&] { return !isBegun(w.host(canary).state); }));
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
        QCOMPARE(repeated(w), QString());
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
        QVERIFY(until(w, [&] { return w.host(canary).state == HostRunState::InDoubt || w.host(canary).state == HostRunState::HalfMigrated; }));
        w.fleet.host(canary).reachable = true;
        QVERIFY(w.ask(QStringLiteral("rollback"), {{QStringLiteral("hosts"), QJsonArray{canary}}, {QStringLiteral("confirm"), QJsonObject{{canary, canary + QStringLiteral(".example.test")}}}}).has_value());
        QVERIFY(w.settle());
        QCOMPARE(nameOf(w.host(canary).state), QStringLiteral("rolled-back"));
        QCOMPARE(w.fleet.host(canary).version, QStringLiteral("1.4.0"));
        QVERIFY(w.host(canary).connected);
        QVERIFY(!w.host(canary).disturbed); // nobody else has had it meanwhile
        QCOMPARE(repeated(w), QString());
        // What was on its way all the time is not begun between the steps of the way back.
        QVERIFY(w.fleet.host(canary).epoch > epoch);
        std::optional<Error> late;
        w.fleet.start(w.planned().first(), QStringLiteral("late"), epoch, owner, 60, "true", [&late](const Result<JobState> &job) { late = job ? Error{} : job.error(); });
        while (w.fleet.deliver()) { }
        QVERIFY(late);
        QCOMPARE(late->code, ErrorCode::HostFenced);
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
        QVERIFY(until(w, [&] { return w.host(canary).leaseEpoch > 0; }));
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
        QVERIFY(until(w, [&] { const StepRun *step = w.host(canary).current(); return step && step->kind == StepKind::Backup; }));
        const Reply refused = skip(w, QStringLiteral("I am in a hurry"));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::NotAllowed);
        QVERIFY(w.settle());
    }
};

QTEST_GUILESS_MAIN(TestGivenUp)
#include "tst_givenup.moc"
