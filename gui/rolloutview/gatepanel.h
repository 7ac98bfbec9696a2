#pragma once
// The gate one waits for: how long still, what must hold, and why it does or does not. The countdown is the largest
// figure of the page.
#include "rollout/snapshot.h"
#include "widgets/panel.h"

class QGridLayout;
class QProgressBar;

namespace bellwether {

class GatePanel final : public Panel {
    Q_OBJECT

public:
    explicit GatePanel(QWidget *parent = nullptr);
    void setRollout(const RolloutSnapshot *rollout, qint64 nowMs); // null: none
    void setNow(qint64 nowMs);
    static int gateOf(const RolloutSnapshot &rollout); // wave whose gate comes next; the last when all have passed

private:
    void showConditions(const QList<GateCondition> &conditions);
    void showClock();

    StateLabel *m_chip;
    Label *m_clock, *m_caption, *m_reason;
    QProgressBar *m_bar;
    QGridLayout *m_grid;
    QWidget *m_conditions;
    QList<GateCondition> m_shown;
    GateView m_gate;
    QString m_wave;
    qint64 m_nowMs = 0;
    bool m_live = false, m_hosts = false, m_passed = false;
    QString m_quiet; // in place of the countdown
};

} // namespace bellwether
