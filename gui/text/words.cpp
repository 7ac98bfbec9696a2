#include "text/words.h"

#include <QCoreApplication>

namespace bellwether {

namespace {

struct T {
    Q_DECLARE_TR_FUNCTIONS(Words)
};

StateLook make(StateRole role, const char *icon, const QString &word)
{
    return {role, QStringLiteral("state/") + QLatin1String(icon), word};
}

} // namespace

QString nameOfMachine(const ConsoleSnapshot &snapshot, const QString &machine)
{
    for (const FleetRow &row : snapshot.fleet) {
        if (row.installation.endpoint.machine() == machine)
            return row.installation.name;
    }
    return machine;
}

FleetState fleetState(const FleetRow &row, const HostView *run)
{
    if (row.facts.ledger && !row.facts.ledger->halfMigrated.isEmpty())
        return FleetState::HalfMigrated;
    if (run) {
        switch (run->state) {
        case HostRunState::HalfMigrated: return FleetState::HalfMigrated;
        case HostRunState::InDoubt: return FleetState::InDoubt;
        case HostRunState::Failed: return FleetState::Failed;
        case HostRunState::RollbackFailed: return FleetState::RollbackFailed;
        case HostRunState::Deferred: return FleetState::Deferred;
        case HostRunState::Preflight:
        case HostRunState::BackingUp:
        case HostRunState::Upgrading:
        case HostRunState::Migrating:
        case HostRunState::Checking:
        case HostRunState::Baking:
        case HostRunState::RollingBack: return FleetState::Upgrading;
        case HostRunState::Waiting:
        case HostRunState::Upgraded:
        case HostRunState::Excluded:
        case HostRunState::AlreadyThere:
        case HostRunState::RolledBack: break;
        }
    }
    if (row.keyState == QLatin1String("changed") || row.keyState == QLatin1String("revoked"))
        return FleetState::KeyChanged;
    if (row.keyState == QLatin1String("unknown"))
        return FleetState::KeyUnknown;
    if (row.facts.measuredMs == 0)
        return FleetState::Unknown;
    if (!row.facts.reachable)
        return FleetState::Unreachable;
    switch (row.facts.health) {
    case Health::Ok: return FleetState::Healthy;
    case Health::Starting: return FleetState::Starting;
    case Health::Unhealthy: return FleetState::Unhealthy;
    case Health::Unknown: break;
    }
    return FleetState::Unknown;
}

StateLook look(FleetState state)
{
    switch (state) {
    case FleetState::HalfMigrated: return make(StateRole::Half, "half-migrated", T::tr("Half-migrated"));
    case FleetState::Unhealthy: return make(StateRole::Failed, "failed", T::tr("Unhealthy"));
    case FleetState::RollbackFailed: return make(StateRole::Failed, "rollback-failed", T::tr("Rollback failed"));
    case FleetState::Failed: return make(StateRole::Failed, "failed", T::tr("Failed"));
    case FleetState::InDoubt: return make(StateRole::Doubt, "in-doubt", T::tr("In doubt"));
    case FleetState::Unreachable: return make(StateRole::Unreachable, "unreachable", T::tr("Unreachable"));
    case FleetState::KeyUnknown: return make(StateRole::Warning, "warning", T::tr("Key unknown"));
    case FleetState::KeyChanged: return make(StateRole::Failed, "failed", T::tr("Key changed"));
    case FleetState::Starting: return make(StateRole::Warning, "warning", T::tr("Starting"));
    case FleetState::Upgrading: return make(StateRole::Running, "running", T::tr("Upgrading"));
    case FleetState::Deferred: return make(StateRole::Deferred, "deferred", T::tr("Deferred"));
    case FleetState::Unknown: return make(StateRole::Unreachable, "unknown", T::tr("Unknown"));
    case FleetState::Healthy: return make(StateRole::Healthy, "healthy", T::tr("Healthy"));
    }
    return {};
}

StateLook look(HostRunState state)
{
    switch (state) {
    case HostRunState::Waiting: return make(StateRole::Waiting, "waiting", T::tr("Waiting"));
    case HostRunState::Preflight: return make(StateRole::Running, "running", T::tr("Preflight"));
    case HostRunState::BackingUp: return make(StateRole::Running, "running", T::tr("Backing up"));
    case HostRunState::Upgrading: return make(StateRole::Running, "running", T::tr("Upgrading"));
    case HostRunState::Migrating: return make(StateRole::Running, "running", T::tr("Migrating"));
    case HostRunState::Checking: return make(StateRole::Running, "running", T::tr("Checking"));
    case HostRunState::Baking: return make(StateRole::Running, "baking", T::tr("Baking"));
    case HostRunState::Upgraded: return make(StateRole::Healthy, "healthy", T::tr("Upgraded"));
    case HostRunState::Deferred: return make(StateRole::Deferred, "deferred", T::tr("Deferred"));
    case HostRunState::Excluded: return make(StateRole::Waiting, "excluded", T::tr("Excluded"));
    case HostRunState::AlreadyThere: return make(StateRole::Healthy, "already-there", T::tr("Already there"));
    case HostRunState::Failed: return make(StateRole::Failed, "failed", T::tr("Failed"));
    case HostRunState::HalfMigrated: return make(StateRole::Half, "half-migrated", T::tr("Half-migrated"));
    case HostRunState::InDoubt: return make(StateRole::Doubt, "in-doubt", T::tr("In doubt"));
    case HostRunState::RollingBack: return make(StateRole::Back, "rolling-back", T::tr("Rolling back"));
    case HostRunState::RolledBack: return make(StateRole::Back, "rolled-back", T::tr("Rolled back"));
    case HostRunState::RollbackFailed: return make(StateRole::Failed, "rollback-failed", T::tr("Rollback failed"));
    }
    return {};
}

StateLook look(Health health)
{
    switch (health) {
    case Health::Ok: return make(StateRole::Healthy, "healthy", T::tr("Healthy"));
    case Health::Starting: return make(StateRole::Warning, "warning", T::tr("Starting"));
    case Health::Unhealthy: return make(StateRole::Failed, "failed", T::tr("Unhealthy"));
    case Health::Unknown: return make(StateRole::Unreachable, "unknown", T::tr("Unknown"));
    }
    return {};
}

StateLook look(GateVerdict verdict)
{
    switch (verdict) {
    case GateVerdict::Pending: return make(StateRole::Waiting, "waiting", T::tr("Pending"));
    case GateVerdict::Pass: return make(StateRole::Healthy, "healthy", T::tr("Pass"));
    case GateVerdict::Fail: return make(StateRole::Failed, "failed", T::tr("Fail"));
    case GateVerdict::Inconclusive: return make(StateRole::Warning, "warning", T::tr("Inconclusive"));
    case GateVerdict::Error: return make(StateRole::Warning, "warning", T::tr("Could not measure"));
    }
    return {};
}

StateLook look(RolloutLifecycle state)
{
    switch (state) {
    case RolloutLifecycle::Running: return make(StateRole::Running, "running", T::tr("Running"));
    case RolloutLifecycle::Paused: return make(StateRole::Warning, "paused", T::tr("Paused"));
    case RolloutLifecycle::Succeeded: return make(StateRole::Healthy, "healthy", T::tr("Succeeded"));
    case RolloutLifecycle::Failed: return make(StateRole::Failed, "failed", T::tr("Failed"));
    case RolloutLifecycle::RolledBack: return make(StateRole::Back, "rolled-back", T::tr("Rolled back"));
    case RolloutLifecycle::Aborted: return make(StateRole::Waiting, "excluded", T::tr("Aborted"));
    }
    return {};
}

StateLook look(MigrationState state)
{
    switch (state) {
    case MigrationState::Running: return make(StateRole::Running, "running", T::tr("running"));
    case MigrationState::Ran: return make(StateRole::Healthy, "healthy", T::tr("ran"));
    case MigrationState::Skipped: return {StateRole::Waiting, QStringLiteral("ui/skipped"), T::tr("skipped")};
    case MigrationState::Failed: return make(StateRole::Failed, "failed", T::tr("failed"));
    case MigrationState::Unnamed: return make(StateRole::Unreachable, "unknown", T::tr("no name printed"));
    }
    return {};
}

StateLook lookOfStep(const QString &state)
{
    struct Entry {
        const char *key;
        StateRole role;
        const char *icon;
        const char *word;
    };
    static const Entry entries[] = {
        {"planned", StateRole::Waiting, "waiting", QT_TRANSLATE_NOOP("Words", "Planned")},
        {"intended", StateRole::Running, "running", QT_TRANSLATE_NOOP("Words", "Intended")},
        {"running", StateRole::Running, "running", QT_TRANSLATE_NOOP("Words", "Running")},
        {"done", StateRole::Healthy, "healthy", QT_TRANSLATE_NOOP("Words", "Done")},
        {"already", StateRole::Healthy, "already-there", QT_TRANSLATE_NOOP("Words", "Already done")},
        {"failed", StateRole::Failed, "failed", QT_TRANSLATE_NOOP("Words", "Failed")},
        {"cancelled", StateRole::Waiting, "excluded", QT_TRANSLATE_NOOP("Words", "Cancelled")},
        {"timed-out", StateRole::Failed, "failed", QT_TRANSLATE_NOOP("Words", "Timed out")},
        {"lost", StateRole::Doubt, "in-doubt", QT_TRANSLATE_NOOP("Words", "Lost")},
        {"in-doubt", StateRole::Doubt, "in-doubt", QT_TRANSLATE_NOOP("Words", "In doubt")},
    };
    for (const Entry &entry : entries)
        if (state == QLatin1String(entry.key))
            return make(entry.role, entry.icon, T::tr(entry.word));
    return make(StateRole::Unreachable, "unknown", T::tr("Unknown"));
}

StateLook canaryLook() { return make(StateRole::Canary, "canary", T::tr("Canary")); }
StateLook productionLook() { return make(StateRole::Production, "production", T::tr("Production")); }

QString wordOf(Environment environment)
{
    switch (environment) {
    case Environment::Production: return T::tr("production");
    case Environment::Staging: return T::tr("staging");
    case Environment::Development: return T::tr("development");
    }
    return {};
}

QString wordOf(StepKind kind)
{
    switch (kind) {
    case StepKind::Preflight: return T::tr("preflight");
    case StepKind::Guard: return T::tr("guard");
    case StepKind::Backup: return T::tr("back up");
    case StepKind::Pull: return T::tr("pull");
    case StepKind::Stop: return T::tr("stop");
    case StepKind::Pin: return T::tr("pin");
    case StepKind::Migrate: return T::tr("migrate");
    case StepKind::Start: return T::tr("start");
    case StepKind::Health: return T::tr("health");
    case StepKind::Check: return T::tr("check");
    case StepKind::Validate: return T::tr("validate");
    case StepKind::SetAside: return T::tr("set aside");
    case StepKind::Restore: return T::tr("restore");
    }
    return {};
}

QString wordOf(SchemaChange schema)
{
    switch (schema) {
    case SchemaChange::Unknown: return T::tr("unknown");
    case SchemaChange::None: return T::tr("no schema change");
    case SchemaChange::Additive: return T::tr("additive");
    case SchemaChange::Rewriting: return T::tr("rewriting");
    case SchemaChange::Destructive: return T::tr("destructive");
    }
    return {};
}

QString wordOf(PauseReason reason)
{
    switch (reason) {
    case PauseReason::Operator: return T::tr("paused by an operator");
    case PauseReason::ApprovalNeeded: return T::tr("waits for promotion");
    case PauseReason::GateFailed: return T::tr("a gate failed");
    case PauseReason::GateInconclusive: return T::tr("a gate has no verdict");
    case PauseReason::FailureBudget: return T::tr("too many failures");
    case PauseReason::LostHosts: return T::tr("hosts were lost");
    case PauseReason::WindowClosed: return T::tr("the window is closed");
    case PauseReason::Hold: return T::tr("held");
    case PauseReason::JournalFailure: return T::tr("the journal cannot be written");
    case PauseReason::Recovery: return T::tr("recovering");
    }
    return {};
}

QString pauseWords(const RolloutSnapshot &rollout)
{
    QString text = rollout.pauseText; // the reasons by name, in this order, each with its detail
    qsizetype from = 0;
    for (const QString &name : rollout.pauseReasons) {
        PauseReason reason = PauseReason::Operator;
        const qsizetype at = text.indexOf(name, from);
        if (at < 0 || !enumFrom(name, reason))
            continue;
        const QString word = wordOf(reason);
        text.replace(at, name.size(), word);
        from = at + word.size();
    }
    return text;
}

QString wordOf(WayBackVerdict verdict)
{
    switch (verdict) {
    case WayBackVerdict::None: return T::tr("nothing to go back from");
    case WayBackVerdict::TagOnly: return T::tr("tag only");
    case WayBackVerdict::Restore: return T::tr("restore");
    }
    return {};
}

QString wordOf(Direction direction)
{
    switch (direction) {
    case Direction::Forward: return T::tr("upgrade");
    case Direction::TagOnly: return T::tr("way back, tag only");
    case Direction::Restore: return T::tr("way back, restore");
    }
    return {};
}

QString wordOfRule(const QString &rule)
{
    QString words = rule;
    words.replace(QLatin1Char('-'), QLatin1Char(' '));
    if (!words.isEmpty())
        words[0] = words[0].toUpper();
    return words;
}

} // namespace bellwether
