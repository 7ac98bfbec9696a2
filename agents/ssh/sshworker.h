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
    Endpoint to;
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
    void takeCall(std::unique_ptr<SshCall> call);
    SshSession *makeSession(const Endpoint &to);
    std::shared_ptr<SshLogin> makeLogin(SshSession *session);
    void wantHandshake(SshSession *session);
    void beginHandshakes();
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
    QHash<QString, SshSession *> m_kept;  // by machine, user and identity
    QList<SshSession *> m_all;            // kept and scanning
    QList<SshSession *> m_atTheDoor;      // waiting for their handshake
    QHash<QString, int> m_perAddress;
    int m_handshakes = 0;
};

} // namespace bellwether
