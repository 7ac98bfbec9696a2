#include "config/sshconfig.h"

#include "config/grammar.h"
#include "config/hostkeys.h"

#include <QHash>
#include <QSet>

namespace bellwether {

namespace {

// Makes hosts of the names, with what a name says of itself and of its way. A host that cannot be taken as it is meant is
// not taken at all: half of it would lead to another machine.
class HostMaker {
public:
    HostMaker(const SshConfig &config, Import &import)
        : m_config(config), m_import(import), m_concrete(config.names.cbegin(), config.names.cend()),
          m_jumps([this](const QString &name) { return m_concrete.contains(name); })
    {}

    void makeAll()
    {
        for (const QString &name : m_config.names)
            make(name);
        for (const QString &name : m_config.names)
            if (const auto &made = m_made.value(name))
                m_import.hosts.append(*made);
        m_import.hosts.append(m_jumps.hosts());
    }

private:
    struct Way {
        Endpoint endpoint;
        QStringList stated;
        SshResolved so;
        QString problem, problemAt;
    };

    std::optional<ImportedHost> make(const QString &name)
    {
        if (const auto made = m_made.constFind(name); made != m_made.cend())
            return *made;
        Way way = wayTo(name, {});
        if (way.so.where.isEmpty()) // its Host line stands where it never holds
            return std::nullopt;
        if (!kName.accepts(name))
            refuse(way, way.so.where, QStringLiteral("a host's name must be %1").arg(QString::fromLatin1(kName.allowed)));
        if (m_underWay.contains(name) || m_underWay.size() > 64)
            return std::nullopt; // a circle: said by whoever came back here
        m_underWay.insert(name);
        if (way.problem.isEmpty())
            takeJumps(way);
        m_underWay.remove(name);
        std::optional<ImportedHost> made;
        if (way.problem.isEmpty()) {
            made.emplace();
            made->host.name = name;
            made->host.endpoint = way.endpoint;
            made->stated = way.stated;
            made->where = way.so.where;
        } else {
            m_import.skip(way.problemAt, name, way.problem);
        }
        m_made.insert(name, made);
        return made;
    }

    static void refuse(Way &way, const QString &where, const QString &why)
    {
        if (!way.problem.isEmpty())
            return;
        way.problem = why;
        way.problemAt = where;
    }

    static void put(Way &way, const char *key, const QString &text, const QString &where)
    {
        Installation host;
        host.endpoint = way.endpoint;
        const QString name = QString::fromLatin1(key);
        if (const Status set = setHostKey(host, name, text); !set) {
            refuse(way, where, QStringLiteral("%1 must be %2").arg(name, set.error().args.value(2)));
            return;
        }
        way.endpoint = host.endpoint;
        way.stated.append(name);
    }

    // Everything but the jump hosts.
    Way wayTo(const QString &name, const JumpSpec &over)
    {
        Way way;
        way.so = resolveSshHost(m_config, name);
        const SshResolved &so = way.so;
        const QString at = so.where;
        put(way, "address", expandedHostName(way, name), so.hostName.isSet() ? so.hostName.where : at);
        if (!so.hostName.isSet()) // its name is an address for want of a better one
            way.stated.removeAll(QStringLiteral("address"));
        if (over.port > 0)
            put(way, "port", QString::number(over.port), at);
        else if (so.port.isSet())
            put(way, "port", so.port.text(), so.port.where);
        if (!over.user.isEmpty())
            put(way, "user", over.user, at);
        else if (so.user.isSet())
            put(way, "user", so.user.text(), so.user.where);
        takeKeyFile(way, name, "identity", "IdentityFile", so.identity);
        takeKeyFile(way, name, "certificate", "CertificateFile", so.certificate);
        for (const SshResolved::Value &more : so.moreIdentities)
            if (!m_said.contains(more.where))
                once(more.where, QStringLiteral("IdentityFile %1").arg(more.text()), QStringLiteral("a host has one key: the first is taken"));
        return way;
    }

    static QString expandedHostName(Way &way, const QString &name)
    {
        if (!way.so.hostName.isSet())
            return name.toLower();
        const QString text = way.so.hostName.text();
        QString result;
        for (qsizetype i = 0; i < text.size(); ++i) {
            if (text[i] != u'%') {
                result += text[i];
                continue;
            }
            const QChar token = i + 1 < text.size() ? text[++i] : QChar();
            if (token == u'h')
                result += name;
            else if (token == u'%')
                result += u'%';
            else
                refuse(way, way.so.hostName.where, QStringLiteral("only %h is replaced in a HostName"));
        }
        return result.toLower(); // as OpenSSH does
    }

