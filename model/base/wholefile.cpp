#include "base/wholefile.h"

#include <QFileInfo>

namespace bellwether {

Status openFile(QSaveFile &file, const QString &path)
{
    if (QFileInfo(path).isSymLink()) // QSaveFile would write what it leads to
        return fail(ErrorCode::FileUnwritable, {path, QStringLiteral("it is a symbolic link")});
    file.setFileName(path);
    file.setDirectWriteFallback(false);
    if (!file.open(QIODevice::WriteOnly) || !file.setPermissions(QFile::ReadOwner | QFile::WriteOwner))
        return fail(ErrorCode::FileUnwritable, {path, file.errorString()});
    return {};
}

Status closeFile(QSaveFile &file)
{
    if (!file.commit())
        return fail(ErrorCode::FileUnwritable, {file.fileName(), file.errorString()});
    return {};
}

Status writeFile(const QString &path, const QByteArray &bytes)
{
    QSaveFile file;
    if (const Status opened = openFile(file, path); !opened)
        return opened;
    if (file.write(bytes) != bytes.size())
        return fail(ErrorCode::FileUnwritable, {path, file.errorString()});
    return closeFile(file);
}

} // namespace bellwether
