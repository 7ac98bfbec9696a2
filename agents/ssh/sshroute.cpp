#include "ssh/sshroute.h"

namespace bellwether {

Error SshRoute::becauseOfJump(Error error) const
{
    const QString jump = QStringLiteral("its jump host ") + over->name;
    const QString machine = to.machine();
    QStringList &args = error.args;
    const bool isOver = args.value(0) == over->to.machine(); // else it names a hop before that already
    switch (error.code) {
    case ErrorCode::ConnectFailed:
        args = {machine, to.address, QStringLiteral("%1 cannot be reached at %2: %3").arg(jump, args.value(1), args.value(2))};
        break;
    case ErrorCode::ConnectTimeout:
        args = {machine, args.value(1).contains(QLatin1String("jump host")) ? args.value(1) : args.value(1) + QStringLiteral(" of ") + jump, args.value(2)};
        break;
    case ErrorCode::ConnectionLost:
        args = {machine, jump + QStringLiteral(": ") + args.value(1)};
        break;
    case ErrorCode::HostNameUnresolved: // their first word is an address or a file of the jump host
    case ErrorCode::KeyUnusable:
        if (!args.isEmpty() && !args.first().contains(QLatin1String(" (jump host ")))
            args.first() += QStringLiteral(" (jump host %1)").arg(over->name);
        break;
    default:
        if (isOver)
            args.first() = over->name;
    }
    return error;
}

} // namespace bellwether