    // A path with OpenSSH's tokens, or nothing when it cannot be known here.
    static std::optional<QString> expandedPath(const Way &way, const QString &name, const QString &text)
    {
        QString path;
        for (qsizetype i = 0; i < text.size(); ++i) {
            if (text[i] != u'%') {
                path += text[i];
                continue;
            }
            const QChar token = i + 1 < text.size() ? text[++i] : QChar();
            if (token == u'd' && path.isEmpty())
                path += u'~';
            else if (token == u'h')
                path += way.endpoint.address;
            else if (token == u'n')
                path += name;
            else if (token == u'p')
                path += QString::number(way.endpoint.port);
            else if (token == u'r' && !way.endpoint.user.isEmpty())
                path += way.endpoint.user;
            else if (token == u'%')
                path += u'%';
            else
                return std::nullopt;
        }
        return kKeyFile.accepts(path) && !path.contains(QLatin1String("${")) ? std::optional(path) : std::nullopt;
    }

    void takeKeyFile(Way &way, const QString &name, const char *key, const char *keyword, const SshResolved::Value &value)
    {
        if (!value.isSet())
            return;
        const QString text = value.text();
        const bool none = text.compare(QLatin1String("none"), Qt::CaseInsensitive) == 0;
        const auto path = expandedPath(way, name, text);
        if (none && qstrcmp(key, "identity") == 0)
            put(way, key, QStringLiteral("agent"), value.where);
        else if (!none && path)
            put(way, key, *path, value.where);
        else if (!none)
            once(value.where, QStringLiteral("%1 %2").arg(QLatin1String(keyword), text), QStringLiteral("the path must begin with / or ~/ and hold no variables"));
    }

    void takeJumps(Way &way)
    {
        const SshResolved::Value &jump = way.so.jump, &command = way.so.proxyCommand;
        if (command.isSet())
            return refuse(way, command.where, QStringLiteral("it is reached through a ProxyCommand, and commands are never run"));
        if (!jump.isSet())
            return;
        way.stated.append(QStringLiteral("jump"));
        if (jump.text().compare(QLatin1String("none"), Qt::CaseInsensitive) == 0)
            return;
        const auto chain = parseJumps(jump.text());
        if (!chain)
            return refuse(way, jump.where, QStringLiteral("its ProxyJump is not a list of [user@]host[:port], at most 8 long"));
        QString via;
        for (const JumpSpec &spec : *chain) {
            via = nameOfJump(spec, via, jump.where);
            if (via.isEmpty())
                return refuse(way, jump.where, QStringLiteral("its jump host %1 is not taken, or leads back to it").arg(spec.host));
        }
        way.endpoint.jump = via;
    }

    // via: the jump host in front of it, when the chain says one; otherwise it has what its own entry says.
    QString nameOfJump(const JumpSpec &spec, const QString &via, const QString &where)
    {
        const bool isNamed = m_concrete.contains(spec.host);
        if (isNamed && via.isEmpty() && spec.user.isEmpty() && spec.port == 0) {
            const auto made = make(spec.host);
            return made ? made->host.name : QString();
        }
        Way way = wayTo(spec.host, spec);
        const QString key = u'@' + spec.host; // no name: those hold no @
        if (via.isEmpty() && way.problem.isEmpty()) {
            if (m_underWay.contains(key) || m_underWay.contains(spec.host) || m_underWay.size() > 64)
                return {};
            m_underWay.insert(key);
            takeJumps(way);
            m_underWay.remove(key);
        } else {
            way.endpoint.jump = via;
            way.stated.append(QStringLiteral("jump"));
        }
        if (!way.problem.isEmpty())
            return {};
        if (isNamed && !m_underWay.contains(spec.host))
            if (const auto made = make(spec.host); made && made->host.endpoint == way.endpoint)
                return made->host.name;
        return m_jumps.nameFor(way.endpoint, spec.host, way.stated, where);
    }

    void once(const QString &where, const QString &what, const QString &why)
    {
        if (!m_said.contains(where))
            m_import.skip(where, what, why);
        m_said.insert(where);
    }

    const SshConfig &m_config;
    Import &m_import;
    QSet<QString> m_concrete, m_underWay, m_said;
    QHash<QString, std::optional<ImportedHost>> m_made;
    JumpHosts m_jumps;
};

} // namespace

Result<Import> importSshConfig(const QByteArray &text, const QString &name, const ImportFiles &files)
{
    Import import;
    import.format = ImportFormat::SshConfig;
    import.source = name;
    const auto config = parseSshConfig(text, name, files, import);
    if (!config)
        return std::unexpected(config.error());
    HostMaker(*config, import).makeAll();
    return import;
}

} // namespace bellwether
