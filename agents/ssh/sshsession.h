#pragma once
// One SSH connection as a state machine on its worker's thread: socket → key exchange → is it the right host? →
// authentication → channels. Every phase has its deadline; the host's key is judged before anything of the user's is sent.
// sshhandshake.cpp is the way to a session that is ready, sshsession.cpp its life.
#include "remote/remoteshell.h"
#include "ssh/fdwatch.h"
#include "ssh/forwardcall.h"
#include "ssh/keyring.h"
#include "ssh/sshcall.h"
#include "ssh/sshlogin.h"
#include "ssh/sshoptions.h"

#include <QElapsedTimer>
#include <QObject>
#include <QPointer>
#include <QTimer>
#include <list>
#include <memory>
#include <optional>

namespace bellwether {

class TcpConnect;

class SshSession final : public QObject {
public:
    struct Hooks {
        std::function<void(SshSession *)> handshakeEnded; // it no longer counts as one under way
        std::function<void(SshSession *, const Error &)> ended; // dead; delete it later
        std::function<void(SshSession *, std::unique_ptr<SshCall>)> again; // a call that may safely be put to a new session
        std::function<void(SshSession *)> handshakeWanted; // back in the queue: refused at the door, or a person has answered
        std::function<void(SshSession *)> ready;
        std::function<std::shared_ptr<SshLogin>(SshSession *)> makeLogin;
    };
    SshSession(std::shared_ptr<const SshRoute> route, const KeyTrust &trust, const SshOptions &options, FdWatch &watch, Hooks hooks, QObject *parent);
    ~SshSession() override;

    void begin(SshSession *over); // once the handshake may start; over: the jump host's session, ready, of this thread
    void add(std::unique_ptr<SshCall> call);
    void scan(std::function<void(Result<HostKey>)> done); // instead of calls: ends after the key exchange
    void tick();  // a few times a second: deadlines, keep-alive, idle
    void end(const Error &error); // everything under way gets the error
    void personAnswered();        // what its login asked for is there, or was refused
    void agentAnswered();         // its login may go on with it: it was lent to the agent's thread (Phase::Agent)

    // Hosts behind this one: a connection of theirs over this session, and whether there is room for another.
    void forward(std::shared_ptr<const SshRoute> inner, std::shared_ptr<Tunnel> tunnel);
    bool hasForwardRoom() const { return isReady() && int(m_forwards.size()) < m_forwardLimit; }
    int forwardLimit() const { return m_forwardLimit; }
    void limitForwards(int limit) { m_forwardLimit = limit; }

    const std::shared_ptr<const SshRoute> &route() const { return m_route; }
    const Endpoint &endpoint() const { return m_to; }
    bool isReady() const { return m_phase == Phase::Ready; }
    bool wasReady() const { return m_wasReady; }
    const std::optional<Error> &denial() const { return m_denial; } // the host let nobody in

private:
    enum class Phase { Waiting, Tcp, Kex, Auth, Agent, Person, Ready, Dead };
    void onConnected(int fd);
    bool setUp(int fd);
    void activated(bool readable);
    void advance();
    void advanceKex();
    void kexFailed(const QString &reason);
    Error notSsh() const;
    Error tooSlow() const; // to the phase's deadline
    std::optional<Error> nothingCommon(const QString &reason) const;
    bool judgeHostKey();
    void advanceAuth();
    void becomeReady();
    void pump();
    void serve(); // whoever uses it, with what has come
    void runCalls();
    bool runForwards(); // true while one of them is being opened
    bool knockAgain(int attempts);
    bool isSilent() const;
    void heard();
    void hearTraffic();
    void keepAlive();
    void updateInterest();
    void lose(const QString &reason);
    void close();
    void handshakeDone();
    bool isOpen() const;
    bool isReadable() const;
    bool isWritePending() const;
    bool hasHungUp() const;
    QString sshError() const;

    const std::shared_ptr<const SshRoute> m_route;
    const Endpoint m_to;
    const KeyTrust &m_trust;
    const SshOptions m_options;
    FdWatch &m_watch;
    Hooks m_hooks;
    std::function<void(Result<HostKey>)> m_scan;

    Phase m_phase = Phase::Waiting;
    bool m_advancing = false, m_handshaking = false, m_used = false, m_wasReady = false;
    int m_attempt = 0;
    TcpConnect *m_tcp = nullptr;
    QPointer<SshSession> m_over; // of the jump host
    std::shared_ptr<Tunnel> m_tunnel;
    ssh_session m_ssh = nullptr;
    ssh_event m_event = nullptr;
    int m_fd = -1;
    quint64 m_watched = 0; // its number there
    bool m_wantsRead = true;
    QTimer m_soon;
    QDeadlineTimer m_deadline, m_idle;
    qint64 m_authLeft = 0; // of the deadline, while the agent is asked
    QDeadlineTimer m_roomAgain; // until then no channel is asked for: the host is still closing others
    QElapsedTimer m_lastHeard, m_lastKeepAlive;
    int m_unanswered = 0; // keep-alives since the host was last heard
    ssh_counter_struct m_traffic{};
    quint64 m_seenBytes = 0;
    QString m_hostKey; // fingerprint of what it showed
    QByteArray m_firstBytes; // before the server's banner is known

    std::shared_ptr<SshLogin> m_login;
    std::optional<Error> m_denial;

    std::list<std::unique_ptr<SshCall>> m_waiting, m_running;
    std::list<std::unique_ptr<ForwardCall>> m_forwards;
    int m_channelLimit, m_forwardLimit;
};

} // namespace bellwether
