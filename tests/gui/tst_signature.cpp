// Signatures by the real ssh-keygen with real keys, and verified by it without us.
#include "reportview/signature.h"

#include <QCoreApplication>
#include <QFile>
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

QTEST_GUILESS_MAIN(TestSignature)
#include "tst_signature.moc"
