#pragma once
// What a report says, derived from events alone: hosts, migrations, gates, decisions, losses, gaps, sentences. Needs the
// events embedded in a report and no others, so that a report can be derived from itself again.
#include "report/auditreport.h"

namespace bellwether {

// Whether the report of a rollout holds an event; of the others it holds the links.
bool isShown(int eventsRollout, const QString &type, int rollout);

// The report of what it holds already: events, links, workspace, madeMs. UnknownRollout.
Result<AuditReport> derivedReport(AuditReport report, int rollout);

QString headlineOf(const AuditReport &report);
QString summaryOf(const AuditReport &report);
QList<ReportDecision> decisionsOf(const AuditReport &report);
QList<ReportLoss> lossesOf(const AuditReport &report, const RolloutState &state);
QStringList gapsOf(const AuditReport &report, const RolloutState &state);
bool isSinglePerson(const Plan &plan); // author and approver are one, or nobody approved

} // namespace bellwether
