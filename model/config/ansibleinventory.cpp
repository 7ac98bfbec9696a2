#include "config/ansible.h"

#include <QRegularExpression>
#include <QSet>

namespace bellwether {

namespace {

constexpr int mostGroups = 2000;
constexpr qint64 mostExpanded = 200'000; // names of hosts, counted as often as they stand there
constexpr qsizetype longestRange = 512; // a name has at most 63 characters

const QSet<QString> takenVariables{QStringLiteral("ansible_host"), QStringLiteral("ansible_ssh_host"), QStringLiteral("ansible_port"), QStringLiteral("ansible_ssh_port"),
                                   QStringLiteral("ansible_user"), QStringLiteral("ansible_ssh_user"),
                                   QStringLiteral("ansible_private_key_file"), QStringLiteral("ansible_ssh_private_key_file"),
                                   QStringLiteral("ansible_ssh_args"), QStringLiteral("ansible_ssh_common_args"), QStringLiteral("ansible_ssh_extra_args"),
                                   QStringLiteral("ansible_connection")};

const QString all = QStringLiteral("all");

// The names between [ and ], or nothing.
std::optional<QStringList> namesOfRange(const QString &range, int most)
{
    const QStringList bounds = range.split(u':');
    if (bounds.size() < 2 || bounds.size() > 3 || bounds[1].isEmpty())
        return std::nullopt;
    const QString from = bounds[0].isEmpty() ? QStringLiteral("0") : bounds[0], to = bounds[1];
    bool ok = true;
    const int step = bounds.size() == 3 ? bounds[2].toInt(&ok) : 1;
    if (!ok || step < 1)
        return std::nullopt;
    static const QString letters = QStringLiteral("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    QStringList names;
    const qsizetype first = from.size() == 1 ? letters.indexOf(from) : -1, last = to.size() == 1 ? letters.indexOf(to) : -1;
    if (first >= 0 || last >= 0) {
        if (first < 0 || last < first)
            return std::nullopt;
        for (qsizetype i = first; i <= last; i += step)
            names.append(letters.mid(i, 1));
        return names;
    }
    const auto digits = [](const QString &text) {
        return !text.isEmpty() && text.size() <= 9 && std::all_of(text.cbegin(), text.cend(), [](QChar c) { return c >= u'0' && c <= u'9'; });
    };
    if (!digits(from) || !digits(to))
        return std::nullopt;
    const bool padded = from.size() > 1 && from.startsWith(u'0');
    const int begin = from.toInt(), end = to.toInt();
    if (end < begin || (padded && from.size() != to.size()) || (end - begin) / step + 1 > most)
        return std::nullopt;
    for (int i = begin; i <= end; i += step)
        names.append(padded ? QString::number(i).rightJustified(from.size(), u'0') : QString::number(i));
    return names;
}

bool hasRange(const QString &pattern)
{
    const qsizetype open = pattern.indexOf(u'['), colon = pattern.indexOf(u':', open + 1), close = pattern.indexOf(u']', open + 1);
    return open >= 0 && colon > open && close > colon;
}

// web[1:3]:2222 is web[1:3] and 2222; a name with other colons has no port.
std::pair<QString, QString> splitPort(const QString &pattern)
{
    static const QRegularExpression ranges(QStringLiteral("\\[[^\\]]*\\]"));
    const qsizetype colon = pattern.lastIndexOf(u':');
    if (colon <= 0 || colon < pattern.lastIndexOf(u']') || pattern.left(colon).remove(ranges).contains(u':'))
        return {pattern, {}};
    return {pattern.left(colon), pattern.mid(colon + 1)};
}

} // namespace

std::optional<QStringList> expandRanges(const QString &pattern, int most)
{
    QStringList names{pattern};
    if (pattern.size() > longestRange && hasRange(pattern))
        return std::nullopt;
    while (hasRange(names.first())) { // all of them have the same ranges left
        const QString &form = names.first();
        const qsizetype open = form.indexOf(u'['), close = form.indexOf(u']', open);
        const auto range = namesOfRange(form.mid(open + 1, close - open - 1), most);
        if (!range || names.size() * range->size() > most)
            return std::nullopt;
        QStringList longer;
        for (const QString &name : std::as_const(names)) {
            const qsizetype begin = name.indexOf(u'['), end = name.indexOf(u']', begin);
            for (const QString &middle : *range)
                longer.append(name.left(begin) + middle + name.mid(end + 1));
        }
        names = longer;
    }
    return names;
}

AnsibleVariable ansibleText(const QString &text, const QString &where)
{
    using Kind = AnsibleVariable::Kind;
    const bool vault = text.contains(QLatin1String("$ANSIBLE_VAULT")) || text.startsWith(QLatin1String("!vault"));
    const bool isTemplate = text.contains(QLatin1String("{{")) || text.contains(QLatin1String("{%"));
    return {text, where, vault ? Kind::Vault : isTemplate ? Kind::Template : Kind::Plain};
}

AnsibleGroup &AnsibleInventory::group(const QString &name, const QString &where)
{
    auto it = m_groups.find(name);
    if (it == m_groups.end()) {
        it = m_groups.insert(name, {});
        it->name = name;
        it->where = where;
    }
    return *it;
}

void AnsibleInventory::addChild(const QString &parent, const QString &child, const QString &where)
{
    group(parent, where);
    QStringList &parents = group(child, where).parents;
    if (!parents.contains(parent) && child != all)
        parents.append(parent);
}

void AnsibleInventory::put(AnsibleVariables &variables, const QString &name, const AnsibleVariable &value)
{
    if (takenVariables.contains(name))
        variables.insert(name, value);
    else // never the value: it may be a password
        m_import.skip(value.where, name, value.kind == AnsibleVariable::Kind::Vault ? QStringLiteral("it is encrypted") : QStringLiteral("this variable is not taken over"));
}

void AnsibleInventory::put(AnsibleGroup &group, const QString &name, const AnsibleVariable &value)
{
    if (name != QLatin1String("ansible_group_priority"))
        return put(group.variables, name, value);
    bool ok = false;
    const int priority = value.text.toInt(&ok);
    if (ok)
        group.priority = priority;
    else
        m_import.skip(value.where, name, QStringLiteral("it must be a number"));
}

void AnsibleInventory::addHosts(const QString &pattern, const QString &group, const AnsibleVariables &variables, const QString &where)
{
    const auto [names, port] = splitPort(pattern);
    AnsibleVariables own = variables;
    if (!port.isEmpty() && !own.contains(QStringLiteral("ansible_port")))
        own.insert(QStringLiteral("ansible_port"), {port, where});
    if (m_expanded > mostExpanded) // settle() refuses all of it: with some of its groups left out a host may be another
        return;
    const auto expanded = expandRanges(names, kMostImportedHosts);
    m_expanded += expanded ? expanded->size() : 0;
    const qsizetype more = expanded ? std::count_if(expanded->cbegin(), expanded->cend(), [this](const QString &name) { return !m_index.contains(name); }) : 0;
    if (!expanded || m_hosts.size() + more > kMostImportedHosts) {
        m_import.skip(where, pattern, expanded ? QStringLiteral("more than %1 hosts").arg(kMostImportedHosts)
                                               : QStringLiteral("this range is not understood or has more than %1 hosts").arg(kMostImportedHosts));
        return;
    }
    for (const QString &name : *expanded) {
        int index = m_index.value(name, -1);
        if (index < 0) {
            index = int(m_hosts.size());
            m_index.insert(name, index);
            m_hosts.append({name, where, {}});
        }
        for (auto it = own.cbegin(); it != own.cend(); ++it)
            m_hosts[index].variables.insert(it.key(), it.value());
        QStringList &memberships = m_memberships[name];
        if (memberships.size() <= kMostGroupsOfHost && !memberships.contains(group)) // one more is enough to refuse it
            memberships.append(group);
    }
}

Status AnsibleInventory::settle(const QString &file)
{
    if (m_expanded > mostExpanded)
        return fail(ErrorCode::ImportSyntax, {QStringLiteral("it names hosts more than %1 times; split it").arg(mostExpanded)}, {file, 0, 0, {}});
    if (m_groups.size() > mostGroups)
        return fail(ErrorCode::ImportSyntax, {QStringLiteral("it has more than %1 groups").arg(mostGroups)}, {file, 0, 0, {}});
    group(all, {});
    QHash<QString, int> waiting; // for how many parents
    QMultiHash<QString, QString> children;
    for (AnsibleGroup &g : m_groups) {
        if (g.parents.isEmpty() && g.name != all)
            g.parents.append(all);
        for (const QString &parent : std::as_const(g.parents))
            children.insert(parent, g.name);
        waiting.insert(g.name, int(g.parents.size()));
    }
    QStringList ready{all};
    qsizetype settled = 0;
    while (!ready.isEmpty()) {
        const QString name = ready.takeLast();
        ++settled;
        const QStringList below = children.values(name);
        for (const QString &child : below) {
            m_groups[child].depth = qMax(m_groups[child].depth, m_groups[name].depth + 1);
            if (--waiting[child] == 0)
                ready.append(child);
        }
    }
    if (settled == m_groups.size())
        return {};
    for (const AnsibleGroup &g : std::as_const(m_groups))
        if (waiting.value(g.name) > 0)
            return fail(ErrorCode::ImportSyntax, {QStringLiteral("the group %1 is among its own children, or below one that is").arg(shownValue(g.name))},
                        {file, g.where.section(u':', -1).toInt(), 0, {}});
    return {};
}

std::optional<QStringList> AnsibleInventory::groupsOf(const QStringList &memberships) const
{
    QSet<QString> found;
    QStringList ahead = memberships;
    while (!ahead.isEmpty()) {
        const QString name = ahead.takeLast();
        const auto group = m_groups.constFind(name);
        if (name == all || found.contains(name) || group == m_groups.cend())
            continue;
        found.insert(name);
        if (found.size() > kMostGroupsOfHost || group->parents.size() > kMostGroupsOfHost)
            return std::nullopt;
        ahead.append(group->parents);
    }
    if (found.size() > 1)
        found.remove(QStringLiteral("ungrouped"));
    QStringList groups(found.cbegin(), found.cend());
    std::sort(groups.begin(), groups.end(), [this](const QString &a, const QString &b) {
        const auto ga = m_groups.constFind(a), gb = m_groups.constFind(b);
        return std::tie(ga->depth, ga->priority, a) < std::tie(gb->depth, gb->priority, b);
    });
    return groups;
}

} // namespace bellwether
