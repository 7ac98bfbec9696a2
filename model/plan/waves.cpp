#include "plan/waves.h"

#include "plan/planner.h"

#include <algorithm>

namespace bellwether {

namespace {

// "3" hosts, or a share of all hosts after the canary, rounded up so that no wave is empty by rounding.
qsizetype sizeOf(const QString &size, qsizetype all, qsizetype left)
{
    if (size == QLatin1String("rest"))
        return left;
    if (!size.endsWith(u'%'))
        return qBound(qsizetype(0), qsizetype(size.toLongLong()), left);
    const qsizetype percent = qBound(qsizetype(0), qsizetype(size.chopped(1).toLongLong()), qsizetype(100));
    return qMin((all * percent + 99) / 100, left);
}

} // namespace

QList<QStringList> cutWaves(const QStringList &hosts, const QStringList &sizes)
{
    QList<QStringList> waves;
    qsizetype taken = 0;
    for (const QString &size : sizes) {
        const qsizetype count = sizeOf(size, hosts.size(), hosts.size() - taken);
        if (count > 0)
            waves.append(hosts.mid(taken, count));
        taken += count;
    }
    if (taken < hosts.size()) // sizes that do not reach the end never lose a host
        waves.append(hosts.mid(taken));
    return waves;
}

QStringList chooseCanaries(const QList<PlanHost> &hosts, int max)
{
    struct Kind {
        Version version;
        QString first;
        int count = 0;
    };
    QList<Kind> kinds;
    for (const PlanHost &host : hosts) {
        if (host.installation.isCritical())
            continue;
        auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const Kind &k) { return k.version == host.from; });
        if (kind == kinds.end())
            kind = kinds.insert(kinds.end(), {host.from, host.installation.name, 0});
        ++kind->count;
    }
    std::sort(kinds.begin(), kinds.end(), [](const Kind &a, const Kind &b) {
        return a.count != b.count ? a.count > b.count : a.version < b.version;
    });
    QStringList names;
    for (const Kind &kind : kinds.mid(0, max))
        names.append(kind.first);
    names.sort();
    return names;
}

QList<PlanWave> makeWaves(const QList<PlanHost> &hosts, const Strategy &strategy)
{
    const QStringList canaries = chooseCanaries(hosts, strategy.canaryMax);
    QStringList others, critical;
    for (const PlanHost &host : hosts)
        if (!canaries.contains(host.installation.name))
            (host.installation.isCritical() ? critical : others).append(host.installation.name);
    QList<PlanWave> waves;
    if (!hosts.isEmpty())
        waves.append({QStringLiteral("Canary"), canaries});
    for (const QStringList &names : cutWaves(others + critical, strategy.waves))
        waves.append({QStringLiteral("Wave %1").arg(waves.size()), names});
    return waves;
}

} // namespace bellwether
