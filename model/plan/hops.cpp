#include "plan/hops.h"

namespace bellwether {

namespace {

Step makeStep(const StepTemplate &from, const ProductProfile &profile, const Version &pinned, Placeholders &placeholders)
{
    Step step;
    static_cast<StepTemplate &>(step) = from;
    step.argv = placeholders.resolve(from.argv);
    step.stdinText = placeholders.resolve(from.stdinText);
    step.probe = placeholders.resolve(from.probe);
    step.verify = placeholders.resolve(from.verify);
    if (step.kind == StepKind::Pin) {
        step.pinFile = placeholders.resolve(profile.pinFile);
        step.pinKey = profile.pinKey;
        step.pinValue = pinned.toString();
        step.argv = placeholders.sudo();
    }
    return step;
}

QList<Step> makeSteps(const QList<StepTemplate> &from, const ProductProfile &profile, const Version &pinned, Placeholders &placeholders)
{
    QList<Step> steps;
    for (const StepTemplate &step : from)
        steps.append(makeStep(step, profile, pinned, placeholders));
    return steps;
}

int weight(SchemaChange change)
{
    switch (change) {
    case SchemaChange::None:
        return 0;
    case SchemaChange::Additive:
        return 1;
    case SchemaChange::Unknown:
        return 2;
    case SchemaChange::Rewriting:
        return 3;
    case SchemaChange::Destructive:
        return 4;
    }
    return 2;
}

// Of a hop made of several releases the estimate is known only when each is.
int estimateOf(const QList<const Release *> &releases)
{
    int sum = 0;
    for (const Release *release : releases) {
        if (release->estimateS == 0)
            return 0;
        sum += release->estimateS;
    }
    return sum;
}

} // namespace

QList<const Release *> releasesOf(const Catalogue &catalogue, const Version &from, const Version &to)
{
    QList<const Release *> releases;
    const Release *target = catalogue.find(to);
    if (!target)
        return releases;
    if (target->from.isEmpty())
        for (const Release &release : catalogue.releases)
            if (release.version > from && release.version < to && !release.withdrawn && !release.version.isPrerelease())
                releases.append(&release);
    releases.append(target);
    return releases;
}

SchemaChange schemaOf(const QList<const Release *> &releases)
{
    if (releases.isEmpty())
        return SchemaChange::Unknown;
    SchemaChange worst = SchemaChange::None;
    for (const Release *release : releases)
        if (weight(release->schema) > weight(worst))
            worst = release->schema;
    return worst;
}

Hop makeHop(const ProductProfile &profile, const Catalogue &catalogue, const Version &from, const Version &to, Placeholders &placeholders)
{
    placeholders.setHop(from, to);
    const QList<const Release *> releases = releasesOf(catalogue, from, to);
    Hop hop;
    hop.from = from;
    hop.to = to;
    hop.schema = schemaOf(releases);
    hop.estimateS = estimateOf(releases);
    for (const Release *release : releases)
        for (const QString &migration : release->migrations)
            if (!hop.migrations.contains(migration))
                hop.migrations.append(migration);
    hop.steps = makeSteps(profile.steps, profile, to, placeholders);
    hop.tagOnly = makeSteps(profile.tagOnly, profile, from, placeholders);
    hop.restore = makeSteps(profile.restore, profile, from, placeholders);
    hop.backupPath = placeholders.resolve(profile.backupPath);
    for (const Step &step : hop.steps)
        if (step.kind == StepKind::Pin)
            hop.changes.append({step.pinFile, {step.pinKey + u'=' + from.toString()}, {step.pinKey + u'=' + to.toString()}});
    return hop;
}

bool needsRestore(const Hop &hop, const Policy &policy)
{
    switch (hop.schema) {
    case SchemaChange::None:
        return false;
    case SchemaChange::Additive:
        return bumpBetween(hop.from, hop.to) != Bump::Patch || !policy.patchRollbackKeepsData;
    case SchemaChange::Unknown:
    case SchemaChange::Rewriting:
    case SchemaChange::Destructive:
        break;
    }
    return true;
}

} // namespace bellwether
