#include "journalhelp.h"

#include <QtDebug>

#include <future>
#include <sqlite3.h>

namespace bellwether::support {

NewEvent paused(const QString &detail, int rollout, const QString &actor)
{
    Paused body;
    body.detail = detail;
    return {rollout, 1'790'000'000'000, 1'000, actor, body};
}

QString detailOf(const Event &event)
{
    const Paused *body = std::get_if<Paused>(&event.body);
    return body ? body->detail : QStringLiteral("not a pause");
}

Result<QList<Event>> appendAndWait(JournalWriterPort &writer, QList<NewEvent> events)
{
    std::promise<Result<QList<Event>>> promise;
    auto answer = promise.get_future();
    writer.append(std::move(events), [&promise](Result<QList<Event>> result) { promise.set_value(std::move(result)); });
    return answer.get();
}

namespace {
QString execute(const QString &dataFolder, const QString &sql)
{
    sqlite3 *handle = nullptr;
    sqlite3_open((dataFolder + QStringLiteral("/journal.db")).toUtf8().constData(), &handle);
    sqlite3_busy_timeout(handle, 5000);
    char *words = nullptr;
    sqlite3_exec(handle, sql.toUtf8().constData(), nullptr, nullptr, &words);
    const QString refusal = QString::fromUtf8(words);
    sqlite3_free(words);
    sqlite3_close(handle);
    return refusal;
}
} // namespace

void tamper(const QString &dataFolder, const QStringList &statements)
{
    const QStringList guards{QStringLiteral("events_only_appended"), QStringLiteral("events_never_changed"),
                             QStringLiteral("events_never_deleted"), QStringLiteral("head_only_forward"),
                             QStringLiteral("head_never_deleted"),   QStringLiteral("meta_never_changed"),
                             QStringLiteral("meta_never_deleted")};
    for (const QString &guard : guards)
        execute(dataFolder, QStringLiteral("DROP TRIGGER IF EXISTS %1").arg(guard));
    for (const QString &statement : statements) {
        const QString refusal = execute(dataFolder, statement);
        if (!refusal.isEmpty())
            qFatal("tampering was refused: %s: %s", qPrintable(statement), qPrintable(refusal));
    }
}

QString refusalOf(const QString &dataFolder, const QString &statement)
{
    return execute(dataFolder, statement);
}

} // namespace bellwether::support
