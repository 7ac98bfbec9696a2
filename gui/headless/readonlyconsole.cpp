#include "headless/readonlyconsole.h"

#include "headless/ownersocket.h"
#include "text/errortext.h"

#include <chrono>

namespace bellwether {

Result<std::unique_ptr<ReadOnlyConsole>> ReadOnlyConsole::open(const QString &dataFolder, const QString &why, bool mayAsk)
{
    auto view = JournalView::open(dataFolder);
    if (!view)
        return std::unexpected(view.error());
    auto console = std::unique_ptr<ReadOnlyConsole>(new ReadOnlyConsole(std::move(*view), why, mayAsk));
    console->publish();
    console->m_follower = std::thread([raw = console.get()] { raw->follow(); });
    console->m_asker = std::thread([raw = console.get()] { raw->answer(); });
    return console;
}

ReadOnlyConsole::ReadOnlyConsole(JournalView view, const QString &why, bool mayAsk)
    : m_view(std::move(view)), m_why(why), m_mayAsk(mayAsk)
{
    if (m_view.check().intact)
        return;
    m_why = errorText(m_view.check().error()); // before all else
    m_mayAsk = false;
}

ReadOnlyConsole::~ReadOnlyConsole()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    for (std::thread *thread : {&m_follower, &m_asker}) {
        if (thread->joinable())
            thread->join();
    }
}

void ReadOnlyConsole::request(Request request, std::function<void(Reply)> done)
{
    {
        const std::scoped_lock lock(m_mutex);
        m_requests.emplace_back(std::move(request), std::move(done));
    }
    m_wake.notify_all();
}

std::shared_ptr<const ConsoleSnapshot> ReadOnlyConsole::snapshot() const
{
    const std::scoped_lock lock(m_mutex);
    return m_snapshot;
}

void ReadOnlyConsole::setChanged(std::function<void()> changed)
{
    const std::scoped_lock lock(m_mutex);
    m_changed = std::move(changed);
}

void ReadOnlyConsole::follow()
{
    std::unique_lock lock(m_mutex);
    while (!m_stopping) {
        lock.unlock();
        if (m_view.refresh()) // a journal that cannot be read now is tried again
            publish();
        lock.lock();
        m_wake.wait_for(lock, std::chrono::seconds(1), [this] { return m_stopping; });
    }
}

void ReadOnlyConsole::answer()
{
    const auto stopping = [this] {
        const std::scoped_lock lock(m_mutex);
        return m_stopping;
    };
    for (;;) {
        std::unique_lock lock(m_mutex);
        m_wake.wait(lock, [this] { return m_stopping || !m_requests.empty(); });
        if (m_requests.empty())
            return;
        auto [request, done] = std::move(m_requests.front());
        m_requests.pop_front();
        lock.unlock();
        if (!m_mayAsk) {
            done(fail(ErrorCode::NotAllowed, {request.verb, m_why}));
            continue;
        }
        auto client = OwnerClient::connect(m_view.dataFolder());
        done(client ? (*client)->ask(request, stopping) : Reply(std::unexpected(client.error())));
    }
}

void ReadOnlyConsole::publish()
{
    const Workspace &w = m_view.workspace();
    bool running = false;
    auto s = std::make_shared<ConsoleSnapshot>();
    const bool owner = OwnerClient::isListening(m_view.dataFolder());
    for (auto it = w.rollouts.cend(); it != w.rollouts.cbegin();) {
        --it;
        RolloutState state = *it;
        if (!state.isEnded() && !owner)
            state.interrupted = true;
        running = running || (!state.isEnded() && !state.isPaused());
        s->rollouts.append(std::make_shared<RolloutSnapshot>(snapshotOf(state, SystemClock().now())));
    }
    if (!running && w.lastSeq == m_publishedSeq)
        return;
    m_publishedSeq = w.lastSeq;
    s->revision = ++m_revision;
    s->library = w.library;
    s->journalEvents = w.lastSeq;
    const JournalCheck &check = m_view.check();
    s->journalState = check.intact ? QStringLiteral("intact when it was opened") : QStringLiteral("broken at %1").arg(check.firstBroken);
    s->hold = w.hold;
    s->readOnlyReason = m_why;
    s->dataFolder = m_view.dataFolder();
    if (!w.undo.isEmpty())
        s->undo = w.undo.last();
    for (const Installation &installation : w.inventory.installations) {
        FleetRow row;
        row.installation = installation;
        row.facts = w.facts.value(installation.name);
        row.rollout = w.holderOf(installation.name);
        const auto key = w.trusted.constFind(installation.endpoint.machine());
        row.keyState = key == w.trusted.cend() ? QStringLiteral("unknown") : QStringLiteral("trusted");
        if (key != w.trusted.cend()) {
            row.keyFingerprint = key->fingerprint;
            if (w.revoked.contains(key->fingerprint))
                row.keyState = QStringLiteral("revoked");
        }
        s->fleet.append(row);
    }
    std::function<void()> changed;
    {
        const std::scoped_lock lock(m_mutex);
        m_snapshot = std::move(s);
        changed = m_changed;
    }
    if (changed)
        changed();
}

} // namespace bellwether
