#include "rollout/snapshot.h"

#include "rollout/gates.h"
#include "rollout/wayback.h"

namespace bellwether {

namespace {

QString stepState(const StepRun &run)
{
    switch (run.phase) {
    case StepPhase::Intended:
        return QStringLiteral("intended");
    case StepPhase::Started:
        return QStringLiteral("running");
    case StepPhase::Ended:
        return nameOf(run.outcome);
    }
    return {};
}

QString waitsFor(const RolloutState &state, const HostRun &h)
{
    if (!h.connected && isBegun(h.state))
        return QStringLiteral("its connection to come back, or a person to skip it");
    if (h.state == HostRunState::Waiting)
        return h.wave == 0 ? QStringLiteral("its turn in the canary") : QStringLiteral("the gate before its wave");
    const StepRun *step = h.current();
    if (!step) {
        if (h.heldBy && isBegun(h.state) && h.leaseEpoch == 0)
            return h.heldBy->stale ? QStringLiteral("a person: %1; take it over with a reason").arg(holderText(*h.heldBy)) : QStringLiteral("the end of %1").arg(holderText(*h.heldBy));
        if (const HostRun *first = isBegun(h.state) && h.direction == Direction::Forward ? state.underWayOnMachineOf(h) : nullptr)
            return QStringLiteral("%1 to end, which is on the same machine").arg(first->name);
        if (isBegun(h.state))
            return h.leaseEpoch == 0 ? QStringLiteral("the lease on its host") : state.isPaused() ? QStringLiteral("the rollout to go on: it rests at a safe point") : QString();
        return {};
    }
    if (step->kind == StepKind::Health)
        return h.health.sinceMono > 0 ? QStringLiteral("%1 s without a failure").arg(state.plan.strategy.steadyS * state.options.bakeScale)
                                      : QStringLiteral("its first healthy answer, at most %1 s").arg(state.plan.strategy.healthDeadlineS);
    return step->phase == StepPhase::Intended ? QStringLiteral("the host to take the step") : QStringLiteral("%1 to end").arg(step->name);
}

HostView viewOf(const RolloutState &state, const HostRun &h)
{
    HostView v;
    const PlanHost *planned = state.plan.host(h.name);
    v.name = h.name;
    v.state = h.state;
    if (planned) {
        v.domain = planned->installation.domain;
        v.address = planned->installation.endpoint.machine();
        v.environment = planned->installation.environment;
        v.critical = planned->installation.isCritical();
        v.from = planned->from;
    }
    v.to = state.plan.to;
    v.version = h.measuredVersion;
    v.health = h.health.health;
    v.healthDetail = h.health.detail;
    v.stepWaitsFor = waitsFor(state, h);
    v.error = h.reason;
    v.migrations = h.migrations;
    v.way = h.way ? h.way : std::optional<WayBack>();
    if (h.current() == nullptr && !h.steps.isEmpty())
        v.way = decideWayBack(state, h);
    if (v.way && v.way->verdict != WayBackVerdict::None) {
        const Direction back = v.way->verdict == WayBackVerdict::Restore ? Direction::Restore : Direction::TagOnly;
        for (const Step &step : stepsOf(state, h, back, v.way->hop)) {
            StepView s;
            s.name = step.name;
            s.command = step.displayText();
            s.kind = step.kind;
            s.direction = back;
            s.hop = v.way->hop;
            s.state = QStringLiteral("planned");
            v.backSteps.append(s);
        }
    }
    if (h.backups.contains(h.hop))
        v.backup = h.backups[h.hop];
    v.heldBy = h.heldBy;
    v.connected = h.connected;
    v.beganMs = h.beganMs;
    v.endedMs = h.endedMs;
    v.downtimeMs = h.downtimeMs;
    v.contentBefore = h.factsBefore.value(h.hop).content;
    v.contentAfter = h.factsBack ? h.factsBack->content : h.factsAfter.value(h.hop).content;
    for (const StepRun &run : h.steps) {
        StepView s;
        s.name = run.name;
        s.command = run.command;
        s.token = run.token;
        s.kind = run.kind;
        s.direction = run.direction;
        s.hop = run.hop;
        s.attempt = run.attempt;
        s.state = stepState(run);
        s.startedMs = run.startedMs > 0 ? run.startedMs : run.intendedMs;
        s.endedMs = run.endedMs;
        s.reason = run.reason;
        v.steps.append(s);
    }
    if (!h.steps.isEmpty()) {
        v.step = h.steps.last().name;
        v.stepSinceMs = v.steps.last().startedMs;
    }
    if (isBegun(h.state) || h.state == HostRunState::Waiting) { // what is still to come
        const QList<Step> &steps = stepsOf(state, h, h.direction, h.hop);
        for (int i = h.current() ? h.next + 1 : h.next; i < steps.size(); ++i) {
            StepView s;
            s.name = steps[i].name;
            s.command = steps[i].displayText();
            s.kind = steps[i].kind;
            s.direction = h.direction;
            s.hop = h.hop;
            s.state = QStringLiteral("planned");
            v.steps.append(s);
        }
    }
    return v;
}

QString waveState(const RolloutState &state, int w)
{
    const WaveRun &wave = state.waves[w];
    if (wave.passed)
        return QStringLiteral("passed");
    if (!wave.opened)
        return QStringLiteral("waiting");
    return wave.settledMono >= 0 ? QStringLiteral("gate") : QStringLiteral("open");
}

QString pauseText(const RolloutState &state)
{
    const QString held = state.hold && !state.isEnded() ? QStringLiteral("%1 (%2)").arg(nameOf(PauseReason::Hold), holdText(*state.hold)) : QString();
    if (state.interrupted)
        return QStringLiteral("interrupted: the console that carried it out ended; nothing moves until it is resumed") + (held.isEmpty() ? QString() : QStringLiteral("; ") + held);
    QStringList parts;
    if (!held.isEmpty() && !state.pauses.contains(PauseReason::Hold))
        parts.append(held);
    for (auto it = state.pauses.cbegin(); it != state.pauses.cend(); ++it)
        parts.append(it.value().isEmpty() ? nameOf(it.key()) : QStringLiteral("%1 (%2)").arg(nameOf(it.key()), it.value()));
    return parts.join(QStringLiteral("; "));
}

// Work still to do by the estimates, waves one after the other, plus the bakes; measured hosts refine the estimate.
qint64 remainingMs(const RolloutState &state, const Now &now)
{
    double perHostMs = 0;
    int measured = 0;
    for (const HostRun &h : state.hosts) {
        if (h.state == HostRunState::Upgraded && h.endedMs > h.beganMs) {
            perHostMs += double(h.endedMs - h.beganMs);
            ++measured;
        }
    }
    if (measured > 0)
        perHostMs /= measured;
    double total = 0;
    for (int w = 0; w < state.waves.size(); ++w) {
        if (state.waves[w].passed)
            continue;
        int open = 0;
        double estimate = 0;
        for (const HostRun &h : state.hosts) {
            if (h.wave != w || (isResting(h.state) && h.state != HostRunState::Waiting))
                continue;
            ++open;
            const PlanHost *planned = state.plan.host(h.name);
            const double whole = measured > 0 ? perHostMs : planned ? planned->estimateS * 1000.0 : 0;
            if (whole <= 0)
                return -1;
            estimate = std::max(estimate, h.state == HostRunState::Waiting ? whole : std::max(0.0, whole - double(now.wallMs - h.beganMs)));
        }
        const int parallel = w == 0 ? 1 : w == 1 ? state.plan.strategy.parallel : state.plan.strategy.parallelLater;
        total += estimate * std::max(1, (open + parallel - 1) / std::max(1, parallel));
        const GateReading g = readGate(state, w, now);
        const double bake = gateBakeS(state.plan, w, state.waves[w].hop) * 1000.0 * state.options.bakeScale;
        total += g.bakeEndMono > 0 ? std::max<double>(0, double(g.bakeEndMono - now.monoMs)) : bake;
    }
    return qint64(total);
}

} // namespace

bool HostView::isUnderWay() const
{
    return std::ranges::any_of(steps, [](const StepView &s) { return s.state == QLatin1String("running") || s.state == QLatin1String("intended"); });
}

const HostView *RolloutSnapshot::host(const QString &hostName) const
{
    for (const WaveView &w : waves)
        for (const HostView &h : w.hosts)
            if (h.name == hostName)
                return &h;
    return nullptr;
}

RolloutSnapshot snapshotOf(const RolloutState &state, const Now &now, const RolloutSnapshot *previous)
{
    RolloutSnapshot s;
    s.id = state.id;
    s.name = rolloutName(state.id);
    s.product = state.plan.product;
    s.productName = state.plan.productName;
    s.planHash = state.planHash;
    s.strategy = state.plan.strategy.name;
    s.to = state.plan.to;
    s.state = state.lifecycle;
    s.interrupted = state.interrupted;
    s.author = state.plan.author;
    s.approver = state.plan.approver;
    s.startedBy = state.startedBy;
    s.startedMs = state.startedMs;
    s.endedMs = state.endedMs;
    s.seq = state.lastSeq;
    s.options = state.options;
    for (auto it = state.pauses.cbegin(); it != state.pauses.cend(); ++it)
        s.pauseReasons.append(nameOf(it.key()));
    if (state.hold && !state.isEnded() && !state.pauses.contains(PauseReason::Hold))
        s.pauseReasons.prepend(nameOf(PauseReason::Hold));
    s.pauseText = pauseText(state);
    QStringList froms;
    for (const PlanHost &h : state.plan.hosts)
        if (!froms.contains(h.from.toString()))
            froms.append(h.from.toString());
    s.from = froms.size() == 1 ? froms.first() : froms.isEmpty() ? QString() : QStringLiteral("several");
    // What a host looks like follows from its own events, and from those about the whole (paused, interrupted).
    const bool alike = previous && previous->id == state.id && previous->planHash == state.planHash && previous->waves.size() == state.waves.size()
        && previous->interrupted == state.interrupted && state.wholeSeq <= previous->seq;
    for (int w = 0; w < state.waves.size(); ++w) {
        const QList<HostView> before = alike ? previous->waves[w].hosts : QList<HostView>();
        WaveView v;
        v.name = state.plan.waves.value(w).name;
        v.state = waveState(state, w);
        const GateReading g = readGate(state, w, now);
        v.gate.verdict = state.waves[w].passed ? GateVerdict::Pass : state.waves[w].opened ? g.verdict : GateVerdict::Pending;
        v.gate.reason = state.waves[w].passed ? state.waves[w].gateReason : g.reason;
        v.gate.conditions = g.conditions;
        v.gate.bakeS = int(gateBakeS(state.plan, w, state.waves[w].hop) * state.options.bakeScale);
        if (!state.waves[w].passed && g.bakeEndMono > 0)
            v.gate.bakeEndsMs = now.wallMs + g.bakeEndMono - now.monoMs;
        for (const QString &name : state.plan.waves.value(w).hosts) {
            const auto h = state.hosts.constFind(name);
            if (h == state.hosts.cend())
                continue;
            const qsizetype at = v.hosts.size();
            if (h->seq <= (previous ? previous->seq : -1) && at < before.size() && before[at].name == name)
                v.hosts.append(before[at]);
            else
                v.hosts.append(viewOf(state, *h));
            ++s.hostsTotal;
            s.hostsDone += h->state == HostRunState::Upgraded || h->state == HostRunState::AlreadyThere;
            s.hostsFailed += countsAsFailure(h->state);
        }
        s.waves.append(v);
    }
    for (const Verb verb : {Verb::Resume, Verb::Pause, Verb::Promote, Verb::Retry, Verb::Skip, Verb::Rollback, Verb::Abort, Verb::TakeOver})
        s.permissions.insert(nameOf(verb), permission(state, verb));
    if (!state.isEnded() && !state.isPaused()) {
        const qint64 left = remainingMs(state, now);
        s.etaMs = left < 0 ? 0 : now.wallMs + left;
    }
    return s;
}

bool isSameMachine(const FleetRow &a, const FleetRow &b)
{
    return isSameMachine(a.installation, a.facts, b.installation, b.facts);
}

QJsonObject statusJson(const RolloutSnapshot &s)
{
    QJsonArray waves;
    for (const WaveView &w : s.waves) {
        QJsonArray hosts;
        for (const HostView &h : w.hosts) {
            int ran = 0, skipped = 0, failed = 0;
            for (const Migration &m : h.migrations) {
                ran += m.state == MigrationState::Ran || m.state == MigrationState::Unnamed;
                skipped += m.state == MigrationState::Skipped;
                failed += m.state == MigrationState::Failed;
            }
            const WayBack way = h.way.value_or(WayBack{});
            hosts.append(QJsonObject{{QStringLiteral("name"), h.name},
                                     {QStringLiteral("state"), nameOf(h.state)},
                                     {QStringLiteral("from"), h.from.toString()},
                                     {QStringLiteral("to"), h.to.toString()},
                                     {QStringLiteral("version"), h.version},
                                     {QStringLiteral("health"), nameOf(h.health)},
                                     {QStringLiteral("step"), h.step},
                                     {QStringLiteral("waits_for"), h.stepWaitsFor},
                                     {QStringLiteral("error"), h.error},
                                     {QStringLiteral("downtime_s"), h.downtimeMs / 1000},
                                     {QStringLiteral("migrations"), QJsonObject{{QStringLiteral("ran"), ran}, {QStringLiteral("skipped"), skipped}, {QStringLiteral("failed"), failed}}},
                                     {QStringLiteral("way_back"), QJsonObject{{QStringLiteral("verdict"), nameOf(way.verdict)}, {QStringLiteral("reason"), way.reason}, {QStringLiteral("rule"), way.rule}}}});
        }
        waves.append(QJsonObject{{QStringLiteral("name"), w.name},
                                 {QStringLiteral("state"), w.state},
                                 {QStringLiteral("gate"), QJsonObject{{QStringLiteral("verdict"), nameOf(w.gate.verdict)}, {QStringLiteral("reason"), w.gate.reason}, {QStringLiteral("conditions"), valueToJson(w.gate.conditions)}}},
                                 {QStringLiteral("hosts"), hosts}});
    }
    return QJsonObject{{QStringLiteral("rollout"), s.name},
                       {QStringLiteral("product"), s.product},
                       {QStringLiteral("to"), s.to.toString()},
                       {QStringLiteral("state"), nameOf(s.state)},
                       {QStringLiteral("interrupted"), s.interrupted},
                       {QStringLiteral("pause_reasons"), QJsonArray::fromStringList(s.pauseReasons)},
                       {QStringLiteral("pause_text"), s.pauseText},
                       {QStringLiteral("plan_hash"), s.planHash},
                       {QStringLiteral("started"), s.startedMs},
                       {QStringLiteral("ended"), s.endedMs},
                       {QStringLiteral("eta"), s.etaMs},
                       {QStringLiteral("waves"), waves}};
}

} // namespace bellwether
