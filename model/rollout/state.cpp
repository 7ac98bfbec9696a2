#include "rollout/state.h"

namespace bellwether {

namespace {

HostRunState stateDuring(StepKind kind, Direction direction)
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

StepRun *findStep(HostRun &host, const QString &token)
{
    for (auto it = host.steps.rbegin(); it != host.steps.rend(); ++it)
        if (it->token == token)
            return &*it;
    return nullptr;
}

struct Applier {
    RolloutState &s;
    const Event &e;

    HostRun *host(const QString &name)
    {
        const auto it = s.hosts.find(name);
        return it == s.hosts.end() ? nullptr : &*it;
    }
    void touch(HostRun &h) { h.changedMono = e.monoMs; }
    int hopWithin(const HostRun &h, int hop) const // a journal is data: its numbers are not believed
    {
        const PlanHost *planned = s.plan.host(h.name);
        return planned ? std::clamp(hop, 0, std::max(0, int(planned->hops.size()) - 1)) : 0;
    }

    // A wave is settled while all of its hosts rest; the bake counts from then. The count of those that do not is kept
    // event by event, so that folding a big fleet costs the same for each event.
    static bool isSettled(const HostRun &h) { return isResting(h.state) && h.state != HostRunState::Waiting; }
    void countAnew()
    {
        for (WaveRun &wave : s.waves)
            wave.unsettled = 0;
        for (const HostRun &h : std::as_const(s.hosts))
            if (h.wave < s.waves.size() && !isSettled(h))
                ++s.waves[h.wave].unsettled;
    }
    void settle()
    {
        for (WaveRun &wave : s.waves) {
            if (!wave.opened || wave.passed || wave.unsettled > 0)
                wave.settledMono = -1;
            else if (wave.settledMono < 0)
                wave.settledMono = e.monoMs;
        }
    }

    // Events of the workspace change no rollout.
    void operator()(const ConsoleStarted &) {}
    void operator()(const FleetImported &) {}
    void operator()(const HostRemoved &) {}
    void operator()(const HostTrusted &) {}
    void operator()(const ReleasesImported &) {}
    void operator()(const ReportExported &) {}

