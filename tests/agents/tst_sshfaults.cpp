// The SSH layer and peers that are none, refuse, fall silent or go away.
#include "faultproxy.h"
#include "missing.h"
#include "shells.h"
#include "sshworld.h"
#include "ssh/tcpconnect.h"

#include <QScopeGuard>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>

#include <csignal>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace bellwether;

namespace {

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

} // namespace

class TestSshFaults : public SshWorld {
    Q_OBJECT

    // tests/support/oddhost.py; its port, 0 when it did not start.
    int startOddHost(QProcess &process, const QString &kind)
    {
        process.start(QStringLiteral("/usr/bin/python3"), {QStringLiteral(BELLWETHER_SOURCE_DIR "/tests/support/oddhost.py"), QStringLiteral("0"), m_sshd->folder() + QStringLiteral("/hostkey"), kind});
        QByteArray said;
        if (!QTest::qWaitFor([&] { return (said += process.readAllStandardOutput()).contains('\n'); }, 20'000))
            qWarning("%s", process.readAllStandardError().constData());
        const int port = said.mid(6).trimmed().toInt();
        Endpoint to = m_sshd->endpoint();
        to.port = port;
        m_trust.trust(to.machine(), m_sshd->fingerprint());
        return port;
    }

private Q_SLOTS:
    void initTestCase() { startHost(); }
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
    void aCutConnectionIsNoRefusedShell_data()
    {
        QTest::addColumn<int>("afterMs");
        QTest::addColumn<int>("inputSize");
        QTest::addColumn<bool>("byReset"); // else its sshd dies
        for (const int ms : {40, 120, 180, 200, 220, 260, 340})
            for (const int size : {0, 1'000'000})
                for (const bool reset : {true, false})
                    QTest::addRow("%s after %d ms, %d bytes of input", reset ? "reset" : "closed", ms, size) << ms << size << reset;
    }
    void aCutConnectionIsNoRefusedShell()
    {
        // [fault 1] While its channel is opened (what has not begun goes to a new session), while its command is asked for, while
        // it runs: whoever hears of a lost connection comes again, whoever hears that the host has no shell does not.
        QFETCH(int, afterMs);
        QFETCH(int, inputSize);
        QFETCH(bool, byReset);
        FaultProxy proxy(m_sshd->port());
        Endpoint to = m_sshd->endpoint();
        to.port = proxy.port();
        m_trust.trust(to.machine(), m_sshd->fingerprint());
        SshPool pool(m_trust, this);
        const auto first = exec(pool, to, command("true"));
        QVERIFY(first.wait() && first->has_value());
        proxy.set({.delayMs = 80}); // a round trip for the channel, one for the command
        ExecRequest request = command("cat >/dev/null; echo well");
        request.input = QByteArray(inputSize, 'x');
        const auto answer = exec(pool, to, request);
        QTest::qWait(afterMs);
        proxy.set({});
        if (byReset)
            proxy.resetAll();
        else
            m_sshd->cutConnections();
        QVERIFY(answer.wait());
        if (answer->has_value())
            QCOMPARE((*answer)->out, QByteArray("well\n"));
        else
            QCOMPARE(name(answer->error()), QByteArray("connection-lost"));
    }
    void refusedAtTheDoorIsTriedAgain()
    {
        // [fault 33]
        OddServer server("Exceeded MaxStartups\r\n", 0, true);
        SshPool pool(m_trust, this);
        EXPECT_ERROR(exec(pool, server.endpoint(), command("true")), "connect-failed");
        QCOMPARE(server.m_count, 4);
    }
    void aNarrowDoorLetsAllInInTheEnd()
    {
        // [fault 33] sshd has room for two that are not logged in yet and sends everybody else away.
        TestSshd narrow({"MaxStartups 2:100:2"}, QStringLiteral("0.0.0.0"));
        QVERIFY2(narrow.isRunning(), qPrintable(narrow.failure()));
        SshPool pool(m_trust, this);
        QList<Endpoint> left;
        for (int i = 1; i <= 20; ++i) {
            left.append(narrow.endpoint(QStringLiteral("127.0.78.%1").arg(i)));
            m_trust.trust(left.last().machine(), narrow.fingerprint());
        }
        for (int round = 0; round < 20 && !left.isEmpty(); ++round) { // as the engine does: what the link did not carry is asked again
            QList<Awaited<ExecAnswer>> answers;
            for (const Endpoint &to : std::as_const(left))
                answers.append(exec(pool, to, command("true", 60'000)));
            QList<Endpoint> again;
            for (qsizetype i = 0; i < answers.size(); ++i) {
                QVERIFY(answers[i].wait(60'000));
                if (answers[i]->has_value())
                    continue;
                QCOMPARE(name(answers[i]->error()), QByteArray("connect-failed"));
                again.append(left[i]);
            }
            left = again;
        }
        QVERIFY2(left.isEmpty(), QByteArray::number(left.size()).constData());
        QCOMPARE(pool.openSessions(), 20);
        QVERIFY2(narrow.log().contains("MaxStartups"), "sshd sent nobody away");
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
    void aDeadNetworkDoesNotHoldUpTheLivingOne()
    {
        // IPv6 and IPv4 raced: ::1 takes no more connections (its queue is full, what arrives is dropped, as a dead network
        // does it); 127.0.0.1 does.
        const int dead = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in6 at{};
        at.sin6_family = AF_INET6;
        at.sin6_addr = in6addr_loopback;
        socklen_t size = sizeof at;
        if (::bind(dead, reinterpret_cast<sockaddr *>(&at), size) != 0)
            MISSING("this machine has no IPv6");
        QVERIFY(::listen(dead, 0) == 0 && ::getsockname(dead, reinterpret_cast<sockaddr *>(&at), &size) == 0);
        QList<int> crowd;
        for (int i = 0; i < 4; ++i) {
            crowd.append(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            ::connect(crowd.last(), reinterpret_cast<sockaddr *>(&at), size);
        }
        Endpoint to;
        to.port = ntohs(at.sin6_port);
        QTcpServer living;
        QVERIFY(living.listen(QHostAddress::LocalHost, quint16(to.port)));
        SshOptions options;
        options.tcpMs = 2'000;
        const QHostAddress v6(QHostAddress::LocalHostIPv6), v4(QHostAddress::LocalHost);
        const auto race = [&](const QList<QHostAddress> &addresses, qint64 &ms) {
            Awaited<Result<int>> answer;
            QElapsedTimer since;
            since.start();
            TcpConnect tcp(to, options, answer.callback(), nullptr);
            tcp.begin(addresses);
            const bool came = answer.wait(10'000);
            ms = since.elapsed();
            if (came && *answer)
                ::close(**answer);
            return came && *answer ? QByteArray("connected") : came ? name(answer->error()) : QByteArray("nothing");
        };
        qint64 ms = 0;
        QCOMPARE(race({v6, v6, v6, v4}, ms), QByteArray("connected")); // IPv4 is not the last to be tried
        QVERIFY2(ms >= 200 && ms < 700, QByteArray::number(ms).constData());
        QCOMPARE(race({v4, v6}, ms), QByteArray("connected"));
        QVERIFY2(ms < 200, QByteArray::number(ms).constData());
        QCOMPARE(race({v6}, ms), QByteArray("connect-timeout"));
        living.close();
        QCOMPARE(race({v4, v6}, ms), QByteArray("connect-timeout")); // refused by the one, the other might still answer
        for (const int fd : crowd + QList<int>{dead})
            ::close(fd);
        QCOMPARE(race({v6, v4}, ms), QByteArray("connect-failed")); // refused by both, at once
        QVERIFY2(ms < 200, QByteArray::number(ms).constData());
    }
    void lostConnections()
    {
        // [fault 1, 6]
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
        // [fault 2]
        TestSshd sshd;
        QVERIFY(sshd.isRunning());
        m_trust.trust(sshd.endpoint().machine(), sshd.fingerprint());
        SshOptions options;
        QCOMPARE(options.keepAliveMs, 15'000); // as shipped: found within three of these
        options.keepAliveMs = 2'000; // a busy machine answers within three times that
        SshPool pool(m_trust, this, options);
        QVERIFY(exec(pool, sshd.endpoint(), command("true")).wait());
        // An idle but living host keeps its session by answering.
        QTest::qWait(8'500);
        QCOMPARE(pool.openSessions(), 1);
        const auto slow = exec(pool, sshd.endpoint(), command("sleep 8.2; echo ok"));
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
        const bool answered = waiting.wait(20'000);
        for (const qint64 pid : processes)
            ::kill(static_cast<pid_t>(pid), SIGCONT);
        QVERIFY(answered && !waiting->has_value());
        QCOMPARE(name(waiting->error()), QByteArray("connection-lost"));
        QVERIFY(since.elapsed() < 16'000);
    }
    void hostsThatEndInTheirOwnWay()
    {
        QProcess odd;
        Endpoint to = m_sshd->endpoint();
        to.port = startOddHost(odd, QStringLiteral("plain"));
        QVERIFY(to.port > 0);
        SshPool pool(m_trust, this);
        const auto none = exec(pool, to, command("no status"));
        const auto signal = exec(pool, to, command("signal"));
        const auto late = exec(pool, to, command("late status"));
        const auto first = exec(pool, to, command("status first"));
        const auto open = exec(pool, to, command("never closes"));
        const auto deaf = exec(pool, to, command("deaf", 1'500));
        const auto refused = exec(pool, to, command("refused"));
        struct Expected {
            const Awaited<ExecAnswer> &answer;
            int exitStatus;
            QByteArray signal, out;
            bool truncated;
        };
        for (const Expected &e : {Expected{none, -1, "", "out\n", false}, {signal, -1, "TERM", "out\n", false}, {late, 7, "", "out\n", false},
                                  {first, 7, "", "out\nmore\n", false}, {open, 7, "", "out\n", true}}) {
            QVERIFY(e.answer.wait());
            QVERIFY2(e.answer->has_value(), e.answer->has_value() ? "" : qPrintable(e.answer->error().args.join(u' ')));
            QCOMPARE((*e.answer)->exitStatus, e.exitStatus); // -1 is never a success
            QCOMPARE((*e.answer)->signal.toLatin1(), e.signal);
            QCOMPARE((*e.answer)->out, e.out);
            QCOMPARE((*e.answer)->truncated, e.truncated);
        }
        EXPECT_ERROR(deaf, "command-timeout");
        EXPECT_ERROR(refused, "no-shell");
        QCOMPARE(pool.openSessions(), 1);
        odd.kill();
        odd.waitForFinished();
    }
    void theInputTravelsWithItsCommand() // a poll costs two round trips, not three
    {
        QProcess odd;
        Endpoint to = m_sshd->endpoint();
        to.port = startOddHost(odd, QStringLiteral("plain"));
        QVERIFY(to.port > 0);
        SshPool pool(m_trust, this);
        ExecRequest request = command("what came with it");
        request.input = "words for its stdin";
        const auto answer = exec(pool, to, request);
        QVERIFY(answer.wait(20'000) && answer->has_value());
        QCOMPARE((*answer)->out, QByteArray("input"));
        odd.kill();
        odd.waitForFinished();
    }
    void hostsThatAskTooMuch_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::newRow("packets of no bytes") << "packet0";
        QTest::newRow("an RSA key of 16 KiB") << "hugekey";
    }
    void hostsThatAskTooMuch()
    {
        QFETCH(QString, kind);
        QProcess odd;
        Endpoint to = m_sshd->endpoint();
        to.port = startOddHost(odd, kind);
        QVERIFY(to.port > 0);
        SshOptions options;
        options.kexMs = options.openMs = 4'000;
        SshPool pool(m_trust, this, options);
        QElapsedTimer since;
        since.start();
        ExecRequest request = command("no status", 4'000);
        request.input = "words for its stdin";
        const auto answer = exec(pool, to, request);
        QVERIFY(answer.wait(20'000));
        QVERIFY2(!answer->has_value(), "it was believed");
        qInfo("%s: %s", name(answer->error()).constData(), qPrintable(answer->error().args.join(u' ')));
        QVERIFY2(since.elapsed() < 9'000, QByteArray::number(since.elapsed()).constData());
        // The thread that carries every other host goes on.
        const auto other = exec(pool, m_sshd->endpoint(), command("echo well"));
        QVERIFY(other.wait(5'000) && other->has_value());
        odd.kill();
        odd.waitForFinished();
    }
    void aLoginThatIsNeverAnswered_data()
    {
        QTest::addColumn<bool>("byTheAgent");
        QTest::newRow("by a key file") << false;
        QTest::newRow("by the agent") << true;
    }
    void aLoginThatIsNeverAnswered()
    {
        QFETCH(bool, byTheAgent);
        TestSshd slow({"AuthorizedKeysFile none", "AuthorizedKeysCommand /bin/sleep 20", "AuthorizedKeysCommandUser root"});
        if (!slow.isRunning())
            MISSING("sshd looks keys up by a command only as root");
        m_trust.trust(slow.endpoint().machine(), slow.fingerprint());
        Endpoint to = slow.endpoint();
        QProcess agent;
        const auto endAgent = qScopeGuard([&agent] {
            qunsetenv("SSH_AUTH_SOCK");
            agent.kill();
            agent.waitForFinished();
        });
        if (byTheAgent) {
            const QString path = slow.folder() + QStringLiteral("/agent");
            agent.start(QStringLiteral("ssh-agent"), {QStringLiteral("-D"), QStringLiteral("-a"), path});
            QVERIFY(agent.waitForStarted());
            QVERIFY(QTest::qWaitFor([&path] { return QFile::exists(path); }));
            qputenv("SSH_AUTH_SOCK", path.toUtf8());
            QCOMPARE(runProcess({"ssh-add", "-q", to.identity}).exitStatus, 0);
            to.identity = QStringLiteral("agent");
        }
        SshOptions options;
        options.authMs = 1'500;
        SshPool pool(m_trust, this, options);
        const auto answer = exec(pool, to, command("true"));
        EXPECT_ERROR(answer, "connect-timeout");
        QCOMPARE(answer->error().args.at(1), QString("authentication"));
    }
    void aByteASecondIsADeadlineToo()
    {
        FaultProxy proxy(m_sshd->port());
        Endpoint to = m_sshd->endpoint();
        to.port = proxy.port();
        m_trust.trust(to.machine(), m_sshd->fingerprint());
        SshOptions options;
        options.kexMs = options.openMs = 1'500;
        SshPool pool(m_trust, this, options);
        const auto underWay = exec(pool, to, command("echo begun; sleep 1; head -c 5000 /dev/zero", 3'000));
        QVERIFY(QTest::qWaitFor([&] { return pool.openSessions() == 1; }));
        QTest::qWait(500); // it has been sent
        proxy.set({.downPerSecond = 1});
        EXPECT_ERROR(underWay, "command-timeout");
        EXPECT_ERROR(exec(pool, to, command("echo x")), "connect-timeout"); // its channel
        pool.closeAll();
        const auto anew = exec(pool, to, command("echo x"));
        EXPECT_ERROR(anew, "connect-timeout");
        QCOMPARE(anew->error().args.at(1), QString("key exchange"));
    }
    void aCommandThatNeverReads()
    {
        // The window for its input is full and stays so. It costs nobody else on the connection anything, and ends by its deadline.
        const auto logins = [this] { return m_sshd->log().count("Accepted publickey"); };
        const auto before = logins();
        SshPool pool(m_trust, this);
        ExecRequest request = command("sleep 30", 15'000);
        request.input = QByteArray(8'000'000, 'x');
        const auto stalled = exec(pool, m_sshd->endpoint(), request);
        QVERIFY(QTest::qWaitFor([&] { return pool.openSessions() == 1; }));
        QTest::qWait(500); // as much as it takes has been sent
        const auto beside = exec(pool, m_sshd->endpoint(), command("echo beside"));
        QVERIFY(beside.wait() && beside->has_value());
        QCOMPARE((*beside)->out, QByteArray("beside\n"));
        QVERIFY2(!stalled.value->has_value(), "it had ended before its neighbour was heard");
        EXPECT_ERROR(stalled, "command-timeout");
        const auto after = exec(pool, m_sshd->endpoint(), command("echo after"));
        QVERIFY(after.wait() && after->has_value());
        QCOMPARE(logins(), before + 1); // the same connection all the while
    }
    void aChannelThatNeverOpens()
    {
        TestSshd sshd;
        QVERIFY(sshd.isRunning());
        m_trust.trust(sshd.endpoint().machine(), sshd.fingerprint());
        SshOptions options;
        options.openMs = 1'000;
        SshPool pool(m_trust, this, options);
        QVERIFY(exec(pool, sshd.endpoint(), command("true")).wait());
        const auto processes = sshd.connections();
        for (const qint64 pid : processes)
            ::kill(static_cast<pid_t>(pid), SIGSTOP);
        const auto deaf = exec(pool, sshd.endpoint(), command("true"));
        const bool answered = deaf.wait(10'000);
        for (const qint64 pid : processes)
            ::kill(static_cast<pid_t>(pid), SIGCONT);
        QVERIFY(answered && !deaf->has_value());
        QCOMPARE(name(deaf->error()), QByteArray("connect-timeout"));
        QCOMPARE(deaf->error().args.at(2), QString("1"));
        // Its place on the host is not kept by a channel that nobody has: the connection is a new one.
        const auto after = exec(pool, sshd.endpoint(), command("echo after"));
        QVERIFY(after.wait() && after->has_value());
        QCOMPARE(sshd.log().count("Accepted publickey"), 2);
    }
};

QTEST_GUILESS_MAIN(TestSshFaults)
#include "tst_sshfaults.moc"
