#pragma once
// A small HTTP/1.1 server for GET: one thread, one poll loop, at most 64 connections, each answered once and closed.
#include "outcome.h"

#include <QByteArray>
#include <QList>

#include <functional>
#include <list>

namespace bellwether::sample {

struct HttpAnswer {
    int status = 200;
    QByteArray type = "application/json", body;
};

class HttpServer {
public:
    using Handler = std::function<HttpAnswer(const QString &path)>;
    ~HttpServer();
    Outcome<void> listen(const QString &address, int port); // IPv4
    void run(const Handler &handler); // until stop(); on a thread of its own
    void stop();                      // any thread, also a signal handler

private:
    struct Connection {
        int fd = -1;
        QByteArray in, out;
        qint64 deadlineMs = 0;
    };
    void acceptOne();
    bool serve(Connection &connection, short events, const Handler &handler); // false: done with it
    int m_listener = -1;
    int m_wake[2] = {-1, -1};
    std::list<Connection> m_connections;
};

} // namespace bellwether::sample
