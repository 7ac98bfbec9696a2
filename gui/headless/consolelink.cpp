#include "headless/consolelink.h"

#include "headless/terminal.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace bellwether {

namespace {

constexpr int attempts = 50; // × 100 ms: an owner that is just starting or just ending

// Shared with the console's thread: the asker may have gone when the answer comes.
struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Reply> reply;
};

} // namespace

Result<std::unique_ptr<ConsoleLink>> ConsoleLink::open(const QString &dataFolder, const Services &services)
{
    auto link = std::unique_ptr<ConsoleLink>(new ConsoleLink);
    Error last;
    for (int i = 0; i < attempts && !isInterrupted(); ++i) {
        if (auto client = OwnerClient::connect(dataFolder)) {
            link->m_client = std::move(*client);
            return link;
        }
        auto owned = services.own(dataFolder);
        if (owned) {
            auto server = OwnerServer::listen(dataFolder, (*owned)->port());
            if (!server)
                return std::unexpected(server.error());
            link->m_owned = std::move(*owned);
            link->m_server = std::move(*server);
            return link;
        }
        last = owned.error();
        if (last.code != ErrorCode::DataFolderInUse)
            return std::unexpected(last);
        pauseFor(100);
    }
    if (isInterrupted())
        return fail(ErrorCode::Interrupted);
    return std::unexpected(last);
}

Reply ConsoleLink::ask(const Request &request)
{
    if (m_client)
        return m_client->ask(request, isInterrupted);
    auto waiting = std::make_shared<Waiting>();
    m_owned->port().request(request, [waiting](Reply reply) {
        const std::scoped_lock lock(waiting->mutex);
        waiting->reply = std::move(reply);
        waiting->changed.notify_all();
    });
    std::unique_lock lock(waiting->mutex);
    while (!waiting->reply) {
        if (isInterrupted())
            return fail(ErrorCode::Interrupted);
        waiting->changed.wait_for(lock, std::chrono::milliseconds(100));
    }
    return std::move(*waiting->reply);
}

void ConsoleLink::stopServing()
{
    if (m_server)
        m_server->stopAccepting();
}

bool hasOwner(const QString &dataFolder)
{
    return OwnerClient::connect(dataFolder).has_value();
}

} // namespace bellwether
