#pragma once
// Port: what windows and headless commands ask of the part that acts. Requests are JSON so that they can also travel
// through the data folder's local socket to the process that owns it.
//
//   verb          args                                                     answer
//   run           plan (text of the file), acknowledge_notes, auto_promote, bake_scale, yes, take_over   rollout
//   resume pause promote abort   rollout, reason                           {}
//   retry skip    rollout, hosts[], reason                                 hosts[]
//   take-over     rollout, hosts[], reason                                 hosts[]
//   rollback      rollout, hosts[], way, confirm{host: domain}, dry_run    hosts[{name, verdict, reason, loss_s, backup}]
//   stop-all release   reason                                              hosts[], missed[] (reached by the hold)
//   fleet-import  source, installations[], expect (as below; what it was compared with)   added, replaced, undo
//   fleet-undo    expect (optional: the change that was shown)              source, removed[], put_back
//   fleet-remove  hosts[], reason                                          removed
//   releases-import source, text                                           product, releases
//   scan-key      host                                                     machine, key_type, fingerprint, state, trusted
//   trust         host, fingerprint, key_type, source, reason              {}
//   trust-import  source, keys[{machine, key_type, fingerprint}], revoked[{key_type, fingerprint}]   trusted, revoked, left_out
//   check         hosts[]                                                  hosts[]   (each as in `fleet check --json`)
//   put           file, path, hosts[], limit, mode, reason                  transfer
//   get           file, path, hosts[one], limit, reason                     transfer
//   transfers     transfer                                                 ended, error_code, hosts[{name, state, done, total, rate, eta_s, …}], stages[as hosts]
//   transfer-cancel transfer, host (optional)                              as above
//   record-report rollout, format, file, sha256                            {}
#include "rollout/snapshot.h"

#include <functional>
#include <memory>

namespace bellwether {

struct Request {
    QString verb;
    QJsonObject args;
    QString actor; // operator's name
};
using Reply = Result<QJsonObject>;

class ConsolePort {
public:
    virtual ~ConsolePort() = default;
    // Any thread. `done` runs exactly once, on a thread of the console's: post to your own and return at once.
    virtual void request(Request request, std::function<void(Reply)> done) = 0;
    virtual std::shared_ptr<const ConsoleSnapshot> snapshot() const = 0; // any thread, never null, never blocks
    // Set once before use; called after each new snapshot on a thread of the console's.
    virtual void setChanged(std::function<void()> changed) = 0;
};

// Where the output of a step is kept on this computer: <data>/logs/R-0001/<host>/<token>.log, bytes as they came but for secrets.
QString stepLogPath(const QString &dataFolder, int rollout, const QString &host, const QString &token);

} // namespace bellwether
