#include "rolloutview/laneswidget.h"

#include "rolloutview/lanesaccessible.h"
#include "widgets/button.h"
#include "widgets/icons.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QTimer>
#include <QToolTip>

namespace bellwether {
namespace {

constexpr int fadeMs = 160, outlineMs = 2000, waitingRows = 2;

} // namespace

LanesWidget::LanesWidget(QWidget *parent) : QWidget(parent), m_fadeTimer(new QTimer(this))
{
    installLanesAccessibility();
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Waves"));
    setProperty("ownFocus", true); // the selected tile carries the ring
    setMinimumWidth(theme().px(360));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::MinimumExpanding);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    m_time.start();
    m_fadeTimer->setInterval(20);
    connect(m_fadeTimer, &QTimer::timeout, this, [this] {
        const int length = theme().reducedMotion() ? outlineMs : fadeMs;
        m_fades.removeIf([&](const auto &fade) { return m_time.elapsed() - fade.value().beganMs > length; });
        if (m_fades.isEmpty())
            m_fadeTimer->stop();
        update();
    });
    connect(&theme(), &Theme::changed, this, &LanesWidget::relayout);
}

void LanesWidget::setLanes(const QList<Lane> &lanes)
{
    if (lanes == m_lanes)
        return;
    QHash<QString, const LaneTile *> before;
    for (const Lane &lane : std::as_const(m_lanes))
        for (const LaneTile &tile : lane.tiles)
            before.insert(tile.host, &tile);
    bool sameShape = lanes.size() == m_lanes.size();
    for (int i = 0; i < lanes.size(); ++i) {
        sameShape = sameShape && lanes[i].tiles.size() == m_lanes[i].tiles.size() && lanes[i].waiting == m_lanes[i].waiting;
        for (int j = 0; j < lanes[i].tiles.size(); ++j) {
            const LaneTile *old = before.value(lanes[i].tiles[j].host);
            if (old && old->role != lanes[i].tiles[j].role)
                m_fades.insert(old->host, {fill(*old), m_time.elapsed()});
            sameShape = sameShape && m_lanes[i].tiles[j].full == lanes[i].tiles[j].full;
        }
    }
    m_lanes = lanes;
    if (!m_fades.isEmpty() && !m_fadeTimer->isActive())
        m_fadeTimer->start();
    if (sameShape)
        update();
    else
        relayout();
}

const LaneTile &LanesWidget::tile(int index) const
{
    return m_lanes[m_places[index].lane].tiles[m_places[index].tile];
}

int LanesWidget::indexOf(const QString &host) const
{
    for (int i = 0; i < m_places.size(); ++i)
        if (tile(i).host == host)
            return i;
    return -1;
}

int LanesWidget::labelWidth() const
{
    const QFontMetrics small(theme().font(TextRole::Small)), bold(theme().font(TextRole::TableBold));
    int width = theme().px(172);
    for (const Lane &lane : m_lanes)
        width = std::max({width, small.horizontalAdvance(lane.note) + theme().px(28),
                          bold.horizontalAdvance(lane.status) + theme().px(46)});
    return std::min(width, theme().px(230));
}

int LanesWidget::fullWidth() const
{
    const QFontMetrics small(theme().font(TextRole::Small));
    return std::max(theme().metric(Metric::HostTileWidth),
                    small.horizontalAdvance(QStringLiteral("Upgraded, 1.14.0 for 22 min")) + theme().px(18));
}

int LanesWidget::layOut(int width, QList<TilePlace> &places, QList<LanePlace> &lanes) const
{
    const int pad = theme().px(10), gap = theme().px(7), miniGap = theme().px(4), label = labelWidth();
    const int mini = std::max(theme().metric(Metric::MiniTileWidth), theme().px(82)), full = fullWidth();
    int y = 0;
    for (int l = 0; l < m_lanes.size(); ++l) {
        const Lane &lane = m_lanes[l];
        LanePlace place;
        int x = label + pad, top = y + pad, rowHeight = 0, rows = 1;
        for (int t = 0; t < lane.tiles.size(); ++t) {
            const bool big = lane.tiles[t].full;
            const int w = big ? full : mini;
            const int h = theme().metric(big ? Metric::HostTileHeight : Metric::MiniTileHeight);
            const bool lastOfRows = lane.waiting && !m_expanded.contains(l) && rows == waitingRows;
            const int reserve = lastOfRows && t + 1 < lane.tiles.size() ? theme().px(96) : 0;
            if (x + w + reserve > width - pad && x > label + pad) {
                if (lastOfRows) {
                    place.hidden = static_cast<int>(lane.tiles.size()) - t;
                    place.more = QRect(x, top, theme().px(90), h);
                    break;
                }
                x = label + pad;
                top += rowHeight + (big ? gap : miniGap);
                rowHeight = 0;
                ++rows;
            }
            places.append({l, t, QRect(x, top, w, h)});
            x += w + (big ? gap : miniGap);
            rowHeight = std::max(rowHeight, h);
        }
        const int height = std::max(top + rowHeight + pad - y, theme().px(66));
        if (rows == 1 && rowHeight > 0) // one row stands in the middle of its lane
            for (TilePlace &tile : places)
                if (tile.lane == l)
                    tile.rect.moveTop(y + (height - rowHeight) / 2);
        place.rect = QRect(0, y, width, height);
        lanes.append(place);
        y += height;
    }
    return y;
}

