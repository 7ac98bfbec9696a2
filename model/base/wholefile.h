#pragma once
// The one way in which files leave the program: whole or not at all, readable by nobody else (0600, whatever stood there
// before), and never through a symbolic link. FileUnwritable.
#include "base/error.h"

#include <QSaveFile>

namespace bellwether {

Status writeFile(const QString &path, const QByteArray &bytes);

// The same for what is written piece by piece: open, write, close. What is not closed leaves the old file as it is.
Status openFile(QSaveFile &file, const QString &path);
Status closeFile(QSaveFile &file);

} // namespace bellwether
