#include "reportview/signature.h"

#include "base/wholefile.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QRegularExpression>

namespace bellwether {

namespace {
constexpr int waitMs = 60'000;
const QString keygen = QStringLiteral("ssh-keygen");
const QString space = QStringLiteral("bellwether-report");

struct Ran {
    bool started = false;
    int exit = -1;
    QString out, words;
};

Ran run(const QStringList &arguments, const QString &input)
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
    environment.insert(QStringLiteral("SSH_ASKPASS_REQUIRE"), QStringLiteral("never")); // no window, no terminal: fail instead
    process.setProcessEnvironment(environment);
    process.setStandardInputFile(input.isEmpty() ? QProcess::nullDevice() : input);
    process.start(keygen, arguments);
    Ran ran;
    ran.started = process.waitForStarted(waitMs);
    if (!ran.started)
        return ran;
    if (!process.waitForFinished(waitMs)) {
        process.kill();
        process.waitForFinished(1000);
        ran.words = QStringLiteral("it did not answer within %1 s").arg(waitMs / 1000);
        return ran;
    }
    ran.exit = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    ran.out = QString::fromUtf8(process.readAllStandardOutput());
    ran.words = QString::fromUtf8(process.readAllStandardError().left(2000)).simplified();
    return ran;
}

// An absolute path never looks like an option.
QString absolute(const QString &path)
{
    return QFileInfo(path).absoluteFilePath();
}
} // namespace

const char *enumName(SignatureState state)
{
    switch (state) {
    case SignatureState::Valid: return "valid";
    case SignatureState::Invalid: return "invalid";
    case SignatureState::None: return "none";
    case SignatureState::Unchecked: return "unchecked";
    }
    return "";
}

Status writeReportFile(const QString &file, const QByteArray &bytes)
{
    const QString signature = absolute(file) + QStringLiteral(".sig");
    const QFileInfo old(signature);
    if ((old.exists() || old.isSymLink()) && !QFile::remove(signature)) // beside other bytes it would call them forged
        return fail(ErrorCode::FileUnwritable, {signature, QStringLiteral("the signature of the former report cannot be removed")});
    return writeFile(file, bytes);
}

Status signReport(const QString &file, const QString &key)
{
    const QString path = absolute(file), signature = path + QStringLiteral(".sig");
    if (!QFileInfo(key).isFile())
        return fail(ErrorCode::SignFailed, {QStringLiteral("there is no key %1").arg(key)});
    if (QFileInfo::exists(signature) && !QFile::remove(signature)) // ssh-keygen would ask whether to overwrite it
        return fail(ErrorCode::SignFailed, {QStringLiteral("%1 cannot be replaced").arg(signature)});
    const Ran ran = run({QStringLiteral("-q"), QStringLiteral("-Y"), QStringLiteral("sign"), QStringLiteral("-n"), space, QStringLiteral("-f"), absolute(key), path}, {});
    if (!ran.started)
        return fail(ErrorCode::SignFailed, {QStringLiteral("ssh-keygen is not installed")});
    if (ran.exit != 0 || !QFileInfo::exists(signature))
        return fail(ErrorCode::SignFailed, {ran.words.isEmpty() ? QStringLiteral("ssh-keygen ended with %1").arg(ran.exit) : ran.words});
    QFile::setPermissions(signature, QFile::ReadOwner | QFile::WriteOwner);
    return {};
}

SignatureCheck checkSignature(const QString &file)
{
    const QString path = absolute(file), signature = path + QStringLiteral(".sig");
    if (!QFileInfo(signature).isFile())
        return {};
    const Ran ran = run({QStringLiteral("-Y"), QStringLiteral("check-novalidate"), QStringLiteral("-n"), space, QStringLiteral("-s"), signature}, path);
    SignatureCheck check;
    check.state = !ran.started || ran.exit < 0 ? SignatureState::Unchecked : ran.exit == 0 ? SignatureState::Valid : SignatureState::Invalid;
    if (check.state != SignatureState::Valid)
        check.reason = !ran.started ? QStringLiteral("ssh-keygen is not installed") : ran.words;
    static const QRegularExpression named(QStringLiteral("with (\\S+) key (SHA256:\\S+)"));
    const QRegularExpressionMatch match = named.match(ran.out);
    if (match.hasMatch())
        check.key = match.captured(1) + QLatin1Char(' ') + match.captured(2);
    return check;
}

} // namespace bellwether
