#include "rolloutview/timeline.h"

#include "text/format.h"
#include "widgets/button.h"
#include "widgets/icons.h"

#include <QDateTime>
#include <QHelpEvent>
#include <QPainter>
#include <QPainterPath>
#include <QScrollBar>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace bellwether {
namespace {

constexpr qint64 second = 1000, minute = 60 * second;
constexpr qint64 steps[] = {5 * second, 10 * second, 15 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute,
                            15 * minute, 30 * minute, 60 * minute, 120 * minute, 240 * minute, 720 * minute, 1440 * minute};

QString tickText(qint64 ms, qint64 step)
{
    return QDateTime::fromMSecsSinceEpoch(ms).toString(step < minute ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm"));
}

} // namespace

Timeline::Timeline(QWidget *parent) : QAbstractScrollArea(parent)
{
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(tr("Steps"));
    connect(&theme(), &Theme::changed, this, &Timeline::updateBars);
}

void Timeline::setRows(const QList<TimelineRow> &rows, qint64 nowMs, bool live)
{
    m_rows = rows;
    m_nowMs = nowMs;
    m_live = live;
    QStringList spoken;
    for (const TimelineRow &row : rows)
        spoken << row.host + QStringLiteral(": ") + (row.bars.isEmpty() ? row.note : row.bars.last().word);
    setAccessibleDescription(spoken.join(QStringLiteral("; ")));
    updateBars();
}

void Timeline::setNow(qint64 nowMs)
{
    m_nowMs = nowMs;
    if (m_live)
        viewport()->update();
}

void Timeline::setSelected(const QString &host)
{
    m_selected = host;
    viewport()->update();
}

int Timeline::contentHeight() const { return axisHeight() + static_cast<int>(std::max<qsizetype>(1, m_rows.size())) * rowHeight() + theme().px(6); }

void Timeline::updateBars()
{
    verticalScrollBar()->setSingleStep(rowHeight());
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setRange(0, std::max(0, contentHeight() - viewport()->height()));
    viewport()->update();
}

void Timeline::resizeEvent(QResizeEvent *) { updateBars(); }

Timeline::Span Timeline::all() const
{
    qint64 from = 0, to = 0;
    for (const TimelineRow &row : m_rows)
        for (const TimelineBar &bar : row.bars) {
            from = from == 0 ? bar.fromMs : std::min(from, bar.fromMs);
            to = std::max({to, bar.toMs, bar.fromMs});
        }
    if (m_live || to == 0)
        to = std::max(to, m_nowMs);
    if (from == 0)
        from = to - 10 * minute;
    const qint64 length = std::max(to - from, minute);
    return {from - length / 40, to + length * (m_live ? 20 : 3) / 100};
}

Timeline::Span Timeline::shown() const
{
    const Span whole = all();
    const double length = static_cast<double>(whole.toMs - whole.fromMs), part = length / m_zoom;
    const double from = std::clamp(length * m_centre - part / 2, 0.0, length - part);
    return {whole.fromMs + static_cast<qint64>(from), whole.fromMs + static_cast<qint64>(from + part)};
}

int Timeline::nameWidth() const
{
    const QFontMetrics metrics(theme().font(TextRole::Table));
    int width = theme().px(70);
    for (const TimelineRow &row : m_rows)
        width = std::max(width, metrics.horizontalAdvance(row.host));
    return std::min(width, theme().px(160)) + theme().px(42);
}

qreal Timeline::xOf(qint64 ms) const
{
    const Span span = shown();
    const qreal left = nameWidth(), width = std::max(1.0, viewport()->width() - left - theme().px(10));
    return left + width * static_cast<double>(ms - span.fromMs) / static_cast<double>(std::max<qint64>(1, span.toMs - span.fromMs));
}

QRectF Timeline::barRect(const TimelineBar &bar, int row) const
{
    const qreal from = xOf(bar.fromMs), to = xOf(bar.toMs > 0 ? bar.toMs : m_nowMs);
    const qreal y = axisHeight() + row * rowHeight() - verticalScrollBar()->value() + theme().px(3);
    return {from, y, std::max<qreal>(2, to - from), static_cast<qreal>(rowHeight() - theme().px(7))};
}

void Timeline::paintEvent(QPaintEvent *)
{
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), theme().colour(Role::Raised));
    const int label = QFontMetrics(theme().font(TextRole::Small)).horizontalAdvance(QStringLiteral("00:00:00")) + theme().px(40);
    painter.save();
    painter.setClipRect(QRect(0, axisHeight(), viewport()->width(), viewport()->height()));
    paintGrid(painter, tickStep(label));
    for (int i = 0; i < m_rows.size(); ++i)
        paintRow(painter, i);
    painter.restore();
    paintAxis(painter, label);
}

