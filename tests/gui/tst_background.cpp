// A console that nobody sits in front of: in the background of a shell it is never stopped by its own questions, and it
// ends when nothing goes on any more.
#include "cliprocess.h"
#include "headless/rolloutfollower.h"
#include "shells.h"
#include "testsshd.h"

#include <QElapsedTimer>
#include <QTest>
#include <csignal>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bellwether;

namespace {

// What is said on a terminal of its own until the shell that runs there has ended.
QByteArray saidInTheBackground(const QStringList &arguments, const QString &data)
{
    // "wait" returns when the job ends, and also when it is stopped
    QList<QByteArray> words{"/bin/bash", "-c", "set -m; \"$@\" & wait $!; echo \"ended=$?\"; kill -9 $! 2>/dev/null", "bash",
                            Cli::program().toUtf8(), "--data", data.toUtf8()};
    for (const QString &word : arguments)
        words.append(word.toUtf8());
    std::vector<char *> argv;
    for (QByteArray &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    int fd = -1;
    const pid_t pid = ::forkpty(&fd, nullptr, nullptr, nullptr);
    if (pid == 0) {
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    QByteArray said;
    QElapsedTimer since;
    since.start();
    while (!said.contains("ended=") && since.elapsed() < 30'000) {
        pollfd one{fd, POLLIN, 0};
        char bytes[4096];
        if (::poll(&one, 1, 50) <= 0)
            continue;
        const ssize_t count = ::read(fd, bytes, sizeof bytes);
        if (count <= 0)
            break;
        said.append(bytes, count);
    }
    if (!said.contains("ended="))
        ::kill(pid, SIGKILL);
    ::close(fd);
    ::waitpid(pid, nullptr, 0);
    return said;
}

HostRun host(const char *name, HostRunState state, bool underWay)
{
    HostRun host;
    host.name = QString::fromLatin1(name);
    host.state = state;
    if (underWay) {
        StepRun step;
        step.phase = StepPhase::Started;
        host.steps.append(step);
    }
    return host;
}

} // namespace

class TestBackground : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void itsQuestionsDoNotStopIt();
    void aRollbackIsFollowedToItsRest_data();
    void aRollbackIsFollowedToItsRest();
};

void TestBackground::itsQuestionsDoNotStopIt()
{
    TestSshd host;
    QVERIFY2(host.isRunning(), qPrintable(host.failure()));
    const QString key = host.folder() + "/locked";
    QCOMPARE(runProcess({"ssh-keygen", "-q", "-t", "ed25519", "-N", "Canary-phrase", "-f", key}).exitStatus, 0);
    QVERIFY(QFile::remove(host.folder() + "/authorized_keys") && QFile::copy(key + ".pub", host.folder() + "/authorized_keys"));
    const Cli cli;
    const QString fleet = cli.write(QStringLiteral("fleet.yaml"), QStringLiteral("hosts:\n  - {name: berlin-1, address: 127.0.0.1, port: %1, identity: %2, product: sample, directory: /tmp, state: %3}\n")
                                                                 .arg(host.port()).arg(key, host.folder() + "/state").toUtf8());
    QCOMPARE(cli.run({"fleet", "import", fleet}).exitCode, 0);
    QCOMPARE(cli.run({"host", "trust", "berlin-1", "--fingerprint", host.fingerprint()}).exitCode, 0);
    const QByteArray checked = saidInTheBackground({"fleet", "check"}, cli.data());
    QVERIFY2(checked.contains("ended=4") || checked.contains("ended=9") || checked.contains("ended=0"), checked.constData()); // 128 and more: stopped
    QVERIFY2(checked.contains("needs the passphrase of") || checked.contains("credential-needed"), checked.constData());
    QVERIFY2(!checked.contains("Passphrase: "), checked.constData());
}

void TestBackground::aRollbackIsFollowedToItsRest_data()
{
    QTest::addColumn<bool>("ordered");
    QTest::addColumn<bool>("rollingBack");
    QTest::addColumn<bool>("underWay");
    QTest::addColumn<QString>("why"); // why nothing is begun
    QTest::addColumn<bool>("rests");
    const auto row = [](const char *name, bool ordered, bool rollingBack, bool underWay, const char *why, bool rests) {
        QTest::newRow(name) << ordered << rollingBack << underWay << QString::fromLatin1(why) << rests;
    };
    row("waits its turn", true, false, false, "", false);
    row("goes back", false, true, true, "", false);
    row("went back", false, false, false, "", true);
    row("everything stopped, before it began", true, false, false, "hold", true);
    row("everything stopped, in a step", true, true, true, "hold", false);
    row("everything stopped, between steps", true, true, false, "hold", true);
    row("nobody carries it on", true, false, false, "interrupted", true);
}

void TestBackground::aRollbackIsFollowedToItsRest()
{
    QFETCH(bool, ordered);
    QFETCH(bool, rollingBack);
    QFETCH(bool, underWay);
    QFETCH(QString, why);
    RolloutState state;
    state.hosts.insert("a", host("a", rollingBack ? HostRunState::RollingBack : ordered ? HostRunState::Failed : HostRunState::RolledBack, underWay));
    state.hosts.insert("b", host("b", HostRunState::Upgraded, false));
    if (ordered)
        state.rollbackOrder.append("a");
    if (why == QLatin1String("hold"))
        state.hold = Hold{"ann", "fire", 1};
    state.interrupted = why == QLatin1String("interrupted");
    QTEST(wentBack(state, {"a"}), "rests");
}

QTEST_GUILESS_MAIN(TestBackground)
#include "tst_background.moc"
