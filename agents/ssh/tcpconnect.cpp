#include "ssh/tcpconnect.h"

#include <QHostInfo>
#include <QSocketNotifier>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

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

} // namespace

TcpConnect::TcpConnect(const Endpoint &to, const SshOptions &options, std::function<void(Result<int>)> done, QObject *parent)
    : QObject(parent)
    , m_to(to)
    , m_options(options)
    , m_done(std::move(done))
    , m_deadline(this)
    , m_perAddress(this)
{
    m_deadline.setSingleShot(true);
    m_perAddress.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this, [this] {
        if (m_phase == QLatin1String("name look-up") || m_reason.isEmpty())
            finish(fail(ErrorCode::ConnectTimeout, {m_to.machine(), m_phase, QString::number(m_deadline.interval() / 1000)}));
        else
            finish(fail(ErrorCode::ConnectFailed, {m_to.machine(), m_to.address, m_reason}));
    });
    connect(&m_perAddress, &QTimer::timeout, this, [this] {
        m_reason = QStringLiteral("no answer");
        tryNext();
    });
}

TcpConnect::~TcpConnect()
{
    if (m_lookup >= 0)
        QHostInfo::abortHostLookup(m_lookup);
    dropSocket();
}

void TcpConnect::begin()
{
    const QHostAddress literal(m_to.address);
    if (!literal.isNull()) {
        m_addresses = {literal};
        m_phase = QStringLiteral("connection");
        m_deadline.start(m_options.tcpMs);
        return tryNext();
    }
    m_phase = QStringLiteral("name look-up");
    m_deadline.start(m_options.resolveMs);
    m_lookup = QHostInfo::lookupHost(m_to.address, this, [this](const QHostInfo &info) {
        m_lookup = -1;
        if (info.addresses().isEmpty())
            return finish(fail(ErrorCode::HostNameUnresolved, {m_to.address, info.errorString()}));
        m_addresses = info.addresses();
        m_phase = QStringLiteral("connection");
        m_deadline.start(m_options.tcpMs);
        tryNext();
    });
}

void TcpConnect::tryNext()
{
    dropSocket();
    if (m_next >= m_addresses.size())
        return finish(fail(ErrorCode::ConnectFailed, {m_to.machine(), m_to.address, m_reason}));
    const QHostAddress address = m_addresses.at(m_next++);
    sockaddr_storage storage{};
    const socklen_t size = fill(address, m_to.port, storage);
    m_socket = FileDescriptor(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (m_socket.get() < 0) {
        m_reason = qt_error_string(errno);
        return QMetaObject::invokeMethod(this, [this] { tryNext(); }, Qt::QueuedConnection), void();
    }
    const int on = 1;
    const int unacknowledgedMs = 3 * m_options.keepAliveMs;
    ::setsockopt(m_socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(m_socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledgedMs, sizeof(unacknowledgedMs));
    if (::connect(m_socket.get(), reinterpret_cast<sockaddr *>(&storage), size) != 0 && errno != EINPROGRESS) {
        m_reason = qt_error_string(errno);
        return QMetaObject::invokeMethod(this, [this] { tryNext(); }, Qt::QueuedConnection), void();
    }
    if (m_next < m_addresses.size()) // a dead IPv6 address must not eat the time of the living IPv4 one
        m_perAddress.start(std::min(3'000, m_options.tcpMs / 3));
    else
        m_perAddress.stop();
    m_notifier = new QSocketNotifier(m_socket.get(), QSocketNotifier::Write, this);
    connect(m_notifier, &QSocketNotifier::activated, this, [this] { onWritable(); });
}

void TcpConnect::onWritable()
{
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(m_socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        m_reason = qt_error_string(error);
        return tryNext();
    }
    const int fd = m_socket.release();
    dropSocket();
    finish(fd);
}

void TcpConnect::finish(Result<int> result)
{
    m_deadline.stop();
    m_perAddress.stop();
    dropSocket();
    if (const auto done = std::exchange(m_done, {}))
        done(std::move(result));
}

void TcpConnect::dropSocket()
{
    if (m_notifier) {
        m_notifier->setEnabled(false);
        m_notifier->deleteLater(); // we may stand in its signal
        m_notifier = nullptr;
    }
    m_socket.reset();
}

} // namespace bellwether
