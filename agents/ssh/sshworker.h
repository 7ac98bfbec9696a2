#pragma once
// One thread's share of the sessions. Work comes in through a mailbox; everything else happens on its own thread.
#include "base/mailbox.h"
#include "ssh/sshsession.h"

#include <QHash>
#include <QQueue>
#include <atomic>

namespace bellwether {

struct SshWork {
    enum class Kind { Call, Scan, CloseAll, Stop };
    Kind kind = Kind::Call;
    Endpoint to;
    std::unique_ptr<SshCall> call;
    std::function<void(Result<HostKey>)> scan;
};

class SshWorker final : public QObject {
public:
    SshWorker(const KeyTrust &trust, const SshOptions &options, std::atomic<int> &openSessions);
    ~SshWorker() override;
    void submit(SshWork work); // any thread

protected:
    void customEvent(QEvent *event) override;

private:
    void take(SshWork work);
    void takeCall(std::unique_ptr<SshCall> call);
    SshSession *makeSession(const Endpoint &to);
    void wantHandshake(SshSession *session);
    void beginHandshakes();
    void closeAll();
    void stop();

    const KeyTrust &m_trust;
    const SshOptions m_options;
    std::atomic<int> &m_openSessions;
    Mailbox<SshWork> m_mail;
    KeyRing m_keys;
    QTimer *m_tick = nullptr;
    QHash<QString, SshSession *> m_kept;  // by machine, user and identity
    QList<SshSession *> m_all;            // kept and scanning
    QList<SshSession *> m_atTheDoor;      // waiting for their handshake
    QHash<QString, int> m_perAddress;
    int m_handshakes = 0;
};

} // namespace bellwether
