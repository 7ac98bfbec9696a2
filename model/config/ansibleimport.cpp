#include "config/ansible.h"

#include "config/grammar.h"
#include "config/hostkeys.h"
#include "config/sshconfig.h"
#include "config/yamlreader.h"

#include <QFileInfo>
#include <QSet>

namespace bellwether {

namespace {

// host_vars/ and group_vars/ beside the inventory: NAME, NAME.yml, .yaml or .json, or a folder NAME of such files.
class VariableFiles {
public:
    VariableFiles(const QString &inventory, const ImportFiles &files, AnsibleInventory &into)
        : m_folder(QFileInfo(inventory).path()), m_files(files), m_into(into)
    {}

    Result<AnsibleVariables> of(const QString &kind, const QString &name)
    {
        AnsibleVariables variables;
        if (name.contains(u'/') || name.startsWith(u'.'))
            return variables;
        const QString base = m_folder + u'/' + kind + u'/' + name;
        for (const char *ending : {"", ".yml", ".yaml", ".json"}) {
            const QString path = base + QLatin1String(ending);
            if (m_files.resolved(path).isEmpty())
                continue;
            const bool isFolder = m_files.isFolder(path);
            const FilesBelow found = isFolder ? m_files.filesBelow(path, m_folder) : FilesBelow{{path}, {}};
            for (const QString &left : found.left)
                m_into.import().skip(left, QFileInfo(left).fileName(), QStringLiteral("it is a link out of the inventory's folder, no file, or one too many"));
            for (const QString &file : found.files) {
                if (isFolder && !isVariables(file)) {
                    m_into.import().skip(file, QFileInfo(file).fileName(), QStringLiteral("it ends in neither .yml, .yaml nor .json"));
                    continue;
                }
                if (const Status status = read(file, variables); !status)
                    return std::unexpected(status.error());
            }
            break; // as Ansible: the first that is there
        }
        return variables;
    }

private:
    static bool isVariables(const QString &path)
    {
        return QStringList{QString(), QStringLiteral("yml"), QStringLiteral("yaml"), QStringLiteral("json")}.contains(QFileInfo(path).suffix());
    }
    Status read(const QString &path, AnsibleVariables &variables)
    {
        const auto text = m_files.read(path);
        if (!text)
            return std::unexpected(text.error());
        if (text->startsWith("$ANSIBLE_VAULT")) {
            m_into.import().skip(placeOf(path, 1), QFileInfo(path).fileName(), QStringLiteral("it is encrypted"));
            return {};
        }
        const auto root = readYaml(*text, path, ansibleYaml());
        if (!root)
            return root.error().code == ErrorCode::FileEmpty ? Status() : Status(std::unexpected(root.error()));
        YamlReader reader(path);
        if (!reader.isMap(*root, {}))
            return std::unexpected(reader.error());
        for (std::size_t i = 0; i < root->keys.size(); ++i)
            m_into.put(variables, root->keys[i].text, ansibleValue(root->items[i], placeOf(path, root->keys[i].line)));
        return {};
    }

    QString m_folder;
    const ImportFiles &m_files;
    AnsibleInventory &m_into;
};

class HostMaker {
public:
    HostMaker(Import &import, const AnsibleInventory &inventory)
        : m_import(import), m_jumps([this](const QString &name) { return m_names.contains(name); })
    {
        for (const AnsibleHost &host : inventory.hosts())
            m_names.insert(host.name);
    }

