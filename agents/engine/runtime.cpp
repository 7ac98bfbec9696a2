#include "engine/runtime.h"

namespace bellwether {

QString clauseOf(const Error &error)
{
    const QString key = QString::fromLatin1(errorKey(error.code)).replace(QLatin1Char('-'), QLatin1Char(' '));
    if (error.code == ErrorCode::HostFenced)
        return QStringLiteral("%1: %2, %3").arg(key, error.args.value(0), error.args.value(1).isEmpty() ? QStringLiteral("its lease has ended") : QStringLiteral("the lease is %1's").arg(error.args.value(1)));
    return error.args.isEmpty() ? key : QStringLiteral("%1: %2").arg(key, error.args.join(QStringLiteral(", ")));
}

bool isLinkError(const Error &error)
{
    switch (error.code) {
    case ErrorCode::HostNameUnresolved:
    case ErrorCode::ConnectFailed:
    case ErrorCode::ConnectTimeout:
    case ErrorCode::ConnectionLost:
    case ErrorCode::CommandTimeout:
    case ErrorCode::CredentialNeeded: // a person may still give it
        return true;
    default: // a list of the few, not a verdict on each code
        return false;
    }
}

bool isOutOfReach(const Error &error)
{
    switch (error.code) {
    case ErrorCode::NotSsh:
    case ErrorCode::HostKeyUnknown:
    case ErrorCode::HostKeyChanged:
    case ErrorCode::HostKeyRevoked:
    case ErrorCode::AuthFailed:
    case ErrorCode::KeyUnusable:
    case ErrorCode::NoCommonAlgorithm:
    case ErrorCode::NoShell:
        return true;
    default:
        return isLinkError(error);
    }
}

} // namespace bellwether
