#include "planview/waveboard.h"

#include "text/format.h"
#include "text/words.h"
#include "widgets/button.h"
#include "widgets/icons.h"
#include "widgets/panel.h"

#include <QBoxLayout>
#include <QDrag>
#include <QDropEvent>
#include <QKeyEvent>
#include <QMimeData>
#include <QPainter>
#include <QStandardItemModel>
#include <QStyledItemDelegate>

namespace bellwether {

namespace {

const QString mime = QStringLiteral("application/x-bellwether-hosts");
enum HostRole { VersionRole = Qt::UserRole, CanaryRole, FindingRole };

class HostDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {theme().px(80), theme().px(28)}; }
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QRectF box = QRectF(option.rect).adjusted(theme().px(8) + 0.5, 2.5, -theme().px(8) - 0.5, -2.5);
        const bool selected = option.state & QStyle::State_Selected;
        painter->setPen(QPen(theme().colour(selected && (option.state & QStyle::State_HasFocus) ? Role::Focus : Role::Border), 1));
        painter->setBrush(theme().colour(selected ? Role::Selection : Role::Raised));
        painter->drawRoundedRect(box, 3, 3);
        const int icon = theme().px(12), y = static_cast<int>(box.center().y() - icon / 2.0 + 0.5);
        paintIcon(*painter, QRectF(box.left() + theme().px(5), y, icon, icon), QStringLiteral("ui/drag"), theme().colour(Role::Muted));
        painter->setFont(theme().font(TextRole::Table));
        painter->setPen(theme().colour(Role::Muted));
        const QRect text = box.toRect().adjusted(theme().px(22), 0, -theme().px(8), 0);
        QString version = index.data(VersionRole).toString();
        const int word = QFontMetrics(theme().font(TextRole::Body)).horizontalAdvance(index.data().toString());
        if (painter->fontMetrics().horizontalAdvance(version) + word + 2 * (icon + theme().px(4)) + theme().px(6) > text.width())
            version.clear(); // the name matters more; the version is in the tooltip
        painter->drawText(text, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, version);
        int right = text.right() - painter->fontMetrics().horizontalAdvance(version) - theme().px(6);
        const auto mark = [&](const QString &name, StateRole role) {
            right -= icon;
            paintIcon(*painter, QRectF(right, y, icon, icon), name, theme().colour(role));
            right -= theme().px(4);
        };
        if (index.data(CanaryRole).toBool())
            mark(canaryLook().icon, StateRole::Canary);
        const int finding = index.data(FindingRole).toInt();
        if (finding == 2)
            mark(QStringLiteral("state/failed"), StateRole::Failed);
        else if (finding == 1)
            mark(QStringLiteral("state/warning"), StateRole::Warning);
        painter->setFont(theme().font(TextRole::Body));
        painter->setPen(theme().colour(Role::Text));
        painter->drawText(QRect(text.left(), text.top(), right - text.left(), text.height()), Qt::AlignVCenter | Qt::TextSingleLine,
                          painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideMiddle, right - text.left()));
        painter->restore();
    }
};

class ColumnWidget final : public QWidget {
public:
    bool canary = false;

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        if (canary)
            painter.fillRect(rect(), theme().tint(StateRole::Canary));
        painter.setPen(theme().colour(Role::Border));
        painter.drawLine(width() - 1, 0, width() - 1, height());
    }
};

} // namespace

WaveList::WaveList(int wave, QWidget *parent) : QListView(parent), m_model(new QStandardItemModel(this)), m_wave(wave)
{
    setModel(m_model);
    setItemDelegate(new HostDelegate(this));
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setDragEnabled(true);
    setAcceptDrops(true);
    setUniformItemSizes(true);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    viewport()->setAutoFillBackground(false);
    QPalette clear = palette();
    clear.setColor(QPalette::Base, Qt::transparent);
    setPalette(clear);
    setStyleSheet(QStringLiteral("QListView { background: transparent; }"));
    setMinimumHeight(theme().px(60));
    connect(selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex &index) {
        if (index.isValid() && hasFocus())
            Q_EMIT hostChosen(index.data().toString());
    });
    connect(this, &QListView::clicked, this, [this](const QModelIndex &index) { Q_EMIT hostChosen(index.data().toString()); });
}

void WaveList::setHosts(const Plan &plan, const PlanWave &wave)
{
    QHash<QString, int> findings;
    for (const Finding &finding : plan.findings)
        if (!finding.host.isEmpty())
            findings[finding.host] = qMax(findings.value(finding.host), finding.refusal ? 2 : 1);
    const QStringList before = chosen();
    m_model->clear();
    for (const QString &name : wave.hosts) {
        auto *item = new QStandardItem(name);
        const PlanHost *host = plan.host(name);
        const QString version = host && !host->from.isNull() ? host->from.toString() : unknownText();
        item->setData(version, VersionRole);
        item->setData(m_wave == 0, CanaryRole);
        item->setData(findings.value(name), FindingRole);
        item->setDragEnabled(true);
        item->setDropEnabled(false);
        const QString refused = findings.value(name) == 2 ? tr(", refused") : findings.value(name) == 1 ? tr(", to confirm") : QString();
        const QString all = tr("%1, %2, in %3%4").arg(name, version, wave.name, refused);
        item->setData(all, Qt::AccessibleTextRole);
        item->setToolTip(plainToolTip(all));
        m_model->appendRow(item);
        if (before.contains(name))
            selectionModel()->select(item->index(), QItemSelectionModel::Select);
    }
    setAccessibleName(tr("%1, %2").arg(wave.name, hostsText(static_cast<int>(wave.hosts.size()))));
}

