#include "rolloutview/logservice.h"

#include "rolloutview/logworker.h"

namespace bellwether {

LogService::LogService(QObject *parent)
    : QObject(parent), m_inbox(std::make_shared<Mailbox<Message>>())
{
    m_inbox->setWake([this] { QMetaObject::invokeMethod(this, [this] { receive(); }, Qt::QueuedConnection); });
    m_worker = std::make_unique<LogWorker>(m_inbox);
    m_thread.setObjectName(QStringLiteral("log reader"));
    m_worker->moveToThread(&m_thread);
    m_thread.start();
}

LogService::~LogService()
{
    m_worker->cancelSearch(~quint64{0});
    LogWorker *worker = m_worker.get();
    QMetaObject::invokeMethod(worker, [worker] { worker->stop(); }, Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

void LogService::show(const QList<LogPart> &parts)
{
    m_document.reset(parts);
    if (!m_hits.isEmpty()) {
        m_hits.clear(); // places may have moved; the worker finds them again
        Q_EMIT hitsChanged();
    }
    m_worker->command(LogWorker::Show{++m_round, parts});
    Q_EMIT documentChanged();
}

void LogService::find(const QString &needle)
{
    ++m_search;
    m_hits.clear();
    m_searching = !needle.isEmpty();
    m_worker->cancelSearch(m_search);
    m_worker->command(LogWorker::Find{m_search, needle});
    Q_EMIT hitsChanged();
}

void LogService::save(const QString &file, bool all)
{
    QList<LogPart> parts;
    for (int i = all ? 0 : std::max(0, m_document.parts() - 1); i < m_document.parts(); ++i)
        parts.append(m_document.part(i));
    m_worker->command(LogWorker::Save{file, parts});
}

void LogService::receive()
{
    bool lines = false, hits = false;
    for (Message &message : m_inbox->takeAll()) {
        if (auto *read = std::get_if<PartRead>(&message)) {
            if (read->round == m_round) {
                m_document.put(read->part, std::move(read->lines));
                lines = true;
            }
        } else if (auto *found = std::get_if<Found>(&message)) {
            if (found->search == m_search) {
                m_hits = std::move(found->hits);
                m_searching = !found->whole;
                hits = true;
            }
        } else if (auto *done = std::get_if<Saved>(&message)) {
            if (done->error)
                Q_EMIT saveFailed(*done->error);
            else
                Q_EMIT saved(done->file);
        }
    }
    if (lines)
        Q_EMIT documentChanged();
    if (hits)
        Q_EMIT hitsChanged();
}

} // namespace bellwether
