// The report on paper, read back by a program that knows PDF and nothing of us.
#include "reportview/paper.h"
#include "reportview/pdf.h"
#include "story.h"

#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

using namespace bellwether;
using namespace bellwether::support;

namespace {
QByteArray output(const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.start(program, arguments);
    process.waitForFinished();
    return process.exitCode() == 0 ? process.readAllStandardOutput() : QByteArray();
}

AuditReport reportOf(const QString &story)
{
    const auto report = story == QLatin1String("restored") ? makeReport(restoredStory(), 2, 1'790'009'000'000)
        : story == QLatin1String("hostile")                ? makeReport(hostileStory(), 1, 1'790'009'000'000)
        : story == QLatin1String("many")                   ? makeReport(manyHostsStory(60), 1, 1'790'009'000'000)
                                                           : makeReport(goodStory(), 1, 1'790'009'000'000);
    if (!report)
        qFatal("no report");
    return *report;
}
} // namespace

class TestReportPdf : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isReadByOthers_data();
    void isReadByOthers();
    void loadsNothing();
};

void TestReportPdf::isReadByOthers_data()
{
    QTest::addColumn<QString>("story");
    QTest::addColumn<int>("pagesAtLeast");
    QTest::newRow("good") << QStringLiteral("good") << 3;
    QTest::newRow("restored") << QStringLiteral("restored") << 2;
    QTest::newRow("hostile") << QStringLiteral("hostile") << 2;
    QTest::newRow("many") << QStringLiteral("many") << 8;
}

void TestReportPdf::isReadByOthers()
{
    QFETCH(QString, story);
    QFETCH(int, pagesAtLeast);
    const AuditReport report = reportOf(story);
    const auto pdf = reportPdf(report);
    QVERIFY(pdf);
    QVERIFY(pdf->startsWith("%PDF-"));
    if (QStandardPaths::findExecutable(QStringLiteral("pdftotext")).isEmpty())
        QFAIL("poppler-utils is not installed");
    QTemporaryDir folder;
    const QString path = qEnvironmentVariable("BELLWETHER_KEEP_PDF", folder.path()) + QStringLiteral("/%1.pdf").arg(story);
    QFile file(path);
    QVERIFY(file.open(QFile::WriteOnly));
    file.write(*pdf);
    file.close();

    const QString info = QString::fromUtf8(output(QStringLiteral("pdfinfo"), {path}));
    static const QRegularExpression pagesLine(QStringLiteral("Pages:\\s+(\\d+)"));
    const int pages = pagesLine.match(info).captured(1).toInt();
    QVERIFY2(pages >= pagesAtLeast, qPrintable(info));
    QVERIFY2(info.contains(QStringLiteral("(A4)")), qPrintable(info));
    QVERIFY(info.contains(QRegularExpression(QStringLiteral("JavaScript:\\s+no"))));

    const QString text = QString::fromUtf8(output(QStringLiteral("pdftotext"), {QStringLiteral("-layout"), path, QStringLiteral("-")}));
    const QStringList sheets = text.split(QLatin1Char('\f'), Qt::SkipEmptyParts);
    QCOMPARE(sheets.size(), pages);
    for (int i = 0; i < pages; ++i) {
        QVERIFY2(sheets[i].contains(QStringLiteral("Page %1 of %2").arg(i + 1).arg(pages)), qPrintable(sheets[i].left(400)));
        QVERIFY(sheets[i].contains(QStringLiteral("Rollout R-000")));
    }
    const QString words = text.simplified();
    for (const char *section : {"What happened, by host", "Who decided", "What was lost by going back", "Gaps in the evidence", "Migrations", "Gates", "The way back", "Commands, as they were given", "How to verify this report"})
        QVERIFY2(words.contains(QLatin1String(section)), section);
    for (const ReportHost &host : report.hosts) {
        if (story != QLatin1String("hostile"))
            QVERIFY2(words.contains(host.name), qPrintable(host.name));
    }
    if (story == QLatin1String("restored"))
        QVERIFY(QString(words).remove(QChar(0x200b)).remove(QLatin1Char(' ')).contains(QStringLiteral("restore--confirmdemo-01.example.test")));
}

void TestReportPdf::loadsNothing()
{
    struct Probe : PaperDocument {
        using PaperDocument::PaperDocument;
        using PaperDocument::loadResource;
    };
    QImage device(10, 10, QImage::Format_RGB32);
    Probe document(reportDocument(reportOf(QStringLiteral("good"))), QSizeF(500, 700), &device);
    for (const char *url : {"file:///etc/passwd", "http://127.0.0.1/x.png", "qrc:/bellwether/icons/logo.svg", "data:image/png;base64,AAAA"})
        QVERIFY2(!document.resource(QTextDocument::ImageResource, QUrl(QLatin1String(url))).isValid(), url);
}

QTEST_MAIN(TestReportPdf)
#include "tst_reportpdf.moc"
