#include "journal/chain.h"
#include "journal/datafolder.h"
#include "journal/journal.h"
#include "journal/schema.h"

#include <QFileInfo>

namespace bellwether {

namespace {
constexpr const char *columns = "SELECT seq, rollout, wall, mono, actor, type, payload, prev, hash FROM events";

struct StoredRow {
    ChainRow row;
    QByteArray prev, hash;
    qint64 rollout = 0; // as it is stored; a row has a smaller number
};

StoredRow stored(const SqliteStatement &statement)
{
    return {{statement.integer(0), int(statement.integer(1)), statement.integer(2), statement.integer(3),
             statement.bytes(4), statement.bytes(5), statement.bytes(6)},
            statement.bytes(7),
            statement.bytes(8),
            statement.integer(1)};
}

// A row that holds its own hash under another number was moved, not edited.
bool fitsElsewhere(const StoredRow &found, qint64 count)
{
    ChainLink link = chainLink(found.row);
    for (link.seq = 1; link.seq <= count + 1; ++link.seq)
        if (link.seq != found.row.seq && chainHash(found.prev, link) == found.hash)
            return true;
    return false;
}

JournalCheck broken(qint64 events, qint64 seq, const char *cause)
{
    return {false, events, seq, QString::fromLatin1(cause), {}};
}

// What the event is, with its place in the chain. Neighbours share the bytes of the link between them.
Result<Event> linked(const StoredRow &found, const QByteArray &before)
{
    Result<Event> event = eventOf(found.row);
    if (event) {
        event->prev = before == found.prev ? before : found.prev;
        event->hash = found.hash;
        event->payload = found.row.payload;
    }
    return event;
}

JournalCheck walk(SqliteConnection &connection, SqliteStatement &rows, const QString &workspace, QList<Event> *events)
{
    const qint64 count = connection.integerOf("SELECT count(*) FROM events", 0);
    qint64 expected = 1;
    QByteArray hash = genesisHash(workspace);
    SqliteStatement::Step step;
    while ((step = rows.step()) == SqliteStatement::Step::Row) {
        const StoredRow found = stored(rows);
        if (found.row.seq != expected)
            return broken(count, qMin(expected, found.row.seq), found.row.seq > expected ? "missing" : "chain");
        if (found.rollout != found.row.rollout)
            return broken(count, expected, "altered");
        if (chainHash(found.prev, found.row) != found.hash)
            return broken(count, expected, fitsElsewhere(found, count) ? "reordered" : "altered");
        if (found.prev != hash)
            return broken(count, expected, "chain");
        Result<Event> event = linked(found, hash);
        if (!event)
            return broken(count, expected, "unreadable");
        if (events)
            events->append(std::move(*event));
        hash = found.hash;
        ++expected;
    }
    if (step == SqliteStatement::Step::Failed)
        return broken(count, expected, "unreadable");

    SqliteStatement head = connection.prepare("SELECT seq, hash FROM head");
    if (head.step() != SqliteStatement::Step::Row)
        return broken(count, expected, "chain");
    if (head.integer(0) >= expected)
        return broken(count, expected, "missing"); // the end was cut off
    if (head.integer(0) < expected - 1)
        return broken(count, head.integer(0) + 1, "chain"); // something was added behind the head
    if (head.bytes(1) != hash)
        return broken(count, qMax(expected - 1, qint64(1)), "chain");
    return {true, count, 0, {}, {}};
}
} // namespace

Error JournalCheck::error() const
{
    return {ErrorCode::JournalTampered, {QString::number(firstBroken), detail.isEmpty() ? cause : QStringLiteral("%1 (%2)").arg(cause, detail)}, {}, nullptr};
}

struct JournalReader::Private {
    mutable SqliteConnection connection;
    QString path, workspace;

