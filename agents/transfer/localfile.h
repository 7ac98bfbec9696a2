#pragma once
// The console's end of a copy: a file that is read and must not change meanwhile, and one that is written beside its target
// and takes its name at the end. All of it on the file thread.
#include "base/error.h"

#include <QByteArray>
#include <QCryptographicHash>
#include <memory>

namespace bellwether {

// A descriptor, closed at its end.
class OpenFile {
public:
    OpenFile(QString path, int fd) : m_path(std::move(path)), m_fd(fd) {}
    ~OpenFile();
    Q_DISABLE_COPY_MOVE(OpenFile)
    int fd() const { return m_fd; }
    const QString &path() const { return m_path; }

private:
    QString m_path;
    int m_fd;
};

// SHA-256 of the first `count` bytes, some megabytes a turn.
class SlicedSum {
public:
    SlicedSum(std::shared_ptr<const OpenFile> file, qint64 count) : m_file(std::move(file)), m_left(count) {}
    bool slice(); // true when it has ended
    const Result<QByteArray> &sum() const { return m_sum; } // hex; FileUnreadable

private:
    std::shared_ptr<const OpenFile> m_file;
    qint64 m_at = 0, m_left;
    QCryptographicHash m_hash{QCryptographicHash::Sha256};
    Result<QByteArray> m_sum;
};

class LocalSource {
public:
    static Result<std::shared_ptr<LocalSource>> open(const QString &path); // FileUnreadable
    qint64 size() const { return m_size; }
    const std::shared_ptr<const OpenFile> &file() const { return m_file; }
    Status unchanged() const; // FileChanged when its size or time is not what it was when it was opened
    Result<QByteArray> read(qint64 offset, qint64 length) const;

private:
    std::shared_ptr<const OpenFile> m_file;
    qint64 m_size = 0, m_seconds = 0, m_nanoseconds = 0;
};

class LocalTarget {
public:
    // Opens or finds the part, mode 0600, never through a symbolic link, alone. FileUnwritable, also where `size` bytes find no
    // room, the target is no regular file or another copy to it is under way.
    static Result<std::shared_ptr<LocalTarget>> open(const QString &path, const QString &partName, qint64 size);
    qint64 have() const { return m_have; } // bytes of the part when it was opened
    const std::shared_ptr<const OpenFile> &part() const { return m_part; }
    Status write(qint64 offset, const QByteArray &bytes) const;
    Status truncate() const;
    Status commit() const;  // durable, then under its name; a file that was there keeps its mode
    void discard() const;

private:
    QString m_path;
    std::shared_ptr<const OpenFile> m_part;
    qint64 m_have = 0;
};

} // namespace bellwether
