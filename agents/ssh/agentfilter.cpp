#include "ssh/agentfilter.h"

#include "domain/certificate.h"

#include <QCryptographicHash>
#include <QDeadlineTimer>
#include <QtEndian>

#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace bellwether {

namespace {

// draft-miller-ssh-agent
constexpr char requestIdentities = 11, identitiesAnswer = 12, signRequest = 13, failure = 5;
constexpr quint32 longestMessage = 256 << 10; // as OpenSSH's agent

bool whole(int fd, char *at, size_t count, bool out)
{
    while (count > 0) {
        const ssize_t done = out ? ::send(fd, at, count, MSG_NOSIGNAL) : ::recv(fd, at, count, 0);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        count -= static_cast<size_t>(done);
    }
    return true;
}

bool readMessage(int fd, QByteArray &message)
{
    char size[4];
    if (!whole(fd, size, 4, false))
        return false;
    const quint32 count = qFromBigEndian<quint32>(size);
    if (count == 0 || count > longestMessage)
        return false;
    message.resize(count);
    return whole(fd, message.data(), count, false);
}

bool writeMessage(int fd, const QByteArray &message)
{
    QByteArray framed(4, '\0');
    qToBigEndian(quint32(message.size()), framed.data());
    framed += message;
    return whole(fd, framed.data(), static_cast<size_t>(framed.size()), true);
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

// An agent that did not answer: whoever asks it next would only be stopped as long, and with it all sessions of its thread.
class Silence {
public:
    void noticed(const QByteArray &agent)
    {
        const std::scoped_lock lock(m_mutex);
        m_agent = agent;
        m_until.setRemainingTime(30'000);
    }
    bool isOf(const QByteArray &agent)
    {
        const std::scoped_lock lock(m_mutex);
        return m_agent == agent && !m_until.hasExpired();
    }

private:
    std::mutex m_mutex;
    QByteArray m_agent;
    QDeadlineTimer m_until{0};
};

Silence &silence()
{
    static Silence one;
    return one;
}

void waitAtMost(int fd, int ms)
{
    const timeval most{ms / 1000, (ms % 1000) * 1000};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
}

std::unexpected<Error> unusable(const QString &what, const QString &reason)
{
    return fail(ErrorCode::KeyUnusable, {what, reason});
}

} // namespace

Result<std::unique_ptr<AgentFilter>> AgentFilter::open(const QString &fingerprint, const SshOptions &options)
{
    const QString name = fingerprint.isEmpty() ? QStringLiteral("agent") : QStringLiteral("%1 of the agent").arg(fingerprint);
    const QByteArray path = qgetenv("SSH_AUTH_SOCK");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.isEmpty() || size_t(path.size()) >= sizeof(address.sun_path))
        return unusable(name, QStringLiteral("no agent is running (SSH_AUTH_SOCK is not set)"));
    if (silence().isOf(path))
        return unusable(name, QStringLiteral("the agent was asked a moment ago and did not answer"));
    qstrncpy(address.sun_path, path.constData(), sizeof(address.sun_path));
    std::unique_ptr<AgentFilter> filter(new AgentFilter);
    filter->m_agent = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    filter->m_path = path;
    waitAtMost(filter->m_agent.get(), options.agentListMs);
    errno = 0;
    if (::connect(filter->m_agent.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return unusable(name, QStringLiteral("the agent does not answer: %1").arg(qt_error_string(errno)));
    QByteArray answer;
    if (!writeMessage(filter->m_agent.get(), QByteArray(1, requestIdentities)) || !readMessage(filter->m_agent.get(), answer)
        || answer.size() < 5 || answer.at(0) != identitiesAnswer) {
        filter->noteSilence();
        return unusable(name, QStringLiteral("the agent does not show its keys"));
    }
    waitAtMost(filter->m_agent.get(), options.agentSignMs);
    quint32 count = qFromBigEndian<quint32>(answer.constData() + 1), kept = 0;
    QByteArray certificates, keys;
    qsizetype at = 5;
    for (; count > 0 && at >= 0; --count) {
        const qsizetype from = at;
        const QByteArray blob = textAt(answer, at);
        if (at >= 0)
            textAt(answer, at); // comment
        if (at < 0 || (!fingerprint.isEmpty() && fingerprintOfBlob(blob) != fingerprint))
            continue;
        ++kept;
        qsizetype inside = 0;
        // One key is shown with its certificate first; all of them in the agent's own order.
        (!fingerprint.isEmpty() && textAt(blob, inside).contains("-cert-v01@") ? certificates : keys) += answer.mid(from, at - from);
    }
    if (kept == 0 && !fingerprint.isEmpty())
        return unusable(name, QStringLiteral("the agent holds no such key; see \"ssh-add -l\", and add it with ssh-add"));
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return unusable(name, qt_error_string(errno));
    filter->m_ours = FileDescriptor(pair[0]);
    filter->m_theirs = FileDescriptor(pair[1]);
    QByteArray shown(5, identitiesAnswer);
    qToBigEndian(kept, shown.data() + 1);
    filter->m_thread = std::thread([self = filter.get(), shown = shown + certificates + keys] { self->serve(shown); });
    return filter;
}

AgentFilter::~AgentFilter()
{
    m_leaving = true;
    ::shutdown(m_theirs.get(), SHUT_RDWR);
    ::shutdown(m_agent.get(), SHUT_RDWR);
    if (m_thread.joinable())
        m_thread.join();
}

// Call it right after the failed one.
void AgentFilter::noteSilence() const
{
    if ((errno == EAGAIN || errno == EWOULDBLOCK) && !m_leaving)
        silence().noticed(m_path);
}

void AgentFilter::serve(const QByteArray &identities)
{
    serveUntilItEnds(identities);
    ::shutdown(m_theirs.get(), SHUT_RDWR); // libssh waits for the answer without end
}

void AgentFilter::serveUntilItEnds(const QByteArray &identities)
{
    QByteArray message;
    while (readMessage(m_theirs.get(), message)) {
        QByteArray answer(1, failure); // nothing else is asked of an agent here
        errno = 0;
        if (message.at(0) == requestIdentities)
            answer = identities;
        else if (message.at(0) == signRequest && (!writeMessage(m_agent.get(), message) || !readMessage(m_agent.get(), answer)))
            return noteSilence();
        if (!writeMessage(m_theirs.get(), answer))
            return;
    }
}

} // namespace bellwether
