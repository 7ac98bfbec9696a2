#include "preflight/checks.h"

#include "plan/hops.h"

#include <algorithm>

namespace bellwether {

namespace {

QString to(const HostCheckInput &in) { return in.request.to.toString(); }

bool anyHop(const HostCheckInput &in, bool (*predicate)(const Hop &, const Policy &))
{
    return std::any_of(in.planned.hops.cbegin(), in.planned.hops.cend(),
                       [&](const Hop &hop) { return predicate(hop, in.request.profile->policy); });
}

bool hasStep(const QList<StepTemplate> &steps, StepKind kind)
{
    return std::any_of(steps.cbegin(), steps.cend(), [kind](const StepTemplate &s) { return s.kind == kind; });
}

Objection heldByAnother(const HostCheckInput &in)
{
    const QString rollout = in.request.heldBy.value(in.installation.name);
    if (rollout.isEmpty())
        return {};
    return {QStringLiteral("it is in rollout %1, which has not ended").arg(rollout),
            QStringLiteral("End %1 first, or leave this host out.").arg(rollout)};
}

Objection sudoRefused(const HostCheckInput &in)
{
    if (!in.facts.reachable || !in.facts.sudoProblem)
        return {};
    return {QStringLiteral("its commands cannot run as root: %1").arg(*in.facts.sudoProblem),
            QStringLiteral("Mend its sudoers (see \u201csudo -l\u201d there) or the host's sudo setting, then check the fleet again.")};
}

Objection versionUnknown(const HostCheckInput &in)
{
    if (!in.facts.reachable || in.facts.version)
        return {};
    return {QStringLiteral("it answers, but its version could not be measured"),
            QStringLiteral("Run `bellwether fleet check` and mend what it reports for the version probe.")};
}

Objection downgrade(const HostCheckInput &in)
{
    if (!in.facts.version || bumpBetween(*in.facts.version, in.request.to) != Bump::Downgrade)
        return {};
    return {QStringLiteral("it runs %1, which is newer than %2").arg(in.facts.version->toString(), to(in)),
            QStringLiteral("A plan never goes down: rollback is another verb. Choose %1 or later, or leave this host out.").arg(in.facts.version->toString())};
}

Objection unhealthy(const HostCheckInput &in)
{
    if (!in.facts.reachable || in.facts.health == Health::Ok)
        return {};
    const QString detail = in.facts.healthDetail.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(in.facts.healthDetail);
    if (in.facts.health == Health::Unknown)
        return {QStringLiteral("its health could not be measured") + detail, QStringLiteral("Mend its health probe, then check the fleet again.")};
    return {QStringLiteral("it is %1 already%2, so a failed upgrade could not be told from what was wrong before").arg(nameOf(in.facts.health), detail),
            QStringLiteral("Mend it first, or leave it out.")};
}

Objection halfMigrated(const HostCheckInput &in)
{
    if (!in.facts.ledger || in.facts.ledger->halfMigrated.isEmpty())
        return {};
    return {QStringLiteral("its database is half-migrated: %1 began and did not end").arg(in.facts.ledger->halfMigrated),
            QStringLiteral("Restore it from its backup before any upgrade.")};
}

Objection ledgerBehind(const HostCheckInput &in)
{
    const Release *release = in.request.catalogue->find(in.request.to);
    if (!in.facts.version || !in.facts.version->isSameRelease(in.request.to) || !in.facts.ledger || !release)
        return {};
    const auto missing = std::count_if(release->migrations.cbegin(), release->migrations.cend(),
                                       [&](const QString &m) { return !in.facts.ledger->applied.contains(m); });
    if (missing == 0)
        return {};
    return {QStringLiteral("it says %1, but its database lacks %2 of that release's %3 migrations").arg(to(in)).arg(missing).arg(release->migrations.size()),
            QStringLiteral("Find out how it got there before anything is started on it.")};
}

Objection floatingVersion(const HostCheckInput &in)
{
    static const QStringList floating{QStringLiteral("latest"), QStringLiteral("snapshot"), QStringLiteral("nightly"), QStringLiteral("edge"),
                                      QStringLiteral("stable"), QStringLiteral("main"), QStringLiteral("master")};
    QMap<QString, QString> settings = in.request.profile->settings;
    settings.insert(in.installation.settings);
    for (auto it = settings.cbegin(); it != settings.cend(); ++it) {
        const QString tag = it.value().mid(it.value().lastIndexOf(u':') + 1).toLower();
        if (floating.contains(tag))
            return {QStringLiteral("its setting %1 is \u201c%2\u201d, a name that means another version tomorrow").arg(it.key(), it.value()),
                    QStringLiteral("Name an exact version there."), in.installation.environment == Environment::Production};
    }
    if (in.request.to.isPrerelease())
        return {QStringLiteral("%1 is a pre-release and this is a %2 host").arg(to(in), nameOf(in.installation.environment)),
                QStringLiteral("Take a released version for production."), in.installation.environment == Environment::Production};
    return {};
}

// ---- with a path

Objection majorRefused(const HostCheckInput &in)
{
    if (!in.planned.hops.isEmpty() || in.planned.from.major() == in.request.to.major() || in.request.profile->policy.majors)
        return {};
    return {QStringLiteral("the way from %1 to %2 crosses a major version, which the profile of %3 does not allow").arg(in.planned.from.toString(), to(in), in.request.profile->name),
            QStringLiteral("Choose a version of line %1, or allow majors in the profile after reading the release notes.").arg(in.planned.from.major())};
}

Objection noPath(const HostCheckInput &in)
{
    const bool major = in.planned.from.major() != in.request.to.major() && !in.request.profile->policy.majors;
    if (!in.planned.hops.isEmpty() || major)
        return {};
    return {QStringLiteral("no way leads from %1 to %2 through the %3 releases that are known").arg(in.planned.from.toString(), to(in)).arg(in.request.catalogue->releases.size()),
            QStringLiteral("Import the releases between them, or choose a version that may be reached from %1.").arg(in.planned.from.toString())};
}

Objection profileIncomplete(const HostCheckInput &in)
{
    const ProductProfile &profile = *in.request.profile;
    const QString remedy = QStringLiteral("Complete the profile %1 or the host's entry.").arg(profile.id);
    if (!in.unresolved.isEmpty())
        return {QStringLiteral("nothing is known to put in for {%1}").arg(in.unresolved.join(QStringLiteral("}, {"))), remedy};
    for (const auto &[probe, what] : {std::pair{&profile.probes.version, "version"}, std::pair{&profile.probes.health, "health"}})
        if (probe->isEmpty())
            return {QStringLiteral("the profile has no probe for the %1").arg(QLatin1String(what)), remedy};
    if (profile.steps.isEmpty())
        return {QStringLiteral("the profile has no steps"), remedy};
    if (profile.tagOnly.isEmpty() && profile.restore.isEmpty())
        return {QStringLiteral("the profile knows no way back"), remedy};
    if (profile.restore.isEmpty() && anyHop(in, needsRestore))
        return {QStringLiteral("the way back from %1 is a restore and the profile has no steps for it").arg(to(in)), remedy};
    for (const Probe *probe : {&in.planned.probes.version, &in.planned.probes.health})
        if (probe->via == ProbeVia::Http && (probe->httpPort.toInt() < 1 || probe->httpPort.toInt() > 65535))
            return {QStringLiteral("the probe's port \u201c%1\u201d is none from 1 to 65535").arg(probe->httpPort), remedy};
    return {};
}

Objection backupMissing(const HostCheckInput &in)
{
    if (hasStep(in.request.profile->steps, StepKind::Backup))
        return {}; // taken and proven by the rollout itself
    const QString remedy = QStringLiteral("Take a backup and check the fleet again, or let the profile take one.");
    if (!in.facts.backup)
        return {QStringLiteral("it has no backup and the profile takes none"), remedy};
    if (!in.facts.backup->verified)
        return {QStringLiteral("its newest backup is not proven: %1").arg(in.facts.backup->problem), remedy};
    const qint64 minutes = (in.facts.measuredMs - in.facts.backup->endedMs) / 60'000;
    if (minutes > in.request.strategy.backupMaxAgeMin)
        return {QStringLiteral("its newest backup is %1 min old, %2 min are allowed").arg(minutes).arg(in.request.strategy.backupMaxAgeMin), remedy};
    return {};
}

Objection domainMissing(const HostCheckInput &in)
{
    if (!in.installation.domain.isEmpty() || !anyHop(in, needsRestore))
        return {};
    return {QStringLiteral("its way back is a restore, which must be confirmed by typing its domain, and it has none"),
            QStringLiteral("Give it a domain: bellwether fleet set %1 domain=\u2026").arg(in.installation.name)};
}

Objection disk(const HostCheckInput &in)
{
    const bool changes = anyHop(in, [](const Hop &hop, const Policy &) { return hop.schema != SchemaChange::None; });
    const int percent = changes ? in.request.strategy.diskRestorePercent : in.request.strategy.diskPercent;
    if (!in.facts.diskFree || !in.facts.databaseSize) {
        if (in.request.profile->probes.storage.isEmpty())
            return {QStringLiteral("free space and size of its database are not measured by this profile"),
                    QStringLiteral("Make sure by hand that %1 % of the database's size is free.").arg(percent), false};
        return {QStringLiteral("its free space or the size of its database could not be measured"),
                QStringLiteral("Mend its storage probe, then check the fleet again.")};
    }
    // Multiplied in floating point: sizes come from a host and may be anything.
    const double needed = static_cast<double>(*in.facts.databaseSize) * percent / 100.0;
    if (static_cast<double>(*in.facts.diskFree) >= needed)
        return {};
    return {QStringLiteral("it has %1 free and needs %2, %3 % of its database of %4")
                .arg(sizeText(*in.facts.diskFree), sizeText(static_cast<qint64>(qMin(needed, 9e18)))).arg(percent).arg(sizeText(*in.facts.databaseSize)),
            changes ? QStringLiteral("Free space: going back keeps the present state aside before it restores.") : QStringLiteral("Free space on the database's volume.")};
}

Objection window(const HostCheckInput &in)
{
    bool needed = in.request.profile->policy.needsWindow;
    for (const Hop &hop : in.planned.hops)
        for (const Release *release : releasesOf(*in.request.catalogue, hop.from, hop.to))
            needed = needed || release->needsWindow;
    if (!needed)
        return {};
    if (in.installation.window.isEmpty())
        return {QStringLiteral("%1 asks for a maintenance window and this host has none").arg(to(in)),
                QStringLiteral("Agree one and enter it: bellwether fleet set %1 window=\u2026").arg(in.installation.name)};
    return {QStringLiteral("%1 asks for a maintenance window, here %2").arg(to(in), in.installation.window),
            QStringLiteral("Start the rollout within it."), false};
}

// Sessions are kept, but a lost one must be able to come back until the rollout has ended.
Objection certificateExpires(const HostCheckInput &in)
{
    constexpr qint64 dayMs = 24LL * 3600 * 1000;
    const auto &certificate = in.facts.certificate;
    if (!certificate || certificate->untilMs == 0 || in.facts.measuredMs + dayMs < certificate->untilMs)
        return {};
    const qint64 minutes = std::max<qint64>(0, (certificate->untilMs - in.facts.measuredMs) / 60'000);
    return {QStringLiteral("the certificate of its key expires %1 min after it was measured").arg(minutes),
            QStringLiteral("Have %1 signed anew before the rollout needs to connect again.").arg(certificate->path), false};
}

Objection stateUnusable(const HostCheckInput &in)
{
    if (!in.facts.reachable || !in.facts.stateProblem)
        return {};
    return {QStringLiteral("its state folder cannot be used: %1").arg(*in.facts.stateProblem),
            QStringLiteral("Correct the folder's owner and permissions, or set \u201cstate\u201d in the fleet file, then check the fleet again.")};
}

Objection programsLacking(const HostCheckInput &in)
{
    if (!in.facts.reachable || !in.facts.lackingPrograms)
        return {};
    return {QStringLiteral("its login finds no %1, which every step needs on the host").arg(*in.facts.lackingPrograms),
            QStringLiteral("Install coreutils there (for setsid util-linux) or put it into that login's PATH, then check the fleet again.")};
}

Objection sessionEndsSteps(const HostCheckInput &in)
{
    if (!in.facts.reachable || !in.facts.sessionEndsSteps.value_or(false))
        return {};
    const QString &user = in.installation.endpoint.user;
    return {QStringLiteral("it ends whatever a login has begun when its last connection closes (KillUserProcesses), a step as well"),
            QStringLiteral("Run \u201cloginctl enable-linger %1\u201d there, then check the fleet again.").arg(user.isEmpty() ? QStringLiteral("USER") : user), false};
}

} // namespace

const QList<HostCheck> &stateChecks()
{
    static const QList<HostCheck> checks{{"host-in-other-rollout", heldByAnother}, {"sudo-refused", sudoRefused},        {"version-unknown", versionUnknown},
                                         {"downgrade", downgrade},                 {"already-unhealthy", unhealthy},     {"half-migrated", halfMigrated},
                                         {"ledger-mismatch", ledgerBehind},        {"floating-version", floatingVersion}};
    return checks;
}

const QList<HostCheck> &pathChecks()
{
    static const QList<HostCheck> checks{{"major-refused", majorRefused}, {"no-path", noPath},         {"profile-incomplete", profileIncomplete},
                                         {"backup-missing", backupMissing}, {"domain-missing", domainMissing}, {"disk", disk},
                                         {"needs-window", window},         {"certificate-expires", certificateExpires}, {"state-unusable", stateUnusable},
                                         {"session-ends-steps", sessionEndsSteps}, {"programs-lacking", programsLacking}};
    return checks;
}

QString sizeText(qint64 bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < std::size(units); ++unit)
        value /= 1024;
    return QStringLiteral("%1 %2").arg(value, 0, 'f', unit == 0 ? 0 : 1).arg(QLatin1String(units[unit]));
}

} // namespace bellwether
