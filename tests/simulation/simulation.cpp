#include "simulation.h"

#include "base/canonicaljson.h"
#include "rollout/decide.h"
#include "rollout/gates.h"
#include "rollout/wayback.h"

#include <QCryptographicHash>

namespace bellwether {

namespace {

Step step(const char *name, StepKind kind, const QStringList &argv = {}, const QStringList &verify = {})
{
    Step s;
    s.name = QString::fromLatin1(name);
    s.kind = kind;
    s.argv = argv;
    s.verify = verify;
    if (kind == StepKind::Stop || kind == StepKind::Pin || kind == StepKind::Validate) // whose deadline the host keeps
        s.deadlineS = kind == StepKind::Validate ? 300 : kind == StepKind::Stop ? 60 : 30;
    return s;
}

Step pin(const QString &version)
{
    Step s = step("pin", StepKind::Pin);
    s.pinFile = QStringLiteral("/srv/product/.env");
    s.pinKey = QStringLiteral("VERSION");
    s.pinValue = version;
    return s;
}

QStringList product(const char *verb, const QString &argument = {})
{
    QStringList argv{QStringLiteral("product"), QString::fromLatin1(verb)};
    if (!argument.isEmpty())
        argv.append(argument);
    return argv;
}

QStringList isIt(const char *what, const QString &argument = {})
{
    QStringList argv{QStringLiteral("product"), QStringLiteral("is"), QString::fromLatin1(what)};
    if (!argument.isEmpty())
        argv.append(argument);
    return argv;
}

bool doesNotAnswer(const HostRun &h)
{
    return h.current() && !h.connected;
}

constexpr qint64 faultsLastMs = 12 * 60'000;
constexpr qint64 longestMs = 8 * 3600'000; // of virtual time, after which a rollout that has not ended never will

} // namespace

Simulation::Simulation(quint64 seed)
    : m_seed(seed)
    , m_random(seed)
    , m_stops(seed ^ 0x5709a110ULL)
    , m_somebodyStops(m_stops.chance(0.2))
    , m_names(seed ^ 0x2a3e5ULL)
    , m_namesAreShared(m_names.chance(0.3))
    , m_patience(seed ^ 0x6a72bULL)
    , m_somebodyGivesUp(m_patience.chance(0.3))
    , m_regrets(seed ^ 0x3e62e7ULL)
    , m_somebodyRegrets(m_regrets.chance(0.3))
    , m_hosts(m_time, m_random, seed)
    , m_beganMono(m_time.mono())
    , m_faultsEndMono(m_beganMono + faultsLastMs)
{
    m_hosts.ledgerTellsHalf = !SimRandom(seed ^ 0x51e7ULL).chance(0.3);
    m_hosts.hanging = SimRandom(seed ^ 0x51094ULL).chance(0.15) ? 0.1 : 0;
    makeReleases();
    const int consoles = m_random.chance(0.15) ? 2 : 1;
    const bool onDisk = SimRandom(seed ^ 0xd159ULL).chance(0.25); // with the real journal
    for (int i = 0; i < consoles; ++i)
        m_consoles.push_back(std::make_unique<SimConsole>(QStringLiteral("workspace-%1").arg(i + 1), m_time, m_random, m_hosts,
                                                          onDisk ? std::make_unique<SimJournal>(seed + quint64(i)) : nullptr));
    m_hosts.onClaimed = [this](const QString &host, const QString &token, qint64 epoch, const QString &owner, const QByteArray &script) {
        ++m_effects;
        for (auto &console : m_consoles)
            if (console->workspace == owner)
                console->invariants.claimed(host, token, epoch, script);
    };
}

Simulation::~Simulation() = default;

void Simulation::say(const QString &what)
{
    m_story.append(QStringLiteral("%1 s: %2").arg((m_time.mono() - m_beganMono) / 1000, 5).arg(what));
}

void Simulation::makeReleases()
{
    static const QList<QList<QString>> paths{{QStringLiteral("1.4.1")}, {QStringLiteral("1.5.0")}, {QStringLiteral("1.5.0"), QStringLiteral("1.6.0")}};
    m_versions = paths[m_random.below(3)];
    m_hosts.releases.insert(QStringLiteral("1.4.0"), {});
    int number = 3;
    for (const QString &version : std::as_const(m_versions)) {
        SimRelease release;
        const bool adds = version == QLatin1String("1.4.1") || m_random.chance(0.2);
        for (int n = m_random.below(4); n > 0; --n)
            release.migrations.append(QStringLiteral("%1%2").arg(adds ? QStringLiteral("add-") : QString()).arg(number++, 4, 10, QLatin1Char('0')));
        if (!release.migrations.isEmpty() && m_random.chance(0.2))
            release.failing = release.migrations[m_random.below(int(release.migrations.size()))];
        release.healthy = !m_random.chance(0.12);
        m_hosts.releases.insert(version, release);
        say(QStringLiteral("%1 has %2%3%4").arg(version, release.migrations.isEmpty() ? QStringLiteral("no migration") : release.migrations.join(QLatin1Char(' ')),
                                              release.failing.isEmpty() ? QString() : QStringLiteral(", %1 fails").arg(release.failing), release.healthy ? QString() : QStringLiteral(", never healthy")));
    }
}

Plan Simulation::makePlan()
{
    Plan plan;
    plan.product = QStringLiteral("product");
    plan.productName = QStringLiteral("Product");
    plan.to = Version::parse(m_versions.last()).value();
    plan.policy.patchRollbackKeepsData = m_random.chance(0.5);
    Strategy &s = plan.strategy;
    s.bakeCanaryS = s.bakeCanaryPatchS = s.bakeWaveS = s.bakeWavePatchS = int(m_random.between(10, 120));
    s.steadyS = int(m_random.between(2, 20));
    s.healthIntervalS = int(m_random.between(1, 5));
    s.healthDeadlineS = int(m_random.between(60, 180));
    s.manualGate = m_random.chance(0.6);
    s.autoRollback = m_random.chance(0.3) ? AutoRollback::Patch : AutoRollback::Off;
    s.parallel = int(m_random.between(1, 4));
    s.parallelLater = int(m_random.between(1, 6));
    s.leaseTtlS = 150;
    plan.log.began = {QStringLiteral("^begin (?<name>\\S+)")};
    plan.log.ran = {QStringLiteral("^applied (?<name>\\S+) in (?<ms>\\d+) ms")};
    plan.log.failed = {QStringLiteral("^failed (?<name>\\S+): (?<reason>.*)")};
    plan.log.succeeded = {QStringLiteral("^migrations done")};
    plan.author = QStringLiteral("ann");
    plan.waves = {{QStringLiteral("Canary"), {}}, {QStringLiteral("Wave 1"), {}}, {QStringLiteral("Wave 2"), {}}};
    const bool verified = m_random.chance(0.5);
    const int hosts = int(m_random.between(1, 5));
    for (int i = 1; i <= hosts; ++i) {
        PlanHost h;
        h.installation.name = QStringLiteral("host-%1").arg(i);
        const int machine = m_random.chance(0.2) ? std::max(1, i - 1) : i;
        h.installation.endpoint.address = QStringLiteral("127.0.9.%1").arg(machine);
        h.installation.endpoint.user = QStringLiteral("ops");
        h.installation.product = plan.product;
        h.installation.directory = QStringLiteral("/srv/product");
        h.installation.domain = h.installation.name + QStringLiteral(".example.test");
        h.from = Version::parse(QStringLiteral("1.4.0")).value();
        Version from = h.from;
        for (const QString &version : std::as_const(m_versions)) {
            const SimRelease release = m_hosts.releases[version];
            Hop hop;
            hop.from = from;
            hop.to = Version::parse(version).value();
            hop.migrations = release.migrations;
            hop.schema = release.migrations.isEmpty() ? (m_random.chance(0.8) ? SchemaChange::None : SchemaChange::Unknown)
                         : release.migrations.first().startsWith(QLatin1String("add-")) ? SchemaChange::Additive : SchemaChange::Rewriting;
            const QString backup = QStringLiteral("{backup}"), old = from.toString();
            hop.backupPath = QStringLiteral("/backups/{rollout}-%1").arg(version);
            auto proof = [verified](const QStringList &argv) { return verified ? argv : QStringList(); };
            Step stop = step("stop", StepKind::Stop, product("stop"), proof(isIt("stopped")));
            stop.safe = true;
            hop.steps = {step("preflight", StepKind::Preflight), step("backup", StepKind::Backup, product("backup", backup)), stop, pin(version),
                         step("migrate", StepKind::Migrate, product("start", version), proof(isIt("running", version))), step("health", StepKind::Health), step("check", StepKind::Check)};
            hop.tagOnly = {step("stop", StepKind::Stop, product("stop"), proof(isIt("stopped"))), pin(old), step("start", StepKind::Start, product("start", old), proof(isIt("running", old))),
                           step("health", StepKind::Health), step("check", StepKind::Check)};
            Step restore = step("restore", StepKind::Restore, product("restore", backup), proof(isIt("restored", backup)));
            restore.stdinText = QStringLiteral("{confirmed-domain}");
            hop.restore = {step("validate", StepKind::Validate, product("validate", backup)), step("stop", StepKind::Stop, product("stop"), proof(isIt("stopped"))), pin(old), restore,
                           step("start", StepKind::Start, product("start", old), proof(isIt("running", old))), step("health", StepKind::Health), step("check", StepKind::Check)};
            h.hops.append(hop);
            from = hop.to;
        }
        const QString truth = h.installation.endpoint.machine();
        m_hosts.add(h.installation.name, truth);
        if (m_namesAreShared && i > 1)
            giveAnotherName(h, i);
        plan.waves[i == 1 ? 0 : i <= 3 ? 1 : 2].hosts.append(h.installation.name);
        plan.hosts.append(h);
    }
    plan.waves.removeIf([](const PlanWave &w) { return w.hosts.isEmpty(); });
    if (!m_hosts.ledgerTellsHalf)
        say(QStringLiteral("the ledger does not tell of migrations that did not end"));
    say(QStringLiteral("%1 hosts, %2 hops, bake %3 s, health every %4 s, %5, auto-rollback %6, steps %7").arg(hosts).arg(m_versions.size()).arg(s.bakeCanaryS).arg(s.healthIntervalS)
            .arg(s.manualGate ? QStringLiteral("manual gate") : QStringLiteral("no manual gate"), nameOf(s.autoRollback), verified ? QStringLiteral("verified") : QStringLiteral("not verified")));
    return plan;
}

// A machine with two names: planned as one, or found out on the way.
void Simulation::giveAnotherName(PlanHost &h, int number)
{
    SimProduct &product = m_hosts.product(h.installation.name);
    if (m_names.chance(0.6))
        m_hosts.move(product.name, QStringLiteral("127.0.9.%1:22").arg(m_names.between(1, number - 1)));
    if (product.machine == h.installation.endpoint.machine() && m_names.chance(0.5))
        return;
    h.installation.endpoint.address = QStringLiteral("127.0.10.%1").arg(number);
    if (m_names.chance(0.4))
        h.sharedMachine = product.machine;
    say(QStringLiteral("%1 is on %2%3").arg(product.name, product.machine, h.sharedMachine ? QStringLiteral(", as planned") : QStringLiteral(", and nobody knows")));
}

// ---- faults

void Simulation::arrangeFaults()
{
    const int faults = m_random.chance(0.1) ? 0 : int(m_random.between(1, 14));
    for (int i = 0; i < faults; ++i)
        m_time.after(m_random.between(0, m_random.chance(0.6) ? 180'000 : faultsLastMs), [this] { fault(); });
    if (m_random.chance(0.3)) {
        for (const QString &name : m_hosts.machines().keys())
            m_hosts.machine(name).loss = m_random.chance(0.5) ? 0.02 : 0.3;
        say(QStringLiteral("messages get lost"));
    }
}

void Simulation::fault()
{
    if (m_time.mono() >= m_faultsEndMono)
        return;
    const QStringList machines = m_hosts.machines().keys();
    const QString machine = machines[m_random.below(int(machines.size()))];
    SimConsole &console = *m_consoles[size_t(m_random.below(int(m_consoles.size())))];
    const QString host = QStringLiteral("host-%1").arg(m_random.between(1, machines.size()));
    const qint64 length = m_random.chance(0.3) ? m_random.between(60'000, 400'000) : m_random.between(200, 30'000);
    const qint64 untilEnd = std::max<qint64>(1, std::min(length, m_faultsEndMono - m_time.mono()));
    switch (m_random.below(11)) {
    case 0:
    case 1:
        say(QStringLiteral("link to %1 cut for %2 s").arg(machine).arg(untilEnd / 1000));
        m_hosts.machine(machine).cut = true;
        return m_time.after(untilEnd, [this, machine] { m_hosts.machine(machine).cut = false; });
    case 2:
        say(QStringLiteral("%1 reboots").arg(machine));
        return m_hosts.reboot(machine, std::min<qint64>(untilEnd, 90'000));
    case 3: {
        const bool both = m_random.chance(0.5);
        say(QStringLiteral("supervisor on %1 killed%2").arg(machine, both ? QStringLiteral(" with its step") : QString()));
        return m_hosts.killSupervisor(machine, both);
    }
    case 4:
        say(QStringLiteral("disk of %1 full for %2 s").arg(machine).arg(untilEnd / 1000));
        m_hosts.machine(machine).diskFull = true;
        return m_time.after(untilEnd, [this, machine] { m_hosts.machine(machine).diskFull = false; });
    case 5:
        say(QStringLiteral("%1 is sick for %2 s").arg(host).arg(untilEnd / 1000));
        m_hosts.setSick(host, true);
        return m_time.after(untilEnd, [this, host] { m_hosts.setSick(host, false); });
    case 6:
        say(QStringLiteral("%1: disk full for %2 s").arg(console.workspace).arg(untilEnd / 1000));
        console.diskFull = true;
        return m_time.after(untilEnd, [&console] { console.diskFull = false; });
    case 7:
    case 8:
        if (!console.runs())
            return;
        say(QStringLiteral("%1 killed for %2 s").arg(console.workspace).arg(untilEnd / 1000));
        console.kill();
        return m_time.after(untilEnd, [this, &console] {
            if (console.engine)
                return;
            say(QStringLiteral("%1 starts again").arg(console.workspace));
            console.begin();
        });
    case 9:
        if (!console.runs())
            return;
        say(QStringLiteral("%1 sleeps for %2 s").arg(console.workspace).arg(untilEnd / 1000));
        return console.sleepFor(untilEnd);
    case 10:
        say(QStringLiteral("wall clock jumps"));
        return m_time.jumpWall(m_random.chance(0.5) ? 86'400'000 : -86'400'000);
    }
}

// ---- people

void Simulation::later(Operator &op)
{
    m_time.after(m_time.mono() < m_faultsEndMono ? m_random.between(2000, 40'000) : m_random.between(5000, 20'000), [this, &op] {
        operate(op);
        if (!ended())
            later(op);
    });
}

void Simulation::operate(Operator &op)
{
    SimConsole &console = *op.console;
    if (!console.runs())
        return;
    if (console.engine->workspace().rollouts.isEmpty())
        return;
    const RolloutState &s = console.engine->workspace().rollouts.last();
    if (stopOrRelease(op) || s.isEnded() || giveUp(op, s))
        return;
    if (m_time.mono() < m_faultsEndMono)
        meddle(op, s);
    else
        mend(op, s);
}

// In some nights an operator stops everything, now and then, and releases it later; once the faults end for certain.
bool Simulation::stopOrRelease(Operator &op)
{
    if (!m_somebodyStops)
        return false;
    const bool held = op.console->engine->workspace().hold.has_value(), faults = m_time.mono() < m_faultsEndMono;
    if (held ? faults && m_stops.chance(0.6) : !faults || m_stops.chance(0.85))
        return false;
    say(held ? QStringLiteral("%1 releases").arg(op.name) : QStringLiteral("%1 stops everything").arg(op.name));
    op.console->ask(held ? QStringLiteral("release") : QStringLiteral("stop-all"), {{QStringLiteral("reason"), QStringLiteral("because")}}, op.name);
    return true;
}

// In some nights an operator waits no longer for what became of a step, where the host does not answer and a person may
// leave it. The step goes on there all the same, and what comes after it waits for the host's one slot.
bool Simulation::giveUp(Operator &op, const RolloutState &s)
{
    if (!m_somebodyGivesUp)
        return false;
    const QStringList mayBeLeft = permission(s, Verb::Skip).hosts;
    for (const HostRun &h : s.hosts) {
        if (!doesNotAnswer(h) || !mayBeLeft.contains(h.name) || !m_patience.chance(0.3))
            continue;
        say(QStringLiteral("%1 waits no longer for %2").arg(op.name, h.name));
        op.console->ask(nameOf(Verb::Skip), {{QStringLiteral("rollout"), s.id}, {QStringLiteral("reason"), QStringLiteral("it does not answer")}, {QStringLiteral("hosts"), QJsonArray{h.name}}}, op.name);
        return true;
    }
    return false;
}

// In some nights an operator goes back at once after a rollout has succeeded, while its leases are still being given back.
void Simulation::regret(Operator &op)
{
    op.hasRegretted = op.isRegretting = true;
    m_time.after(m_regrets.between(0, 300), [this, &op] {
        op.isRegretting = false;
        if (!op.console->runs())
            return;
        const RolloutState &s = op.console->engine->workspace().rollouts.last();
        const Permission back = permission(s, Verb::Rollback);
        if (!s.isEnded() || !back.allowed)
            return;
        say(QStringLiteral("%1 regrets it").arg(op.name));
        rollBack(op, s, back.hosts);
    });
}

void Simulation::rollBack(Operator &op, const RolloutState &s, const QStringList &hosts)
{
    QJsonObject confirm;
    QJsonArray names;
    for (const QString &host : hosts) {
        names.append(host);
        confirm.insert(host, s.plan.host(host)->installation.domain);
    }
    op.console->ask(QStringLiteral("rollback"), {{QStringLiteral("rollout"), s.id}, {QStringLiteral("hosts"), names}, {QStringLiteral("confirm"), confirm}}, op.name);
}

// While things go wrong an operator does this and that, whether it is wise or not.
void Simulation::meddle(Operator &op, const RolloutState &s)
{
    static constexpr Verb verbs[] = {Verb::Resume, Verb::Resume, Verb::Resume, Verb::Promote, Verb::Promote, Verb::Retry, Verb::Pause, Verb::Skip, Verb::Rollback, Verb::Abort};
    const Verb verb = verbs[m_random.below(10)];
    if (verb == Verb::Abort && !m_random.chance(0.1))
        return;
    if ((verb == Verb::Pause || verb == Verb::Rollback) && !m_random.chance(0.3))
        return;
    Permission p = permission(s, verb);
    if (verb == Verb::Skip) { // to give up a host that does not answer is for giveUp() alone
        p.hosts.removeIf([&](const QString &name) { return doesNotAnswer(s.hosts[name]); });
        p.allowed = p.allowed && !p.hosts.isEmpty();
    }
    if (!p.allowed && m_random.chance(0.8))
        return; // sometimes it is asked for all the same
    say(QStringLiteral("%1 asks to %2").arg(op.name, nameOf(verb)));
    if (verb == Verb::Rollback)
        return rollBack(op, s, p.hosts.isEmpty() || m_random.chance(0.5) ? p.hosts : QStringList{p.hosts[m_random.below(int(p.hosts.size()))]});
    QJsonObject args{{QStringLiteral("rollout"), s.id}, {QStringLiteral("reason"), QStringLiteral("because")}};
    if (verb == Verb::Skip && !p.hosts.isEmpty())
        args.insert(QStringLiteral("hosts"), QJsonArray{p.hosts.first()});
    op.console->ask(nameOf(verb), args, op.name);
}

// Once nothing goes wrong any more: what a sensible operator does to bring it to an end.
void Simulation::mend(Operator &op, const RolloutState &s)
{
    auto ask = [&](Verb verb, const QStringList &hosts = {}) {
        QJsonObject args{{QStringLiteral("rollout"), s.id}, {QStringLiteral("reason"), QStringLiteral("mended")}};
        if (!hosts.isEmpty())
            args.insert(QStringLiteral("hosts"), QJsonArray::fromStringList(hosts));
        say(QStringLiteral("%1 asks to %2 %3").arg(op.name, nameOf(verb), hosts.join(QLatin1Char(' '))));
        op.console->ask(nameOf(verb), args, op.name);
    };
    auto may = [&](Verb verb) { return permission(s, verb).allowed; };
    if (s.interrupted || s.pauses.contains(PauseReason::JournalFailure))
        return ask(Verb::Resume);
    if (s.abortRequested) {
        op.abortedMono = op.abortedMono > 0 ? op.abortedMono : m_time.mono();
        if (m_time.mono() - op.abortedMono > 3600'000)
            op.console->invariants.violated(QStringLiteral("I12: an hour after the abort the rollout has not ended"));
        return;
    }
    // Something is under way. Only what was stopped because another console took its host over does not go on by itself.
    for (const HostRun &h : s.hosts)
        if ((h.current() && isBegun(h.state)) || !s.rollbackOrder.isEmpty()) {
            if (may(Verb::TakeOver)) // a console that has gone silent gives nothing back
                return ask(Verb::TakeOver);
            return s.pauses.contains(PauseReason::Hold) && may(Verb::Resume) && op.retries++ < 30 ? ask(Verb::Resume) : void();
        }
    QStringList broken;
    for (const HostRun &h : s.hosts)
        if (countsAsFailure(h.state) && h.state != HostRunState::RolledBack)
            broken.append(h.name);
    if (!broken.isEmpty()) {
        const Permission back = permission(s, Verb::Rollback), again = permission(s, Verb::Retry), skip = permission(s, Verb::Skip);
        QStringList goBack;
        for (const QString &host : std::as_const(broken))
            if (back.hosts.contains(host))
                goBack.append(host);
        if (!goBack.isEmpty() && op.retries++ < 6) {
            say(QStringLiteral("%1 takes back %2").arg(op.name, goBack.join(QLatin1Char(' '))));
            return rollBack(op, s, goBack);
        }
        if (skip.allowed && skip.hosts.contains(broken.first()) && op.retries++ < 20)
            return ask(Verb::Skip, {broken.first()});
        if (again.allowed && again.hosts.contains(broken.first()) && op.retries++ < 12)
            return ask(Verb::Retry, {broken.first()});
    }
    if (may(Verb::TakeOver))
        return ask(Verb::TakeOver);
    if (may(Verb::Promote))
        return ask(Verb::Promote);
    if (!s.pauses.isEmpty() && may(Verb::Resume) && op.retries++ < 30)
        return ask(Verb::Resume);
    if (may(Verb::Retry) && op.retries++ < 30)
        return ask(Verb::Retry);
    if (!s.pauses.isEmpty() || ++op.calm > 200) // nothing helps, or nothing happens for most of an hour
        return ask(Verb::Abort);
}

bool Simulation::ended() const
{
    for (const Operator &op : m_operators)
        if (op.isRegretting)
            return false;
    for (const auto &console : m_consoles) {
        if (!console->engine || console->engine->workspace().rollouts.isEmpty())
            return false;
        for (const RolloutState &s : console->engine->workspace().rollouts)
            if (!s.isEnded())
                return false;
    }
    return m_time.mono() >= m_faultsEndMono;
}

SimulationResult Simulation::run()
{
    const Plan plan = makePlan();
    const QString text = QString::fromUtf8(writePlan(plan));
    const bool autoPromote = m_random.chance(0.3);
    for (auto &console : m_consoles)
        for (const PlanHost &host : plan.hosts)
            console->fleet.append(host.installation);
    for (size_t i = 0; i < m_consoles.size(); ++i)
        m_operators.push_back({m_consoles[i].get(), i == 0 ? QStringLiteral("ann") : QStringLiteral("ben")});
    arrangeFaults();
    for (Operator &op : m_operators) {
        op.console->onDurable = [this, &op](const Event &e) {
            const auto *end = std::get_if<RolloutEnded>(&e.body);
            if (m_somebodyRegrets && end && end->state == RolloutLifecycle::Succeeded && !op.hasRegretted)
                regret(op);
        };
        op.console->begin();
        later(op);
        // asked again until it is heard: a run that was refused because the console died is asked for again
        auto ask = std::make_shared<std::function<void()>>();
        *ask = [this, &op, text, autoPromote, weak = std::weak_ptr(ask)] {
            if (op.console->runs() && op.console->engine->workspace().rollouts.isEmpty())
                op.console->ask(QStringLiteral("run"), {{QStringLiteral("plan"), text}, {QStringLiteral("auto_promote"), autoPromote}}, op.name);
            const auto self = weak.lock();
            if (self && (!op.console->engine || op.console->engine->workspace().rollouts.isEmpty()))
                m_time.after(30'000, [self] { (*self)(); });
        };
        m_time.after(&op == &m_operators.front() ? 100 : m_random.between(100, 300'000), [ask] { (*ask)(); });
    }
    // When the faults end everything is whole again: machines are up, links are there, consoles run.
    m_time.after(faultsLastMs + 1000, [this] {
        say(QStringLiteral("the faults end"));
        m_hosts.hanging = 0;
        for (const QString &name : m_hosts.machines().keys()) {
            m_hosts.machine(name).loss = 0;
            m_hosts.machine(name).cut = m_hosts.machine(name).diskFull = false;
        }
        for (auto &console : m_consoles) {
            console->diskFull = false;
            if (!console->engine)
                console->begin();
        }
    });
    while (!ended() && m_time.mono() - m_beganMono < longestMs)
        if (!m_time.step())
            break;

    SimulationResult result;
    result.seed = m_seed;
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (const auto &console : m_consoles) {
        console->lookBack();
        result.violations += console->invariants.violations();
        result.events += console->journal.size();
        result.journals.append(console->journal);
        for (const Event &e : std::as_const(console->journal)) {
            QByteArray body = canonicalJson(eventBodyToJson(e.body));
            hash.addData(QByteArray::number(e.seq) + eventName(e.body).toUtf8() + QByteArray::number(e.monoMs) + body);
            if (body.size() > 220)
                body = body.left(220) + "…";
            result.course += QStringLiteral("%1 s: %2 %3 %4 %5\n").arg((e.monoMs - m_beganMono) / 1000, 5).arg(console->workspace.right(1)).arg(e.seq).arg(eventName(e.body), QString::fromUtf8(body));
        }
        if (!console->engine)
            continue;
        for (const RolloutState &s : console->engine->workspace().rollouts) {
            result.ends.append(nameOf(s.lifecycle));
            if (s.isEnded())
                continue;
            QStringList hosts;
            for (const HostRun &h : s.hosts)
                hosts.append(QStringLiteral("%1 %2 (%3)").arg(h.name, nameOf(h.state), h.reason));
            result.violations.append(QStringLiteral("I17: %1's rollout never ends: paused %2; %3").arg(console->workspace, QStringList(s.pauses.values()).join(QLatin1Char('|')), hosts.join(QStringLiteral(", "))));
        }
        // I13, whole: what the journal says from its first event on is what the engine holds, and what shows of it.
        Workspace again;
        again.id = console->workspace;
        for (const Event &e : std::as_const(console->journal))
            apply(again, e);
        const Now fixed{1, 1};
        for (auto it = again.rollouts.cbegin(); it != again.rollouts.cend(); ++it)
            if (statusJson(snapshotOf(it.value(), fixed)) != statusJson(snapshotOf(console->engine->workspace().rollouts[it.key()], fixed)))
                result.violations.append(QStringLiteral("I13: the journal folds to another state than the engine's"));
        if (stateHash(again, Plans::Hashed) != stateHash(console->engine->workspace(), Plans::Hashed))
            result.violations.append(QStringLiteral("I13: the journal folds to another state than the engine's, where it does not show"));
    }
    for (const QString &name : m_hosts.machines().keys()) {
        for (const SimJob &job : std::as_const(m_hosts.machine(name).jobs)) {
            const SimProduct &p = m_hosts.product(job.product);
            if (!p.ruined.isEmpty() && !result.violations.contains(QStringLiteral("%1: %2").arg(p.name, p.ruined)))
                result.violations.append(QStringLiteral("%1: %2").arg(p.name, p.ruined));
        }
    }
    result.journal = hash.result().toHex();
    result.story = m_story.join(QLatin1Char('\n'));
    result.effects = m_effects;
    m_consoles.clear();
    return result;
}

} // namespace bellwether
