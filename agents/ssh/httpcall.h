#pragma once
// An HTTP GET to an address seen from the host, through a direct-tcpip channel. HTTP/1.0, one request a connection:
// the answer ends with the connection, at its stated length, or with its last chunk. Anything else is unreadable.
#include "ssh/sshcall.h"

#include <QElapsedTimer>
#include <optional>

namespace bellwether {

class HttpCall final : public AnsweringCall<HttpResult> {
public:
    HttpCall(const Endpoint &to, HttpRequest request, std::function<void(Result<HttpResult>)> done, std::shared_ptr<Outbox> outbox);

protected:
    int open(ssh_channel channel) override;
    int begin(ssh_channel channel) override;
    bool run(ssh_channel channel) override;
    void data(const char *bytes, size_t size, bool isErr) override;
    QString what() const override;
    int runMs() const override;
    bool failOpen(const QString &reason) override;

private:
    bool unreadable(const QString &why);

    HttpRequest m_request;
    QByteArray m_toHost, m_answer;
    QElapsedTimer m_since;
};

// The answer as far as it came; ended: nothing more will come. Not yet whole: neither value nor problem.
struct HttpAnswer {
    std::optional<HttpResult> result;
    QString problem;
};
HttpAnswer readHttpAnswer(const QByteArray &bytes, bool ended, qsizetype bodyLimit);

} // namespace bellwether
