#pragma once
// The data folder as a place that only its owner may touch, and the lock that says which process owns it now.
#include "base/error.h"

namespace bellwether {

QString journalPath(const QString &dataFolder);

// Creates folder (0700) and file (0600) when absent; refuses those that belong to somebody else or that others may
// write to. JournalOpen.
Status prepareDataFolder(const QString &dataFolder);
Status checkOwned(const QString &path); // JournalOpen; a symbolic link is refused as well

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
