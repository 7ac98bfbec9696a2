#include "headless/rolloutfollower.h"

#include "text/errortext.h"
#include "text/format.h"

#include <algorithm>

namespace bellwether {

namespace {

constexpr int tickMs = 200;
constexpr qint64 quietMs = 1500; // between two events of a host that goes on to its safe point

template<class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};

QString because(const QString &reason)
{
    return reason.isEmpty() ? QString() : QStringLiteral(": ") + reason;
}

QString waveName(int wave)
{
    return wave == 0 ? QStringLiteral("canary") : QStringLiteral("wave %1").arg(wave);
}

QString textOf(const EventBody &body)
{
    return std::visit(Overloaded{
        [](const RolloutStarted &e) { return QStringLiteral("started, plan %1").arg(shortHash(e.planHash)); },
        [](const RolloutResumed &e) { return QStringLiteral("resumed") + because(e.reason); },
        [](const EverythingStopped &e) { return QStringLiteral("EVERYTHING STOPPED") + because(e.reason); },
        [](const EverythingReleased &e) { return QStringLiteral("released") + because(e.reason); },
        [](const WaveOpened &e) { return QStringLiteral("%1 opened").arg(waveName(e.wave)); },
        [](const HostBegun &e) { return QStringLiteral("%1: begun").arg(e.host); },
        [](const HostEnded &e) { return QStringLiteral("%1: %2%3").arg(e.host, nameOf(e.state), because(e.reason)); },
        [](const StepStarted &) { return QString(); },
        [](const StepIntended &e) { return QStringLiteral("%1: %2 …").arg(e.host, e.step); },
        [](const StepEnded &e) {
            if (e.outcome == StepOutcome::Done || e.outcome == StepOutcome::Already)
                return QString();
            return QStringLiteral("%1: the step %2%3").arg(e.host, nameOf(e.outcome), because(e.reason));
        },
        [](const StepReconciled &e) { return QStringLiteral("%1: the host says of the step in doubt: %2").arg(e.host, e.found); },
        [](const ConnectionChanged &e) { return e.connected ? QStringLiteral("%1: connected again").arg(e.host) : QStringLiteral("%1: connection lost%2").arg(e.host, because(e.reason)); },
        [](const MigrationObserved &e) {
            const Migration &m = e.migration;
            if (m.state == MigrationState::Running)
                return QString();
            return QStringLiteral("%1: migration %2 %3%4%5").arg(e.host, m.name, nameOf(m.state), m.durationMs ? QStringLiteral(" in ") + durationText(*m.durationMs) : QString(), because(m.reason));
        },
        [](const BackupProven &e) { return QStringLiteral("%1: backup proven, %2").arg(e.host, bytesText(e.backup.size)); },
        [](const GateAssessed &e) { return e.verdict == GateVerdict::Pass ? QString() : QStringLiteral("gate of the %1 %2%3").arg(waveName(e.wave), nameOf(e.verdict), because(e.reason)); },
        [](const GatePassed &e) { return QStringLiteral("gate of the %1 passed%2").arg(waveName(e.wave), e.by.isEmpty() ? QString() : QStringLiteral(" by ") + e.by); },
        [](const Promoted &e) { return QStringLiteral("%1 promoted%2").arg(waveName(e.wave), because(e.reason)); },
        [](const Paused &e) { return QStringLiteral("PAUSED, %1%2").arg(nameOf(e.reason), because(e.detail)); },
        [](const Unpaused &e) { return QStringLiteral("no longer paused for %1").arg(nameOf(e.reason)); },
        [](const HostRetried &e) { return QStringLiteral("%1: tried again%2").arg(e.host, because(e.reason)); },
        [](const LeaseRefused &e) { return QStringLiteral("%1: %2").arg(e.host, holderText(e)); },
        [](const TakeOverConfirmed &e) { return QStringLiteral("%1: taken over from %2%3").arg(e.host, e.by.isEmpty() ? e.owner : e.by, because(e.reason)); },
        [](const HostSkipped &e) { return QStringLiteral("%1: left out%2").arg(e.host, because(e.reason)); },
        [](const HostGivenUp &e) { return QStringLiteral("%1: waited for no longer%2").arg(e.host, because(e.reason)); },
        [](const WayBackDecided &e) { return QStringLiteral("%1: way back %2%3").arg(e.host, nameOf(e.way.verdict), because(e.way.reason)); },
        [](const RollbackConfirmed &e) { return QStringLiteral("going back: %1").arg(e.hosts.join(QStringLiteral(", "))); },
        [](const AbortRequested &e) { return QStringLiteral("abort asked for%1").arg(because(e.reason)); },
        [](const RolloutEnded &e) { return QStringLiteral("ended: %1%2").arg(nameOf(e.state), because(e.reason)); },
        [](const auto &) { return QString(); },
    }, body);
}

} // namespace

