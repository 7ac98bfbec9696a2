#pragma once
// State → word, icon and colour: one place, so that a state looks and reads the same on every page. Colour is never
// alone; whoever paints one of these also shows its icon and its word (or carries the word in the tooltip).
#include "rollout/snapshot.h"
#include "widgets/theme.h"

namespace bellwether {

struct StateLook {
    StateRole role = StateRole::Unreachable;
    QString icon; // name for widgets/icons.h
    QString word; // translated, upper-case first letter
};

// What a host of the fleet is like now, as a person would sort them: worst first.
enum class FleetState {
    HalfMigrated, Unhealthy, RollbackFailed, Failed, InDoubt, Unreachable, KeyUnknown, KeyChanged, Starting, Upgrading, Deferred, Unknown, Healthy
};
FleetState fleetState(const FleetRow &row, const HostView *inRollout); // inRollout: its part in an unfinished rollout

StateLook look(FleetState state);
StateLook look(HostRunState state);
StateLook look(Health health);
StateLook look(GateVerdict verdict);
StateLook look(RolloutLifecycle state);
StateLook look(MigrationState state);
StateLook lookOfStep(const QString &state); // StepView::state
StateLook canaryLook();
StateLook productionLook();

QString nameOfMachine(const ConsoleSnapshot &snapshot, const QString &machine); // its first installation, else address:port

QString wordOf(Environment environment);
QString wordOf(StepKind kind);
QString wordOf(SchemaChange schema);
QString wordOf(PauseReason reason);
QString pauseWords(const RolloutSnapshot &rollout); // why it is paused, with the details
QString wordOf(WayBackVerdict verdict);
QString wordOf(Direction direction);
QString wordOfRule(const QString &rule); // of a finding: "Already unhealthy"

} // namespace bellwether
