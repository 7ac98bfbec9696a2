// The parts of the rollback dialog and where they stand.
#include "rolloutview/rollbackdialog.h"
#include "text/format.h"
#include "widgets/dialogframe.h"
#include "widgets/focusring.h"
#include "widgets/icons.h"

#include <QBoxLayout>
#include <QDateTime>
#include <QEvent>
#include <QGridLayout>
#include <QHeaderView>
#include <QPainter>
#include <QScrollArea>
#include <QToolButton>

namespace bellwether {
namespace {

class TitleRow final : public QWidget {
public:
    TitleRow(const QString &title, const QString &about, bool production) : m_title(title), m_about(about), m_production(production)
    {
        setFixedHeight(theme().px(34));
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        const QColor ink = theme().colour(m_production ? Role::OnProduction : Role::Text);
        painter.fillRect(rect(), theme().colour(m_production ? Role::ProductionFill : Role::Sunken));
        int x = theme().px(12);
        if (m_production) {
            const int icon = theme().px(15);
            paintIcon(painter, QRectF(x, (height() - icon) / 2.0, icon, icon), QStringLiteral("state/production"), ink);
            x += icon + theme().px(7);
        }
        painter.setPen(ink);
        painter.setFont(theme().font(TextRole::BodyBold));
        painter.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter | Qt::TextSingleLine, m_title);
        x += painter.fontMetrics().horizontalAdvance(m_title) + theme().px(10);
        painter.setFont(theme().font(TextRole::Body));
        painter.drawText(QRect(x, 0, width() - x - theme().px(40), height()), Qt::AlignVCenter | Qt::TextSingleLine, m_about);
    }

private:
    QString m_title, m_about;
    bool m_production;
};

class EdgeBox final : public QWidget { // a note with a 3 px edge in the failed colour
protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.fillRect(QRect(0, 0, theme().px(3), height()), theme().colour(StateRole::Failed));
    }
};

class DomainBox final : public QWidget { // outlined in ruby: what stands in it touches production
public:
    explicit DomainBox(bool production) : m_production(production) {}

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(m_production ? theme().colour(Role::ProductionFill) : theme().colour(Role::Control));
        painter.setBrush(theme().colour(Role::Raised));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    }

private:
    bool m_production;
};

} // namespace

RollbackDialog::RollbackDialog(Requests &requests, std::shared_ptr<const RolloutSnapshot> rollout, const Rollouts &known, QWidget *parent)
    : QDialog(parent), m_requests(requests), m_rollout(std::move(rollout)), m_known(known), m_hosts(m_rollout->permissions.value(QStringLiteral("rollback")).hosts)
{
    setWindowModality(Qt::WindowModal);
    setObjectName(QStringLiteral("rollback-dialog"));
    new FocusRing(this);
    m_nowMs = QDateTime::currentMSecsSinceEpoch();
    m_current = m_hosts.value(0);
    for (auto it = m_hosts.crbegin(); it != m_hosts.crend(); ++it) // first what costs most
        if (const HostView *host = view(*it); host && host->way && host->way->verdict == WayBackVerdict::Restore)
            m_current = *it;
    for (const QString &name : std::as_const(m_hosts))
        m_production = m_production || (view(name) && view(name)->environment == Environment::Production);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(2, 2, 2, 2);
    all->setSpacing(0);
    all->addWidget(buildTitle());
    all->addWidget(buildVerdict());
    auto *inner = new QVBoxLayout;
    inner->setContentsMargins(theme().px(20), theme().px(12), theme().px(20), theme().px(12));
    inner->setSpacing(theme().px(10));
    inner->addWidget(buildMiddle(), 1);
    inner->addWidget(buildDomains());
    inner->addWidget(buildFoot());
    all->addLayout(inner, 1);

    const QSize wanted(theme().px(1080), theme().px(660));
    const QSize room = parent ? parent->window()->size() - QSize(theme().px(40), theme().px(60)) : wanted;
    resize(wanted.boundedTo(room).expandedTo(QSize(theme().px(720), theme().px(440))));
    veilBehind(this);
    showHosts();
    showVerdict();
    showDomains();
    showDetails();
    showFoot();
    m_timer.setInterval(1000);
    connect(&m_timer, &QTimer::timeout, this, [this] { setNow(QDateTime::currentMSecsSinceEpoch()); });
    m_timer.start();
    m_table->setFocus();
    m_table->selectRow(std::max(0, m_model->indexOf(m_current)));
}

void RollbackDialog::paintEvent(QPaintEvent *event)
{
    QDialog::paintEvent(event); // a frame of its own: not every desktop draws one, and in the dark the page shines through
    QPainter painter(this);
    painter.setPen(QPen(theme().colour(m_production ? Role::ProductionFill : Role::Control), 2));
    painter.drawRect(rect().adjusted(1, 1, -1, -1));
}

