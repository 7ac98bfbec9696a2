#pragma once
// Stands between libssh and the agent, which libssh would wait for without end: one that is silent or goes away ends the
// attempt and not its thread. On demand it lets through one key only (with its certificate), so that a host that allows few
// attempts (MaxAuthTries) is offered the right one. Never an agent on the host's side: forwarding is not asked for (S26).
#include "base/error.h"
#include "ssh/sshhandles.h"
#include "ssh/sshoptions.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace bellwether {

class AgentFilter {
public:
    // An empty fingerprint lets all keys through.
    AgentFilter(const QString &fingerprint, const SshOptions &options);
    ~AgentFilter();
    Q_DISABLE_COPY_MOVE(AgentFilter)

    // Once. Blocks for as long as the agent takes to list its keys. False when there is no agent, when it does not answer
    // (then nobody asks it for a while), or holds no such key: problem() says so.
    bool open();
    int takeSocket() { return m_ours.release(); } // for libssh, which closes it
    bool start(std::thread &thread, std::function<void()> run); // false when no thread can be had: problem() says so

    // Any thread, also while it is opened or used.
    void stop();                                   // for good; whoever waits for the agent does not wait any longer
    bool isWaiting() const { return m_isWaiting; } // for its list or a signature: libssh does nothing meanwhile
    std::optional<Error> problem() const;          // why there is no agent, or no signature of it: KeyUnusable

private:
    bool connectTo(const QByteArray &path);
    bool fail(const QString &reason);
    bool exchange(const QByteArray &question, QByteArray &answer, int limitMs);
    bool mayStillAnswer(short events, qint64 asked, int limitMs);
    bool givesUp(qint64 asked, int limitMs);
    bool sign(const QByteArray &request, QByteArray &answer);
    void serve(const QByteArray &identities);

    const QString m_fingerprint, m_name; // the name is for errors
    const SshOptions m_options;
    QByteArray m_path;
    mutable std::mutex m_mutex; // of the descriptors until they are there, and of the problem
    FileDescriptor m_agent, m_theirs, m_ours;
    std::optional<Error> m_problem;
    bool m_gaveUp = false; // of whichever thread asks the agent now: first open(), then m_thread
    std::atomic<bool> m_leaving = false, m_isWaiting = false;
    std::thread m_thread;
};

} // namespace bellwether
