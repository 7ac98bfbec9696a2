// A rollout from start to end through the real engine, with hosts, journal and clock in memory: what the fold decides
// is carried out once, stops stop, and the way back is the one that the evidence allows.
#include "base/canonicaljson.h"
#include "canary.h"
#include "engineworld.h"
#include "logging/redactor.h"
#include "report/auditreport.h"

#include <QDirIterator>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

using namespace bellwether;

class TestEngine : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void upgradesCanaryFirstAndWaitsForAPerson();
    void promotesAndSucceeds();
    void stopsAtAHalfMigratedCanary();
    void restoresOnlyWithTheTypedDomain();
    void goesBackByTagWhenNothingReachedTheDatabase();
    void refusesABackupThatCannotBeRead();
    void pausesAtTheNextSafePoint();
    void defersAnUnreachableHost();
    void aLostLinkIsNoFailure();
    void aLostStepIsNeverRunAgain();
    void stopsWhenTheJournalDoes();
    void refusesAPlanThatDoesNotFitTogether_data();
    void refusesAPlanThatDoesNotFitTogether();
    void refusesAHostOfAnotherRollout();
    void aWayBackGoesOnOnceTheJournalDoes();
    void takingBackAHostOfAnAbortedRolloutBeginsNoOther();
    void aFailedFirstRestoreLeavesTheOtherDatabasesAlone();
    void onlyARestoreLeadsOutOfABrokenRestore();
    void aHostsClockNeverRepeatsTheBackup_data();
    void aHostsClockNeverRepeatsTheBackup();
    void aHalfMigratedLedgerStopsAStepThatEndedWell();
    void aLinkThatCameBackIsNotCountedAsLost();
    void theLedgerIsReadAgainBeforeGoingBack();
    void endsOnlyWhenNoHostIsLeftInTrouble();
    void abortingLeavesNoHostHalfWay();
    void abortingCancelsWhatMayBeBegunAgain_data();
    void abortingCancelsWhatMayBeBegunAgain();
    void noSecretOfAHostIsKept();
};

namespace {
QStringList touched(const EngineWorld &w)
{
    QStringList names;
    for (const QString &line : w.fleet.effectLog)
        if (!names.contains(line.section(QLatin1Char(' '), 0, 0)))
            names.append(line.section(QLatin1Char(' '), 0, 0));
    names.sort();
    return names;
}
} // namespace

void TestEngine::upgradesCanaryFirstAndWaitsForAPerson() // [PD-03]
{
    EngineWorld w;
    const Reply reply = w.run();
    QVERIFY2(reply.has_value(), reply ? "" : qPrintable(clauseOf(reply.error())));
    QVERIFY(w.settle());
    QCOMPARE(touched(w), QStringList{QStringLiteral("demo-01")});
    QCOMPARE(w.host(QStringLiteral("demo-01")).state, HostRunState::Upgraded);
    QVERIFY(w.rollout().pauses.contains(PauseReason::ApprovalNeeded));
    QCOMPARE(w.rollout().pauses.size(), 1);
    QCOMPARE(w.host(QStringLiteral("demo-01")).migrations.size(), 2); // [AS-07]
    QCOMPARE(w.host(QStringLiteral("demo-01")).migrations[0].durationMs, std::optional<qint64>(12));
}

