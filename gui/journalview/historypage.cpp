#include "journalview/historypage.h"

#include "journalview/journalmodel.h"
#include "journalview/replayslider.h"
#include "journalview/reportdialog.h"
#include "rolloutview/laneswidget.h"
#include "rolloutview/rowsmodel.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/button.h"
#include "widgets/foldside.h"
#include "widgets/icons.h"
#include "widgets/panel.h"

#include <QBoxLayout>
#include <QButtonGroup>
#include <QDateTime>
#include <QHeaderView>
#include <QLineEdit>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <algorithm>

namespace bellwether {

HistoryPage::HistoryPage(Requests &requests, const ReportMakers &makers, QWidget *parent)
    : Page(parent), m_requests(requests), m_service(new JournalService(this)), m_events(m_service->events()), m_stack(new QStackedWidget),
      m_columns(new QSplitter(Qt::Horizontal)), m_right(new QSplitter(Qt::Vertical)),
      m_listPanel(new Panel(tr("Rollouts"), QStringLiteral("ui/history"))), m_statePanel(new Panel(tr("State"), QStringLiteral("ui/waves"))),
      m_journalPanel(new Panel(tr("Journal"))), m_filter(new QLineEdit),
      m_list(new RowsModel({tr("Run"), tr("Target"), tr("Hosts"), tr("Ended as"), tr("Began")}, this)), m_listTable(makeTable(m_list, tr("Rollouts"), 1)),
      m_journalTable(nullptr), m_journal(new JournalModel(this)), m_slider(new ReplaySlider), m_lanes(new LanesWidget),
      m_verify(new Button(tr("Verify journal"))), m_report(new Button(tr("Report…"))), m_speeds(new QButtonGroup(this)),
      m_clock(new Label({}, TextRole::Verdict)), m_moment(new Label({}, TextRole::Body, Role::Muted)), m_stateChip(new StateLabel(true)),
      m_chain(new StateLabel)
{
    m_service->setMakers(makers);
    m_list->setRightAligned({2});
    m_filter->setPlaceholderText(tr("Filter  /"));
    m_filter->setAccessibleName(tr("Filter rollouts"));
    m_filter->addAction(themedIcon(QStringLiteral("ui/search"), Role::Muted, Role::Muted), QLineEdit::LeadingPosition);
    m_filter->setFixedWidth(theme().px(130));
    m_filter->setStyleSheet(QStringLiteral("min-height: %1px;").arg(theme().metric(Metric::ControlPanel) - 2));
    m_listPanel->addToHeader(m_filter);
    m_listPanel->body()->addWidget(m_listTable);
    m_listPanel->setMinimumWidth(theme().px(320));
    m_listPanel->setMaximumWidth(theme().px(560));
    m_listTable->setObjectName(QStringLiteral("rollouts"));
    m_listTable->setTextElideMode(Qt::ElideMiddle); // the version stands at the end

    auto *lanes = new QScrollArea;
    lanes->setWidget(m_lanes);
    lanes->setWidgetResizable(true);
    lanes->setFrameShape(QFrame::NoFrame);
    lanes->setFocusPolicy(Qt::NoFocus);
    lanes->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_statePanel->addToHeader(m_stateChip);
    m_statePanel->body()->addWidget(lanes);
    m_journalTable = makeTable(m_journal, tr("Journal"), 4);
    m_journalTable->setObjectName(QStringLiteral("journal"));
    m_journalPanel->addToHeader(m_chain);
    m_journalPanel->body()->addWidget(m_journalTable);
    m_right->setHandleWidth(theme().px(8));
    m_right->addWidget(buildControls());
    m_right->addWidget(m_statePanel);
    m_right->addWidget(m_journalPanel);
    m_right->setStretchFactor(2, 1);
    m_right->setChildrenCollapsible(false);
    m_right->setSizes({theme().px(136), theme().px(290), theme().px(330)});
    m_columns->setHandleWidth(theme().px(8));
    m_columns->setChildrenCollapsible(false);
    m_side = new FoldSide(m_listPanel, tr("Rollouts"), Qt::LeftEdge, this);
    m_columns->addWidget(m_side);
    m_columns->addWidget(m_right);
    m_columns->setStretchFactor(1, 1);
    m_columns->setSizes({theme().px(420), theme().px(924)});
    auto *empty = new Label(tr("No rollout has been carried out yet. When one ends, it can be replayed and reported here."), TextRole::Body, Role::Muted);
    empty->setAlignment(Qt::AlignCenter);
    empty->setWordWrap(true);
    m_stack->addWidget(empty);
    m_stack->addWidget(m_columns);
    auto *all = new QVBoxLayout(this);
    const int gap = theme().px(8);
    all->setContentsMargins(gap, gap, gap, gap);
    all->addWidget(m_stack);
    m_verify->setObjectName(QStringLiteral("verify"));
    m_report->setObjectName(QStringLiteral("report"));
    m_verify->setHint(tr("Computes every hash of the journal anew"));
    m_report->setHint(tr("Writes the evidence of this rollout to a file"));
    m_timer.setInterval(50);
    connectParts();
}

QWidget *HistoryPage::buildControls()
{
    auto *box = new QFrame;
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme().px(6));
    auto *row = new QHBoxLayout;
    row->setSpacing(theme().px(8));
    m_start = new Button(QStringLiteral("«"), ButtonKind::Outlined, ButtonSize::Tool);
    m_start->setAccessibleName(tr("To the beginning"));
    m_play = new Button(tr("Play"), ButtonKind::Primary, ButtonSize::Tool);
    m_play->setIconName(QStringLiteral("ui/play"));
    m_nextEvent = new Button(tr("Next event"), ButtonKind::Outlined, ButtonSize::Tool);
    m_nextDecision = new Button(tr("Next decision"), ButtonKind::Outlined, ButtonSize::Tool);
    m_play->setObjectName(QStringLiteral("play"));
    m_nextEvent->setObjectName(QStringLiteral("next-event"));
    m_nextDecision->setObjectName(QStringLiteral("next-decision"));
    for (QWidget *widget : std::initializer_list<QWidget *>{m_start, m_play, m_nextEvent, m_nextDecision})
        row->addWidget(widget);
    row->addSpacing(theme().px(8));
    row->addWidget(m_clock);
    m_moment->setElided(true);
    row->addWidget(m_moment, 1);
    row->addWidget(new Label(tr("Speed"), TextRole::Table, Role::Muted));
    for (const int speed : {1, 10, 60, 300}) {
        auto *button = new Button(tr("%1×").arg(speed), ButtonKind::Outlined, ButtonSize::Tool);
        button->setCheckable(true);
        button->setChecked(speed == 60);
        m_speeds->addButton(button, speed);
        row->addWidget(button);
    }
    column->addLayout(row);
    column->addWidget(m_slider);
    box->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    return box;
}

