#pragma once
// The output of a step as kept on this computer: without its secrets, line by line or as far as a carriage return, its
// first 4 MiB as they come and, once it has ended, its last 2 to 4 MiB, with a line between them that says how much is not
// shown and where it is.
#include "logging/redactor.h"

#include <QFile>

namespace bellwether {

class StepLog {
public:
    static constexpr qint64 headBytes = 4 << 20;

    // Made anew: a step that is attached to again is read from its beginning. onHost: where all of it lies, in words.
    StepLog(const QString &path, QString onHost);
    ~StepLog();
    void append(const QByteArray &bytes);
    void skip(qint64 bytes); // so many are left out; what is appended next begins with a line
    void finish();           // no more comes: its end is written, its last line though it has no end
    QByteArray tail() const { return m_tail; } // at most 2 KiB, of what came after all that was left out

private:
    void settle();
    void keep(const QByteArray &bytes);
    void keepLate(const QByteArray &bytes);
    void note(const QByteArray &words);
    QFile m_file;
    QString m_onHost;
    RedactedStream m_clean;
    QByteArray m_held; // what came first after something was left out, as it came
    QByteArray m_late; // what is written at the end
    QByteArray m_tail;
    qint64 m_written = 0, m_missing = 0;
    bool m_holds = false, m_headEnded = false, m_inLine = false; // of the file: it ends within a line
};

} // namespace bellwether
