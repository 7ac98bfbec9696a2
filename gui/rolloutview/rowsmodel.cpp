#include "rolloutview/rowsmodel.h"

#include "widgets/button.h"
#include "widgets/icons.h"

#include <QHeaderView>
#include <QTimer>
#include <algorithm>

namespace bellwether {

RowsModel::RowsModel(const QStringList &titles, QObject *parent) : QAbstractTableModel(parent), m_titles(titles) {}

void RowsModel::setRows(const QList<Row> &rows)
{
    const qsizetype both = std::min(rows.size(), m_rows.size());
    qsizetype head = 0, tail = 0;
    while (head < both && rows[head].key == m_rows[head].key)
        ++head;
    while (tail < both - head && rows[rows.size() - 1 - tail].key == m_rows[m_rows.size() - 1 - tail].key)
        ++tail;
    const int first = static_cast<int>(head), oldEnd = static_cast<int>(m_rows.size() - tail), newEnd = static_cast<int>(rows.size() - tail);
    if (oldEnd > first) {
        beginRemoveRows({}, first, oldEnd - 1);
        m_rows.remove(first, oldEnd - first);
        endRemoveRows();
    }
    if (newEnd > first) {
        beginInsertRows({}, first, newEnd - 1);
        for (int i = first; i < newEnd; ++i)
            m_rows.insert(i, rows[i]);
        endInsertRows();
    }
    int from = -1;
    for (int i = 0; i <= m_rows.size(); ++i) { // neighbouring changes leave as one range
        const bool differs = i < m_rows.size() && m_rows[i] != rows[i];
        if (differs) {
            m_rows[i] = rows[i];
            from = from < 0 ? i : from;
        } else if (from >= 0) {
            Q_EMIT dataChanged(index(from, 0), index(i - 1, columnCount() - 1));
            from = -1;
        }
    }
}

int RowsModel::indexOf(const QString &key) const
{
    const auto it = std::ranges::find(m_rows, key, &Row::key);
    return it == m_rows.end() ? -1 : static_cast<int>(it - m_rows.begin());
}

int RowsModel::rowCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : static_cast<int>(m_rows.size()); }
int RowsModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : static_cast<int>(m_titles.size()); }

QVariant RowsModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= m_rows.size() || index.column() >= m_rows[index.row()].cells.size())
        return {};
    const Cell &cell = m_rows[index.row()].cells[index.column()];
    switch (role) {
    case Qt::DisplayRole: return cell.text;
    case Qt::DecorationRole:
        return cell.icon.isEmpty() ? QVariant() : QVariant(themedIcon(cell.icon, cell.ink.value_or(StateRole::Waiting)));
    case Qt::ForegroundRole:
        if (cell.ink && cell.inkText)
            return theme().colour(*cell.ink);
        return theme().colour(cell.muted ? Role::Muted : Role::Text);
    case Qt::FontRole: return theme().font(cell.mono ? TextRole::Mono : cell.bold ? TextRole::TableBold : TextRole::Table);
    case Qt::TextAlignmentRole:
        return static_cast<int>(Qt::AlignVCenter | (cell.right || m_right.contains(index.column()) ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::ToolTipRole: return plainToolTip(cell.toolTip.isEmpty() ? cell.text : cell.toolTip);
    case Qt::AccessibleTextRole: return cell.text;
    case Qt::CheckStateRole:
        return cell.checked ? QVariant(*cell.checked ? Qt::Checked : Qt::Unchecked) : QVariant();
    default: return {};
    }
}

bool RowsModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (role != Qt::CheckStateRole || !index.isValid() || !m_rows[index.row()].cells[index.column()].checked)
        return false;
    m_rows[index.row()].cells[index.column()].checked = value.toInt() == Qt::Checked;
    Q_EMIT dataChanged(index, index, {Qt::CheckStateRole});
    Q_EMIT checkChanged(m_rows[index.row()].key, value.toInt() == Qt::Checked);
    return true;
}

QVariant RowsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section >= m_titles.size())
        return {};
    if (role == Qt::DisplayRole)
        return m_titles[section];
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>(Qt::AlignVCenter | (m_right.contains(section) ? Qt::AlignRight : Qt::AlignLeft));
    return {};
}

Qt::ItemFlags RowsModel::flags(const QModelIndex &index) const
{
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (index.isValid() && index.column() < m_rows[index.row()].cells.size() && m_rows[index.row()].cells[index.column()].checked)
        flags |= Qt::ItemIsUserCheckable;
    return flags;
}

void RowsDelegate::initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const
{
    QStyledItemDelegate::initStyleOption(option, index);
    option->palette.setColor(QPalette::HighlightedText, option->palette.color(QPalette::Text));
    option->state &= ~QStyle::State_HasFocus; // the row is marked, not the cell
    const int size = theme().px(13);
    option->decorationSize = QSize(size, size);
}

QSize RowsDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    return QStyledItemDelegate::sizeHint(option, index) + QSize(theme().px(6), 0); // air between columns
}

QTableView *makeTable(QAbstractItemModel *model, const QString &name, int stretch)
{
    auto *table = new QTableView;
    table->setModel(model);
    table->setItemDelegate(new RowsDelegate(table));
    table->setAccessibleName(name);
    table->setFrameShape(QFrame::NoFrame);
    table->setShowGrid(false);
    table->setAlternatingRowColors(true);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setTabKeyNavigation(false); // Tab leaves a table
    table->setWordWrap(false);
    table->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->verticalHeader()->hide();
    table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    table->verticalHeader()->setMinimumSectionSize(theme().px(18));
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::Interactive);
    table->horizontalHeader()->setMinimumSectionSize(theme().px(36));
    table->horizontalHeader()->setResizeContentsPrecision(100); // a journal that grows is not measured row by row
    if (stretch >= 0)
        table->horizontalHeader()->setSectionResizeMode(stretch, QHeaderView::Stretch);
    // Columns grow with what they hold and never shrink by themselves, so that nothing jumps while one reads.
    auto *fit = new QTimer(table);
    fit->setSingleShot(true);
    QObject::connect(fit, &QTimer::timeout, table, [table, stretch] {
        const QAbstractItemView *view = table;
        for (int column = 0; column < table->model()->columnCount(); ++column) {
            if (column == stretch)
                continue;
            const int wanted = std::min(view->sizeHintForColumn(column), theme().px(320));
            const int title = table->horizontalHeader()->sectionSizeHint(column);
            if (std::max(wanted, title) > table->columnWidth(column) || !table->property("fitted").toBool())
                table->setColumnWidth(column, std::max(wanted, title));
        }
        table->setProperty("fitted", table->model()->rowCount() > 0);
    });
    const auto soon = [fit] { fit->start(0); };
    QObject::connect(model, &QAbstractItemModel::rowsInserted, table, soon);
    QObject::connect(model, &QAbstractItemModel::dataChanged, table, soon);
    QObject::connect(model, &QAbstractItemModel::modelReset, table, soon);
    QObject::connect(&theme(), &Theme::changed, table, soon);
    soon();
    const auto measure = [table] { table->verticalHeader()->setDefaultSectionSize(theme().metric(Metric::TableRow)); };
    measure();
    QObject::connect(&theme(), &Theme::changed, table, measure);
    return table;
}

} // namespace bellwether
