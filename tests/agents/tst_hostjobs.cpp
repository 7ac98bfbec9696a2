// The host-run protocol over a real sshd: one effect per token whatever breaks, leases with one winner, bytes exact.
// The bugs met by its first prototype are rows here.
#include "await.h"
#include "remote/hostjobs.h"
#include "remote/hostscripts.h"
#include "shells.h"
#include "ssh/sshpool.h"
#include "testsshd.h"

#include <QDir>
#include <QElapsedTimer>
#include <QRegularExpression>

#include <csignal>
#include <sys/wait.h>

using namespace bellwether;

namespace {
const QString owner = QStringLiteral("ws-0123456789abcdef");
const QString stranger = QStringLiteral("ws-stranger");

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}
} // namespace

class TestHostJobs : public QObject {
    Q_OBJECT
    std::unique_ptr<TestSshd> m_sshd;
    TestTrust m_trust;
    std::unique_ptr<SshPool> m_pool;
    std::unique_ptr<HostJobs> m_jobs;
    std::unique_ptr<QTemporaryDir> m_state;

    HostJobs::Host host() const { return {m_sshd->endpoint(), m_state->path()}; }
    QString jobFile(const QString &token, const char *name) const
    {
        return m_state->path() + QStringLiteral("/v1/jobs/") + token + u'/' + QLatin1String(name);
    }
    qint64 supervisor(const QString &token) const { return contentOf(jobFile(token, "sup")).split(' ').value(0).toLongLong(); }
    QByteArray effects() const { return contentOf(m_state->filePath("effects")); }
    QByteArray effect(const QByteArray &word) const { return "echo " + word + " >>" + m_state->filePath("effects").toUtf8() + "\n"; }

    Result<Lease> lock(const QString &who = owner, int ttlS = 150)
    {
        Awaited<Result<Lease>> answer;
        m_jobs->lock(host(), who, ttlS, answer.callback());
        return answer.wait() ? *answer : Result<Lease>(fail(ErrorCode::Interrupted));
    }
    Result<JobState> start(const QString &token, const QByteArray &script, qint64 epoch = 1, int timeoutS = 0, const QString &who = owner)
    {
        Awaited<Result<JobState>> answer;
        m_jobs->start(host(), token, epoch, who, timeoutS, script, answer.callback());
        return answer.wait() ? *answer : Result<JobState>(fail(ErrorCode::Interrupted));
    }
    Result<JobPoll> poll(const QString &token, qint64 out = 0, qint64 err = 0, int waitS = 0, int maxBytes = 65536)
    {
        Awaited<Result<JobPoll>> answer;
        m_jobs->poll(host(), token, out, err, maxBytes, waitS, answer.callback());
        return answer.wait(60'000) ? *answer : Result<JobPoll>(fail(ErrorCode::Interrupted));
    }
    Status cancel(const QString &token, qint64 epoch = 1)
    {
        Awaited<Status> answer;
        m_jobs->cancel(host(), token, epoch, owner, answer.callback());
        return answer.wait() ? *answer : Status(fail(ErrorCode::Interrupted));
    }
    JobPoll finished(const QString &token)
    {
        JobPoll last;
        for (int i = 0; i < 30; ++i) { // waits on the host for news
            const auto answer = poll(token, last.outSize, last.errSize, 10);
            if (!answer) {
                qWarning("%s", why(answer.error()).constData());
                break;
            }
            last = *answer;
            if (last.state == JobState::Done || last.state == JobState::Lost)
                return *poll(token);
        }
        return last;
    }
    static QByteArray why(const Error &error) { return QByteArray(errorKey(error.code)) + ": " + error.args.join(u'|').toUtf8(); }

#define FAILS(expression, key)                                                                            \
    do {                                                                                                  \
        const auto outcome = (expression);                                                                \
        QVERIFY(!outcome);                                                                                \
        QVERIFY2(QByteArray(errorKey(outcome.error().code)) == (key), why(outcome.error()).constData());  \
    } while (false)
#define WORKS(expression)                                                                                 \
    do {                                                                                                  \
        const auto outcome = (expression);                                                                \
        QVERIFY2(outcome, outcome ? "" : why(outcome.error()).constData());                               \
    } while (false)

private Q_SLOTS:
    void initTestCase()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_sshd = std::make_unique<TestSshd>();
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
        m_trust.trust(m_sshd->endpoint().machine(), m_sshd->fingerprint());
    }
    void init()
    {
        m_state = std::make_unique<QTemporaryDir>();
        m_pool = std::make_unique<SshPool>(m_trust, this);
        m_jobs = std::make_unique<HostJobs>(*m_pool);
    }
    void cleanup()
    {
        // Whatever a test left running is ended by its own process id.
        const QDir jobs(m_state->path() + QStringLiteral("/v1/jobs"));
        for (const QString &token : jobs.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
            for (const char *name : {"sup", "step"}) {
                const auto words = contentOf(jobFile(token, name)).split(' ');
                const auto pid = words.value(0).toLongLong();
                const QByteArray stat = contentOf(QStringLiteral("/proc/%1/stat").arg(pid));
                if (pid > 1 && stat.mid(stat.lastIndexOf(')') + 2).split(' ').value(19) == words.value(1))
                    ::kill(name[1] == 't' ? static_cast<pid_t>(-pid) : static_cast<pid_t>(pid), SIGKILL);
            }
        }
        m_jobs.reset();
        m_pool.reset();
        m_state.reset();
    }
    void cleanupTestCase() { m_sshd.reset(); }

