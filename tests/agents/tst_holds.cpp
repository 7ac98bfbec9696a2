// A stop of everything and other consoles' holds, through the engine with hosts in memory: who is told, who keeps its
// place, and that nobody waits for ever. [OPS-03]
#include "engineworld.h"

#include "base/fields.h"

#include <QTest>

using namespace bellwether;

namespace {

const QString first = QStringLiteral("demo-01"), second = QStringLiteral("demo-02");
const QJsonObject because{{"reason", "the vendor called"}};

QList<Installation> planned(const EngineWorld &w)
{
    QList<Installation> hosts;
    for (const PlanHost &h : w.plan.hosts)
        hosts.append(h.installation);
    return hosts;
}

Reply take(EngineWorld &w, const QList<Installation> &hosts)
{
    return w.ask("fleet-import", {{"source", "test"}, {"installations", valueToJson(hosts)}});
}

qsizetype intents(const EngineWorld &w)
{
    return std::ranges::count_if(w.journal.events(), [](const Event &e) { return std::holds_alternative<StepIntended>(e.body); });
}

} // namespace

class TestHolds : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void stoppedEverythingBeginsNothing_data();
    void stoppedEverythingBeginsNothing();
    void aWayBackIsHeldToo();
    void anotherConsolesHoldBinds();
    void theEndOfAHoldReachesEveryHost();
    void theEndOvertakesNoHold();
    void theNewestWishCounts();
    void heldHostsKeepTheirPlace_data();
    void heldHostsKeepTheirPlace();
    void whoCannotBeFoundIsMissed();
    void anAbortWaitsForNoStranger_data();
    void anAbortWaitsForNoStranger();
};

void TestHolds::stoppedEverythingBeginsNothing_data()
{
    QTest::addColumn<int>("effects");
    for (const int n : {0, 1, 2, 3, 4, 5, 9})
        QTest::addRow("[OPS-03] after %d steps", n) << n;
}

void TestHolds::stoppedEverythingBeginsNothing()
{
    QFETCH(int, effects);
    EngineWorld w;
    QCOMPARE(w.ask(QStringLiteral("stop-all")).error().code, ErrorCode::NotAllowed); // without a reason
    QCOMPARE(w.ask(QStringLiteral("release"), because).error().code, ErrorCode::NotAllowed); // of nothing
    QVERIFY(w.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
    QVERIFY(w.until([&] { return w.fleet.effectLog.size() >= effects; }));
    const Reply stopped = w.ask(QStringLiteral("stop-all"), because);
    QVERIFY2(stopped.has_value(), stopped ? "" : qPrintable(clauseOf(stopped.error())));
    QCOMPARE(stopped->value(QStringLiteral("hosts")).toArray().size(), 4);
    QCOMPARE(w.fleet.host(second).holds.value(QStringLiteral("workspace-1")), QStringLiteral("tester: the vendor called"));
    w.turn(2000);
    const qsizetype begun = w.fleet.effectLog.size(), intended = intents(w);
    for (int i = 0; i < 1200; ++i)
        w.turn();
    QCOMPARE(intents(w), intended);
    QCOMPARE(w.fleet.effectLog.size(), begun);
    QVERIFY(w.rollout().hold && w.rollout().lifecycle == RolloutLifecycle::Paused);
    QVERIFY(w.engine->snapshot()->hold.has_value());
    QVERIFY(w.engine->snapshot()->rollouts.first()->pauseReasons.contains(QStringLiteral("hold")));

    w.killConsole(); // it is as stopped for the next one
    w.startConsole();
    for (const char *verb : {"resume", "retry", "promote", "rollback", "run"}) {
        const Reply refused = QLatin1String(verb) == QLatin1String("run") ? w.run() : w.ask(QLatin1String(verb), because);
        QVERIFY2(!refused, verb);
        QVERIFY2(refused.error().code == ErrorCode::NotAllowed || refused.error().code == ErrorCode::HostInOtherRollout, qPrintable(clauseOf(refused.error())));
        QVERIFY2(clauseOf(refused.error()).contains(QLatin1String("the vendor called")), qPrintable(clauseOf(refused.error())));
    }
    for (int i = 0; i < 400; ++i)
        w.turn();
    QCOMPARE(intents(w), intended);

    QCOMPARE(w.ask(QStringLiteral("release")).error().code, ErrorCode::NotAllowed);
    QVERIFY(w.ask(QStringLiteral("release"), because).has_value());
    QVERIFY(w.fleet.host(second).holds.isEmpty());
    QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.rollout().lifecycle, RolloutLifecycle::Succeeded);
    QCOMPARE(w.repeated(), QString());
}

