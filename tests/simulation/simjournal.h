#pragma once
// The real journal under a simulated console: the program's own writer on SQLite, on a disk that loses its power whenever
// the console is killed. What was acknowledged must be there afterwards; what was under way may be, whole and in order.
#include "journal/journal.h"
#include "simtime.h"

#include <QTemporaryDir>

namespace bellwether {

class SimJournal {
public:
    explicit SimJournal(quint64 seed);
    ~SimJournal();
    bool isOpen() const { return m_writer != nullptr; }
    Result<QList<Event>> open(); // what is in it
    Result<QList<Event>> append(const QList<NewEvent> &events, bool diskFull);
    // Whether these reach the writer before, and the disk, is chance. How many it had acknowledged when the power went.
    qsizetype cutPower(const QList<QList<NewEvent>> &underWay);

private:
    SimRandom m_random; // a stream of its own: the night goes on as it would without a disk
    QTemporaryDir m_folder;
    QString m_path;
    std::unique_ptr<JournalWriter> m_writer;
};

bool isSameEvent(const Event &a, const Event &b);

} // namespace bellwether
