#include "domain/installation.h"

#include <algorithm>

namespace bellwether {

namespace {

bool comesBefore(const Installation &installation, const QString &name)
{
    return installation.name < name;
}

} // namespace

const Installation *Inventory::find(const QString &name) const
{
    const auto it = std::lower_bound(installations.cbegin(), installations.cend(), name, comesBefore);
    return it != installations.cend() && it->name == name ? &*it : nullptr;
}

void Inventory::put(const Installation &installation)
{
    const auto it = std::lower_bound(installations.begin(), installations.end(), installation.name, comesBefore);
    if (it != installations.end() && it->name == installation.name)
        *it = installation;
    else
        installations.insert(it, installation);
}

bool Inventory::remove(const QString &name)
{
    return installations.removeIf([&](const Installation &i) { return i.name == name; }) > 0;
}

Result<QList<Installation>> Inventory::wayTo(const Installation &host) const
{
    QList<Installation> way;
    QStringList passed{host.name};
    for (QString jump = host.endpoint.jump; !jump.isEmpty(); jump = way.first().endpoint.jump) {
        if (passed.contains(jump))
            return fail(ErrorCode::BadValue, {QStringLiteral("jump"), passed.join(QStringLiteral(" → ")) + QStringLiteral(" → ") + jump,
                                              QStringLiteral("a host that does not lead back to itself")});
        const Installation *next = find(jump);
        if (!next)
            return fail(ErrorCode::UnknownHost, {jump});
        passed.append(jump);
        way.prepend(*next);
    }
    return way;
}

QStringList Inventory::reachedThrough(const QString &name) const
{
    QStringList names;
    for (const Installation &installation : installations)
        if (installation.endpoint.jump == name)
            names.append(installation.name);
    return names;
}

QStringList Inventory::onMachine(const QString &machine) const
{
    QStringList names;
    for (const Installation &installation : installations)
        if (installation.endpoint.machine() == machine)
            names.append(installation.name);
    return names;
}

} // namespace bellwether
