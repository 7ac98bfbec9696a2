// Secrets and control characters do not reach the log, whatever shape they come in.
#include "canary.h"
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
    void inPiecesItIsTheSame_data();
    void inPiecesItIsTheSame();
    void anEndlessLineIsCutNowhereInASecret();
    void aKeyWithoutAnEndSwallowsNoLog();
    void namesOfAProductAreSecret();
    void noPieceOfAValueIsLeft_data();
    void noPieceOfAValueIsLeft();
    void aLongValueIsTakenOutToo_data();
    void aLongValueIsTakenOutToo();
    void whatStandsBesideAValueStays_data();
    void whatStandsBesideAValueStays();
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
    for (const auto &[text, part] : support::secretShapes)
        QTest::newRow(QByteArray("[S6] " + text.left(40).simplified()).constData()) << text << part;
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

void TestLogging::inPiecesItIsTheSame_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("secretPart");
    for (const auto &[name, form] : support::canaryForms)
        QTest::newRow(QByteArray("[S6] ").append(name).constData()) << "before " + form + " behind" << QByteArray();
    for (const auto &[text, part] : support::secretShapes)
        QTest::newRow(QByteArray("[S6] " + text.left(40).simplified()).constData()) << text << part;
}

void TestLogging::inPiecesItIsTheSame()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, secretPart);
    Redactor redactor;
    redactor.add(support::canary);
    const QByteArray around = "first line\n" + text + "\nGr\xc3\xbc\xc3\x9f\xff last";
    for (const qsizetype piece : {1, 7, 100000}) {
        RedactedStream stream(redactor);
        QByteArray out;
        for (qsizetype i = 0; i < around.size(); i += piece)
            out += stream.feed(around.mid(i, piece));
        out += stream.finish();
        QVERIFY2(out.startsWith("first line\n") && out.endsWith("\nGr\xc3\xbc\xc3\x9f\xff last") && out.contains("[redacted]"), out);
        if (!secretPart.isEmpty())
            QVERIFY2(!out.contains(secretPart), out);
        for (const QByteArray &part : support::canaryPieces)
            QVERIFY2(!out.contains(part), out);
    }
}

