// One upload to a jump host feeds the hosts behind it, through that machine's own ssh. [issue 3, 5: transfer]
#include "missing.h"
#include "transferworld.h"

#include "transfer/transfers.h"

#include <QJsonDocument>

#include <unistd.h>

using namespace bellwether;

class TestRelay : public TransferWorld {
    Q_OBJECT

    // Two hosts with the folder `target` of their own, behind a bastion whose ssh has what `wrapper` gives it.
    std::unique_ptr<QTemporaryDir> m_home;
    std::unique_ptr<TestSshd> m_bastion, m_hosts[2];
    std::unique_ptr<SshPool> m_through;
    Installation m_jump;
    QList<EventBody> m_events;

    Installation host(int i) const
    {
        Installation host;
        host.name = QStringLiteral("host-%1").arg(i + 1);
        host.endpoint = m_hosts[i]->endpoint();
        host.endpoint.jump = QStringLiteral("bastion");
        return host;
    }
    QString folderOf(int i) const { return there(QStringLiteral("host%1").arg(i)); }
    bool writeSsh(const QByteArray &options)
    {
        const QString ssh = m_home->filePath("ssh");
        return writeTo(ssh, "#!/bin/sh\necho \"agent=${SSH_AUTH_SOCK-none} $*\" >>" + m_home->filePath("calls").toUtf8() + "\nexec /usr/bin/ssh -F none " + options + " \"$@\"\n")
            && QFile::setPermissions(ssh, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    }
    QJsonObject copied(Transfers::Order order)
    {
        Transfers::Journal journal;
        journal.begun = [this](const TransferBegun &e, const QString &, std::function<void()> then) {
            m_events.append(e);
            QTimer::singleShot(0, this, std::move(then));
        };
        journal.ended = [this](const EventBody &e, const QString &) { m_events.append(e); };
        const CopyPlace at = place();
        Transfers transfers(*m_through, m_clock, at.later, journal, [this](const QString &name) { return name == m_jump.name ? &m_jump : nullptr; });
        const int id = transfers.put(std::move(order));
        const bool in = QTest::qWaitFor([&] { return (*transfers.report(id))[QLatin1String("ended")].toBool(); }, 60'000);
        QTest::qWait(300); // what is cleared away
        return in ? *transfers.report(id) : QJsonObject();
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (::geteuid() != 0)
            MISSING("only root can give each host its own folder");
    }
    void init()
    {
        startCopies();
        m_events.clear();
        m_home = std::make_unique<QTemporaryDir>();
        m_bastion = std::make_unique<TestSshd>(QStringList{"SetEnv HOME=" + m_home->path() + " PATH=" + m_home->path() + ":/usr/bin:/bin"});
        QVERIFY2(m_bastion->isRunning(), qPrintable(m_bastion->failure()));
        QVERIFY(QDir(m_there->path()).mkdir("target"));
        QByteArray known;
        m_trust.trust(m_bastion->endpoint().machine(), m_bastion->fingerprint());
        for (int i = 0; i < 2; ++i) {
            QVERIFY(QDir().mkdir(folderOf(i)));
            const QString own = there(QStringLiteral("own%1").arg(i));
            QVERIFY(writeTo(own, "#!/bin/sh\nexec unshare -m --propagation unchanged sh -c 'mount --make-rprivate / 2>/dev/null; mount --bind " + folderOf(i).toUtf8() + ' ' + there("target").toUtf8() + " && eval \"$SSH_ORIGINAL_COMMAND\"'\n"));
            QVERIFY(QFile::setPermissions(own, QFile::ReadOwner | QFile::ExeOwner));
            m_hosts[i] = std::make_unique<TestSshd>(QStringList{"ForceCommand " + own});
            QVERIFY2(m_hosts[i]->isRunning(), qPrintable(m_hosts[i]->failure()));
            known += "[127.0.0.1]:" + QByteArray::number(m_hosts[i]->port()) + ' ' + contentOf(m_hosts[i]->folder() + "/hostkey.pub");
        }
        QVERIFY(writeTo(m_home->filePath("known_hosts"), known));
        m_proxy = std::make_unique<FaultProxy>(m_bastion->port());
        m_jump.name = QStringLiteral("bastion");
        m_jump.endpoint = m_bastion->endpoint();
        m_jump.endpoint.port = m_proxy->port();
        m_trust.trust(m_jump.endpoint.machine(), m_bastion->fingerprint());
        for (int i = 0; i < 2; ++i)
            m_trust.trust(host(i).endpoint.machine(), m_hosts[i]->fingerprint());
        m_through = std::make_unique<SshPool>(m_trust, this, SshOptions(), nullptr, [this](const QString &) { return std::optional(m_jump.endpoint); });
    }
    void cleanup()
    {
        m_through.reset();
        endCopies();
        for (auto &sshd : m_hosts)
            sshd.reset();
        m_bastion.reset();
    }

    void theFileGoesToTheBastionOnce_data()
    {
        QTest::addColumn<QString>("login"); // what its ssh has
        QTest::addColumn<bool>("passes");
        QTest::addColumn<QString>("why");
        QTest::newRow("its login may") << "-o UserKnownHostsFile=HOME/known_hosts -i KEY" << true << "";
        QTest::newRow("it does not know the hosts' keys") << "-o UserKnownHostsFile=/dev/null -i KEY" << false << "Host key verification failed";
        QTest::newRow("its login may not") << "-o UserKnownHostsFile=HOME/known_hosts -o IdentitiesOnly=yes -i STRANGER" << false << "Permission denied";
    }
    void theFileGoesToTheBastionOnce()
    {
        QFETCH(QString, login);
        QFETCH(bool, passes);
        QFETCH(QString, why);
        // One login for both hosts, as fleets have it.
        for (const auto &sshd : m_hosts) {
            QFile keys(sshd->folder() + "/authorized_keys");
            QVERIFY(keys.open(QIODevice::Append) && keys.write(contentOf(m_bastion->folder() + "/login.pub")) > 0);
        }
        login.replace("HOME", m_home->path()).replace("KEY", m_bastion->folder() + "/login").replace("STRANGER", m_bastion->strangerKey());
        QVERIFY(writeSsh(login.toUtf8() + " -o GlobalKnownHostsFile=/dev/null"));
        constexpr int size = 2'000'000;
        QVERIFY(writeTo(here("a"), noise(size)));
        Transfers::Order order;
        order.file = here("a");
        order.path = there("target/it's a");
        order.hosts = {host(0), host(1)};
        order.actor = QStringLiteral("anna");
        const QJsonObject report = copied(order);
        QVERIFY(!report.isEmpty());
        const QJsonArray rows = report[QLatin1String("hosts")].toArray();
        const QByteArray told = QJsonDocument(report).toJson();
        for (int i = 0; i < 2; ++i) {
            const QJsonObject row = rows[i].toObject();
            QVERIFY2(row[QLatin1String("state")].toString() == QLatin1String("done"), told.constData());
            QCOMPARE(contentOf(folderOf(i) + "/it's a"), noise(size));
            QCOMPARE(row[QLatin1String("through")].toString(), passes ? QStringLiteral("bastion") : QString());
            QVERIFY2(row[QLatin1String("not_through")].toString().contains(why), told.constData());
            QCOMPARE(row[QLatin1String("not_through")].toString().isEmpty(), passes);
            QCOMPARE(row[QLatin1String("carried")].toInteger(), passes ? 0 : size);
        }
        const qint64 carried = m_proxy->carried();
        QVERIFY2(passes ? carried < size + 500'000 : carried > 3 * size, QByteArray::number(carried).constData());
        // Nothing of it stays on the bastion, and no agent was ever at hand there. [S26]
        QCOMPARE(QDir(m_home->filePath(".local/state/bellwether/relay")).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList());
        const QByteArray calls = contentOf(m_home->filePath("calls"));
        QVERIFY2(calls.count("agent=none -a -x -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o ForwardAgent=no") >= 2, calls.constData());
        // It is in the journal before, and once for each host.
        QCOMPARE(m_events.size(), 3);
        const auto *begun = std::get_if<TransferBegun>(&m_events[0]);
        QVERIFY(begun && begun->stagedOn == QStringList{"bastion"} && begun->size == size && begun->hosts.size() == 2);
        const auto *done = std::get_if<FileTransferred>(&m_events[2]);
        QVERIFY(done && done->through == (passes ? "bastion" : "") && done->sha256 == begun->sha256);
    }
    void oneHostBehindItIsFedDirectly()
    {
        QVERIFY(writeSsh("-o UserKnownHostsFile=/dev/null"));
        QVERIFY(writeTo(here("a"), noise(100'000)));
        Transfers::Order order;
        order.file = here("a");
        order.path = there("target/a");
        order.hosts = {host(0)};
        const QJsonObject report = copied(order);
        QVERIFY(report[QLatin1String("stages")].toArray().isEmpty());
        QCOMPARE(contentOf(folderOf(0) + "/a"), noise(100'000));
        QVERIFY(!QFileInfo::exists(m_home->filePath("calls")));
    }
};

QTEST_GUILESS_MAIN(TestRelay)
#include "tst_relay.moc"
