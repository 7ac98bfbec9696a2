#pragma once
// A console port without hosts: shows the snapshot it is given and answers requests as told, from a thread of its own as
// the real one does. For window tests.
#include "rollout/console.h"

#include <mutex>
#include <thread>
#include <vector>

namespace bellwether {

class FakeConsole final : public ConsolePort {
public:
    explicit FakeConsole(ConsoleSnapshot first = {});
    ~FakeConsole() override;
    void publish(ConsoleSnapshot snapshot); // wakes the window from another thread
    using Answerer = std::function<Reply(const Request &)>;
    void answer(const QString &verb, Answerer answerer);
    std::vector<Request> requests() const; // all so far, in order

    void request(Request request, std::function<void(Reply)> done) override;
    std::shared_ptr<const ConsoleSnapshot> snapshot() const override;
    void setChanged(std::function<void()> changed) override;

private:
    void spawn(std::function<void()> work);
    mutable std::mutex m_mutex;
    std::shared_ptr<const ConsoleSnapshot> m_snapshot;
    std::function<void()> m_changed;
    QMap<QString, Answerer> m_answers;
    std::vector<Request> m_requests;
    std::vector<std::thread> m_threads;
    quint64 m_revision = 0;
};

// A fleet of the sample product over several sites: mostly healthy, some of each other state, `production` of them in
// production. Measured around `nowMs`.
ConsoleSnapshot madeUpFleet(int hosts, qint64 nowMs, bool production = true);
std::shared_ptr<const Library> shippedLibrary();

} // namespace bellwether
