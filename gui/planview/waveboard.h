#pragma once
// Waves as columns, canary first. Hosts are dragged between them or moved with Alt+arrows; the board only asks.
#include "plan/plan.h"

#include <QListView>
#include <QWidget>

class QHBoxLayout;
class QStandardItemModel;

namespace bellwether {

class Label;

class WaveList final : public QListView {
    Q_OBJECT

public:
    WaveList(int wave, QWidget *parent = nullptr);
    void setHosts(const Plan &plan, const PlanWave &wave);
    QStringList chosen() const;
    void choose(const QString &host);

Q_SIGNALS:
    void moveAsked(const QStringList &hosts, int wave);
    void hostChosen(const QString &host);

protected:
    void startDrag(Qt::DropActions actions) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dragMoveEvent(QDragMoveEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QStandardItemModel *m_model;
    int m_wave;
};

class WaveBoard final : public QWidget {
    Q_OBJECT

public:
    explicit WaveBoard(QWidget *parent = nullptr);
    void setPlan(const Plan &plan);
    void choose(const QString &host);
    QString chosen() const { return m_chosen; }

Q_SIGNALS:
    void moveAsked(const QStringList &hosts, int wave); // wave may be one past the last: a new one
    void hostChosen(const QString &host);

private:
    void rebuild(const Plan &plan);
    QHBoxLayout *m_row;
    struct Column {
        QWidget *widget;
        Label *title, *about;
        WaveList *list;
    };
    QList<Column> m_columns;
    QString m_chosen;
};

} // namespace bellwether
