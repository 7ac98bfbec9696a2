#include "headless/ownersocket.h"

#include <QFile>
#include <QJsonDocument>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace bellwether {

namespace {

constexpr qsizetype lineLimit = 96 << 20; // a plan of 64 MiB, escaped
constexpr int connectionLimit = 64;

QString reasonOf(int error)
{
    return QString::fromLocal8Bit(std::strerror(error));
}

// The folder as a descriptor and the socket's short address through it.
struct Address {
    int folder = -1;
    sockaddr_un name = {};
    ~Address()
    {
        if (folder >= 0)
            ::close(folder);
    }
    bool open(const QString &dataFolder)
    {
        folder = ::open(QFile::encodeName(dataFolder).constData(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        name.sun_family = AF_UNIX;
        std::snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d/owner.sock", folder);
        return folder >= 0;
    }
    const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&name); }
};

bool isOurs(int fd)
{
    ucred peer = {};
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

int newSocket(int flags)
{
    return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

QByteArray lineOf(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

QJsonObject replyToJson(const Reply &reply)
{
    if (reply)
        return {{QStringLiteral("ok"), true}, {QStringLiteral("result"), *reply}};
    return {{QStringLiteral("ok"), false}, {QStringLiteral("error"), errorToJson(reply.error())}};
}

Result<Request> requestFrom(const QByteArray &line)
{
    const QJsonDocument document = QJsonDocument::fromJson(line);
    const QJsonObject object = document.object();
    Request request{object.value(QStringLiteral("verb")).toString(), object.value(QStringLiteral("args")).toObject(),
                    object.value(QStringLiteral("actor")).toString()};
    if (!document.isObject() || request.verb.isEmpty())
        return fail(ErrorCode::Usage, {QStringLiteral("The request is not understood")});
    return request;
}

} // namespace

QJsonObject errorToJson(const Error &error)
{
    QJsonObject json{{QStringLiteral("code"), QString::fromLatin1(errorKey(error.code))},
                     {QStringLiteral("args"), QJsonArray::fromStringList(error.args)}};
    if (!(error.place == Place{})) {
        json.insert(QStringLiteral("place"), QJsonObject{{QStringLiteral("file"), error.place.file},
                                                         {QStringLiteral("line"), error.place.line},
                                                         {QStringLiteral("column"), error.place.column},
                                                         {QStringLiteral("key"), error.place.key}});
    }
    if (error.cause)
        json.insert(QStringLiteral("cause"), errorToJson(*error.cause));
    return json;
}

Error errorFromJson(const QJsonObject &json)
{
    Error error;
    error.code = errorFromKey(json.value(QStringLiteral("code")).toString()).value_or(ErrorCode::Internal);
    for (const QJsonValue arg : json.value(QStringLiteral("args")).toArray())
        error.args.append(arg.toString());
    const QJsonObject place = json.value(QStringLiteral("place")).toObject();
    error.place = {place.value(QStringLiteral("file")).toString(), place.value(QStringLiteral("line")).toInt(),
                   place.value(QStringLiteral("column")).toInt(), place.value(QStringLiteral("key")).toString()};
    if (json.contains(QStringLiteral("cause")))
        error.cause = std::make_shared<const Error>(errorFromJson(json.value(QStringLiteral("cause")).toObject()));
    return error;
}

// ---- the owner's side: one thread, poll(); answers come from the console's threads through the mailbox

struct OwnerServer::Private {
    struct Connection {
        int fd = -1;
        quint64 id = 0;
        QByteArray in, out;
        bool busy = false; // a request is being answered
    };
    ConsolePort *port = nullptr;
    int listener = -1, wake = -1;
    QByteArray folder;
    std::thread thread;
    std::mutex mutex; // guards what follows
    bool stopping = false, accepting = true;
    std::vector<std::pair<quint64, QByteArray>> answers;

    std::vector<Connection> connections; // the thread's own
    quint64 lastId = 0;

    ~Private()
    {
        if (wake >= 0)
            ::close(wake);
        if (listener >= 0)
            ::close(listener);
    }
    void ring() const
    {
        const quint64 one = 1;
        [[maybe_unused]] const ssize_t n = ::write(wake, &one, sizeof one);
    }
    void loop(const std::shared_ptr<Private> &self);
    void accept();
    bool read(Connection &connection, const std::shared_ptr<Private> &self);
    void takeRequest(Connection &connection, const std::shared_ptr<Private> &self);
    static bool write(Connection &connection);
};

void OwnerServer::Private::loop(const std::shared_ptr<Private> &self)
{
    for (;;) {
        std::vector<std::pair<quint64, QByteArray>> ready;
        bool listening = false;
        {
            const std::scoped_lock lock(mutex);
            if (stopping)
                break;
            ready.swap(answers);
            listening = accepting && connections.size() < connectionLimit;
        }
        for (const auto &[id, bytes] : ready) {
            for (Connection &connection : connections) {
                if (connection.id != id)
                    continue;
                connection.out += bytes;
                connection.busy = false;
                takeRequest(connection, self);
            }
        }
        std::vector<pollfd> wanted{{wake, POLLIN, 0}, {listening ? listener : -1, POLLIN, 0}};
        for (const Connection &connection : connections)
            wanted.push_back({connection.fd, static_cast<short>(POLLIN | (connection.out.isEmpty() ? 0 : POLLOUT)), 0});
        if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR)
            break;
        if (wanted[0].revents) {
            quint64 count = 0;
            [[maybe_unused]] const ssize_t n = ::read(wake, &count, sizeof count);
        }
        for (size_t i = connections.size(); i-- > 0;) {
            const short happened = wanted[i + 2].revents;
            bool alive = true;
            if (happened & POLLOUT)
                alive = write(connections[i]);
            if (alive && (happened & (POLLIN | POLLHUP | POLLERR)))
                alive = read(connections[i], self);
            if (!alive) {
                ::close(connections[i].fd);
                connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
        if (wanted[1].revents)
            accept();
    }
    for (const Connection &connection : connections)
        ::close(connection.fd);
    connections.clear();
}

void OwnerServer::Private::accept()
{
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (!isOurs(fd)) {
        ::close(fd);
        return;
    }
    Connection connection;
    connection.fd = fd;
    connection.id = ++lastId;
    connections.push_back(std::move(connection));
}

bool OwnerServer::Private::read(Connection &connection, const std::shared_ptr<Private> &self)
{
    char buffer[65536];
    for (;;) {
        const ssize_t n = ::read(connection.fd, buffer, sizeof buffer);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (n < 0)
            break;
        connection.in.append(buffer, n);
        if (connection.in.size() > lineLimit)
            return false;
    }
    takeRequest(connection, self);
    return true;
}

void OwnerServer::Private::takeRequest(Connection &connection, const std::shared_ptr<Private> &self)
{
    const qsizetype end = connection.in.indexOf('\n');
    if (connection.busy || end < 0)
        return;
    const QByteArray line = connection.in.left(end);
    connection.in.remove(0, end + 1);
    connection.busy = true;
    const quint64 id = connection.id;
    auto answerWith = [self, id](const Reply &reply) {
        {
            const std::scoped_lock lock(self->mutex);
            self->answers.emplace_back(id, lineOf(replyToJson(reply)));
        }
        self->ring();
    };
    auto request = requestFrom(line);
    if (!request)
        answerWith(std::unexpected(request.error()));
    else
        port->request(std::move(*request), answerWith);
}

bool OwnerServer::Private::write(Connection &connection)
{
    while (!connection.out.isEmpty()) {
        const ssize_t n = ::send(connection.fd, connection.out.constData(), static_cast<size_t>(connection.out.size()), MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        connection.out.remove(0, n);
    }
    return true;
}

Result<std::unique_ptr<OwnerServer>> OwnerServer::listen(const QString &dataFolder, ConsolePort &port)
{
    auto failed = [&] { return fail(ErrorCode::FileUnwritable, {dataFolder + QStringLiteral("/owner.sock"), reasonOf(errno)}); };
    Address address;
    if (!address.open(dataFolder))
        return failed();
    auto server = std::unique_ptr<OwnerServer>(new OwnerServer);
    server->d = std::make_shared<Private>();
    Private &d = *server->d;
    d.port = &port;
    d.folder = QFile::encodeName(dataFolder);
    d.wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    d.listener = newSocket(SOCK_NONBLOCK);
    if (d.wake < 0 || d.listener < 0)
        return failed();
    ::unlinkat(address.folder, "owner.sock", 0); // of an owner that is gone: we hold the lock
    // Not by umask: that would be the whole process's for a moment. Nobody connects before listen().
    if (::bind(d.listener, address.get(), sizeof address.name) != 0 || ::fchmodat(address.folder, "owner.sock", 0600, 0) != 0
        || ::listen(d.listener, 16) != 0)
        return failed();
    d.thread = std::thread([self = server->d] { self->loop(self); });
    return server;
}

void OwnerServer::stopAccepting()
{
    {
        const std::scoped_lock lock(d->mutex);
        d->accepting = false;
    }
    ::unlink((d->folder + "/owner.sock").constData());
    d->ring();
}

OwnerServer::~OwnerServer()
{
    if (!d || !d->thread.joinable())
        return;
    stopAccepting();
    {
        const std::scoped_lock lock(d->mutex);
        d->stopping = true;
    }
    d->ring();
    d->thread.join();
}

// ---- the asker's side

Result<std::unique_ptr<OwnerClient>> OwnerClient::connect(const QString &dataFolder)
{
    Address address;
    auto client = std::unique_ptr<OwnerClient>(new OwnerClient);
    client->m_fd = address.open(dataFolder) ? newSocket(SOCK_NONBLOCK) : -1; // an owner that is stopped must not stop us
    if (client->m_fd < 0 || ::connect(client->m_fd, address.get(), sizeof address.name) != 0)
        return fail(ErrorCode::OwnerUnreachable, {reasonOf(errno)});
    if (!isOurs(client->m_fd))
        return fail(ErrorCode::OwnerUnreachable, {QStringLiteral("its socket belongs to another user")});
    return client;
}

bool OwnerClient::isListening(const QString &dataFolder)
{
    Address address;
    const int fd = address.open(dataFolder) ? newSocket(SOCK_NONBLOCK) : -1;
    if (fd < 0)
        return false;
    const bool full = ::connect(fd, address.get(), sizeof address.name) != 0;
    const bool listening = full ? errno == EAGAIN : isOurs(fd);
    ::close(fd);
    return listening;
}

OwnerClient::~OwnerClient()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

Reply OwnerClient::ask(const Request &request, const std::function<bool()> &stop)
{
    QByteArray out = lineOf({{QStringLiteral("verb"), request.verb}, {QStringLiteral("args"), request.args},
                             {QStringLiteral("actor"), request.actor}});
    const auto gone = [] { return fail(ErrorCode::OwnerUnreachable, {QStringLiteral("it ended before it answered; look at the status before asking again")}); };
    while (!stop()) {
        if (const qsizetype end = m_read.indexOf('\n'); end >= 0 && out.isEmpty()) {
            const QJsonObject answer = QJsonDocument::fromJson(m_read.left(end)).object();
            m_read.remove(0, end + 1);
            if (answer.value(QStringLiteral("ok")).toBool())
                return answer.value(QStringLiteral("result")).toObject();
            return std::unexpected(errorFromJson(answer.value(QStringLiteral("error")).toObject()));
        }
        pollfd wanted{m_fd, static_cast<short>(POLLIN | (out.isEmpty() ? 0 : POLLOUT)), 0};
        if (::poll(&wanted, 1, 100) <= 0)
            continue;
        if (wanted.revents & POLLOUT) {
            const ssize_t n = ::send(m_fd, out.constData(), static_cast<size_t>(out.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                return gone();
            out.remove(0, std::max<ssize_t>(n, 0));
        }
        if (wanted.revents & (POLLIN | POLLHUP | POLLERR)) {
            char buffer[65536];
            const ssize_t n = ::recv(m_fd, buffer, sizeof buffer, MSG_DONTWAIT);
            if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                return gone();
            m_read.append(buffer, std::max<ssize_t>(n, 0));
            if (m_read.size() > lineLimit)
                return gone();
        }
    }
    return fail(ErrorCode::Interrupted);
}

} // namespace bellwether
