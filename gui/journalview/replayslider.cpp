#include "journalview/replayslider.h"

#include "text/format.h"
#include "widgets/icons.h"

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>

namespace bellwether {

ReplaySlider::ReplaySlider(QWidget *parent) : QAbstractSlider(parent)
{
    setOrientation(Qt::Horizontal);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Moment of the rollout"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&theme(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ReplaySlider::setEvents(const JournalService::Events &events)
{
    // Of a rollout that goes on, only what was added is read.
    const qsizetype known = m_events->size();
    const bool longer = known > 0 && events->size() >= known && events->first().seq == m_events->first().seq && (*events)[known - 1].seq == m_events->last().seq;
    m_events = events;
    if (!longer) {
        m_phases.clear();
        m_marks.clear();
        m_wave.clear();
    }
    for (int i = longer ? static_cast<int>(known) : 0; i < events->size(); ++i) {
        const Event &event = (*events)[i];
        const EventLine line = lineOf(event);
        if (line.decision)
            m_marks.append({i, line});
        const auto begin = [&](const QString &word, StateRole role) {
            if (m_phases.isEmpty() || m_phases.last().word != word)
                m_phases.append({i, word, role});
        };
        if (const auto *opened = std::get_if<WaveOpened>(&event.body)) {
            m_wave = opened->wave == 0 ? tr("canary") : tr("wave %1").arg(opened->wave);
            begin(m_wave, StateRole::Running);
        } else if (std::holds_alternative<Paused>(event.body)) {
            begin(tr("paused"), StateRole::Warning);
        } else if (std::holds_alternative<Unpaused>(event.body) && !m_wave.isEmpty()) {
            begin(m_wave, StateRole::Running);
        } else if (std::holds_alternative<RollbackConfirmed>(event.body)) {
            begin(tr("rolling back"), StateRole::Back);
        } else if (const auto *gate = std::get_if<GateAssessed>(&event.body); gate && gate->verdict == GateVerdict::Pending) {
            begin(tr("gate"), StateRole::Canary);
        } else if (std::holds_alternative<RolloutEnded>(event.body)) {
            begin(tr("ended"), StateRole::Waiting);
        }
    }
    setRange(0, std::max(0, static_cast<int>(events->size()) - 1));
    update();
}

int ReplaySlider::nextDecision(int from, int direction) const
{
    int found = -1;
    for (const Mark &mark : m_marks) {
        if (direction > 0 && mark.index > from)
            return mark.index;
        if (direction < 0 && mark.index < from)
            found = mark.index;
    }
    return found;
}

int ReplaySlider::nextPhase(int from, int direction) const
{
    int found = -1;
    for (const Phase &phase : m_phases) {
        if (direction > 0 && phase.from > from)
            return phase.from;
        if (direction < 0 && phase.from < from)
            found = phase.from;
    }
    return found;
}

qreal ReplaySlider::xOf(int index) const
{
    const qreal left = theme().px(26), width = std::max(1.0, this->width() - 2 * left);
    if (m_events->size() < 2)
        return left;
    const qint64 from = m_events->first().wallMs, whole = std::max<qint64>(1, m_events->last().wallMs - from);
    return left + width * static_cast<double>((*m_events)[index].wallMs - from) / static_cast<double>(whole);
}

int ReplaySlider::indexAt(qreal x) const
{
    int low = 0, high = maximum();
    while (low < high) { // the last event not right of x
        const int middle = (low + high + 1) / 2;
        if (xOf(middle) <= x + 0.5)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

void ReplaySlider::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().colour(Role::Raised));
    painter.setFont(theme().font(TextRole::Small));
    if (m_events->isEmpty())
        return;
    const int icon = theme().px(12), words = theme().px(4), icons = theme().px(20), ticks = theme().px(36), band = theme().px(46), high = theme().px(14);
    painter.setPen(theme().colour(Role::Control));
    qreal last = -10;
    for (int i = 0; i < m_events->size(); ++i) {
        const qreal x = xOf(i);
        if (x - last < 1)
            continue; // a pixel holds one tick
        last = x;
        painter.drawLine(QPointF(x, ticks), QPointF(x, ticks + theme().px(5)));
    }
    for (int i = 0; i < m_phases.size(); ++i) {
        const qreal from = xOf(m_phases[i].from), to = i + 1 < m_phases.size() ? xOf(m_phases[i + 1].from) : xOf(maximum());
        const QRectF rect(from, band, std::max(2.0, to - from), high);
        painter.setPen(theme().colour(m_phases[i].role));
        painter.setBrush(theme().tint(m_phases[i].role));
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5));
        if (painter.fontMetrics().horizontalAdvance(m_phases[i].word) + theme().px(8) < rect.width())
            painter.drawText(rect.adjusted(theme().px(4), 0, 0, 0), Qt::AlignVCenter, m_phases[i].word);
    }
    qreal free = 0;
    for (const Mark &mark : m_marks) {
        const qreal x = xOf(mark.index);
        paintIcon(painter, QRectF(x - icon / 2.0, icons, icon, icon), mark.line.icon, theme().colour(mark.line.role));
        const int advance = painter.fontMetrics().horizontalAdvance(mark.line.mark);
        const qreal left = std::clamp(x - advance / 2.0, 2.0, std::max(2.0, width() - advance - 2.0));
        if (left < free)
            continue; // its word is in the journal below
        painter.setPen(theme().colour(mark.line.role));
        painter.drawText(QRectF(left, words, advance + 2, theme().px(14)), Qt::AlignLeft | Qt::AlignVCenter, mark.line.mark);
        free = left + advance + theme().px(10);
    }
    painter.setPen(theme().colour(Role::Muted));
    const int steps = std::max(1, width() / theme().px(130));
    const qint64 from = m_events->first().wallMs, whole = m_events->last().wallMs - from;
    for (int i = 0; i <= steps; ++i) {
        const qreal x = theme().px(26) + (width() - 2.0 * theme().px(26)) * i / steps;
        painter.drawText(QRectF(x - 50, band + high + theme().px(11), 100, theme().px(14)), Qt::AlignCenter, timeText(from + whole * i / steps));
    }
    const qreal now = xOf(value());
    painter.setPen(QPen(theme().colour(Role::Text), 1.5));
    painter.drawLine(QPointF(now, icons), QPointF(now, band + high));
    painter.fillRect(QRectF(now - theme().px(4), band + high, theme().px(9), theme().px(11)), theme().colour(Role::Accent));
}

