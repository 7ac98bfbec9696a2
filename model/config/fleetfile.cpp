#include "config/files.h"
#include "config/installationreader.h"
#include "config/yamlwriter.h"

#include <QFile>
#include <QFileInfo>
#include <QSet>

#include <algorithm>

namespace bellwether {

void readInstallation(YamlReader &reader, const YamlNode &node, const QString &path, Installation &out)
{
    MapReader map(reader, node, path);
    map.text("name", out.name, kName, Need::Required);
    map.text("address", out.endpoint.address, kAddress, Need::Required);
    map.integer("port", out.endpoint.port, 1, 65535);
    map.text("user", out.endpoint.user, kUser);
    map.text("identity", out.endpoint.identity, kIdentity);
    QString certificate;
    map.text("certificate", certificate, kKeyFile);
    if (!certificate.isEmpty())
        out.endpoint.certificate = certificate;
    Sudo sudo = Sudo::None;
    map.choice("sudo", sudo, SudoNames);
    if (sudo != Sudo::None)
        out.sudo = sudo;
    bool compression = false;
    map.flag("compression", compression);
    if (compression)
        out.endpoint.compression = true;
    map.text("jump", out.endpoint.jump, kName);
    map.texts("groups", out.groups, kName);
    map.textMap("labels", out.labels, kName, kLine);
    map.choice("environment", out.environment, EnvironmentNames);
    map.text("product", out.product, kSlug);
    map.text("directory", out.directory, kPath);
    map.text("state", out.state, kPath);
    map.text("domain", out.domain, kDomain);
    map.text("window", out.window, kLine);
    map.textMap("settings", out.settings, kName, kLine);
    map.finish();
}

QStringList checkInstallation(const Installation &i)
{
    struct Part {
        const char *key;
        const QString &value;
        const TextRule &rule;
        bool mayBeEmpty;
    };
    const QString certificate = i.endpoint.certificate.value_or(QString());
    const Part parts[] = {{"name", i.name, kName, false},
                          {"address", i.endpoint.address, kAddress, false},
                          {"user", i.endpoint.user, kUser, true},
                          {"identity", i.endpoint.identity, kIdentity, true},
                          {"certificate", certificate, kKeyFile, true},
                          {"jump", i.endpoint.jump, kName, true},
                          {"product", i.product, kSlug, true},
                          {"directory", i.directory, kPath, true},
                          {"state", i.state, kPath, true},
                          {"domain", i.domain, kDomain, true},
                          {"window", i.window, kLine, true}};
    for (const Part &part : parts)
        if (!(part.mayBeEmpty && part.value.isEmpty()) && !part.rule.accepts(part.value))
            return {QString::fromLatin1(part.key), QString::fromLatin1(part.rule.allowed)};
    if (i.endpoint.port < 1 || i.endpoint.port > 65535)
        return {QStringLiteral("port"), QStringLiteral("from 1 to 65535")};
    for (const QMap<QString, QString> &texts : {i.labels, i.settings})
        for (auto it = texts.cbegin(); it != texts.cend(); ++it)
            if (!kName.accepts(it.key()) || !kLine.accepts(it.value()))
                return {it.key(), QString::fromLatin1(kLine.allowed)};
    return {};
}

namespace {

// Jump hosts may be chained but never lead back to themselves. Jumps to hosts of another file are left alone.
void refuseJumpCycles(YamlReader &reader, const YamlNode &list, const QList<Installation> &fleet)
{
    QMap<QString, QString> jumps;
    for (const Installation &installation : fleet)
        jumps.insert(installation.name, installation.endpoint.jump);
    for (qsizetype i = 0; i < fleet.size(); ++i) {
        QSet<QString> passed;
        QString at = fleet[i].name;
        for (; !at.isEmpty() && !passed.contains(at); at = jumps.value(at))
            passed.insert(at);
        if (!at.isEmpty()) {
            const YamlNode &entry = list.items[static_cast<std::size_t>(i)];
            reader.badValue(*entry.find(QStringLiteral("jump")), QStringLiteral("hosts[%1].jump").arg(i),
                            QStringLiteral("a host that does not lead back to itself"));
            return;
        }
    }
}

void writeInstallation(YamlWriter &yaml, const Installation &i)
{
    yaml.beginItem();
    yaml.text("name", i.name);
    yaml.text("address", i.endpoint.address);
    yaml.number("port", i.endpoint.port);
    yaml.textUnlessEmpty("user", i.endpoint.user);
    yaml.textUnlessEmpty("identity", i.endpoint.identity);
    yaml.textUnlessEmpty("certificate", i.endpoint.certificate.value_or(QString()));
    yaml.textUnlessEmpty("sudo", i.sudo ? nameOf(*i.sudo) : QString());
    if (i.endpoint.compression.value_or(false))
        yaml.flag("compression", true);
    yaml.textUnlessEmpty("jump", i.endpoint.jump);
    yaml.textsUnlessEmpty("groups", i.groups);
    yaml.mapUnlessEmpty("labels", i.labels);
    yaml.text("environment", nameOf(i.environment));
    yaml.textUnlessEmpty("product", i.product);
    yaml.textUnlessEmpty("directory", i.directory);
    yaml.textUnlessEmpty("state", i.state);
    yaml.textUnlessEmpty("domain", i.domain);
    yaml.textUnlessEmpty("window", i.window);
    yaml.mapUnlessEmpty("settings", i.settings);
    yaml.endItem();
}

} // namespace

Result<QByteArray> readFileBounded(const QString &path, qint64 limit)
{
    if (QFileInfo(path).isDir())
        return fail(ErrorCode::FileUnreadable, {path, QStringLiteral("it is a folder")}, {path, 0, 0, {}});
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::FileUnreadable, {path, file.errorString()}, {path, 0, 0, {}});
    QByteArray bytes; // read() may give less than asked for, e.g. from a pipe
    while (bytes.size() <= limit) {
        const QByteArray more = file.read(limit + 1 - bytes.size());
        if (more.isEmpty())
            break;
        bytes += more;
    }
    if (file.error() != QFileDevice::NoError)
        return fail(ErrorCode::FileUnreadable, {path, file.errorString()}, {path, 0, 0, {}});
    if (bytes.size() > limit)
        return fail(ErrorCode::FileTooLarge, {path, QString::number(qMax(file.size(), bytes.size())), QString::number(limit)},
                    {path, 0, 0, {}});
    return bytes;
}

