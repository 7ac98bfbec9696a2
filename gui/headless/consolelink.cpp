#include "headless/consolelink.h"

#include "headless/terminal.h"
#include "text/words.h"

#include <algorithm>
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

bool isMoving(const HostView &host)
{
    if (!isBegun(host.state))
        return false;
    return std::ranges::any_of(host.steps, [](const StepView &step) { return step.state == QLatin1String("running") || step.state == QLatin1String("intended"); });
}

bool isAtWork(const ConsoleSnapshot &snapshot)
{
    return snapshot.transfers > 0 || std::ranges::any_of(snapshot.rollouts, [](const std::shared_ptr<const RolloutSnapshot> &rollout) {
        const bool ended = rollout->state != RolloutLifecycle::Running && rollout->state != RolloutLifecycle::Paused;
        if (!ended && !rollout->interrupted && rollout->pauseReasons.isEmpty())
            return true;
        return !rollout->interrupted && std::ranges::any_of(rollout->waves, [](const WaveView &wave) { return std::ranges::any_of(wave.hosts, isMoving); });
    });
}

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
            link->m_asker = TerminalAsker::start(link->m_owned->credentials(), [port = &link->m_owned->port()](const QString &machine) {
                return nameOfMachine(*port->snapshot(), machine);
            });
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
    return ask(request, isInterrupted);
}

void ConsoleLink::tell(const Request &request)
{
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    (void)ask(request, [until] { return std::chrono::steady_clock::now() > until; });
}

Reply ConsoleLink::ask(const Request &request, const std::function<bool()> &stop)
{
    if (m_client)
        return m_client->ask(request, stop);
    auto waiting = std::make_shared<Waiting>();
    m_owned->port().request(request, [waiting](Reply reply) {
        const std::scoped_lock lock(waiting->mutex);
        waiting->reply = std::move(reply);
        waiting->changed.notify_all();
    });
    std::unique_lock lock(waiting->mutex);
    while (!waiting->reply) {
        if (stop())
            return fail(ErrorCode::Interrupted);
        waiting->changed.wait_for(lock, std::chrono::milliseconds(100));
    }
    return std::move(*waiting->reply);
}

ConsoleLink::~ConsoleLink()
{
    if (!m_server)
        return;
    m_server->stopAccepting();
    pauseFor(150); // a request that was just answered is in the next snapshot
    while (!isInterrupted() && isAtWork(*m_owned->port().snapshot()))
        pauseFor(300);
}

bool hasOwner(const QString &dataFolder)
{
    return OwnerClient::isListening(dataFolder);
}

} // namespace bellwether
