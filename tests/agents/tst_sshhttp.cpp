// HTTP through a host: what counts as an answer, and what says nothing about the service.
#include "sshworld.h"

#include <QTcpServer>
#include <QTcpSocket>

#include <csignal>

using namespace bellwether;

class TestSshHttp : public SshWorld {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { startHost(); }
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
    void aLostConnectionIsNoVerdictOnTheService()
    {
        // [fault 1] The kept session dies while it is asked for a channel: the request goes to a new one.
        TestSshd sshd;
        QVERIFY(sshd.isRunning());
        m_trust.trust(sshd.endpoint().machine(), sshd.fingerprint());
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress(QStringLiteral("127.0.0.1"))));
        connect(&server, &QTcpServer::newConnection, this, [&] {
            QTcpSocket *socket = server.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [socket] {
                socket->write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                socket->disconnectFromHost();
            });
        });
        SshPool pool(m_trust, this);
        QVERIFY(exec(pool, sshd.endpoint(), command("true")).wait());
        for (const qint64 pid : sshd.connections())
            ::kill(static_cast<pid_t>(pid), SIGSTOP);
        HttpRequest request;
        request.port = server.serverPort();
        Awaited<Result<HttpResult>> answer;
        pool.httpGet(sshd.endpoint(), request, answer.callback());
        QTest::qWait(300);
        sshd.cutConnections();
        QVERIFY(answer.wait());
        QVERIFY2(answer->has_value(), answer->has_value() ? "" : qPrintable(answer->error().args.join(u' ')));
        QCOMPARE((*answer)->body, QByteArray("ok"));
    }
};

QTEST_GUILESS_MAIN(TestSshHttp)
#include "tst_sshhttp.moc"
