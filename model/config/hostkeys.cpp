#include "config/hostkeys.h"

#include "config/grammar.h"
#include "config/yamlreader.h"

namespace bellwether {

namespace {

struct TextKey {
    const char *key;
    const TextRule *rule;
    bool mayBeEmpty;
    QString &(*of)(Installation &);
};

const TextKey textKeys[] = {
    {"address", &kAddress, false, [](Installation &i) -> QString & { return i.endpoint.address; }},
    {"user", &kUser, true, [](Installation &i) -> QString & { return i.endpoint.user; }},
    {"identity", &kIdentity, true, [](Installation &i) -> QString & { return i.endpoint.identity; }},
    {"jump", &kName, true, [](Installation &i) -> QString & { return i.endpoint.jump; }},
    {"product", &kSlug, true, [](Installation &i) -> QString & { return i.product; }},
    {"directory", &kPath, true, [](Installation &i) -> QString & { return i.directory; }},
    {"state", &kPath, true, [](Installation &i) -> QString & { return i.state; }},
    {"domain", &kDomain, true, [](Installation &i) -> QString & { return i.domain; }},
    {"window", &kLine, true, [](Installation &i) -> QString & { return i.window; }},
};

const QString labelPrefix = QStringLiteral("labels."), settingPrefix = QStringLiteral("settings.");

Status bad(const QString &key, const QString &text, const QString &allowed)
{
    return fail(ErrorCode::BadValue, {key, shownValue(text), allowed});
}

Status setPort(Installation &host, const QString &text)
{
    const bool plain = !text.isEmpty() && text.size() <= 5 && !text.startsWith(u'0')
        && std::all_of(text.cbegin(), text.cend(), [](QChar c) { return c >= u'0' && c <= u'9'; });
    if (!plain || text.toInt() > 65535)
        return bad(QStringLiteral("port"), text, QStringLiteral("from 1 to 65535"));
    host.endpoint.port = text.toInt();
    return {};
}

Status setCertificate(Installation &host, const QString &text)
{
    if (!text.isEmpty() && !kKeyFile.accepts(text))
        return bad(QStringLiteral("certificate"), text, QString::fromLatin1(kKeyFile.allowed));
    host.endpoint.certificate = text.isEmpty() ? std::nullopt : std::optional(text);
    return {};
}

Status setSudo(Installation &host, const QString &text)
{
    Sudo sudo = Sudo::None;
    if (!text.isEmpty() && !enumFrom(text, sudo))
        return bad(QStringLiteral("sudo"), text, enumChoices(SudoNames, std::size(SudoNames)));
    host.sudo = sudo == Sudo::None ? std::nullopt : std::optional(sudo);
    return {};
}

Status setCompression(Installation &host, const QString &text)
{
    if (!text.isEmpty() && text != QLatin1String("true") && text != QLatin1String("false"))
        return bad(QStringLiteral("compression"), text, QStringLiteral("true or false"));
    host.endpoint.compression = text == QLatin1String("true") ? std::optional(true) : std::nullopt;
    return {};
}

Status setGroups(Installation &host, const QString &text)
{
    QStringList groups;
    for (const QString &part : text.split(u',', Qt::SkipEmptyParts)) {
        const QString group = part.trimmed();
        if (!kName.accepts(group))
            return bad(QStringLiteral("groups"), group, QString::fromLatin1(kName.allowed));
        if (!groups.contains(group))
            groups.append(group);
    }
    host.groups = groups;
    return {};
}

Status setIn(QMap<QString, QString> &map, const QString &name, const QString &key, const QString &text)
{
    if (!kName.accepts(name))
        return bad(key, name, QString::fromLatin1(kName.allowed));
    if (!kLine.accepts(text))
        return bad(key, text, QString::fromLatin1(kLine.allowed));
    if (text.isEmpty())
        map.remove(name);
    else
        map.insert(name, text);
    return {};
}

} // namespace

const QStringList &plainHostKeys()
{
    static const QStringList keys{QStringLiteral("address"), QStringLiteral("port"), QStringLiteral("user"), QStringLiteral("identity"),
                                  QStringLiteral("certificate"), QStringLiteral("jump"), QStringLiteral("groups"), QStringLiteral("environment"), QStringLiteral("product"),
                                  QStringLiteral("directory"), QStringLiteral("state"), QStringLiteral("domain"), QStringLiteral("window"), QStringLiteral("sudo"), QStringLiteral("compression")};
    return keys;
}

QStringList statedHostKeys(const Installation &host)
{
    QStringList keys;
    for (const QString &key : plainHostKeys())
        if (!hostKeyText(host, key).isEmpty())
            keys.append(key);
    for (auto it = host.labels.keyBegin(); it != host.labels.keyEnd(); ++it)
        keys.append(labelPrefix + *it);
    for (auto it = host.settings.keyBegin(); it != host.settings.keyEnd(); ++it)
        keys.append(settingPrefix + *it);
    return keys;
}

QString hostKeyText(const Installation &host, const QString &key)
{
    if (key == QLatin1String("port"))
        return QString::number(host.endpoint.port);
    if (key == QLatin1String("groups"))
        return host.groups.join(u',');
    if (key == QLatin1String("environment"))
        return nameOf(host.environment);
    if (key == QLatin1String("certificate"))
        return host.endpoint.certificate.value_or(QString());
    if (key == QLatin1String("compression"))
        return host.endpoint.compression.value_or(false) ? QStringLiteral("true") : QString();
    if (key == QLatin1String("sudo"))
        return host.sudo ? nameOf(*host.sudo) : QString();
    if (key.startsWith(labelPrefix))
        return host.labels.value(key.mid(labelPrefix.size()));
    if (key.startsWith(settingPrefix))
        return host.settings.value(key.mid(settingPrefix.size()));
    for (const TextKey &text : textKeys)
        if (key == QLatin1String(text.key))
            return text.of(const_cast<Installation &>(host)); // read only
    return {};
}

Status setHostKey(Installation &host, const QString &key, const QString &text)
{
    if (key == QLatin1String("port"))
        return setPort(host, text);
    if (key == QLatin1String("groups"))
        return setGroups(host, text);
    if (key == QLatin1String("environment"))
        return enumFrom(text, host.environment) ? Status() : bad(key, text, QStringLiteral("production, staging, development"));
    if (key == QLatin1String("certificate"))
        return setCertificate(host, text);
    if (key == QLatin1String("compression"))
        return setCompression(host, text);
    if (key == QLatin1String("sudo"))
        return setSudo(host, text);
    if (key.startsWith(labelPrefix))
        return setIn(host.labels, key.mid(labelPrefix.size()), key, text);
    if (key.startsWith(settingPrefix))
        return setIn(host.settings, key.mid(settingPrefix.size()), key, text);
    for (const TextKey &known : textKeys) {
        if (key != QLatin1String(known.key))
            continue;
        if (!(known.mayBeEmpty && text.isEmpty()) && !known.rule->accepts(text))
            return bad(key, text, QString::fromLatin1(known.rule->allowed));
        known.of(host) = text;
        return {};
    }
    return fail(ErrorCode::UnknownKey, {shownValue(key), plainHostKeys().join(QStringLiteral(", ")) + QStringLiteral(", labels.KEY, settings.KEY")});
}

} // namespace bellwether