void TestEngine::promotesAndSucceeds()
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    QVERIFY(w.ask(QStringLiteral("promote")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
    for (const PlanHost &h : w.plan.hosts)
        QCOMPARE(w.fleet.host(h.installation.name).version, QStringLiteral("1.5.0"));
    QCOMPARE(w.repeated(), QString());
    for (const PlanHost &h : w.plan.hosts)
        QVERIFY2(w.fleet.host(h.installation.name).leaseOwner.isEmpty(), "leases are given back at the end");
}

void TestEngine::stopsAtAHalfMigratedCanary() // [AS-08] [N-02] [fault 44]
{
    EngineWorld w;
    w.fleet.releases[QStringLiteral("1.5.0")].failing = QStringLiteral("0004");
    QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    QVERIFY(w.settle());
    const HostRun &canary = w.host(QStringLiteral("demo-01"));
    QCOMPARE(canary.state, HostRunState::HalfMigrated);
    QVERIFY(canary.reason.contains(QLatin1String("column exists")));
    QCOMPARE(touched(w), QStringList{QStringLiteral("demo-01")});
    QVERIFY(w.rollout().pauses.contains(PauseReason::FailureBudget));
    for (const char *verb : {"promote", "resume"}) {
        const Reply refused = w.ask(QString::fromLatin1(verb));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::NotAllowed);
        QVERIFY(refused.error().args.join(QLatin1Char(' ')).contains(QLatin1String("half-migrated")));
    }
    const Reply tag = w.ask(QStringLiteral("rollback"), {{QStringLiteral("way"), QStringLiteral("tag-only")}});
    QCOMPARE(tag.error().code, ErrorCode::WayRefused);
    const Reply retry = w.ask(QStringLiteral("retry"), {{QStringLiteral("reason"), QStringLiteral("fixed the column")}});
    QCOMPARE(retry.error().code, ErrorCode::NotAllowed);
}

void TestEngine::restoresOnlyWithTheTypedDomain() // [PI-10] [AS-10]
{
    EngineWorld w;
    w.fleet.releases[QStringLiteral("1.5.0")].failing = QStringLiteral("0004");
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    const QString canary = QStringLiteral("demo-01");
    const qsizetype before = w.fleet.effectLog.size();
    for (const QString &typed : {QString(), QStringLiteral("demo-02.example.test"), QStringLiteral("DEMO-01.example.test")}) {
        const Reply refused = w.ask(QStringLiteral("rollback"), {{QStringLiteral("confirm"), QJsonObject{{canary, typed}}}});
        QCOMPARE(refused.error().code, ErrorCode::DomainNotConfirmed);
    }
    QCOMPARE(w.fleet.effectLog.size(), before);
    w.fleet.host(canary).content[QStringLiteral("customers")] = 3; // what the failed migration left
    QVERIFY(w.ask(QStringLiteral("rollback"), {{QStringLiteral("confirm"), QJsonObject{{canary, QStringLiteral("demo-01.example.test")}}}}).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(canary).state, HostRunState::RolledBack);
    QCOMPARE(w.fleet.host(canary).version, QStringLiteral("1.4.0"));
    QCOMPARE(w.fleet.host(canary).content.value(QStringLiteral("customers")), 120);
    QCOMPARE(w.fleet.host(canary).ledger.size(), 2);
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::RolledBack);
    QCOMPARE(w.repeated(), QString());
}

void TestEngine::goesBackByTagWhenNothingReachedTheDatabase() // [N-01] [AS-09]
{
    PlanSketch sketch;
    sketch.to = QStringLiteral("1.4.2");
    sketch.schema = SchemaChange::None;
    sketch.migrations = {};
    EngineWorld w(sketch);
    w.fleet.releases[sketch.to].healthy = false;
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    const HostRun &canary = w.host(QStringLiteral("demo-01"));
    QCOMPARE(canary.state, HostRunState::Failed);
    QVERIFY(canary.way.has_value());
    QCOMPARE(canary.way->verdict, WayBackVerdict::TagOnly);
    QCOMPARE(canary.way->rule, 2);
    QVERIFY(!canary.way->evidence.isEmpty());
    QVERIFY(w.ask(QStringLiteral("rollback")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(QStringLiteral("demo-01")).state, HostRunState::RolledBack);
    QCOMPARE(w.fleet.host(QStringLiteral("demo-01")).version, QStringLiteral("1.4.0"));
}

void TestEngine::refusesABackupThatCannotBeRead() // [AS-03] [CS-04] [fault 45]
{
    EngineWorld w;
    w.fleet.backupsAreEmpty = true;
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(QStringLiteral("demo-01")).state, HostRunState::Failed);
    QVERIFY(w.host(QStringLiteral("demo-01")).reason.contains(QLatin1String("empty")));
    QVERIFY(w.fleet.host(QStringLiteral("demo-01")).running);
    QCOMPARE(w.fleet.effectLog.size(), 1);
}

