#pragma once
// What happened: all rollouts, the journal of one, and its replay. Read only: nothing here touches a host. The place in
// time is the selection of this page; slider and journal are two handles of it.
#include "journalview/journalservice.h"
#include "shell/page.h"
#include "shell/requests.h"

#include <QTimer>

class QButtonGroup;
class QLineEdit;
class QSplitter;
class QStackedWidget;
class QTableView;

namespace bellwether {

class Button;
class JournalModel;
class LanesWidget;
class FoldSide;
class Panel;
class ReplaySlider;
class RowsModel;

class HistoryPage final : public Page {
    Q_OBJECT

public:
    explicit HistoryPage(Requests &requests, const ReportMakers &makers = {}, QWidget *parent = nullptr);

    QString id() const override { return QStringLiteral("history"); }
    QString word() const override { return tr("History"); }
    QString icon() const override { return QStringLiteral("ui/history"); }
    QString title() const override { return tr("History"); }
    QString about() const override;
    std::optional<ChipText> chip() const override;
    QString afterChip() const override;
    QList<QWidget *> headerActions() override;
    void setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot) override;
    bool hasProduction() const override;
    void open(const QString &what) override; // "R-0001"
    void focusFilter() override;
    bool escape() override;
    QList<QWidget *> regions() override;
    void saveState(ViewState &settings) override;
    void restoreState(ViewState &settings) override;

    JournalService *service() const { return m_service; }

protected:
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    QWidget *buildControls();
    void connectParts();
    void showList();
    void choose(const QString &rollout);
    void showLoaded();
    void showMoment();
    void showFolded(const std::shared_ptr<const RolloutSnapshot> &snapshot, qint64 seq);
    void play(bool on);
    void advance();
    void openReport();
    const RolloutSnapshot *chosen() const;

    Requests &m_requests;
    JournalService *m_service;
    std::shared_ptr<const ConsoleSnapshot> m_snapshot;
    std::shared_ptr<const RolloutSnapshot> m_folded;
    QString m_writing; // said in the header until the report is there
    QString m_chosen;
    qint64 m_loadedEvents = -1, m_playMs = 0;
    double m_speed = 60;
    QTimer m_timer;
    JournalService::Events m_events;
    int m_loadedRollout = 0;

    QStackedWidget *m_stack;
    FoldSide *m_side = nullptr;
    QSplitter *m_columns, *m_right;
    Panel *m_listPanel, *m_statePanel, *m_journalPanel;
    QLineEdit *m_filter;
    RowsModel *m_list;
    QTableView *m_listTable, *m_journalTable;
    JournalModel *m_journal;
    ReplaySlider *m_slider;
    LanesWidget *m_lanes;
    Button *m_start, *m_play, *m_nextEvent, *m_nextDecision, *m_verify, *m_report;
    QButtonGroup *m_speeds;
    Label *m_clock, *m_moment;
    StateLabel *m_stateChip, *m_chain;
};

} // namespace bellwether
