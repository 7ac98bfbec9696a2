#pragma once
// What the engine's parts (step runner, health watch, lease keeper) may use of it. Engine's thread only.
#include "engine/hostport.h"
#include "rollout/state.h"

#include <functional>

namespace bellwether {

class Runtime {
public:
    virtual ~Runtime() = default;
    virtual Now now() const = 0;
    virtual HostPort &hosts() = 0;
    virtual const RolloutState *rollout(int id) const = 0; // null when there is none
    // Durable first: `then` runs once the events are committed and applied, in order of the calls.
    virtual void record(int rollout, QList<EventBody> bodies, std::function<void()> then = {}, const QString &actor = QStringLiteral("bellwether")) = 0;
    // Whether the journal takes what is recorded; while it does not, no step is begun, since what became of it would be lost.
    virtual bool isRecording() const = 0;
    virtual void schedule(qint64 delayMs, std::function<void()> work) = 0;
    virtual QString owner() const = 0; // of leases and holds on hosts
    virtual QString formerOwner() const = 0; // as older programs called it on hosts; empty: no other
    virtual qint64 epochOf(const Installation &host) const = 0; // 0: no lease
    // It is waited for and lost: it is asked for again, unless a person has to go on first.
    virtual void wantsLease(int rollout, const QString &host) = 0;
    virtual void fenced(const Installation &host, qint64 epoch, const Error &refusal) = 0; // HostFenced: what was sent under this lease
    virtual QString dataFolder() const = 0;
};

// 1, 2, 4 … 30 s
inline qint64 backOffMs(int failures)
{
    return std::min(30'000, 1000 << std::min(failures, 5));
}

// One clause for journals: "connection-lost: demo-01, reset by peer".
QString clauseOf(const Error &error);
// The link failed, the host did not refuse: worth another try.
bool isLinkError(const Error &error);
// … or nobody was let in to ask it: a login or a host key that is refused today says nothing about a step that may be
// under way there.
bool isOutOfReach(const Error &error);

} // namespace bellwether
