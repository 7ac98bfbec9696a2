#pragma once
// Brings a stop of everything to the hosts, where it binds other consoles, and takes it from them again. What cannot be
// reached is tried again until it was; the newest wish is the one that counts, and a host hears one at a time: two that
// are on their way together may be carried out in either order.
#include "engine/runtime.h"
#include "rollout/workspace.h"

#include <QSet>

namespace bellwether {

class HoldKeeper {
public:
    HoldKeeper(Runtime &runtime, const Workspace &workspace);
    struct Reached {
        QStringList hosts, missed; // by name, one per machine
    };
    // Tells the hosts what the journal says: a stop to all of them, its end to those that were told of one. `done` runs
    // once each has answered or was missed. Those that were missed are recorded one by one when they are reached.
    void spread(std::function<void(const Reached &)> done = {});
    void lift(const Installation &machine); // a hold of ours that was forgotten there
    bool stopping = false; // a stop is being made durable: no end of an earlier one is recorded any more

private:
    using Done = std::function<void(bool)>;
    struct Wish {
        Installation machine;
        std::optional<Hold> hold; // empty: it ends
        quint64 turn = 0;
        QList<Done> done;
    };
    QList<Installation> machines() const; // one installation of each: the fleet's and those of unfinished rollouts
    void tellAll(const QList<Installation> &machines, const std::optional<Hold> &hold, const Reached &before, std::function<void(const Reached &)> done);
    void tell(Wish wish);
    void answered(const Wish &wish, const Status &status);
    void lifted(const QStringList &hosts);
    Done whenLate(const QString &host);

    Runtime &m_runtime;
    const Workspace &m_workspace;
    quint64 m_turn = 0;
    QSet<QString> m_busy;        // places that are being told something
    QHash<QString, Wish> m_next; // what they hear after that
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace bellwether
