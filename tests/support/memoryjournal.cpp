#include "memoryjournal.h"

namespace bellwether {

void MemoryJournal::append(QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done)
{
    if (isDead())
        return;
    if (m_failures > 0) {
        --m_failures;
        return done(fail(ErrorCode::JournalWrite, {QStringLiteral("no space left")}));
    }
    QList<Event> committed;
    for (NewEvent &e : events) { // a list is committed whole: it may pass the limit
        // through JSON and back, as a real journal does
        const auto body = eventBodyFromJson(eventName(e.body), eventBodyToJson(e.body));
        Event event;
        event.seq = m_events.size() + 1;
        event.rollout = e.rollout;
        event.wallMs = e.wallMs;
        event.monoMs = e.monoMs;
        event.actor = e.actor;
        event.body = body.value();
        committed.append(event);
        m_events.append(committed.last());
    }
    done(committed);
}

} // namespace bellwether
