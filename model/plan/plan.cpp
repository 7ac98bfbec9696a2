#include "plan/plan.h"

#include "base/canonicaljson.h"

#include <QSet>

#include <algorithm>

namespace bellwether {

namespace {

// One argument as a POSIX shell would have to be given it; control characters are spelled out so that it stays one line.
QString quotedForDisplay(const QString &argument)
{
    bool plain = !argument.isEmpty(), control = false;
    for (const QChar c : argument) {
        plain = plain && c.unicode() < 0x80 && (c.isLetterOrNumber() || QStringLiteral("_@%+=:,./-{}").contains(c));
        control = control || c.unicode() < 0x20 || c.unicode() == 0x7f;
    }
    if (plain)
        return argument;
    QString inner;
    for (const QChar c : argument) {
        if (c == u'\n')
            inner += QStringLiteral("\\n");
        else if (c.unicode() < 0x20 || c.unicode() == 0x7f)
            inner += QStringLiteral("\\x%1").arg(c.unicode(), 2, 16, QLatin1Char('0'));
        else if (c == u'\'')
            inner += control ? QStringLiteral("\\'") : QStringLiteral("'\\''");
        else if (c == u'\\' && control)
            inner += QStringLiteral("\\\\");
        else
            inner += c;
    }
    return (control ? QStringLiteral("$'") : QStringLiteral("'")) + inner + u'\'';
}

bool isPatch(const Version &from, const Version &to)
{
    const Bump bump = bumpBetween(from, to);
    return bump == Bump::Patch || bump == Bump::None;
}

// A host that has no such hop is judged by its whole way.
bool isPatchHop(const PlanHost &host, int hop, const Version &target)
{
    if (hop >= 0 && hop < host.hops.size())
        return isPatch(host.hops[hop].from, host.hops[hop].to);
    return isPatch(host.from, target);
}

} // namespace

QString Step::displayText() const
{
    switch (kind) {
    case StepKind::Preflight:
        return QStringLiteral("measure version, health, disk, database, ledger and backups");
    case StepKind::Health:
        return QStringLiteral("wait until healthy and steady");
    case StepKind::Check:
        return QStringLiteral("measure version, health and ledger, compare with before");
    case StepKind::Pin:
        return QStringLiteral("set %1=%2 in %3").arg(pinKey, pinValue, pinFile)
            + (argv.isEmpty() ? QString() : QStringLiteral(", by \u201c%1 sh\u201d where the login may not write it").arg(argv.join(u' ')));
    case StepKind::Guard:
    case StepKind::Backup:
    case StepKind::Pull:
    case StepKind::Stop:
    case StepKind::Migrate:
    case StepKind::Start:
    case StepKind::Validate:
    case StepKind::SetAside:
    case StepKind::Restore:
        break;
    }
    QStringList words;
    for (const QString &argument : argv)
        words.append(quotedForDisplay(argument));
    if (!stdinText.isEmpty())
        words.append(QStringLiteral("<<< ") + quotedForDisplay(stdinText));
    return words.join(u' ');
}

bool Step::runsOnHost() const
{
    switch (kind) {
    case StepKind::Preflight:
    case StepKind::Health:
    case StepKind::Check:
        return false;
    case StepKind::Guard:
    case StepKind::Backup:
    case StepKind::Pull:
    case StepKind::Stop:
    case StepKind::Pin:
    case StepKind::Migrate:
    case StepKind::Start:
    case StepKind::Validate:
    case StepKind::SetAside:
    case StepKind::Restore:
        return true;
    }
    return true;
}

bool Plan::isAccepted() const
{
    return std::none_of(findings.cbegin(), findings.cend(), [](const Finding &f) { return f.refusal; });
}

const PlanHost *Plan::host(const QString &name) const
{
    const auto it = std::lower_bound(hosts.cbegin(), hosts.cend(), name,
                                     [](const PlanHost &h, const QString &n) { return h.installation.name < n; });
    return it == hosts.cend() || it->installation.name != name ? nullptr : &*it;
}

QString planHash(const Plan &plan)
{
    QJsonObject object = toJson(plan);
    for (const char *key : {"author", "approver", "created", "approved"})
        object.remove(QLatin1String(key));
    return sha256Hex(canonicalJson(object));
}

namespace {

QString hostFault(const Plan &plan, const PlanHost &host)
{
    const QString name = host.installation.name;
    if (host.hops.isEmpty())
        return QStringLiteral("%1 has nothing to do").arg(name);
    Version at = host.from;
    for (const Hop &hop : host.hops) {
        if (!hop.from.isSameRelease(at) || !(hop.from < hop.to))
            return QStringLiteral("%1 cannot go from %2 to %3 when it runs %4").arg(name, hop.from.toString(), hop.to.toString(), at.toString());
        if (hop.steps.isEmpty())
            return QStringLiteral("%1 has no steps to %2").arg(name, hop.to.toString());
        at = hop.to;
    }
    if (!at.isSameRelease(plan.to))
        return QStringLiteral("%1 ends at %2, not at %3").arg(name, at.toString(), plan.to.toString());
    return {};
}

QString strategyFault(const Strategy &s)
{
    const std::pair<const char *, int> least[] = {{"parallel", s.parallel}, {"parallel_later", s.parallelLater}, {"steady_checks", s.steadyChecks},
                                                  {"health_interval_s", s.healthIntervalS}, {"health_deadline_s", s.healthDeadlineS},
                                                  {"probe_timeout_s", s.probeTimeoutS}, {"backup_max_age_min", s.backupMaxAgeMin}};
    for (const auto &[key, value] : least)
        if (value < 1)
            return QStringLiteral("its strategy's %1 is %2").arg(QLatin1String(key)).arg(value);
    if (s.leaseTtlS < 30 || s.leaseTtlS > 3600)
        return QStringLiteral("its strategy's lease_ttl_s is %1, from 30 to 3600 are possible").arg(s.leaseTtlS);
    return {};
}

} // namespace

QString planFault(const Plan &plan)
{
    if (const QString fault = strategyFault(plan.strategy); !fault.isEmpty())
        return fault;
    if (plan.waves.isEmpty() || plan.waves.first().hosts.isEmpty())
        return QStringLiteral("it has no canary");
    QSet<QString> placed;
    for (const PlanWave &wave : plan.waves) {
        for (const QString &name : wave.hosts) {
            if (!plan.host(name))
                return QStringLiteral("%1 names %2, which is none of its hosts").arg(wave.name, name);
            if (placed.contains(name))
                return QStringLiteral("%1 stands in two waves").arg(name);
            placed.insert(name);
        }
    }
    for (const PlanHost &host : plan.hosts) {
        if (!placed.contains(host.installation.name))
            return QStringLiteral("%1 stands in no wave").arg(host.installation.name);
        if (const QString fault = hostFault(plan, host); !fault.isEmpty())
            return fault;
    }
    return {};
}

int gateBakeS(const Plan &plan, int wave, int hop)
{
    bool patch = true;
    for (const QString &name : plan.waves.value(wave).hosts) {
        const PlanHost *host = patch ? plan.host(name) : nullptr;
        patch = patch && (!host || isPatchHop(*host, hop, plan.to));
    }
    const Strategy &s = plan.strategy;
    if (wave <= 0)
        return patch ? s.bakeCanaryPatchS : s.bakeCanaryS;
    return patch ? s.bakeWavePatchS : s.bakeWaveS;
}

} // namespace bellwether
