#include "fleetview/fleetpage.h"

#include "fleetview/copyfile.h"
#include "fleetview/countsrow.h"
#include "fleetview/fleetcopy.h"
#include "fleetview/fleettable.h"
#include "fleetview/importfleet.h"
#include "fleetview/inspector.h"
#include "fleetview/savedfilters.h"
#include "fleetview/tilemap.h"
#include "fleetview/trusthost.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/filterfield.h"
#include "widgets/foldside.h"
#include "widgets/menubutton.h"

#include <QAction>
#include <QBoxLayout>
#include <QClipboard>
#include <QDateTime>
#include <QDragEnterEvent>
#include <QGuiApplication>
#include <QHeaderView>
#include <QJsonArray>
#include <QMenu>
#include <QMimeData>
#include <QSplitter>
#include <QTimer>
#include <QToolButton>

namespace bellwether {

FleetPage::FleetPage(Requests &requests, QWidget *parent)
    : Page(parent), m_requests(requests), m_model(new FleetModel(this)), m_counts(new CountsRow), m_map(new TileMap),
      m_filter(new FilterField), m_group(menuButton(tr("Group"))), m_columns(menuButton(tr("Columns"))), m_saved(new SavedFilters(*m_filter, this)), m_table(new FleetTable),
      m_inspector(new Inspector), m_side(new FoldSide(m_inspector, tr("Chosen host"), Qt::RightEdge, this)), m_split(new QSplitter(Qt::Horizontal)), m_undo(new Button(tr("Undo import"))), m_import(new Button(tr("Import…"))),
      m_check(new Button(tr("Check 0 hosts"))), m_plan(new Button(tr("Plan upgrade of 0 hosts…"), ButtonKind::Primary)),
      m_importer(new ImportFleet(requests, this)), m_truster(new TrustHost(requests, this)), m_copier(new CopyFile(requests, this))
{
    setAcceptDrops(true);
    m_nowMs = QDateTime::currentMSecsSinceEpoch();
    m_model->setNow(m_nowMs);
    build();
    buildCommands();
    connectAll();
}

void FleetPage::build()
{
    m_table->setModel(m_model);
    m_table->setColumnHidden(static_cast<int>(FleetColumn::Environment), true); // the stripe says it; Columns shows it
    auto *left = new QWidget;
    auto *column = new QVBoxLayout(left);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_filterRow = filterRow();
    column->addWidget(m_filterRow);
    column->addWidget(m_table, 1);
    m_split->addWidget(left);
    m_split->addWidget(m_side);
    m_split->setStretchFactor(0, 1);
    m_split->setCollapsible(0, false);
    m_split->setHandleWidth(1);
    m_split->setSizes({theme().px(1000), theme().px(324)});
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(0);
    all->addWidget(m_counts);
    all->addWidget(m_map);
    all->addWidget(m_split, 1);
    m_filter->setValues([this] { return filterValues(); });
    m_filter->setCounter([this](const Filter &filter) { return m_model->matching(filter); });
    m_import->setIconName(QStringLiteral("ui/import"));
    m_import->setHint(tr("Reads a fleet file, an SSH configuration, an Ansible inventory or CSV and shows what would change. A file can also be dropped on this page"));
    m_undo->setHint(tr("Takes the import back: what it added is removed, what it changed is put back"));
    m_undo->hide();
}

QWidget *FleetPage::filterRow()
{
    auto *row = new QWidget;
    auto *layout = new QHBoxLayout(row);
    layout->setContentsMargins(theme().px(12), theme().px(6), theme().px(12), theme().px(6));
    layout->setSpacing(theme().px(8));
    layout->addWidget(m_filter, 1);
    layout->addWidget(m_group);
    layout->addWidget(m_saved->button());
    layout->addWidget(m_columns);
    return row;
}

void FleetPage::buildCommands()
{
    const auto add = [this](const QString &text, const QKeySequence &keys, auto slot) {
        auto *action = new QAction(text, this);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, slot);
        addAction(action);
        m_commands << action;
    };
    add(tr("Import an inventory…"), QKeySequence(QStringLiteral("Ctrl+I")), [this] { m_import->click(); });
    add(tr("Undo the last change of the fleet…"), QKeySequence::Undo, [this] {
        if (m_snapshot && m_snapshot->readOnlyReason.isEmpty())
            m_importer->undo();
    });
    add(tr("Check hosts"), QKeySequence(QStringLiteral("F5")), [this] { m_check->click(); });
    add(tr("Plan an upgrade…"), QKeySequence(QStringLiteral("Ctrl+Return")), [this] { m_plan->click(); });
    add(tr("Copy as table (TSV)"), QKeySequence(QStringLiteral("Ctrl+C")), [this] { copyAs(CopyFormat::Tsv); });
    add(tr("Copy as CSV"), {}, [this] { copyAs(CopyFormat::Csv); });
    add(tr("Copy as JSON"), {}, [this] { copyAs(CopyFormat::Json); });
    add(tr("Copy as Markdown"), {}, [this] { copyAs(CopyFormat::Markdown); });
    add(tr("Copy ssh commands"), QKeySequence(QStringLiteral("Ctrl+Shift+C")), [this] { copyAs(CopyFormat::Ssh); });
    add(tr("Import known hosts…"), {}, [this] {
        if (m_snapshot && m_snapshot->readOnlyReason.isEmpty())
            m_truster->chooseFile();
    });
    add(tr("Trust fingerprints from the clipboard…"), {}, [this] {
        if (m_snapshot && m_snapshot->readOnlyReason.isEmpty())
            m_truster->paste();
    });
    add(tr("Copy a file to the selected hosts…"), {}, [this] {
        if (!selectedNames().isEmpty() && m_snapshot && m_snapshot->readOnlyReason.isEmpty())
            m_copier->chooseFile(selectedNames());
    });
    add(tr("Trust the host's key…"), QKeySequence(QStringLiteral("Ctrl+T")), [this] {
        if (!m_inspector->host().isEmpty() && m_snapshot->readOnlyReason.isEmpty())
            m_truster->ask(m_inspector->host());
    });
}

