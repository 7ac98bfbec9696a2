// Machines behind jump hosts, over real sshd: one connection carries many, every hop is checked, and what happens to the
// jump host is told apart from what happens to the host.
#include "slowproxy.h"
#include "sshworld.h"
#include "ssh/sshhandles.h"

#include <QRandomGenerator>
#include <QScopeGuard>
#include <QTcpServer>
#include <QTcpSocket>

#include <csignal>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace bellwether;

namespace {

// Takes no further connection, and does not refuse one either: a machine that is off, as seen from its network.
class DeadMachine {
public:
    DeadMachine()
    {
        m_address.sin_family = AF_INET;
        m_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        m_listener = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        socklen_t size = sizeof(m_address);
        if (::bind(m_listener.get(), address(), size) != 0 || ::listen(m_listener.get(), 0) != 0
            || ::getsockname(m_listener.get(), address(), &size) != 0)
            return;
        for (int i = 0; i < 4; ++i) { // its queue is full
            m_queue.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            if (::connect(m_queue.back().get(), address(), size) != 0 && errno != EINPROGRESS)
                return;
        }
    }
    int port() const { return ntohs(m_address.sin_port); }

private:
    sockaddr *address() { return reinterpret_cast<sockaddr *>(&m_address); }
    sockaddr_in m_address{};
    FileDescriptor m_listener;
    std::vector<FileDescriptor> m_queue;
};

QByteArray noise(qsizetype size)
{
    QByteArray bytes(size, Qt::Uninitialized);
    QRandomGenerator random(4711);
    for (char &byte : bytes)
        byte = char(random.bounded(256));
    return bytes;
}

} // namespace

class TestSshJump : public SshWorld {
    Q_OBJECT

    QMap<QString, Endpoint> m_inventory;
    std::unique_ptr<TestSshd> m_gate;

