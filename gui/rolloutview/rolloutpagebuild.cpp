// The parts of the Rollout page and where they stand.
#include "rolloutview/gatepanel.h"
#include "rolloutview/hostpanel.h"
#include "rolloutview/laneswidget.h"
#include "rolloutview/logview.h"
#include "rolloutview/rolloutpage.h"
#include "rolloutview/timeline.h"
#include "widgets/icons.h"

#include <QAbstractItemView>
#include <QBoxLayout>
#include <QComboBox>
#include <QLineEdit>
#include <QProgressBar>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTabBar>

namespace bellwether {
namespace {

QSplitter *splitter(Qt::Orientation orientation)
{
    auto *split = new QSplitter(orientation);
    split->setHandleWidth(theme().px(8));
    split->setChildrenCollapsible(false);
    return split;
}

// A rollout in the chooser's list: its name and its state.
class ChoiceDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        option->text = index.data(Qt::UserRole).toString();
    }
};

} // namespace

RolloutPage::RolloutPage(Requests &requests, QWidget *parent) : Page(parent), m_requests(requests)
{
    buildHeader();
    buildLanes();
    buildSteps();
    buildLog();
    buildMigrations();
    buildSide();
    m_lower = splitter(Qt::Horizontal);
    m_lower->addWidget(m_logPanel);
    m_lower->addWidget(m_migrationsPanel);
    m_lower->setStretchFactor(0, 1);
    m_lower->setSizes({theme().px(590), theme().px(352)});
    m_left = splitter(Qt::Vertical);
    m_left->addWidget(m_lanesPanel);
    m_left->addWidget(m_stepsPanel);
    m_left->addWidget(buildTabs());
    m_left->setStretchFactor(2, 1);
    m_columns = splitter(Qt::Horizontal);
    m_columns->addWidget(m_left);
    m_columns->addWidget(m_rightScroll);
    m_columns->setStretchFactor(0, 1);
    m_columns->setSizes({theme().px(952), theme().px(392)});

    m_empty = new Label(tr("No rollout yet. Make a plan on the Plan page, or open one from History."), TextRole::Body, Role::Muted);
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    m_stack = new QStackedWidget;
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_columns);
    auto *all = new QVBoxLayout(this);
    const int gap = theme().px(8);
    all->setContentsMargins(gap, gap, gap, gap);
    all->addWidget(m_stack);
    connectParts();
}

RolloutPage::~RolloutPage() = default;

void RolloutPage::buildHeader()
{
    m_middle = new QWidget;
    auto *row = new QHBoxLayout(m_middle);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(theme().px(12));
    m_chooser = new QComboBox;
    m_chooser->setAccessibleName(tr("Rollout shown"));
    m_chooser->setAccessibleDescription(tr("Rollout shown")); // read after the choice, which is a combo box's name on Linux
    m_chooser->setToolTip(tr("Several rollouts are known: choose the one to show"));
    m_chooser->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_chooser->setItemDelegate(new ChoiceDelegate(m_chooser)); // the list says more than the field
    m_chooser->view()->setMinimumWidth(theme().px(190));
    m_chooser->hide();
    row->addWidget(m_chooser);
    auto *progress = new QWidget;
    progress->setMaximumWidth(theme().px(320));
    auto *column = new QVBoxLayout(progress);
    column->setContentsMargins(0, theme().px(4), 0, theme().px(4));
    column->setSpacing(theme().px(2));
    auto *top = new QHBoxLayout;
    m_progressText = new Label({}, TextRole::TableBold);
    m_eta = new Label({}, TextRole::Table, Role::Muted);
    m_eta->setAlignment(Qt::AlignRight);
    m_eta->setElided(true);
    top->addWidget(m_progressText);
    top->addWidget(m_eta, 1);
    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Hosts upgraded"));
    m_ends = new Label({}, TextRole::Small, Role::Muted);
    m_ends->setElided(true);
    m_ends->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_eta->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    column->addLayout(top);
    column->addWidget(m_progress);
    column->addWidget(m_ends);
    row->addWidget(progress, 1);

    m_pause = new Button(tr("Pause"));
    m_retry = new Button(tr("Retry"));
    m_rollback = new Button(tr("Roll back…"), ButtonKind::Destructive);
    m_promote = new Button(tr("Promote"), ButtonKind::Primary);
    m_abort = new Button(tr("Abort…"), ButtonKind::Destructive);
    m_rollback->setIconName(QStringLiteral("ui/back"));
    const std::pair<Button *, const char *> names[] = {{m_pause, "pause"}, {m_retry, "retry"}, {m_rollback, "rollback"}, {m_promote, "promote"}, {m_abort, "abort"}};
    for (const auto &[button, name] : names)
        button->setObjectName(QLatin1String(name));
}