void HistoryPage::connectParts()
{
    connect(m_filter, &QLineEdit::textChanged, this, &HistoryPage::showList);
    connect(m_listTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &index) {
        if (index.isValid())
            choose(m_list->row(index.row()).key);
    });
    connect(m_service, &JournalService::loaded, this, &HistoryPage::showLoaded);
    connect(m_service, &JournalService::folded, this, &HistoryPage::showFolded);
    connect(m_service, &JournalService::failed, this, [this](const Error &error) {
        m_verify->setBlocked({});
        m_report->setBlocked({});
        m_writing.clear();
        Q_EMIT headerChanged();
        Q_EMIT failed(errorText(error));
    });
    connect(m_service, &JournalService::verified, this, [this](const JournalCheck &check) {
        m_verify->setBlocked({});
        if (check.intact) {
            m_chain->set(StateRole::Healthy, QStringLiteral("state/healthy"), tr("chain verified %1").arg(timeText(QDateTime::currentMSecsSinceEpoch())));
            Q_EMIT said(tr("The journal is intact: %1 events, each hash follows from the last.").arg(numberText(check.events)));
        } else {
            m_chain->set(StateRole::Failed, QStringLiteral("state/failed"), tr("broken at %1").arg(check.firstBroken));
            Q_EMIT failed(tr("The journal was changed: event %1 is %2. What stands before it is intact; keep a copy and compare it with a report that was signed.")
                              .arg(check.firstBroken).arg(check.cause));
        }
    });
    connect(m_service, &JournalService::exported, this, [this](const JournalService::Exported &report) {
        m_report->setBlocked({});
        m_writing.clear();
        Q_EMIT headerChanged();
        Q_EMIT said(tr("Report written to %1").arg(report.wish.file));
        m_requests.send(QStringLiteral("record-report"),
                        {{QStringLiteral("rollout"), rolloutName(report.wish.rollout)},
                         {QStringLiteral("format"), nameOf(report.wish.format)},
                         {QStringLiteral("file"), report.wish.file},
                         {QStringLiteral("sha256"), report.sha256}},
                        this, [this](const Reply &reply) {
                            if (!reply)
                                Q_EMIT failed(errorText(reply.error()));
                        });
    });
    connect(m_slider, &QAbstractSlider::valueChanged, this, &HistoryPage::showMoment);
    connect(m_journalTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &index) {
        if (index.isValid())
            m_slider->setValue(index.row());
    });
    connect(m_start, &QPushButton::clicked, m_slider, [this] { m_slider->setValue(0); });
    connect(m_nextEvent, &QPushButton::clicked, m_slider, [this] { m_slider->setValue(m_slider->value() + 1); });
    connect(m_nextDecision, &QPushButton::clicked, m_slider, [this] {
        if (const int next = m_slider->nextDecision(m_slider->value(), 1); next >= 0)
            m_slider->setValue(next);
    });
    connect(m_play, &QPushButton::clicked, this, [this] { play(!m_timer.isActive()); });
    connect(&m_timer, &QTimer::timeout, this, &HistoryPage::advance);
    connect(m_speeds, &QButtonGroup::idClicked, this, [this](int speed) { m_speed = speed; });
    connect(m_lanes, &LanesWidget::hostSelected, m_lanes, &LanesWidget::setSelected);
    connect(m_verify, &QPushButton::clicked, this, [this] {
        m_verify->setBlocked(tr("The journal is being read"));
        m_service->verify(m_snapshot ? m_snapshot->dataFolder : QString());
    });
    connect(m_report, &QPushButton::clicked, this, &HistoryPage::openReport);
}

