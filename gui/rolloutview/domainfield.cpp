#include "rolloutview/domainfield.h"

#include "widgets/icons.h"

#include <QKeyEvent>
#include <QPainter>

namespace bellwether {

DomainField::DomainField(const QString &host, const QString &domain, QWidget *parent)
    : QLineEdit(parent), m_host(host), m_domain(domain)
{
    setObjectName(QStringLiteral("domain-") + host);
    setAcceptDrops(false);
    setDragEnabled(false);
    setContextMenuPolicy(Qt::NoContextMenu);
    setInputMethodHints(Qt::ImhNoPredictiveText | Qt::ImhNoAutoUppercase | Qt::ImhUrlCharactersOnly);
    setMaxLength(253);
    setFont(theme().font(TextRole::Mono));
    setAccessibleName(tr("Domain of %1").arg(host));
    setTextMargins(0, 0, theme().px(130), 0);
    connect(this, &QLineEdit::textChanged, this, [this] { setAccessibleDescription(state()); });
    setAccessibleDescription(state());
}

QString DomainField::state() const
{
    if (m_domain.isEmpty())
        return tr("no domain is known");
    if (matches())
        return tr("matches");
    const QString typed = text();
    qsizetype same = 0;
    while (same < typed.size() && same < m_domain.size() && typed[same] == m_domain[same])
        ++same;
    if (same < typed.size())
        return tr("differs at %1").arg(same + 1);
    return tr("%1 of %2").arg(typed.size()).arg(m_domain.size());
}

void DomainField::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Paste)) {
        event->accept();
        return;
    }
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        event->accept();
        focusNextChild();
        return;
    }
    QLineEdit::keyPressEvent(event);
}

// The middle button pastes the selection on X11.
void DomainField::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::MiddleButton)
        QLineEdit::mousePressEvent(event);
}

void DomainField::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() != Qt::MiddleButton)
        QLineEdit::mouseReleaseEvent(event);
}

void DomainField::dropEvent(QDropEvent *event) { event->ignore(); }

void DomainField::paintEvent(QPaintEvent *event)
{
    QLineEdit::paintEvent(event);
    QPainter painter(this);
    const QString word = state();
    const bool typed = !text().isEmpty(), wrong = typed && !matches() && !m_domain.startsWith(text());
    const StateRole role = matches() ? StateRole::Healthy : wrong ? StateRole::Failed : StateRole::Waiting;
    const QColor ink = theme().colour(role);
    painter.setFont(theme().font(TextRole::Table));
    const int width = painter.fontMetrics().horizontalAdvance(word), icon = theme().px(13);
    const QRect where = rect().adjusted(0, 0, -theme().px(9), 0);
    painter.setPen(ink);
    painter.drawText(where, Qt::AlignRight | Qt::AlignVCenter, word);
    paintIcon(painter, QRectF(where.right() - width - icon - theme().px(5), (height() - icon) / 2.0, icon, icon),
              matches() ? QStringLiteral("state/healthy") : wrong ? QStringLiteral("state/failed") : QStringLiteral("state/waiting"), ink);
}

} // namespace bellwether
