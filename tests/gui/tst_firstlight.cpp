// First light, headless: six real hosts over real sshd, upgraded canary first through the real program; a release whose
// migration fails is stopped at the canary and taken back with every row; one that never becomes healthy goes back by
// its version alone. What is believed is what the hosts say, not what the console says.
#include "cliprocess.h"
#include "demohosts.h"
#include "sampleproduct.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>
#include <csignal>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01");

QStringList words(const QString &text)
{
    return text.split(u' ', Qt::SkipEmptyParts);
}

} // namespace

#define VERIFY_EXIT(result, code) QVERIFY2((result).exitCode == (code) && !(result).crashed, (result).told())

class TestFirstLight : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void theDemoFleetIsUp();
    void aRolloutStopsAtTheManualGateAndIsPromoted();
    void aFailingMigrationIsStoppedAtTheCanary();
    void theWayBackIsRefusedWithoutItsEvidenceOrDomain();
    void theRestoreBringsEveryRowBack();
    void aReleaseThatIsNeverHealthyGoesBackByItsVersion();
    void reportsAreWrittenSignedAndVerified();
    void aKilledConsoleIsResumedAndEveryStepHappenedOnce();

private:
    QString rows(const QString &host) const { return m_hosts.rows(host); }
    QString runningVersion(const QString &host) const { return m_hosts.runningVersion(host); }
    QStringList effects(const QString &host) const { return m_hosts.effects(host); }
    QStringList hosts() const { return m_hosts.names(); }
    CliResult plan(const QString &version, const QString &filter = {}) const;
    CliResult runPlan(const QStringList &more = {}) const;
    QJsonObject status(const QString &rollout) const { return m_cli.run({QStringLiteral("status"), rollout, QStringLiteral("--json")}).json(); }
    static QJsonObject hostOf(const QJsonObject &status, const QString &name);
    QJsonArray migrations(const QString &rollout, const QString &host) const; // those that did not have to be skipped
    static QStringList statesOf(const QJsonObject &status);

    Cli m_cli;
    DemoHosts m_hosts{m_cli.data()};
    QString m_planFile, m_second;
    QMap<QString, QString> m_rowsBefore;
};

