#include "migrator.h"

#include <QDateTime>
#include <QElapsedTimer>
#include <QThread>

#include <algorithm>

namespace bellwether::sample {

namespace {

QString isoNow()
{
    return QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs);
}

// Besides: "pause=off" leaves out the pauses, so that tests need not wait for them.
// "slow:20" makes each new migration wait that long; "fail" or "fail:NAME" breaks after the first statement.
Outcome<void> injectedFault(const Product &product, const MigrationSpec &migration, int statement)
{
    const QString fault = product.fault(QStringLiteral("migration"));
    if (fault.startsWith(QLatin1String("slow:")) && statement == 0)
        QThread::sleep(fault.sliced(5).toULong());
    const bool here = fault == QLatin1String("fail") || fault == QLatin1String("fail:") + migration.name;
    if (here && statement == 1)
        return problem(QStringLiteral("fault switched on"));
    return {};
}

Outcome<void> runStatements(Database &database, const MigrationSpec &migration, const Product &product)
{
    for (int i = 0; i < migration.statements.size(); ++i) {
        if (auto ok = injectedFault(product, migration, i); !ok)
            return ok;
        if (auto ok = database.execute(migration.statements[i].sql); !ok)
            return ok;
        if (product.fault(QStringLiteral("pause")) != QLatin1String("off"))
            QThread::msleep(static_cast<unsigned long>(migration.statements[i].pauseMs));
    }
    return injectedFault(product, migration, 1);
}

Outcome<void> runOne(Database &database, const MigrationSpec &migration, const Product &product)
{
    logLine("INFO", QStringLiteral("migration %1 started").arg(migration.name));
    QElapsedTimer timer;
    timer.start();
    if (auto ok = database.execute("INSERT INTO schema_migrations(name, kind, state, started) VALUES(?1, ?2, 'started', ?3)",
                                   {migration.name, migration.kind, isoNow()});
        !ok)
        return ok;
    const auto ran = runStatements(database, migration, product);
    const QString state = ran ? QStringLiteral("applied") : QStringLiteral("failed");
    auto recorded = database.execute("UPDATE schema_migrations SET state = ?2, ended = ?3 WHERE name = ?1",
                                     {migration.name, state, isoNow()});
    if (!ran) {
        logLine("ERROR", QStringLiteral("migration %1 failed: %2").arg(migration.name, ran.error()));
        return ran;
    }
    if (recorded)
        logLine("INFO", QStringLiteral("migration %1 applied in %2 ms").arg(migration.name).arg(timer.elapsed()));
    return recorded;
}

} // namespace

Outcome<void> mayServe(const LedgerView &ledger, const ReleaseSpec &release)
{
    if (const QString name = ledger.unfinished(); !name.isEmpty())
        return problem(QStringLiteral("the database is half-migrated: %1 began and did not end; restore a backup").arg(name));
    for (const LedgerRow &row : ledger.rows) {
        const bool known = std::ranges::any_of(release.migrations,
                                               [&](const MigrationSpec &spec) { return spec.name == row.name; });
        if (!known && row.kind != QLatin1String("additive"))
            return problem(QStringLiteral("the database is newer than %1: it has had %2, which is %3")
                               .arg(release.version, row.name, row.kind));
    }
    return {};
}

Outcome<void> migrate(Database &database, const ReleaseSpec &release, const Product &product)
{
    if (auto ok = database.execute("CREATE TABLE IF NOT EXISTS schema_migrations(name TEXT PRIMARY KEY, kind TEXT NOT NULL, "
                                   "state TEXT NOT NULL, started TEXT NOT NULL, ended TEXT)");
        !ok)
        return ok;
    const auto ledger = readLedger(database);
    if (!ledger)
        return problem(ledger.error());
    const QStringList applied = ledger->applied();
    for (const MigrationSpec &migration : release.migrations) {
        if (applied.contains(migration.name)) {
            logLine("INFO", QStringLiteral("migration %1 skipped (already applied)").arg(migration.name));
            continue;
        }
        if (auto ok = runOne(database, migration, product); !ok)
            return ok;
    }
    logLine("INFO", QStringLiteral("migrations done"));
    return {};
}

namespace {

// A small generator of our own: the same numbers on every machine and with every library.
class Numbers {
public:
    explicit Numbers(const QString &seed)
    {
        for (const QChar c : seed)
            m_state = (m_state ^ c.unicode()) * 1099511628211ull;
    }
    int below(int limit)
    {
        m_state ^= m_state << 13;
        m_state ^= m_state >> 7;
        m_state ^= m_state << 17;
        return static_cast<int>(m_state % static_cast<quint64>(limit));
    }

private:
    quint64 m_state = 14695981039346656037ull;
};

constexpr const char *givenNames[] = {"Anna", "Ben", "Clara", "David", "Elif", "Felix", "Greta", "Hugo", "Ines", "Jonas"};
constexpr const char *familyNames[] = {"Berg", "Costa", "Dahl", "Engel", "Fischer", "Gomez", "Holm", "Ivanov", "Jensen"};
constexpr const char *cities[] = {"Berlin", "Lyon", "Porto", "Oslo", "Boston", "Denver", "Austin"};
constexpr const char *articles[] = {"bell", "collar", "shears", "fleece", "crook", "trough"};

QString day(Numbers &numbers)
{
    return QStringLiteral("2026-%1-%2").arg(numbers.below(9) + 1, 2, 10, QLatin1Char('0')).arg(numbers.below(28) + 1, 2, 10, QLatin1Char('0'));
}

QStringList customer(Numbers &numbers, int id)
{
    const QString given = QString::fromLatin1(givenNames[numbers.below(10)]);
    const QString family = QString::fromLatin1(familyNames[numbers.below(9)]);
    QString email = QStringLiteral("%1.%2.%3@example.test").arg(given, family).arg(id);
    if (id <= 2) // somebody registered twice, with other capitals: what a later release's migration trips over
        email = id == 1 ? QStringLiteral("Shepherd@example.test") : QStringLiteral("shepherd@example.test");
    return {QString::number(id), given + QLatin1Char(' ') + family, email, QString::fromLatin1(cities[numbers.below(7)]),
            day(numbers)};
}

} // namespace

Outcome<void> fillWithCustomers(Database &database, const QString &host)
{
    Numbers numbers(host);
    const int customers = 180 + numbers.below(120);
    int order = 0, note = 0;
    auto insert = [&](const char *sql, const QStringList &values) { return database.execute(sql, values); };
    if (auto ok = database.execute("BEGIN IMMEDIATE"); !ok)
        return ok;
    for (int id = 1; id <= customers; ++id) {
        if (auto ok = insert("INSERT INTO customers VALUES(?1, ?2, ?3, ?4, ?5)", customer(numbers, id)); !ok)
            return ok;
        for (int n = numbers.below(4); n > 0; --n) {
            if (auto ok = insert("INSERT INTO orders VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                                 {QString::number(++order), QString::number(id),
                                  QString::fromLatin1(articles[numbers.below(6)]), QString::number(numbers.below(9) + 1),
                                  QString::number(numbers.below(20000) + 99), day(numbers)});
                !ok)
                return ok;
        }
        if (numbers.below(3) == 0) {
            if (auto ok = insert("INSERT INTO notes VALUES(?1, ?2, ?3, ?4)",
                                 {QString::number(++note), QString::number(id),
                                  QStringLiteral("called about order %1").arg(order), day(numbers)});
                !ok)
                return ok;
        }
    }
    return database.execute("COMMIT");
}

} // namespace bellwether::sample
