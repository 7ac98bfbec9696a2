#include "plan/planner.h"

#include "plan/hops.h"
#include "plan/machines.h"
#include "plan/waves.h"
#include "preflight/checks.h"

#include <QSet>

#include <algorithm>

namespace bellwether {

namespace {

class Planner {
public:
    explicit Planner(const PlanRequest &request) : m_request(request) {}

    Plan make()
    {
        m_plan.author = m_request.author;
        m_plan.createdMs = m_request.createdMs;
        m_plan.strategy = m_request.strategy;
        m_plan.to = m_request.to;
        if (!checkRequest())
            return m_plan;
        const ProductProfile &profile = *m_request.profile;
        m_plan.product = profile.id;
        m_plan.productName = profile.name;
        m_plan.policy = profile.policy;
        m_plan.log = profile.log;
        m_plan.secrets = profile.secrets;
        m_plan.after = profile.after;
        QList<Installation> hosts = m_request.hosts;
        std::sort(hosts.begin(), hosts.end(), [](const Installation &a, const Installation &b) { return a.name < b.name; });
        for (const Installation &host : std::as_const(hosts))
            planHost(host);
        makeAllWaves();
        findSharedMachines();
        collectReleases();
        return m_plan;
    }

private:
    void object(const char *rule, const QString &host, const QString &message, const QString &remedy, bool refusal = true)
    {
        const QString sentence = message.left(1).toUpper() + message.mid(1) + u'.';
        m_plan.findings.append({QString::fromLatin1(rule), host, sentence, remedy, refusal});
    }

    // What makes planning itself pointless.
    bool checkRequest()
    {
        if (!m_request.profile || !m_request.catalogue) {
            object("profile-incomplete", {}, QStringLiteral("the product is not known: it has no profile or no catalogue of releases"),
                   QStringLiteral("Import its releases, or choose a product of `bellwether profiles list`."));
            return false;
        }
        if (m_request.to.isNull()) {
            object("floating-version", {}, QStringLiteral("the plan names no exact version"), QStringLiteral("Name one as 1.5.0, never latest or 1."));
            return false;
        }
        const Release *release = m_request.catalogue->find(m_request.to);
        if (!release)
            object("unknown-release", {}, QStringLiteral("%1 is none of the %2 known releases of %3").arg(m_request.to.toString()).arg(m_request.catalogue->releases.size()).arg(m_request.profile->name),
                   QStringLiteral("Import the vendor's catalogue: bellwether releases import FILE"));
        else if (release->withdrawn)
            object("withdrawn-release", {}, QStringLiteral("the vendor withdrew %1").arg(m_request.to.toString()), QStringLiteral("Choose another version."));
        if (m_request.hosts.isEmpty())
            object("no-hosts", {}, QStringLiteral("no host was chosen"), QStringLiteral("Choose at least one host of %1.").arg(m_request.profile->name));
        return true;
    }

    void planHost(const Installation &installation)
    {
        const HostFacts facts = m_request.facts.value(installation.name);
        if (!facts.reachable && !admitUnreachable(installation, facts))
            return;
        PlanHost host;
        host.installation = installation;
        host.from = facts.version.value_or(Version());
        Placeholders placeholders(*m_request.profile, installation);
        host.probes = placeholders.resolve(m_request.profile->probes);
        const bool older = !host.from.isNull() && host.from < m_request.to && !host.from.isSameRelease(m_request.to);
        if (older)
            makeHops(host, placeholders);
        const QStringList unresolved = placeholders.unknown();
        const HostCheckInput input{m_request, installation, facts, host, unresolved};
        const qsizetype before = m_plan.findings.size();
        run(stateChecks(), input);
        if (facts.reachable && host.from.isSameRelease(m_request.to) && m_plan.findings.size() == before) {
            m_plan.alreadyThere.append(installation.name);
            return;
        }
        if (older)
            run(pathChecks(), input);
        describe(host, facts);
        m_plan.hosts.append(host);
    }

    // False: it is not part of this plan at all.
    bool admitUnreachable(const Installation &installation, const HostFacts &facts)
    {
        const bool accepted = m_request.acceptedAsDeferred.contains(installation.name);
        const QString why = facts.measuredMs == 0 && facts.error.isEmpty() ? QStringLiteral("it was never measured")
                                                                           : QStringLiteral("it cannot be reached (%1)").arg(facts.error);
        if (accepted && facts.version) {
            object("unreachable", installation.name, why + QStringLiteral("; it is planned from what was measured before and tried at its wave's end"),
                   QStringLiteral("Nothing, or leave it out."), false);
            return true;
        }
        if (accepted) {
            object("unreachable", installation.name, why + QStringLiteral(", and its version is unknown, so it is left out of this plan"),
                   QStringLiteral("Plan it again when it answers."), false);
            return false;
        }
        object("unreachable", installation.name, why,
               facts.measuredMs == 0 && facts.error.isEmpty() ? QStringLiteral("Run `bellwether fleet check`.")
                                                              : QStringLiteral("Mend the connection, leave it out, or accept it as deferred."));
        return true;
    }

