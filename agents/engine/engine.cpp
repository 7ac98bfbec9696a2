#include "engine/engine.h"

#include "base/canonicaljson.h"
#include "engine/healthwatch.h"
#include "engine/redaction.h"
#include "engine/steprunner.h"
#include "engine/truststore.h"
#include "logging/redactor.h"
#include "rollout/decide.h"
#include "rollout/wayback.h"
#include "transfer/transfers.h"

#include <QCoreApplication>
#include <QEvent>
#include <QHostInfo>

namespace bellwether {

namespace {
const QString itself = QStringLiteral("bellwether");
} // namespace

Engine::Engine(Setup setup)
    : m_journal(setup.journal)
    , m_hosts(setup.hosts)
    , m_clock(setup.clock)
    , m_trust(setup.trust)
    , m_dataFolder(setup.dataFolder)
    , m_workspace(std::move(setup.workspace))
    , m_owner(std::move(setup.owner))
    , m_personAsked(std::move(setup.personAsked))
    , m_sleep(setup.sleep)
    , m_leases(static_cast<Runtime &>(*this))
    , m_holds(static_cast<Runtime &>(*this), m_workspace)
    , m_health(std::make_unique<HealthWatch>(static_cast<Runtime &>(*this)))
{
    m_events = m_workspace.lastSeq;
    m_trust.set(m_workspace.trusted, m_workspace.revoked);
    m_inbox.setWake([this] { QCoreApplication::postEvent(this, new QEvent(QEvent::User)); });
    m_leases.onLost = [this](const QString &place, bool toAStranger) {
        for (const RolloutState &r : std::as_const(m_workspace.rollouts)) {
            if (r.isEnded() || r.interrupted)
                continue;
            for (const PlanHost &h : r.plan.hosts) {
                if (h.installation.leasePlace() != place)
                    continue;
                if (!toAStranger) {
                    if (isBegun(r.hosts[h.installation.name].state))
                        wantsLease(r.id, h.installation.name);
                    continue;
                }
                pauseForHold(r.id, QStringLiteral("another console took over %1").arg(h.installation.name));
                break;
            }
        }
    };
    for (const RolloutState &r : std::as_const(m_workspace.rollouts))
        learnSecretNames(r);
    makeTransfers(setup.shell);
    m_snapshot = makeSnapshot();
}

Engine::~Engine()
{
    stop();
}

void Engine::customEvent(QEvent *)
{
    drainInbox();
}

void Engine::drainInbox()
{
    if (m_stopped)
        return;
    for (auto &work : m_inbox.takeAll())
        work();
    pump();
    publish();
}

void Engine::begin(std::function<void()> begun)
{
    ConsoleStarted e;
    e.workspace = m_workspace.id;
    e.version = QStringLiteral(BELLWETHER_VERSION);
    e.hostName = QHostInfo::localHostName();
    e.pid = QCoreApplication::applicationPid();
    record(0, {e}, [this, begun = std::move(begun)] {
        m_begun = true; // until now the rollouts looked as if they ran: what was under way is interrupted, and nothing moves
        publish(true);
        if (m_workspace.hold || !m_workspace.heldHosts.isEmpty()) // the console before may have ended in the middle of it
            m_holds.spread();
        if (begun)
            begun();
        takeEarly();
    }, itself);
}

void Engine::stop()
{
    m_stopped = true;
    m_runners.clear();
    m_due.clear();
    m_early.clear();
    m_transfers.reset();
}

bool Engine::isIdle() const
{
    for (const int n : m_inFlight)
        if (n > 0)
            return false;
    return m_backlog.isEmpty();
}

// Nothing of what was known before is of now: connections look alive and are not, leases may be another's.
void Engine::wakeUp()
{
    m_hosts.reconnect();
    m_leases.renewAllNow();
    m_listeningMono = now().monoMs + m_sleep.listenMs;
}

void Engine::tick()
{
    if (m_stopped)
        return;
    const qint64 mono = now().monoMs;
    if (m_tickedMono > 0 && mono - m_tickedMono > m_sleep.sleptMs)
        wakeUp();
    m_tickedMono = mono;
    while (!m_due.empty() && m_due.begin()->first <= mono) {
        const auto work = m_due.begin()->second;
        m_due.erase(m_due.begin());
        work();
    }
    if (!m_backlog.isEmpty() && !m_retrying && mono >= m_backlogRetryMono)
        retryBacklog();
    if (!m_begun && !m_backlog.isEmpty())
        takeEarly(); // to be told that the journal cannot be written
    m_leases.renewDue();
    for (const RolloutState &r : std::as_const(m_workspace.rollouts)) {
        if (!m_begun || r.isEnded() || r.interrupted)
            continue;
        m_health->tick(r);
        m_dirty = m_dirty || nextDecisionMono(r, now()) >= 0;
    }
    pump();
    publish();
}

const RolloutState *Engine::rollout(int id) const
{
    const auto it = m_workspace.rollouts.constFind(id);
    return it == m_workspace.rollouts.cend() ? nullptr : &*it;
}

void Engine::schedule(qint64 delayMs, std::function<void()> work)
{
    m_due.emplace(now().monoMs + delayMs, std::move(work));
}

// ---- recording: nothing is applied and nothing is done before it is durable

void Engine::record(int rollout, QList<EventBody> bodies, std::function<void()> then, const QString &actor)
{
    if (m_stopped || bodies.isEmpty())
        return;
    const Now at = now();
    QList<NewEvent> events;
    for (EventBody &body : bodies) {
        addHostKey(rollout, body);
        redact(body);
        events.append(NewEvent{rollout, at.wallMs, at.monoMs, actor, std::move(body)});
    }
    ++m_inFlight[rollout];
    if (!m_backlog.isEmpty() || m_retrying) {
        m_backlog.append({events, rollout, std::move(then)});
        return;
    }
    send(std::move(events), rollout, std::move(then));
}

// A connection is only made where this key was shown; beside the machine id it tells which machine that is.
void Engine::addHostKey(int rollout, EventBody &body) const
{
    auto *measured = std::get_if<FactsMeasured>(&body);
    if (!measured || !measured->facts.reachable || measured->facts.hostKey)
        return;
    const auto r = m_workspace.rollouts.constFind(rollout);
    const PlanHost *planned = r == m_workspace.rollouts.cend() ? nullptr : r->plan.host(measured->host);
    const Installation *host = planned ? &planned->installation : m_workspace.inventory.find(measured->host);
    const auto key = host ? m_workspace.trusted.constFind(host->endpoint.machine()) : m_workspace.trusted.cend();
    if (key != m_workspace.trusted.cend())
        measured->facts.hostKey = key->fingerprint;
}

void Engine::send(QList<NewEvent> events, int rollout, std::function<void()> then)
{
    auto answer = [this, events, rollout, then = std::move(then), alive = std::weak_ptr(m_alive)](Result<QList<Event>> result) {
        m_inbox.put([this, result = std::move(result), events, rollout, then, alive] {
            if (!alive.expired())
                committed(rollout, result, events, then);
        });
    };
    m_journal.append(std::move(events), std::move(answer));
}

void Engine::committed(int rollout, const Result<QList<Event>> &result, const QList<NewEvent> &asked, const std::function<void()> &then)
{
    if (m_stopped)
        return;
    if (!result)
        return journalFailed({asked, rollout, then}, clauseOf(result.error()));
    --m_inFlight[rollout];
    m_dirty = true;
    for (const Event &event : *result) {
        apply(m_workspace, event);
        m_events = event.seq;
    }
    for (const Event &event : *result)
        effects(event);
    if (then)
        then();
    if (m_inFlight[rollout] == 0 && m_waiting.contains(rollout)) {
        const auto waiting = m_waiting.take(rollout);
        for (const auto &work : waiting)
            work();
    }
    m_retrying = false;
    if (!m_backlog.isEmpty())
        retryBacklog();
    else
        m_journalFailure.clear();
}

// Fail closed: nothing moves until the journal has taken what happened, in the order in which it happened.
void Engine::journalFailed(Backlogged batch, const QString &reason)
{
    const bool first = m_backlog.isEmpty() && !m_retrying;
    m_journalFailure = reason;
    m_backlogRetryMono = now().monoMs + 1000;
    m_dirty = true;
    if (std::exchange(m_retrying, false))
        m_backlog.prepend(std::move(batch));
    else
        m_backlog.append(std::move(batch));
    if (!first || !m_begun)
        return;
    for (const RolloutState &r : std::as_const(m_workspace.rollouts)) {
        if (r.isEnded() || r.interrupted || r.pauses.contains(PauseReason::JournalFailure))
            continue;
        Paused e;
        e.reason = PauseReason::JournalFailure;
        e.detail = reason;
        record(r.id, {e}, {}, itself);
    }
}

void Engine::retryBacklog()
{
    const Backlogged next = m_backlog.takeFirst();
    m_retrying = true;
    send(next.events, next.rollout, next.then);
}

// ---- deciding

void Engine::pump()
{
    const Now at = now();
    if (!m_begun || m_stopped || m_holds.stopping || !m_backlog.isEmpty() || m_retrying || at.monoMs < m_listeningMono)
        return;
    for (const RolloutState &r : std::as_const(m_workspace.rollouts)) {
        if (r.isEnded() || r.interrupted || m_inFlight.value(r.id) > 0)
            continue;
        QList<EventBody> bodies = decide(r, at);
        for (const EventBody &body : std::as_const(bodies))
            if (needsLostLease(r, body))
                wantsLease(r.id, std::get<StepIntended>(body).host);
        bodies.removeIf([&](const EventBody &body) { return needsLostLease(r, body); });
        for (EventBody &body : bodies) {
            auto *intended = std::get_if<StepIntended>(&body);
            if (!intended)
                continue;
            const Step step = stepAt(r, r.hosts[intended->host], intended->direction, intended->hop, intended->index);
            if (!step.runsOnHost())
                continue;
            if (const auto script = StepRunner::scriptOf(r, intended->host, step))
                intended->sha256 = sha256Hex(*script);
        }
        record(r.id, bodies, {}, itself);
    }
}

// A step that would run on a host whose lease was lost: it is decided anew once the lease is there again.
bool Engine::needsLostLease(const RolloutState &r, const EventBody &body) const
{
    const auto *intended = std::get_if<StepIntended>(&body);
    return intended && epochOf(r.plan.host(intended->host)->installation) == 0
        && stepAt(r, r.hosts[intended->host], intended->direction, intended->hop, intended->index).runsOnHost();
}

// A person goes on: leases that others have taken meanwhile are asked for again.
void Engine::takeLostLeases(int id)
{
    const RolloutState &r = *rollout(id);
    for (const HostRun &h : r.hosts)
        if (isBegun(h.state) && h.leaseEpoch != 0 && epochOf(r.plan.host(h.name)->installation) == 0)
            takeLease(id, h.name);
}

// ---- doing: only what was committed

void Engine::effects(const Event &event)
{
    const int id = event.rollout;
    if (std::holds_alternative<HostTrusted>(event.body) || std::holds_alternative<KeyRevoked>(event.body)) {
        m_trust.set(m_workspace.trusted, m_workspace.revoked);
        return;
    }
    const RolloutState *r = rollout(id);
    if (!r || r->interrupted)
        return;
    if (std::holds_alternative<RolloutStarted>(event.body)) {
        learnSecretNames(*r);
    } else if (const auto *begun = std::get_if<HostBegun>(&event.body)) {
        takeLease(id, begun->host);
    } else if (const auto *retried = std::get_if<HostRetried>(&event.body)) {
        if (isBegun(r->hosts[retried->host].state))
            takeLease(id, retried->host);
    } else if (const auto *confirmed = std::get_if<RollbackConfirmed>(&event.body)) {
        for (const QString &host : confirmed->hosts)
            takeLease(id, host);
    } else if (std::holds_alternative<RolloutResumed>(event.body)) {
        for (const HostRun &h : r->hosts)
            if (isBegun(h.state))
                takeLease(id, h.name);
    } else if (const auto *lease = std::get_if<LeaseTaken>(&event.body)) {
        const PlanHost *planned = r->plan.host(lease->host);
        const QStringList names = planned ? r->leases.value(planned->installation.leasePlace()) : QStringList();
        for (const QString &name : names)
            if (r->hosts[name].current() && !m_runners.contains(name))
                attach(id, name);
    } else if (const auto *taking = std::get_if<TakeOverConfirmed>(&event.body)) {
        takeLease(id, taking->host);
    } else if (const auto *intended = std::get_if<StepIntended>(&event.body)) {
        const HostRun &h = r->hosts[intended->host];
        const StepRun *run = h.current();
        if (!run || run->token != intended->token)
            return;
        auto runner = std::make_shared<StepRunner>(static_cast<Runtime &>(*this), id, h.name, *run);
        m_runners.insert(h.name, runner);
        runner->begin();
    } else if (const auto *ended = std::get_if<StepEnded>(&event.body)) {
        const auto it = m_runners.constFind(ended->host);
        if (it != m_runners.cend() && it.value()->token() == ended->token)
            m_runners.erase(it);
    } else if (const auto *lifted = std::get_if<Unpaused>(&event.body)) {
        if (lifted->reason == PauseReason::Hold)
            takeLostLeases(id);
    } else if (std::holds_alternative<AbortRequested>(event.body)) {
        takeLostLeases(id);
        for (const auto &runner : std::as_const(m_runners))
            if (runner->rollout() == id)
                runner->cancelIfAborted();
    } else if (std::holds_alternative<RolloutEnded>(event.body)) {
        m_runners.removeIf([id](const auto &it) { return it.value()->rollout() == id; }); // nothing waits in it any more
        releaseLeases(id);
    }
}

void Engine::learnSecretNames(const RolloutState &rollout) const
{
    for (const QString &name : rollout.plan.secrets)
        processRedactor().addName(name);
}

void Engine::pauseForHold(int id, const QString &detail)
{
    if (rollout(id)->pauses.contains(PauseReason::Hold))
        return;
    Paused e;
    e.reason = PauseReason::Hold;
    e.detail = detail;
    record(id, {e}, {}, itself);
}

void Engine::attach(int id, const QString &host)
{
    const RolloutState &r = *rollout(id);
    auto runner = std::make_shared<StepRunner>(static_cast<Runtime &>(*this), id, host, *r.hosts[host].current());
    m_runners.insert(host, runner);
    runner->attach();
}

// ---- showing

std::shared_ptr<const ConsoleSnapshot> Engine::snapshot() const
{
    const std::scoped_lock lock(m_snapshotMutex);
    return m_snapshot;
}

void Engine::setChanged(std::function<void()> changed)
{
    const std::scoped_lock lock(m_snapshotMutex);
    m_changed = std::move(changed);
}

void Engine::publish(bool force)
{
    const qint64 mono = now().monoMs;
    if (!m_dirty || (!force && mono - m_publishedMono < 100))
        return;
    m_dirty = false;
    m_publishedMono = mono;
    auto fresh = makeSnapshot();
    std::function<void()> changed;
    {
        const std::scoped_lock lock(m_snapshotMutex);
        m_snapshot = std::move(fresh);
        changed = m_changed;
    }
    if (changed)
        changed();
}

std::shared_ptr<const ConsoleSnapshot> Engine::makeSnapshot()
{
    auto s = std::make_shared<ConsoleSnapshot>();
    s->revision = ++m_revision;
    s->dataFolder = m_dataFolder;
    s->library = m_workspace.library;
    s->journalEvents = m_events;
    s->journalState = m_backlog.isEmpty() && !m_retrying ? QStringLiteral("intact") : QStringLiteral("failing: %1").arg(m_journalFailure);
    s->hold = m_workspace.hold;
    s->connected = m_hosts.openSessions();
    s->transfers = m_transfers ? m_transfers->underWay() : 0;
    if (!m_workspace.undo.isEmpty())
        s->undo = m_workspace.undo.last();
    QHash<QString, QString> held;
    for (const RolloutState &r : std::as_const(m_workspace.rollouts))
        if (!r.isEnded())
            for (auto it = r.hosts.keyBegin(); it != r.hosts.keyEnd(); ++it)
                held.insert(*it, rolloutName(r.id));
    for (const Installation &i : std::as_const(m_workspace.inventory.installations)) {
        FleetRow row;
        row.installation = i;
        row.facts = m_workspace.facts.value(i.name);
        row.checking = m_checking.contains(i.name);
        row.rollout = held.value(i.name);
        const auto key = m_workspace.trusted.constFind(i.endpoint.machine());
        // Its own key: the error of a host behind a jump host may be about that one.
        const bool changedKey = row.facts.error == QLatin1String(errorKey(ErrorCode::HostKeyChanged)) && row.facts.errorArgs.value(0) == i.name;
        row.keyState = changedKey ? QStringLiteral("changed") : key != m_workspace.trusted.cend() ? QStringLiteral("trusted") : QStringLiteral("unknown");
        if (key != m_workspace.trusted.cend()) {
            row.keyFingerprint = key->fingerprint;
            if (m_workspace.revoked.contains(key->fingerprint))
                row.keyState = QStringLiteral("revoked");
        }
        s->fleet.append(row);
    }
    for (auto it = m_workspace.rollouts.cend(); it != m_workspace.rollouts.cbegin();) {
        --it;
        auto &cached = m_cache[it->id];
        const bool live = !it->isEnded() && !it->interrupted;
        if (!cached.second || live || cached.first != it->lastSeq || cached.second->interrupted != it->interrupted)
            cached = {it->lastSeq, std::make_shared<RolloutSnapshot>(snapshotOf(*it, now(), cached.second.get()))};
        s->rollouts.append(cached.second);
    }
    return s;
}

} // namespace bellwether
