#pragma once
// Port: where time comes from. Durations are counted on the monotonic clock only (it goes on during sleep);
// the wall clock is for display and for ordering between machines.
#include <QtGlobal>

namespace bellwether {

struct Now {
    qint64 wallMs = 0; // milliseconds since the epoch, UTC
    qint64 monoMs = 0; // CLOCK_BOOTTIME, milliseconds
};

class Clock {
public:
    virtual ~Clock() = default;
    virtual Now now() const = 0; // any thread
};

class SystemClock final : public Clock {
public:
    Now now() const override;
};

} // namespace bellwether
