#pragma once
// A little RAII over SQLite's C interface. A connection and its statements belong to one thread at a time.
#include "base/error.h"

#include <QByteArray>

struct sqlite3;
struct sqlite3_stmt;

namespace bellwether {

class SqliteStatement {
public:
    SqliteStatement() = default;
    SqliteStatement(SqliteStatement &&other) noexcept;
    SqliteStatement &operator=(SqliteStatement &&other) noexcept;
    ~SqliteStatement();

    // The bytes must stay alive until the next step() or reset().
    void bindInteger(int column, qint64 value);
    void bindText(int column, const QByteArray &utf8);
    void bindBlob(int column, const QByteArray &bytes);

    enum class Step { Row, Done, Failed };
    Step step();
    void reset();

    qint64 integer(int column) const;
    QByteArray bytes(int column) const; // of a text (UTF-8, with any NUL in it) or a blob

private:
    friend class SqliteConnection;
    sqlite3_stmt *m_statement = nullptr;
};

class SqliteConnection {
public:
    enum class Mode { ReadOnly, ReadWrite };

    SqliteConnection() = default;
    SqliteConnection(SqliteConnection &&other) noexcept;
    SqliteConnection &operator=(SqliteConnection &&other) noexcept;
    ~SqliteConnection();

    static Result<SqliteConnection> open(const QString &path, Mode mode); // JournalOpen

    bool execute(const char *sql);          // false: see lastError()
    SqliteStatement prepare(const char *sql); // its steps fail when it could not be prepared
    qint64 integerOf(const char *sql, qint64 otherwise = -1);
    QString textOf(const char *sql);
    QString lastError() const; // SQLite's words, with the system's where there are some

private:
    sqlite3 *m_handle = nullptr;
};

} // namespace bellwether
