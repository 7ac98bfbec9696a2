#pragma once
// SQLite by its C interface, and the product's ledger in it. One Database per thread.
#include "outcome.h"

#include <QJsonObject>
#include <QList>
#include <QMap>
#include <QStringList>

#include <functional>
#include <memory>

struct sqlite3;

namespace bellwether::sample {

class Database {
public:
    enum class Mode { Existing, Create, ReadOnly };
    static Outcome<Database> open(const QString &file, Mode mode);

    Outcome<void> execute(const QByteArray &sql, const QStringList &values = {});
    // Each row as texts; a NULL is a null string.
    Outcome<QList<QStringList>> query(const QByteArray &sql, const QStringList &values = {});
    Outcome<void> copyTo(Database &target); // online backup: a consistent copy while others write
    sqlite3 *handle() const { return m_handle.get(); }

private:
    struct Close {
        void operator()(sqlite3 *handle) const;
    };
    explicit Database(sqlite3 *handle) : m_handle(handle) {}
    std::unique_ptr<sqlite3, Close> m_handle;
};

struct LedgerRow {
    QString name, kind, state; // state: started | applied | failed
};
struct LedgerView {
    QList<LedgerRow> rows; // in order of their start
    QStringList applied() const;
    QString unfinished() const; // the one that began and did not end, or failed; empty when none
};
Outcome<LedgerView> readLedger(Database &database);
Outcome<QMap<QString, qint64>> countContent(Database &database); // rows of customers, orders, notes
QJsonObject contentJson(const QMap<QString, qint64> &content);
QString sqliteVersion();

} // namespace bellwether::sample
