#pragma once
// Brings finished results to the receiver's thread: closures through a mailbox, an empty event as the wake-up.
#include "base/mailbox.h"

#include <QCoreApplication>
#include <QEvent>
#include <QObject>
#include <functional>

namespace bellwether {

class Outbox final : public QObject {
public:
    explicit Outbox(QThread *receiver)
    {
        moveToThread(receiver);
        m_mail.setWake([this] { QCoreApplication::postEvent(this, new QEvent(QEvent::User)); });
    }
    void post(std::function<void()> deliver) { m_mail.put(std::move(deliver)); } // any thread

protected:
    bool event(QEvent *event) override
    {
        if (event->type() != QEvent::User)
            return QObject::event(event);
        for (const auto &deliver : m_mail.takeAll())
            deliver();
        return true;
    }

private:
    Mailbox<std::function<void()>> m_mail;
};

} // namespace bellwether
