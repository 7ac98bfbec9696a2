// The socket of a data folder's owner: every asker gets its own answer, whatever the path, and rubbish harms nobody.
#include "headless/ownersocket.h"

#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>
#include <atomic>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace bellwether;

namespace {

// Answers from a thread of its own, as a console does; "silence" is never answered.
class EchoConsole final : public ConsolePort {
public:
    ~EchoConsole() override
    {
        for (std::thread &thread : m_threads)
            thread.join();
    }
    void request(Request request, std::function<void(Reply)> done) override
    {
        ++m_asked;
        if (request.verb == QLatin1String("silence"))
            return;
        m_threads.emplace_back([request = std::move(request), done = std::move(done)] {
            if (request.verb == QLatin1String("refuse"))
                done(fail(ErrorCode::HostLocked, {QStringLiteral("a\nb"), QStringLiteral("Ada"), QStringLiteral("12")}, {QStringLiteral("f.yaml"), 3, 4, QStringLiteral("k")}));
            else
                done(QJsonObject{{QStringLiteral("verb"), request.verb}, {QStringLiteral("actor"), request.actor}, {QStringLiteral("args"), request.args}});
        });
    }
    std::shared_ptr<const ConsoleSnapshot> snapshot() const override { return std::make_shared<ConsoleSnapshot>(); }
    void setChanged(std::function<void()>) override {}
    std::atomic<int> m_asked{0};

private:
    std::vector<std::thread> m_threads; // the server's thread only
};

bool never()
{
    return false;
}

} // namespace

class TestOwnerSocket : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void answersComeBack_data();
    void answersComeBack();
    void errorsKeepTheirCodeArgumentsAndPlace();
    void aStoppedOwnerHoldsUpNobody();
    void manyAskersGetTheirOwnAnswers();
    void rubbishIsRefusedAndHarmsNobody_data();
    void rubbishIsRefusedAndHarmsNobody();
    void anEndingOwnerIsToldApart();
    void waitingEndsWhenAsked();
    void theSocketIsForItsOwnerAlone();
};

void TestOwnerSocket::answersComeBack_data()
{
    QTest::addColumn<int>("pathLength");
    QTest::addColumn<int>("size");
    QTest::newRow("short path") << 0 << 10;
    QTest::newRow("path beyond sockaddr_un") << 220 << 10;
    QTest::newRow("a plan of 5 MB") << 0 << 5'000'000;
}

void TestOwnerSocket::answersComeBack()
{
    QFETCH(int, pathLength);
    QFETCH(int, size);
    const QTemporaryDir folder;
    const QString data = folder.filePath(u'd' + QString(pathLength, u'x'));
    QVERIFY(QDir().mkpath(data));
    EchoConsole console;
    const auto server = OwnerServer::listen(data, console);
    QVERIFY(server.has_value());
    auto client = OwnerClient::connect(data);
    QVERIFY(client.has_value());
    for (int i = 0; i < 3; ++i) {
        const QJsonObject args{{QStringLiteral("plan"), QString(size, u'é')}, {QStringLiteral("i"), i}};
        const Reply reply = (*client)->ask({QStringLiteral("run"), args, QStringLiteral("Ada \"x\"\n")}, never);
        QVERIFY(reply.has_value());
        QCOMPARE(reply->value(QStringLiteral("args")).toObject(), args);
        QCOMPARE(reply->value(QStringLiteral("actor")).toString(), QStringLiteral("Ada \"x\"\n"));
    }
}

void TestOwnerSocket::errorsKeepTheirCodeArgumentsAndPlace()
{
    const QTemporaryDir folder;
    EchoConsole console;
    const auto server = OwnerServer::listen(folder.path(), console);
    const Reply reply = (*OwnerClient::connect(folder.path()))->ask({QStringLiteral("refuse"), {}, {}}, never);
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ErrorCode::HostLocked);
    QCOMPARE(reply.error().args, (QStringList{QStringLiteral("a\nb"), QStringLiteral("Ada"), QStringLiteral("12")}));
    QCOMPARE(reply.error().place, (Place{QStringLiteral("f.yaml"), 3, 4, QStringLiteral("k")}));
}

void TestOwnerSocket::manyAskersGetTheirOwnAnswers()
{
    const QTemporaryDir folder;
    EchoConsole console;
    const auto server = OwnerServer::listen(folder.path(), console);
    std::atomic<int> right{0};
    std::vector<std::thread> askers;
    for (int a = 0; a < 12; ++a) {
        askers.emplace_back([&, a] {
            auto client = OwnerClient::connect(folder.path());
            for (int i = 0; client && i < 10; ++i) {
                const QString verb = QStringLiteral("v%1-%2").arg(a).arg(i);
                const Reply reply = (*client)->ask({verb, {}, {}}, never);
                right += reply && reply->value(QStringLiteral("verb")).toString() == verb;
            }
        });
    }
    for (std::thread &asker : askers)
        asker.join();
    QCOMPARE(right.load(), 120);
}

