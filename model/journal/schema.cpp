#include "journal/schema.h"

#include "journal/chain.h"

#include <QUuid>
#include <algorithm>
#include <iterator>

namespace bellwether {

namespace {
constexpr int firstFormat = 2; // of format 1, whose chain said nothing of what a report withholds, no journal was kept
constexpr qint64 applicationId = 0x42574a4c; // "BWJL"

// Never edit an entry that was released: append one.
//   meta    one row: who made the file
//   events  append only. A row's number is the one after the last, which also keeps INSERT OR REPLACE from deleting
//           rows behind the back of the triggers
//   head    number and hash of the last row, moved in the same transaction, so that a cut end is seen. The triggers
//           guard against accidents, the chain against people
constexpr const char *migrations[] = {
    R"(CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK(id = 1), workspace TEXT NOT NULL, made INTEGER NOT NULL) STRICT;
       CREATE TABLE events(
           seq INTEGER PRIMARY KEY,
           rollout INTEGER NOT NULL,
           wall INTEGER NOT NULL,
           mono INTEGER NOT NULL,
           actor TEXT NOT NULL,
           type TEXT NOT NULL,
           payload TEXT NOT NULL,
           prev BLOB NOT NULL CHECK(length(prev) = 32),
           hash BLOB NOT NULL CHECK(length(hash) = 32)
       ) STRICT;
       CREATE INDEX events_rollout ON events(rollout, seq);
       CREATE TABLE head(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL,
                         hash BLOB NOT NULL CHECK(length(hash) = 32)) STRICT;
       CREATE TRIGGER events_only_appended BEFORE INSERT ON events
           WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
           BEGIN SELECT RAISE(ABORT, 'events are only appended'); END;
       CREATE TRIGGER events_never_changed BEFORE UPDATE ON events
           BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
       CREATE TRIGGER events_never_deleted BEFORE DELETE ON events
           BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
       CREATE TRIGGER head_only_forward BEFORE UPDATE ON head WHEN NEW.seq <= OLD.seq OR NEW.id <> 1
           BEGIN SELECT RAISE(ABORT, 'the head only moves forward'); END;
       CREATE TRIGGER head_never_deleted BEFORE DELETE ON head
           BEGIN SELECT RAISE(ABORT, 'the head is never deleted'); END;
       CREATE TRIGGER meta_never_changed BEFORE UPDATE ON meta
           BEGIN SELECT RAISE(ABORT, 'the workspace id is made once'); END;
       CREATE TRIGGER meta_never_deleted BEFORE DELETE ON meta
           BEGIN SELECT RAISE(ABORT, 'the workspace id is made once'); END;)",
};
constexpr int newest = firstFormat - 1 + int(std::size(migrations));

std::unexpected<Error> cannotOpen(SqliteConnection &connection, const QString &path)
{
    return fail(ErrorCode::JournalOpen, {path, connection.lastError()});
}

bool makeWorkspace(SqliteConnection &connection)
{
    const QString id = QUuid::createUuid().toString(QUuid::WithoutBraces);
    const QByteArray text = id.toUtf8(), genesis = genesisHash(id);
    SqliteStatement meta = connection.prepare("INSERT INTO meta(id, workspace, made) VALUES(1, ?1, unixepoch())");
    meta.bindText(1, text);
    SqliteStatement head = connection.prepare("INSERT INTO head(id, seq, hash) VALUES(1, 0, ?1)");
    head.bindBlob(1, genesis);
    return meta.step() == SqliteStatement::Step::Done && head.step() == SqliteStatement::Step::Done;
}

bool bringUp(SqliteConnection &connection, int version)
{
    for (int format = std::max(version + 1, firstFormat); format <= newest; ++format) {
        if (!connection.execute(migrations[format - firstFormat]))
            return false;
    }
    if (version == 0 && !makeWorkspace(connection))
        return false;
    return connection.execute(QStringLiteral("PRAGMA application_id=%1").arg(applicationId).toLatin1().constData())
        && connection.execute(QStringLiteral("PRAGMA user_version=%1").arg(newest).toLatin1().constData());
}
} // namespace

int journalSchema()
{
    return newest;
}

Status migrateJournal(SqliteConnection &connection, const QString &path)
{
    const qint64 objects = connection.integerOf("SELECT count(*) FROM sqlite_schema");
    if (objects < 0)
        return cannotOpen(connection, path);
    if (objects > 0) {
        if (const Status known = checkJournal(connection, path); !known)
            return known;
    }
    const int version = int(connection.integerOf("PRAGMA user_version", 0));
    if (version == newest)
        return {};
    if (!connection.execute("BEGIN IMMEDIATE"))
        return cannotOpen(connection, path);
    if (!bringUp(connection, version) || !connection.execute("COMMIT")) {
        auto error = cannotOpen(connection, path);
        connection.execute("ROLLBACK");
        return error;
    }
    return {};
}

Status checkJournal(SqliteConnection &connection, const QString &path)
{
    const qint64 id = connection.integerOf("PRAGMA application_id");
    if (id < 0)
        return cannotOpen(connection, path);
    if (id != applicationId)
        return fail(ErrorCode::JournalOpen, {path, QStringLiteral("it is not a journal of this program")});
    const qint64 version = connection.integerOf("PRAGMA user_version");
    if (version > newest)
        return fail(ErrorCode::JournalNewer, {QString::number(version), QString::number(newest)});
    if (version < firstFormat)
        return fail(ErrorCode::JournalOlder, {QString::number(version), QString::number(newest)});
    return {};
}

} // namespace bellwether
