#include "planview/planpage.h"

#include "planview/estimateview.h"
#include "planview/findingsview.h"
#include "planview/pathview.h"
#include "planview/plandetails.h"
#include "planview/waveboard.h"
#include "text/format.h"
#include "text/words.h"
#include "widgets/filterfield.h"

#include <QAction>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDateTime>
#include <QGuiApplication>
#include <QSplitter>
#include <QTabWidget>
#include <QUndoCommand>
#include <algorithm>

namespace bellwether {

namespace {

bool samePlanned(const FleetRow &a, const FleetRow &b)
{
    return a.facts.measuredMs == b.facts.measuredMs && a.rollout == b.rollout && a.installation == b.installation;
}

QStringList productsOf(const ConsoleSnapshot &snapshot)
{
    QStringList products;
    for (const FleetRow &row : snapshot.fleet)
        if (!products.contains(row.installation.product))
            products << row.installation.product;
    products.sort();
    return products;
}

} // namespace

// One edit of the waves or of who is left out; undone as a whole.
class WavesCommand final : public QUndoCommand {
public:
    WavesCommand(PlanPage &page, const QString &text, QList<PlanWave> waves, QStringList excluded)
        : QUndoCommand(text), m_page(page), m_before(page.m_waves), m_after(std::move(waves)), m_excludedBefore(page.m_excluded),
          m_excludedAfter(std::move(excluded))
    {
    }
    void undo() override { m_page.setWaves(m_before, m_excludedBefore); }
    void redo() override { m_page.setWaves(m_after, m_excludedAfter); }

private:
    PlanPage &m_page;
    QList<PlanWave> m_before, m_after;
    QStringList m_excludedBefore, m_excludedAfter;
};

PlanPage::PlanPage(Requests &requests, QWidget *parent)
    : Page(parent), m_requests(requests), m_product(new QComboBox), m_version(new QComboBox), m_strategy(new QComboBox), m_hop(new QComboBox),
      m_filter(new FilterField), m_path(new PathView), m_wavesPanel(new Panel(tr("Waves"), QStringLiteral("ui/waves"))),
      m_estimatePanel(new Panel(tr("Estimate"), QStringLiteral("ui/clock"))),
      m_commandsPanel(new Panel(tr("Exact commands"), QStringLiteral("ui/log"))), m_findingsPanel(new Panel(tr("What stands in the way"))),
      m_board(new WaveBoard), m_estimate(new EstimateView), m_steps(new CommandsView), m_findings(new FindingsView), m_tabs(new QTabWidget),
      m_diff(new DiffView), m_notes(new NotesView), m_read(new QCheckBox(tr("I have read these release notes"))),
      m_split(new QSplitter(Qt::Horizontal)), m_leftSplit(new QSplitter(Qt::Vertical)), m_rightSplit(new QSplitter(Qt::Vertical)),
      m_verdictIcon(new IconLabel(QString(), 16, Role::Muted)), m_verdict(new Label({}, TextRole::BodyBold)),
      m_detail(new Label({}, TextRole::Body)), m_person(new Label({}, TextRole::Body, Role::Muted)), m_save(new Button(tr("Save plan…"))),
      m_start(new Button(tr("Start rollout of 0 hosts…"), ButtonKind::Primary)),
      m_undoButton(new Button(tr("Undo"), ButtonKind::Outlined, ButtonSize::Panel))
{
    m_nowMs = QDateTime::currentMSecsSinceEpoch();
    build();
    buildCommands();
    connectAll();
    m_soon.setSingleShot(true);
    m_soon.setInterval(120);
    showPlan();
}

void PlanPage::buildCommands()
{
    const auto add = [this](const QString &text, const QKeySequence &keys, auto slot) {
        auto *action = new QAction(text, this);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, slot);
        addAction(action);
        m_commands << action;
    };
    add(tr("Undo the last edit of the waves"), QKeySequence::Undo, [this] { m_undo.undo(); });
    add(tr("Redo"), QKeySequence::Redo, [this] { m_undo.redo(); });
    add(tr("Save plan…"), QKeySequence::Save, [this] { m_save->click(); });
    add(tr("Start rollout…"), QKeySequence(QStringLiteral("Ctrl+Return")), [this] { m_start->click(); });
    add(tr("Waves as the strategy cuts them"), {}, [this] {
        if (!m_waves.isEmpty())
            m_undo.push(new WavesCommand(*this, tr("waves by the strategy"), {}, m_excluded));
    });
}

