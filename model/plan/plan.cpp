#include "plan/plan.h"

#include "base/canonicaljson.h"

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
        return QStringLiteral("set %1=%2 in %3").arg(pinKey, pinValue, pinFile);
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
