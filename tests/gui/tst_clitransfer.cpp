// host put and host get: the real program against a real sshd. [issue 3, 5: transfer]
#include "cliprocess.h"

#include "journal/journal.h"
#include "rollout/workspace.h"
#include "testsshd.h"

#include <QCryptographicHash>
#include <QFileInfo>
#include <QJsonArray>
#include <QTest>
#include <csignal>

using namespace bellwether;

class TestCliTransfer : public QObject {
    Q_OBJECT

    std::unique_ptr<TestSshd> m_sshd;
    std::unique_ptr<Cli> m_cli;
    QTemporaryDir m_there;

    QByteArray content(const QString &path) const
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    QList<Event> events() const { return (*JournalReader::open(m_cli->data()))->read().value(); }
    template<class T>
    QList<T> all() const
    {
        QList<T> found;
        for (const Event &event : events())
            if (const T *body = std::get_if<T>(&event.body))
                found.append(*body);
        return found;
    }
    static QJsonObject row(const CliResult &result, int i) { return result.json().value(QStringLiteral("hosts")).toArray().at(i).toObject(); }

private Q_SLOTS:
    void initTestCase()
    {
        m_sshd = std::make_unique<TestSshd>(QStringList(), QStringLiteral("0.0.0.0"));
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
    }
    void init()
    {
        m_cli = std::make_unique<Cli>();
        m_cli->setEnvironment(QStringLiteral("BELLWETHER_OPERATOR"), QStringLiteral("anna"));
        QByteArray fleet = "hosts:\n";
        const Endpoint login = m_sshd->endpoint(QStringLiteral("127.0.0.1"));
        for (int i = 1; i <= 2; ++i)
            fleet += "  - {name: berlin-" + QByteArray::number(i) + ", address: 127.0.77." + QByteArray::number(i) + ", port: " + QByteArray::number(m_sshd->port())
                + ", identity: " + login.identity.toUtf8() + ", product: sample, directory: /srv/sample, domain: b.example.org}\n";
        fleet += "  - {name: gone-1, address: 127.0.77.9, port: 1, user: ops, product: sample, directory: /srv/sample, domain: g.example.org}\n";
        const CliResult imported = m_cli->run({QStringLiteral("fleet"), QStringLiteral("import"), m_cli->write(QStringLiteral("fleet.yaml"), fleet)});
        QVERIFY2(imported.exitCode == 0, imported.told());
        for (const char *host : {"berlin-1", "berlin-2"}) {
            const CliResult trusted = m_cli->run({QStringLiteral("host"), QStringLiteral("trust"), QLatin1String(host), QStringLiteral("--fingerprint"), m_sshd->fingerprint()});
            QVERIFY2(trusted.exitCode == 0, trusted.told());
        }
    }

