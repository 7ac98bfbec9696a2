#pragma once
// How much of a step's output one poll may bring: as much as the link carries in about two seconds, so that a long log never
// stands in the way of the health checks that share the connection. From 1 KiB to 256 KiB, and no more than twice the last.
#include <QtGlobal>

#include <algorithm>

namespace bellwether {

class LogWindow {
public:
    int bytes() const { return m_bytes; } // of each stream
    // A poll that did not wait for news brought so many bytes in so many milliseconds, asking and answering included.
    void brought(qint64 bytes, qint64 ms)
    {
        if (bytes >= m_bytes)
            set(std::min<qint64>(bytes * targetMs / std::max<qint64>(1, ms), 2 * qint64(m_bytes)));
    }
    void failed() { set(m_bytes / 2); } // the link did not carry it in time

private:
    static constexpr qint64 targetMs = 2'000, least = 1 << 10, most = 256 << 10;
    void set(qint64 bytes) { m_bytes = int(std::clamp(bytes, least, most)); }
    int m_bytes = 8 << 10;
};

} // namespace bellwether