QString eventLine(const Event &event)
{
    const QString text = textOf(event.body);
    return text.isEmpty() ? QString() : QStringLiteral("%1 %2").arg(timeText(event.wallMs), text);
}

bool isMoving(const RolloutState &state)
{
    if (!state.rollbackOrder.isEmpty() && !state.interrupted && !state.hold)
        return true;
    return std::ranges::any_of(state.hosts, [](const HostRun &host) { return host.current() && host.state != HostRunState::InDoubt; });
}

bool wentBack(const RolloutState &state, const QStringList &hosts)
{
    if (state.hold || state.interrupted)
        return !isMoving(state);
    return std::ranges::all_of(hosts, [&state](const QString &host) {
        return !state.rollbackOrder.contains(host) && state.hosts.value(host).state != HostRunState::RollingBack;
    });
}

bool needsPerson(const RolloutState &state)
{
    if (state.isEnded())
        return !isMoving(state);
    if (state.interrupted)
        return true;
    const bool onlyWindow = state.pauses.size() == 1 && state.pauses.contains(PauseReason::WindowClosed); // opens by itself
    return state.isPaused() && !onlyWindow && !isMoving(state);
}

int exitCodeOf(const RolloutState &state)
{
    const auto anyHost = [&](auto... states) {
        return std::ranges::any_of(state.hosts, [&](const HostRun &host) { return ((host.state == states) || ...); });
    };
    if (state.lifecycle == RolloutLifecycle::Failed || anyHost(HostRunState::HalfMigrated, HostRunState::InDoubt, HostRunState::RollbackFailed))
        return 5;
    switch (state.lifecycle) {
    case RolloutLifecycle::Failed:
    case RolloutLifecycle::Aborted:
        return 5;
    case RolloutLifecycle::RolledBack:
        return 6;
    case RolloutLifecycle::Succeeded:
        return 0;
    case RolloutLifecycle::Running:
    case RolloutLifecycle::Paused:
        break;
    }
    const bool isElsewhere = std::ranges::any_of(state.hosts, [](const HostRun &host) { return host.heldBy && isBegun(host.state) && host.leaseEpoch == 0; });
    return state.interrupted ? 130 : state.isPaused() && isElsewhere ? 8 : state.isPaused() ? 4 : 0;
}

RolloutSnapshot snapshotNow(const RolloutState &state, bool hasOwner)
{
    if (hasOwner || state.isEnded() || state.interrupted)
        return snapshotOf(state, SystemClock().now());
    RolloutState alone = state; // nobody carries it out: nothing moves until it is resumed
    alone.interrupted = true;
    alone.lifecycle = RolloutLifecycle::Paused;
    return snapshotOf(alone, SystemClock().now());
}

