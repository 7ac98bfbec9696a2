// The Plan page's widgets and how they are laid out; what they do is in planpage.cpp.
#include "planview/estimateview.h"
#include "planview/findingsview.h"
#include "planview/pathview.h"
#include "planview/plandetails.h"
#include "planview/planpage.h"
#include "planview/waveboard.h"
#include "widgets/filterfield.h"

#include <QAction>
#include <QBoxLayout>
#include <QCheckBox>
#include <QComboBox>
#include <QPainter>
#include <QSplitter>
#include <QTabWidget>

namespace bellwether {

namespace {

class Band final : public QWidget {
public:
    explicit Band(bool top) : m_top(top) {}

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().colour(Role::Raised));
        painter.setPen(theme().colour(Role::Border));
        const int y = m_top ? 0 : height() - 1;
        painter.drawLine(0, y, width(), y);
    }

private:
    bool m_top;
};

QVBoxLayout *field(const QString &name, QWidget *widget)
{
    auto *box = new QVBoxLayout;
    box->setSpacing(theme().px(3));
    auto *label = new Label(name, TextRole::Small, Role::Muted);
    label->setBuddy(widget);
    widget->setAccessibleName(name);
    box->addWidget(label);
    box->addWidget(widget);
    return box;
}

} // namespace

void PlanPage::build()
{
    m_product->setObjectName(QStringLiteral("plan-product"));
    m_version->setObjectName(QStringLiteral("plan-version"));
    m_strategy->setObjectName(QStringLiteral("plan-strategy"));
    m_filter->setObjectName(QStringLiteral("plan-hosts"));
    m_read->setObjectName(QStringLiteral("plan-notes-read"));
    m_start->setObjectName(QStringLiteral("plan-start"));
    m_save->setObjectName(QStringLiteral("plan-save"));
    m_split->addWidget(left());
    m_split->addWidget(right());
    m_split->setStretchFactor(0, 3);
    m_split->setStretchFactor(1, 2);
    m_split->setSizes({theme().px(820), theme().px(524)});
    auto *middle = new QWidget;
    auto *box = new QVBoxLayout(middle);
    box->setContentsMargins(theme().px(8), theme().px(8), theme().px(8), theme().px(8));
    box->addWidget(m_split);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(0);
    all->addWidget(inputs());
    all->addWidget(middle, 1);
    all->addWidget(foot());
}

QWidget *PlanPage::inputs()
{
    auto *band = new Band(false);
    auto *row = new QHBoxLayout(band);
    row->setContentsMargins(theme().px(14), theme().px(7), theme().px(12), theme().px(9));
    row->setSpacing(theme().px(10));
    m_product->setMinimumWidth(theme().px(130));
    m_version->setMinimumWidth(theme().px(150));
    m_strategy->setMinimumWidth(theme().px(110));
    m_filter->setMinimumWidth(theme().px(220));
    row->addLayout(field(tr("Product"), m_product));
    row->addLayout(field(tr("Target version"), m_version));
    row->addLayout(field(tr("Hosts"), m_filter), 2);
    row->addLayout(field(tr("Strategy"), m_strategy));
    row->addWidget(m_path, 3);
    return band;
}

QWidget *PlanPage::left()
{
    m_wavesPanel->setAbout(tr("drag hosts between them, or Alt+←/→"));
    m_undoButton->setBlocked(tr("Nothing to undo."));
    m_wavesPanel->addToHeader(m_undoButton);
    m_wavesPanel->body()->addWidget(m_board);
    m_estimatePanel->body()->addWidget(m_estimate);
    auto *copy = new Button(tr("Copy"), ButtonKind::Outlined, ButtonSize::Panel);
    copy->setIconName(QStringLiteral("ui/copy"));
    copy->setObjectName(QStringLiteral("plan-copy-commands"));
    m_hop->setAccessibleName(tr("Hop or way back whose commands are shown"));
    m_hop->setAccessibleDescription(tr("Hop or way back whose commands are shown")); // read after the choice, its name on Linux
    m_hop->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_hop->setStyleSheet(QStringLiteral("QComboBox { min-height: %1px; }").arg(theme().metric(Metric::ControlPanel) - 2));
    m_commandsPanel->addToHeader(m_hop);
    m_commandsPanel->addToHeader(copy);
    m_commandsPanel->body()->addWidget(m_steps);
    m_leftSplit->addWidget(m_wavesPanel);
    m_leftSplit->addWidget(m_estimatePanel);
    m_leftSplit->addWidget(m_commandsPanel);
    m_leftSplit->setSizes({theme().px(190), theme().px(160), theme().px(280)});
    m_leftSplit->setStretchFactor(2, 1);
    return m_leftSplit;
}

QWidget *PlanPage::right()
{
    m_findingsPanel->body()->addWidget(m_findings);
    auto *notes = new QWidget;
    auto *box = new QVBoxLayout(notes);
    box->setContentsMargins(0, 0, 0, 0);
    box->setSpacing(0);
    box->addWidget(m_notes, 1);
    auto *line = new QHBoxLayout;
    line->setContentsMargins(theme().px(12), theme().px(6), theme().px(12), theme().px(8));
    line->addWidget(m_read);
    box->addLayout(line);
    m_tabs->addTab(m_diff, tr("Differences"));
    m_tabs->addTab(notes, tr("Release notes"));
    m_tabs->setDocumentMode(true);
    m_tabs->setAccessibleName(tr("Differences and release notes"));
    auto *frame = new Panel({});
    frame->header()->hide();
    frame->body()->addWidget(m_tabs);
    frame->setAccessibleName(tr("Differences and release notes"));
    m_rightSplit->addWidget(m_findingsPanel);
    m_rightSplit->addWidget(frame);
    m_rightSplit->setSizes({theme().px(340), theme().px(290)});
    return m_rightSplit;
}

QWidget *PlanPage::foot()
{
    auto *band = new Band(true);
    band->setAccessibleName(tr("Verdict and start"));
    auto *row = new QHBoxLayout(band);
    row->setContentsMargins(theme().px(14), theme().px(7), theme().px(12), theme().px(7));
    row->setSpacing(theme().px(8));
    m_detail->setElided(true);
    row->addWidget(m_verdictIcon);
    row->addWidget(m_verdict);
    row->addWidget(m_detail, 1);
    row->addWidget(m_person);
    row->addWidget(m_start);
    return band;
}

} // namespace bellwether
