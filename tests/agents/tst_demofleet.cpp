// The loopback fleet: real sshd, real products, and nothing left behind.
#include "config/files.h"
#include "demo/demofleet.h"
#include "demo/processes.h"
#include "sampleproduct.h"

#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QRegularExpression>
#include <QTest>

#include <csignal>

using namespace bellwether;

class TestDemoFleet : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void startsAtTheOldVersionAndLetsUsIn();
    void secondUpChangesNothing();
    void upStartsWhatIsDead();
    void downEndsEverythingAndNothingElse();
    void downThenUpBeginsAgainWithTheSameKeys();
    void refuses_data();
    void refuses();
    void occupiedPortIsToldApart();
    void oneFleetAtATimePerFolder();

private:
    DemoFleet::Options options(int hosts = 2) const;
    Ran ssh(const DemoFleet::Host &host, const QStringList &argv, int timeoutMs = 30'000) const;
    QByteArray bytesOf(const QString &path) const;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<DemoFleet> m_fleet;
};

void TestDemoFleet::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_fleet = std::make_unique<DemoFleet>(m_folder->path());
}

void TestDemoFleet::cleanup()
{
    QVERIFY(m_fleet->down().has_value());
    m_folder.reset();
}

DemoFleet::Options TestDemoFleet::options(int hosts) const
{
    DemoFleet::Options options;
    options.hosts = hosts;
    options.network = testNetwork();
    options.sample = sampleExecutable();
    return options;
}

Ran TestDemoFleet::ssh(const DemoFleet::Host &host, const QStringList &argv, int timeoutMs) const
{
    const Endpoint &to = host.installation.endpoint;
    return runProgram(m_folder->path(), QStringList{"ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o",
                                                    "UserKnownHostsFile=" + m_fleet->folder() + "/keys/known_hosts", "-i", to.identity, "-p",
                                                    QString::number(to.port), to.user + "@" + to.address} + argv,
                      {}, timeoutMs);
}

QByteArray TestDemoFleet::bytesOf(const QString &path) const
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

#define VERIFY_UP(result) QVERIFY2(result.has_value(), result ? "" : qPrintable(result.error().args.join(": ")))

void TestDemoFleet::startsAtTheOldVersionAndLetsUsIn()
{
    QStringList told;
    const auto hosts = m_fleet->up(options(3), [&](const QString &line) { told.append(line); });
    VERIFY_UP(hosts);
    QCOMPARE(hosts->size(), 3);
    QVERIFY(told.size() >= 3);
    QSet<QString> fingerprints, criticals;
    for (const DemoFleet::Host &host : *hosts) {
        const Installation &i = host.installation;
        QCOMPARE(host.running, QString("1.4.0"));
        QVERIFY(host.sshdPid > 0);
        QVERIFY(host.fingerprint.startsWith("SHA256:"));
        fingerprints.insert(host.fingerprint);
        if (i.isCritical())
            criticals.insert(i.name);
        const Ran answer = ssh(host, {"cd " + i.directory + " && bin/content && pwd && echo \"home $HOME\""});
        QVERIFY2(answer.status == 0, qPrintable(answer.err));
        QVERIFY2(answer.out.contains("customers") && answer.out.contains(i.directory), qPrintable(answer.out));
        // Its own home: what the user's start-up files do here (and how long) is none of its business.
        QVERIFY2(answer.out.contains("home " + m_fleet->folder() + "/hosts/" + i.name + "/home\n"), qPrintable(answer.out));
        int status = 0;
        const QByteArray version = httpGet(i.endpoint.address, i.settings["port"].toInt(), "/version", &status);
        QVERIFY2(status == 200 && version.contains("1.4.0"), version);
        QVERIFY(bytesOf(i.directory + "/effects.log").isEmpty());
    }
    QCOMPARE(fingerprints.size(), 3); // each its own
    QCOMPARE(criticals, QSet<QString>{"demo-03"});
    const auto fleet = parseFleet(bytesOf(m_fleet->fleetFile()), m_fleet->fleetFile());
    QVERIFY(fleet.has_value());
    QCOMPARE(fleet->size(), 3);
    for (qsizetype n = 0; n < 3; ++n)
        QCOMPARE(fleet->at(n), hosts->at(n).installation);
}

