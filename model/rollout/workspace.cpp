#include "rollout/workspace.h"

#include "rollout/fleetmatch.h"

namespace bellwether {

namespace {

// What a change of the fleet puts out of the way is kept for a while, so that it can be taken back.
void remember(Workspace &w, FleetChange change, qint64 undoes)
{
    constexpr qsizetype kept = 20;
    if (undoes > 0) {
        w.undo.removeIf([undoes](const FleetChange &c) { return c.seq >= undoes; });
        return;
    }
    if (change.before.isEmpty() && change.added.isEmpty())
        return;
    w.undo.append(std::move(change));
    if (w.undo.size() > kept)
        w.undo.removeFirst();
}

// The same address behind another jump host is another machine.
void forgetBehind(Workspace &w, QStringList moved)
{
    for (qsizetype i = 0; i < moved.size(); ++i)
        for (const QString &behind : w.inventory.reachedThrough(moved[i]))
            if (!moved.contains(behind)) {
                w.facts.remove(behind);
                moved.append(behind);
            }
}

// That the key which is trusted now was not: of a host that was left at the door for it nothing else was measured.
void forgetRefused(Workspace &w, const HostTrusted &trusted)
{
    const QStringList names = w.inventory.onMachine(trusted.machine);
    const auto isRefusal = [&](const HostFacts &facts) { // of the host itself, or of a jump host on the way to it
        return (facts.error == QLatin1String(errorKey(ErrorCode::HostKeyChanged)) || facts.error == QLatin1String(errorKey(ErrorCode::HostKeyUnknown)))
            && names.contains(facts.errorArgs.value(0)) && facts.errorArgs.value(2) == trusted.fingerprint;
    };
    for (auto it = w.facts.begin(); it != w.facts.end();)
        it = isRefusal(*it) ? w.facts.erase(it) : std::next(it);
}

struct WorkspaceApplier {
    Workspace &w;
    const Event &event;

    void operator()(const ConsoleStarted &b) { w.id = b.workspace; }
    void operator()(const EverythingStopped &b) { w.hold = Hold{event.actor, b.reason, event.wallMs}; }
    void operator()(const EverythingReleased &) { w.hold.reset(); }
    void operator()(const HoldsSpread &b)
    {
        w.heldHosts += b.hosts;
        w.heldHosts.removeDuplicates();
    }
    void operator()(const HoldsLifted &b)
    {
        for (const QString &host : b.hosts)
            w.heldHosts.removeAll(host);
    }
    void operator()(const FleetImported &b)
    {
        FleetChange change{event.seq, b.source, {}, {}};
        QStringList moved; // another machine than before
        for (const Installation &i : b.installations) {
            const Installation *old = w.inventory.find(i.name);
            if (!old)
                change.added.append(i.name);
            else if (!(*old == i))
                change.before.append(*old);
            if (old && !isSameInstallation(*old, i))
                w.facts.remove(i.name);
            if (old && old->endpoint.machine() != i.endpoint.machine())
                moved.append(i.name);
            w.inventory.put(i);
        }
        forgetBehind(w, moved);
        remember(w, std::move(change), b.undoes);
    }
    void operator()(const HostRemoved &b)
    {
        FleetChange change{event.seq, {}, {}, {}};
        for (const QString &name : b.hosts) {
            if (const Installation *old = w.inventory.find(name))
                change.before.append(*old);
            w.inventory.remove(name);
            w.facts.remove(name);
        }
        remember(w, std::move(change), b.undoes);
    }
    void operator()(const HostTrusted &b)
    {
        w.trusted.insert(b.machine, {b.keyType, b.fingerprint});
        forgetRefused(w, b);
    }
    void operator()(const KeyRevoked &b) { w.revoked.insert(b.fingerprint, b.keyType); }
    void operator()(const ReleasesImported &b)
    {
        const auto catalogue = parseCatalogue(b.text.toUtf8(), b.source);
        if (!catalogue)
            return;
        auto library = std::make_shared<Library>(w.library ? *w.library : Library{});
        library->catalogues.insert(catalogue->product, *catalogue);
        w.library = library;
    }
    void operator()(const FactsMeasured &b)
    {
        const Installation *now = w.inventory.find(b.host);
        const auto rollout = w.rollouts.constFind(event.rollout);
        const PlanHost *planned = rollout == w.rollouts.cend() ? nullptr : rollout->plan.host(b.host);
        if (now && (!planned || isSameInstallation(planned->installation, *now)))
            w.facts.insert(b.host, b.facts);
    }
    template<class T>
    void operator()(const T &)
    {}
};

} // namespace

int Workspace::nextRollout() const
{
    return rollouts.isEmpty() ? 1 : rollouts.lastKey() + 1;
}

QString Workspace::holderOf(const QString &host) const
{
    for (const RolloutState &r : rollouts)
        if (!r.isEnded() && r.hosts.contains(host))
            return rolloutName(r.id);
    return {};
}

void apply(Workspace &workspace, const Event &event)
{
    std::visit(WorkspaceApplier{workspace, event}, event.body);
    if (concernsEveryRollout(eventName(event.body)))
        for (RolloutState &r : workspace.rollouts)
            applyToEvery(r, event);
    if (event.rollout > 0) {
        if (std::holds_alternative<RolloutStarted>(event.body)) {
            RolloutState fresh;
            fresh.hold = workspace.hold;
            workspace.rollouts.insert(event.rollout, fresh);
        }
        const auto it = workspace.rollouts.find(event.rollout);
        if (it != workspace.rollouts.end())
            apply(*it, event);
    }
    workspace.lastSeq = event.seq;
}

} // namespace bellwether
