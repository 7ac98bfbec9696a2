#pragma once
// A table of ready-made cells for lists of tens to thousands of rows. setRows() finds what changed by key and says only
// that: selection, scroll position and a screen reader's place survive each update.
#include "widgets/theme.h"

#include <QAbstractTableModel>
#include <QStyledItemDelegate>
#include <QTableView>
#include <optional>

namespace bellwether {

struct Cell {
    QString text, icon, toolTip;
    std::optional<StateRole> ink; // of icon and text
    bool bold = false, mono = false, muted = false, right = false;
    bool inkText = true; // false: only the icon is in the state's colour
    std::optional<bool> checked;
    bool operator==(const Cell &) const = default;
};
struct Row {
    QString key;
    QList<Cell> cells;
    bool operator==(const Row &) const = default;
};

class RowsModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    explicit RowsModel(const QStringList &titles, QObject *parent = nullptr);
    void setTitles(const QStringList &titles) { m_titles = titles; }
    void setRightAligned(const QList<int> &columns) { m_right = columns; }
    void setRows(const QList<Row> &rows);
    const Row &row(int index) const { return m_rows[index]; }
    int indexOf(const QString &key) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role) override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

Q_SIGNALS:
    void checkChanged(const QString &key, bool checked);

private:
    QStringList m_titles;
    QList<int> m_right;
    QList<Row> m_rows;
};

// Keeps a cell's own colour when its row is selected.
class RowsDelegate final : public QStyledItemDelegate {
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override;
};

// A table as the design has them: whole rows, 24 high, no grid. `stretch` is the column that takes the rest.
QTableView *makeTable(QAbstractItemModel *model, const QString &name, int stretch);

} // namespace bellwether
