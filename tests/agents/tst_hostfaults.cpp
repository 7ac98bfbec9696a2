// The host-run protocol on hosts that fail: full disks, killed supervisors, reboots, deaf steps.
#include "hostjobsworld.h"
#include "missing.h"

#include <QDeadlineTimer>
#include <QProcess>
#include <QStandardPaths>

#include <sys/wait.h>
#include <unistd.h>

using namespace bellwether;

namespace {

// systemd does not run where tests do: a systemd-run that puts what it starts into a control group of its own, as the real
// one does, and a folder in place of systemd's. What is left in such a group ends with it.
class ScopeMaker {
public:
    ScopeMaker()
    {
        const QString groups = m_folder.filePath("groups"), bin = m_folder.filePath("bin");
        QDir().mkpath(groups);
        QDir().mkpath(bin);
        QDir().mkpath(m_folder.filePath("run/systemd/system"));
        for (const QStringList &kind : {QStringList{"-t", "cgroup2"}, QStringList{"-t", "cgroup", "-o", "none,name=systemd"}})
            m_mounted = m_mounted || runProcess(QStringList{"mount"} + kind + QStringList{"none", groups}).exitStatus == 0;
        m_ours = groups + QStringLiteral("/bwr-test-%1").arg(::getpid());
        m_made = m_mounted && QDir().mkdir(m_ours);
        QFile file(bin + "/systemd-run");
        const QByteArray scope = m_ours.toUtf8() + "/$u.scope";
        m_made = m_made && file.open(QIODevice::WriteOnly)
            && file.write("#!/bin/sh\nfor a; do case $a in --unit=*) u=${a#--unit=} ;; esac; done\n"
                          "mkdir " + scope + " && echo $$ >" + scope + "/cgroup.procs || exit 1\n"
                          "while [ \"$1\" != -- ]; do shift; done\nshift\nexec \"$@\"\n") > 0
            && file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    }
    ~ScopeMaker()
    {
        for (const QString &scope : scopes()) {
            const bool gone = QTest::qWaitFor([&] {
                for (const QByteArray &pid : contentOf(m_ours + u'/' + scope + "/cgroup.procs").split('\n'))
                    if (pid.toLongLong() > 1)
                        ::kill(static_cast<pid_t>(pid.toLongLong()), SIGKILL);
                return QDir().rmdir(m_ours + u'/' + scope);
            }, 10'000);
            if (!gone)
                qWarning("the control group %s stays", qPrintable(scope));
        }
        if (m_made)
            QDir().rmdir(m_ours);
        if (m_mounted && QProcess::execute("umount", {"-l", m_folder.filePath("groups")}) != 0)
            m_folder.setAutoRemove(false); // it would empty what is mounted there
    }
    Q_DISABLE_COPY_MOVE(ScopeMaker)
    bool isThere() const { return m_made; }
    static constexpr const char *wanted = "neither cgroup2 nor a cgroup hierarchy name=systemd may be mounted here: it takes root (CAP_SYS_ADMIN)";
    QStringList scopes() const { return m_made ? QDir(m_ours).entryList({"*.scope"}, QDir::Dirs) : QStringList(); }
    // For a host that has it, or one that has no systemd at all.
    QString sshdLine(bool has) const
    {
        return QStringLiteral("SetEnv HOME=%1 BWR_SYSTEMD=%1%2 PATH=%1/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .arg(m_folder.path(), has ? QString() : QStringLiteral("/none"));
    }

private:
    QTemporaryDir m_folder;
    QString m_ours;
    bool m_mounted = false, m_made = false;
};

// What a step has sent out of its group: nobody's child, in a session of its own. It ends with the test.
class Stray {
public:
    explicit Stray(const QString &file) : m_file(file) {}
    ~Stray()
    {
        if (isAlive())
            ::kill(static_cast<pid_t>(pid()), SIGKILL);
    }
    Q_DISABLE_COPY_MOVE(Stray)
    // The lines of a step that begin it and wait until it is there.
    QByteArray begun(const QByteArray &before = {}) const
    {
        const QByteArray file = m_file.toUtf8();
        return "(" + before + "setsid sh -c 'echo $$ >" + file + ".t; mv " + file + ".t " + file + "; exec sleep 300' &)\n"
            "until [ -e " + file + " ]; do sleep 0.1; done\n";
    }
    qint64 pid() const { return contentOf(m_file).toLongLong(); }
    bool isThere() const { return QFile::exists(m_file); }
    bool isAlive() const { return contentOf(QStringLiteral("/proc/%1/cmdline").arg(pid())) == QByteArray("sleep\0" "300\0", 10); }

private:
    QString m_file;
};

} // namespace

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
        // [fault 13]
        WORKS(lock());
        WORKS(start("t1", "sleep 3\n"));
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
        // [fault 12] The same state folder in the next boot of its host. That the old processes still live is the worst case:
        // strangers that were given their numbers, and were started at the same moment of their boot.
        QFile boot(m_state->filePath("boot_id"));
        QVERIFY(boot.open(QIODevice::WriteOnly) && boot.write("another-boot\n") > 0);
        boot.close();
        if (QProcess::execute("unshare", {"-m", "mount", "--bind", boot.fileName(), "/proc/sys/kernel/random/boot_id"}) != 0)
            MISSING("another boot id takes a mount namespace of one's own");
        TestSshd next({"ForceCommand exec unshare -m sh -c 'mount --bind " + boot.fileName() + " /proc/sys/kernel/random/boot_id && eval \"$SSH_ORIGINAL_COMMAND\"'"});
        QVERIFY2(next.isRunning(), qPrintable(next.failure()));
        m_trust.trust(next.endpoint().machine(), next.fingerprint());
        const HostJobs::Host rebooted{next.endpoint(), m_state->path()};
        const QByteArray script = effect("one") + "sleep 30\n";
        WORKS(lock());
        WORKS(start("t1", script));
        QVERIFY(QTest::qWaitFor([&] { return effects() == "one\n" && QFile::exists(jobFile("t1", "step")); }));
        QVERIFY(poll("t1")->state == JobState::Running && poll("t1")->stepAlive);
        const JobPoll lost = endOn(rebooted, "t1");
        QVERIFY(lost.state == JobState::Lost && !lost.stepAlive);
        const auto again = startOn(rebooted, "t1", script); // it is never run again
        WORKS(again);
        QVERIFY(*again == JobState::Lost);
        WORKS(lockOn(rebooted)); // the lease is its owner's as before, and the host's one slot is nobody's
        WORKS(startOn(rebooted, "t2", effect("two")));
        QVERIFY(endOn(rebooted, "t2").state == JobState::Done);
        QCOMPARE(effects(), QByteArray("one\ntwo\n"));
    }
    void deadlinesHoldOnTheHost()
    {
        // [fault 14, 16] Deaf to TERM: a step, and at the same time on another host what a step has sent out of its group.
        const QTemporaryDir state;
        const ScopeMaker systemd;
        TestSshd other({systemd.sshdLine(systemd.isThere())});
        QVERIFY2(other.isRunning(), qPrintable(other.failure()));
        m_trust.trust(other.endpoint().machine(), other.fingerprint());
        const HostJobs::Host second{other.endpoint(), state.path()};
        const Stray stray(state.filePath("stray"));
        // And a stranger whose name has a line's end in it, as nobody writes it and everybody may.
        QVERIFY(QFile::copy(QStandardPaths::findExecutable("sleep"), state.filePath("two\nlines")));
        QProcess stranger;
        stranger.start(state.filePath("two\nlines"), {"300"});
        QVERIFY(stranger.waitForStarted());
        WORKS(lockOn(second));
        WORKS(startOn(second, "t1", stray.begun("trap '' TERM; ") + "sleep 301\n", 4));
        WORKS(lock());
        WORKS(start("t1", "trap '' TERM; echo deaf; while :; do sleep 1; done\n", 1, 2));
        const JobPoll end = finished("t1");
        const JobPoll secondEnd = endOn(second, "t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 137);
        QCOMPARE(end.why, QString("timeout"));
        QVERIFY2(end.durationS >= 11 && end.durationS <= 20, QByteArray::number(end.durationS).constData());
        QVERIFY(secondEnd.state == JobState::Done);
        QCOMPARE(secondEnd.why, QString("timeout"));
        stranger.kill();
        QVERIFY(stranger.waitForFinished());
        if (!systemd.isThere())
            MISSING(ScopeMaker::wanted);
        QVERIFY(stray.isThere() && !stray.isAlive());
        QVERIFY2(secondEnd.durationS >= 13, QByteArray::number(secondEnd.durationS).constData());
    }
    void whatLeavesItsGroup_data()
    {
        QTest::addColumn<bool>("systemd");
        QTest::addColumn<QString>("ending");
        QTest::newRow("fault 16: systemd, its deadline") << true << "timeout";
        QTest::newRow("fault 16: systemd, cancelled") << true << "cancel";
        QTest::newRow("fault 15: systemd, it ends by itself") << true << "exit";
        QTest::newRow("fault 16: sh, its deadline") << false << "timeout";
        QTest::newRow("fault 15: sh, it ends by itself") << false << "exit";
    }
    void whatLeavesItsGroup()
    {
        // [fault 15, 16] Where systemd gave a scope all of that is ended; elsewhere what was not ended is named. What a step
        // has started to stay, stays.
        QFETCH(bool, systemd);
        QFETCH(QString, ending);
        const ScopeMaker scopes;
        if (systemd && !scopes.isThere())
            MISSING(ScopeMaker::wanted);
        TestSshd sshd({scopes.sshdLine(systemd)});
        QVERIFY2(sshd.isRunning(), qPrintable(sshd.failure()));
        m_trust.trust(sshd.endpoint().machine(), sshd.fingerprint());
        const HostJobs::Host to{sshd.endpoint(), m_state->path()};
        const Stray stray(m_state->filePath("stray"));
        WORKS(lockOn(to));
        WORKS(startOn(to, "t1", stray.begun() + (ending == "exit" ? "exit 3\n" : "sleep 301\n"), ending == "timeout" ? 4 : 0));
        QVERIFY(QTest::qWaitFor([&] { return stray.isThere(); }, 30'000));
        if (ending == "cancel") {
            Awaited<Status> cancelled;
            m_jobs->cancel(to, QStringLiteral("t1"), 1, owner, cancelled.callback());
            QVERIFY(cancelled.wait() && cancelled->has_value());
        }
        const JobPoll end = endOn(to, "t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.why, ending);
        QCOMPARE(end.exitStatus, ending == "exit" ? 3 : 143);
        QCOMPARE(scopes.scopes().size(), systemd ? 1 : 0);
        const QByteArray said = contentOf(jobFile("t1", "err"));
        if (ending == "exit") {
            QVERIFY(stray.isAlive());
            QCOMPARE(said, QByteArray());
        } else if (systemd) {
            QVERIFY(!stray.isAlive());
            QVERIFY2(!said.contains("still running"), said.constData());
        } else {
            QVERIFY(stray.isAlive());
            const QByteArray named = "bellwether: still running on the host: " + QByteArray::number(stray.pid()) + " sleep\n";
            QVERIFY2(said.endsWith(named), said.constData());
            QCOMPARE(end.errSize, said.size());
        }
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
    void aStateFolderThatHasBecomeReadOnly()
    {
        // [fault 19] Its file system was mounted anew, as after an error of its disk: said whenever the host is looked at, and
        // nothing is begun there.
        const SmallDisk disk(m_state->filePath("small"), "size=1m");
        if (!disk.isMounted())
            MISSING("no tmpfs may be mounted here");
        const HostJobs::Host small{m_sshd->endpoint(), disk.folder()};
        const auto unfit = [&] {
            Awaited<Result<HostIdentity>> who;
            m_jobs->who(small, who.callback());
            return who.wait() && who->has_value() ? (*who)->unfit : QStringLiteral("no answer");
        };
        QCOMPARE(unfit(), QString());
        QVERIFY(QDir(disk.folder()).isEmpty()); // looking changes nothing
        WORKS(lockOn(small));
        QCOMPARE(QProcess::execute("mount", {"-o", "remount,ro", disk.folder()}), 0);
        QVERIFY2(unfit().startsWith(disk.folder()) && unfit().endsWith(QStringLiteral(" is not writable for this login")), qPrintable(unfit()));
        const auto held = lockOn(small);
        const auto begun = startOn(small, "t1", effect("once"));
        for (const QByteArray &said : {held ? QByteArray() : why(held.error()), begun ? QByteArray() : why(begun.error())})
            QVERIFY2(said.startsWith("host-state-unusable: ") && said.contains(disk.folder().toUtf8()) && said.contains("not writable"), said.constData());
        QVERIFY(effects().isEmpty());
        QCOMPARE(QProcess::execute("mount", {"-o", "remount,rw", disk.folder()}), 0);
        QCOMPARE(unfit(), QString());
        WORKS(startOn(small, "t1", effect("once")));
        QVERIFY(endOn(small, "t1").state == JobState::Done);
        QCOMPARE(effects(), QByteArray("once\n"));
    }
    void aFullDiskStopsTheStartNotTheResult()
    {
        // [fault 17]
        const SmallDisk disk(m_state->filePath("small"), "size=128k");
        if (!disk.isMounted())
            MISSING("no tmpfs may be mounted here");
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
            MISSING("no tmpfs may be mounted here");
        const HostJobs::Host small{m_sshd->endpoint(), disk.folder()};
        WORKS(lockOn(small));
        WORKS(startOn(small, "t1", "trap '' TERM; head -c 1000000 /dev/zero; while :; do sleep 1; done\n", 2));
        const JobPoll end = endOn(small, "t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.why, QString("timeout"));
        QCOMPARE(end.exitStatus, 137);
    }
    void noMoreFilesStopTheStartNotTheResult()
    {
        // [fault 18] The step uses up the last file there is room for: its result is recorded all the same, and nothing begins.
        const SmallDisk disk(m_state->filePath("small"), "nr_inodes=40");
        if (!disk.isMounted())
            MISSING("no tmpfs may be mounted here");
        const HostJobs::Host small{m_sshd->endpoint(), disk.folder()};
        WORKS(lockOn(small));
        const QByteArray more = disk.folder().toUtf8() + "/more$i";
        WORKS(startOn(small, "t1", "sleep 1; i=0; while true >" + more + "; do i=$((i+1)); done; exit 7\n"));
        const JobPoll end = endOn(small, "t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 7);
        FAILS(startOn(small, "t2", effect("two")), "host-disk-full");
        QVERIFY(effects().isEmpty());
    }
    void howeverFewFilesAreLeft()
    {
        // [fault 18] A start is refused before anything ran, or the job ends and says how.
        int refused = 0, ended = 0;
        for (int files = 8; files <= 30; ++files) {
            const SmallDisk disk(m_state->filePath(QStringLiteral("small%1").arg(files)), "nr_inodes=" + QByteArray::number(files));
            if (!disk.isMounted())
                MISSING("no tmpfs may be mounted here");
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
                ++refused;
                continue;
            }
            const JobPoll end = endOn(small, "t1", 3);
            QVERIFY2(end.state == JobState::Done, QByteArray::number(files).constData());
            QVERIFY2((end.exitStatus == 0) == (contentOf(effects) == "x\n"), QByteArray::number(files).constData());
            ++ended;
        }
        QVERIFY2(refused > 0 && ended > 0, (QByteArray::number(refused) + " refused, " + QByteArray::number(ended) + " ended").constData());
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
            MISSING("choosing a process number needs root");
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
