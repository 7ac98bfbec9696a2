#pragma once
// A connection from a jump host to the next machine: a forwarded channel of the jump host's session, pumped to a socket
// whose other end the inner session takes for its TCP connection. Bounded both ways: what one side does not take is not
// read from the other.
#include "ssh/sshcall.h"
#include "ssh/sshhandles.h"
#include "ssh/sshroute.h"

#include <QObject>

class QSocketNotifier;

namespace bellwether {

// What the inner session holds of it. Emptied functions mean that nobody is there any more: the channel then closes.
struct Tunnel {
    std::function<void(Result<int>)> opened;  // once: the socket, connected; or why there is none
    std::function<void(const Error &)> lost;  // after that: the jump host's connection has gone
    bool worthAnother = false; // with opened's error: another connection to the jump host may do better
};

class ForwardCall final : public SshCall {
public:
    // inner: where it leads; its `over` is the jump host. wake: this call wants to be advanced soon, not at once.
    ForwardCall(std::shared_ptr<const SshRoute> inner, std::shared_ptr<Tunnel> tunnel, std::function<void()> wake);
    ~ForwardCall() override;

    // A jump host that is still trying to connect keeps the channel's place until it answers, even if nobody waits: a
    // dead machine behind it is no reason to give the connection up.
    bool expire() override;
    bool wasCrowdedOut() const { return m_crowdedOut; } // the server would not have so many
    bool waitsToWrite() const { return m_waitsToWrite; }  // until libssh has sent what it has

private:
    int open(ssh_channel channel) override;
    int begin(ssh_channel channel) override;
    bool run(ssh_channel channel) override;
    size_t room() const override;
    void data(const char *bytes, size_t size, bool isErr) override;
    void fail(Error error) override;
    bool failOpen(const QString &reason) override;
    QString what() const override;
    int runMs() const override;

    bool flush();                        // what came, to the session; false: the inner session has gone
    bool toSession(ssh_channel channel); // likewise
    bool toHost(ssh_channel channel);    // likewise
    void tell(Result<int> opened);

    const std::shared_ptr<const SshRoute> m_inner;
    const std::shared_ptr<Tunnel> m_tunnel;
    const std::function<void()> m_wake;
    FileDescriptor m_socket; // ours
    std::unique_ptr<QSocketNotifier> m_read, m_write;
    QByteArray m_toSession;  // came from the host, not yet taken by the session
    QByteArray m_toHost;     // the other way: one piece at most
    bool m_readable = false, m_waitsToWrite = false, m_crowdedOut = false;
};

} // namespace bellwether