void TestHolds::aWayBackIsHeldToo() // [OPS-03]
{
    EngineWorld w;
    w.fleet.releases[QStringLiteral("1.5.0")].failing = QStringLiteral("0004");
    QVERIFY(w.run().has_value());
    QVERIFY(w.settle());
    QVERIFY(w.ask(QStringLiteral("rollback"), {{QStringLiteral("confirm"), QJsonObject{{first, QStringLiteral("demo-01.example.test")}}}}).has_value());
    const qsizetype before = w.fleet.effectLog.size();
    QVERIFY(w.until([&] { return w.fleet.effectLog.size() > before; }));
    QVERIFY(w.ask(QStringLiteral("stop-all"), because).has_value());
    w.turn(2000);
    const qsizetype begun = w.fleet.effectLog.size();
    for (int i = 0; i < 1200; ++i)
        w.turn();
    QCOMPARE(w.fleet.effectLog.size(), begun);
    QVERIFY(w.ask(QStringLiteral("release"), because).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(first).state, HostRunState::RolledBack);
    QCOMPARE(w.repeated(), QString());
}

void TestHolds::anotherConsolesHoldBinds() // [OPS-03]
{
    EngineWorld w;
    w.fleet.host(first).holds.insert(QStringLiteral("workspace-2"), QStringLiteral("ann: water in the cellar"));
    QVERIFY(w.run().has_value());
    QVERIFY(w.until([&] { return w.rollout().pauses.contains(PauseReason::Hold); }));
    QVERIFY2(w.rollout().pauses[PauseReason::Hold].contains(QLatin1String("water in the cellar")), qPrintable(w.rollout().pauses[PauseReason::Hold]));
    for (int i = 0; i < 400; ++i)
        w.turn();
    QVERIFY(w.fleet.effectLog.isEmpty());
    QVERIFY(!w.ask(QStringLiteral("release"), because)); // theirs is not ours to lift
    w.fleet.host(first).holds.clear();
    QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    QVERIFY(w.until([&] { return w.fleet.effectLog.size() == 1; }));
    w.fleet.host(first).holds.insert(QStringLiteral("workspace-2"), QStringLiteral("ann: again")); // in the middle: no further step
    w.turn(1000);
    const qsizetype begun = w.fleet.effectLog.size();
    for (int i = 0; i < 400; ++i)
        w.turn();
    QVERIFY(w.rollout().pauses.contains(PauseReason::Hold));
    QVERIFY(w.fleet.effectLog.size() <= begun + 1);
    w.fleet.host(first).holds.clear();
    QVERIFY(w.ask(QStringLiteral("resume")).has_value());
    QVERIFY(w.settle());
    QCOMPARE(w.host(first).state, HostRunState::Upgraded);
    QCOMPARE(w.repeated(), QString());
}

