#pragma once
// The output of a step as kept on this computer: at most 8 MiB, then a line that says how much is not kept.
#include <QFile>

namespace bellwether {

class StepLog {
public:
    explicit StepLog(const QString &path); // made anew: a step that is attached to again is read from its beginning
    void append(const QByteArray &bytes);
    QByteArray tail() const { return m_tail; } // at most 2 KiB

private:
    QFile m_file;
    qint64 m_written = 0;
    bool m_full = false;
    QByteArray m_tail;
};

} // namespace bellwether