void TestEngine::pausesAtTheNextSafePoint()
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    for (int i = 0; i < 200 && w.fleet.effectLog.isEmpty(); ++i)
        w.turn();
    QVERIFY(w.ask(QStringLiteral("pause"), {{QStringLiteral("reason"), QStringLiteral("lunch")}}).has_value());
    QVERIFY(w.settle());
    QVERIFY(w.fleet.host(QStringLiteral("demo-01")).running);
    QCOMPARE(w.fleet.effectLog.size(), 1); // the backup; it rests before the stop
    QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(QStringLiteral("demo-01")).state, HostRunState::Upgraded);
}

void TestEngine::defersAnUnreachableHost()
{
    EngineWorld w;
    w.fleet.host(QStringLiteral("demo-03")).reachable = false;
    QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(QStringLiteral("demo-03")).state, HostRunState::Deferred);
    QCOMPARE(w.host(QStringLiteral("demo-03")).deferrals, 2); // tried again at the wave's end
    QVERIFY(w.rollout().pauses.contains(PauseReason::LostHosts));
    w.fleet.host(QStringLiteral("demo-03")).reachable = true;
    QVERIFY(w.ask(QStringLiteral("retry")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
}

void TestEngine::aLostLinkIsNoFailure() // [N-07]
{
    EngineWorld w;
    QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    for (int i = 0; i < 400 && w.fleet.effectLog.size() < 4; ++i)
        w.turn();
    w.fleet.host(QStringLiteral("demo-01")).reachable = false;
    for (int i = 0; i < 100; ++i)
        w.turn(1000);
    QVERIFY(!w.host(QStringLiteral("demo-01")).connected);
    QVERIFY(w.host(QStringLiteral("demo-01")).current());
    w.fleet.host(QStringLiteral("demo-01")).reachable = true;
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
    QCOMPARE(w.repeated(), QString());
}

void TestEngine::aLostStepIsNeverRunAgain() // [N-07]
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    for (int i = 0; i < 400 && w.fleet.effectLog.size() < 2; ++i)
        w.turn();
    for (auto &job : w.fleet.host(QStringLiteral("demo-01")).jobs)
        job.lost = true;
    QVERIFY(w.settle());
    QCOMPARE(w.host(QStringLiteral("demo-01")).state, HostRunState::InDoubt);
    QCOMPARE(w.repeated(), QString());
    QVERIFY(w.rollout().isPaused());
}

void TestEngine::stopsWhenTheJournalDoes() // [fault 20]
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    for (int i = 0; i < 400 && w.fleet.effectLog.isEmpty(); ++i)
        w.turn();
    const qsizetype effects = w.fleet.effectLog.size();
    w.journal.failNext(1000);
    for (int i = 0; i < 40; ++i)
        w.turn();
    QCOMPARE(w.fleet.effectLog.size(), effects);
    QVERIFY(w.engine->snapshot()->journalState.startsWith(QLatin1String("failing")));
    QVERIFY(!w.ask(QStringLiteral("pause")));
    w.journal.failNext(0);
    QVERIFY(w.settle());
    QVERIFY(w.rollout().pauses.contains(PauseReason::JournalFailure));
    QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(QStringLiteral("demo-01")).state, HostRunState::Upgraded);
    QCOMPARE(w.repeated(), QString());
}

