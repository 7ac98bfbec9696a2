// Links and hosts that misbehave while a step runs, over a real sshd behind a proxy of our own.
#include "base/clock.h"
#include "faultproxy.h"
#include "hostjobsworld.h"
#include "privatenet.h"
#include "probes/probe.h"
#include "steps/sshhosts.h"

#include <QTcpServer>
#include <QTcpSocket>

#include <csignal>

using namespace bellwether;

namespace {

// The most that a log may add to this process. The address sanitizer keeps back up to 256 MB of what was freed.
#ifdef __SANITIZE_ADDRESS__
constexpr qint64 mostMemory = 300 << 20;
#else
constexpr qint64 mostMemory = 32 << 20;
#endif

// Resident memory of this process in bytes.
qint64 resident()
{
    return contentOf(QStringLiteral("/proc/self/statm")).split(' ').value(1).toLongLong() * 4096;
}

} // namespace

class TestLinkFaults : public HostJobsWorld {
    Q_OBJECT

    HostJobs::Host behind(const FaultProxy &proxy)
    {
        HostJobs::Host host = this->host();
        host.endpoint.port = proxy.port();
        m_trust.trust(host.endpoint.machine(), m_sshd->fingerprint());
        return host;
    }

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void init() { startJobs(); }
    void cleanup() { endJobs(); }

