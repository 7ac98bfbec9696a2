// Every error is one sentence that says what is wrong and what to do, and maps to the exit code of the contract.
#include "text/errortext.h"

#include <QTest>

using namespace bellwether;

class TestErrorText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyCodeHasItsOwnSentence();
    void everyKeyIsUniqueAndFoundAgain();
    void placesComeFirst();
    void argumentsStayData();
    void hostileTextBecomesOneVisibleLine_data();
    void hostileTextBecomesOneVisibleLine();
    void exitCodesAreTheContract_data();
    void exitCodesAreTheContract();
};

namespace {
QList<ErrorCode> allCodes()
{
    QList<ErrorCode> codes;
    for (int i = 0; i <= static_cast<int>(lastErrorCode); ++i)
        codes.append(static_cast<ErrorCode>(i));
    return codes;
}
}

void TestErrorText::everyCodeHasItsOwnSentence()
{
    QSet<QString> seen;
    const QStringList args{QStringLiteral("A1"), QStringLiteral("B2"), QStringLiteral("C3"), QStringLiteral("D4")};
    for (const ErrorCode code : allCodes()) {
        const QString text = errorText(Error{code, args, {}, nullptr});
        QVERIFY2(text.size() > 3 && !text.contains(u'\n') && !text.contains(u'%'), qPrintable(text));
        QVERIFY2(text.endsWith(u'.') || text.endsWith(u')'), qPrintable(text));
        QVERIFY2(!text.contains(u'?'), qPrintable(text));
        QVERIFY2(!seen.contains(text), qPrintable(text));
        seen.insert(text);
        const QList<int> codes{1, 2, 3, 5, 7, 8, 9, 130};
        QVERIFY2(codes.contains(exitCode(code)), qPrintable(text));
    }
}

void TestErrorText::everyKeyIsUniqueAndFoundAgain()
{
    QSet<QString> seen;
    for (const ErrorCode code : allCodes()) {
        const QString key = QString::fromLatin1(errorKey(code));
        QVERIFY2(!seen.contains(key), qPrintable(key));
        seen.insert(key);
        QCOMPARE(errorFromKey(key).value(), code);
    }
    QCOMPARE(QLatin1String(errorKey(ErrorCode::HostKeyUnknown)), QLatin1String("host-key-unknown"));
    QVERIFY(!errorFromKey(QStringLiteral("no-such-key")));
}

void TestErrorText::placesComeFirst()
{
    const Error error{ErrorCode::UnknownKey, {QStringLiteral("prot"), QStringLiteral("port, user")},
                      {QStringLiteral("../fleet.yaml"), 7, 5, QStringLiteral("hosts[1].prot")}, nullptr};
    QCOMPARE(errorText(error),
             QStringLiteral("../fleet.yaml:7:5: hosts[1].prot: The key \"prot\" is not known here. Known keys: port, user."));
}

void TestErrorText::argumentsStayData()
{
    QCOMPARE(errorText(Error{ErrorCode::FileUnreadable, {QStringLiteral("../../a%2b"), QStringLiteral("No such file.")}, {}, nullptr}),
             QStringLiteral("The file ../../a%2b cannot be read: No such file. Check the path and its permissions."));
    QCOMPARE(errorText(QStringLiteral("host-disk-full"), {QStringLiteral("berlin-1")}),
             QStringLiteral("The disk of berlin-1 is full. Make room, then retry."));
}

void TestErrorText::hostileTextBecomesOneVisibleLine_data()
{
    QTest::addColumn<QString>("hostile");
    QTest::newRow("clear screen") << QStringLiteral("\x1b[2J\x1b[H");
    QTest::newRow("title") << QStringLiteral("\x1b]0;x\a");
    QTest::newRow("C1 CSI") << QString(QChar(0x9b)) + QStringLiteral("31m");
    QTest::newRow("new lines") << QStringLiteral("a\nINFO gate passed\r\nb");
    QTest::newRow("bidi") << QString(QChar(0x202e)) + QStringLiteral("gpj.exe");
    QTest::newRow("lone surrogate") << QString(QChar(0xd800));
    QTest::newRow("long") << QString(200'000, u'\'');
}

void TestErrorText::hostileTextBecomesOneVisibleLine()
{
    QFETCH(QString, hostile);
    const QString text = errorText(Error{ErrorCode::NotSsh, {QStringLiteral("h"), hostile}, {}, nullptr});
    QVERIFY(text.size() < 1000);
    for (const QChar c : text)
        QVERIFY2(c.unicode() >= 0x20 && !(c.unicode() >= 0x7f && c.unicode() <= 0x9f) && c != QChar(0x202e), qPrintable(text));
}

void TestErrorText::exitCodesAreTheContract_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<int>("exit");
    QTest::newRow("usage") << ErrorCode::Usage << 2;
    QTest::newRow("bad file") << ErrorCode::UnknownKey << 2;
    QTest::newRow("refused plan") << ErrorCode::PlanRefused << 3;
    QTest::newRow("restore without its domain") << ErrorCode::DomainNotConfirmed << 3;
    QTest::newRow("tampered journal") << ErrorCode::JournalTampered << 7;
    QTest::newRow("tampered report") << ErrorCode::ReportTampered << 7;
    QTest::newRow("held by somebody else") << ErrorCode::DataFolderInUse << 8;
    QTest::newRow("host in another rollout") << ErrorCode::HostInOtherRollout << 8;
    QTest::newRow("unreachable") << ErrorCode::ConnectFailed << 9;
    QTest::newRow("interrupted") << ErrorCode::Interrupted << 130;
    QTest::newRow("internal") << ErrorCode::Internal << 1;
}

void TestErrorText::exitCodesAreTheContract()
{
    QFETCH(ErrorCode, code);
    QTEST(exitCode(code), "exit");
}

QTEST_GUILESS_MAIN(TestErrorText)
#include "tst_errortext.moc"
