#include "headless/signature.h"

#include <QFileInfo>
#include <QProcess>
#include <QRegularExpression>

namespace bellwether {

namespace {

constexpr int deadlineMs = 60'000; // a key on a token may wait for a touch

struct Ran {
    bool ok = false;
    QByteArray out, err;
};

Ran runKeygen(const QStringList &arguments, const QByteArray &input)
{
    QProcess process;
    process.start(QStringLiteral("ssh-keygen"), arguments);
    if (!process.waitForStarted())
        return {false, {}, QByteArrayLiteral("ssh-keygen cannot be started; install openssh-client")};
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(deadlineMs)) {
        process.kill();
        process.waitForFinished();
        return {false, {}, QByteArrayLiteral("ssh-keygen did not end within a minute")};
    }
    return {process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0, process.readAllStandardOutput(), process.readAllStandardError()};
}

const QString signatureNamespace = QStringLiteral("bellwether-report");

} // namespace

Result<QByteArray> sshSign(const QByteArray &content, const QString &key)
{
    if (!QFileInfo(key).isFile())
        return fail(ErrorCode::SignFailed, {QStringLiteral("there is no key file %1").arg(key)});
    const Ran ran = runKeygen({QStringLiteral("-Y"), QStringLiteral("sign"), QStringLiteral("-f"), QFileInfo(key).absoluteFilePath(), QStringLiteral("-n"), signatureNamespace}, content);
    if (!ran.ok || !ran.out.startsWith("-----BEGIN SSH SIGNATURE-----"))
        return fail(ErrorCode::SignFailed, {QString::fromLocal8Bit(ran.err).trimmed()});
    return ran.out;
}

SignatureCheck checkSignature(const QByteArray &content, const QString &signatureFile)
{
    if (!QFileInfo::exists(signatureFile))
        return {};
    const Ran ran = runKeygen({QStringLiteral("-Y"), QStringLiteral("check-novalidate"), QStringLiteral("-n"), signatureNamespace, QStringLiteral("-s"),
                               QFileInfo(signatureFile).absoluteFilePath()}, content);
    SignatureCheck check{ran.ok ? QStringLiteral("valid") : QStringLiteral("invalid"), {}};
    static const QRegularExpression fingerprint(QStringLiteral("SHA256:[A-Za-z0-9+/]{43}"));
    if (ran.ok)
        check.key = fingerprint.match(QString::fromLocal8Bit(ran.out + ran.err)).captured();
    return check;
}

} // namespace bellwether
