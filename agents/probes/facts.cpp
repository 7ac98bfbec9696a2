#include "probes/facts.h"

#include <QDateTime>
#include <QJsonDocument>

#include <cmath>

namespace bellwether {

namespace {

std::unexpected<Error> unreadable(const Probe &probe, const QString &host, const QString &why)
{
    return fail(ErrorCode::OutputUnreadable, {host, probeText(probe), why});
}

QString text(const QJsonValue &value)
{
    if (value.isBool())
        return value.toBool() ? QStringLiteral("true") : QStringLiteral("false");
    if (value.isDouble())
        return value.toDouble() == std::floor(value.toDouble()) ? QString::number(value.toInteger()) : QString::number(value.toDouble());
    return value.toString();
}

std::optional<qint64> wholeNumber(const QJsonValue &value)
{
    if (!value.isDouble() || value.toDouble() < 0 || value.toDouble() != std::floor(value.toDouble()))
        return std::nullopt;
    return value.toInteger();
}

// Milliseconds since the epoch, or an ISO 8601 time.
std::optional<qint64> moment(const QJsonValue &value)
{
    if (!value.isString())
        return wholeNumber(value);
    const QDateTime time = QDateTime::fromString(value.toString(), Qt::ISODateWithMs);
    return time.isValid() ? std::optional(time.toMSecsSinceEpoch()) : std::nullopt;
}

} // namespace

Result<Version> versionFrom(const QJsonValue &value, const Probe &probe, const QString &host)
{
    const auto version = Version::parse(value.toString().trimmed());
    if (!version)
        return unreadable(probe, host, QStringLiteral("\"%1\" is not a version").arg(text(value).left(40)));
    return version;
}

Result<Ledger> ledgerFrom(const QJsonValue &value, const Probe &probe, const QString &host)
{
    Ledger ledger;
    const QJsonArray names = value.isArray() ? value.toArray() : value.toObject().value(QLatin1String("applied")).toArray();
    if (!value.isArray() && !value.toObject().value(QLatin1String("applied")).isArray())
        return unreadable(probe, host, QStringLiteral("it has no list \"applied\""));
    for (const QJsonValue name : names) {
        if (!name.isString() || name.toString().isEmpty())
            return unreadable(probe, host, QStringLiteral("a migration in it has no name"));
        ledger.applied.append(name.toString());
    }
    const QJsonValue half = value.isArray() ? QJsonValue() : value.toObject().value(QLatin1String("half_migrated"));
    if (!half.isNull() && !half.isUndefined() && !half.isString())
        return unreadable(probe, host, QStringLiteral("\"half_migrated\" is neither a name nor null"));
    ledger.halfMigrated = half.toString();
    return ledger;
}

Result<Backup> backupFrom(const QJsonValue &value, const Probe &probe, const QString &host)
{
    const QJsonObject object = value.toObject();
    Backup backup;
    backup.path = object.value(QLatin1String("path")).toString();
    const auto started = moment(object.value(QLatin1String("at")));
    if (backup.path.isEmpty() || !started)
        return unreadable(probe, host, QStringLiteral("it does not name a backup with \"path\" and \"at\""));
    backup.startedMs = *started;
    backup.endedMs = moment(object.value(QLatin1String("ended"))).value_or(0);
    backup.size = wholeNumber(object.value(QLatin1String("size"))).value_or(0);
    backup.sha256 = object.value(QLatin1String("sha256")).toString();
    backup.verified = object.value(QLatin1String("verified")).toBool(false);
    backup.problem = object.value(QLatin1String("problem")).toString();
    if (backup.verified && backup.size <= 0) { // an empty file proves nothing, whatever the script says
        backup.verified = false;
        backup.problem = QStringLiteral("its size is 0");
    }
    const QJsonValue content = object.value(QLatin1String("content"));
    if (content.isObject()) {
        auto counts = contentFrom(content, probe, host);
        if (!counts)
            return std::unexpected(counts.error());
        backup.content = *counts;
    }
    return backup;
}

Result<QMap<QString, qint64>> contentFrom(const QJsonValue &value, const Probe &probe, const QString &host)
{
    if (!value.isObject())
        return unreadable(probe, host, QStringLiteral("it is not a table of counts"));
    QMap<QString, qint64> counts;
    const QJsonObject object = value.toObject();
    for (auto it = object.constBegin(); it != object.constEnd(); ++it) {
        const auto count = wholeNumber(it.value());
        if (!count)
            return unreadable(probe, host, QStringLiteral("the count of %1 is not a number").arg(it.key()));
        counts.insert(it.key(), *count);
    }
    return counts;
}

Result<Storage> storageFrom(const QJsonValue &value, const Probe &probe, const QString &host)
{
    const QJsonObject object = value.toObject();
    Storage storage{wholeNumber(object.value(QLatin1String("disk_free"))), wholeNumber(object.value(QLatin1String("database_size"))),
                    object.value(QLatin1String("database_server")).toString()};
    if (!storage.diskFree && !storage.databaseSize)
        return unreadable(probe, host, QStringLiteral("it states neither \"disk_free\" nor \"database_size\""));
    return storage;
}

HealthFact healthFrom(const Result<ProbeAnswer> &answer, const Probe &probe, const QString &host)
{
    if (!answer)
        return {Health::Unhealthy, errorClause(answer.error())};
    if (probe.via == ProbeVia::Http && answer->status == 503)
        return {Health::Starting, QStringLiteral("status 503")};
    if (probe.expect.isEmpty() && answer->isGood(probe))
        return {Health::Ok, {}};
    const auto value = probeValue(probe, *answer, host);
    if (!value)
        return {Health::Unhealthy, errorClause(value.error())};
    const QString said = value->isArray() ? text(value->toArray().at(0)) : text(*value);
    if (said == probe.expect)
        return {Health::Ok, said};
    return {said == QLatin1String("starting") ? Health::Starting : Health::Unhealthy, said.left(200)};
}

QString processFrom(const Result<ProbeAnswer> &answer)
{
    if (!answer)
        return {};
    const QJsonObject object = QJsonDocument::fromJson(answer->body).object();
    for (const char *key : {"process", "pid"}) {
        const QString found = text(object.value(QLatin1String(key)));
        if (!found.isEmpty())
            return found.left(80);
    }
    return {};
}

} // namespace bellwether
