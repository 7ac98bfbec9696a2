#include "ssh/sshsession.h"

#include "ssh/tcpconnect.h"

#include <libssh/server.h> // ssh_send_keepalive

#include <QRandomGenerator>
#include <QSocketNotifier>

#include <poll.h>
#include <sys/socket.h>

namespace bellwether {

namespace {

// S3: nothing older; RSA only with SHA-2.
constexpr const char *keyExchanges = "curve25519-sha256,curve25519-sha256@libssh.org";
constexpr const char *ciphers = "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes128-ctr";
constexpr const char *macs = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";
constexpr const char *userKeys =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256,"
    "sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com";

// The type we trust first, so that a host with several keys shows the one we know.
QByteArray hostKeyTypes(const QString &trusted)
{
    QList<QByteArray> types{"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
                            "rsa-sha2-512", "rsa-sha2-256"};
    QList<QByteArray> first;
    for (const QByteArray &type : types) {
        if (type == trusted.toLatin1() || (trusted == QLatin1String("ssh-rsa") && type.startsWith("rsa-")))
            first.append(type);
    }
    for (const QByteArray &type : first)
        types.removeAll(type);
    return (first + types).join(',');
}

QString printable(const QByteArray &bytes)
{
    QString text = QString::fromUtf8(bytes.left(80)).section(u'\n', 0, 0).simplified();
    for (QChar &c : text) {
        if (!c.isPrint())
            c = u'?';
    }
    return text;
}

} // namespace

SshSession::SshSession(const Endpoint &to, const KeyTrust &trust, KeyRing &keys, const SshOptions &options, Hooks hooks,
                       QObject *parent)
    : QObject(parent)
    , m_to(to)
    , m_trust(trust)
    , m_keys(keys)
    , m_options(options)
    , m_hooks(std::move(hooks))
    , m_soon(this)
    , m_channelLimit(options.channelsPerSession)
{
    m_soon.setSingleShot(true);
    connect(&m_soon, &QTimer::timeout, this, [this] { advance(); });
}

SshSession::~SshSession()
{
    m_running.clear(); // before their session
    m_waiting.clear();
    close();
}

void SshSession::begin()
{
    m_phase = Phase::Tcp;
    m_handshaking = true;
    ++m_attempt;
    m_tcp = new TcpConnect(m_to, m_options, [this](Result<int> fd) {
        m_tcp->deleteLater();
        m_tcp = nullptr;
        if (fd)
            onConnected(*fd);
        else
            end(fd.error());
    }, this);
    m_tcp->begin();
}

void SshSession::add(std::unique_ptr<SshCall> call)
{
    call->wake = [this] { m_soon.start(0); };
    m_waiting.push_back(std::move(call));
    if (m_phase == Phase::Ready)
        m_soon.start(0);
}

void SshSession::scan(std::function<void(Result<HostKey>)> done)
{
    m_scan = std::move(done);
}

void SshSession::onConnected(int fd)
{
    if (!setUp(fd))
        return end({ErrorCode::Internal, {QStringLiteral("libssh: ") + sshError()}, {}, nullptr});
    m_phase = Phase::Kex;
    m_deadline.setRemainingTime(m_options.kexMs);
    m_lastHeard.start();
    m_firstBytes.clear();
    m_read = new QSocketNotifier(m_fd, QSocketNotifier::Read, this);
    m_write = new QSocketNotifier(m_fd, QSocketNotifier::Write, this);
    connect(m_read, &QSocketNotifier::activated, this, [this] { activated(true); });
    connect(m_write, &QSocketNotifier::activated, this, [this] { activated(false); });
    advance();
}

bool SshSession::setUp(int fd)
{
    m_fd = fd;
    m_ssh = ssh_new();
    if (!m_ssh) {
        ::close(fd);
        m_fd = -1;
        return false;
    }
    const auto text = [this](ssh_options_e option, const char *value) { return ssh_options_set(m_ssh, option, value) == SSH_OK; };
    const bool noConfig = false;
    const int quiet = SSH_LOG_NOLOG;
    const QByteArray types = hostKeyTypes(m_trust.trusted(m_to.machine()).keyType);
    const unsigned port = static_cast<unsigned>(m_to.port);
    const bool ok = ssh_options_set(m_ssh, SSH_OPTIONS_PROCESS_CONFIG, &noConfig) == SSH_OK
        && ssh_options_set(m_ssh, SSH_OPTIONS_LOG_VERBOSITY, &quiet) == SSH_OK
        && text(SSH_OPTIONS_HOST, m_to.address.toLatin1().constData())
        && text(SSH_OPTIONS_USER, m_to.user.toUtf8().constData())
        && ssh_options_set(m_ssh, SSH_OPTIONS_PORT, &port) == SSH_OK
        && text(SSH_OPTIONS_KNOWNHOSTS, "/dev/null") && text(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null")
        && text(SSH_OPTIONS_KEY_EXCHANGE, keyExchanges) && text(SSH_OPTIONS_HOSTKEYS, types.constData())
        && text(SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, userKeys)
        && text(SSH_OPTIONS_CIPHERS_C_S, ciphers) && text(SSH_OPTIONS_CIPHERS_S_C, ciphers)
        && text(SSH_OPTIONS_HMAC_C_S, macs) && text(SSH_OPTIONS_HMAC_S_C, macs)
        && ssh_options_set(m_ssh, SSH_OPTIONS_FD, &m_fd) == SSH_OK;
    ssh_set_blocking(m_ssh, 0);
    return ok;
}

void SshSession::activated(bool readable)
{
    if (readable)
        m_lastHeard.restart();
    else
        m_write->setEnabled(false);
    advance();
}

void SshSession::advance()
{
    if (m_advancing)
        return;
    m_advancing = true;
    if (m_phase == Phase::Kex)
        advanceKex();
    if (m_phase == Phase::Auth)
        advanceAuth();
    if (m_phase == Phase::Ready)
        pump();
    if (m_phase == Phase::Ready)
        runCalls();
    m_advancing = false;
    updateWriteInterest();
}

void SshSession::advanceKex()
{
    for (int turn = 0; turn < 64; ++turn) {
        bool closed = false; // libssh waits on for a banner that cannot come any more
        if (!ssh_get_serverbanner(m_ssh)) {
            char peek[256];
            const ssize_t count = ::recv(m_fd, peek, sizeof(peek), MSG_PEEK | MSG_DONTWAIT);
            if (count > 0 && m_firstBytes.size() < 256)
                m_firstBytes += QByteArray(peek, count);
            closed = count == 0;
        }
        const int rc = ssh_connect(m_ssh);
        if (rc == SSH_OK) {
            if (judgeHostKey()) {
                m_phase = Phase::Auth;
                m_deadline.setRemainingTime(m_options.authMs);
                m_files = m_to.identity.isEmpty() ? KeyRing::defaults(m_options.keyFolder)
                    : m_to.identity == QLatin1String("agent") ? QStringList() : QStringList(m_to.identity);
                m_agentLeft = (m_to.identity.isEmpty() || m_to.identity == QLatin1String("agent"))
                    && qEnvironmentVariableIsSet("SSH_AUTH_SOCK");
            }
            return;
        }
        if (rc != SSH_AGAIN || closed)
            return kexFailed(closed && rc == SSH_AGAIN ? QStringLiteral("it closed the connection before its banner") : sshError());
        if (!isReadable())
            return;
    }
}

void SshSession::kexFailed(const QString &reason)
{
    if (!ssh_get_serverbanner(m_ssh)) {
        const bool tooBusy = m_firstBytes.startsWith("Exceeded MaxStartups");
        if (!m_firstBytes.isEmpty() && !m_firstBytes.startsWith("SSH-") && !tooBusy)
            return end({ErrorCode::NotSsh, {m_to.machine(), printable(m_firstBytes)}, {}, nullptr});
        // Closed at the door: a busy sshd (MaxStartups). Worth another knock, at another moment than everybody's.
        if (m_attempt < 4 && !m_scan) {
            close();
            handshakeDone();
            m_phase = Phase::Waiting;
            QTimer::singleShot(200 + int(QRandomGenerator::global()->bounded(800u)) * m_attempt, this, [this] {
                if (m_phase == Phase::Waiting)
                    m_hooks.handshakeWanted(this);
            });
            return;
        }
    }
    end({ErrorCode::ConnectFailed, {m_to.machine(), m_to.address, reason}, {}, nullptr});
}

bool SshSession::judgeHostKey()
{
    ssh_key raw = nullptr;
    unsigned char *hash = nullptr;
    size_t size = 0;
    HostKey shown;
    if (ssh_get_server_publickey(m_ssh, &raw) == SSH_OK) {
        const SshKey key(raw);
        const char *type = ssh_key_type(raw) == SSH_KEYTYPE_ECDSA ? ssh_pki_key_ecdsa_name(raw) : ssh_key_type_to_char(ssh_key_type(raw));
        if (ssh_get_publickey_hash(raw, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) == 0) {
            char *text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
            shown = {m_to.machine(), QString::fromLatin1(type), QString::fromLatin1(text)};
            ssh_string_free_char(text);
            ssh_clean_pubkey_hash(&hash);
        }
    }
    if (shown.fingerprint.isEmpty()) {
        end({ErrorCode::ConnectFailed, {m_to.machine(), m_to.address, QStringLiteral("the host showed no key")}, {}, nullptr});
        return false;
    }
    if (m_scan) {
        std::exchange(m_scan, {})(shown);
        end({ErrorCode::Cancelled, {QStringLiteral("scan")}, {}, nullptr});
        return false;
    }
    const KeyTrust::Answer trusted = m_trust.trusted(m_to.machine());
    if (!trusted.known) {
        end({ErrorCode::HostKeyUnknown, {m_to.machine(), shown.keyType, shown.fingerprint}, {}, nullptr});
        return false;
    }
    if (trusted.fingerprint != shown.fingerprint) {
        end({ErrorCode::HostKeyChanged, {m_to.machine(), shown.keyType, shown.fingerprint, trusted.fingerprint}, {}, nullptr});
        return false;
    }
    return true;
}

bool SshSession::nextCredential()
{
    m_key = nullptr;
    m_byAgent = false;
    while (!m_files.isEmpty()) {
        const auto key = m_keys.load(m_files.takeFirst());
        if (key) {
            m_key = *key;
            return true;
        }
        if (!m_keyError)
            m_keyError = key.error();
    }
    m_byAgent = std::exchange(m_agentLeft, false);
    return m_byAgent;
}

void SshSession::advanceAuth()
{
    for (int turn = 0; turn < 64; ++turn) {
        if (!m_credentialActive && !nextCredential()) {
            QStringList names;
            const int list = m_denied > 0 ? ssh_userauth_list(m_ssh, nullptr) : 0;
            for (const auto &[bit, name] : {std::pair{SSH_AUTH_METHOD_PUBLICKEY, "publickey"}, {SSH_AUTH_METHOD_PASSWORD, "password"},
                                            {SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive"}, {SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi"},
                                            {SSH_AUTH_METHOD_HOSTBASED, "hostbased"}}) {
                if (list & bit)
                    names.append(QLatin1String(name));
            }
            if (m_denied == 0 && m_keyError)
                return end(*m_keyError);
            if (m_denied == 0)
                return end({ErrorCode::KeyUnusable,
                            {m_to.identity.isEmpty() ? QStringLiteral("~/.ssh/id_*") : m_to.identity,
                             m_to.identity == QLatin1String("agent") ? QStringLiteral("no agent is running (SSH_AUTH_SOCK is not set)")
                                                                      : QStringLiteral("there is no key and no agent")}, {}, nullptr});
            return end({ErrorCode::AuthFailed, {m_to.machine(), m_to.user, names.join(QLatin1String(", "))}, {}, nullptr});
        }
        m_credentialActive = true;
        const int rc = m_byAgent ? ssh_userauth_agent(m_ssh, nullptr) : ssh_userauth_publickey(m_ssh, nullptr, m_key);
        if (rc == SSH_AUTH_AGAIN) {
            if (!isReadable())
                return;
            continue;
        }
        m_credentialActive = false;
        if (rc == SSH_AUTH_SUCCESS)
            return becomeReady();
        if (rc == SSH_AUTH_ERROR && !ssh_is_connected(m_ssh)) {
            if (m_denied > 0 || sshError().contains(QLatin1String("authentication failures")))
                return end({ErrorCode::AuthFailed, {m_to.machine(), m_to.user, QString()}, {}, nullptr});
            return end({ErrorCode::ConnectionLost, {m_to.machine(), sshError()}, {}, nullptr});
        }
        ++m_denied;
    }
}

void SshSession::becomeReady()
{
    m_event = ssh_event_new();
    if (!m_event || ssh_event_add_session(m_event, m_ssh) != SSH_OK)
        return end({ErrorCode::Internal, {QStringLiteral("libssh: no event loop")}, {}, nullptr});
    m_phase = Phase::Ready;
    m_wasReady = true;
    m_deadline = QDeadlineTimer(QDeadlineTimer::Forever);
    m_idle.setRemainingTime(m_options.idleMs);
    m_lastKeepAlive.start();
    handshakeDone();
}

void SshSession::pump()
{
    // The last turn finds nothing to read; what libssh had in its own buffer is dealt with all the same.
    for (int turn = 0; turn < 64; ++turn) {
        const bool readable = isReadable();
        if (readable)
            m_lastHeard.restart();
        if (ssh_event_dopoll(m_event, 0) == SSH_ERROR || !readable)
            break;
    }
}

void SshSession::runCalls()
{
    bool again = true;
    while (again && m_phase == Phase::Ready) {
        again = false;
        while (!m_waiting.empty() && int(m_running.size()) < m_channelLimit && m_roomAgain.hasExpired()) {
            m_running.splice(m_running.end(), m_waiting, m_waiting.begin());
            again = true;
        }
        for (auto it = m_running.begin(); it != m_running.end();) {
            const SshCall::Outcome outcome = (*it)->advance(m_ssh, m_options.openMs);
            again = again || outcome == SshCall::Outcome::Moved || outcome == SshCall::Outcome::Finished;
            if (outcome == SshCall::Outcome::Finished) {
                m_used = true;
                it = m_running.erase(it);
            } else if (outcome == SshCall::Outcome::NoChannel && !ssh_is_connected(m_ssh)) {
                again = false;
                break;
            } else if (outcome == SshCall::Outcome::NoChannel) {
                (*it)->dropChannel();
                const auto refused = it++;
                if (m_running.size() > 1) { // MaxSessions: fewer at a time, this one waits its turn
                    m_channelLimit = int(m_running.size()) - 1;
                    m_waiting.splice(m_waiting.begin(), m_running, refused);
                } else if (m_used && ++(*refused)->refusals < 25) { // its earlier channels may not be quite gone there
                    m_channelLimit = 1;
                    m_roomAgain.setRemainingTime(150); // tick() comes back
                    m_waiting.splice(m_waiting.begin(), m_running, refused);
                    again = false;
                } else {
                    (*refused)->abandon({ErrorCode::NoShell, {m_to.machine(), (*refused)->refusal()}, {}, nullptr});
                    m_running.erase(refused);
                }
            } else {
                ++it;
            }
        }
    }
    if (!m_running.empty() || !m_waiting.empty())
        m_idle.setRemainingTime(m_options.idleMs);
    if (!ssh_is_connected(m_ssh) || (ssh_get_status(m_ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR)))
        lose(sshError());
}

void SshSession::tick()
{
    if (m_phase == Phase::Kex || m_phase == Phase::Auth) {
        if (m_deadline.hasExpired()) {
            const bool kex = m_phase == Phase::Kex;
            if (kex && !m_firstBytes.isEmpty() && !m_firstBytes.startsWith(QByteArray("SSH-").left(m_firstBytes.size())))
                return end({ErrorCode::NotSsh, {m_to.machine(), printable(m_firstBytes)}, {}, nullptr});
            return end({ErrorCode::ConnectTimeout, {m_to.machine(), kex ? QStringLiteral("key exchange") : QStringLiteral("authentication"),
                                                    QString::number((kex ? m_options.kexMs : m_options.authMs) / 1000)}, {}, nullptr});
        }
        return advance();
    }
    if (m_phase != Phase::Ready)
        return;
    for (auto it = m_running.begin(); it != m_running.end();)
        it = (*it)->expire() ? m_running.erase(it) : std::next(it);
    if (m_running.empty() && m_waiting.empty() && m_idle.hasExpired())
        return end({ErrorCode::Cancelled, {QStringLiteral("idle session")}, {}, nullptr});
    keepAlive();
    if (m_phase == Phase::Ready && (!m_running.empty() || !m_waiting.empty()))
        advance();
}

void SshSession::keepAlive()
{
    if (isReadable())
        return; // it is being heard right now
    const qint64 silent = m_lastHeard.elapsed();
    if (silent > 3 * m_options.keepAliveMs)
        return lose(QStringLiteral("no answer for %1 s").arg(silent / 1000));
    if (silent >= m_options.keepAliveMs && m_lastKeepAlive.elapsed() >= m_options.keepAliveMs) {
        m_lastKeepAlive.restart();
        // Without blocking, one call sends and the next only takes the reply's note: two make sure that one is sent.
        ssh_send_keepalive(m_ssh);
        ssh_send_keepalive(m_ssh);
        updateWriteInterest();
    }
}

void SshSession::updateWriteInterest()
{
    if (m_write && m_ssh && m_phase != Phase::Dead)
        m_write->setEnabled((ssh_get_poll_flags(m_ssh) & SSH_WRITE_PENDING) != 0);
}

void SshSession::lose(const QString &reason)
{
    end({ErrorCode::ConnectionLost, {m_to.machine(), reason.isEmpty() ? QStringLiteral("the host closed the connection") : reason}, {}, nullptr});
}

void SshSession::end(const Error &error)
{
    if (m_phase == Phase::Dead)
        return;
    m_phase = Phase::Dead;
    auto running = std::exchange(m_running, {});
    auto waiting = std::exchange(m_waiting, {});
    // A kept session that died unnoticed is nobody's failure: what had not reached the host goes to a new one, once.
    running.splice(running.end(), waiting);
    for (auto &call : running) {
        const bool stale = error.code == ErrorCode::ConnectionLost && m_used && call->isUnsent() && !call->retried;
        call->dropChannel();
        if (stale) {
            call->retried = true;
            m_hooks.again(std::move(call));
        } else {
            call->abandon(error);
        }
    }
    if (const auto scan = std::exchange(m_scan, {}))
        scan(std::unexpected(error));
    running.clear();
    close();
    handshakeDone();
    m_hooks.ended(this);
}

void SshSession::close()
{
    if (m_tcp) {
        m_tcp->deleteLater();
        m_tcp = nullptr;
    }
    for (QSocketNotifier *notifier : {m_read, m_write}) {
        if (notifier) {
            notifier->setEnabled(false);
            notifier->deleteLater();
        }
    }
    m_read = m_write = nullptr;
    if (m_event) {
        ssh_event_remove_session(m_event, m_ssh);
        ssh_event_free(m_event);
        m_event = nullptr;
    }
    if (m_ssh) {
        ssh_silent_disconnect(m_ssh); // ssh_disconnect would leave a descriptor that was handed over open
        ssh_free(m_ssh);
        m_ssh = nullptr;
    }
    m_fd = -1;
}

void SshSession::handshakeDone()
{
    if (std::exchange(m_handshaking, false))
        m_hooks.handshakeEnded(this);
}

bool SshSession::isReadable() const
{
    pollfd one{m_fd, POLLIN, 0};
    return ::poll(&one, 1, 0) > 0 && (one.revents & POLLIN);
}

QString SshSession::sshError() const
{
    return m_ssh ? QString::fromUtf8(ssh_get_error(m_ssh)) : QString();
}

} // namespace bellwether
