#pragma once
// A clock that moves only when told to.
#include "base/clock.h"

namespace bellwether {

class FakeClock final : public Clock {
public:
    Now now() const override { return m_now; }
    void advance(qint64 ms)
    {
        m_now.wallMs += ms;
        m_now.monoMs += ms;
    }
    void jumpWall(qint64 ms) { m_now.wallMs += ms; }
    Now m_now{1'790'000'000'000, 1'000'000};
};

} // namespace bellwether
