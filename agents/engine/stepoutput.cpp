#include "engine/stepoutput.h"

#include "engine/redaction.h"

#include <algorithm>
#include <utility>

namespace bellwether {

namespace {

constexpr qint64 mostForMigrations = 64 << 20;
constexpr qint64 farthest = qint64{1} << 60; // a host may say anything

qint64 leaveOut(WholeLines &lines, WholeLines &pieces, qint64 &at, qint64 to)
{
    if (to <= at)
        return 0;
    lines.skip();
    pieces.skip();
    return to - std::exchange(at, to);
}

} // namespace

bool readsMigrations(const StepRun &run)
{
    return run.direction == Direction::Forward && (run.kind == StepKind::Migrate || run.kind == StepKind::Start);
}

StepOutput::StepOutput(QString logPath, QString host, StepRun run, QString onHost)
    : m_logPath(std::move(logPath))
    , m_host(std::move(host))
    , m_onHost(std::move(onHost))
    , m_run(std::move(run))
{}

QList<EventBody> StepOutput::take(const RolloutState &state, const QByteArray &out, const QByteArray &err)
{
    m_out += out.size();
    m_err += err.size();
    log().append(beside(m_outPieces.feed(out), m_outPieces));
    log().append(beside(m_errPieces.feed(err), m_errPieces));
    return observe(state, m_outLines.feed(out) + m_errLines.feed(err), false);
}

QList<EventBody> StepOutput::finish(const RolloutState &state)
{
    log().append(beside(m_outPieces.finish(), m_outPieces));
    log().append(beside(m_errPieces.finish(), m_errPieces));
    log().finish();
    return observe(state, m_outLines.finish() + m_errLines.finish(), true);
}

bool StepOutput::isLong() const
{
    return m_out + m_err >= (readsMigrations(m_run) ? mostForMigrations : StepLog::headBytes);
}

void StepOutput::skip(qint64 outSize, qint64 errSize, qint64 most)
{
    const qint64 bytes = leaveOut(m_outLines, m_outPieces, m_out, std::min(outSize, farthest) - most)
        + leaveOut(m_errLines, m_errPieces, m_err, std::min(errSize, farthest) - most);
    if (bytes == 0)
        return;
    m_unread += bytes;
    m_begun = nullptr; // a mark follows
    log().skip(bytes);
}

// A line that has got as far as a carriage return is not gone on with by the other stream.
QByteArray StepOutput::beside(const QByteArray &pieces, const WholeLines &stream)
{
    if (pieces.isEmpty())
        return pieces;
    const bool another = m_begun && m_begun != &stream;
    m_begun = pieces.endsWith('\r') ? &stream : nullptr;
    return another ? '\n' + pieces : pieces;
}

StepLog &StepOutput::log()
{
    if (!m_log)
        m_log = std::make_unique<StepLog>(m_logPath, m_onHost);
    return *m_log;
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
    if (m_unread > 0 && told.state != MigrationState::Failed && known->state != MigrationState::Running)
        return true; // who read all of it knew more
    told.line = known->line;
    return told == *known;
}

} // namespace bellwether
