#include "shell/requests.h"

#include "base/mailbox.h"

#include <QCoreApplication>
#include <QEvent>
#include <QHash>
#include <QPointer>

namespace bellwether {

namespace {
const QEvent::Type wakeType = static_cast<QEvent::Type>(QEvent::registerEventType());
}

struct Requests::Shared {
    struct Answer {
        quint64 id;
        Reply reply;
    };
    struct Waiting {
        QPointer<QObject> context;
        std::function<void(const Reply &)> done;
    };
    Mailbox<Answer> answers; // written by the console's threads
    std::mutex mutex;
    QObject *receiver = nullptr; // guarded; null once the window is gone
    QHash<quint64, Waiting> waiting; // GUI thread only
    quint64 next = 1;

    void wake()
    {
        const std::scoped_lock lock(mutex);
        if (receiver)
            QCoreApplication::postEvent(receiver, new QEvent(wakeType));
    }
};

Requests::Requests(ConsolePort &console, QObject *parent)
    : QObject(parent), m_console(console), m_shared(std::make_shared<Shared>())
{
    m_shared->receiver = this;
    m_shared->answers.setWake([shared = std::weak_ptr(m_shared)] {
        if (const auto alive = shared.lock())
            alive->wake();
    });
}

Requests::~Requests()
{
    const std::scoped_lock lock(m_shared->mutex);
    m_shared->receiver = nullptr;
}

void Requests::send(const QString &verb, const QJsonObject &args, QObject *context, std::function<void(const Reply &)> done)
{
    const quint64 id = m_shared->next++;
    m_shared->waiting.insert(id, {context, std::move(done)});
    m_console.request({verb, args, m_actor}, [shared = m_shared, id](Reply reply) {
        shared->answers.put({id, std::move(reply)});
    });
}

bool Requests::event(QEvent *event)
{
    if (event->type() != wakeType)
        return QObject::event(event);
    for (const Shared::Answer &answer : m_shared->answers.takeAll()) {
        const Shared::Waiting waiting = m_shared->waiting.take(answer.id);
        if (waiting.context && waiting.done)
            waiting.done(answer.reply);
    }
    return true;
}

} // namespace bellwether
