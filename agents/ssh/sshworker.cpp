#include "ssh/sshworker.h"

#include <QThread>

namespace bellwether {

namespace {
QString sessionKey(const Endpoint &to)
{
    return to.machine() + u'\n' + to.user + u'\n' + to.identity + u'\n' + to.certificate.value_or(QString());
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
        m_tick = new QTimer(this);
        m_tick->setInterval(200);
        connect(m_tick, &QTimer::timeout, this, [this] {
            const auto sessions = m_all;
            for (SshSession *session : sessions)
                session->tick();
        });
    }
    for (SshWork &work : m_mail.takeAll())
        take(std::move(work));
}

void SshWorker::take(SshWork work)
{
    switch (work.kind) {
    case SshWork::Kind::Call:
        return takeCall(std::move(work.call));
    case SshWork::Kind::Scan: {
        SshSession *session = makeSession(work.to);
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

void SshWorker::takeCall(std::unique_ptr<SshCall> call)
{
    const QString key = sessionKey(call->endpoint());
    if (const auto denial = m_denials.constFind(key); denial != m_denials.constEnd()) {
        if (!denial->until.hasExpired() && denial->round == m_credentials.round())
            return call->abandon(denial->error); // OpenSSH punishes an address that goes on trying
        m_denials.erase(denial);
    }
    SshSession *session = m_kept.value(key);
    const bool fresh = session == nullptr;
    if (fresh) {
        session = makeSession(call->endpoint());
        m_kept.insert(key, session);
    }
    session->add(std::move(call));
    if (fresh)
        wantHandshake(session);
}

SshSession *SshWorker::makeSession(const Endpoint &to)
{
    SshSession::Hooks hooks;
    hooks.handshakeEnded = [this](SshSession *session) {
        --m_handshakes;
        if (--m_perAddress[session->endpoint().address] == 0)
            m_perAddress.remove(session->endpoint().address);
        QMetaObject::invokeMethod(this, [this] { beginHandshakes(); }, Qt::QueuedConnection);
    };
    hooks.ready = [this](SshSession *) { ++m_openSessions; };
    hooks.makeLogin = [this](SshSession *session) { return makeLogin(session); };
    hooks.ended = [this](SshSession *session) {
        if (session->denial())
            m_denials.insert(sessionKey(session->endpoint()),
                             {QDeadlineTimer(m_options.deniedPauseMs), m_credentials.round(), *session->denial()});
        if (session->wasReady())
            --m_openSessions;
        m_all.removeOne(session);
        m_atTheDoor.removeOne(session);
        if (m_kept.value(sessionKey(session->endpoint())) == session)
            m_kept.remove(sessionKey(session->endpoint()));
        if (m_all.isEmpty())
            m_tick->stop();
        session->deleteLater();
    };
    hooks.again = [this](std::unique_ptr<SshCall> call) {
        SshWork work;
        work.call = std::move(call);
        submit(std::move(work));
    };
    hooks.handshakeWanted = [this](SshSession *session) { wantHandshake(session); };
    auto *session = new SshSession(to, m_trust, m_options, std::move(hooks), this);
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
    return std::make_shared<SshLogin>(session->endpoint(), m_keys, m_credentials, m_options, std::move(hooks));
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
        int &there = m_perAddress[session->endpoint().address];
        if (there >= m_options.handshakesPerAddress) {
            ++i;
            continue;
        }
        ++there;
        ++m_handshakes;
        m_atTheDoor.removeAt(i);
        session->begin();
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
    m_atTheDoor.clear();
    qDeleteAll(sessions);
    delete std::exchange(m_tick, nullptr);
    m_mail.takeAll();
    QThread::currentThread()->quit();
}

} // namespace bellwether
