#include "shell/mainwindow.h"

#include "shell/actions.h"
#include "shell/keysoverlay.h"
#include "shell/leaving.h"
#include "shell/pageheader.h"
#include "shell/palette.h"
#include "shell/productionframe.h"
#include "shell/rail.h"
#include "shell/statusline.h"
#include "shell/stopall.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/banner.h"
#include "widgets/confirmdialog.h"
#include "widgets/focusring.h"
#include "widgets/icons.h"
#include "widgets/offthread.h"

#include <QApplication>
#include <QBoxLayout>
#include <QCloseEvent>
#include <QDateTime>
#include <QScreen>
#include <QStackedWidget>
#include <QThreadPool>
#include <mutex>

namespace bellwether {

namespace {
const QEvent::Type wakeType = static_cast<QEvent::Type>(QEvent::registerEventType());

// Where the focus goes when a region is entered: the region itself, the checked button of a row, else the first that
// takes it.
QWidget *focusTarget(QWidget *region)
{
    if (region->focusPolicy() & Qt::TabFocus)
        return region;
    QWidget *first = nullptr;
    for (QWidget *child : region->findChildren<QWidget *>()) {
        if (!child->isVisible() || !child->isEnabled() || !(child->focusPolicy() & Qt::TabFocus))
            continue;
        const auto *button = qobject_cast<QAbstractButton *>(child);
        if (button && button->isChecked())
            return child;
        if (!first)
            first = child;
    }
    return first;
}

// Why nothing is begun although nobody stopped it. A rollout's page does not know: that it pauses is an event as well, which the
// journal has not taken yet.
QString failingSentence(const ConsoleSnapshot &snapshot)
{
    const QString failing = QStringLiteral("failing: ");
    if (!snapshot.journalState.startsWith(failing))
        return {};
    QString sentence = MainWindow::tr("Nothing can be written into the journal (%1). No step is begun in any rollout; what runs on a host goes on to its end there. "
                                      "Make room on the disk of %2 and see that the journal lies there as it did: it is tried again every second.")
                           .arg(visibleText(snapshot.journalState.mid(failing.size()), 300), visibleText(snapshot.dataFolder, 200));
    QStringList held;
    for (const auto &rollout : snapshot.rollouts)
        if (!rollout->interrupted && (rollout->state == RolloutLifecycle::Running || rollout->state == RolloutLifecycle::Paused))
            held << rollout->name;
    if (!held.isEmpty())
        sentence += QLatin1Char(' ') + MainWindow::tr("Rollouts under way are paused then, whatever their pages say now, and go on with Resume: %1.").arg(joinNames(held, 6));
    return sentence;
}

} // namespace

// Lives as long as the console may call; knows the window only while it is there.
struct MainWindow::Wake {
    std::mutex mutex;
    QObject *window = nullptr;
    bool pending = false;
    void operator()()
    {
        const std::scoped_lock lock(mutex);
        if (!window || pending)
            return;
        pending = true;
        QCoreApplication::postEvent(window, new QEvent(wakeType));
    }
};

MainWindow::MainWindow(ConsolePort &console, const QString &dataFolder)
    : m_console(console), m_dataFolder(dataFolder), m_requests(console), m_wake(std::make_shared<Wake>()),
      m_snapshot(console.snapshot()), m_actions(new Actions(this)), m_frame(new ProductionFrame), m_rail(new Rail),
      m_header(new PageHeader), m_stack(new QStackedWidget), m_bannerBox(new QVBoxLayout),
      m_failure(new Banner(StateRole::Failed, QStringLiteral("state/failed"))), m_status(new StatusLine),
      m_palette(new CommandPalette(this)), m_keys(new KeysOverlay(this)),
      m_stopAll(new StopAll(m_requests, this))
{
    setWindowTitle(QStringLiteral("Bellwether"));
    setWindowIcon(programIcon());
    setMinimumSize(720, 480);
    setFocusPolicy(Qt::NoFocus);
    auto *right = new QVBoxLayout;
    right->setSpacing(0);
    right->addWidget(m_header);
    m_bannerBox->setSpacing(0);
    right->addLayout(m_bannerBox);
    right->addWidget(m_failure);
    right->addWidget(m_stack, 1);
    auto *middle = new QHBoxLayout;
    middle->setSpacing(0);
    middle->addWidget(m_rail);
    middle->addLayout(right, 1);
    auto *all = new QVBoxLayout(m_frame);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(0);
    all->addLayout(middle, 1);
    all->addWidget(m_status);
    setCentralWidget(m_frame);
    m_failure->hide();
    connect(m_failure->addButton(tr("Dismiss")), &QPushButton::clicked, m_failure, &QWidget::hide);
    new FocusRing(this);
    buildActions();
    m_wake->window = this;
    m_console.setChanged([wake = m_wake] { (*wake)(); });
    connect(&m_clock, &QTimer::timeout, this, &MainWindow::tick);
    m_clock.start(1000);
}

MainWindow::~MainWindow()
{
    const std::scoped_lock lock(m_wake->mutex);
    m_wake->window = nullptr;
}

void MainWindow::buildActions()
{
    const auto on = [this](ActionId id, auto &&slot) {
        connect(m_actions->action(id), &QAction::triggered, this, std::forward<decltype(slot)>(slot));
    };
    on(ActionId::GoFleet, [this] { openPage(QStringLiteral("fleet")); });
    on(ActionId::GoPlan, [this] { openPage(QStringLiteral("plan")); });
    on(ActionId::GoRollout, [this] { openPage(QStringLiteral("rollout")); });
    on(ActionId::GoHistory, [this] { openPage(QStringLiteral("history")); });
    on(ActionId::GoSettings, [this] { openPage(QStringLiteral("settings")); });
    on(ActionId::Palette, [this] { openPalette(); });
    on(ActionId::Filter, [this] { if (currentPage()) currentPage()->focusFilter(); });
    on(ActionId::NextRegion, [this] { cycleRegion(1); });
    on(ActionId::PreviousRegion, [this] { cycleRegion(-1); });
    on(ActionId::Escape, [this] { escape(); });
    on(ActionId::Keys, [this] { openKeys(); });
    on(ActionId::Quit, [this] { close(); });
    connect(m_header->paletteField(), &QPushButton::clicked, this, &MainWindow::openPalette);
    connect(m_rail, &Rail::chosen, this, &MainWindow::showPage);
    m_stopButton = m_rail->addFoot({}, tr("Stop all"), QStringLiteral("ui/stop-all"));
    m_stopButton->setObjectName(QStringLiteral("stop-all"));
    connect(m_stopButton, &QToolButton::clicked, m_stopAll, &StopAll::open);
    on(ActionId::StopAll, [this] { m_stopAll->open(); });
    connect(m_stopAll, &StopAll::said, m_status, &StatusLine::say);
    connect(m_stopAll, &StopAll::failed, this, &MainWindow::showFailure);
    connect(m_rail->addFoot(QStringLiteral("F1"), tr("Keys")), &QToolButton::clicked, this, &MainWindow::openKeys);
}

void MainWindow::addPage(Page *page)
{
    const int index = static_cast<int>(m_pages.size());
    m_pages << page;
    m_stack->addWidget(page);
    page->setAccessibleName(page->word()); // it has the focus while it is empty
    m_header->addPage(*page);
    m_rail->addPage(*page);
    connect(page, &Page::headerChanged, this, [this, page, index] {
        m_rail->button(index)->setBadge(page->badge());
        if (page == currentPage())
            refreshHeader();
    });
    connect(page, &Page::openRequested, this, &MainWindow::openPage);
    connect(page, &Page::said, m_status, &StatusLine::say);
    connect(page, &Page::failed, this, &MainWindow::showFailure);
}

void MainWindow::finish()
{
    resize(QSize(1440, 900).boundedTo(screen()->availableSize()));
    offThread(this, [folder = m_dataFolder] { return readWindowState(folder); }, [this](const WindowState &state) { restore(state); });
    takeSnapshot();
    showPage(0);
    tick();
}

void MainWindow::restore(const WindowState &state)
{
    restoreGeometry(state.value(QStringLiteral("window")).value(QStringLiteral("geometry")).toByteArray());
    for (Page *page : std::as_const(m_pages))
        if (state.contains(page->id())) {
            ViewState remembered = state[page->id()];
            page->restoreState(remembered);
        }
    m_restored = true;
    if (m_showWhenRestored)
        show();
}

void MainWindow::showWhenRestored()
{
    m_showWhenRestored = true;
    if (m_restored)
        show();
}

Page *MainWindow::page(const QString &id) const
{
    for (Page *page : m_pages)
        if (page->id() == id)
            return page;
    return nullptr;
}

Page *MainWindow::currentPage() const { return m_pages.value(m_stack->currentIndex()); }

void MainWindow::openPage(const QString &id, const QString &what)
{
    for (int i = 0; i < m_pages.size(); ++i) {
        if (m_pages[i]->id() != id)
            continue;
        showPage(i);
        if (!what.isEmpty())
            m_pages[i]->open(what);
        refreshHeader();
    }
}

void MainWindow::showPage(int index)
{
    m_stack->setCurrentIndex(index);
    m_rail->setCurrent(index);
    refreshHeader();
    if (Page *page = currentPage()) {
        page->tick(QDateTime::currentMSecsSinceEpoch());
        const QList<QWidget *> regions = page->regions();
        if (!regions.isEmpty() && !m_rail->isAncestorOf(QApplication::focusWidget()))
            regions.first()->setFocus(Qt::OtherFocusReason);
    }
}

void MainWindow::refreshHeader()
{
    Page *page = currentPage();
    if (!page)
        return;
    m_header->show(*page, m_stack->currentIndex());
    m_frame->setProduction(page->hasProduction());
    m_status->setProduction(page->hasProduction());
    setWindowTitle(page->about().isEmpty() ? tr("Bellwether: %1").arg(page->title())
                                           : tr("Bellwether: %1, %2").arg(page->title(), page->about()));
}

bool MainWindow::event(QEvent *event)
{
    if (event->type() == QEvent::StatusTip) {
        m_status->say(static_cast<QStatusTipEvent *>(event)->tip());
        return true;
    }
    if (event->type() != wakeType)
        return QMainWindow::event(event);
    {
        const std::scoped_lock lock(m_wake->mutex);
        m_wake->pending = false;
    }
    takeSnapshot();
    return true;
}

void MainWindow::takeSnapshot()
{
    m_snapshot = m_console.snapshot();
    m_status->setSnapshot(*m_snapshot);
    for (Page *page : std::as_const(m_pages))
        page->setSnapshot(m_snapshot);
    refreshStopAll();
    refreshBanners();
}

void MainWindow::refreshStopAll()
{
    m_stopAll->setSnapshot(*m_snapshot, m_frame->isProduction());
    m_stopButton->setWord(m_stopAll->isHeld() ? tr("Release") : tr("Stop all"));
    m_stopButton->setEnabled(m_stopAll->blocked().isEmpty());
    const QString hint = m_stopAll->isHeld() ? tr("Let rollouts go on") : tr("No further step is begun in any rollout");
    m_stopButton->setToolTip(plainToolTip(m_stopAll->blocked().isEmpty() ? hint : m_stopAll->blocked()));
    m_stopButton->setAccessibleDescription(m_stopAll->blocked().isEmpty() ? hint : m_stopAll->blocked());
    QAction *action = m_actions->action(ActionId::StopAll);
    action->setEnabled(m_stopAll->blocked().isEmpty());
    action->setStatusTip(m_stopAll->blocked().isEmpty() ? hint : m_stopAll->blocked());
}

void MainWindow::refreshBanners()
{
    const QString failing = failingSentence(*m_snapshot);
    QString says = m_snapshot->readOnlyReason + QLatin1Char('|') + failing + QLatin1Char('|') + m_stopAll->sentence();
    for (const auto &rollout : m_snapshot->rollouts)
        if (rollout->interrupted)
            says += QStringLiteral("|%1 %2 %3").arg(rollout->name).arg(rollout->hostsDone).arg(
                rollout->permissions.value(QStringLiteral("resume")).reason);
    if (says == m_banners)
        return;
    m_banners = says;
    while (QLayoutItem *item = m_bannerBox->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    if (!m_snapshot->readOnlyReason.isEmpty()) {
        const bool broken = m_snapshot->journalState.startsWith(QLatin1String("broken"));
        auto *banner = new Banner(broken ? StateRole::Failed : StateRole::Warning, QStringLiteral("ui/lock"));
        banner->setSentence(tr("Read only: %1").arg(m_snapshot->readOnlyReason));
        m_bannerBox->addWidget(banner);
    }
    if (!failing.isEmpty()) {
        auto *banner = new Banner(StateRole::Failed, QStringLiteral("state/failed"));
        banner->setSentence(failing);
        m_bannerBox->addWidget(banner);
    }
    if (m_stopAll->isHeld()) {
        auto *banner = new Banner(StateRole::Failed, QStringLiteral("ui/stop-all"));
        banner->setSentence(m_stopAll->sentence());
        auto *release = banner->addButton(tr("Release…"));
        release->setBlocked(m_stopAll->blocked());
        connect(release, &QPushButton::clicked, m_stopAll, &StopAll::open);
        m_bannerBox->addWidget(banner);
    }
    for (const auto &rollout : m_snapshot->rollouts)
        if (rollout->interrupted)
            addInterrupted(*rollout);
}

void MainWindow::addInterrupted(const RolloutSnapshot &rollout)
{
    auto *banner = new Banner(StateRole::Warning, QStringLiteral("state/paused"));
    banner->setSentence(tr("%1 was interrupted at host %2 of %3. Nothing moves until you decide.")
                            .arg(rollout.name).arg(qMin(rollout.hostsDone + 1, rollout.hostsTotal)).arg(rollout.hostsTotal));
    const QString name = rollout.name;
    const auto ask = [this, name](const QString &verb, const QString &reason) {
        m_requests.send(verb, {{QStringLiteral("rollout"), name}, {QStringLiteral("reason"), reason}}, this,
                        [this, name](const Reply &reply) {
                            if (!reply)
                                showFailure(errorText(reply.error()));
                            else
                                openPage(QStringLiteral("rollout"), name);
                        });
    };
    auto *resume = banner->addButton(tr("Resume"));
    const Permission may = rollout.permissions.value(QStringLiteral("resume"));
    const QString readOnly = m_snapshot->readOnlyReason;
    resume->setBlocked(!readOnly.isEmpty() ? readOnly : may.allowed ? QString() : may.reason);
    resume->setHint(tr("Asks each host where its step is and carries on from there"));
    connect(resume, &QPushButton::clicked, this, [ask] { ask(QStringLiteral("resume"), {}); });
    connect(banner->addButton(tr("Inspect")), &QPushButton::clicked, this,
            [this, name] { openPage(QStringLiteral("rollout"), name); });
    auto *abort = banner->addButton(tr("Abort…"), ButtonKind::Destructive);
    const Permission mayAbort = rollout.permissions.value(QStringLiteral("abort"));
    abort->setBlocked(!readOnly.isEmpty() ? readOnly : mayAbort.allowed ? QString() : mayAbort.reason);
    const int open = rollout.hostsTotal - rollout.hostsDone;
    connect(abort, &QPushButton::clicked, this, [this, name, open, ask] {
        auto *dialog = new ConfirmDialog({tr("Abort %1").arg(name), tr("%1 ends with %2 not upgraded.").arg(name, hostsText(open)),
                                          tr("Hosts stay as they are. What runs on a host now ends there by itself; nothing is rolled back."),
                                          tr("Abort %1").arg(name), tr("Keep it"), true, m_frame->isProduction(), true}, this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        connect(dialog, &QDialog::accepted, this, [dialog, ask] { ask(QStringLiteral("abort"), dialog->reason()); });
        dialog->open();
    });
    m_bannerBox->addWidget(banner);
}

void MainWindow::cycleRegion(int step)
{
    Page *page = currentPage();
    if (!page)
        return;
    QList<QWidget *> regions{m_rail, m_header};
    regions += page->regions();
    QWidget *focus = QApplication::focusWidget();
    int at = -1;
    for (int i = 0; i < regions.size(); ++i)
        if (focus && (regions[i] == focus || regions[i]->isAncestorOf(focus)))
            at = i;
    for (int tries = 0; tries < regions.size(); ++tries) {
        at = static_cast<int>((at + step + regions.size()) % regions.size());
        QWidget *region = regions[at];
        if (!region->isVisible())
            continue;
        QWidget *target = focusTarget(region);
        if (target) {
            target->setFocus(Qt::TabFocusReason);
            return;
        }
    }
}

void MainWindow::escape()
{
    Page *page = currentPage();
    if (!page || page->escape())
        return;
    const QList<QWidget *> regions = page->regions();
    if (!regions.isEmpty())
        regions.first()->setFocus(Qt::OtherFocusReason);
}

void MainWindow::openPalette()
{
    QList<PaletteEntry> entries;
    const auto add = [&entries](QAction *action, const QString &icon) {
        entries << PaletteEntry{action->text(), action->isEnabled() ? action->statusTip() : QString(), Actions::keysText(*action), icon,
                                action->isEnabled() ? QString() : action->statusTip(), [action] { action->trigger(); }};
    };
    if (Page *page = currentPage())
        for (QAction *action : page->commands())
            add(action, QStringLiteral("ui/command"));
    for (QAction *action : m_actions->all())
        if (action != m_actions->action(ActionId::Palette) && action != m_actions->action(ActionId::Escape))
            add(action, QStringLiteral("ui/forward"));
    for (const auto &rollout : m_snapshot->rollouts)
        entries << PaletteEntry{rollout->name, tr("%1 to %2").arg(rollout->productName, rollout->to.toString()), {},
                                QStringLiteral("ui/rollout"), {}, [this, name = rollout->name] { openPage(QStringLiteral("rollout"), name); }};
    for (const FleetRow &row : m_snapshot->fleet)
        entries << PaletteEntry{row.installation.name, row.installation.domain, {}, QStringLiteral("ui/host"), {},
                                [this, name = row.installation.name] { openPage(QStringLiteral("fleet"), name); }};
    m_palette->open(std::move(entries));
}

void MainWindow::openKeys()
{
    QList<KeysOverlay::Row> ofView, everywhere;
    if (Page *page = currentPage())
        for (QAction *action : page->commands())
            if (!action->shortcuts().isEmpty())
                ofView << KeysOverlay::Row{Actions::keysText(*action), action->text()};
    for (QAction *action : m_actions->all())
        everywhere << KeysOverlay::Row{Actions::keysText(*action), action->text()};
    m_keys->open(currentPage() ? currentPage()->title() : QString(), ofView, everywhere);
}

void MainWindow::tick()
{
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    m_status->tick(now);
    if (isVisible() && !isMinimized() && currentPage())
        currentPage()->tick(now);
}

void MainWindow::showFailure(const QString &sentence)
{
    m_failure->setSentence(sentence);
    m_failure->show();
}

void MainWindow::resizeEvent(QResizeEvent *event)
{
    QMainWindow::resizeEvent(event);
    if (m_keys->isVisible())
        m_keys->setGeometry(rect());
}

void MainWindow::save()
{
    if (!m_restored) // what was never read is not overwritten
        return;
    WindowState state;
    state[QStringLiteral("window")].setValue(QStringLiteral("geometry"), saveGeometry());
    for (Page *page : std::as_const(m_pages))
        page->saveState(state[page->id()]);
    // the application waits for its threads before it ends
    QThreadPool::globalInstance()->start([folder = m_dataFolder, state] { writeWindowState(folder, state); });
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    save();
    const auto words = m_leaving || !m_snapshot ? std::nullopt : leavingWords(*m_snapshot);
    event->setAccepted(!words);
    if (!words || findChild<QDialog *>(QStringLiteral("leaving")))
        return;
    auto *dialog = new ConfirmDialog(*words, this);
    dialog->setObjectName(QStringLiteral("leaving"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this] {
        m_leaving = true;
        close();
    });
    dialog->open();
}

} // namespace bellwether
