#include "ssh/execcall.h"

#include "base/secret.h"

namespace bellwether {

namespace {
constexpr int silenceMs = 3'000; // after the exit status
constexpr int endOfNothingMs = 100; // then, with the session's next tick
}

ExecCall::ExecCall(const Endpoint &to, ExecRequest request, std::function<void(Result<ExecResult>)> done,
                   std::shared_ptr<Outbox> outbox)
    : AnsweringCall(to, std::move(done), std::move(outbox))
    , m_request(std::move(request))
{
}

ExecCall::~ExecCall()
{
    wipe(m_request.input);
}

int ExecCall::open(ssh_channel channel)
{
    return ssh_channel_open_session(channel);
}

int ExecCall::begin(ssh_channel channel)
{
    if (m_request.input.isEmpty() && m_endOfInput.isForever())
        m_endOfInput.setRemainingTime(endOfNothingMs);
    const int rc = ssh_channel_request_exec(channel, m_request.command.constData());
    if (rc == SSH_AGAIN)
        feed(channel); // a host deals with them in their order: no need to wait a round trip for its yes
    return rc;
}

void ExecCall::feed(ssh_channel channel)
{
    while (!m_closed && m_written < m_request.input.size()) {
        const int count = ssh_channel_write(channel, m_request.input.constData() + m_written,
                                            static_cast<uint32_t>(std::min<qsizetype>(m_request.input.size() - m_written, 1 << 15)));
        if (count <= 0)
            break; // no window now, or a command that does not read: its exit tells
        m_written += count;
    }
    // Most commands without input end before they would look for one: whoever still runs is told that there is none.
    if (!m_inputEnded && m_written >= m_request.input.size() && !m_closed && (m_written > 0 || m_endOfInput.hasExpired()))
        m_inputEnded = ssh_channel_send_eof(channel) == SSH_OK;
}

bool ExecCall::run(ssh_channel channel)
{
    feed(channel);
    // A daemon left behind may hold the streams open for ever: the command itself has ended. As long as more comes (a slow
    // link) it is waited for; what was waited for in vain may have been cut, and is said to be.
    if (m_hasExit && m_afterExit.isForever())
        m_afterExit.setRemainingTime(silenceMs);
    if (!m_closed && !m_afterExit.hasExpired())
        return false;
    m_result.truncated = m_result.truncated || !(m_closed || m_eof);
    m_result.exitStatus = m_signal.isEmpty() && m_hasExit ? m_exitStatus : -1;
    m_result.signal = m_signal;
    send(std::move(m_result));
    return true;
}

void ExecCall::data(const char *bytes, size_t size, bool isErr)
{
    QByteArray &stream = isErr ? m_result.err : m_result.out;
    const qsizetype room = m_request.outputLimit - stream.size();
    const auto count = static_cast<qsizetype>(size);
    if (m_hasExit)
        m_afterExit.setRemainingTime(silenceMs);
    stream.append(bytes, std::max<qsizetype>(0, std::min(room, count)));
    m_result.truncated = m_result.truncated || count > room;
}

QString ExecCall::what() const
{
    return QStringLiteral("command");
}

int ExecCall::runMs() const
{
    return m_request.timeoutMs;
}

} // namespace bellwether
