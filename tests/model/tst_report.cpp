// The evidence: what it says follows from the events and from nothing else, and nothing that came from a host can act.
#include "base/canonicaljson.h"
#include "journal/chain.h"
#include "journal/journal.h"
#include "journalhelp.h"
#include "report/auditreport.h"
#include "story.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

using namespace bellwether;
using namespace bellwether::support;

namespace {
constexpr qint64 madeMs = 1'790'009'000'000;

AuditReport reportOf(const QList<Event> &events, int rollout)
{
    auto report = makeReport(events, rollout, madeMs);
    if (!report)
        qFatal("no report: %s", qPrintable(report.error().args.join(QLatin1Char(' '))));
    return *report;
}

// RFC 4180, read anew.
QList<QStringList> parsedCsv(const QString &text)
{
    QList<QStringList> rows;
    QStringList row;
    QString field;
    bool quoted = false;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text[i];
        if (quoted) {
            if (c == QLatin1Char('"') && text.mid(i + 1, 1) == QLatin1String("\"")) {
                field += c;
                ++i;
            } else if (c == QLatin1Char('"')) {
                quoted = false;
            } else {
                field += c;
            }
        } else if (c == QLatin1Char('"')) {
            quoted = true;
        } else if (c == QLatin1Char(',') || c == QLatin1Char('\r')) {
            row.append(field);
            field.clear();
            if (c == QLatin1Char('\r')) {
                rows.append(row);
                row.clear();
                ++i; // the line feed
            }
        } else {
            field += c;
        }
    }
    return rows;
}

void replaceOnce(QByteArray &bytes, const QByteArray &from, const QByteArray &to)
{
    const qsizetype at = bytes.indexOf(from);
    if (at < 0)
        qFatal("not in the report: %s", from.constData());
    bytes.replace(at, from.size(), to);
}

QJsonObject edited(const QByteArray &report, const std::function<void(QJsonArray &)> &edit)
{
    QJsonObject whole = QJsonDocument::fromJson(report).object();
    QJsonArray events = whole.value(QStringLiteral("events")).toArray();
    edit(events);
    whole.insert(QStringLiteral("events"), events);
    return whole;
}
} // namespace

class TestReport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void countsAnUpgradeThatWentWell();
    void tellsAStopAtTheCanaryAndItsRestore();
    void namesItsGaps();
    void refusesAnUnknownRollout();
    void sameEventsGiveSameBytes_data();
    void sameEventsGiveSameBytes();
    void keepsOtherCustomersOut();
    void htmlIsWellFormedAndHarmless_data();
    void htmlIsWellFormedAndHarmless();
    void csvCannotBecomeAFormula();
    void csvHasOneRowPerStep();
    void markdownHoldsNoHtml();
    void jsonVerifiesItself_data();
    void jsonVerifiesItself();
    void jsonMayBePrettyPrinted();
    void tamperedJsonIsFound_data();
    void tamperedJsonIsFound();
    void noEventOfItsOwnCanBeWithheld_data();
    void noEventOfItsOwnCanBeWithheld();
    void aLinkCannotSayItIsSomebodyElses_data();
    void aLinkCannotSayItIsSomebodyElses();
    void everyFlippedBitOfTheJsonIsFound();
    void rubbishIsNoReport_data();
    void rubbishIsNoReport();
    void aTamperedJournalGivesAReportThatSaysSo();
    void goesThroughARealJournal();
};

