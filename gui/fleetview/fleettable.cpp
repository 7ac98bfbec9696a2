#include "fleetview/fleettable.h"

#include "fleetview/fleetmodel.h"
#include "widgets/icons.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <array>

namespace bellwether {

namespace {

// Paints a cell without asking the style: two thousand rows scroll smoothly, and colours come from the tokens.
class FleetDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override
    {
        return {theme().px(60), theme().metric(Metric::TableRow)};
    }
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const auto column = static_cast<FleetColumn>(index.column());
        const int pad = theme().px(8);
        QRect r = option.rect.adjusted(pad, 0, -theme().px(4), 0);
        const bool isState = column == FleetColumn::State;
        const QVariant cellRole = isState ? index.data(FleetModel::StateRoleRole) : index.data(FleetModel::CellRoleRole);
        const QString icon = isState ? index.data(FleetModel::IconRole).toString() : index.data(FleetModel::CellIconRole).toString();
        QColor ink = theme().colour(isQuiet(column) ? Role::Muted : Role::Text);
        if (cellRole.isValid())
            ink = theme().colour(static_cast<StateRole>(cellRole.toInt()));
        if (!icon.isEmpty()) {
            const int size = theme().px(isState ? 14 : 12);
            paintIcon(*painter, QRectF(r.left(), r.center().y() - size / 2.0 + 0.5, size, size), icon, ink);
            r.setLeft(r.left() + size + theme().px(5));
        }
        const TextRole type = column == FleetColumn::Version || column == FleetColumn::Target ? TextRole::Mono
            : column == FleetColumn::Name                                                     ? TextRole::TableBold
                                                                                              : TextRole::Table;
        painter->setFont(theme().font(type));
        painter->setPen(ink);
        painter->drawText(r, Qt::AlignVCenter | Qt::TextSingleLine,
                          painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, r.width()));
    }

private:
    static bool isQuiet(FleetColumn column)
    {
        return column == FleetColumn::Target || column == FleetColumn::Domain || column == FleetColumn::Environment
            || column == FleetColumn::Health || column == FleetColumn::Lock;
    }
};

} // namespace

FleetTable::FleetTable(QWidget *parent) : QTreeView(parent)
{
    setItemDelegate(new FleetDelegate(this));
    setUniformRowHeights(true);
    setRootIsDecorated(false);
    setIndentation(0);
    setAlternatingRowColors(false); // drawn by drawRow, so that group headings keep their own ground
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSortingEnabled(true);
    setExpandsOnDoubleClick(false);
    setAllColumnsShowFocus(true);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    setTabKeyNavigation(false);
    setAccessibleName(tr("Hosts"));
    header()->setSectionsMovable(true);
    header()->setStretchLastSection(true);
    header()->setSortIndicatorShown(true);
    header()->setContextMenuPolicy(Qt::CustomContextMenu);
    header()->setMinimumSectionSize(theme().px(44));
    header()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    sortByColumn(0, Qt::AscendingOrder);
    connect(&theme(), &Theme::changed, this, [this] { scheduleDelayedItemsLayout(); });
    connect(this, &QTreeView::clicked, this, [this](const QModelIndex &index) {
        if (index.data(FleetModel::IsGroupRole).toBool())
            setExpanded(index.siblingAtColumn(0), !isExpanded(index.siblingAtColumn(0)));
    });
}

void FleetTable::setEmptyText(const QString &text)
{
    m_empty = text;
    viewport()->update();
}

void FleetTable::fillColumnMenu(QMenu *menu)
{
    menu->clear();
    for (int c = 1; c < fleetColumns; ++c) {
        QAction *action = menu->addAction(model()->headerData(c, Qt::Horizontal, Qt::DisplayRole).toString());
        action->setCheckable(true);
        action->setChecked(!isColumnHidden(c));
        connect(action, &QAction::toggled, this, [this, c](bool on) { setColumnHidden(c, !on); });
    }
    menu->addSeparator();
    connect(menu->addAction(tr("Reset columns")), &QAction::triggered, this, [this] {
        for (int c = 0; c < fleetColumns; ++c) {
            setColumnHidden(c, false);
            header()->moveSection(header()->visualIndex(c), c);
        }
        fitColumns();
    });
}

void FleetTable::fitColumns()
{
    const QFontMetrics table(theme().font(TextRole::Table)), bold(theme().font(TextRole::TableBold)), mono(theme().font(TextRole::Mono));
    std::array<int, fleetColumns> widths{};
    for (int c = 0; c < fleetColumns; ++c) {
        const auto column = static_cast<FleetColumn>(c);
        const QFontMetrics &metrics = column == FleetColumn::Name ? bold
            : column == FleetColumn::Version || column == FleetColumn::Target ? mono : table;
        int width = table.horizontalAdvance(model()->headerData(c, Qt::Horizontal).toString()) + theme().px(22);
        int measured = 0;
        for (int g = 0; g < model()->rowCount() && measured < 300; ++g)
            for (int r = 0; r < model()->rowCount(model()->index(g, 0)) && measured < 300; ++r, ++measured) {
                const QModelIndex index = model()->index(r, c, model()->index(g, 0));
                const bool icon = column == FleetColumn::State || !index.data(FleetModel::CellIconRole).toString().isEmpty();
                width = qMax(width, metrics.horizontalAdvance(index.data().toString()) + theme().px(icon ? 36 : 18));
            }
        widths[c] = qMin(width, theme().px(240));
    }
    // what is long gives way first, so that the last column is seen without scrolling
    int total = 0;
    for (int c = 0; c < fleetColumns; ++c)
        total += isColumnHidden(c) ? 0 : widths[c];
    int tooMuch = total - viewport()->width();
    for (const FleetColumn column : {FleetColumn::Health, FleetColumn::Domain, FleetColumn::Product, FleetColumn::Lock}) {
        int &width = widths[static_cast<int>(column)];
        const int give = qBound(0, tooMuch, qMax(0, width - theme().px(84)));
        width -= give;
        tooMuch -= give;
    }
    for (int c = 0; c < fleetColumns; ++c)
        setColumnWidth(c, widths[c]);
}

