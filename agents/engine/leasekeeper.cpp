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
    const auto lock = [this, host, place, ttlS, claim, done](const Status &before) {
        if (!before) {
            answered(place, [&] { done(std::unexpected(before.error())); });
            return;
        }
        m_runtime.hosts().lock(host, m_runtime.owner(), ttlS, claim, [this, host, place, ttlS, done, alive = std::weak_ptr(m_alive)](const Result<Lease> &lease) {
            if (alive.expired())
                return;
            if (!lease)
                return answered(place, [&] { done(lease); });
            m_held.insert(place, {host, lease->epoch, m_runtime.now().monoMs, ttlS, false});
            Lease taken = *lease;
            taken.insteadOf = m_givenBack.take(place).epoch;
            answered(place, [&] { done(taken); });
        });
    };
    if (const auto before = m_givenBack.constFind(place); before != m_givenBack.cend() && !before->isCertain)
        giveBack(host, before->epoch, lock);
    else
        lock({});
}

void LeaseKeeper::takeAnew(const Installation &host, qint64 epoch, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done)
{
    const QString place = host.leasePlace();
    if (const auto asked = m_asked.find(place); asked != m_asked.end()) {
        asked->append([this, host, epoch, ttlS, claim, done = std::move(done)] { takeAnew(host, epoch, ttlS, claim, done); });
        return;
    }
    if (epochOf(host) <= epoch) {
        const auto held = m_held.constFind(place);
        if (GivenBack &last = m_givenBack[place]; last.epoch < epoch) {
            last = {epoch, false, held == m_held.cend() ? std::nullopt : std::optional(*held)};
            if (last.held)
                last.held->renewing = false;
        }
        m_held.remove(place); // once that is on its way to be given back, a refusal under it is no stranger's doing
    }
    take(host, ttlS, claim, [this, place, done = std::move(done)](const Result<Lease> &lease) {
        const bool isStrangers = !lease && (lease.error().code == ErrorCode::HostLocked || lease.error().code == ErrorCode::HostLeaseStale);
        if (isStrangers && onLost) // who was quicker: whoever else is on this machine has to know
            onLost(place, true);
        done(lease);
    });
}

void LeaseKeeper::release(const Installation &host)
{
    const QString place = host.leasePlace();
    const auto it = m_held.find(place);
    if (it == m_held.end())
        return;
    const Held held = *it;
    m_held.erase(it);
    m_asked[place]; // whoever wants it next waits
    giveBack(held.host, held.epoch, [this, place](Status) { answered(place, [] {}); });
}

// What the host was not heard about is tried again with each request for the next one; if there is none it runs out by itself.
void LeaseKeeper::giveBack(const Installation &host, qint64 epoch, std::function<void(Status)> done)
{
    ++m_givingBack;
    m_runtime.hosts().unlock(host, epoch, m_runtime.owner(), [this, place = host.leasePlace(), epoch, done = std::move(done), alive = std::weak_ptr(m_alive)](Status status) {
        if (alive.expired())
            return;
        --m_givingBack;
        if (!status && status.error().code == ErrorCode::HostFenced) // that one has ended already
            status = {};
        const auto last = m_givenBack.constFind(place);
        if (status || isOutOfReach(status.error())) {
            m_givenBack[place] = {epoch, status.has_value()};
        } else if (last != m_givenBack.cend() && last->held) { // the host could not: it is ours as before
            m_held.insert(place, *last->held);
            m_givenBack.erase(last);
        }
        done(status);
    });
}

// `tell` before whoever waited asks in its turn.
void LeaseKeeper::answered(const QString &place, const std::function<void()> &tell)
{
    const auto waiting = m_asked.take(place);
    tell();
    for (const auto &next : waiting)
        next();
}

qint64 LeaseKeeper::epochOf(const Installation &host) const
{
    const auto it = m_held.constFind(host.leasePlace());
    return it == m_held.cend() ? 0 : it->epoch;
}

void LeaseKeeper::lost(const QString &place, qint64 epoch, const Error &refusal)
{
    const auto held = m_held.constFind(place);
    if (held == m_held.cend() || held->epoch != epoch)
        return;
    m_held.erase(held);
    const QString holder = refusal.args.value(1);
    const qint64 inForce = refusal.args.value(2).toLongLong();
    const bool isOurs = inForce == epoch ? holder.isEmpty() : inForce > epoch && holder == m_runtime.owner();
    if (isOurs && inForce <= epoch + 1) // nobody was between
        m_givenBack[place] = {epoch, true};
    if (onLost)
        onLost(place, !isOurs);
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
                lost(place, epoch, status.error());
        });
    }
}

} // namespace bellwether
