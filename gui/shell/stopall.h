#pragma once
// Stop everything, and release it: the one control for both, whoever stopped it. Each asks for a reason.
#include "rollout/snapshot.h"

#include <QObject>

class QWidget;

namespace bellwether {

class Requests;

class StopAll final : public QObject {
    Q_OBJECT

public:
    StopAll(Requests &requests, QWidget *window);
    void setSnapshot(const ConsoleSnapshot &snapshot, bool production);
    bool isHeld() const { return m_hold.has_value(); }
    QString blocked() const { return m_readOnly; } // why it may not be used here; empty: it may
    QString sentence() const;                      // who stopped everything, since when and why
    void open();                                   // asks; stops or releases, whichever is due

Q_SIGNALS:
    void said(const QString &sentence);
    void failed(const QString &sentence);

private:
    void send(const QString &verb, const QString &reason);
    Requests &m_requests;
    QWidget *m_window;
    std::optional<Hold> m_hold;
    QString m_readOnly;
    int m_rollouts = 0, m_hosts = 0; // that are not at their end; with a step under way
    bool m_production = false;
};

} // namespace bellwether
