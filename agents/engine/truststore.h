#pragma once
// The keys that were trusted or revoked, as the journal says. Thread-safe.
#include "remote/remoteshell.h"
#include "rollout/workspace.h"

#include <mutex>

namespace bellwether {

class TrustStore final : public KeyTrust {
public:
    Answer trusted(const QString &machine) const override;
    bool isRevoked(const QString &fingerprint) const override;
    void set(const QMap<QString, TrustedKey> &keys, const QMap<QString, QString> &revoked);

private:
    mutable std::mutex m_mutex;
    QMap<QString, TrustedKey> m_keys;
    QMap<QString, QString> m_revoked;
};

} // namespace bellwether
