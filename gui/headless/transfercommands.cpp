// host put and host get: asks the console to copy, and says how far it is.
#include "headless/context.h"

#include "base/fields.h"
#include "headless/copyfollower.h"
#include "journalview/eventtext.h"
#include "text/errortext.h"
#include "text/copytext.h"
#include "text/format.h"

#include <QDir>
#include <QFileInfo>

namespace bellwether {

namespace {

Result<qint64> limitOf(const QString &text)
{
    if (const auto limit = copyLimit(text))
        return *limit;
    return fail(ErrorCode::BadValue, {QStringLiteral("--limit"), text, QStringLiteral("at least 1024 bytes a second, e.g. 500k or 2MB/s")});
}

int worstOf(const QJsonArray &hosts)
{
    static const QList<int> order{1, 2, 3, 7, 8, 9, 5, 6, 4, 130};
    int worst = 0;
    for (const QJsonValue value : hosts) {
        const auto code = errorFromKey(value.toObject().value(QStringLiteral("error_code")).toString());
        const int exit = code ? exitCode(*code) : 0;
        if (exit != 0 && (worst == 0 || order.indexOf(exit) < order.indexOf(worst)))
            worst = exit;
    }
    return worst;
}

Result<int> follow(Context &context, const QString &verb, const QJsonObject &args)
{
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    const auto begun = (*link)->ask(context.request(verb, args));
    if (!begun)
        return std::unexpected(begun.error());
    const QJsonObject which{{QStringLiteral("transfer"), begun->value(QStringLiteral("transfer"))}};
    CopyFollower follower;
    QJsonObject report;
    while (!report.value(QStringLiteral("ended")).toBool()) {
        if (isInterrupted()) {
            (*link)->tell(context.request(QStringLiteral("transfer-cancel"), which));
            context.out.clearBar();
            context.out.progress(QStringLiteral("Interrupted. What has arrived is kept as a part beside the target; the same command goes on from there."));
            return 130;
        }
        const auto answer = (*link)->ask(context.request(QStringLiteral("transfers"), which));
        if (!answer && answer.error().code == ErrorCode::Interrupted)
            continue;
        if (!answer)
            return std::unexpected(answer.error());
        report = *answer;
        for (const QString &line : follower.news(report))
            context.out.progress(line);
        context.out.bar(copyTotals(report).percent(), 100, CopyFollower::barText(report));
        if (!report.value(QStringLiteral("ended")).toBool())
            pauseFor(200);
    }
    context.out.clearBar();
    if (const auto code = errorFromKey(report.value(QStringLiteral("error_code")).toString())) {
        QStringList words;
        const QJsonArray array = report.value(QStringLiteral("error_args")).toArray();
        for (const QJsonValue word : array)
            words.append(word.toString());
        return fail(*code, words);
    }
    QJsonArray hosts;
    QList<QStringList> rows;
    const QJsonArray ended = report.value(QStringLiteral("hosts")).toArray();
    for (const QJsonValue value : ended) {
        QJsonObject row = value.toObject();
        rows.append({row.value(QStringLiteral("name")).toString(), row.value(QStringLiteral("state")).toString(),
                     bytesText(row.value(QStringLiteral("carried")).toInteger()), durationText(row.value(QStringLiteral("duration_ms")).toInteger()), copyStateText(row)});
        row.insert(QStringLiteral("error"), row.value(QStringLiteral("error_code")).isNull() ? QJsonValue() : QJsonValue(copyErrorText(row)));
        for (const char *passing : {"rate", "eta_s", "wait_ms", "error_args", "done"})
            row.remove(QLatin1String(passing));
        hosts.append(row);
    }
    if (context.json()) {
        report.insert(QStringLiteral("hosts"), hosts);
        report.remove(QStringLiteral("ended"));
        report.remove(QStringLiteral("transfer"));
        context.out.json(report);
    } else {
        context.out.table({QStringLiteral("HOST"), QStringLiteral("STATE"), QStringLiteral("CARRIED"), QStringLiteral("TOOK"), QStringLiteral("REMARK")}, rows);
    }
    return worstOf(ended);
}

} // namespace

Result<int> hostPut(Context &context)
{
    const QString file = context.in.positionals.first();
    QString to = context.in.value(QStringLiteral("to"));
    if (to.isEmpty())
        return usage(QStringLiteral("host put needs --to PATH"));
    if (to.endsWith(u'/'))
        to += QFileInfo(file).fileName();
    if ((context.in.positionals.size() > 1) == context.in.has(QStringLiteral("filter")))
        return usage(QStringLiteral("host put needs either HOST[,HOST…] or --filter"));
    const auto limit = limitOf(context.in.value(QStringLiteral("limit")));
    if (!limit)
        return std::unexpected(limit.error());
    QStringList names;
    if (context.in.positionals.size() > 1) {
        names = context.in.positionals[1].split(u',', Qt::SkipEmptyParts);
    } else {
        const auto view = context.view();
        if (!view)
            return std::unexpected(view.error());
        const auto hosts = chosenHosts(context, view->workspace());
        if (!hosts)
            return std::unexpected(hosts.error());
        for (const Installation &host : *hosts)
            names.append(host.name);
        if (names.isEmpty())
            return fail(ErrorCode::BadValue, {QStringLiteral("--filter"), context.in.value(QStringLiteral("filter")), QStringLiteral("an expression that some host matches")});
    }
    return follow(context, QStringLiteral("put"),
                  {{QStringLiteral("file"), QDir::cleanPath(QFileInfo(file).absoluteFilePath())}, {QStringLiteral("path"), to},
                   {QStringLiteral("hosts"), QJsonArray::fromStringList(names)}, {QStringLiteral("limit"), *limit},
                   {QStringLiteral("mode"), context.in.value(QStringLiteral("mode"))}, {QStringLiteral("reason"), context.in.value(QStringLiteral("reason"))}});
}

Result<int> hostGet(Context &context)
{
    const QString host = context.in.positionals[0], path = context.in.positionals[1];
    QString to = context.in.value(QStringLiteral("to"));
    if (to.isEmpty() || to.endsWith(u'/') || QFileInfo(to).isDir())
        to = QDir(to.isEmpty() ? QStringLiteral(".") : to).filePath(path.section(u'/', -1));
    const auto limit = limitOf(context.in.value(QStringLiteral("limit")));
    if (!limit)
        return std::unexpected(limit.error());
    return follow(context, QStringLiteral("get"),
                  {{QStringLiteral("file"), QDir::cleanPath(QFileInfo(to).absoluteFilePath())}, {QStringLiteral("path"), path},
                   {QStringLiteral("hosts"), QJsonArray{host}}, {QStringLiteral("limit"), *limit},
                   {QStringLiteral("reason"), context.in.value(QStringLiteral("reason"))}});
}

Result<int> hostCopies(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const QString only = context.in.positionals.value(0);
    const auto events = view->reader() ? view->reader()->read(0, 0) : Result<QList<Event>>(QList<Event>());
    if (!events)
        return std::unexpected(events.error());
    QJsonArray array;
    QList<QStringList> rows;
    for (const Event &event : *events) {
        const bool concerns = std::holds_alternative<TransferBegun>(event.body) || std::holds_alternative<FileTransferred>(event.body) || std::holds_alternative<TransferFailed>(event.body);
        const auto *begun = std::get_if<TransferBegun>(&event.body);
        const QStringList hosts = begun ? begun->hosts : QStringList{eventHost(event.body)};
        if (!concerns || (!only.isEmpty() && !hosts.contains(only)))
            continue;
        QJsonObject json = eventBodyToJson(event.body);
        json.insert(QStringLiteral("event"), eventName(event.body));
        json.insert(QStringLiteral("seq"), event.seq);
        json.insert(QStringLiteral("at_ms"), event.wallMs);
        json.insert(QStringLiteral("operator"), event.actor);
        array.append(json);
        rows.append({utcText(event.wallMs), event.actor, begun ? joinNames(hosts) : hosts.first(),
                     begun ? QStringLiteral("begun") : std::holds_alternative<TransferFailed>(event.body) ? QStringLiteral("failed") : QStringLiteral("done"), lineOf(event).what});
    }
    if (context.json())
        context.out.json({{QStringLiteral("copies"), array}});
    else if (rows.isEmpty())
        context.out.line(QStringLiteral("No file was copied."));
    else
        context.out.table({QStringLiteral("AT"), QStringLiteral("BY"), QStringLiteral("HOST"), QStringLiteral("STATE"), QStringLiteral("WHAT")}, rows);
    return 0;
}

} // namespace bellwether
