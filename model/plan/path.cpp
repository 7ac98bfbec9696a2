// The upgrade path: fewest hops, then the highest version at each of them.
#include "plan/planner.h"

#include <QHash>

#include <algorithm>
#include <limits>

namespace bellwether {

namespace {

bool isNamedIn(const QStringList &from, const Version &version)
{
    const QString line = QStringLiteral("%1.%2").arg(version.major()).arg(version.minor());
    return std::any_of(from.cbegin(), from.cend(), [&](const QString &entry) {
        Version exact;
        return entry == line || (Version::fromText(entry, exact) && exact.isSameRelease(version));
    });
}

// The minors of a major that were released and not withdrawn; the target's counts whatever it is.
QList<quint64> minorsOf(const Catalogue &catalogue, quint64 major, const Version &target)
{
    QList<quint64> minors;
    for (const Release &release : catalogue.releases)
        if (release.version.major() == major && ((!release.withdrawn && !release.version.isPrerelease()) || release.version == target))
            minors.append(release.version.minor());
    std::sort(minors.begin(), minors.end());
    return minors;
}

class PathFinder {
public:
    PathFinder(const Catalogue &catalogue, const Policy &policy, const Version &from, const Version &to)
        : m_catalogue(catalogue), m_policy(policy), m_from(from), m_to(to)
    {
        for (const Release &release : catalogue.releases)
            if (release.version > from && release.version < to && !release.withdrawn && !release.version.isPrerelease())
                m_stops.append(&release);
    }

    QList<Version> find()
    {
        const Release *target = m_catalogue.find(m_to);
        if (!target || m_to <= m_from || m_from.isNull())
            return {};
        m_stops.append(target);
        measureDistances();
        QList<Version> path;
        Version at = m_from;
        for (int left = distanceFrom(at); left > 0; --left) {
            if (left == std::numeric_limits<int>::max())
                return {};
            for (qsizetype i = m_stops.size() - 1; i >= 0; --i) // ascending, so the highest comes first
                if (m_distance[i] == left - 1 && isHop(at, *m_stops[i])) {
                    at = m_stops[i]->version;
                    break;
                }
            path.append(at);
        }
        return path;
    }

private:
    // Hops that remain from each stop to the target, from the target backwards.
    void measureDistances()
    {
        m_distance.fill(std::numeric_limits<int>::max(), m_stops.size());
        m_distance.last() = 0;
        for (qsizetype i = m_stops.size() - 2; i >= 0; --i)
            m_distance[i] = distanceFrom(m_stops[i]->version);
    }
    int distanceFrom(const Version &version) const
    {
        int best = std::numeric_limits<int>::max();
        for (qsizetype i = 0; i < m_stops.size(); ++i)
            if (m_distance[i] < best && m_stops[i]->version > version && isHop(version, *m_stops[i]))
                best = m_distance[i];
        return best == std::numeric_limits<int>::max() ? best : best + 1;
    }
    bool isHop(const Version &a, const Release &b) const
    {
        if (b.version <= a || (!b.from.isEmpty() && !isNamedIn(b.from, a)))
            return false;
        if (a.major() != b.version.major())
            return m_policy.majors && (!b.from.isEmpty() || isNextMajor(a, b.version));
        return !b.from.isEmpty() || m_policy.skipMinors || b.version.minor() - a.minor() <= 1;
    }
    // Where the vendor names no versions to come from: from the last minor of one major to the first of the next.
    bool isNextMajor(const Version &a, const Version &b) const
    {
        if (b.major() - a.major() != 1)
            return false;
        if (m_policy.skipMinors)
            return true;
        const QList<quint64> before = minorsOf(m_catalogue, a.major(), m_to), after = minorsOf(m_catalogue, b.major(), m_to);
        return (before.isEmpty() || a.minor() >= before.last()) && b.minor() == after.first();
    }

    const Catalogue &m_catalogue;
    const Policy &m_policy;
    Version m_from, m_to;
    QList<const Release *> m_stops;
    QList<int> m_distance;
};

} // namespace

QList<Version> upgradePath(const Catalogue &catalogue, const Policy &policy, const Version &from, const Version &to)
{
    return PathFinder(catalogue, policy, from, to).find();
}

} // namespace bellwether