qint64 Timeline::tickStep(int label) const
{
    const Span span = shown();
    const qreal width = std::max(1, viewport()->width() - nameWidth());
    for (const qint64 candidate : steps)
        if (static_cast<double>(candidate) * width / static_cast<double>(std::max<qint64>(1, span.toMs - span.fromMs)) >= label)
            return candidate;
    return steps[std::size(steps) - 1];
}

void Timeline::paintGrid(QPainter &painter, qint64 step) const
{
    const Span span = shown();
    const qint64 offset = QDateTime::fromMSecsSinceEpoch(span.fromMs).offsetFromUtc() * second;
    painter.setPen(theme().colour(Role::Border));
    for (qint64 at = ((span.fromMs + offset) / step + 1) * step - offset; at < span.toMs; at += step)
        painter.drawLine(QPointF(xOf(at), axisHeight()), QPointF(xOf(at), viewport()->height() - theme().px(3)));
}

void Timeline::paintAxis(QPainter &painter, int label) const
{
    const Span span = shown();
    const qint64 step = tickStep(label);
    painter.setFont(theme().font(TextRole::Small));
    const qint64 offset = QDateTime::fromMSecsSinceEpoch(span.fromMs).offsetFromUtc() * second;
    const qreal now = xOf(m_nowMs);
    const QString nowText = tr("now %1").arg(tickText(m_nowMs, minute));
    QFont bold = theme().font(TextRole::Small);
    bold.setWeight(QFont::DemiBold);
    const qreal nowWidth = QFontMetricsF(bold).horizontalAdvance(nowText);
    const bool nowSeen = m_live && now >= nameWidth() && now <= viewport()->width();
    const qreal nowLeft = std::min(now + theme().px(4), viewport()->width() - nowWidth - theme().px(2));
    for (qint64 at = ((span.fromMs + offset) / step + 1) * step - offset; at < span.toMs; at += step) {
        const qreal x = xOf(at);
        const QRectF text(x - label / 2.0, 0, label, axisHeight());
        if (nowSeen && x + label / 2.5 > nowLeft && x - label / 2.5 < nowLeft + nowWidth)
            continue;
        painter.setPen(theme().colour(Role::Muted));
        painter.drawText(text, Qt::AlignCenter, tickText(at, step));
    }
    if (!nowSeen)
        return;
    painter.setPen(QPen(theme().colour(Role::Text), 1.5));
    painter.drawLine(QPointF(now, axisHeight() - theme().px(4)), QPointF(now, viewport()->height() - theme().px(3)));
    painter.setFont(bold);
    painter.drawText(QRectF(nowLeft, 0, nowWidth + 2, axisHeight()), Qt::AlignVCenter | Qt::AlignLeft, nowText);
}

