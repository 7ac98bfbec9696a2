#include "fleetview/fleetmodel.h"

#include "text/sshline.h"

#include <algorithm>

namespace bellwether {

namespace {

// Newest version a host of the product could be taken to; null when the catalogue knows none.
Version newest(const Library *library, const QString &product)
{
    if (!library || !library->catalogues.contains(product))
        return {};
    Version best;
    for (const Release &release : library->catalogues[product].releases)
        if (!release.withdrawn && !release.version.isPrerelease() && (best.isNull() || release.version > best))
            best = release.version;
    return best;
}

QString groupTitle(const Installation &installation, const QString &key)
{
    if (key.isEmpty())
        return {};
    if (key == QLatin1String("environment"))
        return wordOf(installation.environment);
    if (key == QLatin1String("product"))
        return installation.product;
    return installation.labels.value(key);
}

} // namespace

bool FleetModel::Item::operator==(const Item &other) const
{
    return state == other.state && look.word == other.look.word && target == other.target && rollout == other.rollout
        && keyState == other.keyState && measuredMs == other.measuredMs && checking == other.checking;
}

FleetModel::FleetModel(QObject *parent) : QAbstractItemModel(parent) {}

QList<FleetModel::Item> FleetModel::readItems(const ConsoleSnapshot &snapshot) const
{
    QHash<QString, const HostView *> running;
    for (const auto &rollout : snapshot.rollouts) {
        if (rollout->endedMs != 0)
            continue;
        for (const WaveView &wave : rollout->waves)
            for (const HostView &host : wave.hosts)
                running.insert(host.name, &host);
    }
    QHash<QString, QString> targets;
    QList<Item> items;
    items.reserve(snapshot.fleet.size());
    for (const FleetRow &row : snapshot.fleet) {
        const HostView *run = running.value(row.installation.name);
        const QString product = row.installation.product;
        if (!targets.contains(product))
            targets.insert(product, newest(snapshot.library.get(), product).toString());
        Item item;
        item.state = fleetState(row, run);
        item.look = item.state == FleetState::Upgrading ? look(run->state) : look(item.state);
        item.target = targets.value(product);
        item.rollout = row.rollout;
        item.keyState = row.keyState;
        item.measuredMs = row.facts.measuredMs;
        item.checking = row.checking;
        items << item;
    }
    return items;
}

void FleetModel::setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot)
{
    if (m_snapshot == snapshot)
        return;
    const auto old = m_snapshot;
    QList<Item> items = readItems(*snapshot);
    const bool same = old && old->fleet.size() == snapshot->fleet.size()
        && std::equal(old->fleet.cbegin(), old->fleet.cend(), snapshot->fleet.cbegin(),
                      [](const FleetRow &a, const FleetRow &b) { return a.installation == b.installation; });
    if (!same) {
        beginResetModel();
        m_snapshot = snapshot;
        m_items = std::move(items);
        m_byName.clear();
        for (int i = 0; i < m_snapshot->fleet.size(); ++i)
            m_byName.insert(m_snapshot->fleet[i].installation.name, i);
        m_groups = arrange();
        m_shown = 0;
        for (const Group &group : std::as_const(m_groups))
            m_shown += static_cast<int>(group.rows.size());
        endResetModel();
        Q_EMIT changed();
        return;
    }
    QList<bool> differs(items.size());
    bool any = false;
    for (int i = 0; i < items.size(); ++i)
        any |= differs[i] = !(items[i] == m_items[i]);
    m_snapshot = snapshot;
    if (!any)
        return;
    m_items = std::move(items);
    rearrange();
    for (int g = 0; g < m_groups.size(); ++g) {
        const QModelIndex parent = index(g, 0);
        const QList<int> &rows = m_groups[g].rows;
        for (int first = 0; first < rows.size(); ++first) { // one signal for each run of rows
            int last = first;
            while (last < rows.size() && differs[rows[last]])
                ++last;
            if (last > first) {
                Q_EMIT dataChanged(index(first, 0, parent), index(last - 1, fleetColumns - 1, parent));
                first = last;
            }
        }
        Q_EMIT dataChanged(parent, parent);
    }
    Q_EMIT changed();
}

void FleetModel::setFilter(const Filter &filter)
{
    m_filter = filter;
    rearrange();
    Q_EMIT changed();
}

void FleetModel::setStates(const QSet<FleetState> &states)
{
    m_states = states;
    rearrange();
    Q_EMIT changed();
}

void FleetModel::setGrouping(const QString &labelKey)
{
    m_grouping = labelKey;
    rearrange();
    Q_EMIT changed();
}

