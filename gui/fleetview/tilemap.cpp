#include "fleetview/tilemap.h"

#include "text/format.h"
#include "widgets/button.h"
#include "widgets/icons.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>

namespace bellwether {

namespace {
int pitch() { return theme().metric(Metric::MapTile) + 2; }
int headHeight() { return theme().px(18); }
int margin() { return theme().px(12); }
int gap() { return theme().px(18); }
constexpr int mostRows = 14;
} // namespace

TileMap::TileMap(QWidget *parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Map of hosts"));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(&theme(), &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
}

void TileMap::setBlocks(const QList<Block> &blocks)
{
    if (blocks == m_blocks) {
        return;
    }
    const bool sizes = !std::equal(blocks.cbegin(), blocks.cend(), m_blocks.cbegin(), m_blocks.cend(),
                                   [](const Block &a, const Block &b) { return a.title == b.title && a.tiles.size() == b.tiles.size(); });
    m_blocks = blocks;
    m_block = qBound(0, m_block, static_cast<int>(qMax<qsizetype>(0, m_blocks.size() - 1)));
    m_tile = m_blocks.isEmpty() ? 0 : qBound(0, m_tile, static_cast<int>(qMax<qsizetype>(0, m_blocks[m_block].tiles.size() - 1)));
    if (sizes)
        updateGeometry();
    update();
}

void TileMap::setSelected(const QSet<QString> &names)
{
    if (names == m_selected)
        return;
    m_selected = names;
    update();
}

TileMap::Layout TileMap::layoutFor(int width) const
{
    const QFontMetrics bold(theme().font(TextRole::TableBold)), table(theme().font(TextRole::Table));
    Layout layout;
    for (layout.rows = 5; layout.rows <= mostRows; ++layout.rows) {
        layout.blocks.clear();
        int x = margin(), y = theme().px(6);
        int used = 1; // rows that hold a tile: a small fleet needs no tall map
        for (const Block &block : m_blocks) {
            const qsizetype columns = qMax<qsizetype>(1, (block.tiles.size() + layout.rows - 1) / layout.rows);
            used = qMax(used, static_cast<int>((block.tiles.size() + columns - 1) / columns));
        }
        const int height = headHeight() + used * pitch();
        bool fits = true;
        for (const Block &block : m_blocks) {
            const int columns = static_cast<int>((block.tiles.size() + layout.rows - 1) / layout.rows);
            const int head = bold.horizontalAdvance(block.title) + theme().px(6) + table.horizontalAdvance(QString::number(block.tiles.size()));
            const int w = qMax(columns * pitch(), head);
            fits &= x + w <= width - margin() || x == margin();
            layout.blocks << QRect(x, y, w, height);
            x += w + gap();
        }
        if (fits || layout.rows == mostRows) {
            if (!fits) { // too many for one line: flow
                x = margin();
                for (QRect &rect : layout.blocks) {
                    if (x > margin() && x + rect.width() > width - margin()) {
                        x = margin();
                        y += height + theme().px(6);
                    }
                    rect.moveTo(x, y);
                    x += rect.width() + gap();
                }
            }
            layout.height = y + height + theme().px(6);
            return layout;
        }
    }
    return layout;
}

QSize TileMap::sizeHint() const { return {theme().px(400), heightForWidth(qMax(width(), theme().px(400)))}; }
QSize TileMap::minimumSizeHint() const { return {theme().px(120), theme().px(40)}; }
int TileMap::heightForWidth(int width) const { return m_blocks.isEmpty() ? 0 : qMin(layoutFor(width).height, theme().px(260)); }

QRect TileMap::tileRect(const Layout &layout, int block, int tile) const
{
    const QRect &area = layout.blocks[block];
    const int size = theme().metric(Metric::MapTile);
    // filled row by row, as the pictures: the width of a block follows from its count
    const int columns = qMax(1, static_cast<int>((m_blocks[block].tiles.size() + layout.rows - 1) / layout.rows));
    return {area.left() + tile % columns * pitch(), area.top() + headHeight() + tile / columns * pitch(), size, size};
}

std::pair<int, int> TileMap::at(const QPoint &point) const
{
    const Layout layout = layoutFor(width());
    for (int b = 0; b < m_blocks.size(); ++b)
        if (layout.blocks[b].contains(point))
            for (int t = 0; t < m_blocks[b].tiles.size(); ++t)
                if (tileRect(layout, b, t).adjusted(-1, -1, 1, 1).contains(point))
                    return {b, t};
    return {-1, -1};
}

void TileMap::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), theme().colour(Role::Raised));
    const Layout layout = layoutFor(width());
    const QColor pale = theme().tint(StateRole::Healthy), thin = theme().colour(StateRole::Healthy), raised = theme().colour(Role::Raised);
    for (int b = 0; b < m_blocks.size(); ++b) {
        const QRect head = layout.blocks[b].adjusted(0, 0, 40, 0);
        painter.setFont(theme().font(TextRole::TableBold));
        painter.setPen(theme().colour(Role::Text));
        painter.drawText(QRect(head.topLeft(), QSize(head.width(), headHeight() - 4)), Qt::TextSingleLine | Qt::AlignVCenter, m_blocks[b].title);
        const int used = painter.fontMetrics().horizontalAdvance(m_blocks[b].title) + theme().px(6);
        painter.setFont(theme().font(TextRole::Table));
        painter.setPen(theme().colour(Role::Muted));
        painter.drawText(QRect(head.left() + used, head.top(), 80, headHeight() - 4), Qt::TextSingleLine | Qt::AlignVCenter,
                         QString::number(m_blocks[b].tiles.size()));
        for (int t = 0; t < m_blocks[b].tiles.size(); ++t) {
            const Tile &tile = m_blocks[b].tiles[t];
            const QRect r = tileRect(layout, b, t);
            painter.setPen(Qt::NoPen);
            painter.setBrush(tile.calm ? pale : theme().colour(tile.look.role));
            painter.drawRoundedRect(r, 2, 2);
            const int size = theme().metric(Metric::MapTile) - 3;
            paintIcon(painter, QRectF(r.x() + 1.5, r.y() + 1.5, size, size), tile.calm ? QStringLiteral("ui/tick") : tile.look.icon, tile.calm ? thin : raised);
            const bool here = hasFocus() && b == m_block && t == m_tile;
            if (here || m_selected.contains(tile.name)) {
                painter.setPen(QPen(theme().colour(Role::Focus), here ? 2 : 1.4));
                painter.setBrush(Qt::NoBrush);
                painter.drawRoundedRect(QRectF(r).adjusted(-1, -1, 1, 1), 2, 2);
            }
        }
    }
    painter.setPen(theme().colour(Role::Border));
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

