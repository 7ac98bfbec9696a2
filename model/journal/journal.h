#pragma once
// The durable sequence of events: SQLite in WAL mode with synchronous=FULL, STRICT tables, triggers that refuse UPDATE and
// DELETE, one writer thread that commits all that is queued in one transaction (group commit) and links the chain
// as journal/chain.h says. File journal.db in the data folder, mode 0600, folder 0700; table `events` with its column `payload` plain JSON.
#include "base/error.h"
#include "rollout/events.h"

#include <functional>
#include <memory>

namespace bellwether {

// An event before it has its number.
struct NewEvent {
    int rollout = 0;
    qint64 wallMs = 0, monoMs = 0;
    QString actor;
    EventBody body;
};

// Port: what the engine needs of a journal. append() may be called from any thread; `done` runs exactly once on the
// writer's thread, after the commit (or its failure), in order of the calls: post to your own thread and return. A list
// is committed whole or not at all. The answer holds the events as recorded.
class JournalWriterPort {
public:
    virtual ~JournalWriterPort() = default;
    virtual void append(QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done) = 0;
};

struct JournalCheck {
    bool intact = true;
    qint64 events = 0;
    qint64 firstBroken = 0; // sequence number; 0 = none
    QString cause;          // altered, missing, reordered, chain, unreadable
    QString detail;         // what SQLite says of a damaged file
    Error error() const;    // JournalTampered with all of that
};

// Reading: one connection per object and thread; any number beside the writer, also from other processes.
class JournalReader {
public:
    static Result<std::unique_ptr<JournalReader>> open(const QString &dataFolder); // JournalOpen, JournalNewer, JournalOlder
    ~JournalReader();
    QString workspaceId() const;
    Result<QList<Event>> read(qint64 afterSeq = 0, int rollout = -1, int limit = -1) const;
    Result<qint64> lastSeq() const;
    // `events`, when given, takes what was read on the way: whole only when the journal is intact.
    Result<JournalCheck> verify(QList<Event> *events = nullptr) const;
    // Of a journal that is broken: what can still be read of it, for looking at. Nothing of it is proven.
    QList<Event> readable() const;
    QByteArray headHash() const; // of the last event, hex

private:
    JournalReader();
    struct Private;
    std::unique_ptr<Private> d;
};

// The one writer of a data folder. Creates folder and file when absent. Holds the advisory lock `lock` in the folder
// (flock) for as long as it lives: DataFolderInUse names who and since when. Before it is opened for writing the whole
// journal is verified: into one that is broken nothing is written, not even what SQLite would write by itself
// (JournalTampered).
class JournalWriter final : public JournalWriterPort {
public:
    // `events`, when given, takes what was read on the way.
    static Result<std::unique_ptr<JournalWriter>> open(const QString &dataFolder, QList<Event> *events = nullptr);
    ~JournalWriter() override; // commits what is queued, then joins its thread
    void append(QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done) override;
    QString workspaceId() const;

private:
    JournalWriter();
    struct Private;
    std::unique_ptr<Private> d;
};

QString defaultDataFolder(); // $BELLWETHER_DATA, else $XDG_DATA_HOME/bellwether

} // namespace bellwether
