#include "widgets/focusring.h"

#include "widgets/theme.h"

#include <QApplication>
#include <QEvent>
#include <QKeyEvent>
#include <QPainter>

namespace bellwether {

FocusRing::FocusRing(QWidget *window) : QFocusFrame(nullptr), m_window(window)
{
    setParent(window);
    setAttribute(Qt::WA_TransparentForMouseEvents);
    hide();
    qApp->installEventFilter(this);
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget *, QWidget *now) { follow(now); });
}

void FocusRing::follow(QWidget *now)
{
    const bool wanted = m_keys && now && now->window() == m_window && !now->property("ownFocus").toBool();
    setWidget(wanted ? now : nullptr);
    if (!wanted)
        hide();
}

bool FocusRing::eventFilter(QObject *object, QEvent *event)
{
    if (event->type() == QEvent::KeyPress || event->type() == QEvent::MouseButtonPress) {
        const bool keys = event->type() == QEvent::KeyPress;
        s_keys = keys;
        if (keys != m_keys) {
            m_keys = keys;
            follow(QApplication::focusWidget());
        }
    }
    return QFocusFrame::eventFilter(object, event);
}

void FocusRing::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme().colour(Role::Focus), 2));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 5, 5);
}

} // namespace bellwether
