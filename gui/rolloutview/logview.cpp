#include "rolloutview/logview.h"

#include "text/format.h"
#include "widgets/icons.h"

#include <QAccessible>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QTextOption>
#include <algorithm>

namespace bellwether {
namespace {

constexpr qint64 mostCopied = 200'000; // lines

} // namespace

LogView::LogView(LogService &service, QWidget *parent) : QAbstractScrollArea(parent), m_service(service)
{
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    viewport()->setCursor(Qt::IBeamCursor);
    setAccessibleName(tr("Log"));
    setProperty("ownFocus", true); // the line one is on carries the mark
    connect(&service, &LogService::documentChanged, this, &LogView::documentGrew);
    connect(&service, &LogService::hitsChanged, viewport(), qOverload<>(&QWidget::update));
    connect(&theme(), &Theme::changed, this, &LogView::updateBars);
    connect(verticalScrollBar(), &QScrollBar::actionTriggered, this, [this](int action) {
        // a hand on the bar wants to read, not to follow
        if (action != QAbstractSlider::SliderNoAction)
            setFollow(verticalScrollBar()->sliderPosition() >= verticalScrollBar()->maximum());
    });
}

int LogView::lineHeight() const { return theme().metric(Metric::LogLine); }

int LogView::gutter() const
{
    qint64 most = 0;
    for (int i = 0; i < document().parts(); ++i)
        most = std::max(most, document().lines(i).left + document().lines(i).lines);
    const int digits = std::max(4, static_cast<int>(QString::number(most).size()));
    return QFontMetrics(theme().font(TextRole::Mono)).horizontalAdvance(QLatin1Char('0')) * digits + theme().px(34);
}

QString LogView::textOf(const LogPlace &place) const
{
    if (place.line >= 0)
        return document().text(place).text;
    const LogPartLines &lines = document().lines(place.part);
    QString title = document().part(place.part).title;
    if (!lines.problem.isEmpty())
        title += tr(" \u2013 its output cannot be read: %1").arg(lines.problem);
    else if (lines.lines == 0)
        title += tr(" \u2013 no output");
    if (lines.left > 0)
        title += tr(" \u2013 the first %1 lines are not kept here; Save writes them all").arg(numberText(lines.left));
    return title;
}

qreal LogView::textWidth() const
{
    return std::max(theme().px(80), viewport()->width() - gutter() - theme().px(6));
}

std::unique_ptr<QTextLayout> LogView::layOut(const LogPlace &place) const
{
    QFont font = theme().font(TextRole::Mono);
    if (place.line < 0)
        font = theme().font(TextRole::TableBold);
    const QString text = textOf(place);
    auto layout = std::make_unique<QTextLayout>(text, font);
    QTextOption option;
    option.setTextDirection(Qt::LeftToRight);
    option.setWrapMode(m_wrap ? QTextOption::WrapAnywhere : QTextOption::NoWrap);
    layout->setTextOption(option);
    layout->setFormats(marks(place, text));
    layout->beginLayout();
    for (QTextLine line = layout->createLine(); line.isValid(); line = layout->createLine()) {
        line.setLineWidth(m_wrap ? textWidth() : 1e7);
        const int count = layout->lineCount() - 1;
        line.setPosition(QPointF(0, count * lineHeight() + (lineHeight() - line.height()) / 2.0));
    }
    layout->endLayout();
    return layout;
}

int LogView::visualLines(qint64 row) const
{
    return m_wrap ? std::max(1, layOut(document().place(row))->lineCount()) : 1;
}

QList<QTextLayout::FormatRange> LogView::marks(const LogPlace &place, const QString &text) const
{
    QList<QTextLayout::FormatRange> ranges;
    if (!m_needle.isEmpty() && place.line >= 0) {
        QTextCharFormat format;
        format.setBackground(theme().tint(StateRole::Canary));
        format.setForeground(theme().colour(Role::Text));
        format.setFontUnderline(true);
        for (qsizetype at = text.indexOf(m_needle, 0, Qt::CaseInsensitive); at >= 0;
             at = text.indexOf(m_needle, at + m_needle.size(), Qt::CaseInsensitive))
            ranges.append({static_cast<int>(at), static_cast<int>(m_needle.size()), format});
    }
    const Point from = std::min(m_anchor, m_head), to = std::max(m_anchor, m_head);
    if (from != to && place >= from.place && place <= to.place) {
        const int begin = place == from.place ? from.column : 0;
        const int end = place == to.place ? to.column : static_cast<int>(text.size());
        QTextCharFormat format;
        format.setBackground(theme().colour(Role::Accent));
        format.setForeground(theme().colour(Role::OnAccent));
        if (end > begin)
            ranges.append({begin, end - begin, format});
    }
    return ranges;
}

void LogView::paintEvent(QPaintEvent *)
{
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), theme().colour(Role::Raised));
    if (document().rows() == 0) {
        painter.setFont(theme().font(TextRole::Body));
        painter.setPen(theme().colour(Role::Muted));
        painter.drawText(viewport()->rect().adjusted(12, 12, -12, -12), Qt::AlignCenter | Qt::TextWordWrap, m_empty);
        return;
    }
    int y = -m_sub * lineHeight();
    int widest = m_widest;
    for (qint64 row = m_top; row < document().rows() && y < viewport()->height(); ++row) {
        const LogPlace place = document().place(row);
        const auto layout = layOut(place);
        const int height = std::max(1, layout->lineCount()) * lineHeight();
        paintRow(painter, row, place, *layout, y, height);
        widest = std::max(widest, static_cast<int>(layout->maximumWidth()));
        y += height;
    }
    if (!m_wrap && widest != m_widest) {
        m_widest = widest;
        QMetaObject::invokeMethod(this, &LogView::updateBars, Qt::QueuedConnection);
    }
}

