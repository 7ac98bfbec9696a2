#include "database.h"

#include <QFile>

#include <sqlite3.h>

namespace bellwether::sample {

void Database::Close::operator()(sqlite3 *handle) const
{
    sqlite3_close_v2(handle);
}

Outcome<Database> Database::open(const QString &file, Mode mode)
{
    int flags = SQLITE_OPEN_READWRITE;
    if (mode == Mode::Create)
        flags |= SQLITE_OPEN_CREATE;
    else if (mode == Mode::ReadOnly)
        flags = SQLITE_OPEN_READONLY;
    sqlite3 *handle = nullptr;
    const int result = sqlite3_open_v2(QFile::encodeName(file).constData(), &handle, flags, nullptr);
    Database database(handle);
    if (result != SQLITE_OK)
        return problem(QStringLiteral("cannot open %1: %2").arg(file, QString::fromUtf8(sqlite3_errmsg(handle))));
    sqlite3_busy_timeout(handle, 10'000);
    return database;
}

Outcome<QList<QStringList>> Database::query(const QByteArray &sql, const QStringList &values)
{
    sqlite3_stmt *raw = nullptr;
    if (sqlite3_prepare_v2(handle(), sql.constData(), -1, &raw, nullptr) != SQLITE_OK)
        return problem(QString::fromUtf8(sqlite3_errmsg(handle())));
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(raw, sqlite3_finalize);
    QList<QByteArray> texts; // must outlive the stepping
    for (const QString &value : values)
        texts.append(value.toUtf8());
    for (int i = 0; i < texts.size(); ++i)
        sqlite3_bind_text(raw, i + 1, texts[i].constData(), static_cast<int>(texts[i].size()), SQLITE_STATIC);
    QList<QStringList> rows;
    int result = 0;
    while ((result = sqlite3_step(raw)) == SQLITE_ROW) {
        QStringList row;
        for (int column = 0; column < sqlite3_column_count(raw); ++column) {
            const auto *text = reinterpret_cast<const char *>(sqlite3_column_text(raw, column));
            row.append(text ? QString::fromUtf8(text) : QString());
        }
        rows.append(row);
    }
    if (result != SQLITE_DONE)
        return problem(QString::fromUtf8(sqlite3_errmsg(handle())));
    return rows;
}

Outcome<void> Database::execute(const QByteArray &sql, const QStringList &values)
{
    auto rows = query(sql, values);
    if (!rows)
        return problem(rows.error());
    return {};
}

Outcome<void> Database::copyTo(Database &target)
{
    sqlite3_backup *backup = sqlite3_backup_init(target.handle(), "main", handle(), "main");
    if (!backup)
        return problem(QString::fromUtf8(sqlite3_errmsg(target.handle())));
    int result = 0;
    do {
        result = sqlite3_backup_step(backup, 256);
        if (result == SQLITE_BUSY || result == SQLITE_LOCKED)
            sqlite3_sleep(20);
    } while (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED);
    sqlite3_backup_finish(backup);
    if (result != SQLITE_DONE)
        return problem(QString::fromUtf8(sqlite3_errstr(result)));
    return {};
}

QStringList LedgerView::applied() const
{
    QStringList names;
    for (const LedgerRow &row : rows) {
        if (row.state == QLatin1String("applied"))
            names.append(row.name);
    }
    return names;
}

QString LedgerView::unfinished() const
{
    for (const LedgerRow &row : rows) {
        if (row.state != QLatin1String("applied"))
            return row.name;
    }
    return {};
}

Outcome<LedgerView> readLedger(Database &database)
{
    auto exists = database.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'");
    if (!exists)
        return problem(exists.error());
    LedgerView view;
    if (exists->isEmpty())
        return view;
    auto rows = database.query("SELECT name, kind, state FROM schema_migrations ORDER BY name");
    if (!rows)
        return problem(rows.error());
    for (const QStringList &row : *rows)
        view.rows.append({row[0], row[1], row[2]});
    return view;
}

Outcome<QMap<QString, qint64>> countContent(Database &database)
{
    QMap<QString, qint64> content;
    for (const char *table : {"customers", "orders", "notes"}) {
        auto rows = database.query(QByteArray("SELECT count(*) FROM ") + table);
        if (!rows)
            return problem(rows.error());
        content.insert(QString::fromLatin1(table), rows->at(0).at(0).toLongLong());
    }
    return content;
}

QJsonObject contentJson(const QMap<QString, qint64> &content)
{
    QJsonObject object;
    for (auto it = content.cbegin(); it != content.cend(); ++it)
        object.insert(it.key(), it.value());
    return object;
}

QString sqliteVersion()
{
    return QStringLiteral("SQLite %1").arg(QString::fromLatin1(sqlite3_libversion()));
}

} // namespace bellwether::sample
