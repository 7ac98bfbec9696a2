#include "steps/sshhosts.h"

#include "base/clock.h"
#include "plan/placeholders.h"
#include "probes/facts.h"
#include "ssh/keyring.h"

namespace bellwether {

namespace {

HostJobs::Host jobHost(const Installation &host)
{
    return {host.endpoint, host.state};
}

// The SSH layer knows machines; people know installations.
Error named(Error error, const Installation &host)
{
    if (!error.args.isEmpty() && error.args.first() == host.endpoint.machine())
        error.args.first() = host.name;
    return error;
}

template<class T>
std::function<void(Result<T>)> naming(const Installation &host, std::function<void(Result<T>)> done)
{
    return [host, done = std::move(done)](Result<T> result) {
        if (!result)
            return done(std::unexpected(named(result.error(), host)));
        done(std::move(result));
    };
}

// A measurement under way: each part reports once, the last one hands the facts over.
struct Measuring {
    HostFacts facts;
    QStringList unasked; // probes that did not get through to the host
    qint64 loginMs = -1; // what passes there before a command begins
    bool isLate = false; // a probe gave no answer in time
    int parts = 1; // one for the call that starts them
    std::function<void(HostFacts)> done;
    void part()
    {
        if (--parts > 0)
            return;
        if (facts.reachable) // else it is said once, and not per probe
            facts.problems += unasked;
        else
            facts.sudoProblem.reset();
        // Said once, and not by each command that waited for it.
        if (facts.sudoProblem) {
            facts.problems.removeIf([&](const QString &line) { return line.endsWith(*facts.sudoProblem); });
            facts.problems.prepend(QStringLiteral("sudo: ") + *facts.sudoProblem);
        }
        if (isLate && loginMs >= 1000) // the cause before what came of it
            facts.problems.prepend(QStringLiteral("login: a command begins only after %1 s, its shell's start-up files take so long").arg(static_cast<double>(loginMs) / 1000, 0, 'f', 1));
        done(facts);
    }
};

struct Sampling {
    HealthSample sample;
    std::optional<Error> error;
    QString versionProblem;
    int parts = 1;
    std::function<void(Result<HealthSample>)> done;
    void part()
    {
        if (--parts > 0)
            return;
        if (error)
            return done(std::unexpected(*error));
        if (!versionProblem.isEmpty())
            sample.detail += (sample.detail.isEmpty() ? QString() : QStringLiteral("; ")) + QStringLiteral("version: ") + versionProblem;
        done(sample);
    }
};

} // namespace

SshHosts::SshHosts(RemoteShell &shell, const Clock &clock, Credentials *credentials)
    : m_shell(shell)
    , m_clock(clock)
    , m_jobs(shell)
    , m_sudo(std::make_shared<SudoGate>(m_jobs, credentials))
{
}

SshHosts::~SshHosts() = default;

template<class T, class Run>
void SshHosts::bySudo(bool wanted, const Installation &host, std::function<void(Result<T>)> done, Run run)
{
    if (!wanted)
        return run(Secret(), std::move(done));
    m_sudo->pass(jobHost(host), [this, host, run, done = std::move(done)](const Result<Secret> &password) {
        if (!password)
            return done(std::unexpected(password.error()));
        run(*password, [sudo = std::weak_ptr(m_sudo), host, done](Result<T> result) {
            if (const auto gate = sudo.lock(); gate && !result && result.error().code == ErrorCode::SudoRefused)
                gate->doubt(jobHost(host));
            done(std::move(result));
        });
    });
}

void SshHosts::runProbeOn(const Installation &host, const Probe &probe, int timeoutS, std::function<void(Result<ProbeAnswer>)> done)
{
    const bool wanted = probe.via == ProbeVia::Command && wantsSudoPassword(probe.argv);
    bySudo<ProbeAnswer>(wanted, host, std::move(done), [this, host, probe, timeoutS](const Secret &password, std::function<void(Result<ProbeAnswer>)> then) {
        runProbe(m_shell, jobHost(host), probe, host.directory, timeoutS, std::move(then), password);
    });
}

void SshHosts::measure(const Installation &host, const Probes &probes, std::function<void(HostFacts)> done)
{
    const auto all = std::make_shared<Measuring>();
    const QString &identity = host.endpoint.identity;
    const bool isFile = identity.startsWith(u'/') || identity.startsWith(QLatin1String("~/"));
    const QStringList keys = identity.isEmpty() ? KeyRing::defaults({}) : isFile ? QStringList(identity) : QStringList();
    for (const QString &key : keys) {
        if (const auto certificate = readCertificate(certificatePath(key, host.endpoint.certificate)); certificate && !all->facts.certificate)
            all->facts.certificate = *certificate;
    }
    all->done = [host, &clock = m_clock, done = std::move(done)](HostFacts facts) {
        facts.measuredMs = clock.now().wallMs;
        done(std::move(facts));
    };
    ++all->parts;
    m_jobs.who(jobHost(host), [all, host](const Result<HostIdentity> &who) {
        HostFacts &facts = all->facts;
        facts.reachable = who || !isConnectionError(who.error());
        if (who) {
            facts.machineId = who->machineId;
            facts.bootId = who->bootId;
            facts.lockOwner = who->lockOwner;
            facts.sessionEndsSteps = who->endsSteps;
            all->loginMs = who->loginMs;
            if (!who->lacking.isEmpty()) {
                facts.lackingPrograms = who->lacking;
                facts.problems.append(QStringLiteral("host-run programs: it has no ") + who->lacking);
            }
            if (!who->unfit.isEmpty()) {
                facts.stateProblem = who->unfit;
                facts.problems.append(QStringLiteral("host-run state: ") + who->unfit);
            }
        } else if (facts.reachable) {
            if (who.error().code == ErrorCode::HostStateUnusable)
                facts.stateProblem = who.error().args.value(2);
            facts.problems.append(QStringLiteral("host-run state: ") + errorClause(who.error()));
        } else {
            const Error error = named(who.error(), host);
            facts.error = QLatin1String(errorKey(error.code));
            facts.errorArgs = error.args;
        }
        all->part();
    });
    if (host.sudo == Sudo::Password) { // proven before anything is changed, also where no probe needs it
        ++all->parts;
        m_sudo->pass(jobHost(host), [all](const Result<Secret> &given) {
            if (!given && (given.error().code == ErrorCode::CredentialNeeded || !isConnectionError(given.error())))
                all->facts.sudoProblem = given.error().code == ErrorCode::SudoRefused ? given.error().args.value(1) : errorClause(given.error());
            all->part();
        });
    }
    // `take` is called with a readable value only; what is not readable becomes one line.
    const auto ask = [&](const char *name, const Probe &probe, auto take) {
        if (probe.isEmpty())
            return;
        ++all->parts;
        runProbeOn(host, probe, 0, [all, host, name, probe, take](const Result<ProbeAnswer> &answer) {
            const auto value = answer ? probeValue(probe, *answer, host.name) : Result<QJsonValue>(std::unexpected(answer.error()));
            const Status status = value ? take(*value, all->facts) : Status(std::unexpected(value.error()));
            if (!status) {
                QStringList &told = answer || !isConnectionError(status.error()) ? all->facts.problems : all->unasked;
                told.append(QLatin1String(name) + QStringLiteral(": ") + errorClause(status.error()));
                all->isLate = all->isLate || status.error().code == ErrorCode::CommandTimeout;
            }
            all->part();
        });
    };
    const auto keep = [](auto result, auto &field) -> Status {
        if (!result)
            return std::unexpected(result.error());
        field = *result;
        return {};
    };
    ask("version", probes.version, [keep, p = probes.version, n = host.name](const QJsonValue &value, HostFacts &facts) {
        return keep(versionFrom(value, p, n), facts.version);
    });
    ask("ledger", probes.ledger, [keep, p = probes.ledger, n = host.name](const QJsonValue &value, HostFacts &facts) {
        return keep(ledgerFrom(value, p, n), facts.ledger);
    });
    ask("last backup", probes.lastBackup, [keep, p = probes.lastBackup, n = host.name](const QJsonValue &value, HostFacts &facts) -> Status {
        if (value.isNull() || (value.isObject() && value.toObject().isEmpty())) // there is none yet
            return {};
        return keep(backupFrom(value, p, n), facts.backup);
    });
    ask("content", probes.content, [keep, p = probes.content, n = host.name](const QJsonValue &value, HostFacts &facts) {
        return keep(contentFrom(value, p, n), facts.content);
    });
    ask("storage", probes.storage, [p = probes.storage, n = host.name](const QJsonValue &value, HostFacts &facts) -> Status {
        const auto storage = storageFrom(value, p, n);
        if (!storage)
            return std::unexpected(storage.error());
        facts.diskFree = storage->diskFree;
        facts.databaseSize = storage->databaseSize;
        facts.databaseServer = storage->databaseServer;
        return {};
    });
    if (!probes.health.isEmpty()) {
        ++all->parts;
        runProbeOn(host, probes.health, 0, [all, host, probe = probes.health](const Result<ProbeAnswer> &answer) {
            all->isLate = all->isLate || (!answer && answer.error().code == ErrorCode::CommandTimeout);
            if (answer || !isConnectionError(answer.error())) {
                const HealthFact fact = healthFrom(answer, probe, host.name);
                all->facts.health = fact.health;
                all->facts.healthDetail = fact.detail;
            }
            all->part();
        });
    }
    all->part();
}

void SshHosts::sample(const Installation &host, const Probes &probes, int timeoutS,
                      std::function<void(Result<HealthSample>)> done)
{
    const auto both = std::make_shared<Sampling>();
    both->done = std::move(done);
    both->parts += 2;
    const auto note = [both, host](const Result<ProbeAnswer> &answer) {
        if (!answer && isConnectionError(answer.error()))
            both->error = named(answer.error(), host);
        const QString process = processFrom(answer);
        if (!process.isEmpty())
            both->sample.process = process;
    };
    runProbeOn(host, probes.health, timeoutS, [both, note, host, probe = probes.health](const Result<ProbeAnswer> &answer) {
        note(answer);
        const HealthFact fact = healthFrom(answer, probe, host.name);
        both->sample.health = fact.health;
        both->sample.detail = fact.detail;
        both->part();
    });
    runProbeOn(host, probes.version, timeoutS, [both, note, host, probe = probes.version](const Result<ProbeAnswer> &answer) {
        note(answer);
        const auto value = answer ? probeValue(probe, *answer, host.name) : Result<QJsonValue>(std::unexpected(answer.error()));
        const auto version = value ? versionFrom(*value, probe, host.name) : Result<Version>(std::unexpected(value.error()));
        if (version)
            both->sample.version = version->toString();
        else
            both->versionProblem = errorClause(version.error());
        both->part();
    });
    both->part();
}

void SshHosts::proveBackup(const Installation &host, const Probes &probes, const QString &backupPath,
                           std::function<void(Result<Backup>)> done)
{
    Probe proof = probes.backup;
    for (QString &word : proof.argv)
        word.replace(QLatin1String("{backup}"), backupPath);
    proof.httpPath.replace(QLatin1String("{backup}"), backupPath);
    runProbeOn(host, proof, 0, [host, probe = proof, done = naming<Backup>(host, std::move(done))](const Result<ProbeAnswer> &answer) {
        if (!answer)
            return done(std::unexpected(answer.error()));
        // A script that found the backup wanting may say so in its answer and by its exit status.
        ProbeAnswer believed = *answer;
        believed.status = probe.via == ProbeVia::Http ? 200 : 0;
        const auto value = probeValue(probe, believed, host.name);
        auto backup = value ? backupFrom(*value, probe, host.name) : Result<Backup>(std::unexpected(value.error()));
        if (!answer->isGood(probe)) {
            if (!backup)
                return done(std::unexpected(probeValue(probe, *answer, host.name).error()));
            backup->verified = false;
            if (backup->problem.isEmpty())
                backup->problem = QStringLiteral("its check ended with %1").arg(answer->status);
        }
        done(std::move(backup));
    });
}

void SshHosts::ask(const Installation &host, const QStringList &argv, int timeoutS, std::function<void(Result<bool>)> done)
{
    const auto judge = [host, argv, done = naming<bool>(host, std::move(done))](const Result<ExecResult> &result) {
        if (!result)
            return done(std::unexpected(result.error()));
        if (result->exitStatus < 0)
            return done(fail(ErrorCode::CommandFailed, {host.name, argv.join(u' '), QStringLiteral("SIG") + result->signal, QString()}));
        done(result->exitStatus == 0);
    };
    bySudo<ExecResult>(wantsSudoPassword(argv), host, judge, [this, host, argv, timeoutS](const Secret &password, std::function<void(Result<ExecResult>)> then) {
        m_jobs.run(jobHost(host), argv, host.directory, timeoutS * 1000, std::move(then), password);
    });
}

void SshHosts::lock(const Installation &host, const QString &owner, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done)
{
    m_jobs.lock(jobHost(host), owner, ttlS, naming<Lease>(host, std::move(done)), claim);
}

void SshHosts::renew(const Installation &host, qint64 epoch, const QString &owner, int ttlS, std::function<void(Status)> done)
{
    m_jobs.renew(jobHost(host), epoch, owner, ttlS, naming<void>(host, std::move(done)));
}

void SshHosts::unlock(const Installation &host, qint64 epoch, const QString &owner, std::function<void(Status)> done)
{
    m_jobs.unlock(jobHost(host), epoch, owner, naming<void>(host, std::move(done)));
}

void SshHosts::start(const Installation &host, const QString &token, qint64 epoch, const QString &owner, int timeoutS,
                     const QByteArray &script, std::function<void(Result<JobState>)> done)
{
    bySudo<JobState>(wantsPassword(script), host, naming<JobState>(host, std::move(done)),
                     [this, host, token, epoch, owner, timeoutS, script](const Secret &password, std::function<void(Result<JobState>)> then) {
                         m_jobs.start(jobHost(host), token, epoch, owner, timeoutS, script, std::move(then), password);
                     });
}

void SshHosts::poll(const Installation &host, const QString &token, qint64 outOffset, qint64 errOffset, int waitS,
                    std::function<void(Result<JobPoll>)> done)
{
    const auto window = m_windows.value(host.endpoint.machine(), std::make_shared<LogWindow>());
    m_windows.insert(host.endpoint.machine(), window);
    const qint64 asked = m_clock.now().monoMs;
    m_jobs.poll(jobHost(host), token, outOffset, errOffset, window->bytes(), waitS,
                naming<JobPoll>(host, [sudo = std::weak_ptr(m_sudo), host, window, asked, clock = &m_clock, done = std::move(done)](Result<JobPoll> poll) {
                    if (const auto gate = sudo.lock(); gate && poll && poll->state == JobState::Done && poll->exitStatus == passwordRefused)
                        gate->doubt(jobHost(host));
                    // Where a whole window was there, the host had no reason to wait.
                    if (poll)
                        window->brought(std::max(poll->out.size(), poll->err.size()), clock->now().monoMs - asked);
                    else if (poll.error().code == ErrorCode::CommandTimeout)
                        window->failed();
                    done(std::move(poll));
                }));
}

void SshHosts::cancel(const Installation &host, const QString &token, qint64 epoch, const QString &owner,
                      std::function<void(Status)> done)
{
    m_jobs.cancel(jobHost(host), token, epoch, owner, naming<void>(host, std::move(done)));
}

void SshHosts::acknowledge(const Installation &host, const QString &token, std::function<void(Status)> done)
{
    m_jobs.acknowledge(jobHost(host), token, naming<void>(host, std::move(done)));
}

void SshHosts::hold(const Installation &host, const QString &owner, const QString &reason, std::function<void(Status)> done)
{
    m_jobs.hold(jobHost(host), owner, reason, naming<void>(host, std::move(done)));
}

void SshHosts::unhold(const Installation &host, const QString &owner, std::function<void(Status)> done)
{
    m_jobs.unhold(jobHost(host), owner, naming<void>(host, std::move(done)));
}

void SshHosts::scanKey(const Installation &host, std::function<void(Result<HostKey>)> done)
{
    m_shell.scanKey(host.endpoint, naming<HostKey>(host, std::move(done)));
}

void SshHosts::reconnect()
{
    m_shell.closeAll();
}

int SshHosts::openSessions() const
{
    return m_shell.openSessions();
}

} // namespace bellwether
