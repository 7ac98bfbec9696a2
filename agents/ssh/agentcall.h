#pragma once
// A login's questions to the agent. libssh waits for the agent within ssh_userauth_agent, so each such call is made on a thread
// of its own, and for that long the ssh_session is that thread's: its worker goes on with all others and does nothing with it,
// not even asks libssh for its descriptor. Nobody outlives anybody: who ends a login stops what is asked and waits for the
// thread, which is a matter of moments because nothing else in the call waits. One login has one of these, and as many
// logins as there may be handshakes.
#include "ssh/agentfilter.h"

#include <condition_variable>
#include <functional>

namespace bellwether {

class AgentCall {
public:
    // returned: called after each answer, on the thread where there is one, under no lock.
    AgentCall(const QString &fingerprint, const SshOptions &options, std::function<void()> returned);
    ~AgentCall(); // afterwards the session is its owner's, also in the middle of a call
    Q_DISABLE_COPY_MOVE(AgentCall)

    void ask(ssh_session ssh);       // lends it until takeAnswer() has one
    std::optional<int> takeAnswer(); // once for each call, as ssh_userauth_agent has it
    bool isWaiting() const { return m_filter.isWaiting(); } // for the agent: the session's socket is left alone meanwhile
    std::optional<Error> problem() const { return m_filter.problem(); } // why there is no agent, or no signature of it

private:
    void run();
    int userauth(ssh_session ssh);

    const std::function<void()> m_returned;
    AgentFilter m_filter;
    bool m_isOpen = false, m_hasTried = false; // of the thread
    std::mutex m_mutex;
    std::condition_variable m_wake;
    ssh_session m_ssh = nullptr; // lent
    std::optional<int> m_answer;
    bool m_leaving = false;
    std::thread m_thread; // the last one: it uses all others
};

} // namespace bellwether
