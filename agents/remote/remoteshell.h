#pragma once
// Port: commands and HTTP requests on hosts. The real one is ssh/sshpool (a few worker threads, kept sessions); tests
// bring a fake. All callbacks run on the thread that owns the port (its receiver), never before the call returned.
// Every phase has its deadline; nothing here retries an authentication.
#include "base/error.h"
#include "domain/installation.h"

#include <QByteArray>
#include <functional>

namespace bellwether {

struct ExecRequest {
    QByteArray command;  // one shell word list, already quoted (remote/shellquote)
    QByteArray input;    // its stdin
    int timeoutMs = 30'000;
    qsizetype outputLimit = 1 << 20; // per stream; more is dropped and `truncated` set
};
struct ExecResult {
    int exitStatus = -1; // −1: ended by a signal, or the host did not say; never a success
    QString signal;
    QByteArray out, err;
    bool truncated = false;
};
struct HttpRequest { // GET to an address seen from the host, through the SSH connection
    QString address = QStringLiteral("127.0.0.1");
    int port = 80;
    QString path = QStringLiteral("/");
    int timeoutMs = 5'000;
    qsizetype bodyLimit = 1 << 20;
};
struct HttpResult {
    int status = 0;
    QByteArray body;
    qint64 elapsedMs = 0;
};
struct HostKey {
    QString machine, keyType, fingerprint; // "ssh-ed25519", "SHA256:…"
};

class RemoteShell {
public:
    virtual ~RemoteShell() = default;
    virtual void exec(const Endpoint &to, ExecRequest request, std::function<void(Result<ExecResult>)> done) = 0;
    virtual void httpGet(const Endpoint &to, HttpRequest request, std::function<void(Result<HttpResult>)> done) = 0;
    virtual void scanKey(const Endpoint &to, std::function<void(Result<HostKey>)> done) = 0; // never authenticates
    virtual void closeAll() = 0; // drops every session; calls under way end with ConnectionLost, those not yet sent go over a new one
    virtual int openSessions() const = 0;
};

// Port: which key a machine must show. Asked on SSH threads: must be thread-safe.
class KeyTrust {
public:
    virtual ~KeyTrust() = default;
    struct Answer {
        bool known = false;
        QString fingerprint, keyType; // what is trusted
    };
    virtual Answer trusted(const QString &machine) const = 0;
    virtual bool isRevoked(const QString &fingerprint) const = 0; // whichever machine shows it
};

} // namespace bellwether
