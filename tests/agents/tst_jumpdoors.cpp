// A jump host whose first connection is up and which lets no further one in: who waits for a place behind it is not given up
// for that, and is told in the end.
#include "sshworld.h"

#include <QTcpServer>
#include <QTcpSocket>

using namespace bellwether;

namespace {

// In front of a port: passes on while it is open, and is no SSH server while it is shut.
class Door : public QObject {
public:
    explicit Door(int port)
    {
        m_server.listen(QHostAddress(QStringLiteral("127.0.0.1")));
        connect(&m_server, &QTcpServer::newConnection, this, [this, port] {
            QTcpSocket *near = m_server.nextPendingConnection();
            connect(near, &QTcpSocket::disconnected, near, &QObject::deleteLater);
            if (isShut) {
                ++turnedAway;
                near->write("This service takes no further connection.\r\n");
                return near->disconnectFromHost();
            }
            auto *far = new QTcpSocket(near);
            far->connectToHost(QStringLiteral("127.0.0.1"), quint16(port));
            connect(near, &QTcpSocket::readyRead, far, [near, far] { far->write(near->readAll()); });
            connect(far, &QTcpSocket::readyRead, near, [near, far] { near->write(far->readAll()); });
            connect(far, &QTcpSocket::connected, near, [near, far] { far->write(near->readAll()); });
            connect(far, &QTcpSocket::disconnected, near, &QTcpSocket::disconnectFromHost);
            connect(near, &QTcpSocket::disconnected, far, &QTcpSocket::disconnectFromHost);
        });
    }
    int port() const { return m_server.serverPort(); }
    bool isShut = false;
    int turnedAway = 0;

private:
    QTcpServer m_server;
};

} // namespace

class TestJumpDoors : public SshWorld {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void aSecondConnectionIsRefused_data()
    {
        QTest::addColumn<bool>("opensAgain");
        QTest::newRow("for a moment") << true;
        QTest::newRow("for good") << false;
    }
    void aSecondConnectionIsRefused()
    {
        QFETCH(bool, opensAgain);
        TestSshd gate, hosts({}, QStringLiteral("0.0.0.0"));
        QVERIFY(gate.isRunning() && hosts.isRunning());
        Door door(gate.port());
        Endpoint jump = gate.endpoint();
        jump.port = door.port();
        m_trust.trust(jump.machine(), gate.fingerprint());
        const auto behind = [&](const QString &address) {
            Endpoint to = hosts.endpoint(address);
            to.jump = QStringLiteral("gate");
            m_trust.trust(to.machine(), hosts.fingerprint());
            return to;
        };
        SshOptions options;
        options.forwardsPerSession = 1;
        SshPool pool(m_trust, this, options, nullptr, [&](const QString &) { return std::optional(jump); });
        const Endpoint first = behind(QStringLiteral("127.0.78.1"));
        QVERIFY(exec(pool, first, command("true")).wait());
        QCOMPARE(pool.openSessions(), 2);
        door.isShut = true;
        const auto second = exec(pool, behind(QStringLiteral("127.0.78.2")), command("echo second"));
        QVERIFY(QTest::qWaitFor([&] { return door.turnedAway >= 1; }));
        QTest::qWait(100);
        QVERIFY2(!second.value->has_value(), "one refusal is no reason to give it up: the jump host is there");
        door.isShut = !opensAgain;
        QVERIFY(second.wait(15'000));
        if (opensAgain) {
            QVERIFY2(second->has_value(), second->has_value() ? "" : qPrintable(second->error().args.join(u'|')));
            QCOMPARE((*second)->out, QByteArray("second\n"));
        } else {
            QVERIFY(!second->has_value());
            QVERIFY2(second->error().args.join(u'|').contains("gate"), qPrintable(second->error().args.join(u'|')));
            QCOMPARE(door.turnedAway, 4);
        }
        const auto still = exec(pool, first, command("echo still")); // it kept its connection through all of it
        QVERIFY(still.wait() && still->has_value());
    }
};

QTEST_GUILESS_MAIN(TestJumpDoors)
#include "tst_jumpdoors.moc"
