#include "bundle.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>

#include <fcntl.h>
#include <unistd.h>

namespace bellwether::sample {

namespace {

const QString databaseName = QStringLiteral("database.sqlite");
const QString manifestName = QStringLiteral("manifest.json");
const QString endName = QStringLiteral("END");

QString checksumOf(const QString &file)
{
    QFile in(file);
    QCryptographicHash hash(QCryptographicHash::Sha256);
    return in.open(QIODevice::ReadOnly) && hash.addData(&in) ? QString::fromLatin1(hash.result().toHex()) : QString();
}

Outcome<void> writeDurably(const QString &file, const QByteArray &bytes)
{
    QFile out(file);
    if (!out.open(QIODevice::WriteOnly | QIODevice::Truncate) || out.write(bytes) != bytes.size() || !out.flush()
        || ::fsync(out.handle()) != 0)
        return problem(QStringLiteral("cannot write %1: %2").arg(file, out.errorString()));
    return {};
}

void syncFolder(const QString &folder)
{
    const int fd = ::open(QFile::encodeName(folder).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        ::fsync(fd);
        ::close(fd);
    }
}

QJsonObject manifestOf(const QString &directory)
{
    QFile in(directory + QLatin1Char('/') + manifestName);
    return in.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(in.read(1 << 20)).object() : QJsonObject();
}

QJsonObject describe(Database &database, QString *why)
{
    const auto ledger = readLedger(database);
    const auto content = countContent(database);
    if (!ledger || !content) {
        *why = ledger ? content.error() : ledger.error();
        return {};
    }
    const QString unfinished = ledger->unfinished();
    const QJsonValue half = unfinished.isEmpty() ? QJsonValue() : QJsonValue(unfinished);
    return {{"ledger", QJsonObject{{"applied", QJsonArray::fromStringList(ledger->applied())}, {"half_migrated", half}}},
            {"content", contentJson(*content)}};
}

// Why the bundle cannot be trusted; empty when it can.
QString flawOf(const Product &product, const QString &directory, const QJsonObject &manifest)
{
    const QString file = directory + QLatin1Char('/') + databaseName;
    QFile end(directory + QLatin1Char('/') + endName);
    if (!QDir(directory).exists())
        return QStringLiteral("there is no bundle at %1").arg(directory);
    if (manifest.isEmpty())
        return QStringLiteral("its manifest is missing or unreadable");
    if (!end.open(QIODevice::ReadOnly))
        return QStringLiteral("its end marker is missing: the backup was cut short");
    if (QString::fromLatin1(end.readAll().trimmed()) != checksumOf(directory + QLatin1Char('/') + manifestName))
        return QStringLiteral("its end marker does not belong to its manifest");
    if (manifest[u"domain"].toString() != product.env(QStringLiteral("SAMPLE_DOMAIN")))
        return QStringLiteral("it was made on %1").arg(manifest[u"domain"].toString());
    if (QFile(file).size() == 0)
        return QStringLiteral("its database is empty");
    if (checksumOf(file) != manifest[u"sha256"].toString() || QFile(file).size() != manifest[u"size"].toInteger())
        return QStringLiteral("its database differs from the checksum in the manifest");
    auto database = Database::open(file, Database::Mode::ReadOnly);
    if (!database)
        return database.error();
    const auto integrity = database->query("PRAGMA integrity_check");
    if (!integrity || integrity->value(0).value(0) != QLatin1String("ok"))
        return QStringLiteral("its database is damaged");
    QString why;
    const QJsonObject found = describe(*database, &why);
    if (!why.isEmpty())
        return why;
    if (found[u"ledger"] != manifest[u"ledger"] || found[u"content"] != manifest[u"content"])
        return QStringLiteral("its database does not hold what the manifest says");
    return {};
}

Outcome<void> dump(const Product &product, const QString &file)
{
    auto source = Database::open(product.databaseFile(), Database::Mode::Existing);
    if (!source)
        return problem(source.error());
    auto target = Database::open(file, Database::Mode::Create);
    if (!target)
        return problem(target.error());
    if (auto ok = source->copyTo(*target); !ok)
        return ok;
    return target->execute("PRAGMA journal_mode = DELETE"); // one file, no companions
}

} // namespace

Outcome<void> writeBundle(const Product &product, const QString &version, const QString &directory)
{
    if (product.fault(QStringLiteral("backup")) == QLatin1String("fail"))
        return problem(QStringLiteral("fault switched on"));
    const QString partial = directory + QStringLiteral(".partial");
    QDir(partial).removeRecursively();
    if (!QDir().mkpath(partial))
        return problem(QStringLiteral("cannot make %1").arg(partial));
    const qint64 started = QDateTime::currentMSecsSinceEpoch();
    const QString file = partial + QLatin1Char('/') + databaseName;
    if (auto ok = dump(product, file); !ok)
        return ok;
    QString why;
    QJsonObject manifest;
    {
        auto copy = Database::open(file, Database::Mode::ReadOnly);
        if (copy)
            manifest = describe(*copy, &why);
        if (!copy || !why.isEmpty())
            return problem(copy ? why : copy.error());
    }
    manifest.insert(QStringLiteral("format"), 1);
    manifest.insert(QStringLiteral("version"), version);
    manifest.insert(QStringLiteral("domain"), product.env(QStringLiteral("SAMPLE_DOMAIN")));
    manifest.insert(QStringLiteral("started"), started);
    manifest.insert(QStringLiteral("ended"), QDateTime::currentMSecsSinceEpoch());
    manifest.insert(QStringLiteral("size"), QFile(file).size());
    manifest.insert(QStringLiteral("sha256"), checksumOf(file));
    if (product.fault(QStringLiteral("backup")) == QLatin1String("empty")) // succeeds and saves nothing
        QFile::resize(file, 0);
    if (auto ok = writeDurably(partial + QLatin1Char('/') + manifestName, QJsonDocument(manifest).toJson()); !ok)
        return ok;
    const QString mark = checksumOf(partial + QLatin1Char('/') + manifestName);
    if (auto ok = writeDurably(partial + QLatin1Char('/') + endName, mark.toLatin1() + '\n'); !ok)
        return ok;
    syncFolder(partial);
    // An older bundle of that name is kept: a backup is never deleted.
    for (int n = 1; QDir(directory).exists(); ++n)
        QDir().rename(directory, QStringLiteral("%1.%2").arg(directory).arg(n));
    if (!QDir().rename(partial, directory))
        return problem(QStringLiteral("cannot rename %1").arg(partial));
    syncFolder(QFileInfo(directory).absolutePath());
    return {};
}

QJsonObject inspectBundle(const Product &product, const QString &directory)
{
    const QString absolute = QDir(product.directory()).absoluteFilePath(directory);
    const QJsonObject manifest = manifestOf(absolute);
    const QString flaw = flawOf(product, absolute, manifest);
    return {{"path", absolute},
            {"at", manifest[u"started"].toInteger()},
            {"ended", manifest[u"ended"].toInteger()},
            {"size", QFile(absolute + QLatin1Char('/') + databaseName).size()},
            {"sha256", checksumOf(absolute + QLatin1Char('/') + databaseName)},
            {"verified", flaw.isEmpty()},
            {"problem", flaw},
            {"version", manifest[u"version"].toString()},
            {"ledger", manifest[u"ledger"].toObject()},
            {"content", manifest[u"content"].toObject()}};
}

QString newestBundle(const Product &product)
{
    QString newest;
    qint64 at = -1;
    const QDir folder(product.path(QStringLiteral("backups")));
    const QStringList names = folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &name : names) {
        const qint64 started = manifestOf(folder.filePath(name))[u"started"].toInteger(-1);
        if (started > at && !name.endsWith(QLatin1String(".partial"))) {
            at = started;
            newest = folder.filePath(name);
        }
    }
    return newest;
}

