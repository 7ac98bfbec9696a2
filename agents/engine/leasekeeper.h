#pragma once
// One lease per machine and state folder, taken before the first step and renewed while the console lives (TTL 150 s, every 30 s).
#include "engine/runtime.h"

#include <QMap>

namespace bellwether {

class LeaseKeeper {
public:
    explicit LeaseKeeper(Runtime &runtime);
    // Answers at once when held. For each place one request is on its way at a time; the next waits for its answer.
    void take(const Installation &host, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done);
    // Gives the lease of this epoch back first, so that whatever is still on its way to the host under it is fenced there. Where
    // another console is quicker then, onLost is called besides.
    void takeAnew(const Installation &host, qint64 epoch, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done);
    void release(const Installation &host);
    // Somebody else has it. Of one that we gave back meanwhile for the next it says nothing.
    void lost(const QString &place, qint64 epoch);
    qint64 epochOf(const Installation &host) const;
    void renewDue(); // from tick()
    void renewAllNow();
    // Called when somebody else holds what we held: a lease, by its place.
    std::function<void(const QString &place)> onLost;

private:
    struct Held {
        Installation host;
        qint64 epoch = 0, renewedMono = 0;
        int ttlS = 150;
        bool renewing = false;
    };
    Runtime &m_runtime;
    // What waits for the answer about a lease, by place: two requests on their way at once would be answered in either order.
    QMap<QString, QList<std::function<void()>>> m_asked;
    QMap<QString, Held> m_held; // by Installation::leasePlace(), in an order: the same night twice asks the hosts in the same turn
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace bellwether