    void operator()(const RolloutStarted &b)
    {
        fromJson(b.plan, s.plan);
        s.planHash = b.planHash;
        s.options = b.options;
        s.startedBy = e.actor;
        s.startedMs = e.wallMs;
        s.waves.resize(s.plan.waves.size());
        QHash<QString, int> waves;
        for (int w = 0; w < s.plan.waves.size(); ++w)
            for (const QString &name : std::as_const(s.plan.waves[w].hosts))
                waves.insert(name, w);
        for (const PlanHost &planned : std::as_const(s.plan.hosts)) {
            HostRun run;
            run.name = planned.installation.name;
            run.measuredVersion = planned.from.toString();
            run.wave = waves.value(run.name);
            s.hosts.insert(run.name, run);
            s.machines[planned.installation.endpoint.machine()].append(run.name);
        }
    }
    void operator()(const RolloutResumed &)
    {
        s.interrupted = false;
        s.pauses.remove(PauseReason::Recovery);
        for (HostRun &h : s.hosts) { // durations that another console counted do not count on
            h.leaseEpoch = 0;
            h.health.sinceMono = h.health.lastMono = 0;
            h.health.checks = 0;
            h.changedMono = e.monoMs;
            if (h.doubtSinceMono > 0)
                h.doubtSinceMono = e.monoMs;
            if (!h.steps.isEmpty() && h.steps.last().phase != StepPhase::Ended)
                h.steps.last().startedMono = e.monoMs;
        }
        for (WaveRun &w : s.waves)
            if (w.settledMono >= 0)
                w.settledMono = e.monoMs;
    }
    void operator()(const WaveOpened &b)
    {
        if (b.wave < 0 || b.wave >= s.waves.size())
            return;
        WaveRun &w = s.waves[b.wave];
        w.opened = true;
        w.hop = std::max(0, b.hop);
        w.verdict = GateVerdict::Pending;
        w.gateReason.clear();
        w.conditions.clear();
        w.settledMono = -1;
        w.promoted = w.held = false;
        if (b.hop == 0)
            return;
        for (HostRun &h : s.hosts) {
            const PlanHost *planned = s.plan.host(h.name);
            if (h.wave == b.wave && h.state == HostRunState::Upgraded && planned && h.hop < b.hop && b.hop < planned->hops.size()) {
                h.state = HostRunState::Waiting;
                h.hop = b.hop;
                h.next = 0;
                h.migrations.clear();
            }
        }
    }
    void operator()(const HostBegun &b)
    {
        if (HostRun *h = host(b.host)) {
            h->state = HostRunState::Preflight;
            h->hop = hopWithin(*h, b.hop);
            h->next = 0;
            h->direction = Direction::Forward;
            h->retryAsked = true; // whatever ended badly before this begin is history
            h->reason.clear();
            if (h->beganMs == 0)
                h->beganMs = e.wallMs;
            h->endedMs = 0;
            h->leaseEpoch = 0;
            touch(*h);
        }
    }
    void operator()(const HostEnded &b)
    {
        HostRun *h = host(b.host);
        if (!h)
            return;
        h->state = b.state;
        h->reason = b.reason;
        h->endedMs = e.wallMs;
        if (b.state == HostRunState::Deferred) {
            ++h->deferrals;
            h->leaseEpoch = 0;
        }
        h->doubtSinceMono = b.state == HostRunState::InDoubt ? e.monoMs : 0;
        if (b.state == HostRunState::RolledBack || b.state == HostRunState::RollbackFailed)
            s.rollbackOrder.removeAll(b.host);
        touch(*h);
    }
    void operator()(const LeaseTaken &b)
    {
        for (const QString &name : s.machines.value(b.machine))
            if (HostRun *h = host(name))
                h->leaseEpoch = b.epoch;
    }
    void operator()(const StepIntended &b)
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
    void operator()(const StepStarted &b)
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
    void operator()(const StepEnded &b)
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
        step->endedMs = e.wallMs;
        if (b.outcome == StepOutcome::Done || b.outcome == StepOutcome::Already)
            h->next = step->index + 1;
        touch(*h);
    }
    void operator()(const StepReconciled &) {}
    void operator()(const ConnectionChanged &b)
    {
        if (HostRun *h = host(b.host)) {
            h->connected = b.connected;
            h->doubtSinceMono = b.connected ? 0 : e.monoMs;
        }
    }
    void operator()(const MigrationObserved &b)
    {
        HostRun *h = host(b.host);
        if (!h)
            return;
        for (Migration &m : h->migrations) {
            if (m.name == b.migration.name) {
                m = b.migration;
                return;
            }
        }
        h->migrations.append(b.migration);
    }
    void operator()(const BackupProven &b)
    {
        if (HostRun *h = host(b.host))
            h->backups.insert(b.hop, b.backup);
    }
    void operator()(const FactsMeasured &b)
    {
        HostRun *h = host(b.host);
        if (!h)
            return;
        h->measuredToken = b.token;
        if (b.facts.version)
            h->measuredVersion = b.facts.version->toString();
        if (b.phase == QLatin1String("preflight"))
            h->factsBefore.insert(b.hop, b.facts);
        else if (b.phase == QLatin1String("check"))
            h->factsAfter.insert(b.hop, b.facts);
        else if (b.phase == QLatin1String("back"))
            h->factsBack = b.facts;
        if (b.facts.ledger && (b.phase == QLatin1String("migrated") || b.phase == QLatin1String("check")))
            h->ledgersAfter.insert(b.hop, *b.facts.ledger);
    }
    void operator()(const HealthObserved &b)
    {
        HostRun *h = host(b.host);
        if (!h)
            return;
        HealthRecord &r = h->health;
        const Version target = targetOf(s, *h);
        const bool rightVersion = b.version.isEmpty() || b.version == target.toString();
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
        if (r.sinceMono == 0 || restarted) {
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
    void operator()(const GateAssessed &b)
    {
        if (b.wave < 0 || b.wave >= s.waves.size())
            return;
        s.waves[b.wave].verdict = b.verdict;
        s.waves[b.wave].gateReason = b.reason;
        s.waves[b.wave].conditions = b.conditions;
    }
    void operator()(const GatePassed &b)
    {
        if (b.wave < 0 || b.wave >= s.waves.size())
            return;
        int hops = 0;
        for (const HostRun &h : std::as_const(s.hosts))
            if (const PlanHost *planned = s.plan.host(h.name); planned && h.wave == b.wave)
                hops = std::max(hops, int(planned->hops.size()));
        WaveRun &w = s.waves[b.wave];
        w.verdict = GateVerdict::Pass;
        if (b.hop + 1 >= hops)
            w.passed = true;
        else
            w.opened = false; // opens again with its next hop
    }
    void operator()(const Promoted &b)
    {
        if (b.wave < 0 || b.wave >= s.waves.size())
            return;
        s.waves[b.wave].promoted = true;
        s.waves[b.wave].promotedBy = e.actor;
    }
    void operator()(const Paused &b)
    {
        s.pauses.insert(b.reason, b.detail);
        if (const int wave = s.currentWave(); b.reason == PauseReason::ApprovalNeeded && wave >= 0)
            s.waves[wave].held = true;
        for (HostRun &h : s.hosts)
            if (StepRun *step = b.token.isEmpty() ? nullptr : findStep(h, b.token))
                step->overdue = true;
    }
    void operator()(const Unpaused &b) { s.pauses.remove(b.reason); }
    void operator()(const HostRetried &b)
    {
        HostRun *h = host(b.host);
        if (!h)
            return;
        h->reason.clear();
        h->endedMs = 0;
        h->doubtSinceMono = 0;
        h->retryAsked = true;
        h->leaseEpoch = 0;
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
        }
        touch(*h);
    }
    void operator()(const HostSkipped &b)
    {
        if (HostRun *h = host(b.host)) {
            h->state = HostRunState::Excluded;
            h->reason = b.reason;
            h->endedMs = e.wallMs;
            touch(*h);
        }
    }
    void operator()(const WayBackDecided &b)
    {
        if (HostRun *h = host(b.host))
            h->way = b.way;
    }
    void operator()(const RollbackConfirmed &b)
    {
        for (const QString &name : b.hosts) {
            HostRun *h = host(name);
            if (!h)
                continue;
            h->direction = b.ways.value(name) == QLatin1String("restore") ? Direction::Restore : Direction::TagOnly;
            if (h->way)
                h->hop = hopWithin(*h, h->way->hop);
            h->next = 0;
            h->state = HostRunState::RollingBack;
            h->confirmedDomain = b.confirmed.value(name);
            h->retryAsked = true;
            h->factsBack.reset();
            h->endedMs = 0;
            h->reason.clear();
            h->leaseEpoch = 0;
            if (!s.rollbackOrder.contains(name))
                s.rollbackOrder.append(name);
            touch(*h);
        }
        s.lifecycle = RolloutLifecycle::Running;
        s.endedMs = 0;
    }
    void operator()(const AbortRequested &b)
    {
        s.abortRequested = true;
        s.endReason = b.reason;
    }
    void operator()(const RolloutEnded &b)
    {
        s.lifecycle = b.state;
        s.endReason = b.reason;
        s.endedMs = e.wallMs;
        s.pauses.clear();
        s.abortRequested = false;
    }
};

} // namespace

void apply(RolloutState &state, const Event &event)
{
    if (std::holds_alternative<RolloutStarted>(event.body) && state.id == 0)
        state.id = event.rollout;
    if (event.rollout != state.id || event.rollout == 0)
        return;
    Applier applier{state, event};
    const QString name = eventHost(event.body);
    const HostRun *host = name.isEmpty() ? nullptr : applier.host(name);
    const bool wasSettled = host && Applier::isSettled(*host);
    std::visit(applier, event.body);
    if (host && host->wave < state.waves.size())
        state.waves[host->wave].unsettled += int(wasSettled) - int(Applier::isSettled(*host));
    else if (!host)
        applier.countAnew();
    applier.settle();
    if (!state.isEnded())
        state.lifecycle = state.isPaused() ? RolloutLifecycle::Paused : RolloutLifecycle::Running;
    state.lastSeq = event.seq;
    state.lastMs = event.wallMs;
}

const StepRun *HostRun::current() const
{
    return !steps.isEmpty() && steps.last().phase != StepPhase::Ended ? &steps.last() : nullptr;
}

const StepRun *HostRun::last() const
{
    return steps.isEmpty() ? nullptr : &steps.last();
}

bool RolloutState::isEnded() const
{
    return lifecycle != RolloutLifecycle::Running && lifecycle != RolloutLifecycle::Paused;
}

int RolloutState::currentWave() const
{
    for (int w = 0; w < waves.size(); ++w)
        if (!waves[w].passed)
            return w;
    return -1;
}

const QList<Step> &stepsOf(const RolloutState &state, const HostRun &host, Direction direction, int hop)
{
    static const QList<Step> none;
    const PlanHost *planned = state.plan.host(host.name);
    if (!planned || hop < 0 || hop >= planned->hops.size())
        return none;
    const Hop &h = planned->hops[hop];
    switch (direction) {
    case Direction::Forward:
        return h.steps;
    case Direction::TagOnly:
        return h.tagOnly;
    case Direction::Restore:
        return h.restore;
    }
    return none;
}

QString resolvedBackupPath(const RolloutState &state, const HostRun &host, int hop)
{
    const PlanHost *planned = state.plan.host(host.name);
    if (!planned || hop < 0 || hop >= planned->hops.size())
        return {};
    return QString(planned->hops[hop].backupPath).replace(QLatin1String("{rollout}"), rolloutName(state.id));
}

Step stepAt(const RolloutState &state, const HostRun &host, Direction direction, int hop, int index)
{
    Step step = stepsOf(state, host, direction, hop).value(index);
    const QString backup = resolvedBackupPath(state, host, hop);
    auto resolve = [&](QString &text) {
        text.replace(QLatin1String("{rollout}"), rolloutName(state.id));
        text.replace(QLatin1String("{backup}"), backup);
        text.replace(QLatin1String("{confirmed-domain}"), host.confirmedDomain);
    };
    for (QStringList *list : {&step.argv, &step.probe, &step.verify})
        for (QString &word : *list)
            resolve(word);
    resolve(step.stdinText);
    return step;
}

Version targetOf(const RolloutState &state, const HostRun &host)
{
    const PlanHost *planned = state.plan.host(host.name);
    if (!planned || host.hop < 0 || host.hop >= planned->hops.size())
        return state.plan.to;
    return host.direction == Direction::Forward ? planned->hops[host.hop].to : planned->hops[host.hop].from;
}

QString rolloutName(int id)
{
    return QStringLiteral("R-%1").arg(id, 4, 10, QLatin1Char('0'));
}

std::optional<int> rolloutIdFromName(const QString &text)
{
    QString digits = text.trimmed().toLower();
    if (digits.startsWith(QLatin1String("r-")))
        digits.remove(0, 2);
    else if (digits.startsWith(QLatin1Char('r')))
        digits.remove(0, 1);
    bool ok = false;
    const int id = digits.toInt(&ok);
    return ok && id > 0 ? std::optional(id) : std::nullopt;
}

} // namespace bellwether
