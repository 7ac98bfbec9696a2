#pragma once
// All copies of a console: what was asked for, which of it runs, and what is said about it. On the engine's thread.
#include "domain/installation.h"
#include "rollout/events.h"
#include "transfer/relay.h"

#include <map>

namespace bellwether {

class Transfers {
public:
    struct Journal { // recorded before a host sees the first byte; then what came of it
        std::function<void(TransferBegun, const QString &actor, std::function<void()> then)> begun;
        std::function<void(EventBody, const QString &actor)> ended;
    };
    struct Order {
        QString file;               // here, absolute
        QString path;               // on the hosts, absolute
        QString mode;               // of a put: "" or octal
        qint64 limit = 0;           // bytes a second and machine, whatever else is copied with it
        QString actor, reason;
        QList<Installation> hosts;  // of a get: one
    };
    using Find = std::function<const Installation *(const QString &name)>; // in the inventory of the moment
    Transfers(RemoteShell &shell, const Clock &clock, std::function<void(qint64, std::function<void()>)> later, Journal journal, Find find);
    ~Transfers(); // what is under way stays as parts

    int put(Order order);
    int get(Order order);
    // {"file", "path", "direction", "size", "sha256", "ended", "error", "hosts": [{"name", "state", "done", "total", …}]}
    std::optional<QJsonObject> report(int id) const;
    bool cancel(int id, const QString &host = {}); // false: there is none
    void cancelPuts();
    int underWay() const; // copies that have not ended

private:
    struct Stage { // a jump host that the file goes to once
        std::shared_ptr<StagedFile> file;
        std::shared_ptr<Copy> copy;
        bool hasBegun = false, isCleared = false;
    };
    struct One {
        Installation host;
        std::shared_ptr<Copy> copy;
        qint64 beganMono = 0, endedMono = 0;
        std::shared_ptr<Stage> stage = nullptr;
    };
    struct Transfer;
    std::shared_ptr<Transfer> add(Order order, bool isPut);
    void read(const std::shared_ptr<Transfer> &transfer);
    void begin(const std::shared_ptr<Transfer> &transfer, const TransferBegun &event);
    std::function<void()> whenEnded(const std::weak_ptr<Transfer> &transfer, One &one);
    void makeStages(Transfer &transfer);
    bool passStage(One &one, int &running); // true: nothing to wait for there
    void clearStages(Transfer &transfer);
    void startSoon();
    void startNext();
    void ended(Transfer &transfer, One &one);
    CopyPlace place();

    RemoteShell &m_shell;
    const Clock &m_clock;
    std::function<void(qint64, std::function<void()>)> m_later;
    Journal m_journal;
    Find m_find;
    HostPace m_pace;
    std::unique_ptr<FileThread> m_files; // begun with the first copy
    std::map<int, std::shared_ptr<Transfer>> m_transfers;
    int m_last = 0;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace bellwether
