#pragma once
// Shows a log of any length: only the lines in sight are laid out. Text is plain, left to right, in the fixed font;
// what it means to the eye (level, match, selection) is painted. Keys: arrows, pages, Home and End move; Shift selects;
// F3 and Shift+F3 go from match to match; Ctrl+C copies.
#include "rolloutview/logservice.h"

#include <QAbstractScrollArea>
#include <QTextLayout>
#include <memory>

namespace bellwether {

class LogView final : public QAbstractScrollArea {
    Q_OBJECT

public:
    explicit LogView(LogService &service, QWidget *parent = nullptr);

    void setFollow(bool follow);
    bool follows() const { return m_follow; }
    void setWrap(bool wrap);
    bool wraps() const { return m_wrap; }
    void setNeedle(const QString &needle); // marks it; the service searches
    void goTo(const LogPlace &place);      // marks the line and brings it into sight
    LogPlace current() const { return m_current; }
    bool goToHit(int direction);           // 1 next, −1 previous; false when there is none
    int hitNumber() const;                 // of the current line among the hits, from 1; 0 = none
    QString selectedText() const;
    void copy();
    void selectAll();
    void setEmptyText(const QString &text);

Q_SIGNALS:
    void followChanged(bool follow);
    void currentChanged();

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void scrollContentsBy(int dx, int dy) override;
    void focusInEvent(QFocusEvent *event) override;

private:
    struct Point { // a place between two characters
        LogPlace place;
        int column = 0;
        auto operator<=>(const Point &) const = default;
    };
    const LogDocument &document() const { return m_service.document(); }
    int lineHeight() const;
    int gutter() const;
    QString textOf(const LogPlace &place) const;
    std::unique_ptr<QTextLayout> layOut(const LogPlace &place) const;
    int visualLines(qint64 row) const;
    qreal textWidth() const;
    void updateBars();
    void documentGrew();
    void toEnd();
    void scrollLines(int delta);
    void setTop(qint64 row, int sub);
    void setCurrent(const LogPlace &place, bool extend);
    void ensureVisible(qint64 row);
    Point pointAt(const QPoint &where) const;
    void paintRow(QPainter &painter, qint64 row, const LogPlace &place, QTextLayout &layout, int y, int height) const;
    QList<QTextLayout::FormatRange> marks(const LogPlace &place, const QString &text) const;

    LogService &m_service;
    QString m_needle, m_empty;
    LogPlace m_current{0, -2}; // line −2: none
    Point m_anchor, m_head;
    qint64 m_top = 0;
    int m_sub = 0; // visual lines of the top row that are above the view
    int m_widest = 0;
    bool m_follow = true, m_wrap = false, m_moving = false;
};

} // namespace bellwether
