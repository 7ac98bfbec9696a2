#pragma once
// A real sshd and trust in its key, and commands put to it through a pool: what the tests of the SSH layer share (each
// calls startHost from its own slot).
#include "await.h"
#include "ssh/sshpool.h"
#include "testsshd.h"

#include <QElapsedTimer>

namespace bellwether {

using ExecAnswer = Result<ExecResult>;

inline ExecRequest command(const QByteArray &text, int timeoutMs = 20'000)
{
    ExecRequest request;
    request.command = text;
    request.timeoutMs = timeoutMs;
    return request;
}

inline QByteArray name(const Error &error)
{
    return errorKey(error.code);
}

class SshWorld : public QObject {
protected:
    std::unique_ptr<TestSshd> m_sshd;
    TestTrust m_trust;

    Awaited<ExecAnswer> exec(SshPool &pool, const Endpoint &to, const ExecRequest &request)
    {
        Awaited<ExecAnswer> answer;
        pool.exec(to, request, answer.callback());
        return answer;
    }

    void startHost()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_sshd = std::make_unique<TestSshd>();
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
        m_trust.trust(m_sshd->endpoint().machine(), m_sshd->fingerprint());
    }
};

#define EXPECT_ERROR(answer, key)                                                                         \
    do {                                                                                                  \
        const auto result = (answer);                                                                     \
        QVERIFY(result.wait());                                                                           \
        QVERIFY(!result->has_value());                                                                    \
        QCOMPARE(name(result->error()), QByteArray(key));                                                 \
    } while (false)

} // namespace bellwether