void TestOwnerSocket::rubbishIsRefusedAndHarmsNobody_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::newRow("not JSON") << QByteArray("hello\n");
    QTest::newRow("an array") << QByteArray("[1]\n");
    QTest::newRow("no verb") << QByteArray("{}\n");
    QTest::newRow("bytes") << QByteArray("\0\xff\xfe\n", 4);
    QTest::newRow("deep") << QByteArray(100'000, '[') + '\n';
}

void TestOwnerSocket::rubbishIsRefusedAndHarmsNobody()
{
    QFETCH(QByteArray, sent);
    const QTemporaryDir folder;
    EchoConsole console;
    const auto server = OwnerServer::listen(folder.path(), console);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name = {};
    name.sun_family = AF_UNIX;
    qstrncpy(name.sun_path, qPrintable(folder.filePath(QStringLiteral("owner.sock"))), sizeof name.sun_path);
    QCOMPARE(::connect(fd, reinterpret_cast<sockaddr *>(&name), sizeof name), 0);
    QCOMPARE(::send(fd, sent.constData(), static_cast<size_t>(sent.size()), MSG_NOSIGNAL), static_cast<ssize_t>(sent.size()));
    char buffer[4096];
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    QVERIFY(n > 0);
    QCOMPARE(QJsonDocument::fromJson(QByteArray(buffer, n)).object().value(QStringLiteral("ok")), QJsonValue(false));
    ::close(fd);
    QCOMPARE(console.m_asked.load(), 0);
    QVERIFY((*OwnerClient::connect(folder.path()))->ask({QStringLiteral("status"), {}, {}}, never).has_value());
}

void TestOwnerSocket::anEndingOwnerIsToldApart()
{
    const QTemporaryDir folder;
    QCOMPARE(OwnerClient::connect(folder.path()).error().code, ErrorCode::OwnerUnreachable);
    EchoConsole console;
    auto server = OwnerServer::listen(folder.path(), console);
    auto client = OwnerClient::connect(folder.path());
    std::thread ender([&] {
        while (console.m_asked.load() == 0)
            std::this_thread::yield();
        server->reset();
    });
    const Reply reply = (*client)->ask({QStringLiteral("silence"), {}, {}}, never);
    ender.join();
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ErrorCode::OwnerUnreachable);
    QVERIFY(!QFile::exists(folder.filePath(QStringLiteral("owner.sock"))));
}

void TestOwnerSocket::waitingEndsWhenAsked()
{
    const QTemporaryDir folder;
    EchoConsole console;
    const auto server = OwnerServer::listen(folder.path(), console);
    const Reply reply = (*OwnerClient::connect(folder.path()))->ask({QStringLiteral("silence"), {}, {}}, [&] { return console.m_asked.load() > 0; });
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ErrorCode::Interrupted);
}

void TestOwnerSocket::theSocketIsForItsOwnerAlone()
{
    const QTemporaryDir folder;
    EchoConsole console;
    const mode_t before = ::umask(0);
    const auto server = OwnerServer::listen(folder.path(), console);
    ::umask(before);
    struct stat info = {};
    QCOMPARE(::lstat(qPrintable(folder.filePath(QStringLiteral("owner.sock"))), &info), 0);
    QVERIFY(S_ISSOCK(info.st_mode));
    QCOMPARE(info.st_mode & 0777, 0600U);
}

void TestOwnerSocket::aStoppedOwnerHoldsUpNobody()
{
    const QTemporaryDir folder;
    QVERIFY(!OwnerClient::isListening(folder.path()));
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const QByteArray path = folder.filePath(QStringLiteral("owner.sock")).toLocal8Bit();
    QVERIFY(path.size() < qsizetype(sizeof name.sun_path));
    std::copy(path.begin(), path.end(), name.sun_path);
    QCOMPARE(::bind(listener, reinterpret_cast<const sockaddr *>(&name), sizeof name), 0);
    QCOMPARE(::listen(listener, 1), 0);
    std::atomic<int> seen{0};
    std::thread reader([&] { // callers whom nobody answers fill its queue
        for (int i = 0; i < 6; ++i)
            seen += OwnerClient::isListening(folder.path());
        seen += OwnerClient::connect(folder.path()).has_value() ? 100 : 10;
    });
    const bool done = QTest::qWaitFor([&] { return seen >= 10; }, 10'000);
    ::close(listener); // lets go whoever hangs
    reader.join();
    QVERIFY(done);
    QCOMPARE(seen.load(), 16);
}

QTEST_GUILESS_MAIN(TestOwnerSocket)
#include "tst_ownersocket.moc"
