#include "planview/estimateview.h"

#include "text/format.h"
#include "widgets/theme.h"

#include <QDateTime>
#include <QPainter>
#include <algorithm>

namespace bellwether {

QList<WaveEstimate> estimateOf(const Plan &plan)
{
    QList<WaveEstimate> waves;
    int at = 0;
    for (int i = 0; i < plan.waves.size(); ++i) {
        WaveEstimate wave;
        wave.name = plan.waves[i].name;
        int longest = 0, sum = 0, hops = 1;
        for (const QString &name : plan.waves[i].hosts) {
            const PlanHost *host = plan.host(name);
            if (!host)
                continue;
            wave.known &= host->estimateS > 0;
            longest = qMax(longest, host->estimateS);
            sum += host->estimateS;
            hops = qMax(hops, static_cast<int>(host->hops.size()));
        }
        const auto count = static_cast<int>(plan.waves[i].hosts.size());
        const int parallel = qMax(1, i == 0 ? 1 : i == 1 ? plan.strategy.parallel : plan.strategy.parallelLater);
        wave.workS = i == 0 ? sum : (count + parallel - 1) / parallel * longest;
        for (int hop = 0; hop < hops; ++hop)
            wave.bakeS += gateBakeS(plan, i, hop);
        wave.fromS = at;
        at += wave.workS + wave.bakeS;
        waves << wave;
    }
    return waves;
}

EstimateView::EstimateView(QWidget *parent) : QWidget(parent)
{
    setAccessibleName(tr("Estimate"));
    connect(&theme(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize EstimateView::sizeHint() const { return {theme().px(400), theme().px(150)}; }

void EstimateView::setPlan(const Plan &plan)
{
    m_waves = estimateOf(plan);
    setAccessibleDescription(sentence());
    update();
}

void EstimateView::setNow(qint64 nowMs)
{
    m_nowMs = nowMs;
    update();
}

QString EstimateView::sentence() const
{
    if (m_waves.isEmpty())
        return {};
    const WaveEstimate &last = m_waves.last();
    const qint64 total = (last.fromS + last.workS + last.bakeS) * 1000LL;
    const bool known = std::all_of(m_waves.cbegin(), m_waves.cend(), [](const WaveEstimate &wave) { return wave.known; });
    const QString text = known ? tr("about %1 in all").arg(durationText(total)) : tr("at least %1: some releases have no estimate").arg(durationText(total));
    return tr("%1, ends about %2 if started now").arg(text, timeText(m_nowMs + total).left(5));
}

void EstimateView::paintEvent(QPaintEvent *)
{
    if (m_waves.isEmpty())
        return;
    QPainter painter(this);
    const int left = theme().px(104), right = width() - theme().px(20), top = theme().px(26);
    const int total = qMax(60, m_waves.last().fromS + m_waves.last().workS + m_waves.last().bakeS);
    static const int steps[] = {10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400};
    int step = 86400;
    for (const int candidate : steps)
        if (total / candidate <= 8) {
            step = candidate;
            break;
        }
    const qint64 startS = m_nowMs / 1000;
    const auto x = [&](double seconds) { return left + static_cast<int>(seconds / (total * 1.04) * (right - left)); };
    painter.setFont(theme().font(TextRole::Small));
    const qint64 offset = QDateTime::currentDateTime().offsetFromUtc();
    for (qint64 tick = ((startS + offset) / step + 1) * step - offset; tick <= startS + total * 1.04; tick += step) {
        const int at = x(static_cast<double>(tick - startS));
        painter.setPen(theme().colour(Role::Border));
        painter.drawLine(at, top, at, height() - theme().px(6));
        painter.setPen(theme().colour(Role::Muted));
        painter.drawText(QRect(at - theme().px(40), theme().px(4), theme().px(80), theme().px(18)), Qt::AlignCenter,
                         timeText(tick * 1000).left(step < 60 ? 8 : 5));
    }
    const auto count = static_cast<int>(m_waves.size());
    const int row = qBound(theme().px(16), (height() - top - theme().px(6)) / qMax(1, count), theme().px(24));
    for (int i = 0; i < count; ++i) {
        const WaveEstimate &wave = m_waves[i];
        const QRect line(left, top + i * row + 2, right - left, row - 4);
        painter.fillRect(line, theme().colour(Role::Sunken));
        painter.setFont(theme().font(TextRole::Table));
        painter.setPen(theme().colour(Role::Text));
        painter.drawText(QRect(theme().px(12), line.top(), left - theme().px(16), line.height()), Qt::AlignVCenter | Qt::TextSingleLine, wave.name);
        const QRect work(x(wave.fromS), line.top() + 2, qMax(2, x(wave.fromS + wave.workS) - x(wave.fromS)), line.height() - 4);
        painter.fillRect(work, theme().colour(Role::Accent));
        const QRect bake(work.right() + 1, work.top(), qMax(0, x(wave.fromS + wave.workS + wave.bakeS) - work.right() - 1), work.height() - 1);
        if (bake.width() > 1) {
            painter.setPen(theme().colour(StateRole::Canary));
            painter.setBrush(theme().tint(StateRole::Canary));
            painter.drawRect(bake.adjusted(0, 0, -1, 0));
        }
    }
}

} // namespace bellwether
