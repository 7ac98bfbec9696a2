#pragma once
// How many hosts are in which state; each is a filter to be pressed and pressed again.
#include "text/words.h"

#include <QSet>
#include <QWidget>

class QHBoxLayout;

namespace bellwether {

class CountButton;

class CountsRow final : public QWidget {
    Q_OBJECT

public:
    explicit CountsRow(QWidget *parent = nullptr);
    void setCounts(const QMap<FleetState, int> &counts);
    QSet<FleetState> chosen() const { return m_chosen; }
    bool clear(); // true when something was chosen

Q_SIGNALS:
    void chosenChanged();

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QHBoxLayout *m_row;
    QMap<FleetState, CountButton *> m_buttons;
    QSet<FleetState> m_chosen;
};

} // namespace bellwether
