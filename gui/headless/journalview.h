#pragma once
// What is known, read from the journal of a data folder whether or not a process owns it: folded once, then followed.
// A folder without a journal is an empty workspace. One thread.
#include "journal/journal.h"
#include "rollout/workspace.h"

namespace bellwether {

class JournalView {
public:
    static Result<JournalView> open(const QString &dataFolder); // JournalOpen, JournalNewer, JournalOlder
    Result<QList<Event>> refresh(); // folds what is new and returns it
    // Of the journal as it was opened. One that is broken is folded as far as it can be read, for looking at, and not
    // followed.
    const JournalCheck &check() const { return m_check; }
    const Workspace &workspace() const { return m_workspace; }
    const RolloutState *rollout(int id) const;
    Result<int> rolloutId(const QString &text) const; // UnknownRollout
    const JournalReader *reader() const { return m_reader.get(); } // null: there is no journal yet
    QString dataFolder() const { return m_dataFolder; }

private:
    JournalView() = default;
    QString m_dataFolder;
    std::unique_ptr<JournalReader> m_reader;
    Workspace m_workspace;
    JournalCheck m_check;
};

} // namespace bellwether
