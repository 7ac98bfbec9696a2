#include "transfer/filethread.h"

namespace bellwether {

FileThread::FileThread(QThread *receiver)
    : m_outbox(receiver)
    , m_thread([this] { loop(); })
{
}

FileThread::~FileThread()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_ending = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

void FileThread::run(std::function<bool()> slice, std::function<void()> then)
{
    {
        const std::scoped_lock lock(m_mutex);
        m_work.push_back({std::move(slice), std::move(then)});
    }
    m_wake.notify_all();
}

void FileThread::loop()
{
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_wake.wait(lock, [this] { return m_ending || !m_work.empty(); });
        if (m_ending)
            return;
        Work work = std::move(m_work.front());
        m_work.pop_front();
        lock.unlock();
        if (work.slice()) {
            work.slice = {}; // what it holds goes before `then` is told
            m_outbox.post(std::move(work.then));
            lock.lock();
        } else {
            lock.lock();
            m_work.push_back(std::move(work));
        }
    }
}

} // namespace bellwether