    void run(const QList<HostCheck> &checks, const HostCheckInput &input)
    {
        for (const HostCheck &check : checks) {
            const Objection objection = check.check(input);
            if (!objection.message.isEmpty())
                object(check.rule, input.installation.name, objection.message, objection.remedy, objection.refusal);
        }
    }

    void makeHops(PlanHost &host, Placeholders &placeholders)
    {
        const QString key = host.from.toString();
        if (!m_paths.contains(key))
            m_paths.insert(key, upgradePath(*m_request.catalogue, m_request.profile->policy, host.from, m_request.to));
        Version at = host.from;
        for (const Version &next : m_paths.value(key)) {
            host.hops.append(makeHop(*m_request.profile, *m_request.catalogue, at, next, placeholders));
            at = next;
        }
    }

    // Way back, estimate and what is not known.
    void describe(PlanHost &host, const HostFacts &facts)
    {
        host.wayBack = QStringLiteral("unknown");
        host.wayBackReason = QStringLiteral("no path is known");
        if (!host.hops.isEmpty()) {
            host.wayBack = QStringLiteral("tag-only");
            host.wayBackReason = QStringLiteral("every release on the path leaves the database as it is, or only adds to it in a patch");
        }
        bool estimated = true;
        for (const Hop &hop : std::as_const(host.hops)) {
            describeHop(host, hop);
            host.estimateS += hop.estimateS;
            estimated = estimated && hop.estimateS > 0;
        }
        if (!estimated)
            host.estimateS = 0;
        if (!facts.ledger)
            host.unknowns.append(QStringLiteral("which migrations its database has had"));
        if (facts.databaseServer.isEmpty())
            host.unknowns.append(QStringLiteral("the version of its database server"));
        host.unknowns += facts.problems;
    }
    void describeHop(PlanHost &host, const Hop &hop)
    {
        const QString to = hop.to.toString();
        if (needsRestore(hop, m_request.profile->policy) && host.wayBack != QLatin1String("restore")) {
            host.wayBack = QStringLiteral("restore");
            host.wayBackReason = hop.schema == SchemaChange::Unknown
                                     ? QStringLiteral("cannot tell: nothing is published about what %1 does to the database").arg(to)
                                     : QStringLiteral("%1 changes the database (%2) and its way back is the backup").arg(to, nameOf(hop.schema));
        }
        if (hop.schema == SchemaChange::Unknown)
            host.unknowns.append(QStringLiteral("what %1 does to the database").arg(to));
        else if (hop.schema != SchemaChange::None && hop.migrations.isEmpty())
            host.unknowns.append(QStringLiteral("the names of %1's migrations").arg(to));
        if (hop.estimateS == 0)
            host.unknowns.append(QStringLiteral("how long %1 takes").arg(to));
    }

    // ---- releases on the path: notes and what they ask of the operator, said once for all hosts

    void collectReleases()
    {
        QMap<QString, QStringList> lacking; // variable → hosts
        QList<const Release *> releases;
        for (const PlanHost &host : std::as_const(m_plan.hosts))
            for (const Hop &hop : host.hops)
                for (const Release *release : releasesOf(*m_request.catalogue, hop.from, hop.to)) {
                    if (!releases.contains(release))
                        releases.append(release);
                    for (const QString &variable : release->environment.required)
                        if (!host.installation.settings.contains(variable) && !m_request.profile->settings.contains(variable)
                            && !lacking[variable].contains(host.installation.name))
                            lacking[variable].append(host.installation.name);
                }
        std::sort(releases.begin(), releases.end(), [](const Release *a, const Release *b) { return a->version < b->version; });
        for (const Release *release : std::as_const(releases))
            addRelease(*release, lacking);
    }

    void addRelease(const Release &release, const QMap<QString, QStringList> &lacking)
    {
        const QString version = release.version.toString();
        m_plan.notes.append({release.version, release.date, release.notes, attention(release)});
        if (release.notes.trimmed().isEmpty())
            object("notes-unpublished", {}, QStringLiteral("nothing is published about %1").arg(version),
                   QStringLiteral("Ask the vendor what %1 changes before the canary.").arg(version), false);
        if (release.schema == SchemaChange::Destructive)
            object("destructive-migration", {}, QStringLiteral("%1 deletes data or structures (%2 migrations): only a restore leads back").arg(version).arg(release.migrations.size()),
                   QStringLiteral("Read its notes and keep the backups until nobody misses anything."), false);
        for (const QString &variable : release.environment.required)
            if (const QStringList hosts = lacking.value(variable); !hosts.isEmpty())
                object("required-environment", {}, QStringLiteral("%1 does not start without %2, which must be set on %3 %4 beforehand")
                           .arg(version, variable).arg(hosts.size()).arg(hosts.size() == 1 ? QStringLiteral("host") : QStringLiteral("hosts")),
                       QStringLiteral("Set %1 in the environment file of %2.").arg(variable, hosts.mid(0, 5).join(QStringLiteral(", ")) + (hosts.size() > 5 ? QStringLiteral(" and others") : QString())), false);
    }

