#include "rollout/fleetmatch.h"

#include "config/inventorydiff.h"

namespace bellwether {

namespace {

Installation withoutSorting(Installation i)
{
    const Installation none;
    i.groups = none.groups;
    i.labels = none.labels;
    i.environment = none.environment;
    i.window = none.window;
    if (i.sudo == Sudo::None)
        i.sudo.reset(); // said or not, it is the same
    return i;
}

// The first few keys that differ; a plan names the rest.
QString changesText(const Installation &planned, const Installation &now)
{
    constexpr qsizetype most = 3;
    const auto shown = [](const QString &text) { return text.isEmpty() ? QStringLiteral("nothing") : text; };
    const QList<KeyChange> changes = changesOf(withoutSorting(planned), withoutSorting(now));
    QStringList texts;
    for (const KeyChange &change : changes.mid(0, most))
        texts.append(QStringLiteral("%1 from %2 to %3").arg(change.key, shown(change.before), shown(change.after)));
    if (changes.size() > most)
        texts.append(QStringLiteral("and more"));
    return texts.join(QStringLiteral(", "));
}

} // namespace

bool isSameInstallation(const Installation &a, const Installation &b)
{
    return withoutSorting(a) == withoutSorting(b);
}

QStringList outdatedHosts(const Plan &plan, const Inventory &fleet)
{
    QStringList faults;
    const QStringList canaries = plan.waves.isEmpty() ? QStringList() : plan.waves.first().hosts;
    for (const PlanHost &host : plan.hosts) {
        const Installation &planned = host.installation;
        const Installation *now = fleet.find(planned.name);
        if (!now)
            faults.append(QStringLiteral("%1 is not in the fleet any more").arg(planned.name));
        else if (!isSameInstallation(planned, *now))
            faults.append(QStringLiteral("%1 was changed in the fleet since the plan was made (%2)").arg(planned.name, changesText(planned, *now)));
        else if (now->environment == Environment::Production && planned.environment != Environment::Production)
            faults.append(QStringLiteral("%1 is production now, and was planned as %2").arg(planned.name, nameOf(planned.environment)));
        else if (now->isCritical() && !planned.isCritical() && canaries.contains(planned.name))
            faults.append(QStringLiteral("%1 is labelled critical now, and stands in the canary").arg(planned.name));
    }
    return faults;
}

} // namespace bellwether