void TestEngine::refusesAPlanThatDoesNotFitTogether_data() // its hash is right all the same
{
    QTest::addColumn<std::function<void(Plan &)>>("damage");
    QTest::addColumn<QString>("word");
    const auto row = [](const char *name, const char *word, std::function<void(Plan &)> damage) { QTest::newRow(name) << damage << QString::fromLatin1(word); };
    row("a host without hops", "nothing to do", [](Plan &p) { p.hosts[0].hops.clear(); });
    row("a hop without steps", "no steps", [](Plan &p) { p.hosts[1].hops[0].steps.clear(); });
    row("a hop from elsewhere", "when it runs", [](Plan &p) { p.hosts[1].hops[0].from = Version::parse(QStringLiteral("1.3.0")).value(); });
    row("a path that ends early", "ends at", [](Plan &p) { p.to = Version::parse(QStringLiteral("1.6.0")).value(); });
    row("a host in no wave", "no wave", [](Plan &p) { p.waves[1].hosts.removeLast(); });
    row("a host in two waves", "two waves", [](Plan &p) { p.waves[1].hosts.append(p.waves[0].hosts.first()); });
    row("an unknown host", "none of its hosts", [](Plan &p) { p.waves[1].hosts.append(QStringLiteral("elsewhere")); });
    row("no canary", "no canary", [](Plan &p) { p.waves.prepend({QStringLiteral("Canary"), {}}); });
    row("none at once", "parallel", [](Plan &p) { p.strategy.parallel = 0; });
    row("no check", "steady_checks", [](Plan &p) { p.strategy.steadyChecks = 0; });
    row("a lease of a second", "lease_ttl_s", [](Plan &p) { p.strategy.leaseTtlS = 1; });
}

void TestEngine::refusesAPlanThatDoesNotFitTogether()
{
    QFETCH(std::function<void(Plan &)>, damage);
    QFETCH(QString, word);
    EngineWorld w;
    damage(w.plan);
    const Reply reply = w.run();
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ErrorCode::PlanRefused);
    QVERIFY2(reply.error().args.join(u' ').contains(word), qPrintable(reply.error().args.join(u' ')));
    QVERIFY(w.fleet.effectLog.isEmpty());
}

void TestEngine::refusesAHostOfAnotherRollout()
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    const Reply second = w.run();
    QVERIFY(!second);
    QCOMPARE(second.error().code, ErrorCode::HostInOtherRollout);
}

void TestEngine::aWayBackGoesOnOnceTheJournalDoes() // [N-07] [PI-10]
{
    EngineWorld w;
    w.fleet.releases[QStringLiteral("1.5.0")].failing = QStringLiteral("0004");
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    QVERIFY(w.ask(QStringLiteral("rollback"), {{QStringLiteral("confirm"), QJsonObject{{QStringLiteral("demo-01"), QStringLiteral("demo-01.example.test")}}}}).has_value());
    w.turn();
    w.journal.failNext(3);
    for (int i = 0; i < 40; ++i)
        w.turn();
    QVERIFY(w.rollout().pauses.contains(PauseReason::JournalFailure));
    QCOMPARE(w.host(QStringLiteral("demo-01")).state, HostRunState::RollingBack);
    QVERIFY(w.ask(QStringLiteral("resume")).has_value()); // although the failures of the upgrade are not mended
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::RolledBack);
    QCOMPARE(w.repeated(), QString());
}

namespace {

QJsonObject typed(const QStringList &hosts)
{
    QJsonObject domains;
    for (const QString &host : hosts)
        domains.insert(host, host + QStringLiteral(".example.test"));
    return {{QStringLiteral("hosts"), QJsonArray::fromStringList(hosts)}, {QStringLiteral("confirm"), domains}};
}

const QString first = QStringLiteral("demo-01"), second = QStringLiteral("demo-02");

} // namespace

