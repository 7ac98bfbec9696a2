#include "widgets/button.h"

#include "widgets/icons.h"

#include <QEvent>
#include <QKeyEvent>
#include <QStyle>

namespace bellwether {

QString plainToolTip(const QString &text)
{
    return text.isEmpty() ? QString() : QStringLiteral("<qt>%1</qt>").arg(text.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br/>")));
}

Button::Button(const QString &text, ButtonKind kind, ButtonSize size, QWidget *parent)
    : QPushButton(text, parent), m_kind(kind)
{
    static const char *const kinds[] = {"outlined", "primary", "destructive"};
    setProperty("kind", QLatin1String(kinds[static_cast<int>(kind)]));
    setProperty("small", size == ButtonSize::Tool);
    setProperty("panel", size == ButtonSize::Panel);
    setAutoDefault(false);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    const int icon = theme().px(14);
    setIconSize(QSize(icon + theme().px(3), icon));
    describe();
}

void Button::setBlocked(const QString &reason)
{
    if (reason == m_reason)
        return;
    const bool restyle = reason.isEmpty() != m_reason.isEmpty();
    m_reason = reason;
    describe();
    if (restyle) {
        setProperty("blocked", isBlocked());
        style()->unpolish(this);
        style()->polish(this);
        update();
    }
}

void Button::setHint(const QString &hint)
{
    m_hint = hint;
    describe();
}

void Button::setIconName(const QString &name)
{
    switch (m_kind) {
    case ButtonKind::Outlined: setIcon(themedIcon(name)); break;
    case ButtonKind::Primary: setIcon(themedIcon(name, Role::OnAccent, Role::OnAccent)); break;
    case ButtonKind::Destructive: setIcon(themedIcon(name, StateRole::Failed)); break;
    }
}

void Button::describe()
{
    const QString text = isBlocked() ? m_reason : m_hint;
    setToolTip(plainToolTip(text));
    setStatusTip(text);
    setAccessibleDescription(text);
}

QSize Button::sizeHint() const
{
    QSize size = QPushButton::sizeHint();
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    // as wide as it is when bold, so that nothing moves when it becomes available
    size.rwidth() += QFontMetrics(bold).horizontalAdvance(text()) - QFontMetrics(font()).horizontalAdvance(text());
    return size;
}

bool Button::event(QEvent *event)
{
    if (isBlocked()) {
        switch (event->type()) {
        case QEvent::MouseButtonPress:
        case QEvent::MouseButtonRelease:
        case QEvent::MouseButtonDblClick:
        case QEvent::Shortcut: return true;
        case QEvent::KeyPress:
        case QEvent::KeyRelease: {
            const int key = static_cast<QKeyEvent *>(event)->key();
            if (key == Qt::Key_Space || key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Select)
                return true;
            break;
        }
        default: break;
        }
    }
    const bool done = QPushButton::event(event);
    if (event->type() == QEvent::DynamicPropertyChange || event->type() == QEvent::StyleChange)
        updateGeometry();
    return done;
}

} // namespace bellwether
