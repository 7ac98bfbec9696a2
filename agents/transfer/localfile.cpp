#include "transfer/localfile.h"

#include <QFile>
#include <QFileInfo>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace bellwether {

namespace {

constexpr qint64 sliceBytes = 4 << 20;

QString reasonOf(int error)
{
    return QString::fromLocal8Bit(std::strerror(error));
}

std::unexpected<Error> unreadable(const QString &path, const QString &why)
{
    return fail(ErrorCode::FileUnreadable, {path, why});
}

std::unexpected<Error> unwritable(const QString &path, const QString &why)
{
    return fail(ErrorCode::FileUnwritable, {path, why});
}

} // namespace

OpenFile::~OpenFile()
{
    ::close(m_fd);
}

bool SlicedSum::slice()
{
    thread_local QByteArray buffer(1 << 18, Qt::Uninitialized);
    for (qint64 done = 0; m_left > 0 && done < sliceBytes;) {
        const ssize_t n = ::pread(m_file->fd(), buffer.data(), static_cast<size_t>(std::min<qint64>(m_left, buffer.size())), m_at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            m_sum = unreadable(m_file->path(), n == 0 ? QStringLiteral("it has become shorter") : reasonOf(errno));
            return true;
        }
        m_hash.addData(QByteArrayView(buffer.constData(), n));
        m_at += n;
        m_left -= n;
        done += n;
    }
    if (m_left > 0)
        return false;
    m_sum = m_hash.result().toHex();
    return true;
}

Result<std::shared_ptr<LocalSource>> LocalSource::open(const QString &path)
{
    const int fd = ::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); // a pipe would wait
    if (fd < 0)
        return unreadable(path, reasonOf(errno));
    auto source = std::make_shared<LocalSource>();
    source->m_file = std::make_shared<OpenFile>(path, fd);
    struct stat s = {};
    if (::fstat(fd, &s) != 0)
        return unreadable(path, reasonOf(errno));
    if (!S_ISREG(s.st_mode))
        return unreadable(path, S_ISDIR(s.st_mode) ? QStringLiteral("it is a folder; pack it into one file first") : QStringLiteral("it is no regular file"));
    source->m_size = s.st_size;
    source->m_seconds = s.st_mtim.tv_sec;
    source->m_nanoseconds = s.st_mtim.tv_nsec;
    return source;
}

Status LocalSource::unchanged() const
{
    struct stat s = {};
    if (::fstat(m_file->fd(), &s) != 0 || s.st_size != m_size || s.st_mtim.tv_sec != m_seconds || s.st_mtim.tv_nsec != m_nanoseconds)
        return fail(ErrorCode::FileChanged, {m_file->path(), QStringLiteral("this computer")});
    return {};
}

Result<QByteArray> LocalSource::read(qint64 offset, qint64 length) const
{
    if (const Status same = unchanged(); !same)
        return std::unexpected(same.error());
    QByteArray bytes(std::min(length, m_size - offset), Qt::Uninitialized);
    for (qint64 at = 0; at < bytes.size();) {
        const ssize_t n = ::pread(m_file->fd(), bytes.data() + at, static_cast<size_t>(bytes.size() - at), offset + at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return unreadable(m_file->path(), reasonOf(errno));
        if (n == 0)
            return fail(ErrorCode::FileChanged, {m_file->path(), QStringLiteral("this computer")});
        at += n;
    }
    return bytes;
}

Result<std::shared_ptr<LocalTarget>> LocalTarget::open(const QString &path, const QString &partName, qint64 size)
{
    struct stat s = {};
    if (::lstat(QFile::encodeName(path).constData(), &s) == 0 && !S_ISREG(s.st_mode))
        return unwritable(path, S_ISDIR(s.st_mode) ? QStringLiteral("it is a folder") : S_ISLNK(s.st_mode) ? QStringLiteral("it is a symbolic link") : QStringLiteral("it is no regular file"));
    const QString part = QFileInfo(path).path() + u'/' + partName;
    const int fd = ::open(QFile::encodeName(part).constData(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd < 0)
        return unwritable(path, errno == ELOOP ? QStringLiteral("a symbolic link lies where its part would") : reasonOf(errno));
    auto target = std::make_shared<LocalTarget>();
    target->m_path = path;
    target->m_part = std::make_shared<OpenFile>(part, fd);
    if (::fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || s.st_uid != ::geteuid() || s.st_nlink != 1 || ::fchmod(fd, 0600) != 0)
        return unwritable(path, QStringLiteral("something else lies where its part would"));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
        return unwritable(path, QStringLiteral("another copy to it is under way"));
    target->m_have = s.st_size;
    if (target->m_have > size) { // no beginning of this file
        if (const Status empty = target->truncate(); !empty)
            return std::unexpected(empty.error());
        target->m_have = 0;
    }
    struct statvfs room = {};
    if (::fstatvfs(fd, &room) == 0) {
        const auto free = static_cast<qint64>(room.f_bavail * room.f_frsize);
        if (size - target->m_have > free)
            return unwritable(path, QStringLiteral("%1 bytes are needed and %2 are free").arg(size - target->m_have).arg(free));
    }
    return target;
}

Status LocalTarget::write(qint64 offset, const QByteArray &bytes) const
{
    for (qint64 at = 0; at < bytes.size();) {
        const ssize_t n = ::pwrite(m_part->fd(), bytes.constData() + at, static_cast<size_t>(bytes.size() - at), offset + at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return unwritable(m_path, reasonOf(errno));
        at += n;
    }
    return {};
}

Status LocalTarget::truncate() const
{
    if (::ftruncate(m_part->fd(), 0) != 0)
        return unwritable(m_path, reasonOf(errno));
    return {};
}

Status LocalTarget::commit() const
{
    const QByteArray name = QFile::encodeName(m_path), part = QFile::encodeName(m_part->path());
    struct stat s = {};
    if (::lstat(name.constData(), &s) == 0) {
        if (!S_ISREG(s.st_mode)) // rename would take a link's place; whoever planted it meant something else
            return unwritable(m_path, QStringLiteral("it has become something else than a regular file"));
        if (::fchmod(m_part->fd(), s.st_mode & 0777) != 0)
            return unwritable(m_path, reasonOf(errno));
    }
    if (::fsync(m_part->fd()) != 0 || ::rename(part.constData(), name.constData()) != 0)
        return unwritable(m_path, reasonOf(errno));
    const int folder = ::open(QFile::encodeName(QFileInfo(m_path).path()).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        ::fsync(folder);
        ::close(folder);
    }
    return {};
}

void LocalTarget::discard() const
{
    ::unlink(QFile::encodeName(m_part->path()).constData());
}

} // namespace bellwether
