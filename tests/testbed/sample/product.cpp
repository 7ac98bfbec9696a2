#include "product.h"

#include <QDateTime>
#include <QDir>
#include <QFile>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace bellwether::sample {

Product::Product(const QString &directory) : m_directory(QDir(directory).absolutePath()) {}

QString Product::path(const QString &relative) const
{
    return m_directory + QLatin1Char('/') + relative;
}

QMap<QString, QString> readKeyValues(const QString &file)
{
    QMap<QString, QString> values;
    QFile in(file);
    if (!in.open(QIODevice::ReadOnly))
        return values;
    const QStringList lines = QString::fromUtf8(in.read(1 << 20)).split(QLatin1Char('\n'));
    for (const QString &line : lines) {
        const qsizetype equals = line.indexOf(QLatin1Char('='));
        if (equals > 0 && !line.startsWith(QLatin1Char('#')))
            values.insert(line.first(equals).trimmed(), line.sliced(equals + 1).trimmed());
    }
    return values;
}

QString Product::env(const QString &key) const
{
    return readKeyValues(path(QStringLiteral(".env"))).value(key);
}

QString Product::fault(const QString &key) const
{
    return readKeyValues(path(QStringLiteral("faults"))).value(key);
}

void Product::recordEffect(const QString &text) const
{
    QFile file(path(QStringLiteral("effects.log")));
    if (file.open(QIODevice::WriteOnly | QIODevice::Append | QIODevice::Unbuffered))
        file.write(text.toUtf8() + '\n');
}

int Product::takeLock() const
{
    const int fd = ::open(QFile::encodeName(path(QStringLiteral("data/lock"))).constData(), O_RDWR | O_CREAT | O_CLOEXEC,
                          0600);
    if (fd < 0)
        return -1;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    ::close(fd);
    return -1;
}

bool Product::isLocked() const
{
    const int fd = ::open(QFile::encodeName(path(QStringLiteral("data/lock"))).constData(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool locked = ::flock(fd, LOCK_SH | LOCK_NB) != 0;
    ::close(fd);
    return locked;
}

Process processOf(qint64 pid)
{
    QFile stat(QStringLiteral("/proc/%1/stat").arg(pid));
    if (pid <= 0 || !stat.open(QIODevice::ReadOnly))
        return {};
    const QByteArray text = stat.readAll();
    // The command's name may hold anything, so count the fields from its closing bracket.
    const QList<QByteArray> fields = text.mid(text.lastIndexOf(')') + 2).split(' ');
    if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X")
        return {};
    return {pid, QString::fromLatin1(fields[19])};
}

bool Process::isAlive() const
{
    return pid > 0 && processOf(pid).startTime == startTime;
}

Process servingProcess(const Product &product)
{
    QFile file(product.path(QStringLiteral("run/sample.pid")));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QList<QByteArray> words = file.readAll().simplified().split(' ');
    if (words.size() != 2)
        return {};
    const Process process{words[0].toLongLong(), QString::fromLatin1(words[1])};
    return process.isAlive() ? process : Process{};
}

void logLine(const char *level, const QString &text)
{
    const QByteArray line = QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs).toLatin1() + ' ' + level + ' '
                            + text.toUtf8() + '\n';
    qsizetype done = 0;
    while (done < line.size()) {
        const ssize_t n = ::write(STDOUT_FILENO, line.constData() + done, static_cast<size_t>(line.size() - done));
        if (n <= 0)
            return;
        done += n;
    }
}

} // namespace bellwether::sample
