#include "powerdisk.h"

#include "vfsfile.h"

#include <QFile>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

namespace bellwether::support {

namespace {

struct Change { // since the last sync
    qint64 at = 0;
    QByteArray before, after; // before: what stood there, shorter where the file ended
    qint64 sizeBefore = 0;
    bool truncates = false; // to `at`
};

struct Folder {
    std::map<QByteArray, std::vector<Change>> pending; // by file
    bool full = false, dark = false;
    int cutIn = 0; // operations from now; 0: not
};

std::mutex mutex;
std::map<QByteArray, Folder> folders;
sqlite3_vfs *real = nullptr;
sqlite3_vfs powered;

Folder *folderOf(sqlite3_file *file) // null: not watched
{
    return static_cast<Folder *>(VfsFile::of(file)->folder);
}

Folder *folderOf(const QByteArray &path)
{
    const auto it = folders.find(path.left(path.lastIndexOf('/')));
    return it == folders.end() ? nullptr : &it->second;
}

// Counts an operation; true when the power is gone by now.
bool dark(Folder &folder)
{
    if (folder.cutIn > 0 && --folder.cutIn == 0)
        folder.dark = true;
    return folder.dark;
}

QByteArray readInner(sqlite3_file *inner, qint64 at, qint64 size, qint64 fileSize)
{
    QByteArray bytes(qsizetype(std::max<qint64>(0, std::min(size, fileSize - at))), '\0');
    if (!bytes.isEmpty())
        inner->pMethods->xRead(inner, bytes.data(), int(bytes.size()), at);
    return bytes;
}

int write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    sqlite3_file *inner = VfsFile::of(file)->inner();
    const std::scoped_lock guard(mutex);
    if (Folder *folder = folderOf(file)) {
        if (dark(*folder))
            return SQLITE_IOERR_WRITE;
        if (folder->full)
            return SQLITE_FULL;
        sqlite3_int64 now = 0;
        inner->pMethods->xFileSize(inner, &now);
        folder->pending[VfsFile::of(file)->name].push_back({at, readInner(inner, at, size, now), QByteArray(static_cast<const char *>(data), size), now, false});
    }
    return inner->pMethods->xWrite(inner, data, size, at);
}

int truncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *inner = VfsFile::of(file)->inner();
    const std::scoped_lock guard(mutex);
    if (Folder *folder = folderOf(file)) {
        if (dark(*folder))
            return SQLITE_IOERR_TRUNCATE;
        sqlite3_int64 now = 0;
        inner->pMethods->xFileSize(inner, &now);
        folder->pending[VfsFile::of(file)->name].push_back({size, readInner(inner, size, now - size, now), {}, now, true});
    }
    return inner->pMethods->xTruncate(inner, size);
}

int sync(sqlite3_file *file, int)
{
    const std::scoped_lock guard(mutex);
    if (Folder *folder = folderOf(file)) {
        if (dark(*folder))
            return SQLITE_IOERR_FSYNC;
        folder->pending[VfsFile::of(file)->name].clear(); // the disk is only as durable as this list: no need to ask the real one
    }
    return SQLITE_OK;
}

int close(sqlite3_file *file)
{
    sqlite3_file *inner = VfsFile::of(file)->inner();
    const int answer = inner->pMethods->xClose(inner);
    std::free(VfsFile::of(file)->name);
    return answer;
}

int promisesNothing(sqlite3_file *) { return 0; }

const sqlite3_io_methods methods = [] {
    sqlite3_io_methods m = passThrough();
    m.xClose = close;
    m.xWrite = write;
    m.xTruncate = truncate;
    m.xSync = sync;
    m.xDeviceCharacteristics = promisesNothing;
    return m;
}();

int open(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *out)
{
    const int answer = openVfsFile(*real, methods, name, file, flags, out);
    if (file->pMethods && name) {
        const std::scoped_lock guard(mutex);
        VfsFile::of(file)->name = ::strdup(name);
        VfsFile::of(file)->folder = folderOf(QByteArray(name));
    }
    return answer;
}

int remove(sqlite3_vfs *, const char *name, int)
{
    const std::scoped_lock guard(mutex);
    if (Folder *folder = folderOf(QByteArray(name))) {
        if (dark(*folder))
            return SQLITE_IOERR_DELETE;
        folder->pending.erase(QByteArray(name));
    }
    return real->xDelete(real, name, 0);
}

} // namespace

void installPowerDisk()
{
    if (real)
        return;
    real = sqlite3_vfs_find(nullptr);
    powered = inFrontOf(*real, "power");
    powered.xOpen = open;
    powered.xDelete = remove;
    sqlite3_vfs_register(&powered, 1);
}

void watchPower(const QByteArray &folder)
{
    const std::scoped_lock guard(mutex);
    folders[folder] = {};
}

void fillDisk(const QByteArray &folder, bool full)
{
    const std::scoped_lock guard(mutex);
    folders[folder].full = full;
}

void cutPowerAt(const QByteArray &folder, int operation)
{
    const std::scoped_lock guard(mutex);
    folders[folder].cutIn = operation;
}

void restorePower(const QByteArray &folder, const std::function<qsizetype(qsizetype)> &survives)
{
    const std::scoped_lock guard(mutex);
    Folder &f = folders[folder];
    for (auto &[name, changes] : f.pending) {
        QFile file(QString::fromUtf8(name));
        if (changes.empty() || !file.open(QIODevice::ReadWrite | QIODevice::ExistingOnly))
            continue;
        QByteArray bytes = file.readAll();
        for (auto change = changes.rbegin(); change != changes.rend(); ++change) { // back to what was synchronised
            bytes.resize(qsizetype(change->sizeBefore));
            bytes.replace(qsizetype(change->at), change->before.size(), change->before);
        }
        for (const Change &change : changes) {
            const qsizetype kept = survives(change.truncates ? 1 : change.after.size());
            if (change.truncates && kept > 0)
                bytes.resize(std::min(bytes.size(), qsizetype(change.at)));
            if (change.truncates || kept == 0)
                continue;
            if (bytes.size() < change.at)
                bytes.append(qsizetype(change.at) - bytes.size(), '\0');
            bytes.replace(qsizetype(change.at), std::min(kept, bytes.size() - qsizetype(change.at)), change.after.left(kept));
        }
        file.resize(0);
        file.seek(0);
        file.write(bytes);
    }
    f = {};
    QFile::remove(QString::fromUtf8(folder) + QStringLiteral("/journal.db-shm")); // memory
}

} // namespace bellwether::support
