// Faults that only a whole console meets: services that flap or lie, a way back that breaks, an inventory that is edited,
// output without end, a journal that cannot be written. Consoles as they are over a real sshd; the product is one shell script.
#include "base/clock.h"
#include "engineworld.h"
#include "hostjobsworld.h"
#include "journal/journal.h"
#include "lives.h"
#include "missing.h"

#include <QJsonArray>
#include <QScopeGuard>
#include <QThread>

#include <cstdio>
#include <ctime>
#include <iostream>
#include <sqlite3.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace bellwether;

namespace {
qint64 wallAheadS = 0; // by how much the wall clock of this process is wrong; many threads look
}

// In place of the C library's, for all of this program: the machine's own clock stays as it is. (Libraries call it before a
// sanitizer is ready.)
extern "C" __attribute__((no_sanitize("address", "thread", "undefined"))) int clock_gettime(clockid_t clock, timespec *time) noexcept
{
    const long failed = ::syscall(SYS_clock_gettime, clock, time);
    if (failed == 0 && clock == CLOCK_REALTIME)
        time->tv_sec += __atomic_load_n(&wallAheadS, __ATOMIC_RELAXED);
    return failed == 0 ? 0 : -1;
}

namespace {

void setWallAhead(qint64 seconds)
{
    __atomic_store_n(&wallAheadS, seconds, __ATOMIC_RELAXED);
}

// `product VERB [ARGUMENT]` in the folder of an installation: what it is stands in files there (version, health, ledger), what
// it was asked for in `effects`. Files also say what is to go wrong: `failing` names a verb, while `wait` is there a stop does
// not end, with `stuck` the old version goes on, with `breaks` a migration does not finish.
constexpr char productScript[] =
    "#!/bin/sh\n"
    "if [ \"$1\" = proof ]; then\n"
    "  sum=$(sha256sum <\"$2\")\n"
    "  printf '{\"path\":\"%s\",\"at\":\"2026-01-01T00:00:00Z\",\"size\":%s,\"sha256\":\"%s\",\"verified\":true}' \"$2\" $(wc -c <\"$2\") \"${sum%% *}\"\n"
    "  exit\n"
    "fi\n"
    "echo \"$*\" >>effects\n"
    "[ \"$(cat failing 2>/dev/null)\" != \"$1\" ] || { echo \"$1 cannot be done here\" >&2; exit 3; }\n"
    "case $1 in\n"
    "backup) mkdir -p \"${2%/*}\" && cp ledger \"$2\" ;;\n"
    "stop) while [ -e wait ]; do sleep 0.1; done ;;\n"
    "start)\n"
    "  [ \"$2\" = 1.5.0 ] || { echo \"$2\" >version; exit; }\n"
    "  [ ! -e breaks ] || { echo '{\"applied\":[\"0001\",\"0002\",\"0003\"],\"half_migrated\":\"0004\"}' >ledger; exit 1; }\n"
    "  echo '{\"applied\":[\"0001\",\"0002\",\"0003\",\"0004\"],\"half_migrated\":null}' >ledger\n"
    "  [ -e stuck ] || echo \"$2\" >version ;;\n"
    "validate) [ -s \"$2\" ] ;;\n"
    "restore) read -r typed && [ \"$typed\" = \"$(cat domain)\" ] && cp \"$2\" ledger ;;\n"
    "esac\n";

constexpr qint64 floodBytes = 300'000'000;
// What such a step may add to the console's memory. (The thread sanitizer keeps a shadow of all memory, several times its size.)
#ifdef __SANITIZE_THREAD__
constexpr qint64 mostMemory = 256 << 20;
#else
constexpr qint64 mostMemory = 64 << 20;
#endif

Probe asks(const QStringList &argv, ProbeFormat format = ProbeFormat::Text)
{
    Probe probe;
    probe.argv = argv;
    probe.format = format;
    return probe;
}

void put(const QString &file, const QByteArray &text)
{
    QFile out(file);
    QVERIFY(out.open(QIODevice::WriteOnly | QIODevice::Truncate));
    QCOMPARE(out.write(text), text.size());
}

// Until nothing more goes onto its disk.
void fill(const QString &file)
{
    QFile out(file);
    QVERIFY(out.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    for (const qsizetype piece : {65'536, 4'096, 1})
        while (out.write(QByteArray(piece, 'x')) == piece) { }
}

QJsonObject runOptions(const QByteArray &plan, bool promotes, double bakeScale)
{
    return {{QStringLiteral("plan"), QString::fromUtf8(plan)}, {QStringLiteral("auto_promote"), promotes}, {QStringLiteral("bake_scale"), bakeScale}};
}

// The most memory that this process has had, in bytes.
qint64 peakMemory()
{
    for (const QByteArray &line : contentOf(QStringLiteral("/proc/self/status")).split('\n'))
        if (line.startsWith("VmHWM:"))
            return line.mid(6).chopped(2).trimmed().toLongLong() * 1024;
    return 0;
}

// A console of its own carries a plan out and says by how much its memory grew meanwhile.
int carryOut(const QString &dataFolder, const QString &planFile)
{
    const auto stack = ConsoleStack::open(dataFolder);
    if (!stack)
        return 2;
    ConsolePort &port = (*stack)->port();
    if (!askPort(port, QStringLiteral("check"), {})) // the first connection brings its libraries
        return 2;
    const qint64 before = peakMemory();
    const Reply begun = askPort(port, QStringLiteral("run"), runOptions(contentOf(planFile), true, 0.001));
    if (!begun || before == 0)
        return 2;
    for (int i = 0; i < 1'200; ++i) {
        const auto now = port.snapshot();
        if (!now->rollouts.isEmpty() && now->rollouts.first()->state == RolloutLifecycle::Succeeded) {
            std::printf("%lld\n", static_cast<long long>(peakMemory() - before));
            return 0;
        }
        QThread::msleep(100);
    }
    return 3;
}

// Another program has the journal for itself until its standard input ends.
int keepFromOthers(const QString &journal)
{
    sqlite3 *database = nullptr;
    const bool held = sqlite3_open(QFile::encodeName(journal).constData(), &database) == SQLITE_OK && sqlite3_busy_timeout(database, 10'000) == SQLITE_OK
        && sqlite3_exec(database, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK;
    std::printf("%s\n", held ? "held" : sqlite3_errmsg(database));
    std::fflush(stdout);
    while (std::cin.get() != EOF) { }
    sqlite3_close(database);
    return 0;
}

} // namespace

class TestRolloutFaults : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_sshd = std::make_unique<TestSshd>(QStringList(), QStringLiteral("0.0.0.0"));
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
    }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        put(path("product"), productScript);
        QFile::setPermissions(path("product"), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    }
    void cleanup() { m_folder.reset(); }
    void aStepThatPrintsWithoutEnd();
    void aHostThatIsStartedAnewInTheMiddle_data();
    void aHostThatIsStartedAnewInTheMiddle();
    void aWallClockThatJumpsHasNoSay();
    void aBakeBeginsAnew_data();
    void aBakeBeginsAnew();
    void theOldVersionGoesOnAnswering();
    void aWayBackThatBreaksAtEachStep();
    void anEditedInventoryChangesNoRollout();
    void itsJournalCannotBeWritten_data();
    void itsJournalCannotBeWritten();

private:
    QString path(const QString &name) const { return m_folder->filePath(name); }
    void furnish(const Installation &host) const
    {
        QVERIFY(QDir().mkpath(host.directory));
        put(host.directory + "/version", "1.4.0\n");
        put(host.directory + "/health", "ok\n");
        put(host.directory + "/ledger", "{\"applied\":[\"0001\",\"0002\"],\"half_migrated\":null}\n");
        put(host.directory + "/domain", host.domain.toUtf8() + '\n');
        put(host.directory + "/.env", "VERSION=1.4.0\n");
    }
    // Host n is reached as 127.0.94.n.
    Plan planFor(int hosts) const
    {
        PlanSketch sketch;
        sketch.hosts = hosts;
        Plan plan = sketchPlan(sketch);
        plan.strategy.steadyS = plan.strategy.steadyChecks = 1;
        plan.log = {}; // its ledger speaks of migrations
        for (int n = 1; n <= hosts; ++n) {
            PlanHost &host = plan.hosts[n - 1];
            Installation &i = host.installation;
            i.endpoint = m_sshd->endpoint(QStringLiteral("127.0.94.%1").arg(n));
            i.directory = path(QStringLiteral("host-%1").arg(n));
            i.state = path(QStringLiteral("state-%1").arg(n));
            host.probes = {};
            host.probes.version = asks({"cat", "version"});
            host.probes.health = asks({"cat", "health"});
            host.probes.health.expect = QStringLiteral("ok");
            host.probes.ledger = asks({"cat", "ledger"}, ProbeFormat::Json);
            host.probes.backup = asks({path("product"), "proof", "{backup}"}, ProbeFormat::Json);
            Hop &hop = host.hops[0];
            hop.backupPath = i.directory + QStringLiteral("/backups/{rollout}");
            for (QList<Step> *steps : {&hop.steps, &hop.tagOnly, &hop.restore}) {
                for (Step &step : *steps) {
                    if (step.argv.value(0) == QLatin1String("product"))
                        step.argv[0] = path("product");
                    if (step.kind == StepKind::Pin)
                        step.pinFile = i.directory + QStringLiteral("/.env");
                }
            }
            furnish(i);
        }
        return plan;
    }
    std::unique_ptr<ConsoleStack> console(const Plan &plan) const
    {
        auto stack = ConsoleStack::open(path("data"));
        if (!stack) {
            qWarning("%s", qPrintable(clauseOf(stack.error())));
            return nullptr;
        }
        QJsonArray installations;
        for (const PlanHost &host : plan.hosts)
            installations.append(toJson(host.installation));
        bool known = askPort((*stack)->port(), "fleet-import", {{"source", "test"}, {"installations", installations}}).has_value();
        for (const PlanHost &host : plan.hosts)
            known = known && askPort((*stack)->port(), "trust", {{"host", host.installation.name}, {"fingerprint", m_sshd->fingerprint()}, {"key_type", "ssh-ed25519"}});
        return known ? std::move(*stack) : nullptr;
    }
    static Reply press(ConsoleStack &stack, const Plan &plan, bool promotes = true, double bakeScale = 0.001)
    {
        return askPort(stack.port(), QStringLiteral("run"), runOptions(writePlan(plan), promotes, bakeScale));
    }
    static Reply ask(ConsoleStack &stack, const QString &verb, QJsonObject args = {})
    {
        args.insert(QStringLiteral("rollout"), 1);
        return askPort(stack.port(), verb, args);
    }
    // As it is shown, a moment after the journal has it.
    static RolloutSnapshot rollout(ConsoleStack &stack)
    {
        const auto shown = stack.port().snapshot();
        return shown->rollouts.isEmpty() ? RolloutSnapshot() : *shown->rollouts.first();
    }
    static HostView hostOf(ConsoleStack &stack, const QString &name)
    {
        const RolloutSnapshot shown = rollout(stack);
        const HostView *host = shown.host(name);
        return host ? *host : HostView();
    }
    static bool ends(ConsoleStack &stack, RolloutLifecycle as)
    {
        const bool there = QTest::qWaitFor([&] { return rollout(stack).state == as; }, 60'000);
        if (!there)
            qWarning("%s: %s", qPrintable(nameOf(rollout(stack).state)), qPrintable(rollout(stack).pauseText));
        return there;
    }
    QList<Event> events() const
    {
        const auto reader = JournalReader::open(path("data"));
        const auto all = reader ? (*reader)->read() : Result<QList<Event>>(std::unexpected(reader.error()));
        return all ? *all : QList<Event>();
    }
    static QStringList effects(const QString &directory) { return QString::fromUtf8(contentOf(directory + "/effects")).split(u'\n', Qt::SkipEmptyParts); }
    static QStringList verbs(const QString &directory)
    {
        QStringList words = effects(directory);
        for (QString &line : words)
            line = line.section(u' ', 0, 0);
        return words;
    }

    std::unique_ptr<TestSshd> m_sshd;
    std::unique_ptr<QTemporaryDir> m_folder;
};

// [fault 38] One line of 300 MB. The console is a process of its own: what this one holds does not count.
void TestRolloutFaults::aStepThatPrintsWithoutEnd()
{
    Plan plan = planFor(1);
    for (Step &step : plan.hosts[0].hops[0].steps)
        if (step.kind == StepKind::Stop)
            step.argv = QStringList{"head", "-c", QString::number(floodBytes), "/dev/zero"};
    put(path("plan"), writePlan(plan));
    QVERIFY(console(plan)); // introduced, and gone
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("ASAN_OPTIONS", environment.value("ASAN_OPTIONS") + ":quarantine_size_mb=1"); // what was freed is free
    process.setProcessEnvironment(environment);
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.start(QCoreApplication::applicationFilePath(), {"--carry-out", path("data"), path("plan")});
    QVERIFY2(process.waitForFinished(150'000) && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0, QByteArray::number(process.exitCode()).constData());
    const QByteArray grown = process.readAllStandardOutput().trimmed();
    QVERIFY2(!grown.isEmpty() && grown.toLongLong() < mostMemory, grown.constData());

    QString token;
    qint64 startedMs = 0, lateMs = -1;
    for (const Event &e : events()) {
        if (const auto *intended = std::get_if<StepIntended>(&e.body); intended && intended->kind == StepKind::Stop)
            token = intended->token;
        if (const auto *started = std::get_if<StepStarted>(&e.body); started && started->token == token)
            startedMs = e.wallMs;
        if (const auto *ended = std::get_if<StepEnded>(&e.body); ended && ended->token == token)
            lateMs = e.wallMs - startedMs - ended->durationMs;
    }
    QVERIFY(!token.isEmpty() && startedMs > 0);
    const Installation &host = plan.hosts[0].installation;
    QCOMPARE(QFileInfo(host.state + "/v1/jobs/" + token + "/out").size(), floodBytes); // all of it was really printed
    QVERIFY2(lateMs >= -2'000 && lateMs < 20'000, QByteArray::number(lateMs).constData());
    QVERIFY(QFileInfo(stepLogPath(path("data"), 1, host.name, token)).size() < (64 << 20));
}

void TestRolloutFaults::aHostThatIsStartedAnewInTheMiddle_data()
{
    QTest::addColumn<bool>("tookEffect");
    QTest::newRow("fault 12: its step took effect") << true;
    QTest::newRow("fault 12: it did not") << false;
}

// The step, what watched over it and every connection are gone at once. It is not run again: what it was to do is looked for,
// and where that is not there, what became of it is not known.
void TestRolloutFaults::aHostThatIsStartedAnewInTheMiddle()
{
    QFETCH(bool, tookEffect);
    Plan plan = planFor(1);
    const Installation host = plan.hosts[0].installation;
    for (Step &step : plan.hosts[0].hops[0].steps)
        if (step.kind == StepKind::Stop)
            step.verify = QStringList{"test", "-e", path("stopped")};
    put(host.directory + "/wait", {});
    const auto stack = console(plan);
    QVERIFY(stack && press(*stack, plan));
    const QStringList before{"backup", "stop"};
    QVERIFY2(QTest::qWaitFor([&] { return verbs(host.directory) == before; }, 60'000), qPrintable(rollout(*stack).pauseText));
    QString token;
    for (const Event &e : events())
        if (const auto *intended = std::get_if<StepIntended>(&e.body); intended && intended->kind == StepKind::Stop)
            token = intended->token;
    QVERIFY(!token.isEmpty());
    const auto processOf = [&](const char *file) { return static_cast<pid_t>(contentOf(host.state + "/v1/jobs/" + token + '/' + file).split(' ').first().toInt()); };
    QVERIFY(QTest::qWaitFor([&] { return processOf("step") > 1; }, 20'000));
    const pid_t supervisor = processOf("sup"), step = processOf("step");
    QVERIFY(supervisor > 1);
    if (tookEffect)
        put(path("stopped"), {});
    ::kill(supervisor, SIGKILL);
    ::kill(-step, SIGKILL);
    m_sshd->cutConnections();
    if (tookEffect) {
        QVERIFY(ends(*stack, RolloutLifecycle::Succeeded));
        QCOMPARE(verbs(host.directory), before + QStringList{"start"});
        return;
    }
    QVERIFY2(QTest::qWaitFor([&] { return hostOf(*stack, host.name).state == HostRunState::InDoubt; }, 60'000), qPrintable(nameOf(hostOf(*stack, host.name).state)));
    QVERIFY2(hostOf(*stack, host.name).error.contains("its effect is not there"), qPrintable(hostOf(*stack, host.name).error));
    QVERIFY(QTest::qWaitFor([&] { return !rollout(*stack).pauseReasons.isEmpty(); }, 20'000));
    QCOMPARE(verbs(host.directory), before);
}

// [fault 28] A step begins and ends on different days, the bake begins in a future that turns out to be past: it is as long as it
// is, nothing is overdue, and the lease is the one of the beginning.
void TestRolloutFaults::aWallClockThatJumpsHasNoSay()
{
    constexpr int bakeS = 4;
    constexpr qint64 dayS = 86'400;
    Plan plan = planFor(1);
    plan.strategy.bakeCanaryS = plan.strategy.bakeCanaryPatchS = bakeS;
    const Installation host = plan.hosts[0].installation;
    put(host.directory + "/wait", {});
    const auto asItWas = qScopeGuard([] { setWallAhead(0); });
    const qint64 today = SystemClock().now().wallMs;
    const auto stack = console(plan);
    QVERIFY(stack && press(*stack, plan, true, 1));
    QVERIFY2(QTest::qWaitFor([&] { return verbs(host.directory).contains("stop"); }, 60'000), qPrintable(rollout(*stack).pauseText));
    setWallAhead(dayS);
    QVERIFY2(SystemClock().now().wallMs - today >= dayS * 1000, "the clock was not put ahead");
    QVERIFY(QFile::remove(host.directory + "/wait"));
    QVERIFY2(QTest::qWaitFor([&] { return hostOf(*stack, host.name).state == HostRunState::Upgraded; }, 60'000), qPrintable(rollout(*stack).pauseText));
    QTest::qWait(bakeS * 250);
    setWallAhead(-dayS);
    QVERIFY(ends(*stack, RolloutLifecycle::Succeeded));

    const Event *upgraded = nullptr, *passed = nullptr;
    int leases = 0;
    const QList<Event> all = events();
    for (const Event &e : all) {
        QVERIFY2(!std::holds_alternative<Paused>(e.body) && !std::holds_alternative<LeaseRefused>(e.body), qPrintable(eventName(e.body)));
        leases += std::holds_alternative<LeaseTaken>(e.body);
        upgraded = std::holds_alternative<HostEnded>(e.body) ? &e : upgraded;
        passed = std::holds_alternative<GatePassed>(e.body) ? &e : passed;
    }
    QVERIFY(upgraded && passed);
    QCOMPARE(leases, 1);
    QVERIFY(upgraded->wallMs - today > dayS * 1000 && passed->wallMs < today); // on different days
    const qint64 bakedMs = passed->monoMs - upgraded->monoMs;
    QVERIFY2(bakedMs >= bakeS * 1000 && bakedMs < 30'000, QByteArray::number(bakedMs).constData());
    QCOMPARE(verbs(host.directory), (QStringList{"backup", "stop", "start"}));
}

void TestRolloutFaults::aBakeBeginsAnew_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QByteArray>("bad");
    QTest::addColumn<QByteArray>("good");
    QTest::newRow("fault 42: it is not well for a moment") << "health" << QByteArray("starting\n") << QByteArray("ok\n");
    QTest::newRow("fault 43: the old version answers for a moment") << "version" << QByteArray("1.4.0\n") << QByteArray("1.5.0\n");
}

// In the middle of its bake a service says for a moment what it should not: the whole bake is counted from its end on.
void TestRolloutFaults::aBakeBeginsAnew()
{
    QFETCH(QString, file);
    QFETCH(QByteArray, bad);
    QFETCH(QByteArray, good);
    constexpr int bakeS = 4;
    Plan plan = planFor(1);
    plan.strategy.bakeCanaryS = plan.strategy.bakeCanaryPatchS = bakeS;
    const Installation host = plan.hosts[0].installation;
    const auto stack = console(plan);
    QVERIFY(stack && press(*stack, plan, true, 1));
    QVERIFY(QTest::qWaitFor([&] { return hostOf(*stack, host.name).state == HostRunState::Upgraded; }, 60'000));

    const auto isBad = [](const Event &e) {
        const auto *seen = std::get_if<HealthObserved>(&e.body);
        return seen && (seen->health != Health::Ok || seen->version != QLatin1String("1.5.0"));
    };
    qint64 upgraded = 0;
    const auto wasSeen = [&] {
        const QList<Event> all = events();
        for (const Event &e : all)
            if (std::holds_alternative<HostEnded>(e.body))
                upgraded = e.seq;
        return upgraded > 0 && std::ranges::any_of(all, [&](const Event &e) { return e.seq > upgraded && isBad(e); });
    };
    put(host.directory + u'/' + file, bad);
    QVERIFY(QTest::qWaitFor(wasSeen, 30'000));
    put(host.directory + u'/' + file, good);
    QVERIFY(ends(*stack, RolloutLifecycle::Succeeded));

    qint64 goodSince = 0, passed = 0;
    for (const Event &e : events()) {
        if (std::holds_alternative<GatePassed>(e.body))
            passed = e.monoMs;
        else if (passed == 0 && e.seq > upgraded && isBad(e))
            goodSince = 0;
        else if (passed == 0 && e.seq > upgraded && goodSince == 0 && std::holds_alternative<HealthObserved>(e.body))
            goodSince = e.monoMs;
    }
    QVERIFY(goodSince > 0 && passed > 0);
    QVERIFY2(passed - goodSince >= bakeS * 1000, QByteArray::number(passed - goodSince).constData());
}

// [fault 43] Its health is ok all the time, but the process that answers is the old one.
void TestRolloutFaults::theOldVersionGoesOnAnswering()
{
    Plan plan = planFor(2);
    plan.strategy.healthDeadlineS = 4;
    const QString canary = plan.hosts[0].installation.name;
    put(plan.hosts[0].installation.directory + "/stuck", {});
    const auto stack = console(plan);
    QVERIFY(stack && press(*stack, plan));
    QVERIFY2(QTest::qWaitFor([&] { return hostOf(*stack, canary).state == HostRunState::Failed; }, 60'000), qPrintable(nameOf(hostOf(*stack, canary).state)));
    QVERIFY2(hostOf(*stack, canary).error.contains("1.4.0 answers, 1.5.0 should"), qPrintable(hostOf(*stack, canary).error));
    QVERIFY(QTest::qWaitFor([&] { return rollout(*stack).pauseReasons.contains("failure-budget"); }, 20'000));
    QVERIFY(!ask(*stack, "promote"));
    QVERIFY(effects(plan.hosts[1].installation.directory).isEmpty());
    for (const Event &e : events())
        QVERIFY(!std::holds_alternative<GatePassed>(e.body));
}

// [fault 44, 46] A migration does not finish: only the restore is offered. Then each of its steps fails in turn. It stops there
// and says what failed and what the whole way is; the backup is kept; once it is mended the same way is gone on.
void TestRolloutFaults::aWayBackThatBreaksAtEachStep()
{
    const Plan plan = planFor(2);
    const Installation host = plan.hosts[0].installation;
    put(host.directory + "/breaks", {});
    const auto stack = console(plan);
    QVERIFY(stack && press(*stack, plan));
    QVERIFY2(QTest::qWaitFor([&] { return hostOf(*stack, host.name).state == HostRunState::HalfMigrated; }, 60'000), qPrintable(hostOf(*stack, host.name).error));
    QVERIFY2(hostOf(*stack, host.name).error.contains("0004"), qPrintable(hostOf(*stack, host.name).error));
    QCOMPARE(verbs(host.directory), (QStringList{"backup", "stop", "start"}));
    QVERIFY(QTest::qWaitFor([&] { return rollout(*stack).pauseReasons.contains("failure-budget"); }, 20'000));
    for (const char *verb : {"promote", "resume"}) {
        const Reply refused = ask(*stack, verb);
        QVERIFY(!refused && refused.error().args.join(u' ').contains("half-migrated"));
    }
    const Reply tag = ask(*stack, "rollback", {{"way", "tag-only"}});
    QVERIFY(!tag && tag.error().code == ErrorCode::WayRefused);
    const QDir backups(host.directory + "/backups");
    QCOMPARE(backups.entryList(QDir::Files).size(), 1);
    const QString backup = backups.filePath(backups.entryList(QDir::Files).first());
    const QByteArray kept = contentOf(backup);
    QVERIFY(kept.contains("0002") && !kept.contains("0003"));

    const QStringList whole{"validate", "stop", "pin", "restore", "start", "health", "check"};
    for (const QString &verb : {QStringLiteral("validate"), QStringLiteral("stop"), QStringLiteral("restore"), QStringLiteral("start")}) {
        put(host.directory + "/failing", verb.toUtf8());
        const bool first = verb == whole.first();
        const Reply asked = first ? ask(*stack, "rollback", {{"confirm", QJsonObject{{host.name, host.domain}}}}) : ask(*stack, "retry");
        QVERIFY2(asked, asked ? "" : qPrintable(clauseOf(asked.error())));
        const auto stopped = [&] {
            const HostView shown = hostOf(*stack, host.name);
            return shown.state == HostRunState::RollbackFailed && shown.error.startsWith(verb + u':');
        };
        QVERIFY2(QTest::qWaitFor(stopped, 60'000), qPrintable(nameOf(hostOf(*stack, host.name).state) + u' ' + hostOf(*stack, host.name).error));
        const HostView shown = hostOf(*stack, host.name);
        QVERIFY2(shown.error.contains(verb + " cannot be done here"), qPrintable(shown.error));
        QCOMPARE(shown.steps.last().name, verb);
        QCOMPARE(shown.steps.last().state, QStringLiteral("failed"));
        QVERIFY2(shown.steps.last().command.contains(path("product") + u' ' + verb), qPrintable(shown.steps.last().command));
        QStringList offered;
        for (const StepView &step : shown.backSteps)
            offered.append(step.name);
        QCOMPARE(offered, whole);
        QCOMPARE(verbs(host.directory).last(), verb); // nothing came after it
        QCOMPARE(contentOf(backup), kept);
        QVERIFY(rollout(*stack).state != RolloutLifecycle::RolledBack);
    }
    QVERIFY(QFile::remove(host.directory + "/failing"));
    QVERIFY(ask(*stack, "retry"));
    QVERIFY(ends(*stack, RolloutLifecycle::RolledBack));
    QCOMPARE(contentOf(host.directory + "/version"), QByteArray("1.4.0\n"));
    QCOMPARE(contentOf(host.directory + "/ledger"), kept);
    QCOMPARE(contentOf(backup), kept);
    QCOMPARE(verbs(host.directory), (QStringList{"backup", "stop", "start", "validate", "validate", "stop", "stop", "restore", "restore", "start", "start"}));
    QVERIFY(effects(plan.hosts[1].installation.directory).isEmpty());
}

// [fault 51] While it waits at its gate another folder is given to a host: the rollout goes where its plan says.
void TestRolloutFaults::anEditedInventoryChangesNoRollout()
{
    const Plan plan = planFor(2);
    const auto stack = console(plan);
    QVERIFY(stack && press(*stack, plan, false));
    QVERIFY2(QTest::qWaitFor([&] { return rollout(*stack).pauseReasons == QStringList{"approval-needed"}; }, 60'000), qPrintable(rollout(*stack).pauseText));
    const QString hash = rollout(*stack).planHash, planned = plan.hosts[1].installation.directory;
    QCOMPARE(hash, planHash(plan));
    Installation edited = plan.hosts[1].installation;
    edited.directory = path("elsewhere");
    furnish(edited);
    QVERIFY(askPort(stack->port(), "fleet-import", {{"source", "edit"}, {"installations", QJsonArray{toJson(edited)}}}));
    Installation moved = edited;
    moved.endpoint.address = QStringLiteral("127.0.94.99");
    const Reply refused = askPort(stack->port(), "fleet-import", {{"source", "edit"}, {"installations", QJsonArray{toJson(moved)}}});
    QVERIFY(!refused && refused.error().code == ErrorCode::HostInOtherRollout);
    QVERIFY(ask(*stack, "promote"));
    QVERIFY(ends(*stack, RolloutLifecycle::Succeeded));
    QCOMPARE(rollout(*stack).planHash, hash);
    QCOMPARE(verbs(planned), (QStringList{"backup", "stop", "start"}));
    QCOMPARE(contentOf(planned + "/version"), QByteArray("1.5.0\n"));
    QVERIFY(effects(edited.directory).isEmpty());
    QCOMPARE(contentOf(edited.directory + "/version"), QByteArray("1.4.0\n"));
    QCOMPARE(contentOf(edited.directory + "/.env"), QByteArray("VERSION=1.4.0\n"));
}

void TestRolloutFaults::itsJournalCannotBeWritten_data()
{
    QTest::addColumn<QString>("how");
    QTest::newRow("fault 20: its disk is full") << "full";
    QTest::newRow("fault 21: another program has locked it for a moment") << "locked for a moment";
    QTest::newRow("fault 21: another program has locked it for longer than it waits") << "locked for long";
}

// It is so while a step runs: the step ends, and nothing comes after it before the journal has taken that. A moment is waited
// out; longer than that is shown, and a person lets it go on.
void TestRolloutFaults::itsJournalCannotBeWritten()
{
    QFETCH(QString, how);
    const SmallDisk disk(path("data"), "size=6m,mode=0700");
    if (!disk.isMounted() && how == QLatin1String("full"))
        MISSING("no tmpfs may be mounted here");
    const Plan plan = planFor(1);
    const Installation host = plan.hosts[0].installation;
    put(host.directory + "/wait", {});
    const auto stack = console(plan);
    QVERIFY(stack && press(*stack, plan));
    const QStringList before{"backup", "stop"};
    QVERIFY2(QTest::qWaitFor([&] { return verbs(host.directory) == before; }, 60'000), qPrintable(rollout(*stack).pauseText));

    QProcess other;
    if (how == QLatin1String("full")) {
        fill(path("data/filler"));
    } else {
        other.start(QCoreApplication::applicationFilePath(), {"--lock", path("data/journal.db")});
        QVERIFY(other.waitForReadyRead(20'000));
        QCOMPARE(other.readLine(), QByteArray("held\n"));
    }
    QVERIFY(QFile::remove(host.directory + "/wait")); // the step ends
    const auto shown = [&] { return stack->port().snapshot()->journalState; };
    const bool isLong = how != QLatin1String("locked for a moment");
    if (isLong) {
        QVERIFY2(QTest::qWaitFor([&] { return shown().startsWith("failing: "); }, 60'000), qPrintable(shown()));
        const Reply refused = ask(*stack, "pause", {{"reason", "a test"}});
        QVERIFY(!refused && refused.error().code == ErrorCode::JournalWrite);
    }
    QTest::qWait(1'500);
    QCOMPARE(verbs(host.directory), before);
    QVERIFY2(isLong || shown() == QLatin1String("intact"), qPrintable(shown()));

    if (how == QLatin1String("full")) {
        QVERIFY(QFile::remove(path("data/filler")));
    } else {
        other.closeWriteChannel();
        QVERIFY(other.waitForFinished(20'000));
    }
    if (isLong) {
        QVERIFY2(QTest::qWaitFor([&] { return shown() == QLatin1String("intact") && rollout(*stack).pauseReasons.contains("journal-failure"); }, 60'000), qPrintable(shown()));
        QCOMPARE(verbs(host.directory), before);
        const Reply resumed = ask(*stack, "resume");
        QVERIFY2(resumed, resumed ? "" : qPrintable(clauseOf(resumed.error())));
    }
    QVERIFY(ends(*stack, RolloutLifecycle::Succeeded));
    QCOMPARE(verbs(host.directory), (QStringList{"backup", "stop", "start"}));
    QVERIFY(isLong || std::ranges::none_of(events(), [](const Event &e) { return std::holds_alternative<Paused>(e.body); }));
    const auto reader = JournalReader::open(path("data"));
    QVERIFY(reader && (*reader)->verify() && (*reader)->verify()->intact);
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const QStringList args = app.arguments();
    if (args.value(1) == QLatin1String("--carry-out"))
        return carryOut(args.value(2), args.value(3));
    if (args.value(1) == QLatin1String("--lock"))
        return keepFromOthers(args.value(2));
    TestRolloutFaults test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_rolloutfaults.moc"
