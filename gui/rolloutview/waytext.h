#pragma once
// A way back in words: how long it takes as far as that was ever measured, what users are told, and the commands to go by
// hand when there is no console.
#include "rollout/snapshot.h"

namespace bellwether {

using Rollouts = QList<std::shared_ptr<const RolloutSnapshot>>;

struct WayTime {
    qint64 ms = 0;
    int measured = 0, steps = 0; // steps that were measured before, of all
};

// How long this step took where it was carried out last: on a way back by its name, else forward by its kind; -1 = never.
// Nothing is guessed.
qint64 measuredMs(const StepView &step, const QString &product, const Rollouts &known);
WayTime timeOfWay(const HostView &host, const QString &product, const Rollouts &known);
QString wayTimeText(const WayTime &time); // "about 9 s", "at least 3 s", "not measured yet"

QString backStepText(const StepView &step, const QString &version); // "Stop the service"
QString userMessage(const RolloutSnapshot &rollout, const QStringList &hosts, qint64 nowMs);
QString runbook(const RolloutSnapshot &rollout, const QStringList &hosts, qint64 nowMs); // Markdown; secrets stay masked

} // namespace bellwether
