#include "config/ansible.h"

#include "config/grammar.h"
#include "config/hostkeys.h"
#include "config/sshconfig.h"
#include "config/yamlreader.h"

#include <QFileInfo>
#include <QSet>

namespace bellwether {

namespace {

constexpr qsizetype mostGroupsOfHost = 100;

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
            const QStringList found = isFolder ? m_files.filesBelow(path) : QStringList{path};
            for (const QString &file : found) {
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

    // `variables`: what holds for it, with everything that it inherits.
    void make(const AnsibleHost &host, const AnsibleVariables &variables, const QStringList &groups)
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
        const auto take = [&](const char *variable, const char *key, bool needed, const QString &otherwise = {}) {
            const auto found = variables.constFind(QString::fromLatin1(variable));
            if (found == variables.cend()) {
                if (!otherwise.isEmpty())
                    put(made, key, otherwise, needed, host.where, QString::fromLatin1(variable));
                return;
            }
            if (found->kind == Kind::Plain)
                return put(made, key, found->text, needed, found->where, QString::fromLatin1(variable));
            const QString why = found->kind == Kind::Vault ? QStringLiteral("it is encrypted") : QStringLiteral("templates are never evaluated");
            if (needed && m_problem.isEmpty())
                m_problem = QStringLiteral("its %1: %2").arg(QString::fromLatin1(variable), why);
            else if (!needed)
                once(found->where, QString::fromLatin1(variable), why);
        };
        take("ansible_host", "address", true, host.name);
        if (!variables.contains(QStringLiteral("ansible_host"))) // its name is an address for want of a better one
            made.stated.removeAll(QStringLiteral("address"));
        take("ansible_port", "port", true);
        take("ansible_user", "user", false);
        take("ansible_ssh_private_key_file", "identity", false);
        takeGroups(made, groups, host.where);
        if (!m_problem.isEmpty()) {
            m_import.skip(host.where, host.name, m_problem);
            return;
        }
        m_made.append(made);
        m_arguments.append(variables.value(QStringLiteral("ansible_ssh_common_args")));
    }

    void finish() // once all hosts are known, since one may be another's jump host
    {
        for (qsizetype i = 0; i < m_made.size(); ++i) {
            m_index.insert(m_made[i].host.name, i);
            if (m_made[i].host.endpoint.address != m_made[i].host.name)
                m_index.insert(m_made[i].host.endpoint.address, i);
        }
        for (qsizetype i = 0; i < m_made.size(); ++i)
            if (!m_arguments[i].where.isEmpty())
                takeJumps(m_made[i], m_arguments[i]);
        m_import.hosts = m_made;
        m_import.hosts.append(m_jumps.hosts());
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
            else if (made.host.groups.size() == mostGroupsOfHost)
                once(where, group, QStringLiteral("a host is in more than %1 groups").arg(mostGroupsOfHost));
            else
                made.host.groups.append(group);
        }
        if (!made.host.groups.isEmpty())
            made.stated.append(QStringLiteral("groups"));
    }

    static QString jumpOf(const AnsibleVariable &arguments) // the chain, when it says this and nothing else
    {
        if (arguments.kind != AnsibleVariable::Kind::Plain)
            return {};
        const QStringList words = splitSshArguments(arguments.text).value_or(QStringList());
        const QString first = words.value(0), second = words.value(1);
        if (words.size() == 1 && first.startsWith(QLatin1String("-J")))
            return first.mid(2);
        if (words.size() == 2 && first == QLatin1String("-J"))
            return second;
        const QString option = words.size() == 1 && first.startsWith(QLatin1String("-o")) ? first.mid(2)
            : words.size() == 2 && first == QLatin1String("-o") ? second : QString();
        return option.startsWith(QLatin1String("ProxyJump="), Qt::CaseInsensitive) ? option.mid(10) : QString();
    }

    void takeJumps(ImportedHost &made, const AnsibleVariable &arguments)
    {
        const QString text = jumpOf(arguments);
        const auto chain = text.isEmpty() ? std::nullopt : parseJumps(text);
        if (!chain)
            return once(arguments.where, QStringLiteral("ansible_ssh_common_args"),
                        QStringLiteral("only -J or ProxyJump is taken over, alone and without templates; its hosts are reached directly"));
        QString via;
        for (const JumpSpec &spec : *chain) {
            via = nameOfJump(made.host, spec, via, arguments.where);
            if (via == made.host.name) // the jump host itself, which its group's variables mean as well
                return;
            if (via.isEmpty())
                return once(arguments.where, QStringLiteral("ansible_ssh_common_args"), QStringLiteral("more jump hosts than can be taken"));
        }
        made.host.endpoint.jump = via;
        made.stated.append(QStringLiteral("jump"));
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
        Endpoint way;
        way.address = spec.host;
        way.port = spec.port > 0 ? spec.port : 22;
        way.user = spec.user;
        way.jump = via;
        QStringList stated{QStringLiteral("address"), QStringLiteral("port")};
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
    QSet<QString> m_names, m_said;
    QString m_problem; // of the host that is being made
    QList<ImportedHost> m_made;
    QMultiHash<QString, qsizetype> m_index; // of m_made, by name and by address
    QList<AnsibleVariable> m_arguments; // beside m_made
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
    const auto allBeside = beside.of(QStringLiteral("group_vars"), all);
    if (!allBeside)
        return std::unexpected(allBeside.error());
    for (const AnsibleHost &host : inventory.hosts()) {
        const QStringList groups = inventory.groupsOf(host.name);
        AnsibleVariables variables = inventory.variablesOf(all);
        for (const QString &group : groups)
            overlay(variables, inventory.variablesOf(group));
        overlay(variables, *allBeside);
        for (const QString &group : groups) {
            if (!ofGroups.contains(group)) {
                const auto read = beside.of(QStringLiteral("group_vars"), group);
                if (!read)
                    return std::unexpected(read.error());
                ofGroups.insert(group, *read);
            }
            overlay(variables, ofGroups[group]);
        }
        overlay(variables, host.variables);
        const auto own = beside.of(QStringLiteral("host_vars"), host.name);
        if (!own)
            return std::unexpected(own.error());
        overlay(variables, *own);
        maker.make(host, variables, groups);
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
