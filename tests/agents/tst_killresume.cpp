// One rollout of two hosts over real sshd whose console is killed with SIGKILL right after each of its events in turn.
// Every life is a process of its own on the same data folder; it dies at the first event that brings the rollout on.
#include "demo/demofleet.h"
#include "engine/consolestack.h"
#include "engine/runtime.h"
#include "journal/journal.h"
#include "plan/planner.h"
#include "rollout/workspace.h"

#include <QJsonDocument>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <csignal>
#include <future>
#include <unistd.h>

using namespace bellwether;

namespace {

// What every life writes before it gets anywhere; dying at these too would never end.
bool bringsItOn(const EventBody &body)
{
    static const QStringList others{QStringLiteral("ConsoleStarted"), QStringLiteral("RolloutResumed"), QStringLiteral("LeaseTaken"), QStringLiteral("ConnectionChanged"),
                                    QStringLiteral("StepReconciled"), QStringLiteral("HealthObserved"), QStringLiteral("GateAssessed"), QStringLiteral("FleetImported"), QStringLiteral("HostTrusted")};
    return !others.contains(eventName(body));
}

class DyingJournal final : public JournalWriterPort {
public:
    explicit DyingJournal(JournalWriterPort &inner)
        : m_inner(inner)
    {}
    void append(QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done) override
    {
        m_inner.append(std::move(events), [done = std::move(done)](Result<QList<Event>> result) {
            if (result)
                for (const Event &e : *result)
                    if (e.rollout > 0 && bringsItOn(e.body))
                        kill(getpid(), SIGKILL); // committed, and nobody was told
            done(std::move(result));
        });
    }

private:
    JournalWriterPort &m_inner;
};

Reply ask(ConsolePort &port, const QString &verb, const QJsonObject &args)
{
    std::promise<Reply> promise;
    port.request(Request{verb, args, QStringLiteral("tester")}, [&promise](Reply reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get();
}

// One life of a console. Exit codes: 0 the rollout ended, 2 something was refused, 3 it rested without ending.
int live(const QString &dataFolder, const QString &planFile)
{
    auto stack = ConsoleStack::open(dataFolder, [](JournalWriterPort &inner) { return std::make_unique<DyingJournal>(inner); });
    if (!stack) {
        qWarning("%s", qPrintable(clauseOf(stack.error())));
        return 2;
    }
    ConsolePort &port = (*stack)->port();
    Reply reply = QJsonObject{};
    const auto snapshot = port.snapshot();
    if (snapshot->rollouts.isEmpty()) {
        QFile file(planFile);
        if (!file.open(QIODevice::ReadOnly))
            return 2;
        reply = ask(port, QStringLiteral("run"), {{QStringLiteral("plan"), QString::fromUtf8(file.readAll())}, {QStringLiteral("auto_promote"), true},
                                                  {QStringLiteral("acknowledge_notes"), true}, {QStringLiteral("bake_scale"), 0.001}});
    } else if (snapshot->rollouts.first()->interrupted) {
        reply = ask(port, QStringLiteral("resume"), {{QStringLiteral("rollout"), 1}});
    }
    if (!reply) {
        qWarning("%s", qPrintable(clauseOf(reply.error())));
        return 2;
    }
    for (int i = 0; i < 600; ++i) {
        const auto now = port.snapshot();
        if (!now->rollouts.isEmpty() && now->rollouts.first()->state != RolloutLifecycle::Running && !now->rollouts.first()->interrupted) {
            const RolloutSnapshot &r = *now->rollouts.first();
            if (r.state == RolloutLifecycle::Succeeded)
                return 0;
            qWarning("%s: %s", qPrintable(nameOf(r.state)), qPrintable(r.pauseText));
            return 3;
        }
        QThread::msleep(100);
    }
    return 3;
}

} // namespace

class TestKillResume : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void endsTheSameWithEachStepOnce();
};

void TestKillResume::endsTheSameWithEachStepOnce() // [N-07] [fault 7]
{
    QTemporaryDir data;
    DemoFleet fleet(data.path());
    DemoFleet::Options options;
    options.hosts = 2;
    options.network = QStringLiteral("127.0.77");
    options.sample = QStringLiteral(BELLWETHER_BINARY_DIR "/bin/bellwether-sample");
    const auto hosts = fleet.up(options);
    QVERIFY2(hosts.has_value(), hosts ? "" : qPrintable(clauseOf(hosts.error())));
    const auto down = qScopeGuard([&] { fleet.down(); });

    const Library library = loadShippedLibrary().value();
    PlanRequest request;
    request.profile = &*library.profiles.constFind(QStringLiteral("sample"));
    request.catalogue = &*library.catalogues.constFind(QStringLiteral("sample"));
    request.strategy = library.strategies[QStringLiteral("demo")];
    request.to = Version::parse(QStringLiteral("1.4.1")).value();
    request.author = QStringLiteral("tester");
    QJsonArray installations;
    {
        auto stack = ConsoleStack::open(data.path());
        QVERIFY(stack.has_value());
        ConsolePort &port = (*stack)->port();
        for (const DemoFleet::Host &h : *hosts) {
            Installation i = h.installation;
            i.labels.remove(QStringLiteral("critical"));
            installations.append(toJson(i));
        }
        QVERIFY(ask(port, QStringLiteral("fleet-import"), {{QStringLiteral("source"), QStringLiteral("test")}, {QStringLiteral("installations"), installations}}).has_value());
        for (const DemoFleet::Host &h : *hosts)
            QVERIFY(ask(port, QStringLiteral("trust"), {{QStringLiteral("host"), h.installation.name}, {QStringLiteral("fingerprint"), h.fingerprint}, {QStringLiteral("key_type"), h.keyType}}).has_value());
        const Reply checked = ask(port, QStringLiteral("check"), {});
        QVERIFY(checked.has_value());
        const auto snapshot = port.snapshot();
        for (const FleetRow &row : snapshot->fleet) {
            QVERIFY2(row.facts.reachable, qPrintable(row.facts.error + row.facts.errorArgs.join(QLatin1Char(' '))));
            QVERIFY2(row.facts.problems.isEmpty(), qPrintable(row.facts.problems.join(QLatin1Char('\n'))));
            request.hosts.append(row.installation);
            request.facts.insert(row.installation.name, row.facts);
        }
    }
    const Plan plan = makePlan(request);
    QVERIFY2(plan.isAccepted(), qPrintable(plan.findings.value(0).message));
    QFile file(data.filePath(QStringLiteral("plan.yaml")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(writePlan(plan));
    file.close();

    int lives = 0, code = -1;
    while (lives < 300 && code != 0) {
        QProcess console;
        console.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        console.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--console"), data.path(), file.fileName()});
        QVERIFY(console.waitForFinished(90'000));
        ++lives;
        if (console.exitStatus() == QProcess::CrashExit)
            continue; // killed, as meant
        code = console.exitCode();
        if (code != 0) { // what the journal says of it
            const auto journal = JournalReader::open(data.path());
            const auto events = (*journal)->read();
            for (const Event &e : *events)
                qWarning("%lld %s %s", static_cast<long long>(e.seq), qPrintable(eventName(e.body)),
                         QJsonDocument(eventBodyToJson(e.body)).toJson(QJsonDocument::Compact).left(300).constData());
        }
        QCOMPARE(code, 0);
    }
    QVERIFY2(lives > 30, qPrintable(QString::number(lives)));

    const auto reader = JournalReader::open(data.path());
    QVERIFY(reader.has_value());
    QVERIFY((*reader)->verify()->intact);
    Workspace workspace;
    const auto all = (*reader)->read();
    for (const Event &e : *all)
        apply(workspace, e);
    const RolloutState &r = workspace.rollouts[1];
    QCOMPARE(nameOf(r.lifecycle), QStringLiteral("succeeded"));
    for (const HostRun &h : r.hosts) {
        QCOMPARE(nameOf(h.state), QStringLiteral("upgraded"));
        QFile effects(plan.host(h.name)->installation.directory + QStringLiteral("/effects.log"));
        QVERIFY(effects.open(QIODevice::ReadOnly));
        QMap<QString, int> count;
        const QStringList lines = QString::fromUtf8(effects.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        for (const QString &line : lines)
            ++count[line];
        for (const char *verb : {"backup ", "pull 1.4.1", "stop", "start 1.4.1"}) {
            int executed = 0;
            for (auto it = count.cbegin(); it != count.cend(); ++it)
                executed += it.key().contains(QLatin1String(verb)) ? it.value() : 0;
            QVERIFY2(executed == 1, qPrintable(QStringLiteral("%1: %2 was carried out %3 times\n%4").arg(h.name, QLatin1String(verb)).arg(executed).arg(lines.join(QLatin1Char('\n')))));
        }
    }
    for (const DemoFleet::Host &h : fleet.status())
        QCOMPARE(h.running, QStringLiteral("1.4.1"));
    qInfo("%d lives of the console, %lld events", lives, static_cast<long long>(workspace.lastSeq));
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const QStringList args = app.arguments();
    if (args.value(1) == QLatin1String("--console"))
        return live(args.value(2), args.value(3));
    TestKillResume test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_killresume.moc"