void LogView::paintRow(QPainter &painter, qint64, const LogPlace &place, QTextLayout &layout, int y, int height) const
{
    const QRect all(0, y, viewport()->width(), height);
    const bool title = place.line < 0;
    const LogLevel level = title ? LogLevel::Plain : document().text(place).level;
    QColor ink = theme().colour(Role::Text);
    if (level != LogLevel::Plain) {
        const StateRole role = level == LogLevel::Error ? StateRole::Failed : StateRole::Warning;
        ink = theme().colour(role);
        painter.fillRect(all, theme().tint(role));
    }
    if (title)
        painter.fillRect(all, theme().colour(Role::Surface));
    if (place == m_current)
        painter.fillRect(all, theme().colour(Role::Selection));
    if (place == m_current && hasFocus())
        painter.fillRect(QRect(0, y, theme().px(2), height), theme().colour(Role::Focus));

    const int left = gutter(), icon = theme().px(12);
    if (level != LogLevel::Plain)
        paintIcon(painter, QRectF(theme().px(6), y + (lineHeight() - icon) / 2.0, icon, icon),
                  level == LogLevel::Error ? QStringLiteral("state/failed") : QStringLiteral("state/warning"), ink);
    if (!title) {
        painter.setFont(theme().font(TextRole::Mono));
        painter.setPen(theme().colour(Role::Muted));
        painter.drawText(QRect(0, y, left - theme().px(10), lineHeight()), Qt::AlignRight | Qt::AlignVCenter,
                         QString::number(document().lines(place.part).left + place.line + 1));
    }
    painter.save();
    const int begin = title ? theme().px(10) : left;
    painter.setClipRect(QRect(begin, y, viewport()->width() - begin, height));
    painter.setPen(title ? theme().colour(Role::Muted) : ink);
    layout.draw(&painter, QPointF(begin - (title ? 0 : horizontalScrollBar()->value()), y));
    painter.restore();
}

void LogView::updateBars()
{
    const int page = std::max(1, viewport()->height() / lineHeight());
    m_moving = true;
    verticalScrollBar()->setPageStep(page);
    verticalScrollBar()->setRange(0, static_cast<int>(std::max<qint64>(0, document().rows() - (m_wrap ? 1 : page))));
    horizontalScrollBar()->setRange(0, m_wrap ? 0 : std::max(0, m_widest - static_cast<int>(textWidth())));
    horizontalScrollBar()->setPageStep(static_cast<int>(textWidth()));
    m_moving = false;
    if (m_follow)
        toEnd();
    else
        setTop(std::min<qint64>(m_top, verticalScrollBar()->maximum()), m_sub);
}

void LogView::documentGrew()
{
    if (document().rows() == 0)
        m_widest = 0;
    if (m_current.part >= document().parts())
        m_current = {0, -2};
    updateBars();
    viewport()->update();
}

void LogView::toEnd()
{
    int room = viewport()->height() / lineHeight();
    qint64 row = document().rows();
    while (row > 0 && room > 0)
        room -= visualLines(--row);
    setTop(std::max<qint64>(0, row), room < 0 ? -room : 0);
}

