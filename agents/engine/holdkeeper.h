#pragma once
// Brings a stop of everything to the hosts, where it binds other consoles, and takes it from them again. What cannot be
// reached is tried again until it was; the newest wish is the one that counts.
#include "engine/runtime.h"

namespace bellwether {

class HoldKeeper {
public:
    explicit HoldKeeper(Runtime &runtime);
    struct Reached {
        QStringList hosts, missed; // by name, one per machine
    };
    // `done` runs once every machine has answered or was missed; an empty hold takes it away. Those that were missed are
    // reported one by one once they are reached.
    void spread(const QList<Installation> &machines, const std::optional<Hold> &hold, std::function<void(const Reached &)> done = {});
    void lift(const Installation &machine); // a hold of ours that was forgotten there
    std::function<void(const QString &host)> onReachedLate;

private:
    void tell(const Installation &machine, const std::optional<Hold> &hold, quint64 turn, std::function<void(bool)> done);

    Runtime &m_runtime;
    quint64 m_turn = 0;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace bellwether
