#pragma once
// The engine: journal → fold → decide → do. Lives on one thread; request() and snapshot() may be called from any.
// It acts only on what the journal has committed: a StepIntended that is durable releases its step, nothing else does.
// Time moves only through tick(), so that tests drive it with a clock of their own.
#include "base/mailbox.h"
#include "engine/holdkeeper.h"
#include "engine/hostport.h"
#include "engine/leasekeeper.h"
#include "engine/runtime.h"
#include "engine/sleep.h"
#include "journal/journal.h"
#include "rollout/console.h"
#include "rollout/workspace.h"

#include <QHash>
#include <QObject>
#include <memory>
#include <mutex>
#include <set>

namespace bellwether {

class HealthWatch;
class StepRunner;
class TrustStore;
class Transfers;
class RemoteShell;

class Engine final : public QObject, public ConsolePort, private Runtime {
public:
    struct Setup {
        JournalWriterPort &journal;
        HostPort &hosts;
        const Clock &clock;
        TrustStore &trust;
        QString dataFolder;
        Workspace workspace; // folded from the journal as it is
        QString owner = {}; // of leases and holds on hosts; empty: the workspace's id
        std::function<void()> personAsked = {}; // before each request: what hosts refused may be tried again
        RemoteShell *shell = nullptr; // over which files are copied; without it none are
        Sleep sleep = {};
    };
    explicit Engine(Setup setup);
    ~Engine() override;

    // On its thread. begin() records ConsoleStarted; rollouts that had not ended become interrupted by it. What is asked for
    // earlier waits until that is recorded.
    // `begun` runs once that is durable and the snapshot shows it.
    void begin(std::function<void()> begun = {});
    void tick();  // time went on: due work is done, decisions are taken
    void stop();  // no callback does anything any more; steps on hosts go on
    bool isIdle() const; // nothing of ours is under way (tests)
    bool isGivingBack() const; // leases, or is to give back those that a rollout was still asking for when it ended
    const Workspace &workspace() const { return m_workspace; }

    void request(Request request, std::function<void(Reply)> done) override;
    std::shared_ptr<const ConsoleSnapshot> snapshot() const override;
    void setChanged(std::function<void()> changed) override;

protected:
    void customEvent(QEvent *event) override; // the wake-up of the inbox

private:
    struct Backlogged {
        QList<NewEvent> events;
        int rollout = 0;
        std::function<void()> then;
    };
    using Done = std::function<void(Reply)>;

    // Runtime, for the parts
    Now now() const override { return m_clock.now(); }
    HostPort &hosts() override { return m_hosts; }
    const RolloutState *rollout(int id) const override;
    void record(int rollout, QList<EventBody> bodies, std::function<void()> then, const QString &actor) override;
    bool isRecording() const override { return m_backlog.isEmpty() && !m_retrying; }
    void schedule(qint64 delayMs, std::function<void()> work) override;
    QString owner() const override { return m_owner.isEmpty() ? m_workspace.id : m_owner; }
    QString formerOwner() const override { return m_owner.isEmpty() || m_owner == m_workspace.id ? QString() : m_workspace.id; }
    qint64 epochOf(const Installation &host) const override { return m_leases.epochOf(host); }
    void wantsLease(int rollout, const QString &host) override;
    void fenced(const Installation &host, qint64 epoch, const Error &refusal) override { m_leases.lost(host.leasePlace(), epoch, refusal); }
    QString dataFolder() const override { return m_dataFolder; }

