// What stands in each cell of the fleet's table, in words, with its colour, icon and tooltip.
#include "fleetview/fleetmodel.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/button.h"

#include <QDateTime>

namespace bellwether {

QVariant FleetModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (static_cast<FleetColumn>(section)) {
    case FleetColumn::State: return tr("State");
    case FleetColumn::Name: return tr("Name");
    case FleetColumn::Product: return tr("Product");
    case FleetColumn::Version: return tr("Version");
    case FleetColumn::Target: return tr("Target");
    case FleetColumn::Domain: return tr("Domain");
    case FleetColumn::Environment: return tr("Environment");
    case FleetColumn::Health: return tr("Health");
    case FleetColumn::Disk: return tr("Free disk");
    case FleetColumn::Backup: return tr("Backup");
    case FleetColumn::Lock: return tr("Lock");
    case FleetColumn::Key: return tr("Host key");
    }
    return {};
}

QVariant FleetModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    if (index.internalId() == 0)
        return groupData(m_groups[index.row()], index.column(), role);
    return cell(m_groups[static_cast<int>(index.internalId()) - 1].rows[index.row()], static_cast<FleetColumn>(index.column()), role);
}

QVariant FleetModel::groupData(const Group &group, int column, int role) const
{
    if (role == IsGroupRole)
        return true;
    if (role == CountRole) // worst states of the group, "icon role count word", for the heading
    {
        QMap<FleetState, int> counts;
        for (const int row : group.rows)
            ++counts[m_items[row].state];
        QVariantList list;
        for (auto it = counts.cbegin(); it != counts.cend() && list.size() < 3; ++it) {
            if (it.key() == FleetState::Healthy && counts.size() > 1)
                continue;
            const StateLook one = look(it.key());
            list << QVariant(QVariantList{one.icon, static_cast<int>(one.role),
                                          counts.size() == 1 && it.key() == FleetState::Healthy
                                              ? tr("all healthy") : tr("%1 %2").arg(*it).arg(one.word.toLower())});
        }
        return list;
    }
    const QString title = m_grouping.isEmpty() ? tr("All hosts") : group.title.isEmpty() ? tr("without %1").arg(m_grouping) : group.title;
    if (role == Qt::DisplayRole && column == 0)
        return title;
    if (role == NameRole)
        return hostsText(static_cast<int>(group.rows.size()));
    if (role == Qt::AccessibleTextRole)
        return tr("%1, %2").arg(title, hostsText(static_cast<int>(group.rows.size())));
    return {};
}

