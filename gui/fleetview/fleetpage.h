#pragma once
// All hosts: counts, map, filter, table and what is known of the chosen one.
#include "fleetview/fleetmodel.h"
#include "shell/page.h"
#include "shell/requests.h"
#include "widgets/button.h"

class QMenu;
class QSplitter;
class QToolButton;

namespace bellwether {

class CopyFile;
class CountsRow;
class FilterField;
class FleetTable;
class FoldSide;
class ImportFleet;
class Inspector;
class SavedFilters;
class TileMap;
class TrustHost;

enum class CopyFormat;

class FleetPage final : public Page {
    Q_OBJECT

public:
    explicit FleetPage(Requests &requests, QWidget *parent = nullptr);
    QString id() const override { return QStringLiteral("fleet"); }
    QString word() const override { return tr("Fleet"); }
    QString icon() const override { return QStringLiteral("ui/fleet"); }
    QString title() const override { return tr("Fleet"); }
    QString about() const override;
    QList<QWidget *> headerActions() override;
    void setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot) override;
    void tick(qint64 nowMs) override;
    bool hasProduction() const override { return m_production; }
    void open(const QString &what) override;
    void focusFilter() override;
    bool escape() override;
    QList<QWidget *> regions() override;
    QList<QAction *> commands() override { return m_commands; }
    void saveState(ViewState &settings) override;
    void restoreState(ViewState &settings) override;

    FleetModel &model() { return *m_model; }
    QStringList selectedNames() const;
    QStringList targetNames() const; // the selected ones, or all that are shown

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void build();
    QWidget *filterRow();
    void connectAll();
    void buildCommands();
    void takeSnapshot();
    void refresh();
    QMap<QString, QStringList> filterValues() const;
    void refreshMap();
    void refreshActions();
    void refreshInspector();
    void groupBy(const QString &key);
    void fillGroupMenu();
    void check();
    void plan();
    void copyAs(CopyFormat format);
    void emptyText();

    Requests &m_requests;
    std::shared_ptr<const ConsoleSnapshot> m_snapshot;
    FleetModel *m_model;
    CountsRow *m_counts;
    TileMap *m_map;
    FilterField *m_filter;
    QToolButton *m_group, *m_columns;
    SavedFilters *m_saved;
    QWidget *m_filterRow = nullptr;
    FleetTable *m_table;
    Inspector *m_inspector;
    FoldSide *m_side;
    QSplitter *m_split;
    Button *m_undo, *m_import, *m_check, *m_plan;
    ImportFleet *m_importer;
    TrustHost *m_truster;
    CopyFile *m_copier;
    QList<QAction *> m_commands;
    QString m_busy;
    bool m_production = false, m_columnsRestored = false, m_grouped = false, m_stale = false, m_settled = false;
    qint64 m_nowMs = 0;
};

} // namespace bellwether