QWidget *RollbackDialog::buildTitle()
{
    const int count = static_cast<int>(m_hosts.size());
    const QString title = m_production ? (count == 1 ? tr("Roll back 1 production host") : tr("Roll back %1 production hosts").arg(count))
                                       : tr("Roll back %1").arg(hostsText(count));
    const QString about = tr("%1, %2 %3 to %4").arg(m_rollout->name, m_rollout->productName, m_rollout->to.toString(), versionBack());
    setWindowTitle(title + QStringLiteral(", ") + about);
    return new TitleRow(title, about, m_production);
}

QWidget *RollbackDialog::buildVerdict()
{
    auto *box = new QWidget;
    box->setAutoFillBackground(true);
    box->setBackgroundRole(QPalette::Base);
    auto *row = new QHBoxLayout(box);
    row->setContentsMargins(theme().px(20), theme().px(14), theme().px(20), theme().px(12));
    row->setSpacing(theme().px(10));
    m_icon = new IconLabel(QStringLiteral("state/half-migrated"), 20, StateRole::Half);
    row->addWidget(m_icon, 0, Qt::AlignTop);
    auto *left = new QVBoxLayout;
    m_sentence = new Label({}, TextRole::Verdict);
    m_sentence->setWordWrap(true);
    m_because = new Label({}, TextRole::Body, Role::Muted);
    m_because->setWordWrap(true);
    left->addWidget(m_sentence);
    left->addWidget(m_because);
    left->addStretch();
    row->addLayout(left, 1);
    m_loss = new EdgeBox;
    m_loss->setMinimumWidth(theme().px(300));
    auto *loss = new QVBoxLayout(m_loss);
    loss->setContentsMargins(theme().px(16), 0, 0, 0);
    loss->setSpacing(0);
    m_lossOf = new Label({}, TextRole::Table, Role::Muted);
    m_clock = new Label({}, TextRole::Clock);
    m_clock->setColour(StateRole::Failed);
    m_lossSince = new Label({}, TextRole::Table, Role::Text);
    m_lossSince->setWordWrap(true);
    m_lost = new Label({}, TextRole::Table, Role::Text);
    m_lost->setWordWrap(true);
    auto *clock = new QHBoxLayout;
    clock->setSpacing(theme().px(12));
    clock->addWidget(m_clock);
    clock->addWidget(m_lossSince, 1);
    loss->addWidget(m_lossOf);
    loss->addLayout(clock);
    loss->addWidget(m_lost);
    row->addWidget(m_loss);
    return box;
}

QWidget *RollbackDialog::buildMiddle()
{
    auto *box = new QWidget;
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme().px(10));
    m_hostPanel = new Panel(tr("What happens on each host"));
    m_model = new RowsModel({tr("Host"), tr("Now"), tr("Way back"), tr("Because"), tr("Would be lost"), tr("Backup"), tr("Takes")}, this);
    m_model->setRightAligned({4, 6});
    m_table = makeTable(m_model, tr("What happens on each host; Space chooses"), 3);
    m_table->setObjectName(QStringLiteral("hosts"));
    m_hostPanel->body()->addWidget(m_table);
    const int rows = std::clamp(static_cast<int>(m_hosts.size()), 1, 8);
    m_table->setMinimumHeight(theme().metric(Metric::TableRow) * (std::min(rows, 3) + 1) + 2);
    m_table->setMaximumHeight(theme().metric(Metric::TableRow) * (rows + 1) + theme().px(4));
    m_hostPanel->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    column->addWidget(m_hostPanel);

    auto *half = new QHBoxLayout;
    half->setSpacing(theme().px(10));
    m_evidencePanel = new Panel(tr("Evidence"));
    m_evidence = new RowsModel({tr("What was seen"), tr("Where")}, this);
    m_evidence->setRightAligned({1});
    m_evidenceTable = makeTable(m_evidence, tr("Evidence, Enter opens it"), 0);
    m_evidenceTable->setObjectName(QStringLiteral("evidence"));
    m_evidenceTable->setAlternatingRowColors(false);
    m_evidenceTable->horizontalHeader()->hide();
    m_evidencePanel->body()->addWidget(m_evidenceTable);
    m_stepsPanel = new Panel(tr("Steps"));
    m_steps = new RowsModel({tr("No."), tr("Step"), tr("Took before")}, this);
    m_steps->setRightAligned({0, 2});
    m_stepTable = makeTable(m_steps, tr("Steps of the way back"), 1);
    m_stepTable->setObjectName(QStringLiteral("steps"));
    m_stepTable->setAlternatingRowColors(false);
    m_stepTable->horizontalHeader()->hide();
    m_showCommands = new Button(tr("Show commands"), ButtonKind::Outlined, ButtonSize::Panel);
    m_showCommands->setCheckable(true);
    m_stepsPanel->addToHeader(m_showCommands);
    m_stepsPanel->body()->addWidget(m_stepTable);
    half->addWidget(m_evidencePanel, 1);
    half->addWidget(m_stepsPanel, 1);
    column->addLayout(half, 1);

    connect(m_model, &RowsModel::checkChanged, this, [this](const QString &host, bool on) {
        if (on)
            m_left.remove(host);
        else
            m_left.insert(host);
        showVerdict();
        showDomains();
        showFoot();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &index) {
        if (index.isValid() && m_current != m_model->row(index.row()).key) {
            m_current = m_model->row(index.row()).key;
            showDetails();
        }
    });
    connect(m_evidenceTable, &QTableView::activated, this, [this](const QModelIndex &index) {
        const HostView *host = view(m_current);
        if (host && host->way && index.row() < host->way->evidence.size())
            Q_EMIT evidenceOpened(m_current, host->way->evidence[index.row()].source);
    });
    connect(m_showCommands, &QPushButton::toggled, this, [this](bool on) {
        m_commands = on;
        showDetails();
    });
    return box;
}

