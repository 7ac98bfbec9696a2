// Signatures by the real ssh-keygen with real keys, and verified by it without us.
#include "base/canonicaljson.h"
#include "cliprocess.h"
#include "journal/journal.h"
#include "journalhelp.h"
#include "reportview/signature.h"
#include "story.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;

namespace {
int keygen(const QStringList &arguments, const QString &input = {})
{
    QProcess process;
    if (!input.isEmpty())
        process.setStandardInputFile(input);
    process.start(QStringLiteral("ssh-keygen"), arguments);
    process.waitForFinished();
    return process.exitCode();
}

void write(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    if (!file.open(QFile::WriteOnly) || file.write(bytes) != bytes.size())
        qFatal("cannot write %s", qPrintable(path));
}
} // namespace

class TestSignature : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QCOMPARE(keygen({QStringLiteral("-q"), QStringLiteral("-t"), QStringLiteral("ed25519"), QStringLiteral("-N"), QString(), QStringLiteral("-C"), QStringLiteral("auditor"), QStringLiteral("-f"), key()}), 0);
        QCOMPARE(keygen({QStringLiteral("-q"), QStringLiteral("-t"), QStringLiteral("ed25519"), QStringLiteral("-N"), QStringLiteral("a passphrase"), QStringLiteral("-f"), m_folder.filePath(QStringLiteral("locked"))}), 0);
    }
    void signsWhatOthersVerify();
    void saysInvalidAndNone();
    void refusesAnotherNamespace();
    void signsAgainOverAnOldSignature();
    void saysWhyItCannotSign_data();
    void saysWhyItCannotSign();
    void takesNamesThatLookLikeOptions();
    void anUnsignedReportIsNotBesideAnOldSignature();
    void withoutItsProgramNothingIsInvalid();
    void scriptsAreToldWhatWasProven();

private:
    QString key() const { return m_folder.filePath(QStringLiteral("key")); }
    QString report(const char *name, const QByteArray &bytes = "{\"a\":1}\n") const
    {
        const QString path = m_folder.filePath(QString::fromLatin1(name));
        write(path, bytes);
        return path;
    }
    QTemporaryDir m_folder;
};

void TestSignature::signsWhatOthersVerify()
{
    const QString file = report("r1.json");
    QVERIFY(signReport(file, key()));
    const SignatureCheck check = checkSignature(file);
    QCOMPARE(check.state, SignatureState::Valid);
    QVERIFY2(check.key.startsWith(QStringLiteral("ED25519 SHA256:")), qPrintable(check.key));
    QFile publicKey(key() + QStringLiteral(".pub"));
    QVERIFY(publicKey.open(QFile::ReadOnly));
    const QString allowed = m_folder.filePath(QStringLiteral("allowed_signers"));
    write(allowed, "auditor " + publicKey.readAll());
    QCOMPARE(keygen({QStringLiteral("-Y"), QStringLiteral("verify"), QStringLiteral("-n"), QStringLiteral("bellwether-report"), QStringLiteral("-f"), allowed, QStringLiteral("-I"),
                     QStringLiteral("auditor"), QStringLiteral("-s"), file + QStringLiteral(".sig")}, file), 0);
}

void TestSignature::saysInvalidAndNone()
{
    const QString file = report("r2.json");
    QCOMPARE(checkSignature(file).state, SignatureState::None);
    QVERIFY(signReport(file, key()));
    write(file, "{\"a\":2}\n");
    const SignatureCheck altered = checkSignature(file);
    QCOMPARE(altered.state, SignatureState::Invalid);
    QVERIFY(!altered.reason.isEmpty());
    write(file, "{\"a\":1}\n");
    QCOMPARE(checkSignature(file).state, SignatureState::Valid);
    write(file + QStringLiteral(".sig"), "rubbish");
    QCOMPARE(checkSignature(file).state, SignatureState::Invalid);
    QCOMPARE(QByteArray(enumName(SignatureState::None)), QByteArray("none"));
}

void TestSignature::refusesAnotherNamespace()
{
    const QString file = report("r3.json");
    QCOMPARE(keygen({QStringLiteral("-q"), QStringLiteral("-Y"), QStringLiteral("sign"), QStringLiteral("-n"), QStringLiteral("git"), QStringLiteral("-f"), key(), file}), 0);
    QCOMPARE(checkSignature(file).state, SignatureState::Invalid);
}

void TestSignature::signsAgainOverAnOldSignature()
{
    const QString file = report("r4.json");
    QVERIFY(signReport(file, key()));
    write(file, "{\"a\":3}\n");
    QVERIFY(signReport(file, key()));
    QCOMPARE(checkSignature(file).state, SignatureState::Valid);
}

void TestSignature::saysWhyItCannotSign_data()
{
    QTest::addColumn<QString>("keyName");
    QTest::newRow("no key") << QStringLiteral("nowhere");
    QTest::newRow("no private part") << QStringLiteral("key.txt");
    QTest::newRow("passphrase") << QStringLiteral("locked");
}

