#pragma once
// What must hold after every event, whatever was lost, killed or cut: the console's own story (its fold) is compared with
// the rules, and with the hosts as they really are. Numbers are those of the trust document's list.
#include "rollout/state.h"
#include "simhosts.h"
#include "statejson.h"

#include <QSet>

namespace bellwether {

class Invariants {
public:
    Invariants(QString console, SimHosts &hosts, const SimTime &time);
    void see(const Event &event); // right after it is durable
    void claimed(const QString &product, const QString &token, qint64 epoch, const QByteArray &script); // a step begins on a host
    // Its own fold, event by event as they became durable, is held against another one: the engine's, or one from the start.
    void compare(const Workspace &other, Plans plans);
    void violated(const QString &what);
    const QStringList &violations() const { return m_violations; }

private:
    struct Before {
        QString version;
        Ledger ledger;
    };
    void aboutRollout(const Event &e);
    void rules(const RolloutState &s, const Event &e);
    void oneOnEachMachine(const RolloutState &s, const HostRun &h, const StepIntended &intended);
    void truths(const RolloutState &s, const Event &e);
    void backups();
    void secrets(const Event &e);

    QString m_console;
    SimHosts &m_hosts;
    const SimTime &m_time;
    Workspace m_folded;
    QMap<QString, Before> m_before; // rollout/host/hop, as the hosts were when the hop began
    QMap<QString, QString> m_intents; // token → sha256
    QMap<QString, int> m_claims;      // token → effects
    std::optional<Hold> m_hold;
    qint64 m_heldMono = 0;
    QMap<QString, qint64> m_proven;   // host → when its newest proven backup was begun, by the host's clock
    QMap<QString, QString> m_lost;    // rollout/host/direction/hop/index of a lost step → its token
    QStringList m_violations;
    qint64 m_lastSeq = 0;
};

} // namespace bellwether
