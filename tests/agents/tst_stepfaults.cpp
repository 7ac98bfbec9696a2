// What may go wrong around a step that is under way: the host has forgotten it, nobody is let in to ask, only what watched
// over it has died. The real engine, with hosts, journal and clock in memory.
#include "engineworld.h"

#include <QJsonArray>
#include <QTest>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01");

QString told(const EngineWorld &w)
{
    const HostRun &h = w.host(canary);
    return QStringLiteral("%1 (%2); paused: %3").arg(nameOf(h.state), h.reason, QStringList(w.rollout().pauses.values()).join(u'|'));
}

// Until a step of this kind has begun on the canary.
bool under(EngineWorld &w, StepKind kind)
{
    for (int i = 0; i < 4000; ++i) {
        const StepRun *step = w.host(canary).current();
        if (step && step->kind == kind && step->phase == StepPhase::Started)
            return true;
        w.turn();
    }
    return false;
}

FakeHost::Job &job(EngineWorld &w)
{
    return w.fleet.host(canary).jobs[w.host(canary).current()->token];
}

qsizetype timesDone(const EngineWorld &w, const QString &verb)
{
    return w.fleet.effectLog.filter(QStringLiteral("%1 %2 ").arg(canary, verb)).size();
}

template<class T>
QList<T> eventsOf(const EngineWorld &w)
{
    QList<T> found;
    for (const Event &e : w.journal.events())
        if (const T *body = std::get_if<T>(&e.body))
            found.append(*body);
    return found;
}

// Everything that asks a host is refused so, but for what is asked about other hosts.
void refuse(EngineWorld &w, ErrorCode code)
{
    w.fleet.refusing = [code](const QString &, const QString &host) {
        return host == canary ? std::optional(Error{code, {host, QStringLiteral("refused")}, {}, nullptr}) : std::nullopt;
    };
}

bool takeBackByRestore(EngineWorld &w)
{
    return w.ask(QStringLiteral("rollback"), {{QStringLiteral("hosts"), QJsonArray{canary}}, {QStringLiteral("confirm"), QJsonObject{{canary, canary + QStringLiteral(".example.test")}}}}).has_value();
}

} // namespace