void PlanPage::connectAll()
{
    connect(&m_soon, &QTimer::timeout, this, &PlanPage::planNow);
    connect(m_product, &QComboBox::currentIndexChanged, this, [this] {
        if (m_filling)
            return;
        forgetEdits();
        m_versionChosen = false;
        fillVersions();
        plan();
    });
    connect(m_version, &QComboBox::currentIndexChanged, this, [this] {
        if (!m_filling) {
            m_versionChosen = true;
            plan();
        }
    });
    connect(m_strategy, &QComboBox::currentIndexChanged, this, [this] {
        if (!m_filling) {
            m_waves.clear();
            m_undo.clear();
            plan();
        }
    });
    connect(m_filter, &FilterField::textEdited, this, [this] {
        m_chosen.clear();
        forgetEdits();
        plan();
    });
    connect(m_filter, &FilterField::filterChanged, this, &PlanPage::plan);
    m_filter->setCounter([this](const Filter &) { return static_cast<int>(candidates().size()); });
    connect(m_board, &WaveBoard::moveAsked, this, &PlanPage::moveHosts);
    connect(m_board, &WaveBoard::hostChosen, this, &PlanPage::showHost);
    connect(m_findings, &FindingsView::excludeAsked, this, &PlanPage::exclude);
    connect(m_findings, &FindingsView::deferAsked, this, [this](const QStringList &hosts) {
        m_deferred << hosts;
        plan();
    });
    connect(m_findings, &FindingsView::hostChosen, this, [this](const QString &host) {
        m_board->choose(host);
        showHost(host);
    });
    connect(m_hop, &QComboBox::currentIndexChanged, this, [this] {
        if (!m_filling)
            showHost(m_host);
    });
    connect(m_commandsPanel->findChild<Button *>(QStringLiteral("plan-copy-commands")), &QPushButton::clicked, this, [this] {
        QGuiApplication::clipboard()->setText(m_steps->asText());
        Q_EMIT said(tr("Commands copied."));
    });
    connect(m_read, &QCheckBox::toggled, this, &PlanPage::showVerdict);
    connect(m_save, &QPushButton::clicked, this, &PlanPage::save);
    connect(m_start, &QPushButton::clicked, this, &PlanPage::start);
    connect(m_undoButton, &QPushButton::clicked, &m_undo, &QUndoStack::undo);
    connect(&m_undo, &QUndoStack::indexChanged, this, [this] {
        m_undoButton->setBlocked(m_undo.canUndo() ? QString() : tr("Nothing to undo."));
        m_undoButton->setHint(tr("Undoes: %1").arg(m_undo.undoText()));
    });
}

void PlanPage::setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot)
{
    const bool libraryChanged = !m_snapshot || m_snapshot->library != snapshot->library;
    m_snapshot = snapshot;
    if (libraryChanged || m_products != productsOf(*snapshot)) {
        fillProducts();
        fillStrategies();
        fillVersions();
        m_planned.reset();
    }
    if (isVisible()) // nobody reads a plan that is not shown
        followFacts();
}

void PlanPage::showEvent(QShowEvent *event)
{
    Page::showEvent(event);
    if (m_snapshot)
        followFacts();
}

void PlanPage::followFacts()
{
    if (!m_planned || !std::ranges::equal(m_planned->fleet, m_snapshot->fleet, samePlanned)) {
        m_planned = m_snapshot;
        if (!m_versionChosen)
            fillVersions(); // what is offered follows from what was measured
        m_filter->recount();
        plan();
    }
    showVerdict();
}