void FleetPage::connectAll()
{
    connect(m_filter, &FilterField::filterChanged, this, [this] { m_model->setFilter(m_filter->filter()); });
    connect(m_counts, &CountsRow::chosenChanged, this, [this] { m_model->setStates(m_counts->chosen()); });
    connect(m_model, &FleetModel::changed, this, &FleetPage::refresh);
    connect(m_model, &QAbstractItemModel::modelReset, this, [this] { m_table->expandAll(); });
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        refreshActions();
        refreshInspector();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] { refreshInspector(); });
    connect(m_map, &TileMap::chosen, this, &FleetPage::open);
    connect(m_table->header(), &QHeaderView::customContextMenuRequested, this,
            [this](const QPoint &at) { m_columns->menu()->popup(m_table->header()->mapToGlobal(at)); });
    connect(m_columns->menu(), &QMenu::aboutToShow, m_table, [this] { m_table->fillColumnMenu(m_columns->menu()); });
    connect(m_group->menu(), &QMenu::aboutToShow, this, &FleetPage::fillGroupMenu);
    connect(m_import, &QPushButton::clicked, m_importer, &ImportFleet::chooseFile);
    connect(m_undo, &QPushButton::clicked, m_importer, &ImportFleet::undo);
    connect(m_importer, &ImportFleet::taken, this, &FleetPage::refreshActions);
    connect(m_check, &QPushButton::clicked, this, &FleetPage::check);
    connect(m_plan, &QPushButton::clicked, this, &FleetPage::plan);
    connect(m_inspector, &Inspector::trustAsked, m_truster, &TrustHost::ask);
    connect(m_inspector, &Inspector::rolloutAsked, this, [this](const QString &rollout) { Q_EMIT openRequested(QStringLiteral("rollout"), rollout); });
    connect(m_inspector, &Inspector::foldAsked, this, [this] {
        if (!m_side->close())
            m_side->setFolded(true);
    });
    connect(m_inspector, &Inspector::said, this, &Page::said);
    const auto busy = [this](const QString &sentence) {
        m_busy = sentence;
        Q_EMIT headerChanged();
    };
    connect(m_importer, &ImportFleet::busyChanged, this, busy);
    connect(m_importer, &ImportFleet::said, this, &Page::said);
    connect(m_importer, &ImportFleet::failed, this, &Page::failed);
    connect(m_truster, &TrustHost::busyChanged, this, busy);
    connect(m_truster, &TrustHost::said, this, &Page::said);
    connect(m_truster, &TrustHost::failed, this, &Page::failed);
    connect(m_copier, &CopyFile::failed, this, &Page::failed);
}

