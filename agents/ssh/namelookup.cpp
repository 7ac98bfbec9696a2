#include "ssh/namelookup.h"

#include <netdb.h>
#include <netinet/in.h>

#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace bellwether {

struct NameLookup::Asked {
    std::mutex mutex;
    QByteArray name;
    Answered answered; // empty: nobody waits for it any more

    bool isWanted()
    {
        const std::scoped_lock lock(mutex);
        return bool(answered);
    }
    void answer(const QList<QHostAddress> &addresses, const QString &why)
    {
        const std::scoped_lock lock(mutex);
        if (const Answered tell = std::exchange(answered, {}))
            tell(addresses, why);
    }
    void lookUp();
};

namespace {

constexpr int mostAtOnce = 100;

// Never destroyed: its threads may outlive main().
struct Desk {
    std::mutex mutex;
    std::deque<std::function<void()>> waiting;
    int threads = 0;

    static Desk &get()
    {
        static Desk &desk = *new Desk;
        return desk;
    }
    void work()
    {
        for (;;) {
            std::unique_lock lock(mutex);
            if (waiting.empty()) {
                --threads;
                return;
            }
            const auto next = std::move(waiting.front());
            waiting.pop_front();
            lock.unlock();
            next();
        }
    }
    bool put(std::function<void()> look) // false: there is no thread for it
    {
        const std::scoped_lock lock(mutex);
        if (threads < mostAtOnce) {
            try {
                std::thread([this] { work(); }).detach();
                ++threads;
            } catch (const std::system_error &) {
                if (threads == 0)
                    return false;
            }
        }
        waiting.push_back(std::move(look));
        return true;
    }
};

QHostAddress addressOf(const addrinfo &found)
{
    QHostAddress address(found.ai_addr);
    if (found.ai_family == AF_INET6) {
        sockaddr_in6 v6;
        memcpy(&v6, found.ai_addr, sizeof(v6));
        if (v6.sin6_scope_id != 0) // QHostAddress leaves it out
            address.setScopeId(QString::number(v6.sin6_scope_id));
    }
    return address;
}

} // namespace

void NameLookup::Asked::lookUp()
{
    if (!isWanted())
        return;
    addrinfo hints{}, *found = nullptr;
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    const int rc = ::getaddrinfo(name.constData(), nullptr, &hints, &found);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(rc == 0 ? found : nullptr, &::freeaddrinfo);
    if (!isWanted()) // nothing of Qt is touched by a thread that may be the last one there is
        return;
    QList<QHostAddress> addresses;
    for (const addrinfo *a = owned.get(); a; a = a->ai_next)
        if (const QHostAddress address = addressOf(*a); !address.isNull() && !addresses.contains(address))
            addresses.append(address);
    answer(addresses, addresses.isEmpty() ? QString::fromLocal8Bit(rc == 0 ? "it has no address" : ::gai_strerror(rc)) : QString());
}

NameLookup::NameLookup(const QString &name, Answered answered)
    : m_asked(std::make_shared<Asked>())
{
    m_asked->name = name.toLatin1(); // plain names are all that get this far
    m_asked->answered = std::move(answered);
    if (!Desk::get().put([asked = m_asked] { asked->lookUp(); }))
        m_asked->answer({}, QStringLiteral("no thread can be had to look it up"));
}

NameLookup::~NameLookup()
{
    const std::scoped_lock lock(m_asked->mutex);
    m_asked->answered = {};
}

} // namespace bellwether