void printRollout(Terminal &out, const RolloutSnapshot &s)
{
    out.line(QStringLiteral("%1  %2 to %3  %4%5").arg(s.name, printable(s.productName.isEmpty() ? s.product : s.productName), s.to.toString(), nameOf(s.state),
                                                      s.pauseText.isEmpty() ? QString() : QStringLiteral(": ") + printable(s.pauseText)));
    QList<QStringList> rows;
    for (const WaveView &wave : s.waves) {
        for (const HostView &host : wave.hosts) {
            rows.append({wave.name, host.name, nameOf(host.state), host.from.toString(), host.version.isEmpty() ? QStringLiteral("?") : host.version,
                         nameOf(host.health), host.way ? nameOf(host.way->verdict) : noneText(),
                         host.error.isEmpty() ? host.stepWaitsFor.isEmpty() ? host.step : QStringLiteral("%1, waits for %2").arg(host.step, host.stepWaitsFor) : host.error});
        }
    }
    out.table({QStringLiteral("WAVE"), QStringLiteral("HOST"), QStringLiteral("STATE"), QStringLiteral("FROM"), QStringLiteral("VERSION"),
               QStringLiteral("HEALTH"), QStringLiteral("WAY BACK"), QStringLiteral("REMARK")}, rows);
    for (const WaveView &wave : s.waves) {
        if (wave.state != QLatin1String("waiting") && !wave.gate.reason.isEmpty())
            out.line(QStringLiteral("gate of %1: %2, %3").arg(printable(wave.name), nameOf(wave.gate.verdict), printable(wave.gate.reason)));
    }
}

RolloutFollower::RolloutFollower(Context &context, JournalView &view, int rollout, bool ownsIt)
    : m_context(context), m_view(view), m_rollout(rollout), m_ownsIt(ownsIt)
{}

void RolloutFollower::show(const QList<Event> &events)
{
    for (const Event &event : events) {
        const bool ours = event.rollout == m_rollout || (event.rollout == 0 && concernsEveryRollout(eventName(event.body)));
        if (const QString text = eventLine(event); ours && !text.isEmpty())
            m_context.out.progress(QStringLiteral("%1 %2").arg(rolloutName(m_rollout), text));
    }
}

void RolloutFollower::bar() const
{
    const RolloutState *state = m_view.rollout(m_rollout);
    if (!state)
        return;
    int done = 0;
    QString now;
    for (const HostRun &host : state->hosts) {
        done += host.state == HostRunState::Upgraded || host.state == HostRunState::AlreadyThere;
        if (const StepRun *step = host.current())
            now = QStringLiteral("%1: %2 %3").arg(host.name, step->name, ageText(SystemClock().now().wallMs - step->intendedMs));
    }
    if (now.isEmpty() && state->currentWave() >= 0)
        now = state->waves[state->currentWave()].gateReason;
    m_context.out.bar(done, static_cast<int>(state->hosts.size()), now);
}

Status RolloutFollower::follow(const std::function<bool(const RolloutState &)> &done, const std::function<void(const RolloutState &)> &onChange)
{
    qint64 lastEvent = SystemClock().now().monoMs;
    for (int tick = 0; !isInterrupted(); ++tick) {
        const auto events = m_view.refresh();
        if (!events)
            return std::unexpected(events.error());
        show(*events);
        const qint64 now = SystemClock().now().monoMs;
        const RolloutState *state = m_view.rollout(m_rollout);
        if (std::ranges::any_of(*events, [&](const Event &event) { return event.rollout == m_rollout; })) {
            lastEvent = now;
            if (onChange && state)
                onChange(*state);
        }
        if (state && done(*state) && (state->isEnded() || now - lastEvent >= quietMs)) {
            m_context.out.clearBar();
            return {};
        }
        if (!m_ownsIt && tick % 10 == 9 && !hasOwner(m_context.dataFolder)) {
            m_context.out.clearBar();
            return fail(ErrorCode::Interrupted);
        }
        bar();
        pauseFor(tickMs);
    }
    m_context.out.clearBar();
    return fail(ErrorCode::Interrupted);
}

} // namespace bellwether
