#pragma once
// Stands between libssh and the agent, which libssh would wait for without end: one that is silent or goes away ends the
// attempt and not its thread. On demand it lets through one key only (with its certificate), so that a host that allows few
// attempts (MaxAuthTries) is offered the right one. Never an agent on the host's side: forwarding is not asked for (S26).
#include "base/error.h"
#include "ssh/sshhandles.h"
#include "ssh/sshoptions.h"

#include <atomic>
#include <thread>

namespace bellwether {

class AgentFilter {
public:
    // An empty fingerprint lets all keys through. Blocks for as long as the agent takes to list its keys. KeyUnusable when
    // there is no agent, when it does not answer (then nobody asks it for a while), or holds no such key.
    static Result<std::unique_ptr<AgentFilter>> open(const QString &fingerprint, const SshOptions &options);
    ~AgentFilter();
    Q_DISABLE_COPY_MOVE(AgentFilter)

    int takeSocket() { return m_ours.release(); } // for libssh, which closes it

private:
    AgentFilter() = default;
    void serve(const QByteArray &identities);
    void serveUntilItEnds(const QByteArray &identities);
    void noteSilence() const;
    QByteArray m_path;
    FileDescriptor m_agent, m_theirs, m_ours;
    std::atomic<bool> m_leaving = false;
    std::thread m_thread;
};

} // namespace bellwether
