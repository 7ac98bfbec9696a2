#pragma once
// The fleet's table: rows 24 px high, group headings, the ruby stripe of production at the left of a row.
#include <QStyledItemDelegate>
#include <QTreeView>

class QMenu;

namespace bellwether {

class FleetTable final : public QTreeView {
    Q_OBJECT

public:
    explicit FleetTable(QWidget *parent = nullptr);
    void fitColumns(); // widths from the text measured now
    void fillColumnMenu(QMenu *menu); // which columns are shown
    void setEmptyText(const QString &text);

protected:
    void drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void drawBranches(QPainter *, const QRect &, const QModelIndex &) const override {}
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QString m_empty;
};

} // namespace bellwether
