#pragma once
// Somebody who answers the console's questions, as a window or a terminal would; and everything that was asked.
#include "ssh/credentials.h"

#include <QCoreApplication>
#include <QEvent>
#include <QObject>
#include <functional>

namespace bellwether {

class Person final : public QObject {
public:
    // What is answered to a question; nothing = refused. Asked again for each round.
    using Reply = std::function<std::optional<CredentialAnswer>(const CredentialQuestion &)>;
    Person(CredentialPort &port, Reply reply) : m_port(port), m_reply(std::move(reply))
    {
        m_port.listen([this] { QCoreApplication::postEvent(this, new QEvent(QEvent::User)); });
    }
    ~Person() override { m_port.listen({}); }
    QList<CredentialQuestion> asked; // once per id and round
    bool mute = false;               // looks, and does not answer

    static std::optional<CredentialAnswer> say(const QByteArray &word, bool forAll = false, bool keep = false)
    {
        return CredentialAnswer{{Secret(QByteArray(word))}, keep, forAll};
    }

    void look()
    {
        const auto questions = m_port.questions();
        for (const CredentialQuestion &question : questions) {
            if (question.busy || mute)
                continue;
            const bool known = std::ranges::any_of(asked, [&](const CredentialQuestion &q) { return q.id == question.id && q.round == question.round; });
            if (known)
                continue;
            asked.append(question);
            const auto reply = m_reply(question);
            if (reply)
                m_port.answer(question.id, *reply);
            else
                m_port.refuse(question.id);
        }
    }

protected:
    void customEvent(QEvent *) override { look(); }

private:
    CredentialPort &m_port;
    Reply m_reply;
};

} // namespace bellwether
