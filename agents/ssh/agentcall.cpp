#include "ssh/agentcall.h"

#include <pthread.h>

namespace bellwether {

AgentCall::AgentCall(const QString &fingerprint, const SshOptions &options, std::function<void()> returned)
    : m_returned(std::move(returned))
    , m_filter(fingerprint, options)
{
    m_filter.start(m_thread, [this] { run(); });
}

AgentCall::~AgentCall()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_leaving = true;
    }
    m_wake.notify_one();
    m_filter.stop(); // a call under way comes back
    if (m_thread.joinable())
        m_thread.join();
}

void AgentCall::ask(ssh_session ssh)
{
    if (!m_thread.joinable()) {
        m_answer = SSH_AUTH_DENIED; // problem() says why
        return m_returned();
    }
    {
        const std::scoped_lock lock(m_mutex);
        m_ssh = ssh;
    }
    m_wake.notify_one();
}

std::optional<int> AgentCall::takeAnswer()
{
    const std::scoped_lock lock(m_mutex);
    return std::exchange(m_answer, std::nullopt);
}

void AgentCall::run()
{
    ::pthread_setname_np(::pthread_self(), "ssh-agent");
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_wake.wait(lock, [this] { return m_leaving || m_ssh; });
        if (m_leaving)
            return;
        const ssh_session ssh = m_ssh;
        lock.unlock();
        const int rc = userauth(ssh);
        lock.lock();
        m_ssh = nullptr;
        m_answer = rc;
        lock.unlock();
        m_returned();
        lock.lock();
    }
}

int AgentCall::userauth(ssh_session ssh)
{
    if (!std::exchange(m_hasTried, true))
        m_isOpen = m_filter.open() && ssh_set_agent_socket(ssh, m_filter.takeSocket()) == SSH_OK;
    return m_isOpen ? ssh_userauth_agent(ssh, nullptr) : int(SSH_AUTH_DENIED);
}

} // namespace bellwether
