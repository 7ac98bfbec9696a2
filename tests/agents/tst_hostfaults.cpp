// The host-run protocol on hosts that fail: full disks, killed supervisors, reboots, deaf steps.
#include "hostjobsworld.h"

#include <QDeadlineTimer>

#include <sys/wait.h>
#include <unistd.h>

using namespace bellwether;

class TestHostFaults : public HostJobsWorld {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void init() { startJobs(); }
    void cleanup() { endJobs(); }

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
        // [fault 13]
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
        QVERIFY(lost->stepAlive);               // and what it watched goes on
        const auto again = start("t1", effect("one") + "sleep 30\n");
        WORKS(again);
        QVERIFY(*again == JobState::Lost);
        FAILS(start("t2", effect("two")), "host-busy"); // the orphan still runs
        WORKS(cancel("t1"));
        QVERIFY(QTest::qWaitFor([&] { return start("t2", effect("two")).has_value(); }, 15'000));
        QVERIFY(finished("t2").state == JobState::Done);
        QVERIFY(!poll("t1")->stepAlive);
        QCOMPARE(effects(), QByteArray("one\ntwo\n"));
    }
    void aKilledSupervisorLeavesNoWatcher()
    {
        WORKS(lock());
        WORKS(start("t1", "sleep 3\n")); // [fault 13]
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(jobFile("t1", "step")); }));
        const qint64 pid = supervisor("t1");
        const auto members = [&] { // of the supervisor's session
            int count = 0;
            for (const QString &name : QDir("/proc").entryList(QDir::Dirs)) {
                const QByteArray stat = contentOf(QStringLiteral("/proc/%1/stat").arg(name));
                const auto fields = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
                count += fields.value(0) != "Z" && fields.value(3).toLongLong() == pid;
            }
            return count;
        };
        QVERIFY(members() > 0);
        ::kill(static_cast<pid_t>(pid), SIGKILL);
        QVERIFY(QTest::qWaitFor([&] { return members() == 0; }, 15'000));
    }
    void aRebootMakesARunningStepLost()
    {
        // [fault 12]
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
    void deadlinesHoldOnTheHost()
    {
        // [fault 14]
        WORKS(lock());
        WORKS(start("t1", "trap '' TERM; echo deaf; while :; do sleep 1; done\n", 1, 2));
        const JobPoll end = finished("t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 137);
        QCOMPARE(end.why, QString("timeout"));
        QVERIFY2(end.durationS >= 11 && end.durationS <= 20, QByteArray::number(end.durationS).constData());
    }
    void stateFoldersThatCannotBeUsed()
    {
        // [fault 19]
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
    void aReadOnlyDiskIsSaidBeforeItsTurn()
    {
        // [fault 19]
        const SmallDisk disk(m_state->filePath("small"), "size=64k");
        if (!disk.isMounted())
            QSKIP("no tmpfs may be mounted here");
        const auto unfit = [&] {
            Awaited<Result<HostIdentity>> who;
            m_jobs->who({m_sshd->endpoint(), disk.folder()}, who.callback());
            return who.wait() && who->has_value() ? (*who)->unfit : QStringLiteral("no answer");
        };
        QCOMPARE(unfit(), QString());
        QVERIFY(QDir(disk.folder()).isEmpty()); // looking changes nothing
        QCOMPARE(QProcess::execute("mount", {"-o", "remount,ro", disk.folder()}), 0);
        QCOMPARE(unfit(), disk.folder() + QStringLiteral(" is not writable for this login"));
        FAILS(lockOn({m_sshd->endpoint(), disk.folder()}), "host-state-unusable");
        QCOMPARE(QProcess::execute("mount", {"-o", "remount,rw", disk.folder()}), 0);
        WORKS(lockOn({m_sshd->endpoint(), disk.folder()}));
        QCOMPARE(unfit(), QString());
    }
    void aStateFolderThatHasBecomeReadOnly()
    {
        // [fault 19] Its file system was mounted anew, as after an error of its disk.
        const SmallDisk disk(m_state->filePath("small"), "size=1m");
        if (!disk.isMounted())
            QSKIP("no tmpfs may be mounted here");
        const HostJobs::Host small{m_sshd->endpoint(), disk.folder()};
        WORKS(lockOn(small));
        QCOMPARE(QProcess::execute("mount", {"-o", "remount,ro", disk.folder()}), 0);
        const auto held = lockOn(small);
        const auto begun = startOn(small, "t1", effect("once"));
        for (const QByteArray &said : {held ? QByteArray() : why(held.error()), begun ? QByteArray() : why(begun.error())})
            QVERIFY2(said.startsWith("host-state-unusable: ") && said.contains(disk.folder().toUtf8()) && said.contains("not writable"), said.constData());
        QVERIFY(effects().isEmpty());
        QCOMPARE(QProcess::execute("mount", {"-o", "remount,rw", disk.folder()}), 0);
        WORKS(startOn(small, "t1", effect("once")));
        QVERIFY(endOn(small, "t1").state == JobState::Done);
        QCOMPARE(effects(), QByteArray("once\n"));
    }
    void aFullDiskStopsTheStartNotTheResult()
    {
        // [fault 17]
        const SmallDisk disk(m_state->filePath("small"), "size=128k");
        if (!disk.isMounted())
            QSKIP("no tmpfs may be mounted here");
        const HostJobs::Host small{m_sshd->endpoint(), disk.folder()};
        WORKS(lockOn(small));
        WORKS(startOn(small, "t1", "sleep 1; head -c 1000000 /dev/zero; exit 7\n"));
        const JobPoll end = endOn(small, "t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 7);
        FAILS(startOn(small, "t2", "true\n"), "host-disk-full");
    }
    void aFullDiskHidesNoTimeout()
    {
        // [fault 14, 17] The step has eaten the disk and is deaf to TERM: it is ended all the same, and said to be.
        const SmallDisk disk(m_state->filePath("small"), "size=128k");
        if (!disk.isMounted())
            QSKIP("no tmpfs may be mounted here");
        const HostJobs::Host small{m_sshd->endpoint(), disk.folder()};
        WORKS(lockOn(small));
        WORKS(startOn(small, "t1", "trap '' TERM; head -c 1000000 /dev/zero; while :; do sleep 1; done\n", 2));
        const JobPoll end = endOn(small, "t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.why, QString("timeout"));
        QCOMPARE(end.exitStatus, 137);
    }
    void noMoreFilesStopsTheStart()
    {
        // [fault 18] However many files are left: a start is refused before anything ran, or the job ends and says how.
        for (int files = 8; files <= 30; ++files) {
            const SmallDisk disk(m_state->filePath(QStringLiteral("small%1").arg(files)), "nr_inodes=" + QByteArray::number(files));
            if (!disk.isMounted())
                QSKIP("no tmpfs may be mounted here");
            const HostJobs::Host small{m_sshd->endpoint(), disk.folder()};
            const auto held = lockOn(small);
            if (!held) {
                QCOMPARE(QByteArray(errorKey(held.error().code)), QByteArray("host-disk-full"));
                continue;
            }
            const QString effects = m_state->filePath(QStringLiteral("effects%1").arg(files));
            const auto begun = startOn(small, "t1", "echo x >>" + effects.toUtf8() + "\n");
            if (!begun) {
                QVERIFY2(QByteArray(errorKey(begun.error().code)) == "host-disk-full", why(begun.error()).constData());
                QVERIFY(!QFile::exists(effects));
                continue;
            }
            const JobPoll end = endOn(small, "t1", 3);
            QVERIFY2(end.state != JobState::Lost, QByteArray::number(files).constData());
            QVERIFY2(end.state != JobState::Done || (end.exitStatus == 0) == (contentOf(effects) == "x\n"), QByteArray::number(files).constData());
        }
    }
    void aFolderThatEverybodyWritesToIsRefused()
    {
        QVERIFY(QDir().mkpath(m_state->path() + "/v1/jobs"));
        QFile::setPermissions(m_state->path() + "/v1/jobs", QFile::Permissions(0x7777));
        FAILS(lock(), "host-state-unusable"); // [S18] whoever can put a file there can begin a step
    }
    void cancelledInItsFirstMoment()
    {
        // A signal sent while the step still wears its supervisor's `trap ''` must not be lost: it would be killed unasked.
        WORKS(lock());
        for (int i = 0; i < 6; ++i) {
            const QString token = QStringLiteral("t%1").arg(i);
            QVERIFY(QDir().mkpath(m_state->path() + "/v1/jobs/" + token));
            QProcess hasty;
            hasty.setWorkingDirectory(m_state->path() + "/v1/jobs/" + token);
            hasty.start("sh", {"-c", "until [ -e sup ]; do :; done; until [ -e hb.t ] || [ -e hb ]; do :; done; : >cancel"});
            WORKS(start(token, "sleep 60 & sleep 61\n"));
            QVERIFY(hasty.state() == QProcess::NotRunning || hasty.waitForFinished());
            const JobPoll end = finished(token);
            QCOMPARE(end.why, QString("cancel"));
            QCOMPARE(end.exitStatus, 143);
            QVERIFY(QTest::qWaitFor([&] { return start(token + "after", "true\n").has_value(); }));
            QVERIFY(finished(token + "after").state == JobState::Done);
        }
    }
    void aStrangerWithTheStepsNumberLives()
    {
        // Between TERM and KILL the step's process number may be given to somebody else.
        if (::geteuid() != 0)
            QSKIP("choosing a process number needs root");
        WORKS(lock());
        WORKS(start("t1", "sleep 60\n"));
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(jobFile("t1", "step")); }));
        const auto pid = contentOf(jobFile("t1", "step")).split(' ').value(0).toLongLong();
        WORKS(cancel("t1"));
        pid_t child = 0;
        for (QDeadlineTimer limit(4'000); child != pid && !limit.hasExpired();) {
            if (child > 0) { // somebody else was quicker
                ::kill(child, SIGKILL);
                ::waitpid(child, nullptr, 0);
            }
            QFile last("/proc/sys/kernel/ns_last_pid");
            if (::kill(static_cast<pid_t>(pid), 0) == 0 || !last.open(QIODevice::WriteOnly) || last.write(QByteArray::number(pid - 1)) < 0)
                continue;
            last.close();
            child = ::fork();
            if (child == 0) {
                ::pause();
                ::_exit(0);
            }
        }
        if (child != pid) {
            if (child > 0) {
                ::kill(child, SIGKILL);
                ::waitpid(child, nullptr, 0);
            }
            QSKIP("the number was taken by others");
        }
        const JobPoll end = finished("t1");
        const bool alive = ::waitpid(child, nullptr, WNOHANG) == 0;
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        QVERIFY(alive);
        QCOMPARE(end.exitStatus, 143);
        QVERIFY2(end.durationS < 8, "the stranger was taken for the step");
    }
};

QTEST_GUILESS_MAIN(TestHostFaults)
#include "tst_hostfaults.moc"
