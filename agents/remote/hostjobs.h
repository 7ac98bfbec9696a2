#pragma once
// The host-run protocol "bwr v1": a step outlives the connection and the console. Nothing is installed; helper and
// supervisor (resources/host/*.sh) travel in the exec request, the step's script on stdin. Root of its files: the
// installation's `state`, default $HOME/.local/state/bellwether. All answers come on the RemoteShell's receiver thread.
#include "base/secret.h"
#include "remote/remoteshell.h"

namespace bellwether {

enum class JobState { Absent, Unstarted, Running, Done, Lost };

struct LeaseClaim {
    QString by;       // who asks, in people's words; what others are told while we hold it
    QString takeFrom; // the owner whose lease may be taken once it is stale; a stranger's is not otherwise
};
struct Lease {
    qint64 epoch = 0;
    bool held = false;   // newly taken or renewed by us
    QString takenFrom;   // a stranger whose lease had gone stale
    bool ownHold = false; // a hold of ours lies on the host
    qint64 insteadOf = 0; // the one of ours that was given back last, by this program; 0: none
};
struct JobPoll {
    JobState state = JobState::Absent;
    qint64 outSize = 0, errSize = 0; // on the host
    QByteArray out, err;             // from the offsets asked for, bounded
    qint64 heartbeatAgeS = -1;
    bool stepAlive = false; // the step itself: it may outlive what watches over it (Lost)
    // once Done
    int exitStatus = -1;
    QString why; // exit, timeout, cancel
    qint64 durationS = 0;
};

struct HostIdentity {
    QString machineId, bootId;  // empty or "none" where the host has none
    QString lockOwner;          // empty when nobody holds a fresh lease
    qint64 leaseLeftS = 0;
    QString job;                // token of the step under way
    bool endsSteps = false;     // with the login's last session, a step that we begin as well (logind, KillUserProcesses)
    QString unfit;              // why this login cannot keep its state there; empty when it can
    QString lacking;            // programs that every step needs and this login does not find: "tail, head"
    qint64 loginMs = -1;        // its login's start-up files take so long before a command begins, to 10 ms; −1: not known
};

class HostJobs {
public:
    explicit HostJobs(RemoteShell &shell);

    struct Host {
        Endpoint endpoint;
        QString stateRoot; // empty = default
    };
    // HostHeld (who, why), HostLocked (who, seconds left), HostLeaseStale (who, since when), HostBusy (a live job),
    // HostStateUnusable, HostDiskFull, NoShell
    void lock(const Host &host, const QString &owner, int ttlS, std::function<void(Result<Lease>)> done, const LeaseClaim &claim = {});
    void renew(const Host &host, qint64 epoch, const QString &owner, int ttlS, std::function<void(Status)> done); // HostFenced
    void unlock(const Host &host, qint64 epoch, const QString &owner, std::function<void(Status)> done);
    // Safe to repeat: attaches when the job has begun. timeoutS 0 = none. HostHeld where another console has stopped everything.
    // password: what a script that wants one reads; it lies in no file, environment or argument on its way.
    void start(const Host &host, const QString &token, qint64 epoch, const QString &owner, int timeoutS,
               const QByteArray &script, std::function<void(Result<JobState>)> done, const Secret &password = {});
    void poll(const Host &host, const QString &token, qint64 outOffset, qint64 errOffset, int maxBytes, int waitS,
              std::function<void(Result<JobPoll>)> done);
    void cancel(const Host &host, const QString &token, qint64 epoch, const QString &owner, std::function<void(Status)> done);
    void acknowledge(const Host &host, const QString &token, std::function<void(Status)> done);
    // Other owners take no lease here and start no job until it is taken away; it outlives leases and reboots.
    void hold(const Host &host, const QString &owner, const QString &reason, std::function<void(Status)> done);
    void unhold(const Host &host, const QString &owner, std::function<void(Status)> done);
    void who(const Host &host, std::function<void(Result<HostIdentity>)> done); // changes nothing on the host
    // Runs argv at once (no job): probes and checks. Working folder as given; runs under LC_ALL=C.UTF-8. `sudo -S -- …`
    // wants the password; alone it only finds out whether sudo takes that. SudoRefused; its third argument is "password"
    // when that was the reason.
    void run(const Host &host, const QStringList &argv, const QString &directory, int timeoutMs,
             std::function<void(Result<ExecResult>)> done, const Secret &password = {});

private:
    RemoteShell &m_shell;
};

// The exact bytes a step's job runs: cd to the folder, then argv, with its stdin. The same step gives the same bytes.
// `sudo -S -- …` reads the password from the first line of the job's own stdin and ends with passwordRefused, before
// anything was run, when sudo does not take it.
Result<QByteArray> stepScript(const QStringList &argv, const QString &directory, const QString &stdinText);
bool wantsPassword(const QByteArray &stepScript);
constexpr int passwordRefused = 126;
// Edits one KEY=value line of an environment file, everything else byte for byte as it was (PI-04); adds it when absent.
// sudo: `sudo -n --` or `sudo -S --`, by which it is done where the login may not write the file itself.
Result<QByteArray> pinScript(const QString &file, const QString &key, const QString &value, const QStringList &sudo = {});

} // namespace bellwether