Outcome<void> keepAside(const Product &product, const QString &directory)
{
    if (QDir(directory).exists())
        return {}; // kept by an earlier try: that one is the state worth keeping
    const QString partial = directory + QStringLiteral(".partial");
    QDir(partial).removeRecursively();
    if (!QDir().mkpath(partial))
        return problem(QStringLiteral("cannot make %1").arg(partial));
    for (const char *name : {"app.db", "app.db-wal", "app.db-shm"}) {
        const QString from = product.path(QStringLiteral("data/") + QLatin1String(name));
        if (QFile::exists(from) && !QFile::copy(from, partial + QLatin1Char('/') + QLatin1String(name)))
            return problem(QStringLiteral("cannot copy %1").arg(from));
    }
    syncFolder(partial);
    if (!QDir().rename(partial, directory))
        return problem(QStringLiteral("cannot rename %1").arg(partial));
    return {};
}

Outcome<void> compareWithBundle(const Product &product, const QString &directory)
{
    auto database = Database::open(product.databaseFile(), Database::Mode::Existing);
    if (!database)
        return problem(database.error());
    QString why;
    const QJsonObject found = describe(*database, &why), manifest = manifestOf(directory);
    if (!why.isEmpty())
        return problem(why);
    for (const QString &part : {QStringLiteral("ledger"), QStringLiteral("content")}) {
        if (found[part] != manifest[part])
            return problem(QStringLiteral("the database's %1 is %2, the bundle's is %3")
                               .arg(part, QString::fromUtf8(QJsonDocument(found[part].toObject()).toJson(QJsonDocument::Compact)),
                                    QString::fromUtf8(QJsonDocument(manifest[part].toObject()).toJson(QJsonDocument::Compact))));
    }
    return {};
}

Outcome<void> restoreBundle(const Product &product, const QString &directory)
{
    const QString flaw = flawOf(product, directory, manifestOf(directory));
    if (!flaw.isEmpty())
        return problem(QStringLiteral("the bundle cannot be used: %1").arg(flaw));
    if (product.takeLock() < 0)
        return problem(QStringLiteral("the service is running; stop it first"));
    product.recordEffect(QStringLiteral("restore %1").arg(directory));
    for (const char *name : {"app.db", "app.db-wal", "app.db-shm"})
        QFile::remove(product.path(QStringLiteral("data/") + QLatin1String(name)));
    logLine("INFO", QStringLiteral("database dropped"));
    if (product.fault(QStringLiteral("restore")) == QLatin1String("fail"))
        return problem(QStringLiteral("fault switched on"));
    {
        auto source = Database::open(directory + QLatin1Char('/') + databaseName, Database::Mode::ReadOnly);
        auto target = Database::open(product.databaseFile(), Database::Mode::Create);
        if (!source || !target)
            return problem(source ? target.error() : source.error());
        if (auto ok = source->copyTo(*target); !ok)
            return ok;
        if (product.fault(QStringLiteral("restore")) == QLatin1String("short")) {
            if (auto ok = target->execute("DELETE FROM notes WHERE id % 2 = 0"); !ok)
                return ok;
        }
    }
    logLine("INFO", QStringLiteral("database recreated from %1").arg(directory));
    return compareWithBundle(product, directory);
}

} // namespace bellwether::sample
