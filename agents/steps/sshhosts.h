#pragma once
// The real HostPort: probes, checks and jobs of installations over one RemoteShell. Errors name the installation.
#include "engine/hostport.h"
#include "probes/probe.h"
#include "steps/logwindow.h"
#include "steps/sudogate.h"

#include <QHash>

#include <memory>

namespace bellwether {

class Clock;

class SshHosts final : public HostPort {
public:
    // All must outlive it. All calls and answers on the shell's receiver thread. credentials: who may be asked for what
    // sudo wants; null: nobody.
    SshHosts(RemoteShell &shell, const Clock &clock, Credentials *credentials = nullptr);
    ~SshHosts() override;

    void measure(const Installation &host, const Probes &probes, std::function<void(HostFacts)> done) override;
    void sample(const Installation &host, const Probes &probes, int timeoutS,
                std::function<void(Result<HealthSample>)> done) override;
    void proveBackup(const Installation &host, const Probes &probes, const QString &backupPath,
                     std::function<void(Result<Backup>)> done) override;
    void ask(const Installation &host, const QStringList &argv, int timeoutS, std::function<void(Result<bool>)> done) override;
    void lock(const Installation &host, const QString &owner, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done) override;
    void renew(const Installation &host, qint64 epoch, const QString &owner, int ttlS, std::function<void(Status)> done) override;
    void unlock(const Installation &host, qint64 epoch, const QString &owner, std::function<void(Status)> done) override;
    void start(const Installation &host, const QString &token, qint64 epoch, const QString &owner, int timeoutS,
               const QByteArray &script, std::function<void(Result<JobState>)> done) override;
    void poll(const Installation &host, const QString &token, qint64 outOffset, qint64 errOffset, int waitS,
              std::function<void(Result<JobPoll>)> done) override;
    void cancel(const Installation &host, const QString &token, qint64 epoch, const QString &owner,
                std::function<void(Status)> done) override;
    void acknowledge(const Installation &host, const QString &token, std::function<void(Status)> done) override;
    void hold(const Installation &host, const QString &owner, const QString &reason, std::function<void(Status)> done) override;
    void unhold(const Installation &host, const QString &owner, std::function<void(Status)> done) override;
    void scanKey(const Installation &host, std::function<void(Result<HostKey>)> done) override;
    int openSessions() const override;
    void reconnect() override;

private:
    void runProbeOn(const Installation &host, const Probe &probe, int timeoutS, std::function<void(Result<ProbeAnswer>)> done);
    // With the password where it is wanted; `run` is not called when there is none.
    template<class T, class Run>
    void bySudo(bool wanted, const Installation &host, std::function<void(Result<T>)> done, Run run);

    RemoteShell &m_shell;
    const Clock &m_clock;
    HostJobs m_jobs;
    std::shared_ptr<SudoGate> m_sudo;
    QHash<QString, std::shared_ptr<LogWindow>> m_windows; // by machine
};

} // namespace bellwether
