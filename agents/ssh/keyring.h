#pragma once
// Private keys from files, read once per change and kept for one worker thread. A key with a passphrase is only
// recognised here; ssh/credentials opens it.
#include "base/error.h"
#include "ssh/sshhandles.h"

#include <QHash>
#include <memory>

namespace bellwether {

using SharedKey = std::shared_ptr<ssh_key_struct>;

struct KeyFile {
    QString path; // expanded
    qint64 modified = 0, size = 0;
    SharedKey key;         // null while it is locked
    SharedKey publicHalf;  // of a locked one, when it can be read without the passphrase
    bool isLocked() const { return !key; }
};

QString fingerprintOf(ssh_key key); // "SHA256:…", empty when it has none

class KeyRing {
public:
    // Stays usable for whoever holds it, also when the file has changed since. KeyUnusable.
    Result<KeyFile> load(const QString &path);
    // The same key as it is used with its certificate. KeyUnusable names the certificate.
    static Result<SharedKey> certified(const SharedKey &key, const QString &certificatePath);
    static SharedKey certificateAlone(const QString &path); // to ask whether it would be let in; null when unreadable
    // Files that are there of id_ed25519, id_ecdsa, id_rsa in the folder (~/.ssh when empty).
    static QStringList defaults(const QString &folder);
    // Of a public key's file, or of a security key's (FIDO): the fingerprint by which the agent knows it. Empty for what can
    // be opened here, and for what cannot be read.
    static QString onlyForAgent(const QString &path);
    // Is it a file, ours alone, of a sensible size? Fills path, modified and size.
    static Result<KeyFile> look(const QString &path);

private:
    QHash<QString, KeyFile> m_keys;
};

} // namespace bellwether
