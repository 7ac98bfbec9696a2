#include "planview/plandraft.h"

#include <algorithm>

namespace bellwether {

PlanResult makeResult(const PlanDraft &draft)
{
    PlanResult result;
    const auto profile = draft.library->profiles.constFind(draft.product);
    const auto catalogue = draft.library->catalogues.constFind(draft.product);
    if (profile == draft.library->profiles.constEnd() || catalogue == draft.library->catalogues.constEnd())
        return result;
    PlanRequest request;
    request.profile = &*profile;
    request.catalogue = &*catalogue;
    request.strategy = draft.library->strategies.value(draft.strategy);
    request.to = draft.to;
    request.hosts = draft.hosts;
    request.facts = draft.facts;
    request.heldBy = draft.heldBy;
    request.acceptedAsDeferred = draft.deferred;
    request.wavesOverride = draft.waves;
    request.author = draft.author;
    request.createdMs = draft.createdMs;
    result.plan = makePlan(request);
    result.hash = planHash(result.plan);
    result.made = true;
    for (const Finding &finding : std::as_const(result.plan.findings))
        ++(finding.refusal ? result.refusals : result.warnings);
    return result;
}

Version suggestedVersion(const Catalogue &catalogue, const Policy &policy, const QList<Version> &from)
{
    Version lowest;
    for (const Version &version : from)
        if (lowest.isNull() || version < lowest)
            lowest = version;
    Version best;
    for (const Release &release : catalogue.releases) {
        if (release.withdrawn || release.version.isPrerelease())
            continue;
        if (lowest.isNull()) {
            best = release.version;
            continue;
        }
        if (release.version.major() == lowest.major() && release.version > lowest
            && !upgradePath(catalogue, policy, lowest, release.version).isEmpty())
            best = release.version;
    }
    if (best.isNull() && !catalogue.releases.isEmpty())
        best = catalogue.releases.last().version;
    return best;
}

QList<PlanWave> movedHosts(QList<PlanWave> waves, const QStringList &hosts, int wave)
{
    if (wave < 0 || wave > waves.size() || waves.isEmpty())
        return waves;
    if (wave == waves.size())
        waves << PlanWave{QStringLiteral("Wave %1").arg(wave), {}};
    for (PlanWave &one : waves)
        one.hosts.removeIf([&](const QString &host) { return hosts.contains(host); });
    waves[wave].hosts << hosts;
    QList<PlanWave> kept;
    for (int i = 0; i < waves.size(); ++i)
        if (i == 0 || !waves[i].hosts.isEmpty())
            kept << waves[i];
    for (int i = 1; i < kept.size(); ++i)
        kept[i].name = QStringLiteral("Wave %1").arg(i);
    return kept;
}

} // namespace bellwether
