#pragma once
// A log of any length as a list of immutable blocks, so that the thread that reads it and the view that shows it share
// the same memory and nobody copies a million lines.
#include "text/logtext.h"

#include <memory>

namespace bellwether {

struct LogBlock {
    static constexpr int full = 2048; // lines; every block but a part's last has as many

    QByteArray text;         // UTF-8 of all lines, one after the other
    QList<quint32> ends;     // where each line ends in text
    QList<LogLevel> levels;

    int lines() const { return static_cast<int>(ends.size()); }
    void append(const LogLine &line);
    QByteArrayView bytes(int line) const;
    QString line(int line) const { return QString::fromUtf8(bytes(line)); }
};
using LogBlockPtr = std::shared_ptr<const LogBlock>;

// One step's output. The view puts a line with the title above it.
struct LogPart {
    QString path, token, title;
    bool operator==(const LogPart &) const = default;
};

struct LogPartLines {
    QList<LogBlockPtr> blocks;
    qint64 lines = 0;
    qint64 left = 0;     // lines at the beginning that are not kept because the log is too long
    QString problem;     // why it could not be read, in the system's words
    bool exists = false;

    LogLine line(qint64 index) const; // from 0
};

// Where a line stands: part and its line from 0; −1 is the title above the part.
struct LogPlace {
    int part = 0;
    qint64 line = -1;
    auto operator<=>(const LogPlace &) const = default;
};

class LogDocument {
public:
    void reset(const QList<LogPart> &parts); // keeps what is known of parts that were there before
    void put(int part, LogPartLines lines);

    int parts() const { return static_cast<int>(m_parts.size()); }
    const LogPart &part(int index) const { return m_parts[index]; }
    const LogPartLines &lines(int index) const { return m_lines[index]; }
    int partOf(const QString &token) const; // −1 when it is not there

    qint64 rows() const { return m_begins.isEmpty() ? 0 : m_begins.last(); } // titles count
    LogPlace place(qint64 row) const;
    qint64 row(const LogPlace &place) const;
    LogLine text(const LogPlace &place) const; // of a line, not of a title

private:
    void count();
    QList<LogPart> m_parts;
    QList<LogPartLines> m_lines;
    QList<qint64> m_begins{0}; // first row of each part, then the end
};

} // namespace bellwether
