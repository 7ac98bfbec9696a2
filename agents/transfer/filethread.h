#pragma once
// Files of this computer are read, written and summed on one thread of their own: a slow disk holds up nobody else. Long work
// comes in slices and gives way to others between them.
#include "ssh/outbox.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace bellwether {

class FileThread {
public:
    explicit FileThread(QThread *receiver); // and destroyed there
    ~FileThread();                          // ends after the slice under way; what is left is dropped
    Q_DISABLE_COPY_MOVE(FileThread)

    // `slice` runs on the file thread until it answers true; then `then` runs on the receiver's thread. What both share is
    // touched by one of them at a time.
    void run(std::function<bool()> slice, std::function<void()> then);

private:
    struct Work {
        std::function<bool()> slice;
        std::function<void()> then;
    };
    void loop();

    Outbox m_outbox;
    std::mutex m_mutex; // guards the next two
    std::deque<Work> m_work;
    bool m_ending = false;
    std::condition_variable m_wake;
    std::thread m_thread;
};

} // namespace bellwether
