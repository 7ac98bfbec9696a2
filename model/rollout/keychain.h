#pragma once
// Port: the desktop's keychain. Never a file of ours, never plain text: without a service there is none.
#include "base/secret.h"

#include <functional>
#include <optional>

namespace bellwether {

class Keychain {
public:
    virtual ~Keychain() = default; // no answer comes afterwards
    // Any thread, none of these waits; answers come on a thread of its own.
    virtual QString whyNot() const = 0; // empty while it can be used
    // Answers in a few seconds; where the keychain is locked and its owner is still typing, nothing then, and what comes
    // of it later by a second call.
    virtual void read(const QString &name, std::function<void(std::optional<Secret>)> done) = 0;
    virtual void write(const QString &name, Secret secret) = 0;
    virtual void forget(const QString &name) = 0;
    virtual void forgetAll() = 0; // all that was ever written here
};

} // namespace bellwether
