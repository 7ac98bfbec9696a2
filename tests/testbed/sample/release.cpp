#include "release.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>

namespace bellwether::sample {

namespace {

QJsonObject compiledIn()
{
    QFile file(QStringLiteral(":/sample/releases.json"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return QJsonDocument::fromJson(file.readAll()).object();
}

MigrationSpec migrationFrom(const QJsonObject &object)
{
    MigrationSpec spec{object[u"name"].toString(), object[u"kind"].toString(), {}};
    const QJsonArray statements = object[u"statements"].toArray();
    const int pause = object[u"pause_ms"].toInt();
    for (const QJsonValue statement : statements)
        spec.statements.append({statement.toString().toUtf8(), pause});
    return spec;
}

} // namespace

QStringList knownVersions()
{
    QStringList versions;
    const QJsonArray releases = compiledIn()[u"releases"].toArray();
    for (const QJsonValue release : releases)
        versions.append(release[u"version"].toString());
    return versions;
}

// release.json is self-contained: an old release folder needs nothing of a newer one.
QJsonObject releaseDocument(const QString &version)
{
    const QJsonObject all = compiledIn();
    const QJsonArray releases = all[u"releases"].toArray(), known = all[u"migrations"].toArray();
    for (const QJsonValue release : releases) {
        if (release[u"version"].toString() != version)
            continue;
        QJsonObject document = release.toObject();
        const QJsonArray names = document[u"migrations"].toArray();
        QJsonArray migrations;
        for (const QJsonValue migration : known) {
            if (names.contains(migration[u"name"]))
                migrations.append(migration);
        }
        document.insert(QStringLiteral("migrations"), migrations);
        return document;
    }
    return {};
}

Outcome<ReleaseSpec> readRelease(const QString &file)
{
    QFile in(file);
    if (!in.open(QIODevice::ReadOnly))
        return problem(QStringLiteral("%1: %2").arg(file, in.errorString()));
    const QJsonObject object = QJsonDocument::fromJson(in.readAll()).object();
    ReleaseSpec spec;
    spec.version = object[u"version"].toString();
    if (spec.version.isEmpty())
        return problem(QStringLiteral("%1 names no version").arg(file));
    const QJsonArray migrations = object[u"migrations"].toArray();
    for (const QJsonValue migration : migrations)
        spec.migrations.append(migrationFrom(migration.toObject()));
    const QJsonArray required = object[u"requires"].toArray();
    for (const QJsonValue name : required)
        spec.requiredEnv.append(name.toString());
    spec.neverHealthy = object[u"never_healthy"].toBool();
    spec.degradeAfterS = object[u"degrade_after_s"].toInt();
    return spec;
}

QString ownFolder()
{
    return QFileInfo(QFile::symLinkTarget(QStringLiteral("/proc/self/exe"))).absolutePath();
}

} // namespace bellwether::sample