    void aLossyLinkIsNoFailure()
    {
        // [fault 3] 30 % loss, 200 ms ± 100 there and back. The loss is real where this machine can make it (in a network of
        // the test's own, by netem or nft); elsewhere pieces come late as if they had been sent again.
        const PrivateNet net;
        TestSshd sshd;
        QVERIFY2(sshd.isRunning(), qPrintable(sshd.failure()));
        FaultProxy proxy(sshd.port(), {.delayMs = 100, .jitterMs = 50});
        QVERIFY(proxy.isListening());
        const QByteArray way = net.lose(30, proxy.port());
        qInfo("packets are lost by %s", way.isEmpty() ? "nothing here: late pieces stand for them" : way.constData());
        if (way.isEmpty())
            proxy.set({.delayMs = 100, .jitterMs = 50, .sliceBytes = 1400, .stallEveryPieces = 3, .stallMs = 400});
        m_jobs.reset(); // its threads belong to the other network
        m_pool = std::make_unique<SshPool>(m_trust, this);
        m_jobs = std::make_unique<HostJobs>(*m_pool);
        HostJobs::Host far{sshd.endpoint(), m_state->path()};
        far.endpoint.port = proxy.port();
        m_trust.trust(far.endpoint.machine(), sshd.fingerprint());
        // As the engine does: what a link did not carry is asked again, which never does a thing twice.
        const auto persistent = [](const auto &ask) {
            auto answer = ask();
            for (int i = 0; i < 4 && !answer && isConnectionError(answer.error()); ++i)
                answer = ask();
            return answer;
        };
        WORKS(persistent([&] { return lockOn(far); }));
        WORKS(persistent([&] { return startOn(far, "t1", effect("once") + "head -c 20000 /dev/zero | tr '\\0' x\n"); }));
        const JobPoll end = endOn(far, "t1");
        QCOMPARE(end.state, JobState::Done);
        QCOMPARE(end.exitStatus, 0);
        QCOMPARE(end.outSize, 20'000);
        QCOMPARE(effects(), QByteArray("once\n"));
        m_jobs.reset();
        m_pool.reset(); // in the network it belongs to
    }
    void aSlowLinkCarriesTheHealthChecksBesideALog()
    {
        // [fault 4] 20 MB of output and 1 kB a second both ways: the log comes in small windows, asked for in few words, and
        // the checks in between in time.
        FaultProxy proxy(m_sshd->port());
        Installation far;
        far.name = QStringLiteral("far-01");
        far.endpoint = behind(proxy).endpoint;
        far.state = m_state->path();
        const SystemClock clock;
        SshHosts hosts(*m_pool, clock);
        QTcpServer service;
        QVERIFY(service.listen(QHostAddress::LocalHost));
        connect(&service, &QTcpServer::newConnection, &service, [&service] {
            QTcpSocket *socket = service.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [socket] {
                socket->write("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"status\":\"ok\",\"version\":\"1.4.0\"}");
                socket->disconnectFromHost();
            });
            connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
        });
        Probes probes;
        Probe health;
        health.via = ProbeVia::Http;
        health.httpPort = QString::number(service.serverPort());
        health.httpPath = QStringLiteral("/health");
        health.field = QStringLiteral("status");
        health.expect = QStringLiteral("ok");
        health.timeoutS = 5;
        probes.health = health;
        probes.version.via = ProbeVia::Http; // of the same service
        probes.version.httpPort = health.httpPort;
        probes.version.httpPath = health.httpPath;
        probes.version.field = QStringLiteral("version");
        probes.version.timeoutS = 5;

        Awaited<Result<Lease>> lease;
        hosts.lock(far, owner, 150, {}, lease.callback());
        QVERIFY(lease.wait());
        WORKS(*lease);
        Awaited<Result<JobState>> begun;
        hosts.start(far, "t1", 1, owner, 0, "head -c 20000000 /dev/zero | tr '\\0' '\\n'; sleep 60\n", begun.callback());
        QVERIFY(begun.wait());
        WORKS(*begun);
        QVERIFY(QTest::qWaitFor([&] { return QFileInfo(jobFile("t1", "out")).size() == 20'000'000; }, 30'000));
        const qint64 before = resident();
        proxy.set({.upPerSecond = 1000, .downPerSecond = 1000});

        qint64 offset = 0;
        int polls = 0;
        bool polling = false, enough = false;
        const std::function<void()> next = [&] {
            polling = !enough;
            if (enough)
                return;
            hosts.poll(far, "t1", offset, 0, 0, [&](Result<JobPoll> poll) {
                offset += poll ? poll->out.size() : 0;
                polls += poll ? 1 : 0;
                next();
            });
        };
        next();
        for (int i = 0; i < 4; ++i) {
            Awaited<Result<HealthSample>> sample;
            hosts.sample(far, probes, 5, sample.callback());
            QVERIFY(sample.wait(30'000));
            WORKS(*sample);
            if (i > 0) // the first may stand behind the first, still untried window
                QVERIFY2((*sample)->health == Health::Ok, qPrintable((*sample)->detail));
        }
        enough = true;
        proxy.set({});
        QVERIFY(QTest::qWaitFor([&] { return !polling; }, 60'000));
        QVERIFY2(polls >= 2 && offset > 0, QByteArray::number(polls).constData());
        QVERIFY2(resident() - before < mostMemory, QByteArray::number(resident() - before).constData());
        QVERIFY(cancel("t1"));
        QVERIFY(finished("t1").state == JobState::Done);
    }
    void aServerStartedAgainFindsTheStep()
    {
        // [fault 5] The listener is ended and started again, with it every connection; the step never notices.
        WORKS(lock());
        WORKS(start("t1", effect("once") + "sleep 3; echo end\n"));
        m_sshd->cutConnections();
        m_sshd->stopListening();
        QVERIFY(!poll("t1"));
        m_sshd->startListening();
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
        const JobPoll end = finished("t1");
        QCOMPARE(end.state, JobState::Done);
        QCOMPARE(end.out, QByteArray("end\n"));
        QCOMPARE(effects(), QByteArray("once\n"));
    }
    void aSilentLinkIsGivenUpAndTheStepFoundAgain()
    {
        // [fault 2] No RST, no FIN: nothing comes any more.
        SshOptions options;
        options.keepAliveMs = 1'500;
        m_jobs.reset();
        m_pool = std::make_unique<SshPool>(m_trust, this, options);
        m_jobs = std::make_unique<HostJobs>(*m_pool);
        FaultProxy proxy(m_sshd->port());
        const HostJobs::Host far = behind(proxy);
        WORKS(lockOn(far));
        WORKS(startOn(far, "t1", effect("once") + "sleep 4; echo end\n"));
        Awaited<Result<JobPoll>> waiting;
        m_jobs->poll(far, "t1", 0, 0, 100, 20, waiting.callback());
        QTest::qWait(500); // it has been asked
        proxy.set({.silent = true});
        QElapsedTimer since;
        since.start();
        QVERIFY(waiting.wait());
        FAILS(*waiting, "connection-lost");
        QVERIFY2(since.elapsed() < 15'000, QByteArray::number(since.elapsed()).constData());
        proxy.set({});
        const JobPoll end = endOn(far, "t1");
        QCOMPARE(end.state, JobState::Done);
        QCOMPARE(effects(), QByteArray("once\n"));
    }
    void aResetLinkIsMadeAnew()
    {
        // [fault 1] RST in the middle of a long poll.
        FaultProxy proxy(m_sshd->port());
        const HostJobs::Host far = behind(proxy);
        WORKS(lockOn(far));
        WORKS(startOn(far, "t1", effect("once") + "sleep 2; echo end\n"));
        Awaited<Result<JobPoll>> waiting;
        m_jobs->poll(far, "t1", 0, 0, 100, 20, waiting.callback());
        QTest::qWait(300);
        proxy.resetAll();
        QVERIFY(waiting.wait());
        FAILS(*waiting, "connection-lost");
        const JobPoll end = endOn(far, "t1");
        QCOMPARE(end.state, JobState::Done);
        QCOMPARE(end.outSize, 4);
        QCOMPARE(effects(), QByteArray("once\n"));
    }
    void aGigabyteStaysOnTheHost()
    {
        // [fault 38] One line of a gigabyte, and none of it in this program beyond one window. (Sparse: the disk of whoever
        // runs the tests is not the subject.)
        WORKS(lock());
        WORKS(start("t1", "truncate -s 1000000000 " + jobFile("t1", "out").toUtf8() + "; sleep 60\n"));
        QVERIFY(QTest::qWaitFor([&] { return QFileInfo(jobFile("t1", "out")).size() == 1'000'000'000; }, 20'000));
        const qint64 before = resident();
        qint64 offset = 0;
        for (int i = 0; i < 40; ++i) {
            const auto answer = poll("t1", offset, 0, 0, 256 << 10);
            WORKS(answer);
            QCOMPARE(answer->outSize, 1'000'000'000);
            QCOMPARE(answer->out.size(), 256 << 10);
            offset += answer->out.size();
        }
        const auto last = poll("t1", 999'999'000, 0, 0, 256 << 10); // from anywhere, at once
        WORKS(last);
        QCOMPARE(last->out.size(), 1000);
        QVERIFY2(resident() - before < mostMemory, QByteArray::number(resident() - before).constData());
        WORKS(cancel("t1"));
        QCOMPARE(finished("t1").state, JobState::Done);
    }
    void clocksOfHostsMeanNothing_data()
    {
        QTest::addColumn<QString>("clock");
        QTest::newRow("1970") << "1970-01-01T00:00:07Z";
        QTest::newRow("2099") << "2099-12-31T23:59:59Z";
        QTest::newRow("no date at all") << "";
    }
    void clocksOfHostsMeanNothing()
    {
        // [fault 29] Leases, deadlines and heartbeats count the host's uptime.
        QFETCH(QString, clock);
        const QTemporaryDir bin;
        QFile date(bin.filePath("date"));
        QVERIFY(date.open(QIODevice::WriteOnly));
        date.write("#!/bin/sh\necho '" + clock.toUtf8() + "'\n");
        date.close();
        date.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        TestSshd odd({"SetEnv PATH=" + bin.path() + ":/usr/bin:/bin"});
        QVERIFY2(odd.isRunning(), qPrintable(odd.failure()));
        m_trust.trust(odd.endpoint().machine(), odd.fingerprint());
        const HostJobs::Host host{odd.endpoint(), m_state->path()};
        WORKS(lockOn(host));
        WORKS(startOn(host, "t1", "date; sleep 30\n", 2));
        const JobPoll end = endOn(host, "t1");
        QCOMPARE(end.state, JobState::Done);
        QCOMPARE(end.why, QString("timeout"));
        QVERIFY2(end.durationS >= 2 && end.durationS < 30, QByteArray::number(end.durationS).constData());
        QVERIFY(contentOf(jobFile("t1", "out")).startsWith(clock.toUtf8())); // the odd clock was really there
        FAILS(lock(stranger), "host-locked");
    }
    void whoLeavesTheSessionIsLeftAlone()
    {
        // [fault 16] A daemon that made a session of its own outlives its step; the step is done, the host free for the next.
        WORKS(lock());
        WORKS(start("t1", "setsid sh -c 'echo $$ >" + m_state->filePath("daemon").toUtf8() + "; exec sleep 100' & sleep 0.5; exit 0\n"));
        const JobPoll end = finished("t1");
        QCOMPARE(end.exitStatus, 0);
        QVERIFY(!end.stepAlive); // of the step itself nobody is left
        const auto daemon = contentOf(m_state->filePath("daemon")).trimmed().toInt();
        QVERIFY(daemon > 1 && ::kill(daemon, 0) == 0);
        WORKS(start("t2", "echo next\n"));
        QCOMPARE(finished("t2").out, QByteArray("next\n"));
        ::kill(daemon, SIGKILL);
    }
    void keysChangeUnderManyChannels_data()
    {
        QTest::addColumn<QString>("server");
        QTest::addColumn<int>("bytes");
        QTest::addColumn<int>("seconds");
        QTest::newRow("asked for by the host") << "RekeyLimit 1M" << 0 << 0;
        QTest::newRow("by us, after a volume") << "" << 1'000'000 << 0;
        QTest::newRow("by us, after a time") << "" << 0 << 1;
    }
    void keysChangeUnderManyChannels()
    {
        // [fault 40] New keys again and again, with many channels asking and a step being looked after meanwhile.
        QFETCH(QString, server);
        QFETCH(int, bytes);
        QFETCH(int, seconds);
        TestSshd eager(QStringList{server.isEmpty() ? QStringLiteral("RekeyLimit default none") : server, QStringLiteral("LogLevel DEBUG1")});
        QVERIFY2(eager.isRunning(), qPrintable(eager.failure()));
        m_trust.trust(eager.endpoint().machine(), eager.fingerprint());
        SshOptions options;
        options.rekeyBytes = bytes > 0 ? quint64(bytes) : options.rekeyBytes;
        options.rekeyS = seconds > 0 ? quint32(seconds) : options.rekeyS;
        m_jobs.reset();
        m_pool = std::make_unique<SshPool>(m_trust, this, options);
        m_jobs = std::make_unique<HostJobs>(*m_pool);
        const HostJobs::Host host{eager.endpoint(), m_state->path()};
        WORKS(lockOn(host));
        WORKS(startOn(host, "t1", effect("once") + "for i in 1 2 3 4 5 6; do head -c 100000 /dev/zero | tr '\\0' x; sleep 0.5; done\n"));
        ExecRequest flood;
        flood.command = "head -c 20000000 /dev/zero";
        flood.outputLimit = 1 << 20;
        flood.timeoutMs = 120'000;
        Awaited<Result<ExecResult>> big;
        m_pool->exec(eager.endpoint(), flood, big.callback());
        QList<Awaited<Result<ExecResult>>> small;
        for (int i = 0; i < 40; ++i) {
            ExecRequest request;
            request.command = "wc -c";
            request.input = QByteArray(200'000, 'x');
            request.timeoutMs = 60'000;
            m_pool->exec(eager.endpoint(), request, small.emplaceBack().callback());
        }
        const JobPoll end = endOn(host, "t1", 60);
        QCOMPARE(end.state, JobState::Done);
        QCOMPARE(end.outSize, 600'000);
        for (const auto &answer : std::as_const(small)) {
            QVERIFY(answer.wait(60'000));
            WORKS(*answer);
            QCOMPARE((*answer)->out.trimmed(), QByteArray("200000"));
        }
        QVERIFY(big.wait(120'000));
        WORKS(*big);
        QVERIFY((*big)->truncated);
        QCOMPARE((*big)->exitStatus, 0);
        QCOMPARE(effects(), QByteArray("once\n"));
        QCOMPARE(m_pool->openSessions(), 1);
        QCOMPARE(eager.log().count("Accepted publickey"), 1); // one connection all the while
        const auto renewals = eager.log().count("SSH2_MSG_NEWKEYS received") - 1;
        QVERIFY2(renewals >= 2, QByteArray::number(renewals).constData());
    }
};

QTEST_GUILESS_MAIN(TestLinkFaults)
#include "tst_linkfaults.moc"
