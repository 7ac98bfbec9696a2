#include "report/collect.h"

#include "journal/chain.h"
#include "journal/journal.h"
#include "report/reporttext.h"
#include "rollout/gates.h"
#include "rollout/wayback.h"

#include <algorithm>

namespace bellwether {

namespace {

template<class Body, class Then>
void forEach(const QList<Event> &events, Then then)
{
    for (const Event &event : events) {
        if (const Body *body = std::get_if<Body>(&event.body))
            then(event, *body);
    }
}

QList<ReportMigration> migrationsOf(const QList<Event> &events)
{
    QList<ReportMigration> all;
    forEach<MigrationObserved>(events, [&](const Event &event, const MigrationObserved &seen) {
        for (ReportMigration &known : all) {
            if (known.host == seen.host && known.hop == seen.hop && known.migration.name == seen.migration.name) {
                known.migration = seen.migration;
                known.atMs = event.wallMs;
                return;
            }
        }
        all.append({seen.host, seen.hop, event.wallMs, seen.migration});
    });
    return all;
}

// One line per wave and hop: how it was assessed last, and whether and by whom it was passed.
QList<ReportGate> gatesOf(const AuditReport &report)
{
    QMap<std::pair<int, int>, ReportGate> gates;
    QMap<int, qint64> rest; // wave → when one of its hosts came to rest last
    QMap<QString, int> waveOf;
    for (const ReportHost &host : report.hosts)
        waveOf.insert(host.name, host.wave);
    const auto gate = [&](int wave, int hop) -> ReportGate & {
        ReportGate &g = gates[{wave, hop}];
        g.wave = wave;
        g.hop = hop;
        return g;
    };
    for (const Event &event : report.events) {
        if (const auto *ended = std::get_if<HostEnded>(&event.body)) {
            rest[waveOf.value(ended->host, -1)] = event.wallMs;
        } else if (const auto *assessed = std::get_if<GateAssessed>(&event.body)) {
            ReportGate &g = gate(assessed->wave, assessed->hop);
            g.verdict = assessed->verdict;
            g.reason = assessed->reason;
            g.conditions = assessed->conditions;
            g.atMs = event.wallMs;
            g.bakeFromMs = rest.value(assessed->wave);
        } else if (const auto *passed = std::get_if<GatePassed>(&event.body)) {
            ReportGate &g = gate(passed->wave, passed->hop);
            g.passed = true;
            g.verdict = GateVerdict::Pass;
            g.by = passed->by;
            g.atMs = event.wallMs;
            g.bakeFromMs = rest.value(passed->wave);
        }
    }
    return gates.values();
}

ReportHost hostOf(const AuditReport &report, const RolloutState &state, const HostRun &run)
{
    ReportHost host;
    host.name = run.name;
    host.wave = run.wave;
    host.waveName = report.plan.waves.value(run.wave).name;
    if (const PlanHost *planned = report.plan.host(run.name)) {
        host.from = planned->from.toString();
        host.environment = nameOf(planned->installation.environment);
        host.address = planned->installation.endpoint.machine();
        host.domain = planned->installation.domain;
    }
    host.now = run.measuredVersion;
    host.state = run.state;
    host.reason = run.reason;
    host.beganMs = run.beganMs;
    host.endedMs = run.endedMs;
    host.begun = run.beganMs > 0;
    host.stillDown = run.downSinceMs > 0;
    host.downtimeMs = run.downtimeMs + (host.stillDown ? qMax<qint64>(0, state.lastMs - run.downSinceMs) : 0);
    host.steps = run.steps;
    host.way = run.way;
    for (const ReportMigration &m : report.migrations) {
        if (m.host != run.name)
            continue;
        host.ran += m.migration.state == MigrationState::Ran || m.migration.state == MigrationState::Unnamed;
        host.skipped += m.migration.state == MigrationState::Skipped;
        host.failed += m.migration.state == MigrationState::Failed;
    }
    return host;
}

bool wasRestored(const ReportHost &host)
{
    return std::any_of(host.steps.cbegin(), host.steps.cend(), [](const StepRun &step) {
        return step.direction == Direction::Restore && step.kind == StepKind::Restore && step.phase == StepPhase::Ended
            && step.outcome == StepOutcome::Done;
    });
}

void count(ReportFigures &figures, const ReportHost &host)
{
    ++figures.planned;
    figures.migrationsRan += host.ran;
    figures.migrationsFailed += host.failed;
    figures.restored += wasRestored(host);
    figures.downtimeAtMostMs = qMax(figures.downtimeAtMostMs, host.downtimeMs);
    if (host.state == HostRunState::Upgraded || host.state == HostRunState::AlreadyThere)
        ++figures.upgraded;
    else if (host.state == HostRunState::RolledBack)
        ++figures.rolledBack;
    else if (host.state == HostRunState::Deferred)
        ++figures.deferred;
    else if (host.state == HostRunState::Excluded)
        ++figures.excluded;
    else if (host.state == HostRunState::Waiting)
        ++figures.notBegun;
    else if (isBegun(host.state))
        ++figures.underWay;
    else
        ++figures.troubled;
}

} // namespace

bool isSinglePerson(const Plan &plan)
{
    return plan.approver.isEmpty() || plan.approver == plan.author;
}

namespace {
void derive(AuditReport &report, const RolloutState &state)
{
    const Event &last = report.events.constLast();
    report.rollout = snapshotOf(state, {last.wallMs, last.monoMs});
    report.plan = state.plan;
    report.migrations = migrationsOf(report.events);
    report.hosts.clear();
    report.figures = {};
    for (const HostRun &run : state.hosts) {
        report.hosts.append(hostOf(report, state, run));
        count(report.figures, report.hosts.constLast());
    }
    std::stable_sort(report.hosts.begin(), report.hosts.end(), [](const ReportHost &a, const ReportHost &b) { return a.wave < b.wave; });
    report.gates = gatesOf(report);
    report.decisions = decisionsOf(report);
    report.losses = lossesOf(report, state);
    report.headline = headlineOf(report);
    report.summary = summaryOf(report);
    report.gaps = gapsOf(report, state);
}

// Which events a report holds: those of its rollout, and those that concern every rollout while it ran (a console's start
// ends durations, a stop of everything holds it). Other rollouts' and the fleet's events may name other customers; of these
// only the links are kept.
void takeEvents(AuditReport &report, const QList<Event> &all, int rollout)
{
    qsizetype first = -1, last = -1;
    for (qsizetype i = 0; i < all.size(); ++i) {
        if (const auto *console = std::get_if<ConsoleStarted>(&all[i].body); console && report.workspace.isEmpty())
            report.workspace = console->workspace;
        if (all[i].rollout != rollout)
            continue;
        first = first < 0 ? i : first;
        last = i;
    }
    for (qsizetype i = first; i >= 0 && i <= last; ++i) {
        const ChainRow row = chainRow(all[i]);
        if (isShown(row.rollout, QString::fromUtf8(row.type), rollout))
            report.events.append(all[i]);
        else
            report.links.append(chainLink(row));
    }
}
} // namespace

bool isShown(int eventsRollout, const QString &type, int rollout)
{
    return eventsRollout == rollout || (eventsRollout == 0 && concernsEveryRollout(type));
}

Result<AuditReport> derivedReport(AuditReport report, int rollout)
{
    RolloutState state;
    for (const Event &event : std::as_const(report.events)) {
        apply(state, event);
        if (state.id != 0) // as the fold over the whole workspace has it
            applyToEvery(state, event);
    }
    if (rollout <= 0 || report.events.isEmpty() || state.id != rollout)
        return fail(ErrorCode::UnknownRollout, {rolloutName(rollout)});
    if (!state.workspace.isEmpty())
        report.workspace = state.workspace; // it stands in the chain; beside it anybody could write another
    report.firstSeq = report.events.constFirst().seq;
    report.lastSeq = report.events.constLast().seq;
    report.previousHash = report.events.constFirst().prev;
    report.headHash = report.events.constLast().hash;
    report.programVersion = QStringLiteral(BELLWETHER_VERSION);
    derive(report, state);
    return report;
}

QString brokenWords(const JournalCheck &check)
{
    if (check.intact)
        return {};
    return check.firstBroken > 0 ? QStringLiteral("%1 at event %2").arg(check.cause).arg(check.firstBroken) : check.cause;
}

Result<AuditReport> makeReport(const QList<Event> &allEvents, int rollout, qint64 madeMs, const QString &journalBroken)
{
    AuditReport report;
    report.madeMs = madeMs;
    report.journalBroken = journalBroken;
    takeEvents(report, allEvents, rollout);
    return derivedReport(std::move(report), rollout);
}

Result<QByteArray> writeReport(const AuditReport &report, ReportFormat format)
{
    switch (format) {
    case ReportFormat::Html: return reportHtml(report);
    case ReportFormat::Csv: return reportCsv(report);
    case ReportFormat::Json: return reportJson(report);
    case ReportFormat::Md: return reportMarkdown(report);
    case ReportFormat::Pdf: break;
    }
    return fail(ErrorCode::ReportFormat, {nameOf(format)});
}

} // namespace bellwether
