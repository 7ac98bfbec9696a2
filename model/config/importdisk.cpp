#include "config/files.h"
#include "config/importer.h"

#include <QDir>
#include <QDirIterator>
#include <QFileInfo>

#include <glob.h>

namespace bellwether {

DiskFiles::DiskFiles(const QString &home)
    : m_home(home.isEmpty() ? QDir::homePath() : home)
{}

Result<QByteArray> DiskFiles::read(const QString &path) const
{
    return readFileBounded(path);
}

QStringList DiskFiles::matching(const QString &pattern) const
{
    glob_t found = {};
    QStringList files;
    if (::glob(QFile::encodeName(pattern).constData(), 0, nullptr, &found) == 0)
        for (std::size_t i = 0; i < found.gl_pathc; ++i)
            files.append(QFile::decodeName(found.gl_pathv[i]));
    ::globfree(&found);
    return files;
}

QStringList DiskFiles::filesBelow(const QString &folder) const
{
    constexpr qsizetype most = 256;
    QStringList files;
    QDirIterator it(folder, QDir::Files | QDir::NoSymLinks, QDirIterator::Subdirectories);
    while (it.hasNext() && files.size() < most) {
        const QString path = it.next();
        if (!it.fileName().endsWith(u'~'))
            files.append(path);
    }
    files.sort();
    return files;
}

bool DiskFiles::isFolder(const QString &path) const
{
    return QFileInfo(path).isDir();
}

QString DiskFiles::resolved(const QString &path) const
{
    return QFileInfo(path).canonicalFilePath();
}

} // namespace bellwether
