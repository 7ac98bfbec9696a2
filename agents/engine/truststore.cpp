#include "engine/truststore.h"

namespace bellwether {

KeyTrust::Answer TrustStore::trusted(const QString &machine) const
{
    const std::scoped_lock lock(m_mutex);
    const auto it = m_keys.constFind(machine);
    if (it == m_keys.cend())
        return {};
    return {true, it->fingerprint, it->keyType};
}

bool TrustStore::isRevoked(const QString &fingerprint) const
{
    const std::scoped_lock lock(m_mutex);
    return m_revoked.contains(fingerprint);
}

void TrustStore::set(const QMap<QString, TrustedKey> &keys, const QMap<QString, QString> &revoked)
{
    const std::scoped_lock lock(m_mutex);
    m_keys = keys;
    m_revoked = revoked;
}

} // namespace bellwether
