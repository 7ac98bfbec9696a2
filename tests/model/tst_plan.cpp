// The plan's own rules: hash, exact command text, bakes.
#include "plan/plan.h"

#include <QTest>

using namespace bellwether;

namespace {

Plan smallPlan()
{
    Plan plan;
    plan.product = "sample";
    plan.to = *Version::parse("1.5.0");
    for (const char *from : {"1.4.0", "1.4.1"}) {
        PlanHost host;
        host.installation.name = QStringLiteral("h%1").arg(plan.hosts.size());
        host.from = *Version::parse(QString::fromLatin1(from));
        Hop hop;
        hop.from = host.from;
        hop.to = plan.to;
        host.hops = {hop};
        plan.hosts.append(host);
    }
    plan.waves = {{"Canary", {"h0"}}, {"Wave 1", {"h1"}}};
    return plan;
}

Step onHost(const QStringList &argv)
{
    Step step;
    step.kind = StepKind::Migrate;
    step.argv = argv;
    return step;
}

} // namespace

class TestPlan : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hashIgnoresWhoAndWhenOnly()
    {
        const Plan plan = smallPlan();
        const QString hash = planHash(plan);
        QCOMPARE(hash.size(), 64);
        Plan other = plan;
        other.author = "a";
        other.approver = "b";
        other.createdMs = 1;
        other.approvedMs = 2;
        QCOMPARE(planHash(other), hash);
        other.hosts[1].hops[0].migrations.append("0001");
        QVERIFY(planHash(other) != hash);
        other = plan;
        other.strategy.budgetCount = 3;
        QVERIFY(planHash(other) != hash);
    }
    void hashSurvivesJson()
    {
        Plan plan = smallPlan();
        plan.policy.backupSpaceFactor = 0.1;
        Plan again;
        QVERIFY(fromJson(toJson(plan), again));
        QCOMPARE(planHash(again), planHash(plan));
    }
    void showsCommandsExactlyOnOneLine_data()
    {
        QTest::addColumn<QStringList>("argv");
        QTest::addColumn<QString>("text");
        QTest::newRow("plain") << QStringList{"/srv/x/bin/ctl", "--to", "1.5.0"} << "/srv/x/bin/ctl --to 1.5.0";
        QTest::newRow("run-time value") << QStringList{"cp", "{backup}"} << "cp {backup}";
        QTest::newRow("space") << QStringList{"echo", "a b", ""} << "echo 'a b' ''";
        QTest::newRow("quote") << QStringList{"echo", "it's"} << "echo 'it'\\''s'";
        QTest::newRow("shell") << QStringList{"echo", "$(id);`id`"} << "echo '$(id);`id`'";
        QTest::newRow("newline and escape") << QStringList{"echo", "a\n'b\\\x1b["} << "echo $'a\\n\\'b\\\\\\x1b['";
    }
    void showsCommandsExactlyOnOneLine()
    {
        QFETCH(QStringList, argv);
        QTEST(onHost(argv).displayText(), "text");
    }
    void showsPinsAndStdin()
    {
        Step pin;
        pin.kind = StepKind::Pin;
        pin.pinFile = "/srv/x/.env";
        pin.pinKey = "TAG";
        pin.pinValue = "1.5.0";
        QCOMPARE(pin.displayText(), "set TAG=1.5.0 in /srv/x/.env");
        pin.argv = QStringList{"sudo", "-n", "--"};
        QCOMPARE(pin.displayText(), QStringLiteral("set TAG=1.5.0 in /srv/x/.env, by \u201csudo -n -- sh\u201d where the login may not write it"));
        Step restore = onHost({"restore"});
        restore.stdinText = "{confirmed-domain}\n";
        QCOMPARE(restore.displayText(), "restore <<< $'{confirmed-domain}\\n'");
    }
    void measuringIsNotRunOnTheHost()
    {
        for (int kind = 0; kind <= int(StepKind::Restore); ++kind) {
            Step step;
            step.kind = StepKind(kind);
            const bool measures = step.kind == StepKind::Preflight || step.kind == StepKind::Health || step.kind == StepKind::Check;
            QCOMPARE(step.runsOnHost(), !measures);
        }
    }
    void aRefusalRefuses()
    {
        Plan plan = smallPlan();
        plan.findings.append({"notes-unpublished", "", "m", "r", false});
        QVERIFY(plan.isAccepted());
        plan.findings.append({"disk", "h0", "m", "r", true});
        QVERIFY(!plan.isAccepted());
        QVERIFY(plan.host("h1"));
        QVERIFY(!plan.host("h2"));
    }
    void bakesByWaveAndBump()
    {
        Plan plan = smallPlan();
        QCOMPARE(gateBakeS(plan, 0, 0), plan.strategy.bakeCanaryS);
        QCOMPARE(gateBakeS(plan, 1, 0), plan.strategy.bakeWaveS);
        plan.hosts[0].hops[0].from = *Version::parse("1.5.0-rc.1");
        QCOMPARE(gateBakeS(plan, 0, 0), plan.strategy.bakeCanaryPatchS);
        plan.hosts[1].hops[0].from = *Version::parse("1.5.0-rc.1");
        QCOMPARE(gateBakeS(plan, 1, 0), plan.strategy.bakeWavePatchS);
        QCOMPARE(gateBakeS(plan, 1, 7), plan.strategy.bakeWaveS); // no such hop: judged by the whole way
    }
};

QTEST_GUILESS_MAIN(TestPlan)
#include "tst_plan.moc"
