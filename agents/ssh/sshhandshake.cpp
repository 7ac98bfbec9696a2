#include "ssh/sshsession.h"

#include <libssh/server.h> // ssh_set_message_callback

#include <QRandomGenerator>
#include <QRegularExpression>

#include <fcntl.h>
#include <sys/socket.h>

namespace bellwether {

namespace {

// S3: nothing older; RSA only with SHA-2. AES-GCM first: it costs less for small packets than ChaCha20, and Terrapin
// (CVE-2023-48795) does not touch it. It relies on a libssh that checks the tag (installer/packages.sh sees to it).
constexpr const char *keyExchanges = "curve25519-sha256,curve25519-sha256@libssh.org";
constexpr const char *ciphers = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr";
constexpr const char *macs = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";
constexpr const char *userKeys =
    "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384-cert-v01@openssh.com,"
    "ecdsa-sha2-nistp521-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,"
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

QString printable(const QByteArray &bytes, int limit = 80)
{
    QString text = QString::fromUtf8(bytes.left(limit)).section(u'\n', 0, 0).simplified();
    for (QChar &c : text) {
        if (!c.isPrint())
            c = u'?';
    }
    return text;
}

} // namespace

bool SshSession::setUp(int fd)
{
    m_fd = fd;
    m_ssh = ssh_new();
    if (!m_ssh)
        return false;
    const auto text = [this](ssh_options_e option, const char *value) { return ssh_options_set(m_ssh, option, value) == SSH_OK; };
    const bool noConfig = false;
    const int quiet = SSH_LOG_NOLOG;
    const QByteArray types = hostKeyTypes(m_trust.trusted(m_to.machine()).keyType);
    const unsigned port = static_cast<unsigned>(m_to.port);
    // The one that begins after the login. "none" stays: a server without it is no failure.
    const char *compressions = m_to.compression.value_or(false) ? "zlib@openssh.com,none" : "none";
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
        && text(SSH_OPTIONS_COMPRESSION_C_S, compressions) && text(SSH_OPTIONS_COMPRESSION_S_C, compressions)
        && ssh_options_set(m_ssh, SSH_OPTIONS_REKEY_DATA, &m_options.rekeyBytes) == SSH_OK
        && ssh_options_set(m_ssh, SSH_OPTIONS_REKEY_TIME, &m_options.rekeyS) == SSH_OK
        && ssh_options_set(m_ssh, SSH_OPTIONS_FD, &m_fd) == SSH_OK;
    ssh_set_blocking(m_ssh, 0);
    ssh_set_counters(m_ssh, &m_traffic, nullptr);
    // What a host asks of us (channels of its own) is refused at once; unanswered, libssh would keep it all.
    ssh_set_message_callback(m_ssh, [](ssh_session, ssh_message, void *) { return 1; }, nullptr);
    return ok;
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
        // libssh makes a socket that was handed over blocking once it finds it connected; then one write on a slow link
        // would hold up every host of this thread.
        if (rc == SSH_OK || rc == SSH_AGAIN)
            ::fcntl(m_fd, F_SETFL, ::fcntl(m_fd, F_GETFL) | O_NONBLOCK);
        if (rc == SSH_OK) {
            if (judgeHostKey()) {
                m_phase = Phase::Auth;
                m_deadline.setRemainingTime(m_options.authMs);
                if (!m_login)
                    m_login = m_hooks.makeLogin(this);
                m_login->begin();
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
            return end(notSsh());
        // Closed at the door: a busy sshd (MaxStartups). Worth another knock, at another moment than everybody's.
        if (!m_scan && knockAgain(4))
            return;
    }
    if (const auto nothing = nothingCommon(reason))
        return end(*nothing);
    end({ErrorCode::ConnectFailed, {m_to.machine(), m_to.address, reason}, {}, nullptr});
}

bool SshSession::knockAgain(int attempts)
{
    if (m_attempt >= attempts)
        return false;
    close();
    handshakeDone();
    m_phase = Phase::Waiting;
    QTimer::singleShot(200 + int(QRandomGenerator::global()->bounded(800u)) * std::min(m_attempt, 4), this, [this] {
        if (m_phase == Phase::Waiting)
            m_hooks.handshakeWanted(this);
    });
    return true;
}

// "kex error : no match for method mac algo client->server: server [hmac-md5], client [...]"
std::optional<Error> SshSession::nothingCommon(const QString &reason) const
{
    static const QRegularExpression words(QStringLiteral("no match for method ([^:]+): server \\[([^\\]]*)\\]"));
    const auto match = words.match(reason);
    if (!match.hasMatch())
        return std::nullopt;
    const QString method = match.captured(1);
    const QString what = method.startsWith(QLatin1String("kex")) ? QStringLiteral("key exchange")
        : method.contains(QLatin1String("host key"))             ? QStringLiteral("host key type")
        : method.startsWith(QLatin1String("mac"))                ? QStringLiteral("integrity check (MAC)")
        : method.startsWith(QLatin1String("encryption"))         ? QStringLiteral("cipher")
                                                                 : QStringLiteral("algorithm");
    return Error{ErrorCode::NoCommonAlgorithm, {m_to.machine(), what, printable(match.captured(2).toUtf8().left(300), 300)}, {}, nullptr};
}

bool SshSession::judgeHostKey()
{
    ssh_key raw = nullptr;
    HostKey shown;
    if (ssh_get_server_publickey(m_ssh, &raw) == SSH_OK) {
        const SshKey key(raw);
        const char *type = ssh_key_type(raw) == SSH_KEYTYPE_ECDSA ? ssh_pki_key_ecdsa_name(raw) : ssh_key_type_to_char(ssh_key_type(raw));
        shown = {m_to.machine(), QString::fromLatin1(type), fingerprintOf(raw)};
    }
    if (shown.fingerprint.isEmpty()) {
        end({ErrorCode::ConnectFailed, {m_to.machine(), m_to.address, QStringLiteral("the host showed no key")}, {}, nullptr});
        return false;
    }
    m_hostKey = shown.fingerprint;
    // libssh ignores the mark of known_hosts: this check is the only one. Before the scan, so that nobody is offered it.
    if (m_trust.isRevoked(shown.fingerprint)) {
        end({ErrorCode::HostKeyRevoked, {m_to.machine(), shown.fingerprint}, {}, nullptr});
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

void SshSession::advanceAuth()
{
    switch (m_login->advance(m_ssh, [this] { return isReadable(); })) {
    case SshLogin::Outcome::Waiting:
        return;
    case SshLogin::Outcome::In:
        return becomeReady();
    case SshLogin::Outcome::Failed:
        return end(m_login->error());
    case SshLogin::Outcome::AsksAgent:
        m_phase = Phase::Agent;
        m_authLeft = m_deadline.remainingTime(); // the agent's time is not the host's
        if (isOpen())
            m_watch.want(m_watched, false, false); // before libssh may close it on the other thread
        return m_login->askAgent(m_ssh);
    case SshLogin::Outcome::AskedOffline:
        close();
        handshakeDone();
        m_phase = Phase::Person;
        return;
    case SshLogin::Outcome::AskedOnline: // no deadline of ours; the host has its own
        m_phase = Phase::Person;
        m_wantsRead = false; // advance() tells it the watch
        handshakeDone();
        return;
    }
}

void SshSession::personAnswered()
{
    if (m_phase != Phase::Person)
        return;
    if (m_login->hasFailed())
        return end(m_login->error());
    if (!m_ssh) {
        m_phase = Phase::Waiting;
        m_attempt = 0;
        return m_hooks.handshakeWanted(this);
    }
    m_phase = Phase::Auth;
    m_deadline.setRemainingTime(m_options.authMs);
    m_wantsRead = true;
    advance();
}

void SshSession::agentAnswered()
{
    if (m_phase != Phase::Agent)
        return;
    m_phase = Phase::Auth;
    m_deadline.setRemainingTime(m_authLeft);
    advance();
    if ((m_phase == Phase::Auth || m_phase == Phase::Agent) && m_deadline.hasExpired()) // the tick may find it lent again each time
        end(tooSlow());
}

Error SshSession::tooSlow() const
{
    const bool kex = m_phase == Phase::Kex;
    return {ErrorCode::ConnectTimeout, {m_to.machine(), kex ? QStringLiteral("key exchange") : QStringLiteral("authentication"),
                                        QString::number((kex ? m_options.kexMs : m_options.authMs) / 1000)}, {}, nullptr};
}

Error SshSession::notSsh() const
{
    return {ErrorCode::NotSsh, {m_to.machine(), printable(m_firstBytes)}, {}, nullptr};
}

} // namespace bellwether
