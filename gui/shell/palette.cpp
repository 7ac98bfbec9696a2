#include "shell/palette.h"

#include "widgets/icons.h"

#include <QApplication>
#include <QBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QPointer>
#include <QStandardItemModel>
#include <QStyledItemDelegate>

namespace bellwether {

namespace {

enum EntryRole { IndexRole = Qt::UserRole, DetailRole, KeysRole, IconRole, ReasonRole };

class EntryDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override
    {
        return {100, theme().px(30)};
    }
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        painter->save();
        if (option.state & QStyle::State_Selected)
            painter->fillRect(option.rect, theme().colour(Role::Selection));
        const bool blocked = !index.data(ReasonRole).toString().isEmpty();
        const int size = theme().px(14), pad = theme().px(12);
        const QRect r = option.rect.adjusted(pad, 0, -pad, 0);
        paintIcon(*painter, QRectF(r.left(), r.center().y() - size / 2, size, size), index.data(IconRole).toString(),
                  theme().colour(Role::Muted));
        painter->setFont(theme().font(TextRole::Body));
        painter->setPen(theme().colour(blocked ? Role::Muted : Role::Text));
        const QRect text = r.adjusted(size + theme().px(10), 0, 0, 0);
        QRect used;
        painter->drawText(text, Qt::AlignVCenter | Qt::TextSingleLine, index.data().toString(), &used);
        painter->setPen(theme().colour(Role::Muted));
        painter->setFont(theme().font(TextRole::Table));
        const QString keys = index.data(KeysRole).toString();
        painter->drawText(text, Qt::AlignVCenter | Qt::AlignRight | Qt::TextSingleLine, keys);
        const int right = painter->fontMetrics().horizontalAdvance(keys) + theme().px(12);
        const QRect rest(used.right() + theme().px(12), r.top(), text.right() - used.right() - right - theme().px(12), r.height());
        const QString detail = blocked ? index.data(ReasonRole).toString() : index.data(DetailRole).toString();
        painter->drawText(rest, Qt::AlignVCenter | Qt::TextSingleLine,
                          painter->fontMetrics().elidedText(detail, Qt::ElideRight, rest.width()));
        painter->restore();
    }
};

} // namespace

QList<int> matchEntries(const QList<PaletteEntry> &entries, const QString &text, int most)
{
    const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    QList<int> first, rest;
    for (int i = 0; i < entries.size() && first.size() < most; ++i) {
        const PaletteEntry &entry = entries[i];
        const bool all = std::all_of(words.cbegin(), words.cend(), [&](const QString &word) {
            return entry.text.contains(word, Qt::CaseInsensitive) || entry.detail.contains(word, Qt::CaseInsensitive);
        });
        if (all)
            (entry.text.startsWith(text.trimmed(), Qt::CaseInsensitive) ? first : rest) << i;
    }
    first += rest;
    return first.first(qMin<qsizetype>(first.size(), most));
}

CommandPalette::CommandPalette(QWidget *window)
    : QFrame(window), m_field(new QLineEdit), m_list(new QListView), m_model(new QStandardItemModel(this))
{
    setAccessibleName(tr("Command or host"));
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(theme().px(8), theme().px(8), theme().px(8), theme().px(8));
    m_field->setPlaceholderText(tr("Type a command or a host"));
    m_field->setAccessibleName(tr("Command or host"));
    m_field->setProperty("ownFocus", true);
    m_list->setModel(m_model);
    m_list->setItemDelegate(new EntryDelegate(m_list));
    m_list->setAccessibleName(tr("Matching commands and hosts"));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(true);
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    all->addWidget(m_field);
    all->addWidget(m_list);
    hide();
    m_field->installEventFilter(this);
    connect(m_field, &QLineEdit::textChanged, this, &CommandPalette::narrow);
    connect(m_list, &QListView::clicked, this, &CommandPalette::runCurrent);
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget *, QWidget *now) {
        if (isVisible() && now && now != m_field && !isAncestorOf(now))
            hide();
    });
}

void CommandPalette::open(QList<PaletteEntry> entries)
{
    m_before = QApplication::focusWidget();
    m_entries = std::move(entries);
    const int width = qMin(theme().px(620), parentWidget()->width() - 40), height = theme().px(420);
    setGeometry((parentWidget()->width() - width) / 2, theme().px(60), width, qMin(height, parentWidget()->height() - theme().px(80)));
    m_field->clear();
    narrow({});
    show();
    raise();
    m_field->setFocus(Qt::ShortcutFocusReason);
}

void CommandPalette::narrow(const QString &text)
{
    m_model->clear();
    for (const int i : matchEntries(m_entries, text, 60)) {
        const PaletteEntry &entry = m_entries[i];
        auto *item = new QStandardItem(entry.text);
        item->setData(i, IndexRole);
        item->setData(entry.detail, DetailRole);
        item->setData(entry.keys, KeysRole);
        item->setData(entry.icon, IconRole);
        item->setData(entry.reason, ReasonRole);
        m_model->appendRow(item);
    }
    m_list->setCurrentIndex(m_model->index(0, 0));
}

void CommandPalette::runCurrent()
{
    const QModelIndex index = m_list->currentIndex();
    if (!index.isValid())
        return;
    const PaletteEntry entry = m_entries.at(index.data(IndexRole).toInt());
    if (!entry.reason.isEmpty())
        return; // its reason stands beside it
    close();
    if (entry.run)
        entry.run();
}

void CommandPalette::close()
{
    hide();
    if (m_before)
        m_before->setFocus(Qt::OtherFocusReason);
    m_before = nullptr;
}

bool CommandPalette::eventFilter(QObject *object, QEvent *event)
{
    if (object == m_field && event->type() == QEvent::ShortcutOverride) {
        const auto *key = static_cast<QKeyEvent *>(event);
        if (key->key() == Qt::Key_Escape)
            event->accept();
    }
    if (object == m_field && event->type() == QEvent::KeyPress) {
        const auto *key = static_cast<QKeyEvent *>(event);
        const int row = m_list->currentIndex().row();
        switch (key->key()) {
        case Qt::Key_Escape: close(); return true;
        case Qt::Key_Return:
        case Qt::Key_Enter: runCurrent(); return true;
        case Qt::Key_Down: m_list->setCurrentIndex(m_model->index(qMin(row + 1, m_model->rowCount() - 1), 0)); return true;
        case Qt::Key_Up: m_list->setCurrentIndex(m_model->index(qMax(row - 1, 0), 0)); return true;
        case Qt::Key_Tab: return true;
        default: break;
        }
    }
    return QFrame::eventFilter(object, event);
}

void CommandPalette::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().colour(Role::Raised));
    painter.setPen(theme().colour(Role::Control));
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

} // namespace bellwether
