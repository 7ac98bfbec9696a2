// The host-run protocol under every shell found here, over noisy logins and without one.
#include "base/clock.h"
#include "hostjobsworld.h"
#include "remote/helpertext.h"
#include "steps/sshhosts.h"
#include "missing.h"

#include <QCryptographicHash>
#include <QDeadlineTimer>

#include <unistd.h>

using namespace bellwether;

class TestHostShells : public HostJobsWorld {
    Q_OBJECT

    // A job from its lock to its acknowledgement, or why not.
    Status carriesAJob(const HostJobs::Host &host)
    {
        const QString token = QStringLiteral("t1");
        if (const auto held = lockOn(host); !held)
            return std::unexpected(held.error());
        if (const auto begun = startOn(host, token, effect("once") + "echo out; echo err >&2; exit 4\n"); !begun)
            return std::unexpected(begun.error());
        for (QDeadlineTimer limit(40'000); !limit.hasExpired();) {
            Awaited<Result<JobPoll>> answer;
            m_jobs->poll(host, token, 0, 0, 100, 1, answer.callback());
            if (!answer.wait() || !*answer)
                return std::unexpected(answer.value->has_value() ? answer->error() : Error{ErrorCode::Interrupted, {}, {}, nullptr});
            const JobPoll &poll = **answer;
            if (poll.state != JobState::Done)
                continue;
            if (poll.exitStatus != 4 || poll.out != "out\n" || poll.err != "err\n")
                return fail(ErrorCode::Internal, {QString::number(poll.exitStatus), QString::fromUtf8(poll.out), QString::fromUtf8(poll.err)});
            Awaited<Status> acknowledged;
            m_jobs->acknowledge(host, token, acknowledged.callback());
            return acknowledged.wait() ? *acknowledged : Status(fail(ErrorCode::Interrupted));
        }
        return fail(ErrorCode::Interrupted, {QStringLiteral("it never ended")});
    }

    // As a check of the fleet sees it; nothing where there was no answer.
    HostFacts measured(const TestSshd &sshd, const Probes &probes = {})
    {
        static const SystemClock clock; // a late answer may still ask it
        SshHosts hosts(*m_pool, clock);
        Installation installation;
        installation.name = QStringLiteral("shop-01");
        installation.endpoint = sshd.endpoint();
        installation.state = m_state->path();
        Awaited<HostFacts> facts;
        hosts.measure(installation, probes, facts.callback());
        return facts.wait(60'000) ? *facts : HostFacts();
    }

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void init() { startJobs(); }
    void cleanup() { endJobs(); }

    void noiseAndNoShell()
    {
        // [fault 35, 36]
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
    void everyLoginShellCarriesAJob_data()
    {
        QTest::addColumn<QStringList>("shell");
        QTest::addColumn<QByteArray>("refusal"); // empty: it works
        for (const char *name : {"tcsh", "fish", "mksh"})
            QTest::addRow("fault 36: %s", name) << QStringList{neededProgram(name)} << QByteArray();
        QTest::newRow("fault 36: restricted bash") << QStringList{neededProgram("bash"), "-r"} << QByteArray("no-shell: ");
    }
    void everyLoginShellCarriesAJob()
    {
        // [fault 36] Each is begun as sshd begins the shell of an account: SHELL -c COMMAND.
        QFETCH(QStringList, shell);
        QFETCH(QByteArray, refusal);
        TestSshd odd({"ForceCommand exec " + shell.join(u' ') + " -c \"$SSH_ORIGINAL_COMMAND\""});
        QVERIFY2(odd.isRunning(), qPrintable(odd.failure()));
        m_trust.trust(odd.endpoint().machine(), odd.fingerprint());
        const Status job = carriesAJob({odd.endpoint(), m_state->path()});
        if (refusal.isEmpty()) {
            QVERIFY2(job, job ? "" : why(job.error()).constData());
            QVERIFY(QFile::exists(jobFile("t1", "ack")));
            QCOMPARE(effects(), QByteArray("once\n"));
        } else {
            QVERIFY(!job);
            QVERIFY2(why(job.error()).startsWith(refusal) && why(job.error()).contains("restricted"), why(job.error()).constData());
            QVERIFY(effects().isEmpty());
        }
    }
    void hostsThatLackPrograms_data()
    {
        QTest::addColumn<QStringList>("missing");
        QTest::addColumn<QByteArray>("refusal"); // how it begins; empty: it works
        QTest::addColumn<QByteArray>("words");   // and what it says
        for (const char *name : {"setsid", "flock", "sync"})
            QTest::addRow("fault 37: no %s", name) << QStringList{QString::fromLatin1(name)} << QByteArray() << QByteArray();
        QTest::newRow("fault 37: none of these") << QStringList{"setsid", "flock", "sync"} << QByteArray() << QByteArray();
        QTest::newRow("fault 37: no sha256sum") << QStringList{"sha256sum"} << QByteArray("host-state-unusable: ") << QByteArray("the host has no sha256sum");
        // Its output cannot be read: that is said, and never taken for a step that printed nothing.
        QTest::newRow("fault 37: no tail") << QStringList{"tail"} << QByteArray("output-unreadable: ") << QByteArray("fewer bytes came than were announced");
    }
    void hostsThatLackPrograms()
    {
        // [fault 37] All that a login there finds is a folder with a few programs.
        QFETCH(QStringList, missing);
        QFETCH(QByteArray, refusal);
        QFETCH(QByteArray, words);
        const QTemporaryDir bin;
        for (const char *name : {"sh", "cat", "mkdir", "mv", "rm", "ln", "ls", "sleep", "wc", "tail", "head", "find", "date", "sha256sum", "nohup", "setsid", "flock", "sync"})
            if (!missing.contains(QLatin1String(name)))
                QVERIFY(QFile::link(neededProgram(name), bin.filePath(name)));
        TestSshd poor({"SetEnv PATH=" + bin.path() + " HOME=" + bin.path()});
        QVERIFY2(poor.isRunning(), qPrintable(poor.failure()));
        m_trust.trust(poor.endpoint().machine(), poor.fingerprint());
        const Status job = carriesAJob({poor.endpoint(), m_state->path()});
        if (refusal.isEmpty()) {
            QVERIFY2(job, job ? "" : why(job.error()).constData());
            QCOMPARE(effects(), QByteArray("once\n"));
        } else {
            QVERIFY(!job);
            QVERIFY2(why(job.error()).startsWith(refusal) && why(job.error()).contains(words), why(job.error()).constData());
        }
    }
    void whatAHostLacksIsSaidBeforeItsTurn_data()
    {
        QTest::addColumn<QStringList>("missing");
        QTest::addColumn<QString>("said");
        QTest::newRow("fault 37: nothing") << QStringList() << QString();
        QTest::newRow("fault 37: no tail") << QStringList{"tail"} << "tail";
        QTest::newRow("fault 37: several") << QStringList{"head", "wc", "ln", "date"} << "ln, wc, head, date";
        QTest::newRow("fault 37: no sum") << QStringList{"sha256sum"} << "sha256sum";
        QTest::newRow("fault 37: nothing that detaches") << QStringList{"setsid", "nohup"} << "setsid";
        QTest::newRow("fault 37: what does without") << QStringList{"setsid", "sync", "find", "ls"} << QString();
    }
    void whatAHostLacksIsSaidBeforeItsTurn()
    {
        // [fault 37] When the host is looked at, and not in the middle of its first step.
        QFETCH(QStringList, missing);
        QFETCH(QString, said);
        const QTemporaryDir bin;
        for (const char *name : {"sh", "cat", "mkdir", "mv", "rm", "ln", "ls", "sleep", "wc", "tail", "head", "find", "date", "sha256sum", "nohup", "setsid", "sync"})
            if (!missing.contains(QLatin1String(name)))
                QVERIFY(QFile::link(neededProgram(name), bin.filePath(name)));
        TestSshd poor({"SetEnv PATH=" + bin.path() + " HOME=" + bin.path()});
        QVERIFY2(poor.isRunning(), qPrintable(poor.failure()));
        m_trust.trust(poor.endpoint().machine(), poor.fingerprint());
        const HostFacts facts = measured(poor);
        QVERIFY2(facts.reachable, qPrintable(facts.error));
        QCOMPARE(facts.lackingPrograms.value_or(QString()), said);
        QCOMPARE(facts.problems, said.isEmpty() ? QStringList() : QStringList{"host-run programs: it has no " + said});
    }
    void aSlowLoginIsNamedWhereItMakesProbesLate_data()
    {
        QTest::addColumn<QString>("startUp");
        QTest::addColumn<QString>("probe");
        QTest::addColumn<int>("timeoutS");
        QTest::addColumn<QStringList>("said"); // as patterns
        const QString late = QStringLiteral("version: command gave no answer within 1 s");
        QTest::newRow("it is the login") << "sleep 1.4; " << "true" << 1 << QStringList{"login: a command begins only after \\d+\\.\\d s, .*", late};
        QTest::newRow("it is the probe") << "" << "sleep 3" << 1 << QStringList{late};
        QTest::newRow("slow, and in time") << "sleep 1.4; " << "echo 1.4.0" << 20 << QStringList();
    }
    void aSlowLoginIsNamedWhereItMakesProbesLate()
    {
        // A start-up file that looks after somebody's tools first, seen from the host's own clock.
        QFETCH(QString, startUp);
        QFETCH(QString, probe);
        QFETCH(int, timeoutS);
        QFETCH(QStringList, said);
        TestSshd slow({"ForceCommand " + startUp + "exec sh -c \"$SSH_ORIGINAL_COMMAND\""});
        QVERIFY2(slow.isRunning(), qPrintable(slow.failure()));
        m_trust.trust(slow.endpoint().machine(), slow.fingerprint());
        Probes probes;
        probes.version.argv = QStringList{"sh", "-c", probe};
        probes.version.format = ProbeFormat::Text;
        probes.version.timeoutS = timeoutS;
        const HostFacts facts = measured(slow, probes);
        QVERIFY2(facts.reachable, qPrintable(facts.error));
        QVERIFY2(facts.problems.size() == said.size(), qPrintable(facts.problems.join(u'\n')));
        for (qsizetype i = 0; i < said.size(); ++i)
            QVERIFY2(QRegularExpression(QRegularExpression::anchoredPattern(said.at(i))).match(facts.problems.at(i)).hasMatch(), qPrintable(facts.problems.at(i)));
    }
    void wordsOfAHostAreOnlyWords()
    {
        // [S9] A host that lies in the protocol's own words, with a terminal's commands and a megabyte in them.
        TestSshd liar({"ForceCommand printf 'bwr err=locked owner=\\033]0;x\\007eve'; head -c 900000 /dev/zero | tr '\\000' y; printf ' left=\\2333\\n'"});
        QVERIFY2(liar.isRunning(), qPrintable(liar.failure()));
        m_trust.trust(liar.endpoint().machine(), liar.fingerprint());
        Awaited<Result<Lease>> lease;
        m_jobs->lock({liar.endpoint(), m_state->path()}, owner, 150, lease.callback());
        QVERIFY(lease.wait());
        FAILS(*lease, "host-locked");
        for (const QString &arg : lease->error().args) {
            QVERIFY2(arg.size() <= 200, QByteArray::number(arg.size()).constData());
            for (const QChar c : arg)
                QVERIFY(c.isPrint());
        }
        QVERIFY(lease->error().args.at(1).contains("eve"));
    }
    // The helper under every sh, and with only the few programs a small host has.
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
        // [fault 37]
        QFETCH(QStringList, shell);
        QFETCH(bool, bare);
        const QTemporaryDir bin;
        const auto link = [&](const QString &name, const QString &to) { QFile::link(to, bin.filePath(name)); };
        for (const char *name : {"cat", "mkdir", "mv", "rm", "ln", "sleep", "wc", "tail", "head", "find", "date", "sha256sum", "nohup", "seq", "printf", "env", "grep"})
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
            auto result = runProcess({"/bin/dash", "-c", "PATH=" + bin.path() + "; export PATH; " + QString::fromLatin1(*helperCommand(words, m_state->path()))}, input);
            if (!result.err.isEmpty()) // what a verb needs and did not bring is complained of here
                qWarning("%s: %s", qPrintable(words.first()), result.err.constData());
            return result.err.isEmpty() ? result.out : QByteArray();
        };
        const auto sha = [](const QByteArray &script) { return QString::fromLatin1(QCryptographicHash::hash(script, QCryptographicHash::Sha256).toHex()); };
        const auto ended = [&](const QString &token) {
            QByteArray end;
            for (QDeadlineTimer limit(40'000); !end.contains("state=done") && !limit.hasExpired();)
                end = verb({"poll", token, "0", "0", "1000", "2"});
            return end;
        };
        QVERIFY(verb({"lock", owner, "150"}).contains("bwr epoch=1 held=new"));
        QVERIFY(verb({"lock", stranger, "150"}).contains("bwr err=locked owner=" + owner.toLatin1()));
        QVERIFY(verb({"renew", "1", owner, "150"}).contains("bwr ok"));
        QVERIFY(verb({"renew", "2", owner, "150"}).contains("bwr err=fenced"));
        QVERIFY(verb({"poll", "t1", "0", "0", "1000", "0"}).contains("bwr state=absent token=t1 out=0 err=0 n_out=0 n_err=0 hb=-1"));
        QVERIFY(verb({"env", "t1", "1", owner}, "WORD=kept\n").contains("bwr ok"));
        QVERIFY(verb({"poll", "t1", "0", "0", "1000", "0"}).contains("bwr state=unstarted"));
        QVERIFY(verb({"ack", "t1"}).contains("bwr err=notdone"));
        const QByteArray script = "echo $WORD; echo err >&2; exit 4\n";
        const auto begun = verb({"start", "t1", "1", owner, "0", sha(script)}, script);
        QVERIFY2(begun.contains("bwr spawned=1 state="), begun.constData());
        QByteArray end = ended("t1");
        QVERIFY2(end.contains("rc=4") && end.endsWith("kept\nerr\n"), end.constData());
        end = verb({"poll", "t1", "2", "3", "2", "0"});
        QVERIFY2(end.contains("out=5 err=4 n_out=2 n_err=1") && end.endsWith("pt\n"), end.constData());
        QVERIFY(verb({"ack", "t1"}).contains("bwr ok"));
        QVERIFY(verb({"gc", "60"}).contains("bwr ok"));
        // A password goes to the step alone, whole, and nothing of it stays; the script behind it is the script.
        const QByteArray reader = "IFS= read -r l; printf '%s\\n' \"$l\"; cat; env | grep -c c4nar[y]\n";
        QTest::qWait(300);
        const auto given = verb({"start", "t3", "1", owner, "0", sha(reader), "password"}, " \\c4nary-%s '$HOME \n" + reader);
        QVERIFY2(given.contains("spawned=1 state="), given.constData());
        end = ended("t3");
        QVERIFY2(end.endsWith("\n \\c4nary-%s '$HOME \n0\n"), end.constData());
        for (const QString &name : QDir(m_state->path() + "/v1/jobs/t3").entryList(QDir::Files))
            QVERIFY2(name == "out" || !contentOf(jobFile("t3", qPrintable(name))).contains("c4nary"), qPrintable(name));
        // Cancelled: kill's portable form reaches the group in this shell too.
        // And what has left the group is named (fault 16).
        const QByteArray deaf = bare ? "sleep 40 & sleep 41\n" : "sleep 40 & (setsid sh -c 'echo up; exec sleep 42' &)\nsleep 41\n";
        QTest::qWait(300);
        const auto second = verb({"start", "t2", "1", owner, "0", sha(deaf)}, deaf);
        QVERIFY2(second.contains("spawned=1 state=running"), second.constData());
        QVERIFY(verb({"who"}).contains("owner=" + owner.toLatin1()) && verb({"who"}).contains("job=t2"));
        QVERIFY(verb({"hold", stranger, "a reason"}).contains("bwr ok"));
        QVERIFY(verb({"start", "t4", "1", owner, "0", sha(deaf)}, deaf).contains("bwr err=held owner=" + stranger.toLatin1() + " reason=a reason"));
        QVERIFY(verb({"unhold", stranger}).contains("bwr ok"));
        QVERIFY(bare || QTest::qWaitFor([&] { return verb({"poll", "t2", "0", "0", "1000", "2"}).endsWith("up\n"); }, 20'000));
        QVERIFY(verb({"cancel", "t2", "1", owner}).contains("bwr state="));
        end = ended("t2");
        QVERIFY2(end.contains("rc=143") && end.contains("why=cancel"), end.constData());
        const QByteArray named = "bellwether: still running on the host: ";
        const qint64 stray = end.mid(end.indexOf(named) + named.size()).split(' ').value(0).toLongLong();
        QVERIFY2(bare ? !end.contains(named) : end.contains(named) && end.endsWith(" sleep\n") && stray > 1, end.constData());
        if (!bare)
            ::kill(static_cast<pid_t>(stray), SIGKILL);
        QVERIFY(verb({"unlock", "1", owner}).contains("bwr ok"));
        QVERIFY(QTest::qWaitFor([&] { return verb({"lock", stranger, "150"}).contains("bwr epoch=2 held=new"); })); // its slot is given back last
    }
    // systemd does not run where tests do: a systemd-run that does with its words what the real one does, a folder in place
    // of systemd's, and what a logind would say.
    void aStepLeavesItsLoginsSession_data()
    {
        QTest::addColumn<QStringList>("shell");
        for (const QStringList &shell : posixShells())
            QTest::newRow(qPrintable(shell.join(u' '))) << shell;
    }
    void aStepLeavesItsLoginsSession()
    {
        // [fault 1, 6, 37]
        QFETCH(QStringList, shell);
        if (::geteuid() != 0)
            MISSING("becoming another user needs root");
        const QTemporaryDir bin, root;
        for (const QString &folder : {bin.path(), root.path(), m_state->path()})
            QCOMPARE(::chown(QFile::encodeName(folder).constData(), 4711, 4711), 0);
        const QString asked = root.filePath("asked"), logind = root.filePath("logind");
        const auto writeTo = [](const QString &path, const QByteArray &text) {
            QFile file(path);
            return file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(text) == text.size()
                && file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner | QFile::ReadOther | QFile::ExeOther);
        };
        const auto systemdRun = [&](const QByteArray &end) {
            return writeTo(bin.filePath("systemd-run"), "#!/bin/dash\necho \"$*\" >>" + asked.toUtf8()
                               + "\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nUNIT=its-own\nexport UNIT\n" + end + '\n');
        };
        QVERIFY(writeTo(bin.filePath("sh"), "#!/bin/dash\nexec " + shell.join(u' ').toUtf8() + " \"$@\"\n"));
        QVERIFY(writeTo(bin.filePath("busctl"), "#!/bin/dash\ncat " + logind.toUtf8() + '\n'));
        QVERIFY(systemdRun("exec \"$@\""));
        QString login = QStringLiteral("4711"); // really: busybox has an `id` of its own
        const auto verb = [&](const QStringList &words, const QByteArray &input = {}) {
            const QByteArray set = "cd /; PATH=" + bin.path().toUtf8() + ":$PATH BWR_SYSTEMD=" + root.path().toUtf8()
                + " USER=ann; unset UNIT XDG_RUNTIME_DIR; export PATH BWR_SYSTEMD USER; ";
            const auto ran = runProcess({"setpriv", "--reuid", login, "--regid", login, "--clear-groups", "/bin/dash", "-c",
                                         QString::fromLatin1(set + *helperCommand(words, m_state->path()))}, input);
            if (!ran.err.isEmpty())
                qWarning("%s: %s", qPrintable(words.first()), ran.err.constData());
            return ran.err.isEmpty() ? ran.out : QByteArray();
        };
        int tokens = 0;
        // The whole way of a step; what systemd-run was asked, and what the step said.
        const auto step = [&] {
            QFile::remove(asked);
            const QString token = QStringLiteral("t%1").arg(++tokens);
            const QByteArray script = "echo ${UNIT:-none} ${XDG_RUNTIME_DIR:-none}; cat; echo " + token.toUtf8() + " >>" + m_state->filePath("ran").toUtf8() + '\n';
            const QString sha = QString::fromLatin1(QCryptographicHash::hash(script, QCryptographicHash::Sha256).toHex());
            QByteArray end = verb({"start", token, "1", owner, "0", sha, "password"}, "c4nary\n" + script);
            if (!end.contains("token=" + token.toUtf8()))
                return end;
            end.clear(); // it may have ended already, but that says nothing of its output
            for (QDeadlineTimer limit(40'000); !end.contains("state=done") && !limit.hasExpired();)
                end = verb({"poll", token, "0", "0", "1000", "2"});
            if (!QTest::qWaitFor([&] { return verb({"who"}).contains(" job= "); })) // its slot is given back last
                return QByteArray("it keeps its slot");
            return end.mid(end.indexOf('\n', end.indexOf("state=done")) + 1);
        };
        QVERIFY(verb({"lock", owner, "150"}).contains("epoch=1 held=new"));
        // No systemd, a session that ends it all, and who is spared.
        const std::pair<const char *, bool> logins[] = {{"b false\nas 0\nas 0\n", false}, {"b true\nas 2 \"root\" \"ann\"\nas 0\n", false},
            {"b true\nas 0\nas 1 \"ben\"\n", false}, {"b true\nas 1 \"root\"\nas 1 \"ann\"\n", true}, {"", false}, {"b true\nas 1 \"root\"\nas 0\n", true}};
        for (const auto &[said, ends] : logins) {
            QVERIFY(writeTo(logind, said));
            QVERIFY2(verb({"who"}).contains(ends ? " ends=1 unfit=\n" : " ends=0 unfit=\n"), said);
        }
        QVERIFY(QDir().mkpath(root.filePath("run/systemd/system")) && QDir().mkpath(root.filePath("var/lib/systemd/linger")));
        // It runs, but nothing of this login's stays.
        QVERIFY(verb({"who"}).contains(" ends=1 "));
        QCOMPARE(step(), QByteArray("none none\nc4nary\n"));
        QVERIFY(!QFile::exists(asked));
        // It stays: the step is in a unit of the login's own, password and output go their way, and nothing is warned of.
        QVERIFY(writeTo(root.filePath("var/lib/systemd/linger/ann"), {}));
        QVERIFY(verb({"who"}).contains(" ends=0 "));
        QCOMPARE(step(), QByteArray("its-own /run/user/4711\nc4nary\n"));
        QVERIFY2(contentOf(asked).startsWith("--user --scope --quiet --collect --unit=bwr-t2."), contentOf(asked).constData());
        QVERIFY(!contentOf(asked).contains("c4nary"));
        // Root's is the machine's. It refuses: the step begins without.
        login = QStringLiteral("0");
        QVERIFY(systemdRun("exit 1"));
        QCOMPARE(step(), QByteArray("none none\nc4nary\n"));
        QVERIFY2(contentOf(asked).startsWith("--system --scope "), contentOf(asked).constData());
        // It says that it failed and began it all the same: two supervisors, one step.
        QVERIFY(systemdRun("exec 3<&0\n\"$@\" <&3 3<&- >/dev/null &\nexit 1"));
        QVERIFY(step().endsWith("\nc4nary\n"));
        QCOMPARE(contentOf(m_state->filePath("ran")), QByteArray("t1\nt2\nt3\nt4\n"));
    }
    void requestsCarryWhatTheirVerbNeeds_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<int>("most");
        const QString token = "r123.h456.1.7.2", epoch = "1234567";
        // What goes again and again has to be small: on a link of 1 kB a second it is sent beside the health checks.
        QTest::newRow("poll") << QStringList{"poll", token, "123456789", "1234567", "262144", "20"} << 1700;
        QTest::newRow("renew") << QStringList{"renew", epoch, owner, "150"} << 1300;
        QTest::newRow("ack") << QStringList{"ack", token} << 550;
        QTest::newRow("cancel") << QStringList{"cancel", token, epoch, owner} << 1700;
        QTest::newRow("who") << QStringList{"who"} << 3050;
        QTest::newRow("lock") << QStringList{"lock", owner, "150", "a console", owner} << 4450;
        QTest::newRow("unlock") << QStringList{"unlock", epoch, owner} << 1150;
        QTest::newRow("hold") << QStringList{"hold", owner, "reason"} << 1300;
        QTest::newRow("unhold") << QStringList{"unhold", owner} << 500;
        QTest::newRow("env") << QStringList{"env", token, epoch, owner} << 2350;
        QTest::newRow("start") << QStringList{"start", token, epoch, owner, "900", QString(64, 'a')} << 11700; // and the supervisor
        QTest::newRow("gc") << QStringList{"gc", "60"} << 500;
    }
    void requestsCarryWhatTheirVerbNeeds()
    {
        QFETCH(QStringList, words);
        QFETCH(int, most);
        const auto command = helperCommand(words, QStringLiteral("/srv/sample/state"));
        WORKS(command);
        QVERIFY2(command->size() <= most, QByteArray::number(command->size()).constData());
        QCOMPARE(HelperText(hostFile("helper.sh")).verbs().size(), helperVerbs().size());
        // Nothing is sent that has other words than these.
        FAILS(helperCommand(words + QStringList{"more"}, {}), "internal");
        for (qsizetype i = 1; i < words.size(); ++i) {
            QStringList odd = words;
            const bool isText = (words[0] == "hold" && i == 2) || (words[0] == "lock" && i > 2);
            odd[i] = isText ? QString(QChar(u'\0')) : QStringLiteral("../x");
            QVERIFY(!helperCommand(odd, {}));
        }
    }
};

QTEST_GUILESS_MAIN(TestHostShells)
#include "tst_hostshells.moc"
