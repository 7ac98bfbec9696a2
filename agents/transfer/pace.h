#pragma once
// How fast a copy goes: how much at once, when the next piece may go, and what is said about it. Time is given in.
#include <QHash>
#include <QList>
#include <QString>

#include <algorithm>
#include <cmath>

namespace bellwether {

inline constexpr qint64 blockBytes = 4096; // pieces begin at its multiples

// A piece is what the link carries in about a second and a half (or as told), from 4 KiB to `most`, at most twice the last one.
class PieceSize {
public:
    explicit PieceSize(qint64 limitPerSecond, qint64 most = 8 << 20, qint64 first = 64 << 10, qint64 targetMs = 1'500)
        : m_targetMs(targetMs)
        , m_most(std::min(allowedAt(limitPerSecond), std::max(blockBytes, aligned(most))))
        , m_bytes(std::min(first, m_most))
    {
    }
    qint64 bytes() const { return m_bytes; }
    qint64 bytesAt(qint64 limitPerSecond) const { return std::min(m_bytes, allowedAt(limitPerSecond)); } // while a limit holds; 0: none
    void carried(qint64 bytes, qint64 ms)
    {
        if (bytes >= m_bytes)
            set(std::min(bytes * m_targetMs / std::max<qint64>(1, ms), 2 * m_bytes));
    }
    void failed() { set(m_bytes / 2); }
    static qint64 aligned(qint64 bytes) { return bytes / blockBytes * blockBytes; }

private:
    static constexpr qint64 plenty = 1LL << 40; // bytes a second that no link carries
    qint64 allowedAt(qint64 limitPerSecond) const
    {
        return limitPerSecond <= 0 ? plenty : std::max(blockBytes, aligned(std::min(limitPerSecond, plenty) * m_targetMs / 1'500));
    }
    void set(qint64 bytes) { m_bytes = std::clamp(aligned(bytes), blockBytes, m_most); }
    qint64 m_targetMs, m_most, m_bytes;
};

// What all copies with a machine may carry together: the smallest limit that was asked for one of those under way; no limit when
// none was. A bucket of tokens for each machine, one a byte, that is filled at this rate and never saves up: what was not
// used is gone. Counted from the first piece, no more than rate × time + one piece has ever been sent; what was allowed before a
// smaller limit came is counted by the rate of then.
class HostPace {
public:
    void join(const QString &machine, qint64 limitPerSecond) // a copy begins; 0: no limit was asked for it
    {
        if (limitPerSecond > 0)
            m_limits[machine].append(limitPerSecond);
    }
    void leave(const QString &machine, qint64 limitPerSecond) // and has ended
    {
        const auto limits = m_limits.find(machine);
        if (limits == m_limits.end())
            return;
        limits->removeOne(limitPerSecond);
        if (limits->isEmpty())
            m_limits.erase(limits);
    }
    qint64 rateOf(const QString &machine) const // bytes a second; 0: no limit
    {
        const auto limits = m_limits.constFind(machine);
        return limits == m_limits.cend() ? 0 : *std::min_element(limits->cbegin(), limits->cend());
    }
    // For how long a piece of so many bytes has to wait; it is counted as sent then, at rateOf() of now.
    qint64 take(const QString &machine, qint64 bytes, qint64 nowMs)
    {
        const qint64 rate = rateOf(machine);
        if (rate == 0)
            return 0;
        double &paidUntil = m_paidUntil[machine];
        const double start = std::max(paidUntil, static_cast<double>(nowMs));
        paidUntil = start + timeOf(bytes, rate);
        return static_cast<qint64>(std::ceil(start - static_cast<double>(nowMs)));
    }
    // What was taken, at the rate of that time, and is not going to be sent.
    void giveBack(const QString &machine, qint64 bytes, qint64 rate)
    {
        if (rate > 0)
            m_paidUntil[machine] -= timeOf(bytes, rate);
    }

private:
    static double timeOf(qint64 bytes, qint64 bytesPerSecond) { return static_cast<double>(bytes) * 1000.0 / static_cast<double>(bytesPerSecond); }
    QHash<QString, QList<qint64>> m_limits;
    QHash<QString, double> m_paidUntil; // ms, of the clock that is given in
};

// Bytes a second, smoothed over about eight seconds; waiting counts.
class SmoothRate {
public:
    void begin(qint64 nowMs) { m_at = nowMs; }
    void add(qint64 bytes, qint64 nowMs)
    {
        m_pending += bytes;
        const qint64 ms = nowMs - m_at;
        if (ms < 100)
            return;
        const double now = static_cast<double>(m_pending) * 1000.0 / static_cast<double>(ms);
        m_seen += ms; // until eight seconds have been seen it is their mean
        m_rate += (now - m_rate) * std::max(1 - std::exp(-static_cast<double>(ms) / 8000.0), static_cast<double>(ms) / static_cast<double>(m_seen));
        m_at = nowMs;
        m_pending = 0;
    }
    double perSecond() const { return m_rate; }
    qint64 secondsFor(qint64 bytes) const { return m_rate >= 1 ? static_cast<qint64>(std::ceil(static_cast<double>(bytes) / m_rate)) : -1; }

private:
    qint64 m_at = 0, m_pending = 0, m_seen = 0;
    double m_rate = 0;
};

} // namespace bellwether
