#include "widgets/filterfield.h"

#include "text/errortext.h"
#include "text/format.h"
#include "widgets/icons.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QKeyEvent>
#include <QPainter>
#include <QRegularExpression>
#include <QStandardItemModel>
#include <QStyledItemDelegate>

namespace bellwether {

namespace {

// The completion in the fixed font, what it means beside it.
class CompletionDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {theme().px(380), theme().metric(Metric::TableRow)}; }
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        painter->fillRect(option.rect, theme().colour(option.state & QStyle::State_Selected ? Role::Selection : Role::Raised));
        const QRect r = option.rect.adjusted(theme().px(10), 0, -theme().px(10), 0);
        painter->setFont(theme().font(TextRole::Mono));
        painter->setPen(theme().colour(Role::Text));
        painter->drawText(r, Qt::AlignVCenter | Qt::TextSingleLine, index.data().toString());
        painter->setFont(theme().font(TextRole::Table));
        painter->setPen(theme().colour(Role::Muted));
        painter->drawText(r.adjusted(theme().px(160), 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine, index.data(Qt::UserRole).toString());
    }
};

} // namespace

FilterField::FilterField(QWidget *parent)
    : QLineEdit(parent), m_completer(new QCompleter(this)), m_completions(new QStandardItemModel(this))
{
    setAccessibleName(tr("Filter of hosts"));
    setPlaceholderText(tr("Filter: a name, or version<1.5 and group:eu and health!=ok"));
    setMaxLength(2000);
    m_completer->setModel(m_completions);
    m_completer->setWidget(this);
    m_completer->setCaseSensitivity(Qt::CaseInsensitive);
    m_completer->popup()->setItemDelegate(new CompletionDelegate(m_completer->popup()));
    m_completer->popup()->setAccessibleName(tr("Completions"));
    connect(m_completer, qOverload<const QString &>(&QCompleter::activated), this, &FilterField::insertCompletion);
    connect(this, &QLineEdit::textChanged, this, &FilterField::read);
    connect(this, &QLineEdit::textEdited, this, &FilterField::complete);
    connect(&theme(), &Theme::changed, this, &FilterField::fitMargins);
    fitMargins();
    read();
}

void FilterField::fitMargins()
{
    setFont(theme().font(TextRole::Mono));
    const int right = m_sentence.isEmpty() ? 0 : QFontMetrics(theme().font(TextRole::Table)).horizontalAdvance(m_sentence) + theme().px(26);
    setTextMargins(theme().px(24), 0, qMin(right, width() / 2), 0);
    setMinimumHeight(theme().metric(Metric::Control));
}

void FilterField::setExpression(const QString &text)
{
    setText(text);
    remember();
}

void FilterField::setCounter(std::function<int(const Filter &)> counter)
{
    m_counter = std::move(counter);
    recount();
}

void FilterField::setValues(std::function<Values()> values) { m_values = std::move(values); }

void FilterField::read()
{
    const Result<Filter> parsed = Filter::parse(text());
    m_valid = parsed.has_value();
    if (m_valid && parsed->toString() != m_filter.toString()) {
        m_filter = *parsed;
        Q_EMIT filterChanged();
    }
    if (!m_valid)
        m_sentence = parsed.error().args.size() > 2 ? tr("%1 (column %2)").arg(parsed.error().args[1], parsed.error().args[2])
                                                    : errorText(parsed.error());
    recount();
}

void FilterField::recount()
{
    if (m_valid)
        m_sentence = text().trimmed().isEmpty() || !m_counter ? QString() : tr("Valid, %1").arg(hostsText(m_counter(m_filter)));
    setAccessibleDescription(m_sentence);
    fitMargins();
    update();
}

QPair<int, int> FilterField::wordAtCursor() const
{
    static const QString edges = QStringLiteral(" ()=!<>:");
    int start = cursorPosition();
    while (start > 0 && !edges.contains(text()[start - 1]))
        --start;
    return {start, cursorPosition() - start};
}

