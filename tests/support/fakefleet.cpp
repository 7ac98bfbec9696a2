#include "fakefleet.h"

namespace bellwether {

QByteArray FakeHost::Job::read(qint64 from, qint64 most) const
{
    static const QByteArray line = QByteArray(1023, '.') + '\n';
    QByteArray bytes = out.mid(from, most);
    if (const qint64 at = from + bytes.size() - out.size(); bytes.size() < most && at < filler) {
        const qint64 count = std::min(most - bytes.size(), filler - at);
        bytes += line.repeated(count / line.size() + 2).mid(at % line.size(), count);
    }
    return bytes + outEnd.mid(from + bytes.size() - out.size() - filler, most - bytes.size());
}

FakeFleet::FakeFleet(const Clock &clock)
    : m_clock(clock)
{}

bool FakeFleet::deliver()
{
    auto waiting = std::exchange(m_answers, {});
    for (auto &answer : waiting)
        answer();
    return !waiting.empty();
}

void FakeFleet::arrive()
{
    holdsTravel = false;
    const auto travelling = std::exchange(m_travelling, {});
    for (const auto &there : travelling)
        there();
}

template<class T>
void FakeFleet::later(std::function<void(T)> done, T value)
{
    m_answers.push_back([done = std::move(done), value = std::move(value)] { done(value); });
}

template<class T>
bool FakeFleet::unreachable(const char *verb, const QString &name, std::function<void(Result<T>)> &done)
{
    if (const auto refused = refusing ? refusing(QLatin1String(verb), name) : std::nullopt) {
        later<Result<T>>(std::move(done), std::unexpected(*refused));
        return true;
    }
    if (machineOf(name).reachable)
        return false;
    later<Result<T>>(std::move(done), fail(ErrorCode::ConnectionLost, {name, QStringLiteral("no answer")}));
    return true;
}

template<class T>
bool FakeFleet::heldByAnother(const QString &name, const QString &owner, std::function<void(Result<T>)> &done)
{
    const QMap<QString, QString> holds = machineOf(name).holds;
    for (auto it = holds.cbegin(); it != holds.cend(); ++it)
        if (it.key() != owner) {
            later<Result<T>>(std::move(done), fail(ErrorCode::HostHeld, {name, it.key(), it.value()}));
            return true;
        }
    return false;
}

Health FakeFleet::healthOf(const FakeHost &host) const
{
    if (!host.running)
        return Health::Unhealthy;
    return releases.value(host.version).healthy ? Health::Ok : Health::Starting;
}

void FakeFleet::measure(const Installation &i, const Probes &, std::function<void(HostFacts)> done)
{
    const FakeHost &h = m_hosts[i.name];
    HostFacts f;
    f.measuredMs = m_clock.now().wallMs;
    const auto refused = refusing ? refusing(QStringLiteral("measure"), i.name) : std::nullopt;
    f.reachable = machineOf(i.name).reachable && !refused;
    if (!f.reachable) {
        f.error = QLatin1String(errorKey(refused ? refused->code : ErrorCode::ConnectionLost));
        f.errorArgs = refused ? refused->args : QStringList();
        return later(std::move(done), f);
    }
    f.version = Version::parse(h.version).value();
    f.health = healthOf(h);
    f.ledger = Ledger{h.ledger, h.halfMigrated};
    f.content = h.content;
    f.machineId = h.machineId;
    if (!h.hostKey.isEmpty())
        f.hostKey = h.hostKey;
    later(std::move(done), f);
}

void FakeFleet::sample(const Installation &i, const Probes &, int, std::function<void(Result<HealthSample>)> done)
{
    if (unreachable("sample", i.name, done))
        return;
    const FakeHost &h = m_hosts[i.name];
    HealthSample s;
    s.health = healthOf(h);
    s.version = h.version;
    s.detail = nameOf(s.health);
    later<Result<HealthSample>>(std::move(done), s);
}

void FakeFleet::proveBackup(const Installation &i, const Probes &probes, const QString &path, std::function<void(Result<Backup>)> done)
{
    timeouts[QStringLiteral("proveBackup")] = probes.backup.timeoutS;
    if (unreachable("proveBackup", i.name, done))
        return;
    const FakeHost &h = m_hosts[i.name];
    Backup b;
    b.path = path;
    if (h.backups.contains(path)) {
        const FakeHost::Bundle bundle = h.backups[path];
        b.startedMs = bundle.startedMs + clockOffMs;
        b.endedMs = statesBackupEnd ? b.startedMs + 500 : 0;
        b.size = bundle.readable ? 4096 : 0;
        b.verified = bundle.readable;
        b.problem = bundle.readable ? QString() : QStringLiteral("it is empty");
        b.content = bundle.content;
    } else {
        b.problem = QStringLiteral("there is none");
    }
    later<Result<Backup>>(std::move(done), b);
}

void FakeFleet::ask(const Installation &i, const QStringList &argv, int timeoutS, std::function<void(Result<bool>)> done)
{
    timeouts[QStringLiteral("ask")] = timeoutS;
    if (!unreachable("ask", i.name, done))
        later<Result<bool>>(std::move(done), !asked || asked(i.name, argv));
}

void FakeFleet::lock(const Installation &i, const QString &owner, int, const LeaseClaim &claim, std::function<void(Result<Lease>)> done)
{
    if (unreachable("lock", i.name, done) || heldByAnother(i.name, owner, done))
        return;
    FakeHost &h = machineOf(i.name);
    Lease lease;
    if (!h.leaseOwner.isEmpty() && h.leaseOwner != owner) {
        if (!h.leaseIsStale)
            return later<Result<Lease>>(std::move(done), fail(ErrorCode::HostLocked, {i.name, h.leaseOwner, QStringLiteral("90"), h.leaseBy, QStringLiteral("60")}));
        if (h.leaseOwner != claim.takeFrom)
            return later<Result<Lease>>(std::move(done), fail(ErrorCode::HostLeaseStale, {i.name, h.leaseOwner, h.leaseBy, QStringLiteral("3600"), QStringLiteral("600")}));
        lease.takenFrom = std::exchange(h.leaseOwner, QString());
    }
    if (h.leaseOwner.isEmpty())
        ++h.epoch;
    h.leaseOwner = owner;
    h.leaseBy = claim.by;
    h.leaseIsStale = false;
    lease.epoch = h.epoch;
    lease.held = true;
    lease.ownHold = h.holds.contains(owner);
    later<Result<Lease>>(std::move(done), lease);
}

void FakeFleet::renew(const Installation &i, qint64 epoch, const QString &owner, int, std::function<void(Status)> done)
{
    if (unreachable("renew", i.name, done))
        return;
    const FakeHost &h = machineOf(i.name);
    if (h.epoch != epoch || h.leaseOwner != owner)
        return later<Status>(std::move(done), fail(ErrorCode::HostFenced, {i.name, h.leaseOwner, QString::number(h.epoch)}));
    later<Status>(std::move(done), Status{});
}

void FakeFleet::unlock(const Installation &i, qint64 epoch, const QString &owner, std::function<void(Status)> done)
{
    if (unreachable("unlock", i.name, done))
        return;
    FakeHost &h = machineOf(i.name);
    if (h.epoch != epoch || h.leaseOwner != owner)
        return later<Status>(std::move(done), fail(ErrorCode::HostFenced, {i.name, h.leaseOwner, QString::number(h.epoch)}));
    h.leaseOwner.clear();
    later<Status>(std::move(done), Status{});
}

void FakeFleet::start(const Installation &i, const QString &token, qint64 epoch, const QString &owner, int, const QByteArray &script, std::function<void(Result<JobState>)> done)
{
    if (unreachable("start", i.name, done))
        return;
    FakeHost &h = m_hosts[i.name];
    addresses[i.name] = i.endpoint.machine();
    if (const FakeHost &machine = machineOf(i.name); machine.epoch != epoch || machine.leaseOwner != owner)
        return later<Result<JobState>>(std::move(done), fail(ErrorCode::HostFenced, {i.name, machine.leaseOwner, QString::number(machine.epoch)}));
    if (!h.jobs.contains(token) && heldByAnother(i.name, owner, done))
        return;
    if (!h.jobs.contains(token)) {
        FakeHost::Job job;
        job.script = script;
        carryOut(i.name, h, job);
        ++effects[token];
        h.jobs.insert(token, job);
    }
    later<Result<JobState>>(std::move(done), JobState::Running);
}

void FakeFleet::poll(const Installation &i, const QString &token, qint64 out, qint64 err, int, std::function<void(Result<JobPoll>)> done)
{
    if (unreachable("poll", i.name, done))
        return;
    FakeHost &h = m_hosts[i.name];
    JobPoll p;
    const auto it = h.jobs.find(token);
    if (it != h.jobs.end()) {
        p.outSize = it->out.size() + it->filler + it->outEnd.size();
        p.out = it->read(out, chunk);
        p.errSize = it->err.size();
        p.err = it->err.mid(err, chunk);
        p.heartbeatAgeS = it->heartbeatAgeS;
        p.stepAlive = it->lost && it->orphanPolls-- > 0;
        p.state = it->lost ? JobState::Lost : it->pollsLeft-- > 0 ? JobState::Running : JobState::Done;
        p.exitStatus = it->exitStatus;
        p.why = it->why;
    }
    later<Result<JobPoll>>(std::move(done), p);
}

void FakeFleet::cancel(const Installation &i, const QString &token, qint64, const QString &, std::function<void(Status)> done)
{
    if (unreachable("cancel", i.name, done))
        return;
    if (const auto job = m_hosts[i.name].jobs.find(token); job != m_hosts[i.name].jobs.end() && job->pollsLeft > 0) {
        job->pollsLeft = 0;
        job->exitStatus = 143;
        job->why = QStringLiteral("cancel");
    }
    later<Status>(std::move(done), Status{});
}

void FakeFleet::acknowledge(const Installation &, const QString &, std::function<void(Status)> done)
{
    later<Status>(std::move(done), Status{});
}

void FakeFleet::hold(const Installation &i, const QString &owner, const QString &reason, std::function<void(Status)> done)
{
    if (unreachable("hold", i.name, done))
        return;
    const auto there = [this, name = i.name, owner, reason, done = std::move(done)] {
        machineOf(name).holds.insert(owner, reason);
        later<Status>(done, Status{});
    };
    if (holdsTravel)
        m_travelling.push_back(there);
    else
        there();
}

void FakeFleet::unhold(const Installation &i, const QString &owner, std::function<void(Status)> done)
{
    if (unreachable("unhold", i.name, done))
        return;
    machineOf(i.name).holds.remove(owner);
    later<Status>(std::move(done), Status{});
}

void FakeFleet::scanKey(const Installation &i, std::function<void(Result<HostKey>)> done)
{
    later<Result<HostKey>>(std::move(done), HostKey{i.endpoint.machine(), QStringLiteral("ssh-ed25519"), QStringLiteral("SHA256:fake")});
}

// What the script does to this host, read from its own text: "product VERB ARGUMENT", or a pin.
void FakeFleet::carryOut(const QString &name, FakeHost &h, FakeHost::Job &job)
{
    const QString text = QString::fromUtf8(job.script);
    QStringList words;
    if (text.startsWith(QLatin1String("set -- "))) {
        words = text.section(QLatin1Char('\n'), 0, 0).split(QLatin1Char(' '));
        h.pinned = words.value(4);
        effectLog.append(QStringLiteral("%1 pin %2").arg(name, h.pinned));
        return;
    }
    words = text.mid(text.lastIndexOf(QLatin1String("product "))).trimmed().split(QLatin1Char(' '));
    const QString verb = words.value(1), argument = words.value(2);
    effectLog.append(QStringLiteral("%1 %2 %3").arg(name, verb, argument));
    if (verb == failing) {
        h.content.clear();
        job.exitStatus = 1;
        return;
    }
    if (verb == QLatin1String("backup")) {
        job.pollsLeft = pollsOfABackup;
        h.backups.insert(argument, {h.ledger, h.content, m_clock.now().wallMs, !backupsAreEmpty});
    } else if (verb == QLatin1String("stop")) {
        h.running = false;
    } else if (verb == QLatin1String("start")) {
        const FakeRelease release = releases.value(argument);
        job.pollsLeft = pollsOfAStart;
        if (!h.halfMigrated.isEmpty()) {
            job.out = "refused: the database is half-migrated\n";
            job.exitStatus = 1;
            return;
        }
        for (const QString &migration : release.migrations) {
            if (h.ledger.contains(migration))
                continue;
            job.out += "begin " + migration.toUtf8() + "\n";
            if (migration == release.failing) {
                h.halfMigrated = migration;
                if (failsInSilence) {
                    job.out = "migrations done\n";
                    h.version = argument;
                    h.running = true;
                    return;
                }
                job.out += "failed " + migration.toUtf8() + ": column exists" + saidBesides + "\n";
                job.exitStatus = 1;
                return;
            }
            h.ledger.append(migration);
            job.out += "applied " + migration.toUtf8() + " in 12 ms\n";
        }
        job.out += "migrations done\n";
        h.version = argument;
        h.running = true;
    } else if (verb == QLatin1String("restore")) {
        if (!text.contains(QLatin1String("printf '%s\\n' %1.example.test").arg(name))) {
            job.exitStatus = 3;
            return;
        }
        const FakeHost::Bundle bundle = h.backups.value(argument);
        h.ledger = bundle.ledger;
        h.content = bundle.content;
        h.halfMigrated.clear();
    }
}

} // namespace bellwether
