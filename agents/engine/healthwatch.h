#pragma once
// Samples the health of hosts that a step or a gate waits for, and records what the fold needs to know: the first
// sample, each change, and a heartbeat that is fine enough for the bake.
#include "engine/runtime.h"

#include <QHash>

namespace bellwether {

class HealthWatch {
public:
    explicit HealthWatch(Runtime &runtime);
    void tick(const RolloutState &state); // asks those that are due

private:
    struct Watch {
        bool inFlight = false, any = false;
        QString token; // of the health step; empty under a gate
        qint64 nextMono = 0, recordedMono = 0;
        HealthSample last;
    };
    void sample(const RolloutState &state, const HostRun &host, Watch &watch);
    void take(int rollout, const QString &host, const HealthSample &sample);
    struct Gate {
        qint64 readMono = -1, bakeEndMono = 0;
        int bakeS = 0;
    };
    const Gate &gateOf(const RolloutState &state, int wave); // as it was half a second ago at most

    Runtime &m_runtime;
    QHash<QString, Watch> m_watches; // by host
    QMap<std::pair<int, int>, Gate> m_gates; // by rollout and wave: every host of a wave asks for the same
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace bellwether
