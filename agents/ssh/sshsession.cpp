#include "ssh/sshsession.h"

#include "ssh/tcpconnect.h"

#include <libssh/server.h> // ssh_send_keepalive

#include <algorithm>
#include <poll.h>
#include <unistd.h>

namespace bellwether {

SshSession::SshSession(std::shared_ptr<const SshRoute> route, const KeyTrust &trust, const SshOptions &options, FdWatch &watch,
                       Hooks hooks, QObject *parent)
    : QObject(parent)
    , m_route(std::move(route))
    , m_to(m_route->to)
    , m_trust(trust)
    , m_options(options)
    , m_watch(watch)
    , m_hooks(std::move(hooks))
    , m_soon(this)
    , m_channelLimit(options.channelsPerSession)
    , m_forwardLimit(options.forwardsPerSession)
{
    m_soon.setSingleShot(true);
    connect(&m_soon, &QTimer::timeout, this, [this] { advance(); });
}

SshSession::~SshSession()
{
    m_running.clear(); // before their session
    m_waiting.clear();
    m_forwards.clear();
    close();
}

void SshSession::begin(SshSession *over)
{
    m_phase = Phase::Tcp;
    m_handshaking = true;
    ++m_attempt;
    if (const auto problem = m_scan ? std::nullopt : SshLogin::problemBefore(m_to))
        return end(*problem);
    m_over = over;
    if (over) {
        m_tunnel = std::make_shared<Tunnel>();
        m_tunnel->opened = [this](Result<int> fd) {
            if (fd)
                onConnected(*fd);
            else if (!m_tunnel->worthAnother || !knockAgain(8))
                end(fd.error());
        };
        m_tunnel->lost = [this](const Error &error) { end(error); };
        return over->forward(m_route, m_tunnel);
    }
    m_tcp = new TcpConnect(m_to, m_options, [this](Result<int> fd) {
        m_tcp->deleteLater();
        m_tcp = nullptr;
        if (fd)
            onConnected(*fd);
        else
            end(fd.error());
    }, this);
    m_tcp->begin();
}

void SshSession::add(std::unique_ptr<SshCall> call)
{
    m_waiting.push_back(std::move(call));
    if (m_phase == Phase::Ready)
        advance();
}

void SshSession::forward(std::shared_ptr<const SshRoute> inner, std::shared_ptr<Tunnel> tunnel)
{
    const auto soon = [this] {
        if (!m_soon.isActive())
            m_soon.start(0);
    };
    m_forwards.push_back(std::make_unique<ForwardCall>(std::move(inner), std::move(tunnel), soon));
    soon();
}

void SshSession::scan(std::function<void(Result<HostKey>)> done)
{
    m_scan = std::move(done);
}

void SshSession::onConnected(int fd)
{
    const bool isSetUp = setUp(fd);
    m_watched = isSetUp ? m_watch.add(fd, [this](bool readable) { activated(readable); }) : 0;
    if (!m_watched) {
        const QString reason = isSetUp ? qt_error_string(errno) : QStringLiteral("libssh: ") + sshError();
        ::close(std::exchange(m_fd, -1)); // libssh has not taken it yet
        return end({ErrorCode::Internal, {reason}, {}, nullptr});
    }
    m_phase = Phase::Kex;
    m_deadline.setRemainingTime(m_options.kexMs);
    m_lastHeard.start();
    m_firstBytes.clear();
    m_wantsRead = true;
    advance();
}

void SshSession::activated(bool readable)
{
    if (readable)
        heard();
    advance();
}

void SshSession::advance()
{
    if (m_advancing)
        return;
    m_advancing = true;
    if (m_phase == Phase::Kex)
        advanceKex();
    if (m_phase == Phase::Auth)
        advanceAuth();
    if (m_phase == Phase::Ready)
        pump();
    if (m_phase == Phase::Ready)
        serve();
    // After each packet libssh waits to be told that it may write again. Mostly it may at once: told here, it does not take a
    // turn of the event loop for each. Forwards wait for it, too; the others' turn comes after some pieces.
    for (int turn = 0; turn < 16 && m_phase == Phase::Ready && isWritePending(); ++turn) {
        const quint64 heardBefore = m_seenBytes; // whatever came since the last pump: also what a call has read while it wrote
        pump();
        if (isOpen() && m_traffic.in_bytes == heardBefore && (m_forwards.empty() || isWritePending()))
            break;
        serve();
    }
    // Who waits to write is told so by the next event; where another has made the socket ready meanwhile, there is none.
    if (m_phase == Phase::Ready && !isWritePending() && std::ranges::any_of(m_forwards, [](const auto &f) { return f->waitsToWrite(); }))
        m_soon.start(0);
    m_advancing = false;
    updateInterest();
}

void SshSession::serve()
{
    // Opening a channel takes what has come for all of them: whoever had its turn before gets another.
    const bool opening = runForwards();
    runCalls();
    if (m_phase == Phase::Ready && opening)
        runForwards();
}

void SshSession::becomeReady()
{
    m_event = ssh_event_new();
    if (!m_event || ssh_event_add_session(m_event, m_ssh) != SSH_OK)
        return end({ErrorCode::Internal, {QStringLiteral("libssh: no event loop")}, {}, nullptr});
    m_phase = Phase::Ready;
    m_wasReady = true;
    m_deadline = QDeadlineTimer(QDeadlineTimer::Forever);
    m_idle.setRemainingTime(m_options.idleMs);
    m_lastKeepAlive.start();
    m_hooks.ready(this);
    handshakeDone();
}

void SshSession::pump()
{
    // Once more after anything happened, until nothing does. The first turn deals with what libssh had in its own buffer, too.
    for (int turn = 0; turn < 64 && ssh_event_dopoll(m_event, 0) == SSH_OK; ++turn) {
    }
    hearTraffic();
}

void SshSession::runCalls()
{
    bool again = true;
    while (again && m_phase == Phase::Ready) {
        again = false;
        while (!m_waiting.empty() && int(m_running.size()) < m_channelLimit && m_roomAgain.hasExpired()) {
            m_running.splice(m_running.end(), m_waiting, m_waiting.begin());
            again = true;
        }
        for (auto it = m_running.begin(); it != m_running.end();) {
            const SshCall::Outcome outcome = (*it)->advance(m_ssh, m_options.openMs);
            // Whoever moves on may have taken in what came for others, never for itself without having gone on with it. What
            // was read while somebody wrote is found by advance().
            again = again || (outcome == SshCall::Outcome::Moved && m_running.size() > 1) || outcome == SshCall::Outcome::Finished;
            if (outcome == SshCall::Outcome::Finished) {
                m_used = true;
                it = m_running.erase(it);
            } else if (outcome == SshCall::Outcome::NoChannel && !ssh_is_connected(m_ssh)) {
                again = false;
                break;
            } else if (outcome == SshCall::Outcome::NoChannel) {
                (*it)->dropChannel();
                const auto refused = it++;
                if (m_running.size() > 1) { // MaxSessions: fewer at a time, this one waits its turn
                    m_channelLimit = int(m_running.size()) - 1;
                    m_waiting.splice(m_waiting.begin(), m_running, refused);
                } else if (m_used && ++(*refused)->refusals < 25) { // its earlier channels may not be quite gone there
                    m_channelLimit = 1;
                    m_roomAgain.setRemainingTime(150); // tick() comes back
                    m_waiting.splice(m_waiting.begin(), m_running, refused);
                    again = false;
                } else {
                    (*refused)->abandon({ErrorCode::NoShell, {m_to.machine(), (*refused)->refusal()}, {}, nullptr});
                    m_running.erase(refused);
                }
            } else {
                ++it;
            }
        }
    }
    if (!m_running.empty() || !m_waiting.empty() || !m_forwards.empty())
        m_idle.setRemainingTime(m_options.idleMs);
    if (!ssh_is_connected(m_ssh) || (ssh_get_status(m_ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR)))
        lose(sshError());
}

bool SshSession::runForwards()
{
    bool opening = false;
    for (auto it = m_forwards.begin(); it != m_forwards.end();) {
        opening = opening || (*it)->isUnsent();
        const SshCall::Outcome outcome = (*it)->advance(m_ssh, m_options.tcpMs);
        if (outcome == SshCall::Outcome::NoChannel) // the connection has gone; runCalls() tells them
            break;
        m_used = m_used || !(*it)->isUnsent();
        if (outcome == SshCall::Outcome::Finished) {
            if ((*it)->wasCrowdedOut())
                m_forwardLimit = std::max(1, int(m_forwards.size()) - 1);
            it = m_forwards.erase(it);
        } else {
            ++it;
        }
    }
    return opening;
}

void SshSession::tick()
{
    // First what has come, then the deadlines: after this process was stopped or asleep, answers lie in the socket. With the
    // agent's keys libssh goes on only where something has: the session is not lent to another thread for less.
    const bool waits = m_phase == Phase::Auth && m_login->triesAgent() && !isReadable() && !isWritePending();
    if (!waits && (m_phase == Phase::Kex || m_phase == Phase::Auth || !m_running.empty() || !m_waiting.empty() || !m_forwards.empty()))
        advance();
    if (m_phase == Phase::Kex || m_phase == Phase::Auth) {
        if (m_deadline.hasExpired()) {
            const bool kex = m_phase == Phase::Kex;
            if (kex && !m_firstBytes.isEmpty() && !m_firstBytes.startsWith(QByteArray("SSH-").left(m_firstBytes.size())))
                return end(notSsh());
            return end(tooSlow());
        }
        return;
    }
    if (m_phase == Phase::Agent && m_login->waitsForAgent() && hasHungUp())
        return lose(QStringLiteral("it did not wait for the agent"));
    if (m_phase == Phase::Person && m_ssh && hasHungUp())
        return lose(QStringLiteral("it did not wait for the answer to its question"));
    if (m_phase != Phase::Ready)
        return;
    if (m_trust.isRevoked(m_hostKey)) // while it was open
        return end({ErrorCode::HostKeyRevoked, {m_to.machine(), m_hostKey}, {}, nullptr});
    bool deaf = false;
    for (auto it = m_running.begin(); it != m_running.end();) {
        const bool opening = (*it)->isOpening();
        const bool expired = (*it)->expire();
        deaf = deaf || (opening && expired);
        it = expired ? m_running.erase(it) : std::next(it);
    }
    for (const auto &forward : m_forwards)
        forward->expire();
    if (deaf) // a channel that the host opens after all would be nobody's and keep its place there
        return lose(QStringLiteral("it opened no channel in time"));
    if (m_running.empty() && m_waiting.empty() && m_forwards.empty() && m_idle.hasExpired())
        return end({ErrorCode::Cancelled, {QStringLiteral("idle session")}, {}, nullptr});
    keepAlive();
}

void SshSession::heard()
{
    m_lastHeard.restart();
    m_unanswered = 0;
}

// What libssh has read, also by itself within another call of ours.
void SshSession::hearTraffic()
{
    if (std::exchange(m_seenBytes, m_traffic.in_bytes) != m_traffic.in_bytes)
        heard();
}

bool SshSession::isSilent() const
{
    return m_lastHeard.elapsed() >= m_options.keepAliveMs && !isReadable();
}

void SshSession::keepAlive()
{
    if (isReadable())
        return; // it is being heard right now
    hearTraffic();
    if (m_over && m_over->isSilent())
        return; // not this host's silence: its jump host is not heard either, and that session finds out why
    const qint64 silent = m_lastHeard.elapsed();
    // Silence is the host's only where we asked: this process may have been stopped or starved in between.
    if (silent > 3 * m_options.keepAliveMs && m_unanswered >= 2 && m_lastKeepAlive.elapsed() >= m_options.keepAliveMs)
        return lose(QStringLiteral("no answer for %1 s").arg(silent / 1000));
    if (silent >= m_options.keepAliveMs && m_lastKeepAlive.elapsed() >= m_options.keepAliveMs) {
        m_lastKeepAlive.restart();
        ++m_unanswered;
        // Without blocking, one call sends and the next only takes the reply's note: two make sure that one is sent.
        ssh_send_keepalive(m_ssh);
        ssh_send_keepalive(m_ssh);
        updateInterest();
    }
}

void SshSession::updateInterest()
{
    if (m_watched && m_phase != Phase::Dead && m_phase != Phase::Agent && isOpen())
        m_watch.want(m_watched, m_wantsRead, m_phase != Phase::Person && isWritePending()); // then nobody writes
}

void SshSession::lose(const QString &reason)
{
    end({ErrorCode::ConnectionLost, {m_to.machine(), reason.isEmpty() ? QStringLiteral("the host closed the connection") : reason}, {}, nullptr});
}

void SshSession::end(const Error &error)
{
    if (m_phase == Phase::Dead)
        return;
    m_phase = Phase::Dead;
    auto running = std::exchange(m_running, {});
    auto waiting = std::exchange(m_waiting, {});
    auto forwards = std::exchange(m_forwards, {});
    // A kept session that died unnoticed is nobody's failure: what had not reached the host goes to a new one, once.
    running.splice(running.end(), waiting);
    for (auto &call : running) {
        const bool stale = error.code == ErrorCode::ConnectionLost && m_used && call->isUnsent() && !call->retried;
        call->dropChannel();
        if (stale) {
            call->retried = true;
            m_hooks.again(this, std::move(call));
        } else {
            call->abandon(error);
        }
    }
    if (const auto scan = std::exchange(m_scan, {}))
        scan(std::unexpected(error));
    if (error.code == ErrorCode::AuthFailed)
        m_denial = error;
    running.clear();
    for (const auto &forward : forwards) {
        forward->dropChannel();
        forward->abandon(error); // ends the session behind it
    }
    forwards.clear();
    close();
    handshakeDone();
    m_hooks.ended(this, error);
}

void SshSession::close()
{
    if (m_login)
        m_login->leaveAgent(); // from here on m_ssh is this thread's
    delete std::exchange(m_tcp, nullptr); // its answer would find nobody
    if (const auto tunnel = std::exchange(m_tunnel, nullptr))
        tunnel->opened = nullptr, tunnel->lost = nullptr;
    m_over = nullptr;
    if (const quint64 watched = std::exchange(m_watched, 0))
        m_watch.remove(watched, isOpen());
    if (m_event) {
        ssh_event_remove_session(m_event, m_ssh);
        ssh_event_free(m_event);
        m_event = nullptr;
    }
    if (m_ssh) {
        ssh_silent_disconnect(m_ssh); // ssh_disconnect would leave a descriptor that was handed over open
        ssh_free(m_ssh);
        m_ssh = nullptr;
    }
    m_fd = -1;
}

void SshSession::handshakeDone()
{
    if (std::exchange(m_handshaking, false))
        m_hooks.handshakeEnded(this);
}

bool SshSession::isOpen() const
{
    return m_ssh && ssh_get_fd(m_ssh) == m_fd; // on an error libssh closes it itself
}

bool SshSession::isReadable() const
{
    pollfd one{m_fd, POLLIN, 0};
    return ::poll(&one, 1, 0) > 0 && (one.revents & POLLIN);
}

bool SshSession::isWritePending() const
{
    return (ssh_get_poll_flags(m_ssh) & SSH_WRITE_PENDING) != 0;
}

bool SshSession::hasHungUp() const
{
    pollfd one{m_fd, POLLRDHUP, 0};
    return ::poll(&one, 1, 0) > 0 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

QString SshSession::sshError() const
{
    return m_ssh ? QString::fromUtf8(ssh_get_error(m_ssh)) : QString();
}

} // namespace bellwether
