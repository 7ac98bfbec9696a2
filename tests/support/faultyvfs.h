#pragma once
// SQLite's own disk with a fault: the n-th write or sync to the journal's files fails, as on a full or dying disk, and
// every one after it until the disk is mended. Counts what passes.
namespace bellwether::support {

enum class DiskFault { Full, InputOutput, Sync };

void installFaultyDisk(); // becomes SQLite's default; before any connection
void breakDiskAt(int operation, DiskFault fault); // from 1, counted from now
void mendDisk();
int diskOperations(); // writes and syncs since the last breakDiskAt() or mendDisk()
int diskSyncs();

} // namespace bellwether::support
