#include "engine/wholelines.h"

#include <algorithm>
#include <utility>

namespace bellwether {

namespace {
constexpr qsizetype longestLine = 64 << 10; // output is hostile input: a line may not fill the memory
} // namespace

// Behind the first end of a line, or 0.
qsizetype WholeLines::firstEnd(const QByteArray &bytes) const
{
    const auto isEnd = [this](char c) { return c == '\n' || (m_endsAtReturns && c == '\r'); };
    const auto end = std::ranges::find_if(bytes, isEnd);
    return end == bytes.cend() ? 0 : end - bytes.cbegin() + 1;
}

// Behind the last one. What follows a carriage return has to be known: with a line feed it is one end.
qsizetype WholeLines::lastEnd(const QByteArray &bytes) const
{
    const qsizetype line = bytes.lastIndexOf('\n');
    const qsizetype piece = m_endsAtReturns && bytes.size() > 1 ? bytes.lastIndexOf('\r', bytes.size() - 2) : -1;
    return std::max(line, piece) + 1;
}

QByteArray WholeLines::feed(const QByteArray &bytes)
{
    qsizetype from = 0;
    if (m_tooLong) {
        from = firstEnd(bytes);
        if (from == 0)
            return {};
        m_tooLong = false;
    }
    m_rest += bytes.mid(from);
    const qsizetype end = lastEnd(m_rest);
    QByteArray lines = m_rest.left(end);
    m_rest.remove(0, end);
    if (m_rest.size() > longestLine) {
        lines += std::exchange(m_rest, {}) + " [the rest of this line is kept on the host only]\n";
        m_tooLong = true;
    }
    return lines;
}

QByteArray WholeLines::finish()
{
    m_tooLong = false;
    const QByteArray last = std::exchange(m_rest, {});
    return last.isEmpty() ? last : last + '\n';
}

void WholeLines::skip()
{
    m_rest.clear();
    m_tooLong = true;
}

} // namespace bellwether