    SshPool::JumpHost book()
    {
        return [this](const QString &name) { return m_inventory.contains(name) ? std::optional(m_inventory.value(name)) : std::nullopt; };
    }
    // A jump host by this name; trusted.
    void addJump(const QString &name, const TestSshd &sshd, const QString &behind = {})
    {
        Endpoint to = sshd.endpoint();
        to.jump = behind;
        m_inventory.insert(name, to);
        m_trust.trust(to.machine(), sshd.fingerprint());
    }
    Endpoint behind(const QString &jump, const TestSshd &sshd, const QString &address = {})
    {
        Endpoint to = sshd.endpoint(address);
        to.jump = jump;
        m_trust.trust(to.machine(), sshd.fingerprint());
        return to;
    }
    static qsizetype logins(const TestSshd &sshd) { return sshd.log().count("Accepted publickey"); }
    static QByteArray told(const ExecAnswer &answer)
    {
        return answer ? answer->out : name(answer.error()) + ": " + answer.error().args.join(u'|').toUtf8();
    }

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void init()
    {
        m_gate = std::make_unique<TestSshd>();
        QVERIFY2(m_gate->isRunning(), qPrintable(m_gate->failure()));
        m_inventory.clear();
        addJump(QStringLiteral("gate"), *m_gate);
    }
    void commandsAndHttpBehindOneJump()
    {
        const Endpoint to = behind(QStringLiteral("gate"), *m_sshd);
        const auto before = logins(*m_sshd);
        SshPool pool(m_trust, this, {}, nullptr, book());
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 20; ++i) {
            ExecRequest request = command("cat; echo err >&2; exit " + QByteArray::number(i));
            request.input = "input " + QByteArray::number(i);
            answers << exec(pool, to, request);
        }
        for (int i = 0; i < answers.size(); ++i) {
            QVERIFY(answers[i].wait());
            QVERIFY2(answers[i]->has_value(), told(*answers[i]));
            QCOMPARE((*answers[i])->exitStatus, i);
            QCOMPARE((*answers[i])->out, "input " + QByteArray::number(i));
        }
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress(QStringLiteral("127.0.0.1"))));
        connect(&server, &QTcpServer::newConnection, this, [&] {
            QTcpSocket *socket = server.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [socket] {
                socket->write("HTTP/1.0 200 OK\r\n\r\nhello");
                socket->disconnectFromHost();
            });
        });
        HttpRequest request;
        request.port = server.serverPort();
        Awaited<Result<HttpResult>> page;
        pool.httpGet(to, request, page.callback());
        QVERIFY(page.wait() && page->has_value());
        QCOMPARE((*page)->body, QByteArray("hello"));
        QCOMPARE(pool.openSessions(), 2);
        QCOMPARE(logins(*m_gate), 1);
        QCOMPARE(logins(*m_sshd), before + 1);
        // The jump host is a machine like any other, over the connection that is there.
        const auto direct = exec(pool, m_gate->endpoint(), command("echo gate"));
        QVERIFY(direct.wait() && direct->has_value());
        QCOMPARE(logins(*m_gate), 1);
        pool.closeAll();
        QVERIFY(QTest::qWaitFor([&] { return pool.openSessions() == 0; }));
        QVERIFY(QTest::qWaitFor([&] { return m_gate->connections().isEmpty(); }));
        const auto again = exec(pool, to, command("echo again"));
        QVERIFY(again.wait());
        QVERIFY2(again->has_value(), told(*again));
    }
    void aChainOfTwo()
    {
        TestSshd second;
        QVERIFY(second.isRunning());
        addJump(QStringLiteral("site"), second, QStringLiteral("gate"));
        const Endpoint to = behind(QStringLiteral("site"), *m_sshd);
        SshPool pool(m_trust, this, {}, nullptr, book());
        const auto answer = exec(pool, to, command("echo far"));
        QVERIFY(answer.wait());
        QVERIFY2(answer->has_value(), told(*answer));
        QCOMPARE((*answer)->out, QByteArray("far\n"));
        QCOMPARE(pool.openSessions(), 3);
        QCOMPARE(logins(*m_gate), 1);
        QCOMPARE(logins(second), 1);
        // The first hop goes: all behind it lose their connection, and say through whom.
        const auto cut = exec(pool, to, command("sleep 30"));
        QTest::qWait(300);
        m_gate->cutConnections();
        EXPECT_ERROR(cut, "connection-lost");
        QCOMPARE(cut->error().args.at(0), to.machine());
        QVERIFY2(cut->error().args.at(1).startsWith("its jump host site: its jump host gate: "), told(*cut));
        const auto again = exec(pool, to, command("echo again"));
        QVERIFY(again.wait());
        QVERIFY2(again->has_value(), told(*again));
    }
    void programsThatAreStartedInheritNoConnection()
    {
        // Through a copy of its socket a connection that was given up would live on, in the hands of another program.
        const auto sockets = [](const QString &process) {
            QProcess ls;
            ls.start(QStringLiteral("ls"), {QStringLiteral("-l"), QStringLiteral("/proc/%1/fd").arg(process)});
            return ls.waitForFinished() ? ls.readAllStandardOutput().count("socket:") : -1;
        };
        const QString self = QStringLiteral("self"), here = QString::number(QCoreApplication::applicationPid());
        const auto inherited = sockets(self), before = sockets(here);
        QVERIFY(inherited >= 0 && before >= 0);
        SshPool pool(m_trust, this, {}, nullptr, book());
        const auto answer = exec(pool, behind(QStringLiteral("gate"), *m_sshd), command("true"));
        QVERIFY(answer.wait());
        QVERIFY2(answer->has_value(), told(*answer));
        QCOMPARE(pool.openSessions(), 2);
        QVERIFY2(sockets(here) >= before + 2, "they are not seen here"); // one to the jump host, a pair for what lies behind it
        QCOMPARE(sockets(self), inherited);
    }
    void everyHopIsCheckedBeforeItIsToldAnything()
    {
        // [fault 30] [S1]
        TestSshd host;
        QVERIFY(host.isRunning());
        QVERIFY(QTest::qWaitFor([&] { return host.log().count("Connection from") == 1; })); // the one that saw it start
        TestTrust trust;
        Endpoint to = host.endpoint();
        to.jump = QStringLiteral("gate");
        SshPool pool(trust, this, {}, nullptr, book());
        const auto ask = [&](const char *error, const QString &who) {
            const auto answer = exec(pool, to, command("true"));
            QVERIFY(answer.wait() && !answer->has_value());
            QVERIFY2(name(answer->error()) == error && answer->error().args.at(0) == who, told(*answer));
        };
        ask("host-key-unknown", QStringLiteral("gate"));
        Awaited<Result<HostKey>> scan;
        pool.scanKey(to, scan.callback());
        QVERIFY(scan.wait() && !scan->has_value());
        QCOMPARE(scan->error().args.at(0), QString("gate"));
        trust.trust(m_gate->endpoint().machine(), QStringLiteral("SHA256:AAAA"));
        ask("host-key-changed", QStringLiteral("gate"));
        QCOMPARE(m_gate->authAttempts(), 0);
        QCOMPARE(host.log().count("Connection from"), 1); // and nobody came through

        trust.trust(m_gate->endpoint().machine(), m_gate->fingerprint());
        ask("host-key-unknown", to.machine());
        Awaited<Result<HostKey>> key;
        pool.scanKey(to, key.callback());
        QVERIFY(key.wait() && key->has_value());
        QCOMPARE((*key)->fingerprint, host.fingerprint());
        QCOMPARE((*key)->machine, to.machine());
        trust.trust(to.machine(), host.fingerprint());
        const auto good = exec(pool, to, command("true"));
        QVERIFY(good.wait() && good->has_value());
        const auto attempts = host.authAttempts();
        host.restartWithNewHostKey();
        host.cutConnections();
        pool.closeAll();
        QVERIFY(QTest::qWaitFor([&] { return pool.openSessions() == 0; }));
        ask("host-key-changed", to.machine());
        QCOMPARE(host.authAttempts(), attempts);
    }
    void whatTheJumpHostCannotDo()
    {
        SshOptions options;
        options.tcpMs = 1'500;
        SshPool pool(m_trust, this, options, nullptr, book());
        const auto why = [&](const Endpoint &to) {
            const auto answer = exec(pool, to, command("true"));
            return answer.wait() ? told(*answer) : QByteArray("no answer");
        };
        Endpoint to = behind(QStringLiteral("gate"), *m_sshd);
        // Its neighbour keeps its connection through everything that follows.
        const auto neighbour = exec(pool, to, command("sleep 5; echo kept"));
        Endpoint closed = to;
        closed.port = 1;
        QByteArray answer = why(closed);
        QVERIFY2(answer.startsWith("connect-failed: " + closed.machine().toUtf8()) && answer.contains("its jump host gate could not connect to it"), answer);
        const DeadMachine dead;
        Endpoint off = to;
        off.address = QStringLiteral("127.0.0.1");
        off.port = dead.port();
        answer = why(off);
        QVERIFY2(answer.startsWith("connect-timeout: " + off.machine().toUtf8() + "|connection from its jump host gate"), answer);
        Endpoint lost = to;
        lost.jump = QStringLiteral("nobody");
        answer = why(lost);
        QVERIFY2(answer.contains("its jump host nobody is not in the inventory"), answer);
        m_inventory.insert(QStringLiteral("a"), m_inventory.value(QStringLiteral("gate")));
        m_inventory[QStringLiteral("a")].jump = QStringLiteral("a");
        lost.jump = QStringLiteral("a");
        answer = why(lost);
        QVERIFY2(answer.contains("more than 8 jump hosts"), answer);
        QVERIFY(neighbour.wait());
        QVERIFY2(neighbour->has_value() && (*neighbour)->out == "kept\n", told(*neighbour));
        QCOMPARE(logins(*m_gate), 1);

        m_inventory.insert(QStringLiteral("off"), closed);
        m_inventory[QStringLiteral("off")].jump.clear();
        to.jump = QStringLiteral("off");
        answer = why(to);
        QVERIFY2(answer.startsWith("connect-failed: " + to.machine().toUtf8()) && answer.contains("its jump host off cannot be reached at"), answer);
        m_inventory.insert(QStringLiteral("stranger"), m_inventory.value(QStringLiteral("gate")));
        m_inventory[QStringLiteral("stranger")].identity = m_gate->strangerKey();
        to.jump = QStringLiteral("stranger");
        answer = why(to);
        QVERIFY2(answer.startsWith("auth-failed: stranger|"), answer);
        m_inventory[QStringLiteral("stranger")].identity = QStringLiteral("/no/such/key");
        answer = why(to);
        QVERIFY2(answer.startsWith("key-unusable: /no/such/key (jump host stranger)"), answer);

        TestSshd strict({"AllowTcpForwarding no"});
        QVERIFY(strict.isRunning());
        addJump(QStringLiteral("strict"), strict);
        to.jump = QStringLiteral("strict");
        answer = why(to);
        QVERIFY2(answer.startsWith("connect-failed") && answer.contains("AllowTcpForwarding"), answer);
    }
    void manyHostsBehindOneJump()
    {
        // [fault 33]
        TestSshd gate({"MaxStartups 10:30:100"});
        TestSshd hosts({"MaxStartups 10:30:100"}, QStringLiteral("0.0.0.0"));
        QVERIFY(gate.isRunning() && hosts.isRunning());
        addJump(QStringLiteral("gate"), gate);
        SshPool pool(m_trust, this, {}, nullptr, book());
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 30; ++i)
            answers << exec(pool, behind(QStringLiteral("gate"), hosts, QStringLiteral("127.0.77.%1").arg(i + 1)), command("echo " + QByteArray::number(i), 60'000));
        for (int i = 0; i < answers.size(); ++i) {
            QVERIFY(answers[i].wait(120'000));
            QVERIFY2(answers[i]->has_value(), told(*answers[i]));
            QCOMPARE((*answers[i])->out, QByteArray::number(i) + '\n');
        }
        QCOMPARE(pool.openSessions(), 31);
        QCOMPARE(logins(gate), 1);
        QCOMPARE(logins(hosts), 30);
        for (const TestSshd *sshd : {&gate, &hosts})
            QVERIFY2(!sshd->log().contains("MaxStartups"), sshd->log());
    }
    void moreHostsThanOneConnectionCarries()
    {
        TestSshd hosts({}, QStringLiteral("0.0.0.0"));
        QVERIFY(hosts.isRunning());
        SshOptions options;
        options.forwardsPerSession = 2;
        SshPool pool(m_trust, this, options, nullptr, book());
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 5; ++i)
            answers << exec(pool, behind(QStringLiteral("gate"), hosts, QStringLiteral("127.0.77.%1").arg(i + 1)), command("echo ok"));
        for (const auto &answer : answers) {
            QVERIFY(answer.wait());
            QVERIFY2(answer->has_value(), told(*answer));
        }
        QCOMPARE(logins(*m_gate), 3);
        QCOMPARE(logins(hosts), 5);
    }
    void aJumpHostThatCarriesFew()
    {
        // [fault 34] at a jump host: what it refuses for want of room goes over another connection.
        QProcess narrow;
        narrow.start(QStringLiteral("/usr/bin/python3"), {QStringLiteral(BELLWETHER_SOURCE_DIR "/tests/support/narrowgate.py"), QStringLiteral("0"), m_gate->folder() + QStringLiteral("/hostkey"), QStringLiteral("2")});
        const auto end = qScopeGuard([&narrow] {
            narrow.kill();
            narrow.waitForFinished();
        });
        QByteArray said;
        QVERIFY2(QTest::qWaitFor([&] { return (said += narrow.readAllStandardOutput()).contains('\n'); }, 20'000), narrow.readAllStandardError());
        Endpoint to = m_gate->endpoint();
        to.port = said.mid(6).trimmed().toInt();
        m_inventory.insert(QStringLiteral("narrow"), to);
        m_trust.trust(to.machine(), m_gate->fingerprint());
        TestSshd hosts({}, QStringLiteral("0.0.0.0"));
        QVERIFY(hosts.isRunning());
        SshPool pool(m_trust, this, {}, nullptr, book());
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 7; ++i)
            answers << exec(pool, behind(QStringLiteral("narrow"), hosts, QStringLiteral("127.0.77.%1").arg(i + 1)), command("echo ok"));
        for (const auto &answer : answers) {
            QVERIFY(answer.wait(60'000));
            QVERIFY2(answer->has_value(), told(*answer));
        }
        said += narrow.readAllStandardOutput();
        QVERIFY2(said.count("login") == 4, said); // two and two and two and one
        QCOMPARE(logins(hosts), 7);
    }
    void aSlowLinkKeepsEveryByte()
    {
        SlowProxy proxy(m_gate->port(), 600'000);
        m_inventory[QStringLiteral("gate")].port = proxy.port();
        m_trust.trust(m_inventory[QStringLiteral("gate")].machine(), m_gate->fingerprint());
        const Endpoint to = behind(QStringLiteral("gate"), *m_sshd);
        SshOptions options;
        options.workers = 1;
        SshPool pool(m_trust, this, options, nullptr, book());
        ExecRequest request = command("cat", 60'000);
        request.input = noise(2'500'000);
        request.outputLimit = 8'000'000;
        const auto answer = exec(pool, to, request);
        QTest::qWait(1'500);
        QElapsedTimer since; // meanwhile, a neighbour on a quick link and on the same thread
        since.start();
        const auto neighbour = exec(pool, m_sshd->endpoint(), command("echo quick"));
        QVERIFY(neighbour.wait() && neighbour->has_value());
        QVERIFY2(since.elapsed() < 2'000 && !answer.value->has_value(), QByteArray::number(since.elapsed()));
        QVERIFY(answer.wait(60'000));
        QVERIFY2(answer->has_value(), answer->has_value() ? "" : told(*answer).constData());
        QCOMPARE((*answer)->out.size(), request.input.size());
        QVERIFY((*answer)->out == request.input);
    }
    void newKeysAndManyBytesInTheMiddle()
    {
        // [fault 40]
        TestSshd gate({"RekeyLimit 1M"}), host({"RekeyLimit 1M"});
        QVERIFY(gate.isRunning() && host.isRunning());
        addJump(QStringLiteral("gate"), gate);
        const Endpoint to = behind(QStringLiteral("gate"), host);
        SshPool pool(m_trust, this, {}, nullptr, book());
        ExecRequest request = command("cat", 60'000);
        request.input = noise(5'000'000);
        request.outputLimit = 8'000'000;
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 3; ++i)
            answers << exec(pool, to, request);
        for (const auto &answer : answers) {
            QVERIFY(answer.wait(90'000));
            QVERIFY2(answer->has_value(), answer->has_value() ? "" : told(*answer).constData());
            QVERIFY((*answer)->out == request.input);
        }
    }
    void aSilentJumpHostIsFoundOut()
    {
        // [fault 2]
        const Endpoint to = behind(QStringLiteral("gate"), *m_sshd);
        SshOptions options;
        options.keepAliveMs = 1'500;
        SshPool pool(m_trust, this, options, nullptr, book());
        const auto waiting = exec(pool, to, command("sleep 60", 90'000));
        QVERIFY(QTest::qWaitFor([&] { return pool.openSessions() == 2; }));
        QTest::qWait(300);
        const auto processes = m_gate->connections();
        QVERIFY(!processes.isEmpty());
        for (const qint64 pid : processes)
            ::kill(static_cast<pid_t>(pid), SIGSTOP);
        const bool answered = waiting.wait(20'000);
        for (const qint64 pid : processes)
            ::kill(static_cast<pid_t>(pid), SIGCONT);
        QVERIFY(answered && !waiting->has_value());
        QVERIFY2(name(waiting->error()) == "connection-lost" && waiting->error().args.at(1).startsWith("its jump host gate: no answer"), told(*waiting));
        const auto next = exec(pool, to, command("echo next"));
        QVERIFY(next.wait());
        QVERIFY2(next->has_value(), told(*next));
    }
    void anIdleJumpConnectionThatDiedIsReplaced()
    {
        const Endpoint to = behind(QStringLiteral("gate"), *m_sshd);
        TestSshd otherHost;
        QVERIFY(otherHost.isRunning());
        const Endpoint other = behind(QStringLiteral("gate"), otherHost);
        SshPool pool(m_trust, this, {}, nullptr, book());
        QVERIFY(exec(pool, to, command("true")).wait());
        m_gate->cutConnections();
        const auto first = exec(pool, other, command("echo one"));
        const auto second = exec(pool, to, command("echo two"));
        QVERIFY(first.wait() && second.wait());
        QVERIFY2(first->has_value(), told(*first));
        QVERIFY2(second->has_value(), told(*second));
    }
    void sessionsBehindAJumpCloseWhenIdle()
    {
        SshOptions options;
        options.idleMs = 600;
        const Endpoint to = behind(QStringLiteral("gate"), *m_sshd);
        SshPool pool(m_trust, this, options, nullptr, book());
        QVERIFY(exec(pool, to, command("true")).wait());
        QCOMPARE(pool.openSessions(), 2);
        QVERIFY(QTest::qWaitFor([&] { return pool.openSessions() == 0; }));
        QVERIFY(QTest::qWaitFor([&] { return m_gate->connections().isEmpty(); }));
    }
    void leavesWhileBusy()
    {
        const Endpoint to = behind(QStringLiteral("gate"), *m_sshd);
        for (int i = 0; i < 8; ++i) {
            SshPool pool(m_trust, this, {}, nullptr, book());
            ExecRequest request = command("cat; sleep 5");
            request.input = noise(1 << 20);
            const auto one = exec(pool, to, request);
            QTest::qWait(i * 60);
            Q_UNUSED(one);
        }
    }
};

QTEST_GUILESS_MAIN(TestSshJump)
#include "tst_sshjump.moc"