QVariant FleetModel::cell(int row, FleetColumn column, int role) const
{
    const FleetRow &one = m_snapshot->fleet[row];
    const Item &item = m_items[row];
    const HostFacts &facts = one.facts;
    const bool measured = facts.measuredMs != 0;
    switch (role) {
    case NameRole: return one.installation.name;
    case StateRoleRole: return static_cast<int>(item.look.role);
    case IconRole: return item.look.icon;
    case ProductionRole: return one.installation.environment == Environment::Production;
    case IsGroupRole: return false;
    case Qt::ToolTipRole: return plainToolTip(toolTip(row, column));
    case Qt::AccessibleTextRole:
        return tr("%1: %2").arg(headerData(static_cast<int>(column), Qt::Horizontal, Qt::DisplayRole).toString(),
                                cell(row, column, Qt::DisplayRole).toString());
    default: break;
    }
    const auto warn = [&](bool bad) -> QVariant {
        if (!bad)
            return {};
        return role == CellIconRole ? QVariant(QStringLiteral("state/warning")) : QVariant(static_cast<int>(StateRole::Warning));
    };
    if (role == CellIconRole || role == CellRoleRole) {
        const qint64 day = 24LL * 3600 * 1000;
        switch (column) {
        case FleetColumn::Backup:
            return warn(facts.backup && (!facts.backup->verified || m_nowMs - facts.backup->startedMs > day));
        case FleetColumn::Disk: return warn(facts.diskFree && facts.databaseSize && *facts.diskFree < *facts.databaseSize / 5);
        case FleetColumn::Key:
            if (item.keyState == QLatin1String("changed") || item.keyState == QLatin1String("revoked"))
                return role == CellIconRole ? QVariant(QStringLiteral("state/failed")) : QVariant(static_cast<int>(StateRole::Failed));
            return warn(item.keyState != QLatin1String("trusted"));
        case FleetColumn::Lock:
            if (!item.rollout.isEmpty() || !facts.lockOwner.isEmpty())
                return role == CellIconRole ? QVariant(QStringLiteral("ui/lock")) : QVariant();
            return {};
        default: return {};
        }
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (column) {
    case FleetColumn::State: return one.checking ? tr("Measuring…") : item.look.word;
    case FleetColumn::Name: return one.installation.name;
    case FleetColumn::Product: {
        const auto profile = m_snapshot->library ? m_snapshot->library->profiles.constFind(one.installation.product)
                                                 : QMap<QString, ProductProfile>::const_iterator();
        const bool known = m_snapshot->library && profile != m_snapshot->library->profiles.constEnd();
        return known ? profile->name : one.installation.product;
    }
    case FleetColumn::Version: return facts.version ? facts.version->toString() : unknownText();
    case FleetColumn::Target: {
        Version target;
        const bool known = Version::fromText(item.target, target);
        return !known || (facts.version && *facts.version >= target) ? noneText() : item.target;
    }
    case FleetColumn::Domain: return one.installation.domain.isEmpty() ? noneText() : one.installation.domain;
    case FleetColumn::Environment: return wordOf(one.installation.environment);
    case FleetColumn::Health:
        if (!measured)
            return unknownText();
        if (!facts.reachable)
            return tr("no data, %1").arg(ageText(m_nowMs - facts.measuredMs));
        return facts.healthDetail.isEmpty() ? look(facts.health).word.toLower() : visibleText(facts.healthDetail, 120);
    case FleetColumn::Disk: return bytesText(facts.diskFree);
    case FleetColumn::Backup:
        return facts.backup ? ageText(m_nowMs - facts.backup->startedMs) : facts.reachable ? noneText() : unknownText();
    case FleetColumn::Lock:
        return !item.rollout.isEmpty() ? item.rollout : !facts.lockOwner.isEmpty() ? visibleText(facts.lockOwner, 40)
            : measured && facts.reachable ? noneText() : unknownText();
    case FleetColumn::Key:
        return item.keyState == QLatin1String("trusted") ? tr("trusted") : item.keyState == QLatin1String("changed") ? tr("changed")
            : item.keyState == QLatin1String("revoked") ? tr("revoked") : tr("unknown");
    }
    return {};
}

QString FleetModel::toolTip(int row, FleetColumn column) const
{
    const FleetRow &one = m_snapshot->fleet[row];
    const HostFacts &facts = one.facts;
    switch (column) {
    case FleetColumn::State:
        if (!facts.error.isEmpty())
            return errorText(facts.error, facts.errorArgs);
        return facts.measuredMs == 0 ? tr("never measured") : tr("%1, measured %2 (%3)").arg(m_items[row].look.word,
                                                                  dateTimeText(facts.measuredMs), utcText(facts.measuredMs));
    case FleetColumn::Backup:
        if (!facts.backup)
            return {};
        return tr("%1 (%2), %3, %4").arg(dateTimeText(facts.backup->startedMs), utcText(facts.backup->startedMs),
                                         bytesText(facts.backup->size),
                                         facts.backup->verified ? tr("verified") : tr("not verified: %1").arg(facts.backup->problem));
    case FleetColumn::Key: return one.keyFingerprint;
    case FleetColumn::Disk: return facts.databaseSize ? tr("database %1").arg(bytesText(*facts.databaseSize)) : QString();
    default: return cell(row, column, Qt::DisplayRole).toString();
    }
}

} // namespace bellwether
