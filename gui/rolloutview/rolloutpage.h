#pragma once
// A rollout while it happens: lanes, steps, log, migrations, gate, host and problems, which all speak of the selected
// host. What may be done, and why not, stands in the snapshot; this page decides nothing.
#include "rolloutview/hostrows.h"
#include "shell/page.h"
#include "shell/requests.h"

#include <QPointer>

class QComboBox;
class QLineEdit;
class QProgressBar;
class QSplitter;
class QStackedWidget;
class QScrollArea;
class QTabBar;
class QTableView;

namespace bellwether {

class Button;
class GatePanel;
class HostPanel;
class LanesWidget;
class LogService;
class LogView;
class Panel;
class RollbackDialog;
class Timeline;

class RolloutPage final : public Page {
    Q_OBJECT

public:
    explicit RolloutPage(Requests &requests, QWidget *parent = nullptr);
    ~RolloutPage() override;

    QString id() const override { return QStringLiteral("rollout"); }
    QString word() const override { return tr("Rollout"); }
    QString icon() const override { return QStringLiteral("ui/rollout"); }
    QString title() const override;
    QString about() const override;
    QString headerAbout() const override;
    std::optional<ChipText> chip() const override;
    QString subline() const override;
    QWidget *headerMiddle() override { return m_middle; }
    QList<QWidget *> headerActions() override;
    int badge() const override { return m_unfinished; }
    void setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot) override;
    void tick(qint64 nowMs) override;
    bool hasProduction() const override;
    void open(const QString &what) override; // "R-0001" or "R-0001/host"
    void focusFilter() override;
    bool escape() override;
    QList<QWidget *> regions() override;
    QList<QAction *> commands() override;
    void saveState(ViewState &settings) override;
    void restoreState(ViewState &settings) override;

    QString selectedHost() const { return m_host; }
    LogView *log() const { return m_log; }

protected:
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void buildHeader();
    void buildLanes();
    void buildSteps();
    void buildLog();
    void buildMigrations();
    void buildSide();
    QWidget *buildTabs();
    void fold(); // by the page's width
    void showTab();
    void connectParts();
    void choose(); // which rollout of the snapshot is shown
    void showRollout();
    void showHeader();
    void showHost();
    void showLog(const HostView *host);
    void showProblems();
    void selectHost(const QString &host);
    void jumpTo(const QString &token, int line);
    void tryJump();
    void fitLanes();
    void send(Button *button, const QString &verb, const QJsonObject &more, const QString &done);
    void openRollback();
    void retry(Button *button, const QStringList &hosts);
    void askRetry(const QStringList &halfMigrated);
    void askAbort();
    void askSkip(const QString &host);
    void askTakeOver(const QString &host);
    void showHits();
    const HostView *host() const;
    Permission permission(const QString &verb) const;

    Requests &m_requests;
    std::shared_ptr<const ConsoleSnapshot> m_snapshot;
    std::shared_ptr<const RolloutSnapshot> m_rollout;
    QString m_wanted, m_host; // rollout asked for; host selected
    int m_unfinished = 0;
    qint64 m_nowMs = 0;
    bool m_stale = true, m_userSplit = false;
    QList<Problem> m_problems;
    QString m_jumpToken;
    int m_jumpLine = -1;
    QList<QAction *> m_commands;
    QPointer<RollbackDialog> m_rollbackDialog;

    QWidget *m_middle = nullptr;
    QComboBox *m_chooser = nullptr;
    Label *m_progressText = nullptr, *m_eta = nullptr, *m_ends = nullptr, *m_empty = nullptr;
    QProgressBar *m_progress = nullptr;
    Button *m_pause = nullptr, *m_retry = nullptr, *m_rollback = nullptr, *m_promote = nullptr, *m_abort = nullptr;
    QStackedWidget *m_stack = nullptr;
    QSplitter *m_columns = nullptr, *m_left = nullptr, *m_lower = nullptr;
    QWidget *m_right = nullptr;
    QScrollArea *m_rightScroll = nullptr;
    QTabBar *m_tabs = nullptr;
    bool m_narrow = false;
    Panel *m_lanesPanel = nullptr, *m_stepsPanel = nullptr, *m_logPanel = nullptr, *m_migrationsPanel = nullptr, *m_problemsPanel = nullptr;
    QScrollArea *m_lanesScroll = nullptr;
    LanesWidget *m_lanes = nullptr;
    Timeline *m_timeline = nullptr;
    LogService *m_logService = nullptr;
    LogView *m_log = nullptr;
    QLineEdit *m_find = nullptr;
    Label *m_hits = nullptr, *m_migrationCount = nullptr;
    Button *m_follow = nullptr, *m_wrap = nullptr, *m_save = nullptr;
    RowsModel *m_migrations = nullptr, *m_problemModel = nullptr;
    QTableView *m_migrationTable = nullptr, *m_problemTable = nullptr;
    GatePanel *m_gate = nullptr;
    HostPanel *m_hostPanel = nullptr;
    StateLabel *m_failures = nullptr;
};

} // namespace bellwether
