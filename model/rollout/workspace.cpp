#include "rollout/workspace.h"

namespace bellwether {

namespace {

struct WorkspaceApplier {
    Workspace &w;

    void operator()(const ConsoleStarted &b)
    {
        w.id = b.workspace;
        for (RolloutState &r : w.rollouts) {
            if (r.isEnded())
                continue;
            r.interrupted = true;
            r.lifecycle = RolloutLifecycle::Paused;
        }
    }
    void operator()(const FleetImported &b)
    {
        for (const Installation &i : b.installations)
            w.inventory.put(i);
    }
    void operator()(const HostRemoved &b)
    {
        for (const QString &name : b.hosts) {
            w.inventory.remove(name);
            w.facts.remove(name);
        }
    }
    void operator()(const HostTrusted &b) { w.trusted.insert(b.machine, {b.keyType, b.fingerprint}); }
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
        if (w.inventory.find(b.host))
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
    std::visit(WorkspaceApplier{workspace}, event.body);
    if (event.rollout > 0) {
        if (std::holds_alternative<RolloutStarted>(event.body))
            workspace.rollouts.insert(event.rollout, RolloutState{});
        const auto it = workspace.rollouts.find(event.rollout);
        if (it != workspace.rollouts.end())
            apply(*it, event);
    }
    workspace.lastSeq = event.seq;
}

} // namespace bellwether
