// A key of the agent that has to be touched (FIDO): its login waits for a person, and nobody else does. A real ssh-agent, behind
// something that holds its answers until the test lets them go.
#include "shells.h"
#include "ssh/sshhandles.h"
#include "sshworld.h"

#include <QRegularExpression>
#include <QtEndian>

#include <condition_variable>
#include <list>
#include <mutex>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

using namespace bellwether;

namespace {

sockaddr_un addressOf(const QString &path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    qstrncpy(address.sun_path, path.toUtf8().constData(), sizeof(address.sun_path));
    return address;
}

bool readFrame(int fd, QByteArray &frame) // with its length in front
{
    frame = QByteArray(4, '\0');
    if (::recv(fd, frame.data(), 4, MSG_WAITALL) != 4)
        return false;
    const auto size = qsizetype(qFromBigEndian<quint32>(frame.constData()));
    frame += QByteArray(size, '\0');
    return size > 0 && ::recv(fd, frame.data() + 4, size_t(size), MSG_WAITALL) == size;
}

bool writeFrame(int fd, const QByteArray &frame)
{
    return ::send(fd, frame.constData(), size_t(frame.size()), MSG_NOSIGNAL) == frame.size();
}

// In front of an agent, each connection by itself: what is held waits here.
class TouchAgent {
public:
    enum What { Lists, Signatures };
    TouchAgent(const QString &path, const QString &behind) : m_behind(behind), m_listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        const sockaddr_un address = addressOf(path);
        m_listens = ::bind(m_listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 && ::listen(m_listener.get(), 64) == 0;
        m_thread = std::thread([this] { acceptAll(); });
    }
    ~TouchAgent()
    {
        ::shutdown(m_listener.get(), SHUT_RDWR);
        m_thread.join(); // nobody is added any more
        {
            const std::scoped_lock lock(m_mutex);
            m_leaving = true;
            for (const Client &client : m_clients)
                ::shutdown(client.socket.get(), SHUT_RDWR);
        }
        m_changed.notify_all();
        for (Client &client : m_clients)
            client.thread.join();
    }
    Q_DISABLE_COPY_MOVE(TouchAgent)
    bool listens() const { return m_listens; }
    void hold(What what, bool on = true)
    {
        {
            const std::scoped_lock lock(m_mutex);
            m_held[what] = on;
        }
        m_changed.notify_all();
    }
    int waiting(What what)
    {
        const std::scoped_lock lock(m_mutex);
        return m_waiting[what];
    }

private:
    struct Client {
        FileDescriptor socket;
        std::thread thread;
    };
    void acceptAll()
    {
        for (;;) {
            FileDescriptor one(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (one.get() < 0)
                return;
            const std::scoped_lock lock(m_mutex);
            Client &client = m_clients.emplace_back();
            client.socket = std::move(one);
            client.thread = std::thread([this, fd = client.socket.get()] {
                serve(fd);
                ::shutdown(fd, SHUT_RDWR);
            });
        }
    }
    void serve(int fd)
    {
        const FileDescriptor agent(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_un address = addressOf(m_behind);
        QByteArray frame;
        if (::connect(agent.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
            return;
        while (readFrame(fd, frame)) {
            const What what = frame.at(4) == 13 ? Signatures : Lists; // draft-miller-ssh-agent: SSH_AGENTC_SIGN_REQUEST
            {
                std::unique_lock lock(m_mutex);
                ++m_waiting[what];
                m_changed.wait(lock, [this, what] { return m_leaving || !m_held[what]; });
                --m_waiting[what];
            }
            if (!writeFrame(agent.get(), frame) || !readFrame(agent.get(), frame) || !writeFrame(fd, frame))
                return;
        }
    }
    const QString m_behind;
    FileDescriptor m_listener;
    bool m_listens = false;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_held[2] = {false, false}, m_leaving = false;
    int m_waiting[2] = {0, 0};
    std::list<Client> m_clients;
    std::thread m_thread;
};

QByteArray told(const ExecAnswer &answer)
{
    return answer ? answer->out : name(answer.error()) + ": " + answer.error().args.join(u'|').toUtf8();
}

} // namespace

class TestAgentTouch : public SshWorld {
    Q_OBJECT

    QTemporaryDir m_folder;
    QProcess m_agent; // the real one
    std::unique_ptr<TestSshd> m_hosts, m_gate;
    std::unique_ptr<TouchAgent> m_touch;
    int m_round = 0;

    QString real() const { return m_folder.filePath(QStringLiteral("agent")); }
    Endpoint byKey(int number, const QString &jump = {})
    {
        Endpoint to = m_hosts->endpoint(QStringLiteral("127.0.79.%1").arg(number));
        to.jump = jump;
        m_trust.trust(to.machine(), m_hosts->fingerprint());
        return to;
    }
    Endpoint byAgent(int number, const QString &jump = {})
    {
        Endpoint to = byKey(number, jump);
        to.identity = QStringLiteral("agent");
        return to;
    }
    static SshOptions oneWorker()
    {
        SshOptions options;
        options.workers = 1;
        return options;
    }
    bool isAsked(TouchAgent::What what = TouchAgent::Signatures, int times = 1)
    {
        return QTest::qWaitFor([this, what, times] { return m_touch->waiting(what) == times; }, 20'000);
    }
    static qsizetype logins(const TestSshd &sshd) { return sshd.log().count("Accepted publickey"); }

private Q_SLOTS:
    void initTestCase()
    {
        m_hosts = std::make_unique<TestSshd>(QStringList(), QStringLiteral("0.0.0.0"));
        QVERIFY2(m_hosts->isRunning(), qPrintable(m_hosts->failure()));
        m_gate = std::make_unique<TestSshd>();
        QVERIFY2(m_gate->isRunning(), qPrintable(m_gate->failure()));
        m_trust.trust(m_gate->endpoint().machine(), m_gate->fingerprint());
        m_agent.start(QStringLiteral("ssh-agent"), {QStringLiteral("-D"), QStringLiteral("-a"), real()});
        QVERIFY(m_agent.waitForStarted());
        QVERIFY(QTest::qWaitFor([this] { return QFile::exists(real()); }));
        qputenv("SSH_AUTH_SOCK", real().toUtf8());
        for (const TestSshd *sshd : {m_hosts.get(), m_gate.get()})
            QCOMPARE(runProcess({"ssh-add", "-q", sshd->endpoint().identity}).exitStatus, 0);
    }
    void init()
    {
        // A path of its own: an agent that was silent is not asked again for a while.
        const QString path = m_folder.filePath(QStringLiteral("touch%1").arg(++m_round));
        m_touch = std::make_unique<TouchAgent>(path, real());
        QVERIFY(m_touch->listens());
        qputenv("SSH_AUTH_SOCK", path.toUtf8());
    }
    void cleanup() { m_touch.reset(); }
    void cleanupTestCase()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_agent.terminate();
        QVERIFY(m_agent.waitForFinished(5'000));
    }

    void theOthersGoOn()
    {
        SshPool pool(m_trust, this, oneWorker());
        for (const Endpoint &to : {byAgent(1), byKey(2)}) {
            const auto kept = exec(pool, to, command("echo kept"));
            QVERIFY(kept.wait());
            QVERIFY2(kept->has_value(), told(*kept));
        }
        m_touch->hold(TouchAgent::Signatures);
        const auto touched = exec(pool, byAgent(3), command("echo touched"));
        QVERIFY(isAsked());
        for (const Endpoint &to : {byAgent(1), byKey(2), byKey(4)}) { // two that are kept, one that is new
            const auto other = exec(pool, to, command("echo well"));
            QVERIFY2(other.wait(20'000), "it waits for another's touch");
            QVERIFY2(other->has_value(), told(*other));
        }
        QVERIFY(!touched.value->has_value());
        QCOMPARE(pool.openSessions(), 3);
        m_touch->hold(TouchAgent::Signatures, false);
        QVERIFY(touched.wait());
        QVERIFY2(touched->has_value(), told(*touched));
        QCOMPARE((*touched)->out, QByteArray("touched\n"));
        QCOMPARE(pool.openSessions(), 4);
    }
    void manyByTheAgent()
    {
        SshPool pool(m_trust, this, oneWorker());
        const auto before = logins(*m_hosts);
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 20; ++i)
            answers << exec(pool, byAgent(20 + i), command("echo " + QByteArray::number(i), 60'000));
        for (int i = 0; i < answers.size(); ++i) {
            QVERIFY(answers[i].wait(60'000));
            QVERIFY2(answers[i]->has_value(), told(*answers[i]));
            QCOMPARE((*answers[i])->out, QByteArray::number(i) + '\n');
        }
        QCOMPARE(pool.openSessions(), 20);
        QCOMPARE(logins(*m_hosts), before + 20);
    }
    void theAgentNeverSigns()
    {
        SshOptions options = oneWorker();
        options.agentSignMs = 2'000;
        SshPool pool(m_trust, this, options);
        const auto kept = exec(pool, byKey(1), command("true"));
        QVERIFY(kept.wait());
        QVERIFY2(kept->has_value(), told(*kept));
        m_touch->hold(TouchAgent::Signatures);
        const auto stuck = exec(pool, byAgent(2), command("true"));
        QVERIFY(stuck.wait(20'000));
        QVERIFY(!stuck->has_value());
        QCOMPARE(name(stuck->error()), QByteArray("key-unusable"));
        QCOMPARE(stuck->error().args.at(0), QString("agent"));
        static const QRegularExpression waited(QStringLiteral("no signature within (\\d+) s"));
        QVERIFY2(waited.match(stuck->error().args.at(1)).captured(1).toInt() >= 2, told(*stuck));
        const auto before = logins(*m_hosts);
        const auto again = exec(pool, byKey(1), command("true"));
        QVERIFY(again.wait());
        QVERIFY2(again->has_value(), told(*again));
        QCOMPARE(logins(*m_hosts), before);
    }
    void anAgentThatAnswersOneAtATime()
    {
        // ssh-agent waits for the touch of one login before it lists its keys for the next.
        SshOptions options = oneWorker();
        options.agentListMs = 1'500;
        SshPool pool(m_trust, this, options);
        auto another = std::make_unique<SshPool>(m_trust, this, options);
        m_touch->hold(TouchAgent::Signatures);
        exec(*another, byAgent(1), command("true"));
        QVERIFY(isAsked());
        m_touch->hold(TouchAgent::Lists);
        const auto second = exec(pool, byAgent(2), command("true"));
        QVERIFY(isAsked(TouchAgent::Lists));
        QVERIFY2(!second.wait(2'500), "a busy agent was taken for a silent one");
        another.reset(); // its login ends; the agent goes on waiting for the touch
        QVERIFY2(!second.wait(1'500), "an agent that is still busy was taken for a silent one");
        m_touch->hold(TouchAgent::Signatures, false);
        m_touch->hold(TouchAgent::Lists, false);
        QVERIFY(second.wait());
        QVERIFY2(second->has_value(), told(*second));
    }
    void touchesLeaveRoomForTheOthers()
    {
        SshOptions options = oneWorker();
        options.handshakes = 2;
        SshPool pool(m_trust, this, options);
        m_touch->hold(TouchAgent::Signatures);
        const QList<Awaited<ExecAnswer>> touched{exec(pool, byAgent(1), command("true")), exec(pool, byAgent(2), command("true"))};
        QVERIFY(isAsked());
        const auto other = exec(pool, byKey(3), command("echo well"));
        QVERIFY2(other.wait(20'000), "those who wait for a touch keep all handshakes to themselves");
        QVERIFY2(other->has_value(), told(*other));
        QCOMPARE(m_touch->waiting(TouchAgent::Signatures), 1);
        m_touch->hold(TouchAgent::Signatures, false);
        for (const auto &one : touched) {
            QVERIFY(one.wait());
            QVERIFY2(one->has_value(), told(*one));
        }
    }
    void thePoolGoes_data()
    {
        QTest::addColumn<int>("what");
        QTest::newRow("while a signature is waited for") << int(TouchAgent::Signatures);
        QTest::newRow("while the keys are waited for") << int(TouchAgent::Lists);
    }
    void thePoolGoes()
    {
        QFETCH(int, what);
        m_touch->hold(TouchAgent::What(what));
        QElapsedTimer since;
        {
            SshPool pool(m_trust, this);
            for (int i = 0; i < 5; ++i)
                exec(pool, byAgent(i + 1), command("true"));
            QVERIFY(isAsked(TouchAgent::What(what), 5));
            since.start();
        }
        QVERIFY2(since.elapsed() < 8'000, "it waited for the agent");
    }
    void theSessionEnds_data()
    {
        QTest::addColumn<bool>("byTheHost");
        QTest::addColumn<int>("what");
        QTest::newRow("by the console") << false << int(TouchAgent::Signatures);
        QTest::newRow("by the host") << true << int(TouchAgent::Signatures);
        QTest::newRow("by the host, while the keys are listed") << true << int(TouchAgent::Lists);
    }
    void theSessionEnds()
    {
        QFETCH(bool, byTheHost);
        QFETCH(int, what);
        SshPool pool(m_trust, this, oneWorker());
        m_touch->hold(TouchAgent::What(what));
        const auto cut = exec(pool, byAgent(1), command("true"));
        QVERIFY(isAsked(TouchAgent::What(what)));
        if (byTheHost)
            m_hosts->cutConnections();
        else
            pool.closeAll();
        QVERIFY(cut.wait(20'000));
        QVERIFY(!cut->has_value());
        QCOMPARE(name(cut->error()), QByteArray("connection-lost"));
        if (byTheHost)
            QVERIFY2(cut->error().args.at(1).contains("did not wait for the agent"), told(*cut));
        m_touch->hold(TouchAgent::What(what), false);
        const auto again = exec(pool, byAgent(1), command("echo again"));
        QVERIFY(again.wait());
        QVERIFY2(again->has_value(), told(*again));
    }
    void oneJumpHostForBoth_data()
    {
        QTest::addColumn<bool>("outer"); // it is the jump host that is logged in to by the agent, else the first host
        QTest::newRow("the jump host by the agent") << true;
        QTest::newRow("a host by the agent") << false;
    }
    void oneJumpHostForBoth()
    {
        QFETCH(bool, outer);
        Endpoint gate = m_gate->endpoint();
        if (outer)
            gate.identity = QStringLiteral("agent");
        const QString jump = QStringLiteral("gate");
        const auto before = logins(*m_gate);
        SshPool pool(m_trust, this, {}, nullptr, [gate](const QString &) { return std::optional(gate); });
        m_touch->hold(TouchAgent::Signatures);
        const auto first = exec(pool, outer ? byKey(1, jump) : byAgent(1, jump), command("echo in"));
        QVERIFY(isAsked());
        const auto second = exec(pool, byKey(2, jump), command("echo in"));
        if (!outer) {
            QVERIFY2(second.wait(20'000), "it waits for its neighbour's touch");
            QVERIFY(!first.value->has_value());
        }
        m_touch->hold(TouchAgent::Signatures, false);
        for (const auto &one : {first, second}) {
            QVERIFY(one.wait());
            QVERIFY2(one->has_value(), told(*one));
            QCOMPARE((*one)->out, QByteArray("in\n"));
        }
        QCOMPARE(logins(*m_gate), before + 1);
        QCOMPARE(pool.openSessions(), 3);
    }
};

QTEST_GUILESS_MAIN(TestAgentTouch)
#include "tst_agenttouch.moc"
