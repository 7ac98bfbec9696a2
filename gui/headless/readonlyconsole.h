#pragma once
// A console that owns nothing: it follows the journal each second and hands requests to the owner through its socket.
// It works on a thread of its own; when the owner is gone it goes on reading and says so.
#include "headless/journalview.h"
#include "rollout/console.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace bellwether {

class ReadOnlyConsole final : public ConsolePort {
public:
    // A journal that is broken is shown as far as it can be read, says so instead of why, and refuses everything.
    // why: shown to people; empty for a console that merely shares (requests are handed on). mayAsk: false refuses all.
    static Result<std::unique_ptr<ReadOnlyConsole>> open(const QString &dataFolder, const QString &why, bool mayAsk);
    ~ReadOnlyConsole() override;

    void request(Request request, std::function<void(Reply)> done) override;
    std::shared_ptr<const ConsoleSnapshot> snapshot() const override;
    void setChanged(std::function<void()> changed) override;

private:
    ReadOnlyConsole(JournalView view, const QString &why, bool mayAsk);
    void follow();
    void answer();
    void publish();

    JournalView m_view; // the following thread's own
    QString m_why;
    bool m_mayAsk;
    quint64 m_revision = 0;
    qint64 m_publishedSeq = -1;

    mutable std::mutex m_mutex; // guards what follows
    std::condition_variable m_wake;
    std::shared_ptr<const ConsoleSnapshot> m_snapshot;
    std::function<void()> m_changed;
    std::deque<std::pair<Request, std::function<void(Reply)>>> m_requests;
    bool m_stopping = false;
    std::thread m_follower, m_asker;
};

} // namespace bellwether
