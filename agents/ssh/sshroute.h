#pragma once
// The way to a machine: directly, or over the connection to a jump host that has its own way.
#include "base/error.h"
#include "domain/installation.h"

#include <memory>

namespace bellwether {

struct SshRoute {
    Endpoint to;   // checked, its user filled in
    QString name;  // of a jump host in the inventory; empty at the end of the way, whose callers know the name
    std::shared_ptr<const SshRoute> over; // the jump host; null: directly
    bool mayAskAgent = false; // its own login, not those on the way: it may wait for a person

    // Sessions with the same key lead to the same account on the same machine by the same way.
    QString key() const
    {
        return to.machine() + u'\n' + to.user + u'\n' + to.identity + u'\n' + to.certificate.value_or(QString())
            + (to.compression.value_or(false) ? QStringLiteral("\nz") : QString()) + (over ? u'\n' + over->key() : QString());
    }
    // The server that handshakes are counted for: an address means another machine behind each jump host.
    QString server() const { return over ? to.address + u'\n' + over->key() : to.address; }
    const Endpoint &entry() const { return over ? over->entry() : to; } // what is connected to from here

    // What an error of its jump host means for this route. Whatever can be put so names both; errors about a key or a
    // login name the jump host alone, so that what they advise is advice about the jump host.
    Error becauseOfJump(Error error) const;
};

} // namespace bellwether
