// Hosts by name, and a name server on a loopback address that answers as the test wants: with nothing, or that there is no such name.
// The program sees it through a resolv.conf of its own, in a mount namespace.
#include "cliprocess.h"
#include "missing.h"
#include "sampleproduct.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QUdpSocket>

#include <unistd.h>

using namespace bellwether;

class TestCliResolver : public QObject {
    Q_OBJECT

    QUdpSocket m_server; // its thread is the test's, which waits in the event loop
    bool m_answers = false;
    int m_asked = 0;
    Cli m_cli;

    void takeQuestions()
    {
        while (m_server.hasPendingDatagrams()) {
            QByteArray packet(m_server.pendingDatagramSize(), '\0');
            QHostAddress from;
            quint16 port = 0;
            m_server.readDatagram(packet.data(), packet.size(), &from, &port);
            ++m_asked;
            if (!m_answers || packet.size() < 12)
                continue;
            packet[2] = packet[2] | '\x80'; // RFC 1035, 4.1.1: a response …
            packet[3] = '\x83';             // … and RCODE 3, no such name
            m_server.writeDatagram(packet, from, port);
        }
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (::geteuid() != 0)
            MISSING("a name server's port and a mount namespace take root");
        const QString address = testNetwork() + QStringLiteral(".53");
        QVERIFY2(m_server.bind(QHostAddress(address), 53), qPrintable(m_server.errorString()));
        connect(&m_server, &QUdpSocket::readyRead, this, [this] { takeQuestions(); });
        const QString conf = m_cli.write(QStringLiteral("resolv.conf"), "nameserver " + address.toLatin1() + "\noptions timeout:30 attempts:1\n");
        const CliResult import = m_cli.run({QStringLiteral("fleet"), QStringLiteral("import"),
            m_cli.write(QStringLiteral("fleet.yaml"), "hosts:\n  - {name: far, address: far.example.test, user: root, product: sample, directory: /srv/x, domain: far.example.test}\n")});
        QVERIFY2(import.exitCode == 0, import.told());
        const QStringList starter{QStringLiteral("unshare"), QStringLiteral("-m"), QStringLiteral("sh"), QStringLiteral("-c"),
            QStringLiteral("mount --bind \"$0\" /etc/resolv.conf && exec \"$@\""), conf};
        m_cli.setStarter(starter);
        if (m_cli.run({QStringLiteral("fleet"), QStringLiteral("list")}).exitCode != 0)
            MISSING("no file may be mounted over /etc/resolv.conf here");
    }
    void aNameServerAnswersOrNot_data()
    {
        QTest::addColumn<bool>("answers");
        QTest::addColumn<QByteArray>("said");
        QTest::addColumn<int>("leastMs");
        QTest::newRow("it says nothing") << false << QByteArray("bellwether: far did not answer within 10 s (name look-up).") << 9'000;
        QTest::newRow("it knows no such name") << true << QByteArray("bellwether: The address far.example.test cannot be resolved: Name or service not known.") << 0;
    }
    void aNameServerAnswersOrNot()
    {
        // The resolver itself would wait for half a minute. Neither the look-up nor the program's end waits for it.
        QFETCH(bool, answers);
        QFETCH(QByteArray, said);
        QFETCH(int, leastMs);
        m_answers = answers;
        m_asked = 0;
        QElapsedTimer took;
        took.start();
        const auto process = m_cli.start({QStringLiteral("host"), QStringLiteral("trust"), QStringLiteral("far")});
        QVERIFY(QTest::qWaitFor([&] { return process->state() == QProcess::NotRunning; }, 25'000));
        QVERIFY2(took.elapsed() >= leastMs, QByteArray::number(took.elapsed()).constData());
        QVERIFY(m_asked > 0);
        const QByteArray err = process->readAllStandardError();
        QVERIFY2(err.contains(said), err.constData());
        QCOMPARE(process->exitStatus(), QProcess::NormalExit);
        QCOMPARE(process->exitCode(), 9);
    }
};

QTEST_GUILESS_MAIN(TestCliResolver)
#include "tst_cliresolver.moc"
