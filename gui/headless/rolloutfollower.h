#pragma once
// Follows a rollout by reading the journal, whoever carries it out, until it ends or rests for a person.
#include "headless/context.h"

namespace bellwether {

// The exit code of the contract for a rollout as it stands: 5 failed or a host is half-migrated, in-doubt or
// rollback-failed · 6 rolled back · 8 it waits for a host that another console holds · 4 paused · 0 succeeded (or running).
int exitCodeOf(const RolloutState &state);

// Nothing is under way and nothing will be by itself: it ended, or it is paused for a person.
bool needsPerson(const RolloutState &state);
// Those of `hosts` that were told to go back have done so, or will not by itself: everything is stopped, or nobody carries it on.
bool wentBack(const RolloutState &state, const QStringList &hosts);
bool isMoving(const RolloutState &state); // a step is under way on some host

// The snapshot as people and scripts should see it; an unfinished rollout that nobody carries out is interrupted.
RolloutSnapshot snapshotNow(const RolloutState &state, bool hasOwner);
void printRollout(Terminal &out, const RolloutSnapshot &snapshot);
// One line for the events a person wants to read, empty for the rest.
QString eventLine(const Event &event);

class RolloutFollower {
public:
    // ownsIt: this process carries the rollout out; otherwise its owner is watched too.
    RolloutFollower(Context &context, JournalView &view, int rollout, bool ownsIt);
    // Until `done` holds and nothing more comes for a moment. Interrupted: by a signal, or the owner has gone.
    Status follow(const std::function<bool(const RolloutState &)> &done = needsPerson,
                  const std::function<void(const RolloutState &)> &onChange = {});

private:
    void show(const QList<Event> &events);
    void bar() const;

    Context &m_context;
    JournalView &m_view;
    int m_rollout;
    bool m_ownsIt;
};

} // namespace bellwether
