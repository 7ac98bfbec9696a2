#pragma once
// The acting part of a console as one object: journal writer, engine thread and SSH workers, created and joined in one
// visible order. Opening it makes this process the owner of the data folder.
#include "rollout/console.h"

namespace bellwether {

class ConsoleStack {
public:
    // DataFolderInUse, JournalOpen, JournalNewer, JournalTampered. Unfinished rollouts become "interrupted".
    static Result<std::unique_ptr<ConsoleStack>> open(const QString &dataFolder);
    ~ConsoleStack(); // detaches: steps under way go on on their hosts; leases run out by themselves
    ConsolePort &port();

private:
    ConsoleStack();
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace bellwether
