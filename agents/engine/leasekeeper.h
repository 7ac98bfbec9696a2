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
    // Gives it back, and asks for it anew only once the host has said so: a request to give back that comes after the next one
    // to take would give that one back. Where the host could not be asked it is given back once more before it is taken.
    void release(const Installation &host);
    bool isGivingBack() const { return m_givingBack > 0; } // requests that are on their way
    bool isAsking(const Installation &host) const { return m_asked.contains(host.leasePlace()); } // … to take or to give back
    // The host has refused this lease (HostFenced). Of one that we gave back meanwhile for the next it says nothing.
    void lost(const QString &place, qint64 epoch, const Error &refusal);
    qint64 epochOf(const Installation &host) const;
    void renewDue(); // from tick()
    void renewAllNow();
    // Called when a lease that we held, by its place, is in force no more. Not to a stranger: we ended it ourselves, under another
    // name of that machine which nobody knows to be one.
    std::function<void(const QString &place, bool toAStranger)> onLost;

private:
    struct Held {
        Installation host;
        qint64 epoch = 0, renewedMono = 0;
        int ttlS = 150;
        bool renewing = false;
    };
    void giveBack(const Installation &host, qint64 epoch, std::function<void(Status)> done);
    void answered(const QString &place, const std::function<void()> &tell);

    Runtime &m_runtime;
    // What waits for the answer about a lease, by place: two requests on their way at once would arrive, and be answered, in either order.
    QMap<QString, QList<std::function<void()>>> m_asked;
    struct GivenBack {
        qint64 epoch = 0;
        bool isCertain = false; // else it is given back once more before the next one is taken
        std::optional<Held> held = {}; // as it was, while its host has never been asked to
    };
    QMap<QString, GivenBack> m_givenBack; // by place: the last one, until there is a next one
    int m_givingBack = 0;
    QMap<QString, Held> m_held; // by Installation::leasePlace(), in an order: the same night twice asks the hosts in the same turn
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace bellwether
