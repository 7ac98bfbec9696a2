#include "engine/leasekeeper.h"

namespace bellwether {

LeaseKeeper::LeaseKeeper(Runtime &runtime)
    : m_runtime(runtime)
{}

void LeaseKeeper::take(const Installation &host, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done)
{
    const QString place = host.leasePlace();
    if (const auto it = m_held.constFind(place); it != m_held.cend()) {
        Lease lease;
        lease.epoch = it->epoch;
        lease.held = true;
        return done(lease);
    }
    if (const auto asked = m_asked.find(place); asked != m_asked.end()) {
        asked->append([this, host, ttlS, claim, done = std::move(done)] { take(host, ttlS, claim, done); });
        return;
    }
    m_asked.insert(place, {});
    m_runtime.hosts().lock(host, m_runtime.owner(), ttlS, claim, [this, host, place, ttlS, done = std::move(done), alive = std::weak_ptr(m_alive)](const Result<Lease> &lease) {
        if (alive.expired())
            return;
        if (lease)
            m_held.insert(place, {host, lease->epoch, m_runtime.now().monoMs, ttlS, false});
        const auto waiting = m_asked.take(place);
        done(lease);
        for (const auto &next : waiting)
            next();
    });
}

void LeaseKeeper::takeAnew(const Installation &host, qint64 epoch, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done)
{
    const auto held = m_held.constFind(host.leasePlace());
    if (held != m_held.cend() && held->epoch > epoch)
        return take(host, ttlS, claim, std::move(done));
    m_runtime.hosts().unlock(host, epoch, m_runtime.owner(), [this, host, epoch, ttlS, claim, done = std::move(done), alive = std::weak_ptr(m_alive)](const Status &status) {
        if (alive.expired())
            return;
        if (!status && status.error().code != ErrorCode::HostFenced) // that one has ended already
            return done(std::unexpected(status.error()));
        if (epochOf(host) == epoch)
            m_held.remove(host.leasePlace());
        take(host, ttlS, claim, [this, host, done](const Result<Lease> &lease) {
            if (!lease && !isLinkError(lease.error()) && onLost) // somebody was quicker: whoever else is on this machine has to know
                onLost(host.leasePlace());
            done(lease);
        });
    });
}

void LeaseKeeper::release(const Installation &host)
{
    const auto it = m_held.find(host.leasePlace());
    if (it == m_held.end())
        return;
    m_runtime.hosts().unlock(it->host, it->epoch, m_runtime.owner(), [](Status) {}); // else it runs out by itself
    m_held.erase(it);
}

qint64 LeaseKeeper::epochOf(const Installation &host) const
{
    const auto it = m_held.constFind(host.leasePlace());
    return it == m_held.cend() ? 0 : it->epoch;
}

void LeaseKeeper::lost(const QString &place, qint64 epoch)
{
    const auto held = m_held.constFind(place);
    if (held == m_held.cend() || held->epoch != epoch)
        return;
    m_held.erase(held);
    if (onLost)
        onLost(place);
}

void LeaseKeeper::renewAllNow()
{
    for (Held &held : m_held) {
        held.renewing = false; // an answer that was waited for in another life
        held.renewedMono = m_runtime.now().monoMs - held.ttlS * 1000LL;
    }
    renewDue();
}

void LeaseKeeper::renewDue()
{
    const qint64 now = m_runtime.now().monoMs;
    const QStringList places = m_held.keys();
    for (const QString &place : places) {
        Held &held = m_held[place];
        if (held.renewing || now - held.renewedMono < held.ttlS * 200LL) // five times per TTL
            continue;
        held.renewing = true;
        m_runtime.hosts().renew(held.host, held.epoch, m_runtime.owner(), held.ttlS, [this, place, epoch = held.epoch, alive = std::weak_ptr(m_alive)](Status status) {
            if (alive.expired() || !m_held.contains(place) || m_held[place].epoch != epoch) // about a lease of before
                return;
            Held &h = m_held[place];
            h.renewing = false;
            h.renewedMono = m_runtime.now().monoMs; // a lost link is tried again with the next turn
            if (!status && status.error().code == ErrorCode::HostFenced)
                lost(place, epoch);
        });
    }
}

} // namespace bellwether
