#pragma once
// One console of a simulation: the real engine on a journal of its own, reaching the hosts over a network that delays,
// loses and repeats. It can be killed at any moment (what was under way is answered to nobody), frozen like a laptop
// that sleeps, and find its disk full.
#include "engine/engine.h"
#include "engine/truststore.h"
#include "invariants.h"
#include "simhosts.h"
#include "simjournal.h"

#include <memory>

namespace bellwether {

// The engine's way to the hosts. Answers of a process that is gone go nowhere.
class SimPort final : public HostPort {
public:
    SimPort(SimTime &time, SimRandom &random, SimHosts &hosts);
    void forgetCallers() { ++m_generation; }
    void freeze();
    void thaw();

    void measure(const Installation &host, const Probes &probes, std::function<void(HostFacts)> done) override;
    void sample(const Installation &host, const Probes &probes, int timeoutS, std::function<void(Result<HealthSample>)> done) override;
    void proveBackup(const Installation &host, const Probes &probes, const QString &path, std::function<void(Result<Backup>)> done) override;
    void ask(const Installation &host, const QStringList &argv, int timeoutS, std::function<void(Result<bool>)> done) override;
    void lock(const Installation &host, const QString &owner, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done) override;
    void renew(const Installation &host, qint64 epoch, const QString &owner, int ttlS, std::function<void(Status)> done) override;
    void unlock(const Installation &host, qint64 epoch, const QString &owner, std::function<void(Status)> done) override;
    void start(const Installation &host, const QString &token, qint64 epoch, const QString &owner, int timeoutS, const QByteArray &script, std::function<void(Result<JobState>)> done) override;
    void poll(const Installation &host, const QString &token, qint64 out, qint64 err, int waitS, std::function<void(Result<JobPoll>)> done) override;
    void cancel(const Installation &host, const QString &token, qint64 epoch, const QString &owner, std::function<void(Status)> done) override;
    void acknowledge(const Installation &host, const QString &token, std::function<void(Status)> done) override;
    void hold(const Installation &host, const QString &owner, const QString &reason, std::function<void(Status)> done) override;
    void unhold(const Installation &host, const QString &owner, std::function<void(Status)> done) override;
    void scanKey(const Installation &host, std::function<void(Result<HostKey>)> done) override;

private:
    template<class T>
    void call(const QString &product, std::function<T()> act, std::function<void(T)> answer, std::function<T(const Error &)> lost);
    template<class T>
    void callResult(const QString &product, std::function<Result<T>()> act, std::function<void(Result<T>)> answer);
    template<class T>
    void answerLater(qint64 ms, std::function<void(T)> answer, T value);
    void longPoll(const QString &product, const QString &token, qint64 out, qint64 untilMono, std::function<void(Result<JobPoll>)> done);
    bool arrives(const SimMachine &machine);

    SimTime &m_time;
    SimRandom &m_random;
    SimHosts &m_hosts;
    int m_generation = 0;
    bool m_frozen = false;
    std::vector<std::function<void()>> m_whileFrozen;
};

class SimConsole final : public JournalWriterPort {
public:
    // store: the real journal on a disk; without one what is committed is remembered and that is all.
    SimConsole(const QString &workspace, SimTime &time, SimRandom &random, SimHosts &hosts, std::unique_ptr<SimJournal> store);
    ~SimConsole() override;
    void begin();
    void kill();
    void lookBack(); // when the night is over: is everything on the disk?
    void sleepFor(qint64 ms);
    bool runs() const { return engine != nullptr && !m_frozen; }
    void ask(const QString &verb, QJsonObject args, const QString &actor); // answered through the journal, or not at all
    void append(QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done) override;

    const QString workspace;
    QList<Event> journal;
    QList<Installation> fleet; // imported before the night began
    bool diskFull = false;
    SimPort port;
    TrustStore trust;
    Invariants invariants;
    std::unique_ptr<Engine> engine;
    std::function<void(const Event &)> onDurable; // after the engine has heard of it

private:
    void tick(int life);
    void compareNowAndThen();
    void commitAfter(qint64 ms, QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done);
    Result<QList<Event>> commit(const QList<NewEvent> &events);
    void recover();

    SimTime &m_time;
    SimRandom &m_random;
    int m_life = 0;
    bool m_frozen = false;
    qint64 m_lastCommitMono = 0;
    qsizetype m_compared = 0; // events in the journal when its folds were compared last
    std::unique_ptr<SimJournal> m_store;
    QList<QList<NewEvent>> m_underWay; // asked for and not committed yet
    qsizetype m_unheard = 0;            // of these, committed when the power went, and nobody lived to hear of it
};

} // namespace bellwether
