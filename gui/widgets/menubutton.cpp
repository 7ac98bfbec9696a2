#include "widgets/menubutton.h"

#include "widgets/icons.h"
#include "widgets/theme.h"

#include <QMenu>
#include <QToolButton>

namespace bellwether {

QToolButton *menuButton(const QString &text)
{
    auto *button = new QToolButton;
    button->setProperty("kind", QStringLiteral("tool"));
    button->setText(text);
    button->setAccessibleName(text);
    button->setIcon(themedIcon(QStringLiteral("ui/chevron-down")));
    button->setIconSize(QSize(theme().px(10), theme().px(10)));
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setLayoutDirection(Qt::RightToLeft); // the arrow after the word
    button->setPopupMode(QToolButton::InstantPopup);
    button->setMenu(new QMenu(button));
    button->menu()->setLayoutDirection(Qt::LeftToRight);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

} // namespace bellwether
