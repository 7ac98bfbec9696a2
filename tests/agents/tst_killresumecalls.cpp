// One rollout of two hosts over real sshd whose console dies between its journal and its hosts: when a call is about to be
// sent, when it has arrived but is not answered, when its answer has come and nobody was told. And one that is stopped in
// the middle, as a laptop that sleeps is.
#include "lives.h"
#include "remote/remoteshell.h"

#include <QProcess>
#include <QTest>
#include <QTimer>
#include <csignal>
#include <unistd.h>

using namespace bellwether;

namespace {

// "start before", "start taken", "start answered": the verb, and where the console dies with the first call of it.
class DyingShell final : public RemoteShell {
public:
    DyingShell(RemoteShell &inner, const QString &point)
        : m_inner(inner)
        , m_verb("\\nset -- " + point.section(u' ', 0, 0).toLatin1() + ' ')
        , m_where(point.section(u' ', 1))
    {}
    void exec(const Endpoint &to, ExecRequest request, std::function<void(Result<ExecResult>)> done) override
    {
        const qsizetype at = request.command.indexOf(m_verb);
        if (at < 0)
            return m_inner.exec(to, std::move(request), std::move(done));
        if (m_where == QLatin1String("before"))
            die();
        if (m_where == QLatin1String("taken")) { // the host has claimed it; its answer finds nobody
            const QByteArray token = request.command.mid(at + m_verb.size()).split(' ').first();
            const QByteArray root = request.command.mid(request.command.indexOf("\\nR=") + 4).split('\\').first();
            const QString claim = QString::fromUtf8(root + "/jobs/" + token + "/sup");
            auto *timer = new QTimer(&m_context);
            QObject::connect(timer, &QTimer::timeout, &m_context, [claim] {
                if (QFile::exists(claim))
                    die();
            });
            timer->start(1);
            return m_inner.exec(to, std::move(request), [](const Result<ExecResult> &) {});
        }
        const bool atItsEnd = m_verb.contains("poll");
        m_inner.exec(to, std::move(request), [atItsEnd, done = std::move(done)](const Result<ExecResult> &result) {
            if (result && (!atItsEnd || result->out.contains("state=done")))
                die();
            done(result);
        });
    }
    void httpGet(const Endpoint &to, HttpRequest request, std::function<void(Result<HttpResult>)> done) override { m_inner.httpGet(to, std::move(request), std::move(done)); }
    void scanKey(const Endpoint &to, std::function<void(Result<HostKey>)> done) override { m_inner.scanKey(to, std::move(done)); }
    void closeAll() override { m_inner.closeAll(); }
    int openSessions() const override { return m_inner.openSessions(); }

private:
    static void die() { kill(getpid(), SIGKILL); }
    RemoteShell &m_inner;
    const QByteArray m_verb;
    const QString m_where;
    QObject m_context;
};

} // namespace

class TestKillResumeCalls : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void diesBetweenJournalAndHost();
    void sleepsInTheMiddle();
};

void TestKillResumeCalls::diesBetweenJournalAndHost() // [N-07] [fault 8, 9, 10]
{
    LivesWorld world;
    const QString missing = world.prepare();
    QVERIFY2(missing.isEmpty(), qPrintable(missing));
    // Twice through all of them; the last life is left alone.
    const QStringList points{
        QStringLiteral("start before"),   // [fault 8] intended, and the host knows nothing
        QStringLiteral("start taken"),    // [fault 9] it runs, and no answer came
        QStringLiteral("start answered"), // [fault 9] it runs, and `started` was not written
        QStringLiteral("poll answered"),  // [fault 10] its result has been read and not written
        QStringLiteral("ack before"),     // written, and the host was not told so
        QStringLiteral("ack answered"),
    };
    QStringList died;
    for (const QString &point : points + points + QStringList{QString()}) {
        QProcess console;
        console.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        console.start(QCoreApplication::applicationFilePath(), world.console(point.isEmpty() ? QStringList() : QStringList{point}));
        QVERIFY(console.waitForFinished(90'000));
        if (console.exitStatus() == QProcess::CrashExit)
            died.append(point);
        else
            QVERIFY2(console.exitCode() == 0 && point.isEmpty(), qPrintable(QStringLiteral("%1: exit %2").arg(point).arg(console.exitCode())));
    }
    QCOMPARE(died, points + points);
    QCOMPARE(world.problem(), QString());
}

void TestKillResumeCalls::sleepsInTheMiddle() // [fault 11]
{
    LivesWorld world;
    const QString missing = world.prepare(true);
    QVERIFY2(missing.isEmpty(), qPrintable(missing));
    QProcess console;
    console.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    console.start(QCoreApplication::applicationFilePath(), world.console({QStringLiteral("sleep")}));
    QVERIFY(console.waitForStarted());
    // A host is in the middle of its upgrade: its console stops, and the network forgets its connections.
    const auto begun = [&] {
        QFile effects(world.effectsFile(0));
        return effects.open(QIODevice::ReadOnly) && effects.readAll().contains("pull 1.4.1");
    };
    QVERIFY(QTest::qWaitFor(begun, 60'000));
    const auto pid = static_cast<pid_t>(console.processId());
    ::kill(pid, SIGSTOP);
    QList<int> before;
    for (const auto &proxy : world.proxies()) {
        before.append(proxy->accepted());
        proxy->resetAll();
    }
    QTest::qWait(3'500);
    ::kill(pid, SIGCONT);
    QVERIFY(console.waitForFinished(90'000));
    QCOMPARE(console.exitStatus(), QProcess::NormalExit);
    QCOMPARE(console.exitCode(), 0);
    QCOMPARE(world.problem(), QString());
    for (size_t i = 0; i < world.proxies().size(); ++i) // every session was made anew, and once
        QVERIFY2(world.proxies()[i]->accepted() > before.at(int(i)) && world.proxies()[i]->accepted() <= before.at(int(i)) + 3, QByteArray::number(world.proxies()[i]->accepted()).constData());
    // Nothing was taken for overdue, lost or in doubt, and the leases are those of before.
    int leases = 0, lives = 0;
    for (const Event &e : world.events()) {
        const QString name = eventName(e.body);
        QVERIFY2(name != QLatin1String("Paused") && name != QLatin1String("LeaseRefused"), qPrintable(name));
        leases += name == QLatin1String("LeaseTaken");
        lives += name == QLatin1String("ConsoleStarted");
        if (const auto *end = std::get_if<StepEnded>(&e.body))
            QVERIFY2(end->outcome == StepOutcome::Done || end->outcome == StepOutcome::Already, qPrintable(end->reason));
    }
    QCOMPARE(leases, 2);
    QCOMPARE(lives, 2); // the one that planned, and this one
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const QStringList args = app.arguments();
    if (args.value(1) == QLatin1String("--console")) {
        ConsoleStack::Between between;
        if (args.value(4) == QLatin1String("sleep"))
            between.sleep = {2'000, 2'000};
        else if (!args.value(4).isEmpty())
            between.shell = [point = args.value(4)](RemoteShell &inner) { return std::make_unique<DyingShell>(inner, point); };
        return liveOn(args.value(2), args.value(3), between);
    }
    TestKillResumeCalls test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_killresumecalls.moc"
