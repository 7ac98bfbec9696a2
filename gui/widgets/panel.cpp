#include "widgets/panel.h"

#include "widgets/icons.h"

#include <QBoxLayout>
#include <QPainter>
#include <QPainterPath>

namespace bellwether {

Panel::Panel(const QString &title, const QString &icon, QWidget *parent)
    : QFrame(parent), m_header(new QWidget(this)), m_headerLayout(new QHBoxLayout(m_header)), m_body(new QVBoxLayout),
      m_title(new Label(title, TextRole::TableBold)), m_about(new Label({}, TextRole::Table, Role::Muted))
{
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(1, 1, 1, 1);
    all->setSpacing(0);
    all->addWidget(m_header);
    all->addLayout(m_body, 1);
    m_body->setContentsMargins(0, 0, 0, 0);
    m_body->setSpacing(0);
    m_headerLayout->setContentsMargins(theme().px(10), 0, theme().px(6), 0);
    m_headerLayout->setSpacing(theme().px(8));
    if (!icon.isEmpty())
        m_headerLayout->addWidget(new IconLabel(icon, 14, Role::Text));
    m_headerLayout->addWidget(m_title);
    m_about->setElided(true);
    m_headerLayout->addWidget(m_about, 1);
    setAccessibleName(title);
    measure();
    connect(&theme(), &Theme::changed, this, &Panel::measure);
}

void Panel::measure()
{
    m_header->setFixedHeight(theme().metric(Metric::PanelHeader));
    update();
}

void Panel::setTitle(const QString &title)
{
    m_title->setText(title);
    setAccessibleName(title);
}

void Panel::setAbout(const QString &text) { m_about->setFullText(text); }
void Panel::addToHeader(QWidget *widget) { m_headerLayout->addWidget(widget); }

void Panel::setOutline(std::optional<StateRole> role)
{
    m_outline = role;
    update();
}

void Panel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    QPainterPath path;
    path.addRoundedRect(frame, 4, 4);
    painter.fillPath(path, theme().colour(Role::Raised));
    painter.save();
    painter.setClipPath(path);
    const int line = m_header->geometry().bottom() + 1;
    painter.fillRect(QRect(0, 0, width(), line), theme().colour(Role::Surface));
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(theme().colour(Role::Border));
    painter.drawLine(0, line - 1, width(), line - 1);
    painter.restore();
    painter.setPen(m_outline ? QPen(theme().colour(*m_outline), 1.5) : QPen(theme().colour(Role::Border), 1));
    painter.drawPath(path);
}

IconLabel::IconLabel(const QString &name, int size, Role role, QWidget *parent)
    : QWidget(parent), m_name(name), m_size(size), m_role(role)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    connect(&theme(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

IconLabel::IconLabel(const QString &name, int size, StateRole role, QWidget *parent)
    : IconLabel(name, size, Role::Text, parent)
{
    m_role = role;
}

void IconLabel::set(const QString &name, StateRole role)
{
    m_name = name;
    m_role = role;
    update();
}

void IconLabel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    if (!m_name.isEmpty())
        paintIcon(painter, rect(), m_name, std::visit([](auto role) { return theme().colour(role); }, m_role));
}

} // namespace bellwether
