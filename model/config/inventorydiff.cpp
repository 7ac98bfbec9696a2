#include "config/inventorydiff.h"

#include "config/hostkeys.h"

#include <QSet>

namespace bellwether {

namespace {

Installation merged(const Installation *old, const ImportedHost &imported)
{
    if (!old || imported.whole)
        return imported.host;
    Installation result = *old;
    for (const QString &key : imported.stated) {
        if (key == QLatin1String("groups") && imported.addsGroups) {
            for (const QString &group : imported.host.groups)
                if (!result.groups.contains(group))
                    result.groups.append(group);
            continue;
        }
        const Status set = setHostKey(result, key, hostKeyText(imported.host, key));
        Q_ASSERT(set); // it was read with the same grammar
    }
    return result;
}

} // namespace

QList<KeyChange> changesOf(const Installation &before, const Installation &after)
{
    const QStringList keysBefore = statedHostKeys(before), keysAfter = statedHostKeys(after);
    QStringList keys = keysBefore;
    for (const QString &key : keysAfter)
        if (!keys.contains(key))
            keys.append(key);
    const auto shown = [](const QStringList &stated, const Installation &host, const QString &key) {
        const QString text = hostKeyText(host, key);
        return text.isEmpty() && stated.contains(key) ? QStringLiteral("\"\"") : text; // a label may be there without a value
    };
    QList<KeyChange> changes;
    for (const QString &key : std::as_const(keys)) {
        const QString was = shown(keysBefore, before, key), is = shown(keysAfter, after, key);
        if (was != is)
            changes.append({key, was, is});
    }
    return changes;
}

bool leadsBack(const QHash<QString, QString> &jumps, const QString &name)
{
    constexpr qsizetype most = 32;
    QSet<QString> passed{name};
    for (QString at = jumps.value(name); !at.isEmpty(); at = jumps.value(at)) {
        if (passed.contains(at) || passed.size() > most)
            return true;
        passed.insert(at);
    }
    return false;
}

QList<Installation> InventoryDifference::toTake() const
{
    QList<Installation> hosts = added;
    for (const HostChange &change : changed)
        hosts.append(change.host);
    return hosts;
}

InventoryDifference differenceOf(const Inventory &inventory, const QList<Import> &imports)
{
    InventoryDifference difference;
    QList<ImportedHost> hosts;
    QHash<QString, QString> jumps; // as it would be
    for (const Installation &host : inventory.installations)
        jumps.insert(host.name, host.endpoint.jump);
    for (const Import &import : imports) {
        difference.skipped.append(import.skipped);
        for (ImportedHost imported : import.hosts) {
            imported.host = merged(inventory.find(imported.host.name), imported);
            if (imported.host.endpoint.address.isEmpty()) {
                difference.skipped.append({imported.where, imported.host.name, QStringLiteral("it has no address, and the fleet does not know it")});
                continue;
            }
            hosts.append(imported);
            jumps.insert(imported.host.name, imported.host.endpoint.jump);
        }
    }
    for (const ImportedHost &imported : std::as_const(hosts)) {
        const Installation *old = inventory.find(imported.host.name);
        if (old && *old == imported.host)
            difference.unchanged.append(imported.host.name);
        else if (leadsBack(jumps, imported.host.name))
            difference.skipped.append({imported.where, imported.host.name, QStringLiteral("its jump hosts lead back to it, or into a circle")});
        else if (!old)
            difference.added.append(imported.host);
        else
            difference.changed.append({imported.host, changesOf(*old, imported.host)});
    }
    return difference;
}

} // namespace bellwether
