#include "simjournal.h"

#include "base/canonicaljson.h"
#include "powerdisk.h"

#include <future>

namespace bellwether {

SimJournal::SimJournal(quint64 seed)
    : m_random(seed ^ 0xd15cULL)
    , m_path(m_folder.filePath(QStringLiteral("data")))
{
    support::installPowerDisk();
    support::watchPower(m_path.toUtf8());
}

SimJournal::~SimJournal() = default;

Result<QList<Event>> SimJournal::open()
{
    QList<Event> events;
    auto writer = JournalWriter::open(m_path, &events);
    if (!writer)
        return std::unexpected(writer.error());
    m_writer = std::move(*writer);
    return events;
}

Result<QList<Event>> SimJournal::append(const QList<NewEvent> &events, bool diskFull)
{
    support::fillDisk(m_path.toUtf8(), diskFull);
    std::promise<Result<QList<Event>>> answer;
    m_writer->append(events, [&answer](Result<QList<Event>> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
}

qsizetype SimJournal::cutPower(const QList<QList<NewEvent>> &underWay)
{
    support::fillDisk(m_path.toUtf8(), false);
    const bool reachTheWriter = m_random.chance(0.5);
    support::cutPowerAt(m_path.toUtf8(), reachTheWriter ? int(m_random.between(1, 14)) : 1);
    qsizetype acknowledged = 0;
    if (reachTheWriter) // one by one, so that the same seed cuts at the same place
        for (const QList<NewEvent> &events : underWay)
            acknowledged += append(events, false).has_value();
    m_writer.reset();
    support::restorePower(m_path.toUtf8(), [this](qsizetype size) -> qsizetype {
        const int fate = m_random.below(3);
        return fate == 0 ? 0 : fate == 1 ? size : qsizetype(m_random.between(0, size));
    });
    return acknowledged;
}

bool isSameEvent(const Event &a, const Event &b)
{
    return a.seq == b.seq && a.rollout == b.rollout && a.wallMs == b.wallMs && a.monoMs == b.monoMs && a.actor == b.actor
        && eventName(a.body) == eventName(b.body) && canonicalJson(eventBodyToJson(a.body)) == canonicalJson(eventBodyToJson(b.body));
}

} // namespace bellwether
