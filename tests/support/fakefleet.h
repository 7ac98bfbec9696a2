#pragma once
// Hosts that live in memory and speak the host-run protocol at the engine's port: jobs by token that outlive the
// console, a lease per machine, a product whose database remembers its migrations. Effects are counted per token.
#include "base/clock.h"
#include "engine/hostport.h"

#include <deque>

namespace bellwether {

struct FakeRelease {
    QStringList migrations;
    QString failing;      // this migration fails half way
    bool healthy = true;
};

struct FakeHost {
    QString version = QStringLiteral("1.4.0"), pinned = QStringLiteral("1.4.0");
    bool running = true, reachable = true;
    QStringList ledger{QStringLiteral("0001"), QStringLiteral("0002")};
    QString halfMigrated;
    QMap<QString, qint64> content{{QStringLiteral("customers"), 120}};
    struct Bundle {
        QStringList ledger;
        QMap<QString, qint64> content;
        qint64 startedMs = 0;
        bool readable = true;
    };
    QMap<QString, Bundle> backups;
    struct Job {
        QByteArray script, out, err;
        QString why = QStringLiteral("exit");
        int exitStatus = 0, pollsLeft = 1;
        bool lost = false;
        int orphanPolls = 0; // once it is lost: polls that find it alive all the same
        qint64 filler = 0;   // after `out` come so many bytes of lines that say nothing,
        QByteArray outEnd;   // and then these
        QByteArray read(qint64 from, qint64 most) const;
        qint64 heartbeatAgeS = -1; // for how long what watches over it has not moved
    };
    QMap<QString, Job> jobs;
    qint64 epoch = 0;
    QString leaseOwner, leaseBy;
    bool leaseIsStale = false;
    QString machineId, hostKey; // which machine it says it is, and proves
    QMap<QString, QString> holds; // owner → reason
};

class FakeFleet : public HostPort {
public:
    explicit FakeFleet(const Clock &clock);
    void add(const QString &name) { m_hosts.insert(name, {}); }
    // Two names of one machine: the link, the lease and the holds are those of the other one's entry.
    void putOn(const QString &name, const QString &other) { m_on.insert(name, other); }
    FakeHost &host(const QString &name) { return m_hosts[name]; }
    bool deliver(); // answers what is waiting; false when nothing was
    void forgetCallers() { m_answers.clear(); m_travelling.clear(); } // the console died
    QMap<QString, int> effects;   // by token
    QStringList effectLog;        // "host verb argument"
    QMap<QString, FakeRelease> releases;
    bool backupsAreEmpty = false;
    QString failing;             // "product VERB" of this verb ends with 1, having destroyed what it was to mend
    qint64 clockOffMs = 0;       // of the hosts' clocks
    bool statesBackupEnd = true; // the backup's answer says when it ended
    int pollsOfAStart = 1;       // polls before a start has ended
    QMap<QString, QString> addresses; // where each host's last step was sent
    int reconnects = 0;
    int pollsOfABackup = 1;
    int chunk = 64;              // bytes an answer holds
    QByteArray saidBesides;      // what a failing migration says after its reason
    // What keeps a host from answering this verb ("poll"), or nothing.
    std::function<std::optional<Error>(const QString &verb, const QString &host)> refusing;
    std::function<bool(const QString &host, const QStringList &argv)> asked; // what ask() finds; nothing: yes
    bool holdsTravel = false;    // a hold is on its way until arrive(); its end is there at once
    void arrive();
    QMap<QString, int> timeouts; // "ask" and "proveBackup": in how many seconds they were to be answered last
    bool failsInSilence = false; // a failing migration prints nothing and leaves with 0

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
    void reconnect() override { ++reconnects; }

private:
    void carryOut(const QString &name, FakeHost &host, FakeHost::Job &job);
    Health healthOf(const FakeHost &host) const;
    template<class T>
    bool heldByAnother(const QString &name, const QString &owner, std::function<void(Result<T>)> &done);
    template<class T>
    void later(std::function<void(T)> done, T value);
    template<class T>
    bool unreachable(const char *verb, const QString &name, std::function<void(Result<T>)> &done);
    FakeHost &machineOf(const QString &name) { return m_hosts[m_on.value(name, name)]; }

    const Clock &m_clock;
    QMap<QString, FakeHost> m_hosts;
    QMap<QString, QString> m_on;
    std::deque<std::function<void()>> m_answers, m_travelling;
};

} // namespace bellwether
