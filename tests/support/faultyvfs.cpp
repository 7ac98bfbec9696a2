#include "faultyvfs.h"

#include "vfsfile.h"

#include <atomic>

namespace bellwether::support {

namespace {
std::atomic<int> operations = 0, syncs = 0, failFrom = 0;
std::atomic<DiskFault> fault = DiskFault::Full;
sqlite3_vfs *real = nullptr;
sqlite3_vfs faulty;

bool fails()
{
    const int now = ++operations;
    const int from = failFrom;
    return from > 0 && now >= from;
}

int write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    sqlite3_file *inner = VfsFile::of(file)->inner();
    if (!fails() || fault == DiskFault::Sync)
        return inner->pMethods->xWrite(inner, data, size, at);
    if (fault == DiskFault::Full)
        return SQLITE_FULL;
    inner->pMethods->xWrite(inner, data, size / 2, at); // torn
    return SQLITE_IOERR_WRITE;
}

int sync(sqlite3_file *file, int flags)
{
    ++syncs;
    if (fails())
        return SQLITE_IOERR_FSYNC;
    sqlite3_file *inner = VfsFile::of(file)->inner();
    return inner->pMethods->xSync(inner, flags);
}

const sqlite3_io_methods methods = [] {
    sqlite3_io_methods m = passThrough();
    m.xWrite = write;
    m.xSync = sync;
    return m;
}();

int open(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *out)
{
    return openVfsFile(*real, methods, name, file, flags, out);
}
} // namespace

void installFaultyDisk()
{
    real = sqlite3_vfs_find(nullptr);
    faulty = inFrontOf(*real, "faulty");
    faulty.xOpen = open;
    sqlite3_vfs_register(&faulty, 1);
}

void breakDiskAt(int operation, DiskFault kind)
{
    operations = 0;
    syncs = 0;
    fault = kind;
    failFrom = operation;
}

void mendDisk()
{
    breakDiskAt(0, DiskFault::Full);
}

int diskOperations()
{
    return operations;
}

int diskSyncs()
{
    return syncs;
}

} // namespace bellwether::support