void TestSignature::saysWhyItCannotSign()
{
    QFETCH(QString, keyName);
    write(m_folder.filePath(QStringLiteral("key.txt")), "not a key\n");
    const QString file = report("r5.json");
    qunsetenv("SSH_AUTH_SOCK");
    const Status status = signReport(file, m_folder.filePath(keyName));
    QVERIFY(!status);
    QCOMPARE(status.error().code, ErrorCode::SignFailed);
    QVERIFY(!status.error().args[0].isEmpty());
    QVERIFY(!QFile::exists(file + QStringLiteral(".sig")));
}

void TestSignature::takesNamesThatLookLikeOptions()
{
    const QString file = report("-n;touch pwned $(id) .json");
    QVERIFY(signReport(file, key()));
    QCOMPARE(checkSignature(file).state, SignatureState::Valid);
}

void TestSignature::anUnsignedReportIsNotBesideAnOldSignature()
{
    const QString file = report("r6.json"), signature = file + QStringLiteral(".sig");
    QVERIFY(signReport(file, key()));
    QVERIFY(writeReportFile(file, "{\"a\":4}\n"));
    QCOMPARE(checkSignature(file).state, SignatureState::None);
    QCOMPARE(QFile::permissions(file) & (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther), QFile::Permissions());
    QVERIFY(QFile::link(m_folder.filePath(QStringLiteral("nowhere")), signature)); // one that leads nowhere goes as well
    QVERIFY(writeReportFile(file, "{\"a\":5}\n"));
    QVERIFY(!QFileInfo(signature).isSymLink());
    const QString link = m_folder.filePath(QStringLiteral("link.json"));
    QVERIFY(QFile::link(file, link));
    QVERIFY(!writeReportFile(link, "{}\n"));
}

void TestSignature::withoutItsProgramNothingIsInvalid()
{
    const QString file = report("r7.json");
    QVERIFY(signReport(file, key()));
    const QByteArray path = qgetenv("PATH");
    qputenv("PATH", m_folder.path().toUtf8());
    const SignatureCheck check = checkSignature(file);
    qputenv("PATH", path);
    QCOMPARE(check.state, SignatureState::Unchecked);
    QVERIFY2(check.reason.contains(QStringLiteral("not installed")), qPrintable(check.reason));
    QCOMPARE(QByteArray(enumName(check.state)), QByteArray("unchecked"));
    QCOMPARE(checkSignature(file).state, SignatureState::Valid);
}

void TestSignature::scriptsAreToldWhatWasProven()
{
    Cli cli;
    {
        const auto writer = JournalWriter::open(cli.data());
        QVERIFY(writer);
        QList<NewEvent> events;
        for (const Event &event : support::restoredStory()) {
            EventBody body = event.body;
            if (auto *console = std::get_if<ConsoleStarted>(&body))
                console->workspace = (*writer)->workspaceId();
            if (auto *started = std::get_if<RolloutStarted>(&body))
                started->workspace = (*writer)->workspaceId();
            events.append({event.rollout, event.wallMs, event.monoMs, event.actor, body});
        }
        QVERIFY(support::appendAndWait(**writer, events));
    }
    const QString file = cli.file(QStringLiteral("r.json"));
    const QStringList makeIt{"--read-only", "report", "R-0002", "--format", "json", "--out", file};
    CliResult result = cli.run(makeIt);
    QVERIFY2(result.exitCode == 0, result.told());
    QVERIFY(signReport(file, key()));
    result = cli.run({"verify", file, "--json"});
    QVERIFY2(result.exitCode == 0, result.told());
    QCOMPARE(result.json().value("words").toString(), QString("checked"));
    QCOMPARE(result.json().value("signature").toString(), QString("valid"));
    cli.setEnvironment("PATH", m_folder.path()); // without ssh-keygen: not proven, and not forged
    result = cli.run({"verify", file, "--json"});
    QVERIFY2(result.exitCode == 1 && result.errorLine().contains("not checked"), result.told());
    QCOMPARE(result.json().value("signature").toString(), QString("unchecked"));
    cli.setEnvironment("PATH", qEnvironmentVariable("PATH"));
    QCOMPARE(cli.run(makeIt).exitCode, 0); // again, unsigned
    QCOMPARE(cli.run({"verify", file}).exitCode, 0);

    QFile report(file);
    QVERIFY(report.open(QIODevice::ReadOnly));
    QJsonObject whole = QJsonDocument::fromJson(report.readAll()).object();
    whole.insert("program", "0.0.9");
    whole.insert("summary", "nobody lost data");
    write(file, canonicalJson(whole) + '\n');
    result = cli.run({"verify", file});
    QVERIFY2(result.exitCode == 0 && result.out.contains("0.0.9 and were not checked") && result.out.contains("rolled back"), result.told());
    QCOMPARE(cli.run({"verify", file, "--json"}).json().value("words").toString(), QString("unchecked"));

    QFile journal(cli.data() + "/journal.db"); // what lies before the rollout is not as it was
    QVERIFY(journal.open(QIODevice::ReadWrite));
    QByteArray bytes = journal.readAll();
    const qsizetype at = bytes.indexOf("other-customer");
    QVERIFY(at > 0);
    bytes[at] = 'O';
    journal.seek(0);
    journal.write(bytes);
    journal.close();
    result = cli.run(makeIt);
    QVERIFY2(result.exitCode == 7 && result.err.contains("The journal it was made from is broken"), result.told());
}

QTEST_GUILESS_MAIN(TestSignature)
#include "tst_signature.moc"
