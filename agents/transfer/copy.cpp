#include "transfer/copy.h"

#include "engine/runtime.h"
#include "remote/hostscripts.h"

namespace bellwether {

namespace {

constexpr int mostFailures = 25; // one after the other, without a byte: a quarter of an hour, or a sleep more
constexpr int mostRestarts = 5;

} // namespace

Copy::Copy(CopyPlace place, To to, std::function<void()> ended)
    : m_place(std::move(place))
    , m_to(std::move(to))
    , m_piece(m_to.limit)
    , m_ended(std::move(ended))
{
}

Copy::~Copy()
{
    leavePace();
}

void Copy::leavePace()
{
    if (std::exchange(m_isPaced, false))
        m_place.pace.leave(m_to.endpoint.machine(), m_to.limit);
}

void Copy::begin()
{
    if (hasEnded())
        return;
    m_rate.begin(nowMs());
    if (!std::exchange(m_isPaced, true))
        m_place.pace.join(m_to.endpoint.machine(), m_to.limit);
    m_state = CopyState::Checking;
    run();
}

void Copy::cancel()
{
    if (hasEnded())
        return;
    ++m_turn;
    giveBack(std::exchange(m_allowed, 0));
    leavePace();
    m_state = CopyState::Cancelled;
    m_error = Error{ErrorCode::Cancelled, {QStringLiteral("the copy of %1").arg(m_to.path)}, {}, nullptr};
    letGo();
    if (m_ended)
        std::exchange(m_ended, {})();
}

CopyProgress Copy::progress() const
{
    CopyProgress p;
    p.state = m_state;
    p.total = m_total;
    p.done = m_state == CopyState::Done ? m_total : std::max<qint64>(0, std::min(m_at, m_total));
    p.carried = m_carried;
    if (m_state == CopyState::Copying || m_state == CopyState::Waiting)
        p.rate = m_rate.perSecond();
    if (m_state == CopyState::Copying)
        p.etaS = m_rate.secondsFor(m_total - m_at);
    if (m_state == CopyState::Waiting)
        p.waitMs = std::max<qint64>(0, m_waitUntil - nowMs());
    p.sha256 = m_sha256;
    p.through = m_through;
    p.notThrough = m_notThrough;
    p.already = m_already;
    p.error = m_error;
    return p;
}

std::function<bool()> Copy::sameTurn()
{
    return [weak = weak_from_this(), turn = m_turn] {
        const auto self = weak.lock();
        return self && self->m_turn == turn && !self->hasEnded();
    };
}

void Copy::askAt(const Endpoint &at, const QStringList &verb, ExecRequest request, std::function<void(const Result<HostAnswer> &)> then)
{
    auto command = transferCommand(verb);
    if (!command)
        return end(command.error());
    request.command = *command;
    m_place.shell.exec(at, std::move(request), [same = sameTurn(), machine = at.machine(), then = std::move(then)](const Result<ExecResult> &result) {
        if (same())
            then(answerOf(result, machine));
    });
}

void Copy::ask(const QStringList &verb, ExecRequest request, std::function<void(const HostAnswer &)> then)
{
    askAt(m_to.endpoint, verb, std::move(request), [this, then = std::move(then)](const Result<HostAnswer> &answer) {
        const auto keep = shared_from_this();
        if (!answer)
            return lost(answer.error());
        m_reached = true;
        m_error.reset();
        static const QList<QByteArray> ours{"gone", "short", "sum"};
        if (!answer->err.isEmpty() && !ours.contains(answer->err))
            return end(errorOf(*answer, m_to.path));
        then(*answer);
    });
}

Error Copy::errorOf(const HostAnswer &answer, const QString &path) const
{
    const auto refused = [&](const QString &why) { return Error{ErrorCode::HostPathRefused, {m_to.name, path, why}, {}, nullptr}; };
    if (answer.err == "disk")
        return {ErrorCode::HostDiskFull, {m_to.name}, {}, nullptr};
    if (answer.err == "nofolder")
        return refused(QStringLiteral("its folder does not exist"));
    if (answer.err == "nofile")
        return refused(QStringLiteral("there is no such file"));
    if (answer.err == "folder")
        return refused(QStringLiteral("it is a folder; name a file"));
    if (answer.err == "refused")
        return refused(answer.reason());
    return {ErrorCode::Internal, {QStringLiteral("copying on %1: %2").arg(m_to.name, hostWords(answer.header))}, {}, nullptr};
}

// Whoever was never reached is said to be so at once. Afterwards it is tried for as long as somebody may be waiting for it.
void Copy::lost(Error error)
{
    if (!error.args.isEmpty() && error.args.first() == m_to.endpoint.machine())
        error.args.first() = m_to.name;
    if (!m_reached || !isLinkError(error) || m_failures >= mostFailures)
        return end(std::move(error));
    if (error.code == ErrorCode::CommandTimeout)
        m_piece.failed();
    ++m_turn;
    m_state = CopyState::Waiting;
    m_error = std::move(error);
    const qint64 wait = backOffMs(m_failures++);
    m_waitUntil = nowMs() + wait;
    m_place.later(wait, [this, same = sameTurn()] {
        if (!same())
            return;
        const auto keep = shared_from_this();
        m_state = CopyState::Checking;
        run();
    });
}

void Copy::onFiles(std::function<bool()> slice, std::function<void()> then)
{
    m_place.files.run(std::move(slice), [this, same = sameTurn(), then = std::move(then)] {
        if (!same())
            return;
        const auto keep = shared_from_this();
        then();
    });
}

void Copy::sum(std::shared_ptr<const OpenFile> file, qint64 count, std::function<void(const QByteArray &)> then)
{
    auto sum = std::make_shared<SlicedSum>(std::move(file), count);
    onFiles([sum] { return sum->slice(); }, [this, sum, then = std::move(then)] {
        if (!sum->sum())
            return end(sum->sum().error());
        then(*sum->sum());
    });
}

void Copy::paced(qint64 bytes, std::function<void()> go)
{
    m_pacedAt = m_place.pace.rateOf(m_to.endpoint.machine());
    const qint64 wait = m_place.pace.take(m_to.endpoint.machine(), bytes, nowMs());
    if (wait <= 0)
        return go();
    m_allowed = bytes;
    m_place.later(wait, [this, same = sameTurn(), go = std::move(go)] {
        if (!same())
            return;
        const auto keep = shared_from_this();
        m_allowed = 0;
        go();
    });
}

void Copy::moved(qint64 bytes, qint64 carried)
{
    m_carried += carried;
    m_rate.add(bytes, nowMs());
    m_failures = 0;
    m_restarts = 0;
}

void Copy::startAnew()
{
    if (++m_restarts > mostRestarts)
        return end(Error{ErrorCode::OutputUnreadable, {m_to.name, QStringLiteral("the copy of %1").arg(m_to.path), QStringLiteral("what was sent does not stay there")}, {}, nullptr});
    ++m_turn;
    m_state = CopyState::Checking;
    run();
}

void Copy::end(std::optional<Error> error)
{
    if (hasEnded())
        return;
    const auto keep = shared_from_this();
    ++m_turn;
    leavePace();
    m_state = error ? CopyState::Failed : CopyState::Done;
    m_error = std::move(error);
    letGo();
    if (m_ended)
        std::exchange(m_ended, {})();
}

// As if its disk and its processor were slow ones.
int Copy::sumTimeoutMs(qint64 bytes) const
{
    return static_cast<int>(std::min<qint64>(60'000 + bytes / 5'000, 6 * 3'600'000));
}

} // namespace bellwether
