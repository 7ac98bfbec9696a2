#pragma once
// The path drawn as a line with stations: hops are stations at which one may stop, and how many hosts begin at each is
// written there.
#include "plan/plan.h"

#include <QWidget>

namespace bellwether {

class PathView final : public QWidget {
    Q_OBJECT

public:
    explicit PathView(QWidget *parent = nullptr);
    void setPlan(const Plan *plan);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    struct Station {
        QString version, hosts, hop; // hop: written over the line that leads here
        bool target = false;
    };
    QList<Station> m_stations;
};

} // namespace bellwether
