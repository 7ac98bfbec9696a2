#include "rollout/wayback.h"

namespace bellwether {

namespace {

QString ledgerText(const Ledger &ledger)
{
    QString text = QStringLiteral("%1 applied").arg(ledger.applied.size());
    if (!ledger.applied.isEmpty())
        text += QStringLiteral(", last %1").arg(ledger.applied.last());
    if (!ledger.halfMigrated.isEmpty())
        text += QStringLiteral(", %1 begun and not finished").arg(ledger.halfMigrated);
    return text;
}

bool neverBegan(const StepRun &step) // taken back before the host had it: what a host carries out has started first
{
    return step.phase == StepPhase::Ended && step.outcome == StepOutcome::Cancelled && step.startedMs == 0;
}

const StepRun *firstForward(const HostRun &host, int hop, std::initializer_list<StepKind> kinds)
{
    for (const StepRun &step : host.steps)
        if (step.direction == Direction::Forward && step.hop == hop && !neverBegan(step)
            && std::find(kinds.begin(), kinds.end(), step.kind) != kinds.end())
            return &step;
    return nullptr;
}

} // namespace

namespace {

constexpr std::initializer_list<StepKind> changing{StepKind::Stop, StepKind::Pin, StepKind::Migrate, StepKind::Start};

// The newest hop that changed something on the host, or −1. Between two hops that is the one before.
int changedHop(const HostRun &host)
{
    for (int hop = host.hop; hop >= 0; --hop)
        if (firstForward(host, hop, changing))
            return hop;
    return -1;
}

bool brokeWhileRestoring(const HostRun &host, int hop)
{
    return std::any_of(host.steps.cbegin(), host.steps.cend(), [hop](const StepRun &step) {
        return step.direction == Direction::Restore && step.hop == hop && (step.kind == StepKind::SetAside || step.kind == StepKind::Restore);
    });
}

// A failure may stand in what was not read of the output of the new version.
bool isPartlyRead(const HostRun &host, int hop)
{
    return std::any_of(host.steps.cbegin(), host.steps.cend(), [hop](const StepRun &step) {
        return step.partlyRead && step.direction == Direction::Forward && step.hop == hop && (step.kind == StepKind::Migrate || step.kind == StepKind::Start);
    });
}

bool holdsAll(const QStringList &names, const QStringList &all)
{
    return std::all_of(all.cbegin(), all.cend(), [&](const QString &name) { return names.contains(name); });
}

} // namespace

bool isChanged(const HostRun &host, int hop)
{
    return firstForward(host, hop, changing) != nullptr;
}

bool hasWayBack(const RolloutState &state, const HostRun &host)
{
    const PlanHost *planned = state.plan.host(host.name);
    return planned && host.hop >= 0 && host.hop < planned->hops.size() && host.state != HostRunState::RolledBack
        && changedHop(host) >= 0;
}

bool isUnknown(const StepRun &step)
{
    return step.phase == StepPhase::Ended && (step.outcome == StepOutcome::Lost || step.outcome == StepOutcome::InDoubt);
}

bool wasCarriedOut(const StepRun &step)
{
    return step.startedMs > 0 || (step.outcome != StepOutcome::Failed && step.outcome != StepOutcome::Cancelled);
}

const StepRun *carriedOutBefore(const HostRun &host, const StepRun &step)
{
    for (auto it = host.steps.crbegin(); it != host.steps.crend(); ++it)
        if (it->token != step.token && it->direction == step.direction && it->hop == step.hop && it->index == step.index && wasCarriedOut(*it))
            return &*it;
    return nullptr;
}

WayBack decideWayBack(const RolloutState &state, const HostRun &host)
{
    WayBack way;
    way.hop = host.hop;
    const PlanHost *planned = state.plan.host(host.name);
    if (!planned || host.hop < 0 || host.hop >= planned->hops.size()) {
        way.reason = QStringLiteral("the plan holds no such host");
        return way;
    }
    const int index = std::max(0, hasWayBack(state, host) ? changedHop(host) : host.hop);
    way.hop = index;
    const Hop &hop = planned->hops[index];
    if (!hasWayBack(state, host)) {
        way.reason = host.state == HostRunState::RolledBack ? QStringLiteral("it is already back on %1").arg(hop.from.toString())
                                                           : QStringLiteral("nothing has been changed on it");
        return way;
    }
    auto evidence = [&way](const char *kind, const QString &text, bool restore, const QString &source = {}) {
        way.evidence.append(Evidence{QString::fromLatin1(kind), text, restore, source});
    };
    auto decided = [&](WayBackVerdict verdict, int rule, const QString &reason) {
        way.verdict = verdict;
        way.rule = rule;
        way.reason = reason;
        if (verdict == WayBackVerdict::Restore && host.backups.contains(index)) {
            way.lossFromMs = host.backups[index].startedMs;
            way.backupPath = host.backups[index].path;
        }
        return way;
    };

    const StepRun *start = firstForward(host, index, {StepKind::Migrate, StepKind::Start});
    const auto before = host.factsBefore.value(index).ledger;
    const auto after = host.ledgersAfter.contains(index) ? std::optional(host.ledgersAfter[index]) : std::nullopt;
    const QString to = hop.to.toString();

    if (before)
        evidence("ledger", QStringLiteral("Ledger before: %1").arg(ledgerText(*before)), false);
    if (host.backups.contains(index))
        evidence("backup", host.backups[index].verified ? QStringLiteral("Backup opened, listed and hashed: %1").arg(host.backups[index].path)
                                                           : QStringLiteral("Backup not proven: %1").arg(host.backups[index].problem), false, host.backups[index].sha256);
    if (brokeWhileRestoring(host, index)) {
        evidence("step", QStringLiteral("A restore of this host was begun and did not end"), true);
        return decided(WayBackVerdict::Restore, 4, QStringLiteral("a restore was begun and did not end: what its database holds is not known"));
    }
    if (!start && before && after && *before != *after)
        return decided(WayBackVerdict::Restore, 5, QStringLiteral("cannot tell: %1 never started here, yet the ledger is not what it was").arg(to));
    if (host.disturbed) {
        evidence("step", QStringLiteral("Another console has held this host since it was measured"), true);
        return decided(WayBackVerdict::Restore, 5, QStringLiteral("cannot tell what happened to the database: another console has worked on this host since it was measured"));
    }
    if (!start) {
        evidence("step", QStringLiteral("%1 was never started on this host").arg(to), false);
        return decided(WayBackVerdict::TagOnly, 1, QStringLiteral("%1 never started against the database").arg(to));
    }
    evidence("step", QStringLiteral("%1 was started: %2").arg(to, start->command), false, start->token);
    if (after)
        evidence("ledger", QStringLiteral("Ledger now: %1").arg(ledgerText(*after)), !before || *before != *after);
    evidence("release", QStringLiteral("Release %1 declares its schema change as %2").arg(to, nameOf(hop.schema)),
             hop.schema != SchemaChange::None && hop.schema != SchemaChange::Additive);

    const bool partly = isPartlyRead(host, index);
    const Migration *failed = nullptr;
    int ran = 0;
    const QList<Migration> seen = index == host.hop ? host.migrations : QList<Migration>(); // of an earlier hop the ledger speaks
    for (const Migration &m : seen) {
        if (m.state == MigrationState::Failed || m.state == MigrationState::Running)
            failed = &m;
        else if (m.state == MigrationState::Ran || m.state == MigrationState::Unnamed)
            ++ran;
    }
    if (failed)
        evidence("log", failed->state == MigrationState::Running ? QStringLiteral("%1 began and did not end").arg(failed->name)
                                                                 : QStringLiteral("%1 failed: %2").arg(failed->name, failed->reason), true,
                 QStringLiteral("line %1").arg(failed->line));
    else if (ran > 0)
        evidence("log", QStringLiteral("%1 migrations ran by the product's log").arg(ran), true);
    else if (partly)
        evidence("log", QStringLiteral("A part of the product's log was not read"), true);
    else if (index == host.hop)
        evidence("log", QStringLiteral("No migration ran by the product's log"), false);

    if (after && !after->halfMigrated.isEmpty())
        return decided(WayBackVerdict::Restore, 4, QStringLiteral("the database is half-migrated: %1 did not finish").arg(after->halfMigrated));
    if (failed)
        return decided(WayBackVerdict::Restore, 4, QStringLiteral("the database is half-migrated: %1 did not finish").arg(failed->name));
    if (!before || !after)
        return decided(WayBackVerdict::Restore, 5, QStringLiteral("cannot tell what happened to the database: its ledger %1 the upgrade is unknown")
                                                       .arg(before ? QStringLiteral("after") : QStringLiteral("before")));
    if (partly)
        return decided(WayBackVerdict::Restore, 5, QStringLiteral("cannot tell: a part of what %1 printed when it was started was not read").arg(to));
    if (*before == *after && ran == 0) {
        if (hop.schema == SchemaChange::None)
            return decided(WayBackVerdict::TagOnly, 2, QStringLiteral("the ledger is as before and %1 declares no schema change").arg(to));
        return decided(WayBackVerdict::Restore, 5, QStringLiteral("cannot tell: the ledger is as before, but %1 declares its schema change as %2").arg(to, nameOf(hop.schema)));
    }
    QStringList fresh;
    for (const QString &name : after->applied)
        if (!before->applied.contains(name))
            fresh.append(name);
    // An additive patch may stay: only where log and ledger tell the same story and every name in it was declared.
    bool declared = !fresh.isEmpty() && holdsAll(after->applied, before->applied);
    for (const Migration &m : seen)
        declared = declared && (m.state != MigrationState::Ran || hop.migrations.contains(m.name));
    for (const QString &name : std::as_const(fresh))
        declared = declared && hop.migrations.contains(name);
    if (hop.schema == SchemaChange::Additive && declared && bumpBetween(hop.from, hop.to) == Bump::Patch && state.plan.policy.patchRollbackKeepsData)
        return decided(WayBackVerdict::TagOnly, 3, QStringLiteral("%1 is a patch and its migrations only add").arg(to));
    return decided(WayBackVerdict::Restore, 4, fresh.isEmpty() ? QStringLiteral("migrations changed its database")
                                                               : QStringLiteral("migrations changed its database: %1").arg(fresh.join(QStringLiteral(", "))));
}

} // namespace bellwether
