// Leases on hosts: taken before the first step, told to a person where another console has them, given back at the end.
#include "engine/engine.h"
#include "rollout/decide.h"
#include "rollout/wayback.h"

#include <QSysInfo>

namespace bellwether {

namespace {
const QString itself = QStringLiteral("bellwether");
constexpr qint64 againMs = 5000;

// How long ago, in the words of a host, as a moment of ours.
std::optional<qint64> momentOf(const QString &secondsAgo, qint64 nowMs)
{
    bool ok = false;
    const qint64 seconds = secondsAgo.toLongLong(&ok);
    return ok && seconds >= 0 ? std::optional(nowMs - seconds * 1000) : std::nullopt;
}

// The same answer again: moments are rounded to seconds and counted by two clocks.
bool saysTheSame(const LeaseRefused &a, const LeaseRefused &b)
{
    return a.owner == b.owner && a.by == b.by && a.stale == b.stale;
}
} // namespace

void Engine::takeLease(int id, const QString &host)
{
    const RolloutState *r = rollout(id);
    const PlanHost *planned = r ? r->plan.host(host) : nullptr;
    if (!planned)
        return;
    LeaseClaim claim;
    claim.by = QStringLiteral("%1 of %2, on %3").arg(rolloutName(id), r->startedBy.isEmpty() ? itself : r->startedBy, QSysInfo::machineHostName());
    claim.takeFrom = r->hosts[host].takeOverFrom;
    const qint64 abandoned = r->hosts[host].abandonedEpoch;
    ++m_asking[id];
    const auto answered = [this, id, host, abandoned](const Result<Lease> &lease) {
        --m_asking[id];
        const RolloutState *state = rollout(id);
        if (m_stopped || !state)
            return;
        if (state->isEnded()) // it came too late
            return lease ? releaseLeases(id) : void();
        if (!lease)
            return leaseRefused(id, host, lease.error());
        if (lease->ownHold && !m_workspace.hold && !m_holds.stopping)
            m_holds.lift(state->plan.host(host)->installation);
        LeaseTaken e;
        e.host = host;
        e.machine = state->plan.host(host)->installation.endpoint.machine();
        e.owner = owner();
        e.epoch = lease->epoch;
        e.takenFrom = lease->takenFrom;
        const HostRun &run = state->hosts.constFind(host).value();
        if (abandoned > 0 && lease->epoch > abandoned)
            e.insteadOf = abandoned;
        else if (lease->insteadOf > 0 && lease->insteadOf == run.lastEpoch && !run.leaseGivenBack) // by another one on its machine
            e.insteadOf = lease->insteadOf;
        tellTheOthers(id, e, lease->insteadOf);
        record(id, {e}, {}, itself);
    };
    if (abandoned > 0)
        m_leases.takeAnew(planned->installation, abandoned, r->plan.strategy.leaseTtlS, claim, answered);
    else
        m_leases.take(planned->installation, r->plan.strategy.leaseTtlS, claim, answered);
}

// Other rollouts on that machine have this lease, too, and have to know its number: it tells whether anybody else was between.
// `ours`: our own of before, which we gave back for this one; 0: none.
void Engine::tellTheOthers(int id, LeaseTaken taken, qint64 ours)
{
    const QString place = rollout(id)->plan.host(taken.host)->installation.leasePlace();
    if (!taken.insteadOf && ours > 0)
        taken.insteadOf = ours;
    for (const RolloutState &other : std::as_const(m_workspace.rollouts)) {
        const QStringList names = other.id == id || other.isEnded() ? QStringList() : other.leases.value(place);
        const auto knowsAnother = [&](const QString &name) { const qint64 last = other.hosts[name].lastEpoch; return last > 0 && last != taken.epoch; };
        if (std::none_of(names.cbegin(), names.cend(), knowsAnother))
            continue;
        taken.host = names.first();
        record(other.id, {taken}, {}, itself);
    }
}

void Engine::takeLeaseAgain(int id, const QString &host)
{
    schedule(againMs, [this, id, host] {
        const RolloutState *state = rollout(id);
        const bool wanted = state && !state->isEnded() && !state->interrupted && isBegun(state->hosts[host].state);
        if (wanted && (state->hosts[host].leaseEpoch == 0 || epochOf(state->plan.host(host)->installation) == 0))
            takeLease(id, host);
    });
}

void Engine::wantsLease(int id, const QString &host)
{
    const auto isWanted = [this, id, host] {
        const RolloutState *state = rollout(id);
        const PlanHost *planned = state ? state->plan.host(host) : nullptr;
        return planned && !state->isEnded() && !state->interrupted && isBegun(state->hosts[host].state)
            && !state->pauses.contains(PauseReason::Hold) && epochOf(planned->installation) == 0 && !m_leases.isAsking(planned->installation);
    };
    if (!isWanted() || !m_wanted.insert({id, host}).second)
        return;
    schedule(againMs, [this, id, host, isWanted] {
        m_wanted.erase({id, host});
        if (m_inFlight.value(id) > 0) // a pause may be on its way
            return wantsLease(id, host);
        if (isWanted())
            takeLease(id, host);
    });
}

void Engine::leaseRefused(int id, const QString &host, const Error &error)
{
    const RolloutState &state = *rollout(id);
    const HostRun &run = state.hosts.constFind(host).value();
    if (!isBegun(run.state)) // it was left out meanwhile: nobody waits for it any more
        return;
    const bool isFormer = !formerOwner().isEmpty() && error.args.value(1) == formerOwner(); // this journal's own, by an older program
    if (error.code == ErrorCode::HostHeld) {
        if (isFormer && !m_workspace.hold && !m_holds.stopping)
            m_holds.lift(state.plan.host(host)->installation);
        pauseForHold(id, clauseOf(error));
        return takeLeaseAgain(id, host);
    }
    const bool stale = error.code == ErrorCode::HostLeaseStale;
    QString reason = clauseOf(error);
    if (stale || error.code == ErrorCode::HostLocked) {
        const qint64 at = now().wallMs;
        LeaseRefused e;
        e.host = host;
        e.owner = error.args.value(1);
        e.by = error.args.value(stale ? 2 : 3);
        e.sinceMs = momentOf(error.args.value(stale ? 3 : 4), at);
        e.stale = stale;
        if (stale)
            e.silentSinceMs = momentOf(error.args.value(4), at);
        reason = holderText(e);
        if (!run.heldBy || !saysTheSame(*run.heldBy, e))
            record(id, {e}, {}, itself);
        if (!stale && isFormer)
            return takeLeaseAgain(id, host);
        if (stale) { // a person decides, now or beforehand
            const QString leaveFor = isFormer ? QStringLiteral("it is this journal's own lease, from before consoles were told apart") : state.options.takeOver;
            if (!leaveFor.isEmpty() && run.takeOverFrom != e.owner) {
                TakeOverConfirmed leave;
                leave.host = host;
                leave.owner = e.owner;
                leave.by = e.by;
                leave.reason = leaveFor;
                return record(id, {leave}, {}, isFormer ? itself : state.startedBy);
            }
            pauseForHold(id, QStringLiteral("%1: %2").arg(host, reason));
            return takeLeaseAgain(id, host);
        }
    }
    const bool untouched = run.direction == Direction::Forward && !run.current() && run.state == HostRunState::Preflight && !hasWayBack(state, run);
    HostEnded e;
    e.host = host;
    e.hop = run.hop;
    e.reason = reason;
    if (untouched) {
        e.state = HostRunState::Deferred;
        return record(id, {e}, {}, itself);
    }
    const bool mayCome = run.current() ? isOutOfReach(error) : isLinkError(error);
    if (mayCome || error.code == ErrorCode::HostBusy) {
        if (run.connected) {
            ConnectionChanged lost;
            lost.host = host;
            lost.reason = e.reason;
            record(id, {lost}, {}, itself);
        }
        return takeLeaseAgain(id, host);
    }
    e.state = run.direction == Direction::Forward ? HostRunState::InDoubt : HostRunState::RollbackFailed;
    record(id, {e}, {}, itself);
}

// A lease that is given back under one name is given back under all of them.
bool Engine::isOnMachineOf(const Installation &one, const Installation &other) const
{
    static const HostFacts unknown;
    const auto a = m_workspace.facts.constFind(one.name), b = m_workspace.facts.constFind(other.name), none = m_workspace.facts.cend();
    return isSameMachine(one, a == none ? unknown : *a, other, b == none ? unknown : *b);
}

// Where a host, under whatever name, is in another unfinished rollout; empty: nowhere. Given a directory, only that installation.
QString Engine::otherRolloutOn(const Installation &host, int except, const QString &directory) const
{
    for (const RolloutState &other : std::as_const(m_workspace.rollouts))
        if (other.id != except && !other.isEnded())
            for (const PlanHost &o : other.plan.hosts)
                if ((directory.isEmpty() || o.installation.directory == directory) && isOnMachineOf(o.installation, host))
                    return rolloutName(other.id);
    return {};
}

bool Engine::isGivingBack() const
{
    const auto isLate = [this](int id) { return m_asking.value(id) > 0 && (!rollout(id) || rollout(id)->isEnded()); };
    const bool mayEnd = std::any_of(m_inFlight.cbegin(), m_inFlight.cend(), [](int appends) { return appends > 0; });
    return mayEnd || m_leases.isGivingBack() || std::any_of(m_asking.keyBegin(), m_asking.keyEnd(), isLate);
}

void Engine::releaseLeases(int id)
{
    for (const PlanHost &h : rollout(id)->plan.hosts)
        if (otherRolloutOn(h.installation, id, {}).isEmpty())
            m_leases.release(h.installation);
}

} // namespace bellwether
