#include "httpserver.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace bellwether::sample {

namespace {

constexpr size_t maxConnections = 64;
constexpr qsizetype maxRequest = 8192;

qint64 monotonicMs()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

QByteArray systemReason()
{
    return QByteArray(std::strerror(errno));
}

const char *reasonPhrase(int status)
{
    switch (status) {
    case 200: return "OK";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 503: return "Service Unavailable";
    default: return "Error";
    }
}

QByteArray responseFor(const QByteArray &request, const HttpServer::Handler &handler)
{
    const QList<QByteArray> words = request.left(request.indexOf("\r\n")).split(' ');
    HttpAnswer answer{405, "application/json", R"({"error":"GET only"})"};
    if (words.size() == 3 && words[0] == "GET")
        answer = handler(QString::fromLatin1(words[1].split('?').first()));
    return "HTTP/1.1 " + QByteArray::number(answer.status) + ' ' + reasonPhrase(answer.status) + "\r\nContent-Type: "
           + answer.type + "\r\nContent-Length: " + QByteArray::number(answer.body.size())
           + "\r\nConnection: close\r\n\r\n" + answer.body;
}

} // namespace

HttpServer::~HttpServer()
{
    for (const Connection &connection : m_connections)
        ::close(connection.fd);
    for (const int fd : {m_listener, m_wake[0], m_wake[1]}) {
        if (fd >= 0)
            ::close(fd);
    }
}

Outcome<void> HttpServer::listen(const QString &address, int port)
{
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<uint16_t>(port));
    if (inet_pton(AF_INET, address.toLatin1().constData(), &name.sin_addr) != 1 || port < 1 || port > 65535)
        return problem(QStringLiteral("%1:%2 is no address to listen on").arg(address).arg(port));
    m_listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int yes = 1;
    ::setsockopt(m_listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(m_listener, reinterpret_cast<sockaddr *>(&name), sizeof name) != 0 || ::listen(m_listener, 32) != 0
        || ::pipe2(m_wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return problem(QStringLiteral("cannot listen on %1:%2: %3").arg(address).arg(port).arg(QString::fromUtf8(systemReason())));
    return {};
}

void HttpServer::stop()
{
    const char byte = 0;
    [[maybe_unused]] const ssize_t n = ::write(m_wake[1], &byte, 1);
}

void HttpServer::acceptOne()
{
    const int fd = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (m_connections.size() >= maxConnections) {
        ::close(fd);
        return;
    }
    m_connections.push_back({fd, {}, {}, monotonicMs() + 5000});
}

bool HttpServer::serve(Connection &connection, short events, const Handler &handler)
{
    if (events & (POLLIN | POLLHUP | POLLERR)) {
        char bytes[4096];
        const ssize_t n = ::recv(connection.fd, bytes, sizeof bytes, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (n > 0 && connection.out.isEmpty()) {
            connection.in.append(bytes, n);
            if (connection.in.contains("\r\n\r\n"))
                connection.out = responseFor(connection.in, handler);
            else if (connection.in.size() > maxRequest)
                return false;
        }
    }
    if (connection.out.isEmpty())
        return true;
    const ssize_t n = ::send(connection.fd, connection.out.constData(), static_cast<size_t>(connection.out.size()), MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    connection.out.remove(0, n);
    return !connection.out.isEmpty();
}

void HttpServer::run(const Handler &handler)
{
    for (;;) {
        std::vector<pollfd> fds{{m_wake[0], POLLIN, 0}, {m_listener, POLLIN, 0}};
        for (const Connection &connection : m_connections)
            fds.push_back({connection.fd, static_cast<short>(connection.out.isEmpty() ? POLLIN : POLLIN | POLLOUT), 0});
        if (::poll(fds.data(), fds.size(), 1000) < 0 && errno != EINTR)
            return;
        if (fds[0].revents)
            return;
        size_t i = 2;
        const qint64 now = monotonicMs();
        for (auto it = m_connections.begin(); it != m_connections.end();) {
            const short events = fds[i++].revents;
            const bool keep = now < it->deadlineMs && (!events || serve(*it, events, handler));
            if (!keep)
                ::close(it->fd);
            it = keep ? std::next(it) : m_connections.erase(it);
        }
        if (fds[1].revents)
            acceptOne();
    }
}

} // namespace bellwether::sample
