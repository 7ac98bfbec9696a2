// What an operator asks for in a hurry, through the whole console and over real sshd: an abort ends a backup that may be
// begun again, and stopping everything leaves the host to nobody else.
#include "await.h"
#include "engine/consolestack.h"
#include "engine/runtime.h"
#include "engineworld.h"
#include "remote/hostjobs.h"
#include "ssh/sshpool.h"
#include "testsshd.h"

#include <QDir>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>
#include <future>

using namespace bellwether;

namespace {

Reply ask(ConsolePort &port, const QString &verb, const QJsonObject &args)
{
    std::promise<Reply> promise;
    port.request(Request{verb, args, QStringLiteral("tester")}, [&promise](Reply reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get();
}

Probe says(const char *text)
{
    Probe probe;
    probe.argv = QStringList{QStringLiteral("printf"), QStringLiteral("%s"), QLatin1String(text)};
    probe.format = ProbeFormat::Text;
    return probe;
}

} // namespace

class TestStopAndAbort : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_sshd = std::make_unique<TestSshd>();
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
    }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        auto stack = ConsoleStack::open(m_folder->filePath(QStringLiteral("data")));
        QVERIFY2(stack.has_value(), stack ? "" : qPrintable(clauseOf(stack.error())));
        m_stack = std::move(*stack);
        PlanSketch sketch;
        sketch.hosts = 1;
        m_plan = sketchPlan(sketch);
        PlanHost &host = m_plan.hosts[0];
        host.installation.endpoint = m_sshd->endpoint();
        host.installation.directory = m_folder->path();
        host.installation.state = m_folder->filePath(QStringLiteral("state"));
        host.probes = {};
        host.probes.version = says("1.4.0");
        host.probes.health = says("ok");
        host.probes.health.expect = QStringLiteral("ok");
        Step &backup = host.hops[0].steps[1];
        QCOMPARE(backup.kind, StepKind::Backup);
        backup.argv = QStringList{QStringLiteral("sh"), QStringLiteral("-c"), QStringLiteral("echo begun >>effects; sleep 61; echo ended >>effects")};
        backup.idempotent = true;
        QVERIFY(ask(m_stack->port(), QStringLiteral("fleet-import"), {{QStringLiteral("source"), QStringLiteral("test")}, {QStringLiteral("installations"), QJsonArray{toJson(host.installation)}}}).has_value());
        QVERIFY(ask(m_stack->port(), QStringLiteral("trust"), {{QStringLiteral("host"), host.installation.name}, {QStringLiteral("fingerprint"), m_sshd->fingerprint()}, {QStringLiteral("key_type"), QStringLiteral("ssh-ed25519")}}).has_value());
    }
    void cleanup()
    {
        m_stack.reset();
        m_folder.reset();
    }
    void anAbortEndsABackup();
    void stoppedEverythingKeepsOthersOut();

private:
    void runToTheBackup()
    {
        const Reply run = ask(m_stack->port(), QStringLiteral("run"), {{QStringLiteral("plan"), QString::fromUtf8(writePlan(m_plan))}});
        QVERIFY2(run.has_value(), run ? "" : qPrintable(clauseOf(run.error())));
        QVERIFY2(QTest::qWaitFor([&] { return effects() == "begun\n"; }, 30'000), qPrintable(rollout().pauseText));
    }
    RolloutSnapshot rollout() const { return *m_stack->port().snapshot()->rollouts.first(); }
    const HostView host() const { return rollout().waves[0].hosts[0]; }
    QByteArray effects() const
    {
        QFile file(m_folder->filePath(QStringLiteral("effects")));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    std::unique_ptr<TestSshd> m_sshd;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ConsoleStack> m_stack;
    Plan m_plan;
};

void TestStopAndAbort::anAbortEndsABackup()
{
    runToTheBackup();
    if (QTest::currentTestFailed())
        return;
    QVERIFY(ask(m_stack->port(), QStringLiteral("abort"), {{QStringLiteral("rollout"), 1}, {QStringLiteral("reason"), QStringLiteral("not tonight")}}).has_value());
    QVERIFY2(QTest::qWaitFor([&] { return rollout().state == RolloutLifecycle::Aborted; }, 30'000), qPrintable(nameOf(rollout().state)));
    QCOMPARE(nameOf(host().state), QStringLiteral("excluded"));
    QVERIFY(host().error.contains(QStringLiteral("cancelled")));
    QCOMPARE(host().steps.last().state, QStringLiteral("cancelled"));
    QCOMPARE(effects(), QByteArray("begun\n"));
}

void TestStopAndAbort::stoppedEverythingKeepsOthersOut() // [OPS-03]
{
    runToTheBackup();
    if (QTest::currentTestFailed())
        return;
    const Reply stopped = ask(m_stack->port(), QStringLiteral("stop-all"), {{QStringLiteral("reason"), QStringLiteral("the vendor called")}});
    QVERIFY2(stopped.has_value() && stopped->value(QStringLiteral("missed")).toArray().isEmpty(), stopped ? "" : qPrintable(clauseOf(stopped.error())));
    QCOMPARE(QDir(m_folder->filePath(QStringLiteral("state/v1"))).entryList({QStringLiteral("hold.*")}).size(), 1);

    TestTrust trust;
    trust.trust(m_sshd->endpoint().machine(), m_sshd->fingerprint());
    SshPool pool(trust, this);
    HostJobs jobs(pool);
    Awaited<Result<Lease>> other;
    jobs.lock({m_sshd->endpoint(), m_folder->filePath(QStringLiteral("state"))}, QStringLiteral("ws-other"), 150, other.callback());
    QVERIFY(other.wait());
    QVERIFY(!other->has_value());
    QCOMPARE(QByteArray(errorKey(other->error().code)), QByteArray("host-held"));
    QVERIFY(other->error().args.at(2).contains(QStringLiteral("tester: the vendor called")));

    // What ran is ended by an abort; nothing after it is begun, and the release frees the host.
    QVERIFY(ask(m_stack->port(), QStringLiteral("abort"), {{QStringLiteral("rollout"), 1}, {QStringLiteral("reason"), QStringLiteral("not tonight")}}).has_value());
    QVERIFY(QTest::qWaitFor([&] { return rollout().state == RolloutLifecycle::Aborted; }, 30'000));
    QCOMPARE(effects(), QByteArray("begun\n"));
    QVERIFY(ask(m_stack->port(), QStringLiteral("release"), {{QStringLiteral("reason"), QStringLiteral("all is well")}}).has_value());
    QVERIFY(QDir(m_folder->filePath(QStringLiteral("state/v1"))).entryList({QStringLiteral("hold.*")}).isEmpty());
}

QTEST_GUILESS_MAIN(TestStopAndAbort)
#include "tst_stopandabort.moc"
