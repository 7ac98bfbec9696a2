// What an event does to a rollout as a whole: its waves, gates and pauses.
#include "rollout/applier.h"

#include <QSet>

namespace bellwether {

void Applier::countAnew()
{
    for (WaveRun &wave : s.waves)
        wave.unsettled = 0;
    for (const HostRun &h : std::as_const(s.hosts))
        if (h.wave < s.waves.size() && !isSettled(h))
            ++s.waves[h.wave].unsettled;
}

void Applier::settle()
{
    for (WaveRun &wave : s.waves) {
        if (!wave.opened || wave.passed || wave.unsettled > 0)
            wave.settledMono = -1;
        else if (wave.settledMono < 0)
            wave.settledMono = e.monoMs;
    }
}

void Applier::operator()(const RolloutStarted &b)
{
    fromJson(b.plan, s.plan);
    s.planHash = b.planHash;
    s.workspace = b.workspace;
    s.options = b.options;
    s.startedBy = e.actor;
    s.startedMs = e.wallMs;
    s.waves.resize(s.plan.waves.size());
    QHash<QString, int> waves;
    for (int w = 0; w < s.plan.waves.size(); ++w)
        for (const QString &name : std::as_const(s.plan.waves[w].hosts))
            waves.insert(name, w);
    QSet<QString> machines;
    for (const PlanHost &planned : std::as_const(s.plan.hosts)) {
        HostRun run;
        run.name = planned.installation.name;
        run.measuredVersion = planned.from.toString();
        run.wave = waves.value(run.name);
        run.machine = planned.machine();
        s.hosts.insert(run.name, run);
        s.leases[planned.installation.leasePlace()].append(run.name);
        s.machinesAreShared = s.machinesAreShared || machines.contains(run.machine);
        machines.insert(run.machine);
    }
}

void Applier::operator()(const RolloutResumed &)
{
    s.interrupted = false;
    s.pauses.remove(PauseReason::Recovery);
    for (HostRun &h : s.hosts) { // durations that another console counted do not count on
        h.leaseEpoch = 0;
        h.health.sinceMono = h.health.lastMono = 0;
        h.health.checks = 0;
        h.changedMono = e.monoMs;
        if (!h.connected && isBegun(h.state))
            h.reason.clear();
        h.connected = true; // what another console saw of the link says nothing about ours
        h.doubtSinceMono = h.state == HostRunState::InDoubt ? e.monoMs : 0;
        for (HostRun::Moment &moment : h.backedUp) // the monotonic clock may be another computer's
            moment.monoMs = e.monoMs - std::max<qint64>(0, e.wallMs - moment.wallMs);
        if (!h.steps.isEmpty() && h.steps.last().phase != StepPhase::Ended)
            h.steps.last().startedMono = e.monoMs;
    }
    for (WaveRun &w : s.waves)
        if (w.settledMono >= 0)
            w.settledMono = e.monoMs;
}

void Applier::operator()(const WaveOpened &b)
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
        const bool there = h.state == HostRunState::Upgraded || h.state == HostRunState::AlreadyThere;
        if (h.wave == b.wave && there && planned && h.hop < b.hop && b.hop < planned->hops.size()) {
            h.state = HostRunState::Waiting;
            ++h.hop; // never past one that it has not had
            h.next = 0;
            h.migrations.clear();
            h.migrationTokens.clear();
        }
    }
}

void Applier::operator()(const LeaseTaken &b)
{
    const PlanHost *planned = s.plan.host(b.host);
    for (const QString &name : planned ? s.leases.value(planned->installation.leasePlace()) : QStringList())
        if (HostRun *h = host(name)) {
            // Epochs only grow, and a lease of ours that is taken again keeps its own: another number means that somebody
            // else held the host meanwhile, and what was measured before says nothing about it any more.
            const bool isOurNext = b.epoch == h->lastEpoch + 1 && (h->leaseGivenBack || b.insteadOf == h->lastEpoch);
            if (h->lastEpoch > 0 && b.epoch != h->lastEpoch && !isOurNext)
                h->disturbed = h->mustBeSeen = true;
            h->leaseGivenBack = false;
            h->lastEpoch = b.epoch;
            if (b.epoch <= h->abandonedEpoch) // as another host of its machine has it
                continue;
            h->abandonedEpoch = 0;
            h->leaseEpoch = b.epoch;
            if (!h->connected && isBegun(h->state))
                h->reason.clear();
            h->heldBy.reset();
            h->takeOverFrom.clear();
            h->connected = true; // it has just answered
            h->doubtSinceMono = 0;
            h->seq = e.seq;
        }
}

