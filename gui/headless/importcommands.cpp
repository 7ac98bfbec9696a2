// Inventories from elsewhere: shown as a difference, taken, and taken back.
#include "headless/context.h"

#include "config/inventorydiff.h"
#include "text/errortext.h"
#include "text/format.h"

#include <QFileInfo>

namespace bellwether {

namespace {

Result<std::optional<ImportFormat>> formatAskedFor(const Context &context)
{
    const QString name = context.in.value(QStringLiteral("format"), QStringLiteral("auto"));
    ImportFormat format{};
    if (name == QLatin1String("auto"))
        return std::nullopt;
    if (!enumFrom(name, format))
        return usage(QStringLiteral("--format must be auto, fleet, ssh-config, ansible or csv, not \"%1\"").arg(name));
    return format;
}

QJsonObject differenceJson(const InventoryDifference &difference, const QList<Import> &imports, bool dry)
{
    QJsonArray added, replaced, changed, formats;
    for (const Installation &host : difference.added)
        added.append(host.name);
    for (const HostChange &change : difference.changed) {
        QJsonObject keys;
        for (const KeyChange &key : change.keys)
            keys.insert(key.key, QJsonObject{{QStringLiteral("from"), key.before}, {QStringLiteral("to"), key.after}});
        replaced.append(change.host.name);
        changed.append(QJsonObject{{QStringLiteral("name"), change.host.name}, {QStringLiteral("keys"), keys}});
    }
    for (const Import &import : imports)
        formats.append(QJsonObject{{QStringLiteral("file"), import.source}, {QStringLiteral("format"), nameOf(import.format)}});
    return {{QStringLiteral("dry_run"), dry}, {QStringLiteral("files"), formats}, {QStringLiteral("added"), added},
            {QStringLiteral("replaced"), replaced}, {QStringLiteral("changed"), changed},
            {QStringLiteral("unchanged"), difference.unchanged.size()}, {QStringLiteral("skipped"), valueToJson(difference.skipped)}};
}

void printDifference(Context &context, const InventoryDifference &difference, const QList<Import> &imports, bool dry)
{
    for (const Import &import : imports)
        context.out.progress(QStringLiteral("%1: read as %2").arg(printable(import.source), nameOf(import.format)));
    for (const Installation &host : difference.added)
        context.out.line(QStringLiteral("+ %1  %2").arg(host.name, host.endpoint.machine()));
    for (const HostChange &change : difference.changed)
        for (const KeyChange &key : change.keys)
            context.out.line(QStringLiteral("~ %1  %2: %3 -> %4").arg(change.host.name, key.key, key.before.isEmpty() ? QStringLiteral("(none)") : printable(key.before, 120),
                                                                      key.after.isEmpty() ? QStringLiteral("(none)") : printable(key.after, 120)));
    for (const Skipped &skipped : difference.skipped)
        context.out.line(QStringLiteral("! %1: %2: %3").arg(printable(skipped.where), printable(skipped.what), printable(skipped.why)));
    context.out.line(QStringLiteral("%1%2 added, %3 changed, %4 unchanged, %5 skipped").arg(dry ? QStringLiteral("Would be: ") : QString())
                         .arg(difference.added.size()).arg(difference.changed.size()).arg(difference.unchanged.size()).arg(difference.skipped.size()));
}

} // namespace

Result<int> fleetImport(Context &context)
{
    const auto format = formatAskedFor(context);
    if (!format)
        return std::unexpected(format.error());
    const auto imports = importPaths(context.in.positionals, *format, DiskFiles());
    if (!imports)
        return std::unexpected(imports.error());
    InventoryDifference difference;
    qint64 seen = 0;
    {
        const auto view = context.view();
        if (!view)
            return std::unexpected(view.error());
        seen = view->workspace().newestChange();
        difference = differenceOf(view->workspace().inventory, *imports);
    }
    const bool dry = context.in.has(QStringLiteral("dry-run"));
    if (!dry && !difference.isEmpty()) {
        auto link = context.link();
        if (!link)
            return std::unexpected(link.error());
        QStringList names;
        for (const QString &file : context.in.positionals)
            names.append(QFileInfo(file).fileName());
        const auto reply = (*link)->ask(context.request(QStringLiteral("fleet-import"),
            {{QStringLiteral("source"), names.join(QStringLiteral(", "))}, {QStringLiteral("installations"), valueToJson(difference.toTake())}, {QStringLiteral("expect"), seen}}));
        if (!reply)
            return std::unexpected(reply.error());
    }
    if (context.json())
        context.out.json(differenceJson(difference, *imports, dry));
    else
        printDifference(context, difference, *imports, dry);
    return 0;
}

Result<int> fleetUndo(Context &context)
{
    FleetChange change;
    {
        const auto view = context.view();
        if (!view)
            return std::unexpected(view.error());
        if (view->workspace().undo.isEmpty())
            return fail(ErrorCode::NotAllowed, {QStringLiteral("fleet undo"), QStringLiteral("no change of the fleet is left to take back")});
        change = view->workspace().undo.last();
    }
    QStringList back;
    for (const Installation &host : std::as_const(change.before))
        back.append(host.name);
    const bool dry = context.in.has(QStringLiteral("dry-run"));
    if (!dry) {
        auto link = context.link();
        if (!link)
            return std::unexpected(link.error());
        const auto reply = (*link)->ask(context.request(QStringLiteral("fleet-undo"), {{QStringLiteral("expect"), change.seq}}));
        if (!reply)
            return std::unexpected(reply.error());
    }
    if (context.json()) {
        context.out.json({{QStringLiteral("dry_run"), dry}, {QStringLiteral("source"), change.source},
                          {QStringLiteral("removed"), QJsonArray::fromStringList(change.added)}, {QStringLiteral("put_back"), QJsonArray::fromStringList(back)}});
        return 0;
    }
    for (const QString &name : std::as_const(change.added))
        context.out.line(QStringLiteral("- %1").arg(name));
    for (const QString &name : std::as_const(back))
        context.out.line(QStringLiteral("< %1").arg(name));
    context.out.line(QStringLiteral("%1%2: %3 removed, %4 put back").arg(dry ? QStringLiteral("Would undo ") : QStringLiteral("Undone: "),
        change.source.isEmpty() ? QStringLiteral("a removal") : printable(change.source)).arg(change.added.size()).arg(back.size()));
    return 0;
}

} // namespace bellwether
