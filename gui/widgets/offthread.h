#pragma once
// Runs work on the thread pool and its result on the GUI thread, unless the asker is gone. The value crosses in a
// guarded cell; only an argument-less event is posted.
#include <QCoreApplication>
#include <QEvent>
#include <QObject>
#include <QPointer>
#include <QThreadPool>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace bellwether {

// Lives on the GUI thread as a child of `context` until the work is done.
class OffThreadReceiver final : public QObject {
public:
    OffThreadReceiver(QObject *context, std::function<void()> deliver) : QObject(context), m_deliver(std::move(deliver)) {}
    static QEvent::Type type()
    {
        static const auto registered = static_cast<QEvent::Type>(QEvent::registerEventType());
        return registered;
    }

protected:
    bool event(QEvent *event) override
    {
        if (event->type() != type())
            return QObject::event(event);
        m_deliver();
        deleteLater();
        return true;
    }

private:
    std::function<void()> m_deliver;
};

template<class Work, class Done>
void offThread(QObject *context, Work work, Done done)
{
    using Value = std::invoke_result_t<Work>;
    struct Held {
        std::mutex mutex;
        std::optional<Value> value;
        QObject *receiver = nullptr; // null once gone
    };
    auto cell = std::make_shared<Held>();
    auto *receiver = new OffThreadReceiver(context, [cell, done = std::move(done)]() mutable {
        std::optional<Value> value;
        {
            const std::scoped_lock lock(cell->mutex);
            value = std::move(cell->value);
        }
        if (value)
            done(std::move(*value));
    });
    cell->receiver = receiver;
    QObject::connect(receiver, &QObject::destroyed, [cell] {
        const std::scoped_lock lock(cell->mutex);
        cell->receiver = nullptr;
    });
    QThreadPool::globalInstance()->start([cell, work = std::move(work)]() mutable {
        Value value = work();
        const std::scoped_lock lock(cell->mutex);
        cell->value = std::move(value);
        if (cell->receiver)
            QCoreApplication::postEvent(cell->receiver, new QEvent(OffThreadReceiver::type()));
    });
}

} // namespace bellwether