    // `variables`: what holds for it, with everything that it inherits. `groups`: nothing when there are too many.
    void make(const AnsibleHost &host, const AnsibleVariables &variables, const std::optional<QStringList> &groups)
    {
        using Kind = AnsibleVariable::Kind;
        m_problem.clear();
        ImportedHost made;
        made.host.name = host.name;
        made.where = host.where;
        made.addsGroups = true;
        if (!kName.accepts(host.name))
            m_problem = QStringLiteral("a host's name must be %1").arg(QString::fromLatin1(kName.allowed));
        const auto connection = variables.constFind(QStringLiteral("ansible_connection"));
        if (connection != variables.cend() && !QStringList{QStringLiteral("ssh"), QStringLiteral("smart"), QStringLiteral("paramiko"), QStringLiteral("paramiko_ssh")}.contains(connection->text))
            m_problem = QStringLiteral("it is not reached over SSH (ansible_connection)");
        // Of two names of one variable the one with ssh_ wins, wherever they stand. True: one of them is there.
        const auto take = [&](const char *newName, const char *oldName, const char *key, bool needed) {
            for (const QString &variable : {QString::fromLatin1(oldName), QString::fromLatin1(newName)}) {
                const auto found = variables.constFind(variable);
                if (found == variables.cend())
                    continue;
                const QString why = found->kind == Kind::Vault ? QStringLiteral("it is encrypted") : QStringLiteral("templates are never evaluated");
                if (found->kind == Kind::Plain)
                    put(made, key, found->text, needed, found->where, variable);
                else if (needed && m_problem.isEmpty())
                    m_problem = QStringLiteral("its %1: %2").arg(variable, why);
                else if (!needed)
                    once(found->where, variable, why);
                return true;
            }
            return false;
        };
        if (!take("ansible_host", "ansible_ssh_host", "address", true)) {
            put(made, "address", host.name, true, host.where, QStringLiteral("ansible_host"));
            made.stated.removeAll(QStringLiteral("address")); // its name is an address for want of a better one
        }
        take("ansible_port", "ansible_ssh_port", "port", true);
        take("ansible_user", "ansible_ssh_user", "user", false);
        take("ansible_private_key_file", "ansible_ssh_private_key_file", "identity", false);
        const AnsibleWay way = ansibleWay(variables);
        if (m_problem.isEmpty())
            m_problem = way.problem;
        for (const QString &option : way.untaken)
            once(way.where, option, QStringLiteral("of the arguments for ssh only the jump hosts are taken over"));
        if (groups)
            takeGroups(made, *groups, host.where);
        else if (m_problem.isEmpty()) // which of them says what is not looked at
            m_problem = QStringLiteral("it is in more than %1 groups").arg(kMostGroupsOfHost);
        if (!m_problem.isEmpty()) {
            m_import.skip(host.where, host.name, m_problem);
            m_refused.insert(host.name);
            return;
        }
        m_made.append(made);
        m_ways.append(way);
    }

    void finish() // once all hosts are known, since one may be another's jump host
    {
        for (qsizetype i = 0; i < m_made.size(); ++i) {
            m_index.insert(m_made[i].host.name, i);
            if (m_made[i].host.endpoint.address != m_made[i].host.name)
                m_index.insert(m_made[i].host.endpoint.address, i);
        }
        QSet<QString> lost; // a way that cannot be taken is not "directly", and nobody goes through there
        for (qsizetype i = 0; i < m_made.size(); ++i)
            if (!m_ways[i].jumps.isEmpty() && !takeJumps(m_made[i], m_ways[i]))
                lost.insert(m_made[i].host.name);
        m_made.append(m_jumps.hosts());
        for (qsizetype before = -1; before != lost.size();) {
            before = lost.size();
            for (const ImportedHost &made : std::as_const(m_made))
                if (lost.contains(made.host.endpoint.jump))
                    lost.insert(made.host.name);
        }
        for (const ImportedHost &made : std::as_const(m_made)) {
            if (lost.contains(made.host.name))
                m_import.skip(made.where, made.host.name, QStringLiteral("its way leads over a jump host that is not taken, or over too many"));
            else
                m_import.hosts.append(made);
        }
    }

private:
    void put(ImportedHost &made, const char *key, const QString &text, bool needed, const QString &where, const QString &variable)
    {
        const Status set = setHostKey(made.host, QString::fromLatin1(key), text);
        if (set)
            made.stated.append(QString::fromLatin1(key));
        else if (needed && m_problem.isEmpty())
            m_problem = QStringLiteral("%1 must be %2").arg(variable, set.error().args.value(2));
        else if (!needed)
            once(where, variable, QStringLiteral("it must be %1").arg(set.error().args.value(2)));
    }

    void takeGroups(ImportedHost &made, const QStringList &groups, const QString &where)
    {
        for (const QString &group : groups) {
            if (group == QLatin1String("ungrouped"))
                continue;
            if (!kName.accepts(group))
                once(where, group, QStringLiteral("a group's name must be %1").arg(QString::fromLatin1(kName.allowed)));
            else                made.host.groups.append(group);
        }
        if (!made.host.groups.isEmpty())
            made.stated.append(QStringLiteral("groups"));
    }

    bool takeJumps(ImportedHost &made, const AnsibleWay &way)
    {
        const auto chain = parseJumps(way.jumps);
        QString via;
        for (const JumpSpec &spec : chain.value_or(QList<JumpSpec>())) {
            via = nameOfJump(made.host, spec, via, way.where);
            if (via == made.host.name) // the jump host itself, which its group's variables mean as well
                return true;
            if (via.isEmpty())
                return false;
        }
        made.host.endpoint.jump = via;
        made.stated.append(QStringLiteral("jump"));
        return chain.has_value();
    }

