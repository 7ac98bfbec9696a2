#include "config/files.h"
#include "config/importer.h"

#include <QDir>
#include <QFileInfo>
#include <algorithm>

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

namespace {
struct Below {
    QString within, top; // both as they really are; the folder itself may be a link, as its owner wants it
    FilesBelow found;
    int seen = 0;

    void take(const QString &folder, int depth)
    {
        constexpr int deepest = 16, most = 256; // links may lead in circles
        QStringList names = QDir(folder).entryList(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot);
        std::sort(names.begin(), names.end());
        for (const QString &name : std::as_const(names)) {
            const QFileInfo info(folder + u'/' + name);
            const bool isFolder = info.isDir();
            if (name.endsWith(u'~') || (isFolder && !info.suffix().isEmpty()))
                continue;
            if (found.left.size() >= most) // enough is said
                return;
            const QString real = info.canonicalFilePath();
            const bool isInside = real.startsWith(within + u'/') || real.startsWith(top + u'/');
            if (!isInside || (!isFolder && !info.isFile()) || depth == deepest || ++seen > most)
                found.left.append(info.filePath());
            else if (isFolder)
                take(info.filePath(), depth + 1);
            else
                found.files.append(info.filePath());
        }
    }
};
} // namespace

FilesBelow DiskFiles::filesBelow(const QString &folder, const QString &within) const
{
    Below below{QFileInfo(within).canonicalFilePath(), QFileInfo(folder).canonicalFilePath(), {}};
    below.take(folder, 0);
    return below.found;
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