void FilterField::complete()
{
    const auto [start, length] = wordAtCursor();
    const QString word = text().mid(start, length), before = text().left(start);
    m_completions->clear();
    const auto offer = [&](const QString &text, const QString &meaning) {
        auto *item = new QStandardItem(text);
        item->setData(meaning, Qt::UserRole);
        m_completions->appendRow(item);
    };
    static const QRegularExpression valueOf(QStringLiteral("([A-Za-z0-9_.-]+)\\s*(=|!=|:|<=|>=|<|>)$"));
    const auto match = valueOf.match(before);
    const Values values = m_values ? m_values() : Values();
    if (match.hasMatch()) {
        for (const QString &value : values.value(match.captured(1)))
            offer(value, {});
    } else {
        const QString trimmed = before.trimmed();
        const bool afterTerm = !trimmed.isEmpty() && !trimmed.endsWith(QLatin1Char('(')) && before.endsWith(QLatin1Char(' '))
            && !trimmed.endsWith(QStringLiteral(" and")) && !trimmed.endsWith(QStringLiteral(" or")) && !trimmed.endsWith(QStringLiteral("not"));
        if (afterTerm) {
            offer(QStringLiteral("and"), tr("narrow the result"));
            offer(QStringLiteral("or"), tr("widen it"));
        }
        for (const QString &key : Filter::keys())
            offer(key, joinNames(values.value(key), 4));
        for (auto it = values.cbegin(); it != values.cend(); ++it)
            if (!Filter::keys().contains(it.key()))
                offer(it.key(), joinNames(it.value(), 4));
    }
    m_completer->setCompletionPrefix(word);
    const bool onlyItself = m_completer->completionCount() == 1 && m_completer->currentCompletion() == word;
    if (m_completer->completionCount() == 0 || onlyItself || (word.isEmpty() && !text().endsWith(QLatin1Char(' ')) && !match.hasMatch())) {
        m_completer->popup()->hide();
        return;
    }
    QRect at = cursorRect();
    at.setWidth(theme().px(400));
    at.translate(0, theme().px(4));
    m_completer->complete(at);
}

void FilterField::insertCompletion(const QString &completion)
{
    const auto [start, length] = wordAtCursor();
    QString all = text();
    all.replace(start, length, completion);
    setText(all);
    setCursorPosition(start + static_cast<int>(completion.size()));
}

void FilterField::remember()
{
    const QString now = text().trimmed();
    if (!m_valid || now.isEmpty())
        return;
    m_history.removeAll(now);
    m_history.prepend(now);
    while (m_history.size() > 30)
        m_history.removeLast();
    m_historyAt = -1;
}

bool FilterField::clearOrClose()
{
    if (m_completer->popup()->isVisible()) {
        m_completer->popup()->hide();
        return true;
    }
    if (text().isEmpty())
        return false;
    remember();
    clear();
    return true;
}

void FilterField::keyPressEvent(QKeyEvent *event)
{
    const bool popup = m_completer->popup()->isVisible();
    switch (event->key()) {
    case Qt::Key_Tab:
        if (popup) {
            const QModelIndex current = m_completer->popup()->currentIndex();
            insertCompletion(current.isValid() ? current.data().toString() : m_completer->currentCompletion());
            m_completer->popup()->hide();
            return;
        }
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (popup && m_completer->popup()->currentIndex().isValid()) {
            event->ignore(); // the completer takes it
            return;
        }
        m_completer->popup()->hide();
        remember();
        break;
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (!popup && !m_history.isEmpty()) {
            m_historyAt = qBound(-1, m_historyAt + (event->key() == Qt::Key_Up ? 1 : -1), static_cast<int>(m_history.size()) - 1);
            setText(m_historyAt < 0 ? QString() : m_history[m_historyAt]);
            return;
        }
        break;
    default: break;
    }
    QLineEdit::keyPressEvent(event);
}

void FilterField::focusOutEvent(QFocusEvent *event)
{
    remember();
    QLineEdit::focusOutEvent(event);
}

void FilterField::resizeEvent(QResizeEvent *event)
{
    QLineEdit::resizeEvent(event);
    fitMargins();
}

void FilterField::paintEvent(QPaintEvent *event)
{
    QLineEdit::paintEvent(event);
    QPainter painter(this);
    const bool empty = text().trimmed().isEmpty();
    const StateRole role = m_valid ? StateRole::Healthy : StateRole::Failed;
    if (!empty)
        painter.fillRect(QRect(2, 2, 3, height() - 4), theme().colour(role));
    painter.setRenderHint(QPainter::Antialiasing);
    const int key = theme().px(15);
    const QRectF cap(theme().px(9) + 0.5, (height() - key) / 2 + 0.5, key, key);
    painter.setPen(theme().colour(Role::Border));
    painter.setBrush(theme().colour(Role::Surface));
    painter.drawRoundedRect(cap, 3, 3);
    painter.setFont(theme().font(TextRole::Small));
    painter.setPen(theme().colour(Role::Muted));
    painter.drawText(cap, Qt::AlignCenter, QStringLiteral("/"));
    if (m_sentence.isEmpty() || empty)
        return;
    painter.setFont(theme().font(TextRole::Table));
    const int room = qMin(painter.fontMetrics().horizontalAdvance(m_sentence), width() / 2 - theme().px(30));
    const QString cut = painter.fontMetrics().elidedText(m_sentence, Qt::ElideRight, room);
    const QRect where(width() - room - theme().px(9), 0, room + 2, height());
    painter.setPen(theme().colour(role));
    painter.drawText(where, Qt::AlignVCenter | Qt::TextSingleLine, cut);
    const int icon = theme().px(12);
    paintIcon(painter, QRectF(where.left() - icon - theme().px(5), (height() - icon) / 2.0, icon, icon),
              m_valid ? QStringLiteral("state/healthy") : QStringLiteral("state/failed"), theme().colour(role));
}

} // namespace bellwether
