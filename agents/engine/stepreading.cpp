#include "engine/stepreading.h"

#include "remote/hostscripts.h"

#include <algorithm>

namespace bellwether {

namespace {

// For so long what has ended is read from where reading stands; then only its end, as much as two polls bring.
// A poll that took longer than longestMs was waited for, or slept over.
constexpr qint64 readMs = 10'000, readMigrationsMs = 5 * 60'000, longestMs = 20'000, leastEnd = 4 << 10;

QString placeOnHost(const Installation &host, const QString &token)
{
    return QStringLiteral("%1/v1/jobs/%2/out and err").arg(stateFolder(host.state), token);
}

} // namespace

StepReading::StepReading(const QString &logPath, const Installation &host, const StepRun &run)
    : m_output(logPath, host.name, run, placeOnHost(host, run.token))
    , m_kind(run.kind)
    , m_ofMigrations(readsMigrations(run))
{}

// What has ended is not held up by what it said: of very much, and on a slow link, the end alone is read.
bool StepReading::isAtItsEnd(const JobPoll &poll, qint64 tookMs)
{
    if (poll.out.isEmpty() && poll.err.isEmpty())
        return true;
    m_endReadMs += std::min(tookMs, longestMs);
    qint64 most = m_output.isLong() ? StepOutput::endBytes : std::max(poll.outSize, poll.errSize);
    if (m_endReadMs > (m_ofMigrations ? readMigrationsMs : readMs))
        most = std::min(most, std::max<qint64>(leastEnd, 2 * std::max(poll.out.size(), poll.err.size())));
    m_output.skip(poll.outSize, poll.errSize, most);
    return m_output.out() >= poll.outSize && m_output.err() >= poll.errSize;
}

QString StepReading::lastLine() const
{
    return m_output.lastWords().section(QLatin1Char('\n'), -1);
}

QString StepReading::whyNotDone(const RolloutState &state) const
{
    const std::optional<LogOutcome> migrated = m_output.outcome();
    if (migrated == LogOutcome::Failed) // an exit status of 0 alone is not success
        return QStringLiteral("its log reports a failed migration though it left with 0");
    if (migrated && migrated != LogOutcome::Succeeded && m_kind == StepKind::Migrate && !state.plan.log.succeeded.isEmpty())
        return QStringLiteral("its log never says that the migrations succeeded");
    return {};
}

void StepReading::judgeUnread(StepEnded &end, const HostFacts &facts) const
{
    if (m_output.unread() == 0 || end.outcome == StepOutcome::Lost || end.outcome == StepOutcome::InDoubt)
        return;
    if (facts.ledger && (end.outcome == StepOutcome::Done || !facts.ledger->halfMigrated.isEmpty()))
        return;
    end.reason = end.outcome == StepOutcome::Done
        ? QStringLiteral("a part of its output was not read, and no ledger says whether its migrations ended")
        : QStringLiteral("%1; a part of its output was not read, so what it did is not known").arg(end.reason);
    end.outcome = StepOutcome::InDoubt;
}

void StepReading::describe(StepEnded &end) const
{
    end.outputBytes = m_output.out() + m_output.err();
    if (m_output.unread() > 0)
        end.unreadBytes = m_output.unread();
    end.lastWords = m_output.lastWords();
}

} // namespace bellwether