QString FleetPage::about() const
{
    if (!m_snapshot)
        return {};
    if (!m_busy.isEmpty())
        return m_busy;
    QSet<QString> products;
    for (const FleetRow &row : m_snapshot->fleet)
        products.insert(row.installation.product);
    QString text = products.size() == 1 ? tr("%1, 1 product").arg(hostsText(m_model->total()))
                                        : tr("%1, %2 products").arg(hostsText(m_model->total())).arg(products.size());
    const qint64 oldest = m_model->oldestMeasured();
    if (m_model->total() > 0)
        text += QStringLiteral("  ·  ") + (oldest == 0 ? tr("not all measured yet") : tr("measured %1").arg(agoText(oldest, m_nowMs)));
    return text;
}

QList<QWidget *> FleetPage::headerActions() { return {m_undo, m_import, m_check, m_plan}; }

void FleetPage::setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot)
{
    m_snapshot = std::move(snapshot);
    m_stale = true;
    if (isVisible())
        takeSnapshot();
}

void FleetPage::takeSnapshot()
{
    m_stale = false;
    const auto &snapshot = m_snapshot;
    m_production = std::any_of(snapshot->fleet.cbegin(), snapshot->fleet.cend(),
                               [](const FleetRow &row) { return row.installation.environment == Environment::Production; });
    m_inspector->setReadOnly(snapshot->readOnlyReason);
    const QStringList selected = selectedNames();
    m_model->setSnapshot(snapshot);
    if (!m_grouped && m_model->total() > 0) { // group by the label that places hosts, where there is one
        m_grouped = true;
        for (const QString &key : {QStringLiteral("site"), QStringLiteral("region")})
            if (m_model->grouping().isEmpty() && m_model->labelKeys().contains(key))
                groupBy(key);
    }
    if (selectedNames() != selected)
        for (const QString &name : selected)
            m_table->selectionModel()->select(m_model->indexOf(name), QItemSelectionModel::Select | QItemSelectionModel::Rows);
    refresh();
}

void FleetPage::refresh()
{
    if (!m_columnsRestored && m_model->shown() > 0 && m_settled) { // widths are measured against the real window
        m_table->fitColumns();
        m_columnsRestored = true;
    }
    m_counts->setCounts(m_model->counts());
    m_filter->recount();
    refreshMap();
    refreshActions();
    refreshInspector();
    emptyText();
    Q_EMIT headerChanged();
}

// What stands in the fleet, for completion in the filter.
QMap<QString, QStringList> FleetPage::filterValues() const
{
    QMap<QString, QStringList> values;
    if (m_snapshot)
        for (const FleetRow &row : m_snapshot->fleet) {
            const auto add = [&values](const QString &key, const QString &value) {
                QStringList &list = values[key];
                if (!value.isEmpty() && list.size() < 40 && !list.contains(value))
                    list << value;
            };
            add(QStringLiteral("product"), row.installation.product);
            add(QStringLiteral("environment"), nameOf(row.installation.environment));
            add(QStringLiteral("version"), row.facts.version ? row.facts.version->toString() : QString());
            for (const QString &group : row.installation.groups)
                add(QStringLiteral("group"), group);
            for (auto it = row.installation.labels.cbegin(); it != row.installation.labels.cend(); ++it)
                add(it.key(), it.value());
        }
    values[QStringLiteral("health")] = {QStringLiteral("ok"), QStringLiteral("starting"), QStringLiteral("unhealthy"), QStringLiteral("unknown")};
    return values;
}

void FleetPage::refreshMap()
{
    QMap<QString, TileMap::Block> blocks;
    const QString key = m_model->grouping();
    const QList<bool> shown = m_model->shownRows();
    if (m_snapshot)
        for (int i = 0; i < shown.size(); ++i) { // sorted by name: a host keeps its place whatever its state
            const Installation &host = m_snapshot->fleet[i].installation;
            if (!shown[i])
                continue;
            const QString title = key.isEmpty() ? tr("All hosts")
                : key == QLatin1String("environment") ? wordOf(host.environment)
                : key == QLatin1String("product") ? host.product
                : host.labels.value(key, tr("without %1").arg(key));
            TileMap::Block &block = blocks[title];
            block.title = title;
            block.tiles << TileMap::Tile{host.name, m_model->lookOf(i), m_model->stateOf(i) == FleetState::Healthy};
        }
    m_map->setVisible(!blocks.isEmpty());
    m_map->setBlocks(blocks.values());
}

