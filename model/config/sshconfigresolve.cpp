#include "config/sshconfig.h"

namespace bellwether {

namespace {

using Kind = SshInstruction::Kind;
constexpr qsizetype mostIdentities = 100;

bool matchesList(const QString &text, const QStringList &patterns, bool found = false)
{
    if (text.size() > 255) // neither a name nor an address: its host is refused, and patterns shall not be tried on it
        return false;
    for (const QString &pattern : patterns) {
        if (pattern.startsWith(u'!')) {
            if (matchesWildcard(text, QStringView(pattern).mid(1)))
                return false;
        } else {
            found = found || matchesWildcard(text, pattern);
        }
    }
    return found;
}

QString hostSoFar(const SshResolved &so, const QString &name)
{
    return so.hostName.isSet() ? so.hostName.text().replace(QLatin1String("%h"), name) : name;
}

bool matchesCriteria(const QList<SshInstruction::Criterion> &criteria, const SshResolved &so, const QString &name)
{
    for (const auto &criterion : criteria) {
        const QString subject = criterion.original ? name : hostSoFar(so, name);
        if (matchesList(subject.toLower(), criterion.patterns) == criterion.negated)
            return false;
    }
    return true;
}

void takeIdentity(SshResolved &so, const SshResolved::Value &value)
{
    if (!so.identity.isSet())
        so.identity = value;
    else if (so.moreIdentities.size() < mostIdentities)
        so.moreIdentities.append(value);
}

void set(SshResolved &so, const SshInstruction &option, bool &hasProxy)
{
    const auto first = [&option](SshResolved::Value &value) {
        if (!value.isSet())
            value = {option.arguments, option.where};
    };
    if (option.key == QLatin1String("hostname"))
        first(so.hostName);
    else if (option.key == QLatin1String("user"))
        first(so.user);
    else if (option.key == QLatin1String("port"))
        first(so.port);
    else if (option.key == QLatin1String("identityfile"))
        takeIdentity(so, {option.arguments, option.where});
    else if (option.key == QLatin1String("certificatefile"))
        first(so.certificate);
    else if (!hasProxy) { // ProxyJump and ProxyCommand: whichever stands first
        hasProxy = true;
        if (option.key == QLatin1String("proxyjump"))
            first(so.jump);
        else if (option.arguments.first().compare(QLatin1String("none"), Qt::CaseInsensitive) != 0)
            first(so.proxyCommand);
    }
}

} // namespace

SshResolved resolveSshHost(const SshConfig &config, const QString &name)
{
    SshResolved so;
    QList<bool> outer; // what held where a file was included
    bool active = true, hasProxy = false;
    for (int i = 0; i < config.instructions.size();) {
        const SshInstruction &at = config.instructions[i];
        ++i;
        switch (at.kind) {
        case Kind::Host:
            active = matchesList(name, at.arguments, at.names.contains(name));
            if (active && so.where.isEmpty() && at.names.contains(name))
                so.where = at.where;
            break;
        case Kind::Match:
            active = matchesCriteria(at.criteria, so, name);
            break;
        case Kind::Never:
            active = false;
            break;
        case Kind::Option:
            if (active)
                set(so, at, hasProxy);
            continue;
        case Kind::Include:
            if (active)
                outer.append(active);
            else
                i = at.next; // nothing within it can match either
            continue;
        case Kind::IncludeEnd:
            active = outer.takeLast();
            continue;
        }
        if (!active)
            i = at.next;
    }
    return so;
}

} // namespace bellwether
