#pragma once
// How fast a copy goes: how much at once, when the next piece may go, and what is said about it. Time is given in.
#include <QHash>
#include <QString>

#include <algorithm>
#include <cmath>
#include <utility>

namespace bellwether {

inline constexpr qint64 blockBytes = 4096; // pieces begin at its multiples

// A piece is what the link carries in about a second and a half (or as told), from 4 KiB to `most`, at most twice the last one.
class PieceSize {
public:
    explicit PieceSize(qint64 limitPerSecond, qint64 most = 8 << 20, qint64 first = 64 << 10, qint64 targetMs = 1'500)
        : m_most(std::max(blockBytes, aligned(limitPerSecond > 0 ? std::min(limitPerSecond * targetMs / 1'500, most) : most)))
        , m_bytes(std::min(first, m_most))
        , m_targetMs(targetMs)
    {
    }
    qint64 bytes() const { return m_bytes; }
    void carried(qint64 bytes, qint64 ms)
    {
        if (bytes >= m_bytes)
            set(std::min(bytes * m_targetMs / std::max<qint64>(1, ms), 2 * m_bytes));
    }
    void failed() { set(m_bytes / 2); }
    static qint64 aligned(qint64 bytes) { return bytes / blockBytes * blockBytes; }

private:
    void set(qint64 bytes) { m_bytes = std::clamp(aligned(bytes), blockBytes, m_most); }
    qint64 m_most, m_bytes, m_targetMs;
};

// Buckets of tokens, one a byte, that are filled at the rate allowed and never save up: what was not used is gone. Counted from
// the first piece, no more than rate × time + one piece has ever been sent. Copies with one machine that were given the same
// limit share a bucket, and keep to it together; those with another limit have their own, so that a slow one slows nobody.
class HostPace {
public:
    // For how long a piece of so many bytes has to wait; it is counted as sent then. A rate of 0 knows no limit.
    qint64 take(const QString &machine, qint64 bytes, qint64 bytesPerSecond, qint64 nowMs)
    {
        if (bytesPerSecond <= 0)
            return 0;
        double &paidUntil = m_paidUntil[{machine, bytesPerSecond}];
        const double start = std::max(paidUntil, static_cast<double>(nowMs));
        paidUntil = start + timeOf(bytes, bytesPerSecond);
        return static_cast<qint64>(std::ceil(start - static_cast<double>(nowMs)));
    }
    void giveBack(const QString &machine, qint64 bytes, qint64 bytesPerSecond) // what was taken and is not going to be sent
    {
        if (bytesPerSecond > 0)
            m_paidUntil[{machine, bytesPerSecond}] -= timeOf(bytes, bytesPerSecond);
    }

private:
    static double timeOf(qint64 bytes, qint64 bytesPerSecond) { return static_cast<double>(bytes) * 1000.0 / static_cast<double>(bytesPerSecond); }
    QHash<std::pair<QString, qint64>, double> m_paidUntil; // by machine and limit: ms, of the clock that is given in
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