void PlanPage::forgetEdits()
{
    m_waves.clear();
    m_deferred.clear();
    m_excluded.clear();
    m_undo.clear();
}

void PlanPage::fillProducts()
{
    m_filling = true;
    const QString before = m_product->currentData().toString();
    m_product->clear();
    m_products = productsOf(*m_snapshot);
    if (m_snapshot->library)
        for (const QString &id : std::as_const(m_products))
            if (m_snapshot->library->profiles.contains(id))
                m_product->addItem(m_snapshot->library->profiles[id].name, id);
    const int at = m_product->findData(before);
    m_product->setCurrentIndex(at >= 0 ? at : m_product->count() > 0 ? 0 : -1);
    if (at < 0) {
        forgetEdits();
        m_versionChosen = false;
    }
    m_filling = false;
}

void PlanPage::fillStrategies()
{
    m_filling = true;
    const QString before = m_strategy->currentData().toString();
    m_strategy->clear();
    if (m_snapshot->library)
        for (auto it = m_snapshot->library->strategies.cbegin(); it != m_snapshot->library->strategies.cend(); ++it) {
            m_strategy->addItem(it.key(), it.key());
            m_strategy->setItemData(m_strategy->count() - 1, plainToolTip(it->description), Qt::ToolTipRole);
        }
    int at = m_strategy->findData(before);
    if (at < 0) { // a demo fleet is meant for the quick strategy that is made for it
        const bool demo = !m_snapshot->fleet.isEmpty()
            && std::all_of(m_snapshot->fleet.cbegin(), m_snapshot->fleet.cend(), [](const FleetRow &row) { return row.installation.name.startsWith(QLatin1String("demo-")); });
        at = m_strategy->findData(demo ? QStringLiteral("demo") : QStringLiteral("standard"));
    }
    m_strategy->setCurrentIndex(at);
    m_filling = false;
}

void PlanPage::fillVersions()
{
    m_filling = true;
    const QString before = m_versionChosen ? m_version->currentData().toString() : QString();
    m_version->clear();
    const QString product = m_product->currentData().toString();
    if (m_snapshot->library && m_snapshot->library->catalogues.contains(product)) {
        const Catalogue &catalogue = m_snapshot->library->catalogues[product];
        for (auto it = catalogue.releases.crbegin(); it != catalogue.releases.crend(); ++it)
            m_version->addItem(it->date.isEmpty() ? it->version.toString() : tr("%1  %2").arg(it->version.toString(), it->date), it->version.toString());
        QList<Version> from;
        for (const FleetRow &row : m_snapshot->fleet)
            if (row.installation.product == product && row.facts.version)
                from << *row.facts.version;
        const Version best = suggestedVersion(catalogue, m_snapshot->library->profiles.value(product).policy, from);
        const int kept = before.isEmpty() ? -1 : m_version->findData(before);
        m_version->setCurrentIndex(kept >= 0 ? kept : qMax(0, m_version->findData(best.toString())));
    }
    m_filling = false;
}

QStringList PlanPage::candidates() const
{
    QStringList names;
    if (!m_snapshot)
        return names;
    const QString product = m_product->currentData().toString();
    for (const FleetRow &row : m_snapshot->fleet) {
        const bool chosen = m_chosen.isEmpty() ? m_filter->filter().matches(row.installation, row.facts) : m_chosen.contains(row.installation.name);
        if (chosen && row.installation.product == product)
            names << row.installation.name;
    }
    return names;
}

void PlanPage::open(const QString &what)
{
    if (!what.startsWith(QLatin1String("hosts:")))
        return;
    m_chosen = what.mid(6).split(QLatin1Char(','), Qt::SkipEmptyParts);
    forgetEdits();
    m_filter->clear();
    for (const FleetRow &row : m_snapshot->fleet)
        if (m_chosen.contains(row.installation.name)) {
            const int at = m_product->findData(row.installation.product);
            if (at >= 0)
                m_product->setCurrentIndex(at);
            break;
        }
    m_filter->setPlaceholderText(tr("%1 chosen on the Fleet page; type to choose by filter").arg(hostsText(static_cast<int>(m_chosen.size()))));
    plan();
}

