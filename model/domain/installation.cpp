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

QStringList Inventory::onMachine(const QString &machine) const
{
    QStringList names;
    for (const Installation &installation : installations)
        if (installation.endpoint.machine() == machine)
            names.append(installation.name);
    return names;
}

} // namespace bellwether
