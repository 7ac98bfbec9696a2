// Commands that become root's by sudo, over real sshd, in an account and with a sudoers file that the test makes and removes.
#include "askedperson.h"
#include "base/clock.h"
#include "plan/hops.h"
#include "shells.h"
#include "sshworld.h"
#include "steps/sshhosts.h"

#include <QDirIterator>
#include <QFile>

#include <csignal>
#include <pwd.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace bellwether;

namespace {

const QByteArray canary = "b@d' \\c4nary-$HOME %s";

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// Looks over the shoulder of every process of this machine: arguments and environments, again and again.
class ProcessWatch {
public:
    explicit ProcessWatch(const QByteArray &mark) : m_mark(mark), m_thread([this] { look(); }) {}
    ~ProcessWatch() { stop(); }
    void stop()
    {
        m_stopped = true;
        if (m_thread.joinable())
            m_thread.join();
    }
    QByteArray found; // where the canary stood; after stop()
    int marks = 0;    // how often the mark was seen: it does see what runs

private:
    void look()
    {
        while (!m_stopped) {
            for (const QString &pid : QDir(QStringLiteral("/proc")).entryList({QStringLiteral("[0-9]*")}, QDir::Dirs)) {
                for (const char *name : {"/cmdline", "/environ"}) {
                    const QByteArray bytes = contentOf(QStringLiteral("/proc/") + pid + QLatin1String(name));
                    marks += bytes.contains(m_mark);
                    if (bytes.contains("c4nary"))
                        found = pid.toUtf8() + name + ": " + bytes.left(200);
                }
            }
        }
    }
    QByteArray m_mark;
    std::atomic<bool> m_stopped = false;
    std::thread m_thread;
};

} // namespace

class TestSudo : public SshWorld {
    Q_OBJECT

    QString m_user, m_rules;
    QTemporaryDir m_folder; // the account's own: state and the log of sudo
    SystemClock m_clock;
    int m_tokens = 0;

    // The console's side of one machine, as long as the console runs; and who sits in front of it.
    struct Console {
        Credentials credentials;
        Person person;
        SshPool pool;
        SshHosts hosts;
        Console(TestSudo &test, Person::Reply reply)
            : person(credentials, std::move(reply)), pool(test.m_trust, &test, {}, &credentials), hosts(pool, test.m_clock, &credentials) {}
    };
    Installation installation() const
    {
        Installation host;
        host.name = QStringLiteral("shop-01");
        host.endpoint = m_sshd->endpoint();
        host.endpoint.user = m_user;
        host.directory = QStringLiteral("/");
        host.state = m_folder.filePath("state");
        host.sudo = Sudo::Password;
        return host;
    }
    QStringList bySudo(const QStringList &command) const { return Placeholders({}, installation()).resolve(command); }
    HostFacts measure(Console &console, const Probes &probes = {})
    {
        Awaited<HostFacts> facts;
        console.hosts.measure(installation(), probes, facts.callback());
        return facts.wait() ? *facts : HostFacts{};
    }
    Result<bool> ask(Console &console, const QStringList &argv)
    {
        Awaited<Result<bool>> answer;
        console.hosts.ask(installation(), argv, 20, answer.callback());
        return answer.wait() ? *answer : Result<bool>(fail(ErrorCode::Interrupted));
    }
    Result<JobState> start(Console &console, const QString &token, const QByteArray &script)
    {
        Awaited<Result<Lease>> lease;
        console.hosts.lock(installation(), QStringLiteral("ws-1"), 150, {}, lease.callback());
        if (!lease.wait() || !lease->has_value())
            return fail(ErrorCode::Interrupted);
        Awaited<Result<JobState>> begun;
        console.hosts.start(installation(), token, (*lease)->epoch, QStringLiteral("ws-1"), 0, script, begun.callback());
        return begun.wait() ? *begun : Result<JobState>(fail(ErrorCode::Interrupted));
    }
    JobPoll end(Console &console, const QString &token, int tries = 30)
    {
        JobPoll last;
        for (int i = 0; i < tries && last.state != JobState::Done; ++i) {
            Awaited<Result<JobPoll>> answer;
            console.hosts.poll(installation(), token, last.state == JobState::Done ? 0 : last.outSize, 0, 2, answer.callback());
            if (answer.wait() && answer->has_value())
                last = **answer;
        }
        Awaited<Result<JobPoll>> whole;
        console.hosts.poll(installation(), token, 0, 0, 0, whole.callback());
        return whole.wait() && whole->has_value() ? **whole : last;
    }
    QString token() { return QStringLiteral("t%1").arg(++m_tokens); }
    // Every wrong password that sudo counted.
    int wrongPasswords() const { return contentOf(m_folder.filePath("sudo.log")).count("incorrect password"); }

