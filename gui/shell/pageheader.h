#pragma once
// The line above a page: title, what it is about, the palette's field, and the page's actions at the right in the order
// harmless to consequential.
#include "shell/page.h"

#include <QPushButton>

class QHBoxLayout;
class QStackedWidget;

namespace bellwether {

// The field that opens the palette: looks like a field, is a button.
class PaletteField final : public QPushButton {
    Q_OBJECT

public:
    explicit PaletteField(QWidget *parent = nullptr);
    void setSmall(bool isSmall); // only its icon
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    bool m_small = false;
};

class PageHeader final : public QWidget {
    Q_OBJECT

public:
    explicit PageHeader(QWidget *parent = nullptr);
    int addPage(Page &page);
    void show(const Page &page, int index); // reads title, chip and lines anew
    PaletteField *paletteField() const { return m_palette; }

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void fit();
    Label *m_title, *m_about, *m_after, *m_sub;
    StateLabel *m_chip;
    QStackedWidget *m_middle, *m_actions;
    PaletteField *m_palette;
    QHBoxLayout *m_row, *m_second;
};

} // namespace bellwether
