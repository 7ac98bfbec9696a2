#include "shell/statusline.h"

#include "rollout/snapshot.h"
#include "text/format.h"
#include "text/words.h"
#include "widgets/button.h"
#include "widgets/icons.h"

#include <QBoxLayout>
#include <QDateTime>
#include <QPainter>

namespace bellwether {

namespace {

class ProductionSegment final : public QWidget {
public:
    ProductionSegment() { setAccessibleName(productionLook().word); }
    QSize sizeHint() const override
    {
        return {QFontMetrics(font()).horizontalAdvance(word()) + theme().px(44), theme().metric(Metric::StatusBar)};
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().colour(Role::ProductionFill));
        const QColor ink = theme().colour(Role::OnProduction);
        const int size = theme().px(12);
        paintIcon(painter, QRectF(theme().px(10), (height() - size) / 2.0, size, size), productionLook().icon, ink);
        painter.setFont(font());
        painter.setPen(ink);
        painter.drawText(rect().adjusted(theme().px(27), 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine, word());
    }

private:
    static QString word() { return productionLook().word.toUpper(); }
    static QFont font()
    {
        QFont font = theme().font(TextRole::Small);
        font.setWeight(QFont::Bold);
        return font;
    }
};

} // namespace

StatusLine::StatusLine(QWidget *parent)
    : QWidget(parent), m_production(new ProductionSegment), m_hosts(new Label({}, TextRole::Small, Role::Muted)),
      m_journal(new Label({}, TextRole::Small, Role::Muted)), m_said(new Label({}, TextRole::Small, Role::Text)),
      m_time(new Label({}, TextRole::Small, Role::Muted))
{
    setFixedHeight(theme().metric(Metric::StatusBar));
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, theme().px(12), 0);
    row->setSpacing(theme().px(20));
    row->addWidget(m_production);
    row->addSpacing(0);
    row->addWidget(m_hosts);
    row->addWidget(m_journal);
    m_said->setElided(true);
    row->addWidget(m_said, 1);
    row->addWidget(m_time);
    m_production->hide();
}

void StatusLine::setSnapshot(const ConsoleSnapshot &snapshot)
{
    m_hosts->setText(tr("%1, %2 connected").arg(hostsText(static_cast<int>(snapshot.fleet.size()))).arg(snapshot.connected));
    m_journal->setText(tr("Journal %1, %2 events").arg(snapshot.journalState, numberText(snapshot.journalEvents)));
    const bool bad = snapshot.journalState.startsWith(QLatin1String("broken"))
        || snapshot.journalState.startsWith(QLatin1String("failing"));
    if (bad)
        m_journal->setColour(StateRole::Failed);
    else
        m_journal->setColour(Role::Muted);
}

void StatusLine::setProduction(bool production)
{
    m_production->setVisible(production);
    m_hosts->setContentsMargins(production ? 0 : theme().px(12), 0, 0, 0);
}

void StatusLine::tick(qint64 nowMs)
{
    m_time->setText(localAndUtcText(nowMs));
    m_time->setToolTip(utcText(nowMs));
    if (m_saidUntil != 0 && nowMs > m_saidUntil) {
        m_said->setFullText({});
        m_saidUntil = 0;
    }
}

void StatusLine::say(const QString &sentence)
{
    m_said->setFullText(sentence);
    m_saidUntil = QDateTime::currentMSecsSinceEpoch() + 8000;
}

void StatusLine::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().colour(Role::Sunken));
}

} // namespace bellwether
