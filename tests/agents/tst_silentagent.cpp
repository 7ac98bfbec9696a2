// An agent that dies or says nothing: libssh waits for it without end, and we do not. What is told is that the agent failed, not
// that the host lets nobody in.
#include "ssh/sshhandles.h"
#include "sshworld.h"

#include <QCryptographicHash>
#include <QtEndian>

#include <atomic>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

using namespace bellwether;

namespace {

enum class Manner { DiesAtList, DiesAtSigning, SilentAtList, SilentAtSigning };

// Shows one key and signs nothing.
class BadAgent {
public:
    BadAgent(const QString &path, const QByteArray &blob, Manner manner) : m_listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        qstrncpy(address.sun_path, path.toUtf8().constData(), sizeof(address.sun_path));
        m_listens = ::bind(m_listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 && ::listen(m_listener.get(), 8) == 0;
        m_thread = std::thread([this, blob, manner] { serve(blob, manner); });
    }
    ~BadAgent()
    {
        ::shutdown(m_listener.get(), SHUT_RDWR);
        m_thread.join();
    }
    Q_DISABLE_COPY_MOVE(BadAgent)
    bool listens() const { return m_listens; }
    int signRequests() const { return m_signRequests; }

private:
    static QByteArray text(const QByteArray &bytes)
    {
        QByteArray framed(4, '\0');
        qToBigEndian(quint32(bytes.size()), framed.data());
        return framed + bytes;
    }
    void serve(const QByteArray &blob, Manner manner)
    {
        std::vector<FileDescriptor> silent; // until the test ends
        for (;;) {
            FileDescriptor one(::accept(m_listener.get(), nullptr, nullptr));
            if (one.get() < 0)
                return;
            char head[5];
            while (::recv(one.get(), head, 5, MSG_WAITALL) == 5) {
                QByteArray rest(qsizetype(qFromBigEndian<quint32>(head)) - 1, '\0');
                if (!rest.isEmpty() && ::recv(one.get(), rest.data(), size_t(rest.size()), MSG_WAITALL) != rest.size())
                    break;
                const bool lists = head[4] == 11;
                m_signRequests += head[4] == 13;
                if (manner == (lists ? Manner::DiesAtList : Manner::DiesAtSigning))
                    break;
                if (manner == (lists ? Manner::SilentAtList : Manner::SilentAtSigning)) {
                    silent.push_back(std::move(one));
                    break;
                }
                const QByteArray answer = text((lists ? QByteArray("\x0c\0\0\0\1", 5) + text(blob) + text("key") : QByteArray("\x05")));
                if (::send(one.get(), answer.constData(), size_t(answer.size()), MSG_NOSIGNAL) < 0)
                    break;
            }
        }
    }
    FileDescriptor m_listener;
    bool m_listens = false;
    std::atomic<int> m_signRequests = 0;
    std::thread m_thread;
};

} // namespace

class TestSilentAgent : public SshWorld {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void cleanup() { qunsetenv("SSH_AUTH_SOCK"); }
    void theOthersGoOn_data()
    {
        QTest::addColumn<bool>("oneKey");
        QTest::addColumn<int>("manner");
        const auto row = [](const char *title, bool oneKey, Manner manner) { QTest::newRow(title) << oneKey << int(manner); };
        row("one key: it dies when it should sign", true, Manner::DiesAtSigning);
        row("one key: it never signs", true, Manner::SilentAtSigning);
        row("one key: it lists nothing", true, Manner::SilentAtList);
        row("all keys: it dies at the list", false, Manner::DiesAtList);
        row("all keys: it dies when it should sign", false, Manner::DiesAtSigning);
        row("all keys: it never signs", false, Manner::SilentAtSigning);
        row("all keys: it lists nothing", false, Manner::SilentAtList);
    }
    void theOthersGoOn()
    {
        QFETCH(bool, oneKey);
        QFETCH(int, manner);
        QFile pub(m_sshd->endpoint().identity + ".pub");
        QVERIFY(pub.open(QIODevice::ReadOnly));
        const QByteArray blob = QByteArray::fromBase64(pub.readAll().split(' ').value(1));
        QTemporaryDir folder;
        const QString path = folder.filePath("agent");
        BadAgent agent(path, blob, Manner(manner));
        QVERIFY(agent.listens());
        qputenv("SSH_AUTH_SOCK", path.toUtf8());
        const QString hash = QString::fromLatin1(QCryptographicHash::hash(blob, QCryptographicHash::Sha256).toBase64(QByteArray::OmitTrailingEquals));
        Endpoint through = m_sshd->endpoint();
        through.identity = oneKey ? "agent:SHA256:" + hash : QStringLiteral("agent");
        SshOptions options;
        options.workers = 1; // they share a thread
        options.agentListMs = options.agentSignMs = 2'500;
        SshPool pool(m_trust, this, options);
        const auto stuck = exec(pool, through, command("true"));
        QVERIFY2(stuck.wait(20'000), "it waits for the agent");
        QVERIFY(!stuck->has_value());
        QCOMPARE(name(stuck->error()), QByteArray("key-unusable"));
        QVERIFY2(stuck->error().args.at(1).contains("the agent"), qPrintable(stuck->error().args.at(1)));
        QCOMPARE(agent.signRequests() > 0, manner == int(Manner::DiesAtSigning) || manner == int(Manner::SilentAtSigning));
        const auto other = exec(pool, m_sshd->endpoint(), command("echo well"));
        QVERIFY(other.wait(20'000));
        QVERIFY(other->has_value());
        QCOMPARE((*other)->out, QByteArray("well\n"));
        if (manner != int(Manner::SilentAtList) && manner != int(Manner::SilentAtSigning))
            return;
        // Whoever comes next does not wait as long again.
        Endpoint next = through;
        next.user = QStringLiteral("somebody-else");
        QElapsedTimer since;
        since.start();
        const auto quick = exec(pool, next, command("true"));
        QVERIFY(quick.wait(20'000));
        QVERIFY(!quick->has_value());
        QVERIFY2(since.elapsed() < 2'000 && name(quick->error()) == "key-unusable", name(quick->error()).constData());
    }
};

QTEST_GUILESS_MAIN(TestSilentAgent)
#include "tst_silentagent.moc"
