// The SSH layer against real sshd: commands, keys, limits.
#include "faultproxy.h"
#include "sshworld.h"
#include "ssh/keyring.h"

#include <QDir>

using namespace bellwether;

namespace {

int openFiles()
{
    return int(QDir(QStringLiteral("/proc/self/fd")).entryList(QDir::Files | QDir::System).size());
}

} // namespace

class TestSshPool : public SshWorld {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void runsCommandsOverOneKeptSession()
    {
        const auto before = m_sshd->log().count("Accepted publickey");
        SshPool pool(m_trust, this);
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 20; ++i) {
            ExecRequest request = command("cat; echo err >&2; exit " + QByteArray::number(i));
            request.input = "input " + QByteArray::number(i);
            answers << exec(pool, m_sshd->endpoint(), request);
        }
        for (int i = 0; i < answers.size(); ++i) {
            QVERIFY(answers[i].wait());
            QVERIFY2(answers[i]->has_value(), answers[i]->has_value() ? "" : name(answers[i]->error()).constData());
            QCOMPARE((*answers[i])->exitStatus, i);
            QCOMPARE((*answers[i])->out, "input " + QByteArray::number(i));
            QCOMPARE((*answers[i])->err, QByteArray("err\n"));
        }
        QCOMPARE(pool.openSessions(), 1);
        QCOMPARE(m_sshd->log().count("Accepted publickey"), before + 1);
    }
    void whoeverLooksForInputThatThereIsNotIsToldSo()
    {
        SshPool pool(m_trust, this);
        const auto answer = exec(pool, m_sshd->endpoint(), command("cat; echo over"));
        QVERIFY(answer.wait(10'000) && answer->has_value());
        QCOMPARE((*answer)->out, QByteArray("over\n"));
    }
    void endsThatAreNoSuccess()
    {
        SshPool pool(m_trust, this);
        const auto killed = exec(pool, m_sshd->endpoint(), command("kill -KILL $$"));
        QVERIFY(killed.wait() && killed->has_value());
        QCOMPARE((*killed)->exitStatus, -1);
        QCOMPARE((*killed)->signal, QString("KILL"));
        const auto terminal = exec(pool, m_sshd->endpoint(), command("test -t 0 || test -t 1 || test -t 2"));
        QVERIFY(terminal.wait() && terminal->has_value());
        QCOMPARE((*terminal)->exitStatus, 1); // on a terminal, what runs would end with the connection
        const auto slow = exec(pool, m_sshd->endpoint(), command("sleep 60", 1'000));
        EXPECT_ERROR(slow, "command-timeout");
        // Binary output with every byte, and the limit.
        const auto bytes = exec(pool, m_sshd->endpoint(), command("printf '\\000\\377\\033[2Jx\\n'"));
        QVERIFY(bytes.wait());
        QCOMPARE((*bytes)->out, QByteArray("\0\xff\x1b[2Jx\n", 8));
        ExecRequest limited = command("head -c 100000 /dev/zero");
        limited.outputLimit = 1000;
        const auto cut = exec(pool, m_sshd->endpoint(), limited);
        QVERIFY(cut.wait());
        QCOMPARE((*cut)->out.size(), 1000);
        QVERIFY((*cut)->truncated);
        QCOMPARE((*cut)->exitStatus, 0);
        // A daemon that holds the streams open does not hold the answer for ever.
        QElapsedTimer since;
        since.start();
        const auto daemon = exec(pool, m_sshd->endpoint(), command("sleep 20 & echo started"));
        QVERIFY(daemon.wait());
        QCOMPARE((*daemon)->out, QByteArray("started\n"));
        QVERIFY((*daemon)->truncated); // whether that was all nobody can tell
        QVERIFY(since.elapsed() < 15'000);
    }
    void bothStreamsFloodTogether()
    {
        // [fault 39]
        SshPool pool(m_trust, this);
        ExecRequest request = command("head -c 12000000 /dev/zero >&2 & head -c 12000000 /dev/zero; wait");
        request.outputLimit = 12'000'000;
        const auto flood = exec(pool, m_sshd->endpoint(), request);
        QVERIFY(flood.wait(60'000) && flood->has_value());
        QCOMPARE((*flood)->out.size(), 12'000'000);
        QCOMPARE((*flood)->err.size(), 12'000'000);
    }
    void bigInputReachesTheCommand()
    {
        SshPool pool(m_trust, this);
        ExecRequest request = command("sleep 0.3; sha256sum | cut -c1-64");
        request.input = QByteArray(5'000'000, 'x');
        const auto sum = exec(pool, m_sshd->endpoint(), request);
        QVERIFY(sum.wait(60'000) && sum->has_value());
        QCOMPARE((*sum)->out.trimmed(), QCryptographicHash::hash(request.input, QCryptographicHash::Sha256).toHex());
        request.command = "exit 5"; // does not read it
        const auto ignored = exec(pool, m_sshd->endpoint(), request);
        QVERIFY(ignored.wait() && ignored->has_value());
        QCOMPARE((*ignored)->exitStatus, 5);
    }
    void unknownAndChangedKeysStopBeforeAuthentication()
    {
        // [fault 30, 31]
        TestSshd other;
        QVERIFY(other.isRunning());
        TestTrust trust;
        SshPool pool(trust, this);
        const auto unknown = exec(pool, other.endpoint(), command("true"));
        EXPECT_ERROR(unknown, "host-key-unknown");
        QCOMPARE(unknown->error().args, QStringList({other.endpoint().machine(), "ssh-ed25519", other.fingerprint()}));
        trust.trust(other.endpoint().machine(), QStringLiteral("SHA256:AAAA"));
        const auto changed = exec(pool, other.endpoint(), command("true"));
        EXPECT_ERROR(changed, "host-key-changed");
        QCOMPARE(changed->error().args.mid(2), QStringList({other.fingerprint(), "SHA256:AAAA"}));
        // Trust in another type of key is no trust in this one (OTHER).
        trust.trust(other.endpoint().machine(), QStringLiteral("SHA256:BBBB"), QStringLiteral("ssh-rsa"));
        EXPECT_ERROR(exec(pool, other.endpoint(), command("true")), "host-key-changed");
        Awaited<Result<HostKey>> key;
        pool.scanKey(other.endpoint(), key.callback());
        QVERIFY(key.wait() && key->has_value());
        QCOMPARE((*key)->fingerprint, other.fingerprint());
        QCOMPARE((*key)->keyType, QString("ssh-ed25519"));
        const bool gone = QTest::qWaitFor([&] { return other.connections().isEmpty(); }, 5'000);
        QVERIFY2(gone, other.log().constData());
        QCOMPARE(other.authAttempts(), 0); // [S2]
        QVERIFY2(other.log().contains("[preauth]"), other.log().constData());
        // And once it is right, the same pool gets in.
        trust.trust(other.endpoint().machine(), other.fingerprint());
        const auto in = exec(pool, other.endpoint(), command("echo in"));
        QVERIFY(in.wait() && in->has_value());
        QVERIFY(other.authAttempts() > 0);
        other.restartWithNewHostKey();
        other.cutConnections();
        QTest::qWait(300);
        pool.closeAll();
        EXPECT_ERROR(exec(pool, other.endpoint(), command("true")), "host-key-changed");
    }
    void keysThatDoNotFit_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QByteArray>("error");
        QTest::newRow("stranger") << "stranger" << QByteArray("auth-failed");
        QTest::newRow("missing") << "missing" << QByteArray("key-unusable");
        QTest::newRow("passphrase") << "passphrase" << QByteArray("auth-failed");
        QTest::newRow("rubbish") << "rubbish" << QByteArray("key-unusable");
        QTest::newRow("readable by others") << "open" << QByteArray("key-unusable");
        QTest::newRow("agent without agent") << "agent" << QByteArray("key-unusable");
        QTest::newRow("no key at all") << "" << QByteArray("key-unusable");
    }
    void keysThatDoNotFit()
    {
        QFETCH(QString, kind);
        QFETCH(QByteArray, error);
        const QTemporaryDir folder;
        const QString path = folder.filePath("key");
        if (kind == QLatin1String("stranger"))
            QVERIFY(QFile::copy(m_sshd->strangerKey(), path));
        else if (kind == QLatin1String("passphrase"))
            QCOMPARE(QProcess::execute("ssh-keygen", {"-q", "-t", "ed25519", "-N", "secret", "-f", path}), 0);
        else if (kind != QLatin1String("missing")) {
            QFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write("rubbish");
        }
        QFile::setPermissions(path, kind == QLatin1String("open") ? QFile::ReadOwner | QFile::ReadOther : QFile::ReadOwner);
        Endpoint to = m_sshd->endpoint();
        to.identity = kind == QLatin1String("agent") || kind.isEmpty() ? kind : path;
        SshOptions options;
        options.keyFolder = folder.filePath("none");
        SshPool pool(m_trust, this, options);
        const auto answer = exec(pool, to, command("true"));
        QVERIFY(answer.wait() && !answer->has_value());
        QCOMPARE(name(answer->error()), error);
        if (kind == QLatin1String("stranger"))
            QVERIFY(answer->error().args.at(2).contains("publickey"));
    }
    void defaultKeysAndTheAgent()
    {
        const QTemporaryDir folder;
        QVERIFY(QFile::copy(m_sshd->endpoint().identity, folder.filePath("id_ed25519")));
        QFile::setPermissions(folder.filePath("id_ed25519"), QFile::ReadOwner);
        SshOptions options;
        options.keyFolder = folder.path();
        Endpoint to = m_sshd->endpoint();
        to.identity.clear();
        SshPool pool(m_trust, this, options);
        const auto byDefault = exec(pool, to, command("true"));
        QVERIFY(byDefault.wait() && byDefault->has_value());

        QProcess agent;
        agent.start("ssh-agent", {"-D", "-a", folder.filePath("agent")});
        QVERIFY(agent.waitForStarted());
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(folder.filePath("agent")); }));
        qputenv("SSH_AUTH_SOCK", folder.filePath("agent").toUtf8());
        QCOMPARE(QProcess::execute("ssh-add", {"-q", m_sshd->strangerKey()}), 0);
        QCOMPARE(QProcess::execute("ssh-add", {"-q", m_sshd->endpoint().identity}), 0);
        to.identity = QStringLiteral("agent");
        const auto byAgent = exec(pool, to, command("echo $SSH_AUTH_SOCK."));
        QVERIFY(byAgent.wait());
        QVERIFY2(byAgent->has_value(), byAgent->has_value() ? "" : name(byAgent->error()).constData());
        QCOMPARE((*byAgent)->out, QByteArray(".\n")); // [S26] nothing of the agent reaches the host
        qunsetenv("SSH_AUTH_SOCK");
        agent.kill();
        agent.waitForFinished();
    }
    void namesThatAreNoNames_data()
    {
        QTest::addColumn<QString>("address");
        QTest::addColumn<QString>("user");
        QTest::newRow("[S8] option") << "-oProxyCommand=touch ./pwned" << "root";
        QTest::newRow("[S8] shell") << "host;touch${IFS}./pwned" << "root";
        QTest::newRow("[S8] empty") << "" << "root";
        QTest::newRow("[S8] two names") << "user@host" << "root";
        QTest::newRow("[S8] newline") << "host\nid" << "root";
        QTest::newRow("[S8] user") << "127.0.0.1" << "$(id)";
        QTest::newRow("[S8] user option") << "127.0.0.1" << "-oX";
        QTest::newRow("[S8] user newline") << "127.0.0.1" << "root\n";
    }
    void namesThatAreNoNames()
    {
        QFETCH(QString, address);
        QFETCH(QString, user);
        SshPool pool(m_trust, this);
        Endpoint to = m_sshd->endpoint();
        to.address = address;
        to.user = user;
        EXPECT_ERROR(exec(pool, to, command("true")), "bad-value");
        QVERIFY(!QFile::exists("pwned"));
    }
    void algorithmsOfYesterdayAreRefused_data()
    {
        QTest::addColumn<QString>("config");
        QTest::addColumn<QString>("what");
        QTest::newRow("key exchange") << "KexAlgorithms diffie-hellman-group14-sha1" << "key exchange";
        QTest::newRow("cipher") << "Ciphers aes128-cbc" << "cipher";
        QTest::newRow("integrity") << "Ciphers aes128-ctr\nMACs hmac-sha1" << "integrity";
        QTest::newRow("host key") << "HostKeyAlgorithms ssh-rsa" << "host key";
    }
    void algorithmsOfYesterdayAreRefused()
    {
        QFETCH(QString, config);
        QFETCH(QString, what);
        const QTemporaryDir folder;
        if (what == QLatin1String("host key")) { // a key that could do better, signed as in 2010
            QCOMPARE(QProcess::execute("ssh-keygen", {"-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", folder.filePath("rsa")}), 0);
            config += "\nHostKey " + folder.filePath("rsa");
        }
        TestSshd old(config.split(u'\n'));
        QVERIFY2(old.isRunning(), qPrintable(old.failure()));
        m_trust.trust(old.endpoint().machine(), old.fingerprint());
        SshPool pool(m_trust, this);
        const auto answer = exec(pool, old.endpoint(), command("true"));
        EXPECT_ERROR(answer, "no-common-algorithm"); // [S3]
        QVERIFY2(answer->error().args.at(1).contains(what), qPrintable(answer->error().args.join(u'|')));
        QVERIFY2(!answer->error().args.at(2).isEmpty(), qPrintable(answer->error().args.join(u'|')));
        QCOMPARE(old.authAttempts(), 0);
    }
    void fewSessionsPerConnection()
    {
        // [fault 34]
        TestSshd narrow({"MaxSessions 2"});
        QVERIFY(narrow.isRunning());
        m_trust.trust(narrow.endpoint().machine(), narrow.fingerprint());
        SshPool pool(m_trust, this);
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 12; ++i)
            answers << exec(pool, narrow.endpoint(), command("sleep 0.1; echo " + QByteArray::number(i)));
        for (int i = 0; i < answers.size(); ++i) {
            QVERIFY(answers[i].wait());
            QVERIFY2(answers[i]->has_value(), answers[i]->has_value() ? "" : name(answers[i]->error()).constData());
            QCOMPARE((*answers[i])->out, QByteArray::number(i) + '\n');
        }
        QCOMPARE(narrow.log().count("Accepted publickey"), 1);
    }
    void newKeysInTheMiddle()
    {
        // [fault 40]
        TestSshd rekeying({"RekeyLimit 1M"});
        QVERIFY(rekeying.isRunning());
        m_trust.trust(rekeying.endpoint().machine(), rekeying.fingerprint());
        SshPool pool(m_trust, this);
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 6; ++i) {
            ExecRequest request = command("head -c 6000000 /dev/zero; echo end >&2", 60'000);
            request.outputLimit = 10'000'000;
            answers << exec(pool, rekeying.endpoint(), request);
        }
        for (const auto &answer : answers) {
            QVERIFY(answer.wait(60'000));
            QVERIFY2(answer->has_value(), answer->has_value() ? "" : qPrintable(answer->error().args.join(u' ')));
            QCOMPARE((*answer)->out.size(), 6'000'000);
            QCOMPARE((*answer)->err, QByteArray("end\n"));
        }
    }
    void slowLinksMayBeCompressed_data()
    {
        QTest::addColumn<QString>("server");
        QTest::addColumn<bool>("wanted");
        QTest::addColumn<bool>("compressed");
        QTest::newRow("off") << "" << false << false;
        QTest::newRow("on") << "" << true << true;
        QTest::newRow("a host without it") << "Compression no" << true << false;
    }
    void slowLinksMayBeCompressed()
    {
        QFETCH(QString, server);
        QFETCH(bool, wanted);
        QFETCH(bool, compressed);
        TestSshd sshd({server});
        QVERIFY2(sshd.isRunning(), qPrintable(sshd.failure()));
        const FaultProxy proxy(sshd.port());
        Endpoint to = sshd.endpoint();
        to.port = proxy.port();
        to.compression = wanted ? std::optional(true) : std::nullopt;
        m_trust.trust(to.machine(), sshd.fingerprint());
        SshOptions options;
        options.rekeyBytes = 1'000'000; // compression begins anew with each key
        SshPool pool(m_trust, this, options);
        for (int i = 0; i < 3; ++i) {
            ExecRequest request = command("head -c 2000000 /dev/zero | tr '\\000' x; wc -c >&2");
            request.input = QByteArray(2'000'000, 'y');
            request.outputLimit = 4'000'000;
            const auto answer = exec(pool, to, request);
            QVERIFY(answer.wait());
            QVERIFY2(answer->has_value(), answer->has_value() ? "" : qPrintable(answer->error().args.join(u' ')));
            QVERIFY((*answer)->out == QByteArray(2'000'000, 'x'));
            QCOMPARE((*answer)->err.trimmed(), QByteArray("2000000"));
        }
        const bool fewer = proxy.carried() < 1'000'000;
        QVERIFY2(fewer == compressed && (compressed || proxy.carried() > 12'000'000), QByteArray::number(proxy.carried()).constData());
        QCOMPARE(pool.openSessions(), 1);
    }
    void idleSessionsClose()
    {
        SshOptions options;
        options.idleMs = 600;
        SshPool pool(m_trust, this, options);
        QVERIFY(exec(pool, m_sshd->endpoint(), command("true")).wait());
        QCOMPARE(pool.openSessions(), 1);
        QVERIFY(QTest::qWaitFor([&] { return pool.openSessions() == 0; }));
        const auto again = exec(pool, m_sshd->endpoint(), command("true"));
        QVERIFY(again.wait() && again->has_value());
    }
    void manyHostsManyCommands()
    {
        TestSshd everywhere({}, QStringLiteral("0.0.0.0"));
        QVERIFY(everywhere.isRunning());
        TestTrust trust;
        trust.trustEverywhere(everywhere.fingerprint());
        const int before = openFiles();
        {
            SshPool pool(trust, this);
            QList<Awaited<ExecAnswer>> answers;
            for (int i = 0; i < 200; ++i)
                answers << exec(pool, everywhere.endpoint(QStringLiteral("127.0.1.%1").arg(i % 20 + 1)), command("echo " + QByteArray::number(i), 60'000));
            for (int i = 0; i < answers.size(); ++i) {
                QVERIFY(answers[i].wait(120'000));
                QVERIFY2(answers[i]->has_value(), answers[i]->has_value() ? "" : qPrintable(answers[i]->error().args.join(u' ')));
                QCOMPARE((*answers[i])->out, QByteArray::number(i) + '\n');
            }
            QCOMPARE(pool.openSessions(), 20);
            QCOMPARE(everywhere.log().count("Accepted publickey"), 20);
        }
        QVERIFY2(openFiles() <= before, "sockets were left open");
    }
    void leavesWhileBusy()
    {
        for (int i = 0; i < 5; ++i) {
            SshPool pool(m_trust, this);
            const auto one = exec(pool, m_sshd->endpoint(), command("sleep 5"));
            HttpRequest request;
            request.port = m_sshd->port();
            Awaited<Result<HttpResult>> other;
            pool.httpGet(m_sshd->endpoint(), request, other.callback());
            QTest::qWait(i * 60);
            Q_UNUSED(one);
        }
    }
    void whatComesAfterTheExitIsWaitedFor()
    {
        // A slow link: the exit status has come, and the output is still coming.
        SshPool pool(m_trust, this);
        const auto slow = exec(pool, m_sshd->endpoint(), command("(for i in 1 2 3 4 5; do sleep 1; echo $i; done) & exit 3"));
        QVERIFY(slow.wait() && slow->has_value());
        QCOMPARE((*slow)->out, QByteArray("1\n2\n3\n4\n5\n"));
        QCOMPARE((*slow)->exitStatus, 3);
        QVERIFY(!(*slow)->truncated);
    }
    void aKeyInUseOutlivesItsFile()
    {
        const QTemporaryDir folder;
        const QString path = folder.filePath("key");
        QVERIFY(QFile::copy(m_sshd->endpoint().identity, path));
        KeyRing ring;
        const auto first = ring.load(path);
        QVERIFY(first);
        QVERIFY(QFile::remove(path) && QFile::copy(m_sshd->strangerKey(), path)); // replaced in the middle of a login
        const auto second = ring.load(path);
        QVERIFY(second && second->key != first->key);
        QVERIFY(ssh_key_is_private(first->key.get()) == 1 && ssh_key_cmp(first->key.get(), second->key.get(), SSH_KEY_CMP_PUBLIC) != 0);
    }
};

QTEST_GUILESS_MAIN(TestSshPool)
#include "tst_sshpool.moc"
