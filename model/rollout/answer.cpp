// What an operator may ask for, and the events that answer it.
#include "rollout/decide.h"
#include "rollout/gates.h"
#include "rollout/wayback.h"

#include <QDateTime>

#include <algorithm>
#include <functional>

namespace bellwether {

namespace {

bool canGoBack(const RolloutState &state, const HostRun &h)
{
    if (h.current() || h.state == HostRunState::RollingBack)
        return false;
    return hasWayBack(state, h);
}

bool canRetry(const RolloutState &state, const HostRun &h)
{
    if (state.reopened) // it had ended: hosts are taken back, none goes on
        return h.state == HostRunState::RollbackFailed;
    return h.state == HostRunState::Failed || h.state == HostRunState::HalfMigrated || h.state == HostRunState::InDoubt
        || h.state == HostRunState::Deferred || h.state == HostRunState::RollbackFailed;
}

// A step on a host that does not answer: a person may stop waiting for what became of it.
bool doesNotAnswer(const HostRun &h)
{
    return h.current() && !h.connected;
}

bool canSkip(const RolloutState &state, const HostRun &h)
{
    if (doesNotAnswer(h))
        return true;
    if (state.reopened)
        return false;
    if (h.state == HostRunState::Waiting || h.state == HostRunState::Deferred)
        return true;
    if (h.heldBy && h.state == HostRunState::Preflight && !h.current()) // somebody else's, and nothing was done on it
        return !hasWayBack(state, h);
    // a failed host may only be left behind when nothing was changed on it
    return h.state == HostRunState::Failed && (!hasWayBack(state, h) || decideWayBack(state, h).hop < h.hop);
}

// The step that a retry repeats, where nobody knows what it did to the database.
const StepRun *unknownEffect(const HostRun &h)
{
    const StepRun *last = h.last();
    if (!last || last->phase != StepPhase::Ended || last->direction != h.direction || last->hop != h.hop || last->index != h.next)
        return nullptr;
    if (last->kind != StepKind::Migrate && last->kind != StepKind::Start && last->kind != StepKind::Restore)
        return nullptr;
    const StepRun *done = wasCarriedOut(*last) ? last : carriedOutBefore(h, *last);
    return done && isUnknown(*done) ? done : nullptr;
}

// Why it may not be carried out again just so; empty: it may.
QString whyNotRepeat(const RolloutState &state, const HostRun &h, const QString &reason)
{
    const StepRun *step = unknownEffect(h);
    if (!step)
        return {};
    const bool canBeAsked = !stepAt(state, h, step->direction, step->hop, step->index).probe.isEmpty(); // it is, before anything else
    if (step->direction == Direction::Forward && !state.plan.policy.migrationsIdempotent && !canBeAsked)
        return QStringLiteral("what its %1 did to %2 is not known, and %3 does not promise that its migrations may be repeated: restore it").arg(step->name, h.name, state.plan.productName);
    return reason.isEmpty() ? QStringLiteral("what its %1 did to %2 is not known: look at it, and state what you found as the reason").arg(step->name, h.name) : QString();
}

template<class Predicate>
QStringList hostsWhere(const RolloutState &state, Predicate predicate)
{
    QStringList names;
    for (const HostRun &h : state.hosts)
        if (predicate(h))
            names.append(h.name);
    return names;
}

// Newest first: who was begun last goes back first.
QStringList newestFirst(const RolloutState &state, QStringList names)
{
    std::vector<std::pair<qint64, QString>> begun;
    for (const QString &name : std::as_const(names))
        begun.emplace_back(state.hosts[name].beganMs, name);
    std::ranges::stable_sort(begun, std::ranges::greater(), [](const auto &one) { return one.first; });
    std::ranges::transform(begun, names.begin(), [](const auto &one) { return one.second; });
    return names;
}

QString troubleOf(const RolloutState &state)
{
    for (const HostRun &h : state.hosts)
        if (h.state == HostRunState::HalfMigrated)
            return QStringLiteral("%1 is half-migrated: %2").arg(h.name, h.reason);
    for (const HostRun &h : state.hosts)
        if (countsAsFailure(h.state))
            return h.reason.isEmpty() ? QStringLiteral("%1 is %2").arg(h.name, nameOf(h.state)) : QStringLiteral("%1 is %2: %3").arg(h.name, nameOf(h.state), h.reason);
    return {};
}

std::unexpected<Error> refuse(Verb verb, const QString &reason)
{
    return fail(ErrorCode::NotAllowed, {nameOf(verb), reason});
}

bool waitsForTakeOver(const HostRun &h)
{
    return isBegun(h.state) && h.leaseEpoch == 0 && h.heldBy && h.heldBy->stale && h.takeOverFrom != h.heldBy->owner;
}

bool stopsUntilMended(const RolloutState &state)
{
    return state.pauses.contains(PauseReason::FailureBudget) || state.pauses.contains(PauseReason::GateFailed);
}

// The pauses that a word to go on lifts. What waits for a promotion waits on, and failures over the budget have to be
// mended first; but they keep no other pause from being lifted: a way back under way must go on after the journal does.
QList<PauseReason> liftable(const RolloutState &state)
{
    const int wave = state.currentWave();
    const GateReading gate = readGate(state, wave, {0, 0});
    const bool leftOver = (wave < 0 || state.reopened) && !leftInTrouble(state).isEmpty();
    QList<PauseReason> reasons;
    for (auto it = state.pauses.cbegin(); it != state.pauses.cend(); ++it) {
        const bool mendFirst = (it.key() == PauseReason::FailureBudget || it.key() == PauseReason::GateFailed) && (leftOver || (wave >= 0 && gate.failures > gate.allowed));
        if (it.key() != PauseReason::ApprovalNeeded && !mendFirst)
            reasons.append(it.key());
    }
    return reasons;
}

Unpaused unpaused(PauseReason reason, const QString &detail)
{
    Unpaused e;
    e.reason = reason;
    e.detail = detail;
    return e;
}

} // namespace

QString holderText(const LeaseRefused &held)
{
    const auto at = [](qint64 ms) { return QDateTime::fromMSecsSinceEpoch(ms, Qt::UTC).toString(QStringLiteral("yyyy-MM-dd hh:mm 'UTC'")); };
    QString text = held.by.isEmpty() ? QStringLiteral("the console %1").arg(held.owner) : held.by;
    text += held.sinceMs ? QStringLiteral(" has held it since %1").arg(at(*held.sinceMs)) : QStringLiteral(" has held it");
    if (held.stale)
        text += held.silentSinceMs ? QStringLiteral(" and is silent since %1").arg(at(*held.silentSinceMs)) : QStringLiteral(" and is silent since the host was started last, or before");
    return text;
}

QString holdText(const Hold &hold)
{
    return QStringLiteral("everything was stopped by %1: %2").arg(hold.by, hold.reason);
}

Permission permission(const RolloutState &state, Verb verb)
{
    Permission p;
    auto no = [&](const QString &reason) {
        p.allowed = false;
        p.reason = reason;
        return p;
    };
    auto yes = [&](QStringList hosts) {
        p.allowed = true;
        p.hosts = std::move(hosts);
        return p;
    };
    const QString ended = QStringLiteral("the rollout has ended: %1").arg(nameOf(state.lifecycle));
    const QStringList open = hostsWhere(state, [](const HostRun &h) { return h.state == HostRunState::Waiting || isBegun(h.state) || h.state == HostRunState::Deferred; });
    const bool wouldMove = verb == Verb::TakeOver || verb == Verb::Resume || verb == Verb::Promote || verb == Verb::Retry || verb == Verb::Rollback;
    if (state.hold && wouldMove && (!state.isEnded() || verb == Verb::Rollback))
        return no(QStringLiteral("%1; release it first").arg(holdText(*state.hold)));
    switch (verb) {
    case Verb::Resume: {
        if (state.isEnded())
            return no(ended);
        if (state.interrupted)
            return yes(open);
        if (state.pauses.isEmpty())
            return no(QStringLiteral("it is running"));
        if (!liftable(state).isEmpty())
            return yes(open);
        if (stopsUntilMended(state))
            return no(QStringLiteral("retry, skip or roll back first: %1").arg(leftInTrouble(state).isEmpty() ? troubleOf(state) : leftInTrouble(state)));
        return no(QStringLiteral("the canary's gate waits for a person: promote it"));
    }
    case Verb::Pause:
        if (state.isEnded())
            return no(ended);
        if (state.pauses.contains(PauseReason::Operator))
            return no(QStringLiteral("it is paused already"));
        return yes(open);
    case Verb::Promote: {
        if (state.isEnded())
            return no(ended);
        if (state.reopened)
            return no(QStringLiteral("the rollout had ended: hosts are only taken back"));
        const int wave = state.currentWave();
        if (const QString trouble = troubleOf(state); wave == 0 && !trouble.isEmpty())
            return no(trouble);
        if (!state.pauses.contains(PauseReason::ApprovalNeeded)) {
            if (wave < 0)
                return no(QStringLiteral("every wave has passed its gate"));
            return no(wave > 0 ? QStringLiteral("only the canary's gate waits for a person") : QStringLiteral("the canary's gate does not hold yet: %1").arg(
                state.waves[0].gateReason.isEmpty() ? QStringLiteral("hosts are under way") : state.waves[0].gateReason));
        }
        return yes(state.plan.waves.value(wave + 1).hosts);
    }
    case Verb::Retry: {
        const QStringList hosts = hostsWhere(state, [&](const HostRun &h) { return canRetry(state, h); });
        if (state.isEnded())
            return no(ended);
        return hosts.isEmpty() ? no(QStringLiteral("no host has failed or was deferred")) : yes(hosts);
    }
    case Verb::Skip: {
        const QStringList hosts = hostsWhere(state, [&](const HostRun &h) { return canSkip(state, h); });
        if (state.isEnded())
            return no(ended);
        return hosts.isEmpty() ? no(QStringLiteral("no host can be left out: what was changed has to go on or go back")) : yes(hosts);
    }
    case Verb::Rollback: {
        const QStringList hosts = newestFirst(state, hostsWhere(state, [&](const HostRun &h) { return canGoBack(state, h); }));
        if (!hosts.isEmpty())
            return yes(hosts);
        const QStringList busy = hostsWhere(state, [](const HostRun &h) { return h.current() != nullptr; });
        return no(busy.isEmpty() ? QStringLiteral("nothing has been changed on any host")
                                 : QStringLiteral("a step is under way on %1: it is taken back once it has ended").arg(busy.first()));
    }
    case Verb::Abort:
        if (state.isEnded())
            return no(ended);
        return state.abortRequested ? no(QStringLiteral("it is being aborted")) : yes(open);
    case Verb::TakeOver: {
        const QStringList hosts = hostsWhere(state, waitsForTakeOver);
        if (state.isEnded())
            return no(ended);
        return hosts.isEmpty() ? no(QStringLiteral("no host waits for the lease of a console that has gone silent")) : yes(hosts);
    }
    }
    return p;
}

namespace {

// Left in doubt: it was changed, or may be, by a step that may still be going on there. The host itself keeps a second one off.
void giveUp(const HostRun &h, const QString &reason, const Now &now, QList<EventBody> &out)
{
    const StepRun &step = *h.current();
    HostGivenUp given;
    given.host = h.name;
    given.token = step.token;
    given.reason = reason;
    out.append(given);
    StepEnded ended;
    ended.host = h.name;
    ended.token = step.token;
    ended.outcome = StepOutcome::InDoubt;
    ended.reason = QStringLiteral("the host did not answer, and nobody waits for it any longer: %1").arg(reason);
    ended.durationMs = std::max<qint64>(0, now.monoMs - step.startedMono);
    out.append(ended);
}

Result<QList<EventBody>> answerRollback(const RolloutState &state, const OperatorRequest &request, const QStringList &allowed)
{
    QStringList hosts = request.hosts.isEmpty() ? allowed : newestFirst(state, request.hosts);
    QList<EventBody> out;
    RollbackConfirmed confirmed;
    for (const QString &name : std::as_const(hosts)) {
        const auto h = state.hosts.constFind(name);
        if (h == state.hosts.cend())
            return fail(ErrorCode::UnknownHost, {name});
        const WayBack way = decideWayBack(state, *h);
        if (!allowed.contains(name))
            return refuse(Verb::Rollback, h->current() ? QStringLiteral("a step is under way on %1").arg(name) : QStringLiteral("%1: %2").arg(name, way.reason));
        WayBackVerdict verdict = way.verdict;
        if (request.way != QLatin1String("auto") && request.way != QLatin1String("tag-only") && request.way != QLatin1String("restore"))
            return fail(ErrorCode::Usage, {QStringLiteral("the way back is auto, tag-only or restore")});
        if (request.way == QLatin1String("tag-only") && verdict == WayBackVerdict::Restore)
            return fail(ErrorCode::WayRefused, {name, request.way, way.reason});
        if (request.way == QLatin1String("restore"))
            verdict = WayBackVerdict::Restore;
        if (verdict == WayBackVerdict::Restore) {
            const auto backup = h->backups.constFind(way.hop);
            if (backup == h->backups.cend() || !backup->verified)
                return fail(ErrorCode::WayRefused, {name, QStringLiteral("restore"), QStringLiteral("there is no proven backup of it from this rollout")});
            const QString domain = state.plan.host(name)->installation.domain;
            if (domain.isEmpty() || request.confirm.value(name) != domain)
                return fail(ErrorCode::DomainNotConfirmed, {name, domain});
            confirmed.confirmed.insert(name, domain);
        }
        confirmed.hosts.append(name);
        confirmed.ways.insert(name, nameOf(verdict));
        WayBackDecided decided;
        decided.host = name;
        decided.way = way;
        if (verdict != way.verdict) {
            decided.way.verdict = verdict;
            decided.way.reason = QStringLiteral("asked for by the operator; evidence alone would allow %1").arg(nameOf(way.verdict));
            decided.way.lossFromMs = h->backups[way.hop].startedMs;
            decided.way.backupPath = h->backups[way.hop].path;
        }
        out.append(decided);
    }
    out.append(confirmed);
    return out;
}

} // namespace

Result<QList<EventBody>> answer(const RolloutState &state, const OperatorRequest &asked, const Now &now)
{
    OperatorRequest request = asked;
    request.hosts.removeDuplicates();
    const Permission p = permission(state, request.verb);
    if (!p.allowed)
        return refuse(request.verb, p.reason);
    for (const QString &name : request.hosts)
        if (!state.hosts.contains(name))
            return fail(ErrorCode::UnknownHost, {name});
    QList<EventBody> out;
    if (state.interrupted && request.verb != Verb::Pause && !state.isEnded()) { // what an operator asks for makes it move again
        RolloutResumed e;
        e.reason = request.reason.isEmpty() ? nameOf(request.verb) : request.reason;
        out.append(e);
    }
    // What an operator asks for is durable: so the journal takes events again, and what was asked for must not wait.
    if (request.verb != Verb::Pause && request.verb != Verb::Resume && state.pauses.contains(PauseReason::JournalFailure))
        out.append(unpaused(PauseReason::JournalFailure, nameOf(request.verb)));
    switch (request.verb) {
    case Verb::Resume: {
        for (const PauseReason reason : liftable(state))
            out.append(unpaused(reason, request.reason));
        return out;
    }
    case Verb::Pause: {
        Paused e;
        e.reason = PauseReason::Operator;
        e.detail = request.reason;
        out.append(e);
        return out;
    }
    case Verb::Promote: {
        Promoted e;
        e.wave = state.currentWave();
        e.hop = state.waves[e.wave].hop;
        e.reason = request.reason;
        out.append(e);
        out.append(unpaused(PauseReason::ApprovalNeeded, QStringLiteral("promoted")));
        return out;
    }
    case Verb::Retry: {
        const QStringList hosts = request.hosts.isEmpty() ? p.hosts : request.hosts;
        for (const QString &name : hosts) {
            const HostRun &h = state.hosts[name];
            if (!p.hosts.contains(name))
                return refuse(Verb::Retry, QStringLiteral("%1 is %2").arg(name, nameOf(h.state)));
            if (h.state == HostRunState::HalfMigrated && (!state.plan.policy.migrationsIdempotent || request.reason.isEmpty()))
                return refuse(Verb::Retry, state.plan.policy.migrationsIdempotent
                                               ? QStringLiteral("%1 is half-migrated: state the fix as the reason").arg(name)
                                               : QStringLiteral("%1 is half-migrated and %2 does not promise that its migrations may be repeated: restore it").arg(name, state.plan.productName));
            if (const QString why = whyNotRepeat(state, h, request.reason); !why.isEmpty())
                return refuse(Verb::Retry, why);
            HostRetried e;
            e.host = name;
            e.reason = request.reason;
            out.append(e);
        }
        break;
    }
    case Verb::Skip: {
        if (request.hosts.isEmpty())
            return refuse(Verb::Skip, QStringLiteral("name the hosts to leave out"));
        if (request.reason.isEmpty())
            return refuse(Verb::Skip, QStringLiteral("leaving a host out needs a reason"));
        for (const QString &name : request.hosts) {
            if (!p.hosts.contains(name))
                return refuse(Verb::Skip, QStringLiteral("%1 is %2").arg(name, nameOf(state.hosts[name].state)));
            if (doesNotAnswer(state.hosts[name])) {
                giveUp(state.hosts[name], request.reason, now, out);
                continue;
            }
            HostSkipped e;
            e.host = name;
            e.reason = request.reason;
            out.append(e);
        }
        break;
    }
    case Verb::Rollback: {
        const auto back = answerRollback(state, request, p.hosts);
        if (!back)
            return back;
        const bool onlyTheJournal = state.pauses.size() == 1 && state.pauses.contains(PauseReason::JournalFailure);
        if (!state.isEnded() && (state.pauses.isEmpty() || onlyTheJournal)) { // no host is begun while others go back
            Paused e;
            e.reason = PauseReason::Operator;
            e.detail = QStringLiteral("hosts are taken back");
            out.append(e);
        }
        return out + *back;
    }
    case Verb::Abort: {
        AbortRequested e;
        e.reason = request.reason;
        out.append(e);
        return out;
    }
    case Verb::TakeOver: {
        if (request.reason.trimmed().isEmpty())
            return refuse(Verb::TakeOver, QStringLiteral("taking a host over from another console needs a reason"));
        const QStringList hosts = request.hosts.isEmpty() ? p.hosts : request.hosts;
        for (const QString &name : hosts) {
            if (!p.hosts.contains(name))
                return refuse(Verb::TakeOver, QStringLiteral("%1 does not wait for the lease of a console that has gone silent").arg(name));
            const LeaseRefused &held = *state.hosts[name].heldBy;
            TakeOverConfirmed e;
            e.host = name;
            e.owner = held.owner;
            e.by = held.by;
            e.reason = request.reason;
            out.append(e);
        }
        if (state.pauses.contains(PauseReason::Hold) && hosts.size() == p.hosts.size())
            out.append(unpaused(PauseReason::Hold, nameOf(Verb::TakeOver)));
        return out;
    }
    }
    // retried and skipped hosts no longer count: what stopped the rollout for them is gone
    for (const PauseReason reason : {PauseReason::FailureBudget, PauseReason::GateFailed, PauseReason::LostHosts})
        if (state.pauses.contains(reason))
            out.append(unpaused(reason, nameOf(request.verb)));
    return out;
}

} // namespace bellwether
