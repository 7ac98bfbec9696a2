// Commands that become root's by sudo, over real sshd, in an account and with a sudoers file that the test makes and removes.
#include "shells.h"
#include "sshworld.h"

#include "plan/placeholders.h"
#include "remote/hostjobs.h"

#include <QFile>

#include <unistd.h>

using namespace bellwether;

class TestSudo : public SshWorld {
    Q_OBJECT

    QString m_user, m_rules;

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
    void allow(const QByteArray &rule)
    {
        QFile file(m_rules);
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        file.write("Defaults:" + m_user.toUtf8() + " !lecture\n" + m_user.toUtf8() + ' ' + rule + '\n');
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
    }
    void cleanupTestCase()
    {
        QFile::remove(m_rules);
        if (!m_user.isEmpty())
            QCOMPARE(runProcess({"userdel", m_user}).exitStatus, 0);
    }
    void commandsSayWhatTheyAre()
    {
        // [OPS-10] What is planned is what runs: nothing is put in front of it later.
        QCOMPARE(asRoot({"docker", "ps", "-q"}), QStringList({"sudo", "-n", "--", "docker", "ps", "-q"}));
        QCOMPARE(asRoot({"sudo", "-u", "app", "id"}), QStringList({"sudo", "-u", "app", "id"}));
        QCOMPARE(asRoot({}), QStringList());
        QCOMPARE(Placeholders({}, Installation()).resolve(QStringList{"id"}), QStringList{"id"});
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
};

QTEST_GUILESS_MAIN(TestSudo)
#include "tst_sudo.moc"