QStringList FleetPage::selectedNames() const
{
    QStringList names;
    for (const QModelIndex &index : m_table->selectionModel()->selectedRows()) {
        const QString name = m_model->nameAt(index);
        if (!name.isEmpty())
            names << name;
    }
    names.sort();
    return names;
}

QStringList FleetPage::targetNames() const
{
    const QStringList selected = selectedNames();
    return selected.isEmpty() ? m_model->shownNames() : selected;
}

void FleetPage::refreshActions()
{
    const QStringList selected = selectedNames();
    const int count = selected.isEmpty() ? m_model->shown() : static_cast<int>(selected.size());
    m_check->setText(tr("Check %1").arg(hostsText(count)));
    m_plan->setText(tr("Plan upgrade of %1…").arg(hostsText(count)));
    const QString none = m_model->total() == 0 ? tr("There are no hosts yet.") : tr("No host is shown.");
    const QString readOnly = m_snapshot ? m_snapshot->readOnlyReason : QString();
    m_check->setBlocked(count == 0 ? none : readOnly);
    m_check->setHint(tr("Measures version, health, disk, database, backups and ledger; changes nothing on the hosts"));
    m_import->setBlocked(readOnly);
    m_undo->setBlocked(readOnly);
    m_undo->setVisible(m_snapshot && m_snapshot->undo && m_importer->hasTaken(m_snapshot->undo->seq));
    QSet<QString> products;
    for (const QString &name : selected)
        if (const FleetRow *row = m_model->row(name))
            products.insert(row->installation.product);
    if (selected.isEmpty())
        products = m_model->shownProducts();
    m_plan->setBlocked(count == 0 ? none : products.size() > 1 ? tr("These hosts run several products. Choose hosts of one product.") : QString());
    m_plan->setHint(tr("Opens the Plan page with these hosts; nothing is started"));
    m_map->setSelected(QSet<QString>(selected.cbegin(), selected.cend()));
}

void FleetPage::refreshInspector()
{
    const QStringList selected = selectedNames();
    const QString current = m_model->nameAt(m_table->currentIndex());
    const QString name = selected.contains(current) || selected.isEmpty() ? current : selected.first();
    const FleetRow *row = m_model->row(name);
    QString product;
    if (row)
        product = m_snapshot->library && m_snapshot->library->profiles.contains(row->installation.product)
            ? m_snapshot->library->profiles[row->installation.product].name : row->installation.product;
    QStringList sameMachine;
    for (qsizetype i = 0; row && i < m_snapshot->fleet.size(); ++i)
        if (m_snapshot->fleet[i].installation.name != name && isSameMachine(m_snapshot->fleet[i], *row))
            sameMachine << m_snapshot->fleet[i].installation.name;
    m_inspector->setSameMachine(sameMachine);
    m_inspector->show(row, m_model->lookOf(name), product, m_model->sshOf(name), static_cast<int>(selected.size()), m_nowMs);
}

void FleetPage::emptyText()
{
    const bool none = m_model->total() == 0;
    for (QWidget *widget : std::initializer_list<QWidget *>{m_counts, m_side, m_filterRow}) // nothing to count, filter or inspect
        widget->setVisible(!none);
    m_table->setHeaderHidden(none);
    if (none)
        m_table->setEmptyText(tr("No hosts yet. Import a fleet file, ~/.ssh/config, an Ansible inventory or CSV (drop it here, or Ctrl+I).\nTo try everything out first, start the demo fleet in a terminal: bellwether demo up"));
    else
        m_table->setEmptyText(tr("No host matches. %1 are hidden. Esc clears the filter.").arg(hostsText(m_model->total())));
}

void FleetPage::tick(qint64 nowMs)
{
    m_nowMs = nowMs;
    m_model->setNow(nowMs);
    m_table->viewport()->update();
    refreshInspector();
    Q_EMIT headerChanged();
}

void FleetPage::open(const QString &what)
{
    QModelIndex index = m_model->indexOf(what);
    if (!index.isValid()) { // hidden by the filter
        m_filter->clear();
        m_counts->clear();
        index = m_model->indexOf(what);
    }
    if (!index.isValid())
        return;
    m_table->setExpanded(index.parent(), true);
    m_table->setCurrentIndex(index);
    m_table->scrollTo(index, QAbstractItemView::PositionAtCenter);
}

void FleetPage::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

