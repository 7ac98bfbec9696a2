#include "plan/machines.h"

namespace bellwether {

namespace {

QString listed(const QStringList &names)
{
    constexpr qsizetype shown = 8;
    if (names.size() > shown)
        return QStringLiteral("%1 and %2 more").arg(names.mid(0, shown).join(QStringLiteral(", "))).arg(names.size() - shown);
    return names.size() < 2 ? names.join(QString()) : names.mid(0, names.size() - 1).join(QStringLiteral(", ")) + QStringLiteral(" and ") + names.last();
}

// What is known of an address: the newest of what was measured there.
struct Address {
    QStringList hosts; // in the plan's order
    HostFacts facts;
};

using Addresses = QMap<QString, Address>;

Addresses addressesOf(const QList<PlanHost> &hosts, const QMap<QString, HostFacts> &facts)
{
    Addresses addresses;
    for (const PlanHost &host : hosts) {
        Address &address = addresses[host.installation.endpoint.machine()];
        address.hosts.append(host.installation.name);
        const HostFacts measured = facts.value(host.installation.name);
        if (!machineIdentity(measured).isEmpty() && measured.measuredMs >= address.facts.measuredMs)
            address.facts = measured;
    }
    return addresses;
}

QStringList hostsOf(const Addresses &addresses, const QStringList &which)
{
    QStringList hosts;
    for (const QString &address : which)
        hosts += addresses[address].hosts;
    hosts.sort();
    return hosts;
}

// Hosts of one machine whose directories are one, too: one installation under several names.
QStringList twins(const Plan &plan, const QStringList &hosts)
{
    QMap<QString, QStringList> byPlace;
    for (const QString &name : hosts)
        if (const PlanHost *host = plan.host(name); host && !host->installation.directory.isEmpty())
            byPlace[host->installation.directory].append(name);
    for (const QStringList &names : std::as_const(byPlace))
        if (names.size() > 1)
            return names;
    return {};
}

Finding sameMachine(const QStringList &hosts, const QStringList &addresses, const QStringList &one)
{
    QString message = QStringLiteral("the same machine id and host key: %1 are one machine under %2 addresses (%3). They are upgraded one after the other and count once")
                          .arg(listed(hosts)).arg(addresses.size()).arg(listed(addresses));
    if (!one.isEmpty())
        message += QStringLiteral("; %1 even name one directory: what the first has upgraded, the others find already there").arg(listed(one));
    return {QStringLiteral("same-machine"), {}, message + u'.',
            QStringLiteral("Nothing, if it is so. If these are clones, give them their own host keys and machine id "
                           "(rm /etc/machine-id, systemd-machine-id-setup; rm /etc/ssh/ssh_host_*, ssh-keygen -A), trust the new keys, and measure again."), false};
}

Finding lookAlikes(const char *rule, const QStringList &hosts, const QString &same, const QString &differs, const QString &remedy)
{
    return {QString::fromLatin1(rule), {}, QStringLiteral("the same %2 and different %3: %1 are taken for different machines.").arg(listed(hosts), same, differs), remedy, false};
}

} // namespace

SharedMachines sharedMachines(const QList<PlanHost> &hosts, const QMap<QString, HostFacts> &facts)
{
    SharedMachines found;
    Plan plan;
    plan.hosts = hosts;
    const Addresses addresses = addressesOf(hosts, facts);
    QMap<QString, QStringList> byIdentity, byId, byKey; // → addresses
    for (auto it = addresses.cbegin(); it != addresses.cend(); ++it) {
        const QString identity = machineIdentity(it->facts);
        if (identity.isEmpty())
            continue;
        if (!byIdentity.contains(identity)) { // one address stands for the machine among those that only look alike
            byId[it->facts.machineId].append(it.key());
            byKey[*it->facts.hostKey].append(it.key());
        }
        byIdentity[identity].append(it.key());
    }
    for (const QStringList &same : std::as_const(byIdentity)) {
        if (same.size() < 2)
            continue;
        const QStringList names = hostsOf(addresses, same);
        for (const QString &name : names)
            found.machines.insert(name, same.first());
        found.findings.append(sameMachine(names, same, twins(plan, names)));
    }
    for (const QStringList &alike : std::as_const(byId))
        if (alike.size() > 1)
            found.findings.append(lookAlikes("cloned-machine-id", hostsOf(addresses, alike), QStringLiteral("machine id"), QStringLiteral("host keys"),
                                             QStringLiteral("If these are clones of one image, give each its own machine id: rm /etc/machine-id, systemd-machine-id-setup. "
                                                            "If it is one machine with two SSH services or two types of key, trust the same key for each name.")));
    for (const QStringList &alike : std::as_const(byKey))
        if (alike.size() > 1)
            found.findings.append(lookAlikes("cloned-host-key", hostsOf(addresses, alike), QStringLiteral("host key"), QStringLiteral("machine ids"),
                                             QStringLiteral("Whoever holds one of them can pass for the others: give each its own host keys (rm /etc/ssh/ssh_host_*, ssh-keygen -A), then trust the new ones.")));
    return found;
}

} // namespace bellwether
