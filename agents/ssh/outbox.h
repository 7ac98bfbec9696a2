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
    void customEvent(QEvent *) override
    {
        for (const auto &deliver : m_mail.takeAll())
            deliver();
    }

private:
    Mailbox<std::function<void()>> m_mail;
};

} // namespace bellwether
