// What the engine learns of a host, over a real sshd: facts, one line per probe that failed, nothing guessed.
#include "await.h"
#include "base/clock.h"
#include "ssh/sshpool.h"
#include "steps/sshhosts.h"
#include "testsshd.h"

#include <QDir>
#include <QTcpServer>
#include <QTcpSocket>

using namespace bellwether;

class TestSshHosts : public QObject {
    Q_OBJECT
    std::unique_ptr<TestSshd> m_sshd;
    TestTrust m_trust;
    SystemClock m_clock;
    std::unique_ptr<SshPool> m_pool;
    std::unique_ptr<SshHosts> m_hosts;
    QTemporaryDir m_folder;
    QTcpServer m_service;
    QByteArray m_status = "200 OK", m_body;

    Installation installation() const
    {
        Installation host;
        host.name = QStringLiteral("shop-01");
        host.endpoint = m_sshd->endpoint();
        host.directory = m_folder.path();
        host.state = m_folder.filePath("state");
        return host;
    }
    static Probe says(const QString &text, ProbeFormat format = ProbeFormat::Json)
    {
        Probe probe;
        probe.argv = QStringList{"printf", "%s", text};
        probe.format = format;
        return probe;
    }
    Probe http(const QString &field, const QString &expect = {}) const
    {
        Probe probe;
        probe.via = ProbeVia::Http;
        probe.httpPort = QString::number(m_service.serverPort());
        probe.httpPath = QStringLiteral("/health");
        probe.field = field;
        probe.expect = expect;
        probe.timeoutS = 2;
        return probe;
    }
    Probes probes() const
    {
        Probes all;
        all.version = http("version");
        all.health = http("status", "ok");
        all.ledger = says(R"({"applied":["001-a","002-b"],"half_migrated":null})");
        all.lastBackup = says(R"({"path":"/b/1","at":"2026-11-20T01:02:03Z","ended":1795000000000,"size":12,"sha256":"aa","verified":true,"content":{"orders":7}})");
        all.content = says(R"({"orders":7,"customers":3})");
        all.storage = says(R"({"disk_free":1000,"database_size":20,"database_server":"SQLite 3"})");
        all.backup = says(R"({"path":"{backup}","at":5,"ended":6,"size":12,"verified":true})");
        return all;
    }
    HostFacts measure(const Installation &host, const Probes &all)
    {
        Awaited<HostFacts> facts;
        m_hosts->measure(host, all, facts.callback());
        return facts.wait() ? *facts : HostFacts{};
    }
    Result<HealthSample> sample(const Probes &all)
    {
        Awaited<Result<HealthSample>> answer;
        m_hosts->sample(installation(), all, 2, answer.callback());
        return answer.wait() ? *answer : Result<HealthSample>(fail(ErrorCode::Interrupted));
    }

private Q_SLOTS:
    void initTestCase()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_sshd = std::make_unique<TestSshd>();
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
        m_trust.trust(m_sshd->endpoint().machine(), m_sshd->fingerprint());
        QVERIFY(m_service.listen(QHostAddress(QStringLiteral("127.0.0.1"))));
        connect(&m_service, &QTcpServer::newConnection, this, [this] {
            QTcpSocket *socket = m_service.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, this, [this, socket] {
                if (!socket->readAll().endsWith("\r\n\r\n"))
                    return;
                socket->write("HTTP/1.1 " + m_status + "\r\nContent-Length: " + QByteArray::number(m_body.size()) + "\r\n\r\n" + m_body);
                socket->disconnectFromHost();
            });
        });
        m_pool = std::make_unique<SshPool>(m_trust, this);
        m_hosts = std::make_unique<SshHosts>(*m_pool, m_clock);
    }
    void init()
    {
        m_status = "200 OK";
        m_body = R"({"status":"ok","version":"1.4.0","pid":4711})";
    }
    void cleanupTestCase()
    {
        m_hosts.reset();
        m_pool.reset();
        m_sshd.reset();
    }

    void everythingThatCanBeMeasured()
    {
        const HostFacts facts = measure(installation(), probes());
        QVERIFY2(facts.problems.isEmpty(), qPrintable(facts.problems.join(u'\n')));
        QVERIFY(facts.reachable && facts.error.isEmpty() && facts.measuredMs > 0);
        QCOMPARE(facts.version->toString(), QString("1.4.0"));
        QVERIFY(facts.health == Health::Ok);
        QCOMPARE(*facts.ledger, (Ledger{{"001-a", "002-b"}, {}}));
        QCOMPARE(facts.backup->path, QString("/b/1"));
        QCOMPARE(facts.backup->startedMs, QDateTime::fromString("2026-11-20T01:02:03Z", Qt::ISODate).toMSecsSinceEpoch());
        QVERIFY(facts.backup->verified);
        QCOMPARE(facts.content, (QMap<QString, qint64>{{"customers", 3}, {"orders", 7}}));
        QCOMPARE(*facts.diskFree, 1000);
        QCOMPARE(*facts.databaseSize, 20);
        QVERIFY(!facts.bootId.isEmpty() && facts.lockOwner.isEmpty());
        QVERIFY(!QDir(m_folder.filePath("state")).exists());
        Awaited<Result<Lease>> lease;
        m_hosts->lock(installation(), "ws-1", 150, {}, lease.callback());
        QVERIFY(lease.wait() && lease->has_value());
        QCOMPARE(measure(installation(), probes()).lockOwner, QString("ws-1"));
    }
    void aStateFolderThatCannotBeUsedIsSaid()
    {
        // [fault 19] When the host is looked at, and not when its turn has come.
        QVERIFY(!measure(installation(), {}).stateProblem);
        Installation odd = installation();
        odd.state = m_folder.filePath("plain");
        QFile plain(odd.state);
        QVERIFY(plain.open(QIODevice::WriteOnly));
        const HostFacts facts = measure(odd, {});
        QVERIFY(facts.reachable && facts.stateProblem);
        QCOMPARE(*facts.stateProblem, odd.state + QStringLiteral(" is not writable for this login"));
        QCOMPARE(facts.problems, QStringList{QStringLiteral("host-run state: ") + *facts.stateProblem});
    }
    void whatCannotBeReadIsNamedAndNotGuessed()
    {
        Probes odd = probes();
        odd.version = says("banana", ProbeFormat::Text);
        odd.ledger = says(R"({"applied":"all"})");
        odd.lastBackup = says("null");
        odd.content = says(R"({"orders":"seven"})");
        odd.storage.argv = QStringList{"sh", "-c", "echo no such volume >&2; exit 3"};
        const HostFacts facts = measure(installation(), odd);
        QVERIFY(facts.reachable);
        QVERIFY(!facts.version && !facts.ledger && !facts.backup && !facts.diskFree && facts.content.isEmpty());
        QStringList named;
        for (const QString &problem : facts.problems)
            named << problem.section(u':', 0, 0);
        named.sort();
        QCOMPARE(named, QStringList({"content", "ledger", "storage", "version"}));
        QVERIFY2(facts.problems.filter("storage").first().contains("ended with 3: no such volume"), qPrintable(facts.problems.join(u'\n')));
    }
    void hostsThatAreNotReached()
    {
        Installation host = installation();
        host.endpoint.port = 1;
        HostFacts facts = measure(host, probes());
        QVERIFY(!facts.reachable && facts.problems.isEmpty());
        QCOMPARE(facts.error, QString("connect-failed"));
        QCOMPARE(facts.errorArgs.first(), QString("shop-01")); // people know the installation
        TestSshd stranger;
        QVERIFY(stranger.isRunning());
        host.endpoint = stranger.endpoint();
        facts = measure(host, probes());
        QCOMPARE(facts.error, QString("host-key-unknown"));
        QVERIFY(!facts.reachable && facts.health == Health::Unknown);
        QCOMPARE(stranger.authAttempts(), 0);
    }
    void health_data()
    {
        QTest::addColumn<QByteArray>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("health");
        const auto row = [](const char *name, const char *status, const char *body, Health health) {
            QTest::newRow(name) << QByteArray(status) << QByteArray(body) << int(health);
        };
        row("ok", "200 OK", R"({"status":"ok","version":"1.4.0","pid":1})", Health::Ok);
        row("starting", "503 No", R"({"status":"starting"})", Health::Starting);
        row("degraded", "200 OK", R"({"status":"degraded","version":"1.4.0"})", Health::Unhealthy);
        row("error", "500 No", "oops", Health::Unhealthy);
        row("cut short", "200 OK", R"({"status":"ok")", Health::Unhealthy);
        row("a page for every path", "200 OK", "<html>login</html>", Health::Unhealthy);
        row("another document", "200 OK", R"(["ok"])", Health::Unhealthy);
    }
    void health()
    {
        QFETCH(int, health);
        QFETCH(QByteArray, status);
        QFETCH(QByteArray, body);
        m_status = status;
        m_body = body;
        const auto seen = sample(probes());
        QVERIFY(seen);
        QCOMPARE(int(seen->health), health);
        QCOMPARE(seen->version, QString(body.contains("1.4.0") ? "1.4.0" : ""));
        if (health == int(Health::Ok))
            QCOMPARE(seen->process, QString("1"));
    }
    void aServiceThatIsDownIsNotALostHost()
    {
        Probes down = probes();
        down.health.httpPort = down.version.httpPort = QStringLiteral("1");
        const auto seen = sample(down);
        QVERIFY(seen);
        QVERIFY(seen->health == Health::Unhealthy);
        QVERIFY2(seen->detail.contains("nothing listens"), qPrintable(seen->detail));
        const HostFacts facts = measure(installation(), down);
        QVERIFY(facts.reachable && facts.health == Health::Unhealthy && !facts.version);
    }
    void backupsAreProvenNotBelieved_data()
    {
        QTest::addColumn<QString>("script");
        QTest::addColumn<bool>("answered");
        QTest::addColumn<bool>("verified");
        QTest::newRow("good") << R"(printf '{"path":"%s","at":5,"ended":6,"size":12,"verified":true}' "$1")" << true << true;
        QTest::newRow("empty") << R"(printf '{"path":"%s","at":5,"size":0,"verified":true}' "$1")" << true << false;
        QTest::newRow("says no") << R"(printf '{"path":"%s","at":5,"size":9,"verified":false,"problem":"no end marker"}' "$1"; exit 1)" << true << false;
        QTest::newRow("says yes, ends with 1") << R"(printf '{"path":"%s","at":5,"size":9,"verified":true}' "$1"; exit 1)" << true << false;
        QTest::newRow("dies") << "echo broken >&2; exit 2" << false << false;
        QTest::newRow("says nothing") << "true" << false << false;
    }
    void backupsAreProvenNotBelieved()
    {
        QFETCH(QString, script);
        QFETCH(bool, answered);
        QFETCH(bool, verified);
        Probes all = probes();
        all.backup.argv = QStringList{"sh", "-c", script, "prove", "{backup}"};
        Awaited<Result<Backup>> backup;
        m_hosts->proveBackup(installation(), all, "/var/b/R-0001", backup.callback());
        QVERIFY(backup.wait());
        QCOMPARE(backup->has_value(), answered);
        if (!answered)
            return;
        QCOMPARE((*backup)->path, QString("/var/b/R-0001"));
        QCOMPARE((*backup)->verified, verified);
        QCOMPARE((*backup)->problem.isEmpty(), verified);
    }
    void questions()
    {
        const auto ask = [&](const QStringList &argv) {
            Awaited<Result<bool>> answer;
            m_hosts->ask(installation(), argv, 60, answer.callback());
            return answer.wait() ? *answer : Result<bool>(fail(ErrorCode::Interrupted));
        };
        QCOMPARE(*ask({"test", "-d", m_folder.path()}), true);
        QCOMPARE(*ask({"test", "-d", "/no/such"}), false);
        const auto killed = ask({"sh", "-c", "kill -KILL $$"});
        QVERIFY(!killed);
        QCOMPARE(killed.error().args.first(), QString("shop-01"));
    }
};

QTEST_GUILESS_MAIN(TestSshHosts)
#include "tst_sshhosts.moc"
