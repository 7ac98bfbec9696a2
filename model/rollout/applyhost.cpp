// What an event does to one host of a rollout.
#include "rollout/applier.h"
#include "rollout/judge.h"

namespace bellwether {

namespace {

// The same directory on the same machine under another name, which has been worked on.
bool hasTwinWithSteps(const RolloutState &s, const HostRun &h)
{
    const PlanHost *planned = s.machinesAreShared ? s.plan.host(h.name) : nullptr;
    if (!planned)
        return false;
    for (const HostRun &other : s.hosts)
        if (other.name != h.name && other.machine == h.machine && !other.steps.isEmpty())
            if (const PlanHost *o = s.plan.host(other.name); o && o->installation.directory == planned->installation.directory)
                return true;
    return false;
}

} // namespace

HostRun *Applier::host(const QString &name)
{
    const auto it = s.hosts.find(name);
    return it == s.hosts.end() ? nullptr : &*it;
}

StepRun *Applier::findStep(HostRun &host, const QString &token)
{
    for (auto it = host.steps.rbegin(); it != host.steps.rend(); ++it)
        if (it->token == token)
            return &*it;
    return nullptr;
}

HostRunState Applier::stateDuring(StepKind kind, Direction direction)
{
    if (direction != Direction::Forward)
        return HostRunState::RollingBack;
    switch (kind) {
    case StepKind::Preflight:
    case StepKind::Guard:
        return HostRunState::Preflight;
    case StepKind::Backup:
        return HostRunState::BackingUp;
    case StepKind::Pull:
    case StepKind::Stop:
    case StepKind::Pin:
        return HostRunState::Upgrading;
    case StepKind::Migrate:
    case StepKind::Start:
        return HostRunState::Migrating;
    case StepKind::Health:
    case StepKind::Check:
        return HostRunState::Checking;
    case StepKind::Validate:
    case StepKind::SetAside:
    case StepKind::Restore:
        return HostRunState::RollingBack;
    }
    return HostRunState::Upgrading;
}

int Applier::hopWithin(const HostRun &h, int hop) const
{
    const PlanHost *planned = s.plan.host(h.name);
    return planned ? std::clamp(hop, 0, std::max(0, int(planned->hops.size()) - 1)) : 0;
}

void Applier::operator()(const HostBegun &b)
{
    if (HostRun *h = host(b.host)) {
        h->state = HostRunState::Preflight;
        if (const int hop = hopWithin(*h, b.hop); hop != h->hop) {
            h->hop = hop;
            h->migrations.clear();
            h->migrationTokens.clear();
        }
        h->next = 0;
        h->direction = Direction::Forward;
        h->retryAsked = true; // whatever ended badly before this begin is history
        h->reason.clear();
        if (h->beganMs == 0)
            h->beganMs = e.wallMs;
        h->endedMs = 0;
        h->leaseEpoch = 0;
        h->mustBeSeen = h->measureAnew = false; // it begins with its preflight
        h->turn = e.seq;
        touch(*h);
    }
}

void Applier::operator()(const HostEnded &b)
{
    HostRun *h = host(b.host);
    if (!h)
        return;
    h->state = b.state;
    h->reason = b.reason;
    h->endedMs = e.wallMs;
    h->heldBy.reset();
    if (b.state == HostRunState::Deferred) {
        ++h->deferrals;
        h->leaseEpoch = 0;
    }
    h->doubtSinceMono = b.state == HostRunState::InDoubt ? e.monoMs : 0;
    if (b.state == HostRunState::RolledBack || b.state == HostRunState::RollbackFailed)
        s.rollbackOrder.removeAll(b.host);
    touch(*h);
}

// Whatever lease there was is not ours any more, until LeaseTaken.
void Applier::operator()(const LeaseRefused &b)
{
    if (HostRun *h = host(b.host)) {
        h->heldBy = b;
        h->leaseEpoch = 0;
        touch(*h);
    }
}

void Applier::operator()(const TakeOverConfirmed &b)
{
    if (HostRun *h = host(b.host))
        h->takeOverFrom = b.owner;
}

// Two names of one machine, found out on the way: who finds it out lets the other one end first, and measures again then.
void Applier::recognise(HostRun &h, const HostFacts &facts)
{
    const QString identity = machineIdentity(facts);
    if (identity.isEmpty())
        return;
    const QString known = s.identities.value(identity, h.machine), now = h.machine;
    s.identities.insert(identity, known);
    if (known == now)
        return;
    for (QString &machine : s.identities)
        if (machine == now)
            machine = known;
    for (HostRun &other : s.hosts)
        if (other.machine == now)
            other.machine = known;
    s.machinesAreShared = true;
    h.turn = e.seq;
    h.measureAnew = s.underWayOnMachineOf(h) != nullptr;
}

void Applier::operator()(const StepIntended &b)
{
    HostRun *h = host(b.host);
    if (!h)
        return;
    StepRun step;
    step.token = b.token;
    step.name = b.step;
    step.command = b.command;
    step.sha256 = b.sha256;
    step.kind = b.kind;
    step.direction = b.direction;
    step.hop = b.hop;
    step.index = b.index;
    step.attempt = b.attempt;
    step.intendedMs = e.wallMs;
    step.startedMono = e.monoMs;
    h->steps.append(step);
    h->retryAsked = false;
    if (b.kind == StepKind::Preflight)
        h->disturbed = h->mustBeSeen = h->measureAnew = false; // measured anew
    h->hop = hopWithin(*h, b.hop);
    h->direction = b.direction;
    h->next = std::max(0, b.index);
    h->state = stateDuring(b.kind, b.direction);
    h->reason.clear();
    if (b.kind == StepKind::Health)
        h->health = {};
    if (b.kind == StepKind::Stop && h->downSinceMs == 0)
        h->downSinceMs = e.wallMs;
    touch(*h);
}

void Applier::operator()(const StepStarted &b)
{
    HostRun *h = host(b.host);
    StepRun *step = h ? findStep(*h, b.token) : nullptr;
    if (!step || step->phase == StepPhase::Ended)
        return;
    step->phase = StepPhase::Started;
    step->startedMs = e.wallMs;
    step->startedMono = e.monoMs;
    touch(*h);
}

void Applier::operator()(const StepEnded &b)
{
    HostRun *h = host(b.host);
    StepRun *step = h ? findStep(*h, b.token) : nullptr;
    if (!step || step->phase == StepPhase::Ended)
        return;
    step->phase = StepPhase::Ended;
    step->outcome = b.outcome;
    step->exitStatus = b.exitStatus;
    step->reason = b.reason;
    step->lastWords = b.lastWords;
    step->partlyRead = b.unreadBytes.has_value();
    step->endedMs = e.wallMs;
    if (b.outcome == StepOutcome::Done || b.outcome == StepOutcome::Already)
        h->next = step->index + 1;
    if (step->kind == StepKind::Backup && b.outcome == StepOutcome::Done)
        h->backedUp.insert(step->hop, {e.wallMs, e.monoMs});
    touch(*h);
}

void Applier::operator()(const ConnectionChanged &b)
{
    if (HostRun *h = host(b.host)) {
        h->connected = b.connected;
        h->doubtSinceMono = b.connected ? 0 : e.monoMs;
        if (isBegun(h->state)) // why it rests while it cannot be asked
            h->reason = b.connected ? QString() : b.reason;
    }
}

void Applier::operator()(const MigrationObserved &b)
{
    HostRun *h = host(b.host);
    if (!h)
        return;
    h->migrationTokens.insert(b.migration.name, b.token);
    for (Migration &m : h->migrations) {
        if (m.name == b.migration.name) {
            m = b.migration;
            return;
        }
    }
    h->migrations.append(b.migration);
}

void Applier::operator()(const BackupProven &b)
{
    if (HostRun *h = host(b.host))
        h->backups.insert(b.hop, b.backup);
}

void Applier::operator()(const FactsMeasured &b)
{
    HostRun *h = host(b.host);
    if (!h)
        return;
    h->measuredToken = b.token;
    if (b.facts.version)
        h->measuredVersion = b.facts.version->toString();
    recognise(*h, b.facts);
    if (b.phase == QLatin1String("preflight"))
        h->factsBefore.insert(b.hop, b.facts);
    else if (b.phase == QLatin1String("check"))
        h->factsAfter.insert(b.hop, b.facts);
    else if (b.phase == QLatin1String("back"))
        h->factsBack = b.facts;
    if (b.phase == QLatin1String("before-back"))
        h->ledgersAfter.remove(b.hop); // what was read on the day of the upgrade is no evidence any more
    if (b.facts.ledger && (b.phase == QLatin1String("before-back") || b.phase == QLatin1String("migrated") || b.phase == QLatin1String("check")))
        h->ledgersAfter.insert(b.hop, *b.facts.ledger);
}

void Applier::operator()(const HealthObserved &b)
{
    HostRun *h = host(b.host);
    if (!h)
        return;
    HealthRecord &r = h->health;
    const Version target = targetOf(s, *h);
    const bool rightVersion = isVersion(b.version, target);
    // Where nobody looked, nothing was steady: a console that slept starts to count anew.
    const bool slept = r.lastMono > 0 && e.monoMs - r.lastMono > unwatchedMs(s);
    const bool restarted = !r.process.isEmpty() && !b.process.isEmpty() && r.process != b.process;
    r.health = b.health;
    r.version = b.version;
    r.detail = b.detail;
    if (!b.process.isEmpty())
        r.process = b.process;
    r.lastMono = e.monoMs;
    r.lastMs = e.wallMs;
    if (!b.version.isEmpty())
        h->measuredVersion = b.version;
    if (b.health != Health::Ok || !rightVersion) {
        r.sinceMono = 0;
        r.checks = 0;
        if (h->state == HostRunState::Baking)
            h->state = HostRunState::Checking;
        return;
    }
    if (r.sinceMono == 0 || restarted || slept) {
        r.sinceMono = e.monoMs;
        r.checks = 1;
    } else {
        ++r.checks;
    }
    if (h->downSinceMs > 0) {
        h->downtimeMs += e.wallMs - h->downSinceMs;
        h->downSinceMs = 0;
    }
    if (h->state == HostRunState::Checking && h->current() && h->current()->kind == StepKind::Health)
        h->state = HostRunState::Baking;
}

void Applier::operator()(const HostRetried &b)
{
    HostRun *h = host(b.host);
    if (!h)
        return;
    h->reason.clear();
    h->endedMs = 0;
    h->doubtSinceMono = 0;
    h->retryAsked = true;
    h->leaseEpoch = 0;
    h->mustBeSeen = false;
    if (h->state == HostRunState::RollbackFailed) {
        h->state = HostRunState::RollingBack;
        if (!s.rollbackOrder.contains(h->name))
            s.rollbackOrder.append(h->name);
    } else if (h->steps.isEmpty() || h->state == HostRunState::Deferred || h->direction != Direction::Forward) {
        h->state = HostRunState::Waiting;
        h->direction = Direction::Forward;
        h->next = 0;
    } else {
        h->state = stateDuring(h->steps.last().kind, Direction::Forward);
        h->turn = e.seq;
        h->measureAnew = hasTwinWithSteps(s, *h);
    }
    touch(*h);
}

// What else follows from it is StepEnded's.
void Applier::operator()(const HostGivenUp &b)
{
    if (HostRun *h = host(b.host)) {
        h->abandonedEpoch = h->lastEpoch;
        h->leaseEpoch = 0;
        touch(*h);
    }
}

void Applier::operator()(const HostSkipped &b)
{
    if (HostRun *h = host(b.host)) {
        h->state = HostRunState::Excluded;
        h->heldBy.reset();
        h->reason = b.reason;
        h->endedMs = e.wallMs;
        touch(*h);
    }
}

void Applier::operator()(const WayBackDecided &b)
{
    if (HostRun *h = host(b.host))
        h->way = b.way;
}

} // namespace bellwether