void FleetModel::sort(int column, Qt::SortOrder order)
{
    m_sort = static_cast<FleetColumn>(qBound(0, column, fleetColumns - 1));
    m_order = order;
    rearrange();
}

bool FleetModel::passes(int row) const
{
    const FleetRow &one = m_snapshot->fleet[row];
    return (m_states.isEmpty() || m_states.contains(m_items[row].state)) && m_filter.matches(one.installation, one.facts);
}

bool FleetModel::before(int a, int b) const
{
    const FleetRow &x = m_snapshot->fleet[a], &y = m_snapshot->fleet[b];
    const auto by = [&](const auto &p, const auto &q) -> std::optional<bool> {
        if (p < q)
            return true;
        if (q < p)
            return false;
        return std::nullopt;
    };
    std::optional<bool> less;
    const auto backupMs = [](const FleetRow &row) { return row.facts.backup ? row.facts.backup->startedMs : 0; };
    switch (m_sort) {
    case FleetColumn::State: less = by(m_items[a].state, m_items[b].state); break;
    case FleetColumn::Name: break;
    case FleetColumn::Product: less = by(x.installation.product, y.installation.product); break;
    case FleetColumn::Version: less = by(x.facts.version.value_or(Version()), y.facts.version.value_or(Version())); break;
    case FleetColumn::Target: less = by(m_items[a].target, m_items[b].target); break;
    case FleetColumn::Domain: less = by(x.installation.domain, y.installation.domain); break;
    case FleetColumn::Environment: less = by(x.installation.environment, y.installation.environment); break;
    case FleetColumn::Health: less = by(x.facts.healthDetail, y.facts.healthDetail); break;
    case FleetColumn::Disk: less = by(x.facts.diskFree.value_or(-1), y.facts.diskFree.value_or(-1)); break;
    case FleetColumn::Backup: less = by(backupMs(x), backupMs(y)); break;
    case FleetColumn::Lock: less = by(x.rollout + x.facts.lockOwner, y.rollout + y.facts.lockOwner); break;
    case FleetColumn::Key: less = by(x.keyState, y.keyState); break;
    }
    const bool result = less.value_or(x.installation.name < y.installation.name);
    return m_order == Qt::AscendingOrder ? result : (a != b && !result);
}

QList<FleetModel::Group> FleetModel::arrange() const
{
    QMap<QString, QList<int>> byTitle;
    if (m_snapshot)
        for (int i = 0; i < m_snapshot->fleet.size(); ++i)
            if (passes(i))
                byTitle[groupTitle(m_snapshot->fleet[i].installation, m_grouping)] << i;
    QList<Group> groups;
    for (auto it = byTitle.begin(); it != byTitle.end(); ++it) {
        std::sort(it->begin(), it->end(), [this](int a, int b) { return before(a, b); });
        groups << Group{it.key(), *it};
    }
    return groups;
}

