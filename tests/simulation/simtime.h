#pragma once
// One thread, one seed, one clock: what a simulation is made of. Nothing here looks at real time or real randomness, so
// the same seed gives the same journal.
#include "base/clock.h"

#include <functional>
#include <map>

namespace bellwether {

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): the same on every platform.
class SimRandom {
public:
    explicit SimRandom(quint64 seed)
        : m_state(seed)
    {}
    quint64 next()
    {
        quint64 z = (m_state += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    int below(int n) { return n <= 1 ? 0 : int(next() % quint64(n)); }
    qint64 between(qint64 low, qint64 high) { return high <= low ? low : low + qint64(next() % quint64(high - low + 1)); }
    bool chance(double p) { return double(next() >> 11) * 0x1.0p-53 < p; }

private:
    quint64 m_state;
};

// A clock that moves from one thing to do to the next.
class SimTime final : public Clock {
public:
    Now now() const override { return m_now; }
    qint64 mono() const { return m_now.monoMs; }
    void jumpWall(qint64 ms) { m_now.wallMs += ms; }
    void after(qint64 ms, std::function<void()> work) { m_due.emplace(m_now.monoMs + std::max<qint64>(0, ms), std::move(work)); }
    // Goes to the next thing to do, does it, and says whether there was one.
    bool step()
    {
        if (m_due.empty())
            return false;
        auto next = m_due.extract(m_due.begin());
        if (next.key() > m_now.monoMs) {
            m_now.wallMs += next.key() - m_now.monoMs;
            m_now.monoMs = next.key();
        }
        next.mapped()();
        return true;
    }

private:
    Now m_now{1'790'000'000'000, 1'000'000};
    std::multimap<qint64, std::function<void()>> m_due; // of the same time: in the order they were asked for
};

} // namespace bellwether
