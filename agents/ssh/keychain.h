#pragma once
// Port: the desktop's keychain. Never a file of ours, never plain text: without a service there is none.
#include "base/secret.h"

#include <functional>
#include <optional>

namespace bellwether {

class Keychain {
public:
    virtual ~Keychain() = default;
    // Any thread; answers come on a thread of its own.
    virtual QString whyNot() const = 0; // empty while it can be used
    virtual void read(const QString &name, std::function<void(std::optional<Secret>)> done) = 0;
    virtual void write(const QString &name, Secret secret) = 0;
    virtual void forget(const QString &name) = 0;
};

} // namespace bellwether
