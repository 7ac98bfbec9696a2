#include "text/logtext.h"

#include "text/format.h"

#include <algorithm>

namespace bellwether {
namespace {

QString mark(char32_t c)
{
    return QStringLiteral("\u27e8U+%1\u27e9").arg(static_cast<uint>(c), 4, 16, QLatin1Char('0')).toUpper();
}

// Characters that turn, join or hide their neighbours. Joiners inside words of real languages stay.
bool deceives(char16_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c
        || c == 0x2028 || c == 0x2029 || c == 0x200b || c == 0x2060 || c == 0xfeff || c == 0x00ad
        || (c >= 0xfff9 && c <= 0xfffb);
}

bool isBlank(const QString &text)
{
    return std::ranges::all_of(text, [](QChar c) { return c.isSpace(); });
}

bool hasWord(QStringView text, QLatin1StringView word)
{
    for (qsizetype at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
        const bool left = at == 0 || !text[at - 1].isLetterOrNumber();
        const qsizetype end = at + word.size();
        if (left && (end == text.size() || !text[end].isLetterOrNumber()))
            return true;
    }
    return false;
}

} // namespace

LogLevel levelOf(QStringView line)
{
    const QStringView head = line.left(200); // a level stands at the beginning of a line
    for (const auto word : {QLatin1StringView("ERROR"), QLatin1StringView("FATAL"), QLatin1StringView("CRITICAL"),
                            QLatin1StringView("PANIC"), QLatin1StringView("\"error\""), QLatin1StringView("error:")})
        if (hasWord(head, word) || (word.startsWith(QLatin1Char('"')) && head.contains(word)))
            return LogLevel::Error;
    for (const auto word : {QLatin1StringView("WARN"), QLatin1StringView("WARNING"), QLatin1StringView("\"warn\""),
                            QLatin1StringView("warning:")})
        if (hasWord(head, word) || (word.startsWith(QLatin1Char('"')) && head.contains(word)))
            return LogLevel::Warning;
    return LogLevel::Plain;
}

LogText::LogText(int cap) : m_decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Default), m_cap(cap) {}

QList<LogLine> LogText::feed(const QByteArray &bytes)
{
    QList<LogLine> out;
    const QString text = m_decoder.decode(bytes);
    for (const QChar c : text)
        take(c, out);
    return out;
}

void LogText::take(QChar c, QList<LogLine> &out)
{
    const char16_t u = c.unicode();
    if (u == '\n') { // an end of line ends everything, even a sequence that never ended
        flushPair();
        m_carriage = false; // the usual pair of carriage return and line feed
        out.append(line());
        m_line.clear();
        m_before.clear();
        m_dropped = m_droppedBefore = 0;
        m_escape = Escape::None;
        m_begun = m_overwritten = false;
        return;
    }
    m_begun = true;
    if (m_carriage) {
        m_carriage = false;
        beginAgain();
    }
    if (inEscape(u))
        return;
    if (c.isHighSurrogate()) {
        flushPair();
        m_high = c;
        return;
    }
    if (c.isLowSurrogate() && !m_high.isNull()) {
        const char32_t whole = QChar::surrogateToUcs4(m_high, c);
        const QString pair = QString(m_high) + c;
        m_high = QChar();
        put(whole >= 0xe0000 && whole <= 0xe007f ? mark(whole) : pair); // invisible tags
        return;
    }
    flushPair();
    if (u == '\r')
        m_carriage = true;
    else if (u == '\t')
        put(QString(8 - static_cast<int>(m_line.size() % 8), QLatin1Char(' ')));
    else if (u < 0x20 || u == 0x7f)
        put(caret(u));
    else if ((u >= 0x80 && u < 0xa0) || deceives(u) || c.isLowSurrogate())
        put(mark(u));
    else
        put(c);
}

// True while c belongs to a terminal sequence (ECMA-48), which is left out.
bool LogText::inEscape(char16_t c)
{
    switch (m_escape) {
    case Escape::None:
        if (c == 0x1b)
            m_escape = Escape::Begun;
        else if (c == 0x9b)
            m_escape = Escape::Csi;
        else if (c == 0x9d || c == 0x90 || c == 0x98 || c == 0x9e || c == 0x9f)
            m_escape = Escape::Text;
        else
            return false;
        return true;
    case Escape::Begun:
        if (c == '[')
            m_escape = Escape::Csi;
        else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_')
            m_escape = Escape::Text;
        else if (c >= 0x20 && c <= 0x2f)
            m_escape = Escape::Other;
        else if (c != 0x1b)
            m_escape = Escape::None;
        return true;
    case Escape::Csi:
        if (c >= 0x40 && c <= 0x7e)
            m_escape = Escape::None;
        else if (c == 0x1b)
            m_escape = Escape::Begun;
        return true;
    case Escape::Text:
        if (c == 0x07 || c == 0x9c)
            m_escape = Escape::None;
        else if (c == 0x1b)
            m_escape = Escape::TextEnd;
        return true;
    case Escape::TextEnd:
        m_escape = c == '\\' ? Escape::None : Escape::Text;
        return true;
    case Escape::Other:
        if (c >= 0x30 && c <= 0x7e)
            m_escape = Escape::None;
        return true;
    }
    return false;
}

void LogText::put(QStringView text)
{
    if (m_line.size() + text.size() <= m_cap && m_dropped == 0)
        m_line += text;
    else
        m_dropped += text.size();
}

void LogText::put(QChar c)
{
    put(QStringView(&c, 1));
}

void LogText::flushPair()
{
    if (m_high.isNull())
        return;
    put(mark(m_high.unicode()));
    m_high = QChar();
}

// A lone carriage return: what comes now is written over what stands there, unless nothing does.
void LogText::beginAgain()
{
    if (!isBlank(m_line)) {
        m_overwritten = m_overwritten || !m_before.isEmpty();
        m_before = m_line;
        m_droppedBefore = m_dropped;
    }
    m_line.clear();
    m_dropped = 0;
}

LogLine LogText::line() const
{
    const bool before = isBlank(m_line) && !m_before.isEmpty(); // nothing has come in its place
    const bool overwritten = m_overwritten || (!before && !m_before.isEmpty());
    const QString &shown = before ? m_before : m_line;
    LogLine result{overwritten ? QChar(0x21e4) + shown : shown, levelOf(shown)};
    if (const qint64 dropped = before ? m_droppedBefore : m_dropped; dropped > 0)
        result.text += QStringLiteral(" \u2026 (+%1)").arg(dropped);
    return result;
}

LogLine LogText::unfinished() const
{
    return m_begun ? line() : LogLine{};
}

} // namespace bellwether
