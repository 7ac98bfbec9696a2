#include "headless/context.h"

#include "text/errortext.h"

namespace bellwether {

namespace {

Result<int> number(const Context &context, const QString &option, int otherwise, int least, int most)
{
    if (!context.in.has(option))
        return otherwise;
    bool ok = false;
    const int value = context.in.value(option).toInt(&ok);
    if (!ok || value < least || value > most)
        return usage(QStringLiteral("--%1 must be a number from %2 to %3, not \"%4\"").arg(option).arg(least).arg(most).arg(context.in.value(option)));
    return value;
}

Status record(Context &context, const DemoFleetInfo &fleet)
{
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    QList<Installation> installations;
    for (const DemoHost &host : fleet.hosts)
        installations.append(host.installation);
    const auto imported = (*link)->ask(context.request(QStringLiteral("fleet-import"),
        {{QStringLiteral("source"), QStringLiteral("demo")}, {QStringLiteral("installations"), valueToJson(installations)}}));
    if (!imported)
        return std::unexpected(imported.error());
    for (const DemoHost &host : fleet.hosts) { // we generated these keys ourselves a moment ago
        const auto trusted = (*link)->ask(context.request(QStringLiteral("trust"),
            {{QStringLiteral("host"), host.installation.name}, {QStringLiteral("fingerprint"), host.fingerprint},
             {QStringLiteral("key_type"), host.keyType}, {QStringLiteral("source"), QStringLiteral("demo")},
             {QStringLiteral("reason"), QStringLiteral("demo fleet")}}));
        if (!trusted)
            return std::unexpected(trusted.error());
    }
    return {};
}

void print(Terminal &out, const DemoFleetInfo &fleet)
{
    QList<QStringList> rows;
    for (const DemoHost &host : fleet.hosts)
        rows.append({host.installation.name, host.installation.endpoint.machine(), host.installation.domain,
                     host.sshdPid > 0 ? QStringLiteral("running, pid %1").arg(host.sshdPid) : QStringLiteral("stopped"),
                     host.version.isEmpty() ? QStringLiteral("stopped") : host.version});
    out.table({QStringLiteral("HOST"), QStringLiteral("MACHINE"), QStringLiteral("DOMAIN"), QStringLiteral("SSHD"), QStringLiteral("PRODUCT")}, rows);
}

} // namespace

Result<int> demoUp(Context &context)
{
    const auto hosts = number(context, QStringLiteral("hosts"), 6, 1, 250);
    if (!hosts)
        return std::unexpected(hosts.error());
    const auto port = number(context, QStringLiteral("port"), 0, 1, 65535);
    if (!port)
        return std::unexpected(port.error());
    if (context.readOnly)
        return fail(ErrorCode::NotAllowed, {QStringLiteral("demo up"), QStringLiteral("this console was started with --read-only")});
    const auto fleet = context.services.demoUp(context.dataFolder, *hosts, *port, context.in.value(QStringLiteral("network")), [&](const QString &text) { context.out.progress(text); });
    if (!fleet)
        return std::unexpected(fleet.error());
    if (const Status recorded = record(context, *fleet); !recorded)
        return std::unexpected(recorded.error());
    print(context.out, *fleet);
    context.out.line(QStringLiteral("fleet file: %1").arg(printable(fleet->fleetFile)));
    return 0;
}

Result<int> demoDown(Context &context)
{
    const auto ended = context.services.demoDown(context.dataFolder);
    if (!ended)
        return std::unexpected(ended.error());
    for (const QString &text : *ended)
        context.out.line(printable(text));
    if (ended->isEmpty())
        context.out.line(QStringLiteral("No demo fleet was running."));
    return 0;
}

Result<int> demoStatus(Context &context)
{
    const auto fleet = context.services.demoStatus(context.dataFolder);
    if (!fleet)
        return std::unexpected(fleet.error());
    if (fleet->hosts.isEmpty())
        context.out.line(QStringLiteral("There is no demo fleet. \"bellwether demo up\" starts one."));
    else
        print(context.out, *fleet);
    return 0;
}

} // namespace bellwether
