#pragma once
// A journal in a folder of its own, and appending to it as a test wants it: wait for the answer.
#include "journal/journal.h"

#include <QStringList>
#include <functional>

namespace bellwether::support {

NewEvent paused(const QString &detail, int rollout = 1, const QString &actor = QStringLiteral("tester"));
QString detailOf(const Event &event); // of such an event

Result<QList<Event>> appendAndWait(JournalWriterPort &writer, QList<NewEvent> events); // runs on the caller's thread

// Changes the file behind the program's back, as somebody with the sqlite3 shell would: the guards are taken away first.
void tamper(const QString &dataFolder, const QStringList &statements);
QString refusalOf(const QString &dataFolder, const QString &statement); // SQLite's words; empty = it was done

} // namespace bellwether::support
