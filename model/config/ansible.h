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
    // Depths, once everything is read. ImportSyntax for a group that is its own child.
    Status settle(const QString &file);

    const QList<AnsibleHost> &hosts() const { return m_hosts; }
    QStringList groupsOf(const QString &host) const; // with their parents, without all; by depth, then by name
    const AnsibleVariables &variablesOf(const QString &group) const { return m_groups.constFind(group)->variables; }

private:
    Import &m_import;
    QMap<QString, AnsibleGroup> m_groups;
    QList<AnsibleHost> m_hosts;
    QHash<QString, int> m_index;               // of m_hosts, by name
    QHash<QString, QStringList> m_memberships; // by host
};

// web[01:03] and a[a:c:2]b, as Ansible expands them; nothing when it is no range or has more than `most` names.
std::optional<QStringList> expandRanges(const QString &pattern, int most);

AnsibleVariable ansibleText(const QString &text, const QString &where); // sees vaults and templates
AnsibleVariable ansibleValue(const YamlNode &node, const QString &where);
YamlLimits ansibleYaml(); // the guarded reader's limits, with the tags that mark secrets

Status readAnsibleIni(const QString &text, const QString &name, AnsibleInventory &inventory);
Status readAnsibleYaml(const QByteArray &text, const QString &name, AnsibleInventory &inventory);

} // namespace bellwether