    std::unexpected<Error> failed() const { return fail(ErrorCode::JournalOpen, {path, connection.lastError()}); }
};

JournalReader::JournalReader()
    : d(std::make_unique<Private>())
{
}

JournalReader::~JournalReader() = default;

Result<std::unique_ptr<JournalReader>> JournalReader::open(const QString &dataFolder)
{
    const QString path = journalPath(dataFolder);
    if (!QFileInfo::exists(path))
        return fail(ErrorCode::JournalOpen, {path, QStringLiteral("there is no journal yet")});
    if (const Status owned = checkOwned(path); !owned)
        return std::unexpected(owned.error());
    Result<SqliteConnection> opened = SqliteConnection::open(path, SqliteConnection::Mode::ReadOnly);
    if (!opened)
        return std::unexpected(opened.error());
    if (const Status known = checkJournal(*opened, path); !known)
        return std::unexpected(known.error());
    std::unique_ptr<JournalReader> reader(new JournalReader);
    reader->d->connection = std::move(*opened);
    reader->d->path = path;
    reader->d->workspace = reader->d->connection.textOf("SELECT workspace FROM meta");
    return reader;
}

QString JournalReader::workspaceId() const
{
    return d->workspace;
}

Result<QList<Event>> JournalReader::read(qint64 afterSeq, int rollout, int limit) const
{
    const QByteArray sql = QByteArray(columns)
        + (rollout < 0 ? " WHERE seq > ?1 ORDER BY seq LIMIT ?2" : " WHERE seq > ?1 AND rollout = ?3 ORDER BY seq LIMIT ?2");
    SqliteStatement rows = d->connection.prepare(sql.constData());
    rows.bindInteger(1, afterSeq);
    rows.bindInteger(2, limit);
    if (rollout >= 0)
        rows.bindInteger(3, rollout);
    QList<Event> events;
    SqliteStatement::Step step;
    while ((step = rows.step()) == SqliteStatement::Step::Row) {
        const StoredRow found = stored(rows);
        Result<Event> event = linked(found, events.isEmpty() ? QByteArray() : events.constLast().hash);
        if (!event)
            return std::unexpected(event.error());
        events.append(std::move(*event));
    }
    if (step == SqliteStatement::Step::Failed)
        return d->failed();
    return events;
}

Result<qint64> JournalReader::lastSeq() const
{
    const qint64 seq = d->connection.integerOf("SELECT coalesce(max(seq), 0) FROM events");
    if (seq < 0)
        return d->failed();
    return seq;
}

QByteArray JournalReader::headHash() const
{
    SqliteStatement last = d->connection.prepare("SELECT hash FROM events ORDER BY seq DESC LIMIT 1");
    return last.step() == SqliteStatement::Step::Row ? last.bytes(0).toHex() : genesisHash(d->workspace).toHex();
}

// One read transaction, so that rows and head belong together although the writer goes on beside us.
Result<JournalCheck> JournalReader::verify(QList<Event> *events) const
{
    if (!d->connection.execute("BEGIN"))
        return d->failed();
    JournalCheck check;
    const QString health = d->connection.textOf("PRAGMA integrity_check(1)");
    const QString words = health.isEmpty() ? d->connection.lastError() : health;
    {
        const QString workspace = d->connection.textOf("SELECT workspace FROM meta");
        SqliteStatement rows = d->connection.prepare((QByteArray(columns) + " ORDER BY seq").constData());
        check = walk(d->connection, rows, workspace, events);
    }
    if (health != QLatin1String("ok")) {
        if (check.intact) // every event is there, what is around them is damaged
            check = broken(check.events, check.events + 1, "unreadable");
        check.detail = words.simplified().left(200);
    }
    d->connection.execute("COMMIT");
    return check;
}

QList<Event> JournalReader::readable() const
{
    QList<Event> events;
    SqliteStatement rows = d->connection.prepare((QByteArray(columns) + " ORDER BY seq").constData());
    while (rows.step() == SqliteStatement::Step::Row) {
        Result<Event> event = linked(stored(rows), {});
        if (event)
            events.append(std::move(*event));
    }
    return events;
}

} // namespace bellwether