QList<QWidget *> RolloutPage::headerActions() { return {m_pause, m_retry, m_rollback, m_promote, m_abort}; }

void RolloutPage::buildLanes()
{
    m_lanesPanel = new Panel(tr("Waves"), QStringLiteral("ui/waves"));
    m_lanes = new LanesWidget;
    m_lanes->setObjectName(QStringLiteral("lanes"));
    m_lanesScroll = new QScrollArea;
    m_lanesScroll->setWidget(m_lanes);
    m_lanesScroll->setWidgetResizable(true);
    m_lanesScroll->setFrameShape(QFrame::NoFrame);
    m_lanesScroll->setFocusPolicy(Qt::NoFocus);
    m_lanesScroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_lanesPanel->body()->addWidget(m_lanesScroll);
    m_lanesPanel->setMinimumHeight(theme().px(110));
}

void RolloutPage::buildSteps()
{
    m_stepsPanel = new Panel(tr("Steps"), QStringLiteral("ui/steps"));
    m_timeline = new Timeline;
    m_stepsPanel->addToHeader(new TimelineLegend);
    m_stepsPanel->body()->addWidget(m_timeline);
    m_stepsPanel->setMinimumHeight(theme().px(80));
}

void RolloutPage::buildLog()
{
    m_logPanel = new Panel(tr("Log"), QStringLiteral("ui/log"));
    m_logService = new LogService(this);
    m_log = new LogView(*m_logService);
    m_log->setEmptyText(tr("The output of a host's steps is shown here as soon as its first step begins."));
    m_find = new QLineEdit;
    m_find->setObjectName(QStringLiteral("find"));
    m_find->setPlaceholderText(tr("Find  /"));
    m_find->setAccessibleName(tr("Find in the log"));
    m_find->setToolTip(tr("Enter goes to the next match, Shift+Enter to the one before, Esc ends"));
    m_find->addAction(themedIcon(QStringLiteral("ui/search"), Role::Muted, Role::Muted), QLineEdit::LeadingPosition);
    m_find->setClearButtonEnabled(true);
    m_find->setFixedWidth(theme().px(130));
    m_find->setStyleSheet(QStringLiteral("min-height: %1px;").arg(theme().metric(Metric::ControlPanel) - 2)); // as high as its neighbours
    m_hits = new Label({}, TextRole::Small, Role::Muted);
    m_follow = new Button(tr("Follow"), ButtonKind::Outlined, ButtonSize::Panel);
    m_follow->setCheckable(true);
    m_follow->setChecked(true);
    m_follow->setHint(tr("Stays at the newest line"));
    m_wrap = new Button(tr("Wrap"), ButtonKind::Outlined, ButtonSize::Panel);
    m_wrap->setCheckable(true);
    m_wrap->setHint(tr("Breaks long lines"));
    m_save = new Button(tr("Save…"), ButtonKind::Outlined, ButtonSize::Panel);
    m_save->setHint(tr("Writes the whole log of this host to a file"));
    for (QWidget *widget : std::initializer_list<QWidget *>{m_hits, m_find, m_follow, m_wrap, m_save})
        m_logPanel->addToHeader(widget);
    m_logPanel->body()->addWidget(m_log);
    m_logPanel->setMinimumSize(theme().px(380), theme().px(120));
}