void Timeline::paintRow(QPainter &painter, int index) const
{
    const TimelineRow &row = m_rows[index];
    const int y = axisHeight() + index * rowHeight() - verticalScrollBar()->value();
    if (y > viewport()->height() || y + rowHeight() < 0)
        return;
    const QRect rect(0, y, viewport()->width(), rowHeight());
    if (row.host == m_selected)
        painter.fillRect(rect.adjusted(0, 0, 0, -1), theme().colour(Role::Selection));
    painter.setPen(theme().colour(Role::Border));
    painter.drawLine(theme().px(8), rect.bottom(), rect.right() - theme().px(8), rect.bottom());
    const int icon = theme().px(14);
    if (row.canary)
        paintIcon(painter, QRectF(theme().px(14), y + (rowHeight() - icon) / 2.0, icon, icon), QStringLiteral("state/canary"),
                  theme().colour(StateRole::Canary));
    painter.setFont(theme().font(TextRole::Table));
    painter.setPen(theme().colour(Role::Text));
    const QRect name(theme().px(34), y, nameWidth() - theme().px(40), rowHeight());
    painter.drawText(name, Qt::AlignVCenter, painter.fontMetrics().elidedText(row.host, Qt::ElideMiddle, name.width()));
    if (row.bars.isEmpty()) {
        painter.setFont(theme().font(TextRole::Small));
        painter.setPen(theme().colour(Role::Muted));
        qreal x = m_live ? xOf(m_nowMs) + theme().px(8) : nameWidth() + theme().px(8);
        const int width = painter.fontMetrics().horizontalAdvance(row.note);
        if (x + width > viewport()->width() - theme().px(8)) // left of "now" when there is no room right of it
            x = std::max<qreal>(nameWidth(), xOf(m_nowMs) - width - theme().px(8));
        painter.drawText(QRectF(x, y, viewport()->width() - x, rowHeight()), Qt::AlignVCenter, row.note);
    }
    painter.save();
    painter.setClipRect(QRect(nameWidth(), axisHeight(), viewport()->width() - nameWidth(), viewport()->height()), Qt::IntersectClip);
    for (const TimelineBar &bar : row.bars)
        paintBar(painter, bar, barRect(bar, index));
    painter.restore();
}

void Timeline::paintBar(QPainter &painter, const TimelineBar &bar, const QRectF &rect) const
{
    QColor ink = theme().colour(Role::Raised);
    if (bar.bake) {
        painter.setPen(theme().colour(StateRole::Canary));
        painter.setBrush(theme().tint(StateRole::Canary));
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5));
        ink = theme().colour(StateRole::Canary);
    } else {
        QColor fill = bar.plain ? theme().colour(Role::Control) : theme().colour(bar.role);
        if (bar.failed)
            fill = theme().colour(StateRole::Failed);
        painter.fillRect(rect.adjusted(0, 0, rect.width() > 4 ? -1 : 0, 0), fill);
    }
    qreal left = rect.left() + theme().px(5);
    const int icon = theme().px(11);
    if (bar.failed && rect.width() >= icon + 4) {
        paintIcon(painter, QRectF(rect.left() + 2, rect.center().y() - icon / 2.0, icon, icon), QStringLiteral("state/failed"), ink);
        left += icon;
    }
    painter.setFont(theme().font(TextRole::Small));
    if (painter.fontMetrics().horizontalAdvance(bar.word) + (left - rect.left()) + theme().px(3) > rect.width())
        return; // words stand only where they fit; the tooltip has them all
    painter.setPen(ink);
    painter.drawText(QRectF(left, rect.top(), rect.width(), rect.height()), Qt::AlignVCenter, bar.word);
}

void Timeline::zoom(double factor, qreal x)
{
    const Span whole = all(), before = shown();
    const double length = static_cast<double>(whole.toMs - whole.fromMs);
    const double share = std::clamp((x - nameWidth()) / std::max(1.0, static_cast<double>(viewport()->width() - nameWidth())), 0.0, 1.0);
    const double at = static_cast<double>(before.fromMs - whole.fromMs) + share * static_cast<double>(before.toMs - before.fromMs);
    m_zoom = std::clamp(m_zoom * factor, 1.0, std::max(1.0, length / (10 * second)));
    m_centre = (at + (0.5 - share) * length / m_zoom) / length;
    viewport()->update();
}

void Timeline::wheelEvent(QWheelEvent *event)
{
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        zoom(std::pow(1.25, event->angleDelta().y() / 120.0), event->position().x());
        event->accept();
        return;
    }
    QAbstractScrollArea::wheelEvent(event);
}

