// From steps to bars.
#include "rolloutview/timeline.h"

#include "text/format.h"
#include "text/words.h"

#include <QCoreApplication>
#include <algorithm>

namespace bellwether {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("Timeline", text); }

void dress(TimelineBar &bar, const StepView &step)
{
    switch (step.kind) {
    case StepKind::Preflight:
    case StepKind::Guard:
    case StepKind::Pull:
    case StepKind::Stop:
    case StepKind::Pin: bar.plain = true; break;
    case StepKind::Backup: bar.role = StateRole::Deferred; break;
    case StepKind::Migrate:
    case StepKind::Start: bar.role = StateRole::Running; break;
    case StepKind::Health:
    case StepKind::Check: bar.role = StateRole::Healthy; break;
    case StepKind::Validate:
    case StepKind::SetAside:
    case StepKind::Restore: bar.role = StateRole::Back; break;
    }
    if (step.direction != Direction::Forward && !bar.plain && bar.role != StateRole::Healthy)
        bar.role = StateRole::Back;
    bar.failed = step.state == QLatin1String("failed") || step.state == QLatin1String("timed-out");
    if (step.state == QLatin1String("in-doubt") || step.state == QLatin1String("lost")) {
        bar.role = StateRole::Doubt;
        bar.plain = false;
    }
    const QString word = wordOf(step.kind);
    bar.word = word.left(1).toUpper() + word.mid(1);
}

TimelineBar barOf(const StepView &step)
{
    TimelineBar bar;
    bar.fromMs = step.startedMs;
    bar.toMs = step.endedMs;
    dress(bar, step);
    QStringList tip{step.name + QStringLiteral(", ") + lookOfStep(step.state).word.toLower()};
    if (step.attempt > 1)
        tip << tr("attempt %1").arg(step.attempt);
    tip << (step.endedMs > 0 ? tr("%1 to %2, %3").arg(timeText(step.startedMs), timeText(step.endedMs), durationText(step.endedMs - step.startedMs))
                             : tr("since %1").arg(timeText(step.startedMs)));
    if (!step.reason.isEmpty())
        tip << visibleText(step.reason);
    if (!step.command.isEmpty())
        tip << visibleText(step.command, 400);
    bar.toolTip = tip.join(QLatin1Char('\n'));
    return bar;
}

TimelineRow rowOf(const WaveView &wave, const HostView &host, bool canary)
{
    TimelineRow row;
    row.host = host.name;
    row.canary = canary;
    for (const StepView &step : host.steps)
        if (step.startedMs > 0)
            row.bars.append(barOf(step));
    const bool watched = wave.state == QLatin1String("gate") || wave.state == QLatin1String("passed") || wave.state == QLatin1String("open");
    if (host.state == HostRunState::Upgraded && host.endedMs > 0 && watched) {
        TimelineBar bake;
        bake.bake = true;
        bake.role = StateRole::Canary;
        bake.fromMs = host.endedMs;
        bake.toMs = wave.state == QLatin1String("passed") ? std::max(wave.gate.bakeEndsMs, host.endedMs) : 0;
        bake.word = tr("Gate bake");
        bake.toolTip = tr("Watched by the gate");
        if (bake.toMs == 0 || bake.toMs > bake.fromMs)
            row.bars.append(bake);
    }
    if (row.bars.isEmpty())
        row.note = host.error.isEmpty() ? look(host.state).word.toLower() : visibleText(host.error, 120);
    return row;
}

QString waitsFor(const RolloutSnapshot &rollout, int wave)
{
    if (rollout.state == RolloutLifecycle::Paused)
        return tr("waits, the rollout is paused");
    if (wave == 0)
        return tr("waits for its turn");
    const GateView &gate = rollout.waves[wave - 1].gate;
    return gate.bakeEndsMs > 0 ? tr("waits for the gate, about %1").arg(timeText(gate.bakeEndsMs).left(5)) : tr("waits for the gate");
}

} // namespace

QList<TimelineRow> timelineOf(const RolloutSnapshot &rollout, const QString &host)
{
    int wave = 0;
    for (int i = 0; i < rollout.waves.size(); ++i)
        if (std::ranges::find(rollout.waves[i].hosts, host, &HostView::name) != rollout.waves[i].hosts.end())
            wave = i;
    QList<TimelineRow> rows;
    if (rollout.waves.isEmpty())
        return rows;
    for (const HostView &view : rollout.waves[wave].hosts)
        rows.append(rowOf(rollout.waves[wave], view, wave == 0));
    std::ranges::stable_sort(rows, [](const TimelineRow &a, const TimelineRow &b) { return !a.bars.isEmpty() && b.bars.isEmpty(); });
    if (wave + 1 < rollout.waves.size() && rollout.endedMs == 0 && rollout.waves[wave + 1].state == QLatin1String("waiting")
        && !rollout.waves[wave + 1].hosts.isEmpty())
        rows.append({rollout.waves[wave + 1].hosts.first().name, waitsFor(rollout, wave + 1), false, {}});
    return rows;
}

} // namespace bellwether
