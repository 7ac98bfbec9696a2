// How lanes and tiles look.
#include "rolloutview/laneswidget.h"
#include "widgets/icons.h"

#include <QPainter>
#include <QPainterPath>
#include <QPaintEvent>

namespace bellwether {

void LanesWidget::paintEvent(QPaintEvent *event)
{
    QPainter painter(this);
    painter.fillRect(event->rect(), theme().colour(Role::Raised));
    for (int i = 0; i < m_lanePlaces.size(); ++i)
        if (m_lanePlaces[i].rect.intersects(event->rect()))
            paintLane(painter, i);
    painter.setRenderHint(QPainter::Antialiasing);
    for (const TilePlace &place : m_places)
        if (place.rect.adjusted(-4, -4, 4, 4).intersects(event->rect()))
            paintTile(painter, place);
}

void LanesWidget::paintLane(QPainter &painter, int index) const
{
    const Lane &lane = m_lanes[index];
    const LanePlace &place = m_lanePlaces[index];
    const QRect rect = place.rect;
    const int label = labelWidth();
    if (lane.canary) {
        const QColor wash = Theme::mix(theme().tint(StateRole::Canary), theme().colour(Role::Raised), 0.55);
        painter.fillRect(rect, wash);
        painter.fillRect(QRect(0, rect.top(), theme().px(4), rect.height()), theme().colour(StateRole::Canary));
    }
    painter.setPen(theme().colour(Role::Border));
    painter.drawLine(label, rect.top(), label, rect.bottom());
    if (index + 1 < m_lanes.size())
        painter.drawLine(rect.left(), rect.bottom(), rect.right(), rect.bottom());

    const int left = theme().px(14), line = theme().px(19);
    int y = rect.top() + std::max(theme().px(6), (rect.height() - 3 * line) / 2);
    if (rect.height() > theme().px(90))
        y = rect.top() + theme().px(8);
    int x = left;
    if (lane.canary) {
        const int size = theme().px(16);
        paintIcon(painter, QRectF(x, y + (line - size) / 2.0, size, size), QStringLiteral("state/canary"),
                  theme().colour(StateRole::Canary));
        x += size + theme().px(5);
    }
    const int room = label - left - theme().px(6);
    painter.setFont(theme().font(TextRole::TableBold));
    painter.setPen(theme().colour(Role::Text));
    painter.drawText(QRect(x, y, room, line), Qt::AlignVCenter | Qt::TextSingleLine, lane.title);
    y += line;
    const QColor ink = theme().colour(lane.waiting ? StateRole::Waiting : lane.role);
    const int icon = theme().px(12);
    paintIcon(painter, QRectF(left, y + (line - icon) / 2.0, icon, icon), lane.icon, ink);
    QFont status = theme().font(lane.waiting ? TextRole::Table : TextRole::TableBold);
    status.setPixelSize(theme().font(TextRole::Small).pixelSize());
    painter.setFont(status);
    painter.setPen(lane.waiting ? theme().colour(Role::Text) : ink);
    const QRect statusRect(left + icon + theme().px(5), y, room - icon - theme().px(5), line);
    painter.drawText(statusRect, Qt::AlignVCenter | Qt::TextSingleLine,
                     QFontMetrics(status).elidedText(lane.status, Qt::ElideRight, statusRect.width()));
    y += line;
    painter.setFont(theme().font(TextRole::Small));
    painter.setPen(theme().colour(Role::Muted));
    painter.drawText(QRect(left, y, room, line), Qt::AlignVCenter | Qt::TextSingleLine,
                     painter.fontMetrics().elidedText(lane.note, Qt::ElideRight, room));
    if (place.hidden > 0)
        painter.drawText(place.more.adjusted(theme().px(4), 0, theme().px(60), 0), Qt::AlignVCenter | Qt::TextSingleLine,
                         tr("and %1 more").arg(place.hidden));
}

QColor LanesWidget::fill(const LaneTile &tile) const
{
    return tile.role == StateRole::Waiting ? theme().colour(Role::Raised) : theme().tint(tile.role);
}

void LanesWidget::paintTile(QPainter &painter, const TilePlace &place) const
{
    const LaneTile &tile = m_lanes[place.lane].tiles[place.tile];
    QColor background = fill(tile);
    QColor edge = tile.role == StateRole::Waiting ? theme().colour(Role::Border) : theme().colour(tile.role);
    qreal width = 1;
    const auto fade = m_fades.constFind(tile.host);
    if (fade != m_fades.constEnd()) {
        if (theme().reducedMotion())
            width = 2;
        else
            background = Theme::mix(background, fade->from, std::min(1.0, static_cast<double>(m_time.elapsed() - fade->beganMs) / 160.0));
    }
    const QRectF frame = QRectF(place.rect).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(QPen(edge, width));
    painter.setBrush(background);
    const int radius = tile.full ? 3 : 2;
    painter.drawRoundedRect(frame, radius, radius);
    painter.setBrush(Qt::NoBrush);
    if (tile.host == m_selected) {
        painter.setPen(QPen(theme().colour(Role::Focus), hasFocus() ? 2.5 : 2));
        painter.drawRoundedRect(frame.adjusted(-2.5, -2.5, 2.5, 2.5), radius + 2, radius + 2);
    }
    if (tile.full)
        paintFull(painter, tile, place.rect);
    else
        paintMini(painter, tile, place.rect);
}

void LanesWidget::paintFull(QPainter &painter, const LaneTile &tile, const QRect &rect) const
{
    const int pad = theme().px(8), icon = theme().px(13);
    const int half = rect.height() / 2;
    const QRect upper(rect.left() + pad, rect.top() + theme().px(3), rect.width() - 2 * pad, half - theme().px(1));
    const QRect lower(rect.left() + pad, rect.top() + half, rect.width() - 2 * pad, half - theme().px(3));
    const QColor ink = theme().colour(tile.role);
    paintIcon(painter, QRectF(upper.left(), upper.center().y() - icon / 2.0 + 0.5, icon, icon), tile.icon, ink);
    int right = 0;
    if (tile.canary) {
        const int bird = theme().px(14);
        paintIcon(painter, QRectF(upper.right() - bird + 2, upper.center().y() - bird / 2.0 + 0.5, bird, bird),
                  QStringLiteral("state/canary"), theme().colour(StateRole::Canary));
        right = bird + theme().px(4);
    }
    painter.setFont(theme().font(TextRole::BodyBold));
    painter.setPen(theme().colour(Role::Text));
    const QRect name = upper.adjusted(icon + theme().px(6), 0, -right, 0);
    painter.drawText(name, Qt::AlignVCenter | Qt::TextSingleLine, painter.fontMetrics().elidedText(tile.host, Qt::ElideRight, name.width()));

    QFont bold = theme().font(TextRole::Small);
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(ink);
    const QString word = tile.detail.isEmpty() ? tile.word : tile.word + QLatin1Char(',');
    painter.drawText(lower, Qt::AlignVCenter | Qt::TextSingleLine, word);
    const int used = painter.fontMetrics().horizontalAdvance(word) + theme().px(4);
    painter.setFont(theme().font(TextRole::Small));
    painter.drawText(lower.adjusted(used, 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine,
                     painter.fontMetrics().elidedText(tile.detail, Qt::ElideRight, lower.width() - used));
}

void LanesWidget::paintMini(QPainter &painter, const LaneTile &tile, const QRect &rect) const
{
    const int icon = theme().px(10), pad = theme().px(6);
    paintIcon(painter, QRectF(rect.left() + pad, rect.center().y() - icon / 2.0 + 0.5, icon, icon), tile.icon,
              theme().colour(tile.role));
    painter.setFont(theme().font(TextRole::Small));
    painter.setPen(theme().colour(Role::Text));
    const QRect name = rect.adjusted(pad + icon + theme().px(5), 0, -theme().px(3), 0);
    painter.drawText(name, Qt::AlignVCenter | Qt::TextSingleLine,
                     painter.fontMetrics().elidedText(tile.host, Qt::ElideMiddle, name.width()));
}

} // namespace bellwether
