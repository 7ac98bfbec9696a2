#include "rolloutview/logblocks.h"

#include <algorithm>

namespace bellwether {

void LogBlock::append(const LogLine &line)
{
    text += line.text.toUtf8();
    ends.append(static_cast<quint32>(text.size()));
    levels.append(line.level);
}

QByteArrayView LogBlock::bytes(int line) const
{
    const qsizetype begin = line == 0 ? 0 : ends[line - 1];
    return QByteArrayView(text).sliced(begin, ends[line] - begin);
}

LogLine LogPartLines::line(qint64 index) const
{
    const qsizetype block = index / LogBlock::full;
    if (index < 0 || block >= blocks.size() || index % LogBlock::full >= blocks[block]->lines())
        return {};
    const int inBlock = static_cast<int>(index % LogBlock::full);
    return {blocks[block]->line(inBlock), blocks[block]->levels[inBlock]};
}

void LogDocument::reset(const QList<LogPart> &parts)
{
    QList<LogPartLines> lines;
    for (const LogPart &part : parts) {
        const int old = partOf(part.token);
        lines.append(old >= 0 && m_parts[old].path == part.path ? m_lines[old] : LogPartLines{});
    }
    m_parts = parts;
    m_lines = lines;
    count();
}

void LogDocument::put(int part, LogPartLines lines)
{
    if (part < 0 || part >= m_lines.size())
        return;
    m_lines[part] = std::move(lines);
    count();
}

int LogDocument::partOf(const QString &token) const
{
    const auto it = std::ranges::find(m_parts, token, &LogPart::token);
    return it == m_parts.end() ? -1 : static_cast<int>(it - m_parts.begin());
}

void LogDocument::count()
{
    m_begins = {0};
    for (const LogPartLines &part : m_lines)
        m_begins.append(m_begins.last() + 1 + part.lines);
}

LogPlace LogDocument::place(qint64 row) const
{
    if (m_lines.isEmpty())
        return {};
    row = std::clamp<qint64>(row, 0, rows() - 1);
    const auto it = std::upper_bound(m_begins.begin(), m_begins.end(), row);
    const int part = static_cast<int>(it - m_begins.begin()) - 1;
    return {part, row - m_begins[part] - 1};
}

qint64 LogDocument::row(const LogPlace &place) const
{
    if (place.part < 0 || place.part >= m_lines.size())
        return 0;
    return m_begins[place.part] + 1 + std::min(place.line, m_lines[place.part].lines - 1);
}

LogLine LogDocument::text(const LogPlace &place) const
{
    return place.part < 0 || place.part >= m_lines.size() ? LogLine{} : m_lines[place.part].line(place.line);
}

} // namespace bellwether
