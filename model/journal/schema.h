#pragma once
// The journal's format as a numbered list of migrations; PRAGMA user_version says which one a file has.
#include "journal/sqlite.h"

namespace bellwether {

int journalSchema(); // the newest this program knows

// Brings a file to the newest schema, in one transaction, and makes the workspace id when there is none.
// JournalOpen, JournalNewer, JournalOlder.
Status migrateJournal(SqliteConnection &connection, const QString &path);

// For readers: is it a journal, and one we can read? JournalOpen, JournalNewer, JournalOlder.
Status checkJournal(SqliteConnection &connection, const QString &path);

} // namespace bellwether
