// The host-run protocol over a real sshd: one effect per token whatever breaks, bytes exact.
// The bugs met by its first prototype are rows here.
#include "hostjobsworld.h"

#include <sys/wait.h>

using namespace bellwether;

class TestHostJobs : public HostJobsWorld {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void init() { startJobs(); }
    void cleanup() { endJobs(); }

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
    void aStepsFilesAreAsByHand() // its umask is the login's, not ours
    {
        Awaited<Result<ExecResult>> byHand;
        m_jobs->run(host(), {"sh", "-c", "umask"}, {}, 30'000, byHand.callback());
        QVERIFY(byHand.wait());
        WORKS(*byHand);
        QVERIFY2((*byHand)->out.trimmed().right(2) != "77", "the test's own umask shows nothing");
        WORKS(lock());
        WORKS(start("r1.h1.0.0.1", "umask; echo x >" + m_state->filePath("made").toUtf8() + "\n"));
        const JobPoll end = finished("r1.h1.0.0.1");
        QCOMPARE(end.out, (*byHand)->out);
        QVERIFY(QFile::permissions(m_state->filePath("made")) & QFile::ReadOther);
        for (const char *ours : {"out", "err", "rc", "script"})
            QVERIFY2(!(QFile::permissions(jobFile("r1.h1.0.0.1", ours)) & (QFile::ReadGroup | QFile::ReadOther)), ours);
    }
    void aBrokenConnectionDoesNotBreakTheStep()
    {
        // [fault 1, 6]
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
        // [fault 9]
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
        // [fault 15]
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
    void whatIsOldGoesWithTheNextLease()
    {
        const auto folder = [&](const QString &token) { return m_state->path() + QStringLiteral("/v1/jobs/") + token; };
        const auto age = [](const QString &days, const QStringList &paths) {
            return runProcess(QStringList{"touch", "-d", days + QStringLiteral(" days ago")} + paths).exitStatus == 0;
        };
        const auto again = [&] { // gives the lease back and takes it: its epoch
            Awaited<Status> unlocked;
            const auto held = lock();
            m_jobs->unlock(host(), held ? held->epoch : 0, owner, unlocked.callback());
            const auto taken = unlocked.wait() && unlocked->has_value() ? lock() : Result<Lease>(fail(ErrorCode::Interrupted));
            return taken ? taken->epoch : -1;
        };
        WORKS(lock());
        for (const char *token : {"old", "young", "unsaid"}) { // done, and told of or not
            QVERIFY(QTest::qWaitFor([&] { return start(token, "true\n").has_value(); }));
            QVERIFY(finished(token).state == JobState::Done);
            if (token[0] == 'u')
                continue;
            Awaited<Status> acknowledged;
            m_jobs->acknowledge(host(), token, acknowledged.callback());
            QVERIFY(acknowledged.wait());
            WORKS(*acknowledged);
        }
        QVERIFY(QTest::qWaitFor([&] { return start("long", "sleep 60\n").has_value(); }));
        for (const char *token : {"refused", "lately"})
            FAILS(start(token, effect("late")), "host-busy"); // a script, and nothing that could be told of
        QVERIFY(QFile::exists(jobFile("refused", "script")) && !QFile::exists(jobFile("refused", "sup")));
        QVERIFY(age("8", {jobFile("old", "ack"), jobFile("unsaid", "rc"), folder("old"), folder("unsaid"), folder("refused"), folder("long")}));
        QVERIFY(age("6", {jobFile("young", "ack"), folder("young"), folder("lately")}));
        // Our own step has the slot, and might be the one that was not begun: it is left for another time.
        QCOMPARE(again(), 2);
        QVERIFY(!QFile::exists(folder("old")) && QFile::exists(folder("refused")));
        WORKS(cancel("long", 2));
        QVERIFY(finished("long").state == JobState::Done);
        QVERIFY(QTest::qWaitFor([&] {
            Awaited<Result<HostIdentity>> who;
            m_jobs->who(host(), who.callback());
            return who.wait() && who->has_value() && (*who)->job.isEmpty();
        }));
        QVERIFY(age("8", {folder("refused")}));
        QCOMPARE(again(), 3);
        QVERIFY(!QFile::exists(folder("refused")));
        for (const char *token : {"young", "unsaid", "lately", "long"})
            QVERIFY2(QFile::exists(folder(token)), token);
        // Whoever comes late with what is gone is not let in by the old lease; by the new one it is a step like any other.
        FAILS(start("refused", effect("late"), 2), "host-fenced");
        WORKS(start("refused", effect("late"), 3));
        QVERIFY(finished("refused").state == JobState::Done);
        QCOMPARE(effects(), QByteArray("late\n"));
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