void TestLogging::anEndlessLineIsCutNowhereInASecret()
{
    Redactor redactor;
    redactor.add(support::canary);
    RedactedStream stream(redactor);
    QByteArray out;
    qsizetype held = 0;
    for (int i = 0; i < 3000; ++i) { // half a megabyte without a line end
        const qsizetype before = out.size();
        out += stream.feed(QByteArray(130 + i % 17, 'x') + support::canaryForms[i % support::canaryForms.size()].second);
        held = out.size() == before ? held + 1 : 0;
        QVERIFY(held < 1000); // it does leave, bit by bit
    }
    out += stream.finish();
    QVERIFY(out.size() > 400'000);
    for (const QByteArray &part : support::canaryPieces)
        QVERIFY(!out.contains(part));
}

void TestLogging::aKeyWithoutAnEndSwallowsNoLog()
{
    RedactedStream stream;
    QByteArray out = stream.feed("-----BEGIN RSA PRIVATE KEY-----\n");
    for (int i = 0; i < 20'000; ++i)
        out += stream.feed("line of the log\n");
    QVERIFY(out.contains("line of the log"));
    QVERIFY(out.size() > 200'000);
}

void TestLogging::namesOfAProductAreSecret()
{
    Redactor redactor;
    redactor.addName(QStringLiteral("SHOP_SALT"));
    redactor.addName(QStringLiteral("PEPPER"));
    QCOMPARE(redactor.redact(QByteArray("SHOP_SALT=abc def")), QByteArray("SHOP_SALT=[redacted]")); // a line of an environment: its value may hold spaces
    QCOMPARE(redactor.redact(QByteArray("env SHOP_SALT=abc run")), QByteArray("env SHOP_SALT=[redacted] run"));
    QCOMPARE(redactor.redact(QByteArray("PEPPER=a,b;c&d}e'f\"g")), QByteArray("PEPPER=[redacted]"));
    QCOMPARE(redactor.redact(QByteArray("\"PEPPER\": \"a b\", x")), QByteArray("\"PEPPER\": [redacted], x"));
    QCOMPARE(redactor.redact(QByteArray("SHOP_SALTY=abc")), QByteArray("SHOP_SALTY=abc"));
}

void TestLogging::noPieceOfAValueIsLeft_data()
{
    QTest::addColumn<QByteArray>("text"); // each piece of its secret holds XX
    for (const char *text : {"DB_PASSWORD=XX9,mXX2;ZtXX&7}abXXc", "DB_PASSWORD=&9xXX!,XX", "SECRET_KEY_BASE=;XX;XX", "PGPASSWORD=abXX'cdXX\"efXX",
                             "x PGPASSWORD=abXX'cdXX\"efXX", "docker run -e DB_PASSWORD=XX9,mXX2;ZtXX&7}XX image", "run DB_PASSWORD=ab\\ XX",
                             "DB_PASSWORD=correct XX battery", "export DB_PASSWORD=XX XX", "  - DB_PASSWORD=XX, XX", "+ DB_PASSWORD=XX XX",
                             "password: correct XX battery", "  POSTGRES_PASSWORD: it's XX; \"XX\"XX", "password = XX XX", "PASSWORD='itXX'\\''s XX a'XX",
                             "run PASSWORD='itXX'\\''s XX a'XX", "password: 'it''s XX'", "run PASSWORD=\"XX\\\" XX\"XX", "password:XX,XX", "{password:XX}",
                             "postgres://u:pXX/sXX@h", "postgres://u:pXX@sXX@h/db", "redis://:XX:XX@h", "\"url\":\"amqp://u:XX@XX/XX@h\"",
                             "first line\nDB_PASSWORD=XX, XX\nlast", "Authorization: Basic XX,XX==", "psql --password XX;XX app", "curl --token=XX&XX;XX"})
        QTest::newRow(QByteArray("[S6] ").append(text).constData()) << QByteArray(text);
}

void TestLogging::noPieceOfAValueIsLeft()
{
    QFETCH(QByteArray, text);
    const QByteArray clean = Redactor().redact(text);
    QVERIFY2(!clean.contains("XX"), clean);
    QVERIFY2(clean.contains("[redacted]"), clean);
    QCOMPARE(Redactor().redact(clean), clean); // the same text passes more than once
    for (const char *around : {"first line", "last", " image", " app"})
        QCOMPARE(clean.contains(around), text.contains(around));
}

void TestLogging::aLongValueIsTakenOutToo_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("piece");
    QTest::newRow("JSON") << QByteArray("{\"token\": \"") << QByteArray("aX");
    QTest::newRow("JSON with escapes") << QByteArray("{\"token\": \"") << QByteArray("\\\"X");
    QTest::newRow("JSON in JSON") << QByteArray("{\\\"token\\\": \\\"") << QByteArray("aX");
    QTest::newRow("quotes and escapes") << QByteArray("x TOKEN=\"") << QByteArray("\"'a'\\ X");
    QTest::newRow("word") << QByteArray("x TOKEN=") << QByteArray("a\\ X");
    QTest::newRow("phrase") << QByteArray("token: ") << QByteArray("a\"X ");
    QTest::newRow("URL") << QByteArray("https://u:") << QByteArray("X@");
}

void TestLogging::aLongValueIsTakenOutToo()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, piece);
    const QByteArray clean = Redactor().redact(before + piece.repeated(60'000 / int(piece.size())));
    QVERIFY2(!clean.contains('X') && clean.contains("[redacted]"), clean.left(200));
}

void TestLogging::whatStandsBesideAValueStays_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("clean");
    const auto row = [](const char *text, const char *clean) { QTest::newRow(text) << QByteArray(text) << QByteArray(clean); };
    row("{\"password\":\"a, b\",\"user\":\"bob\"}", "{\"password\":[redacted],\"user\":\"bob\"}");
    row("{\"msg\":\"bad token: a b\",\"host\":\"db1\"}", "{\"msg\":\"bad token: [redacted]\",\"host\":\"db1\"}");
    row("msg=\"bad token: a b\" host=db1", "msg=\"bad token: [redacted]\" host=db1");
    row("host=db password=a;b user=app", "host=db password=[redacted] user=app");
    row("a DB_PASSWORD='x y' b", "a DB_PASSWORD=[redacted] b");
    row("secret: a b\r\nnext: c", "secret: [redacted]\r\nnext: c");
    row("http://10.0.0.1:8080/health answered, mail to ops@example.org", "http://10.0.0.1:8080/health answered, mail to ops@example.org");
}

void TestLogging::whatStandsBesideAValueStays()
{
    QFETCH(QByteArray, text);
    QTEST(Redactor().redact(text), "clean");
}

void TestLogging::ordinaryTextStays()
{
    for (const QByteArray &text : {QByteArray("R-0001 demo-01: migrate at http://127.0.0.1:8080/health, SHA256:abc, Grüße"), QByteArray("exit status 1: refused: the database is half-migrated"),
                                   QByteArray("Basic authentication failed for user app"), QByteArray("password authentication failed for user \"app\""),
                                   QByteArray("applied 0003_add_secret_notes in 12 ms"), QByteArray("\xff\xfe raw \x00 bytes", 14)})
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
