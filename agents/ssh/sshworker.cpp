#include "ssh/sshworker.h"

#include <QThread>

#include <algorithm>

namespace bellwether {

namespace {
QString throughKey(const SshRoute &route)
{
    return u'\n' + route.over->key();
}
} // namespace

SshWorker::SshWorker(const KeyTrust &trust, Credentials &credentials, const SshOptions &options, std::atomic<int> &openSessions)
    : m_trust(trust)
    , m_credentials(credentials)
    , m_options(options)
    , m_openSessions(openSessions)
{
    m_line->worker = this;
    m_mail.setWake([this] { QCoreApplication::postEvent(this, new QEvent(QEvent::User)); });
}

SshWorker::~SshWorker()
{
    {
        const std::scoped_lock lock(m_line->mutex);
        m_line->worker = nullptr;
    }
    m_mail.takeAll(); // its lock orders this after all that the worker's thread did
}

void SshWorker::submit(SshWork work)
{
    m_mail.put(std::move(work));
}

void SshWorker::customEvent(QEvent *) // the wake-up; what it is about lies in the mailbox
{
    if (!m_tick) { // made on the worker's own thread
        m_watch = std::make_unique<FdWatch>();
        m_tick = new QTimer(this);
        m_tick->setInterval(200);
        connect(m_tick, &QTimer::timeout, this, [this] {
            const auto sessions = m_all;
            for (SshSession *session : sessions)
                session->tick();
            if (!m_setbacks.isEmpty())
                beginHandshakes();
        });
    }
    for (SshWork &work : m_mail.takeAll())
        take(std::move(work));
}

void SshWorker::take(SshWork work)
{
    switch (work.kind) {
    case SshWork::Kind::Call:
        return takeCall(work.route, std::move(work.call));
    case SshWork::Kind::Scan: {
        if (const auto denial = work.route->over ? denialOf(*work.route->over) : std::nullopt) // itself it is only looked at
            return work.scan(std::unexpected(work.route->becauseOfJump(*denial)));
        SshSession *session = makeSession(work.route);
        session->scan(std::move(work.scan));
        return wantHandshake(session);
    }
    case SshWork::Kind::Run:
        return work.run();
    case SshWork::Kind::CloseAll:
        return closeAll();
    case SshWork::Kind::Stop:
        return stop();
    }
}

std::optional<Error> SshWorker::denialOf(const SshRoute &route)
{
    const QString key = route.key();
    if (const auto denial = m_denials.constFind(key); denial != m_denials.constEnd()) {
        if (!denial->until.hasExpired() && denial->round == m_credentials.round())
            return denial->error; // OpenSSH punishes an address that goes on trying
        m_denials.erase(denial);
    }
    const auto onTheWay = route.over ? denialOf(*route.over) : std::nullopt;
    return onTheWay ? std::optional(route.becauseOfJump(*onTheWay)) : std::nullopt;
}

void SshWorker::takeCall(const std::shared_ptr<const SshRoute> &route, std::unique_ptr<SshCall> call)
{
    if (const auto denial = denialOf(*route))
        return call->abandon(*denial);
    const QString key = route->key();
    SshSession *session = m_kept.value(key);
    const bool fresh = session == nullptr;
    if (fresh) {
        session = makeSession(route);
        m_kept.insert(key, session);
    }
    session->add(std::move(call));
    if (fresh)
        wantHandshake(session);
}

SshSession *SshWorker::makeSession(const std::shared_ptr<const SshRoute> &route)
{
    SshSession::Hooks hooks;
    hooks.handshakeEnded = [this](SshSession *session) {
        countHandshake(*session->route(), -1);
        QMetaObject::invokeMethod(this, [this] { beginHandshakes(); }, Qt::QueuedConnection);
    };
    hooks.ready = [this](SshSession *session) {
        ++m_openSessions;
        m_setbacks.remove(session->route()->key());
    };
    hooks.makeLogin = [this](SshSession *session) { return makeLogin(session); };
    hooks.ended = [this](SshSession *session, const Error &error) { onEnded(session, error); };
    hooks.again = [this](SshSession *session, std::unique_ptr<SshCall> call) {
        SshWork work;
        work.route = session->route();
        work.call = std::move(call);
        submit(std::move(work));
    };
    hooks.handshakeWanted = [this](SshSession *session) { wantHandshake(session); };
    auto *session = new SshSession(route, m_trust, m_options, *m_watch, std::move(hooks), this);
    m_all.append(session);
    if (!m_tick->isActive())
        m_tick->start();
    return session;
}

std::shared_ptr<SshLogin> SshWorker::makeLogin(SshSession *session)
{
    SshLogin::Hooks hooks;
    hooks.post = [line = m_line](std::function<void()> run) {
        const std::scoped_lock lock(line->mutex);
        if (!line->worker)
            return;
        SshWork work;
        work.kind = SshWork::Kind::Run;
        work.run = std::move(run);
        line->worker->submit(std::move(work));
    };
    hooks.resume = [session] { session->personAnswered(); }; // called by a login, which its session owns
    hooks.returned = [session] { session->agentAnswered(); };
    return std::make_shared<SshLogin>(session->endpoint(), m_keys, m_credentials, m_options, std::move(hooks));
}

void SshWorker::onEnded(SshSession *session, const Error &error)
{
    const QString key = session->route()->key();
    if (session->denial())
        m_denials.insert(key, {QDeadlineTimer(m_options.deniedPauseMs), m_credentials.round(), *session->denial()});
    if (session->wasReady())
        --m_openSessions;
    m_all.removeOne(session);
    m_atTheDoor.removeOne(session);
    if (m_kept.value(key) == session)
        m_kept.remove(key);
    carrierEnded(session, error);
    if (m_all.isEmpty())
        m_tick->stop();
    session->deleteLater();
}

void SshWorker::carrierEnded(SshSession *session, const Error &error)
{
    const QString key = session->route()->key();
    const auto carriers = m_carriers.find(key);
    if (carriers == m_carriers.end())
        return;
    carriers->removeOne(session);
    const bool another = std::ranges::any_of(std::as_const(*carriers), &SshSession::isReady);
    if (carriers->isEmpty())
        m_carriers.erase(carriers);
    if (session->wasReady()) { // who still waits for it gets another
        QMetaObject::invokeMethod(this, [this] { beginHandshakes(); }, Qt::QueuedConnection);
        return;
    }
    // The jump host is there, it only lets no further connection in: a place on ours may come free, or its door open again.
    if (another && !session->denial() && m_setbacks.value(key).count < 3) {
        Setback &setback = m_setbacks[key];
        setback.until.setRemainingTime(500 << setback.count++); // beginHandshakes() comes back with the tick
        return;
    }
    m_setbacks.remove(key);
    const auto waiting = m_atTheDoor;
    for (SshSession *other : waiting) {
        if (other->route()->over && other->route()->over->key() == key)
            other->end(other->route()->becauseOfJump(error));
    }
}

SshSession *SshWorker::carrierFor(const std::shared_ptr<const SshRoute> &jump)
{
    const QString key = jump->key();
    QList<SshSession *> &carriers = m_carriers[key];
    SshSession *kept = m_kept.value(key);
    if (kept && !carriers.contains(kept))
        carriers.prepend(kept);
    bool isComing = false;
    int limit = m_options.forwardsPerSession;
    for (SshSession *carrier : std::as_const(carriers)) {
        if (carrier->hasForwardRoom())
            return carrier;
        isComing = isComing || !carrier->wasReady();
        limit = std::min(limit, carrier->forwardLimit());
    }
    if (isComing || !m_setbacks.value(key).until.hasExpired())
        return nullptr;
    SshSession *fresh = makeSession(jump);
    fresh->limitForwards(limit); // what the server has taught already
    carriers.append(fresh);
    if (!kept)
        m_kept.insert(key, fresh);
    m_atTheDoor.append(fresh);
    return nullptr;
}

bool SshWorker::mayShakeHands(const SshRoute &route) const
{
    // Logins that wait for a touch leave room for those that do not.
    const bool isAgentsTurn = !route.mayAskAgent || m_agentHandshakes < std::max(1, m_options.handshakes / 2);
    return isAgentsTurn && m_perAddress.value(route.server()) < m_options.handshakesPerAddress
        && (!route.over || m_perAddress.value(throughKey(route)) < m_options.handshakesPerAddress);
}

void SshWorker::countHandshake(const SshRoute &route, int step)
{
    m_handshakes += step;
    m_agentHandshakes += route.mayAskAgent ? step : 0;
    QStringList counted{route.server()};
    if (route.over)
        counted.append(throughKey(route));
    for (const QString &name : std::as_const(counted)) {
        if ((m_perAddress[name] += step) == 0)
            m_perAddress.remove(name);
    }
}

void SshWorker::wantHandshake(SshSession *session)
{
    m_atTheDoor.append(session);
    beginHandshakes();
}

void SshWorker::beginHandshakes()
{
    for (qsizetype i = 0; i < m_atTheDoor.size() && m_handshakes < m_options.handshakes;) {
        SshSession *session = m_atTheDoor.at(i);
        const auto &route = session->route();
        SshSession *over = mayShakeHands(*route) && route->over ? carrierFor(route->over) : nullptr;
        if (!mayShakeHands(*route) || (route->over && !over)) {
            ++i;
            continue;
        }
        countHandshake(*route, 1);
        m_atTheDoor.removeAt(i);
        session->begin(over);
    }
}

void SshWorker::closeAll()
{
    const auto sessions = m_all;
    for (SshSession *session : sessions)
        session->end({ErrorCode::ConnectionLost, {session->endpoint().machine(), QStringLiteral("closed by the console")}, {}, nullptr});
}

void SshWorker::stop()
{
    const auto sessions = std::exchange(m_all, {});
    m_kept.clear();
    m_carriers.clear();
    m_setbacks.clear();
    m_atTheDoor.clear();
    qDeleteAll(sessions);
    m_watch.reset();
    delete std::exchange(m_tick, nullptr);
    m_mail.takeAll();
    QThread::currentThread()->quit();
}

} // namespace bellwether
