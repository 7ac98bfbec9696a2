#pragma once
// A thread with an event loop that is joined at its end. QThread::wait() returns before the thread has freed what libraries keep
// for each thread (libcrypto does so in its last destructors); a process that ends in between never frees it.
#include <QString>
#include <QThread>

#include <semaphore>
#include <thread>

namespace bellwether {

class LoopThread {
public:
    explicit LoopThread(const QString &name); // its first 15 bytes are what debuggers show
    ~LoopThread();                            // ends the loop and waits for the thread; after somebody else's quit() only with join()
    Q_DISABLE_COPY_MOVE(LoopThread)

    QThread *asQThread() const { return m_asQThread; } // for moveToThread(), and to quit() from anywhere; gone once it has ended
    void begin();                                      // once, after what it serves has been moved to it
    void join();                                       // until somebody has ended its loop

private:
    QThread *m_asQThread = nullptr;
    std::counting_semaphore<2> m_begin{0};
    std::thread m_thread; // last: it uses the others
};

} // namespace bellwether
