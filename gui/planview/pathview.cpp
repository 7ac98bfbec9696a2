#include "planview/pathview.h"

#include "text/format.h"
#include "widgets/button.h"

#include <QPainter>

namespace bellwether {

PathView::PathView(QWidget *parent) : QWidget(parent)
{
    setAccessibleName(tr("Path"));
    connect(&theme(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize PathView::sizeHint() const { return {theme().px(420), theme().px(48)}; }
QSize PathView::minimumSizeHint() const { return {theme().px(160), theme().px(48)}; }

void PathView::setPlan(const Plan *plan)
{
    m_stations.clear();
    QStringList spoken;
    if (plan) {
        QMap<Version, int> starts;
        QMap<Version, int> migrations;
        for (const PlanHost &host : plan->hosts) {
            if (host.hops.isEmpty())
                continue;
            ++starts[host.from];
            for (const Hop &hop : host.hops)
                migrations[hop.to] = static_cast<int>(hop.migrations.size());
        }
        QMap<Version, bool> all;
        for (auto it = starts.cbegin(); it != starts.cend(); ++it)
            all.insert(it.key(), true);
        for (auto it = migrations.cbegin(); it != migrations.cend(); ++it)
            all.insert(it.key(), true);
        int hop = 0;
        for (auto it = all.cbegin(); it != all.cend(); ++it) {
            Station station;
            station.version = it.key().toString();
            station.target = it.key() == plan->to;
            station.hosts = starts.contains(it.key()) ? hostsText(starts.value(it.key())) : station.target ? tr("target") : QString();
            if (migrations.contains(it.key())) {
                const int count = migrations.value(it.key());
                station.hop = tr("hop %1, %2").arg(++hop).arg(count == 1 ? tr("1 migration") : tr("%1 migrations").arg(count));
            }
            spoken << station.version + QLatin1Char(' ') + station.hosts;
            m_stations << station;
        }
    }
    setAccessibleDescription(spoken.join(QStringLiteral(", ")));
    setToolTip(plainToolTip(spoken.join(QStringLiteral(", "))));
    update();
}

void PathView::paintEvent(QPaintEvent *)
{
    if (m_stations.isEmpty())
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const auto count = static_cast<int>(m_stations.size());
    const int left = theme().px(16), step = count > 1 ? qMin(theme().px(190), (width() - left - theme().px(90)) / (count - 1)) : 0;
    const int y = theme().px(24), r = theme().px(6);
    painter.setPen(QPen(theme().colour(Role::Control), 2));
    painter.drawLine(left, y, left + step * (count - 1), y);
    for (int i = 0; i < count; ++i) {
        const Station &station = m_stations[i];
        const int x = left + i * step;
        painter.setPen(QPen(theme().colour(i == 0 ? Role::Control : Role::Text), 2));
        painter.setBrush(theme().colour(station.target ? Role::Text : Role::Raised));
        painter.drawEllipse(QPoint(x, y), r, r);
        painter.setFont(theme().font(TextRole::Small));
        painter.setPen(theme().colour(Role::Muted));
        if (!station.hop.isEmpty())
            painter.drawText(QRect(x - step + r, 0, step - 2 * r, theme().px(16)), Qt::AlignCenter | Qt::TextSingleLine,
                             painter.fontMetrics().elidedText(station.hop, Qt::ElideRight, step - 2 * r));
        QFont mono = theme().font(TextRole::Mono);
        mono.setWeight(station.target ? QFont::Bold : QFont::Normal);
        painter.setFont(mono);
        painter.setPen(theme().colour(Role::Text));
        const QRect under(x - theme().px(14), y + r + theme().px(2), qMax(step, theme().px(120)), theme().px(16));
        painter.drawText(under, Qt::AlignVCenter | Qt::TextSingleLine, station.version);
        const int used = painter.fontMetrics().horizontalAdvance(station.version) + theme().px(8);
        painter.setFont(theme().font(TextRole::Small));
        painter.setPen(theme().colour(Role::Muted));
        painter.drawText(under.adjusted(used, 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine,
                         painter.fontMetrics().elidedText(station.hosts, Qt::ElideRight, under.width() - used));
    }
}

} // namespace bellwether
