#include "ssh/keyring.h"

#include "domain/certificate.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <sys/stat.h>

namespace bellwether {

namespace {

int noteQuestion(const char *, char *, size_t, int, int, void *asked)
{
    *static_cast<bool *>(asked) = true;
    return -1;
}

std::unexpected<Error> unusable(const QString &path, const QString &reason)
{
    return fail(ErrorCode::KeyUnusable, {path, reason});
}

SharedKey publicHalfOf(const QString &path)
{
    ssh_key key = nullptr;
    for (const QString &file : {path + QStringLiteral(".pub"), path}) { // OpenSSH's own format shows it in front
        if (ssh_pki_import_pubkey_file(QFile::encodeName(file).constData(), &key) == SSH_OK)
            return SharedKey(key, ssh_key_free);
    }
    return nullptr;
}

SharedKey publicKeyIn(const QString &path) // in nothing but a public key's file
{
    QFile file(path);
    ssh_key key = nullptr;
    if (!file.open(QIODevice::ReadOnly) || file.read(64 << 10).contains("-----BEGIN ")
        || ssh_pki_import_pubkey_file(QFile::encodeName(path).constData(), &key) != SSH_OK)
        return nullptr;
    return SharedKey(key, ssh_key_free);
}

bool isSecurityKey(const ssh_key key)
{
    const ssh_keytypes_e type = key ? ssh_key_type(key) : SSH_KEYTYPE_UNKNOWN;
    return type == SSH_KEYTYPE_SK_ED25519 || type == SSH_KEYTYPE_SK_ECDSA;
}

std::unexpected<Error> securityKey(const QString &path)
{
    return unusable(path, QStringLiteral("it is a security key's (FIDO), which only the agent can use; load it with ssh-add and use "
                                         "identity agent or agent:SHA256:…"));
}

std::unexpected<Error> publicKey(const QString &path)
{
    return unusable(path, QStringLiteral("it is a public key, which says which key of the agent is meant, and there is no agent; start "
                                         "ssh-agent and add the private key with ssh-add, or name the private key"));
}

} // namespace

QString fingerprintOf(ssh_key key)
{
    unsigned char *hash = nullptr;
    size_t size = 0;
    if (!key || ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != 0)
        return {};
    char *text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
    const QString found = QString::fromLatin1(text);
    ssh_string_free_char(text);
    ssh_clean_pubkey_hash(&hash);
    return found;
}

Result<KeyFile> KeyRing::look(const QString &path)
{
    KeyFile found;
    found.path = expandHome(path);
    struct stat info {};
    if (::stat(QFile::encodeName(found.path).constData(), &info) != 0)
        return unusable(path, qt_error_string(errno));
    if (!S_ISREG(info.st_mode))
        return unusable(path, QStringLiteral("it is not a file"));
    if (info.st_uid == ::geteuid() && (info.st_mode & 077) != 0)
        return unusable(path, QStringLiteral("others may read it (mode %1); give it mode 600")
                                  .arg(info.st_mode & 07777, 4, 8, QLatin1Char('0')));
    if (info.st_size > 64 << 10)
        return unusable(path, QStringLiteral("it is too large for a key"));
    found.modified = qint64(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
    found.size = info.st_size;
    return found;
}

Result<KeyFile> KeyRing::load(const QString &path)
{
    auto found = look(path);
    if (!found && publicKeyIn(expandHome(path))) // others may read those
        return publicKey(path);
    if (!found)
        return found;
    const auto it = m_keys.constFind(found->path);
    if (it != m_keys.constEnd() && it->modified == found->modified && it->size == found->size)
        return *it;

    const QByteArray name = QFile::encodeName(found->path);
    ssh_key key = nullptr;
    bool asked = false;
    if (ssh_pki_import_privkey_file(name.constData(), nullptr, noteQuestion, &asked, &key) == SSH_OK) {
        found->key = SharedKey(key, ssh_key_free);
    } else {
        found->publicHalf = publicHalfOf(found->path);
        if (!asked && !isSecurityKey(found->publicHalf.get())) {
            QFile reading(found->path);
            if (!reading.open(QIODevice::ReadOnly))
                return unusable(path, reading.errorString());
            if (publicKeyIn(found->path))
                return publicKey(path);
            return unusable(path, QStringLiteral("it is not a private key this program can read"));
        }
    }
    if (isSecurityKey(found->key.get()) || isSecurityKey(found->publicHalf.get()))
        return securityKey(path);
    m_keys.insert(found->path, *found);
    return found;
}

QString KeyRing::onlyForAgent(const QString &path)
{
    const QString file = expandHome(path);
    if (const SharedKey key = publicKeyIn(file))
        return fingerprintOf(key.get());
    const SharedKey half = publicHalfOf(file);
    return isSecurityKey(half.get()) ? fingerprintOf(half.get()) : QString();
}

Result<SharedKey> KeyRing::certified(const SharedKey &key, const QString &certificatePath)
{
    const auto read = readCertificate(certificatePath);
    if (!read)
        return std::unexpected(read.error());
    if (!*read)
        return unusable(certificatePath, QStringLiteral("it is not there"));
    if ((*read)->fingerprint != fingerprintOf(key.get()))
        return unusable(certificatePath, QStringLiteral("it belongs to another key"));
    ssh_key raw = nullptr;
    if (ssh_pki_import_cert_file(QFile::encodeName(expandHome(certificatePath)).constData(), &raw) != SSH_OK)
        return unusable(certificatePath, QStringLiteral("it is not a certificate this program can read"));
    const SharedKey certificate(raw, ssh_key_free);
    const SharedKey both(ssh_key_dup(key.get()), ssh_key_free);
    if (!both || ssh_pki_copy_cert_to_privkey(certificate.get(), both.get()) != SSH_OK)
        return unusable(certificatePath, QStringLiteral("it cannot be used with this key"));
    return both;
}

SharedKey KeyRing::certificateAlone(const QString &path)
{
    ssh_key raw = nullptr;
    if (ssh_pki_import_cert_file(QFile::encodeName(expandHome(path)).constData(), &raw) != SSH_OK)
        return nullptr;
    return SharedKey(raw, ssh_key_free);
}

QStringList KeyRing::defaults(const QString &folder)
{
    const QDir dir(folder.isEmpty() ? QDir::homePath() + QStringLiteral("/.ssh") : folder);
    QStringList found;
    for (const char *name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
        if (QFileInfo::exists(dir.filePath(QLatin1String(name))))
            found.append(dir.filePath(QLatin1String(name)));
    }
    return found;
}

} // namespace bellwether