void TestEngine::takingBackAHostOfAnAbortedRolloutBeginsNoOther() // [N-01]
{
    EngineWorld w;
    w.plan.waves = {{QStringLiteral("Canary"), {first}}, {QStringLiteral("Wave 1"), {second}}, {QStringLiteral("Wave 2"), {QStringLiteral("demo-03"), QStringLiteral("demo-04")}}};
    QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    QVERIFY(w.until([&] { return w.engine->workspace().rollouts.contains(1) && w.host(second).state == HostRunState::Upgraded; }));
    QVERIFY(w.ask(QStringLiteral("abort")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Aborted);
    QVERIFY(w.ask(QStringLiteral("rollback"), typed({second})).has_value());
    QVERIFY(w.settle());
    for (int i = 0; i < 400; ++i)
        w.turn();
    QCOMPARE(touched(w), (QStringList{first, second}));
    QCOMPARE(w.fleet.host(second).version, QStringLiteral("1.4.0"));
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Aborted);
    for (const char *verb : {"resume", "promote", "retry", "skip"})
        QVERIFY2(!w.ask(QString::fromLatin1(verb)), verb);
}

void TestEngine::aFailedFirstRestoreLeavesTheOtherDatabasesAlone() // one proven first, then in parallel [fault 46]
{
    EngineWorld w;
    QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
    w.fleet.failing = QStringLiteral("restore");
    const QStringList all{first, second, QStringLiteral("demo-03"), QStringLiteral("demo-04")};
    QVERIFY(w.ask(QStringLiteral("rollback"), typed(all)).has_value());
    QVERIFY(w.settle());
    QStringList restored;
    for (const QString &line : std::as_const(w.fleet.effectLog))
        if (line.section(QLatin1Char(' '), 1, 1) == QLatin1String("restore"))
            restored.append(line.section(QLatin1Char(' '), 0, 0));
    QCOMPARE(restored.size(), 1);
    for (const QString &name : all) {
        QCOMPARE(w.host(name).state, HostRunState::RollbackFailed);
        if (!restored.contains(name))
            QVERIFY2(w.host(name).reason.contains(restored.first()), qPrintable(w.host(name).reason));
    }
    QVERIFY(!w.rollout().isEnded());
    w.fleet.failing.clear();
    QVERIFY(w.ask(QStringLiteral("retry")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::RolledBack);
}

void TestEngine::onlyARestoreLeadsOutOfABrokenRestore() // [N-02] [PI-11]
{
    PlanSketch sketch;
    sketch.to = QStringLiteral("1.4.2");
    sketch.schema = SchemaChange::None;
    sketch.migrations = {};
    EngineWorld w(sketch);
    w.fleet.releases[sketch.to].healthy = false;
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(first).way->verdict, WayBackVerdict::TagOnly);
    w.fleet.failing = QStringLiteral("restore");
    QJsonObject asked = typed({first});
    asked.insert(QStringLiteral("way"), QStringLiteral("restore"));
    QVERIFY(w.ask(QStringLiteral("rollback"), asked).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(first).state, HostRunState::RollbackFailed);
    const Reply tag = w.ask(QStringLiteral("rollback"), {{QStringLiteral("way"), QStringLiteral("tag-only")}});
    QVERIFY(!tag);
    QCOMPARE(tag.error().code, ErrorCode::WayRefused);
    QCOMPARE(w.host(first).way->verdict, WayBackVerdict::Restore);
}

void TestEngine::aHostsClockNeverRepeatsTheBackup_data()
{
    QTest::addColumn<qint64>("offMs");
    QTest::newRow("[AS-03] an hour behind") << qint64(-3'600'000);
    QTest::newRow("[AS-03] an hour ahead") << qint64(3'600'000);
    QTest::newRow("[AS-03] its end is not stated") << qint64(-1);
}

