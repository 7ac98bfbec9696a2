#pragma once
// One channel of a session and what is done with it. Lives on the session's thread once handed over; never blocks.
#include "domain/installation.h"
#include "remote/remoteshell.h"
#include "ssh/outbox.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <QDeadlineTimer>
#include <cstdint>
#include <memory>

namespace bellwether {

class SshCall {
public:
    SshCall(const Endpoint &to, std::shared_ptr<Outbox> outbox);
    virtual ~SshCall();
    Q_DISABLE_COPY_MOVE(SshCall)

    enum class Outcome { Waiting, Moved, Finished, NoChannel };
    // As far as it goes now. Finished: its result has been sent. NoChannel: the host refused another channel, or the connection
    // has gone (then the session tells it).
    Outcome advance(ssh_session session, int openMs);
    // Looks at its deadlines; true when it ended by one (its result has been sent).
    virtual bool expire();
    bool isOpening() const { return m_phase == Phase::Open; } // asked for, not answered
    void abandon(Error error); // sends the error as its result
    void dropChannel();        // before its session goes

    const Endpoint &endpoint() const { return m_to; }
    QString refusal() const { return m_refusal; }
    bool isUnsent() const { return m_phase == Phase::Open || m_phase == Phase::New; } // nothing of it reached the host
    bool retried = false;
    int refusals = 0; // channels the host did not open for it

protected:
    enum class Phase { New, Open, Begin, Run };
    virtual int open(ssh_channel channel) = 0;  // as the ssh_channel_open_… functions
    virtual int begin(ssh_channel channel) = 0; // SSH_OK, SSH_AGAIN, SSH_ERROR
    virtual bool run(ssh_channel channel) = 0;  // true when it has sent its result
    virtual void data(const char *bytes, size_t size, bool isErr) = 0;
    virtual size_t room() const { return SIZE_MAX; } // bytes that data() takes now; the rest stays in libssh, bounded by its window
    virtual void fail(Error error) = 0;
    virtual QString what() const = 0;
    virtual int runMs() const = 0;
    virtual bool failOpen(const QString &) { return false; } // true: took the refusal as its own result

    void post(std::function<void()> deliver) { m_outbox->post(std::move(deliver)); }
    Error lost(const QString &reason) const;
    bool deadlineHasExpired() const { return m_deadline.hasExpired(); }
    int openMs() const { return m_openMs; }
    size_t heldBack() const { return m_heldBack; } // bytes of stdout for which there was no room
    void tookBack(size_t count) { m_heldBack -= count; }

    const Endpoint m_to;
    bool m_closed = false, m_eof = false;
    int m_exitStatus = -1;
    bool m_hasExit = false;
    QString m_signal;

private:
    static int onData(ssh_session, ssh_channel, void *, uint32_t, int, void *);
    static void onEof(ssh_session, ssh_channel, void *);
    static void onClose(ssh_session, ssh_channel, void *);
    static void onExitStatus(ssh_session, ssh_channel, int, void *);
    static void onExitSignal(ssh_session, ssh_channel, const char *, int, const char *, const char *, void *);

    std::shared_ptr<Outbox> m_outbox;
    int m_openMs = 0;
    size_t m_heldBack = 0;
    ssh_channel m_channel = nullptr;
    ssh_channel_callbacks_struct m_callbacks{};
    Phase m_phase = Phase::New;
    QDeadlineTimer m_deadline;
    QString m_refusal;
};

// A call with an answer of type T, delivered once: its value, or why there is none.
template<class T>
class AnsweringCall : public SshCall {
public:
    AnsweringCall(const Endpoint &to, std::function<void(Result<T>)> done, std::shared_ptr<Outbox> outbox)
        : SshCall(to, std::move(outbox))
        , m_done(std::move(done))
    {
    }

protected:
    void send(Result<T> result)
    {
        if (m_done)
            post([done = std::exchange(m_done, {}), result = std::move(result)] { done(result); });
    }
    void fail(Error error) final { send(std::unexpected(std::move(error))); }

private:
    std::function<void(Result<T>)> m_done;
};

} // namespace bellwether
