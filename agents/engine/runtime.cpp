#include "engine/runtime.h"

namespace bellwether {

QString clauseOf(const Error &error)
{
    const QString key = QString::fromLatin1(errorKey(error.code)).replace(QLatin1Char('-'), QLatin1Char(' '));
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