void FleetTable::drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    if (!index.data(FleetModel::IsGroupRole).toBool()) {
        const bool selected = selectionModel() && selectionModel()->isRowSelected(index.row(), index.parent());
        painter->fillRect(option.rect, selected ? theme().colour(Role::Selection)
                                                : index.row() % 2 ? theme().alternate() : theme().colour(Role::Raised));
        for (int c = 0; c < fleetColumns; ++c) { // cell by cell: the style's own selection would shine through
            QStyleOptionViewItem cell = option;
            cell.rect = QRect(columnViewportPosition(c), option.rect.top(), columnWidth(c), option.rect.height());
            if (!isColumnHidden(c) && cell.rect.intersects(viewport()->rect()))
                itemDelegate()->paint(painter, cell, index.siblingAtColumn(c));
        }
        if (index.data(FleetModel::ProductionRole).toBool())
            painter->fillRect(option.rect.left(), option.rect.top(), 3, option.rect.height(), theme().colour(StateRole::Production));
        if (hasFocus() && currentIndex().row() == index.row() && currentIndex().parent() == index.parent()) {
            painter->setPen(QPen(theme().colour(Role::Focus), 1));
            painter->drawRect(option.rect.adjusted(3, 0, -1, -1));
        }
        return;
    }
    const QRect all(0, option.rect.top(), viewport()->width(), option.rect.height());
    painter->fillRect(all, theme().colour(Role::Sunken));
    painter->setPen(theme().colour(Role::Border));
    painter->drawLine(all.bottomLeft(), all.bottomRight());
    int x = theme().px(8);
    const int icon = theme().px(12);
    paintIcon(*painter, QRectF(x, all.center().y() - icon / 2.0, icon, icon),
              isExpanded(index.siblingAtColumn(0)) ? QStringLiteral("ui/chevron-down") : QStringLiteral("ui/chevron-right"),
              theme().colour(Role::Muted));
    x += theme().px(20);
    const auto write = [&](const QString &text, TextRole type, const QColor &ink) {
        painter->setFont(theme().font(type));
        painter->setPen(ink);
        painter->drawText(QRect(x, all.top(), all.width() - x, all.height()), Qt::AlignVCenter | Qt::TextSingleLine, text);
        x += painter->fontMetrics().horizontalAdvance(text) + theme().px(8);
    };
    write(index.siblingAtColumn(0).data().toString(), TextRole::TableBold, theme().colour(Role::Text));
    write(index.data(FleetModel::NameRole).toString(), TextRole::Table, theme().colour(Role::Muted));
    for (const QVariant &entry : index.data(FleetModel::CountRole).toList()) {
        const QVariantList one = entry.toList();
        const QColor ink = theme().colour(static_cast<StateRole>(one.at(1).toInt()));
        paintIcon(*painter, QRectF(x, all.center().y() - icon / 2.0 + 0.5, icon, icon), one.at(0).toString(), ink);
        x += icon + theme().px(5);
        write(one.at(2).toString(), TextRole::Table, ink);
    }
    if (hasFocus() && currentIndex().siblingAtColumn(0) == index.siblingAtColumn(0)) {
        painter->setPen(QPen(theme().colour(Role::Focus), 1));
        painter->drawRect(all.adjusted(0, 0, -1, -1));
    }
}

void FleetTable::paintEvent(QPaintEvent *event)
{
    QTreeView::paintEvent(event);
    if (model() && model()->rowCount() > 0)
        return;
    QPainter painter(viewport());
    painter.setFont(theme().font(TextRole::Body));
    painter.setPen(theme().colour(Role::Muted));
    painter.drawText(viewport()->rect().adjusted(40, 40, -40, -40), Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, m_empty);
}

void FleetTable::keyPressEvent(QKeyEvent *event)
{
    const QModelIndex current = currentIndex();
    const bool group = current.data(FleetModel::IsGroupRole).toBool();
    if (group && (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)) {
        setExpanded(current.siblingAtColumn(0), !isExpanded(current.siblingAtColumn(0)));
        return;
    }
    // a slash belongs to the filter, not to the search by first letters
    if (event->text() == QLatin1String("/") || event->text() == QLatin1String("?")) {
        event->ignore();
        return;
    }
    QTreeView::keyPressEvent(event);
}

} // namespace bellwether
