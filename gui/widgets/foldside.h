#pragma once
// A panel at one side of a splitter. Folded it is a strip 28 wide with its title; then a click on the strip, or coming to
// it by keys, opens it over the page until the focus goes elsewhere. It folds by itself where the page is narrow, and
// when it is told to.
#include <QAbstractButton>
#include <QPointer>

namespace bellwether {

class FoldSide final : public QWidget {
    Q_OBJECT

public:
    // `page` is what the panel opens over; it must outlive this.
    FoldSide(QWidget *panel, const QString &title, Qt::Edge edge, QWidget *page);
    void setNarrow(bool narrow);  // there is no room beside the rest
    void setFolded(bool folded);  // by hand, kept until told otherwise
    bool isFolded() const { return m_folded || m_narrow; }
    bool isFoldedByHand() const { return m_folded; }
    bool isOpenOver() const { return m_over; }
    bool close(); // Esc: true when it was open over the page
    QAbstractButton *strip() const { return m_strip; }

Q_SIGNALS:
    void foldedChanged();

protected:
    bool eventFilter(QObject *object, QEvent *event) override;

private:
    void arrange();
    void open();
    void place();
    QWidget *m_panel, *m_page;
    QAbstractButton *m_strip;
    Qt::Edge m_edge;
    QSize m_least, m_most;
    int m_width = 0; // before it was folded
    bool m_folded = false, m_narrow = false, m_over = false;
};

} // namespace bellwether
