#pragma once
// The acting part of a console as one object: journal writer, engine thread and SSH workers, created and joined in one
// visible order. Opening it makes this process the owner of the data folder.
#include "engine/sleep.h"
#include "rollout/console.h"
#include "rollout/keychain.h"

#include <functional>

namespace bellwether {

class CredentialPort;
class JournalWriterPort;
class RemoteShell;

class ConsoleStack {
public:
    // DataFolderInUse, JournalOpen, JournalNewer, JournalTampered. Unfinished rollouts become "interrupted".
    // `keychain`: where a person may have secrets kept; without one they are asked for each session.
    // What may stand between the engine and its real journal, and between its hosts and the real SSH (faults in tests);
    // both are destroyed after the engine.
    struct Between {
        std::function<std::unique_ptr<JournalWriterPort>(JournalWriterPort &)> journal = {};
        std::function<std::unique_ptr<RemoteShell>(RemoteShell &)> shell = {};
        Sleep sleep = {};
    };
    static Result<std::unique_ptr<ConsoleStack>> open(const QString &dataFolder) { return open(dataFolder, Between{}); }
    static Result<std::unique_ptr<ConsoleStack>> open(const QString &dataFolder, const Between &between, std::unique_ptr<Keychain> keychain = {});
    // Detaches: steps under way go on on their hosts, and their leases run out by themselves. Those of a rollout that has just
    // ended are given back first, for which it waits 5 s at most.
    ~ConsoleStack();
    ConsolePort &port();
    CredentialPort &credentials(); // what it needs from a person; nobody is asked until somebody listens

private:
    explicit ConsoleStack(std::unique_ptr<Keychain> keychain);
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace bellwether