bool FleetPage::escape()
{
    return m_side->close() || m_filter->clearOrClose() || m_counts->clear();
}

QList<QWidget *> FleetPage::regions() { return {m_table, m_counts, m_map, m_filter, m_side}; }

void FleetPage::groupBy(const QString &key)
{
    m_model->setGrouping(key);
    m_table->expandAll();
    m_group->setText(key.isEmpty() ? tr("Group") : tr("By %1").arg(key));
    m_group->setAccessibleName(m_group->text());
    refreshMap();
}

void FleetPage::fillGroupMenu()
{
    QMenu *menu = m_group->menu();
    menu->clear();
    const auto add = [&](const QString &text, const QString &key) {
        QAction *action = menu->addAction(text);
        action->setCheckable(true);
        action->setChecked(m_model->grouping() == key);
        connect(action, &QAction::triggered, this, [this, key] { groupBy(key); });
    };
    add(tr("No groups"), {});
    for (const QString &key : m_model->labelKeys())
        add(key, key);
    menu->addSeparator();
    add(tr("product"), QStringLiteral("product"));
    add(tr("environment"), QStringLiteral("environment"));
}

void FleetPage::check()
{
    const QStringList names = targetNames();
    m_busy = tr("Measuring %1…").arg(hostsText(static_cast<int>(names.size())));
    Q_EMIT headerChanged();
    m_requests.send(QStringLiteral("check"), {{QStringLiteral("hosts"), QJsonArray::fromStringList(names)}}, this, [this, names](const Reply &reply) {
        m_busy.clear();
        Q_EMIT headerChanged();
        if (!reply)
            Q_EMIT failed(errorText(reply.error()));
        else
            Q_EMIT said(tr("Measured %1.").arg(hostsText(static_cast<int>(names.size()))));
    });
}

void FleetPage::plan()
{
    Q_EMIT openRequested(QStringLiteral("plan"), QStringLiteral("hosts:") + targetNames().join(QLatin1Char(',')));
}

void FleetPage::copyAs(CopyFormat format)
{
    const QStringList names = targetNames();
    QGuiApplication::clipboard()->setText(copyOfHosts(*m_model, names, format));
    Q_EMIT said(tr("Copied %1.").arg(hostsText(static_cast<int>(names.size()))));
}

void FleetPage::dragEnterEvent(QDragEnterEvent *event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    if (urls.size() == 1 && urls.first().isLocalFile() && m_snapshot && m_snapshot->readOnlyReason.isEmpty())
        event->acceptProposedAction();
}

void FleetPage::dropEvent(QDropEvent *event)
{
    m_importer->read(event->mimeData()->urls().first().toLocalFile());
    event->acceptProposedAction();
}

void FleetPage::resizeEvent(QResizeEvent *event)
{
    Page::resizeEvent(event);
    m_side->setNarrow(width() < theme().px(1120));
}

void FleetPage::showEvent(QShowEvent *event)
{
    Page::showEvent(event);
    if (m_stale)
        takeSnapshot();
    if (!m_columnsRestored)
        QTimer::singleShot(0, this, [this] {
            m_settled = true;
            refresh();
        });
}

void FleetPage::saveState(ViewState &settings)
{
    if (m_columnsRestored)
        settings.setValue(QStringLiteral("columns"), m_table->header()->saveState());
    settings.setValue(QStringLiteral("split"), m_split->saveState());
    settings.setValue(QStringLiteral("history"), m_filter->history());
    settings.setValue(QStringLiteral("group"), m_model->grouping());
    settings.setValue(QStringLiteral("folded"), m_side->isFoldedByHand());
    m_saved->save(settings);
}

void FleetPage::restoreState(ViewState &settings)
{
    const QByteArray columns = settings.value(QStringLiteral("columns")).toByteArray();
    m_columnsRestored = !columns.isEmpty() && m_table->header()->restoreState(columns);
    const QByteArray split = settings.value(QStringLiteral("split")).toByteArray();
    if (!split.isEmpty())
        m_split->restoreState(split);
    m_side->setFolded(settings.value(QStringLiteral("folded"), false).toBool());
    m_saved->restore(settings);
    m_filter->setHistory(settings.value(QStringLiteral("history")).toStringList());
    if (settings.contains(QStringLiteral("group"))) {
        m_grouped = true;
        groupBy(settings.value(QStringLiteral("group")).toString());
    }
}

} // namespace bellwether
