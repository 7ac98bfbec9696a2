#include "domain/certificate.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QtEndian>

#include <limits>

namespace bellwether {

namespace {

constexpr quint32 userType = 1;

// Reads the wire format; past its end everything is empty and ok() false.
class Wire {
public:
    explicit Wire(QByteArray bytes) : m_bytes(std::move(bytes)) {}
    bool ok() const { return m_ok; }
    bool atEnd() const { return m_at == m_bytes.size(); }
    quint32 number()
    {
        const QByteArray four = take(4);
        return four.size() == 4 ? qFromBigEndian<quint32>(four.constData()) : 0;
    }
    quint64 longNumber()
    {
        const QByteArray eight = take(8);
        return eight.size() == 8 ? qFromBigEndian<quint64>(eight.constData()) : 0;
    }
    QByteArray text() { return take(number()); }
    qsizetype at() const { return m_at; }

private:
    QByteArray take(quint32 count)
    {
        if (!m_ok || count > quint64(m_bytes.size() - m_at)) {
            m_ok = false;
            return {};
        }
        m_at += count;
        return m_bytes.mid(m_at - count, count);
    }
    QByteArray m_bytes;
    qsizetype m_at = 0;
    bool m_ok = true;
};

void putText(QByteArray &to, const QByteArray &text)
{
    char size[4];
    qToBigEndian(quint32(text.size()), size);
    to.append(size, 4).append(text);
}

// How many fields the plain key has between the nonce and the serial.
int keyFields(const QByteArray &plain)
{
    if (plain == "ssh-ed25519")
        return 1;
    if (plain == "ssh-rsa" || plain.startsWith("ecdsa-sha2-") || plain == "sk-ssh-ed25519@openssh.com")
        return 2;
    return plain == "sk-ecdsa-sha2-nistp256@openssh.com" ? 3 : 0;
}

// Seconds since 1970 as the wire has them, in ms; what is too far away is "always" or "for ever".
qint64 milliseconds(quint64 seconds)
{
    return seconds > quint64(std::numeric_limits<qint64>::max() / 1000) ? 0 : qint64(seconds) * 1000;
}

QString clean(const QByteArray &bytes)
{
    QString text = QString::fromUtf8(bytes.left(200)).simplified();
    for (QChar &c : text) {
        if (!c.isPrint() && !c.isSurrogate())
            c = u'?';
    }
    return text;
}

QString utc(qint64 ms)
{
    return QDateTime::fromMSecsSinceEpoch(ms, Qt::UTC).toString(QStringLiteral("yyyy-MM-dd hh:mm 'UTC'"));
}

} // namespace

QString UserCertificate::problemAt(qint64 wallMs, const QString &user) const
{
    if (untilMs > 0 && wallMs >= untilMs)
        return QStringLiteral("it expired on %1").arg(utc(untilMs));
    if (fromMs > 0 && wallMs < fromMs)
        return QStringLiteral("it is not valid before %1").arg(utc(fromMs));
    if (!user.isEmpty() && !principals.isEmpty() && !principals.contains(user))
        return QStringLiteral("it is for %1, not for %2").arg(principals.join(QStringLiteral(", ")).left(120), user);
    return {};
}

Result<UserCertificate> parseCertificate(const QByteArray &line, const QString &path)
{
    const auto bad = [&path](const char *reason) { return fail(ErrorCode::KeyUnusable, {path, QLatin1String(reason)}); };
    const QList<QByteArray> words = line.simplified().split(' ');
    const QByteArray kind = words.value(0);
    if (!kind.endsWith("-cert-v01@openssh.com"))
        return bad("it is not an OpenSSH certificate");
    QByteArray plain = kind;
    plain.replace("-cert-v01@openssh.com", "");
    if (plain.startsWith("sk-"))
        plain += "@openssh.com";
    const int count = keyFields(plain);
    const auto decoded = QByteArray::fromBase64Encoding(words.value(1), QByteArray::AbortOnBase64DecodingErrors);
    if (count == 0 || !decoded)
        return bad("it is not a certificate this program can read");
    Wire wire(decoded.decoded);
    const QByteArray inside = wire.text();
    wire.text(); // nonce
    QByteArray key;
    putText(key, plain);
    const qsizetype keyBegins = wire.at();
    for (int i = 0; i < count; ++i)
        wire.text();
    key += decoded.decoded.mid(keyBegins, wire.at() - keyBegins);
    wire.longNumber(); // serial
    const quint32 type = wire.number();
    UserCertificate certificate;
    certificate.path = path;
    certificate.id = clean(wire.text());
    Wire principals(wire.text());
    while (principals.ok() && !principals.atEnd() && certificate.principals.size() < 256)
        certificate.principals.append(clean(principals.text()));
    certificate.fromMs = milliseconds(wire.longNumber());
    certificate.untilMs = milliseconds(wire.longNumber());
    if (!wire.ok() || !principals.ok() || inside != kind)
        return bad("it is cut short or damaged");
    if (type != userType)
        return bad("it is a host certificate, and a user certificate is needed");
    certificate.fingerprint = QStringLiteral("SHA256:")
        + QString::fromLatin1(QCryptographicHash::hash(key, QCryptographicHash::Sha256).toBase64(QByteArray::OmitTrailingEquals));
    return certificate;
}

Result<std::optional<UserCertificate>> readCertificate(const QString &path)
{
    QFile file(expandHome(path));
    if (!QFileInfo::exists(file.fileName()))
        return std::optional<UserCertificate>();
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::KeyUnusable, {path, file.errorString()});
    const auto certificate = parseCertificate(file.read(64 << 10), path);
    if (!certificate)
        return std::unexpected(certificate.error());
    return std::optional<UserCertificate>(*certificate);
}

QString certificatePath(const QString &keyPath, const std::optional<QString> &chosen)
{
    return chosen && !chosen->isEmpty() ? *chosen : keyPath + QStringLiteral("-cert.pub");
}

QString expandHome(const QString &path)
{
    return path.startsWith(QLatin1String("~/")) ? QDir::homePath() + path.mid(1) : path;
}

} // namespace bellwether
