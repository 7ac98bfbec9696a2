#include "ssh/agentfilter.h"

#include "domain/certificate.h"

#include <QCryptographicHash>
#include <QDeadlineTimer>
#include <QtEndian>

#include <chrono>
#include <functional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>

namespace bellwether {

namespace {

// draft-miller-ssh-agent
constexpr char requestIdentities = 11, identitiesAnswer = 12, signRequest = 13, failure = 5;
constexpr quint32 longestMessage = 256 << 10; // as OpenSSH's agent

using Wait = std::function<bool(short events)>; // until the descriptor is ready; false: no longer

bool whole(int fd, char *at, size_t count, bool out, const Wait &wait)
{
    while (count > 0) {
        const ssize_t done = out ? ::send(fd, at, count, MSG_NOSIGNAL) : ::recv(fd, at, count, 0);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && wait && wait(out ? POLLOUT : POLLIN))
            continue;
        if (done <= 0)
            return false;
        at += done;
        count -= static_cast<size_t>(done);
    }
    return true;
}

bool readMessage(int fd, QByteArray &message, const Wait &wait = {})
{
    char size[4];
    if (!whole(fd, size, 4, false, wait))
        return false;
    const quint32 count = qFromBigEndian<quint32>(size);
    if (count == 0 || count > longestMessage)
        return false;
    message.resize(count);
    return whole(fd, message.data(), count, false, wait);
}

bool writeMessage(int fd, const QByteArray &message, const Wait &wait = {})
{
    QByteArray framed(4, '\0');
    qToBigEndian(quint32(message.size()), framed.data());
    framed += message;
    return whole(fd, framed.data(), static_cast<size_t>(framed.size()), true, wait);
}

QByteArray textAt(const QByteArray &bytes, qsizetype &at)
{
    if (at + 4 > bytes.size())
        return at = -1, QByteArray();
    const quint32 count = qFromBigEndian<quint32>(bytes.constData() + at);
    if (count > quint64(bytes.size() - at - 4))
        return at = -1, QByteArray();
    at += 4 + count;
    return bytes.mid(at - count, count);
}

// Of the key itself, also where the blob is a certificate for it.
QString fingerprintOfBlob(const QByteArray &blob)
{
    qsizetype at = 0;
    const QByteArray kind = textAt(blob, at);
    if (kind.contains("-cert-v01@")) {
        const auto certificate = parseCertificate(kind + ' ' + blob.toBase64(), {});
        return certificate ? certificate->fingerprint : QString();
    }
    const QByteArray hash = QCryptographicHash::hash(blob, QCryptographicHash::Sha256);
    return QStringLiteral("SHA256:") + QString::fromLatin1(hash.toBase64(QByteArray::OmitTrailingEquals));
}

qint64 nowMs()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What the logins of this process have seen of their agent, for one another.
class Pulse {
public:
    // It did not answer: whoever asks it next would only wait as long.
    void noticeSilence(const QByteArray &agent)
    {
        const std::scoped_lock lock(m_mutex);
        m_silent = agent;
        m_until.setRemainingTime(30'000);
    }
    bool isSilent(const QByteArray &agent)
    {
        const std::scoped_lock lock(m_mutex);
        return m_silent == agent && !m_until.hasExpired();
    }
    std::atomic<qint64> answeredAt = 0; // by nowMs
    std::atomic<int> signing = 0;       // signatures that it is asked for and has not given
    std::atomic<qint64> busyUntil = 0;  // with one that nobody waits for any more, which it does not know

private:
    std::mutex m_mutex;
    QByteArray m_silent;
    QDeadlineTimer m_until{0};
};

Pulse &pulse()
{
    static Pulse one;
    return one;
}

} // namespace

AgentFilter::AgentFilter(const QString &fingerprint, const SshOptions &options)
    : m_fingerprint(fingerprint)
    , m_name(fingerprint.isEmpty() ? QStringLiteral("agent") : QStringLiteral("%1 of the agent").arg(fingerprint))
    , m_options(options)
{
}

bool AgentFilter::fail(const QString &reason)
{
    const std::scoped_lock lock(m_mutex);
    m_problem = Error{ErrorCode::KeyUnusable, {m_name, reason}, {}, nullptr};
    return false;
}

std::optional<Error> AgentFilter::problem() const
{
    const std::scoped_lock lock(m_mutex);
    return m_problem;
}

bool AgentFilter::start(std::thread &thread, std::function<void()> run)
{
    try {
        thread = std::thread(std::move(run));
        return true;
    } catch (const std::system_error &error) {
        return fail(QStringLiteral("no thread could be started: %1").arg(QString::fromLocal8Bit(error.what())));
    }
}

bool AgentFilter::connectTo(const QByteArray &path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.isEmpty() || size_t(path.size()) >= sizeof(address.sun_path))
        return fail(QStringLiteral("no agent is running (SSH_AUTH_SOCK is not set)"));
    if (pulse().isSilent(path))
        return fail(QStringLiteral("the agent was asked a moment ago and did not answer"));
    qstrncpy(address.sun_path, path.constData(), sizeof(address.sun_path));
    m_path = path;
    {
        const std::scoped_lock lock(m_mutex);
        m_agent = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    }
    const qint64 asked = nowMs();
    // Where too many wait for it already, it would block, and could not be stopped: it is tried again instead.
    while (::connect(m_agent.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) {
        const int error = errno;
        if ((error != EAGAIN && error != EINTR) || m_leaving || givesUp(asked, m_options.agentListMs))
            return fail(QStringLiteral("the agent does not answer: %1").arg(qt_error_string(error)));
        ::poll(nullptr, 0, 20);
    }
    return true;
}

bool AgentFilter::open()
{
    QByteArray answer;
    m_isWaiting = true;
    const bool isConnected = connectTo(qgetenv("SSH_AUTH_SOCK"));
    const bool isAnswered = isConnected && exchange(QByteArray(1, requestIdentities), answer, m_options.agentListMs);
    m_isWaiting = false;
    if (!isConnected)
        return false;
    if (!isAnswered || answer.size() < 5 || answer.at(0) != identitiesAnswer)
        return fail(QStringLiteral("the agent does not show its keys"));
    quint32 count = qFromBigEndian<quint32>(answer.constData() + 1), kept = 0;
    QByteArray certificates, keys;
    qsizetype at = 5;
    for (; count > 0 && at >= 0; --count) {
        const qsizetype from = at;
        const QByteArray blob = textAt(answer, at);
        if (at >= 0)
            textAt(answer, at); // comment
        if (at < 0 || (!m_fingerprint.isEmpty() && fingerprintOfBlob(blob) != m_fingerprint))
            continue;
        ++kept;
        qsizetype inside = 0;
        // One key is shown with its certificate first; all of them in the agent's own order.
        (!m_fingerprint.isEmpty() && textAt(blob, inside).contains("-cert-v01@") ? certificates : keys) += answer.mid(from, at - from);
    }
    if (kept == 0 && !m_fingerprint.isEmpty())
        return fail(QStringLiteral("the agent holds no such key; see \"ssh-add -l\", and add it with ssh-add"));
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return fail(qt_error_string(errno));
    {
        const std::scoped_lock lock(m_mutex);
        m_ours = FileDescriptor(pair[0]);
        m_theirs = FileDescriptor(pair[1]);
        if (m_leaving)
            ::shutdown(m_theirs.get(), SHUT_RDWR); // stop() was before it
    }
    QByteArray shown(5, identitiesAnswer);
    qToBigEndian(kept, shown.data() + 1);
    return start(m_thread, [this, shown = shown + certificates + keys] { serve(shown); });
}

AgentFilter::~AgentFilter()
{
    stop();
    if (m_thread.joinable())
        m_thread.join();
}

void AgentFilter::stop()
{
    const std::scoped_lock lock(m_mutex);
    m_leaving = true;
    for (const FileDescriptor *one : {&m_theirs, &m_agent}) {
        if (one->get() >= 0)
            ::shutdown(one->get(), SHUT_RDWR);
    }
}

// An agent that waits for a person, on behalf of whichever login, answers nobody meanwhile, and those who wait in line are
// answered one by one. So it is given up when it has answered nobody for the whole time, and at the latest after five signatures' time.
bool AgentFilter::mayStillAnswer(short events, qint64 asked, int limitMs)
{
    for (;;) {
        pollfd one{m_agent.get(), events, 0};
        if (::poll(&one, 1, 100) > 0)
            return true; // also when it has gone or stop() was called: the next read sees it
        if (m_leaving || givesUp(asked, limitMs))
            return false;
    }
}

bool AgentFilter::givesUp(qint64 asked, int limitMs)
{
    const qint64 now = nowMs();
    const bool isBusy = pulse().signing > 0 || now < pulse().busyUntil;
    const bool isSilent = now - std::max<qint64>(asked, pulse().answeredAt) >= (isBusy ? std::max(limitMs, m_options.agentSignMs) : limitMs);
    m_gaveUp = isSilent || now - asked >= 5 * qint64(m_options.agentSignMs);
    if (isSilent)
        pulse().noticeSilence(m_path);
    return m_gaveUp;
}

bool AgentFilter::exchange(const QByteArray &question, QByteArray &answer, int limitMs)
{
    const Wait wait = [this, limitMs, asked = nowMs()](short events) { return mayStillAnswer(events, asked, limitMs); };
    if (!writeMessage(m_agent.get(), question, wait) || !readMessage(m_agent.get(), answer, wait))
        return false;
    pulse().answeredAt = nowMs();
    pulse().busyUntil = 0;
    return true;
}

bool AgentFilter::sign(const QByteArray &request, QByteArray &answer)
{
    const qint64 asked = nowMs();
    ++pulse().signing;
    const bool answered = exchange(request, answer, m_options.agentSignMs);
    if (!answered && m_leaving) // the agent goes on waiting for its person
        pulse().busyUntil = asked + m_options.agentSignMs;
    --pulse().signing;
    if (!answered && m_gaveUp)
        return fail(QStringLiteral("the agent gave no signature within %1 s; a security key (FIDO) waits to be touched")
                        .arg((nowMs() - asked) / 1000));
    if (!answered)
        return fail(QStringLiteral("the agent went away when it was asked for a signature"));
    if (answer.at(0) == failure)
        fail(QStringLiteral("the agent refused to sign; it may be locked, or a security key (FIDO) was not touched in time"));
    return true;
}

void AgentFilter::serve(const QByteArray &identities)
{
    QByteArray message;
    bool goesOn = true;
    while (goesOn && readMessage(m_theirs.get(), message)) {
        QByteArray answer(1, failure); // nothing else is asked of an agent here
        if (message.at(0) == requestIdentities)
            answer = identities;
        else if (message.at(0) == signRequest) {
            m_isWaiting = true;
            goesOn = sign(message, answer);
            m_isWaiting = false;
        }
        goesOn = goesOn && writeMessage(m_theirs.get(), answer);
    }
    ::shutdown(m_theirs.get(), SHUT_RDWR); // libssh waits for the answer without end
}

} // namespace bellwether