void Timeline::keyPressEvent(QKeyEvent *event)
{
    const auto select = [this](int step) {
        const auto at = std::ranges::find(m_rows, m_selected, &TimelineRow::host) - m_rows.begin();
        if (!m_rows.isEmpty())
            Q_EMIT hostSelected(m_rows[std::clamp<qsizetype>(at + step, 0, m_rows.size() - 1)].host);
    };
    switch (event->key()) {
    case Qt::Key_Plus: zoom(1.5, viewport()->width() * 0.8); break;
    case Qt::Key_Minus: zoom(1 / 1.5, viewport()->width() * 0.8); break;
    case Qt::Key_0:
        m_zoom = m_centre = 1;
        viewport()->update();
        break;
    case Qt::Key_Left:
    case Qt::Key_Right:
        m_centre = std::clamp(m_centre + (event->key() == Qt::Key_Left ? -0.1 : 0.1) / m_zoom, 0.5 / m_zoom, 1 - 0.5 / m_zoom);
        viewport()->update();
        break;
    case Qt::Key_Up: select(-1); break;
    case Qt::Key_Down: select(1); break;
    default: QAbstractScrollArea::keyPressEvent(event);
    }
}

void Timeline::mousePressEvent(QMouseEvent *event)
{
    const int row = (event->pos().y() - axisHeight() + verticalScrollBar()->value()) / rowHeight();
    if (event->pos().y() >= axisHeight() && row < m_rows.size())
        Q_EMIT hostSelected(m_rows[row].host);
}

bool Timeline::viewportEvent(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QAbstractScrollArea::viewportEvent(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    for (int row = 0; row < m_rows.size(); ++row)
        for (const TimelineBar &bar : m_rows[row].bars)
            if (barRect(bar, row).adjusted(-2, 0, 2, 0).contains(help->pos())) {
                QToolTip::showText(help->globalPos(), plainToolTip(bar.toolTip), this);
                return true;
            }
    QToolTip::hideText();
    return true;
}

namespace {
struct Entry {
    const char *word;
    StateRole role;
    bool plain, bake;
};
constexpr Entry legend[] = {{QT_TRANSLATE_NOOP("bellwether::TimelineLegend", "preflight, stop"), StateRole::Waiting, true, false},
                            {QT_TRANSLATE_NOOP("bellwether::TimelineLegend", "back up"), StateRole::Deferred, false, false},
                            {QT_TRANSLATE_NOOP("bellwether::TimelineLegend", "migrate"), StateRole::Running, false, false},
                            {QT_TRANSLATE_NOOP("bellwether::TimelineLegend", "check"), StateRole::Healthy, false, false},
                            {QT_TRANSLATE_NOOP("bellwether::TimelineLegend", "bake"), StateRole::Canary, false, true},
                            {QT_TRANSLATE_NOOP("bellwether::TimelineLegend", "way back"), StateRole::Back, false, false}};
} // namespace

TimelineLegend::TimelineLegend(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(&theme(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize TimelineLegend::sizeHint() const
{
    const QFontMetrics metrics(theme().font(TextRole::Small));
    int width = 0;
    for (const Entry &entry : legend)
        width += metrics.horizontalAdvance(tr(entry.word)) + theme().px(24);
    return {width, theme().px(18)};
}

void TimelineLegend::paintEvent(QPaintEvent *)
{
    if (width() < sizeHint().width())
        return; // half a legend misleads
    QPainter painter(this);
    painter.setFont(theme().font(TextRole::Small));
    const int box = theme().px(9);
    qreal x = theme().px(6);
    for (const Entry &entry : legend) {
        const QRectF square(x + 0.5, (height() - box) / 2.0, box, box);
        painter.setPen(entry.bake ? QPen(theme().colour(entry.role)) : QPen(Qt::NoPen));
        painter.setBrush(entry.bake ? theme().tint(entry.role) : entry.plain ? theme().colour(Role::Control) : theme().colour(entry.role));
        painter.drawRect(square);
        x += box + theme().px(4);
        painter.setPen(theme().colour(Role::Muted));
        const int advance = painter.fontMetrics().horizontalAdvance(tr(entry.word));
        painter.drawText(QRectF(x, 0, advance + 2, height()), Qt::AlignVCenter, tr(entry.word));
        x += advance + theme().px(11);
    }
}

} // namespace bellwether