    void aFileIsPutAndStandsInTheJournal()
    {
        const QByteArray bytes = QByteArray("evidence\0\n", 10).repeated(30'000);
        const QString file = m_cli->write(QStringLiteral("a b.tar"), bytes), sum = QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
        const CliResult put = m_cli->run({QStringLiteral("host"), QStringLiteral("put"), file, QStringLiteral("berlin-1"), QStringLiteral("--to"), m_there.path() + u'/',
                                          QStringLiteral("--reason"), QStringLiteral("ticket 7"), QStringLiteral("--json")});
        QVERIFY2(put.exitCode == 0, put.told());
        QCOMPARE(content(m_there.filePath("a b.tar")), bytes);
        QCOMPARE(put.json().value(QStringLiteral("sha256")).toString(), sum);
        QCOMPARE(row(put, 0).value(QStringLiteral("state")).toString(), QStringLiteral("done"));
        QCOMPARE(row(put, 0).value(QStringLiteral("carried")).toInteger(), bytes.size());
        QVERIFY(row(put, 0).value(QStringLiteral("error")).isNull());
        const auto begun = all<TransferBegun>();
        QCOMPARE(begun.size(), 1);
        QVERIFY(begun[0].hosts == QStringList{"berlin-1"} && begun[0].sha256 == sum && begun[0].path == m_there.filePath("a b.tar") && begun[0].reason == "ticket 7");
        const auto done = all<FileTransferred>();
        QCOMPARE(done.size(), 1);
        QVERIFY(done[0].host == "berlin-1" && done[0].direction == "put" && done[0].sha256 == sum && done[0].size == bytes.size() && !done[0].already);
        QCOMPARE(events().last().actor, QStringLiteral("anna"));
        // Back again, under its own name, for its owner alone.
        const QString back = m_cli->file(QStringLiteral("back"));
        const CliResult get = m_cli->run({QStringLiteral("host"), QStringLiteral("get"), QStringLiteral("berlin-2"), m_there.filePath("a b.tar"), QStringLiteral("--to"), back});
        QVERIFY2(get.exitCode == 0 && get.out.contains(sum.toLatin1()), get.told());
        QCOMPARE(content(back), bytes);
        QCOMPARE(all<FileTransferred>().last().direction, QStringLiteral("get"));
        QCOMPARE(m_cli->run({QStringLiteral("verify"), QStringLiteral("--journal")}).exitCode, 0);
        const CliResult copies = m_cli->run({QStringLiteral("host"), QStringLiteral("copies"), QStringLiteral("berlin-1")});
        QVERIFY2(copies.exitCode == 0 && copies.out.contains("anna") && copies.out.contains(sum.toLatin1()) && copies.out.contains("ticket 7") && !copies.out.contains("berlin-2"), copies.told());
        const QJsonArray all = m_cli->run({QStringLiteral("host"), QStringLiteral("copies"), QStringLiteral("--json")}).json().value(QStringLiteral("copies")).toArray();
        QCOMPARE(all.size(), 4);
        QCOMPARE(all[1].toObject().value(QStringLiteral("event")).toString(), QStringLiteral("FileTransferred"));
    }
    void whatCannotBeIsSaidAndTheRestIsDone()
    {
        const QString file = m_cli->write(QStringLiteral("a"), "x");
        const QString to = m_there.filePath("several");
        const CliResult put = m_cli->run({QStringLiteral("host"), QStringLiteral("put"), file, QStringLiteral("--filter"), QStringLiteral("gone or berlin-1"), QStringLiteral("--to"), to, QStringLiteral("--json")});
        QVERIFY2(put.exitCode == 9 || put.exitCode == 3, put.told()); // not trusted, or not reached
        QCOMPARE(content(to), QByteArray("x"));
        QCOMPARE(all<TransferFailed>().size(), 1);
        QCOMPARE(all<TransferFailed>()[0].host, QStringLiteral("gone-1"));
        QVERIFY2(put.err.contains("gone-1: "), put.told());
        const struct {
            QStringList words;
            int exit;
            const char *said;
        } wrong[] = {
            {{"host", "put", file, "berlin-1"}, 2, "--to"},
            {{"host", "put", file, "berlin-1", "--to", "relative"}, 2, "absolute path"},
            {{"host", "put", file, "--to", to}, 2, "--filter"},
            {{"host", "put", file, "nobody", "--to", to}, 2, "no host named"},
            {{"host", "put", m_cli->file("none"), "berlin-1", "--to", to}, 2, "cannot be read"},
            {{"host", "put", m_there.path(), "berlin-1", "--to", to}, 2, "it is a folder"},
            {{"host", "put", file, "berlin-1", "--to", m_there.path()}, 3, "it is a folder"},
            {{"host", "put", file, "berlin-1", "--to", to, "--limit", "fast"}, 2, "--limit"},
            {{"host", "put", file, "berlin-1", "--to", to, "--mode", "rw"}, 2, "octal"},
            {{"host", "get", "berlin-1", "/nowhere/a", "--to", m_cli->file("b")}, 3, "no such file"},
            {{"--read-only", "host", "put", file, "berlin-1", "--to", to}, 3, "--read-only"},
        };
        for (const auto &row : wrong) {
            const CliResult result = m_cli->run(row.words);
            QVERIFY2(result.exitCode == row.exit, row.words.join(u' ').toUtf8() + result.told());
            QVERIFY2((result.err + result.out).contains(row.said), row.words.join(u' ').toUtf8() + result.told());
        }
    }
    void anInterruptLeavesAPartThatIsGoneOnWith()
    {
        const QByteArray bytes(3'000'000, 'x');
        const QString file = m_cli->write(QStringLiteral("big"), bytes), to = m_there.filePath("big");
        const QStringList command{QStringLiteral("host"), QStringLiteral("put"), file, QStringLiteral("berlin-1"), QStringLiteral("--to"), to, QStringLiteral("--json")};
        const auto process = m_cli->start(command + QStringList{QStringLiteral("--limit"), QStringLiteral("500k")});
        const auto part = [&] {
            const auto parts = QDir(m_there.path()).entryInfoList({QStringLiteral(".bwr-*.part")}, QDir::Files | QDir::Hidden);
            return parts.isEmpty() ? 0 : parts.first().size();
        };
        QVERIFY(QTest::qWaitFor([&] { return part() >= 500'000; }, 30'000));
        ::kill(static_cast<pid_t>(process->processId()), SIGINT);
        QVERIFY(process->waitForFinished(20'000));
        const QByteArray said = process->readAllStandardError();
        QCOMPARE(process->exitCode(), 130);
        QVERIFY2(said.contains("goes on from there"), said);
        QVERIFY(!QFileInfo::exists(to));
        const qint64 have = part();
        const CliResult again = m_cli->run(command);
        QVERIFY2(again.exitCode == 0, again.told());
        QVERIFY2(row(again, 0).value(QStringLiteral("carried")).toInteger() <= bytes.size() - have + 4096, again.told());
        QCOMPARE(content(to), bytes);
        QCOMPARE(part(), 0);
        QCOMPARE(all<TransferFailed>().size(), 1);
        QVERIFY(all<TransferFailed>()[0].problem.contains("cancelled"));
    }
    void nothingIsPutWhileEverythingIsStopped() // [OPS-03]
    {
        const QString file = m_cli->write(QStringLiteral("a"), "x"), to = m_there.filePath("stopped");
        (void)m_cli->run({QStringLiteral("stop-all"), QStringLiteral("--reason"), QStringLiteral("fire")});
        const QStringList command{QStringLiteral("host"), QStringLiteral("put"), file, QStringLiteral("berlin-1"), QStringLiteral("--to"), to};
        const CliResult held = m_cli->run(command);
        QVERIFY2(held.exitCode == 3 && held.errorLine().contains("fire"), held.told());
        QVERIFY(!QFileInfo::exists(to));
        (void)m_cli->run({QStringLiteral("release"), QStringLiteral("--reason"), QStringLiteral("over")});
        QCOMPARE(m_cli->run(command).exitCode, 0);
    }
};

QTEST_GUILESS_MAIN(TestCliTransfer)
#include "tst_clitransfer.moc"