void Applier::operator()(const GateAssessed &b)
{
    if (b.wave < 0 || b.wave >= s.waves.size())
        return;
    s.waves[b.wave].verdict = b.verdict;
    s.waves[b.wave].gateReason = b.reason;
    s.waves[b.wave].conditions = b.conditions;
}

void Applier::operator()(const GatePassed &b)
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

void Applier::operator()(const Promoted &b)
{
    if (b.wave < 0 || b.wave >= s.waves.size())
        return;
    s.waves[b.wave].promoted = true;
    s.waves[b.wave].promotedBy = e.actor;
}

void Applier::operator()(const Paused &b)
{
    s.pauses.insert(b.reason, b.detail);
    if (const int wave = s.currentWave(); b.reason == PauseReason::ApprovalNeeded && wave >= 0)
        s.waves[wave].held = true;
    for (HostRun &h : s.hosts)
        if (StepRun *step = b.token.isEmpty() ? nullptr : findStep(h, b.token))
            step->overdue = true;
}

void Applier::operator()(const Unpaused &b) { s.pauses.remove(b.reason); }

void Applier::operator()(const RollbackConfirmed &b)
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
        h->mustBeSeen = false;
        h->retryAsked = true;
        h->factsBack.reset();
        h->endedMs = 0;
        h->reason.clear();
        h->leaseEpoch = 0;
        if (!s.rollbackOrder.contains(name))
            s.rollbackOrder.append(name);
        touch(*h);
    }
    if (s.isEnded()) {
        s.reopened = true;
        s.endedAs = s.lifecycle;
    }
    s.lifecycle = RolloutLifecycle::Running;
    s.endedMs = 0;
}

void Applier::operator()(const AbortRequested &b)
{
    s.abortRequested = true;
    s.endReason = b.reason;
}

void Applier::operator()(const RolloutEnded &b)
{
    s.lifecycle = b.state;
    s.endReason = b.reason;
    s.endedMs = e.wallMs;
    s.pauses.clear();
    s.abortRequested = s.reopened = false;
    for (HostRun &h : s.hosts)
        h.leaseGivenBack = true;
}

void applyToEvery(RolloutState &state, const Event &event)
{
    if (std::holds_alternative<ConsoleStarted>(event.body) && !state.isEnded())
        state.interrupted = true;
    else if (const auto *stopped = std::get_if<EverythingStopped>(&event.body))
        state.hold = Hold{event.actor, stopped->reason, event.wallMs};
    else if (std::holds_alternative<EverythingReleased>(event.body))
        state.hold.reset();
    if (!state.isEnded())
        state.lifecycle = state.isPaused() ? RolloutLifecycle::Paused : RolloutLifecycle::Running;
}

void apply(RolloutState &state, const Event &event)
{
    if (std::holds_alternative<RolloutStarted>(event.body) && state.id == 0)
        state.id = event.rollout;
    if (event.rollout != state.id || event.rollout == 0)
        return;
    Applier applier{state, event};
    const QString name = eventHost(event.body);
    HostRun *host = name.isEmpty() ? nullptr : applier.host(name);
    const bool wasSettled = host && Applier::isSettled(*host);
    std::visit(applier, event.body);
    if (host && host->wave < state.waves.size())
        state.waves[host->wave].unsettled += int(wasSettled) - int(Applier::isSettled(*host));
    else if (!host)
        applier.countAnew();
    applier.settle();
    (host ? host->seq : state.wholeSeq) = event.seq;
    if (!state.isEnded())
        state.lifecycle = state.isPaused() ? RolloutLifecycle::Paused : RolloutLifecycle::Running;
    state.lastSeq = event.seq;
    state.lastMs = event.wallMs;
}

} // namespace bellwether