    QString nameOfJump(const Installation &from, const JumpSpec &spec, const QString &via, const QString &where)
    {
        const QList<qsizetype> candidates = m_index.values(spec.host);
        for (const qsizetype i : candidates) {
            const ImportedHost &known = m_made[i];
            const Endpoint &e = known.host.endpoint;
            const bool isIt = (spec.user.isEmpty() || spec.user == e.user) && (spec.port == 0 || spec.port == e.port);
            if (isIt && (via.isEmpty() || known.host.name == from.name || e.jump == via))
                return known.host.name;
        }
        if (m_refused.contains(spec.host)) // by its name alone it would be another machine
            return {};
        Endpoint way;
        way.address = spec.host;
        way.port = spec.port > 0 ? spec.port : 22;
        way.user = spec.user;
        way.jump = via;
        QStringList stated; // a name alone says nothing of what the fleet knows under it
        if (spec.port > 0)
            stated << QStringLiteral("port");
        if (!spec.user.isEmpty())
            stated << QStringLiteral("user");
        if (!via.isEmpty())
            stated << QStringLiteral("jump");
        return m_jumps.nameFor(way, spec.host, stated, where);
    }

    void once(const QString &where, const QString &what, const QString &why)
    {
        const QString all = where + u'\n' + what;
        if (!m_said.contains(all))
            m_import.skip(where, what, why);
        m_said.insert(all);
    }

    Import &m_import;
    QSet<QString> m_names, m_said, m_refused;
    QString m_problem; // of the host that is being made
    QList<ImportedHost> m_made;
    QMultiHash<QString, qsizetype> m_index; // of m_made, by name and by address
    QList<AnsibleWay> m_ways; // beside m_made
    JumpHosts m_jumps;
};

void overlay(AnsibleVariables &below, const AnsibleVariables &above)
{
    for (auto it = above.cbegin(); it != above.cend(); ++it)
        below.insert(it.key(), it.value());
}

// all < parent < child < host; at each of them what stands beside the inventory wins over what stands in it, and
// group_vars/all over the inventory's groups, which is how Ansible has it.
Status makeHosts(const QString &name, const ImportFiles &files, AnsibleInventory &inventory)
{
    const QString all = QStringLiteral("all");
    VariableFiles beside(name, files, inventory);
    HostMaker maker(inventory.import(), inventory);
    QHash<QString, AnsibleVariables> ofGroups;
    struct Inherited {
        std::optional<QStringList> groups;
        AnsibleVariables variables;
    };
    QHash<QStringList, Inherited> inherited; // hosts of the same groups inherit the same
    const auto allBeside = beside.of(QStringLiteral("group_vars"), all);
    if (!allBeside)
        return std::unexpected(allBeside.error());
    for (const AnsibleHost &host : inventory.hosts()) {
        const QStringList memberships = inventory.memberships(host.name);
        auto known = inherited.constFind(memberships);
        if (known == inherited.cend()) {
            Inherited made{inventory.groupsOf(memberships), inventory.variablesOf(all)};
            const QStringList groups = made.groups.value_or(QStringList());
            for (const QString &group : groups)
                overlay(made.variables, inventory.variablesOf(group));
            overlay(made.variables, *allBeside);
            for (const QString &group : groups) {
                if (!ofGroups.contains(group)) {
                    const auto read = beside.of(QStringLiteral("group_vars"), group);
                    if (!read)
                        return std::unexpected(read.error());
                    ofGroups.insert(group, *read);
                }
                overlay(made.variables, ofGroups[group]);
            }
            known = inherited.insert(memberships, made);
        }
        AnsibleVariables variables = known->variables;
        overlay(variables, host.variables);
        const auto own = beside.of(QStringLiteral("host_vars"), host.name);
        if (!own)
            return std::unexpected(own.error());
        overlay(variables, *own);
        maker.make(host, variables, known->groups);
    }
    maker.finish();
    return {};
}

} // namespace

Result<Import> importAnsible(const QByteArray &text, const QString &name, const ImportFiles &files)
{
    Import import;
    import.format = ImportFormat::Ansible;
    import.source = name;
    const auto plain = plainText(text, name);
    if (!plain)
        return std::unexpected(plain.error());
    if (plain->startsWith(QLatin1String("#!")))
        return fail(ErrorCode::ImportSyntax, {QStringLiteral("it is a program; programs are never run. Save what it prints as an inventory")}, {name, 1, 1, {}});
    AnsibleInventory inventory(import);
    const Status read = looksLikeYaml(*plain) ? readAnsibleYaml(text, name, inventory) : readAnsibleIni(*plain, name, inventory);
    if (!read)
        return std::unexpected(read.error());
    if (const Status settled = inventory.settle(name); !settled)
        return std::unexpected(settled.error());
    if (const Status made = makeHosts(name, files, inventory); !made)
        return std::unexpected(made.error());
    return import;
}

} // namespace bellwether
