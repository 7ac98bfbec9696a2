#include "headless/rolloutfollower.h"

#include "rollout/wayback.h"
#include "text/errortext.h"
#include "text/format.h"

#include <QDateTime>
#include <algorithm>

namespace bellwether {

namespace {

constexpr qint64 planLimit = 64LL << 20;

// Follows the rollout to its rest and says how it stands. Without an owner of our own only `run` waits.
Result<int> finish(Context &context, ConsoleLink &link, JournalView &view, int rollout,
                   const std::function<bool(const RolloutState &)> &done = needsPerson)
{
    RolloutFollower follower(context, view, rollout, link.isOwner());
    const Status followed = follower.follow(done);
    if (!followed && followed.error().code != ErrorCode::Interrupted)
        return std::unexpected(followed.error());
    const RolloutState *state = view.rollout(rollout);
    if (!state)
        return fail(ErrorCode::UnknownRollout, {rolloutName(rollout)});
    const RolloutSnapshot snapshot = snapshotNow(*state, followed.has_value());
    if (context.json())
        context.out.json(statusJson(snapshot));
    else
        printRollout(context.out, snapshot);
    context.out.flush();
    if (!followed)
        return std::unexpected(followed.error());
    return exitCodeOf(*state);
}

struct Asked {
    std::unique_ptr<ConsoleLink> link;
    QJsonObject reply;
};

Result<Asked> askAbout(Context &context, const QString &verb, int rollout, QJsonObject args)
{
    args.insert(QStringLiteral("rollout"), rolloutName(rollout));
    args.insert(QStringLiteral("reason"), context.in.value(QStringLiteral("reason")));
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    const auto reply = (*link)->ask(context.request(verb, args));
    if (!reply)
        return std::unexpected(reply.error());
    return Asked{std::move(*link), *reply};
}

// resume, promote, abort, retry, skip: ask, and in the foreground carry on as the owner.
Result<int> askAndFollow(Context &context, const QString &verb, const QJsonObject &args = {})
{
    auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto rollout = view->rolloutId(context.in.positionals.first());
    if (!rollout)
        return std::unexpected(rollout.error());
    auto asked = askAbout(context, verb, *rollout, args);
    if (!asked)
        return std::unexpected(asked.error());
    if (asked->link->isOwner())
        return finish(context, *asked->link, *view, *rollout);
    if (const auto fresh = view->refresh(); !fresh)
        return std::unexpected(fresh.error());
    if (context.json())
        context.out.json(statusJson(snapshotNow(*view->rollout(*rollout), true)));
    else
        context.out.line(QStringLiteral("%1: %2 recorded; the console that owns the data folder carries on").arg(rolloutName(*rollout), verb));
    return 0;
}

QJsonObject hostArgs(const Context &context)
{
    return {{QStringLiteral("hosts"), QJsonArray::fromStringList(context.in.values(QStringLiteral("host")))}};
}

Result<double> bakeScale(const Context &context)
{
    const QString text = context.in.value(QStringLiteral("bake-scale"), QStringLiteral("1"));
    bool ok = false;
    const double scale = text.toDouble(&ok);
    if (!ok || !(scale > 0) || scale > 100)
        return usage(QStringLiteral("--bake-scale must be a number above 0 and at most 100, not \"%1\"").arg(text));
    return scale;
}

// ---- rollback

struct Target {
    QString host, domain, way;
    WayBack verdict;
    qint64 lossMs = 0;
};

Result<QList<Target>> targetsOf(const Context &context, const RolloutState &state, const QString &way)
{
    QStringList names = context.in.values(QStringLiteral("host"));
    if (names.isEmpty()) {
        const Permission permitted = permission(state, Verb::Rollback);
        if (!permitted.allowed)
            return fail(ErrorCode::NotAllowed, {QStringLiteral("rollback"), permitted.reason});
        names = permitted.hosts;
    }
    QList<Target> targets;
    for (const QString &name : names) {
        const auto host = state.hosts.constFind(name);
        if (host == state.hosts.cend())
            return fail(ErrorCode::UnknownHost, {name});
        Target target{name, state.plan.host(name) ? state.plan.host(name)->installation.domain : QString(), {}, decideWayBack(state, *host), 0};
        if (target.verdict.verdict == WayBackVerdict::None)
            return fail(ErrorCode::NotAllowed, {QStringLiteral("rollback"), QStringLiteral("nothing was changed on %1").arg(name)});
        if (way == QLatin1String("tag-only") && target.verdict.verdict == WayBackVerdict::Restore)
            return fail(ErrorCode::WayRefused, {name, way, target.verdict.reason});
        target.way = way == QLatin1String("auto") ? nameOf(target.verdict.verdict) : way;
        if (target.way == QLatin1String("restore")) {
            const Backup backup = host->backups.value(target.verdict.hop);
            const qint64 from = target.verdict.lossFromMs > 0 ? target.verdict.lossFromMs : backup.startedMs;
            target.lossMs = from > 0 ? QDateTime::currentMSecsSinceEpoch() - from : -1;
            if (target.verdict.backupPath.isEmpty())
                target.verdict.backupPath = backup.path;
        }
        targets.append(target);
    }
    return targets;
}

Result<QJsonObject> confirmations(const Context &context, const QList<Target> &targets)
{
    QJsonObject confirm;
    QStringList typed = context.in.values(QStringLiteral("confirm"));
    for (const Target &target : targets) {
        if (target.way != QLatin1String("restore"))
            continue;
        if (target.domain.isEmpty() || !typed.contains(target.domain))
            return fail(ErrorCode::DomainNotConfirmed, {target.host, target.domain});
        confirm.insert(target.host, target.domain);
    }
    for (const Target &target : targets)
        typed.removeAll(target.domain);
    if (!typed.isEmpty())
        return usage(QStringLiteral("\"%1\" is not the domain of a host that goes back").arg(typed.first()));
    return confirm;
}

QJsonArray targetsJson(const QList<Target> &targets)
{
    QJsonArray array;
    for (const Target &t : targets) {
        array.append(QJsonObject{{QStringLiteral("name"), t.host}, {QStringLiteral("domain"), t.domain}, {QStringLiteral("way"), t.way},
                                 {QStringLiteral("verdict"), nameOf(t.verdict.verdict)}, {QStringLiteral("rule"), t.verdict.rule},
                                 {QStringLiteral("reason"), t.verdict.reason}, {QStringLiteral("evidence"), valueToJson(t.verdict.evidence)},
                                 {QStringLiteral("backup"), t.verdict.backupPath},
                                 {QStringLiteral("loss_s"), t.lossMs < 0 ? QJsonValue() : QJsonValue(t.lossMs / 1000)}});
    }
    return array;
}

void printTargets(Terminal &out, const QList<Target> &targets)
{
    for (const Target &t : targets) {
        out.line(QStringLiteral("%1: %2 – %3").arg(printable(t.host), t.way, printable(t.verdict.reason)));
        for (const Evidence &evidence : t.verdict.evidence)
            out.line(QStringLiteral("    %1: %2").arg(evidence.kind, printable(evidence.text)));
        if (t.way == QLatin1String("restore"))
            out.line(QStringLiteral("    lost: what was written in the last %1, since the backup %2; needs --confirm %3")
                         .arg(t.lossMs < 0 ? unknownText() : durationText(t.lossMs / 1000 * 1000), printable(t.verdict.backupPath), printable(t.domain)));
        else
            out.line(QStringLiteral("    nothing is lost: the database stays as it is"));
    }
}

} // namespace

Result<int> runCommand(Context &context)
{
    const auto scale = bakeScale(context);
    if (!scale)
        return std::unexpected(scale.error());
    if (context.in.has(QStringLiteral("take-over")) && context.in.value(QStringLiteral("take-over")).trimmed().isEmpty())
        return usage(QStringLiteral("--take-over needs the reason, which is kept in the journal"));
    const QString file = context.in.positionals.first();
    const auto text = readFileBounded(file, planLimit);
    if (!text)
        return std::unexpected(text.error());
    const auto plan = parsePlan(*text, file);
    if (!plan)
        return std::unexpected(plan.error());
    bool yes = context.in.has(QStringLiteral("yes"));
    if (!yes && plan->approver.isEmpty()) {
        if (!context.out.canAsk())
            return fail(ErrorCode::NotAllowed, {QStringLiteral("run"), QStringLiteral("nobody approved the plan; --yes approves it as its author")});
        yes = context.out.ask(QStringLiteral("%1 to %2 on %3, plan %4. Approve and run?").arg(plan->product, plan->to.toString(),
            hostsText(static_cast<int>(plan->hosts.size())), shortHash(planHash(*plan))));
        if (!yes)
            return fail(ErrorCode::NotAllowed, {QStringLiteral("run"), QStringLiteral("it was not approved")});
    }
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    const auto reply = (*link)->ask(context.request(QStringLiteral("run"),
        {{QStringLiteral("plan"), QString::fromUtf8(*text)}, {QStringLiteral("source"), file}, {QStringLiteral("yes"), yes}, {QStringLiteral("bake_scale"), *scale},
         {QStringLiteral("acknowledge_notes"), context.in.has(QStringLiteral("acknowledge-notes"))},
         {QStringLiteral("take_over"), context.in.value(QStringLiteral("take-over")).trimmed()},
         {QStringLiteral("auto_promote"), context.in.has(QStringLiteral("auto-promote"))}}));
    if (!reply)
        return std::unexpected(reply.error());
    auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const QString name = reply->value(QStringLiteral("rollout")).toString();
    const auto rollout = view->rolloutId(name);
    if (!rollout)
        return std::unexpected(rollout.error());
    context.out.progress(QStringLiteral("%1 started: %2 to %3").arg(name, plan->product, plan->to.toString()));
    return finish(context, **link, *view, *rollout);
}

Result<int> resumeCommand(Context &context) { return askAndFollow(context, QStringLiteral("resume")); }
Result<int> promoteCommand(Context &context) { return askAndFollow(context, QStringLiteral("promote")); }
Result<int> abortCommand(Context &context)
{
    const auto result = askAndFollow(context, QStringLiteral("abort"));
    return result && *result != 130 ? Result<int>(0) : result; // the abort itself is done; status tells the rest
}
Result<int> retryCommand(Context &context) { return askAndFollow(context, QStringLiteral("retry"), hostArgs(context)); }
Result<int> skipCommand(Context &context) { return askAndFollow(context, QStringLiteral("skip"), hostArgs(context)); }

Result<int> takeOverCommand(Context &context)
{
    if (context.in.value(QStringLiteral("reason")).trimmed().isEmpty())
        return usage(QStringLiteral("\"take-over\" needs --reason TEXT"));
    return askAndFollow(context, QStringLiteral("take-over"), hostArgs(context));
}

Result<int> pauseCommand(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto rollout = view->rolloutId(context.in.positionals.first());
    if (!rollout)
        return std::unexpected(rollout.error());
    const auto asked = askAbout(context, QStringLiteral("pause"), *rollout, {});
    if (!asked)
        return std::unexpected(asked.error());
    context.out.line(QStringLiteral("%1 is paused: no host is begun; those under way go on to their next safe point").arg(rolloutName(*rollout)));
    return 0;
}

namespace {
Result<int> stopOrRelease(Context &context, const QString &verb, const char *said)
{
    const QString reason = context.in.value(QStringLiteral("reason")).trimmed();
    if (reason.isEmpty())
        return usage(QStringLiteral("\"%1\" needs --reason TEXT").arg(verb));
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    const auto reply = (*link)->ask(context.request(verb, {{QStringLiteral("reason"), reason}}));
    if (!reply)
        return std::unexpected(reply.error());
    if (context.json()) {
        context.out.json(*reply);
        return 0;
    }
    QStringList missed;
    for (const QJsonValue host : reply->value(QStringLiteral("missed")).toArray())
        missed.append(printable(host.toString()));
    context.out.line(QString::fromUtf8(said).arg(hostsText(static_cast<int>(reply->value(QStringLiteral("hosts")).toArray().size()))));
    if (!missed.isEmpty())
        context.out.progress(QStringLiteral("not reached: %1. It is tried again for as long as a console runs.").arg(missed.join(QStringLiteral(", "))));
    return 0;
}
} // namespace

Result<int> stopAllCommand(Context &context)
{
    return stopOrRelease(context, QStringLiteral("stop-all"), "Everything is stopped: no step is begun in any rollout. Other consoles are held on %1.");
}

Result<int> releaseCommand(Context &context)
{
    return stopOrRelease(context, QStringLiteral("release"), "Released, also for other consoles on %1. Paused and interrupted rollouts wait for \"resume\".");
}

Result<int> rollbackCommand(Context &context)
{
    const QString way = context.in.value(QStringLiteral("way"), QStringLiteral("auto"));
    if (!QStringList{QStringLiteral("auto"), QStringLiteral("tag-only"), QStringLiteral("restore")}.contains(way))
        return usage(QStringLiteral("--way must be auto, tag-only or restore, not \"%1\"").arg(way));
    auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto rollout = view->rolloutId(context.in.positionals.first());
    if (!rollout)
        return std::unexpected(rollout.error());
    const auto targets = targetsOf(context, *view->rollout(*rollout), way);
    if (!targets)
        return std::unexpected(targets.error());
    const bool dry = context.in.has(QStringLiteral("dry-run"));
    if (!context.json())
        printTargets(context.out, *targets);
    else if (dry)
        context.out.json({{QStringLiteral("rollout"), rolloutName(*rollout)}, {QStringLiteral("dry_run"), true}, {QStringLiteral("hosts"), targetsJson(*targets)}});
    if (dry)
        return 0;
    const auto confirm = confirmations(context, *targets);
    if (!confirm)
        return std::unexpected(confirm.error());
    QJsonArray names;
    for (const Target &target : *targets)
        names.append(target.host);
    auto asked = askAbout(context, QStringLiteral("rollback"), *rollout,
                          {{QStringLiteral("hosts"), names}, {QStringLiteral("way"), way}, {QStringLiteral("confirm"), *confirm}});
    if (!asked)
        return std::unexpected(asked.error());
    QStringList hosts;
    for (const Target &target : *targets)
        hosts.append(target.host);
    const auto finished = finish(context, *asked->link, *view, *rollout, [hosts](const RolloutState &now) { return wentBack(now, hosts); });
    if (!finished)
        return finished;
    const RolloutState *state = view->rollout(*rollout);
    if (state->hold)
        context.out.progress(QStringLiteral("everything was stopped: what has not gone back goes on after \"release\" and \"resume\""));
    else if (state->interrupted)
        context.out.progress(QStringLiteral("nobody carries it on: what has not gone back goes on after \"resume\""));
    const bool allBack = std::ranges::all_of(*targets, [&](const Target &target) {
        return state->hosts.value(target.host).state == HostRunState::RolledBack;
    });
    return allBack ? 0 : 5;
}

} // namespace bellwether
