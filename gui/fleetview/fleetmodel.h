#pragma once
// Hosts in groups, filtered and sorted, keyed by name. A new snapshot changes only the rows that differ; the order of
// rows changes by layout, and only when other hosts are shown does the model start anew.
#include "domain/filter.h"
#include "text/words.h"

#include <QAbstractItemModel>
#include <QSet>

namespace bellwether {

enum class FleetColumn { State, Name, Product, Version, Target, Domain, Environment, Health, Disk, Backup, Lock, Key };
constexpr int fleetColumns = static_cast<int>(FleetColumn::Key) + 1;

class FleetModel final : public QAbstractItemModel {
    Q_OBJECT

public:
    enum DataRole { NameRole = Qt::UserRole, StateRoleRole, IconRole, ProductionRole, IsGroupRole, CellRoleRole, CellIconRole, CountRole };

    explicit FleetModel(QObject *parent = nullptr);
    void setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot);
    void setFilter(const Filter &filter);
    void setStates(const QSet<FleetState> &states); // empty: all
    void setGrouping(const QString &labelKey);      // empty: no groups' headings but one group
    QString grouping() const { return m_grouping; }
    void setNow(qint64 nowMs) { m_nowMs = nowMs; }

    int shown() const { return m_shown; }
    int total() const { return m_snapshot ? static_cast<int>(m_snapshot->fleet.size()) : 0; }
    int matching(const Filter &filter) const;
    QMap<FleetState, int> counts() const; // of those the filter lets through
    QStringList labelKeys() const;        // by which one may group
    const FleetRow *row(const QString &name) const;
    QString sshOf(const QString &name) const; // what one types to reach it, jump hosts included; empty when it is not there
    FleetState stateOf(const QString &name) const;
    StateLook lookOf(const QString &name) const;
    QModelIndex indexOf(const QString &name, int column = 0) const;
    QString nameAt(const QModelIndex &index) const; // empty for groups
    QStringList shownNames() const;
    QList<bool> shownRows() const; // beside the snapshot's fleet
    QSet<QString> shownProducts() const;
    FleetState stateOf(int row) const { return m_items[row].state; } // row of the snapshot's fleet
    const StateLook &lookOf(int row) const { return m_items[row].look; }
    qint64 oldestMeasured() const; // wall clock; 0 when one was never measured

    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    QModelIndex parent(const QModelIndex &child) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

Q_SIGNALS:
    void changed(); // counts, states or rows

private:
    struct Item {
        FleetState state = FleetState::Unknown;
        StateLook look;
        QString target, rollout, keyState;
        qint64 measuredMs = 0;
        bool checking = false;
        bool operator==(const Item &other) const;
    };
    struct Group {
        QString title;
        QList<int> rows; // into the fleet
    };
    QList<Item> readItems(const ConsoleSnapshot &snapshot) const;
    QList<Group> arrange() const;
    void rearrange();
    bool passes(int row) const;
    bool before(int a, int b) const;
    QVariant groupData(const Group &group, int column, int role) const;
    QVariant cell(int row, FleetColumn column, int role) const;
    QString toolTip(int row, FleetColumn column) const;

    std::shared_ptr<const ConsoleSnapshot> m_snapshot;
    QList<Item> m_items; // beside the snapshot's fleet
    QHash<QString, int> m_byName;
    QList<Group> m_groups;
    Filter m_filter;
    QSet<FleetState> m_states;
    QString m_grouping;
    FleetColumn m_sort = FleetColumn::State;
    Qt::SortOrder m_order = Qt::AscendingOrder;
    int m_shown = 0;
    qint64 m_nowMs = 0;
};

} // namespace bellwether