void ReplaySlider::mousePressEvent(QMouseEvent *event) { setValue(indexAt(event->position().x())); }

void ReplaySlider::mouseMoveEvent(QMouseEvent *event)
{
    if (event->buttons().testFlag(Qt::LeftButton))
        setValue(indexAt(event->position().x()));
}

void ReplaySlider::keyPressEvent(QKeyEvent *event)
{
    const bool decision = event->modifiers().testFlag(Qt::ControlModifier);
    int to = -1;
    switch (event->key()) {
    case Qt::Key_Left: to = decision ? nextDecision(value(), -1) : value() - 1; break;
    case Qt::Key_Right: to = decision ? nextDecision(value(), 1) : value() + 1; break;
    case Qt::Key_PageDown: to = nextPhase(value(), 1); break;
    case Qt::Key_PageUp: to = nextPhase(value(), -1); break;
    case Qt::Key_Home: to = 0; break;
    case Qt::Key_End: to = maximum(); break;
    default: QAbstractSlider::keyPressEvent(event); return;
    }
    if (to >= 0)
        setValue(to);
}

void ReplaySlider::sliderChange(SliderChange change)
{
    QAbstractSlider::sliderChange(change);
    if (value() < m_events->size())
        setAccessibleDescription(timeText((*m_events)[value()].wallMs) + QStringLiteral(", ") + eventName((*m_events)[value()].body));
    update();
}

} // namespace bellwether