void FleetModel::rearrange()
{
    QList<Group> fresh = arrange();
    m_shown = 0;
    for (const Group &group : std::as_const(fresh))
        m_shown += static_cast<int>(group.rows.size());
    bool sameHosts = fresh.size() == m_groups.size(), sameOrder = sameHosts;
    for (int g = 0; sameHosts && g < fresh.size(); ++g) {
        sameHosts = fresh[g].title == m_groups[g].title && fresh[g].rows.size() == m_groups[g].rows.size();
        if (sameHosts && fresh[g].rows != m_groups[g].rows) {
            sameOrder = false;
            sameHosts = QSet<int>(fresh[g].rows.cbegin(), fresh[g].rows.cend())
                == QSet<int>(m_groups[g].rows.cbegin(), m_groups[g].rows.cend());
        }
    }
    if (!sameHosts) {
        beginResetModel();
        m_groups = std::move(fresh);
        endResetModel();
        return;
    }
    if (sameOrder)
        return;
    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList from = persistentIndexList();
    QModelIndexList to;
    QList<QString> names;
    for (const QModelIndex &index : from)
        names << nameAt(index);
    m_groups = std::move(fresh);
    for (int i = 0; i < from.size(); ++i)
        to << (names[i].isEmpty() ? from[i] : indexOf(names[i], from[i].column()));
    changePersistentIndexList(from, to);
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

int FleetModel::matching(const Filter &filter) const
{
    int count = 0;
    if (m_snapshot)
        for (const FleetRow &row : m_snapshot->fleet)
            count += filter.matches(row.installation, row.facts) ? 1 : 0;
    return count;
}

QMap<FleetState, int> FleetModel::counts() const
{
    QMap<FleetState, int> counts;
    for (int i = 0; i < m_items.size(); ++i)
        if (m_filter.matches(m_snapshot->fleet[i].installation, m_snapshot->fleet[i].facts))
            ++counts[m_items[i].state];
    return counts;
}

QStringList FleetModel::labelKeys() const
{
    QMap<QString, QSet<QString>> values;
    if (m_snapshot)
        for (const FleetRow &row : m_snapshot->fleet)
            for (auto it = row.installation.labels.cbegin(); it != row.installation.labels.cend(); ++it)
                values[it.key()].insert(it.value());
    QStringList keys;
    for (auto it = values.cbegin(); it != values.cend(); ++it)
        if (it->size() > 1)
            keys << it.key();
    return keys;
}

const FleetRow *FleetModel::row(const QString &name) const
{
    const auto it = m_byName.constFind(name);
    return it == m_byName.constEnd() ? nullptr : &m_snapshot->fleet[*it];
}

QString FleetModel::sshOf(const QString &name) const
{
    const FleetRow *host = row(name);
    if (!host)
        return {};
    Inventory passed; // those on the way: an inventory has no circles
    for (const FleetRow *at = row(host->installation.endpoint.jump); at && !passed.find(at->installation.name); at = row(at->installation.endpoint.jump))
        passed.put(at->installation);
    return sshLine(host->installation, passed.wayTo(host->installation).value_or(QList<Installation>()));
}

FleetState FleetModel::stateOf(const QString &name) const
{
    const auto it = m_byName.constFind(name);
    return it == m_byName.constEnd() ? FleetState::Unknown : m_items[*it].state;
}

StateLook FleetModel::lookOf(const QString &name) const
{
    const auto it = m_byName.constFind(name);
    return it == m_byName.constEnd() ? look(FleetState::Unknown) : m_items[*it].look;
}

QModelIndex FleetModel::indexOf(const QString &name, int column) const
{
    const auto it = m_byName.constFind(name);
    if (it == m_byName.constEnd())
        return {};
    for (int g = 0; g < m_groups.size(); ++g) {
        const qsizetype at = m_groups[g].rows.indexOf(*it);
        if (at >= 0)
            return createIndex(static_cast<int>(at), column, static_cast<quintptr>(g + 1));
    }
    return {};
}

QString FleetModel::nameAt(const QModelIndex &index) const
{
    if (!index.isValid() || index.internalId() == 0)
        return {};
    return m_snapshot->fleet[m_groups[static_cast<int>(index.internalId()) - 1].rows[index.row()]].installation.name;
}

QStringList FleetModel::shownNames() const
{
    QStringList names;
    for (const Group &group : m_groups)
        for (const int row : group.rows)
            names << m_snapshot->fleet[row].installation.name;
    return names;
}

QList<bool> FleetModel::shownRows() const
{
    QList<bool> shown(total());
    for (const Group &group : m_groups)
        for (const int row : group.rows)
            shown[row] = true;
    return shown;
}

QSet<QString> FleetModel::shownProducts() const
{
    QSet<QString> products;
    const QString *last = nullptr; // mostly the same again
    for (const Group &group : m_groups)
        for (const int row : group.rows) {
            const QString &product = m_snapshot->fleet[row].installation.product;
            if (!last || *last != product)
                products.insert(product);
            last = &product;
        }
    return products;
}

qint64 FleetModel::oldestMeasured() const
{
    qint64 oldest = 0;
    if (m_snapshot)
        for (const FleetRow &row : m_snapshot->fleet)
            oldest = oldest == 0 ? row.facts.measuredMs : qMin(oldest, row.facts.measuredMs);
    return oldest;
}

QModelIndex FleetModel::index(int row, int column, const QModelIndex &parent) const
{
    if (row < 0 || column < 0 || column >= fleetColumns || row >= rowCount(parent))
        return {};
    return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row() + 1) : 0);
}

QModelIndex FleetModel::parent(const QModelIndex &child) const
{
    return !child.isValid() || child.internalId() == 0 ? QModelIndex() : createIndex(static_cast<int>(child.internalId()) - 1, 0, quintptr(0));
}

int FleetModel::rowCount(const QModelIndex &parent) const
{
    if (!parent.isValid())
        return static_cast<int>(m_groups.size());
    if (parent.internalId() != 0 || parent.column() != 0)
        return 0;
    return static_cast<int>(m_groups[parent.row()].rows.size());
}

int FleetModel::columnCount(const QModelIndex &) const { return fleetColumns; }

} // namespace bellwether
