#pragma once
// From hosts and a version to an accepted plan. Planning is a pure function and runs off this thread, again whenever an
// input or a measured fact changes; what is shown always belongs to the inputs shown, or says that it is being made.
#include "planview/plandraft.h"
#include "shell/page.h"
#include "shell/requests.h"
#include "widgets/button.h"
#include "widgets/panel.h"

#include <QTimer>
#include <QUndoStack>

class QCheckBox;
class QComboBox;
class QSplitter;
class QTabWidget;

namespace bellwether {

class CommandsView;
class DiffView;
class EstimateView;
class FilterField;
class FindingsView;
class NotesView;
class PathView;
class WaveBoard;

class PlanPage final : public Page {
    Q_OBJECT

public:
    explicit PlanPage(Requests &requests, QWidget *parent = nullptr);
    QString id() const override { return QStringLiteral("plan"); }
    QString word() const override { return tr("Plan"); }
    QString icon() const override { return QStringLiteral("ui/plan"); }
    QString title() const override { return tr("Plan"); }
    QString about() const override;
    std::optional<ChipText> chip() const override;
    QString afterChip() const override;
    QList<QWidget *> headerActions() override { return {m_save}; }
    void setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot) override;
    void tick(qint64 nowMs) override;
    bool hasProduction() const override;
    void open(const QString &what) override; // "hosts:a,b,c" or a product's id
    void focusFilter() override;
    bool escape() override;
    QList<QWidget *> regions() override;
    QList<QAction *> commands() override { return m_commands; }
    void saveState(ViewState &settings) override;
    void restoreState(ViewState &settings) override;

    const PlanResult &result() const { return m_result; }

protected:
    void showEvent(QShowEvent *event) override;

private:
    friend class WavesCommand;
    void build();
    QWidget *inputs();
    QWidget *left();
    QWidget *right();
    QWidget *foot();
    void buildCommands();
    void connectAll();
    void fillProducts();
    void fillVersions();
    void fillStrategies();
    void followFacts();             // plans again when something a plan is made from changed
    void forgetEdits();             // other inputs: what was edited by hand no longer means the same
    QStringList candidates() const; // names of chosen hosts of the product
    void plan();                    // soon
    void planNow();
    void take(PlanResult result);
    void showPlan();
    void showHost(const QString &name);
    void showVerdict();
    QString whyNotStart() const;
    void moveHosts(const QStringList &hosts, int wave);
    void exclude(const QStringList &hosts);
    void setWaves(const QList<PlanWave> &waves, const QStringList &excluded);
    void save();
    void start();
    void send(const QString &hash); // of the plan that was confirmed

    Requests &m_requests;
    std::shared_ptr<const ConsoleSnapshot> m_snapshot;
    QStringList m_chosen;               // by name, from the Fleet page; empty = by the filter
    QStringList m_excluded, m_deferred; // remedies taken
    QList<PlanWave> m_waves;            // set by hand; empty = by the strategy
    QStringList m_products;             // of the fleet, as offered
    QStringList m_notesShown;           // a key for each of the release notes that were last shown
    std::shared_ptr<const ConsoleSnapshot> m_planned; // what was planned from; null: plan again
    quint64 m_generation = 0;
    bool m_planning = false, m_filling = false, m_starting = false, m_versionChosen = false;
    PlanResult m_result;
    QString m_host;
    QTimer m_soon;
    QUndoStack m_undo;
    QList<QAction *> m_commands;
    qint64 m_nowMs = 0;

    QComboBox *m_product, *m_version, *m_strategy, *m_hop;
    FilterField *m_filter;
    PathView *m_path;
    Panel *m_wavesPanel, *m_estimatePanel, *m_commandsPanel, *m_findingsPanel;
    WaveBoard *m_board;
    EstimateView *m_estimate;
    CommandsView *m_steps;
    FindingsView *m_findings;
    QTabWidget *m_tabs;
    DiffView *m_diff;
    NotesView *m_notes;
    QCheckBox *m_read;
    QSplitter *m_split, *m_leftSplit, *m_rightSplit;
    IconLabel *m_verdictIcon;
    Label *m_verdict, *m_detail, *m_person;
    Button *m_save, *m_start, *m_undoButton;
};

} // namespace bellwether
