#pragma once
// The window: rail, page header, stacked pages, foot. It owns the pages, gives each new snapshot to all of them and
// knows nothing of what they show.
#include "shell/page.h"
#include "shell/requests.h"

#include <QMainWindow>
#include <QTimer>

class QStackedWidget;
class QVBoxLayout;

namespace bellwether {

class Actions;
class Banner;
class CommandPalette;
class KeysOverlay;
class PageHeader;
class ProductionFrame;
class Rail;
class RailButton;
class StopAll;
class StatusLine;

class MainWindow final : public QMainWindow {
    Q_OBJECT

public:
    // Sets the console's callback. Pages come by addPage, in the rail's order; see shell/makewindow.h.
    MainWindow(ConsolePort &console, const QString &dataFolder);
    ~MainWindow() override;

    void addPage(Page *page); // takes it; rail order: fleet, plan, rollout, history, settings
    void finish();            // after the last addPage: shows the first page; what was remembered comes soon after
    void showWhenRestored();  // once it is as it was left, so that nothing jumps
    Requests &requests() { return m_requests; }
    Page *page(const QString &id) const;
    Page *currentPage() const;
    void openPage(const QString &id, const QString &what = {});
    QString dataFolder() const { return m_dataFolder; }
    std::shared_ptr<const ConsoleSnapshot> snapshot() const { return m_snapshot; }

protected:
    bool event(QEvent *event) override;
    void closeEvent(QCloseEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    struct Wake;
    void buildActions();
    void takeSnapshot();
    void showPage(int index);
    void refreshHeader();
    void refreshBanners();
    void refreshStopAll();
    void addInterrupted(const RolloutSnapshot &rollout);
    void cycleRegion(int step);
    void escape();
    void openPalette();
    void openKeys();
    void tick();
    void showFailure(const QString &sentence);
    void restore(const WindowState &state);
    void save();

    ConsolePort &m_console;
    QString m_dataFolder;
    Requests m_requests;
    std::shared_ptr<Wake> m_wake;
    std::shared_ptr<const ConsoleSnapshot> m_snapshot;
    QList<Page *> m_pages;
    QString m_banners; // what the banners say, to leave them alone while it stays the same
    Actions *m_actions;
    ProductionFrame *m_frame;
    Rail *m_rail;
    PageHeader *m_header;
    QStackedWidget *m_stack;
    QVBoxLayout *m_bannerBox;
    Banner *m_failure;
    StatusLine *m_status;
    CommandPalette *m_palette;
    KeysOverlay *m_keys;
    StopAll *m_stopAll;
    RailButton *m_stopButton = nullptr;
    QTimer m_clock;
    bool m_restored = false, m_showWhenRestored = false, m_leaving = false;
};

} // namespace bellwether
