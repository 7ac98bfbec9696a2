#pragma once
// How one session lets its user in: which credentials, in which order, and what to do when one needs a person. It begins
// only after the host has shown the key it should (S2). Nothing here is tried twice: a host that says no is left alone.
//   a key file      that key, with its certificate when it has one; one with a passphrase by the agent, where that holds it;
//                   a public key's file and a security key's (FIDO) only by the agent
//   agent           every key of the agent; agent:SHA256:… only that one
//   password        what the host asks for: its own questions (keyboard-interactive), else a password
//   nothing         ~/.ssh/id_* that are open, the agent, those with a passphrase, a password when somebody can be asked
// A passphrase or a password is waited for without a connection (a host ends one that dawdles, and counts it); only a
// host's own questions are answered on the connection that put them.
#include "domain/installation.h"
#include "ssh/agentcall.h"
#include "ssh/credentials.h"
#include "ssh/sshoptions.h"

#include <deque>

namespace bellwether {

class SshLogin : public std::enable_shared_from_this<SshLogin> {
public:
    struct Hooks {
        std::function<void(std::function<void()>)> post; // any thread; runs it on the session's
        std::function<void()> resume;                    // a person has answered, or refused
        std::function<void()> returned;                  // the session is back from the agent
    };
    SshLogin(const Endpoint &to, KeyRing &keys, Credentials &credentials, const SshOptions &options, Hooks hooks);
    ~SshLogin();
    Q_DISABLE_COPY_MOVE(SshLogin)

    // What can be said without a connection: a certificate that has expired, say. Nothing when it may be tried.
    static std::optional<Error> problemBefore(const Endpoint &to);
    void begin(); // on each new connection, once the host's key has been judged
    enum class Outcome { Waiting, In, Failed, AskedOffline, AskedOnline, AsksAgent };
    // As far as it goes now. AskedOffline: close the connection; after resume() a new one goes on. AskedOnline: keep it.
    // AsksAgent: see to it that nothing on this thread touches the session, then askAgent(); after returned() it is back.
    Outcome advance(ssh_session ssh, const std::function<bool()> &isReadable);
    void askAgent(ssh_session ssh);
    void leaveAgent(); // stops what is asked; the session is its thread's again at once
    bool waitsForAgent() const { return m_agent && m_agent->isWaiting(); } // meanwhile nobody touches the session's socket
    bool triesAgent() const { return m_agent != nullptr; } // and has asked it before
    bool hasFailed() const { return m_failed; }
    const Error &error() const { return m_error; }

private:
    enum class Kind { Key, Locked, Agent, Password, Interactive };
    enum class Step { Again, Next, Asked, Failed };
    struct Method {
        Kind kind = Kind::Key;
        KeyFile file;
        SharedKey key;
        QString agentKey = {}; // Agent: the fingerprint of the only one that may be used; empty = all of them
    };
    void addKey(const KeyFile &file, const SharedKey &key);
    std::optional<int> attempt(ssh_session ssh); // nothing: the agent has to be asked
    Step judge(ssh_session ssh, int rc);
    Step choosePassword(ssh_session ssh);
    Step askForKey();
    Step askForPassword();
    Step interact(ssh_session ssh);
    void verdict(Credentials::Verdict verdict);
    Outcome exhausted(ssh_session ssh);
    Error authFailed(ssh_session ssh) const;
    Outcome fail(Error error);
    template<class T, class Take>
    std::function<void(Result<T>)> answered(Take take);

    const Endpoint m_to;
    KeyRing &m_keys;
    Credentials &m_credentials;
    const SshOptions m_options;
    Hooks m_hooks;

    std::deque<Method> m_methods; // the first one is being tried
    std::unique_ptr<AgentCall> m_agent; // of the method that is being tried
    bool m_listed = false;           // the host has said what it accepts
    bool m_partly = false;           // one factor is through
    bool m_online = false;           // what is asked is the host's own question
    bool m_questioned = false;       // and waits for its answer
    bool m_asking = false, m_resumed = false, m_failed = false;
    int m_denied = 0;
    std::optional<Error> m_keyError; // of the first key that could not be used
    Error m_error;
    Credentials::Ticket m_ticket = 0;
    std::optional<Secret> m_password; // given to us, not yet judged
    bool m_passwordSent = false;
    std::optional<QList<Secret>> m_answers;
};

} // namespace bellwether
