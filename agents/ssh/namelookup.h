#pragma once
// The addresses of a name, asked for without holding up anybody: getaddrinfo on threads that are left behind. A name server that
// says nothing keeps a thread for half a minute, and QHostInfo waits for its own before the program may end.
#include <QHostAddress>
#include <QList>

#include <functional>
#include <memory>

namespace bellwether {

class NameLookup {
public:
    // No address: why, in words. At most 100 names are asked for at once; the others wait, and a program that ends waits for none.
    using Answered = std::function<void(const QList<QHostAddress> &addresses, const QString &why)>;
    // answered: called once, on a thread of its own (in the constructor where none can be had) and under no lock but one that the
    // destructor takes: it may do no more than post an event.
    NameLookup(const QString &name, Answered answered);
    ~NameLookup(); // it is not called any more
    Q_DISABLE_COPY_MOVE(NameLookup)

private:
    struct Asked;
    std::shared_ptr<Asked> m_asked;
};

} // namespace bellwether