    void drainInbox();
    void pump();
    void committed(int rollout, const Result<QList<Event>> &result, const QList<NewEvent> &asked, const std::function<void()> &then);
    void send(QList<NewEvent> events, int rollout, std::function<void()> then);
    void journalFailed(Backlogged batch, const QString &reason);
    void retryBacklog();
    void effects(const Event &event);
    bool needsLostLease(const RolloutState &rollout, const EventBody &body) const;
    void takeLostLeases(int rollout);
    // leases (leases.cpp)
    void takeLease(int rollout, const QString &host);
    void tellTheOthers(int id, LeaseTaken taken, qint64 ours);
    void takeLeaseAgain(int rollout, const QString &host);
    void leaseRefused(int rollout, const QString &host, const Error &error);
    void releaseLeases(int rollout);
    bool isOnMachineOf(const Installation &one, const Installation &other) const;
    QString otherRolloutOn(const Installation &host, int except, const QString &directory) const;
    void pauseForHold(int rollout, const QString &detail);
    void learnSecretNames(const RolloutState &rollout) const;
    void attach(int rollout, const QString &host);
    void addHostKey(int rollout, EventBody &body) const;
    void publish(bool force = false);
    std::shared_ptr<const ConsoleSnapshot> makeSnapshot();

    // requests (requests.cpp)
    void handle(const Request &request, const Done &done);
    void handleRun(const Request &request, const Done &done);
    void handleVerb(Verb verb, const Request &request, const Done &done, bool looked = false);
    void lookBeforeGoingBack(int rollout, const QStringList &hosts, const Done &done, std::function<void()> then);
    void handleStop(const Request &request, const Done &done);
    void handleFleet(const Request &request, const Done &done);
    void handleCheck(const Request &request, const Done &done);
    void handleTrust(const Request &request, const Done &done);
    void handleReport(const Request &request, const Done &done);
    void handleTrustImport(const Request &request, const Done &done);
    QString whyItStays(const QString &host) const;
    void handleFleetUndo(const Request &request, const Done &done);
    void handleTransfer(const Request &request, const Done &done);
    void makeTransfers(RemoteShell *shell);
    void takeChecked(const Installation &host, const HostFacts &facts, const std::function<void()> &finish, const QString &actor);
    void takeEarly();
    bool whenIdle(int queue, std::function<void()> work); // false: `work` is called once nothing of the queue is in flight
    void recordUnder(int queue, int rollout, QList<EventBody> bodies, const std::function<void()> &then, const QString &actor);
    void wakeUp(); // after a sleep of the computer, or of this process

    JournalWriterPort &m_journal;
    HostPort &m_hosts;
    const Clock &m_clock;
    TrustStore &m_trust;
    QString m_dataFolder;
    Workspace m_workspace;
    QString m_owner;
    std::function<void()> m_personAsked;
    const Sleep m_sleep;
    LeaseKeeper m_leases;
    QMap<int, int> m_asking; // by rollout: leases that have been asked for and not been answered
    std::set<std::pair<int, QString>> m_wanted; // hosts that wait for a lease nobody asks for: it is asked for soon
    HoldKeeper m_holds;
    std::unique_ptr<HealthWatch> m_health;
    std::unique_ptr<Transfers> m_transfers;
    QHash<QString, std::shared_ptr<StepRunner>> m_runners; // by host
    static constexpr int fleetChanges = -1;                // a queue of their own, beside those of rollouts
    QHash<int, int> m_inFlight;                            // by rollout: appends not yet committed
    QMap<int, QList<std::function<void()>>> m_waiting;     // requests that wait for them
    QList<std::function<void()>> m_early;                  // requests that came before it had begun
    QList<Backlogged> m_backlog; // what the journal did not take; retried in order
    QString m_journalFailure;
    qint64 m_backlogRetryMono = 0, m_tickedMono = 0, m_listeningMono = 0;
    std::multimap<qint64, std::function<void()>> m_due; // by monotonic time
    std::set<QString> m_checking;
    QMap<int, std::pair<qint64, std::shared_ptr<const RolloutSnapshot>>> m_cache;
    Mailbox<std::function<void()>> m_inbox;
    mutable std::mutex m_snapshotMutex;
    std::shared_ptr<const ConsoleSnapshot> m_snapshot;
    std::function<void()> m_changed;
    qint64 m_publishedMono = 0, m_events = 0;
    quint64 m_revision = 0;
    bool m_dirty = true, m_begun = false, m_stopped = false, m_retrying = false;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace bellwether
