// The SSH layer against real sshd: keys, phases, limits, floods and losses.
#include "await.h"
#include "ssh/sshpool.h"
#include "testsshd.h"

#include <QDir>
#include <QElapsedTimer>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>

#include <csignal>

using namespace bellwether;

namespace {

using ExecAnswer = Result<ExecResult>;

ExecRequest command(const QByteArray &text, int timeoutMs = 20'000)
{
    ExecRequest request;
    request.command = text;
    request.timeoutMs = timeoutMs;
    return request;
}

QByteArray name(const Error &error)
{
    return errorKey(error.code);
}

#define EXPECT_ERROR(answer, key)                                                                         \
    do {                                                                                                  \
        const auto result = (answer);                                                                     \
        QVERIFY(result.wait());                                                                           \
        QVERIFY(!result->has_value());                                                                    \
        QCOMPARE(name(result->error()), QByteArray(key));                                                 \
    } while (false)

// A server that is no sshd: says its words, then a byte at a time, or nothing.
class OddServer : public QObject {
public:
    explicit OddServer(const QByteArray &words, int everyMs = 0, bool closes = false)
    {
        m_server.listen(QHostAddress(QStringLiteral("127.0.0.1")));
        connect(&m_server, &QTcpServer::newConnection, this, [=, this] {
            QTcpSocket *socket = m_server.nextPendingConnection();
            ++m_count;
            connect(socket, &QTcpSocket::readyRead, socket, [socket] { socket->readAll(); });
            if (everyMs == 0)
                socket->write(words);
            else
                drip(socket, words, everyMs);
            if (closes)
                socket->disconnectFromHost();
        });
    }
    Endpoint endpoint() const
    {
        Endpoint to;
        to.address = QStringLiteral("127.0.0.1");
        to.port = m_server.serverPort();
        to.identity = QStringLiteral("/nonexistent");
        return to;
    }
    int m_count = 0;

private:
    static void drip(QTcpSocket *socket, const QByteArray &words, int everyMs)
    {
        auto *timer = new QTimer(socket);
        auto at = std::make_shared<int>(0);
        connect(timer, &QTimer::timeout, socket, [=] { socket->write(words.mid((*at)++ % words.size(), 1)); });
        timer->start(everyMs);
    }
    QTcpServer m_server;
};

int openFiles()
{
    return int(QDir(QStringLiteral("/proc/self/fd")).entryList(QDir::Files | QDir::System).size());
}

} // namespace

class TestSshPool : public QObject {
    Q_OBJECT
    std::unique_ptr<TestSshd> m_sshd;
    TestTrust m_trust;

