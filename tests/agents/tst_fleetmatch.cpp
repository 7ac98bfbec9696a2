// A plan and what was measured are of the hosts that the fleet means by their names, or they count for nothing.
#include "engineworld.h"

#include "base/fields.h"

#include <QJsonArray>
#include <QTest>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01"), second = QStringLiteral("demo-02");

using Edit = std::function<void(Installation &)>;

Reply take(EngineWorld &w, const QList<Installation> &hosts)
{
    return w.ask("fleet-import", {{"source", "test"}, {"installations", valueToJson(hosts)}});
}

Reply edit(EngineWorld &w, const QString &name, const Edit &change)
{
    Installation host = *w.engine->workspace().inventory.find(name);
    change(host);
    return take(w, {host});
}

Reply runPlan(EngineWorld &w)
{
    return w.ask("run", {{"plan", QString::fromUtf8(writePlan(w.plan))}});
}

bool isMeasured(const EngineWorld &w, const QString &name)
{
    return w.engine->workspace().facts.contains(name);
}

} // namespace

Q_DECLARE_METATYPE(Edit)

class TestFleetMatch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aPlanIsNotForAnotherHost_data()
    {
        QTest::addColumn<QString>("host");
        QTest::addColumn<Edit>("change");
        QTest::addColumn<QString>("said");
        const auto row = [](const char *name, const QString &host, const Edit &change, const char *said) { QTest::newRow(name) << host << change << QString::fromLatin1(said); };
        row("address", second, [](Installation &i) { i.endpoint.address = "10.0.0.9"; }, "address from 127.0.9.2 to 10.0.0.9");
        row("port", second, [](Installation &i) { i.endpoint.port = 2222; }, "port from 22 to 2222");
        row("way", second, [](Installation &i) { i.endpoint.jump = "demo-03"; }, "jump from nothing to demo-03");
        row("directory", second, [](Installation &i) { i.directory = "/srv/other"; }, "directory from /srv/product to /srv/other");
        row("domain", second, [](Installation &i) { i.domain = "other.example.test"; }, "domain from demo-02.example.test to other.example.test");
        row("settings", second, [](Installation &i) { i.settings.insert("port", "8080"); }, "settings.port from nothing to 8080");
        row("sudo", second, [](Installation &i) { i.sudo = Sudo::NoPassword; }, "sudo from nothing to nopassword");
        row("product", second, [](Installation &i) { i.product = "another"; }, "product from product to another");
        row("became production", second, [](Installation &i) { i.environment = Environment::Production; }, "production now");
        row("canary became critical", canary, [](Installation &i) { i.labels.insert("critical", "true"); }, "critical now");
    }
    void aPlanIsNotForAnotherHost() // [S21]
    {
        QFETCH(QString, host);
        QFETCH(Edit, change);
        QFETCH(QString, said);
        EngineWorld w;
        for (PlanHost &h : w.plan.hosts)
            h.installation.environment = Environment::Staging;
        QVERIFY(take(w, w.planned()));
        QVERIFY(edit(w, host, change));
        const Reply refused = runPlan(w);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::PlanRefused);
        QCOMPARE(refused.error().args.first(), QStringLiteral("1"));
        QVERIFY2(refused.error().args.last().startsWith(host) && refused.error().args.last().contains(said), qPrintable(refused.error().args.last()));
        QVERIFY(w.engine->workspace().rollouts.isEmpty());
        QVERIFY(w.ask("fleet-undo")); // as it was planned
        QVERIFY(runPlan(w));
    }
    void aPlanIsNotForAHostThatIsGone() // [S21]
    {
        EngineWorld w;
        QVERIFY(take(w, w.planned()));
        QVERIFY(w.ask("fleet-remove", {{"hosts", QJsonArray{second}}, {"reason", "moved out"}}));
        const Reply refused = runPlan(w);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::PlanRefused);
        QVERIFY2(refused.error().args.last().contains(second), qPrintable(refused.error().args.last()));
        QVERIFY(w.fleet.effectLog.isEmpty());
    }
    void howPeopleSortTheirHostsHindersNothing()
    {
        EngineWorld w;
        QVERIFY(take(w, w.planned()));
        QVERIFY(edit(w, canary, [](Installation &i) {
            i.labels.insert("region", "eu");
            i.groups.append("north");
            i.window = "Sat 22:00";
            i.environment = Environment::Staging;
            i.sudo = Sudo::None;
        }));
        QVERIFY(edit(w, second, [](Installation &i) { i.labels.insert("critical", "true"); })); // it stands in a later wave
        const Reply run = runPlan(w);
        QVERIFY2(run.has_value(), run ? "" : qPrintable(run.error().args.join(u' ')));
    }
    void aHostElsewhereIsNotMeasured()
    {
        EngineWorld w;
        QList<Installation> hosts = w.planned();
        hosts[1].endpoint.jump = canary;
        hosts[2].endpoint.jump = second;
        QVERIFY(take(w, hosts));
        QVERIFY(w.ask("check"));
        for (const Installation &host : hosts)
            QVERIFY(isMeasured(w, host.name));
        QVERIFY(edit(w, canary, [](Installation &i) { i.labels.insert("region", "eu"); }));
        QVERIFY(isMeasured(w, canary));
        QVERIFY(edit(w, canary, [](Installation &i) { i.directory = "/srv/other"; }));
        QVERIFY(!isMeasured(w, canary));
        QVERIFY(isMeasured(w, second)); // its way is the same
        QVERIFY(w.ask("check"));
        QVERIFY(edit(w, canary, [](Installation &i) { i.endpoint.address = "10.0.0.9"; }));
        for (int i = 0; i < 3; ++i) // and what lies behind it
            QVERIFY(!isMeasured(w, hosts[i].name));
        QVERIFY(isMeasured(w, hosts[3].name));
        QVERIFY(w.ask("check"));
        QVERIFY(isMeasured(w, canary));
        QVERIFY(w.ask("fleet-undo"));
        QVERIFY(!isMeasured(w, canary));
        w.killConsole();
        w.startConsole(); // and so it is for a console that reads the journal anew
        QVERIFY(!isMeasured(w, canary) && isMeasured(w, hosts[3].name));
    }
    void whatWasMeasuredMeanwhileIsOfTheOldHost()
    {
        EngineWorld w;
        QVERIFY(take(w, w.planned()));
        std::optional<Reply> checked;
        w.engine->request({"check", {{"hosts", QJsonArray{canary, second}}}, "tester"}, [&checked](Reply reply) { checked = std::move(reply); });
        QVERIFY(edit(w, canary, [](Installation &i) { i.endpoint.address = "10.0.0.9"; })); // before the answer
        for (int i = 0; i < 100 && !checked; ++i)
            w.turn(10);
        QVERIFY(checked && checked->has_value());
        QVERIFY(!isMeasured(w, canary));
        QVERIFY(isMeasured(w, second));
    }
};

QTEST_GUILESS_MAIN(TestFleetMatch)
#include "tst_fleetmatch.moc"