void RolloutPage::buildMigrations()
{
    m_migrationsPanel = new Panel(tr("Migrations"), QStringLiteral("ui/database"));
    m_migrations = new RowsModel({tr("Name"), tr("Result"), tr("Took")}, this);
    m_migrations->setRightAligned({2});
    m_migrationTable = makeTable(m_migrations, tr("Migrations"), 0);
    m_migrationTable->setObjectName(QStringLiteral("migrations"));
    m_migrationCount = new Label({}, TextRole::Table, Role::Muted);
    m_migrationsPanel->addToHeader(m_migrationCount);
    m_migrationsPanel->body()->addWidget(m_migrationTable);
    m_migrationsPanel->setMinimumWidth(theme().px(280));
    m_migrationsPanel->setMaximumWidth(theme().px(520));
}

// In a narrow window log, migrations and problems share one place.
QWidget *RolloutPage::buildTabs()
{
    auto *box = new QWidget;
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_tabs = new QTabBar;
    m_tabs->setObjectName(QStringLiteral("lower-tabs"));
    m_tabs->setAccessibleName(tr("Shown below the steps"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    for (const QString &name : {tr("Log"), tr("Migrations"), tr("Problems")})
        m_tabs->addTab(name);
    m_tabs->hide();
    column->addWidget(m_tabs);
    column->addWidget(m_lower, 1);
    connect(m_tabs, &QTabBar::currentChanged, this, &RolloutPage::showTab);
    return box;
}

void RolloutPage::showTab()
{
    QWidget *const panels[] = {m_logPanel, m_migrationsPanel, m_problemsPanel};
    for (int i = 0; i < 3; ++i)
        panels[i]->setVisible(!m_narrow || m_tabs->currentIndex() == i);
}

void RolloutPage::fold()
{
    const bool narrow = width() < theme().px(1120);
    if (narrow == m_narrow)
        return;
    m_narrow = narrow;
    m_tabs->setVisible(narrow);
    if (narrow)
        m_lower->addWidget(m_problemsPanel);
    else
        static_cast<QVBoxLayout *>(m_right->layout())->addWidget(m_problemsPanel, 1);
    m_migrationsPanel->setMaximumWidth(narrow ? QWIDGETSIZE_MAX : theme().px(520));
    showTab();
    if (!narrow)
        m_lower->setSizes({theme().px(590), theme().px(352)});
}

void RolloutPage::buildSide()
{
    m_gate = new GatePanel;
    m_hostPanel = new HostPanel;
    m_problemsPanel = new Panel(tr("Problems"), QStringLiteral("ui/problem"));
    m_problemsPanel->setAbout(tr("all hosts"));
    m_problemModel = new RowsModel({tr("Host"), tr("What"), tr("Line")}, this);
    m_problemModel->setRightAligned({2});
    m_problemTable = makeTable(m_problemModel, tr("Problems, Enter goes to the line in the log"), 1);
    m_problemTable->setObjectName(QStringLiteral("problems"));
    m_problemTable->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Ignored); // what is left
    m_failures = new StateLabel;
    m_problemsPanel->addToHeader(m_failures);
    m_problemsPanel->body()->addWidget(m_problemTable);
    m_problemsPanel->setMinimumHeight(theme().px(90));
    m_right = new QWidget;
    auto *column = new QVBoxLayout(m_right); // gate and host are as high as what they say
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme().px(8));
    column->addWidget(m_gate);
    column->addWidget(m_hostPanel);
    column->addWidget(m_problemsPanel, 1);
    m_rightScroll = new QScrollArea; // in a low window nothing is squeezed
    m_rightScroll->setWidget(m_right);
    m_rightScroll->setWidgetResizable(true);
    m_rightScroll->setFocusPolicy(Qt::NoFocus);
    m_rightScroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_rightScroll->viewport()->setAutoFillBackground(false);
    m_right->setAutoFillBackground(false);
    m_rightScroll->setMinimumWidth(theme().px(340));
    m_rightScroll->setMaximumWidth(theme().px(520));
}

} // namespace bellwether
