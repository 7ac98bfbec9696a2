#pragma once
// A file of a SQLite disk that stands in front of the real one: every method passes through, except those that a disk
// with a fault puts in its place.
#include <sqlite3.h>

namespace bellwether::support {

struct VfsFile {
    sqlite3_file base;
    void *folder; // for the disk's own use; null after openVfsFile()
    char *name;
    sqlite3_file *inner() { return reinterpret_cast<sqlite3_file *>(this + 1); } // behind it in the same memory
    static VfsFile *of(sqlite3_file *file) { return reinterpret_cast<VfsFile *>(file); }
};

sqlite3_io_methods passThrough();
// A copy of the real disk under this name; its files are opened by openVfsFile().
sqlite3_vfs inFrontOf(const sqlite3_vfs &real, const char *name);
int openVfsFile(sqlite3_vfs &real, const sqlite3_io_methods &methods, const char *name, sqlite3_file *file, int flags, int *out);

} // namespace bellwether::support