const RolloutSnapshot *HistoryPage::chosen() const
{
    if (m_snapshot)
        for (const auto &rollout : m_snapshot->rollouts)
            if (rollout->name == m_chosen)
                return rollout.get();
    return nullptr;
}

QString HistoryPage::about() const { return m_writing; }

std::optional<ChipText> HistoryPage::chip() const
{
    return chosen() ? std::optional(ChipText{StateRole::Waiting, QStringLiteral("ui/history"), tr("Replay, read only")}) : std::nullopt;
}

QString HistoryPage::afterChip() const
{
    const RolloutSnapshot *rollout = chosen();
    return rollout ? tr("%1, %2 %3 to %4. Nothing here touches a host.").arg(rollout->name, rollout->productName, rollout->from, rollout->to.toString()) : QString();
}

QList<QWidget *> HistoryPage::headerActions() { return {m_verify, m_report}; }

bool HistoryPage::hasProduction() const
{
    const RolloutSnapshot *rollout = chosen();
    return rollout && std::ranges::any_of(rollout->waves, [](const WaveView &wave) {
               return std::ranges::any_of(wave.hosts, [](const HostView &h) { return h.environment == Environment::Production; });
           });
}

void HistoryPage::setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot)
{
    m_snapshot = std::move(snapshot);
    if (isVisible())
        showList();
}