void TestHolds::theEndOfAHoldReachesEveryHost() // [OPS-03]
{
    EngineWorld w;
    QVERIFY(w.run().has_value());
    w.fleet.host(second).reachable = false;
    const Reply stopped = w.ask(QStringLiteral("stop-all"), because);
    QVERIFY(stopped.has_value());
    QCOMPARE(stopped->value(QStringLiteral("missed")).toArray(), QJsonArray{second});
    w.fleet.host(second).reachable = true;
    QVERIFY(w.until([&] { return !w.fleet.host(second).holds.isEmpty(); })); // tried again
    w.fleet.host(second).reachable = false;
    QVERIFY(w.ask(QStringLiteral("release"), because).has_value());
    QVERIFY(!w.fleet.host(second).holds.isEmpty() && w.fleet.host(first).holds.isEmpty());
    QCOMPARE(w.engine->workspace().heldHosts, QStringList{second});
    w.killConsole(); // the next one knows whom to tell
    w.startConsole();
    for (int i = 0; i < 20; ++i)
        w.turn();
    w.fleet.host(second).reachable = true;
    QVERIFY(w.until([&] { return w.fleet.host(second).holds.isEmpty(); }));
    QVERIFY(w.until([&] { return w.engine->workspace().heldHosts.isEmpty(); }));
}

void TestHolds::theEndOvertakesNoHold()
{
    EngineWorld w;
    QVERIFY(take(w, planned(w)).has_value());
    std::optional<Reply> stopped, released;
    w.fleet.holdsTravel = true; // on their way, as over a link that is not up yet
    w.engine->request({"stop-all", because, "tester"}, [&](Reply r) { stopped = std::move(r); });
    w.turn();
    w.engine->request({"release", because, "tester"}, [&](Reply r) { released = std::move(r); });
    for (int i = 0; i < 8; ++i)
        w.turn();
    w.fleet.arrive();
    QVERIFY(w.until([&] { return stopped && released; }));
    QVERIFY(released->has_value());
    QCOMPARE(released->value().value("hosts").toArray().size(), 4);
    for (const PlanHost &h : w.plan.hosts)
        QVERIFY2(w.fleet.host(h.installation.name).holds.isEmpty(), qPrintable(h.installation.name));
    QVERIFY(w.until([&] { return w.engine->workspace().heldHosts.isEmpty(); }));
}

void TestHolds::theNewestWishCounts() // stopped, released and stopped again before the first word got through
{
    EngineWorld w;
    QVERIFY(take(w, planned(w)).has_value());
    QList<Reply> replies;
    w.fleet.holdsTravel = true;
    for (const char *verb : {"stop-all", "release", "stop-all"}) {
        w.engine->request({QString::fromLatin1(verb), because, "tester"}, [&](Reply r) { replies.append(std::move(r)); });
        w.turn();
        w.turn();
    }
    w.fleet.arrive();
    QVERIFY(w.until([&] { return replies.size() == 3; }));
    for (int i = 0; i < 200; ++i)
        w.turn();
    for (const PlanHost &h : w.plan.hosts)
        QVERIFY2(!w.fleet.host(h.installation.name).holds.isEmpty(), qPrintable(h.installation.name));
    QCOMPARE(w.engine->workspace().heldHosts.size(), 4);
    QVERIFY(w.ask("release", because).has_value());
    QVERIFY(w.until([&] { return w.engine->workspace().heldHosts.isEmpty(); }));
    for (const PlanHost &h : w.plan.hosts)
        QVERIFY(w.fleet.host(h.installation.name).holds.isEmpty());
}

void TestHolds::heldHostsKeepTheirPlace_data()
{
    QTest::addColumn<std::function<Reply(EngineWorld &)>>("change");
    using Change = std::function<Reply(EngineWorld &)>;
    const auto import = [](auto damage) {
        return Change([damage](EngineWorld &w) {
            Installation moved = w.plan.hosts[0].installation;
            damage(moved);
            return take(w, {moved});
        });
    };
    QTest::newRow("removed") << Change([](EngineWorld &w) { return w.ask("fleet-remove", {{"hosts", QJsonArray{first}}, {"reason", "gone"}}); });
    QTest::newRow("another address") << import([](Installation &i) { i.endpoint.address = QStringLiteral("127.9.9.9"); });
    QTest::newRow("another state folder") << import([](Installation &i) { i.state = QStringLiteral("/var/lib/elsewhere"); });
    QTest::newRow("another login, and its home") << import([](Installation &i) { i.endpoint.user = QStringLiteral("deploy"); });
    QTest::newRow("its import undone") << Change([](EngineWorld &w) { return w.ask("fleet-undo"); });
}

