#include "engine/healthwatch.h"

#include "rollout/gates.h"
#include "rollout/judge.h"

namespace bellwether {

HealthWatch::HealthWatch(Runtime &runtime)
    : m_runtime(runtime)
{}

void HealthWatch::tick(const RolloutState &state)
{
    const qint64 now = m_runtime.now().monoMs;
    const QStringList names = watchedHosts(state);
    for (const QString &name : names) {
        const HostRun &host = state.hosts[name];
        Watch &watch = m_watches[name];
        const StepRun *step = host.current();
        const QString token = step ? step->token : QString();
        if (watch.token != token) { // another step: its first sample counts anew
            watch.token = token;
            watch.any = false;
            watch.nextMono = now;
        }
        if (!watch.inFlight && now >= watch.nextMono)
            sample(state, host, watch);
    }
}

const HealthWatch::Gate &HealthWatch::gateOf(const RolloutState &state, int wave)
{
    Gate &gate = m_gates[{state.id, wave}];
    const Now now = m_runtime.now();
    if (gate.readMono < 0 || now.monoMs - gate.readMono >= 500 || now.monoMs < gate.readMono)
        gate = {now.monoMs, readGate(state, wave, now).bakeEndMono, gateBakeS(state.plan, wave, state.waves[wave].hop)};
    return gate;
}

void HealthWatch::sample(const RolloutState &state, const HostRun &host, Watch &watch)
{
    const PlanHost *planned = state.plan.host(host.name);
    if (!planned)
        return;
    watch.inFlight = true;
    watch.nextMono = m_runtime.now().monoMs + state.plan.strategy.healthIntervalS * 1000LL;
    m_runtime.hosts().sample(planned->installation, planned->probes, state.plan.strategy.probeTimeoutS,
                             [this, id = state.id, name = host.name, alive = std::weak_ptr(m_alive)](const Result<HealthSample> &result) {
                                 if (alive.expired())
                                     return;
                                 m_watches[name].inFlight = false;
                                 HealthSample sample;
                                 if (result)
                                     sample = *result;
                                 else
                                     sample.detail = clauseOf(result.error()); // could not measure: unknown, never healthy
                                 take(id, name, sample);
                             });
}

void HealthWatch::take(int rollout, const QString &name, const HealthSample &sample)
{
    const RolloutState *state = m_runtime.rollout(rollout);
    if (!state || !state->hosts.contains(name))
        return;
    const HostRun &host = state->hosts.find(name).value();
    if (!isWatched(*state, host))
        return;
    Watch &watch = m_watches[name];
    const qint64 now = m_runtime.now().monoMs;
    const bool changed = !watch.any || sample.health != watch.last.health || sample.version != watch.last.version
        || sample.process != watch.last.process || sample.detail != watch.last.detail;
    bool wanted = host.current() != nullptr; // a health step counts its checks
    if (!wanted) {
        const Gate &gate = gateOf(*state, host.wave);
        const qint64 beat = std::clamp<qint64>(qint64(scaledMs(*state, gate.bakeS) / 4), 1000, 60'000);
        wanted = now - watch.recordedMono >= beat || (gate.bakeEndMono > 0 && now >= gate.bakeEndMono && host.health.lastMono < gate.bakeEndMono);
    }
    watch.last = sample;
    watch.any = true;
    if (!changed && !wanted)
        return;
    watch.recordedMono = now;
    HealthObserved e;
    e.host = name;
    e.health = sample.health;
    e.version = sample.version;
    e.detail = sample.detail;
    e.process = sample.process;
    m_runtime.record(rollout, {e});
}

} // namespace bellwether
