#pragma once
// One file on its way to or from one host: asks, sends or fetches piece after piece, proves the sum, and starts again where it
// was when the connection comes back. Lives on the shell's receiver thread.
#include "base/clock.h"
#include "base/fields.h"
#include "remote/hostanswer.h"
#include "transfer/filethread.h"
#include "transfer/localfile.h"
#include "transfer/pace.h"

namespace bellwether {

enum class CopyState { Queued, Reading, Checking, Copying, Proving, Waiting, Done, Failed, Cancelled };
BELLWETHER_ENUM(CopyState, "queued", "reading", "checking", "copying", "proving", "waiting", "done", "failed", "cancelled")

struct CopyProgress {
    CopyState state = CopyState::Queued;
    qint64 total = -1, done = 0; // of the file; −1: not known yet
    qint64 carried = 0;          // bytes of it that went over the connection in this run
    double rate = 0;             // a second
    qint64 etaS = -1, waitMs = 0;
    QString sha256, through;     // through: the host that passed it on
    QString notThrough;          // why it did not, though it was to
    bool already = false;        // it was there
    std::optional<Error> error;  // why it failed or waits
};

struct CopyPlace { // where copies run; all of it outlives them
    RemoteShell &shell;
    const Clock &clock;
    FileThread &files;
    HostPace &pace;
    std::function<void(qint64 ms, std::function<void()>)> later;
};

class Copy : public std::enable_shared_from_this<Copy> {
public:
    struct To {
        Endpoint endpoint;
        QString name; // as errors call it
        QString path; // on the host, absolute
        qint64 limit = 0; // bytes a second with this machine, for all copies with it; 0: as fast as it goes
    };
    Copy(CopyPlace place, To to, std::function<void()> ended);
    virtual ~Copy();
    Q_DISABLE_COPY_MOVE(Copy)

    void begin();
    void cancel(); // a part stays where it is, for the next run
    bool hasEnded() const { return m_state == CopyState::Done || m_state == CopyState::Failed || m_state == CopyState::Cancelled; }
    CopyProgress progress() const;
    const To &to() const { return m_to; }

protected:
    virtual void letGo() {} // it has ended: nothing is held open any longer
    virtual void run() = 0; // from what the host says, or from where it was
    // Answers with a link error lead to run() after a while, errors of the host's system to the end. `then` sees the others
    // ("gone", "short", "sum") in err.
    void ask(const QStringList &verb, ExecRequest request, std::function<void(const HostAnswer &)> then);
    // At other machines on the way.
    void askAt(const Endpoint &at, const QStringList &verb, ExecRequest request, std::function<void(const Result<HostAnswer> &)> then);
    // Work on the file thread; `then` is not called when this copy has ended or begun anew meanwhile.
    void onFiles(std::function<bool()> slice, std::function<void()> then);
    void sum(std::shared_ptr<const OpenFile> file, qint64 count, std::function<void(const QByteArray &)> then);
    qint64 pieceBytes() const { return m_piece.bytesAt(m_place.pace.rateOf(m_to.endpoint.machine())); } // the next one's
    // A piece of so many bytes may go: `go` is called when the limit allows it.
    void paced(qint64 bytes, std::function<void()> go);
    void giveBack(qint64 bytes) { m_place.pace.giveBack(m_to.endpoint.machine(), bytes, m_pacedAt); } // allowed, and not sent
    void moved(qint64 bytes, qint64 carried); // so many more stand there; carried: by our own connection
    void enter(CopyState state) { m_state = state; }
    void startAnew(); // the host lost what it had; ends when that goes on and on
    void end(std::optional<Error> error);
    Error errorOf(const HostAnswer &answer, const QString &path) const;
    qint64 nowMs() const { return m_place.clock.now().monoMs; }
    int sumTimeoutMs(qint64 bytes) const;

    CopyPlace m_place;
    To m_to;
    PieceSize m_piece;
    qint64 m_total = -1, m_at = 0;
    QString m_sha256, m_through, m_notThrough;
    bool m_already = false;

private:
    void lost(Error error);
    void leavePace(); // its limit holds for nobody any more
    // What was asked in another turn is answered to nobody.
    std::function<bool()> sameTurn();

    std::function<void()> m_ended;
    CopyState m_state = CopyState::Queued;
    std::optional<Error> m_error;
    SmoothRate m_rate;
    qint64 m_carried = 0, m_waitUntil = 0;
    qint64 m_allowed = 0, m_pacedAt = 0; // of the piece that waits for its time; the rate that the last one was allowed at
    int m_turn = 0, m_failures = 0, m_restarts = 0;
    bool m_reached = false, m_isPaced = false;
};

} // namespace bellwether