    Result<ExecResult> run(const QStringList &argv)
    {
        SshPool pool(m_trust, this);
        HostJobs jobs(pool);
        Endpoint to = m_sshd->endpoint();
        to.user = m_user;
        Awaited<ExecAnswer> answer;
        jobs.run({to, {}}, argv, QStringLiteral("/"), 20'000, answer.callback());
        if (!answer.wait())
            return fail(ErrorCode::Internal, {QStringLiteral("no answer")});
        return *answer;
    }
    void allow(const QByteArray &rule, const QByteArray &options = {})
    {
        QFile file(m_rules);
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        file.write("Defaults:" + m_user.toUtf8() + " !lecture, logfile=" + m_folder.filePath("sudo.log").toUtf8() + options + '\n');
        if (!rule.isEmpty())
            file.write(m_user.toUtf8() + ' ' + rule + '\n');
        file.close();
        QFile::setPermissions(m_rules, QFile::ReadOwner | QFile::ReadGroup);
        const auto check = runProcess({"visudo", "-cf", m_rules});
        QVERIFY2(check.exitStatus == 0, check.err.constData());
    }
    QStringList asRoot(const QStringList &command) const
    {
        Installation host;
        host.sudo = Sudo::NoPassword;
        return Placeholders({}, host).resolve(command);
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY2(::geteuid() == 0, "this test makes an account of its own: run it as root");
        startHost();
        QFile::setPermissions(m_sshd->folder(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner | QFile::ExeOther); // sshd reads keys as the user
        m_user = QStringLiteral("bws%1").arg(::getpid());
        const auto made = runProcess({"useradd", "-M", "-d", "/", "-s", "/bin/sh", "-p", "*", m_user});
        QVERIFY2(made.exitStatus == 0, made.err.constData());
        m_rules = QStringLiteral("/etc/sudoers.d/") + m_user;
        const auto word = runProcess({"chpasswd"}, m_user.toUtf8() + ':' + canary + '\n');
        QVERIFY2(word.exitStatus == 0, word.err.constData());
        QCOMPARE(runProcess({"chown", m_user, m_folder.path()}).exitStatus, 0);
    }
    void cleanupTestCase()
    {
        QFile::remove(m_rules);
        if (!m_user.isEmpty())
            QVERIFY(QTest::qWaitFor([this] { return runProcess({"userdel", m_user}).exitStatus == 0; })); // a watcher's last sleep may still be its own
    }
    void commandsSayWhatTheyAre()
    {
        // [OPS-10] What is planned is what runs: nothing is put in front of it later.
        QCOMPARE(asRoot({"docker", "ps", "-q"}), QStringList({"sudo", "-n", "--", "docker", "ps", "-q"}));
        QCOMPARE(asRoot({"sudo", "-u", "app", "id"}), QStringList({"sudo", "-u", "app", "id"}));
        QCOMPARE(asRoot({}), QStringList());
        QCOMPARE(bySudo({"docker", "ps"}), QStringList({"sudo", "-S", "--", "docker", "ps"}));
        QVERIFY(wantsSudoPassword(bySudo({"id"})) && !wantsSudoPassword(asRoot({"id"})) && !wantsSudoPassword({"sudo", "-S"}));
        QCOMPARE(Placeholders({}, Installation()).resolve(QStringList{"id"}), QStringList{"id"});
    }
    void aDeadlineEndsTheCommandOfALogin()
    {
        // ssh-notes, "Kill remotely": at its deadline a command is sent TERM; sshd passes signals on for logins that are not root's.
        const QString begun = m_folder.filePath("begun"), ended = m_folder.filePath("ended");
        SshPool pool(m_trust, this);
        Endpoint to = m_sshd->endpoint();
        to.user = m_user;
        EXPECT_ERROR(exec(pool, to, command("cd " + m_folder.path().toUtf8() + "; trap 'echo told >ended; exit 3' TERM; echo $$ >begun; sleep 300 & wait", 3'000)), "command-timeout");
        const auto group = contentOf(begun).trimmed().toInt();
        QVERIFY(group > 1);
        QVERIFY(QTest::qWaitFor([&] { return contentOf(ended) == "told\n"; }, 20'000));
        QVERIFY(QTest::qWaitFor([&] { return ::kill(-group, 0) != 0; }, 20'000)); // nor does the sleep go on
        const auto next = exec(pool, to, command("echo on"));
        QVERIFY(next.wait() && next->has_value());
        QCOMPARE((*next)->out, QByteArray("on\n"));
    }
    void aPinSaysWhatItIs()
    {
        // [OPS-10, PI-04] In the plan, so that its hash covers it.
        ProductProfile profile;
        profile.pinFile = QStringLiteral("/srv/x/.env");
        profile.pinKey = QStringLiteral("TAG");
        StepTemplate pin;
        pin.kind = StepKind::Pin;
        profile.steps = profile.tagOnly = {pin};
        Placeholders placeholders(profile, installation());
        const Hop hop = makeHop(profile, {}, *Version::parse("1.4.0"), *Version::parse("1.5.0"), placeholders);
        QCOMPARE(hop.steps[0].argv, QStringList({"sudo", "-S", "--"}));
        QCOMPARE(hop.tagOnly[0].argv, QStringList({"sudo", "-S", "--"}));
        QVERIFY2(hop.steps[0].displayText().contains("sudo -S -- sh"), qPrintable(hop.steps[0].displayText()));
        Placeholders none(profile, Installation());
        QVERIFY(makeHop(profile, {}, *Version::parse("1.4.0"), *Version::parse("1.5.0"), none).steps[0].argv.isEmpty());
    }
    void aPinIsRootsWhereTheLoginMayNot_data()
    {
        QTest::addColumn<QByteArray>("rule");
        QTest::addColumn<QStringList>("sudo");
        QTest::addColumn<bool>("own"); // the login's file
        QTest::addColumn<bool>("works");
        const QStringList nopassword{"sudo", "-n", "--"};
        QTest::newRow("[PI-04] nopassword") << QByteArray("ALL=(root) NOPASSWD: /usr/bin/sh") << nopassword << false << true;
        QTest::newRow("[PI-04] password") << QByteArray("ALL=(root) ALL") << QStringList{"sudo", "-S", "--"} << false << true;
        QTest::newRow("[S17] an exact list without a shell, its own file") << QByteArray("ALL=(root) NOPASSWD: /usr/bin/id") << nopassword << true << true;
        QTest::newRow("[S17] an exact list without a shell, root's file") << QByteArray("ALL=(root) NOPASSWD: /usr/bin/id") << nopassword << false << false;
    }
    void aPinIsRootsWhereTheLoginMayNot()
    {
        QFETCH(QByteArray, rule);
        QFETCH(QStringList, sudo);
        QFETCH(bool, own);
        QFETCH(bool, works);
        allow(rule);
        QFile::remove(m_folder.filePath("sudo.log"));
        const QTemporaryDir roots; // nobody else may even look into it
        const QDir folder(own ? m_folder.filePath("pin") : roots.path());
        QVERIFY(folder.mkpath("."));
        const QString path = folder.filePath("it's .env");
        const QByteArray name = QFile::encodeName(path);
        const passwd *login = ::getpwnam(m_user.toUtf8().constData());
        QVERIFY(login);
        const uid_t uid = own ? login->pw_uid : 0;
        const gid_t gid = own ? login->pw_gid : 1;
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("A='x'\nTAG=1.4.0 # why\n") > 0);
        file.close();
        QCOMPARE(::chown(name.constData(), uid, gid), 0);
        QCOMPARE(::chmod(name.constData(), 0640), 0);
        QCOMPARE(::chown(QFile::encodeName(folder.path()).constData(), uid, gid), 0);
        struct stat before {}, after {};
        QCOMPARE(::stat(name.constData(), &before), 0);
        Console console(*this, [](const CredentialQuestion &) { return Person::say(canary); });
        const auto script = pinScript(path, "TAG", "1.5.0", sudo);
        QVERIFY(script);
        QCOMPARE(wantsPassword(*script), sudo.contains("-S"));
        const QString step = token();
        const auto begun = start(console, step, *script);
        QVERIFY2(begun.has_value(), begun.has_value() ? "" : qPrintable(begun.error().args.join(u' ')));
        const JobPoll done = end(console, step);
        QVERIFY2((done.exitStatus == 0) == works, (done.out + done.err).constData());
        QCOMPARE(::stat(name.constData(), &after), 0);
        QCOMPARE(contentOf(path), works ? QByteArray("A='x'\nTAG=1.5.0 # why\n") : QByteArray("A='x'\nTAG=1.4.0 # why\n"));
        QCOMPARE(after.st_ino != before.st_ino, works); // in one stroke
        QCOMPARE(after.st_uid, uid);
        QCOMPARE(after.st_gid, gid);
        QCOMPARE(after.st_mode & 07777, 0640u);
        QCOMPARE(folder.entryList(QDir::Files | QDir::Hidden).size(), 1);
        if (works) // by sudo where it must be, and only there
            QCOMPARE(contentOf(m_folder.filePath("sudo.log")).contains("bin/sh"), !own);
        if (works)
            QVERIFY2(done.out.contains("TAG 1.4.0 -> 1.5.0"), (done.out + done.err).constData());
        else
            QVERIFY2(done.err.contains("sudo: ") || done.err.contains("Sorry, user "), done.err.constData());
    }
    void aPinThatIsSoAlreadyTakesNoSudo()
    {
        // [PI-04, S17] Root's file, which everybody may read, and a list in sudoers without a shell.
        allow("ALL=(root) NOPASSWD: /usr/bin/id");
        QFile::remove(m_folder.filePath("sudo.log"));
        const QTemporaryDir roots;
        QFile file(roots.filePath(".env"));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("TAG=1.5.0\n") > 0);
        file.close();
        QCOMPARE(::chmod(QFile::encodeName(file.fileName()).constData(), 0644), 0);
        QCOMPARE(::chmod(QFile::encodeName(roots.path()).constData(), 0755), 0);
        Console console(*this, [](const CredentialQuestion &) { return Person::say(canary); });
        const auto script = pinScript(file.fileName(), "TAG", "1.5.0", {"sudo", "-n", "--"});
        QVERIFY(script);
        const QString step = token();
        const auto begun = start(console, step, *script);
        QVERIFY2(begun.has_value(), begun.has_value() ? "" : qPrintable(begun.error().args.join(u' ')));
        const JobPoll done = end(console, step);
        QVERIFY2(done.exitStatus == 0 && done.out.contains("already"), (done.out + done.err).constData());
        QVERIFY(!contentOf(m_folder.filePath("sudo.log")).contains("bin/sh"));
    }
    void aPasswordIsNotWaitedFor()
    {
        // [fault 41]
        for (const QByteArray &rule : {QByteArray("ALL=(root) /usr/bin/true"), QByteArray("ALL=(root) ALL")}) {
            allow(rule);
            QElapsedTimer since;
            since.start();
            const auto answer = run(asRoot({"id", "-u"}));
            QVERIFY(!answer.has_value());
            QCOMPARE(name(answer.error()), QByteArray("sudo-refused"));
            QVERIFY2(answer.error().args.at(1).contains("password is required"), qPrintable(answer.error().args.at(1)));
            QVERIFY(since.elapsed() < 10'000);
        }
    }
    void whatIsAllowedRunsAsRoot()
    {
        allow("ALL=(root) NOPASSWD: /usr/bin/id");
        const auto id = run(asRoot({"id", "-u"}));
        QVERIFY2(id.has_value(), id.has_value() ? "" : qPrintable(id.error().args.join(u' ')));
        QCOMPARE(id->out.trimmed(), QByteArray("0"));
        const auto other = run(asRoot({"cat", "/etc/shadow"})); // [S17] the list is exact
        QVERIFY(!other.has_value());
        QCOMPARE(name(other.error()), QByteArray("sudo-refused"));
        const auto plain = run({"id", "-un"});
        QVERIFY(plain.has_value());
        QCOMPARE(plain->out.trimmed(), m_user.toUtf8());
        // A command that fails by itself is no refusal of sudo's.
        const auto failed = run(asRoot({"id", "nobody-by-this-name"}));
        QVERIFY(failed.has_value());
        QCOMPARE(failed->exitStatus, 1);
    }

    void aPasswordIsSeenNowhere_data()
    {
        QTest::addColumn<QByteArray>("rule");
        QTest::addColumn<QByteArray>("options");
        QTest::newRow("remembered by sudo") << QByteArray("ALL=(root) ALL") << QByteArray();
        QTest::newRow("asked each time") << QByteArray("ALL=(root) ALL") << QByteArray(", timestamp_timeout=0");
        QTest::newRow("not wanted by the command") << QByteArray("ALL=(root) ALL, NOPASSWD: /usr/bin/sh") << QByteArray(", timestamp_timeout=0");
        QTest::newRow("never wanted") << QByteArray("ALL=(root) NOPASSWD: ALL") << QByteArray();
    }
    void aPasswordIsSeenNowhere()
    {
        // [OPS-10, S5]
        QFETCH(QByteArray, rule);
        QFETCH(QByteArray, options);
        allow(rule, options);
        Console console(*this, [](const CredentialQuestion &) { return Person::say(canary); });
        ProcessWatch watch("looked-for-3107");
        Probes probes;
        probes.content.argv = bySudo({"printf", "{\"looked-for-3107\":1}"});
        const HostFacts facts = measure(console, probes);
        QVERIFY2(!facts.sudoProblem && facts.problems.isEmpty(), qPrintable(facts.problems.join(u' ')));
        QCOMPARE(facts.content.value("looked-for-3107"), 1);
        // What stands on the command's stdin is what the step gives it, and nothing of ours is open.
        const QString step = token();
        const auto script = stepScript(bySudo({"sh", "-c", ": looked-for-3107; id -u; cat; readlink /proc/$$/fd/9 || echo none; env; sleep 0.5; exit 7"}), "/", "its own input");
        QVERIFY(script && wantsPassword(*script));
        const auto begun = start(console, step, *script);
        QVERIFY2(begun.has_value(), begun.has_value() ? "" : qPrintable(begun.error().args.join(u' ')));
        const JobPoll done = end(console, step);
        watch.stop();
        QCOMPARE(done.exitStatus, 7);
        QVERIFY2(done.out.startsWith("0\nits own input\nnone\n"), (done.out + done.err).constData());
        QVERIFY2(!done.out.contains("c4nary") && !done.err.contains("c4nary"), (done.out + done.err).constData());
        QVERIFY2(watch.found.isEmpty(), watch.found.constData());
        QVERIFY(watch.marks > 0);
        QCOMPARE(console.person.asked.size(), 1);
        QCOMPARE(console.person.asked[0].kind, CredentialKind::Sudo);
        QCOMPARE(wrongPasswords(), 0);
        for (const QString &folder : {m_folder.path(), QDir::tempPath()}) {
            for (QDirIterator files(folder, QDir::Files | QDir::Hidden, folder == m_folder.path() ? QDirIterator::Subdirectories : QDirIterator::NoIteratorFlags); files.hasNext();) {
                const QString path = files.next();
                if (folder == m_folder.path() || QFileInfo(path).owner() == m_user)
                    QVERIFY2(!contentOf(path).contains("c4nary"), qPrintable(path));
            }
        }
    }
    void everyShellHidesIt()
    {
        // The account's shell may be any: neither its builtins nor its way with descriptors betray the password.
        for (const QByteArray &options : {QByteArray(), QByteArray(", timestamp_timeout=0")}) {
            allow("ALL=(root) ALL", options);
            for (const QStringList &shell : posixShells()) {
                const auto script = stepScript(bySudo({"sh", "-c", "id -u; cat; readlink /proc/$$/fd/9 || echo none"}), "/", "a\nend-of-input\n'$x'");
                ProcessWatch watch("id -u");
                const auto ran = runProcess(QStringList{"runuser", "-u", m_user, "--"} + shell + QStringList{"-c", QString::fromUtf8(*script)}, canary + '\n');
                watch.stop();
                QVERIFY2(ran.out == "0\na\nend-of-input\n'$x'\nnone\n" && ran.exitStatus == 0, (shell.join(u' ').toUtf8() + ": " + ran.out + ran.err).constData());
                QVERIFY2(watch.found.isEmpty(), watch.found.constData());
            }
        }
        QCOMPARE(wrongPasswords(), 0);
    }
    void aWrongPasswordCostsOneTryAndNoStep()
    {
        allow("ALL=(root) ALL");
        QFile::remove(m_folder.filePath("sudo.log"));
        int said = 0;
        Console console(*this, [&](const CredentialQuestion &) { return Person::say(++said == 1 ? QByteArray("wrong") : canary, true); });
        const auto root = ask(console, bySudo({"test", "-r", "/etc/shadow"}));
        QVERIFY2(root.has_value() && *root, root.has_value() ? "" : qPrintable(root.error().args.join(u' ')));
        QCOMPARE(console.person.asked.size(), 2);
        QVERIFY2(console.person.asked[1].problem.contains("did not take that password"), qPrintable(console.person.asked[1].problem));
        QVERIFY2(contentOf(m_folder.filePath("sudo.log")).contains(" 1 incorrect password attempt"), contentOf(m_folder.filePath("sudo.log")).constData());
        QCOMPARE(wrongPasswords(), 1);
        QVERIFY(*ask(console, bySudo({"true"})));
        QCOMPARE(console.person.asked.size(), 2);
        // Changed meanwhile: the step does not run, and the next one is asked for, after one try.
        QCOMPARE(runProcess({"chpasswd"}, m_user.toUtf8() + ":other words\n").exitStatus, 0);
        const QString step = token();
        QVERIFY(start(console, step, *stepScript(bySudo({"touch", m_folder.filePath("never")}), "/", {})));
        const JobPoll done = end(console, step);
        QCOMPARE(done.exitStatus, passwordRefused);
        QVERIFY2(done.err.contains("nothing was run"), done.err.constData());
        QVERIFY(!QFile::exists(m_folder.filePath("never")));
        QCOMPARE(runProcess({"chpasswd"}, m_user.toUtf8() + ':' + canary + '\n').exitStatus, 0);
    }
    void preflightSaysWhy_data()
    {
        QTest::addColumn<QByteArray>("rule");
        QTest::addColumn<QByteArray>("options");
        QTest::addColumn<QString>("word");
        QTest::addColumn<QString>("why");
        QTest::newRow("not in sudoers") << QByteArray() << QByteArray() << QString::fromUtf8(canary) << "may not run sudo";
        QTest::newRow("requiretty") << QByteArray("ALL=(root) ALL") << QByteArray(", requiretty") << QString::fromUtf8(canary) << "requiretty";
        QTest::newRow("not given") << QByteArray("ALL=(root) ALL") << QByteArray() << QString() << "it was not given";
    }
    void preflightSaysWhy()
    {
        // [OPS-10] Before anything is changed, and in words; also where no probe runs by sudo.
        QFETCH(QByteArray, rule);
        QFETCH(QByteArray, options);
        QFETCH(QString, word);
        QFETCH(QString, why);
        allow(rule, options);
        Console console(*this, [&](const CredentialQuestion &) { return word.isEmpty() ? std::nullopt : Person::say(word.toUtf8()); });
        const HostFacts facts = measure(console);
        QVERIFY(facts.reachable);
        QVERIFY(facts.sudoProblem.has_value());
        QVERIFY2(facts.sudoProblem->contains(why), qPrintable(*facts.sudoProblem));
        QCOMPARE(facts.problems, QStringList{"sudo: " + *facts.sudoProblem});
    }
    void nobodyIsAskedForAStepThatRuns()
    {
        // Another console, and nobody in front of it: what runs is followed to its end. And a command of root's that does not
        // heed the signal has not ended before it has.
        allow("ALL=(root) ALL");
        const QString step = token();
        {
            Console console(*this, [](const CredentialQuestion &) { return Person::say(canary); });
            QVERIFY(start(console, step, *stepScript(bySudo({"sh", "-c", "trap '' TERM; echo begun; sleep 3; echo whole"}), "/", {})));
            for (JobPoll seen; !seen.out.contains("begun");) {
                Awaited<Result<JobPoll>> answer;
                console.hosts.poll(installation(), step, 0, 0, 2, answer.callback());
                QVERIFY(answer.wait() && answer->has_value() && (*answer)->state == JobState::Running);
                seen = **answer;
            }
        }
        Console later(*this, [](const CredentialQuestion &) { return std::nullopt; });
        Awaited<Status> cancelled;
        later.hosts.cancel(installation(), step, 1, QStringLiteral("ws-1"), cancelled.callback());
        QVERIFY(cancelled.wait() && cancelled->has_value());
        const JobPoll done = end(later, step);
        QCOMPARE(done.out, QByteArray("begun\nwhole\n"));
        QCOMPARE(done.why, QStringLiteral("cancel"));
        QVERIFY(later.person.asked.isEmpty());
    }
    void whatSudoSaysToEverybodyIsNoRefusal()
    {
        // [fault 41] A command's own failure stays its own, whatever sudo grumbles in front.
        const QByteArray noise = "sudo: unable to resolve host shop-01: Name or service not known\n";
        const QTemporaryDir bin;
        QFile::setPermissions(bin.path(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner | QFile::ExeOther | QFile::ReadOther);
        QFile fake(bin.filePath("sudo"));
        QVERIFY(fake.open(QIODevice::WriteOnly));
        fake.write("#!/bin/sh\nprintf '" + noise.trimmed() + "\\n' >&2\n[ \"$2\" != refuse ] || echo 'sudo: a password is required' >&2\nexit 1\n");
        fake.close();
        QFile::setPermissions(fake.fileName(), QFile::ReadOther | QFile::ExeOther | QFile::ReadOwner | QFile::ExeOwner);
        TestSshd grumbling({"SetEnv PATH=" + bin.path() + ":/usr/bin:/bin"});
        QVERIFY2(grumbling.isRunning(), qPrintable(grumbling.failure()));
        m_trust.trust(grumbling.endpoint().machine(), grumbling.fingerprint());
        SshPool pool(m_trust, this);
        HostJobs jobs(pool);
        Awaited<ExecAnswer> failed, refused;
        jobs.run({grumbling.endpoint(), {}}, {"sudo", "-n", "--", "false"}, {}, 20'000, failed.callback());
        jobs.run({grumbling.endpoint(), {}}, {"sudo", "-n", "refuse"}, {}, 20'000, refused.callback());
        QVERIFY(failed.wait() && refused.wait());
        QVERIFY2(failed->has_value(), failed->has_value() ? "" : qPrintable(failed->error().args.join(u' ')));
        QCOMPARE((*failed)->exitStatus, 1);
        QVERIFY(!refused->has_value());
        QCOMPARE(name(refused->error()), QByteArray("sudo-refused"));
        QCOMPARE(refused->error().args.at(1), QStringLiteral("sudo: a password is required"));
    }
};

QTEST_GUILESS_MAIN(TestSudo)
#include "tst_sudo.moc"