QStringList WaveList::chosen() const
{
    QStringList names;
    for (const QModelIndex &index : selectionModel()->selectedIndexes())
        names << index.data().toString();
    return names;
}

void WaveList::choose(const QString &host)
{
    for (int i = 0; i < m_model->rowCount(); ++i)
        if (m_model->item(i)->text() == host) {
            selectionModel()->setCurrentIndex(m_model->index(i, 0), QItemSelectionModel::ClearAndSelect);
            return;
        }
    selectionModel()->clear();
}

void WaveList::startDrag(Qt::DropActions)
{
    const QStringList hosts = chosen();
    if (hosts.isEmpty())
        return;
    auto *dragged = new QMimeData;
    dragged->setData(mime, hosts.join(QLatin1Char('\n')).toUtf8());
    auto *drag = new QDrag(this);
    drag->setMimeData(dragged);
    drag->exec(Qt::MoveAction);
}

void WaveList::dragEnterEvent(QDragEnterEvent *event)
{
    if (event->mimeData()->hasFormat(mime))
        event->acceptProposedAction();
}

void WaveList::dragMoveEvent(QDragMoveEvent *event)
{
    if (event->mimeData()->hasFormat(mime))
        event->acceptProposedAction();
}

void WaveList::dropEvent(QDropEvent *event)
{
    const QStringList hosts = QString::fromUtf8(event->mimeData()->data(mime)).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    event->acceptProposedAction();
    if (event->source() != this && !hosts.isEmpty())
        Q_EMIT moveAsked(hosts, m_wave);
}

void WaveList::keyPressEvent(QKeyEvent *event)
{
    const int step = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
    if (step != 0 && (event->modifiers() & Qt::AltModifier)) {
        if (!chosen().isEmpty() && m_wave + step >= 0)
            Q_EMIT moveAsked(chosen(), m_wave + step);
        return;
    }
    if (step != 0) {
        if (step < 0)
            focusPreviousChild();
        else
            focusNextChild();
        return;
    }
    if (event->text() == QLatin1String("/") || event->text() == QLatin1String("?")) {
        event->ignore();
        return;
    }
    QListView::keyPressEvent(event);
}

WaveBoard::WaveBoard(QWidget *parent) : QWidget(parent), m_row(new QHBoxLayout(this))
{
    m_row->setContentsMargins(0, 0, 0, 0);
    m_row->setSpacing(0);
}

void WaveBoard::setPlan(const Plan &plan)
{
    if (plan.waves.size() != m_columns.size())
        rebuild(plan);
    for (int i = 0; i < plan.waves.size(); ++i) {
        const PlanWave &wave = plan.waves[i];
        m_columns[i].title->setText(wave.name);
        const QString hosts = hostsText(static_cast<int>(wave.hosts.size()));
        const int bake = gateBakeS(plan, i, 0);
        m_columns[i].about->setFullText(i == 0 ? tr("%1, one after the other, bake %2").arg(hosts, durationText(bake * 1000LL))
                                               : tr("%1, bake %2").arg(hosts, durationText(bake * 1000LL)));
        m_columns[i].list->setHosts(plan, wave);
    }
}

void WaveBoard::rebuild(const Plan &plan)
{
    while (QLayoutItem *item = m_row->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    m_columns.clear();
    for (int i = 0; i < plan.waves.size(); ++i) {
        auto *widget = new ColumnWidget;
        widget->canary = i == 0;
        auto *column = new QVBoxLayout(widget);
        column->setContentsMargins(0, theme().px(6), 1, theme().px(6));
        column->setSpacing(0);
        auto *head = new QHBoxLayout;
        head->setContentsMargins(theme().px(10), 0, theme().px(8), 0);
        head->setSpacing(theme().px(6));
        if (i == 0)
            head->addWidget(new IconLabel(canaryLook().icon, 14, StateRole::Canary));
        auto *title = new Label({}, TextRole::TableBold);
        head->addWidget(title, 1);
        auto *about = new Label({}, TextRole::Small, Role::Muted);
        about->setElided(true);
        about->setContentsMargins(theme().px(10), 0, theme().px(8), theme().px(4));
        auto *list = new WaveList(i);
        column->addLayout(head);
        column->addWidget(about);
        column->addWidget(list, 1);
        m_row->addWidget(widget, 1);
        connect(list, &WaveList::moveAsked, this, &WaveBoard::moveAsked);
        connect(list, &WaveList::hostChosen, this, [this](const QString &host) {
            m_chosen = host;
            Q_EMIT hostChosen(host);
        });
        m_columns << Column{widget, title, about, list};
    }
}

void WaveBoard::choose(const QString &host)
{
    m_chosen = host;
    for (const Column &column : std::as_const(m_columns))
        column.list->choose(host);
}

} // namespace bellwether
