// One machine under two names, and two consoles on one host or one journal: whole consoles, as threads here and as
// processes of their own, over real sshd.
#include "await.h"
#include "engine/consolestack.h"
#include "engine/runtime.h"
#include "engineworld.h"
#include "journal/journal.h"
#include "plan/machines.h"
#include "testsshd.h"

#include <QDir>
#include <QJsonArray>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <csignal>
#include <cstdio>
#include <future>
#include <iostream>

using namespace bellwether;

namespace {

Reply ask(ConsolePort &port, const QString &verb, const QJsonObject &args)
{
    std::promise<Reply> promise;
    port.request(Request{verb, args, QStringLiteral("tester")}, [&promise](Reply reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get();
}

Reply press(ConsolePort &port, const QByteArray &plan)
{
    return ask(port, QStringLiteral("run"), {{QStringLiteral("plan"), QString::fromUtf8(plan)}, {QStringLiteral("auto_promote"), true}, {QStringLiteral("bake_scale"), 0.001}});
}

Probe reads(const char *file)
{
    Probe probe;
    probe.argv = QStringList{QStringLiteral("cat"), QLatin1String(file)};
    probe.format = ProbeFormat::Text;
    return probe;
}

// A console of its own: presses Start, says what came of it, and lives until its standard input ends.
int live(const QString &dataFolder, const QString &planFile)
{
    QFile file(planFile);
    auto stack = ConsoleStack::open(dataFolder);
    if (!stack || !file.open(QIODevice::ReadOnly)) {
        std::printf("%s\n", stack ? "no plan" : qPrintable(clauseOf(stack.error())));
        return 8;
    }
    const Reply reply = press((*stack)->port(), file.readAll());
    std::printf("%s\n", qPrintable(reply ? reply->value(QStringLiteral("rollout")).toString() : clauseOf(reply.error())));
    std::fflush(stdout);
    while (std::cin.get() != EOF) { }
    return 0;
}

// Ended by its own process id, whatever became of the test.
class Console {
public:
    Console(const QString &dataFolder, const QString &planFile)
    {
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--console"), dataFolder, planFile});
    }
    ~Console()
    {
        signal(SIGKILL);
        m_process.waitForFinished();
    }
    Q_DISABLE_COPY_MOVE(Console)
    QString said() // its line
    {
        while (!m_process.canReadLine() && m_process.waitForReadyRead(20'000)) { }
        return QString::fromUtf8(m_process.readLine()).trimmed();
    }
    qint64 pid() const { return m_process.processId(); }
    void signal(int number) const
    {
        if (m_process.processId() > 0)
            ::kill(static_cast<pid_t>(m_process.processId()), number);
    }

private:
    QProcess m_process;
};

} // namespace

class TestSharedHosts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_sshd = std::make_unique<TestSshd>(QStringList(), QStringLiteral("0.0.0.0"));
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
    }
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup() { m_folder.reset(); }
    void oneMachineUnderTwoNames_data();
    void oneMachineUnderTwoNames();
    void twoProcessesPressStart();
    void theHostKeepsTheSecondOut();
    void whoWasStoppedWakesUpFenced();
    void aCopyOfTheDataFolderIsAStranger();

private:
    // Host n is reached as 127.0.93.n; each has a folder and, for itself, a state folder of its own.
    Plan planFor(const QString &who, int hosts, const QString &commonState = {})
    {
        PlanSketch sketch;
        sketch.hosts = hosts;
        Plan plan = sketchPlan(sketch);
        plan.strategy.steadyChecks = 1;
        plan.log = {}; // its migration says nothing
        for (int n = 1; n <= hosts; ++n) {
            PlanHost &host = plan.hosts[n - 1];
            Installation &i = host.installation;
            i.endpoint = m_sshd->endpoint(QStringLiteral("127.0.93.%1").arg(n));
            i.directory = path(QStringLiteral("product-%1").arg(n));
            i.state = commonState.isEmpty() ? path(QStringLiteral("state-%1").arg(n)) : commonState;
            host.probes = {};
            host.probes.version = reads("version");
            host.probes.health = reads("health");
            host.probes.health.expect = QStringLiteral("ok");
            QDir().mkpath(i.directory);
            put(i.directory + QStringLiteral("/version"), "1.4.0");
            put(i.directory + QStringLiteral("/health"), "ok");
            Hop &hop = host.hops[0];
            hop.schema = SchemaChange::None;
            hop.migrations.clear();
            hop.steps.removeIf([](const Step &step) { return step.kind == StepKind::Backup || step.kind == StepKind::Pin; });
            const QString line = QStringLiteral("echo '%1 %2 %3' >>%4; ").arg(who, i.name, QStringLiteral("%1"), path(QStringLiteral("effects")));
            for (Step &step : hop.steps)
                if (step.kind == StepKind::Stop || step.kind == StepKind::Migrate)
                    step.argv = QStringList{QStringLiteral("sh"), QStringLiteral("-c"),
                                            line.arg(step.name + QStringLiteral(" begins")) + QStringLiteral("sleep %1; ").arg(m_stepTakesS)
                                                + (step.kind == StepKind::Migrate ? QStringLiteral("echo 1.5.0 >version; ") : QString()) + line.arg(step.name + QStringLiteral(" ends"))};
        }
        return plan;
    }
    void introduce(ConsolePort &port, const Plan &plan)
    {
        QJsonArray installations;
        for (const PlanHost &host : plan.hosts)
            installations.append(toJson(host.installation));
        QVERIFY(ask(port, QStringLiteral("fleet-import"), {{QStringLiteral("source"), QStringLiteral("test")}, {QStringLiteral("installations"), installations}}));
        for (const PlanHost &host : plan.hosts)
            QVERIFY(ask(port, QStringLiteral("trust"), {{QStringLiteral("host"), host.installation.name}, {QStringLiteral("fingerprint"), m_sshd->fingerprint()}, {QStringLiteral("key_type"), QStringLiteral("ssh-ed25519")}}));
    }
    std::unique_ptr<ConsoleStack> console(const QString &data, const Plan &plan)
    {
        auto stack = ConsoleStack::open(path(data));
        if (!stack) {
            qWarning("%s", qPrintable(clauseOf(stack.error())));
            return nullptr;
        }
        introduce((*stack)->port(), plan);
        return std::move(*stack);
    }
    QString path(const QString &name) const { return m_folder->filePath(name); }
    static void put(const QString &file, const QByteArray &text)
    {
        QFile out(file);
        QVERIFY(out.open(QIODevice::WriteOnly));
        out.write(text);
    }
    QStringList effects() const
    {
        QFile file(path(QStringLiteral("effects")));
        return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).split(u'\n', Qt::SkipEmptyParts) : QStringList();
    }
    // As it is shown, a moment after the journal has it.
    static RolloutSnapshot rollout(const ConsoleStack &stack)
    {
        ConsolePort &port = const_cast<ConsoleStack &>(stack).port();
        return QTest::qWaitFor([&] { return !port.snapshot()->rollouts.isEmpty(); }, 10'000) ? *port.snapshot()->rollouts.first() : RolloutSnapshot{};
    }

    std::unique_ptr<TestSshd> m_sshd;
    std::unique_ptr<QTemporaryDir> m_folder;
    double m_stepTakesS = 0.2;
};

void TestSharedHosts::oneMachineUnderTwoNames_data()
{
    QTest::addColumn<bool>("planned");
    QTest::newRow("known when it was planned") << true;
    QTest::newRow("found out at preflight") << false;
}

// [fault 50] Two aliases beside a canary on the same sshd; nothing else keeps them apart: their state folders are their own.
void TestSharedHosts::oneMachineUnderTwoNames()
{
    QFETCH(bool, planned);
    Plan plan = planFor(QStringLiteral("a"), 3);
    const auto stack = console(QStringLiteral("data"), plan);
    QVERIFY(stack);
    QVERIFY(ask(stack->port(), QStringLiteral("check"), {}));
    QMap<QString, HostFacts> facts;
    const auto known = stack->port().snapshot();
    for (const FleetRow &row : known->fleet) {
        QCOMPARE(row.facts.machineId, m_sshd->machineId());
        QCOMPARE(row.facts.hostKey.value_or(QString()), m_sshd->fingerprint());
        facts.insert(row.installation.name, row.facts);
    }
    if (planned) {
        const SharedMachines shared = sharedMachines(plan.hosts, facts);
        QCOMPARE(shared.findings.size(), 1);
        QCOMPARE(shared.findings.first().rule, QStringLiteral("same-machine"));
        for (PlanHost &host : plan.hosts)
            host.sharedMachine = shared.machines[host.installation.name];
    }
    QVERIFY(press(stack->port(), writePlan(plan)));
    QVERIFY2(QTest::qWaitFor([&] { return rollout(*stack).state == RolloutLifecycle::Succeeded; }, 60'000), qPrintable(rollout(*stack).pauseText));
    const QStringList lines = effects();
    QCOMPARE(lines.size(), 12);
    for (int i = 0; i < 12; i += 2) {
        QVERIFY2(lines[i].endsWith(QStringLiteral("begins")) && lines[i + 1] == QString(lines[i]).replace(QStringLiteral("begins"), QStringLiteral("ends")), qPrintable(lines.join(u'\n')));
        QCOMPARE(lines[i].section(u' ', 1, 1), lines[i / 4 * 4].section(u' ', 1, 1)); // four lines of each, in a row
    }
}

// [fault 25] Two hundred times two processes press Start on one journal: one rollout, and the other is told whose it is.
void TestSharedHosts::twoProcessesPressStart()
{
    const Plan plan = planFor(QStringLiteral("a"), 1);
    put(path(QStringLiteral("plan")), writePlan(plan));
    for (int round = 0; round < 200; ++round) {
        const QString data = path(QStringLiteral("data-%1").arg(round));
        QVERIFY(console(QStringLiteral("data-%1").arg(round), plan)); // introduced, and gone
        Console one(data, path(QStringLiteral("plan"))), two(data, path(QStringLiteral("plan")));
        QStringList said{one.said(), two.said()};
        const bool first = said[0] == QStringLiteral("R-0001");
        QVERIFY2(first || said[1] == QStringLiteral("R-0001"), qPrintable(said.join(u'\n')));
        const QString loser = said[first ? 1 : 0], winner = QStringLiteral("process %1").arg(first ? one.pid() : two.pid());
        QVERIFY2(loser.startsWith(QStringLiteral("data folder in use: ")) && loser.contains(winner) && loser.contains(u'@') && loser.contains(QStringLiteral(", 20")), qPrintable(said.join(u'\n')));
        one.signal(SIGKILL);
        two.signal(SIGKILL);
        const auto reader = JournalReader::open(data);
        QVERIFY(reader.has_value());
        int rollouts = 0;
        const auto events = (*reader)->read();
        for (const Event &e : *events)
            rollouts += std::holds_alternative<RolloutStarted>(e.body);
        QCOMPARE(rollouts, 1);
    }
}

// [fault 26] Two consoles with journals of their own, one host: who comes second does nothing there and says who has it.
void TestSharedHosts::theHostKeepsTheSecondOut()
{
    m_stepTakesS = 3;
    const QString state = path(QStringLiteral("state"));
    const Plan plan = planFor(QStringLiteral("first"), 1, state), rival = planFor(QStringLiteral("second"), 1, state);
    m_stepTakesS = 0.2;
    const auto first = console(QStringLiteral("data-1"), plan), second = console(QStringLiteral("data-2"), rival);
    QVERIFY(first && second);
    QVERIFY(press(first->port(), writePlan(plan)));
    QVERIFY(QTest::qWaitFor([&] { return !effects().isEmpty(); }, 20'000));
    QVERIFY(press(second->port(), writePlan(rival)));
    const QString host = plan.hosts[0].installation.name;
    QVERIFY(QTest::qWaitFor([&] { return rollout(*second).host(host)->state == HostRunState::Deferred; }, 20'000));
    const QString reason = rollout(*second).host(host)->error;
    QVERIFY2(reason.contains(QStringLiteral("R-0001 of tester")) && reason.contains(QStringLiteral("has held it since 20")), qPrintable(reason));
    QVERIFY(!ask(second->port(), QStringLiteral("take-over"), {{QStringLiteral("rollout"), 1}, {QStringLiteral("reason"), QStringLiteral("now")}})); // it is alive
    QVERIFY(effects().filter(QStringLiteral("second")).isEmpty());
}

// [fault 27] A console is stopped in the middle (SIGSTOP), its lease runs out, another one takes over with a reason. When
// it wakes up it is fenced: nothing of it reaches the host any more.
void TestSharedHosts::whoWasStoppedWakesUpFenced()
{
    const QString state = path(QStringLiteral("state"));
    m_stepTakesS = 1;
    const Plan plan = planFor(QStringLiteral("sleeper"), 1, state);
    m_stepTakesS = 0.2;
    const Plan rival = planFor(QStringLiteral("rival"), 1, state);
    const QString host = plan.hosts[0].installation.name;
    put(path(QStringLiteral("plan")), writePlan(plan));
    QVERIFY(console(QStringLiteral("data-1"), plan)); // introduced, and gone
    Console sleeper(path(QStringLiteral("data-1")), path(QStringLiteral("plan")));
    QCOMPARE(sleeper.said(), QStringLiteral("R-0001"));
    QVERIFY(QTest::qWaitFor([&] { return effects() == QStringList{QStringLiteral("sleeper %1 stop begins").arg(host)}; }, 20'000));
    sleeper.signal(SIGSTOP);
    QVERIFY(QTest::qWaitFor([&] { return effects().size() == 2; }, 20'000)); // the step itself goes on to its end
    QTest::qWait(1'000); // and what watched it has left the host's one slot
    // Ten minutes go by for the lease: on the host's own clock it was renewed that much earlier.
    QFile lease(state + QStringLiteral("/v1/lease.1"));
    QVERIFY(lease.open(QIODevice::ReadWrite));
    QList<QByteArray> words = lease.readAll().trimmed().split(' ');
    words[2] = QByteArray::number(words[2].toLongLong() - 600);
    QVERIFY(lease.resize(0) && lease.seek(0) && lease.write(words.join(' ') + '\n') > 0);
    lease.close();

    const auto second = console(QStringLiteral("data-2"), rival);
    QVERIFY(second && press(second->port(), writePlan(rival)));
    QVERIFY2(QTest::qWaitFor([&] { return rollout(*second).pauseReasons == QStringList{QStringLiteral("hold")}; }, 20'000), qPrintable(rollout(*second).pauseText));
    QVERIFY2(rollout(*second).pauseText.contains(QStringLiteral("R-0001 of tester")) && rollout(*second).pauseText.contains(QStringLiteral("silent since 20")), qPrintable(rollout(*second).pauseText));
    QCOMPARE(effects().size(), 2);
    QVERIFY(!ask(second->port(), QStringLiteral("take-over"), {{QStringLiteral("rollout"), 1}})); // without a reason
    QVERIFY(ask(second->port(), QStringLiteral("take-over"), {{QStringLiteral("rollout"), 1}, {QStringLiteral("reason"), QStringLiteral("the laptop is shut")}}));
    QVERIFY(QTest::qWaitFor([&] { return effects().contains(QStringLiteral("rival %1 stop begins").arg(host)); }, 20'000));

    sleeper.signal(SIGCONT);
    const auto knows = [&] {
        const auto reader = JournalReader::open(path(QStringLiteral("data-1")));
        if (!reader)
            return false;
        const auto events = (*reader)->read();
        return events && std::ranges::any_of(*events, [](const Event &e) {
            const auto *ended = std::get_if<HostEnded>(&e.body);
            const auto *paused = std::get_if<Paused>(&e.body);
            return (ended && ended->state != HostRunState::Upgraded) || (paused && paused->reason == PauseReason::Hold);
        });
    };
    QVERIFY(QTest::qWaitFor(knows, 40'000));
    QVERIFY2(QTest::qWaitFor([&] { return rollout(*second).state == RolloutLifecycle::Succeeded; }, 40'000), qPrintable(rollout(*second).pauseText));
    QCOMPARE(effects().filter(QStringLiteral("sleeper")).size(), 2); // what it had begun, and nothing since
    QCOMPARE(effects().filter(QStringLiteral("rival")).size(), 4);

    const auto reader = JournalReader::open(path(QStringLiteral("data-2")));
    const auto events = (*reader)->read();
    QVERIFY(std::ranges::any_of(*events, [](const Event &e) {
        const auto *leave = std::get_if<TakeOverConfirmed>(&e.body);
        return leave && leave->reason == QStringLiteral("the laptop is shut") && e.actor == QStringLiteral("tester");
    }));
}

// [fault 52] A console that is closed in the middle leaves its step to its host. A copied data folder has the same workspace; on
// hosts its console is another one, and the original comes back at once.
void TestSharedHosts::aCopyOfTheDataFolderIsAStranger()
{
    m_stepTakesS = 3;
    const Plan plan = planFor(QStringLiteral("a"), 1, path(QStringLiteral("state")));
    m_stepTakesS = 0.2;
    auto original = console(QStringLiteral("data"), plan);
    QVERIFY(original && press(original->port(), writePlan(plan)));
    QVERIFY(QTest::qWaitFor([&] { return !effects().isEmpty(); }, 20'000));
    original.reset();
    QCOMPARE(QProcess::execute(QStringLiteral("cp"), {QStringLiteral("-r"), path(QStringLiteral("data")), path(QStringLiteral("copy"))}), 0);
    const QString host = plan.hosts[0].installation.name;
    {
        auto copy = ConsoleStack::open(path(QStringLiteral("copy")));
        QVERIFY(copy.has_value());
        QVERIFY(ask((*copy)->port(), QStringLiteral("resume"), {{QStringLiteral("rollout"), 1}}));
        QVERIFY(QTest::qWaitFor([&] { return rollout(**copy).host(host)->heldBy.has_value() || rollout(**copy).host(host)->state == HostRunState::InDoubt; }, 20'000));
        QVERIFY2(rollout(**copy).host(host)->state != HostRunState::Upgraded, qPrintable(nameOf(rollout(**copy).host(host)->state)));
    }
    auto again = ConsoleStack::open(path(QStringLiteral("data")));
    QVERIFY(again.has_value());
    QVERIFY(ask((*again)->port(), QStringLiteral("resume"), {{QStringLiteral("rollout"), 1}}));
    QVERIFY2(QTest::qWaitFor([&] { return rollout(**again).state == RolloutLifecycle::Succeeded; }, 40'000), qPrintable(rollout(**again).pauseText));
    QCOMPARE(effects().size(), 4); // the copy did nothing
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const QStringList args = app.arguments();
    if (args.value(1) == QLatin1String("--console"))
        return live(args.value(2), args.value(3));
    TestSharedHosts test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_sharedhosts.moc"