CliResult TestFirstLight::plan(const QString &version, const QString &filter) const
{
    QStringList arguments = words(QStringLiteral("plan --product sample --strategy demo --json --to ") + version);
    arguments << QStringLiteral("--out") << m_planFile;
    if (!filter.isEmpty())
        arguments << QStringLiteral("--filter") << filter;
    return m_cli.run(arguments, 120'000);
}

CliResult TestFirstLight::runPlan(const QStringList &more) const
{
    return m_cli.run(QStringList{QStringLiteral("run"), m_planFile, QStringLiteral("--yes"), QStringLiteral("--acknowledge-notes"),
                                 QStringLiteral("--bake-scale"), QStringLiteral("0.05"), QStringLiteral("--json")} + more, 280'000);
}

QJsonObject TestFirstLight::hostOf(const QJsonObject &status, const QString &name)
{
    for (const QJsonValue wave : status.value(QStringLiteral("waves")).toArray()) {
        for (const QJsonValue host : wave.toObject().value(QStringLiteral("hosts")).toArray()) {
            if (host.toObject().value(QStringLiteral("name")).toString() == name)
                return host.toObject();
        }
    }
    return {};
}

QStringList TestFirstLight::statesOf(const QJsonObject &status)
{
    QStringList states;
    for (const QJsonValue wave : status.value(QStringLiteral("waves")).toArray()) {
        for (const QJsonValue host : wave.toObject().value(QStringLiteral("hosts")).toArray())
            states.append(host.toObject().value(QStringLiteral("state")).toString());
    }
    return states;
}

QJsonArray TestFirstLight::migrations(const QString &rollout, const QString &host) const
{
    const QJsonObject document = m_cli.run({QStringLiteral("migrations"), rollout, host, QStringLiteral("--json")}).json();
    QJsonArray all = document.value(QStringLiteral("hosts")).toArray().first().toObject().value(QStringLiteral("migrations")).toArray();
    for (qsizetype i = all.size(); i-- > 0;) {
        if (all[i].toObject().value(QStringLiteral("state")).toString() == QLatin1String("skipped"))
            all.removeAt(i);
    }
    return all;
}

void TestFirstLight::initTestCase()
{
    m_planFile = m_cli.file(QStringLiteral("plan.yaml"));
    m_cli.setEnvironment(QStringLiteral("BELLWETHER_OPERATOR"), QStringLiteral("night@console"));
}

void TestFirstLight::cleanupTestCase()
{
    const CliResult down = m_cli.run(words(QStringLiteral("demo down")));
    VERIFY_EXIT(down, 0);
    for (const QString &host : hosts())
        QVERIFY(runningVersion(host).isEmpty());
}

void TestFirstLight::theDemoFleetIsUp()
{
    const CliResult up = m_cli.run(words(QStringLiteral("demo up --hosts 6 --network ") + testNetwork()), 120'000);
    VERIFY_EXIT(up, 0);
    QCOMPARE(hosts().size(), 6);
    const CliResult check = m_cli.run(words(QStringLiteral("fleet check --json")), 60'000);
    VERIFY_EXIT(check, 0);
    const QJsonArray fleet = check.json().value(QStringLiteral("hosts")).toArray();
    QCOMPARE(fleet.size(), 6);
    for (const QJsonValue value : fleet) {
        const QJsonObject host = value.toObject();
        QVERIFY2(host.value(QStringLiteral("reachable")).toBool(), check.told());
        QCOMPARE(host.value(QStringLiteral("version")).toString(), QStringLiteral("1.4.0"));
        QCOMPARE(host.value(QStringLiteral("health")).toString(), QStringLiteral("ok"));
        QVERIFY(host.value(QStringLiteral("facts")).toObject().value(QStringLiteral("ledger")).toObject().value(QStringLiteral("count")).toInt() == 3);
        QCOMPARE(host.value(QStringLiteral("domain")).toString(), host.value(QStringLiteral("name")).toString() + QStringLiteral(".example.test"));
        QCOMPARE(runningVersion(host.value(QStringLiteral("name")).toString()), QStringLiteral("1.4.0"));
    }
}

// 1.4.0 → 1.5.0: exit 4 at the gate after the canary, and `promote` in another process goes on from there.
void TestFirstLight::aRolloutStopsAtTheManualGateAndIsPromoted()
{
    const CliResult planned = plan(QStringLiteral("1.5.0"));
    VERIFY_EXIT(planned, 0);
    QCOMPARE(planned.json().value(QStringLiteral("accepted")), QJsonValue(true));
    QCOMPARE(planned.json().value(QStringLiteral("hosts")).toArray().size(), 6);
    const QJsonObject firstHost = planned.json().value(QStringLiteral("hosts")).toArray().first().toObject();
    QVERIFY(firstHost.value(QStringLiteral("commands")).toArray().size() >= 5);
    QVERIFY2(!planned.out.contains("SAMPLE_TOKEN="), "a secret stands in the plan");

    const CliResult gate = runPlan();
    VERIFY_EXIT(gate, 4);
    const QJsonObject paused = gate.json();
    QCOMPARE(paused.value(QStringLiteral("rollout")).toString(), QStringLiteral("R-0001"));
    QCOMPARE(paused.value(QStringLiteral("state")).toString(), QStringLiteral("paused"));
    QVERIFY(paused.value(QStringLiteral("pause_reasons")).toArray().contains(QStringLiteral("approval-needed")));
    QCOMPARE(statesOf(paused).count(QStringLiteral("upgraded")), 1);
    QCOMPARE(runningVersion(canary), QStringLiteral("1.5.0"));
    for (const QString &host : hosts().mid(1))
        QVERIFY2(effects(host).isEmpty() && runningVersion(host) == QLatin1String("1.4.0"), qPrintable(host));

    const CliResult promoted = m_cli.run({QStringLiteral("promote"), QStringLiteral("R-0001"), QStringLiteral("--reason"), QStringLiteral("canary looks good"), QStringLiteral("--json")}, 280'000);
    VERIFY_EXIT(promoted, 0);
    QCOMPARE(promoted.json().value(QStringLiteral("state")).toString(), QStringLiteral("succeeded"));
    for (const QString &host : hosts()) {
        QCOMPARE(runningVersion(host), QStringLiteral("1.5.0"));
        QCOMPARE(effects(host).filter(QStringLiteral("start 1.5.0")).size(), 1);
        QCOMPARE(effects(host).filter(QStringLiteral("backup ")).size(), 1);
        if (host != canary) // whose lease an earlier program took, and left to run out
            QTRY_COMPARE_WITH_TIMEOUT(m_hosts.leaseOwner(host), QStringLiteral("-"), 30'000); // nobody has to wait for it
    }
    for (const QString &host : hosts()) {
        const QJsonArray ran = migrations(QStringLiteral("R-0001"), host);
        QCOMPARE(ran.size(), 3);
        for (const QJsonValue migration : ran) {
            QCOMPARE(migration.toObject().value(QStringLiteral("state")).toString(), QStringLiteral("ran"));
            QVERIFY(migration.toObject().value(QStringLiteral("duration_ms")).isDouble());
        }
    }
    const CliResult logs = m_cli.run({QStringLiteral("logs"), QStringLiteral("R-0001"), canary, QStringLiteral("--step"), QStringLiteral("migrate")});
    VERIFY_EXIT(logs, 0);
    QVERIFY2(logs.out.contains("0005_backfill_order_totals"), logs.told());
}

// [fault 44] 1.5.1: its second of two migrations fails.
void TestFirstLight::aFailingMigrationIsStoppedAtTheCanary()
{
    for (const QString &host : hosts())
        m_rowsBefore.insert(host, rows(host));
    QVERIFY(m_rowsBefore.value(canary).size() > 1000);
    VERIFY_EXIT(plan(QStringLiteral("1.5.1")), 0);
    const QMap<QString, QStringList> before{{hosts()[1], effects(hosts()[1])}, {hosts()[5], effects(hosts()[5])}};
    const CliResult stopped = runPlan({QStringLiteral("--auto-promote")});
    VERIFY_EXIT(stopped, 5);
    m_second = stopped.json().value(QStringLiteral("rollout")).toString();
    QCOMPARE(hostOf(stopped.json(), canary).value(QStringLiteral("state")).toString(), QStringLiteral("half-migrated"));
    QCOMPARE(hostOf(stopped.json(), canary).value(QStringLiteral("way_back")).toObject().value(QStringLiteral("verdict")).toString(), QStringLiteral("restore"));
    QCOMPARE(statesOf(stopped.json()).count(QStringLiteral("waiting")), 5);
    for (const QString &host : hosts().mid(1))
        QCOMPARE(rows(host), m_rowsBefore.value(host));
    for (auto it = before.cbegin(); it != before.cend(); ++it)
        QCOMPARE(effects(it.key()), it.value());
    const QJsonArray tried = migrations(m_second, canary);
    QCOMPARE(tried.size(), 2);
    QCOMPARE(tried[0].toObject().value(QStringLiteral("state")).toString(), QStringLiteral("ran"));
    QCOMPARE(tried[1].toObject().value(QStringLiteral("state")).toString(), QStringLiteral("failed"));
    QVERIFY(!tried[1].toObject().value(QStringLiteral("reason")).toString().isEmpty());
}

void TestFirstLight::theWayBackIsRefusedWithoutItsEvidenceOrDomain()
{
    QVERIFY2(!m_second.isEmpty(), "the rollout of 1.5.1 did not happen");
    const QStringList before = effects(canary);
    const CliResult promote = m_cli.run({QStringLiteral("promote"), m_second});
    VERIFY_EXIT(promote, 3);
    QVERIFY2(promote.errorLine().contains("half-migrated"), promote.told());
    const CliResult tagOnly = m_cli.run({QStringLiteral("rollback"), m_second, QStringLiteral("--way"), QStringLiteral("tag-only")});
    VERIFY_EXIT(tagOnly, 3);
    QVERIFY2(tagOnly.errorLine().contains("tag-only"), tagOnly.told());
    const CliResult untyped = m_cli.run({QStringLiteral("rollback"), m_second});
    VERIFY_EXIT(untyped, 3);
    QVERIFY2(untyped.errorLine().contains("demo-01.example.test"), untyped.told());
    const CliResult wrong = m_cli.run({QStringLiteral("rollback"), m_second, QStringLiteral("--confirm"), QStringLiteral("demo-02.example.test")});
    VERIFY_EXIT(wrong, 3);
    const CliResult dry = m_cli.run({QStringLiteral("rollback"), m_second, QStringLiteral("--dry-run"), QStringLiteral("--json")});
    VERIFY_EXIT(dry, 0);
    const QJsonObject host = dry.json().value(QStringLiteral("hosts")).toArray().first().toObject();
    QCOMPARE(host.value(QStringLiteral("verdict")).toString(), QStringLiteral("restore"));
    QVERIFY(host.value(QStringLiteral("loss_s")).toInt() > 0 && !host.value(QStringLiteral("evidence")).toArray().isEmpty());
    QCOMPARE(effects(canary), before); // nothing was touched by any of it
}

void TestFirstLight::theRestoreBringsEveryRowBack()
{
    QVERIFY2(!m_second.isEmpty(), "the rollout of 1.5.1 did not happen");
    const CliResult back = m_cli.run({QStringLiteral("rollback"), m_second, QStringLiteral("--confirm"), QStringLiteral("demo-01.example.test"), QStringLiteral("--json")}, 120'000);
    VERIFY_EXIT(back, 0);
    QCOMPARE(hostOf(back.json(), canary).value(QStringLiteral("state")).toString(), QStringLiteral("rolled-back"));
    QCOMPARE(runningVersion(canary), QStringLiteral("1.5.0"));
    QCOMPARE(rows(canary), m_rowsBefore.value(canary));
    QCOMPARE(effects(canary).filter(QStringLiteral("restore")).size(), 1);
    const QString state = status(m_second).value(QStringLiteral("state")).toString();
    if (state == QLatin1String("paused"))
        m_cli.run({QStringLiteral("abort"), m_second, QStringLiteral("--reason"), QStringLiteral("bad release")}, 60'000);
    QVERIFY(status(m_second).value(QStringLiteral("state")).toString() != QLatin1String("paused"));
}

// 1.5.2 starts and never becomes healthy.
void TestFirstLight::aReleaseThatIsNeverHealthyGoesBackByItsVersion()
{
    VERIFY_EXIT(plan(QStringLiteral("1.5.2")), 0);
    const CliResult stopped = runPlan({QStringLiteral("--auto-promote")});
    VERIFY_EXIT(stopped, 4);
    const QString rollout = stopped.json().value(QStringLiteral("rollout")).toString();
    const QJsonObject host = hostOf(stopped.json(), canary);
    QCOMPARE(host.value(QStringLiteral("state")).toString(), QStringLiteral("failed"));
    QCOMPARE(host.value(QStringLiteral("way_back")).toObject().value(QStringLiteral("verdict")).toString(), QStringLiteral("tag-only"));
    QVERIFY(!host.value(QStringLiteral("way_back")).toObject().value(QStringLiteral("reason")).toString().isEmpty());
    QCOMPARE(statesOf(stopped.json()).count(QStringLiteral("waiting")), 5);
    const CliResult back = m_cli.run({QStringLiteral("rollback"), rollout, QStringLiteral("--json")}, 120'000);
    VERIFY_EXIT(back, 0);
    QCOMPARE(runningVersion(canary), QStringLiteral("1.5.0"));
    QCOMPARE(rows(canary), m_rowsBefore.value(canary));
    if (status(rollout).value(QStringLiteral("state")).toString() == QLatin1String("paused"))
        m_cli.run({QStringLiteral("abort"), rollout, QStringLiteral("--reason"), QStringLiteral("bad release")}, 60'000);
}

void TestFirstLight::reportsAreWrittenSignedAndVerified()
{
    QVERIFY2(!m_second.isEmpty(), "the rollout of 1.5.1 did not happen");
    const QString key = m_cli.file(QStringLiteral("key"));
    QCOMPARE(runProgram(QDir::currentPath(), {QStringLiteral("ssh-keygen"), QStringLiteral("-q"), QStringLiteral("-t"), QStringLiteral("ed25519"), QStringLiteral("-N"), QString(), QStringLiteral("-f"), key}).status, 0);
    for (const char *format : {"html", "csv", "json", "md", "pdf"}) {
        const QString file = m_cli.file(QStringLiteral("report.") + QString::fromLatin1(format));
        const CliResult report = m_cli.run({QStringLiteral("report"), m_second, QStringLiteral("--format"), QString::fromLatin1(format), QStringLiteral("--out"), file, QStringLiteral("--sign"), key});
        VERIFY_EXIT(report, 0);
        QVERIFY(QFile(file).size() > 500 && QFile::exists(file + QStringLiteral(".sig")));
    }
    const QString file = m_cli.file(QStringLiteral("report.json"));
    const CliResult good = m_cli.run({QStringLiteral("verify"), file, QStringLiteral("--json")});
    VERIFY_EXIT(good, 0);
    QCOMPARE(good.json().value(QStringLiteral("signature")).toString(), QStringLiteral("valid"));
    // proved by OpenSSH itself
    QFile publicKey(key + QStringLiteral(".pub"));
    QVERIFY(publicKey.open(QIODevice::ReadOnly));
    const QString signers = m_cli.write(QStringLiteral("signers"), "night " + publicKey.readAll());
    QFile content(file);
    QVERIFY(content.open(QIODevice::ReadOnly));
    const QByteArray bytes = content.readAll();
    const Ran proven = runProgram(QDir::currentPath(), {QStringLiteral("ssh-keygen"), QStringLiteral("-Y"), QStringLiteral("verify"), QStringLiteral("-f"), signers, QStringLiteral("-I"),
                                  QStringLiteral("night"), QStringLiteral("-n"), QStringLiteral("bellwether-report"), QStringLiteral("-s"), file + QStringLiteral(".sig")}, bytes);
    QVERIFY2(proven.status == 0, qPrintable(proven.out + proven.err));
    QByteArray forged = bytes;
    const qsizetype at = forged.indexOf("half-migrated");
    QVERIFY(at > 0);
    forged[at] = 'H';
    const CliResult bad = m_cli.run({QStringLiteral("verify"), m_cli.write(QStringLiteral("forged.json"), forged), QStringLiteral("--json")});
    VERIFY_EXIT(bad, 7);
    VERIFY_EXIT(m_cli.run(words(QStringLiteral("verify --journal"))), 0);
}

// SIGKILL in the middle of the canary: the step on the host goes on, `resume` finds it and nothing happens twice.
void TestFirstLight::aKilledConsoleIsResumedAndEveryStepHappenedOnce()
{
    const QString host = QStringLiteral("demo-03");
    VERIFY_EXIT(plan(QStringLiteral("1.5.3"), QStringLiteral("name=demo-03")), 0);
    const qsizetype before = effects(host).size();
    const auto run = m_cli.start({QStringLiteral("run"), m_planFile, QStringLiteral("--yes"), QStringLiteral("--acknowledge-notes"), QStringLiteral("--auto-promote"),
                                  QStringLiteral("--bake-scale"), QStringLiteral("0.05")});
    QTRY_VERIFY_WITH_TIMEOUT(effects(host).mid(before).filter(QStringLiteral("backup")).size() == 1, 60'000); // mid-canary
    ::kill(static_cast<pid_t>(run->processId()), SIGKILL);
    QVERIFY(run->waitForFinished());
    const QJsonArray rollouts = m_cli.run(words(QStringLiteral("status --json"))).json().value(QStringLiteral("rollouts")).toArray();
    const QString rollout = rollouts.first().toObject().value(QStringLiteral("rollout")).toString();
    QCOMPARE(rollouts.first().toObject().value(QStringLiteral("interrupted")), QJsonValue(true));
    const CliResult resumed = m_cli.run({QStringLiteral("resume"), rollout, QStringLiteral("--json")}, 280'000);
    VERIFY_EXIT(resumed, 0);
    QCOMPARE(runningVersion(host), QStringLiteral("1.5.3"));
    const QStringList after = effects(host).mid(before);
    for (const char *effect : {"backup ", "pull 1.5.3", "stop", "start 1.5.3"})
        QVERIFY2(after.filter(QString::fromLatin1(effect)).size() == 1, qPrintable(after.join(u'\n')));
}

QTEST_GUILESS_MAIN(TestFirstLight)
#include "tst_firstlight.moc"
