#pragma once
// Asks at the terminal what only a person can give, without echo, on a thread of its own. Without a terminal nobody
// listens, and the console says what to do instead. Never from arguments or the environment. A password goes to the hosts
// that the question names; to those that ask later only where the person says so.
#include "rollout/credentials.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace bellwether {

class TerminalAsker {
public:
    // names: what people call a machine. Null when stdin or stderr is no terminal, or the process is in the background;
    // if it is put there later, questions are refused for as long as it is.
    static std::unique_ptr<TerminalAsker> start(CredentialPort &port, std::function<QString(const QString &machine)> names);
    ~TerminalAsker();

private:
    TerminalAsker(CredentialPort &port, std::function<QString(const QString &)> names);
    struct State { // shared with the threads that wake us
        std::mutex mutex;
        std::condition_variable changed;
        bool woken = false, stopped = false;
    };
    void work();
    void put(const CredentialQuestion &question);
    bool isStopped();
    CredentialPort &m_port;
    std::function<QString(const QString &)> m_names;
    std::shared_ptr<State> m_state = std::make_shared<State>();
    std::thread m_thread;
};

} // namespace bellwether
