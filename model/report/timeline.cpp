// When it happened: one row per host that was begun, bars for the way there, what failed and the way back, and the bakes
// of the gates across the rows of their waves.
#include "report/document.h"
#include "report/reporttext.h"

namespace bellwether {

ReportTimeline timelineOf(const AuditReport &report);

namespace {

constexpr int rowsAtMost = 40; // on one page

using Kind = ReportTimeline::Kind;

bool wentWell(const StepRun &step)
{
    return step.phase != StepPhase::Ended || step.outcome == StepOutcome::Done || step.outcome == StepOutcome::Already;
}

ReportTimeline::Row rowOf(const ReportHost &host, qint64 untilMs)
{
    ReportTimeline::Row row{shown(host.name), {}, {}};
    for (const StepRun &step : host.steps) {
        const Kind kind = !wentWell(step) ? Kind::Failure : step.direction == Direction::Forward ? Kind::Upgrade : Kind::Back;
        const qint64 from = step.startedMs > 0 ? step.startedMs : step.intendedMs;
        const qint64 to = step.phase == StepPhase::Ended ? step.endedMs : untilMs;
        constexpr qint64 together = 5'000; // steps that follow one another at once are one bar
        if (!row.bars.isEmpty() && row.bars.last().kind == kind && from - row.bars.last().toMs < together)
            row.bars.last().toMs = qMax(row.bars.last().toMs, to);
        else
            row.bars.append({from, qMax(from, to), kind});
        if (kind == Kind::Failure && row.note.isEmpty())
            row.note = QStringLiteral("%1 %2 at %3").arg(shown(step.name), reportWord(step.outcome), reportClock(step.endedMs));
    }
    return row;
}

} // namespace

ReportTimeline timelineOf(const AuditReport &report)
{
    ReportTimeline line;
    line.fromMs = report.events.constFirst().wallMs;
    line.toMs = qMax(line.fromMs + 1000, report.rollout.endedMs > 0 ? report.rollout.endedMs : report.events.constLast().wallMs);
    QMap<int, std::pair<int, int>> rowsOfWave;
    int begun = 0;
    for (const ReportHost &host : report.hosts) {
        if (host.steps.isEmpty())
            continue;
        if (++begun > rowsAtMost)
            continue;
        const int index = int(line.rows.size());
        line.rows.append(rowOf(host, line.toMs));
        auto &span = rowsOfWave.insert(host.wave, rowsOfWave.value(host.wave, {index, index})).value();
        span.second = index;
        for (const ReportTimeline::Bar &bar : line.rows.last().bars)
            line.toMs = qMax(line.toMs, bar.toMs);
    }
    if (begun > rowsAtMost)
        line.more = QStringLiteral("and %1 more hosts").arg(begun - rowsAtMost);
    for (const ReportGate &gate : report.gates) {
        if (gate.bakeFromMs <= 0 || gate.atMs <= gate.bakeFromMs || !rowsOfWave.contains(gate.wave))
            continue;
        const auto rows = rowsOfWave.value(gate.wave);
        line.bands.append({gate.bakeFromMs, gate.atMs, rows.first, rows.second,
                           gate.passed ? QStringLiteral("gate, passed") : QStringLiteral("gate, %1").arg(nameOf(gate.verdict))});
    }
    return line;
}

} // namespace bellwether
