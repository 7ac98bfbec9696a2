#pragma once
// SQLite's disk with a power switch. What was written and not synchronised when the power goes may have reached the disk
// or not, each write for itself, some only in part: as on a disk with a cache. For journals of one process; files
// of folders that were never named here are left alone.
#include <QByteArray>

#include <functional>

namespace bellwether::support {

void installPowerDisk();                                 // becomes SQLite's default; before any connection
void watchPower(const QByteArray &folder);               // from now on; its files must not be there yet
void fillDisk(const QByteArray &folder, bool full);      // writes fail as on a full disk
void cutPowerAt(const QByteArray &folder, int operation); // that write or sync from now (1 = the next) and all after it do not happen
// After every connection has been closed. survives(n): how much of an unsynchronised write of n bytes is on the disk, 0 to n.
void restorePower(const QByteArray &folder, const std::function<qsizetype(qsizetype)> &survives);

} // namespace bellwether::support
