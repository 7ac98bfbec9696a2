#pragma once
// The keys that were trusted, as the journal says. Thread-safe.
#include "remote/remoteshell.h"
#include "rollout/workspace.h"

#include <mutex>

namespace bellwether {

class TrustStore final : public KeyTrust {
public:
    Answer trusted(const QString &machine) const override;
    void set(const QMap<QString, TrustedKey> &keys);

private:
    mutable std::mutex m_mutex;
    QMap<QString, TrustedKey> m_keys;
};

} // namespace bellwether
