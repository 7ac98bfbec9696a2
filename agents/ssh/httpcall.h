#pragma once
// An HTTP GET to an address seen from the host: a direct-tcpip channel on one side, libcurl on the other, a socket pair
// between them.
#include "ssh/curlloop.h"
#include "ssh/sshcall.h"
#include "ssh/sshhandles.h"

#include <QElapsedTimer>

namespace bellwether {

class HttpCall final : public SshCall {
public:
    HttpCall(const Endpoint &to, HttpRequest request, std::function<void(Result<HttpResult>)> done, std::shared_ptr<Outbox> outbox);
    ~HttpCall() override;
    void setLoop(CurlLoop *loop) { m_loop = loop; } // of the thread it runs on

protected:
    int open(ssh_channel channel) override;
    int begin(ssh_channel channel) override;
    bool run(ssh_channel channel) override;
    void data(const char *bytes, size_t size, bool isErr) override;
    void fail(Error error) override;
    QString what() const override;
    int runMs() const override;
    bool failOpen(const QString &reason) override;

private:
    void toCurl();
    void send(Result<HttpResult> result);
    QByteArray url() const;

    HttpRequest m_request;
    std::function<void(Result<HttpResult>)> m_done;
    CurlLoop *m_loop = nullptr;
    CURL *m_easy = nullptr;
    FileDescriptor m_end; // our end of the pair
    QSocketNotifier *m_reading = nullptr, *m_writing = nullptr;
    QByteArray m_fromHost, m_toHost;
    bool m_curlEnded = false;
    QElapsedTimer m_since;
    std::unique_ptr<CurlLoop::Answer> m_answer;
};

} // namespace bellwether
