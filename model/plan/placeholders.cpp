#include "plan/placeholders.h"

#include <QRegularExpression>

namespace bellwether {

namespace {

const QRegularExpression &pattern()
{
    static const QRegularExpression expression(QStringLiteral("(?<!\\$)\\{([a-z][a-zA-Z0-9_.-]*)\\}"));
    return expression;
}

QStringList sudoWords(Sudo sudo)
{
    switch (sudo) {
    case Sudo::None:
        return {};
    case Sudo::NoPassword:
        return {QStringLiteral("sudo"), QStringLiteral("-n"), QStringLiteral("--")};
    case Sudo::Password:
        return {QStringLiteral("sudo"), QStringLiteral("-S"), QStringLiteral("--")};
    }
    return {};
}

bool isKnownLater(const QString &name)
{
    return name == QLatin1String("rollout") || name == QLatin1String("backup") || name == QLatin1String("confirmed-domain");
}

} // namespace

QStringList placeholdersIn(const QString &text)
{
    QStringList names;
    for (auto it = pattern().globalMatch(text); it.hasNext();)
        names.append(it.next().captured(1));
    return names;
}

bool isPlaceholder(const QString &name)
{
    static const QStringList known{QStringLiteral("name"), QStringLiteral("directory"), QStringLiteral("domain"), QStringLiteral("address"),
                                   QStringLiteral("from"), QStringLiteral("to"),        QStringLiteral("product")};
    return known.contains(name) || isKnownLater(name) || name.startsWith(QLatin1String("settings."));
}

bool wantsSudoPassword(const QStringList &command)
{
    return command.mid(0, 3) == sudoWords(Sudo::Password);
}

Placeholders::Placeholders(const ProductProfile &profile, const Installation &installation)
    : m_sudo(sudoWords(installation.sudo.value_or(Sudo::None)))
{
    QMap<QString, QString> settings = profile.settings;
    settings.insert(installation.settings);
    for (auto it = settings.cbegin(); it != settings.cend(); ++it)
        m_values.insert(QStringLiteral("settings.") + it.key(), it.value());
    m_values.insert(QStringLiteral("name"), installation.name);
    m_values.insert(QStringLiteral("directory"), installation.directory);
    m_values.insert(QStringLiteral("domain"), installation.domain);
    m_values.insert(QStringLiteral("address"), installation.endpoint.address);
    m_values.insert(QStringLiteral("product"), installation.product);
    m_values.removeIf([](const auto &entry) { return entry.value().isEmpty(); });
}

void Placeholders::setHop(const Version &from, const Version &to)
{
    m_values.insert(QStringLiteral("from"), from.toString());
    m_values.insert(QStringLiteral("to"), to.toString());
}

QString Placeholders::resolve(QString text)
{
    QString out;
    qsizetype from = 0;
    for (auto it = pattern().globalMatch(text); it.hasNext();) {
        const QRegularExpressionMatch m = it.next();
        out += QStringView(text).mid(from, m.capturedStart() - from);
        from = m.capturedEnd();
        const QString name = m.captured(1);
        const auto value = m_values.constFind(name);
        if (value != m_values.cend()) {
            out += *value; // not resolved again: a value is text, never a template
        } else {
            out += m.captured();
            if (!isKnownLater(name) && !m_unknown.contains(name))
                m_unknown.append(name);
        }
    }
    out += QStringView(text).mid(from);
    return out;
}

QStringList Placeholders::resolve(QStringList command)
{
    for (QString &word : command)
        word = resolve(word);
    // Here, so that the plan shows and its hash covers what will run.
    if (!command.isEmpty() && command.first() != QLatin1String("sudo"))
        command = m_sudo + command;
    return command;
}

Probe Placeholders::resolve(Probe probe)
{
    probe.argv = resolve(probe.argv);
    for (QString *text : {&probe.httpAddress, &probe.httpPort, &probe.httpPath, &probe.expect})
        *text = resolve(*text);
    return probe;
}

Probes Placeholders::resolve(Probes probes)
{
    for (Probe *probe : {&probes.version, &probes.health, &probes.ledger, &probes.backup, &probes.lastBackup, &probes.content, &probes.storage})
        *probe = resolve(*probe);
    return probes;
}

} // namespace bellwether