void TestDemoFleet::secondUpChangesNothing()
{
    const auto first = m_fleet->up(options());
    VERIFY_UP(first);
    // As after a day's work: one host has been upgraded.
    const Installation &upgraded = first->at(0).installation;
    QCOMPARE(ssh(first->at(0), {"cd " + upgraded.directory + " && bin/pull 1.4.1 && bin/stop && sed -i s/^SAMPLE_VERSION=.*/SAMPLE_VERSION=1.4.1/ .env && bin/start"}).status, 0);
    QElapsedTimer timer;
    timer.start();
    const auto second = m_fleet->up(options());
    VERIFY_UP(second);
    QVERIFY(timer.elapsed() < 15'000);
    QCOMPARE(second->at(0).running, QString("1.4.1"));
    QCOMPARE(second->at(1).running, QString("1.4.0"));
    for (qsizetype n = 0; n < 2; ++n)
        QCOMPARE(second->at(n).sshdPid, first->at(n).sshdPid);
}

void TestDemoFleet::upStartsWhatIsDead()
{
    const auto first = m_fleet->up(options());
    VERIFY_UP(first);
    const RunningProcess sshd = readProcess(first->at(0).sshdPid);
    const ProcessId service = ProcessId::fromText(QString::fromLatin1(bytesOf(first->at(1).installation.directory + "/run/sample.pid")));
    QVERIFY(endProcesses({sshd.id, service}, 5000));
    const QList<DemoFleet::Host> seen = m_fleet->status();
    QCOMPARE(seen[0].sshdPid, 0);
    QCOMPARE(seen[0].running, QString("1.4.0"));
    QCOMPARE(seen[1].running, QString());
    const auto second = m_fleet->up(options());
    VERIFY_UP(second);
    QVERIFY(second->at(0).sshdPid > 0 && second->at(0).sshdPid != first->at(0).sshdPid);
    QCOMPARE(second->at(1).running, QString("1.4.0"));
    QCOMPARE(second->at(1).sshdPid, first->at(1).sshdPid);
}

void TestDemoFleet::downEndsEverythingAndNothingElse()
{
    const auto hosts = m_fleet->up(options());
    VERIFY_UP(hosts);
    // A step that left a daemon behind in a session of its own, and a stranger that must live.
    QCOMPARE(ssh(hosts->at(0), {"setsid sleep 1000 </dev/null >/dev/null 2>&1 &"}).status, 0);
    QProcess session; // an operator who is logged in
    session.start("ssh", {"-F", "none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=" + m_fleet->folder() + "/keys/known_hosts", "-i",
                          hosts->at(1).installation.endpoint.identity, "-p", QString::number(hosts->at(1).installation.endpoint.port),
                          hosts->at(1).installation.endpoint.user + "@" + hosts->at(1).installation.endpoint.address, "echo here; sleep 1000"});
    QVERIFY(session.waitForReadyRead(30'000));
    QProcess stranger;
    stranger.start("sleep", {"1000"});
    QVERIFY(stranger.waitForStarted());
    QList<ProcessId> fleet;
    for (const DemoFleet::Host &host : *hosts) {
        fleet.append(readProcess(host.sshdPid).id);
        for (const RunningProcess &child : descendantsOf(fleet.last()))
            fleet.append(child.id);
        fleet.append(ProcessId::fromText(QString::fromLatin1(bytesOf(host.installation.directory + "/run/sample.pid"))));
    }
    QVERIFY(fleet.size() >= 6); // two sshd, two services, and the session with its sleep
    const auto lines = m_fleet->down();
    QVERIFY(lines.has_value());
    for (const ProcessId &id : fleet)
        QVERIFY2(!isRunning(id), qPrintable(id.toText()));
    QCOMPARE(lines->filter(QRegularExpression("^sshd of ")).size(), 2);
    QCOMPARE(lines->filter("bellwether-sample of").size(), 2);
    QVERIFY2(!lines->filter("sleep").isEmpty(), qPrintable(lines->join('\n')));
    QVERIFY(session.state() == QProcess::NotRunning || session.waitForFinished(30'000));
    QVERIFY(isRunning(readProcess(stranger.processId()).id));
    QCOMPARE(stranger.state(), QProcess::Running);
    QVERIFY(m_fleet->status().isEmpty());
    QVERIFY(m_fleet->down()->isEmpty()); // again: nothing to do, no error
    stranger.kill();
    stranger.waitForFinished();
}

void TestDemoFleet::downThenUpBeginsAgainWithTheSameKeys()
{
    const auto first = m_fleet->up(options(1));
    VERIFY_UP(first);
    QCOMPARE(ssh(first->at(0), {"cd " + first->at(0).installation.directory + " && bin/pull 1.4.1 && bin/stop && sed -i s/^SAMPLE_VERSION=.*/SAMPLE_VERSION=1.4.1/ .env && bin/start"}).status, 0);
    QVERIFY(m_fleet->down().has_value());
    const auto second = m_fleet->up(options(1));
    VERIFY_UP(second);
    QCOMPARE(second->at(0).running, QString("1.4.0"));
    QCOMPARE(second->at(0).fingerprint, first->at(0).fingerprint);
}

void TestDemoFleet::refuses_data()
{
    QTest::addColumn<int>("hosts");
    QTest::addColumn<int>("port");
    QTest::addColumn<QString>("network");
    QTest::newRow("no host") << 0 << 0 << testNetwork();
    QTest::newRow("more than a network holds") << 251 << 0 << testNetwork();
    QTest::newRow("privileged port") << 2 << 22 << testNetwork();
    QTest::newRow("no port") << 2 << 70000 << testNetwork();
    QTest::newRow("negative") << -1 << -1 << testNetwork();
    QTest::newRow("not loopback") << 2 << 0 << "10.0.0";
    QTest::newRow("no network") << 2 << 0 << "127.0.256";
    QTest::newRow("an address") << 2 << 0 << "127.0.0.1";
}

void TestDemoFleet::refuses()
{
    QFETCH(int, hosts);
    QFETCH(int, port);
    QFETCH(QString, network);
    DemoFleet::Options wrong = options(hosts);
    wrong.network = network;
    wrong.port = port;
    const auto result = m_fleet->up(wrong);
    QVERIFY(!result.has_value());
    QCOMPARE(result.error().code, ErrorCode::Usage);
    QVERIFY(!QDir(m_fleet->folder()).exists());
}

void TestDemoFleet::occupiedPortIsToldApart()
{
    const auto first = m_fleet->up(options(1));
    VERIFY_UP(first);
    QTemporaryDir folder;
    DemoFleet other(folder.path());
    DemoFleet::Options same = options(1);
    same.port = first->at(0).installation.endpoint.port;
    const auto refused = other.up(same);
    QVERIFY(!refused.has_value());
    QCOMPARE(refused.error().code, ErrorCode::DemoFailed);
    same.port = 0; // finds one that is free
    const auto second = other.up(same);
    VERIFY_UP(second);
    QVERIFY(second->at(0).installation.endpoint.port != first->at(0).installation.endpoint.port);
    QVERIFY(other.down().has_value());
    QCOMPARE(m_fleet->status().at(0).running, QString("1.4.0")); // the first one is untouched
    QVERIFY(m_fleet->status().at(0).sshdPid > 0);
}

void TestDemoFleet::oneFleetAtATimePerFolder()
{
    VERIFY_UP(m_fleet->up(options(2)));
    DemoFleet::Options fewer = options(1);
    QCOMPARE(m_fleet->up(fewer).error().code, ErrorCode::DemoFailed);
    const auto more = m_fleet->up(options(3));
    VERIFY_UP(more);
    QCOMPARE(more->size(), 3);
}

QTEST_GUILESS_MAIN(TestDemoFleet)
#include "tst_demofleet.moc"
