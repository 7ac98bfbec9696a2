#pragma once
// Which of a worker's connections are ready: one epoll set (epoll(7), level-triggered), in the event loop as a single
// descriptor. With a QSocketNotifier for each, every turn of the loop would ask the kernel about all of them. One thread.
#include <QHash>
#include <functional>
#include <memory>

class QSocketNotifier;

namespace bellwether {

class FdWatch {
public:
    using Ready = std::function<void(bool readable)>; // false: it can only be written to. An error or a hang-up is readable

    FdWatch();
    ~FdWatch();
    Q_DISABLE_COPY_MOVE(FdWatch)

    // Not watched until want(). 0: the system refuses; errno says why.
    quint64 add(int fd, Ready ready);
    void want(quint64 id, bool read, bool write); // neither: not even an error is told
    void remove(quint64 id, bool isOpen);         // isOpen: not yet closed; once it is, its number may be another's

private:
    struct Watched {
        int fd = -1;
        quint32 events = 0; // as the kernel knows them; 0: not in the set
        Ready ready;
    };
    bool open();
    void tell();

    int m_set = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
    QHash<quint64, Watched> m_watched; // by a number that is never used again: a descriptor's may be, while events wait
    quint64 m_last = 0;
};

} // namespace bellwether
