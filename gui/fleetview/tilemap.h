#pragma once
// One tile a host, in blocks by label. Places never change by state, so that an operator learns where Osaka is. Healthy
// tiles are pale; everything else is full colour with its icon. Arrow keys move, Enter chooses.
#include "text/words.h"

#include <QSet>
#include <QWidget>

namespace bellwether {

class TileMap final : public QWidget {
    Q_OBJECT

public:
    struct Tile {
        QString name;
        StateLook look;
        bool calm = true; // healthy
        bool operator==(const Tile &other) const { return name == other.name && look.word == other.look.word && calm == other.calm; }
    };
    struct Block {
        QString title;
        QList<Tile> tiles;
        bool operator==(const Block &) const = default;
    };
    explicit TileMap(QWidget *parent = nullptr);
    void setBlocks(const QList<Block> &blocks);
    void setSelected(const QSet<QString> &names);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

Q_SIGNALS:
    void chosen(const QString &name);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    bool event(QEvent *event) override;

private:
    struct Layout {
        int rows = 5, height = 0;
        QList<QRect> blocks;
    };
    Layout layoutFor(int width) const;
    QRect tileRect(const Layout &layout, int block, int tile) const;
    std::pair<int, int> at(const QPoint &point) const; // −1, −1 = none
    void speak();
    QList<Block> m_blocks;
    QSet<QString> m_selected;
    int m_block = 0, m_tile = 0; // where the arrow keys are
};

} // namespace bellwether
