#include "rollout/judge.h"

#include <algorithm>

namespace bellwether {

namespace {

Judgement done()
{
    return {true, StepOutcome::Done, {}, false, false};
}

Judgement failed(const QString &reason)
{
    return {true, StepOutcome::Failed, reason, false, false};
}

struct Planned {
    const Probes &probes;
    bool hasLedger() const { return !probes.ledger.isEmpty(); }
};

QString missing(const QStringList &names, const Ledger &ledger) // the first that is not applied
{
    for (const QString &name : names)
        if (!ledger.applied.contains(name))
            return name;
    return {};
}

// Rows may only be lost knowingly: a count that shrank fails even when all is healthy (PI-18, PD-11).
QString lostContent(const QMap<QString, qint64> &before, const QMap<QString, qint64> &after)
{
    for (auto it = before.cbegin(); it != before.cend(); ++it) {
        if (!after.contains(it.key()))
            return QStringLiteral("%1 can no longer be counted (%2 before)").arg(it.key()).arg(it.value());
        if (after.value(it.key()) < it.value())
            return QStringLiteral("%1 fell from %2 to %3").arg(it.key()).arg(it.value()).arg(after.value(it.key()));
    }
    return {};
}

// That a probe failed stands in the problems; an answer that counts nothing is one.
bool isUnread(const HostFacts &facts, const char *probe)
{
    const QString prefix = QLatin1String(probe) + QStringLiteral(": ");
    return std::any_of(facts.problems.cbegin(), facts.problems.cend(), [&](const QString &problem) { return problem.startsWith(prefix); });
}

Judgement judgePreflight(const RolloutState &state, const Planned &planned, const Hop &hop, const HostFacts &facts)
{
    if (!facts.reachable) {
        Judgement j = failed(facts.error.isEmpty() ? QStringLiteral("not reachable") : QStringLiteral("not reachable: %1").arg(facts.errorArgs.join(QStringLiteral(", "))));
        j.unreachable = true;
        return j;
    }
    if (facts.sudoProblem)
        return failed(QStringLiteral("its commands cannot run as root: %1").arg(*facts.sudoProblem));
    if (facts.lackingPrograms)
        return failed(QStringLiteral("it has no %1, which every step needs").arg(*facts.lackingPrograms));
    if (facts.ledger && !facts.ledger->halfMigrated.isEmpty())
        return failed(QStringLiteral("its database is half-migrated already: %1 did not finish").arg(facts.ledger->halfMigrated));
    if (!facts.version)
        return failed(QStringLiteral("its version could not be measured"));
    if (facts.version->isSameRelease(hop.to) && facts.health == Health::Ok) {
        if (planned.hasLedger() && !facts.ledger)
            return failed(QStringLiteral("it runs %1, but its ledger could not be read").arg(hop.to.toString()));
        if (const QString lacking = facts.ledger ? missing(hop.migrations, *facts.ledger) : QString(); !lacking.isEmpty())
            return failed(QStringLiteral("it says %1, but migration %2 is not in its ledger").arg(hop.to.toString(), lacking));
        Judgement j = done();
        j.alreadyThere = true;
        return j;
    }
    if (*facts.version > hop.to && !facts.version->isSameRelease(hop.to))
        return failed(QStringLiteral("it runs %1, which is newer than %2: an upgrade never goes down").arg(facts.version->toString(), hop.to.toString()));
    if (!facts.version->isSameRelease(hop.from))
        return failed(QStringLiteral("it runs %1, the plan was made for %2: plan it again").arg(facts.version->toString(), hop.from.toString()));
    // What cannot be read before cannot be compared afterwards, and this is where asking costs nothing yet.
    if (planned.hasLedger() && !facts.ledger)
        return failed(QStringLiteral("its ledger could not be read: whether its database is half-migrated is not known"));
    if (!planned.probes.content.isEmpty() && isUnread(facts, "content"))
        return failed(QStringLiteral("its content could not be counted: what the upgrade loses would not be noticed"));
    if (facts.health != Health::Ok)
        return failed(QStringLiteral("it was unhealthy already: %1").arg(facts.healthDetail.isEmpty() ? nameOf(facts.health) : facts.healthDetail));
    if (!planned.probes.storage.isEmpty() && (!facts.diskFree || !facts.databaseSize))
        return failed(QStringLiteral("its free space or the size of its database could not be measured"));
    if (facts.diskFree && facts.databaseSize) {
        const int percent = hop.schema == SchemaChange::None ? state.plan.strategy.diskPercent : state.plan.strategy.diskRestorePercent;
        const double needed = static_cast<double>(*facts.databaseSize) * percent / 100.0; // a host may print any size
        if (static_cast<double>(*facts.diskFree) < needed)
            return failed(QStringLiteral("%1 bytes free, %2 needed (%3 % of the database's %4)").arg(*facts.diskFree).arg(needed, 0, 'f', 0).arg(percent).arg(*facts.databaseSize));
    }
    return done();
}

Judgement judgeCheck(const RolloutState &state, const HostRun &host, const Planned &planned, const Hop &hop, const HostFacts &facts)
{
    const Version target = targetOf(state, host);
    if (!facts.reachable)
        return failed(QStringLiteral("could not be measured afterwards"));
    if (!facts.version || !facts.version->isSameRelease(target))
        return failed(QStringLiteral("%1 should run, %2 answers").arg(target.toString(), facts.version ? facts.version->toString() : QStringLiteral("an unknown version")));
    if (facts.health != Health::Ok)
        return failed(QStringLiteral("it is not healthy afterwards: %1").arg(facts.healthDetail));
    const HostFacts before = host.factsBefore.value(host.hop);
    if (facts.ledger && !facts.ledger->halfMigrated.isEmpty())
        return failed(QStringLiteral("%1 did not finish").arg(facts.ledger->halfMigrated));
    // What a probe is there to tell must have been told: not knowing is never a pass.
    if (!facts.ledger && (planned.hasLedger() || (before.ledger && host.direction == Direction::Restore)))
        return failed(QStringLiteral("its ledger could not be read afterwards"));
    if (host.direction != Direction::Forward) {
        const bool restored = host.direction == Direction::Restore;
        if (restored && before.ledger && facts.ledger && *before.ledger != *facts.ledger)
            return failed(QStringLiteral("its ledger is not what it was before the upgrade"));
        if (const QString lacking = before.ledger && facts.ledger ? missing(before.ledger->applied, *facts.ledger) : QString(); !lacking.isEmpty())
            return failed(QStringLiteral("its ledger lost %1").arg(lacking));
        const auto reference = restored && host.backups.contains(host.hop) && !host.backups[host.hop].content.isEmpty()
                                   ? host.backups[host.hop].content : before.content;
        if (const QString lost = lostContent(reference, facts.content); !lost.isEmpty())
            return failed(lost);
        return done();
    }
    if (facts.ledger) {
        if (const QString lost = before.ledger ? missing(before.ledger->applied, *facts.ledger) : QString(); !lost.isEmpty())
            return failed(QStringLiteral("its ledger lost %1").arg(lost));
        if (const QString lacking = missing(hop.migrations, *facts.ledger); !lacking.isEmpty())
            return failed(QStringLiteral("migration %1 of %2 is not in its ledger").arg(lacking, hop.to.toString()));
    }
    if (const QString lost = lostContent(before.content, facts.content); !lost.isEmpty())
        return failed(lost);
    return done();
}

Judgement judgeHealth(const RolloutState &state, const HostRun &host, const StepRun &step, const Now &now)
{
    const Strategy &s = state.plan.strategy;
    const HealthRecord &r = host.health;
    const double steadyMs = scaledMs(state, s.steadyS);
    if (r.sinceMono > 0 && r.checks >= s.steadyChecks && double(r.lastMono - r.sinceMono) >= steadyMs)
        return done();
    if (now.monoMs - step.startedMono < qint64(s.healthDeadlineS) * 1000)
        return {};
    // The deadline is the service's: it has to be well by then, and what is well may show that it stays so. Where nobody
    // has looked for a while, nothing is known, and a verdict waits for the next look.
    const bool beingSteady = r.sinceMono > 0 && double(now.monoMs - r.sinceMono) <= steadyMs + 2000.0 * (s.healthIntervalS + s.probeTimeoutS);
    if (beingSteady || now.monoMs - std::max(r.lastMono, step.startedMono) > unwatchedMs(state))
        return {};
    const Version target = targetOf(state, host);
    QString what = r.detail.isEmpty() ? nameOf(r.health) : r.detail;
    if (r.health == Health::Ok && !isVersion(r.version, target))
        what = r.version.isEmpty() ? QStringLiteral("its version could not be measured") : QStringLiteral("%1 answers, %2 should").arg(r.version, target.toString());
    return failed(QStringLiteral("not healthy within %1 s: %2").arg(s.healthDeadlineS).arg(what));
}

} // namespace

qint64 unwatchedMs(const RolloutState &state)
{
    const Strategy &s = state.plan.strategy;
    const int longest = std::max({s.bakeCanaryS, s.bakeCanaryPatchS, s.bakeWaveS, s.bakeWavePatchS});
    return std::max<qint64>(std::clamp<qint64>(qint64(longest * state.options.bakeScale * 500), 30'000, 150'000),
                            2000LL * (s.healthIntervalS + s.probeTimeoutS));
}

double scaledMs(const RolloutState &state, int seconds)
{
    return seconds * 1000.0 * state.options.bakeScale;
}

Judgement judge(const RolloutState &state, const HostRun &host, const Now &now)
{
    const StepRun *step = host.current();
    const PlanHost *planned = state.plan.host(host.name);
    if (!step || step->phase != StepPhase::Started || !planned || host.hop >= planned->hops.size())
        return {};
    const Hop &hop = planned->hops[host.hop];
    if (step->kind == StepKind::Health)
        return judgeHealth(state, host, *step, now);
    if (host.measuredToken != step->token)
        return {};
    if (step->kind == StepKind::Preflight)
        return judgePreflight(state, {planned->probes}, hop, host.factsBefore.value(host.hop));
    if (step->kind == StepKind::Check)
        return judgeCheck(state, host, {planned->probes}, hop, host.direction == Direction::Forward ? host.factsAfter.value(host.hop) : host.factsBack.value_or(HostFacts{}));
    return {};
}

} // namespace bellwether
