#pragma once
// A command on a host: no terminal, no agent forwarding, both streams drained, the exit believed only when stated.
#include "ssh/sshcall.h"

namespace bellwether {

class ExecCall final : public AnsweringCall<ExecResult> {
public:
    ExecCall(const Endpoint &to, ExecRequest request, std::function<void(Result<ExecResult>)> done, std::shared_ptr<Outbox> outbox);
    ~ExecCall() override; // its input may begin with a password

protected:
    int open(ssh_channel channel) override;
    int begin(ssh_channel channel) override;
    bool run(ssh_channel channel) override;
    void data(const char *bytes, size_t size, bool isErr) override;
    QString what() const override;
    int runMs() const override;

private:
    void feed(ssh_channel channel); // its input, as far as the host takes it now
    ExecRequest m_request;
    ExecResult m_result;
    qsizetype m_written = 0;
    bool m_inputEnded = false;
    QDeadlineTimer m_endOfInput{QDeadlineTimer::Forever}; // of a command that has none
    QDeadlineTimer m_afterExit{QDeadlineTimer::Forever};
};

} // namespace bellwether
