#include "installer.h"

#include "migrator.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QJsonDocument>

#include <unistd.h>

namespace bellwether::sample {

namespace {

constexpr auto onlyOwner = QFile::ReadOwner | QFile::WriteOwner;
constexpr auto program = onlyOwner | QFile::ExeOwner;

Outcome<void> write(const QString &file, const QByteArray &bytes, QFile::Permissions permissions)
{
    QFile out(file);
    if (!out.open(QIODevice::WriteOnly | QIODevice::Truncate) || out.write(bytes) != bytes.size())
        return problem(QStringLiteral("cannot write %1: %2").arg(file, out.errorString()));
    out.setPermissions(permissions);
    return {};
}

QByteArray hexOf(const QByteArray &bytes)
{
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

Outcome<void> publish(const QString &folder, const QString &version, const QString &executable, const QByteArray &hash)
{
    QDir(folder).removeRecursively();
    if (!QDir().mkpath(folder))
        return problem(QStringLiteral("cannot make %1").arg(folder));
    const QByteArray document = QJsonDocument(releaseDocument(version)).toJson();
    if (auto ok = write(folder + QStringLiteral("/release.json"), document, onlyOwner); !ok)
        return ok;
    const QString target = folder + QStringLiteral("/bellwether-sample");
    if (::link(QFile::encodeName(executable).constData(), QFile::encodeName(target).constData()) != 0)
        return problem(QStringLiteral("cannot link %1").arg(target));
    return write(folder + QStringLiteral("/SHA256SUMS"),
                 hash + "  bellwether-sample\n" + hexOf(document) + "  release.json\n", onlyOwner);
}

QByteArray environmentFile(const InstallOptions &options)
{
    const QByteArray token = hexOf("token of " + options.host.toUtf8()).left(32);
    return QStringLiteral("# Settings of this installation, read at every start.\n"
                          "# The release that starts; bin/pull fetches it first.\n"
                          "SAMPLE_VERSION=%1\n"
                          "\n"
                          "SAMPLE_DOMAIN=%2\n"
                          "# Where it listens: this host's own loopback address\n"
                          "SAMPLE_ADDRESS=%3\n"
                          "SAMPLE_PORT=%4\n"
                          "SAMPLE_LOCALE=en\n"
                          "# Where releases come from\n"
                          "SAMPLE_REGISTRY=%5\n"
                          "# Signs customers' sessions: keep it secret\n"
                          "SAMPLE_TOKEN=%6\n")
        .arg(options.version, options.domain, options.address).arg(options.port)
        .arg(options.registry, QString::fromLatin1(token)).toUtf8();
}

Outcome<void> copyScripts(const QString &folder)
{
    const QDir scripts(QStringLiteral(":/sample/scripts"));
    for (const QString &name : scripts.entryList()) {
        QFile in(scripts.filePath(name));
        if (!in.open(QIODevice::ReadOnly))
            return problem(QStringLiteral("cannot read %1").arg(name));
        const QString target = folder + QLatin1Char('/') + (name == QLatin1String("lib.sh") ? name : name.chopped(3));
        if (auto ok = write(target, in.readAll(), program); !ok)
            return ok;
    }
    return {};
}

Outcome<void> makeDatabase(const Product &product, const InstallOptions &options)
{
    auto release = readRelease(options.registry + QLatin1Char('/') + options.version + QStringLiteral("/release.json"));
    if (!release)
        return problem(release.error());
    auto database = Database::open(product.databaseFile(), Database::Mode::Create);
    if (!database)
        return problem(database.error());
    for (MigrationSpec &migration : release->migrations) {
        for (Statement &statement : migration.statements)
            statement.pauseMs = 0; // nobody is being served yet
    }
    if (auto ok = migrate(*database, *release, product); !ok)
        return ok;
    return fillWithCustomers(*database, options.host);
}

} // namespace

Outcome<void> makeRegistry(const QString &registry)
{
    QFile self(QStringLiteral("/proc/self/exe"));
    if (!QDir().mkpath(registry) || !self.open(QIODevice::ReadOnly))
        return problem(QStringLiteral("cannot make %1").arg(registry));
    const QByteArray bytes = self.readAll(), hash = hexOf(bytes);
    QFile mark(registry + QStringLiteral("/made-from"));
    if (mark.open(QIODevice::ReadOnly) && mark.readAll() == hash)
        return {};
    mark.close();
    const QString executable = registry + QStringLiteral("/bellwether-sample");
    QFile::remove(executable); // hosts keep their links to the old one
    if (auto ok = write(executable, bytes, program); !ok)
        return ok;
    for (const QString &version : knownVersions()) {
        if (auto ok = publish(registry + QLatin1Char('/') + version, version, executable, hash); !ok)
            return ok;
    }
    return write(mark.fileName(), hash, onlyOwner);
}

Outcome<void> installProduct(const InstallOptions &options)
{
    const Product product(options.directory);
    if (QFile::exists(product.databaseFile()))
        return problem(QStringLiteral("there is a product in %1 already").arg(options.directory));
    for (const char *folder : {"bin", "releases", "data", "run", "log", "backups", "aside"}) {
        if (!QDir().mkpath(product.path(QLatin1String(folder))))
            return problem(QStringLiteral("cannot make %1").arg(product.path(QLatin1String(folder))));
    }
    if (auto ok = copyScripts(product.path(QStringLiteral("bin"))); !ok)
        return ok;
    if (auto ok = write(product.path(QStringLiteral(".env")), environmentFile(options), onlyOwner); !ok)
        return ok;
    return makeDatabase(product, options);
}

} // namespace bellwether::sample
