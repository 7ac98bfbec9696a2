#include "journal/sqlite.h"

#include <cstring>
#include <sqlite3.h>
#include <utility>

namespace bellwether {

namespace {
constexpr int busyMs = 5000; // a reader of another process holds locks for moments only
}

SqliteStatement::SqliteStatement(SqliteStatement &&other) noexcept
    : m_statement(std::exchange(other.m_statement, nullptr))
{
}

SqliteStatement &SqliteStatement::operator=(SqliteStatement &&other) noexcept
{
    std::swap(m_statement, other.m_statement);
    return *this;
}

SqliteStatement::~SqliteStatement()
{
    sqlite3_finalize(m_statement);
}

void SqliteStatement::bindInteger(int column, qint64 value)
{
    sqlite3_bind_int64(m_statement, column, value);
}

void SqliteStatement::bindText(int column, const QByteArray &utf8)
{
    sqlite3_bind_text64(m_statement, column, utf8.constData(), sqlite3_uint64(utf8.size()), SQLITE_STATIC, SQLITE_UTF8);
}

void SqliteStatement::bindBlob(int column, const QByteArray &bytes)
{
    sqlite3_bind_blob64(m_statement, column, bytes.constData(), sqlite3_uint64(bytes.size()), SQLITE_STATIC);
}

SqliteStatement::Step SqliteStatement::step()
{
    switch (m_statement ? sqlite3_step(m_statement) : SQLITE_MISUSE) {
    case SQLITE_ROW:
        return Step::Row;
    case SQLITE_DONE:
        return Step::Done;
    default:
        return Step::Failed;
    }
}

void SqliteStatement::reset()
{
    sqlite3_reset(m_statement);
    sqlite3_clear_bindings(m_statement);
}

qint64 SqliteStatement::integer(int column) const
{
    return sqlite3_column_int64(m_statement, column);
}

QByteArray SqliteStatement::bytes(int column) const
{
    const void *data = sqlite3_column_blob(m_statement, column); // before the length, as SQLite asks
    return {static_cast<const char *>(data), sqlite3_column_bytes(m_statement, column)};
}

SqliteConnection::SqliteConnection(SqliteConnection &&other) noexcept
    : m_handle(std::exchange(other.m_handle, nullptr))
{
}

SqliteConnection &SqliteConnection::operator=(SqliteConnection &&other) noexcept
{
    std::swap(m_handle, other.m_handle);
    return *this;
}

SqliteConnection::~SqliteConnection()
{
    sqlite3_close_v2(m_handle);
}

Result<SqliteConnection> SqliteConnection::open(const QString &path, Mode mode)
{
    SqliteConnection connection;
    const int flags = (mode == Mode::ReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
    const int answer = sqlite3_open_v2(path.toUtf8().constData(), &connection.m_handle, flags, nullptr);
    if (answer != SQLITE_OK)
        return fail(ErrorCode::JournalOpen, {path, connection.lastError()});
    sqlite3_extended_result_codes(connection.m_handle, 1);
    sqlite3_busy_timeout(connection.m_handle, busyMs);
    sqlite3_db_config(connection.m_handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    const bool set = connection.execute("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON");
    if (!set)
        return fail(ErrorCode::JournalOpen, {path, connection.lastError()});
    return connection;
}

bool SqliteConnection::execute(const char *sql)
{
    return sqlite3_exec(m_handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

SqliteStatement SqliteConnection::prepare(const char *sql)
{
    SqliteStatement statement;
    sqlite3_prepare_v2(m_handle, sql, -1, &statement.m_statement, nullptr);
    return statement;
}

qint64 SqliteConnection::integerOf(const char *sql, qint64 otherwise)
{
    SqliteStatement statement = prepare(sql);
    return statement.step() == SqliteStatement::Step::Row ? statement.integer(0) : otherwise;
}

QString SqliteConnection::textOf(const char *sql)
{
    SqliteStatement statement = prepare(sql);
    return statement.step() == SqliteStatement::Step::Row ? QString::fromUtf8(statement.bytes(0)) : QString();
}

QString SqliteConnection::lastError() const
{
    if (!m_handle)
        return QStringLiteral("out of memory");
    QString words = QString::fromUtf8(sqlite3_errmsg(m_handle));
    const int reason = sqlite3_system_errno(m_handle);
    if (reason != 0)
        words += QStringLiteral(" (%1)").arg(QString::fromLocal8Bit(std::strerror(reason)));
    return words;
}

} // namespace bellwether