void LogView::setTop(qint64 row, int sub)
{
    m_top = std::clamp<qint64>(row, 0, std::max<qint64>(0, document().rows() - 1));
    m_sub = m_wrap ? sub : 0;
    m_moving = true;
    verticalScrollBar()->setValue(static_cast<int>(m_top));
    m_moving = false;
    viewport()->update();
}

void LogView::scrollLines(int delta)
{
    qint64 row = m_top;
    int sub = m_sub + delta;
    while (sub < 0 && row > 0)
        sub += visualLines(--row);
    for (int lines = visualLines(row); sub >= lines && row < document().rows() - 1; lines = visualLines(row)) {
        sub -= lines;
        ++row;
    }
    if (!m_wrap)
        row = std::min<qint64>(row, verticalScrollBar()->maximum());
    setTop(row, std::clamp(sub, 0, visualLines(row) - 1));
}

void LogView::scrollContentsBy(int, int)
{
    if (!m_moving) {
        m_top = verticalScrollBar()->value();
        m_sub = 0;
    }
    viewport()->update();
}

void LogView::setFollow(bool follow)
{
    if (follow == m_follow)
        return;
    m_follow = follow;
    if (follow)
        toEnd();
    Q_EMIT followChanged(follow);
}

void LogView::setWrap(bool wrap)
{
    m_wrap = wrap;
    m_sub = 0;
    horizontalScrollBar()->setValue(0);
    updateBars();
    viewport()->update();
}

void LogView::setNeedle(const QString &needle)
{
    m_needle = needle;
    viewport()->update();
}

void LogView::setEmptyText(const QString &text)
{
    m_empty = text;
    viewport()->update();
}

void LogView::ensureVisible(qint64 row)
{
    const int page = std::max(1, viewport()->height() / lineHeight());
    if (row < m_top || (row == m_top && m_sub > 0)) {
        setTop(row, 0);
        return;
    }
    int used = -m_sub;
    for (qint64 at = m_top; at <= row && used <= page; ++at)
        used += visualLines(at);
    if (used <= page && row - m_top < page)
        return;
    qint64 top = row;
    int room = page - visualLines(row);
    while (top > 0 && room >= visualLines(top - 1))
        room -= visualLines(--top);
    setTop(top, 0);
}

void LogView::setCurrent(const LogPlace &place, bool extend)
{
    m_current = place;
    m_head = {place, extend ? static_cast<int>(textOf(place).size()) : 0};
    if (!extend)
        m_anchor = m_head;
    setAccessibleDescription(textOf(place)); // a screen reader reads the line one is on
    QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&changed);
    ensureVisible(document().row(place));
    viewport()->update();
    Q_EMIT currentChanged();
}

void LogView::goTo(const LogPlace &place)
{
    if (document().rows() == 0)
        return;
    setFollow(false);
    const LogPlace there = document().place(document().row(place));
    setCurrent(there, false);
    const qint64 row = document().row(there);
    setTop(std::max<qint64>(0, row - viewport()->height() / lineHeight() / 3), 0); // with what led to it
    ensureVisible(row);
}

bool LogView::goToHit(int direction)
{
    const QList<LogPlace> &hits = m_service.hits();
    if (hits.isEmpty())
        return false;
    auto it = std::lower_bound(hits.begin(), hits.end(), m_current);
    if (direction > 0) {
        if (it != hits.end() && *it == m_current)
            ++it;
        if (it == hits.end())
            it = hits.begin();
    } else {
        it = it == hits.begin() ? hits.end() - 1 : it - 1;
    }
    goTo(*it);
    return true;
}

int LogView::hitNumber() const
{
    const qsizetype at = m_service.hits().indexOf(m_current);
    return static_cast<int>(at) + 1;
}

QString LogView::selectedText() const
{
    const Point from = std::min(m_anchor, m_head), to = std::max(m_anchor, m_head);
    if (document().rows() == 0)
        return {};
    if (from == to)
        return m_current.line >= -1 ? textOf(m_current) : QString();
    QStringList lines;
    const qint64 first = document().row(from.place), last = document().row(to.place);
    for (qint64 row = first; row <= last && row - first < mostCopied; ++row) {
        const LogPlace place = document().place(row);
        QString text = textOf(place);
        if (row == last)
            text.truncate(to.column);
        if (row == first)
            text.remove(0, from.column);
        lines.append(text);
    }
    return lines.join(QLatin1Char('\n'));
}

