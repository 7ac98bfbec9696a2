#pragma once
// Steps as bars on a line of time, a row per host. Live: bars under way end at "now". Ctrl+wheel and + − zoom, arrows
// move; 0 shows all again.
#include "rollout/snapshot.h"
#include "widgets/theme.h"

#include <QAbstractScrollArea>

namespace bellwether {

struct TimelineBar {
    qint64 fromMs = 0, toMs = 0; // toMs 0: still under way
    QString word, toolTip;
    StateRole role = StateRole::Waiting;
    bool plain = false;  // control grey: preflight, pull, stop
    bool bake = false;   // outline only
    bool failed = false;
};
struct TimelineRow {
    QString host, note; // note: in place of bars, "waits for the gate"
    bool canary = false;
    QList<TimelineBar> bars;
};

// The hosts of the wave `host` is in, begun ones first, and the next one that waits.
QList<TimelineRow> timelineOf(const RolloutSnapshot &rollout, const QString &host);

class Timeline final : public QAbstractScrollArea {
    Q_OBJECT

public:
    explicit Timeline(QWidget *parent = nullptr);
    void setRows(const QList<TimelineRow> &rows, qint64 nowMs, bool live);
    void setNow(qint64 nowMs);
    void setSelected(const QString &host);
    int contentHeight() const;
    QSize sizeHint() const override { return {600, contentHeight()}; }

Q_SIGNALS:
    void hostSelected(const QString &host);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    bool viewportEvent(QEvent *event) override;

private:
    struct Span {
        qint64 fromMs = 0, toMs = 0;
    };
    Span all() const;
    Span shown() const;
    int nameWidth() const;
    int rowHeight() const { return theme().px(22); }
    int axisHeight() const { return theme().px(22); }
    qreal xOf(qint64 ms) const;
    QRectF barRect(const TimelineBar &bar, int row) const;
    qint64 tickStep(int label) const;
    void paintGrid(QPainter &painter, qint64 step) const;
    void paintAxis(QPainter &painter, int label) const;
    void paintRow(QPainter &painter, int row) const;
    void paintBar(QPainter &painter, const TimelineBar &bar, const QRectF &rect) const;
    void zoom(double factor, qreal x);
    void updateBars();

    QList<TimelineRow> m_rows;
    QString m_selected;
    qint64 m_nowMs = 0;
    bool m_live = false;
    double m_zoom = 1;      // 1: all
    double m_centre = 1;    // share of the whole at the middle of the view
};

// What the colours of the bars mean.
class TimelineLegend final : public QWidget {
    Q_OBJECT

public:
    explicit TimelineLegend(QWidget *parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {0, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent *event) override;
};

} // namespace bellwether
