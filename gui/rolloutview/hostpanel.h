#pragma once
// What the selected host is doing and waiting for, and what a rollback of it would mean this minute.
#include "rollout/snapshot.h"
#include "widgets/button.h"
#include "widgets/panel.h"

class QGridLayout;

namespace bellwether {

class HostPanel final : public Panel {
    Q_OBJECT

public:
    explicit HostPanel(QWidget *parent = nullptr);
    // Null: none. Taking over is only offered where it is possible.
    void setHost(const HostView *host, const Permission &retry, const Permission &skip, const Permission &takeOver, qint64 nowMs);
    void setNow(qint64 nowMs);

Q_SIGNALS:
    void retryAsked(const QString &host);
    void skipAsked(const QString &host);
    void takeOverAsked(const QString &host);

private:
    Label *addRow(const QString &name);
    void show();

    QGridLayout *m_grid;
    StateLabel *m_state;
    Label *m_doing, *m_version, *m_health, *m_downtime, *m_backup, *m_way, *m_command;
    Button *m_copy, *m_retry, *m_skip, *m_takeOver;
    std::optional<HostView> m_host;
    qint64 m_nowMs = 0;
};

} // namespace bellwether
