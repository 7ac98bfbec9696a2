#pragma once
// Name → connected, non-blocking socket, without ever blocking: names through QHostInfo, then every address in turn.
#include "domain/installation.h"
#include "ssh/sshhandles.h"
#include "ssh/sshoptions.h"
#include "base/error.h"

#include <QHostAddress>
#include <QObject>
#include <QTimer>
#include <functional>

class QSocketNotifier;

namespace bellwether {

class TcpConnect final : public QObject {
public:
    // done runs once, later, unless this object goes before. HostNameUnresolved, ConnectFailed, ConnectTimeout.
    TcpConnect(const Endpoint &to, const SshOptions &options, std::function<void(Result<int>)> done, QObject *parent);
    ~TcpConnect() override;
    void begin();

private:
    void tryNext();
    void onWritable();
    void finish(Result<int> result);
    void dropSocket();

    const Endpoint m_to;
    const SshOptions m_options;
    std::function<void(Result<int>)> m_done;
    QList<QHostAddress> m_addresses;
    qsizetype m_next = 0;
    int m_lookup = -1;
    QString m_reason; // of the last address that failed
    FileDescriptor m_socket;
    QSocketNotifier *m_notifier = nullptr;
    QTimer m_deadline, m_perAddress;
    QString m_phase;
};

} // namespace bellwether
