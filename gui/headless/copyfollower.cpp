#include "headless/copyfollower.h"

#include "text/copytext.h"

#include <QJsonArray>

namespace bellwether {

QStringList CopyFollower::news(const QJsonObject &report)
{
    QStringList lines;
    const QJsonArray stages = report.value(QStringLiteral("stages")).toArray();
    for (const QJsonValue value : stages) {
        const QJsonObject row = value.toObject();
        const QString name = row.value(QStringLiteral("name")).toString(), state = row.value(QStringLiteral("state")).toString();
        const bool hasEnded = state == QLatin1String("done") || state == QLatin1String("failed") || state == QLatin1String("cancelled");
        if (!m_stages.contains(name) && !hasEnded)
            lines << QStringLiteral("%1: takes the file first, for the hosts behind it").arg(name);
        if (m_stages.value(name) != state && state == QLatin1String("waiting"))
            lines << QStringLiteral("%1: %2").arg(name, copyStateText(row));
        if (m_stages.value(name) != state && state == QLatin1String("done"))
            lines << QStringLiteral("%1: has the file, and passes it on").arg(name);
        m_stages.insert(name, state);
    }
    const QJsonArray hosts = report.value(QStringLiteral("hosts")).toArray();
    for (const QJsonValue value : hosts) {
        const QJsonObject row = value.toObject();
        const QString name = row.value(QStringLiteral("name")).toString(), state = row.value(QStringLiteral("state")).toString();
        const bool said = state == QLatin1String("waiting") || state == QLatin1String("done") || state == QLatin1String("failed");
        if (m_states.value(name) != state && said)
            lines << QStringLiteral("%1: %2").arg(name, copyStateText(row));
        if (const QString why = row.value(QStringLiteral("not_through")).toString(); !why.isEmpty() && !m_fed.contains(name)) {
            m_fed.insert(name);
            lines << QStringLiteral("%1: its jump host does not pass the file on (%2); this console sends it").arg(name, why);
        }
        m_states.insert(name, state);
    }
    return lines;
}

QString CopyFollower::barText(const QJsonObject &report)
{
    const QJsonArray hosts = report.value(QStringLiteral("hosts")).toArray();
    if (hosts.size() == 1)
        return copyStateText(hosts.first().toObject());
    const CopyTotals totals = copyTotals(report);
    return QStringLiteral("%1 of %2 hosts, %3").arg(totals.ended).arg(totals.hosts).arg(copyPaceText(totals));
}

} // namespace bellwether
