#include "faultproxy.h"

#include <QByteArray>

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <deque>
#include <fcntl.h>
#include <list>
#include <mutex>
#include <netinet/tcp.h>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bellwether {

namespace {

using Time = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

constexpr qsizetype mostWaiting = 256 * 1024; // bytes on the line, then no more are read

struct Piece {
    Time due;
    QByteArray bytes;
};

struct Way {
    int from = -1, to = -1;
    int LinkQuality::*rate = nullptr;
    std::deque<Piece> line;
    qsizetype waiting = 0;
    Time free; // when the line can carry the next piece
    int pieces = 0;
    bool ended = false, endTold = false;
};

struct Link {
    int client = -1, server = -1;
    Way up, down;
    bool broken = false;
};

sockaddr_in at(const QString &address, int port)
{
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(quint16(port));
    inet_pton(AF_INET, address.toLatin1().constData(), &in.sin_addr);
    return in;
}

void closeNow(int fd, bool reset)
{
    if (reset) {
        const linger now{1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(fd);
}

} // namespace

struct FaultProxy::Private {
    int listener = -1, wake[2] = {-1, -1}, port = 0, target = 0;
    std::mutex mutex;
    LinkQuality quality;
    std::atomic<bool> resetWanted = false, endWanted = false;
    std::atomic<qint64> carried = 0;
    std::atomic<int> accepted = 0;
    QString targetAddress;
    std::list<Link> links;
    std::minstd_rand random{1};
    std::thread thread;

    void accept();
    void take(Way &way, const LinkQuality &q, Time now);
    void give(Way &way, const LinkQuality &q, Time now);
    void run();
};

void FaultProxy::Private::accept()
{
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0)
        return;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in to = at(targetAddress, target);
    if (::connect(server, reinterpret_cast<const sockaddr *>(&to), sizeof to) != 0) {
        ::close(server);
        closeNow(client, true);
        return;
    }
    ::fcntl(server, F_SETFL, O_NONBLOCK);
    const int one = 1;
    for (const int fd : {client, server})
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ++accepted;
    Link &link = links.emplace_back();
    link.client = client;
    link.server = server;
    link.up.from = link.down.to = client;
    link.up.to = link.down.from = server;
    link.up.rate = &LinkQuality::upPerSecond;
    link.down.rate = &LinkQuality::downPerSecond;
}

void FaultProxy::Private::take(Way &way, const LinkQuality &q, Time now)
{
    char buffer[16 * 1024];
    const auto most = std::min<size_t>(sizeof buffer, q.sliceBytes > 0 ? size_t(q.sliceBytes) : sizeof buffer);
    const ssize_t n = ::read(way.from, buffer, most);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        way.ended = true;
        return;
    }
    int late = q.delayMs + (q.jitterMs > 0 ? int(random() % unsigned(2 * q.jitterMs + 1)) - q.jitterMs : 0);
    if (q.stallEveryPieces > 0 && ++way.pieces % q.stallEveryPieces == 0)
        late += q.stallMs;
    way.free = std::max(way.free, now);
    if (const int rate = q.*way.rate; rate > 0)
        way.free += milliseconds(qint64(n) * 1000 / rate);
    // TCP keeps the order: a late piece holds up the ones behind it.
    Time due = way.free + milliseconds(std::max(0, late));
    if (!way.line.empty())
        due = std::max(due, way.line.back().due);
    way.line.push_back({due, QByteArray(buffer, n)});
    way.waiting += n;
}

void FaultProxy::Private::give(Way &way, const LinkQuality &q, Time now)
{
    while (!way.line.empty() && way.line.front().due <= now) {
        Piece &piece = way.line.front();
        if (!q.silent) {
            const ssize_t n = ::send(way.to, piece.bytes.constData(), size_t(piece.bytes.size()), MSG_NOSIGNAL);
            if (n < 0)
                return; // full, or gone: the other way notices
            carried += n;
            way.waiting -= n;
            if (n < piece.bytes.size()) {
                piece.bytes.remove(0, n);
                return;
            }
        } else {
            way.waiting -= piece.bytes.size();
        }
        way.line.pop_front();
    }
    if (way.ended && way.line.empty() && !way.endTold && !q.silent) {
        ::shutdown(way.to, SHUT_WR);
        way.endTold = true;
    }
}

