#include "rollout/fleetjson.h"

namespace bellwether {

QJsonObject fleetRowJson(const FleetRow &row)
{
    const Installation &i = row.installation;
    const HostFacts &f = row.facts;
    QJsonObject facts;
    auto number = [](const std::optional<qint64> &n) { return n ? QJsonValue(*n) : QJsonValue(QJsonValue::Null); };
    facts.insert(QStringLiteral("disk_free"), number(f.diskFree));
    facts.insert(QStringLiteral("database_size"), number(f.databaseSize));
    facts.insert(QStringLiteral("database_server"), f.databaseServer);
    if (f.backup)
        facts.insert(QStringLiteral("backup"), QJsonObject{{QStringLiteral("at"), f.backup->startedMs},
                                                           {QStringLiteral("size"), f.backup->size},
                                                           {QStringLiteral("sha256"), f.backup->sha256},
                                                           {QStringLiteral("verified"), f.backup->verified}});
    else
        facts.insert(QStringLiteral("backup"), QJsonValue::Null);
    if (f.ledger)
        facts.insert(QStringLiteral("ledger"), QJsonObject{{QStringLiteral("count"), f.ledger->applied.size()},
                                                           {QStringLiteral("last"), f.ledger->applied.isEmpty() ? QString() : f.ledger->applied.last()},
                                                           {QStringLiteral("half_migrated"), f.ledger->halfMigrated.isEmpty() ? QJsonValue(QJsonValue::Null) : QJsonValue(f.ledger->halfMigrated)}});
    else
        facts.insert(QStringLiteral("ledger"), QJsonValue::Null);
    facts.insert(QStringLiteral("content"), valueToJson(f.content));
    facts.insert(QStringLiteral("measured"), f.measuredMs);
    facts.insert(QStringLiteral("lock_owner"), f.lockOwner);
    facts.insert(QStringLiteral("problems"), QJsonArray::fromStringList(f.problems));
    if (f.certificate)
        facts.insert(QStringLiteral("certificate"), QJsonObject{{QStringLiteral("path"), f.certificate->path},
                                                                {QStringLiteral("id"), f.certificate->id},
                                                                {QStringLiteral("principals"), QJsonArray::fromStringList(f.certificate->principals)},
                                                                {QStringLiteral("from"), f.certificate->fromMs},
                                                                {QStringLiteral("until"), f.certificate->untilMs}}); // 0: for ever
    if (f.sudoProblem)
        facts.insert(QStringLiteral("sudo_problem"), *f.sudoProblem);
    if (f.stateProblem)
        facts.insert(QStringLiteral("state_problem"), *f.stateProblem);
    if (f.lackingPrograms)
        facts.insert(QStringLiteral("lacking_programs"), *f.lackingPrograms);
    return QJsonObject{{QStringLiteral("name"), i.name},
                       {QStringLiteral("address"), i.endpoint.address},
                       {QStringLiteral("port"), i.endpoint.port},
                       {QStringLiteral("domain"), i.domain},
                       {QStringLiteral("product"), i.product},
                       {QStringLiteral("environment"), nameOf(i.environment)},
                       {QStringLiteral("version"), f.version ? QJsonValue(f.version->toString()) : QJsonValue(QJsonValue::Null)},
                       {QStringLiteral("health"), nameOf(f.health)},
                       {QStringLiteral("reachable"), f.reachable},
                       {QStringLiteral("groups"), QJsonArray::fromStringList(i.groups)},
                       {QStringLiteral("labels"), valueToJson(i.labels)},
                       {QStringLiteral("rollout"), row.rollout},
                       {QStringLiteral("key"), row.keyState},
                       {QStringLiteral("error"), f.error},
                       {QStringLiteral("facts"), facts}};
}

} // namespace bellwether
