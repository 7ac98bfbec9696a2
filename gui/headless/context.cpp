#include "headless/context.h"

#include "domain/filter.h"
#include "rollout/fleetjson.h"
#include "text/errortext.h"

#include <QSysInfo>
#include <pwd.h>
#include <unistd.h>

namespace bellwether {

Result<std::unique_ptr<ConsoleLink>> Context::link() const
{
    if (readOnly)
        return fail(ErrorCode::NotAllowed, {in.command->name, QStringLiteral("this console was started with --read-only")});
    if (broken)
        return std::unexpected(*broken);
    return ConsoleLink::open(dataFolder, services);
}

Result<JournalView> Context::view() const
{
    auto view = JournalView::open(dataFolder);
    if (view && !view->check().intact) {
        if (!broken)
            out.progress(QStringLiteral("warning: %1 Shown is what can be read; nothing of it is proven.").arg(errorText(view->check().error())));
        broken = view->check().error();
    }
    return view;
}

QString operatorName()
{
    const QString named = qEnvironmentVariable("BELLWETHER_OPERATOR").trimmed();
    if (!named.isEmpty())
        return printable(named, 120);
    const passwd *entry = getpwuid(getuid());
    const QString login = entry ? QString::fromLocal8Bit(entry->pw_name) : QString::number(getuid());
    return login + u'@' + QSysInfo::machineHostName();
}

std::unexpected<Error> usage(const QString &text)
{
    return fail(ErrorCode::Usage, {text});
}

Result<QList<Installation>> chosenHosts(const Context &context, const Workspace &workspace)
{
    const auto filter = Filter::parse(context.in.value(QStringLiteral("filter")));
    if (!filter)
        return std::unexpected(filter.error());
    QList<Installation> chosen;
    for (const Installation &installation : workspace.inventory.installations) {
        if (filter->matches(installation, workspace.facts.value(installation.name)))
            chosen.append(installation);
    }
    return chosen;
}

QJsonObject hostJson(const Installation &installation, const Workspace &workspace)
{
    FleetRow row;
    row.installation = installation;
    row.facts = workspace.facts.value(installation.name);
    row.rollout = workspace.holderOf(installation.name);
    const QString key = workspace.trusted.value(installation.endpoint.machine()).fingerprint;
    row.keyState = key.isEmpty() ? QStringLiteral("unknown") : workspace.revoked.contains(key) ? QStringLiteral("revoked") : QStringLiteral("trusted");
    QJsonObject json = fleetRowJson(row);
    const HostFacts &f = row.facts;
    if (f.measuredMs == 0)
        json.insert(QStringLiteral("reachable"), QJsonValue());
    json.insert(QStringLiteral("error"), f.error.isEmpty() ? QJsonValue() : QJsonValue(errorText(f.error, f.errorArgs)));
    json.insert(QStringLiteral("error_code"), f.error.isEmpty() ? QJsonValue() : QJsonValue(f.error));
    return json;
}

} // namespace bellwether
