#include "ssh/keyring.h"

#include <QDateTime>
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

} // namespace

Result<std::shared_ptr<ssh_key_struct>> KeyRing::load(const QString &path)
{
    const QString file = path.startsWith(QLatin1String("~/")) ? QDir::homePath() + path.mid(1) : path;
    const QByteArray name = QFile::encodeName(file);
    struct stat info {};
    if (::stat(name.constData(), &info) != 0)
        return unusable(path, qt_error_string(errno));
    if (!S_ISREG(info.st_mode))
        return unusable(path, QStringLiteral("it is not a file"));
    if (info.st_uid == ::geteuid() && (info.st_mode & 077) != 0)
        return unusable(path, QStringLiteral("others may read it (mode %1); give it mode 600")
                                  .arg(info.st_mode & 07777, 4, 8, QLatin1Char('0')));
    if (info.st_size > 64 << 10)
        return unusable(path, QStringLiteral("it is too large for a key"));
    const qint64 modified = qint64(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
    const auto it = m_keys.constFind(file);
    if (it != m_keys.constEnd() && it->modified == modified && it->size == info.st_size)
        return it->key;

    ssh_key key = nullptr;
    bool asked = false;
    if (ssh_pki_import_privkey_file(name.constData(), nullptr, noteQuestion, &asked, &key) != SSH_OK) {
        if (asked)
            return unusable(path, QStringLiteral("it is protected by a passphrase; load it into the agent and use identity agent"));
        QFile reading(file);
        if (!reading.open(QIODevice::ReadOnly))
            return unusable(path, reading.errorString());
        return unusable(path, QStringLiteral("it is not a private key this program can read"));
    }
    const std::shared_ptr<ssh_key_struct> shared(key, ssh_key_free);
    m_keys.insert(file, {modified, info.st_size, shared});
    return shared;
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
