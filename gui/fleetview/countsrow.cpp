#include "fleetview/countsrow.h"

#include "widgets/icons.h"

#include <QBoxLayout>
#include <QPainter>
#include <QToolButton>

namespace bellwether {

class CountButton final : public QToolButton {
public:
    explicit CountButton(FleetState state) : m_look(look(state))
    {
        setCheckable(true);
        setFocusPolicy(Qt::StrongFocus);
        setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    }
    void setCount(int count)
    {
        m_count = count;
        setAccessibleName(CountsRow::tr("%1: %2, filter").arg(m_look.word).arg(count));
        updateGeometry();
        update();
    }
    QSize sizeHint() const override
    {
        const int words = QFontMetrics(theme().font(TextRole::Body)).horizontalAdvance(m_look.word)
            + QFontMetrics(theme().font(TextRole::BodyBold)).horizontalAdvance(QString::number(m_count));
        return {words + theme().px(14 + 5 + 6 + 30), theme().px(30)};
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        if (isChecked() || underMouse())
            painter.fillRect(rect(), theme().colour(isChecked() ? Role::Selection : Role::Surface));
        painter.setPen(theme().colour(Role::Border));
        painter.drawLine(width() - 1, 0, width() - 1, height());
        const QColor ink = theme().colour(m_look.role);
        int x = theme().px(15);
        const int size = theme().px(14);
        paintIcon(painter, QRectF(x, (height() - size) / 2.0, size, size), m_look.icon, ink);
        x += size + theme().px(5);
        painter.setFont(theme().font(TextRole::Body));
        painter.setPen(ink);
        painter.drawText(rect().adjusted(x, 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine, m_look.word);
        x += painter.fontMetrics().horizontalAdvance(m_look.word) + theme().px(6);
        painter.setFont(theme().font(TextRole::BodyBold));
        painter.setPen(theme().colour(Role::Text));
        painter.drawText(rect().adjusted(x, 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine, QString::number(m_count));
    }

private:
    StateLook m_look;
    int m_count = 0;
};

namespace {
// The order of the pictures: the calm one first, then by weight.
const FleetState order[] = {FleetState::Healthy, FleetState::Upgrading, FleetState::Starting, FleetState::Unhealthy,
                            FleetState::Failed, FleetState::HalfMigrated, FleetState::RollbackFailed, FleetState::InDoubt,
                            FleetState::Unreachable, FleetState::Deferred, FleetState::KeyUnknown, FleetState::KeyChanged,
                            FleetState::Unknown};
} // namespace

CountsRow::CountsRow(QWidget *parent) : QWidget(parent), m_row(new QHBoxLayout(this))
{
    setAccessibleName(tr("Hosts by state"));
    m_row->setContentsMargins(0, 0, 0, 1);
    m_row->setSpacing(0);
    for (const FleetState state : order) {
        auto *button = new CountButton(state);
        m_buttons.insert(state, button);
        m_row->addWidget(button);
        button->hide();
        connect(button, &QToolButton::toggled, this, [this, state](bool on) {
            if (on)
                m_chosen.insert(state);
            else
                m_chosen.remove(state);
            Q_EMIT chosenChanged();
        });
    }
    m_row->addStretch();
    setFixedHeight(theme().px(31));
}

void CountsRow::setCounts(const QMap<FleetState, int> &counts)
{
    for (auto it = m_buttons.cbegin(); it != m_buttons.cend(); ++it) {
        const int count = counts.value(it.key());
        (*it)->setCount(count);
        (*it)->setVisible(count > 0 || (*it)->isChecked());
    }
}

bool CountsRow::clear()
{
    const bool any = !m_chosen.isEmpty();
    for (CountButton *button : std::as_const(m_buttons))
        button->setChecked(false);
    return any;
}

void CountsRow::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().colour(Role::Raised));
    painter.setPen(theme().colour(Role::Border));
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

} // namespace bellwether
