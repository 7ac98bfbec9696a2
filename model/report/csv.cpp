// RFC 4180, one row per step; hosts without a step have one row. Text is guarded against formulas (spreadsheets run what
// begins with = + - @ and their relatives); columns of numbers are exempt by their type, never by their content.
#include "report/auditreport.h"
#include "report/reporttext.h"

#include <QDateTime>

namespace bellwether {

namespace {

QString text(const QString &value)
{
    return QLatin1Char('"') + guardedCell(value).replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
}

QString number(qint64 value)
{
    return QString::number(value);
}

QString time(qint64 wallMs)
{
    return wallMs > 0 ? QDateTime::fromMSecsSinceEpoch(wallMs, Qt::UTC).toString(Qt::ISODateWithMs) : QString();
}

QStringList ofHost(const AuditReport &report, const ReportHost &host)
{
    return {text(report.rollout.name), text(host.name), text(host.waveName), text(host.from), text(host.now), text(nameOf(host.state)), text(host.reason)};
}

QStringList ofStep(const StepRun &step)
{
    const bool ended = step.phase == StepPhase::Ended;
    const qint64 from = step.startedMs > 0 ? step.startedMs : step.intendedMs;
    return {number(step.hop + 1), text(nameOf(step.direction)), text(step.name), text(nameOf(step.kind)), number(step.attempt),
            text(ended ? nameOf(step.outcome) : nameOf(step.phase)), step.exitStatus ? number(*step.exitStatus) : QString(),
            time(step.intendedMs), time(step.startedMs), time(step.endedMs), ended ? number(step.endedMs - from) : QString(),
            text(step.reason), text(step.token), text(step.sha256), text(step.command)};
}

} // namespace

QByteArray reportCsv(const AuditReport &report)
{
    const QStringList columns{QStringLiteral("rollout"), QStringLiteral("host"), QStringLiteral("wave"), QStringLiteral("from"), QStringLiteral("now"),
                              QStringLiteral("state"), QStringLiteral("state_reason"), QStringLiteral("hop"), QStringLiteral("direction"), QStringLiteral("step"),
                              QStringLiteral("kind"), QStringLiteral("attempt"), QStringLiteral("outcome"), QStringLiteral("exit"), QStringLiteral("intended_utc"),
                              QStringLiteral("started_utc"), QStringLiteral("ended_utc"), QStringLiteral("duration_ms"), QStringLiteral("reason"),
                              QStringLiteral("token"), QStringLiteral("script_sha256"), QStringLiteral("command")};
    QString out = columns.join(QLatin1Char(',')) + QStringLiteral("\r\n");
    for (const ReportHost &host : report.hosts) {
        const QStringList start = ofHost(report, host);
        if (host.steps.isEmpty())
            out += (start + QStringList(columns.size() - start.size(), QString())).join(QLatin1Char(',')) + QStringLiteral("\r\n");
        for (const StepRun &step : host.steps)
            out += (start + ofStep(step)).join(QLatin1Char(',')) + QStringLiteral("\r\n");
    }
    return out.toUtf8();
}

} // namespace bellwether
