#include "journal/chain.h"
#include "journal/datafolder.h"
#include "journal/journal.h"
#include "journal/schema.h"

#include <QDir>
#include <QFile>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace bellwether {

namespace {
struct Job {
    QList<NewEvent> events;
    std::function<void(Result<QList<Event>>)> done;
};

struct Head {
    qint64 seq = 0;
    QByteArray hash;
    bool operator==(const Head &) const = default;
};

using Recorded = std::vector<QList<Event>>; // one list per job

ino_t inodeOf(const QByteArray &path)
{
    struct stat info{};
    return ::stat(path.constData(), &info) == 0 ? info.st_ino : 0;
}
} // namespace

struct JournalWriter::Private {
    DataFolderLock lock; // given back last
    SqliteConnection connection;
    QByteArray path;
    ino_t inode = 0;
    QString workspace;
    std::optional<Head> head; // as we left it; empty after a failure

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Job> queue;
    bool stopping = false;
    std::thread thread;

    Status start(const QString &dataFolder, QList<Event> *events);
    static Status checkWhole(const QString &dataFolder, QList<Event> *events);
    Status checkEnd();
    std::optional<Head> readHead();
    void run();
    void commit(std::vector<Job> jobs);
    Result<Recorded> record(std::span<Job> jobs);
    Result<Recorded> insert(std::span<Job> jobs, Head &at);
    std::unexpected<Error> writeFailed() { return fail(ErrorCode::JournalWrite, {connection.lastError()}); }
};

JournalWriter::JournalWriter()
    : d(std::make_unique<Private>())
{
}

JournalWriter::~JournalWriter()
{
    {
        const std::scoped_lock guard(d->mutex);
        d->stopping = true;
    }
    d->changed.notify_all();
    if (d->thread.joinable())
        d->thread.join();
}

Result<std::unique_ptr<JournalWriter>> JournalWriter::open(const QString &dataFolder, QList<Event> *events)
{
    std::unique_ptr<JournalWriter> writer(new JournalWriter);
    if (const Status started = writer->d->start(dataFolder, events); !started)
        return std::unexpected(started.error());
    writer->d->thread = std::thread([d = writer->d.get()] { d->run(); });
    return writer;
}

QString JournalWriter::workspaceId() const
{
    return d->workspace;
}

void JournalWriter::append(QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done)
{
    {
        const std::scoped_lock guard(d->mutex);
        d->queue.push_back({std::move(events), std::move(done)});
    }
    d->changed.notify_one();
}

// Looked at through a connection that cannot write: opening for writing alone may change the file.
Status JournalWriter::Private::checkWhole(const QString &dataFolder, QList<Event> *events)
{
    {
        Result<SqliteConnection> look = SqliteConnection::open(journalPath(dataFolder), SqliteConnection::Mode::ReadOnly);
        if (look && look->integerOf("SELECT count(*) FROM sqlite_schema") == 0)
            return {}; // just made, or never finished being made
    }
    const auto reader = JournalReader::open(dataFolder);
    if (!reader)
        return std::unexpected(reader.error());
    const Result<JournalCheck> check = (*reader)->verify(events);
    if (!check)
        return std::unexpected(check.error());
    return check->intact ? Status() : Status(std::unexpected(check->error()));
}

Status JournalWriter::Private::start(const QString &dataFolder, QList<Event> *events)
{
    if (Status prepared = prepareDataFolder(dataFolder); !prepared)
        return prepared;
    Result<DataFolderLock> taken = DataFolderLock::take(dataFolder);
    if (!taken)
        return std::unexpected(taken.error());
    lock = std::move(*taken);

    if (const Status kept = checkNotEmptied(dataFolder); !kept)
        return kept;
    if (const Status whole = checkWhole(dataFolder, events); !whole)
        return whole;

    const QString file = journalPath(dataFolder);
    Result<SqliteConnection> opened = SqliteConnection::open(file, SqliteConnection::Mode::ReadWrite);
    if (!opened)
        return std::unexpected(opened.error());
    connection = std::move(*opened);
    path = QFile::encodeName(file);
    inode = inodeOf(path);
    const auto cannot = [&](const QString &reason) { return fail(ErrorCode::JournalOpen, {file, reason}); };

    if (connection.textOf("PRAGMA journal_mode=WAL") != QLatin1String("wal"))
        return cannot(connection.lastError());
    if (!connection.execute("PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864"))
        return cannot(connection.lastError());
    if (Status migrated = migrateJournal(connection, file); !migrated)
        return migrated;
    workspace = connection.textOf("SELECT workspace FROM meta");
    rememberWorkspace(dataFolder, workspace);
    return checkEnd();
}

// Nothing is appended to an end that is not the one that was verified.
Status JournalWriter::Private::checkEnd()
{
    head = readHead();
    SqliteStatement last = connection.prepare("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1");
    Head found{0, genesisHash(workspace)};
    if (last.step() == SqliteStatement::Step::Row)
        found = {last.integer(0), last.bytes(1)};
    if (!head || *head != found) {
        const bool cut = head && found.seq < head->seq;
        return fail(ErrorCode::JournalTampered, {QString::number(cut ? found.seq + 1 : qMax(found.seq, qint64(1))),
                                                 cut ? QStringLiteral("missing") : QStringLiteral("chain")});
    }
    return {};
}

