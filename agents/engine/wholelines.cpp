#include "engine/wholelines.h"

#include <utility>

namespace bellwether {

namespace {
constexpr qsizetype longestLine = 64 << 10; // output is hostile input: a line may not fill the memory
} // namespace

QByteArray WholeLines::feed(const QByteArray &bytes)
{
    qsizetype from = 0;
    if (m_tooLong) {
        from = bytes.indexOf('\n') + 1;
        if (from == 0)
            return {};
        m_tooLong = false;
    }
    QByteArray lines;
    if (const qsizetype end = bytes.lastIndexOf('\n') + 1; end > from) {
        lines = std::exchange(m_rest, {}) + bytes.mid(from, end - from);
        from = end;
    }
    m_rest += bytes.mid(from);
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
