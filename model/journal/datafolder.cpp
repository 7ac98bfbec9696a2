#include "journal/datafolder.h"

#include "base/wholefile.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QSysInfo>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace bellwether {

namespace {
constexpr mode_t folderMode = 0700, fileMode = 0600;

QString systemReason()
{
    return QString::fromLocal8Bit(std::strerror(errno));
}

std::unexpected<Error> cannotOpen(const QString &path, const QString &reason)
{
    return fail(ErrorCode::JournalOpen, {path, reason});
}

QString userName()
{
    passwd entry{};
    passwd *found = nullptr;
    char buffer[4096];
    if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found)
        return QString::fromLocal8Bit(found->pw_name);
    return QString::number(geteuid());
}

// The lock's content comes from a file and goes to a terminal: printable characters only.
QString cleaned(const QByteArray &bytes)
{
    QString text = QString::fromUtf8(bytes.left(512)).simplified();
    for (QChar &c : text) {
        if (!c.isPrint())
            c = QLatin1Char('?');
    }
    return text;
}

// Who has just won may not have written its name yet: what stands there is nothing, or the name of one that has ended.
QByteArray holderOf(int file)
{
    QByteArray content(512, '\0');
    for (int tries = 0; tries < 50; ++tries) {
        content.resize(512);
        content.resize(qMax<ssize_t>(::pread(file, content.data(), size_t(content.size()), 0), 0));
        const QList<QByteArray> words = content.simplified().split(' ');
        const auto pid = static_cast<pid_t>(words.value(0).toInt());
        const bool isHere = words.value(2) == QSysInfo::machineHostName().toUtf8();
        if (words.size() >= 4 && (!isHere || (pid > 0 && (::kill(pid, 0) == 0 || errno != ESRCH))))
            break;
        ::usleep(5000);
    }
    return content;
}

QString workspaceFile(const QString &dataFolder)
{
    return QDir(dataFolder).filePath(QStringLiteral("workspace"));
}

std::unexpected<Error> inUse(const QByteArray &content)
{
    const QStringList words = cleaned(content).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    if (words.size() < 4)
        return fail(ErrorCode::DataFolderInUse, {QStringLiteral("another process"), QStringLiteral("unknown")});
    return fail(ErrorCode::DataFolderInUse,
                {QStringLiteral("%1@%2 (process %3)").arg(words[1], words[2], words[0]), words[3]});
}

// Newly made folders are private. One that was there is made private only when it is plainly ours (empty, or with our
// journal in it): "--data /tmp" must not take /tmp away from everybody else.
Status makeFolder(const QString &folder)
{
    const QFileInfo info(folder);
    if (!info.exists()) {
        const mode_t before = umask(077);
        const bool made = QDir().mkpath(folder);
        const QString reason = systemReason();
        umask(before);
        if (!made)
            return cannotOpen(folder, reason);
    }
    if (!info.isDir() && !QFileInfo(folder).isDir())
        return cannotOpen(folder, QStringLiteral("it is not a folder"));
    return {};
}

Status makeFile(const QString &path)
{
    const int file = ::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, fileMode);
    if (file < 0)
        return cannotOpen(path, errno == ELOOP ? QStringLiteral("it is a symbolic link") : systemReason());
    ::close(file);
    if (const Status owned = checkOwned(path); !owned)
        return owned;
    ::chmod(QFile::encodeName(path).constData(), fileMode);
    return {};
}
} // namespace

QString journalPath(const QString &dataFolder)
{
    return QDir(dataFolder).filePath(QStringLiteral("journal.db"));
}

Status checkOwned(const QString &path)
{
    struct stat info{};
    if (::lstat(QFile::encodeName(path).constData(), &info) != 0)
        return cannotOpen(path, systemReason());
    if (S_ISLNK(info.st_mode))
        return cannotOpen(path, QStringLiteral("it is a symbolic link"));
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return cannotOpen(path, QStringLiteral("it is no ordinary file"));
    if (info.st_uid != geteuid())
        return cannotOpen(path, QStringLiteral("it belongs to another user"));
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return cannotOpen(path, QStringLiteral("other users may write to it"));
    return {};
}

Status prepareDataFolder(const QString &dataFolder)
{
    if (const Status made = makeFolder(dataFolder); !made)
        return made;
    const QString folder = QFileInfo(dataFolder).canonicalFilePath(); // the folder may be reached through a link
    const bool ours = QFile::exists(journalPath(folder)) || QDir(folder).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
    if (const Status owned = checkOwned(folder); !owned)
        return owned;
    if (ours)
        ::chmod(QFile::encodeName(folder).constData(), folderMode);
    return makeFile(journalPath(folder));
}

Status checkNotEmptied(const QString &dataFolder)
{
    if (QFileInfo(journalPath(dataFolder)).size() > 0)
        return {};
    QFile kept(workspaceFile(dataFolder));
    if (!kept.open(QIODevice::ReadOnly))
        return {};
    return cannotOpen(journalPath(dataFolder), QStringLiteral("it is gone or empty, though this folder had the journal of workspace %1: put it back from a copy, or begin in another folder").arg(cleaned(kept.read(512))));
}

void rememberWorkspace(const QString &dataFolder, const QString &workspaceId)
{
    const QString path = workspaceFile(dataFolder);
    if (QFile::exists(path))
        return;
    if (const Status kept = writeFile(path, workspaceId.toUtf8() + '\n'); !kept) { } // the next start tries it again
}

DataFolderLock::DataFolderLock(DataFolderLock &&other) noexcept
    : m_file(std::exchange(other.m_file, -1))
{
}

// The machine's id is not in the folder, and a copy of the folder is another folder.
QString consoleName(const QString &workspaceId, const QString &dataFolder)
{
    struct stat folder = {};
    ::stat(QFile::encodeName(dataFolder).constData(), &folder);
    QByteArray computer = QSysInfo::machineUniqueId();
    if (computer.isEmpty())
        computer = QSysInfo::machineHostName().toUtf8();
    const QByteArray here = QCryptographicHash::hash(computer + '\n' + QByteArray::number(qulonglong(folder.st_ino)), QCryptographicHash::Sha256);
    return workspaceId + u'.' + QString::fromLatin1(here.toHex().left(8));
}

DataFolderLock &DataFolderLock::operator=(DataFolderLock &&other) noexcept
{
    std::swap(m_file, other.m_file);
    return *this;
}

DataFolderLock::~DataFolderLock()
{
    if (m_file < 0)
        return;
    if (::ftruncate(m_file, 0) != 0) { } // whoever takes it next says so himself
    ::close(m_file); // the file stays: removing it would let two processes lock two files of one name
}

Result<DataFolderLock> DataFolderLock::take(const QString &dataFolder)
{
    const QString path = QDir(dataFolder).filePath(QStringLiteral("lock"));
    DataFolderLock lock;
    lock.m_file = ::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, fileMode);
    if (lock.m_file < 0)
        return cannotOpen(path, systemReason());
    if (::flock(lock.m_file, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return cannotOpen(path, systemReason());
        return inUse(holderOf(lock.m_file));
    }
    const QByteArray content = QStringLiteral("%1 %2 %3 %4\n")
                                   .arg(getpid())
                                   .arg(userName(), QSysInfo::machineHostName(),
                                        QDateTime::currentDateTimeUtc().toString(Qt::ISODate))
                                   .toUtf8();
    // For people only, so a full disk does not keep the lock from holding.
    if (::ftruncate(lock.m_file, 0) != 0 || ::pwrite(lock.m_file, content.constData(), size_t(content.size()), 0) < 0)
        return lock;
    return lock;
}

} // namespace bellwether
