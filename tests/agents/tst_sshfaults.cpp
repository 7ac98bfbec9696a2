// The SSH layer and peers that are none, refuse, fall silent or go away.
#include "sshworld.h"

#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>

#include <csignal>
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
    void refusedAtTheDoorIsTriedAgain()
    {
        // [fault 33]
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
