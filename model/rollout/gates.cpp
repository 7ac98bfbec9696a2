#include "rollout/gates.h"

#include "rollout/judge.h"

#include <algorithm>
#include <cmath>

namespace bellwether {

bool countsAsFailure(HostRunState state)
{
    switch (state) {
    case HostRunState::Failed:
    case HostRunState::HalfMigrated:
    case HostRunState::InDoubt:
    case HostRunState::RollingBack:
    case HostRunState::RolledBack:
    case HostRunState::RollbackFailed:
        return true;
    case HostRunState::Waiting:
    case HostRunState::Preflight:
    case HostRunState::BackingUp:
    case HostRunState::Upgrading:
    case HostRunState::Migrating:
    case HostRunState::Checking:
    case HostRunState::Baking:
    case HostRunState::Upgraded:
    case HostRunState::Deferred:
    case HostRunState::Excluded:
    case HostRunState::AlreadyThere:
        return false;
    }
    return false;
}

QString leftInTrouble(const RolloutState &state)
{
    for (const bool deferred : {false, true})
        for (const HostRun &h : state.hosts)
            if (deferred ? h.state == HostRunState::Deferred : countsAsFailure(h.state) && h.state != HostRunState::RolledBack && h.state != HostRunState::RollingBack)
                return h.reason.isEmpty() ? QStringLiteral("%1 is %2").arg(h.name, nameOf(h.state)) : QStringLiteral("%1 is %2: %3").arg(h.name, nameOf(h.state), h.reason);
    return {};
}

namespace {

struct Count {
    int total = 0, good = 0, failures = 0, deferred = 0, excluded = 0, unhealthy = 0, upgraded = 0;
    QString firstFailure, unhealthyHost;
    qint64 healthySince = 0, healthSeen = 0; // latest since, earliest seen
};

Count count(const RolloutState &state, int wave)
{
    Count c;
    bool first = true;
    for (const HostRun &h : state.hosts) {
        if (h.wave != wave)
            continue;
        ++c.total;
        if (countsAsFailure(h.state)) {
            if (c.failures++ == 0)
                c.firstFailure = (h.state == HostRunState::RolledBack ? QStringLiteral("%1 was rolled back").arg(h.name)
                                                                      : QStringLiteral("%1 is %2").arg(h.name, nameOf(h.state)))
                                 + (h.reason.isEmpty() ? QString() : QStringLiteral(": ") + h.reason);
        }
        c.deferred += h.state == HostRunState::Deferred;
        c.excluded += h.state == HostRunState::Excluded;
        c.good += h.state == HostRunState::Upgraded || h.state == HostRunState::AlreadyThere;
        if (h.state != HostRunState::Upgraded)
            continue;
        ++c.upgraded;
        if (h.health.sinceMono == 0 && c.unhealthy++ == 0)
            c.unhealthyHost = h.name;
        c.healthySince = std::max(c.healthySince, h.health.sinceMono);
        c.healthSeen = first ? h.health.lastMono : std::min(c.healthSeen, h.health.lastMono);
        first = false;
    }
    return c;
}

int lastHop(const RolloutState &state, int wave)
{
    int hops = 1;
    for (const HostRun &h : state.hosts)
        if (const PlanHost *planned = state.plan.host(h.name); planned && h.wave == wave)
            hops = std::max(hops, int(planned->hops.size()));
    return hops - 1;
}

QString seconds(double ms)
{
    return QStringLiteral("%1 s").arg(qint64(std::ceil(ms / 1000)));
}

} // namespace

GateReading readGate(const RolloutState &state, int wave, const Now &now)
{
    GateReading g;
    if (wave < 0 || wave >= state.waves.size())
        return g;
    const WaveRun &w = state.waves[wave];
    const Strategy &s = state.plan.strategy;
    const Count c = count(state, wave);
    const bool canary = wave == 0;
    g.failures = c.failures;
    g.allowed = canary ? 0 : std::min(s.budgetCount, int(c.total * s.budgetPercent / 100));

    const int eligible = c.total - c.excluded - (canary ? 0 : c.deferred);
    const double share = eligible > 0 ? 100.0 * c.good / eligible : 100.0;
    const bool enough = share >= (canary ? 100.0 : s.opensAtPercent);
    const bool settled = w.settledMono >= 0;
    auto condition = [&g](const char *key, GateVerdict verdict, const QString &value) {
        g.conditions.append(GateCondition{QString::fromLatin1(key), verdict, value});
    };

    const bool overBudget = c.failures > g.allowed;
    const bool tried = !canary || c.good > 0; // a canary that was left out proves nothing
    condition("upgraded", !enough ? (settled ? GateVerdict::Fail : GateVerdict::Pending) : tried ? GateVerdict::Pass : GateVerdict::Inconclusive,
              QStringLiteral("%1 of %2").arg(c.good).arg(eligible));
    condition("healthy", c.upgraded == 0 ? GateVerdict::Pending : c.unhealthy == 0 ? GateVerdict::Pass : GateVerdict::Pending,
              QStringLiteral("%1 of %2").arg(c.upgraded - c.unhealthy).arg(c.upgraded));
    condition("budget", overBudget ? GateVerdict::Fail : GateVerdict::Pass, QStringLiteral("%1 of %2 used").arg(c.failures).arg(g.allowed));

    const double bakeMs = scaledMs(state, gateBakeS(state.plan, wave, w.hop));
    bool baked = false;
    if (!settled || c.upgraded == 0) {
        baked = settled && c.upgraded == 0 && enough; // nothing was changed: nothing to watch
        condition("bake", baked ? GateVerdict::Pass : GateVerdict::Pending, baked ? QStringLiteral("nothing to watch") : seconds(bakeMs));
    } else if (c.unhealthy > 0) {
        condition("bake", GateVerdict::Pending, QStringLiteral("starts again when %1 is healthy").arg(c.unhealthyHost));
    } else {
        g.bakeFromMono = std::max(w.settledMono, c.healthySince);
        g.bakeEndMono = g.bakeFromMono + qint64(bakeMs);
        baked = w.held || c.healthSeen >= g.bakeEndMono; // health was observed up to its end
        const double left = std::max(0.0, double(g.bakeEndMono - now.monoMs));
        condition("bake", baked ? GateVerdict::Pass : GateVerdict::Pending,
                  baked ? QStringLiteral("%1 without a gap").arg(seconds(bakeMs)) : QStringLiteral("%1 of %2 left").arg(seconds(left), seconds(bakeMs)));
    }

    const bool needsPerson = canary && (s.manualGate || !tried) && w.hop == lastHop(state, wave) && state.waves.size() > 1;
    const bool promoted = w.promoted || (state.options.autoPromote && tried);
    if (needsPerson)
        condition("manual", promoted ? GateVerdict::Pass : GateVerdict::Pending,
                  w.promoted ? QStringLiteral("by %1").arg(w.promotedBy) : promoted ? QStringLiteral("auto-promote") : QStringLiteral("after the bake"));

    if (overBudget) {
        g.verdict = GateVerdict::Fail;
        g.reason = QStringLiteral("%1, %2 allowed: %3")
                       .arg(c.failures == 1 ? QStringLiteral("1 failure") : QStringLiteral("%1 failures").arg(c.failures),
                            g.allowed == 0 ? QStringLiteral("none") : QString::number(g.allowed), c.firstFailure);
    } else if (settled && !enough) {
        g.verdict = GateVerdict::Fail;
        g.reason = c.deferred > 0 ? QStringLiteral("%1 of %2 upgraded, %3 deferred").arg(c.good).arg(eligible).arg(c.deferred)
                                  : QStringLiteral("%1 of %2 upgraded, %3 % needed").arg(c.good).arg(eligible).arg(canary ? 100.0 : s.opensAtPercent);
    } else if (settled && c.unhealthy > 0) {
        const HostRun &h = state.hosts[c.unhealthyHost];
        const qint64 since = std::max(w.settledMono, h.health.lastMono > 0 ? h.changedMono : w.settledMono);
        g.reason = QStringLiteral("%1 is not healthy: %2").arg(h.name, h.health.detail.isEmpty() ? nameOf(h.health.health) : h.health.detail);
        if (now.monoMs - since >= qint64(s.healthDeadlineS) * 1000)
            g.verdict = h.health.lastMono > 0 && h.health.health != Health::Unknown ? GateVerdict::Fail : GateVerdict::Inconclusive;
    } else if (settled && enough && baked) {
        if (needsPerson && !promoted) {
            g.waitsForPerson = true;
            g.reason = tried ? QStringLiteral("everything holds; waiting for a person to promote")
                             : QStringLiteral("no canary was upgraded: to promote opens the next wave without any proof");
        } else {
            g.verdict = GateVerdict::Pass;
            g.reason = tried ? QStringLiteral("%1 of %2 upgraded and healthy").arg(c.good).arg(eligible) : QStringLiteral("no canary was upgraded");
        }
    } else if (settled && g.bakeEndMono > 0 && now.monoMs > g.bakeEndMono + 120'000 && c.healthSeen < g.bakeEndMono) {
        g.verdict = GateVerdict::Inconclusive;
        g.reason = QStringLiteral("health was not observed to the end of the bake");
    } else if (settled) {
        g.reason = QStringLiteral("baking");
    } else {
        g.reason = QStringLiteral("hosts are under way");
    }
    return g;
}

QStringList watchedHosts(const RolloutState &state)
{
    QStringList names;
    if (state.isEnded() || state.interrupted)
        return names;
    for (const HostRun &h : state.hosts)
        if (isWatched(state, h))
            names.append(h.name);
    return names;
}

bool isWatched(const RolloutState &state, const HostRun &h)
{
    if (state.isEnded() || state.interrupted)
        return false;
    const StepRun *step = h.current();
    const bool inHealthStep = step && step->kind == StepKind::Health && step->phase == StepPhase::Started;
    const bool gated = h.state == HostRunState::Upgraded && h.wave < state.waves.size() && !state.waves[h.wave].passed;
    return inHealthStep || gated;
}

} // namespace bellwether