std::optional<Head> JournalWriter::Private::readHead()
{
    SqliteStatement statement = connection.prepare("SELECT seq, hash FROM head");
    if (statement.step() != SqliteStatement::Step::Row)
        return {};
    return Head{statement.integer(0), statement.bytes(1)};
}

void JournalWriter::Private::run()
{
    for (;;) {
        std::vector<Job> jobs;
        {
            std::unique_lock guard(mutex);
            changed.wait(guard, [&] { return stopping || !queue.empty(); });
            if (queue.empty())
                return;
            jobs.swap(queue);
        }
        commit(std::move(jobs));
    }
}

// All that is queued goes into one transaction. When that fails, the lists are tried one by one, so that what fits on
// the disk is kept; from the first that fails on, the rest of this group fails with it, because it was queued by
// somebody who could not know of the failure yet.
void JournalWriter::Private::commit(std::vector<Job> jobs)
{
    Result<Recorded> recorded = record(jobs);
    if (recorded) {
        for (std::size_t i = 0; i < jobs.size(); ++i)
            jobs[i].done(std::move((*recorded)[i]));
        return;
    }
    std::optional<Error> failure;
    if (jobs.size() == 1)
        failure = recorded.error();
    for (Job &job : jobs) {
        if (!failure) {
            Result<Recorded> single = record({&job, 1});
            if (single) {
                job.done(std::move(single->front()));
                continue;
            }
            failure = single.error();
        }
        job.done(std::unexpected(*failure));
    }
}

Result<Recorded> JournalWriter::Private::record(std::span<Job> jobs)
{
    if (inodeOf(path) != inode)
        return fail(ErrorCode::JournalWrite, {QStringLiteral("the file was removed or replaced")});
    if (!connection.execute("BEGIN IMMEDIATE"))
        return writeFailed();
    std::optional<Head> at = readHead();
    if (at && head && *head != *at) {
        connection.execute("ROLLBACK");
        return fail(ErrorCode::JournalWrite, {QStringLiteral("another program wrote into it")});
    }
    Result<Recorded> recorded = at ? insert(jobs, *at) : Result<Recorded>(writeFailed());
    if (recorded && !connection.execute("COMMIT"))
        recorded = writeFailed();
    if (recorded) {
        head = at;
        return recorded;
    }
    connection.execute("ROLLBACK"); // fails harmlessly where SQLite has rolled back by itself
    head.reset(); // whether a failed commit reached the disk is for the next transaction to see
    return recorded;
}

Result<Recorded> JournalWriter::Private::insert(std::span<Job> jobs, Head &at)
{
    SqliteStatement row = connection.prepare("INSERT INTO events(seq, rollout, wall, mono, actor, type, payload, prev, hash)"
                                             " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    Recorded recorded;
    for (Job &job : jobs) {
        QList<Event> events;
        for (const NewEvent &fresh : std::as_const(job.events)) {
            Event event;
            event.seq = at.seq + 1;
            event.rollout = fresh.rollout;
            event.wallMs = fresh.wallMs;
            event.monoMs = fresh.monoMs;
            event.actor = QString::fromUtf8(fresh.actor.toUtf8()); // as it will be read
            event.body = fresh.body;
            event.prev = at.hash;
            const ChainRow columns = chainRow(event);
            event.hash = chainHash(event.prev, columns);
            event.payload = columns.payload;
            row.bindInteger(1, event.seq);
            row.bindInteger(2, event.rollout);
            row.bindInteger(3, event.wallMs);
            row.bindInteger(4, event.monoMs);
            row.bindText(5, columns.actor);
            row.bindText(6, columns.type);
            row.bindText(7, columns.payload);
            row.bindBlob(8, event.prev);
            row.bindBlob(9, event.hash);
            if (row.step() != SqliteStatement::Step::Done)
                return writeFailed();
            row.reset();
            at = {event.seq, event.hash};
            events.append(std::move(event));
        }
        recorded.push_back(std::move(events));
    }
    SqliteStatement move = connection.prepare("UPDATE head SET seq = ?1, hash = ?2 WHERE seq < ?1");
    move.bindInteger(1, at.seq);
    move.bindBlob(2, at.hash);
    if (move.step() != SqliteStatement::Step::Done)
        return writeFailed();
    return recorded;
}

QString defaultDataFolder()
{
    const QString chosen = qEnvironmentVariable("BELLWETHER_DATA");
    if (!chosen.isEmpty())
        return chosen;
    const QString base = qEnvironmentVariable("XDG_DATA_HOME");
    // The specification says that relative paths there are to be ignored.
    const QString root = QDir::isAbsolutePath(base) ? base : QDir::homePath() + QStringLiteral("/.local/share");
    return root + QStringLiteral("/bellwether");
}

} // namespace bellwether
