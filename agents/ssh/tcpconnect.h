#pragma once
// Name → connected, non-blocking socket, without ever blocking: a look-up of the name, then a race of its addresses
// (RFC 8305): IPv6 and IPv4 in turn, another one each quarter of a second or as soon as one fails; the first that answers wins.
#include "domain/installation.h"
#include "ssh/namelookup.h"
#include "ssh/sshhandles.h"
#include "ssh/sshoptions.h"
#include "base/error.h"

#include <QHostAddress>
#include <QObject>
#include <QTimer>
#include <functional>
#include <list>

class QSocketNotifier;

namespace bellwether {

class TcpConnect final : public QObject {
public:
    // done runs once, later, unless this object goes before. HostNameUnresolved, ConnectFailed, ConnectTimeout.
    TcpConnect(const Endpoint &to, const SshOptions &options, std::function<void(Result<int>)> done, QObject *parent);
    ~TcpConnect() override;
    void begin();
    void begin(const QList<QHostAddress> &addresses); // as if the name had been looked up

private:
    struct Attempt {
        FileDescriptor socket;
        QSocketNotifier *notifier = nullptr;
    };
    void tryNext();
    void onWritable(std::list<Attempt>::iterator attempt);
    void drop(std::list<Attempt>::iterator attempt);
    void finish(Result<int> result);

    const Endpoint m_to;
    const SshOptions m_options;
    std::function<void(Result<int>)> m_done;
    QList<QHostAddress> m_addresses; // not yet tried
    std::list<Attempt> m_attempts;   // under way
    std::unique_ptr<NameLookup> m_lookup; // under way
    QString m_reason; // of the last address that failed
    QTimer m_deadline, m_stagger;
    QString m_phase;
};

} // namespace bellwether