void LanesWidget::relayout()
{
    m_places.clear();
    m_lanePlaces.clear();
    const int height = layOut(width(), m_places, m_lanePlaces);
    if (height != m_contentHeight) {
        m_contentHeight = height;
        setMinimumHeight(height);
        updateGeometry();
        Q_EMIT contentHeightChanged();
    }
    update();
}

QSize LanesWidget::sizeHint() const { return {theme().px(900), m_contentHeight}; }

int LanesWidget::heightForWidth(int width) const
{
    QList<TilePlace> places;
    QList<LanePlace> lanes;
    return layOut(width, places, lanes);
}

void LanesWidget::resizeEvent(QResizeEvent *) { relayout(); }

void LanesWidget::setSelected(const QString &host)
{
    m_selected = host;
    update();
}

void LanesWidget::select(int index, bool byUser)
{
    if (index < 0 || index >= m_places.size())
        return;
    m_selected = tile(index).host;
    update();
    Q_EMIT tileRevealed(m_places[index].rect.adjusted(0, -theme().px(10), 0, theme().px(10)));
    QAccessibleEvent focused(this, QAccessible::Focus);
    focused.setChild(index);
    QAccessible::updateAccessibility(&focused);
    if (byUser)
        Q_EMIT hostSelected(m_selected);
}

// The nearest tile in the row above or below, the next one beside.
int LanesWidget::neighbour(int index, int key) const
{
    const int step = key == Qt::Key_Right ? 1 : -1;
    if (key == Qt::Key_Left || key == Qt::Key_Right)
        return std::clamp<int>(index + step, 0, tileCount() - 1);
    const QRect from = m_places[index].rect;
    const bool down = key == Qt::Key_Down;
    int best = index;
    qint64 cost = std::numeric_limits<qint64>::max();
    for (int i = 0; i < m_places.size(); ++i) {
        const QRect to = m_places[i].rect;
        const int dy = down ? to.top() - from.bottom() : from.top() - to.bottom();
        if (dy <= 0)
            continue;
        const qint64 price = qint64{dy} * 10'000 + std::abs(to.center().x() - from.center().x());
        if (price < cost) {
            cost = price;
            best = i;
        }
    }
    return best;
}

void LanesWidget::keyPressEvent(QKeyEvent *event)
{
    const int now = indexOf(m_selected);
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Up:
    case Qt::Key_Down: select(now < 0 ? 0 : neighbour(now, event->key()), true); return;
    case Qt::Key_Home: select(0, true); return;
    case Qt::Key_End: select(tileCount() - 1, true); return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (now >= 0)
            Q_EMIT hostActivated(m_selected);
        return;
    default: QWidget::keyPressEvent(event);
    }
}

int LanesWidget::tileAt(const QPoint &where) const
{
    for (int i = 0; i < m_places.size(); ++i)
        if (m_places[i].rect.contains(where))
            return i;
    return -1;
}

void LanesWidget::mousePressEvent(QMouseEvent *event)
{
    for (int l = 0; l < m_lanePlaces.size(); ++l) {
        if (m_lanePlaces[l].hidden > 0 && m_lanePlaces[l].more.contains(event->pos())) {
            m_expanded.insert(l);
            relayout();
            return;
        }
    }
    select(tileAt(event->pos()), true);
}

void LanesWidget::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (tileAt(event->pos()) >= 0)
        Q_EMIT hostActivated(m_selected);
}

void LanesWidget::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    if (indexOf(m_selected) < 0 && tileCount() > 0 && event->reason() != Qt::MouseFocusReason)
        select(0, true);
    update();
}

void LanesWidget::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    update();
}

bool LanesWidget::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        auto *help = static_cast<QHelpEvent *>(event);
        const int index = tileAt(help->pos());
        if (index >= 0)
            QToolTip::showText(help->globalPos(), plainToolTip(tile(index).toolTip), this, m_places[index].rect);
        else
            QToolTip::hideText();
        return true;
    }
    return QWidget::event(event);
}

} // namespace bellwether
