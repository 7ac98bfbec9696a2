#include "rollout/console.h"

#include "rollout/state.h"

namespace bellwether {

QString stepLogPath(const QString &dataFolder, int rollout, const QString &host, const QString &token)
{
    return QStringLiteral("%1/logs/%2/%3/%4.log").arg(dataFolder, rolloutName(rollout), host, token);
}

} // namespace bellwether
