// The host-run protocol under every shell found here, over noisy logins and without one.
#include "hostjobsworld.h"

#include <QCryptographicHash>
#include <QDeadlineTimer>

using namespace bellwether;

class TestHostShells : public HostJobsWorld {
    Q_OBJECT

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
        for (QDeadlineTimer limit(40'000); !end.out.contains("state=done") && !limit.hasExpired();)
            end = verb({"poll", "t1", "0", "0", "1000", "2"});
        QVERIFY2(end.out.contains("rc=4") && end.out.endsWith("out\nerr\n"), end.out.constData());
        // A password goes to the step alone, whole, and nothing of it stays; the script behind it is the script.
        const QByteArray reader = "IFS= read -r l; printf '%s\\n' \"$l\"; cat; env | grep -c c4nar[y]\n";
        QTest::qWait(300);
        const auto given = verb({"start", "t3", "1", owner, "0", QCryptographicHash::hash(reader, QCryptographicHash::Sha256).toHex(), "password"},
                                " \\c4nary-%s '$HOME \n" + reader);
        QVERIFY2(given.out.contains("spawned=1 state="), (given.out + given.err).constData());
        end = {};
        for (QDeadlineTimer limit(40'000); !end.out.contains("state=done") && !limit.hasExpired();)
            end = verb({"poll", "t3", "0", "0", "1000", "2"});
        QVERIFY2(end.out.endsWith("\n \\c4nary-%s '$HOME \n0\n"), end.out.constData());
        for (const QString &name : QDir(m_state->path() + "/v1/jobs/t3").entryList(QDir::Files))
            QVERIFY2(name == "out" || !contentOf(jobFile("t3", qPrintable(name))).contains("c4nary"), qPrintable(name));
        // Cancelled: kill's portable form reaches the group in this shell too.
        const QByteArray deaf = "sleep 40 & sleep 41\n";
        QTest::qWait(300);
        const auto second = verb({"start", "t2", "1", owner, "0", QCryptographicHash::hash(deaf, QCryptographicHash::Sha256).toHex()}, deaf);
        QVERIFY2(second.out.contains("spawned=1 state=running"), (second.out + second.err).constData());
        QVERIFY(verb({"cancel", "t2", "1", owner}).out.contains("bwr state="));
        end = {};
        for (QDeadlineTimer limit(40'000); !end.out.contains("state=done") && !limit.hasExpired();)
            end = verb({"poll", "t2", "0", "0", "1000", "2"});
        QVERIFY2(end.out.contains("rc=143") && end.out.contains("why=cancel"), end.out.constData());
    }
};

QTEST_GUILESS_MAIN(TestHostShells)
#include "tst_hostshells.moc"
