#include "rollout/decide.h"

#include "rollout/gates.h"
#include "rollout/judge.h"
#include "rollout/wayback.h"

#include <QSet>

#include <algorithm>

namespace bellwether {

namespace {

constexpr qint64 atOnceMs = 30'000;

bool mayNotBeKilled(StepKind kind)
{
    return kind == StepKind::Backup || kind == StepKind::Migrate || kind == StepKind::Start || kind == StepKind::Restore || kind == StepKind::SetAside;
}

struct Decider {
    const RolloutState &s;
    const Now &now;
    QList<EventBody> out;
    QSet<QString> busy = {}; // machines that have a step under way, where hosts share any

    // One step at a time runs on each machine, there or back, whatever its names are; one host after the other goes forward.
    bool isItsTurn(const HostRun &h) const
    {
        return !s.machinesAreShared || (!busy.contains(h.machine) && (h.direction != Direction::Forward || !s.underWayOnMachineOf(h)));
    }
    void findBusy()
    {
        if (!s.machinesAreShared)
            return;
        for (const HostRun &h : s.hosts)
            if (const StepRun *step = h.current(); step && stepAt(s, h, step->direction, step->hop, step->index).runsOnHost())
                busy.insert(h.machine);
    }

    // While everything is stopped no step is begun, neither there nor back, and nothing that leads to one.
    bool mayGoOn() const { return s.pauses.isEmpty() && !s.hold; }

    void intend(const HostRun &h, int index)
    {
        if (s.hold)
            return;
        const Step step = stepAt(s, h, h.direction, h.hop, index);
        int attempt = 1, number = 0;
        for (const StepRun &run : h.steps)
            attempt += run.direction == h.direction && run.hop == h.hop && run.index == index;
        for (int i = 0; i < s.plan.hosts.size(); ++i)
            if (s.plan.hosts[i].installation.name == h.name)
                number = i;
        StepIntended e;
        e.host = h.name;
        e.direction = h.direction;
        e.hop = h.hop;
        e.index = index;
        e.attempt = attempt;
        e.step = step.name;
        e.kind = step.kind;
        e.command = step.displayText();
        e.token = QStringLiteral("%1r%2.h%3.%4.%5.%6").arg(h.direction == Direction::Forward ? QString() : h.direction == Direction::TagOnly ? QStringLiteral("b") : QStringLiteral("x"))
                      .arg(s.id).arg(number).arg(h.hop).arg(index).arg(attempt);
        if (const QString tag = workspaceTag(s.workspace); !tag.isEmpty())
            e.token += QLatin1Char('.') + tag;
        out.append(e);
        if (step.runsOnHost())
            busy.insert(h.machine);
    }

    void endHost(const HostRun &h, HostRunState state, const QString &reason)
    {
        HostEnded e;
        e.host = h.name;
        e.state = state;
        e.hop = h.hop;
        e.reason = reason;
        out.append(e);
        HostRun after = h;
        after.state = state;
        if (state == HostRunState::Upgraded || countsAsFailure(state)) {
            WayBackDecided way;
            way.host = h.name;
            way.way = decideWayBack(s, after);
            out.append(way);
        }
    }

    // The first restore shows that restoring works. Where it failed, no other database is dropped until a person says so.
    void holdOtherRestores(const HostRun &failed)
    {
        for (const HostRun &h : s.hosts)
            if (h.state == HostRunState::RolledBack && h.direction == Direction::Restore)
                return; // proven
        for (const QString &name : s.rollbackOrder) {
            const HostRun &h = s.hosts[name];
            if (name != failed.name && h.direction == Direction::Restore && h.next == 0 && !h.current() && h.retryAsked)
                endHost(h, HostRunState::RollbackFailed, QStringLiteral("not begun: the restore of %1 failed, and none has been proven").arg(failed.name));
        }
    }

