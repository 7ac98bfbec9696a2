// Measure, then plan: the facts a plan rests on are never older than the plan.
#include "headless/context.h"

#include "plan/planner.h"
#include "text/errortext.h"
#include "text/format.h"

#include <QDateTime>
#include <QFileInfo>

namespace bellwether {

namespace {

Result<Strategy> strategyFor(const Library &library, const QString &name)
{
    if (const auto it = library.strategies.constFind(name); it != library.strategies.cend())
        return *it;
    if (!name.contains(u'/') && !name.endsWith(QLatin1String(".yaml")) && !name.endsWith(QLatin1String(".yml")))
        return fail(ErrorCode::UnknownStrategy, {name});
    const auto text = readFileBounded(name);
    if (!text)
        return std::unexpected(text.error());
    return parseStrategy(*text, name);
}

Status measure(Context &context, const QList<Installation> &hosts)
{
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    QJsonArray names;
    for (const Installation &host : hosts)
        names.append(host.name);
    context.out.progress(QStringLiteral("measuring %1 …").arg(hostsText(static_cast<int>(hosts.size()))));
    const auto reply = (*link)->ask(context.request(QStringLiteral("check"), {{QStringLiteral("hosts"), names}}));
    if (!reply)
        return std::unexpected(reply.error());
    return {};
}

QStringList commandsOf(const PlanHost &host)
{
    QStringList commands;
    for (const Hop &hop : host.hops) {
        for (const Step &step : hop.steps)
            commands.append(step.displayText());
    }
    return commands;
}

QJsonObject planJson(const Plan &plan, const QString &file)
{
    QJsonArray refusals, warnings, waves, hosts;
    for (const Finding &finding : plan.findings) {
        const QJsonObject json{{QStringLiteral("rule"), finding.rule}, {QStringLiteral("host"), finding.host},
                               {QStringLiteral("message"), finding.message}, {QStringLiteral("remedy"), finding.remedy}};
        (finding.refusal ? refusals : warnings).append(json);
    }
    for (const PlanWave &wave : plan.waves)
        waves.append(QJsonObject{{QStringLiteral("name"), wave.name}, {QStringLiteral("hosts"), QJsonArray::fromStringList(wave.hosts)}});
    for (const PlanHost &host : plan.hosts) {
        QJsonArray hops;
        for (const Hop &hop : host.hops)
            hops.append(hop.to.toString());
        hosts.append(QJsonObject{{QStringLiteral("name"), host.installation.name}, {QStringLiteral("from"), host.from.toString()},
                                 {QStringLiteral("hops"), hops}, {QStringLiteral("estimate_s"), host.estimateS},
                                 {QStringLiteral("way_back"), host.wayBack}, {QStringLiteral("way_back_reason"), host.wayBackReason},
                                 {QStringLiteral("commands"), QJsonArray::fromStringList(commandsOf(host))},
                                 {QStringLiteral("unknowns"), QJsonArray::fromStringList(host.unknowns)}});
    }
    return {{QStringLiteral("plan"), file.isEmpty() ? QJsonValue() : QJsonValue(file)}, {QStringLiteral("hash"), planHash(plan)},
            {QStringLiteral("product"), plan.product}, {QStringLiteral("to"), plan.to.toString()},
            {QStringLiteral("strategy"), plan.strategy.name}, {QStringLiteral("accepted"), plan.isAccepted()},
            {QStringLiteral("refusals"), refusals}, {QStringLiteral("warnings"), warnings}, {QStringLiteral("waves"), waves},
            {QStringLiteral("hosts"), hosts}, {QStringLiteral("already_there"), QJsonArray::fromStringList(plan.alreadyThere)}};
}

void printPlan(Terminal &out, const Plan &plan)
{
    out.line(QStringLiteral("%1 to %2, strategy %3, plan %4").arg(printable(plan.productName.isEmpty() ? plan.product : plan.productName),
                                                                  plan.to.toString(), printable(plan.strategy.name), shortHash(planHash(plan))));
    QList<QStringList> rows;
    for (const PlanWave &wave : plan.waves) {
        for (const QString &name : wave.hosts) {
            const PlanHost *host = plan.host(name);
            if (!host)
                continue;
            QStringList hops{host->from.toString()};
            for (const Hop &hop : host->hops)
                hops.append(hop.to.toString());
            rows.append({wave.name, name, hops.join(QStringLiteral(" → ")), host->estimateS > 0 ? durationText(qint64(host->estimateS) * 1000) : unknownText(),
                         host->wayBack, host->unknowns.join(QStringLiteral("; "))});
        }
    }
    if (!rows.isEmpty())
        out.table({QStringLiteral("WAVE"), QStringLiteral("HOST"), QStringLiteral("VERSIONS"), QStringLiteral("ESTIMATE"), QStringLiteral("WAY BACK"), QStringLiteral("UNKNOWN")}, rows);
    if (!plan.alreadyThere.isEmpty())
        out.line(QStringLiteral("already there: %1").arg(printable(plan.alreadyThere.join(QStringLiteral(", ")))));
    for (const ReleaseNotes &notes : plan.notes) {
        for (const QString &attention : notes.attention)
            out.line(QStringLiteral("%1: %2").arg(notes.version.toString(), printable(attention)));
    }
    for (const Finding &finding : plan.findings) {
        out.line(QStringLiteral("%1 %2%3%4").arg(finding.refusal ? QStringLiteral("REFUSED") : QStringLiteral("note"),
                                                 finding.host.isEmpty() ? QString() : printable(finding.host) + QStringLiteral(": "), printable(finding.message),
                                                 finding.remedy.isEmpty() ? QString() : QStringLiteral(" – ") + printable(finding.remedy)));
    }
}

Error refusalOf(const Plan &plan)
{
    QStringList messages;
    for (const Finding &finding : plan.findings) {
        if (finding.refusal)
            messages.append(finding.host.isEmpty() ? finding.message : finding.host + QStringLiteral(": ") + finding.message);
    }
    return Error{ErrorCode::PlanRefused, {QString::number(messages.size()), messages.value(0)}, {}, nullptr};
}

} // namespace

Result<int> planCommand(Context &context)
{
    const QString product = context.in.value(QStringLiteral("product"));
    if (product.isEmpty() || !context.in.has(QStringLiteral("to")))
        return usage(QStringLiteral("\"plan\" needs --product P and --to V"));
    const auto to = Version::parse(context.in.value(QStringLiteral("to")));
    if (!to)
        return std::unexpected(to.error());
    auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const std::shared_ptr<const Library> library = view->workspace().library;
    const auto profile = library->profiles.constFind(product);
    if (profile == library->profiles.cend())
        return fail(ErrorCode::UnknownProduct, {product});
    const Catalogue catalogue = library->catalogues.value(product);
    if (!catalogue.find(*to))
        return fail(ErrorCode::UnknownRelease, {product, to->toString()});
    const auto strategy = strategyFor(*library, context.in.value(QStringLiteral("strategy"), QStringLiteral("standard")));
    if (!strategy)
        return std::unexpected(strategy.error());
    const QString file = context.in.value(QStringLiteral("out"));
    if (!file.isEmpty() && (QFileInfo(file).isDir() || QFileInfo(file).isSymLink()))
        return fail(ErrorCode::FileUnwritable, {file, QFileInfo(file).isDir() ? QStringLiteral("it is a folder") : QStringLiteral("it is a symbolic link")});
    auto chosen = chosenHosts(context, view->workspace());
    if (!chosen)
        return std::unexpected(chosen.error());
    chosen->removeIf([&](const Installation &host) { return host.product != product; });
    if (chosen->isEmpty())
        return usage(QStringLiteral("No host of %1 is chosen; see \"bellwether fleet list\"").arg(product));
    if (!context.readOnly) {
        if (const Status measured = measure(context, *chosen); !measured)
            return std::unexpected(measured.error());
        if (const auto fresh = view->refresh(); !fresh)
            return std::unexpected(fresh.error());
    }
    PlanRequest request;
    request.profile = &*profile;
    request.catalogue = &catalogue;
    request.strategy = *strategy;
    request.to = *to;
    request.hosts = *chosen;
    request.author = context.actor;
    request.createdMs = QDateTime::currentMSecsSinceEpoch();
    for (const Installation &host : *chosen) {
        if (view->workspace().facts.contains(host.name))
            request.facts.insert(host.name, view->workspace().facts.value(host.name));
        if (const QString holder = view->workspace().holderOf(host.name); !holder.isEmpty())
            request.heldBy.insert(host.name, holder);
    }
    const Plan plan = makePlan(request);
    const bool write = plan.isAccepted() && !file.isEmpty();
    if (write) {
        if (const Status written = writeFile(file, writePlan(plan)); !written)
            return std::unexpected(written.error());
    }
    if (context.json())
        context.out.json(planJson(plan, write ? file : QString()));
    else
        printPlan(context.out, plan);
    if (!plan.isAccepted())
        return std::unexpected(refusalOf(plan));
    if (write && !context.json())
        context.out.line(QStringLiteral("written to %1; carry it out with: bellwether run %1 --yes").arg(printable(file)));
    return 0;
}

} // namespace bellwether
