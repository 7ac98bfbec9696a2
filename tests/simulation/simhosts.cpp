#include "simhosts.h"

#include "base/canonicaljson.h"

namespace bellwether {

namespace {

// A bundle gets its name once it is whole, and an older one of that name is kept beside it, as profiles promise that call
// their backup idempotent. Where there is none to lose it grows under its name: it may be found without its end.
QString growsAs(const SimProduct &p, const QString &name)
{
    return p.backups.value(name).readable ? name + QStringLiteral(".partial") : name;
}

} // namespace

SimHosts::SimHosts(SimTime &time, SimRandom &random, quint64 seed)
    : m_time(time)
    , m_random(random)
    , m_hangs(seed ^ 0x4a265ULL)
{}

void SimHosts::add(const QString &product, const QString &machine)
{
    SimProduct p;
    p.name = product;
    p.machine = machine;
    p.healthySinceMono = m_time.mono();
    m_products.insert(product, p);
    m_machines[machine].name = machine;
}

void SimHosts::move(const QString &product, const QString &machine)
{
    if (m_machines.contains(machine))
        m_products[product].machine = machine;
}

// ---- the protocol

bool SimHosts::leaseIsFresh(const SimMachine &m) const
{
    return !m.leaseOwner.isEmpty() && m.leaseBoot == m.boot && m_time.mono() - m.leaseMono < m.leaseTtlS * 1000LL;
}

const SimJob *SimHosts::live(const SimMachine &m) const
{
    for (const SimJob &job : m.jobs)
        if (!job.done && (job.supervised || job.working))
            return &job;
    return nullptr;
}

SimJob *SimHosts::job(const QString &machine, const QString &token)
{
    SimMachine &m = m_machines[machine];
    const auto it = m.jobs.find(token);
    return it == m.jobs.end() ? nullptr : &*it;
}

std::optional<Error> SimHosts::heldByAnother(const QString &product, const QString &owner) const
{
    const QMap<QString, QString> holds = m_machines[m_products[product].machine].holds;
    for (auto it = holds.cbegin(); it != holds.cend(); ++it)
        if (it.key() != owner)
            return Error{ErrorCode::HostHeld, {product, it.key(), it.value()}, {}, nullptr};
    return {};
}

void SimHosts::hold(const QString &product, const QString &owner, const QString &reason)
{
    m_machines[m_products[product].machine].holds.insert(owner, reason);
}

void SimHosts::unhold(const QString &product, const QString &owner)
{
    m_machines[m_products[product].machine].holds.remove(owner);
}

Result<Lease> SimHosts::lock(const QString &product, const QString &owner, int ttlS, const LeaseClaim &claim)
{
    SimMachine &m = m_machines[m_products[product].machine];
    if (const auto held = heldByAnother(product, owner))
        return std::unexpected(*held);
    Lease lease;
    lease.held = true;
    lease.ownHold = m.holds.contains(owner);
    if (m.leaseOwner == owner && m.epoch > 0) {
        m.leaseMono = m_time.mono();
        m.leaseBoot = m.boot;
        m.leaseTtlS = ttlS;
        lease.epoch = m.epoch;
        return lease;
    }
    if (leaseIsFresh(m))
        return fail(ErrorCode::HostLocked, {product, m.leaseOwner, QStringLiteral("60"), m.leaseBy, {}});
    if (const SimJob *other = live(m); other && other->owner != owner)
        return fail(ErrorCode::HostBusy, {product, other->token + QStringLiteral(" of ") + other->owner});
    if (!m.leaseOwner.isEmpty() && m.leaseOwner != claim.takeFrom)
        return fail(ErrorCode::HostLeaseStale, {product, m.leaseOwner, m.leaseBy, {}, QString::number((m_time.mono() - m.leaseMono) / 1000)});
    if (m.diskFull)
        return fail(ErrorCode::HostDiskFull, {product});
    lease.takenFrom = m.leaseOwner;
    lease.epoch = ++m.epoch;
    m.leases.insert(m.epoch, owner);
    m.leaseOwner = owner;
    m.leaseBy = claim.by;
    m.leaseMono = m_time.mono();
    m.leaseTtlS = ttlS;
    m.leaseBoot = m.boot;
    return lease;
}

Status SimHosts::renew(const QString &product, qint64 epoch, const QString &owner, int ttlS)
{
    SimMachine &m = m_machines[m_products[product].machine];
    if (m.epoch != epoch || m.leaseOwner != owner)
        return fail(ErrorCode::HostFenced, {product, m.leaseOwner, QString::number(m.epoch)});
    m.leaseMono = m_time.mono();
    m.leaseBoot = m.boot;
    m.leaseTtlS = ttlS;
    return {};
}

Status SimHosts::unlock(const QString &product, qint64 epoch, const QString &owner)
{
    SimMachine &m = m_machines[m_products[product].machine];
    if (m.epoch != epoch || m.leaseOwner != owner)
        return fail(ErrorCode::HostFenced, {product, m.leaseOwner, QString::number(m.epoch)});
    m.leaseOwner.clear();
    return {};
}

Result<JobState> SimHosts::start(const QString &product, const QString &token, qint64 epoch, const QString &owner, const QByteArray &script, int timeoutS)
{
    const QString name = m_products[product].machine;
    SimMachine &m = m_machines[name];
    if (m.epoch != epoch || m.leaseOwner != owner)
        return fail(ErrorCode::HostFenced, {product, m.leaseOwner, QString::number(m.epoch)});
    if (m.diskFull)
        return fail(ErrorCode::HostDiskFull, {product});
    if (const SimJob *known = job(name, token)) {
        if (known->script != script)
            return fail(ErrorCode::Internal, {QStringLiteral("host protocol on %1: err=token-reused").arg(name)});
        return poll(product, token, 0).state;
    }
    if (const auto held = heldByAnother(product, owner))
        return std::unexpected(*held);
    if (const SimJob *other = live(m))
        return fail(ErrorCode::HostBusy, {product, other->token + QStringLiteral(" of ") + other->owner});
    SimJob fresh;
    fresh.token = token;
    fresh.product = product;
    fresh.owner = owner;
    fresh.script = script;
    fresh.beganMono = m_time.mono();
    if (timeoutS > 0 && hanging > 0 && m_hangs.chance(hanging)) {
        fresh.hangsMs = timeoutS * 1000LL + m_hangs.between(1, 30'000);
        fresh.stubborn = m_hangs.chance(0.5);
    }
    m.jobs.insert(token, fresh);
    if (onClaimed)
        onClaimed(product, token, epoch, owner, script);
    carryOut(name, token);
    if (timeoutS > 0)
        m_time.after(timeoutS * 1000LL, [this, name, token] { deadline(name, token); });
    return JobState::Running;
}

JobPoll SimHosts::poll(const QString &product, const QString &token, qint64 outOffset) const
{
    JobPoll p;
    const SimMachine &m = m_machines[m_products[product].machine];
    const auto it = m.jobs.constFind(token);
    if (it == m.jobs.cend())
        return p;
    p.outSize = it->out.size();
    p.out = it->out.mid(outOffset, 256);
    p.state = it->done ? JobState::Done : it->supervised ? JobState::Running : JobState::Lost;
    p.stepAlive = it->working && !it->done;
    p.exitStatus = it->done ? it->exitStatus : -1;
    p.why = it->why;
    p.durationS = ((it->done ? it->endedMono : m_time.mono()) - it->beganMono) / 1000;
    return p;
}

Status SimHosts::cancel(const QString &product, const QString &token, qint64 epoch, const QString &owner)
{
    SimMachine &m = m_machines[m_products[product].machine];
    if (m.epoch != epoch || m.leaseOwner != owner)
        return fail(ErrorCode::HostFenced, {product, m.leaseOwner, QString::number(m.epoch)});
    SimJob *j = job(m.name, token);
    if (!j)
        return fail(ErrorCode::Internal, {QStringLiteral("host protocol on %1: err=absent").arg(m.name)});
    if (j->done)
        return {};
    breakOff(m_products[product], *j);
    j->why = QStringLiteral("cancel");
    endOf(*j, 143);
    return {};
}

// What its supervisor writes down of a step that was ended; of one whose supervisor is gone nobody does.
void SimHosts::endOf(SimJob &j, int exitStatus)
{
    j.exitStatus = exitStatus;
    j.done = j.supervised;
    j.endedMono = m_time.mono();
}

// TERM, and a KILL ten seconds later: as resources/host/supervisor.sh does, also once the supervisor itself was killed.
void SimHosts::deadline(const QString &machine, const QString &token)
{
    SimJob *j = job(machine, token);
    if (!j || j->done || !j->working)
        return;
    j->why = QStringLiteral("timeout");
    if (!j->stubborn) {
        breakOff(m_products[j->product], *j);
        return endOf(*j, 143);
    }
    m_time.after(10'000, [this, machine, token] {
        SimJob *left = job(machine, token);
        if (!left || left->done || !left->working)
            return; // it came to its end by itself
        breakOff(m_products[left->product], *left);
        endOf(*left, 137);
    });
}

Status SimHosts::acknowledge(const QString &product, const QString &token)
{
    SimJob *j = job(m_products[product].machine, token);
    if (!j || !j->done)
        return fail(ErrorCode::Internal, {QStringLiteral("host protocol on %1: err=notdone").arg(m_products[product].machine)});
    j->acknowledged = true;
    return {};
}

HostFacts SimHosts::measure(const QString &product) const
{
    const SimProduct p = m_products[product];
    HostFacts f;
    f.measuredMs = m_time.now().wallMs;
    f.reachable = true;
    f.version = Version::parse(p.version).value();
    f.health = healthOf(product);
    f.healthDetail = nameOf(f.health);
    f.ledger = Ledger{p.ledger, ledgerTellsHalf ? p.halfMigrated : QString()};
    f.content = p.content;
    f.bootId = QString::number(m_machines[p.machine].boot);
    f.machineId = sha256Hex(p.machine.toUtf8()).left(32);
    f.hostKey = QStringLiteral("SHA256:key of %1").arg(p.machine);
    return f;
}

Health SimHosts::healthOf(const QString &product) const
{
    const SimProduct p = m_products[product];
    if (!p.running)
        return Health::Unhealthy;
    return p.sick ? Health::Unhealthy : releases.value(p.version).healthy ? Health::Ok : Health::Starting;
}

Backup SimHosts::backup(const QString &product, const QString &path) const
{
    Backup b;
    b.path = path;
    const QMap<QString, SimBundle> &known = m_products[product].backups;
    const auto it = known.constFind(path);
    if (it == known.cend()) {
        b.problem = QStringLiteral("there is none");
        return b;
    }
    b.startedMs = it->startedMs;
    b.endedMs = it->endedMs;
    b.content = it->content;
    b.size = it->readable ? 4096 : 17;
    b.verified = it->readable;
    b.problem = it->readable ? QString() : QStringLiteral("its end is missing");
    return b;
}

// product is stopped | is running VERSION | has backup PATH | has pinned VERSION
bool SimHosts::ask(const QString &product, const QStringList &argv) const
{
    const SimProduct p = m_products[product];
    const QString what = argv.value(2), argument = argv.value(3);
    if (what == QLatin1String("stopped"))
        return !p.running;
    if (what == QLatin1String("running"))
        return p.running && p.version == argument;
    if (what == QLatin1String("backup"))
        return p.backups.value(argument).readable;
    if (what == QLatin1String("pinned"))
        return p.pinned == argument;
    if (what == QLatin1String("restored")) {
        const SimBundle bundle = p.backups.value(argument);
        return bundle.readable && p.ledger == bundle.ledger && p.halfMigrated.isEmpty() && p.content == bundle.content;
    }
    return false;
}

// ---- what steps do

void SimHosts::settle(SimProduct &p)
{
    const bool healthy = p.running && !p.sick && releases.value(p.version).healthy;
    if (healthy == (p.healthySinceMono > 0))
        return;
    // What is over before a sample over a bad network could see it counts as if it had not been.
    const bool unseen = healthy && p.sickSinceMono > 0 && m_time.mono() - p.sickSinceMono < 35'000;
    if (!healthy)
        p.healthyBeforeMono = p.healthySinceMono;
    p.healthySinceMono = !healthy ? 0 : unseen && p.healthyBeforeMono > 0 ? p.healthyBeforeMono : m_time.mono();
    p.sickSinceMono = healthy ? 0 : m_time.mono();
}

// A step that dies leaves what it was in the middle of.
void SimHosts::breakOff(SimProduct &p, SimJob &j)
{
    if (!j.working)
        return;
    j.working = false;
    const QString middle = m_inTheMiddle.take(j.token);
    if (!middle.isEmpty() && (middle.startsWith(QLatin1Char('(')) || m_random.chance(0.7))) // else its transaction was undone
        p.halfMigrated = middle;
}

void SimHosts::work(const QString &machine, const QString &token, std::vector<std::pair<qint64, std::function<bool(SimProduct &, SimJob &)>>> parts)
{
    if (parts.empty())
        parts.push_back({100, [](SimProduct &, SimJob &) { return true; }});
    const qint64 delay = parts.front().first + std::exchange(job(machine, token)->hangsMs, 0);
    m_time.after(delay, [this, machine, token, parts = std::move(parts)]() mutable {
        SimJob *j = job(machine, token);
        if (!j || !j->working || j->done)
            return;
        SimProduct &p = m_products[j->product];
        const bool goesOn = parts.front().second(p, *j);
        settle(p);
        parts.erase(parts.begin());
        if (goesOn && !parts.empty())
            return work(machine, token, std::move(parts));
        j->working = false;
        if (j->supervised) {
            j->done = true;
            j->endedMono = m_time.mono();
        }
    });
}

void SimHosts::carryOut(const QString &machine, const QString &token)
{
    SimJob &j = *job(machine, token);
    const QString text = QString::fromUtf8(j.script);
    if (text.startsWith(QLatin1String("set -- "))) { // pin
        const QString value = text.section(QLatin1Char('\n'), 0, 0).split(QLatin1Char(' ')).value(4);
        return work(machine, token, {{m_random.between(50, 900), [value](SimProduct &p, SimJob &) {
            p.pinned = value;
            return true;
        }}});
    }
    const QStringList words = text.mid(text.lastIndexOf(QLatin1String("product "))).trimmed().split(QLatin1Char(' '));
    const QString verb = words.value(1), argument = words.value(2);
    if (verb == QLatin1String("backup")) {
        const qint64 length = m_random.between(500, 15'000);
        return work(machine, token, {{50, [this, argument](SimProduct &p, SimJob &) {
            p.backups.insert(growsAs(p, argument), {p.version, p.ledger, p.content, m_time.now().wallMs, 0, false});
            return true;
        }}, {length, [this, argument](SimProduct &p, SimJob &b) {
            if (m_machines[p.machine].diskFull) {
                b.out += "no space left\n";
                b.exitStatus = 1;
                return false;
            }
            SimBundle bundle = p.backups.take(growsAs(p, argument));
            bundle.endedMs = m_time.now().wallMs;
            bundle.readable = true;
            if (p.backups.contains(argument)) {
                int n = 1;
                while (p.backups.contains(QStringLiteral("%1.%2").arg(argument).arg(n)))
                    ++n;
                const SimBundle older = p.backups.take(argument);
                p.backups.insert(QStringLiteral("%1.%2").arg(argument).arg(n), older);
            }
            p.backups.insert(argument, bundle);
            return true;
        }}});
    }
    if (verb == QLatin1String("stop"))
        return work(machine, token, {{m_random.between(100, 6000), [](SimProduct &p, SimJob &) {
            p.running = false;
            return true;
        }}});
    if (verb == QLatin1String("start"))
        return migrateAndStart(machine, token, argument);
    if (verb == QLatin1String("wait")) // for somebody to end it
        return work(machine, token, {{1'000'000'000'000, [](SimProduct &, SimJob &) { return true; }}});
    if (verb == QLatin1String("validate"))
        return work(machine, token, {{m_random.between(100, 3000), [argument](SimProduct &p, SimJob &b) {
            b.exitStatus = p.backups.value(argument).readable ? 0 : 1;
            return true;
        }}});
    if (verb == QLatin1String("restore")) {
        const bool typed = text.contains(QStringLiteral("printf '%s\\n' %1.example.test").arg(j.product));
        return work(machine, token, {{200, [this, typed, argument, token](SimProduct &p, SimJob &b) {
            if (!typed) {
                b.exitStatus = 3;
                return false;
            }
            if (!p.backups.value(argument).readable)
                p.ruined = QStringLiteral("a database was dropped for a backup that cannot be read");
            if (p.running)
                p.ruined = QStringLiteral("a database was dropped under a running product");
            m_inTheMiddle.insert(token, QStringLiteral("(restore)"));
            p.ledger.clear();
            p.content.clear();
            return true;
        }}, {m_random.between(500, 20'000), [this, argument, token](SimProduct &p, SimJob &) {
            const SimBundle bundle = p.backups.value(argument);
            m_inTheMiddle.remove(token);
            p.ledger = bundle.ledger;
            p.content = bundle.content;
            p.halfMigrated.clear();
            return true;
        }}});
    }
    work(machine, token, {});
}

void SimHosts::migrateAndStart(const QString &machine, const QString &token, const QString &version)
{
    std::vector<std::pair<qint64, std::function<bool(SimProduct &, SimJob &)>>> parts;
    parts.push_back({200, [this, version](SimProduct &p, SimJob &b) {
        if (!p.halfMigrated.isEmpty()) {
            b.out += "refused: the database is half-migrated\n";
            b.exitStatus = 1;
            return false;
        }
        QStringList known{QStringLiteral("0001"), QStringLiteral("0002")};
        for (auto it = releases.cbegin(); it != releases.cend() && Version::parse(it.key()).value() <= Version::parse(version).value(); ++it)
            known += it->migrations;
        for (const QString &applied : std::as_const(p.ledger))
            if (!known.contains(applied) && !applied.startsWith(QLatin1String("add-")))
                p.ruined = QStringLiteral("%1 was started on a database that has had %2").arg(version, applied);
        if (!p.ledger.contains(QLatin1String("0002")))
            p.ruined = QStringLiteral("%1 was started on an empty database").arg(version);
        if (p.running && p.version != version) // the same one again is no harm: it is up already
            p.ruined = QStringLiteral("%1 was started beside %2").arg(version, p.version);
        return true;
    }});
    QStringList wanted;
    for (auto it = releases.cbegin(); it != releases.cend() && Version::parse(it.key()).value() <= Version::parse(version).value(); ++it)
        wanted += it->migrations;
    for (const QString &migration : std::as_const(wanted)) {
        QString owner;
        for (auto it = releases.cbegin(); it != releases.cend(); ++it)
            if (it->migrations.contains(migration))
                owner = it.key();
        const bool fails = releases.value(owner).failing == migration;
        parts.push_back({m_random.between(20, 800), [this, migration, token](SimProduct &p, SimJob &b) {
            if (p.ledger.contains(migration))
                return true;
            b.out += "begin " + migration.toUtf8() + "\n";
            m_inTheMiddle.insert(token, migration);
            return true;
        }});
        parts.push_back({m_random.between(10, m_random.chance(0.1) ? 90'000 : 4000), [this, migration, fails, token](SimProduct &p, SimJob &b) {
            m_inTheMiddle.remove(token);
            if (p.ledger.contains(migration))
                return true;
            if (fails) {
                p.halfMigrated = migration;
                b.out += "failed " + migration.toUtf8() + ": column exists at postgres://app:" + QByteArray(simSecret) + "@db/app\n\"DB_PASSWORD\": \"" + simSecret + "\"\n";
                b.exitStatus = 1;
                return false;
            }
            p.ledger.append(migration);
            b.out += "applied " + migration.toUtf8() + " in 12 ms\n";
            return true;
        }});
    }
    parts.push_back({m_random.between(100, 3000), [version](SimProduct &p, SimJob &b) {
        b.out += "migrations done\n";
        p.version = version;
        p.running = true;
        ++p.starts;
        return true;
    }});
    work(machine, token, std::move(parts));
}

// ---- faults

void SimHosts::reboot(const QString &machine, qint64 downMs)
{
    SimMachine &m = m_machines[machine];
    if (!m.up)
        return;
    m.up = false;
    for (SimJob &j : m.jobs) {
        if (j.done)
            continue;
        breakOff(m_products[j.product], j);
        j.supervised = false;
    }
    QSet<QString> ran;
    for (SimProduct &p : m_products) {
        if (p.machine != machine)
            continue;
        if (p.running)
            ran.insert(p.name);
        p.running = false;
        settle(p);
    }
    m_time.after(downMs, [this, machine, ran] {
        SimMachine &back = m_machines[machine];
        back.up = true;
        ++back.boot;
        for (const QString &name : ran) { // its restart policy
            m_products[name].running = true;
            settle(m_products[name]);
        }
    });
}

void SimHosts::killSupervisor(const QString &machine, bool itsStepToo)
{
    for (SimJob &j : m_machines[machine].jobs) {
        if (j.done || !j.supervised)
            continue;
        if (itsStepToo)
            breakOff(m_products[j.product], j);
        j.supervised = false;
    }
}

void SimHosts::setSick(const QString &product, bool sick)
{
    m_products[product].sick = sick;
    settle(m_products[product]);
}

} // namespace bellwether