    // A host whose last step did not end well.
    void afterFailure(const HostRun &h, const StepRun &step)
    {
        const QString reason = step.reason.isEmpty() ? QStringLiteral("%1 failed").arg(step.name) : QStringLiteral("%1: %2").arg(step.name, step.reason);
        if (h.direction != Direction::Forward) {
            endHost(h, HostRunState::RollbackFailed, reason);
            if (h.direction == Direction::Restore)
                holdOtherRestores(h);
            return;
        }
        if (step.outcome == StepOutcome::Cancelled && s.abortRequested && !isChanged(h, h.hop))
            return leaveOut(h, QStringLiteral("the rollout was aborted and its %1 cancelled before anything was changed on it").arg(step.name));
        const Ledger after = h.ledgersAfter.value(h.hop);
        for (const Migration &m : h.migrations) {
            if (m.state == MigrationState::Failed || (m.state == MigrationState::Running && (step.kind == StepKind::Migrate || step.kind == StepKind::Start)))
                return endHost(h, HostRunState::HalfMigrated, m.reason.isEmpty() ? QStringLiteral("migration %1 did not finish").arg(m.name)
                                                                               : QStringLiteral("migration %1 failed: %2").arg(m.name, m.reason));
        }
        if (!after.halfMigrated.isEmpty())
            return endHost(h, HostRunState::HalfMigrated, QStringLiteral("migration %1 did not finish").arg(after.halfMigrated));
        if (step.outcome == StepOutcome::Lost || step.outcome == StepOutcome::InDoubt)
            return endHost(h, HostRunState::InDoubt, reason);
        endHost(h, HostRunState::Failed, reason);
    }

    // An abort reached it where nothing of its present hop was changed. Has it come through an earlier one, then it is
    // left on a version that nobody planned for it, and that is no host which was merely left out.
    void leaveOut(const HostRun &h, const QString &reason)
    {
        if (!hasWayBack(s, h))
            return endHost(h, HostRunState::Excluded, reason);
        const QList<Hop> &hops = s.plan.host(h.name)->hops;
        const Version &runs = h.state == HostRunState::Upgraded ? hops[h.hop].to : hops[h.hop].from;
        endHost(h, HostRunState::Failed, QStringLiteral("the rollout was aborted: it was left on %1, on its way to %2").arg(runs.toString(), hops.last().to.toString()));
    }

    // Another console held the host in between. Before anything was changed on it everything is measured anew, from the
    // preflight on; afterwards no evidence of ours can be relied upon, and a person has to look.
    void afterSomebodyElse(const HostRun &h)
    {
        if (h.direction == Direction::Forward && !isChanged(h, h.hop))
            return intend(h, 0);
        endHost(h, h.direction == Direction::Forward ? HostRunState::InDoubt : HostRunState::RollbackFailed,
                QStringLiteral("another console has worked on it since it was measured: look at it, then retry or go back"));
    }

    static bool changes(StepKind kind)
    {
        return kind == StepKind::Stop || kind == StepKind::Pin || kind == StepKind::Migrate || kind == StepKind::Start;
    }
    // At a safe point, because the rollout is paused. An abort leaves no host between two versions: what was changed
    // goes on to its end.
    bool rests(const HostRun &h, const Step &step) const
    {
        return step.safe && (s.abortRequested ? !isChanged(h, h.hop) : !s.pauses.isEmpty());
    }

