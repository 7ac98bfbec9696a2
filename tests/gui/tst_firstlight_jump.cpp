// A rollout through jump hosts, by the real program over real sshd: demo-02 stands behind demo-01, demo-03 behind demo-02.
#include "cliprocess.h"
#include "demo/demofleet.h"
#include "demohosts.h"
#include "sampleproduct.h"

#include <QFile>
#include <QJsonArray>
#include <QTest>
#include <csignal>

using namespace bellwether;

namespace {

QStringList words(const QString &text)
{
    return text.split(u' ', Qt::SkipEmptyParts);
}

} // namespace

#define VERIFY_EXIT(result, code) QVERIFY2((result).exitCode == (code) && !(result).crashed, (result).told())

class TestFirstLightJump : public QObject {
    Q_OBJECT

    Cli m_cli;
    DemoHosts m_hosts{m_cli.data()};

    CliResult run(const QString &line, int timeoutMs = 120'000) const { return m_cli.run(words(line), timeoutMs); }
    QList<DemoFleet::Host> fleet() const { return DemoFleet(m_cli.data()).status(); }

private Q_SLOTS:
    void initTestCase()
    {
        m_cli.setEnvironment(QStringLiteral("BELLWETHER_OPERATOR"), QStringLiteral("night@console"));
        VERIFY_EXIT(run(QStringLiteral("demo up --hosts 3 --network ") + testNetwork()), 0);
        QCOMPARE(fleet().size(), 3);
    }
    void cleanupTestCase() { VERIFY_EXIT(run(QStringLiteral("demo down")), 0); }
    void aHostBehindAJumpHostIsAnotherMachineToTrust()
    {
        VERIFY_EXIT(run(QStringLiteral("fleet set demo-02 jump=demo-01")), 0);
        VERIFY_EXIT(run(QStringLiteral("fleet set demo-03 jump=demo-02")), 0);
        const CliResult unknown = run(QStringLiteral("fleet check"));
        VERIFY_EXIT(unknown, 9);
        QVERIFY2(unknown.out.contains("bellwether host trust demo-02"), unknown.told()); // for demo-03 too: it is in the way
        QVERIFY2(!unknown.out.contains("host trust demo-03"), unknown.told());
        for (int n : {1, 2})
            VERIFY_EXIT(run(QStringLiteral("host trust %1 --fingerprint %2").arg(fleet().at(n).installation.name, fleet().at(n).fingerprint)), 0);
        VERIFY_EXIT(run(QStringLiteral("fleet check")), 0);
    }
    void theRolloutGoesThrough()
    {
        const QString file = m_cli.file(QStringLiteral("plan.yaml"));
        VERIFY_EXIT(run(QStringLiteral("plan --product sample --strategy demo --to 1.5.0 --out ") + file), 0);
        const CliResult done = run(QStringLiteral("run %1 --yes --acknowledge-notes --auto-promote --bake-scale 0.05 --json").arg(file), 280'000);
        VERIFY_EXIT(done, 0);
        QCOMPARE(done.json().value(QStringLiteral("state")).toString(), QStringLiteral("succeeded"));
        for (const QString &host : m_hosts.names()) {
            QCOMPARE(m_hosts.runningVersion(host), QStringLiteral("1.5.0"));
            QCOMPARE(m_hosts.effects(host).filter(QStringLiteral("start 1.5.0")).size(), 1);
        }
    }
    void withoutTheJumpHostNobodyBehindItIsReached()
    {
        const qint64 pid = fleet().at(0).sshdPid;
        QVERIFY(pid > 1);
        QCOMPARE(::kill(static_cast<pid_t>(pid), SIGTERM), 0);
        QVERIFY(QTest::qWaitFor([&] { return fleet().at(0).sshdPid == 0; }));
        const CliResult check = run(QStringLiteral("fleet check --json"));
        VERIFY_EXIT(check, 9);
        const QJsonArray hosts = check.json().value(QStringLiteral("hosts")).toArray();
        QCOMPARE(hosts.size(), 3);
        for (const QJsonValue host : hosts) {
            QVERIFY2(!host.toObject().value(QStringLiteral("reachable")).toBool(true), check.told());
            const QString name = host.toObject().value(QStringLiteral("name")).toString();
            if (name != QLatin1String("demo-01"))
                QVERIFY2(host.toObject().value(QStringLiteral("error")).toString().contains(QLatin1String("its jump host demo-01 cannot be reached")), check.told());
        }
    }
};

QTEST_GUILESS_MAIN(TestFirstLightJump)
#include "tst_firstlight_jump.moc"
