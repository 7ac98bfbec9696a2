#include "ssh/tcpconnect.h"

#include <QSocketNotifier>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace bellwether {

namespace {

socklen_t fill(const QHostAddress &address, int port, sockaddr_storage &storage)
{
    if (address.protocol() == QAbstractSocket::IPv4Protocol) {
        auto *v4 = reinterpret_cast<sockaddr_in *>(&storage);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(static_cast<quint16>(port));
        v4->sin_addr.s_addr = htonl(address.toIPv4Address());
        return sizeof(sockaddr_in);
    }
    auto *v6 = reinterpret_cast<sockaddr_in6 *>(&storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<quint16>(port));
    bool isNumber = false;
    v6->sin6_scope_id = address.scopeId().toUInt(&isNumber);
    if (!isNumber) // "eth0", as people write it
        v6->sin6_scope_id = ::if_nametoindex(address.scopeId().toLatin1().constData());
    const Q_IPV6ADDR bytes = address.toIPv6Address();
    memcpy(&v6->sin6_addr, &bytes, sizeof(bytes));
    return sizeof(sockaddr_in6);
}

// The resolver's order, but its families by turns: a network that is dead costs one place, not all the first ones.
QList<QHostAddress> byTurns(QList<QHostAddress> addresses)
{
    QList<QHostAddress> mixed;
    while (!addresses.isEmpty()) {
        const auto other = std::find_if(addresses.cbegin(), addresses.cend(), [&mixed](const QHostAddress &a) {
            return mixed.isEmpty() || a.protocol() != mixed.last().protocol();
        });
        mixed.append(addresses.takeAt(other == addresses.cend() ? 0 : other - addresses.cbegin()));
    }
    return mixed;
}

constexpr int staggerMs = 250;

} // namespace

TcpConnect::TcpConnect(const Endpoint &to, const SshOptions &options, std::function<void(Result<int>)> done, QObject *parent)
    : QObject(parent)
    , m_to(to)
    , m_options(options)
    , m_done(std::move(done))
    , m_deadline(this)
    , m_stagger(this)
{
    m_deadline.setSingleShot(true);
    m_stagger.setInterval(staggerMs);
    connect(&m_deadline, &QTimer::timeout, this, [this] {
        finish(fail(ErrorCode::ConnectTimeout, {m_to.machine(), m_phase, QString::number(m_deadline.interval() / 1000)}));
    });
    connect(&m_stagger, &QTimer::timeout, this, [this] { tryNext(); });
}

TcpConnect::~TcpConnect()
{
    m_lookup.reset();
    while (!m_attempts.empty())
        drop(m_attempts.begin());
}

void TcpConnect::begin()
{
    const QHostAddress literal(m_to.address);
    if (!literal.isNull())
        return begin({literal});
    m_phase = QStringLiteral("name look-up");
    m_deadline.start(m_options.resolveMs);
    m_lookup = std::make_unique<NameLookup>(m_to.address, [this](const QList<QHostAddress> &addresses, const QString &why) {
        QMetaObject::invokeMethod(this, [this, addresses, why] {
            if (!m_lookup) // it had taken too long
                return;
            m_lookup.reset();
            if (addresses.isEmpty())
                return finish(fail(ErrorCode::HostNameUnresolved, {m_to.address, why}));
            begin(addresses);
        }, Qt::QueuedConnection);
    });
}

void TcpConnect::begin(const QList<QHostAddress> &addresses)
{
    m_addresses = byTurns(addresses);
    m_phase = QStringLiteral("connection");
    m_deadline.start(m_options.tcpMs);
    m_stagger.start();
    tryNext();
}

void TcpConnect::tryNext()
{
    if (m_addresses.isEmpty()) {
        m_stagger.stop();
        if (m_attempts.empty()) // later: whoever called begin() expects no answer before it returns
            QMetaObject::invokeMethod(this, [this] { finish(fail(ErrorCode::ConnectFailed, {m_to.machine(), m_to.address, m_reason})); }, Qt::QueuedConnection);
        return;
    }
    const QHostAddress address = m_addresses.takeFirst();
    m_stagger.start(); // from now
    sockaddr_storage storage{};
    const socklen_t size = fill(address, m_to.port, storage);
    FileDescriptor socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) {
        m_reason = qt_error_string(errno);
        return tryNext();
    }
    const int on = 1;
    const int unacknowledgedMs = 3 * m_options.keepAliveMs;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledgedMs, sizeof(unacknowledgedMs));
    if (::connect(socket.get(), reinterpret_cast<sockaddr *>(&storage), size) != 0 && errno != EINPROGRESS) {
        m_reason = qt_error_string(errno);
        return tryNext();
    }
    auto *notifier = new QSocketNotifier(socket.get(), QSocketNotifier::Write, this);
    m_attempts.push_back({std::move(socket), notifier});
    connect(notifier, &QSocketNotifier::activated, this, [this, attempt = std::prev(m_attempts.end())] { onWritable(attempt); });
}

void TcpConnect::onWritable(std::list<Attempt>::iterator attempt)
{
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(attempt->socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    const int fd = error == 0 ? attempt->socket.release() : -1;
    drop(attempt);
    if (error == 0)
        return finish(fd);
    m_reason = qt_error_string(error);
    tryNext();
}

void TcpConnect::drop(std::list<Attempt>::iterator attempt)
{
    attempt->notifier->setEnabled(false);
    attempt->notifier->deleteLater(); // we may stand in its signal
    m_attempts.erase(attempt);
}

void TcpConnect::finish(Result<int> result)
{
    m_lookup.reset();
    m_deadline.stop();
    m_stagger.stop();
    while (!m_attempts.empty())
        drop(m_attempts.begin());
    if (const auto done = std::exchange(m_done, {}))
        done(std::move(result));
    else if (result)
        ::close(*result);
}

} // namespace bellwether
