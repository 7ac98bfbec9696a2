#pragma once
// The foot of the window: production segment, counts, journal, and the time, local with UTC.
#include "widgets/label.h"


namespace bellwether {

struct ConsoleSnapshot;

class StatusLine final : public QWidget {
    Q_OBJECT

public:
    explicit StatusLine(QWidget *parent = nullptr);
    void setSnapshot(const ConsoleSnapshot &snapshot);
    void setProduction(bool production);
    void tick(qint64 nowMs);
    void say(const QString &sentence); // for some seconds

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QWidget *m_production;
    Label *m_hosts, *m_journal, *m_said, *m_time;
    qint64 m_saidUntil = 0;
};

} // namespace bellwether
