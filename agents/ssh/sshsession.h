#pragma once
// One SSH connection as a state machine on its worker's thread: socket → key exchange → is it the right host? →
// authentication → channels. Every phase has its deadline; the host's key is judged before anything of the user's is sent.
// sshhandshake.cpp is the way to a session that is ready, sshsession.cpp its life.
#include "remote/remoteshell.h"
#include "ssh/keyring.h"
#include "ssh/sshcall.h"
#include "ssh/sshlogin.h"
#include "ssh/sshoptions.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <list>
#include <memory>
#include <optional>

class QSocketNotifier;

namespace bellwether {

class TcpConnect;

class SshSession final : public QObject {
public:
    struct Hooks {
        std::function<void(SshSession *)> handshakeEnded; // it no longer counts as one under way
        std::function<void(SshSession *)> ended;          // dead; delete it later
        std::function<void(std::unique_ptr<SshCall>)> again; // a call that may safely be put to a new session
        std::function<void(SshSession *)> handshakeWanted; // back in the queue: refused at the door, or a person has answered
        std::function<void(SshSession *)> ready;
        std::function<std::shared_ptr<SshLogin>(SshSession *)> makeLogin;
    };
    SshSession(const Endpoint &to, const KeyTrust &trust, const SshOptions &options, Hooks hooks, QObject *parent);
    ~SshSession() override;

    void begin(); // once the handshake may start
    void add(std::unique_ptr<SshCall> call);
    void scan(std::function<void(Result<HostKey>)> done); // instead of calls: ends after the key exchange
    void tick();  // a few times a second: deadlines, keep-alive, idle
    void end(const Error &error); // everything under way gets the error
    void personAnswered();        // what its login asked for is there, or was refused

    const Endpoint &endpoint() const { return m_to; }
    bool isReady() const { return m_phase == Phase::Ready; }
    bool wasReady() const { return m_wasReady; }
    const std::optional<Error> &denial() const { return m_denial; } // the host let nobody in

private:
    enum class Phase { Waiting, Tcp, Kex, Auth, Person, Ready, Dead };
    void onConnected(int fd);
    bool setUp(int fd);
    void activated(bool readable);
    void advance();
    void advanceKex();
    void kexFailed(const QString &reason);
    Error notSsh() const;
    std::optional<Error> nothingCommon(const QString &reason) const;
    bool judgeHostKey();
    void advanceAuth();
    void becomeReady();
    void pump();
    void runCalls();
    void heard();
    void keepAlive();
    void updateWriteInterest();
    void lose(const QString &reason);
    void close();
    void handshakeDone();
    bool isReadable() const;
    bool hasHungUp() const;
    QString sshError() const;

    const Endpoint m_to;
    const KeyTrust &m_trust;
    const SshOptions m_options;
    Hooks m_hooks;
    std::function<void(Result<HostKey>)> m_scan;

    Phase m_phase = Phase::Waiting;
    bool m_advancing = false, m_handshaking = false, m_used = false, m_wasReady = false;
    int m_attempt = 0;
    TcpConnect *m_tcp = nullptr;
    ssh_session m_ssh = nullptr;
    ssh_event m_event = nullptr;
    int m_fd = -1;
    QSocketNotifier *m_read = nullptr, *m_write = nullptr;
    QTimer m_soon;
    QDeadlineTimer m_deadline, m_idle;
    QDeadlineTimer m_roomAgain; // until then no channel is asked for: the host is still closing others
    QElapsedTimer m_lastHeard, m_lastKeepAlive;
    int m_unanswered = 0; // keep-alives since the host was last heard
    QString m_hostKey; // fingerprint of what it showed
    QByteArray m_firstBytes; // before the server's banner is known

    std::shared_ptr<SshLogin> m_login;
    std::optional<Error> m_denial;

    std::list<std::unique_ptr<SshCall>> m_waiting, m_running;
    int m_channelLimit;
};

} // namespace bellwether
