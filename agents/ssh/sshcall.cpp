#include "ssh/sshcall.h"

namespace bellwether {

namespace {
SshCall *self(void *userdata)
{
    return static_cast<SshCall *>(userdata);
}
} // namespace

SshCall::SshCall(const Endpoint &to, std::shared_ptr<Outbox> outbox)
    : m_to(to)
    , m_outbox(std::move(outbox))
{
    ssh_callbacks_init(&m_callbacks);
    m_callbacks.userdata = this;
    m_callbacks.channel_data_function = onData;
    m_callbacks.channel_eof_function = onEof;
    m_callbacks.channel_close_function = onClose;
    m_callbacks.channel_exit_status_function = onExitStatus;
    m_callbacks.channel_exit_signal_function = onExitSignal;
}

SshCall::~SshCall()
{
    dropChannel();
}

SshCall::Outcome SshCall::advance(ssh_session session, int openMs)
{
    bool moved = false;
    if (m_phase == Phase::New) {
        m_channel = ssh_channel_new(session);
        if (!m_channel || ssh_set_channel_callbacks(m_channel, &m_callbacks) != SSH_OK) {
            fail(lost(QStringLiteral("no memory for a channel")));
            return Outcome::Finished;
        }
        m_openMs = openMs;
        m_deadline.setRemainingTime(openMs);
        m_phase = Phase::Open;
        moved = true;
    }
    if (m_phase == Phase::Open) {
        const int rc = open(m_channel);
        if (rc == SSH_AGAIN)
            return moved ? Outcome::Moved : Outcome::Waiting;
        if (rc != SSH_OK) {
            m_refusal = QString::fromUtf8(ssh_get_error(session));
            if (!ssh_is_connected(session)) // the connection has gone; that says nothing about what was asked for
                return Outcome::NoChannel;
            return failOpen(m_refusal) ? Outcome::Finished : Outcome::NoChannel;
        }
        m_phase = Phase::Begin;
        moved = true;
    }
    if (m_phase == Phase::Begin) {
        const int rc = begin(m_channel);
        if (rc == SSH_AGAIN)
            return moved ? Outcome::Moved : Outcome::Waiting;
        if (rc != SSH_OK) {
            if (!ssh_is_connected(session)) // as above; whether the host began it nobody knows
                return Outcome::NoChannel;
            fail(Error{ErrorCode::NoShell, {m_to.machine(), QString::fromUtf8(ssh_get_error(session))}, {}, nullptr});
            return Outcome::Finished;
        }
        m_deadline.setRemainingTime(runMs());
        m_phase = Phase::Run;
        moved = true;
    }
    if (run(m_channel))
        return Outcome::Finished;
    return moved ? Outcome::Moved : Outcome::Waiting;
}

bool SshCall::expire()
{
    if (m_phase == Phase::New || !m_deadline.hasExpired())
        return false;
    if (m_phase == Phase::Run && m_channel)
        ssh_channel_request_send_signal(m_channel, "TERM"); // most hosts heed it; the closed channel is no signal
    fail(m_phase == Phase::Run
             ? Error{ErrorCode::CommandTimeout, {m_to.machine(), what(), QString::number(runMs() / 1000)}, {}, nullptr}
             : Error{ErrorCode::ConnectTimeout, {m_to.machine(), QStringLiteral("channel"), QString::number(m_openMs / 1000)}, {}, nullptr});
    return true;
}

void SshCall::abandon(Error error)
{
    fail(std::move(error));
}

void SshCall::dropChannel()
{
    if (!m_channel)
        return;
    ssh_remove_channel_callbacks(m_channel, &m_callbacks);
    ssh_channel_free(m_channel);
    m_channel = nullptr;
    m_phase = Phase::New;
    m_closed = m_eof = false;
    m_heldBack = 0;
}

Error SshCall::lost(const QString &reason) const
{
    return {ErrorCode::ConnectionLost, {m_to.machine(), reason}, {}, nullptr};
}

int SshCall::onData(ssh_session, ssh_channel, void *bytes, uint32_t size, int isErr, void *userdata)
{
    // A command's streams are always drained: a full window would stall both. A forwarded connection may hold its peer back.
    SshCall *call = self(userdata);
    const size_t taken = std::min<size_t>(size, call->room());
    call->data(static_cast<const char *>(bytes), taken, isErr != 0);
    call->m_heldBack = size - taken;
    return static_cast<int>(taken);
}

void SshCall::onEof(ssh_session, ssh_channel, void *userdata)
{
    self(userdata)->m_eof = true;
}

void SshCall::onClose(ssh_session, ssh_channel, void *userdata)
{
    self(userdata)->m_closed = true;
}

void SshCall::onExitStatus(ssh_session, ssh_channel, int status, void *userdata)
{
    self(userdata)->m_hasExit = true;
    self(userdata)->m_exitStatus = status;
}

void SshCall::onExitSignal(ssh_session, ssh_channel, const char *signal, int, const char *, const char *, void *userdata)
{
    self(userdata)->m_hasExit = true;
    self(userdata)->m_signal = QString::fromLatin1(signal);
}

} // namespace bellwether
