#include "shell/keysoverlay.h"

#include "widgets/theme.h"

#include <QKeyEvent>
#include <QPainter>

namespace bellwether {

KeysOverlay::KeysOverlay(QWidget *window) : QWidget(window)
{
    setFocusPolicy(Qt::StrongFocus);
    setProperty("ownFocus", true);
    hide();
}

void KeysOverlay::open(const QString &view, const QList<Row> &ofView, const QList<Row> &everywhere)
{
    m_view = view;
    m_ofView = ofView;
    m_everywhere = everywhere;
    QStringList spoken;
    for (const Row &row : ofView + everywhere)
        spoken << row.keys + QStringLiteral(": ") + row.text;
    setAccessibleName(tr("Keys of %1").arg(view));
    setAccessibleDescription(spoken.join(QStringLiteral(". ")));
    setGeometry(parentWidget()->rect());
    show();
    raise();
    setFocus(Qt::PopupFocusReason);
}

void KeysOverlay::close()
{
    hide();
    parentWidget()->setFocus(Qt::OtherFocusReason);
}

bool KeysOverlay::event(QEvent *event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        event->accept();
        return true;
    }
    if (event->type() == QEvent::FocusOut)
        hide();
    return QWidget::event(event);
}

void KeysOverlay::keyPressEvent(QKeyEvent *event)
{
    const int key = event->key();
    if (key == Qt::Key_Shift || key == Qt::Key_Control || key == Qt::Key_Alt)
        return;
    close();
}

void KeysOverlay::mousePressEvent(QMouseEvent *) { close(); }

void KeysOverlay::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    QColor veil = theme().colour(Role::Sunken);
    veil.setAlphaF(0.85F);
    painter.fillRect(rect(), veil);
    const int row = theme().px(24), column = theme().px(340), pad = theme().px(20);
    const int rows = static_cast<int>(qMax(m_ofView.size(), m_everywhere.size()));
    const QSize size(2 * column + 3 * pad, (rows + 2) * row + 2 * pad);
    const QRect card(QPoint((width() - size.width()) / 2, qMax(0, (height() - size.height()) / 2)), size);
    painter.setPen(theme().colour(Role::Control));
    painter.setBrush(theme().colour(Role::Raised));
    painter.drawRect(card);
    const auto list = [&](int left, const QString &title, const QList<Row> &keys) {
        int y = card.top() + pad;
        painter.setFont(theme().font(TextRole::BodyBold));
        painter.setPen(theme().colour(Role::Text));
        painter.drawText(QRect(left, y, column, row), Qt::AlignVCenter, title);
        y += row + row / 3;
        for (const Row &one : keys) {
            painter.setFont(theme().font(TextRole::Mono));
            painter.setPen(theme().colour(Role::Text));
            painter.drawText(QRect(left, y, theme().px(110), row), Qt::AlignVCenter | Qt::TextSingleLine, one.keys);
            painter.setFont(theme().font(TextRole::Body));
            painter.setPen(theme().colour(Role::Muted));
            painter.drawText(QRect(left + theme().px(118), y, column - theme().px(118), row), Qt::AlignVCenter | Qt::TextSingleLine, one.text);
            y += row;
        }
    };
    list(card.left() + pad, tr("%1").arg(m_view), m_ofView);
    list(card.left() + 2 * pad + column, tr("Everywhere"), m_everywhere);
}

} // namespace bellwether