    void aStepFromBeginningToEnd()
    {
        const auto lease = lock();
        WORKS(lease);
        QCOMPARE(lease->epoch, 1);
        QVERIFY(lease->held && lease->takenFrom.isEmpty());
        const auto none = poll("r1.h1.0.0.1");
        WORKS(none);
        QVERIFY(none->state == JobState::Absent);
        const auto begun = start("r1.h1.0.0.1", "printf 'a\\000\\377\\033[2J'; echo err >&2; exit 3\n" + effect("one"));
        WORKS(begun);
        const JobPoll end = finished("r1.h1.0.0.1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 3);
        QCOMPARE(end.why, QString("exit"));
        QCOMPARE(end.out, QByteArray("a\0\xff\x1b[2J", 7));
        QCOMPARE(end.err, QByteArray("err\n"));
        QCOMPARE(effects(), QByteArray());
        Awaited<Status> acknowledged;
        m_jobs->acknowledge(host(), "r1.h1.0.0.1", acknowledged.callback());
        QVERIFY(acknowledged.wait());
        WORKS(*acknowledged);
        QVERIFY(QFile::exists(jobFile("r1.h1.0.0.1", "ack")));
    }
    void aBrokenConnectionDoesNotBreakTheStep()
    {
        WORKS(lock());
        WORKS(start("r1.h1.0.0.1", effect("begun") + "i=0; while [ $i -lt 10 ]; do echo line $i; sleep 0.3; i=$((i+1)); done\n" + effect("ended")));
        const auto first = poll("r1.h1.0.0.1", 0, 0, 5);
        WORKS(first);
        QVERIFY(first->state == JobState::Running && !first->out.isEmpty());
        QVERIFY(first->heartbeatAgeS <= 3);
        m_sshd->cutConnections();
        QTest::qWait(100);
        const auto lost = poll("r1.h1.0.0.1"); // either way, the next one connects anew
        Q_UNUSED(lost);
        const auto again = start("r1.h1.0.0.1", effect("begun") + "i=0; while [ $i -lt 10 ]; do echo line $i; sleep 0.3; i=$((i+1)); done\n" + effect("ended"));
        WORKS(again);
        QVERIFY(*again == JobState::Running);
        QByteArray out = first->out;
        for (int i = 0; i < 40; ++i) {
            const auto more = poll("r1.h1.0.0.1", out.size(), 0, 5);
            WORKS(more);
            out += more->out;
            if (more->state == JobState::Done && out.size() == more->outSize)
                break;
        }
        QByteArray all;
        for (int i = 0; i < 10; ++i)
            all += "line " + QByteArray::number(i) + '\n';
        QCOMPARE(out, all);
        QCOMPARE(effects(), QByteArray("begun\nended\n"));
    }
    void aHundredStartsAreFiveEffects()
    {
        WORKS(lock());
        for (int token = 0; token < 5; ++token) {
            const QString name = QStringLiteral("r1.h1.0.%1.1").arg(token);
            QList<Awaited<Result<JobState>>> answers;
            for (int i = 0; i < 20; ++i) {
                Awaited<Result<JobState>> answer;
                m_jobs->start(host(), name, 1, owner, 0, effect("t" + QByteArray::number(token)), answer.callback());
                answers << answer;
            }
            for (const auto &answer : answers) {
                QVERIFY(answer.wait(60'000));
                WORKS(*answer);
                QVERIFY(**answer == JobState::Running || **answer == JobState::Done);
            }
            QVERIFY(finished(name).state == JobState::Done);
            QVERIFY(QTest::qWaitFor([&] { // its supervisor has left the slot
                Awaited<Result<HostIdentity>> who;
                m_jobs->who(host(), who.callback());
                return who.wait() && who->has_value() && (*who)->job.isEmpty();
            }));
        }
        QCOMPARE(effects(), QByteArray("t0\nt1\nt2\nt3\nt4\n"));
    }
    void fiveTokensAtOnceRunOneByOne()
    {
        WORKS(lock());
        QList<Awaited<Result<JobState>>> answers;
        for (int i = 0; i < 40; ++i) {
            Awaited<Result<JobState>> answer;
            m_jobs->start(host(), QStringLiteral("t%1").arg(i % 5), 1, owner, 0,
                          "echo in >>" + m_state->filePath("trace").toUtf8() + "; sleep 1; echo out >>" + m_state->filePath("trace").toUtf8() + "\n",
                          answer.callback());
            answers << answer;
        }
        int busy = 0;
        for (const auto &answer : answers) {
            QVERIFY(answer.wait(60'000));
            if (!answer->has_value()) {
                QCOMPARE(QByteArray(errorKey(answer->error().code)), QByteArray("host-busy"));
                ++busy;
            }
        }
        QVERIFY(busy > 0);
        QTest::qWait(1'500);
        QByteArray expected;
        for (int i = contentOf(m_state->filePath("trace")).count("in"); i > 0; --i)
            expected += "in\nout\n";
        QCOMPARE(contentOf(m_state->filePath("trace")), expected); // never two at a time
    }
    void tenThievesOneWinner()
    {
        WORKS(lock(stranger, 1));
        QTest::qWait(2'300); // the host's clock counts whole seconds
        QList<Awaited<Result<Lease>>> answers;
        for (int i = 0; i < 10; ++i) {
            Awaited<Result<Lease>> answer;
            m_jobs->lock(host(), QStringLiteral("thief-%1").arg(i), 150, answer.callback());
            answers << answer;
        }
        QStringList winners, named;
        for (int i = 0; i < answers.size(); ++i) {
            QVERIFY(answers[i].wait());
            if (answers[i]->has_value()) {
                winners << QStringLiteral("thief-%1").arg(i);
                QCOMPARE((*answers[i])->epoch, 2);
                QCOMPARE((*answers[i])->takenFrom, stranger); // whose it was
            } else {
                QCOMPARE(QByteArray(errorKey(answers[i]->error().code)), QByteArray("host-locked"));
                named << answers[i]->error().args.at(1);
            }
        }
        QCOMPARE(winners.size(), 1);
        named.removeDuplicates();
        QCOMPARE(named, winners); // every loser was told who
    }
    void leases()
    {
        WORKS(lock());
        const auto other = lock(stranger);
        FAILS(other, "host-locked");
        QCOMPARE(other.error().args.at(1), owner);
        QVERIFY(other.error().args.at(2).toInt() > 100 && other.error().args.at(2).toInt() <= 150);
        const auto again = lock(); // a restarted console re-enters
        WORKS(again);
        QCOMPARE(again->epoch, 1);
        const auto renew = [&](qint64 epoch, const QString &who) {
            Awaited<Status> answer;
            m_jobs->renew(host(), epoch, who, 150, answer.callback());
            return answer.wait() ? *answer : Status(fail(ErrorCode::Interrupted));
        };
        WORKS(renew(1, owner));
        FAILS(renew(2, owner), "host-fenced");
        FAILS(renew(1, stranger), "host-fenced");
        FAILS(start("t1", effect("no"), 2), "host-fenced");
        FAILS(start("t1", effect("no"), 1, 0, stranger), "host-fenced");
        Awaited<Status> unlocked;
        m_jobs->unlock(host(), 1, owner, unlocked.callback());
        QVERIFY(unlocked.wait());
        WORKS(*unlocked);
        FAILS(start("t1", effect("no"), 1), "host-fenced");
        const auto taken = lock(stranger);
        WORKS(taken);
        QCOMPARE(taken->epoch, 2);
        QCOMPARE(taken->takenFrom, QString()); // it had been given back
        FAILS(renew(1, owner), "host-fenced");
        FAILS(cancel("t1", 1), "host-fenced");
        QCOMPARE(effects(), QByteArray());
    }
    void aStaleLeaseWithALivingStepIsNotTaken()
    {
        WORKS(lock(owner, 1));
        WORKS(start("t1", "sleep 30\n"));
        QTest::qWait(2'300);
        const auto thief = lock(stranger);
        FAILS(thief, "host-busy");
        QVERIFY2(thief.error().args.at(1).contains("t1") && thief.error().args.at(1).contains(owner), why(thief.error()).constData());
        WORKS(lock()); // its owner may come back
    }
    void aTruncatedScriptIsRefused()
    {
        WORKS(lock());
        ExecRequest request;
        request.command = *helperCommand({"start", "t1", "1", owner, "0", QString(64, u'a')}, m_state->path());
        request.input = effect("half");
        Awaited<Result<ExecResult>> answer;
        m_pool->exec(m_sshd->endpoint(), request, answer.callback());
        QVERIFY(answer.wait() && answer->has_value());
        QVERIFY((*answer)->out.contains("bwr err=sha"));
        const auto state = poll("t1");
        WORKS(state);
        QVERIFY(state->state == JobState::Unstarted);
        WORKS(start("t1", effect("whole")));
        QVERIFY(finished("t1").state == JobState::Done);
        QCOMPARE(effects(), QByteArray("whole\n"));
        FAILS(start("t1", effect("another script")), "internal"); // the same token never means two things
    }
    void aKilledSupervisorIsLostAndNeverRunAgain()
    {
        WORKS(lock());
        WORKS(start("t1", effect("one") + "sleep 30\n"));
        QVERIFY(QTest::qWaitFor([&] { return !effects().isEmpty() && QFile::exists(jobFile("t1", "step")); }));
        const qint64 pid = supervisor("t1");
        QVERIFY(pid > 1);
        ::kill(static_cast<pid_t>(pid), SIGKILL);
        QTest::qWait(200);
        const auto lost = poll("t1");
        WORKS(lost);
        QVERIFY(lost->state == JobState::Lost); // also while the killed process is a zombie
        const auto again = start("t1", effect("one") + "sleep 30\n");
        WORKS(again);
        QVERIFY(*again == JobState::Lost);
        FAILS(start("t2", effect("two")), "host-busy"); // the orphan still runs
        WORKS(cancel("t1"));
        QVERIFY(QTest::qWaitFor([&] { return start("t2", effect("two")).has_value(); }, 15'000));
        QVERIFY(finished("t2").state == JobState::Done);
        QCOMPARE(effects(), QByteArray("one\ntwo\n"));
    }
    void aRebootMakesARunningStepLost()
    {
        WORKS(lock());
        WORKS(start("t1", "sleep 30\n"));
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(jobFile("t1", "step")); }));
        auto words = contentOf(jobFile("t1", "sup")).split(' ');
        const auto pid = words.at(0).toLongLong();
        words[2] = "another-boot";
        QFile sup(jobFile("t1", "sup"));
        QVERIFY(sup.open(QIODevice::WriteOnly | QIODevice::Truncate));
        sup.write(words.join(' '));
        sup.close();
        const auto state = poll("t1");
        WORKS(state);
        QVERIFY(state->state == JobState::Lost);
        ::kill(static_cast<pid_t>(pid), SIGKILL);
    }
    void oneStepPerHost()
    {
        WORKS(lock());
        WORKS(start("t1", "sleep 30\n"));
        const auto second = start("t2", effect("two"));
        FAILS(second, "host-busy");
        QVERIFY(second.error().args.at(1).startsWith("t1 "));
        QVERIFY(poll("t2")->state == JobState::Unstarted);
        WORKS(cancel("t1"));
        const JobPoll end = finished("t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 143);
        QCOMPARE(end.why, QString("cancel"));
        QVERIFY(QTest::qWaitFor([&] { return start("t2", effect("two")).has_value(); }));
        QVERIFY(finished("t2").state == JobState::Done);
        QCOMPARE(effects(), QByteArray("two\n"));
    }
    void deadlinesHoldOnTheHost()
    {
        WORKS(lock());
        WORKS(start("t1", "trap '' TERM; echo deaf; while :; do sleep 1; done\n", 1, 2));
        const JobPoll end = finished("t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 137);
        QCOMPARE(end.why, QString("timeout"));
        QVERIFY2(end.durationS >= 11 && end.durationS <= 20, QByteArray::number(end.durationS).constData());
    }
    void cancelledBeforeItBeganHasNoEffect()
    {
        WORKS(lock());
        QVERIFY(QDir().mkpath(m_state->path() + "/v1/jobs/t1"));
        WORKS(cancel("t1"));
        WORKS(start("t1", effect("no")));
        const JobPoll end = finished("t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.why, QString("cancel"));
        QCOMPARE(end.exitStatus, 143);
        QCOMPARE(effects(), QByteArray());
    }
    void aDaemonLeftBehindHoldsNothing()
    {
        WORKS(lock());
        WORKS(start("t1", "sleep 25 & echo up\n"));
        QElapsedTimer since;
        since.start();
        QCOMPARE(finished("t1").exitStatus, 0);
        QVERIFY(since.elapsed() < 8'000);
        QVERIFY(QTest::qWaitFor([&] { return start("t2", "true\n").has_value(); }));
    }
    void windowsIntoLongOutput()
    {
        WORKS(lock());
        WORKS(start("t1", "seq 1 200000; seq 1 10 >&2\n"));
        QVERIFY(finished("t1").state == JobState::Done);
        QByteArray all;
        for (int i = 1; i <= 200000; ++i)
            all += QByteArray::number(i) + '\n';
        const auto window = poll("t1", 1'000'000, 5, 0, 1000);
        WORKS(window);
        QCOMPARE(window->outSize, all.size());
        QCOMPARE(window->out, all.mid(1'000'000, 1000));
        QCOMPARE(window->err, QByteArray("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n").mid(5));
        const auto past = poll("t1", all.size() + 5, 0, 0, 1000);
        WORKS(past);
        QCOMPARE(past->out, QByteArray());
    }
    void longPollAnswersWhenThereIsNews()
    {
        WORKS(lock());
        WORKS(start("t1", "sleep 1.5; echo news; sleep 30\n"));
        QElapsedTimer since;
        since.start();
        const auto news = poll("t1", 0, 0, 20);
        WORKS(news);
        QCOMPARE(news->out, QByteArray("news\n"));
        QVERIFY(since.elapsed() < 8'000);
        since.restart();
        const auto quiet = poll("t1", 5, 0, 2);
        WORKS(quiet);
        QVERIFY(quiet->state == JobState::Running && quiet->out.isEmpty());
        QVERIFY(since.elapsed() >= 900);
    }
    void secretsTravelInAFileThatIsGone()
    {
        WORKS(lock());
        ExecRequest request;
        request.command = *helperCommand({"env", "t1", "1", owner}, m_state->path());
        request.input = "TOKEN=s3cr3t-value\nBAD NAME=x\n2=y\nQ='$(id)'\n";
        Awaited<Result<ExecResult>> answer;
        m_pool->exec(m_sshd->endpoint(), request, answer.callback());
        QVERIFY(answer.wait() && (*answer)->out.contains("bwr ok"));
        QCOMPARE(QFile::permissions(jobFile("t1", "env")) & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
        WORKS(start("t1", "echo \"$TOKEN $Q\"\n"));
        QCOMPARE(finished("t1").out, QByteArray("s3cr3t-value '$(id)'\n"));
        QVERIFY(!QFile::exists(jobFile("t1", "env")));
    }
    void namesThatAreNoTokens_data()
    {
        QTest::addColumn<QString>("token");
        for (const char *token : {"../../x", "a;id", "", ".hidden", "-rf", "a b", "a/b", "$(id)", "a\nb", "*"})
            QTest::newRow(token) << token;
    }
    void namesThatAreNoTokens()
    {
        QFETCH(QString, token);
        WORKS(lock());
        FAILS(start(token, effect("no")), "internal");
        FAILS(poll(token), "internal");
        QCOMPARE(effects(), QByteArray());
        QCOMPARE(QDir(m_state->path() + "/v1/jobs").entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList());
    }
    void stateFoldersThatCannotBeUsed()
    {
        QFile file(m_state->filePath("file"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        HostJobs::Host odd{m_sshd->endpoint(), m_state->filePath("file")};
        Awaited<Result<Lease>> answer;
        m_jobs->lock(odd, owner, 150, answer.callback());
        QVERIFY(answer.wait() && !answer->has_value());
        QCOMPARE(QByteArray(errorKey(answer->error().code)), QByteArray("host-state-unusable"));
        QCOMPARE(answer->error().args.at(1), odd.stateRoot);
        QVERIFY(!answer->error().args.at(2).isEmpty());
        odd.stateRoot = QStringLiteral("/proc/nowhere");
        Awaited<Result<Lease>> second;
        m_jobs->lock(odd, owner, 150, second.callback());
        QVERIFY(second.wait() && !second->has_value());
        QCOMPARE(QByteArray(errorKey(second->error().code)), QByteArray("host-state-unusable"));
    }
    void aFullDiskStopsTheStartNotTheResult()
    {
        if (::geteuid() != 0)
            QSKIP("mounting a small file system needs root");
        const QString mount = m_state->filePath("small");
        QVERIFY(QDir().mkpath(mount));
        if (QProcess::execute("mount", {"-t", "tmpfs", "-o", "size=128k", "tmpfs", mount}) != 0)
            QSKIP("no tmpfs may be mounted here");
        const HostJobs::Host small{m_sshd->endpoint(), mount};
        Awaited<Result<Lease>> lease;
        m_jobs->lock(small, owner, 150, lease.callback());
        QVERIFY(lease.wait());
        Awaited<Result<JobState>> begun, refused;
        m_jobs->start(small, "t1", 1, owner, 0, "sleep 1; head -c 1000000 /dev/zero; exit 7\n", begun.callback());
        const bool started = begun.wait() && begun->has_value();
        JobPoll last;
        for (int i = 0; i < 20 && last.state != JobState::Done; ++i) {
            Awaited<Result<JobPoll>> answer;
            m_jobs->poll(small, "t1", 0, 0, 100, 5, answer.callback());
            if (answer.wait() && answer->has_value())
                last = **answer;
        }
        m_jobs->start(small, "t2", 1, owner, 0, "true\n", refused.callback());
        const bool waited = refused.wait();
        QProcess::execute("umount", {"-l", mount}); // the watcher's last sleep may still stand in it
        QVERIFY(started && waited);
        QVERIFY(last.state == JobState::Done);
        QCOMPARE(last.exitStatus, 7);
        QVERIFY(!refused->has_value());
        QCOMPARE(QByteArray(errorKey(refused->error().code)), QByteArray("host-disk-full"));
    }
    void noiseAndNoShell()
    {
        const QTemporaryDir folder;
        const auto script = [&](const QByteArray &text) {
            QFile file(folder.filePath("shell"));
            if (file.open(QIODevice::WriteOnly | QIODevice::Truncate))
                file.write("#!/bin/sh\n" + text + '\n');
            file.close();
            file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
            return "ForceCommand " + folder.filePath("shell");
        };
        TestSshd odd({script("echo 'Welcome to bwr land'; printf 'no newline'; eval \"$SSH_ORIGINAL_COMMAND\"")});
        QVERIFY(odd.isRunning());
        m_trust.trust(odd.endpoint().machine(), odd.fingerprint());
        const HostJobs::Host noisy{odd.endpoint(), m_state->path()};
        Awaited<Result<Lease>> lease;
        m_jobs->lock(noisy, owner, 150, lease.callback());
        QVERIFY(lease.wait());
        WORKS(*lease);
        Awaited<Result<ExecResult>> plain;
        m_jobs->run(noisy, {"printf", "%s", "it's\n{}"}, QStringLiteral("/tmp"), 10'000, plain.callback());
        QVERIFY(plain.wait());
        WORKS(*plain);
        QCOMPARE((*plain)->out, QByteArray("it's\n{}")); // the noise is gone
        script("echo 'This account is currently not available.'; exit 1");
        Awaited<Result<Lease>> none;
        m_jobs->lock(noisy, owner, 150, none.callback());
        QVERIFY(none.wait());
        FAILS(*none, "no-shell");
        QVERIFY(none->error().args.at(1).contains("currently not available"));
    }
    void plainCommands()
    {
        Awaited<Result<ExecResult>> gone, status, missing;
        m_jobs->run(host(), {"true"}, QStringLiteral("/no/such/folder"), 10'000, gone.callback());
        QVERIFY(gone.wait());
        FAILS(*gone, "command-failed");
        QVERIFY(gone->error().args.at(1).contains("/no/such/folder"));
        m_jobs->run(host(), {"sh", "-c", "pwd; exit 9"}, QStringLiteral("/tmp"), 10'000, status.callback());
        QVERIFY(status.wait());
        QCOMPARE((*status)->out, QByteArray("/tmp\n"));
        QCOMPARE((*status)->exitStatus, 9);
        m_jobs->run(host(), {"no-such-program"}, {}, 10'000, missing.callback());
        QVERIFY(missing.wait());
        QCOMPARE((*missing)->exitStatus, 127);
        Awaited<Result<HostIdentity>> who;
        m_jobs->who(host(), who.callback());
        QVERIFY(who.wait());
        WORKS(*who);
        QCOMPARE((*who)->bootId.toUtf8(), contentOf("/proc/sys/kernel/random/boot_id").trimmed());
        QVERIFY(!QDir(m_state->path() + "/v1").exists()); // looking changes nothing
    }
    // The helper under every sh found here, and with only the few programs a small host has.
    void everyShellCarriesAJob_data()
    {
        QTest::addColumn<QStringList>("shell");
        QTest::addColumn<bool>("bare");
        for (const QStringList &shell : posixShells()) {
            QTest::newRow(qPrintable(shell.join(u' '))) << shell << false;
            QTest::newRow(qPrintable(shell.join(u' ') + QStringLiteral(", no setsid, flock or sync"))) << shell << true;
        }
    }
    void everyShellCarriesAJob()
    {
        QFETCH(QStringList, shell);
        QFETCH(bool, bare);
        const QTemporaryDir bin;
        const auto link = [&](const QString &name, const QString &to) { QFile::link(to, bin.filePath(name)); };
        for (const char *name : {"cat", "mkdir", "mv", "rm", "ln", "sleep", "wc", "tail", "head", "find", "date", "sha256sum", "nohup", "seq", "printf"})
            link(QLatin1String(name), QStandardPaths::findExecutable(QLatin1String(name)));
        if (!bare) {
            link("setsid", QStandardPaths::findExecutable("setsid"));
            link("sync", QStandardPaths::findExecutable("sync"));
        }
        QFile wrapper(bin.filePath("sh"));
        QVERIFY(wrapper.open(QIODevice::WriteOnly));
        wrapper.write("#!/bin/dash\nexec " + shell.join(u' ').toUtf8() + " \"$@\"\n");
        wrapper.close();
        wrapper.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        const auto verb = [&](const QStringList &words, const QByteArray &input = {}) {
            // The small host's PATH also replaces the folders the helper would add.
            QByteArray text = *helperCommand(words, m_state->path());
            return runProcess({"/bin/dash", "-c", "PATH=" + bin.path() + "; export PATH; " + QString::fromLatin1(text).replace(
                                                      QStringLiteral(":/usr/local/sbin:/usr/sbin:/sbin"), QString())}, input);
        };
        QVERIFY(verb({"lock", owner, "150"}).out.contains("bwr epoch=1 held=new"));
        const QByteArray script = "echo out; echo err >&2; exit 4\n";
        const auto begun = verb({"start", "t1", "1", owner, "0", QCryptographicHash::hash(script, QCryptographicHash::Sha256).toHex()}, script);
        QVERIFY2(begun.out.contains("bwr spawned=1 state="), (begun.out + begun.err).constData());
        ProcessResult end;
        for (int i = 0; i < 20 && !end.out.contains("state=done"); ++i)
            end = verb({"poll", "t1", "0", "0", "1000", "2"});
        QVERIFY2(end.out.contains("rc=4") && end.out.endsWith("out\nerr\n"), end.out.constData());
        // Deaf to TERM, and cancelled: kill's portable form reaches the group in this shell too.
        const QByteArray deaf = "sleep 40 & sleep 41\n";
        QTest::qWait(300);
        const auto second = verb({"start", "t2", "1", owner, "0", QCryptographicHash::hash(deaf, QCryptographicHash::Sha256).toHex()}, deaf);
        QVERIFY2(second.out.contains("spawned=1 state=running"), (second.out + second.err).constData());
        QVERIFY(verb({"cancel", "t2", "1", owner}).out.contains("bwr state="));
        end = {};
        for (int i = 0; i < 20 && !end.out.contains("state=done"); ++i)
            end = verb({"poll", "t2", "0", "0", "1000", "2"});
        QVERIFY2(end.out.contains("rc=143") && end.out.contains("why=cancel"), end.out.constData());
    }
    void gcKeepsWhatIsNotAcknowledged()
    {
        WORKS(lock());
        WORKS(start("t1", "true\n"));
        QVERIFY(finished("t1").state == JobState::Done);
        QVERIFY(QTest::qWaitFor([&] { return start("t2", "true\n").has_value(); }));
        QVERIFY(finished("t2").state == JobState::Done);
        Awaited<Status> acknowledged;
        m_jobs->acknowledge(host(), "t1", acknowledged.callback());
        QVERIFY(acknowledged.wait());
        QCOMPARE(runProcess({"touch", "-d", "2 days ago", jobFile("t1", "ack"), jobFile("t2", "rc")}).exitStatus, 0);
        ExecRequest request;
        request.command = *helperCommand({"gc", "60"}, m_state->path());
        Awaited<Result<ExecResult>> answer;
        m_pool->exec(m_sshd->endpoint(), request, answer.callback());
        QVERIFY(answer.wait() && answer->has_value());
        QVERIFY(!QFile::exists(jobFile("t1", "rc")));
        QVERIFY(QFile::exists(jobFile("t2", "rc")));
    }
};

QTEST_GUILESS_MAIN(TestHostJobs)
#include "tst_hostjobs.moc"
