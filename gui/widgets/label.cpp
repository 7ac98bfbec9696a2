#include "widgets/label.h"

#include "widgets/button.h"
#include "widgets/icons.h"

#include <QFontMetrics>
#include <QPainter>

namespace bellwether {

Label::Label(const QString &text, TextRole type, Role colour, QWidget *parent)
    : QLabel(parent), m_type(type), m_colour(colour)
{
    setTextFormat(Qt::PlainText);
    setOpenExternalLinks(false);
    setText(text);
    connect(&theme(), &Theme::changed, this, &Label::restyle);
    restyle();
}

void Label::restyle()
{
    setFont(theme().font(m_type));
    QPalette p = palette();
    const QColor colour = std::visit([](auto role) { return theme().colour(role); }, m_colour);
    p.setColor(QPalette::WindowText, colour);
    setPalette(p);
}

void Label::setType(TextRole type)
{
    m_type = type;
    restyle();
}

void Label::setColour(Role role)
{
    m_colour = role;
    restyle();
}

void Label::setColour(StateRole role)
{
    m_colour = role;
    restyle();
}

void Label::setElided(bool elided, int least)
{
    m_elided = elided;
    m_least = least;
    updateGeometry();
}

void Label::setFullText(const QString &text)
{
    if (text == this->text())
        return;
    setText(text);
    setAccessibleName(text);
    if (m_elided)
        setToolTip(plainToolTip(text));
}

QSize Label::minimumSizeHint() const
{
    const QSize size = QLabel::minimumSizeHint();
    return m_elided ? QSize(qMin(size.width(), theme().px(m_least)), size.height()) : size;
}

void Label::paintEvent(QPaintEvent *event)
{
    if (!m_elided) {
        QLabel::paintEvent(event);
        return;
    }
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::WindowText));
    const QString cut = fontMetrics().elidedText(text(), Qt::ElideRight, contentsRect().width());
    if (cut.size() > 1 || cut == text()) // dots alone say nothing
        painter.drawText(contentsRect(), static_cast<int>(alignment() | Qt::TextSingleLine), cut);
}

StateLabel::StateLabel(bool chip, QWidget *parent) : QWidget(parent), m_chip(chip)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    connect(&theme(), &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
}

void StateLabel::set(StateRole role, const QString &icon, const QString &word)
{
    if (role == m_role && icon == m_icon && word == m_word)
        return;
    m_role = role;
    m_icon = icon;
    m_word = word;
    setAccessibleName(word);
    if (m_elidable)
        setToolTip(plainToolTip(word));
    updateGeometry();
    update();
}

QSize StateLabel::sizeHint() const
{
    const QFontMetrics metrics(theme().font(TextRole::BodyBold));
    const int pad = m_chip ? theme().px(8) : 0;
    const int icon = m_icon.isEmpty() ? 0 : theme().px(14) + theme().px(5);
    return {2 * pad + icon + metrics.horizontalAdvance(m_word) + 1, m_chip ? theme().px(22) : theme().px(18)};
}

QSize StateLabel::minimumSizeHint() const
{
    const QSize size = sizeHint();
    return m_elidable ? QSize(qMin(size.width(), theme().px(132)), size.height()) : size;
}

void StateLabel::setElidable(bool elidable)
{
    m_elidable = elidable;
    setSizePolicy(elidable ? QSizePolicy::Maximum : QSizePolicy::Fixed, QSizePolicy::Fixed);
    updateGeometry();
}

void StateLabel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor ink = m_fill ? theme().colour(Role::OnProduction) : theme().colour(m_role);
    int x = 0;
    if (m_chip) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_fill ? theme().colour(Role::ProductionFill) : theme().tint(m_role));
        painter.drawRoundedRect(rect(), 3, 3);
        x = theme().px(8);
    }
    if (!m_icon.isEmpty()) {
        const int size = theme().px(14);
        paintIcon(painter, QRectF(x, (height() - size) / 2.0, size, size), m_icon, ink);
        x += size + theme().px(5);
    }
    painter.setFont(theme().font(TextRole::BodyBold));
    painter.setPen(ink);
    painter.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine,
                     painter.fontMetrics().elidedText(m_word, Qt::ElideRight, width() - x - (m_chip ? theme().px(4) : 0)));
}

} // namespace bellwether
