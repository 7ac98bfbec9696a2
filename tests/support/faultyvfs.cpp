#include "faultyvfs.h"

#include <atomic>
#include <sqlite3.h>

namespace bellwether::support {

namespace {
std::atomic<int> operations = 0, syncs = 0, failFrom = 0;
std::atomic<DiskFault> fault = DiskFault::Full;
sqlite3_vfs *real = nullptr;
sqlite3_vfs faulty;

struct File {
    sqlite3_file base;
    sqlite3_file *inner() { return reinterpret_cast<sqlite3_file *>(this + 1); } // behind it in the same memory
};

File *of(sqlite3_file *file)
{
    return reinterpret_cast<File *>(file);
}

bool fails()
{
    const int now = ++operations;
    const int from = failFrom;
    return from > 0 && now >= from;
}

int write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    if (!fails() || fault == DiskFault::Sync)
        return of(file)->inner()->pMethods->xWrite(of(file)->inner(), data, size, at);
    if (fault == DiskFault::Full)
        return SQLITE_FULL;
    of(file)->inner()->pMethods->xWrite(of(file)->inner(), data, size / 2, at); // torn
    return SQLITE_IOERR_WRITE;
}

int sync(sqlite3_file *file, int flags)
{
    ++syncs;
    if (fails())
        return SQLITE_IOERR_FSYNC;
    return of(file)->inner()->pMethods->xSync(of(file)->inner(), flags);
}

int close(sqlite3_file *file) { return of(file)->inner()->pMethods->xClose(of(file)->inner()); }
int read(sqlite3_file *file, void *data, int size, sqlite3_int64 at) { return of(file)->inner()->pMethods->xRead(of(file)->inner(), data, size, at); }
int truncate(sqlite3_file *file, sqlite3_int64 size) { return of(file)->inner()->pMethods->xTruncate(of(file)->inner(), size); }
int fileSize(sqlite3_file *file, sqlite3_int64 *size) { return of(file)->inner()->pMethods->xFileSize(of(file)->inner(), size); }
int lock(sqlite3_file *file, int kind) { return of(file)->inner()->pMethods->xLock(of(file)->inner(), kind); }
int unlock(sqlite3_file *file, int kind) { return of(file)->inner()->pMethods->xUnlock(of(file)->inner(), kind); }
int checkLock(sqlite3_file *file, int *held) { return of(file)->inner()->pMethods->xCheckReservedLock(of(file)->inner(), held); }
int control(sqlite3_file *file, int what, void *value) { return of(file)->inner()->pMethods->xFileControl(of(file)->inner(), what, value); }
int sectorSize(sqlite3_file *file) { return of(file)->inner()->pMethods->xSectorSize(of(file)->inner()); }
int traits(sqlite3_file *file) { return of(file)->inner()->pMethods->xDeviceCharacteristics(of(file)->inner()); }
int shmMap(sqlite3_file *file, int page, int size, int extend, void volatile **at) { return of(file)->inner()->pMethods->xShmMap(of(file)->inner(), page, size, extend, at); }
int shmLock(sqlite3_file *file, int offset, int n, int flags) { return of(file)->inner()->pMethods->xShmLock(of(file)->inner(), offset, n, flags); }
void shmBarrier(sqlite3_file *file) { of(file)->inner()->pMethods->xShmBarrier(of(file)->inner()); }
int shmUnmap(sqlite3_file *file, int remove) { return of(file)->inner()->pMethods->xShmUnmap(of(file)->inner(), remove); }

const sqlite3_io_methods methods = {2,         close,      read,   write,     truncate, sync,   fileSize,   lock,    unlock,
                                    checkLock, control,    sectorSize, traits, shmMap,   shmLock, shmBarrier, shmUnmap, nullptr,
                                    nullptr};

int open(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *out)
{
    file->pMethods = nullptr;
    of(file)->inner()->pMethods = nullptr;
    const int answer = real->xOpen(real, name, of(file)->inner(), flags, out);
    if (of(file)->inner()->pMethods)
        file->pMethods = &methods;
    return answer;
}
} // namespace

void installFaultyDisk()
{
    real = sqlite3_vfs_find(nullptr);
    faulty = *real;
    faulty.zName = "faulty";
    faulty.pNext = nullptr;
    faulty.szOsFile = int(sizeof(File)) + real->szOsFile;
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
