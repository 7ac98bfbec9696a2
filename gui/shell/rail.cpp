#include "shell/rail.h"

#include "widgets/button.h"
#include "widgets/icons.h"

#include <QKeyEvent>
#include <QLayout>
#include <QPainter>

namespace bellwether {

RailButton::RailButton(const QString &icon, const QString &word, QWidget *parent)
    : QToolButton(parent), m_icon(icon), m_word(word)
{
    setAccessibleName(word);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void RailButton::setBadge(int count)
{
    if (m_badge == count)
        return;
    m_badge = count;
    setAccessibleName(count > 0 ? tr("%1, %2 running").arg(m_word).arg(count) : m_word);
    update();
}

void RailButton::setKeyCap(const QString &key)
{
    m_key = key;
    update();
}

void RailButton::setWord(const QString &word)
{
    m_word = word;
    setAccessibleName(word);
    update();
}

QSize RailButton::sizeHint() const { return {theme().metric(Metric::Rail), theme().px(52)}; }

void RailButton::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (isChecked())
        painter.fillRect(rect(), theme().colour(Role::Raised));
    else if (underMouse())
        painter.fillRect(rect(), theme().colour(Role::Surface));
    if (isChecked())
        painter.fillRect(0, 0, 3, height(), theme().colour(Role::Accent));
    const QColor ink = theme().colour(isChecked() ? Role::Text : Role::Muted);
    const int size = theme().px(18);
    const QRect icon((width() - size) / 2, theme().px(9), size, size);
    if (m_key.isEmpty()) {
        paintIcon(painter, icon, m_icon, ink);
    } else {
        painter.setPen(theme().colour(Role::Control));
        painter.setBrush(theme().colour(Role::Raised));
        const QRectF cap = QRectF(icon).adjusted(-3.5, 0.5, 3.5, -0.5);
        painter.drawRoundedRect(cap, 3, 3);
        painter.setPen(ink);
        painter.setFont(theme().font(TextRole::Small));
        painter.drawText(cap, Qt::AlignCenter, m_key);
    }
    QFont font = theme().font(TextRole::Small);
    font.setWeight(isChecked() ? QFont::DemiBold : QFont::Normal);
    painter.setFont(font);
    painter.setPen(ink);
    painter.drawText(QRect(0, icon.bottom() + theme().px(3), width(), theme().px(16)), Qt::AlignCenter | Qt::TextSingleLine, m_word);
    if (m_badge > 0) {
        const int d = theme().px(15);
        const QRect badge(icon.right() - theme().px(4), icon.top() - theme().px(5), d, d);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme().colour(StateRole::Running));
        painter.drawEllipse(badge);
        painter.setPen(theme().colour(Role::Raised));
        font.setWeight(QFont::DemiBold);
        painter.setFont(font);
        painter.drawText(badge, Qt::AlignCenter, m_badge > 9 ? QStringLiteral("9+") : QString::number(m_badge));
    }
}

void RailButton::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Down)
        focusNextChild();
    else if (event->key() == Qt::Key_Up)
        focusPreviousChild();
    else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QToolButton::keyPressEvent(event);
}

Rail::Rail(QWidget *parent) : QToolBar(parent), m_spacer(new QWidget)
{
    setOrientation(Qt::Vertical);
    setMovable(false);
    setAccessibleName(tr("Pages"));
    setObjectName(QStringLiteral("rail"));
    m_spacer->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Expanding);
    m_spacerAction = addWidget(m_spacer);
    if (layout()) {
        layout()->setSpacing(0);
        layout()->setContentsMargins(0, theme().px(8), 0, theme().px(8));
    }
    measure();
    connect(&theme(), &Theme::changed, this, &Rail::measure);
}

void Rail::measure()
{
    setFixedWidth(theme().metric(Metric::Rail));
    update();
}

RailButton *Rail::addPage(const Page &page)
{
    auto *button = new RailButton(page.icon(), page.word());
    button->setCheckable(true);
    button->setAutoExclusive(true);
    button->setObjectName(QStringLiteral("rail-") + page.id());
    const int index = static_cast<int>(m_buttons.size());
    m_buttons << button;
    insertWidget(m_spacerAction, button);
    connect(button, &QToolButton::clicked, this, [this, index] { Q_EMIT chosen(index); });
    return button;
}

RailButton *Rail::addFoot(const QString &key, const QString &word, const QString &icon)
{
    auto *button = new RailButton(icon, word);
    button->setKeyCap(key);
    addWidget(button);
    return button;
}

void Rail::setCurrent(int index) { m_buttons.at(index)->setChecked(true); }

void Rail::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().colour(Role::Sunken));
    painter.setPen(theme().colour(Role::Border));
    painter.drawLine(width() - 1, 0, width() - 1, height());
}

} // namespace bellwether
