// The verbs of rollout/console.h that copy files.
#include "engine/engine.h"
#include "rollout/decide.h"
#include "transfer/transfers.h"

#include <QRegularExpression>

namespace bellwether {

void Engine::makeTransfers(RemoteShell *shell)
{
    if (!shell)
        return;
    Transfers::Journal journal;
    journal.begun = [this](const TransferBegun &e, const QString &actor, std::function<void()> then) { record(0, {e}, std::move(then), actor); };
    journal.ended = [this](const EventBody &e, const QString &actor) { record(0, {e}, {}, actor); };
    m_transfers = std::make_unique<Transfers>(*shell, m_clock, [this](qint64 ms, std::function<void()> work) { schedule(ms, std::move(work)); }, std::move(journal),
                                              [this](const QString &name) { return m_workspace.inventory.find(name); });
}

void Engine::handleTransfer(const Request &request, const Done &done)
{
    const QJsonObject &args = request.args;
    const auto bad = [&](const QString &what, const QString &value, const QString &allowed) { done(fail(ErrorCode::BadValue, {what, value, allowed})); };
    if (!m_transfers)
        return done(fail(ErrorCode::NotAllowed, {request.verb, QStringLiteral("this console reaches no hosts")}));
    m_dirty = true;
    if (request.verb == QLatin1String("transfers") || request.verb == QLatin1String("transfer-cancel")) {
        const int id = args.value(QLatin1String("transfer")).toInt();
        if (request.verb == QLatin1String("transfer-cancel"))
            m_transfers->cancel(id, args.value(QLatin1String("host")).toString());
        if (const auto report = m_transfers->report(id))
            return done(*report);
        return bad(QStringLiteral("transfer"), QString::number(id), QStringLiteral("the number of a copy that this console knows"));
    }
    const bool puts = request.verb == QLatin1String("put");
    if (puts && (m_workspace.hold || m_holds.stopping))
        return done(fail(ErrorCode::NotAllowed, {request.verb, QStringLiteral("%1; release it first").arg(m_workspace.hold ? holdText(*m_workspace.hold) : QStringLiteral("everything is just being stopped"))}));
    Transfers::Order order;
    order.file = args.value(QLatin1String("file")).toString();
    order.path = args.value(QLatin1String("path")).toString();
    order.mode = args.value(QLatin1String("mode")).toString();
    order.limit = args.value(QLatin1String("limit")).toInteger();
    order.reason = args.value(QLatin1String("reason")).toString();
    order.actor = request.actor;
    static const QRegularExpression modeForm(QStringLiteral("\\A0?[0-7]{3}\\z"));
    for (const QString &path : {order.file, order.path})
        if (!path.startsWith(u'/') || path.endsWith(u'/') || path.contains(QChar(u'\0')) || path.size() > 4000)
            return bad(QStringLiteral("path"), path, QStringLiteral("an absolute path of a file"));
    if (!order.mode.isEmpty() && !modeForm.match(order.mode).hasMatch())
        return bad(QStringLiteral("mode"), order.mode, QStringLiteral("three octal digits"));
    if (order.limit < 0 || (order.limit > 0 && order.limit < 1024))
        return bad(QStringLiteral("limit"), QString::number(order.limit), QStringLiteral("at least 1024 bytes a second"));
    QStringList names;
    const QJsonArray hosts = args.value(QLatin1String("hosts")).toArray();
    for (const QJsonValue value : hosts) {
        const Installation *host = m_workspace.inventory.find(value.toString());
        if (!host)
            return done(fail(ErrorCode::UnknownHost, {value.toString()}));
        if (!names.contains(host->name))
            order.hosts.append(*host);
        names.append(host->name);
    }
    if (order.hosts.isEmpty() || (!puts && order.hosts.size() > 1))
        return bad(QStringLiteral("hosts"), names.join(QStringLiteral(", ")), puts ? QStringLiteral("at least one host") : QStringLiteral("one host"));
    const int id = puts ? m_transfers->put(std::move(order)) : m_transfers->get(std::move(order));
    done(QJsonObject{{QStringLiteral("transfer"), id}});
}

} // namespace bellwether