class TestStepFaults : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aForgottenStepIsNeverRunAgain_data()
    {
        QTest::addColumn<bool>("restore");
        QTest::newRow("migration") << false;
        QTest::newRow("restore") << true;
    }
    void aForgottenStepIsNeverRunAgain()
    {
        // [fault 12] It had begun, the console was closed, the host answers before its state folder is mounted.
        QFETCH(bool, restore);
        EngineWorld w;
        if (restore)
            w.fleet.releases[QStringLiteral("1.5.0")].failing = QStringLiteral("0004");
        QVERIFY(w.run());
        if (restore) {
            QVERIFY(w.settle());
            QVERIFY(takeBackByRestore(w));
        }
        QVERIFY(under(w, restore ? StepKind::Restore : StepKind::Migrate));
        w.killConsole();
        w.fleet.host(canary).jobs.clear();
        w.startConsole();
        QVERIFY(w.ask(QStringLiteral("resume")));
        QVERIFY(w.settle());
        QCOMPARE(timesDone(w, restore ? QStringLiteral("restore") : QStringLiteral("start")), 1);
        QVERIFY2(w.host(canary).state == (restore ? HostRunState::RollbackFailed : HostRunState::InDoubt), qPrintable(told(w)));
        QCOMPARE(w.host(canary).last()->outcome, StepOutcome::InDoubt);
    }
    void aRefusedLoginIsNoVerdict_data()
    {
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<bool>("restart");
        QTest::newRow("the certificate ran out") << ErrorCode::KeyUnusable << false;
        QTest::newRow("the directory is down") << ErrorCode::AuthFailed << false;
        QTest::newRow("another key") << ErrorCode::HostKeyChanged << false;
        QTest::newRow("the shell could not be started") << ErrorCode::NoShell << false;
        QTest::newRow("refused to the next console") << ErrorCode::AuthFailed << true;
    }
    void aRefusedLoginIsNoVerdict()
    {
        // [fault 32] A migration is under way and nobody is let in to ask for it: it is asked for until somebody is.
        QFETCH(ErrorCode, code);
        QFETCH(bool, restart);
        EngineWorld w;
        w.fleet.pollsOfAStart = 5;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        const QString token = w.host(canary).current()->token;
        refuse(w, code);
        if (restart) {
            w.killConsole();
            w.startConsole();
            QVERIFY(w.ask(QStringLiteral("resume")));
        }
        for (int i = 0; i < 700; ++i)
            w.turn(1000);
        QVERIFY2(w.host(canary).current() && w.host(canary).current()->token == token, qPrintable(told(w)));
        const QString detail = w.rollout().pauses.value(PauseReason::LostHosts);
        QVERIFY2(detail.contains(QLatin1String("refused")) && detail.contains(canary), qPrintable(told(w)));
        QVERIFY(w.host(canary).reason.contains(QLatin1String("refused")));
        w.fleet.refusing = nullptr;
        QVERIFY(w.settle());
        QVERIFY2(w.host(canary).state == HostRunState::Upgraded || w.host(canary).state == HostRunState::Baking || isBegun(w.host(canary).state), qPrintable(told(w)));
        QVERIFY(w.ask(QStringLiteral("resume")));
        QVERIFY(w.settle());
        QVERIFY2(w.host(canary).state == HostRunState::Upgraded, qPrintable(told(w)));
        QCOMPARE(timesDone(w, QStringLiteral("start")), 1);
    }
    void aSurvivorIsWaitedFor()
    {
        // [fault 13] Only the supervisor was killed: the migration goes on, and nothing is concluded before it has ended.
        EngineWorld w;
        w.fleet.pollsOfAStart = 1000;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        job(w).orphanPolls = 20;
        job(w).lost = true;
        for (int i = 0; i < 4000 && w.host(canary).current(); ++i) {
            w.turn();
            if (w.host(canary).current() && w.host(canary).current()->phase == StepPhase::Started && job(w).orphanPolls > 0)
                QVERIFY(w.host(canary).ledgersAfter.isEmpty());
        }
        QVERIFY(w.settle());
        for (const FakeHost::Job &j : std::as_const(w.fleet.host(canary).jobs))
            QVERIFY(j.orphanPolls <= 0);
        QCOMPARE(w.host(canary).last()->outcome, StepOutcome::Lost);
        QVERIFY2(w.host(canary).state == HostRunState::InDoubt, qPrintable(told(w)));
        const auto seen = eventsOf<StepReconciled>(w);
        QCOMPARE(seen.size(), 1);
        QVERIFY(seen.first().found.startsWith(QLatin1String("running")));
        QCOMPARE(timesDone(w, QStringLiteral("start")), 1);
    }
    void aSurvivorsDeadlineIsKept()
    {
        // [fault 13] What the supervisor would have ended at its deadline the console ends.
        EngineWorld w;
        for (Step &step : w.plan.hosts[0].hops[0].steps)
            if (step.kind == StepKind::Stop)
                step.deadlineS = 60;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Stop));
        job(w).orphanPolls = 1'000'000;
        job(w).lost = true;
        job(w).pollsLeft = 1000;
        const QString token = w.host(canary).current()->token;
        for (int i = 0; i < 50; ++i)
            w.turn(1000);
        QCOMPARE(w.fleet.host(canary).jobs[token].pollsLeft, 1000);
        for (int i = 0; i < 30; ++i)
            w.turn(1000);
        QCOMPARE(w.fleet.host(canary).jobs[token].pollsLeft, 0); // cancelled
    }
};

QTEST_GUILESS_MAIN(TestStepFaults)
#include "tst_stepfaults.moc"
