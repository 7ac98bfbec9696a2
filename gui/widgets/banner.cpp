#include "widgets/banner.h"

#include <QBoxLayout>
#include <QPainter>

namespace bellwether {

Banner::Banner(StateRole role, const QString &icon, QWidget *parent)
    : QWidget(parent), m_role(role), m_text(new Label({}, TextRole::Body)), m_layout(new QHBoxLayout(this))
{
    m_layout->setContentsMargins(theme().px(16), theme().px(6), theme().px(12), theme().px(6));
    m_layout->setSpacing(theme().px(8));
    m_layout->addWidget(new IconLabel(icon, 14, role));
    m_text->setWordWrap(true);
    m_layout->addWidget(m_text, 1);
}

void Banner::setSentence(const QString &sentence)
{
    m_text->setText(sentence);
    setAccessibleName(sentence);
}

Button *Banner::addButton(const QString &text, ButtonKind kind)
{
    auto *button = new Button(text, kind, ButtonSize::Tool);
    button->setAccessibleDescription(sentence());
    m_layout->addWidget(button);
    return button;
}

void Banner::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().tint(m_role));
    painter.fillRect(0, 0, 3, height(), theme().colour(m_role));
}

} // namespace bellwether
