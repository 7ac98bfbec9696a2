#pragma once
// The data folder as a place that only its owner may touch, and the lock that says which process owns it now.
#include "base/error.h"

namespace bellwether {

QString journalPath(const QString &dataFolder);

// Creates folder (0700) and file (0600) when absent; refuses those that belong to somebody else or that others may
// write to. JournalOpen.
Status prepareDataFolder(const QString &dataFolder);
Status checkOwned(const QString &path); // JournalOpen; a symbolic link is refused as well

// That this folder has had a journal is remembered beside it, in <data>/workspace: a journal that is empty afterwards, or was
// deleted, is none to begin anew. checkNotEmptied before the journal is opened (JournalOpen), rememberWorkspace once it is whole.
Status checkNotEmptied(const QString &dataFolder);
void rememberWorkspace(const QString &dataFolder, const QString &workspaceId); // without it, only the next loss goes unnoticed

// What the console of a data folder is called on hosts: its workspace, this computer and this very folder. The same again
// after a restart; another one for a copy of the folder, here or on another computer.
QString consoleName(const QString &workspaceId, const QString &dataFolder);

// An advisory lock (flock) on <data>/lock, whose content "pid user host since" is for people. It ends with the process; given back
// before that, the file is empty.
class DataFolderLock {
public:
    DataFolderLock() = default;
    DataFolderLock(DataFolderLock &&other) noexcept;
    DataFolderLock &operator=(DataFolderLock &&other) noexcept;
    ~DataFolderLock();
    static Result<DataFolderLock> take(const QString &dataFolder); // DataFolderInUse, JournalOpen

private:
    int m_file = -1;
};

} // namespace bellwether
