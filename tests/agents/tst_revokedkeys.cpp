// A revoked host key is refused before anything of the user's is sent, whether its host is trusted, unknown or only
// looked at, over a real sshd. [S1, S2]
#include "sshworld.h"

#include <QTest>

using namespace bellwether;

class TestRevokedKeys : public SshWorld {
    Q_OBJECT
private Q_SLOTS:
    void init() { startHost(); }
    void aTrustedKeyThatIsRevokedIsRefused();
    void anUnknownHostIsNotOfferedForTrust();
    void otherKeysAreStillBelieved();
    void aKeptSessionEndsWithItsKey();
};

void TestRevokedKeys::aTrustedKeyThatIsRevokedIsRefused()
{
    m_trust.revoke(m_sshd->fingerprint());
    SshPool pool(m_trust, this);
    const auto answer = exec(pool, m_sshd->endpoint(), command("echo in"));
    EXPECT_ERROR(answer, "host-key-revoked");
    QCOMPARE(answer->error().args, (QStringList{m_sshd->endpoint().machine(), m_sshd->fingerprint()}));
    QCOMPARE(m_sshd->authAttempts(), 0);
}

void TestRevokedKeys::anUnknownHostIsNotOfferedForTrust()
{
    TestTrust nobody;
    nobody.revoke(m_sshd->fingerprint());
    SshPool pool(nobody, this);
    EXPECT_ERROR(exec(pool, m_sshd->endpoint(), command("echo in")), "host-key-revoked");
    Awaited<Result<HostKey>> scanned;
    pool.scanKey(m_sshd->endpoint(), scanned.callback());
    EXPECT_ERROR(scanned, "host-key-revoked");
    QCOMPARE(m_sshd->authAttempts(), 0);
}

void TestRevokedKeys::otherKeysAreStillBelieved()
{
    m_trust.revoke(QStringLiteral("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    SshPool pool(m_trust, this);
    const auto answer = exec(pool, m_sshd->endpoint(), command("echo in"));
    QVERIFY(answer.wait());
    QVERIFY(answer->has_value());
    QCOMPARE(m_sshd->authAttempts() > 0, true); // or the zeros above would say nothing
}

void TestRevokedKeys::aKeptSessionEndsWithItsKey()
{
    SshPool pool(m_trust, this);
    const auto before = exec(pool, m_sshd->endpoint(), command("echo in"));
    QVERIFY(before.wait() && before->has_value());
    const auto waiting = exec(pool, m_sshd->endpoint(), command("sleep 30"));
    QTRY_COMPARE(pool.openSessions(), 1);
    m_trust.revoke(m_sshd->fingerprint());
    EXPECT_ERROR(waiting, "host-key-revoked");
    QTRY_COMPARE(pool.openSessions(), 0);
    EXPECT_ERROR(exec(pool, m_sshd->endpoint(), command("echo in")), "host-key-revoked");
}

QTEST_GUILESS_MAIN(TestRevokedKeys)
#include "tst_revokedkeys.moc"
