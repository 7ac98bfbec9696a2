#include "engine/stepoutput.h"

#include "engine/redaction.h"

#include <algorithm>
#include <utility>

namespace bellwether {

bool readsMigrations(const StepRun &run)
{
    return run.direction == Direction::Forward && (run.kind == StepKind::Migrate || run.kind == StepKind::Start);
}

StepOutput::StepOutput(QString logPath, QString host, StepRun run)
    : m_logPath(std::move(logPath))
    , m_host(std::move(host))
    , m_run(std::move(run))
{}

QList<EventBody> StepOutput::take(const RolloutState &state, const QByteArray &out, const QByteArray &err)
{
    m_out += out.size();
    m_err += err.size();
    return observe(state, m_outLines.feed(out) + m_errLines.feed(err), false);
}

QList<EventBody> StepOutput::finish(const RolloutState &state)
{
    return observe(state, m_outLines.finish() + m_errLines.finish(), true);
}

QString StepOutput::lastWords() const
{
    if (!m_log)
        return {};
    m_log->finish();
    return QString::fromUtf8(m_log->tail()).trimmed();
}

std::optional<LogOutcome> StepOutput::outcome() const
{
    return m_reader ? std::optional(m_reader->outcome()) : std::nullopt;
}

QList<EventBody> StepOutput::observe(const RolloutState &state, const QByteArray &lines, bool finished)
{
    if (!m_log)
        m_log = std::make_unique<StepLog>(m_logPath);
    m_log->append(lines);
    if (finished)
        m_log->finish();
    if (!readsMigrations(m_run))
        return {};
    if (!m_reader)
        m_reader = std::make_unique<LogReader>(state.plan.log);
    QList<Migration> changed = m_reader->feed(lines);
    if (finished)
        changed += m_reader->finish();
    // After an interruption the output is read again from its beginning, in other portions, so that the same line may have
    // another number: where each migration stands is compared once all of it is here.
    if (m_out + m_err < m_readBefore && !finished)
        return {};
    const bool again = std::exchange(m_readBefore, 0) > 0;
    if (again)
        changed = m_reader->migrations();
    QMap<QString, Migration> newest; // a log may say the same a thousand times: only where each stands is recorded
    QStringList order;
    for (const Migration &migration : std::as_const(changed)) {
        if (!newest.contains(migration.name))
            order.append(migration.name);
        newest.insert(migration.name, migration);
    }
    QList<EventBody> events;
    for (const QString &name : std::as_const(order)) {
        MigrationObserved e;
        e.host = m_host;
        e.token = m_run.token;
        e.hop = m_run.hop;
        e.migration = newest[name];
        if (!again || !isKnown(state, e))
            events.append(e);
    }
    return events;
}

// Whether the journal has it already, in the words in which it would be recorded.
bool StepOutput::isKnown(const RolloutState &state, const EventBody &observed) const
{
    EventBody body = observed;
    redact(body);
    Migration told = std::get<MigrationObserved>(body).migration;
    const HostRun &host = state.hosts.find(m_host).value();
    if (host.migrationTokens.value(told.name) != m_run.token)
        return false;
    const auto known = std::ranges::find(host.migrations, told.name, &Migration::name);
    if (known == host.migrations.cend())
        return false;
    told.line = known->line;
    return told == *known;
}

} // namespace bellwether
