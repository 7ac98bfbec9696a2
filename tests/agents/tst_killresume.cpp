// One rollout of two hosts over real sshd whose console is killed with SIGKILL right after each of its events in turn.
// Every life is a process of its own on the same data folder; it dies at the first event that brings the rollout on.
#include "journal/journal.h"
#include "lives.h"

#include <QJsonDocument>
#include <QProcess>
#include <QTest>
#include <csignal>
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

} // namespace

class TestKillResume : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void endsTheSameWithEachStepOnce();
};

void TestKillResume::endsTheSameWithEachStepOnce() // [N-07] [fault 7]
{
    LivesWorld world;
    const QString missing = world.prepare();
    QVERIFY2(missing.isEmpty(), qPrintable(missing));
    int lives = 0, code = -1;
    while (lives < 300 && code != 0) {
        QProcess console;
        console.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        console.start(QCoreApplication::applicationFilePath(), world.console());
        QVERIFY(console.waitForFinished(90'000));
        ++lives;
        if (console.exitStatus() == QProcess::CrashExit)
            continue; // killed, as meant
        code = console.exitCode();
        if (code != 0) { // what the journal says of it
            for (const Event &e : world.events())
                qWarning("%lld %s %s", static_cast<long long>(e.seq), qPrintable(eventName(e.body)),
                         QJsonDocument(eventBodyToJson(e.body)).toJson(QJsonDocument::Compact).left(300).constData());
        }
        QCOMPARE(code, 0);
    }
    QVERIFY2(lives > 30, qPrintable(QString::number(lives)));
    QCOMPARE(world.problem(), QString());
    qInfo("%d lives of the console, %lld events", lives, static_cast<long long>(world.events().size()));
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const QStringList args = app.arguments();
    if (args.value(1) == QLatin1String("--console"))
        return liveOn(args.value(2), args.value(3), {[](JournalWriterPort &inner) { return std::make_unique<DyingJournal>(inner); }, {}, {}});
    TestKillResume test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_killresume.moc"