void FaultProxy::Private::run()
{
    while (!endWanted) {
        LinkQuality q;
        {
            const std::scoped_lock lock(mutex);
            q = quality;
        }
        const bool reset = resetWanted.exchange(false);
        links.remove_if([reset](Link &link) {
            const bool over = link.up.endTold && link.down.endTold;
            if (!reset && !over)
                return false;
            closeNow(link.client, reset);
            closeNow(link.server, reset);
            return true;
        });
        std::vector<pollfd> fds{{listener, POLLIN, 0}, {wake[0], POLLIN, 0}};
        Time next = std::chrono::steady_clock::now() + milliseconds(500);
        for (Link &link : links) {
            for (Way *way : {&link.up, &link.down}) {
                const bool reads = !way->ended && way->waiting < mostWaiting;
                fds.push_back({reads ? way->from : -1, POLLIN, 0});
                if (!way->line.empty())
                    next = std::min(next, way->line.front().due);
            }
        }
        // In whole milliseconds, rounded up; a socket that takes no more is asked again after one of them.
        const auto wait = std::chrono::duration_cast<milliseconds>(next - std::chrono::steady_clock::now()).count() + 1;
        ::poll(fds.data(), fds.size(), int(std::clamp<qint64>(wait, 1, 500)));
        const Time now = std::chrono::steady_clock::now();
        if (fds[1].revents) {
            char dump[64];
            while (::read(wake[0], dump, sizeof dump) > 0) {
            }
        }
        size_t i = 2;
        for (Link &link : links) {
            for (Way *way : {&link.up, &link.down}) {
                if (fds[i++].revents)
                    take(*way, q, now);
                give(*way, q, now);
            }
        }
        if (fds[0].revents)
            accept();
    }
    for (const Link &link : links) {
        ::close(link.client);
        ::close(link.server);
    }
}

FaultProxy::FaultProxy(int port, const LinkQuality &quality, const QString &address, const QString &target)
    : d(std::make_unique<Private>())
{
    d->target = port;
    d->targetAddress = target;
    d->quality = quality;
    d->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in here = at(address, 0);
    socklen_t size = sizeof here;
    if (::bind(d->listener, reinterpret_cast<const sockaddr *>(&here), size) != 0 || ::listen(d->listener, 512) != 0
        || ::getsockname(d->listener, reinterpret_cast<sockaddr *>(&here), &size) != 0 || ::pipe2(d->wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    d->port = ntohs(here.sin_port);
    d->thread = std::thread([p = d.get()] { p->run(); });
}

FaultProxy::~FaultProxy()
{
    d->endWanted = true;
    if (d->thread.joinable()) {
        (void)!::write(d->wake[1], "", 1);
        d->thread.join();
    }
    for (const int fd : {d->listener, d->wake[0], d->wake[1]})
        if (fd >= 0)
            ::close(fd);
}

bool FaultProxy::isListening() const
{
    return d->port > 0;
}

int FaultProxy::port() const
{
    return d->port;
}

void FaultProxy::set(const LinkQuality &quality)
{
    const std::scoped_lock lock(d->mutex);
    d->quality = quality;
    (void)!::write(d->wake[1], "", 1);
}

void FaultProxy::resetAll()
{
    d->resetWanted = true;
    (void)!::write(d->wake[1], "", 1);
}

int FaultProxy::accepted() const
{
    return d->accepted;
}

qint64 FaultProxy::carried() const
{
    return d->carried;
}

} // namespace bellwether
