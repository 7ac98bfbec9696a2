// What was lost, and what is not known. A report that hides its gaps is worth nothing.
#include "journal/chain.h"
#include "report/collect.h"
#include "report/reporttext.h"

namespace bellwether {

namespace {

using Counts = QMap<QString, qint64>;

QString difference(const Counts &before, const Counts &after)
{
    QStringList parts;
    for (auto it = before.cbegin(); it != before.cend(); ++it)
        parts.append(QStringLiteral("%1 %2").arg(it.value() - after.value(it.key())).arg(shown(it.key())));
    return parts.join(QStringLiteral(", "));
}

// The newest count of what the product holds before the restore began; later work was not counted by anybody.
QString counted(const HostRun &run, int hop)
{
    if (!run.factsBack || run.factsBack->content.isEmpty())
        return QStringLiteral("unknown, not counted after the restore");
    if (!run.factsAfter.contains(hop) || run.factsAfter[hop].content.isEmpty())
        return QStringLiteral("unknown, the service was not counted between backup and restore");
    return QStringLiteral("%1 (as counted at %2)").arg(difference(run.factsAfter[hop].content, run.factsBack->content), reportClock(run.factsAfter[hop].measuredMs));
}

// When nobody could write any more for certain: the end of the stop on the way back. A service that failed may still have
// taken work between the upgrade's stop and this one.
qint64 stoppedMs(const HostRun &run)
{
    qint64 stopped = 0;
    for (const StepRun &step : run.steps) {
        if (step.kind == StepKind::Stop && step.direction == Direction::Restore && step.phase == StepPhase::Ended)
            stopped = step.endedMs;
    }
    return stopped;
}

bool isRestored(const HostRun &run)
{
    for (const StepRun &step : run.steps) {
        if (step.direction == Direction::Restore && step.kind == StepKind::Restore && step.phase == StepPhase::Ended
            && (step.outcome == StepOutcome::Done || step.outcome == StepOutcome::Already))
            return true;
    }
    return false;
}

struct Gaps {
    const AuditReport &report;
    const RolloutState &state;
    QStringList out;

