#pragma once
// A journal in memory that can die: after `limit` events nothing is stored or answered any more, as when the console's
// process was killed right after that commit.
#include "journal/journal.h"

namespace bellwether {

class MemoryJournal final : public JournalWriterPort {
public:
    void append(QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done) override;
    bool isDead() const { return m_limit >= 0 && m_events.size() >= m_limit; }
    void setLimit(qsizetype limit) { m_limit = limit; } // −1: none
    void failNext(int appends) { m_failures = appends; } // as a full disk does
    bool isFailing() const { return m_failures > 0; }
    const QList<Event> &events() const { return m_events; }

private:
    QList<Event> m_events;
    qsizetype m_limit = -1;
    int m_failures = 0;
};

} // namespace bellwether
