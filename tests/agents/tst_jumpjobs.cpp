// Steps on a machine behind a jump host: its narrow limits, and what a jump host that dies in the middle changes (nothing).
#include "hostjobsworld.h"

using namespace bellwether;

class TestJumpJobs : public HostJobsWorld {
    Q_OBJECT

    std::unique_ptr<TestSshd> m_gate;
    HostJobs::Host m_far;

    qsizetype logins(const TestSshd &sshd) const { return sshd.log().count("Accepted publickey"); }

private Q_SLOTS:
    void init()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_gate = std::make_unique<TestSshd>(QStringList{"MaxSessions 2"});
        m_sshd = std::make_unique<TestSshd>(QStringList{"MaxSessions 2"});
        QVERIFY(m_gate->isRunning() && m_sshd->isRunning());
        m_trust.trust(m_gate->endpoint().machine(), m_gate->fingerprint());
        m_state = std::make_unique<QTemporaryDir>();
        m_far = host();
        m_far.endpoint.jump = QStringLiteral("gate");
        m_trust.trust(m_far.endpoint.machine(), m_sshd->fingerprint());
        m_pool = std::make_unique<SshPool>(m_trust, this, SshOptions{}, nullptr, [this](const QString &) { return std::optional(m_gate->endpoint()); });
        m_jobs = std::make_unique<HostJobs>(*m_pool);
    }
    void cleanup() { endJobs(); }
    void fewChannelsAreWaitedFor()
    {
        // [fault 34]
        const QString token = QStringLiteral("r1.h1.0.1.1");
        WORKS(lockOn(m_far));
        const auto started = startOn(m_far, token, "echo begun\nsleep 3\n" + effect("one") + "exit 4\n");
        WORKS(started);
        QList<Awaited<Result<JobPoll>>> polls;
        for (int i = 0; i < 12; ++i) {
            polls.emplaceBack();
            m_jobs->poll(m_far, token, 0, 0, 65536, 1, polls.last().callback());
        }
        Awaited<Status> renewed;
        m_jobs->renew(m_far, 1, owner, 150, renewed.callback());
        for (const auto &poll : polls) {
            QVERIFY(poll.wait(60'000));
            WORKS(*poll);
            QVERIFY((*poll)->state == JobState::Running || (*poll)->state == JobState::Done);
        }
        QVERIFY(renewed.wait());
        WORKS(*renewed);
        const JobPoll end = endOn(m_far, token);
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 4);
        QCOMPARE(effects(), QByteArray("one\n"));
        QCOMPARE(logins(*m_gate), 1);
        QCOMPARE(logins(*m_sshd), 1);
    }
    void aStepOutlivesItsJumpHost()
    {
        // [fault 1, 6]
        const QString token = QStringLiteral("r1.h1.0.1.1");
        const QByteArray script = "echo begun\nsleep 4\n" + effect("one") + "echo over\n";
        WORKS(lockOn(m_far));
        WORKS(startOn(m_far, token, script));
        Awaited<Result<JobPoll>> waiting;
        m_jobs->poll(m_far, token, 6, 0, 65536, 20, waiting.callback());
        QVERIFY(QTest::qWaitFor([&] { return contentOf(jobFile(token, "out")) == "begun\n"; }));
        QTest::qWait(300);
        m_gate->cutConnections();
        QVERIFY(waiting.wait());
        FAILS(*waiting, "connection-lost");
        QVERIFY2(waiting->error().args.at(1).contains("its jump host gate"), why(waiting->error()));
        const auto attached = startOn(m_far, token, script); // as a console that does not know whether it had begun
        WORKS(attached);
        QVERIFY(*attached == JobState::Running);
        const JobPoll end = endOn(m_far, token);
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 0);
        QCOMPARE(contentOf(jobFile(token, "out")), QByteArray("begun\nover\n"));
        QCOMPARE(effects(), QByteArray("one\n"));
        QCOMPARE(logins(*m_gate), 2);
    }
};

QTEST_GUILESS_MAIN(TestJumpJobs)
#include "tst_jumpjobs.moc"
