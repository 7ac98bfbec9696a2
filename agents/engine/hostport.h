#pragma once
// Port: everything the engine asks of hosts. The real one (steps/sshhosts) speaks SSH; tests bring a fleet that lives in
// memory. All callbacks run on the engine's thread, never before the call returned.
#include "plan/plan.h"
#include "remote/hostjobs.h"

namespace bellwether {

struct HealthSample {
    Health health = Health::Unknown;
    QString version, detail;
    QString process; // changes when the process restarted
};

class HostPort {
public:
    virtual ~HostPort() = default;
    virtual void measure(const Installation &host, const Probes &probes, std::function<void(HostFacts)> done) = 0;
    virtual void sample(const Installation &host, const Probes &probes, int timeoutS,
                        std::function<void(Result<HealthSample>)> done) = 0;
    virtual void proveBackup(const Installation &host, const Probes &probes, const QString &backupPath,
                             std::function<void(Result<Backup>)> done) = 0;
    // exit 0 = true, any other exit = false
    virtual void ask(const Installation &host, const QStringList &argv, int timeoutS, std::function<void(Result<bool>)> done) = 0;

    virtual void lock(const Installation &host, const QString &owner, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done) = 0;
    virtual void renew(const Installation &host, qint64 epoch, const QString &owner, int ttlS, std::function<void(Status)> done) = 0;
    virtual void unlock(const Installation &host, qint64 epoch, const QString &owner, std::function<void(Status)> done) = 0;
    // script as made by scriptFor(step); sha256 stands in StepIntended
    virtual void start(const Installation &host, const QString &token, qint64 epoch, const QString &owner, int timeoutS,
                       const QByteArray &script, std::function<void(Result<JobState>)> done) = 0;
    virtual void poll(const Installation &host, const QString &token, qint64 outOffset, qint64 errOffset, int waitS,
                      std::function<void(Result<JobPoll>)> done) = 0;
    virtual void cancel(const Installation &host, const QString &token, qint64 epoch, const QString &owner,
                        std::function<void(Status)> done) = 0;
    virtual void acknowledge(const Installation &host, const QString &token, std::function<void(Status)> done) = 0;
    // A stop of everything on this machine (and its end): other consoles take no lease and start no step there. HostHeld
    // is what lock() and start() answer them.
    virtual void hold(const Installation &host, const QString &owner, const QString &reason, std::function<void(Status)> done) = 0;
    virtual void unhold(const Installation &host, const QString &owner, std::function<void(Status)> done) = 0;
    virtual void scanKey(const Installation &host, std::function<void(Result<HostKey>)> done) = 0;
    virtual int openSessions() const { return 0; }
    // Every connection is made anew: what is under way ends as a lost link does. For a computer that has slept.
    virtual void reconnect() {}
};

} // namespace bellwether
