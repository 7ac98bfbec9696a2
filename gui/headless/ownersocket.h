#pragma once
// The local socket by which other processes ask the one that owns a data folder. It lies in the folder (owner.sock, mode
// 0600) and speaks JSON, one object per line: {"verb","args","actor"} → {"ok":true,"result":{}} or
// {"ok":false,"error":{"code","args","place"}}. Paths of any length work: sockaddr_un takes 107 bytes, so the folder is
// addressed through /proc/self/fd. Both ends check that the other runs as the same user.
#include "rollout/console.h"

#include <memory>

namespace bellwether {

// Serves on a thread of its own for as long as it lives. A socket left by a dead owner is replaced: whoever calls this
// holds the folder's lock.
class OwnerServer {
public:
    static Result<std::unique_ptr<OwnerServer>> listen(const QString &dataFolder, ConsolePort &port);
    ~OwnerServer(); // closes; askers without an answer see the connection end
    void stopAccepting();

private:
    OwnerServer() = default;
    struct Private;
    std::shared_ptr<Private> d;
};

// One connection to the owner; requests one after the other.
class OwnerClient {
public:
    // OwnerUnreachable when nobody listens.
    static Result<std::unique_ptr<OwnerClient>> connect(const QString &dataFolder);
    // Somebody holds the socket, even where he is too busy to take another caller. Never waits.
    static bool isListening(const QString &dataFolder);
    ~OwnerClient();
    // Waits for the answer for as long as the owner lives; `stop` is asked every 100 ms and ends the wait (Interrupted).
    Reply ask(const Request &request, const std::function<bool()> &stop);

private:
    OwnerClient() = default;
    int m_fd = -1;
    QByteArray m_read;
};

QJsonObject errorToJson(const Error &error);
Error errorFromJson(const QJsonObject &json);

} // namespace bellwether