void LogView::copy()
{
    const QString text = selectedText();
    if (!text.isEmpty())
        QGuiApplication::clipboard()->setText(text);
}

void LogView::selectAll()
{
    if (document().rows() == 0)
        return;
    m_anchor = {document().place(0), 0};
    const LogPlace last = document().place(document().rows() - 1);
    m_head = {last, static_cast<int>(textOf(last).size())};
    viewport()->update();
}

LogView::Point LogView::pointAt(const QPoint &where) const
{
    qint64 row = m_top;
    int y = -m_sub * lineHeight();
    while (row < document().rows() - 1) {
        const int height = visualLines(row) * lineHeight();
        if (where.y() < y + height)
            break;
        y += height;
        ++row;
    }
    const LogPlace place = document().place(row);
    const auto layout = layOut(place);
    if (layout->lineCount() == 0)
        return {place, 0};
    const int line = std::clamp((where.y() - y) / lineHeight(), 0, layout->lineCount() - 1);
    const int begin = place.line < 0 ? theme().px(10) : gutter() - horizontalScrollBar()->value();
    return {place, layout->lineAt(line).xToCursor(where.x() - begin)};
}

void LogView::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton || document().rows() == 0)
        return;
    const Point point = pointAt(event->pos());
    m_current = point.place;
    m_head = point;
    if (!event->modifiers().testFlag(Qt::ShiftModifier))
        m_anchor = point;
    viewport()->update();
    Q_EMIT currentChanged();
}

void LogView::mouseMoveEvent(QMouseEvent *event)
{
    if (!event->buttons().testFlag(Qt::LeftButton) || document().rows() == 0)
        return;
    if (event->pos().y() < 0 || event->pos().y() > viewport()->height()) {
        setFollow(false);
        scrollLines(event->pos().y() < 0 ? -1 : 1);
    }
    m_head = pointAt(event->pos());
    viewport()->update();
}

void LogView::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (document().rows() == 0)
        return;
    const Point point = pointAt(event->pos());
    m_anchor = {point.place, 0};
    m_head = {point.place, static_cast<int>(textOf(point.place).size())};
    viewport()->update();
}

void LogView::wheelEvent(QWheelEvent *event)
{
    if (event->angleDelta().y() == 0) {
        QAbstractScrollArea::wheelEvent(event);
        return;
    }
    if (event->angleDelta().y() > 0)
        setFollow(false);
    scrollLines(-event->angleDelta().y() / 40);
    event->accept();
}

void LogView::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy))
        return copy();
    if (event->matches(QKeySequence::SelectAll))
        return selectAll();
    if (event->key() == Qt::Key_F3) {
        goToHit(event->modifiers().testFlag(Qt::ShiftModifier) ? -1 : 1);
        return;
    }
    const int page = std::max(1, viewport()->height() / lineHeight() - 1);
    const bool extend = event->modifiers().testFlag(Qt::ShiftModifier);
    const qint64 last = document().rows() - 1;
    qint64 row = m_current.line >= -1 ? document().row(m_current) : m_top;
    switch (event->key()) {
    case Qt::Key_Up: --row; break;
    case Qt::Key_Down: ++row; break;
    case Qt::Key_PageUp: row -= page; break;
    case Qt::Key_PageDown: row += page; break;
    case Qt::Key_Home: row = 0; break;
    case Qt::Key_End: row = last; break;
    case Qt::Key_Left: horizontalScrollBar()->triggerAction(QAbstractSlider::SliderSingleStepSub); return;
    case Qt::Key_Right: horizontalScrollBar()->triggerAction(QAbstractSlider::SliderSingleStepAdd); return;
    default: QAbstractScrollArea::keyPressEvent(event); return;
    }
    if (last < 0)
        return;
    row = std::clamp<qint64>(row, 0, last);
    setFollow(row == last);
    setCurrent(document().place(row), extend);
}

void LogView::contextMenuEvent(QContextMenuEvent *event)
{
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Copy"), QKeySequence::Copy, this, &LogView::copy);
    menu->addAction(tr("Select all"), QKeySequence::SelectAll, this, &LogView::selectAll);
    menu->popup(event->globalPos());
}

void LogView::focusInEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusInEvent(event);
    if (m_current.line < -1 && document().rows() > 0)
        m_current = document().place(document().rows() - 1);
    viewport()->update();
}

void LogView::resizeEvent(QResizeEvent *)
{
    updateBars();
}

} // namespace bellwether
