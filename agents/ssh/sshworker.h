#pragma once
// One thread's share of the sessions. Work comes in through a mailbox; everything else happens on its own thread.
#include "base/mailbox.h"
#include "ssh/sshsession.h"

#include <QHash>
#include <QQueue>
#include <atomic>

namespace bellwether {

struct SshWork {
    enum class Kind { Call, Scan, Run, CloseAll, Stop };
    Kind kind = Kind::Call;
    std::shared_ptr<const SshRoute> route;
    std::unique_ptr<SshCall> call;
    std::function<void(Result<HostKey>)> scan;
    std::function<void()> run;
};

class SshWorker final : public QObject {
public:
    // credentials and trust outlive it; what they have to tell may come later than that.
    SshWorker(const KeyTrust &trust, Credentials &credentials, const SshOptions &options, std::atomic<int> &openSessions);
    ~SshWorker() override;
    void submit(SshWork work); // any thread

protected:
    void customEvent(QEvent *event) override;

private:
    void take(SshWork work);
    void takeCall(const std::shared_ptr<const SshRoute> &route, std::unique_ptr<SshCall> call);
    SshSession *makeSession(const std::shared_ptr<const SshRoute> &route);
    std::shared_ptr<SshLogin> makeLogin(SshSession *session);
    std::optional<Error> denialOf(const SshRoute &route); // by the host, or by one on the way to it
    void wantHandshake(SshSession *session);
    void beginHandshakes();
    void onEnded(SshSession *session, const Error &error);
    void carrierEnded(SshSession *session, const Error &error);
    // A ready session of the jump host with room for another host behind it; null: it is on its way.
    SshSession *carrierFor(const std::shared_ptr<const SshRoute> &jump);
    bool mayShakeHands(const SshRoute &route) const;
    void countHandshake(const SshRoute &route, int step);
    void closeAll();
    void stop();

    struct Line { // by which others reach this worker for as long as it is there
        std::mutex mutex;
        SshWorker *worker = nullptr;
    };
    struct Denial {
        QDeadlineTimer until;
        int round = 0;
        Error error;
    };

    const KeyTrust &m_trust;
    Credentials &m_credentials;
    const SshOptions m_options;
    std::atomic<int> &m_openSessions;
    Mailbox<SshWork> m_mail;
    std::shared_ptr<Line> m_line = std::make_shared<Line>();
    KeyRing m_keys;
    QHash<QString, Denial> m_denials; // hosts that let nobody in: asked again in a minute, or when a person asks
    QTimer *m_tick = nullptr;
    std::unique_ptr<FdWatch> m_watch;     // of the sessions' sockets
    QHash<QString, SshSession *> m_kept;  // for calls, by the route's key
    struct Setback { // of another connection to a jump host that one of ours is up to
        int count = 0;
        QDeadlineTimer until;
    };
    QHash<QString, Setback> m_setbacks;   // by the route's key
    QHash<QString, QList<SshSession *>> m_carriers; // of hosts behind them, by the route's key; the kept one is the first
    QList<SshSession *> m_all;            // kept and scanning
    QList<SshSession *> m_atTheDoor;      // waiting for their handshake
    QHash<QString, int> m_perAddress;     // handshakes under way with a server, and through a jump host
    int m_handshakes = 0, m_agentHandshakes = 0; // under way; those that may wait for the agent
};

} // namespace bellwether
