#include "headless/context.h"

#include "config/hostkeys.h"
#include "text/errortext.h"
#include "text/format.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QSet>

namespace bellwether {

namespace {

QString remark(const HostFacts &f)
{
    QStringList texts;
    if (f.certificate && f.certificate->untilMs > 0) { // first: a table cuts what is long
        const bool expired = f.certificate->untilMs <= QDateTime::currentMSecsSinceEpoch();
        texts.append((expired ? QStringLiteral("its certificate expired on %1") : QStringLiteral("certificate until %1")).arg(utcText(f.certificate->untilMs)));
    }
    texts += f.error.isEmpty() ? f.problems : QStringList(errorText(f.error, f.errorArgs));
    return texts.join(QStringLiteral("; "));
}

QStringList hostRow(const Installation &i, const HostFacts &f)
{
    const bool measured = f.measuredMs > 0;
    return {i.name, i.endpoint.machine(), i.product, f.version ? f.version->toString() : QStringLiteral("?"),
            !measured ? QStringLiteral("not measured") : f.reachable ? nameOf(f.health) : QStringLiteral("unreachable"),
            bytesText(f.diskFree), bytesText(f.databaseSize),
            f.ledger ? f.ledger->halfMigrated.isEmpty() ? QString::number(f.ledger->applied.size())
                                                        : QStringLiteral("half-migrated: %1").arg(f.ledger->halfMigrated)
                     : QStringLiteral("?"),
            remark(f)};
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

} // namespace

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

namespace {

Result<Installation> withKeysSet(const Context &context, const Inventory &inventory)
{
    const QString name = context.in.positionals.first();
    const Installation *known = inventory.find(name);
    if (!known)
        return fail(ErrorCode::UnknownHost, {name});
    Installation changed = *known;
    for (const QString &pair : context.in.positionals.mid(1)) {
        const qsizetype equals = pair.indexOf(u'=');
        if (equals < 1)
            return usage(QStringLiteral("\"%1\" is not KEY=VALUE").arg(pair));
        if (const Status set = setHostKey(changed, pair.left(equals), pair.mid(equals + 1)); !set)
            return std::unexpected(set.error());
    }
    return changed;
}

} // namespace

Result<int> fleetSet(Context &context)
{
    auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    if (const auto changed = withKeysSet(context, view->workspace().inventory); !changed)
        return std::unexpected(changed.error());
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    // Only these keys are meant: where the fleet was changed meanwhile, they are set on what is there by then.
    for (;;) {
        if (const auto fresh = view->refresh(); !fresh)
            return std::unexpected(fresh.error());
        const auto changed = withKeysSet(context, view->workspace().inventory);
        if (!changed)
            return std::unexpected(changed.error());
        const qint64 seen = view->workspace().newestChange();
        const auto reply = (*link)->ask(context.request(QStringLiteral("fleet-import"),
            {{QStringLiteral("source"), QStringLiteral("fleet set")}, {QStringLiteral("installations"), QJsonArray{toJson(*changed)}}, {QStringLiteral("expect"), seen}}));
        if (reply)
            break;
        const auto later = view->refresh();
        if (reply.error().code != ErrorCode::NotAllowed || !later || view->workspace().newestChange() == seen)
            return std::unexpected(reply.error());
    }
    context.out.line(QStringLiteral("%1 changed").arg(context.in.positionals.first()));
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
