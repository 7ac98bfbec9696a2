#include "journalview/journalservice.h"

#include "journalview/journalworker.h"

namespace bellwether {

JournalService::JournalService(QObject *parent) : QObject(parent), m_inbox(std::make_shared<Mailbox<Message>>())
{
    m_inbox->setWake([this] { QMetaObject::invokeMethod(this, [this] { receive(); }, Qt::QueuedConnection); });
    m_worker = std::make_unique<JournalWorker>(m_inbox);
    m_thread.setObjectName(QStringLiteral("journal reader"));
    m_worker->moveToThread(&m_thread);
    m_thread.start();
}

JournalService::~JournalService()
{
    m_worker->want(~quint64{0});
    JournalWorker *worker = m_worker.get();
    // the connection to the database is closed on the thread that opened it
    QMetaObject::invokeMethod(worker, [worker] { worker->stop(); }, Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

void JournalService::load(const QString &dataFolder, int rollout)
{
    m_worker->command(JournalWorker::Load{dataFolder, rollout});
}

void JournalService::foldTo(int rollout, qint64 seq)
{
    m_worker->want(++m_wish);
    m_worker->command(JournalWorker::Fold{rollout, seq, m_wish});
}

void JournalService::verify(const QString &dataFolder) { m_worker->command(JournalWorker::Verify{dataFolder}); }

void JournalService::exportReport(const QString &dataFolder, const Export &wish)
{
    m_worker->command(JournalWorker::Report{dataFolder, wish, m_makers});
}

void JournalService::receive()
{
    for (Message &message : m_inbox->takeAll()) {
        if (auto *now = std::get_if<Loaded>(&message)) {
            m_rollout = now->rollout;
            Events before = std::exchange(m_events, now->events);
            Q_EMIT loaded();
            // tens of thousands of events take their time to free: not on the window's thread
            QMetaObject::invokeMethod(m_worker.get(), [before = std::move(before)] { (void)before; }, Qt::QueuedConnection);
        } else if (auto *state = std::get_if<Folded>(&message)) {
            if (state->wish == m_wish)
                Q_EMIT folded(state->snapshot, state->seq);
        } else if (auto *check = std::get_if<JournalCheck>(&message)) {
            Q_EMIT verified(*check);
        } else if (auto *done = std::get_if<Exported>(&message)) {
            Q_EMIT exported(*done);
        } else if (auto *error = std::get_if<Error>(&message)) {
            Q_EMIT failed(*error);
        }
    }
}

} // namespace bellwether
