#include "ssh/forwardcall.h"

#include <QSocketNotifier>

#include <sys/socket.h>

namespace bellwether {

namespace {

constexpr qsizetype bufferLimit = 256 << 10; // towards the session; beyond it libssh keeps what its window allowed
constexpr size_t piece = 32 << 10;
constexpr int piecesPerTurn = 8; // so that one busy host does not hold up its neighbours

} // namespace

ForwardCall::ForwardCall(std::shared_ptr<const SshRoute> inner, std::shared_ptr<Tunnel> tunnel, std::function<void()> wake)
    : SshCall(inner->over->to, nullptr)
    , m_inner(std::move(inner))
    , m_tunnel(std::move(tunnel))
    , m_wake(std::move(wake))
{
}

ForwardCall::~ForwardCall() = default;

int ForwardCall::open(ssh_channel channel)
{
    return ssh_channel_open_forward(channel, m_inner->to.address.toLatin1().constData(), m_inner->to.port, "127.0.0.1", 0);
}

int ForwardCall::begin(ssh_channel)
{
    if (!m_tunnel->opened)
        return SSH_OK; // run() ends it
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        tell(bellwether::fail(ErrorCode::ConnectFailed, {m_inner->to.machine(), m_inner->to.address, qt_error_string(errno)}));
        return SSH_OK;
    }
    m_socket = FileDescriptor(ends[0]);
    m_read = std::make_unique<QSocketNotifier>(ends[0], QSocketNotifier::Read);
    m_write = std::make_unique<QSocketNotifier>(ends[0], QSocketNotifier::Write);
    m_write->setEnabled(false);
    QObject::connect(m_read.get(), &QSocketNotifier::activated, m_read.get(), [this] {
        m_readable = true;
        m_read->setEnabled(false);
        m_wake();
    });
    QObject::connect(m_write.get(), &QSocketNotifier::activated, m_write.get(), [this] {
        m_write->setEnabled(false);
        m_wake();
    });
    tell(ends[1]);
    return SSH_OK;
}

bool ForwardCall::run(ssh_channel channel)
{
    if (m_socket.get() < 0)
        return true;
    const bool alive = toSession(channel) && toHost(channel);
    const bool drained = m_toSession.isEmpty() && heldBack() == 0;
    if (alive && !((m_closed || m_eof) && drained))
        return false;
    m_read.reset();
    m_write.reset();
    m_socket.reset(); // the inner session sees its connection closed, after all that came
    return true;
}

bool ForwardCall::flush()
{
    qsizetype sent = 0;
    bool alive = true;
    while (sent < m_toSession.size()) {
        const ssize_t count = ::send(m_socket.get(), m_toSession.constData() + sent, size_t(m_toSession.size() - sent), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            alive = errno == EAGAIN || errno == EWOULDBLOCK;
            m_write->setEnabled(alive);
            break;
        }
        sent += count;
    }
    if (sent == m_toSession.size())
        m_toSession.clear(); // its memory too: most of these sessions are quiet most of the time
    else
        m_toSession.remove(0, sent);
    return alive;
}

bool ForwardCall::toSession(ssh_channel channel)
{
    for (;;) {
        if (!flush())
            return false;
        if (!m_toSession.isEmpty() || heldBack() == 0)
            return true;
        char bytes[piece];
        const int count = ssh_channel_read_nonblocking(channel, bytes, uint32_t(std::min(piece, heldBack())), 0);
        if (count <= 0)
            return count != SSH_ERROR; // an error: libssh had it, and has lost it with the connection
        tookBack(size_t(count));
        m_toSession.append(bytes, count);
    }
}

bool ForwardCall::toHost(ssh_channel channel)
{
    m_waitsToWrite = false;
    for (int i = 0; (m_readable || !m_toHost.isEmpty()) && !m_closed && i < piecesPerTurn; ++i) {
        if (!m_toHost.isEmpty()) {
            const int count = ssh_channel_write(channel, m_toHost.constData(), uint32_t(m_toHost.size()));
            if (count < 0)
                return false;
            if (count < m_toHost.size()) {
                m_toHost.remove(0, count);
                return true; // no window, or new keys are being made: what the jump host sends next brings us back
            }
            m_toHost.clear();
            continue;
        }
        const size_t window = ssh_channel_window_size(channel);
        m_waitsToWrite = window > 0 && (ssh_get_poll_flags(ssh_channel_get_session(channel)) & SSH_WRITE_PENDING) != 0;
        if (window == 0 || m_waitsToWrite)
            return true; // the connection to the jump host is full: its next event brings us back
        char bytes[piece];
        const ssize_t count = ::recv(m_socket.get(), bytes, std::min(piece, window), 0);
        if (count == 0)
            return false;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            m_readable = false;
            m_read->setEnabled(true);
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        m_toHost = QByteArray(bytes, count);
    }
    if ((m_readable || !m_toHost.isEmpty()) && !m_closed) // more is there; the others first
        m_wake();
    return true;
}

size_t ForwardCall::room() const
{
    return size_t(std::max<qsizetype>(0, bufferLimit - m_toSession.size()));
}

void ForwardCall::data(const char *bytes, size_t size, bool)
{
    m_toSession.append(bytes, qsizetype(size));
    if (m_socket.get() >= 0 && m_toSession.size() == qsizetype(size))
        flush(); // its failure is met again in run()
}

bool ForwardCall::expire()
{
    if (!isOpening() || !deadlineHasExpired())
        return false;
    tell(bellwether::fail(ErrorCode::ConnectTimeout,
                          {m_inner->to.machine(), QStringLiteral("connection from its jump host %1").arg(m_inner->over->name), QString::number(openMs() / 1000)}));
    return false;
}

void ForwardCall::fail(Error error)
{
    if (m_tunnel->opened) {
        m_tunnel->worthAnother = error.code == ErrorCode::ConnectionLost;
        return tell(std::unexpected(m_inner->becauseOfJump(std::move(error))));
    }
    if (const auto lost = std::exchange(m_tunnel->lost, {}))
        lost(m_inner->becauseOfJump(std::move(error)));
}

bool ForwardCall::failOpen(const QString &reason)
{
    // RFC 4254, 5.1: 1 = prohibited, 2 = its connect failed, 4 = resource shortage.
    m_crowdedOut = reason.contains(QLatin1String("error (4)"));
    m_tunnel->worthAnother = m_crowdedOut;
    const QString words = reason.section(QLatin1String(") "), 1).simplified();
    const QString why = reason.contains(QLatin1String("error (1)"))
        ? QStringLiteral("its jump host %1 lets no connection through to it (AllowTcpForwarding, PermitOpen)").arg(m_inner->over->name)
        : QStringLiteral("its jump host %1 could not connect to it: %2").arg(m_inner->over->name, words.isEmpty() ? reason : words);
    tell(bellwether::fail(ErrorCode::ConnectFailed, {m_inner->to.machine(), m_inner->to.address, why}));
    return true;
}

void ForwardCall::tell(Result<int> opened)
{
    if (const auto done = std::exchange(m_tunnel->opened, {}))
        done(std::move(opened));
    else if (opened)
        ::close(*opened);
}

QString ForwardCall::what() const
{
    return QStringLiteral("connection to ") + m_inner->to.machine();
}

int ForwardCall::runMs() const
{
    return 0;
}

} // namespace bellwether