void TestHolds::heldHostsKeepTheirPlace()
{
    QFETCH(std::function<Reply(EngineWorld &)>, change);
    EngineWorld w;
    QVERIFY(take(w, planned(w)).has_value());
    QVERIFY(w.ask("stop-all", because).has_value());
    const Reply refused = change(w);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::NotAllowed);
    QVERIFY2(refused.error().args.join(u' ').contains("the vendor called"), qPrintable(refused.error().args.join(u' ')));
    Installation told = w.plan.hosts[0].installation;
    told.domain = QStringLiteral("new.example.test"); // where it is stays as it is
    QVERIFY(take(w, {told}).has_value());
    QVERIFY(w.ask("release", because).has_value());
    QVERIFY(w.fleet.host(first).holds.isEmpty());
    QVERIFY(w.until([&] { return w.engine->workspace().heldHosts.isEmpty(); }));
    QVERIFY(w.ask("fleet-undo").has_value());
    QVERIFY(change(w).has_value());
}

void TestHolds::whoCannotBeFoundIsMissed() // released while it was off, then taken out of the fleet
{
    EngineWorld w;
    QVERIFY(take(w, planned(w)).has_value());
    QVERIFY(w.ask("stop-all", because).has_value());
    w.fleet.host(first).reachable = false;
    const Reply released = w.ask("release", because);
    QCOMPARE(released->value("missed").toArray(), QJsonArray{first});
    QVERIFY(w.ask("fleet-remove", {{"hosts", QJsonArray{first}}, {"reason", "sold"}}).has_value());
    w.killConsole();
    w.startConsole();
    w.fleet.host(first).reachable = true;
    QVERIFY(w.ask("stop-all", because).has_value());
    const Reply again = w.ask("release", because);
    QCOMPARE(again->value("missed").toArray(), QJsonArray{first}); // nobody knows any more where it is
    QCOMPARE(again->value("hosts").toArray().size(), 3);
}

void TestHolds::anAbortWaitsForNoStranger_data()
{
    QTest::addColumn<int>("effects");
    QTest::addColumn<bool>("ends");
    QTest::newRow("before its lease") << 0 << true;
    QTest::newRow("before its stop") << 1 << true;
    QTest::newRow("between stop and start: what was changed goes on to its end") << 2 << false;
}

void TestHolds::anAbortWaitsForNoStranger()
{
    QFETCH(int, effects);
    QFETCH(bool, ends);
    EngineWorld w;
    w.plan.hosts[0].hops[0].steps[2].safe = false; // a profile that marks no safe point there
    const auto stop = [&w] { w.fleet.host(first).holds.insert(QStringLiteral("workspace-2"), QStringLiteral("ann: water in the cellar")); };
    if (effects == 0)
        stop();
    QVERIFY(w.run().has_value());
    if (effects > 0) {
        QVERIFY(w.until([&] { return w.fleet.effectLog.size() == effects; }));
        stop();
    }
    QVERIFY(w.until([&] { return w.rollout().pauses.contains(PauseReason::Hold); }));
    QCOMPARE(w.fleet.effectLog.size(), effects);
    QVERIFY(w.ask("abort", because).has_value());
    w.until([&] { return w.rollout().isEnded(); });
    QCOMPARE(w.rollout().isEnded(), ends);
    QCOMPARE(w.fleet.effectLog.size(), effects);
    if (ends) {
        QCOMPARE(nameOf(w.rollout().lifecycle), QStringLiteral("aborted"));
        QCOMPARE(nameOf(w.host(first).state), QStringLiteral("excluded"));
    }
    w.fleet.host(first).holds.clear();
    for (int i = 0; i < 400; ++i)
        w.turn();
    if (ends)
        QCOMPARE(w.fleet.effectLog.size(), effects); // it was taken back, not put off
    else
        QCOMPARE(nameOf(w.host(first).state), QStringLiteral("upgraded"));
}

QTEST_GUILESS_MAIN(TestHolds)
#include "tst_holds.moc"