void PlanPage::tick(qint64 nowMs)
{
    if (nowMs / 10000 != m_nowMs / 10000) {
        m_estimate->setNow(nowMs);
        m_estimatePanel->setAbout(m_result.made ? m_estimate->sentence() : QString());
    }
    m_nowMs = nowMs;
}

void PlanPage::moveHosts(const QStringList &hosts, int wave)
{
    if (m_planning || !m_result.made)
        return;
    const QList<PlanWave> moved = movedHosts(m_result.plan.waves, hosts, wave);
    if (moved.size() == m_result.plan.waves.size() && std::equal(moved.cbegin(), moved.cend(), m_result.plan.waves.cbegin(),
                                                                 [](const PlanWave &a, const PlanWave &b) { return a.hosts == b.hosts; }))
        return;
    m_host = hosts.first();
    m_undo.push(new WavesCommand(*this, tr("move of %1").arg(joinNames(hosts, 2)), moved, m_excluded));
}

void PlanPage::exclude(const QStringList &hosts)
{
    QList<PlanWave> waves = m_waves;
    for (PlanWave &wave : waves)
        wave.hosts.removeIf([&](const QString &host) { return hosts.contains(host); });
    m_undo.push(new WavesCommand(*this, tr("exclusion of %1").arg(joinNames(hosts, 2)), waves, m_excluded + hosts));
}

void PlanPage::setWaves(const QList<PlanWave> &waves, const QStringList &excluded)
{
    m_waves = waves;
    m_excluded = excluded;
    plan();
}

bool PlanPage::hasProduction() const
{
    if (!m_snapshot)
        return false;
    const QStringList names = candidates();
    return std::any_of(m_snapshot->fleet.cbegin(), m_snapshot->fleet.cend(), [&](const FleetRow &row) {
        return row.installation.environment == Environment::Production && names.contains(row.installation.name);
    });
}

QString PlanPage::about() const
{
    if (m_product->currentIndex() < 0)
        return {};
    return tr("%1 to %2, %3").arg(m_product->currentText(), m_version->currentData().toString(), hostsText(static_cast<int>(m_result.plan.hosts.size())));
}

std::optional<ChipText> PlanPage::chip() const
{
    if (m_planning)
        return ChipText{StateRole::Waiting, QStringLiteral("state/waiting"), tr("Planning…")};
    if (!m_result.made)
        return std::nullopt;
    return m_result.plan.isAccepted() ? ChipText{StateRole::Healthy, QStringLiteral("state/healthy"), tr("Accepted")}
                                      : ChipText{StateRole::Warning, QStringLiteral("state/warning"), tr("Draft")};
}

QString PlanPage::afterChip() const { return m_result.made && !m_planning ? tr("hash %1").arg(shortHash(m_result.hash)) : QString(); }

void PlanPage::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

bool PlanPage::escape() { return m_filter->clearOrClose(); }

QList<QWidget *> PlanPage::regions() { return {m_product, m_board, m_steps, m_findings, m_tabs, m_start}; }

void PlanPage::saveState(ViewState &settings)
{
    settings.setValue(QStringLiteral("split"), m_split->saveState());
    settings.setValue(QStringLiteral("left"), m_leftSplit->saveState());
    settings.setValue(QStringLiteral("right"), m_rightSplit->saveState());
}

void PlanPage::restoreState(ViewState &settings)
{
    for (const auto &[key, split] : {std::pair{"split", m_split}, std::pair{"left", m_leftSplit}, std::pair{"right", m_rightSplit}}) {
        const QByteArray state = settings.value(QLatin1String(key)).toByteArray();
        if (!state.isEmpty())
            split->restoreState(state);
    }
}

} // namespace bellwether