    QStringList attention(const Release &release) const
    {
        QStringList lines;
        const EnvironmentChanges &env = release.environment;
        for (auto it = env.added.cbegin(); it != env.added.cend(); ++it)
            lines.append(QStringLiteral("%1 variable %2: %3").arg(env.required.contains(it.key()) ? QStringLiteral("New required") : QStringLiteral("New"), it.key(), it.value()));
        for (const QString &name : env.required)
            if (!env.added.contains(name))
                lines.append(QStringLiteral("New required variable %1").arg(name));
        for (auto it = env.changed.cbegin(); it != env.changed.cend(); ++it)
            lines.append(QStringLiteral("Changed variable %1: %2").arg(it.key(), it.value()));
        if (!env.deprecated.isEmpty())
            lines.append(QStringLiteral("Deprecated variables: %1").arg(env.deprecated.join(QStringLiteral(", "))));
        if (!env.removed.isEmpty())
            lines.append(QStringLiteral("Removed variables: %1").arg(env.removed.join(QStringLiteral(", "))));
        if (release.schema == SchemaChange::Rewriting || release.schema == SchemaChange::Destructive)
            lines.append(QStringLiteral("Its migrations are %1: the way back is a restore").arg(nameOf(release.schema)));
        if (release.schema == SchemaChange::Unknown)
            lines.append(QStringLiteral("Nothing is published about what it does to the database"));
        if (release.needsWindow)
            lines.append(QStringLiteral("It needs a maintenance window"));
        if (release.notes.trimmed().isEmpty())
            lines.append(QStringLiteral("No release notes are published"));
        return lines;
    }

    // ---- waves

    void makeAllWaves()
    {
        if (m_request.wavesOverride.isEmpty())
            m_plan.waves = makeWaves(m_plan.hosts, m_plan.strategy);
        else
            takeWavesByHand();
        if (m_plan.hosts.isEmpty())
            return;
        const QStringList canaries = m_plan.waves.isEmpty() ? QStringList() : m_plan.waves.first().hosts;
        if (canaries.isEmpty())
            object("no-canary", {}, noCanaryReason(), QStringLiteral("Add a host that may fail first, or take the label critical from one."));
        for (const QString &name : canaries)
            if (const PlanHost *host = m_plan.host(name); host && host->installation.isCritical())
                object("critical-canary", name, QStringLiteral("it is labelled critical and stands in the canary"), QStringLiteral("Put another host first."));
    }
    QString noCanaryReason() const
    {
        const bool allCritical = std::all_of(m_plan.hosts.cbegin(), m_plan.hosts.cend(), [](const PlanHost &h) { return h.installation.isCritical(); });
        return allCritical ? QStringLiteral("all %1 hosts are labelled critical, and a critical host is never the canary").arg(m_plan.hosts.size())
                           : QStringLiteral("no host goes first");
    }

    // Hosts of no wave are left out of the plan; a name stands in one wave only.
    void takeWavesByHand()
    {
        QSet<QString> placed;
        for (const PlanWave &wave : m_request.wavesOverride) {
            PlanWave taken{wave.name, {}};
            for (const QString &name : wave.hosts) {
                if (placed.contains(name))
                    object("wave-twice", name, QStringLiteral("it stands in two waves"), QStringLiteral("Leave it in one of them."));
                else if (m_plan.host(name))
                    taken.hosts.append(name);
                else if (!m_plan.alreadyThere.contains(name) && !m_request.acceptedAsDeferred.contains(name))
                    object("wave-unknown-host", name, QStringLiteral("a wave names it, but it is not among the chosen hosts"), QStringLiteral("Choose it, or take it out of the wave."));
                placed.insert(name);
            }
            if (!taken.hosts.isEmpty() || m_plan.waves.isEmpty()) // the canary stays, even empty, to be objected to
                m_plan.waves.append(taken);
        }
        m_plan.hosts.removeIf([&](const PlanHost &h) { return !placed.contains(h.installation.name); });
        m_plan.findings.removeIf([&](const Finding &f) { return !f.host.isEmpty() && !placed.contains(f.host); });
    }

    void findSharedMachines()
    {
        const SharedMachines shared = sharedMachines(m_plan.hosts, m_request.facts);
        for (PlanHost &host : m_plan.hosts)
            if (const auto machine = shared.machines.constFind(host.installation.name); machine != shared.machines.cend())
                host.sharedMachine = *machine;
        m_plan.findings += shared.findings;
    }

    const PlanRequest &m_request;
    Plan m_plan;
    QMap<QString, QList<Version>> m_paths; // by version
};

} // namespace

Plan makePlan(const PlanRequest &request)
{
    return Planner(request).make();
}

} // namespace bellwether