QWidget *RollbackDialog::buildDomains()
{
    m_domainBox = new DomainBox(m_production);
    auto *row = new QHBoxLayout(m_domainBox);
    row->setContentsMargins(theme().px(14), theme().px(10), theme().px(14), theme().px(12));
    row->setSpacing(theme().px(20));
    auto *words = new QVBoxLayout;
    words->addWidget(new Label(tr("Type the domain of each host to be restored"), TextRole::BodyBold));
    auto *detail = new Label(tr("Nothing is filled in for you, and pasting is off. It is handed to the product's own restore prompt."), TextRole::Table, Role::Muted);
    detail->setWordWrap(true);
    words->addWidget(detail);
    words->addStretch();
    row->addLayout(words, 2);
    auto *scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto *fields = new QWidget;
    m_domainGrid = new QGridLayout(fields);
    m_domainGrid->setContentsMargins(theme().px(3), 0, theme().px(3), theme().px(3));
    m_domainGrid->setHorizontalSpacing(theme().px(20));
    m_domainGrid->setVerticalSpacing(theme().px(3));
    scroll->setWidget(fields);
    scroll->setMinimumHeight(theme().px(58));
    scroll->setMaximumHeight(theme().px(118));
    scroll->viewport()->setAutoFillBackground(false);
    fields->setAutoFillBackground(false);
    row->addWidget(scroll, 5);
    m_domainBox->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    return m_domainBox;
}

QWidget *RollbackDialog::buildFoot()
{
    auto *foot = new QWidget;
    auto *row = new QHBoxLayout(foot);
    const int ring = theme().px(3); // room for the ring of what has the focus
    row->setContentsMargins(0, ring, ring, ring);
    row->setSpacing(theme().px(8));
    m_error = new Label({}, TextRole::Table);
    m_error->setColour(StateRole::Failed);
    m_error->setWordWrap(true);
    m_next = new Label({}, TextRole::Body, Role::Muted);
    const bool paused = m_rollout->state == RolloutLifecycle::Paused;
    m_keep = new Button(paused ? tr("Keep paused") : m_rollout->endedMs > 0 ? tr("Leave as it is") : tr("Keep running"));
    m_keep->setObjectName(QStringLiteral("keep"));
    m_keep->setHint(tr("Changes nothing"));
    m_keep->setAutoDefault(true);
    m_keep->setDefault(true);
    m_restore = new Button(tr("Restore"), ButtonKind::Destructive);
    m_restore->setObjectName(QStringLiteral("restore"));
    m_restore->setIconName(QStringLiteral("ui/back"));
    m_message = new Button(tr("Message to affected users…"));
    m_message->setObjectName(QStringLiteral("message"));
    m_message->setHint(tr("A text to copy: what happens, when, and what will be lost"));
    m_runbook = new Button(tr("Save as a runbook…"));
    m_runbook->setObjectName(QStringLiteral("runbook"));
    m_runbook->setHint(tr("The exact commands, host by host, to go back without this console"));
    connect(m_message, &QPushButton::clicked, this, &RollbackDialog::showMessage);
    connect(m_runbook, &QPushButton::clicked, this, &RollbackDialog::askRunbook);
    row->addWidget(m_message);
    row->addWidget(m_runbook);
    row->addWidget(m_error, 1);
    row->addStretch();
    row->addWidget(m_next);
    row->addWidget(m_keep);
    row->addWidget(m_restore);
    connect(m_keep, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_restore, &QPushButton::clicked, this, &RollbackDialog::send);
    return foot;
}

} // namespace bellwether
