#pragma once
// How values cross threads: a mutex-guarded queue and a wake-up without arguments. The wake-up is called by the
// sender, outside the lock, only when the queue was empty; it must do no more than post an event to the receiver.
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace bellwether {

template<class T>
class Mailbox {
public:
    void setWake(std::function<void()> wake) // before the first put
    {
        const std::scoped_lock lock(m_mutex);
        m_wake = std::move(wake);
    }
    void put(T value) // any thread
    {
        std::function<void()> wake;
        {
            const std::scoped_lock lock(m_mutex);
            if (m_values.empty())
                wake = m_wake;
            m_values.push_back(std::move(value));
        }
        if (wake)
            wake();
    }
    std::vector<T> takeAll() // receiver's thread
    {
        const std::scoped_lock lock(m_mutex);
        return std::exchange(m_values, {});
    }

private:
    std::mutex m_mutex;
    std::vector<T> m_values;
    std::function<void()> m_wake;
};

} // namespace bellwether
