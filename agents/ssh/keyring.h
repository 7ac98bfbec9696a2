#pragma once
// Private keys from files, read once per change and kept for one worker thread. Keys with a passphrase are for the
// agent: nothing here asks anybody anything.
#include "base/error.h"
#include "ssh/sshhandles.h"

#include <QHash>
#include <memory>

namespace bellwether {

class KeyRing {
public:
    // Stays usable for whoever holds it, also when the file has changed since. KeyUnusable.
    Result<std::shared_ptr<ssh_key_struct>> load(const QString &path);
    // Files that are there of id_ed25519, id_ecdsa, id_rsa in the folder (~/.ssh when empty).
    static QStringList defaults(const QString &folder);

private:
    struct Entry {
        qint64 modified = 0, size = 0;
        std::shared_ptr<ssh_key_struct> key;
    };
    QHash<QString, Entry> m_keys;
};

} // namespace bellwether
