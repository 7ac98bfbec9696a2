#include "base/loopthread.h"

#include <QEventLoop>

#include <future>
#include <pthread.h>

namespace bellwether {

LoopThread::LoopThread(const QString &name)
{
    std::promise<QThread *> there;
    auto begun = there.get_future();
    m_thread = std::thread([this, name = name.toUtf8().left(15), there = std::move(there)]() mutable {
        ::pthread_setname_np(::pthread_self(), name.constData());
        QEventLoop loop;
        there.set_value(QThread::currentThread());
        m_begin.acquire();
        loop.exec(); // ends at once where quit() was quicker
    });
    m_asQThread = begun.get();
}

LoopThread::~LoopThread()
{
    if (m_thread.joinable()) {
        m_asQThread->quit();
        begin(); // if nobody has
    }
    join();
}

void LoopThread::begin()
{
    m_begin.release();
}

void LoopThread::join()
{
    if (m_thread.joinable())
        m_thread.join();
}

} // namespace bellwether
