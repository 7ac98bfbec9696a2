#include "headless/rolloutfollower.h"

#include "text/errortext.h"
#include "text/format.h"
#include "text/logtext.h"

#include <QFile>

namespace bellwether {

namespace {

QJsonObject briefJson(const RolloutSnapshot &s)
{
    QJsonObject json = statusJson(s);
    json.insert(QStringLiteral("hosts_total"), s.hostsTotal);
    json.insert(QStringLiteral("hosts_done"), s.hostsDone);
    json.insert(QStringLiteral("hosts_failed"), s.hostsFailed);
    return json;
}

Result<int> listRollouts(Context &context, JournalView &view)
{
    const bool owner = hasOwner(context.dataFolder);
    QJsonArray array;
    QList<QStringList> rows;
    const auto &rollouts = view.workspace().rollouts;
    for (auto it = rollouts.cend(); it != rollouts.cbegin();) {
        --it;
        const RolloutSnapshot s = snapshotNow(*it, owner);
        array.append(briefJson(s));
        rows.append({s.name, s.product, s.from, s.to.toString(), nameOf(s.state), QStringLiteral("%1/%2").arg(s.hostsDone).arg(s.hostsTotal),
                     dateTimeText(s.startedMs), s.pauseText});
    }
    const auto &hold = view.workspace().hold;
    if (hold && !context.json())
        context.out.line(QStringLiteral("Since %1 %2.").arg(dateTimeText(hold->sinceMs), printable(holdText(*hold))));
    if (context.json())
        context.out.json({{QStringLiteral("rollouts"), array},
                          {QStringLiteral("hold"), hold ? QJsonValue(QJsonObject{{QStringLiteral("by"), hold->by}, {QStringLiteral("reason"), hold->reason}, {QStringLiteral("since"), hold->sinceMs}}) : QJsonValue()}});
    else if (rows.isEmpty())
        context.out.line(QStringLiteral("No rollouts yet."));
    else
        context.out.table({QStringLiteral("ROLLOUT"), QStringLiteral("PRODUCT"), QStringLiteral("FROM"), QStringLiteral("TO"), QStringLiteral("STATE"),
                           QStringLiteral("HOSTS"), QStringLiteral("STARTED"), QStringLiteral("REMARK")}, rows);
    return 0;
}

// Without a rollout: the newest that is unfinished, one object per change.
Result<int> followRollout(Context &context, JournalView &view, int rollout)
{
    const auto show = [&](const RolloutState &state) {
        if (context.json())
            context.out.jsonLine(statusJson(snapshotNow(state, hasOwner(context.dataFolder))));
    };
    show(*view.rollout(rollout));
    RolloutFollower follower(context, view, rollout, false);
    const bool alone = !hasOwner(context.dataFolder); // nothing can change: say how it stands
    if (!alone) {
        if (const Status followed = follower.follow(needsPerson, show); !followed)
            return std::unexpected(followed.error());
    }
    if (!context.json())
        printRollout(context.out, snapshotNow(*view.rollout(rollout), hasOwner(context.dataFolder)));
    return 0;
}

Result<const HostRun *> hostRun(const RolloutState &state, const QString &name)
{
    const auto it = state.hosts.constFind(name);
    if (it == state.hosts.cend())
        return fail(ErrorCode::UnknownHost, {name});
    return &*it;
}

// As the window shows it; the file may be large.
Status printLog(Context &context, QFile &file)
{
    const bool raw = context.in.has(QStringLiteral("raw"));
    LogText text(1 << 20);
    bool told = true;
    while (told && !file.atEnd() && !isInterrupted()) {
        const QByteArray bytes = file.read(1 << 16);
        if (raw)
            context.out.raw(bytes);
        else
            for (const LogLine &line : text.feed(bytes))
                context.out.line(line.text);
        told = context.out.flush();
    }
    if (text.hasUnfinished()) {
        context.out.line(text.unfinished().text);
        told = context.out.flush() && told;
    }
    if (!told)
        return fail(ErrorCode::FileUnwritable, {QStringLiteral("stdout"), QStringLiteral("it was closed")});
    return {};
}

QJsonObject migrationJson(const Migration &migration)
{
    return {{QStringLiteral("name"), migration.name}, {QStringLiteral("state"), nameOf(migration.state)},
            {QStringLiteral("duration_ms"), migration.durationMs ? QJsonValue(*migration.durationMs) : QJsonValue()},
            {QStringLiteral("reason"), migration.reason.isEmpty() ? QJsonValue() : QJsonValue(migration.reason)}};
}

} // namespace

Result<int> statusCommand(Context &context)
{
    auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const bool follow = context.in.has(QStringLiteral("follow"));
    if (context.in.positionals.isEmpty() && (!follow || view->workspace().rollouts.isEmpty()))
        return listRollouts(context, *view);
    const auto rollout = context.in.positionals.isEmpty() ? Result<int>(view->workspace().rollouts.lastKey()) : view->rolloutId(context.in.positionals.first());
    if (!rollout)
        return std::unexpected(rollout.error());
    if (follow)
        return followRollout(context, *view, *rollout);
    const RolloutSnapshot snapshot = snapshotNow(*view->rollout(*rollout), hasOwner(context.dataFolder));
    if (context.json())
        context.out.json(statusJson(snapshot));
    else
        printRollout(context.out, snapshot);
    return 0;
}

Result<int> logsCommand(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto rollout = view->rolloutId(context.in.positionals[0]);
    if (!rollout)
        return std::unexpected(rollout.error());
    const auto host = hostRun(*view->rollout(*rollout), context.in.positionals[1]);
    if (!host)
        return std::unexpected(host.error());
    const QString only = context.in.value(QStringLiteral("step"));
    bool any = false;
    for (const StepRun &step : (*host)->steps) {
        if (!only.isEmpty() && step.name != only)
            continue;
        any = true;
        if (!context.in.has(QStringLiteral("raw")))
            context.out.line(QStringLiteral("== %1 (%2, attempt %3) %4 %5").arg(step.name, nameOf(step.direction)).arg(step.attempt)
                                 .arg(step.phase == StepPhase::Ended ? nameOf(step.outcome) : nameOf(step.phase), dateTimeText(step.intendedMs)));
        QFile file(stepLogPath(context.dataFolder, *rollout, (*host)->name, step.token));
        if (!file.open(QIODevice::ReadOnly))
            continue; // a step that measures keeps no output
        if (const Status printed = printLog(context, file); !printed)
            return std::unexpected(printed.error());
    }
    if (!any && !only.isEmpty())
        return usage(QStringLiteral("%1 had no step \"%2\" in %3").arg((*host)->name, only, rolloutName(*rollout)));
    return 0;
}

Result<int> migrationsCommand(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto rollout = view->rolloutId(context.in.positionals[0]);
    if (!rollout)
        return std::unexpected(rollout.error());
    const RolloutState &state = *view->rollout(*rollout);
    const QString only = context.in.positionals.value(1);
    if (!only.isEmpty()) {
        if (const auto host = hostRun(state, only); !host)
            return std::unexpected(host.error());
    }
    QJsonArray hosts;
    QList<QStringList> rows;
    for (const HostRun &host : state.hosts) {
        if (!only.isEmpty() && host.name != only)
            continue;
        QJsonArray migrations;
        for (const Migration &m : host.migrations) {
            migrations.append(migrationJson(m));
            rows.append({host.name, m.name, nameOf(m.state), m.durationMs ? durationText(*m.durationMs) : unknownText(), m.reason});
        }
        hosts.append(QJsonObject{{QStringLiteral("name"), host.name}, {QStringLiteral("migrations"), migrations}});
    }
    if (context.json())
        context.out.json({{QStringLiteral("rollout"), rolloutName(*rollout)}, {QStringLiteral("hosts"), hosts}});
    else if (rows.isEmpty())
        context.out.line(QStringLiteral("No migrations were seen."));
    else
        context.out.table({QStringLiteral("HOST"), QStringLiteral("MIGRATION"), QStringLiteral("STATE"), QStringLiteral("DURATION"), QStringLiteral("REASON")}, rows);
    return 0;
}

} // namespace bellwether
