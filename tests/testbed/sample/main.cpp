// The sample product: a small real service with a database, migrations, backup and restore, for demonstrations and
// tests. bin/ in its product folder holds the scripts that people and the console call; they end here.
#include "bundle.h"
#include "installer.h"
#include "migrator.h"
#include "service.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QStorageInfo>

#include <cstdio>
#include <functional>
#include <iostream>
#include <sys/statvfs.h>

namespace {

using namespace bellwether::sample;

int report(const Outcome<void> &outcome, const char *what)
{
    if (outcome)
        return 0;
    std::fprintf(stderr, "%s: %s\n", what, qUtf8Printable(outcome.error()));
    return 1;
}

int print(const QJsonObject &object)
{
    std::puts(QJsonDocument(object).toJson(QJsonDocument::Compact).constData());
    return 0;
}

int printLedger(const Product &product)
{
    auto database = Database::open(product.databaseFile(), Database::Mode::Existing);
    if (!database)
        return report(problem(database.error()), "ledger");
    const auto ledger = readLedger(*database);
    if (!ledger)
        return report(problem(ledger.error()), "ledger");
    // What is unfinished while the service is alive is being worked on; without it, it is half-migrated.
    const QString unfinished = ledger->unfinished();
    const bool running = !unfinished.isEmpty() && product.isLocked();
    return print({{"applied", QJsonArray::fromStringList(ledger->applied())},
                  {"half_migrated", unfinished.isEmpty() || running ? QJsonValue() : QJsonValue(unfinished)},
                  {"running", running ? QJsonValue(unfinished) : QJsonValue()}});
}

int printContent(const Product &product)
{
    auto database = Database::open(product.databaseFile(), Database::Mode::Existing);
    if (!database)
        return report(problem(database.error()), "content");
    const auto content = countContent(*database);
    return content ? print(contentJson(*content)) : report(problem(content.error()), "content");
}

int printStorage(const Product &product)
{
    struct statvfs disk{};
    if (::statvfs(QFile::encodeName(product.path(QStringLiteral("data"))).constData(), &disk) != 0)
        return report(problem(QStringLiteral("the data folder cannot be read")), "storage");
    qint64 size = 0;
    for (const char *name : {"data/app.db", "data/app.db-wal"})
        size += QFileInfo(product.path(QLatin1String(name))).size();
    return print({{"disk_free", static_cast<qint64>(disk.f_bavail) * static_cast<qint64>(disk.f_frsize)},
                  {"database_size", size},
                  {"database_server", sqliteVersion()}});
}

int checkRunning(const Product &product, const QString &version)
{
    const Process process = servingProcess(product);
    const QString program = process.pid ? QFile::symLinkTarget(QStringLiteral("/proc/%1/exe").arg(process.pid)) : QString();
    const QString running = program.isEmpty() ? QString() : QFileInfo(program).dir().dirName();
    std::puts(running.isEmpty() ? "stopped" : qPrintable(running));
    return version.isEmpty() ? (running.isEmpty() ? 1 : 0) : (running == version ? 0 : 1);
}

// Every row of every table, for comparisons in tests.
int dumpRows(const Product &product)
{
    auto database = Database::open(product.databaseFile(), Database::Mode::Existing);
    if (!database)
        return report(problem(database.error()), "dump");
    const auto tables = database->query("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name");
    if (!tables)
        return report(problem(tables.error()), "dump");
    for (const QStringList &table : *tables) {
        std::puts(qPrintable(table.join(QStringLiteral(": "))));
        const auto rows = database->query("SELECT * FROM \"" + table[0].toUtf8() + "\" ORDER BY 1");
        for (const QStringList &row : rows.value_or(QList<QStringList>())) // an index has no rows to select
            std::puts(qPrintable(row.join(QLatin1Char('|'))));
    }
    return 0;
}

// Whether that version runs and the database has had all its migrations, none of them left unfinished.
int checkMigrated(const Product &product, const QString &version)
{
    const auto release = readRelease(product.path(QStringLiteral("releases/%1/release.json").arg(version)));
    auto database = Database::open(product.databaseFile(), Database::Mode::Existing);
    if (!release || !database)
        return report(problem(release ? database.error() : release.error()), "migrated");
    const auto ledger = readLedger(*database);
    if (!ledger || !ledger->unfinished().isEmpty())
        return report(problem(ledger ? ledger->unfinished() + QStringLiteral(" is not finished") : ledger.error()), "migrated");
    for (const MigrationSpec &migration : release->migrations) {
        if (!ledger->applied().contains(migration.name))
            return report(problem(migration.name + QStringLiteral(" has not been applied")), "migrated");
    }
    return checkRunning(product, version);
}

// The one question that stands between a typing error and a customer's database.
int restore(const Product &product, const QString &directory)
{
    const QString domain = product.env(QStringLiteral("SAMPLE_DOMAIN"));
    std::printf("This replaces the database of %s. Type its domain to go on: \n", qUtf8Printable(domain));
    std::fflush(stdout);
    std::string typed;
    std::getline(std::cin, typed);
    if (QString::fromStdString(typed).trimmed() != domain || domain.isEmpty()) {
        std::fprintf(stderr, "restore: the domain does not match; nothing was touched\n");
        return 3;
    }
    return report(restoreBundle(product, directory), "restore");
}

int prove(const Product &product, const QString &directory)
{
    const QJsonObject found = inspectBundle(product, directory);
    print(found);
    return found[u"verified"].toBool() ? 0 : 1;
}

int startService(const Product &product)
{
    const auto release = readRelease(ownFolder() + QStringLiteral("/release.json"));
    if (!release) {
        logLine("ERROR", QStringLiteral("start failed: %1").arg(release.error()));
        return 1;
    }
    return serve(product, *release);
}

int lastBackup(const Product &product)
{
    const QString newest = newestBundle(product);
    return newest.isEmpty() ? print({{"path", ""}, {"verified", false}, {"problem", "there is no backup yet"}})
                            : print(inspectBundle(product, newest));
}

} // namespace

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("bellwether-sample"));
    QCommandLineParser parser;
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("command"), QStringLiteral(
        "serve start stop running migrated ledger content dump storage backup backup-info prove last-backup set-aside restore compare "
        "registry install"));
    parser.addPositionalArgument(QStringLiteral("argument"), QStringLiteral("a folder or a version"), QStringLiteral("[argument]"));
    const QCommandLineOption directory(QStringLiteral("directory"), QStringLiteral("the product's folder"), QStringLiteral("folder"), QStringLiteral("."));
    const QCommandLineOption host(QStringLiteral("host"), QStringLiteral("name of the host"), QStringLiteral("name"));
    const QCommandLineOption domain(QStringLiteral("domain"), QStringLiteral("its domain"), QStringLiteral("name"));
    const QCommandLineOption address(QStringLiteral("address"), QStringLiteral("where to listen"), QStringLiteral("ip"), QStringLiteral("127.0.0.1"));
    const QCommandLineOption port(QStringLiteral("port"), QStringLiteral("on which port"), QStringLiteral("port"), QStringLiteral("8080"));
    const QCommandLineOption registry(QStringLiteral("registry"), QStringLiteral("folder of the releases"), QStringLiteral("folder"));
    const QCommandLineOption version(QStringLiteral("version"), QStringLiteral("release to install"), QStringLiteral("version"), QStringLiteral("1.4.0"));
    parser.addOptions({directory, host, domain, address, port, registry, version});
    parser.process(application);
    const QString command = parser.positionalArguments().value(0);
    const Product product(parser.value(directory));
    const QString argument = parser.positionalArguments().value(1);
    const QString folder = QDir(product.directory()).absoluteFilePath(argument);

    const QMap<QString, std::function<int()>> commands{
        {QStringLiteral("serve"), [&] { return startService(product); }},
        {QStringLiteral("start"), [&] { return startAndFollow(product); }},
        {QStringLiteral("stop"), [&] { return stopService(product); }},
        {QStringLiteral("running"), [&] { return checkRunning(product, argument); }},
        {QStringLiteral("migrated"), [&] { return checkMigrated(product, argument); }},
        {QStringLiteral("ledger"), [&] { return printLedger(product); }},
        {QStringLiteral("dump"), [&] { return dumpRows(product); }},
        {QStringLiteral("content"), [&] { return printContent(product); }},
        {QStringLiteral("storage"), [&] { return printStorage(product); }},
        {QStringLiteral("backup"), [&] { return report(writeBundle(product, product.env(QStringLiteral("SAMPLE_VERSION")), folder), "backup"); }},
        {QStringLiteral("backup-info"), [&] { return print(inspectBundle(product, folder)); }},
        {QStringLiteral("prove"), [&] { return prove(product, folder); }},
        {QStringLiteral("last-backup"), [&] { return lastBackup(product); }},
        {QStringLiteral("set-aside"), [&] { return report(keepAside(product, folder), "set-aside"); }},
        {QStringLiteral("restore"), [&] { return restore(product, folder); }},
        {QStringLiteral("compare"), [&] { return report(compareWithBundle(product, folder), "compare"); }},
        {QStringLiteral("registry"), [&] { return report(makeRegistry(folder), "registry"); }},
        {QStringLiteral("install"), [&] {
             return report(installProduct({product.directory(), parser.value(host), parser.value(domain), parser.value(address),
                                           parser.value(registry), parser.value(version), parser.value(port).toInt()}),
                           "install");
         }},
    };
    const auto found = commands.constFind(command);
    if (found == commands.cend())
        parser.showHelp(2);
    const bool needsArgument = QStringList{"migrated", "backup", "backup-info", "prove", "set-aside", "restore", "compare", "registry"}.contains(command);
    if (needsArgument && argument.isEmpty())
        parser.showHelp(2);
    return (*found)();
}