Result<QList<Installation>> parseFleet(const QByteArray &text, const QString &name)
{
    const auto root = readYaml(text, name);
    if (!root)
        return std::unexpected(root.error());
    YamlReader reader(name);
    MapReader map(reader, *root, {});
    QList<Installation> fleet;
    QSet<QString> names;
    map.each("hosts", Need::Required, [&](const YamlNode &node, const QString &path) {
        Installation installation;
        readInstallation(reader, node, path, installation);
        if (names.contains(installation.name))
            reader.refuse(node, path + QStringLiteral(".name"), ErrorCode::DuplicateHost, {installation.name});
        names.insert(installation.name);
        fleet.append(installation);
    });
    map.finish();
    if (!reader.hasFailed() && fleet.isEmpty())
        reader.refuse(*root->find(QStringLiteral("hosts")), QStringLiteral("hosts"), ErrorCode::FileEmpty, {name});
    if (!reader.hasFailed())
        refuseJumpCycles(reader, *root->find(QStringLiteral("hosts")), fleet);
    if (reader.hasFailed())
        return std::unexpected(reader.error());
    return fleet;
}

QByteArray writeFleet(const QList<Installation> &installations)
{
    YamlWriter yaml;
    yaml.beginList("hosts");
    QList<Installation> sorted = installations;
    std::sort(sorted.begin(), sorted.end(), [](const Installation &a, const Installation &b) { return a.name < b.name; });
    for (const Installation &installation : sorted)
        writeInstallation(yaml, installation);
    yaml.endList();
    return yaml.bytes();
}

} // namespace bellwether
