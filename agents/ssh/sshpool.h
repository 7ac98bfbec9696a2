#pragma once
// RemoteShell over real SSH. Kept sessions on a few worker threads; a machine's calls share one session, at most 8
// channels at a time, the rest wait. Host keys are believed only when KeyTrust knows them, and nothing that
// authenticates is sent before. Results come on the receiver's thread.
//
// A machine behind a jump host is reached over a connection to that host which all machines behind it share; it may
// stand behind another one. Every hop is a machine like any other: its own login, its own key that is checked before
// anything is sent to it, and errors that name it. One worker has the whole way.
#include "remote/remoteshell.h"
#include "ssh/sshoptions.h"

#include <QObject>
#include <memory>
#include <optional>

namespace bellwether {

class Credentials;

QString loginName(); // who one is where an endpoint names no user

class SshPool final : public RemoteShell {
public:
    // trust must outlive the pool and be thread-safe. receiver: any object of the thread on which results are wanted
    // (it needs an event loop); the pool is used and destroyed on that thread. Results not yet delivered when the pool
    // goes are dropped, commands under way are left to their hosts.
    // credentials: who may ask people; outlives the pool. Without it nobody can be asked.
    // jumpHost: the inventory's endpoint of a name; asked on the receiver's thread whenever a call is made, so that it is
    // the inventory of that moment.
    using JumpHost = std::function<std::optional<Endpoint>(const QString &name)>;
    SshPool(const KeyTrust &trust, QObject *receiver, const SshOptions &options = {}, Credentials *credentials = nullptr,
            JumpHost jumpHost = {});
    ~SshPool() override;

    void exec(const Endpoint &to, ExecRequest request, std::function<void(Result<ExecResult>)> done) override;
    void httpGet(const Endpoint &to, HttpRequest request, std::function<void(Result<HttpResult>)> done) override;
    void scanKey(const Endpoint &to, std::function<void(Result<HostKey>)> done) override;
    void closeAll() override;
    int openSessions() const override; // any thread

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace bellwether