    // Index of the backup step to repeat before anything is changed, or −1. The age counts on our clock: a host's may
    // be anything.
    int staleBackup(const HostRun &h, const Step &next) const
    {
        const auto backedUp = h.backedUp.constFind(h.hop);
        if (!changes(next.kind) || isChanged(h, h.hop) || backedUp == h.backedUp.cend())
            return -1;
        if (now.monoMs - backedUp->monoMs <= qint64(s.plan.strategy.backupMaxAgeMin) * 60'000)
            return -1;
        const QList<Step> &steps = stepsOf(s, h, h.direction, h.hop);
        for (int i = 0; i < h.next; ++i)
            if (steps[i].kind == StepKind::Backup)
                return i;
        return -1;
    }

    // What was measured while another host of its machine was under way says nothing: it is measured again in its turn.
    Judgement judgement(const HostRun &h, const StepRun &step) const
    {
        if (step.kind != StepKind::Preflight || !h.measureAnew)
            return judge(s, h, now);
        Judgement measured;
        measured.decided = true;
        return measured;
    }

    void progress(const HostRun &h)
    {
        if (const StepRun *step = h.current()) {
            if (step->phase != StepPhase::Started)
                return;
            overdue(h, *step);
            const Judgement j = judgement(h, *step);
            if (!j.decided)
                return;
            StepEnded e;
            e.host = h.name;
            e.token = step->token;
            e.outcome = j.outcome;
            e.reason = j.reason;
            e.durationMs = std::max<qint64>(0, now.monoMs - step->startedMono);
            out.append(e);
            if (j.alreadyThere)
                endHost(h, HostRunState::AlreadyThere, {});
            else if (j.unreachable)
                endHost(h, HostRunState::Deferred, j.reason);
            return;
        }
        const StepRun *last = h.last();
        const QList<Step> &steps = stepsOf(s, h, h.direction, h.hop);
        const bool lastIsOfThisRun = last && last->direction == h.direction && last->hop == h.hop && last->index == h.next;
        const bool failed = lastIsOfThisRun && last->outcome != StepOutcome::Done && last->outcome != StepOutcome::Already;
        if (failed && !isRetried(h))
            return afterFailure(h, *last);
        if (h.next >= steps.size())
            return h.direction == Direction::Forward ? endHost(h, HostRunState::Upgraded, {}) : endHost(h, HostRunState::RolledBack, {});
        const bool resting = h.direction == Direction::Forward && rests(h, steps[h.next]);
        if (resting && s.abortRequested)
            return leaveOut(h, QStringLiteral("the rollout was aborted before anything was changed on it"));
        if (h.leaseEpoch == 0) { // the engine is taking it, or somebody keeps it from us: for how long nobody knows
            if (s.abortRequested && h.direction == Direction::Forward && !isChanged(h, h.hop))
                leaveOut(h, QStringLiteral("the rollout was aborted before anything was changed on it"));
            return;
        }
        if (!isItsTurn(h))
            return;
        if (h.mustBeSeen)
            return afterSomebodyElse(h);
        if (resting)
            return;
        if (h.measureAnew && h.direction == Direction::Forward && !isChanged(h, h.hop))
            return intend(h, 0);
        const int repeat = staleBackup(h, steps[h.next]);
        intend(h, repeat >= 0 ? repeat : h.next);
    }

    // HostRetried came after the failure: the host is begun again though its last step failed.
    static bool isRetried(const HostRun &h) { return h.retryAsked; }

    void overdue(const HostRun &h, const StepRun &step)
    {
        if (step.overdue || !mayNotBeKilled(step.kind))
            return;
        const int plannedS = stepAt(s, h, step.direction, step.hop, step.index).deadlineS;
        const PlanHost *planned = s.plan.host(h.name);
        const int estimateS = planned && step.hop < planned->hops.size() ? planned->hops[step.hop].estimateS : 0;
        const qint64 limitMs = 1000LL * (step.kind == StepKind::Migrate ? std::max({s.plan.strategy.migrationDeadlineMin * 60, 3 * estimateS}) : plannedS);
        if (now.monoMs - step.startedMono <= limitMs)
            return;
        Paused e;
        e.reason = PauseReason::GateInconclusive;
        e.detail = QStringLiteral("%1 on %2 has run for %3 s, longer than %4 s; it goes on").arg(step.name, h.name).arg((now.monoMs - step.startedMono) / 1000).arg(limitMs / 1000);
        e.token = step.token;
        out.append(e);
    }

    void pause(PauseReason reason, const QString &detail)
    {
        if (s.pauses.contains(reason))
            return;
        Paused e;
        e.reason = reason;
        e.detail = detail;
        out.append(e);
    }

    // Rollback is exempt from pauses and budgets. A restore is proven on one host first, then the rest in parallel.
    bool rollBack()
    {
        if (s.rollbackOrder.isEmpty())
            return false;
        bool proven = true, anyRestore = false;
        for (const QString &name : s.rollbackOrder)
            anyRestore = anyRestore || s.hosts[name].direction == Direction::Restore;
        if (anyRestore) {
            proven = false;
            for (const HostRun &h : s.hosts)
                proven = proven || (h.state == HostRunState::RolledBack && h.direction == Direction::Restore);
        }
        int under = 0;
        QStringList machines;
        for (const QString &name : s.rollbackOrder) {
            const HostRun &h = s.hosts[name];
            if (h.direction == Direction::Restore && !proven && under > 0)
                continue;
            if (under >= s.plan.strategy.parallel || machines.contains(h.machine))
                continue;
            ++under;
            machines.append(h.machine);
            progress(h);
        }
        return true;
    }

    void hosts()
    {
        for (const HostRun &h : s.hosts)
            if (isBegun(h.state) && h.direction == Direction::Forward)
                progress(h);
    }

    void stopRules(int wave, const GateReading &gate)
    {
        if (gate.failures > gate.allowed)
            pause(PauseReason::FailureBudget, gate.reason);
        QSet<QString> all, deferred; // machines: what cannot be reached is a machine, whatever stands on it
        for (const HostRun &h : s.hosts) {
            if (h.wave != wave)
                continue;
            all.insert(h.machine);
            if (h.state == HostRunState::Deferred && h.deferrals > 1)
                deferred.insert(h.machine);
            if (isBegun(h.state) && !h.connected && h.doubtSinceMono > 0 && now.monoMs - h.doubtSinceMono > s.plan.strategy.inDoubtMin * 60'000LL)
                pause(PauseReason::LostHosts, QStringLiteral("%1 could not be asked for %2 min%3").arg(h.name).arg(s.plan.strategy.inDoubtMin).arg(h.reason.isEmpty() ? QString() : QStringLiteral(": ") + h.reason));
        }
        if (100.0 * double(deferred.size()) > s.plan.strategy.unreachablePercent * double(all.size()))
            pause(PauseReason::LostHosts, QStringLiteral("%1 of %2 hosts are deferred").arg(deferred.size()).arg(all.size()));
    }

    void begin(int wave)
    {
        if (!mayGoOn() || s.abortRequested)
            return;
        const WaveRun &w = s.waves[wave];
        if (w.opened)
            return beginHosts(wave);
        WaveOpened e;
        e.wave = wave;
        e.hop = w.verdict == GateVerdict::Pass ? w.hop + 1 : w.hop;
        out.append(e);
    }

    // Whether it has ended a hop that its wave has left behind: it was retried late.
    bool isBehind(const HostRun &h) const
    {
        if ((h.state != HostRunState::Upgraded && h.state != HostRunState::AlreadyThere) || h.wave >= s.waves.size())
            return false;
        const WaveRun &w = s.waves[h.wave];
        return (w.passed || (w.opened && h.hop < w.hop)) && h.hop + 1 < s.plan.host(h.name)->hops.size();
    }

    // Hosts of the open wave, and those of earlier ones that were retried after their wave had passed.
    void beginHosts(int lastWave)
    {
        QStringList machines, sites;
        auto siteOf = [&](const QString &name) { return s.plan.host(name)->installation.labels.value(QStringLiteral("site")); };
        int under = 0;
        for (const HostRun &h : s.hosts) {
            if (isBegun(h.state)) {
                ++under;
                machines.append(h.machine);
                sites.append(siteOf(h.name));
            }
        }
        sites.removeAll(QString());
        const int limit = lastWave == 0 ? 1 : lastWave == 1 ? s.plan.strategy.parallel : s.plan.strategy.parallelLater;
        for (int wave = 0; wave <= lastWave; ++wave) {
            for (const QString &name : s.plan.waves[wave].hosts) {
                if (under >= limit)
                    return;
                const auto h = s.hosts.constFind(name);
                if (h == s.hosts.cend() || (h->state != HostRunState::Waiting && !isBehind(*h)))
                    continue;
                const QString site = siteOf(name);
                if (machines.contains(h->machine) || sites.contains(site))
                    continue;
                HostBegun e;
                e.host = name;
                e.hop = h->state == HostRunState::Waiting ? h->hop : h->hop + 1;
                out.append(e);
                machines.append(h->machine);
                if (!site.isEmpty())
                    sites.append(site);
                ++under;
            }
        }
    }

    // Deferred hosts are tried once more when the rest of their wave is done.
    bool retryDeferred(int wave)
    {
        if (s.waves[wave].settledMono < 0 || !mayGoOn())
            return false;
        bool any = false;
        for (const HostRun &h : s.hosts) {
            if (h.wave == wave && h.state == HostRunState::Deferred && h.deferrals == 1) {
                HostRetried e;
                e.host = h.name;
                e.reason = QStringLiteral("tried again at the end of its wave");
                out.append(e);
                any = true;
            }
        }
        return any;
    }

    void gate(int wave, const GateReading &g)
    {
        const WaveRun &w = s.waves[wave];
        const bool worth = g.verdict != w.verdict || (g.reason != w.gateReason && w.settledMono >= 0);
        if (w.settledMono >= 0 || g.verdict == GateVerdict::Fail) {
            if (worth) {
                GateAssessed e;
                e.wave = wave;
                e.hop = w.hop;
                e.verdict = g.verdict;
                e.reason = g.reason;
                e.conditions = g.conditions;
                out.append(e);
            }
        }
        if (w.settledMono < 0)
            return;
        if (g.verdict == GateVerdict::Fail && g.failures <= g.allowed)
            pause(PauseReason::GateFailed, g.reason);
        else if (g.verdict == GateVerdict::Inconclusive)
            pause(PauseReason::GateInconclusive, g.reason);
        else if (g.waitsForPerson)
            pause(PauseReason::ApprovalNeeded, g.reason);
        else if (g.verdict == GateVerdict::Pass && mayGoOn() && !s.abortRequested) {
            GatePassed e;
            e.wave = wave;
            e.hop = w.hop;
            e.by = w.promoted ? w.promotedBy : s.options.autoPromote && wave == 0 ? QStringLiteral("auto-promote") : QString();
            out.append(e);
        }
    }

    // A patch on a host whose database was not touched goes back by itself where the strategy says so: in the moment in
    // which it failed and was measured. Later somebody may have worked on it, and it takes a person's word.
    void automaticRollback()
    {
        if (s.plan.strategy.autoRollback != AutoRollback::Patch || s.hold)
            return;
        RollbackConfirmed e;
        e.automatic = true;
        for (const HostRun &h : s.hosts) {
            if (h.state != HostRunState::Failed || !h.way || h.way->verdict != WayBackVerdict::TagOnly || h.way->rule > 2 || !h.migrations.isEmpty())
                continue;
            if (now.wallMs < h.endedMs || now.wallMs - h.endedMs > atOnceMs)
                continue;
            const PlanHost *planned = s.plan.host(h.name);
            if (bumpBetween(planned->hops[h.hop].from, planned->hops[h.hop].to) != Bump::Patch)
                continue;
            e.hosts.append(h.name);
            e.ways.insert(h.name, nameOf(Direction::TagOnly));
        }
        if (!e.hosts.isEmpty())
            out.append(e);
    }

    // Hosts that came through one hop and will not see the next.
    void leaveBetweenHops()
    {
        for (const HostRun &h : s.hosts) {
            const bool between = h.state == HostRunState::Waiting || h.state == HostRunState::Deferred
                || (h.state == HostRunState::Upgraded && h.hop + 1 < s.plan.host(h.name)->hops.size());
            if (between && hasWayBack(s, h))
                leaveOut(h, {});
        }
    }

    bool end()
    {
        bool anyBack = false, anyLeft = false, bad = false, moving = false, unfinished = false;
        for (const HostRun &h : s.hosts) {
            moving = moving || (isBegun(h.state) && (h.current() || !restsHere(h)));
            anyBack = anyBack || h.state == HostRunState::RolledBack;
            bad = bad || (countsAsFailure(h.state) && h.state != HostRunState::RolledBack);
            anyLeft = anyLeft || h.state == HostRunState::Upgraded || isBegun(h.state);
            unfinished = unfinished || h.state == HostRunState::Waiting || isBehind(h);
        }
        if (moving || !s.rollbackOrder.isEmpty())
            return false;
        if (s.abortRequested)
            leaveBetweenHops();
        if (!out.isEmpty())
            return true;
        RolloutEnded e;
        e.reason = s.endReason;
        const QString trouble = leftInTrouble(s);
        if (s.abortRequested) {
            e.state = bad ? RolloutLifecycle::Failed : RolloutLifecycle::Aborted;
        } else if (anyBack && !anyLeft && !bad) {
            e.state = RolloutLifecycle::RolledBack;
        } else if (s.reopened && !bad) {
            e.state = s.endedAs;
        } else if (s.reopened || (s.currentWave() < 0 && !unfinished && !trouble.isEmpty())) {
            pause(PauseReason::GateFailed, trouble); // a person ends it: by mending, leaving out, taking back or aborting
            return !out.isEmpty();
        } else if (s.currentWave() < 0 && !unfinished && s.pauses.isEmpty()) {
            e.state = RolloutLifecycle::Succeeded;
        } else {
            return false;
        }
        for (const HostRun &h : s.hosts) { // nobody asks for these any more, and they must not stand in the way back
            const StepRun *step = h.current();
            if (!step)
                continue;
            StepEnded last;
            last.host = h.name;
            last.token = step->token;
            last.outcome = StepOutcome::InDoubt;
            last.reason = QStringLiteral("the rollout ended before the host could be asked what became of it");
            out.append(last);
        }
        out.append(e);
        return true;
    }

    bool restsHere(const HostRun &h) const
    {
        const QList<Step> &steps = stepsOf(s, h, h.direction, h.hop);
        return h.direction == Direction::Forward && h.next < steps.size() && rests(h, steps[h.next]);
    }

    QList<EventBody> run()
    {
        if (s.isEnded() || s.interrupted || s.pauses.contains(PauseReason::JournalFailure) || s.waves.isEmpty())
            return {};
        findBusy();
        rollBack();
        if (!s.reopened)
            hosts();
        if (!out.isEmpty())
            return out;
        if (!s.reopened)
            automaticRollback();
        if (!out.isEmpty() || end() || s.reopened)
            return out;
        const int wave = s.currentWave();
        if (wave < 0) {
            if (mayGoOn() && !s.abortRequested)
                beginHosts(int(s.waves.size()) - 1);
            return out;
        }
        const GateReading g = readGate(s, wave, now);
        if (s.waves[wave].opened) {
            stopRules(wave, g);
            if (!out.isEmpty() || retryDeferred(wave))
                return out;
        }
        begin(wave);
        if (out.isEmpty() && s.waves[wave].opened && s.rollbackOrder.isEmpty())
            gate(wave, g);
        return out;
    }
};

} // namespace

QList<EventBody> decide(const RolloutState &state, const Now &now)
{
    return Decider{state, now, {}, {}}.run();
}

qint64 nextDecisionMono(const RolloutState &state, const Now &now)
{
    if (state.isEnded() || state.interrupted)
        return -1;
    for (const HostRun &h : state.hosts)
        if (h.current() || !h.connected)
            return now.monoMs + 500;
    const int wave = state.currentWave();
    if (wave >= 0 && state.waves[wave].settledMono >= 0)
        return now.monoMs + 500;
    return -1;
}

} // namespace bellwether
