#include "headless/context.h"

#include "text/errortext.h"
#include "text/format.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QSet>

namespace bellwether {

namespace {

QStringList hostRow(const Installation &i, const HostFacts &f)
{
    const bool measured = f.measuredMs > 0;
    return {i.name, i.endpoint.machine(), i.product, f.version ? f.version->toString() : QStringLiteral("?"),
            !measured ? QStringLiteral("not measured") : f.reachable ? nameOf(f.health) : QStringLiteral("unreachable"),
            bytesText(f.diskFree), bytesText(f.databaseSize),
            f.ledger ? f.ledger->halfMigrated.isEmpty() ? QString::number(f.ledger->applied.size())
                                                        : QStringLiteral("half-migrated: %1").arg(f.ledger->halfMigrated)
                     : QStringLiteral("?"),
            f.error.isEmpty() ? f.problems.join(QStringLiteral("; ")) : errorText(f.error, f.errorArgs)};
}

void printHosts(Context &context, const QList<Installation> &hosts, const Workspace &workspace)
{
    QJsonArray array;
    QList<QStringList> rows;
    for (const Installation &host : hosts) {
        const HostFacts facts = workspace.facts.value(host.name);
        array.append(hostJson(host, workspace));
        rows.append(hostRow(host, facts));
    }
    if (context.json())
        context.out.json({{QStringLiteral("hosts"), array}});
    else if (rows.isEmpty())
        context.out.line(workspace.inventory.installations.isEmpty() ? QStringLiteral("No hosts yet. Begin with \"bellwether fleet import FILE\" or \"bellwether demo up\".")
                                                                     : QStringLiteral("No host matches."));
    else
        context.out.table({QStringLiteral("HOST"), QStringLiteral("MACHINE"), QStringLiteral("PRODUCT"), QStringLiteral("VERSION"),
                           QStringLiteral("HEALTH"), QStringLiteral("DISK FREE"), QStringLiteral("DATABASE"), QStringLiteral("MIGRATIONS"), QStringLiteral("REMARK")},
                          rows);
}

Result<QList<Installation>> readFleets(const QStringList &files)
{
    QList<Installation> all;
    QSet<QString> names;
    for (const QString &file : files) {
        const auto text = readFileBounded(file);
        if (!text)
            return std::unexpected(text.error());
        const auto fleet = parseFleet(*text, file);
        if (!fleet)
            return std::unexpected(fleet.error());
        for (const Installation &installation : *fleet) {
            if (names.contains(installation.name))
                return fail(ErrorCode::DuplicateHost, {installation.name}, {file, 0, 0, {}});
            names.insert(installation.name);
            all.append(installation);
        }
    }
    return all;
}

// The keys of a fleet file, so that there is one grammar and one set of rules.
Status setKey(Installation &i, const QString &key, const QString &value)
{
    const QStringList words = value.split(u',', Qt::SkipEmptyParts);
    if (key == QLatin1String("address")) i.endpoint.address = value;
    else if (key == QLatin1String("user")) i.endpoint.user = value;
    else if (key == QLatin1String("identity")) i.endpoint.identity = value;
    else if (key == QLatin1String("jump")) i.endpoint.jump = value;
    else if (key == QLatin1String("product")) i.product = value;
    else if (key == QLatin1String("directory")) i.directory = value;
    else if (key == QLatin1String("state")) i.state = value;
    else if (key == QLatin1String("domain")) i.domain = value;
    else if (key == QLatin1String("window")) i.window = value;
    else if (key == QLatin1String("groups")) i.groups = words;
    else if (key == QLatin1String("port")) {
        bool ok = false;
        i.endpoint.port = value.toInt(&ok);
        if (!ok || i.endpoint.port < 1 || i.endpoint.port > 65535)
            return fail(ErrorCode::BadValue, {key, value, QStringLiteral("1 to 65535")});
    } else if (key == QLatin1String("environment")) {
        if (!enumFrom(value, i.environment))
            return fail(ErrorCode::BadValue, {key, value, QStringLiteral("production, staging, development")});
    } else if (key.startsWith(QLatin1String("labels.")) && key.size() > 7) {
        if (value.isEmpty()) i.labels.remove(key.mid(7));
        else i.labels.insert(key.mid(7), value);
    } else if (key.startsWith(QLatin1String("settings.")) && key.size() > 9) {
        if (value.isEmpty()) i.settings.remove(key.mid(9));
        else i.settings.insert(key.mid(9), value);
    } else {
        return fail(ErrorCode::UnknownKey, {key, QStringLiteral("address, port, user, identity, jump, groups, environment, product, directory, state, "
                                                                "domain, window, labels.KEY, settings.KEY")});
    }
    return {};
}

QJsonArray toJsonArray(const QList<Installation> &installations)
{
    return valueToJson(installations).toArray();
}

} // namespace

Result<int> fleetImport(Context &context)
{
    const QString format = context.in.value(QStringLiteral("format"), QStringLiteral("auto"));
    if (QStringList{QStringLiteral("ssh-config"), QStringLiteral("ansible"), QStringLiteral("csv")}.contains(format))
        return usage(QStringLiteral("--format %1 is not in this version; write a fleet file").arg(format));
    if (format != QLatin1String("auto") && format != QLatin1String("fleet"))
        return usage(QStringLiteral("--format must be auto or fleet, not \"%1\"").arg(format));
    const auto fleet = readFleets(context.in.positionals);
    if (!fleet)
        return std::unexpected(fleet.error());
    QStringList added, replaced, unchanged;
    {
        const auto view = context.view();
        if (!view)
            return std::unexpected(view.error());
        for (const Installation &installation : *fleet) {
            const Installation *known = view->workspace().inventory.find(installation.name);
            (!known ? added : *known == installation ? unchanged : replaced).append(installation.name);
        }
    }
    const bool dry = context.in.has(QStringLiteral("dry-run"));
    if (!dry && added.size() + replaced.size() > 0) {
        auto link = context.link();
        if (!link)
            return std::unexpected(link.error());
        QStringList names;
        for (const QString &file : context.in.positionals)
            names.append(QFileInfo(file).fileName());
        const auto reply = (*link)->ask(context.request(QStringLiteral("fleet-import"),
            {{QStringLiteral("source"), names.join(QStringLiteral(", "))}, {QStringLiteral("installations"), toJsonArray(*fleet)}}));
        if (!reply)
            return std::unexpected(reply.error());
    }
    if (context.json()) {
        context.out.json({{QStringLiteral("dry_run"), dry}, {QStringLiteral("added"), QJsonArray::fromStringList(added)},
                          {QStringLiteral("replaced"), QJsonArray::fromStringList(replaced)},
                          {QStringLiteral("unchanged"), QJsonArray::fromStringList(unchanged)}});
    } else {
        context.out.line(QStringLiteral("%1%2 added, %3 replaced, %4 unchanged").arg(dry ? QStringLiteral("Would be: ") : QString())
                             .arg(added.size()).arg(replaced.size()).arg(unchanged.size()));
    }
    return 0;
}

Result<int> fleetList(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto hosts = chosenHosts(context, view->workspace());
    if (!hosts)
        return std::unexpected(hosts.error());
    printHosts(context, *hosts, view->workspace());
    return 0;
}

Result<int> fleetExport(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto &installations = view->workspace().inventory.installations;
    if (const Status written = writeFile(context.in.positionals.first(), writeFleet(installations)); !written)
        return std::unexpected(written.error());
    context.out.line(QStringLiteral("%1 written to %2").arg(hostsText(static_cast<int>(installations.size())), printable(context.in.positionals.first())));
    return 0;
}

Result<int> fleetCheck(Context &context)
{
    auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto hosts = chosenHosts(context, view->workspace());
    if (!hosts)
        return std::unexpected(hosts.error());
    if (!hosts->isEmpty()) {
        auto link = context.link();
        if (!link)
            return std::unexpected(link.error());
        QStringList names;
        for (const Installation &host : *hosts)
            names.append(host.name);
        context.out.progress(QStringLiteral("measuring %1 …").arg(hostsText(static_cast<int>(names.size()))));
        const auto reply = (*link)->ask(context.request(QStringLiteral("check"), {{QStringLiteral("hosts"), QJsonArray::fromStringList(names)}}));
        if (!reply)
            return std::unexpected(reply.error());
    }
    if (const auto fresh = view->refresh(); !fresh)
        return std::unexpected(fresh.error());
    printHosts(context, *hosts, view->workspace());
    for (const Installation &host : *hosts) {
        if (!view->workspace().facts.value(host.name).reachable)
            return 9;
    }
    return 0;
}

Result<int> fleetSet(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const QString name = context.in.positionals.first();
    const Installation *known = view->workspace().inventory.find(name);
    if (!known)
        return fail(ErrorCode::UnknownHost, {name});
    Installation changed = *known;
    for (const QString &pair : context.in.positionals.mid(1)) {
        const qsizetype equals = pair.indexOf(u'=');
        if (equals < 1)
            return usage(QStringLiteral("\"%1\" is not KEY=VALUE").arg(pair));
        if (const Status set = setKey(changed, pair.left(equals), pair.mid(equals + 1)); !set)
            return std::unexpected(set.error());
    }
    const auto checked = parseFleet(writeFleet({changed}), QStringLiteral("fleet set"));
    if (!checked) { // the place in a file that never was says nothing to anybody
        Error error = checked.error();
        error.place = {};
        return std::unexpected(error);
    }
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    const auto reply = (*link)->ask(context.request(QStringLiteral("fleet-import"),
        {{QStringLiteral("source"), QStringLiteral("fleet set")}, {QStringLiteral("installations"), toJsonArray(*checked)}}));
    if (!reply)
        return std::unexpected(reply.error());
    context.out.line(QStringLiteral("%1 changed").arg(name));
    return 0;
}

Result<int> fleetRemove(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    for (const QString &name : context.in.positionals) {
        if (!view->workspace().inventory.find(name))
            return fail(ErrorCode::UnknownHost, {name});
        if (const QString holder = view->workspace().holderOf(name); !holder.isEmpty())
            return fail(ErrorCode::HostInOtherRollout, {name, holder});
    }
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    const auto reply = (*link)->ask(context.request(QStringLiteral("fleet-remove"),
        {{QStringLiteral("hosts"), QJsonArray::fromStringList(context.in.positionals)},
         {QStringLiteral("reason"), context.in.value(QStringLiteral("reason"))}}));
    if (!reply)
        return std::unexpected(reply.error());
    context.out.line(QStringLiteral("%1 removed").arg(hostsText(static_cast<int>(context.in.positionals.size()))));
    return 0;
}

} // namespace bellwether
