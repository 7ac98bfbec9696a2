#include "vfsfile.h"

namespace bellwether::support {

namespace {

sqlite3_file *inner(sqlite3_file *file)
{
    return VfsFile::of(file)->inner();
}

int close(sqlite3_file *file) { return inner(file)->pMethods->xClose(inner(file)); }
int read(sqlite3_file *file, void *data, int size, sqlite3_int64 at) { return inner(file)->pMethods->xRead(inner(file), data, size, at); }
int write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at) { return inner(file)->pMethods->xWrite(inner(file), data, size, at); }
int truncate(sqlite3_file *file, sqlite3_int64 size) { return inner(file)->pMethods->xTruncate(inner(file), size); }
int sync(sqlite3_file *file, int flags) { return inner(file)->pMethods->xSync(inner(file), flags); }
int fileSize(sqlite3_file *file, sqlite3_int64 *size) { return inner(file)->pMethods->xFileSize(inner(file), size); }
int lock(sqlite3_file *file, int kind) { return inner(file)->pMethods->xLock(inner(file), kind); }
int unlock(sqlite3_file *file, int kind) { return inner(file)->pMethods->xUnlock(inner(file), kind); }
int checkLock(sqlite3_file *file, int *held) { return inner(file)->pMethods->xCheckReservedLock(inner(file), held); }
int control(sqlite3_file *file, int what, void *value) { return inner(file)->pMethods->xFileControl(inner(file), what, value); }
int sectorSize(sqlite3_file *file) { return inner(file)->pMethods->xSectorSize(inner(file)); }
int traits(sqlite3_file *file) { return inner(file)->pMethods->xDeviceCharacteristics(inner(file)); }
int shmMap(sqlite3_file *file, int page, int size, int extend, void volatile **at) { return inner(file)->pMethods->xShmMap(inner(file), page, size, extend, at); }
int shmLock(sqlite3_file *file, int offset, int n, int flags) { return inner(file)->pMethods->xShmLock(inner(file), offset, n, flags); }
void shmBarrier(sqlite3_file *file) { inner(file)->pMethods->xShmBarrier(inner(file)); }
int shmUnmap(sqlite3_file *file, int remove) { return inner(file)->pMethods->xShmUnmap(inner(file), remove); }

} // namespace

sqlite3_io_methods passThrough()
{
    return {2,         close,   read,       write,  truncate, sync,    fileSize,   lock,     unlock,
            checkLock, control, sectorSize, traits, shmMap,   shmLock, shmBarrier, shmUnmap, nullptr,
            nullptr};
}

sqlite3_vfs inFrontOf(const sqlite3_vfs &real, const char *name)
{
    sqlite3_vfs front = real;
    front.zName = name;
    front.pNext = nullptr;
    front.szOsFile = int(sizeof(VfsFile)) + real.szOsFile;
    return front;
}

int openVfsFile(sqlite3_vfs &real, const sqlite3_io_methods &methods, const char *name, sqlite3_file *file, int flags, int *out)
{
    VfsFile &f = *VfsFile::of(file);
    f = {};
    f.inner()->pMethods = nullptr;
    const int answer = real.xOpen(&real, name, f.inner(), flags, out);
    if (f.inner()->pMethods)
        file->pMethods = &methods;
    return answer;
}

} // namespace bellwether::support
