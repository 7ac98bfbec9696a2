#pragma once
// Stands between libssh and the agent and lets through one key only (with its certificate), so that a host that allows
// few attempts (MaxAuthTries) is offered the right one. Never an agent on the host's side: forwarding is not asked for (S26).
#include "base/error.h"
#include "ssh/sshhandles.h"

#include <thread>

namespace bellwether {

class AgentFilter {
public:
    // Blocks for as long as the agent takes to list its keys. KeyUnusable when there is no agent, or no such key in it.
    static Result<std::unique_ptr<AgentFilter>> open(const QString &fingerprint);
    ~AgentFilter();
    Q_DISABLE_COPY_MOVE(AgentFilter)

    int takeSocket() { return m_ours.release(); } // for libssh, which closes it

private:
    AgentFilter() = default;
    void serve(const QByteArray &identities);
    FileDescriptor m_agent, m_theirs, m_ours;
    std::thread m_thread;
};

} // namespace bellwether