void TileMap::speak()
{
    if (m_blocks.isEmpty())
        return;
    const Tile &tile = m_blocks[m_block].tiles[m_tile];
    setAccessibleDescription(tr("%1, %2, in %3").arg(tile.name, tile.look.word, m_blocks[m_block].title));
    QAccessibleEvent event(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
    update();
}

void TileMap::mousePressEvent(QMouseEvent *event)
{
    const auto [block, tile] = at(event->pos());
    if (block < 0)
        return;
    m_block = block;
    m_tile = tile;
    speak();
    Q_EMIT chosen(m_blocks[block].tiles[tile].name);
}

void TileMap::keyPressEvent(QKeyEvent *event)
{
    if (m_blocks.isEmpty()) {
        QWidget::keyPressEvent(event);
        return;
    }
    const Layout layout = layoutFor(width());
    const int count = static_cast<int>(m_blocks[m_block].tiles.size());
    const int columns = qMax(1, (count + layout.rows - 1) / layout.rows);
    switch (event->key()) {
    case Qt::Key_Left:
        if (m_tile > 0)
            --m_tile;
        else if (m_block > 0)
            m_tile = static_cast<int>(m_blocks[--m_block].tiles.size()) - 1;
        break;
    case Qt::Key_Right:
        if (m_tile + 1 < count)
            ++m_tile;
        else if (m_block + 1 < m_blocks.size()) {
            ++m_block;
            m_tile = 0;
        }
        break;
    case Qt::Key_Up: m_tile = m_tile >= columns ? m_tile - columns : m_tile; break;
    case Qt::Key_Down: m_tile = m_tile + columns < count ? m_tile + columns : m_tile; break;
    case Qt::Key_Home: m_block = m_tile = 0; break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space: Q_EMIT chosen(m_blocks[m_block].tiles[m_tile].name); return;
    default: QWidget::keyPressEvent(event); return;
    }
    speak();
}

void TileMap::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    speak();
}

void TileMap::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    update();
}

bool TileMap::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        auto *help = static_cast<QHelpEvent *>(event);
        const auto [block, tile] = at(help->pos());
        if (block < 0)
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), plainToolTip(tr("%1: %2").arg(m_blocks[block].tiles[tile].name, m_blocks[block].tiles[tile].look.word)), this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace bellwether
