// Secrets and control characters do not reach the log, whatever shape they come in.
#include "logging/logging.h"
#include "logging/redactor.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

using namespace bellwether;

class TestLogging : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void knownSecretsAreTakenOut_data();
    void knownSecretsAreTakenOut();
    void shapesAreTakenOut_data();
    void shapesAreTakenOut();
    void ordinaryTextStays();
    void linesStayOneLine_data();
    void linesStayOneLine();
    void theFileIsPrivateRotatedAndClean();
};

namespace {
const QByteArray secret = "canary'\"s$ecret/ü+9";
}

void TestLogging::knownSecretsAreTakenOut_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("plain") << "token=" + secret + ";";
    QTest::newRow("base64") << "Basic " + secret.toBase64();
    QTest::newRow("base64 of more") << (secret + ":x").toBase64();
    QTest::newRow("URL-encoded") << "?t=" + secret.toPercentEncoding();
    QTest::newRow("JSON-escaped") << QByteArray("{\"t\":\"canary'\\\"s$ecret/ü+9\"}");
    QTest::newRow("shell-quoted") << QByteArray("'canary'\\''\"s$ecret/ü+9'");
}

void TestLogging::knownSecretsAreTakenOut()
{
    QFETCH(QByteArray, text);
    Redactor redactor;
    redactor.add(secret);
    redactor.add("ab"); // too short to be taken out of everything
    const QByteArray clean = redactor.redact(text);
    QVERIFY2(clean.contains("[redacted]"), clean);
    for (const QByteArray &part : {QByteArray("s$ecret"), secret.toBase64().left(20), secret.toPercentEncoding()})
        QVERIFY2(!clean.contains(part), clean);
}

void TestLogging::shapesAreTakenOut_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("secretPart");
    QTest::newRow("private key") << QByteArray("x -----BEGIN OPENSSH PRIVATE KEY-----\nabcSECRET\n-----END OPENSSH PRIVATE KEY----- y") << QByteArray("abcSECRET");
    QTest::newRow("private key cut off") << QByteArray("-----BEGIN RSA PRIVATE KEY-----\nabcSECRET") << QByteArray("abcSECRET");
    QTest::newRow("cloud key") << QByteArray("AKIAIOSFODNN7EXAMPLE") << QByteArray("IOSFODNN7");
    QTest::newRow("hub token") << QByteArray("ghp_abcdefghijklmnopqrstuvwxyz0123456789") << QByteArray("abcdefghij");
    QTest::newRow("chat token") << QByteArray("xoxb-1234567890-abcdef") << QByteArray("1234567890");
    QTest::newRow("web token") << QByteArray("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl") << QByteArray("eyJzdWIi");
    QTest::newRow("password in a URL") << QByteArray("postgres://app:hunter2@db/x") << QByteArray("hunter2");
}

void TestLogging::shapesAreTakenOut()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, secretPart);
    const QByteArray clean = Redactor().redact(text);
    QVERIFY2(clean.contains("[redacted]") && !clean.contains(secretPart), clean);
}

void TestLogging::ordinaryTextStays()
{
    const QByteArray text = "R-0001 demo-01: migrate at http://127.0.0.1:8080/health, SHA256:abc, Grüße";
    QCOMPARE(Redactor().redact(text), text);
}

void TestLogging::linesStayOneLine_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("new line") << QByteArray("a\n2026-01-01 gate passed by alice");
    QTest::newRow("escape") << QByteArray("\x1b[2J\x1b]0;t\a");
    QTest::newRow("NUL") << QByteArray("a\0b", 3);
    QTest::newRow("long") << QByteArray(1'000'000, 'x');
}

void TestLogging::linesStayOneLine()
{
    QFETCH(QByteArray, text);
    const QByteArray line = logLine(text);
    QVERIFY(line.size() < 9000);
    for (const char c : line)
        QVERIFY(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void TestLogging::theFileIsPrivateRotatedAndClean()
{
    const QTemporaryDir folder;
    processRedactor().add(secret);
    startLogging(folder.path(), true);
    for (int i = 0; i < 12'000; ++i)
        qInfo("%d %s %s", i, secret.constData(), QByteArray(1000, 'x').constData());
    stopLogging();
    const QFileInfoList files = QDir(folder.filePath(QStringLiteral("logs"))).entryInfoList(QDir::Files);
    QVERIFY(files.size() >= 2 && files.size() <= 4);
    for (const QFileInfo &info : files) {
        QVERIFY(info.size() <= (5 << 20) + 4096);
        QFile file(info.filePath());
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(!file.readAll().contains("s$ecret"));
    }
    const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther | QFile::WriteOther | QFile::ExeOther;
    QVERIFY(!(QFile::permissions(folder.filePath(QStringLiteral("logs"))) & others));
}

QTEST_GUILESS_MAIN(TestLogging)
#include "tst_logging.moc"