void TestEngine::aHostsClockNeverRepeatsTheBackup()
{
    QFETCH(qint64, offMs);
    EngineWorld w;
    w.fleet.clockOffMs = offMs == -1 ? 0 : offMs;
    w.fleet.statesBackupEnd = offMs != -1;
    QVERIFY(w.run().has_value());
    QVERIFY(w.until([&] { return w.engine->workspace().rollouts.contains(1) && w.host(first).state == HostRunState::Upgraded; }));
    QCOMPARE(w.fleet.effectLog.filter(QStringLiteral(" backup ")).size(), 1);
}

void TestEngine::aHalfMigratedLedgerStopsAStepThatEndedWell() // [AS-08] [N-02]
{
    EngineWorld w;
    w.fleet.releases[w.plan.to.toString()].failing = QStringLiteral("0004");
    w.fleet.failsInSilence = true;
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    QCOMPARE(nameOf(w.host(first).state), QStringLiteral("half-migrated"));
    QCOMPARE(w.host(first).last()->kind, StepKind::Migrate);
}

void TestEngine::aLinkThatCameBackIsNotCountedAsLost() // [N-07]
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    QVERIFY(w.until([&] { return w.fleet.effectLog.size() == 4; }));
    w.fleet.host(first).reachable = false;
    QVERIFY(w.until([&] { return !w.host(first).connected; }));
    w.killConsole();
    w.startConsole();
    w.fleet.host(first).reachable = true;
    QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    QVERIFY(w.settle());
    QVERIFY(w.host(first).connected);
    for (int i = 0; i < 800; ++i)
        w.turn(1000);
    QCOMPARE(w.rollout().pauses.keys(), QList<PauseReason>{PauseReason::ApprovalNeeded});
}

void TestEngine::theLedgerIsReadAgainBeforeGoingBack() // [N-02] a newer database is never put under older code, whoever made it
{
    PlanSketch sketch;
    sketch.to = QStringLiteral("1.4.2");
    sketch.schema = SchemaChange::None;
    sketch.migrations = {};
    sketch.hosts = 2;
    EngineWorld w(sketch);
    QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
    w.fleet.host(first).ledger.append(QStringLiteral("0009")); // by hand, days later
    const qsizetype effects = w.fleet.effectLog.size();
    const Reply tag = w.ask(QStringLiteral("rollback"), {{QStringLiteral("hosts"), QJsonArray{first}}, {QStringLiteral("way"), QStringLiteral("tag-only")}});
    QVERIFY(!tag);
    QCOMPARE(tag.error().code, ErrorCode::WayRefused);
    w.fleet.host(second).reachable = false;
    const Reply unknown = w.ask(QStringLiteral("rollback"), {{QStringLiteral("hosts"), QJsonArray{second}}});
    QVERIFY(!unknown);
    QCOMPARE(unknown.error().code, ErrorCode::WayRefused);
    QCOMPARE(w.fleet.effectLog.size(), effects);
    w.fleet.host(second).reachable = true;
    QVERIFY(w.ask(QStringLiteral("rollback"), {{QStringLiteral("hosts"), QJsonArray{second}}}).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.fleet.host(second).version, QStringLiteral("1.4.0"));
}

void TestEngine::endsOnlyWhenNoHostIsLeftInTrouble() // [N-03]
{
    PlanSketch sketch;
    sketch.hosts = 41;
    EngineWorld w(sketch);
    w.fleet.host(second).reachable = false;
    QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(second).state, HostRunState::Deferred);
    QVERIFY(!w.rollout().isEnded());
    QVERIFY(w.rollout().isPaused());
    w.fleet.host(second).reachable = true;
    QVERIFY(w.ask(QStringLiteral("retry")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(second).state, HostRunState::Upgraded);
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
}

void TestEngine::abortingLeavesNoHostHalfWay()
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    QVERIFY(w.until([&] { return w.fleet.effectLog.size() == 1; })); // the backup
    QVERIFY(w.ask(QStringLiteral("abort"), {{QStringLiteral("reason"), QStringLiteral("the customer called")}}).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Aborted);
    QCOMPARE(nameOf(w.host(first).state), QStringLiteral("excluded"));
    QVERIFY(w.host(first).reason.contains(QLatin1String("abort")));
    QVERIFY(w.fleet.host(first).running);
}

