#pragma once
// Rollouts in the situations people meet, made by hand and placed around a moment, for tests of windows.
#include "rollout/snapshot.h"

namespace bellwether::samples {

enum class Situation { CanaryBaking, HalfMigrated, RollingBack, Finished };

// 3 canaries, waves of 4, 12 and 23, Piprio 1.4.0 to 1.5.0; seen at nowMs.
RolloutSnapshot rollout(Situation situation, qint64 nowMs, int id = 142);
// The same, published: data folder with logs of the canaries' steps is up to the caller.
std::shared_ptr<ConsoleSnapshot> console(const QList<RolloutSnapshot> &rollouts, const QString &dataFolder);
// Writes a log as the sample products print it for the migrate step of a host.
void writeLog(const QString &dataFolder, const RolloutSnapshot &rollout, const QString &host);

} // namespace bellwether::samples