void HistoryPage::resizeEvent(QResizeEvent *event)
{
    Page::resizeEvent(event);
    m_side->setNarrow(width() < theme().px(1180));
}

void HistoryPage::showEvent(QShowEvent *event)
{
    Page::showEvent(event);
    showList();
}

void HistoryPage::showList()
{
    if (!m_snapshot)
        return;
    QList<Row> rows;
    const QString filter = m_filter->text().trimmed();
    for (const auto &rollout : m_snapshot->rollouts) {
        const StateLook state = look(rollout->state);
        const QString target = QStringLiteral("%1 %2").arg(rollout->productName.isEmpty() ? rollout->product : rollout->productName, rollout->to.toString());
        if (!filter.isEmpty() && !(rollout->name + QLatin1Char(' ') + target + QLatin1Char(' ') + state.word).contains(filter, Qt::CaseInsensitive))
            continue;
        Cell run, to, hosts, ended, began;
        run.text = rollout->name;
        run.bold = true;
        to.text = target;
        hosts.text = QString::number(rollout->hostsTotal);
        ended.text = rollout->interrupted ? tr("Interrupted") : state.word;
        ended.icon = state.icon;
        ended.ink = state.role;
        began.text = QLocale().toString(QDateTime::fromMSecsSinceEpoch(rollout->startedMs), QStringLiteral("d MMM"));
        began.toolTip = localAndUtcText(rollout->startedMs);
        began.muted = true;
        rows.append({rollout->name, {run, to, hosts, ended, began}});
    }
    m_list->setRows(rows);
    m_listPanel->setAbout(filter.isEmpty() ? numberText(rows.size()) : tr("%1 of %2, Esc clears").arg(rows.size()).arg(m_snapshot->rollouts.size()));
    m_stack->setCurrentIndex(m_snapshot->rollouts.isEmpty() ? 0 : 1);
    m_report->setVisible(!m_snapshot->rollouts.isEmpty());
    if (m_chosen.isEmpty() && !m_snapshot->rollouts.isEmpty())
        choose(m_snapshot->rollouts.first()->name);
    else if (m_loadedEvents != m_snapshot->journalEvents && chosen()) { // there may be more of it
        m_loadedEvents = m_snapshot->journalEvents;
        m_service->load(m_snapshot->dataFolder, chosen()->id);
    }
    const int at = m_list->indexOf(m_chosen);
    if (at >= 0 && m_listTable->currentIndex().row() != at) {
        const QSignalBlocker quiet(m_listTable->selectionModel());
        m_listTable->selectRow(at);
    }
}

void HistoryPage::choose(const QString &rollout)
{
    if (rollout == m_chosen)
        return;
    m_chosen = rollout;
    play(false);
    m_loadedEvents = m_snapshot ? m_snapshot->journalEvents : 0;
    if (chosen())
        m_service->load(m_snapshot->dataFolder, chosen()->id);
    Q_EMIT headerChanged();
}

void HistoryPage::showLoaded()
{
    if (!chosen() || m_service->rollout() != chosen()->id)
        return;
    const bool other = m_loadedRollout != m_service->rollout();
    const bool atEnd = m_slider->value() == m_slider->maximum();
    m_loadedRollout = m_service->rollout();
    m_events = m_service->events();
    m_journal->setEvents(m_events);
    m_slider->setEvents(m_events);
    m_journalPanel->setAbout(tr("%1 events; those after the slider are grey").arg(numberText(m_events->size())));
    if (other || (atEnd && !m_timer.isActive()))
        m_slider->setValue(m_slider->maximum());
    showMoment();
}

