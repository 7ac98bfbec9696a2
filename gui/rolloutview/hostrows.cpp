#include "rolloutview/hostrows.h"

#include "text/format.h"

#include <QCoreApplication>

namespace bellwether {
namespace {

QString tr(const char *text, int n = -1) { return QCoreApplication::translate("HostRows", text, nullptr, n); }

bool endedBadly(const StepView &step)
{
    return step.state == QLatin1String("failed") || step.state == QLatin1String("timed-out") || step.state == QLatin1String("lost")
        || step.state == QLatin1String("in-doubt");
}

void add(QList<Problem> &problems, const HostView &host, const QString &what, StateLook look, const QString &token = {}, int line = 0)
{
    problems.append({host.name, visibleText(what), token, line, look.role, look.icon});
}

} // namespace

QString migrationToken(const HostView &host)
{
    for (auto it = host.steps.crbegin(); it != host.steps.crend(); ++it)
        if (!it->token.isEmpty() && it->direction == Direction::Forward && (it->kind == StepKind::Migrate || it->kind == StepKind::Start))
            return it->token;
    return {};
}

QList<Problem> problemsOf(const RolloutSnapshot &rollout)
{
    QList<Problem> problems;
    for (const WaveView &wave : rollout.waves)
        for (const HostView &host : wave.hosts) {
            bool told = false;
            for (const Migration &migration : host.migrations)
                if (migration.state == MigrationState::Failed) {
                    const QString why = migration.reason.isEmpty() ? tr("failed") : migration.reason;
                    add(problems, host, QStringLiteral("%1: %2").arg(migration.name, why), look(MigrationState::Failed), migrationToken(host), migration.line);
                    told = true;
                }
            if (!host.steps.isEmpty()) {
                const StepView *bad = nullptr;
                for (const StepView &step : host.steps)
                    if (endedBadly(step))
                        bad = &step;
                if (bad && host.state != HostRunState::Upgraded && host.state != HostRunState::RolledBack) {
                    const QString why = bad->reason.isEmpty() ? lookOfStep(bad->state).word.toLower() : bad->reason;
                    add(problems, host, QStringLiteral("%1: %2").arg(bad->name, why), lookOfStep(bad->state), bad->token);
                    told = true;
                }
            }
            if (!told && !host.error.isEmpty())
                add(problems, host, host.error, look(host.state));
            if (host.health == Health::Unhealthy && host.state != HostRunState::RollingBack)
                add(problems, host, host.healthDetail.isEmpty() ? tr("unhealthy") : tr("unhealthy: %1").arg(host.healthDetail), look(Health::Unhealthy));
            if (!host.connected && rollout.endedMs == 0)
                add(problems, host, tr("the connection is lost; the host is asked again as soon as it answers"),
                    {StateRole::Unreachable, QStringLiteral("state/unreachable"), {}});
        }
    return problems;
}

QList<Row> problemRows(const QList<Problem> &problems)
{
    QList<Row> rows;
    for (int i = 0; i < problems.size(); ++i) {
        const Problem &problem = problems[i];
        Cell host, what, line;
        host.text = problem.host;
        host.icon = problem.icon;
        host.ink = problem.role;
        what.text = problem.what;
        line.text = problem.line > 0 ? numberText(problem.line) : problem.token.isEmpty() ? noneText() : tr("end");
        line.right = true;
        line.mono = problem.line > 0;
        rows.append({QStringLiteral("%1/%2").arg(problem.host, problem.what), {host, what, line}});
    }
    return rows;
}

QList<Row> migrationRows(const HostView &host)
{
    QList<Row> rows;
    for (qsizetype i = 0; i < host.migrations.size(); ++i) {
        const Migration &migration = host.migrations[i];
        const StateLook state = look(migration.state);
        Cell name, result, took;
        name.text = migration.name.isEmpty() ? tr("no name printed") : visibleText(migration.name);
        name.mono = true;
        name.muted = migration.state == MigrationState::Skipped;
        result.text = state.word;
        result.icon = state.icon;
        result.ink = state.role;
        result.inkText = migration.state != MigrationState::Skipped;
        result.muted = migration.state == MigrationState::Skipped;
        if (!migration.reason.isEmpty())
            result.toolTip = visibleText(migration.reason);
        took.text = migration.durationMs ? durationText(*migration.durationMs)
            : migration.state == MigrationState::Skipped || migration.state == MigrationState::Running ? noneText() : unknownText();
        took.right = true;
        took.muted = !migration.durationMs;
        rows.append({migration.name + QString::number(migration.name.isEmpty() ? i : 0), {name, result, took}});
    }
    return rows;
}

QString migrationCount(const HostView &host)
{
    int ran = 0, skipped = 0, failed = 0, running = 0;
    for (const Migration &migration : host.migrations) {
        ran += migration.state == MigrationState::Ran || migration.state == MigrationState::Unnamed;
        skipped += migration.state == MigrationState::Skipped;
        failed += migration.state == MigrationState::Failed;
        running += migration.state == MigrationState::Running;
    }
    QStringList parts{tr("%1 ran").arg(ran)};
    if (running > 0)
        parts << tr("%1 running").arg(running);
    if (skipped > 0)
        parts << tr("%1 skipped").arg(skipped);
    if (failed > 0)
        parts << tr("%1 failed").arg(failed);
    return parts.join(QStringLiteral(", "));
}

} // namespace bellwether
