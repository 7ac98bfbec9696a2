#pragma once
// Bytes of a host's output made fit to be shown: UTF-8 is decoded across any cut, terminal sequences are taken out,
// control characters and characters that would reorder or hide text become visible marks, and a line has an end. Of a line
// that was overwritten from its beginning, as by a progress bar, the newest text is shown, behind the mark ⇤.
// Nothing a host prints can change how anything else on the screen reads.
#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringDecoder>

namespace bellwether {

enum class LogLevel : quint8 { Plain, Warning, Error };

struct LogLine {
    QString text;
    LogLevel level = LogLevel::Plain;
    bool operator==(const LogLine &) const = default;
};

class LogText {
public:
    static constexpr int defaultCap = 4000; // characters of a line that are kept

    LogText() : LogText(defaultCap) {}
    explicit LogText(int cap);
    QList<LogLine> feed(const QByteArray &bytes); // the lines that became whole
    LogLine unfinished() const;                   // the line that has no end yet; empty text when there is none
    bool hasUnfinished() const { return m_begun; }

private:
    enum class Escape { None, Begun, Csi, Text, TextEnd, Other };
    void take(QChar c, QList<LogLine> &out);
    bool inEscape(char16_t c);
    void put(QStringView text);
    void put(QChar c);
    void flushPair();
    void beginAgain();
    LogLine line() const;

    QStringDecoder m_decoder;
    QString m_line, m_before; // m_before: what has been written over, the newest
    QChar m_high;
    qint64 m_dropped = 0, m_droppedBefore = 0;
    int m_cap = defaultCap;
    Escape m_escape = Escape::None;
    bool m_begun = false, m_carriage = false, m_overwritten = false;
};

LogLevel levelOf(QStringView line);

} // namespace bellwether