void HistoryPage::showMoment()
{
    const int index = m_slider->value();
    if (index >= m_events->size())
        return;
    const Event &event = (*m_events)[index];
    m_journal->setPosition(index);
    m_clock->setText(timeText(event.wallMs));
    m_moment->setFullText(tr("%1, event %2 of %3").arg(QLocale().toString(QDateTime::fromMSecsSinceEpoch(event.wallMs), QStringLiteral("d MMM"))).arg(index + 1).arg(m_events->size()));
    if (m_journalTable->currentIndex().row() != index) {
        const QSignalBlocker quiet(m_journalTable->selectionModel());
        m_journalTable->setCurrentIndex(m_journal->index(index, 0));
        m_journalTable->viewport()->update();
    }
    m_journalTable->scrollTo(m_journal->index(index, 0), QAbstractItemView::EnsureVisible);
    m_service->foldTo(m_loadedRollout, event.seq);
}

void HistoryPage::showFolded(const std::shared_ptr<const RolloutSnapshot> &snapshot, qint64)
{
    m_folded = snapshot;
    const qint64 at = m_slider->value() < m_events->size() ? (*m_events)[m_slider->value()].wallMs : snapshot->startedMs;
    m_lanes->setLanes(lanesOf(*snapshot, at));
    m_statePanel->setTitle(tr("State at %1").arg(timeText(at)));
    m_statePanel->setAbout(tr("folded from events 1 to %1").arg(m_slider->value() + 1));
    const StateLook state = snapshot->interrupted ? StateLook{StateRole::Warning, QStringLiteral("state/paused"), tr("Interrupted")} : look(snapshot->state);
    m_stateChip->set(state.role, state.icon, state.word);
}

void HistoryPage::play(bool on)
{
    if (on && m_events->isEmpty())
        return;
    if (on && m_slider->value() == m_slider->maximum())
        m_slider->setValue(0);
    if (on)
        m_playMs = (*m_events)[m_slider->value()].wallMs;
    m_play->setText(on ? tr("Stop") : tr("Play"));
    m_play->setIconName(on ? QStringLiteral("ui/pause") : QStringLiteral("ui/play"));
    if (on)
        m_timer.start();
    else
        m_timer.stop();
}

void HistoryPage::advance()
{
    m_playMs += static_cast<qint64>(m_timer.interval() * m_speed);
    int to = m_slider->value();
    while (to < m_slider->maximum() && (*m_events)[to + 1].wallMs <= m_playMs)
        ++to;
    m_slider->setValue(to);
    if (to >= m_slider->maximum())
        play(false);
}

void HistoryPage::openReport()
{
    if (!chosen())
        return;
    auto *dialog = new ReportDialog(chosen()->name, chosen()->id, m_service->makers(), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ReportDialog::wanted, this, [this](const JournalService::Export &wish) {
        m_report->setBlocked(tr("The report is being written"));
        m_writing = tr("writing the report of %1 since %2…").arg(rolloutName(wish.rollout), timeText(QDateTime::currentMSecsSinceEpoch()));
        Q_EMIT headerChanged();
        m_service->exportReport(m_snapshot->dataFolder, wish);
    });
    dialog->open();
}

void HistoryPage::open(const QString &what)
{
    choose(what);
    if (isVisible())
        showList();
}

void HistoryPage::focusFilter() { m_filter->setFocus(Qt::ShortcutFocusReason); }

bool HistoryPage::escape()
{
    if (m_side->close())
        return true;
    if (!m_filter->text().isEmpty()) {
        m_filter->clear();
        m_listTable->setFocus();
        return true;
    }
    return false;
}

QList<QWidget *> HistoryPage::regions()
{
    if (!m_snapshot || m_snapshot->rollouts.isEmpty())
        return {};
    if (m_side->isFolded())
        return {m_slider, m_lanes, m_journalTable, m_side};
    return {m_listTable, m_slider, m_lanes, m_journalTable};
}

void HistoryPage::saveState(ViewState &settings)
{
    settings.setValue(QStringLiteral("columns"), m_columns->saveState());
    settings.setValue(QStringLiteral("right"), m_right->saveState());
}

void HistoryPage::restoreState(ViewState &settings)
{
    m_columns->restoreState(settings.value(QStringLiteral("columns")).toByteArray());
    m_right->restoreState(settings.value(QStringLiteral("right")).toByteArray());
}

} // namespace bellwether