    void journal()
    {
        if (!report.journalBroken.isEmpty())
            out.append(QStringLiteral("The journal it was made from is broken (%1): this is no evidence until that is explained.").arg(shown(report.journalBroken)));
    }
    void people()
    {
        if (isSinglePerson(report.plan))
            out.append(QStringLiteral("Single person: the plan was approved by its author, nobody else looked at it."));
        if (report.rollout.options.bakeScale < 1 || report.rollout.options.bakeScale > 1) // exact: as given, or 1
            out.append(QStringLiteral("Bakes and steadiness were scaled by %1 in this rollout.").arg(report.rollout.options.bakeScale));
        if (report.rollout.options.autoPromote)
            out.append(QStringLiteral("The canary's gate was set to pass without a person."));
        if (report.rollout.endedMs == 0)
            out.append(QStringLiteral("The rollout has not ended: this is its state at event %1.").arg(report.lastSeq));
    }
    void consoles()
    {
        qint64 before = 0;
        for (const Event &event : report.events) {
            if (std::holds_alternative<ConsoleStarted>(event.body) && before > 0)
                out.append(QStringLiteral("No console was watching between %1 and %2.").arg(reportTime(before), reportClock(event.wallMs)));
            before = event.wallMs;
        }
    }
    void connections()
    {
        QMap<QString, int> lost;
        for (const Event &event : report.events) {
            if (const auto *changed = std::get_if<ConnectionChanged>(&event.body); changed && !changed->connected)
                ++lost[changed->host];
        }
        for (auto it = lost.cbegin(); it != lost.cend(); ++it)
            out.append(QStringLiteral("The connection to %1 was lost %2.").arg(shown(it.key()), it.value() == 1 ? QStringLiteral("once") : QStringLiteral("%1 times").arg(it.value())));
    }
    void steps(const HostRun &run)
    {
        for (const StepRun &step : run.steps) {
            if (step.phase != StepPhase::Ended)
                out.append(QStringLiteral("%1: the outcome of step %2 is not recorded.").arg(shown(run.name), shown(step.name)));
            else if (step.outcome == StepOutcome::Lost || step.outcome == StepOutcome::InDoubt)
                out.append(QStringLiteral("%1: step %2 is %3, its effect is not proven.").arg(shown(run.name), shown(step.name), reportWord(step.outcome)));
        }
    }
    void facts(const HostRun &run)
    {
        const QString name = shown(run.name);
        if (run.state == HostRunState::Upgraded && !run.factsAfter.contains(run.hop))
            out.append(QStringLiteral("%1: nothing was measured after the upgrade.").arg(name));
        else if (run.state == HostRunState::Upgraded && run.factsAfter[run.hop].content.isEmpty())
            out.append(QStringLiteral("%1: its content was not counted after the upgrade.").arg(name));
        if (run.state == HostRunState::RolledBack && !run.factsBack)
            out.append(QStringLiteral("%1: nothing was measured after the way back.").arg(name));
        for (auto it = run.backups.cbegin(); it != run.backups.cend(); ++it) {
            if (!it->verified)
                out.append(QStringLiteral("%1: the backup %2 is not proven.").arg(name, shown(it->path)));
        }
        if (!run.steps.isEmpty() && run.backups.isEmpty() && run.state != HostRunState::AlreadyThere)
            out.append(QStringLiteral("%1: no backup was proven in this rollout.").arg(name));
    }
    void migrations()
    {
        for (const ReportMigration &m : report.migrations) {
            const QString where = QStringLiteral("%1: migration %2").arg(shown(m.host), shown(m.migration.name));
            if (m.migration.state == MigrationState::Unnamed)
                out.append(QStringLiteral("%1: the product prints no names of its migrations.").arg(shown(m.host)));
            else if (m.migration.state == MigrationState::Running)
                out.append(where + QStringLiteral(" began, its end was not seen."));
            else if (!m.migration.durationMs && m.migration.state == MigrationState::Ran)
                out.append(where + QStringLiteral(" has no duration."));
        }
    }
    void losses()
    {
        for (const ReportLoss &loss : report.losses) {
            if (loss.backupMs <= 0 || loss.stoppedMs <= 0)
                out.append(QStringLiteral("%1: the time for which work was lost is not recorded.").arg(shown(loss.host)));
            if (loss.counted.startsWith(QStringLiteral("unknown")))
                out.append(QStringLiteral("%1: what was lost by the restore was not counted.").arg(shown(loss.host)));
        }
    }
    void plan()
    {
        for (const PlanHost &host : report.plan.hosts) {
            for (const QString &unknown : host.unknowns)
                out.append(QStringLiteral("%1: not known when planning: %2.").arg(shown(host.installation.name), shown(unknown)));
        }
        for (const ReleaseNotes &notes : report.plan.notes) {
            if (notes.notes.isEmpty())
                out.append(QStringLiteral("No release notes are published for %1.").arg(notes.version.toString()));
        }
    }
    void chain()
    {
        QByteArray link = report.previousHash;
        qint64 expected = report.firstSeq;
        qsizetype next = 0;
        for (const Event &event : report.events) {
            for (; next < report.links.size() && report.links[next].seq < event.seq; ++next, ++expected)
                link = chainHash(link, report.links[next]);
            if (event.seq != expected || event.prev != link || event.hash.size() != 32 || chainHash(event.prev, chainRow(event)) != event.hash) {
                out.append(QStringLiteral("The journal's chain does not hold at event %1: what follows is not proven.").arg(event.seq));
                return;
            }
            link = event.hash;
            ++expected;
        }
    }
    void withheld()
    {
        if (!report.links.isEmpty())
            out.append(QStringLiteral("Between the journal's events %2 and %3 lies what is not part of this rollout: of %1 only type and hash are kept.").arg(reportCount(int(report.links.size()), "event")).arg(report.firstSeq).arg(report.lastSeq));
    }
};

} // namespace

QList<ReportLoss> lossesOf(const AuditReport &report, const RolloutState &state)
{
    QList<ReportLoss> losses;
    for (const ReportHost &host : report.hosts) {
        const HostRun &run = state.hosts[host.name];
        if (!isRestored(run))
            continue;
        const int hop = run.way ? run.way->hop : run.hop;
        losses.append({run.name, run.backups.value(hop).startedMs, stoppedMs(run), counted(run, hop)});
    }
    return losses;
}

QStringList gapsOf(const AuditReport &report, const RolloutState &state)
{
    Gaps gaps{report, state, {}};
    gaps.journal();
    gaps.chain();
    gaps.people();
    gaps.consoles();
    gaps.connections();
    for (const ReportHost &host : report.hosts) {
        gaps.steps(state.hosts[host.name]);
        gaps.facts(state.hosts[host.name]);
    }
    gaps.migrations();
    gaps.losses();
    gaps.plan();
    gaps.withheld();
    gaps.out.removeDuplicates();
    return gaps.out;
}

} // namespace bellwether
