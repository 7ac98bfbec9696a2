#pragma once
// When which wave would work and bake if the plan began now, as hours of the night.
#include "plan/plan.h"

#include <QWidget>

namespace bellwether {

struct WaveEstimate {
    QString name;
    int workS = 0, bakeS = 0, fromS = 0; // from the rollout's start
    bool known = true;                   // some host has no estimate
};
QList<WaveEstimate> estimateOf(const Plan &plan);

class EstimateView final : public QWidget {
    Q_OBJECT

public:
    explicit EstimateView(QWidget *parent = nullptr);
    void setPlan(const Plan &plan);
    void setNow(qint64 nowMs);
    QString sentence() const;
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QList<WaveEstimate> m_waves;
    qint64 m_nowMs = 0;
};

} // namespace bellwether
