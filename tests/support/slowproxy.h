#pragma once
// A TCP proxy on the loopback in front of a port, as slow as one says, each way; in the thread of whoever made it.
#include <QHostAddress>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>

namespace bellwether {

class SlowProxy : public QObject {
public:
    SlowProxy(int port, qint64 bytesPerSecond) : m_share(bytesPerSecond * everyMs / 1000)
    {
        m_server.listen(QHostAddress(QStringLiteral("127.0.0.1")));
        connect(&m_server, &QTcpServer::newConnection, this, [this, port] {
            QTcpSocket *near = m_server.nextPendingConnection();
            auto *far = new QTcpSocket(near);
            far->connectToHost(QStringLiteral("127.0.0.1"), quint16(port));
            for (QTcpSocket *socket : {near, far}) {
                socket->setReadBufferSize(64 << 10); // what lies behind it waits at its sender
                m_pairs.emplaceBack(socket, socket == near ? far : near);
            }
            connect(far, &QTcpSocket::disconnected, near, &QTcpSocket::disconnectFromHost);
            connect(near, &QTcpSocket::disconnected, near, [this, near] {
                m_pairs.removeIf([near](const auto &pair) { return pair.first == near || pair.second == near; });
                near->deleteLater();
            });
        });
        m_timer.setInterval(everyMs);
        connect(&m_timer, &QTimer::timeout, this, [this] {
            for (const auto &[from, to] : std::as_const(m_pairs)) {
                if (to->state() == QAbstractSocket::ConnectedState)
                    to->write(from->read(m_share));
            }
        });
        m_timer.start();
    }
    ~SlowProxy() override
    {
        for (const auto &pair : std::as_const(m_pairs))
            pair.first->disconnect(); // the sockets go with the server, when the list of them has gone
    }
    int port() const { return m_server.serverPort(); }

private:
    static constexpr int everyMs = 10;
    const qint64 m_share;
    QTcpServer m_server;
    QTimer m_timer;
    QList<std::pair<QTcpSocket *, QTcpSocket *>> m_pairs;
};

} // namespace bellwether