void TestEngine::abortingCancelsWhatMayBeBegunAgain_data()
{
    QTest::addColumn<bool>("idempotent");
    QTest::addColumn<bool>("restarted");
    QTest::newRow("a backup that may be begun again is cancelled") << true << false;
    QTest::newRow("also by the console that comes after") << true << true;
    QTest::newRow("one that may not goes on to its end") << false << false;
}

void TestEngine::abortingCancelsWhatMayBeBegunAgain()
{
    QFETCH(bool, idempotent);
    QFETCH(bool, restarted);
    EngineWorld w;
    for (PlanHost &h : w.plan.hosts)
        h.hops[0].steps[1].idempotent = idempotent;
    w.fleet.pollsOfABackup = 200;
    QVERIFY(w.run().has_value());
    QVERIFY(w.until([&] { return w.fleet.effectLog.size() == 1 && w.host(first).current() && w.host(first).current()->phase == StepPhase::Started; }));
    if (restarted) {
        w.killConsole();
        w.startConsole();
    }
    QVERIFY(w.ask(QStringLiteral("abort")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Aborted);
    QCOMPARE(nameOf(w.host(first).state), QStringLiteral("excluded"));
    QCOMPARE(nameOf(w.host(first).last()->outcome), idempotent ? QStringLiteral("cancelled") : QStringLiteral("done"));
    QVERIFY(w.fleet.host(first).running);
    QCOMPARE(w.repeated(), QString());
}

void TestEngine::noSecretOfAHostIsKept() // [S6] [CS-03]
{
    processRedactor().add(support::canary);
    EngineWorld w;
    w.plan.secrets = {QStringLiteral("SHOP_SALT")};
    w.fleet.releases[w.plan.to.toString()].failing = QStringLiteral("0004");
    w.fleet.chunk = 1;
    QByteArray reason, lines;
    for (const auto &[name, form] : support::canaryForms) {
        reason += ", " + form;
        lines += form + '\n';
    }
    for (const auto &[text, part] : support::secretShapes)
        lines += text + '\n';
    w.fleet.saidBesides = reason + ", SHOP_SALT=pepper22\n" + lines + "the end " + support::canary;
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    QCOMPARE(nameOf(w.host(first).state), QStringLiteral("half-migrated"));
    QList<QByteArray> sinks;
    for (const Event &event : w.journal.events())
        sinks.append(canonicalJson(eventBodyToJson(event.body)));
    QVERIFY(sinks.join().contains("[redacted]"));
    const auto report = makeReport(w.journal.events(), 1, 1);
    QVERIFY(report);
    for (const ReportFormat format : {ReportFormat::Html, ReportFormat::Csv, ReportFormat::Json, ReportFormat::Md})
        sinks.append(writeReport(*report, format).value());
    QByteArray logs;
    for (QDirIterator it(w.dataFolder, QDir::Files, QDirIterator::Subdirectories); it.hasNext();) {
        QFile file(it.next());
        QVERIFY(file.open(QIODevice::ReadOnly));
        logs += file.readAll();
    }
    QVERIFY2(logs.contains("column exists") && logs.contains("the end [redacted]"), logs);
    sinks.append(logs);
    QList<QByteArray> pieces = support::canaryPieces;
    pieces.append("pepper22");
    for (const auto &[text, part] : support::secretShapes)
        pieces.append(part);
    for (const QByteArray &sink : std::as_const(sinks))
        for (const QByteArray &piece : std::as_const(pieces))
            QVERIFY2(!sink.contains(piece), sink.mid(std::max<qsizetype>(0, sink.indexOf(piece) - 60), 200).constData());
}

QTEST_GUILESS_MAIN(TestEngine)
#include "tst_engine.moc"
