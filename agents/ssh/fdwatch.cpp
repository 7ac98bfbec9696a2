#include "ssh/fdwatch.h"

#include <QSocketNotifier>

#include <sys/epoll.h>
#include <unistd.h>

namespace bellwether {

namespace {
constexpr int eventsPerTurn = 64; // the loop's other guests have their turn in between
}

FdWatch::FdWatch() = default;

FdWatch::~FdWatch()
{
    m_notifier.reset();
    if (m_set >= 0)
        ::close(m_set);
}

bool FdWatch::open()
{
    if (m_set >= 0)
        return true;
    m_set = ::epoll_create1(EPOLL_CLOEXEC);
    if (m_set < 0)
        return false;
    m_notifier = std::make_unique<QSocketNotifier>(m_set, QSocketNotifier::Read);
    QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { tell(); });
    return true;
}

quint64 FdWatch::add(int fd, Ready ready)
{
    if (!open())
        return 0;
    m_watched.insert(++m_last, {fd, 0, std::move(ready)});
    return m_last;
}

void FdWatch::want(quint64 id, bool read, bool write)
{
    const auto it = m_watched.find(id);
    const quint32 events = (read ? quint32{EPOLLIN} : 0) | (write ? quint32{EPOLLOUT} : 0);
    if (it == m_watched.end() || it->events == events)
        return;
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    const int what = events == 0 ? EPOLL_CTL_DEL : it->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (::epoll_ctl(m_set, what, it->fd, &event) == 0)
        it->events = events;
}

void FdWatch::remove(quint64 id, bool isOpen)
{
    if (isOpen)
        want(id, false, false);
    m_watched.remove(id);
}

void FdWatch::tell()
{
    epoll_event events[eventsPerTurn];
    const int count = ::epoll_wait(m_set, events, eventsPerTurn, 0);
    for (int i = 0; i < count; ++i) {
        const auto it = m_watched.constFind(events[i].data.u64);
        if (it == m_watched.constEnd() || it->events == 0)
            continue; // meanwhile removed by another's turn
        const Ready ready = it->ready; // its own turn may remove it
        ready((events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0);
    }
}

} // namespace bellwether