void TestReport::countsAnUpgradeThatWentWell()
{
    const AuditReport report = reportOf(goodStory(), 1);
    QCOMPARE(report.headline, QStringLiteral("Sample 1.4.0 to 1.5.0 was carried out on all 6 hosts"));
    QCOMPARE(report.summary, QStringLiteral("Of 6 production hosts, 6 were upgraded. 18 migrations ran, none failed."));
    QCOMPARE(report.figures.planned, 6);
    QCOMPARE(report.figures.upgraded, 6);
    QCOMPARE(report.figures.rolledBack, 0);
    QCOMPARE(report.figures.migrationsRan, 18);
    QCOMPARE(report.figures.migrationsFailed, 0);
    // from the intent of the stop to the first good answer: stop 1.2 s, pin 0.15 s, start 6.4 s and the ticks between
    QVERIFY2(report.figures.downtimeAtMostMs > 7'750 && report.figures.downtimeAtMostMs < 8'200, qPrintable(QString::number(report.figures.downtimeAtMostMs)));
    QCOMPARE(report.hosts.size(), 6);
    QCOMPARE(report.hosts[0].name, QStringLiteral("demo-01"));
    QCOMPARE(report.hosts[0].waveName, QStringLiteral("Canary"));
    QCOMPARE(report.hosts[5].waveName, QStringLiteral("Wave 3"));
    for (const ReportHost &host : report.hosts) {
        QCOMPARE(host.from, QStringLiteral("1.4.0"));
        QCOMPARE(host.now, QStringLiteral("1.5.0"));
        QCOMPARE(host.ran, 3);
        QCOMPARE(host.steps.size(), 8);
    }
    QCOMPARE(report.gates.size(), 4);
    QVERIFY(report.gates[0].passed);
    QCOMPARE(report.gates[0].by, QStringLiteral("J. Okafor"));
    QCOMPARE(report.gates[0].conditions.size(), 4);
    QVERIFY(report.gates[0].atMs - report.gates[0].bakeFromMs >= 20'000);
    QVERIFY(report.losses.isEmpty());
}

void TestReport::tellsAStopAtTheCanaryAndItsRestore()
{
    const AuditReport report = reportOf(restoredStory(), 2);
    QCOMPARE(report.headline, QStringLiteral("Sample 1.5.0 to 1.5.1 was stopped at the canary and rolled back"));
    QCOMPARE(report.figures.rolledBack, 1);
    QCOMPARE(report.figures.restored, 1);
    QCOMPARE(report.figures.notBegun, 5);
    QCOMPARE(report.figures.migrationsFailed, 1);
    QVERIFY2(report.summary.startsWith(QStringLiteral("Of 6 production hosts, 1 was taken back by restore and 5 were never touched. 1 migration ran, 1 failed.")), qPrintable(report.summary));
    QCOMPARE(report.hosts[0].now, QStringLiteral("1.5.0"));
    QCOMPARE(report.hosts[0].failed, 1);
    QCOMPARE(report.losses.size(), 1);
    QCOMPARE(report.losses[0].host, QStringLiteral("demo-01"));
    // from the backup's start to the stop on the way back
    const qint64 window = report.losses[0].stoppedMs - report.losses[0].backupMs;
    QVERIFY2(window > 107'500 && window < 108'200, qPrintable(QString::number(window)));
    QVERIFY(report.losses[0].counted.startsWith(QStringLiteral("unknown")));
    QStringList decisions;
    for (const ReportDecision &decision : report.decisions)
        decisions.append(decision.who + QStringLiteral(" ") + decision.what);
    QVERIFY(decisions.contains(QStringLiteral("J. Okafor confirmed restore of demo-01 (1 domain typed)")));
    QVERIFY(decisions.contains(QStringLiteral("bellwether paused it (failure-budget): 1 failure in the canary, none allowed")));
    QVERIFY(decisions.contains(QStringLiteral("J. Okafor ended the rollout as rolled back: vendor informed")));
    QVERIFY(decisions.first().startsWith(QStringLiteral("M. Lindqvist approved plan ")));
    QVERIFY(decisions.first().endsWith(QStringLiteral(" as second person")));
}

void TestReport::namesItsGaps()
{
    const AuditReport good = reportOf(goodStory(), 1);
    QVERIFY(good.gaps.contains(QStringLiteral("Single person: the plan was approved by its author, nobody else looked at it.")));
    QVERIFY(good.gaps.contains(QStringLiteral("Between the journal's events 2 and %1 lies what is not part of this rollout: of 1 event only type and hash are kept.").arg(good.lastSeq)));
    QCOMPARE(good.gaps.size(), 2);
    QCOMPARE(reportOf(restoredStory(), 2).gaps, QStringList(QStringLiteral("demo-01: what was lost by the restore was not counted.")));

    QList<Event> events = goodStory(); // the console dies in a step on the fourth host
    const qsizetype cut = 2 + std::distance(events.cbegin(), std::find_if(events.cbegin(), events.cend(), [](const Event &event) {
        const auto *step = std::get_if<StepIntended>(&event.body);
        return step && step->host == QLatin1String("demo-04") && step->step == QLatin1String("start");
    }));
    const AuditReport open = reportOf(events.mid(0, cut), 1);
    QCOMPARE(open.headline, QStringLiteral("Sample 1.4.0 to 1.5.0 is still under way"));
    QCOMPARE(open.figures.upgraded, 3);
    QCOMPARE(open.figures.underWay, 1);
    QVERIFY(open.hosts[3].stillDown);
    QVERIFY(open.gaps.contains(QStringLiteral("demo-04: the outcome of step start is not recorded.")));
    QVERIFY(open.gaps.contains(QStringLiteral("The rollout has not ended: this is its state at event %1.").arg(open.lastSeq)));
}

void TestReport::refusesAnUnknownRollout()
{
    for (const int rollout : {0, -1, 2, 99}) {
        const auto report = makeReport(goodStory(), rollout, madeMs);
        QVERIFY(!report);
        QCOMPARE(report.error().code, ErrorCode::UnknownRollout);
    }
    QVERIFY(!makeReport({}, 1, madeMs));
}

void TestReport::sameEventsGiveSameBytes_data()
{
    QTest::addColumn<int>("format");
    for (const ReportFormat format : {ReportFormat::Html, ReportFormat::Csv, ReportFormat::Json, ReportFormat::Md})
        QTest::newRow(enumName(format)) << int(format);
}

void TestReport::sameEventsGiveSameBytes()
{
    QFETCH(int, format);
    const auto once = writeReport(reportOf(restoredStory(), 2), ReportFormat(format));
    qputenv("TZ", "Asia/Tokyo");
    const auto again = writeReport(reportOf(restoredStory(), 2), ReportFormat(format));
    qunsetenv("TZ");
    QVERIFY(once && again);
    QVERIFY(once->size() > 1000);
    QCOMPARE(*once, *again);
    // only events of the rollout matter: what other rollouts did before changes nothing but the chain
    QVERIFY(!writeReport(reportOf(restoredStory(), 2), ReportFormat::Pdf));
}

void TestReport::keepsOtherCustomersOut()
{
    const AuditReport report = reportOf(goodStory(), 1);
    QCOMPARE(report.links.size(), 1);
    for (const ReportFormat format : {ReportFormat::Html, ReportFormat::Csv, ReportFormat::Json, ReportFormat::Md})
        QVERIFY2(!writeReport(report, format)->contains("other-customer"), enumName(format));
}

void TestReport::htmlIsWellFormedAndHarmless_data()
{
    QTest::addColumn<QString>("story");
    QTest::newRow("good") << QStringLiteral("good");
    QTest::newRow("restored") << QStringLiteral("restored");
    QTest::newRow("hostile") << QStringLiteral("hostile");
}

void TestReport::htmlIsWellFormedAndHarmless()
{
    QFETCH(QString, story);
    const QByteArray html = reportHtml(story == QLatin1String("good") ? reportOf(goodStory(), 1) : story == QLatin1String("restored") ? reportOf(restoredStory(), 2) : reportOf(hostileStory(), 1));
    QVERIFY(html.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"));
    QByteArray xml = html.mid(html.indexOf('\n') + 1); // our own HTML is XML but for its void elements
    for (const char *meta : {"<meta charset=\"utf-8\">", "style-src 'unsafe-inline'\">", "initial-scale=1\">", "content=\"no-referrer\">"})
        replaceOnce(xml, meta, QByteArray(meta).chopped(1) + "/>");
    const QStringList tags{QStringLiteral("html"), QStringLiteral("head"), QStringLiteral("meta"), QStringLiteral("title"), QStringLiteral("style"), QStringLiteral("body"), QStringLiteral("main"),
                           QStringLiteral("header"), QStringLiteral("svg"), QStringLiteral("g"), QStringLiteral("path"), QStringLiteral("div"), QStringLiteral("strong"), QStringLiteral("small"),
                           QStringLiteral("aside"), QStringLiteral("h1"), QStringLiteral("h2"), QStringLiteral("p"), QStringLiteral("b"), QStringLiteral("span"), QStringLiteral("table"),
                           QStringLiteral("thead"), QStringLiteral("tbody"), QStringLiteral("tr"), QStringLiteral("th"), QStringLiteral("td"), QStringLiteral("ul"), QStringLiteral("li"),
                           QStringLiteral("pre"), QStringLiteral("rect"), QStringLiteral("line"), QStringLiteral("text"), QStringLiteral("footer")};
    QXmlStreamReader reader(xml);
    int elements = 0;
    while (!reader.atEnd()) {
        if (reader.readNext() != QXmlStreamReader::StartElement)
            continue;
        ++elements;
        QVERIFY2(tags.contains(reader.name()), qPrintable(reader.name().toString()));
        for (const QXmlStreamAttribute &attribute : reader.attributes()) {
            const QString name = attribute.name().toString();
            QVERIFY2(!name.startsWith(QStringLiteral("on")) && name != QLatin1String("href") && name != QLatin1String("src") && name != QLatin1String("style"), qPrintable(name));
        }
    }
    QVERIFY2(!reader.hasError(), qPrintable(QStringLiteral("%1 at %2").arg(reader.errorString()).arg(reader.lineNumber())));
    QVERIFY(elements > 100);
    for (const char c : html)
        QVERIFY(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
    QVERIFY(!QString::fromUtf8(html).contains(QChar(0x202e)));
    QVERIFY(!html.contains("url(") && !html.contains("@import"));
}

void TestReport::csvCannotBecomeAFormula()
{
    const QList<QStringList> rows = parsedCsv(QString::fromUtf8(reportCsv(reportOf(hostileStory(), 1))));
    QVERIFY(rows.size() > 5);
    const QString starts = QStringLiteral("=+-@\t\r\n＝＋－＠");
    int guarded = 0;
    for (const QStringList &row : rows) {
        QCOMPARE(row.size(), rows.first().size());
        for (const QString &field : row) {
            QVERIFY2(field.isEmpty() || !starts.contains(field.front()), qPrintable(field));
            guarded += field.startsWith(QStringLiteral("'=HYPERLINK"));
        }
    }
    QVERIFY(guarded >= 5);
}

void TestReport::csvHasOneRowPerStep()
{
    const QList<QStringList> rows = parsedCsv(QString::fromUtf8(reportCsv(reportOf(restoredStory(), 2))));
    QCOMPARE(rows.size(), 1 + 12 + 5); // head, the canary's steps there and back, five hosts that were never begun
    const QStringList &head = rows.first();
    const qsizetype step = head.indexOf(QStringLiteral("step")), outcome = head.indexOf(QStringLiteral("outcome")), direction = head.indexOf(QStringLiteral("direction"));
    QCOMPARE(rows[6][step], QStringLiteral("start"));
    QCOMPARE(rows[6][outcome], QStringLiteral("failed"));
    QCOMPARE(rows[6][head.indexOf(QStringLiteral("exit"))], QStringLiteral("1"));
    QCOMPARE(rows[10][step], QStringLiteral("restore"));
    QCOMPARE(rows[10][direction], QStringLiteral("restore"));
    QCOMPARE(rows[13][head.indexOf(QStringLiteral("state"))], QStringLiteral("waiting"));
}

void TestReport::markdownHoldsNoHtml()
{
    const QString text = QString::fromUtf8(reportMarkdown(reportOf(hostileStory(), 1)));
    // outside of code spans nothing of it is live
    static const QRegularExpression code(QStringLiteral("(?<!\\\\)(`+)(?!`).*?(?<!`)\\1(?!`)"));
    static const QRegularExpression fenced(QStringLiteral("^(```+)\\n.*?\\n\\1$"), QRegularExpression::MultilineOption | QRegularExpression::DotMatchesEverythingOption);
    const QString prose = QString(text).remove(fenced).remove(code);
    QVERIFY2(!prose.contains(QLatin1Char('<')), qPrintable(prose.mid(qMax(0, int(prose.indexOf(QLatin1Char('<'))) - 40), 120)));
    static const QRegularExpression image(QStringLiteral("(?<!\\\\)!\\[|(?<!\\\\)\\]\\("));
    QVERIFY(!prose.contains(image));
    for (const QString &line : text.split(QLatin1Char('\n')))
        QVERIFY2(!line.startsWith(QStringLiteral("# h")), qPrintable(line));
    QVERIFY(QString::fromUtf8(reportMarkdown(reportOf(goodStory(), 1))).contains(QStringLiteral("| **demo-01** | Canary | `1.4.0` | `1.5.0` | ✓ Upgraded |")));
}

void TestReport::jsonVerifiesItself_data()
{
    htmlIsWellFormedAndHarmless_data();
}

void TestReport::jsonVerifiesItself()
{
    QFETCH(QString, story);
    const AuditReport report = story == QLatin1String("good") ? reportOf(goodStory(), 1) : story == QLatin1String("restored") ? reportOf(restoredStory(), 2) : reportOf(hostileStory(), 1);
    const ReportCheck check = verifyReport(reportJson(report));
    QVERIFY2(check.intact, qPrintable(QStringLiteral("%1 at %2").arg(check.cause).arg(check.firstBroken)));
    QCOMPARE(check.events, report.events.size());
    QCOMPARE(check.rollout, report.rollout.name);
    QCOMPARE(check.headHash.toLatin1(), report.headHash.toHex());
}

void TestReport::jsonMayBePrettyPrinted()
{
    const QByteArray pretty = QJsonDocument::fromJson(reportJson(reportOf(restoredStory(), 2))).toJson(QJsonDocument::Indented);
    QVERIFY(verifyReport(pretty).intact);
}

void TestReport::tamperedJsonIsFound_data()
{
    QTest::addColumn<QString>("how");
    QTest::addColumn<int>("index"); // of the event within the report that is named; −1: the whole
    QTest::addColumn<QString>("cause");
    const auto row = [](const char *how, int index, const char *cause) { QTest::newRow(how) << QString::fromLatin1(how) << index << QString::fromLatin1(cause); };
    row("[N-09] actor", 5, "altered");
    row("[N-09] wall", 5, "altered");
    row("[N-09] payload", 5, "altered");
    row("[N-09] hash", 5, "altered");
    row("[N-09] type", 5, "altered");
    row("[N-09] first removed", 0, "missing");
    row("[N-09] middle removed", 5, "missing");
    row("[N-09] last removed", -2, "missing");
    row("[N-09] swapped", 5, "missing");
    row("[N-09] duplicated", 5, "chain");
    row("[N-09] rehashed alone", 6, "chain");
    row("[N-09] headline", -1, "summary");
    row("[N-09] figure", -1, "summary");
    row("[N-09] host's state", -1, "summary");
    row("[N-09] gaps removed", -1, "summary");
    row("[N-09] second key of a name", -1, "altered");
    row("[N-09] more keys", -1, "summary");
    row("[N-09] another head", -2, "chain");
}

void TestReport::tamperedJsonIsFound()
{
    QFETCH(QString, how);
    QFETCH(int, index);
    const AuditReport report = how.contains(QStringLiteral("gaps")) ? reportOf(goodStory(), 1) : reportOf(restoredStory(), 2);
    const QByteArray bytes = reportJson(report);
    how.remove(QStringLiteral("[N-09] "));
    QByteArray tampered;
    const auto events = [&](const std::function<void(QJsonArray &)> &edit) { tampered = canonicalJson(edited(bytes, edit)) + '\n'; };
    const auto set = [&](const char *key, const QJsonValue &value) {
        events([&](QJsonArray &list) {
            QJsonObject event = list[5].toObject();
            event.insert(QLatin1String(key), value);
            list[5] = event;
        });
    };
    QJsonObject whole = QJsonDocument::fromJson(bytes).object();
    const auto top = [&](const char *key, const QJsonValue &value) {
        whole.insert(QLatin1String(key), value);
        tampered = canonicalJson(whole) + '\n';
    };
    if (how == QLatin1String("actor"))
        set("actor", QStringLiteral("somebody"));
    else if (how == QLatin1String("wall"))
        set("wall", report.events[5].wallMs + 1);
    else if (how == QLatin1String("payload"))
        set("payload", QJsonObject{{QStringLiteral("host"), QStringLiteral("x")}});
    else if (how == QLatin1String("hash"))
        set("hash", QString(64, QLatin1Char('0')));
    else if (how == QLatin1String("type"))
        set("type", QStringLiteral("StepStarted"));
    else if (how == QLatin1String("first removed"))
        events([](QJsonArray &list) { list.removeAt(0); });
    else if (how == QLatin1String("middle removed"))
        events([](QJsonArray &list) { list.removeAt(5); });
    else if (how == QLatin1String("last removed"))
        events([](QJsonArray &list) { list.removeLast(); });
    else if (how == QLatin1String("swapped"))
        events([](QJsonArray &list) { const QJsonValue five = list[5]; list[5] = list[6]; list[6] = five; });
    else if (how == QLatin1String("duplicated"))
        events([](QJsonArray &list) { list.insert(6, list[5]); });
    else if (how == QLatin1String("rehashed alone")) {
        QList<Event> changed = restoredStory();
        Event &event = changed[report.events[5].seq - 1];
        event.actor = QStringLiteral("somebody");
        event.hash = chainHash(event.prev, chainRow(event));
        tampered = reportJson(reportOf(changed, 2));
    } else if (how == QLatin1String("headline"))
        top("headline", QStringLiteral("All went well"));
    else if (how == QLatin1String("figure")) {
        QJsonObject figures = whole.value(QStringLiteral("figures")).toObject();
        figures.insert(QStringLiteral("migrations_failed"), 0);
        top("figures", figures);
    } else if (how == QLatin1String("host's state")) {
        QJsonArray hosts = whole.value(QStringLiteral("hosts")).toArray();
        QJsonObject host = hosts[0].toObject();
        host.insert(QStringLiteral("state"), QStringLiteral("upgraded"));
        hosts[0] = host;
        top("hosts", hosts);
    } else if (how == QLatin1String("gaps removed"))
        top("gaps", QJsonArray());
    else if (how == QLatin1String("second key of a name")) {
        tampered = bytes;
        tampered.replace(0, 1, "{\"headline\":\"All went well\",");
    } else if (how == QLatin1String("more keys"))
        top("approved_by", QStringLiteral("the board"));
    else if (how == QLatin1String("another head")) {
        QJsonObject chain = whole.value(QStringLiteral("chain")).toObject();
        chain.insert(QStringLiteral("head"), QString(64, QLatin1Char('0')));
        top("chain", chain);
    }
    QVERIFY(tampered != bytes);
    const ReportCheck check = verifyReport(tampered);
    QVERIFY(!check.intact);
    QTEST(check.cause, "cause");
    QCOMPARE(check.firstBroken, index == -1 ? 0 : index == -2 ? report.lastSeq : report.events[index].seq);
}

void TestReport::noEventOfItsOwnCanBeWithheld_data()
{
    QTest::addColumn<QString>("story");
    QTest::newRow("[N-09] an upgrade that went well") << QStringLiteral("good");
    QTest::newRow("[N-09] a restore") << QStringLiteral("restored");
}

namespace {
// The report with one of its events replaced by the link that the journal itself has for it.
QByteArray withheld(const QByteArray &report, const Event &event, const std::function<void(QJsonObject &)> &edit = {})
{
    QJsonObject whole = QJsonDocument::fromJson(report).object(), chain = whole.value(QStringLiteral("chain")).toObject();
    QJsonArray events = whole.value(QStringLiteral("events")).toArray(), links;
    for (qsizetype i = events.size(); i-- > 0;)
        if (events[i].toObject().value(QStringLiteral("seq")).toInteger() == event.seq)
            events.removeAt(i);
    const ChainLink link = chainLink(chainRow(event));
    QJsonObject made{{QStringLiteral("seq"), link.seq}, {QStringLiteral("rollout"), link.rollout}, {QStringLiteral("type"), QString::fromUtf8(link.type)},
                     {QStringLiteral("content"), QString::fromLatin1(link.content.toHex())}};
    if (edit)
        edit(made);
    bool placed = false;
    for (const QJsonValue old : chain.value(QStringLiteral("links")).toArray()) {
        if (!placed && old.toObject().value(QStringLiteral("seq")).toInteger() > link.seq) {
            links.append(made);
            placed = true;
        }
        links.append(old);
    }
    if (!placed)
        links.append(made);
    chain.insert(QStringLiteral("links"), links);
    whole.insert(QStringLiteral("events"), events);
    whole.insert(QStringLiteral("chain"), chain);
    return canonicalJson(whole) + '\n';
}
} // namespace

void TestReport::noEventOfItsOwnCanBeWithheld()
{
    QFETCH(QString, story);
    const AuditReport report = story == QLatin1String("good") ? reportOf(goodStory(), 1) : reportOf(restoredStory(), 2);
    const QByteArray bytes = reportJson(report);
    for (const Event &event : report.events) {
        const ReportCheck check = verifyReport(withheld(bytes, event));
        QVERIFY2(!check.intact, qPrintable(eventName(event.body)));
        QCOMPARE(check.cause, QStringLiteral("withheld"));
        QCOMPARE(check.firstBroken, event.seq);
    }
}

void TestReport::aLinkCannotSayItIsSomebodyElses_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QJsonValue>("value");
    QTest::newRow("[N-09] another rollout's") << QStringLiteral("rollout") << QJsonValue(1);
    QTest::newRow("[N-09] the workspace's") << QStringLiteral("rollout") << QJsonValue(0);
    QTest::newRow("[N-09] no number") << QStringLiteral("rollout") << QJsonValue(QStringLiteral("x"));
    QTest::newRow("[N-09] content of another length") << QStringLiteral("content") << QJsonValue(QStringLiteral("00"));
}

void TestReport::aLinkCannotSayItIsSomebodyElses()
{
    QFETCH(QString, key);
    QFETCH(QJsonValue, value);
    const AuditReport report = reportOf(restoredStory(), 2);
    const QByteArray bytes = reportJson(report);
    for (qsizetype i = 0; i + 1 < report.events.size(); ++i) {
        const ReportCheck check = verifyReport(withheld(bytes, report.events[i], [&](QJsonObject &link) { link.insert(key, value); }));
        QVERIFY2(!check.intact, qPrintable(eventName(report.events[i].body)));
        QVERIFY(check.firstBroken == report.events[i].seq || check.firstBroken == report.events[i].seq + 1 || check.firstBroken == report.events[i + 1].seq);
    }
}

void TestReport::everyFlippedBitOfTheJsonIsFound()
{
    const QByteArray bytes = reportJson(reportOf(restoredStory(), 2));
    for (qsizetype at = 7; at + 1 < bytes.size(); at += 613) { // some thirty places of every kind; the last byte is a line end
        QByteArray flipped = bytes;
        flipped[at] = char(flipped[at] ^ 1);
        QVERIFY2(!verifyReport(flipped).intact, bytes.mid(qMax<qsizetype>(0, at - 20), 40).constData());
    }
}

void TestReport::rubbishIsNoReport_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("text") << QByteArray("hello");
    QTest::newRow("array") << QByteArray("[1,2]");
    QTest::newRow("another object") << QByteArray("{\"a\":1}");
    QTest::newRow("only the mark") << QByteArray("{\"bellwether_report\":2}");
    QTest::newRow("deep") << QByteArray(100'000, '[');
    QTest::newRow("huge range") << QByteArray("{\"bellwether_report\":2,\"rollout\":\"R-0001\",\"chain\":{\"first_seq\":2,\"last_seq\":9223372036854775807,\"previous\":\"" + QByteArray(64, 'a') + "\"},\"events\":[]}");
    QTest::newRow("wrong types") << QByteArray("{\"bellwether_report\":2,\"chain\":7,\"events\":{},\"rollout\":[]}");
}

void TestReport::rubbishIsNoReport()
{
    QFETCH(QByteArray, bytes);
    const ReportCheck check = verifyReport(bytes);
    QVERIFY(!check.intact);
    QVERIFY(!check.cause.isEmpty());
}

void TestReport::aTamperedJournalGivesAReportThatSaysSo()
{
    QList<Event> events = restoredStory();
    const AuditReport before = reportOf(events, 2);
    const qint64 seq = before.events[4].seq;
    events[seq - 1].actor = QStringLiteral("somebody");
    const AuditReport report = reportOf(events, 2);
    QVERIFY(report.gaps.contains(QStringLiteral("The journal's chain does not hold at event %1: what follows is not proven.").arg(seq)));
    const ReportCheck check = verifyReport(reportJson(report));
    QVERIFY(!check.intact);
    QCOMPARE(check.firstBroken, seq);
}

void TestReport::goesThroughARealJournal()
{
    QTemporaryDir folder;
    {
        const auto writer = JournalWriter::open(folder.path());
        QVERIFY(writer);
        for (const Event &event : restoredStory()) {
            EventBody body = event.body;
            if (auto *console = std::get_if<ConsoleStarted>(&body))
                console->workspace = (*writer)->workspaceId();
            if (auto *started = std::get_if<RolloutStarted>(&body))
                started->workspace = (*writer)->workspaceId();
            QVERIFY(appendAndWait(**writer, {{event.rollout, event.wallMs, event.monoMs, event.actor, body}}));
        }
    }
    const auto reader = JournalReader::open(folder.path());
    const auto events = (*reader)->read();
    QVERIFY(events);
    for (const int rollout : {1, 2}) {
        const QByteArray json = reportJson(reportOf(*events, rollout));
        const ReportCheck check = verifyReport(json);
        QVERIFY2(check.intact, qPrintable(check.cause));
        QCOMPARE(check.workspace, (*reader)->workspaceId());
    }
    QCOMPARE(reportOf(*events, 2).headHash.toHex(), (*reader)->headHash());
    QCOMPARE(reportOf(*events, 2).figures, reportOf(restoredStory(), 2).figures);
}

QTEST_GUILESS_MAIN(TestReport)
#include "tst_report.moc"
