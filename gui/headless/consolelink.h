#pragma once
// How a headless command reaches the part that acts: the owner of the data folder through its socket, or, when there is
// none, this process becomes the owner for as long as the link lives (and serves the socket meanwhile).
#include "headless/ownersocket.h"
#include "headless/services.h"
#include "headless/terminalasker.h"

namespace bellwether {

class ConsoleLink {
public:
    static Result<std::unique_ptr<ConsoleLink>> open(const QString &dataFolder, const Services &services);
    // An owner goes on until what others asked of it through the socket rests; SIGINT and SIGTERM end it at once.
    ~ConsoleLink();
    bool isOwner() const { return m_owned != nullptr; }
    Reply ask(const Request &request); // waits; Interrupted on SIGINT or SIGTERM
    void tell(const Request &request); // also when interrupted; waits two seconds at most

private:
    ConsoleLink() = default;
    Reply ask(const Request &request, const std::function<bool()> &stop);
    std::unique_ptr<OwnerClient> m_client;
    std::unique_ptr<OwnedConsole> m_owned; // destroyed after the server
    std::unique_ptr<OwnerServer> m_server;
    std::unique_ptr<TerminalAsker> m_asker;
};

bool hasOwner(const QString &dataFolder); // somebody answers at the socket

} // namespace bellwether
