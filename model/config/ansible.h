#pragma once
// An Ansible inventory as it is written: hosts, groups, and the few variables that say how a host is reached. ansibleini.cpp
// and ansibleyaml.cpp read the two ways of writing it, ansibleimport.cpp makes hosts of ours of it. The rules are those
// of ansible-core 2.14 (ranges, depth of groups, precedence); `ansible-inventory` is the reference.
#include "config/importtext.h"
#include "config/yamltree.h"

#include <QHash>

namespace bellwether {

struct AnsibleVariable {
    QString text, where;
    enum class Kind { Plain, Vault, Template } kind = Kind::Plain;
};
using AnsibleVariables = QMap<QString, AnsibleVariable>;

struct AnsibleHost {
    QString name, where;
    AnsibleVariables variables;
};
struct AnsibleGroup {
    QString name, where;
    QStringList parents;
    AnsibleVariables variables;
    int depth = 0; // all is 0
    int priority = 1; // ansible_group_priority
};

class AnsibleInventory {
public:
    explicit AnsibleInventory(Import &import) : m_import(import) {}
    Import &import() { return m_import; }

    AnsibleGroup &group(const QString &name, const QString &where);
    bool hasGroup(const QString &name) const { return m_groups.contains(name); }
    void addChild(const QString &parent, const QString &child, const QString &where);
    // `pattern` may hold ranges and a port; its hosts get the variables. False: the port or range cannot be understood.
    void addHosts(const QString &pattern, const QString &group, const AnsibleVariables &variables, const QString &where);
    // Keeps what says how a host is reached; the rest is listed as skipped.
    void put(AnsibleVariables &variables, const QString &name, const AnsibleVariable &value);
    void put(AnsibleGroup &group, const QString &name, const AnsibleVariable &value); // in the inventory itself
    // Depths, once everything is read. ImportSyntax for a group that is its own child.
    Status settle(const QString &file);

    const QList<AnsibleHost> &hosts() const { return m_hosts; }
    QStringList memberships(const QString &host) const { return m_memberships.value(host); } // as written, in their order
    // With their parents, without all; by depth, priority and name. Nothing: more than kMostGroupsOfHost.
    std::optional<QStringList> groupsOf(const QStringList &memberships) const;
    const AnsibleVariables &variablesOf(const QString &group) const { return m_groups.constFind(group)->variables; }

private:
    Import &m_import;
    QMap<QString, AnsibleGroup> m_groups;
    QList<AnsibleHost> m_hosts;
    QHash<QString, int> m_index;               // of m_hosts, by name
    QHash<QString, QStringList> m_memberships; // by host
    qint64 m_expanded = 0;                     // names, those that stand twice as well
};

inline constexpr qsizetype kMostGroupsOfHost = 100;

// web[01:03] and a[a:c:2]b, as Ansible expands them; nothing when it is no range or has more than `most` names.
std::optional<QStringList> expandRanges(const QString &pattern, int most);

// What the arguments say that Ansible hands to ssh, in the order in which it does: the chain of jump hosts, or why the way
// cannot be taken as it is meant (it is never "directly", then).
struct AnsibleWay {
    QString jumps, where;  // "a,b"; empty: directly
    QString problem;
    QStringList untaken;   // other options that say who connects
};
AnsibleWay ansibleWay(const AnsibleVariables &variables);

AnsibleVariable ansibleText(const QString &text, const QString &where); // sees vaults and templates
AnsibleVariable ansibleValue(const YamlNode &node, const QString &where);
YamlLimits ansibleYaml(); // the guarded reader's limits, with the tags that mark secrets

Status readAnsibleIni(const QString &text, const QString &name, AnsibleInventory &inventory);
Status readAnsibleYaml(const QByteArray &text, const QString &name, AnsibleInventory &inventory);

} // namespace bellwether
