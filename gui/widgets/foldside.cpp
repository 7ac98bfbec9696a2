#include "widgets/foldside.h"

#include "widgets/button.h"
#include "widgets/theme.h"

#include <QApplication>
#include <QBoxLayout>
#include <QEvent>
#include <QFocusEvent>
#include <QPainter>
#include <QSplitter>
#include <algorithm>

namespace bellwether {

namespace {

class Strip final : public QAbstractButton {
public:
    explicit Strip(const QString &title)
    {
        setText(title);
        setAccessibleName(tr("Open %1").arg(title));
        setToolTip(plainToolTip(tr("Open %1").arg(title)));
        setFocusPolicy(Qt::StrongFocus);
        setFixedWidth(theme().metric(Metric::PanelHeader));
        setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().colour(underMouse() ? Role::Sunken : Role::Surface));
        painter.setPen(theme().colour(hasFocus() ? Role::Focus : Role::Border));
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
        painter.setPen(theme().colour(Role::Text));
        painter.setFont(theme().font(TextRole::TableBold));
        painter.translate(width(), 0);
        painter.rotate(90);
        painter.drawText(QRect(theme().px(12), 0, height() - theme().px(16), width()), Qt::AlignVCenter | Qt::TextSingleLine, text());
    }
};

} // namespace

FoldSide::FoldSide(QWidget *panel, const QString &title, Qt::Edge edge, QWidget *page)
    : m_panel(panel), m_page(page), m_strip(new Strip(title)), m_edge(edge)
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_panel);
    row->addWidget(m_strip);
    m_least = m_panel->minimumSize();
    m_most = m_panel->maximumSize();
    connect(m_strip, &QAbstractButton::clicked, this, &FoldSide::open);
    m_strip->installEventFilter(this);
    m_page->installEventFilter(this);
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget *, QWidget *now) {
        // a menu or a dialog of the panel takes the focus for a while; only the page itself closes it
        if (m_over && now && m_page->isAncestorOf(now) && now != m_panel && !m_panel->isAncestorOf(now))
            close();
    });
    arrange();
}

void FoldSide::setNarrow(bool narrow)
{
    if (narrow == m_narrow)
        return;
    close();
    m_narrow = narrow;
    arrange();
}

void FoldSide::setFolded(bool folded)
{
    if (folded == m_folded)
        return;
    close();
    m_folded = folded;
    arrange();
}

void FoldSide::arrange()
{
    const bool folded = isFolded();
    auto *splitter = qobject_cast<QSplitter *>(parentWidget());
    const int at = splitter ? splitter->indexOf(this) : -1;
    if (folded && m_strip->isHidden() && width() > m_strip->minimumWidth())
        m_width = width();
    m_strip->setVisible(folded);
    if (!m_over)
        m_panel->setVisible(!folded);
    setMinimumWidth(folded ? m_strip->minimumWidth() : m_least.width());
    setMaximumWidth(folded ? m_strip->minimumWidth() : m_most.width());
    const int wanted = folded ? m_strip->minimumWidth() : m_width;
    if (at >= 0 && wanted > 0) { // a splitter heeds no maximum by itself; unfolded it is as wide as it was
        QList<int> sizes = splitter->sizes();
        const int other = at == 0 ? 1 : 0;
        sizes[other] = std::max(theme().px(200), sizes[other] + sizes[at] - wanted);
        sizes[at] = wanted;
        splitter->setSizes(sizes);
    }
    Q_EMIT foldedChanged();
}

void FoldSide::open()
{
    if (!isFolded() || m_over)
        return;
    if (!m_narrow) { // there is room: back to its place
        setFolded(false);
        return;
    }
    m_over = true;
    m_panel->setParent(m_page);
    m_panel->setAutoFillBackground(true);
    place();
    m_panel->show();
    m_panel->raise();
    QWidget *first = m_panel;
    for (QWidget *next = m_panel->nextInFocusChain(); next != m_panel; next = next->nextInFocusChain())
        if (m_panel->isAncestorOf(next) && next->isVisible() && (next->focusPolicy() & Qt::TabFocus)) {
            first = next;
            break;
        }
    first->setFocus(Qt::OtherFocusReason);
}

bool FoldSide::close()
{
    if (!m_over)
        return false;
    m_over = false;
    const bool focused = m_panel->isAncestorOf(QApplication::focusWidget());
    static_cast<QHBoxLayout *>(layout())->insertWidget(0, m_panel);
    arrange();
    if (focused) {
        m_strip->removeEventFilter(this); // it closed: the focus on the strip must not open it again
        m_strip->setFocus(Qt::OtherFocusReason);
        m_strip->installEventFilter(this);
    }
    return true;
}

void FoldSide::place()
{
    const QRect mine(mapTo(m_page, QPoint(0, 0)), size());
    const int wide = qBound(m_least.width(), m_panel->sizeHint().width(), qMin(m_most.width(), m_page->width() - 2 * mine.width()));
    const int left = m_edge == Qt::RightEdge ? mine.left() - wide : mine.right() + 1;
    m_panel->setGeometry(left, mine.top(), wide, mine.height());
}

bool FoldSide::eventFilter(QObject *object, QEvent *event)
{
    if (object == m_page && event->type() == QEvent::Resize && m_over)
        place();
    if (object == m_strip && event->type() == QEvent::FocusIn && isFolded() && m_narrow) {
        const Qt::FocusReason reason = static_cast<QFocusEvent *>(event)->reason();
        if (reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason)
            QMetaObject::invokeMethod(this, &FoldSide::open, Qt::QueuedConnection); // not while the focus moves
    }
    return QWidget::eventFilter(object, event);
}

} // namespace bellwether