    Awaited<ExecAnswer> exec(SshPool &pool, const Endpoint &to, const ExecRequest &request)
    {
        Awaited<ExecAnswer> answer;
        pool.exec(to, request, answer.callback());
        return answer;
    }

private Q_SLOTS:
    void initTestCase()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_sshd = std::make_unique<TestSshd>();
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
        m_trust.trust(m_sshd->endpoint().machine(), m_sshd->fingerprint());
    }
    void cleanupTestCase() { m_sshd.reset(); }

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
    void endsThatAreNoSuccess()
    {
        SshPool pool(m_trust, this);
        const auto killed = exec(pool, m_sshd->endpoint(), command("kill -KILL $$"));
        QVERIFY(killed.wait() && killed->has_value());
        QCOMPARE((*killed)->exitStatus, -1);
        QCOMPARE((*killed)->signal, QString("KILL"));
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
        QVERIFY(since.elapsed() < 15'000);
    }
    void bothStreamsFloodTogether()
    {
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
        QTest::newRow("passphrase") << "passphrase" << QByteArray("key-unusable");
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

    void hostsThatAreNone_data()
    {
        QTest::addColumn<QByteArray>("words");
        QTest::addColumn<int>("everyMs");
        QTest::addColumn<bool>("closes");
        QTest::addColumn<QByteArray>("error");
        QTest::newRow("web server") << QByteArray("HTTP/1.1 400 Bad Request\r\n\r\n") << 0 << true << QByteArray("not-ssh");
        QTest::newRow("web server that stays") << QByteArray("HTTP/1.1 400 Bad Request\r\n\r\n") << 0 << false << QByteArray("not-ssh");
        QTest::newRow("mail server") << QByteArray("220 mx.example.test ESMTP\r\n") << 0 << false << QByteArray("not-ssh");
        QTest::newRow("a megabyte before the banner") << QByteArray(1 << 20, 'x') << 0 << false << QByteArray("not-ssh");
        QTest::newRow("silent") << QByteArray() << 0 << false << QByteArray("connect-timeout");
        QTest::newRow("slow banner") << QByteArray("SSH-2.0-OpenSSH_9.2p1 with a very long comment behind it\r\n") << 200 << false << QByteArray("connect-timeout");
        QTest::newRow("banner, then nothing") << QByteArray("SSH-2.0-OpenSSH_9.2p1\r\n") << 0 << false << QByteArray("connect-timeout");
        QTest::newRow("banner, then closed") << QByteArray("SSH-2.0-OpenSSH_9.2p1\r\n") << 0 << true << QByteArray("connect-failed");
        QTest::newRow("banner, then rubbish") << QByteArray("SSH-2.0-OpenSSH_9.2p1\r\n") + QByteArray(4000, '\xa5') << 0 << false << QByteArray("connect-failed");
    }
    void hostsThatAreNone()
    {
        QFETCH(QByteArray, words);
        QFETCH(int, everyMs);
        QFETCH(bool, closes);
        QFETCH(QByteArray, error);
        OddServer server(words, everyMs, closes);
        SshOptions options;
        options.kexMs = 2'000;
        SshPool pool(m_trust, this, options);
        QElapsedTimer since;
        since.start();
        const auto answer = exec(pool, server.endpoint(), command("true"));
        QVERIFY(answer.wait() && !answer->has_value());
        QVERIFY2(name(answer->error()) == error, (name(answer->error()) + ": " + answer->error().args.join(" | ").toUtf8()).constData());
        QVERIFY2(since.elapsed() < 6'000, "its deadline did not hold");
    }
    void refusedAtTheDoorIsTriedAgain()
    {
        OddServer server("Exceeded MaxStartups\r\n", 0, true);
        SshPool pool(m_trust, this);
        EXPECT_ERROR(exec(pool, server.endpoint(), command("true")), "connect-failed");
        QCOMPARE(server.m_count, 4);
    }
    void hostsThatAreNotThere()
    {
        SshOptions options;
        options.tcpMs = 1'500;
        SshPool pool(m_trust, this, options);
        Endpoint to = m_sshd->endpoint();
        to.port = 1;
        EXPECT_ERROR(exec(pool, to, command("true")), "connect-failed");
        to = m_sshd->endpoint();
        to.address = QStringLiteral("no-such-host.invalid");
        EXPECT_ERROR(exec(pool, to, command("true")), "host-name-unresolved");
        to.address = QStringLiteral("localhost");
        EXPECT_ERROR(exec(pool, to, command("true")), "host-key-unknown"); // the name was found and connected to
        to.jump = QStringLiteral("bastion");
        EXPECT_ERROR(exec(pool, to, command("true")), "connect-failed");
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
    void algorithmsOfYesterdayAreRefused()
    {
        TestSshd old({"KexAlgorithms diffie-hellman-group14-sha1"});
        QVERIFY2(old.isRunning(), qPrintable(old.failure()));
        m_trust.trust(old.endpoint().machine(), old.fingerprint());
        SshPool pool(m_trust, this);
        const auto answer = exec(pool, old.endpoint(), command("true"));
        EXPECT_ERROR(answer, "connect-failed"); // [S3]
        QVERIFY2(answer->error().args.at(2).contains("kex"), qPrintable(answer->error().args.at(2)));
        QCOMPARE(old.authAttempts(), 0);
    }

    void fewSessionsPerConnection()
    {
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
    void lostConnections()
    {
        TestSshd sshd;
        QVERIFY(sshd.isRunning());
        m_trust.trust(sshd.endpoint().machine(), sshd.fingerprint());
        SshPool pool(m_trust, this);
        const auto first = exec(pool, sshd.endpoint(), command("true"));
        QVERIFY(first.wait() && first->has_value());
        // Under way when the line is cut: its end is not known, it is not run again.
        const QString mark = sshd.folder() + QStringLiteral("/mark");
        const auto cut = exec(pool, sshd.endpoint(), command("echo x >>" + mark.toUtf8() + "; sleep 30"));
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(mark); }));
        sshd.cutConnections();
        EXPECT_ERROR(cut, "connection-lost");
        QFile marks(mark);
        QVERIFY(marks.open(QIODevice::ReadOnly));
        QCOMPARE(marks.readAll(), QByteArray("x\n"));
        // The next one makes a new connection.
        const auto next = exec(pool, sshd.endpoint(), command("echo again"));
        QVERIFY(next.wait() && next->has_value());
        const auto closed = exec(pool, sshd.endpoint(), command("sleep 30"));
        QTest::qWait(200);
        pool.closeAll();
        EXPECT_ERROR(closed, "connection-lost");
        QVERIFY(QTest::qWaitFor([&] { return pool.openSessions() == 0; }));
    }
    void silentPeersAreFound()
    {
        TestSshd sshd;
        QVERIFY(sshd.isRunning());
        m_trust.trust(sshd.endpoint().machine(), sshd.fingerprint());
        SshOptions options;
        options.keepAliveMs = 1'000; // a busy machine answers within three times that
        SshPool pool(m_trust, this, options);
        QVERIFY(exec(pool, sshd.endpoint(), command("true")).wait());
        // An idle but living host keeps its session by answering.
        QTest::qWait(4'500);
        QCOMPARE(pool.openSessions(), 1);
        const auto slow = exec(pool, sshd.endpoint(), command("sleep 4.2; echo ok"));
        QVERIFY(slow.wait());
        QVERIFY2(slow->has_value(), slow->has_value() ? "" : qPrintable(slow->error().args.join(u' ')));
        const auto waiting = exec(pool, sshd.endpoint(), command("sleep 30"));
        QTest::qWait(300);
        const auto processes = sshd.connections();
        QVERIFY(!processes.isEmpty());
        for (const qint64 pid : processes)
            ::kill(static_cast<pid_t>(pid), SIGSTOP);
        QElapsedTimer since;
        since.start();
        const bool answered = waiting.wait(10'000);
        for (const qint64 pid : processes)
            ::kill(static_cast<pid_t>(pid), SIGCONT);
        QVERIFY(answered && !waiting->has_value());
        QCOMPARE(name(waiting->error()), QByteArray("connection-lost"));
        QVERIFY(since.elapsed() < 8'000);
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

    void httpThroughTheHost_data()
    {
        QTest::addColumn<QByteArray>("reply");
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("error");
        QTest::newRow("ok") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") << 200 << QByteArray("hello") << QByteArray();
        QTest::newRow("starting") << QByteArray("HTTP/1.1 503 Not yet\r\nContent-Length: 0\r\n\r\n") << 503 << QByteArray() << QByteArray();
        QTest::newRow("chunked") << QByteArray("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") << 200 << QByteArray("abcde") << QByteArray();
        QTest::newRow("until closed") << QByteArray("HTTP/1.0 200 OK\r\n\r\nto the end") << 200 << QByteArray("to the end") << QByteArray();
        QTest::newRow("redirects are answers") << QByteArray("HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") << 302 << QByteArray() << QByteArray();
        QTest::newRow("cut short") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello") << 0 << QByteArray() << QByteArray("output-unreadable");
        QTest::newRow("no HTTP") << QByteArray("220 mail\r\n") << 0 << QByteArray() << QByteArray("output-unreadable");
        QTest::newRow("too large") << QByteArray("HTTP/1.0 200 OK\r\n\r\n") + QByteArray(3 << 20, 'x') << 0 << QByteArray() << QByteArray("output-unreadable");
        QTest::newRow("silent") << QByteArray() << 0 << QByteArray() << QByteArray("command-timeout");
    }
    void httpThroughTheHost()
    {
        QFETCH(QByteArray, reply);
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, error);
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress(QStringLiteral("127.0.0.1"))));
        QByteArray asked;
        connect(&server, &QTcpServer::newConnection, this, [&] {
            QTcpSocket *socket = server.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, this, [&asked, &reply, socket] {
                asked += socket->readAll();
                if (!asked.endsWith("\r\n\r\n") || reply.isEmpty())
                    return;
                socket->write(reply);
                socket->disconnectFromHost();
            });
        });
        SshPool pool(m_trust, this);
        HttpRequest request;
        request.port = server.serverPort();
        request.path = QStringLiteral("/health");
        request.timeoutMs = 1'500;
        Awaited<Result<HttpResult>> answer;
        pool.httpGet(m_sshd->endpoint(), request, answer.callback());
        QVERIFY(answer.wait());
        QVERIFY2(answer->has_value() || !error.isEmpty(), answer->has_value() ? "" : qPrintable(answer->error().args.join(u' ')));
        QVERIFY(asked.startsWith("GET /health HTTP/1.0\r\nHost: 127.0.0.1:" + QByteArray::number(request.port)));
        if (!error.isEmpty()) {
            QVERIFY(!answer->has_value());
            QCOMPARE(name(answer->error()), error);
        } else {
            QVERIFY2(answer->has_value(), answer->has_value() ? "" : qPrintable(answer->error().args.join(u' ')));
            QCOMPARE((*answer)->status, status);
            QCOMPARE((*answer)->body, body);
        }
    }
    void httpWhereNothingListens()
    {
        SshPool pool(m_trust, this);
        HttpRequest request;
        request.port = 1;
        Awaited<Result<HttpResult>> answer;
        pool.httpGet(m_sshd->endpoint(), request, answer.callback());
        EXPECT_ERROR(answer, "connect-failed");
        QCOMPARE(answer->error().args.at(1), QString("127.0.0.1:1"));
        request.address = QStringLiteral("127.0.0.1/@evil");
        Awaited<Result<HttpResult>> odd;
        pool.httpGet(m_sshd->endpoint(), request, odd.callback());
        EXPECT_ERROR(odd, "bad-value");
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
};

QTEST_GUILESS_MAIN(TestSshPool)
#include "tst_sshpool.moc"
