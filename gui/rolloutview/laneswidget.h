#pragma once
// Waves as lanes, the canary first, a tile per host; waiting hosts are small labels and grow when something happens on
// them. Arrow keys move from tile to tile, Enter opens one. Only paints and selects: the live page and the replay of
// History use the same widget.
#include "rolloutview/laneitems.h"

#include <QElapsedTimer>
#include <QWidget>

class QTimer;

namespace bellwether {

class LanesWidget final : public QWidget {
    Q_OBJECT

public:
    explicit LanesWidget(QWidget *parent = nullptr);

    void setLanes(const QList<Lane> &lanes);
    void setSelected(const QString &host); // no signal
    QString selected() const { return m_selected; }
    int contentHeight() const { return m_contentHeight; }
    QSize sizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

    // For the accessible interface and tests.
    int tileCount() const { return static_cast<int>(m_places.size()); }
    QRect tileRect(int index) const { return m_places[index].rect; }
    const LaneTile &tile(int index) const;
    int indexOf(const QString &host) const;

Q_SIGNALS:
    void hostSelected(const QString &host);
    void hostActivated(const QString &host); // Enter or double click
    void contentHeightChanged();
    void tileRevealed(const QRect &tile); // the selection moved there: scroll

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    bool event(QEvent *event) override;

private:
    struct TilePlace {
        int lane = 0, tile = 0;
        QRect rect;
    };
    struct LanePlace {
        QRect rect;
        QRect more; // "and N more", empty when all are shown
        int hidden = 0;
    };
    struct Fade {
        QColor from;
        qint64 beganMs = 0;
    };
    int layOut(int width, QList<TilePlace> &places, QList<LanePlace> &lanes) const;
    void relayout();
    int labelWidth() const;
    int fullWidth() const;
    void select(int index, bool byUser);
    int neighbour(int index, int key) const;
    int tileAt(const QPoint &where) const;
    void paintLane(QPainter &painter, int index) const;
    void paintTile(QPainter &painter, const TilePlace &place) const;
    void paintFull(QPainter &painter, const LaneTile &tile, const QRect &rect) const;
    void paintMini(QPainter &painter, const LaneTile &tile, const QRect &rect) const;
    QColor fill(const LaneTile &tile) const;

    QList<Lane> m_lanes;
    QList<TilePlace> m_places;
    QList<LanePlace> m_lanePlaces;
    QString m_selected;
    QSet<int> m_expanded;
    QHash<QString, Fade> m_fades;
    QElapsedTimer m_time;
    QTimer *m_fadeTimer;
    int m_contentHeight = 0;
};

} // namespace bellwether
