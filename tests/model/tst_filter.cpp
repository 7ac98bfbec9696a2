#include "domain/filter.h"

#include <QTest>

using namespace bellwether;

class TestFilter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void matches_data()
    {
        QTest::addColumn<QString>("expression");
        QTest::addColumn<bool>("yes");
        for (const char *yes : {"", "   ", "berlin", "LIN-1", "name:berlin", "name=berlin-1", "name!=berlin-2", "version<1.5", "version<1.5.0", "version>=1.4",
                                "version=1.4.10", "version>1.4.9", "version!=1.5.0", "version:1.4", "version<=v1.4.10", "group:eu", "group=eu", "group!=us",
                                "health=ok", "health!=unhealthy", "environment=production", "environment:prod", "reachable=true", "reachable=yes",
                                "reachable!=no", "label.site=fra", "site=fra", "site:fr", "site!=muc", "missing!=x", "label.critical:true", "domain:example",
                                "address=127.0.1.1", "product=shop", "not munich", "not not berlin", "berlin and health=ok", "munich or berlin",
                                "munich or berlin and health=ok", "(munich or berlin) and health=ok", "berlin or munich and munich", "not (munich or paris)",
                                "version<1.5 and group:eu and health!=unhealthy", "\"berlin\"", "name=\"berlin-1\"", "berlin AND NOT munich", "note=\"a b\"",
                                "note!=\"and\"", "rank>3", "rank<10", "group:EU"})
            QTest::newRow(yes) << QString::fromLatin1(yes) << true;
        for (const char *no : {"munich", "name=berlin", "version<1.4.9", "version>1.4.10", "version=1.4", "group:e", "group:us", "group!=eu", "health=unhealthy",
                               "reachable=false", "site=muc", "missing=x", "missing:x", "not berlin", "berlin and munich", "(berlin or munich) and munich",
                               "munich and berlin or paris", "\"and\"", "domain=example"})
            QTest::newRow(no) << QString::fromLatin1(no) << false;
    }
    void matches()
    {
        QFETCH(QString, expression);
        const auto filter = Filter::parse(expression);
        QVERIFY2(filter, qPrintable(filter ? QString() : filter.error().args.join(" | ")));
        QCOMPARE(filter->toString(), expression);
        QTEST(filter->matches(berlin(), measured()), "yes");
    }
    void unknownIsNeitherBeforeNorAfter()
    {
        for (const char *expression : {"version<9", "version>0", "version=0.0.0", "version:1"})
            QVERIFY2(!Filter::parse(QString::fromLatin1(expression))->matches(berlin(), HostFacts()), expression);
        QVERIFY(Filter::parse("version!=1.5.0")->matches(berlin(), HostFacts()));
        QVERIFY(Filter::parse("health=unknown and reachable=no")->matches(berlin(), HostFacts()));
    }
    void prereleasesComeBeforeTheirRelease()
    {
        HostFacts facts;
        facts.version = *Version::parse("1.5.0-rc.1");
        QVERIFY(Filter::parse("version<1.5")->matches(berlin(), facts));
        facts.version = *Version::parse("1.5.0+build.3");
        QVERIFY(Filter::parse("version=1.5.0 and version<=1.5 and not version>1.5")->matches(berlin(), facts));
    }
    void refusesWithItsColumn_data()
    {
        QTest::addColumn<QString>("expression");
        QTest::addColumn<int>("column");
        QTest::newRow("nothing after and") << "berlin and" << 11;
        QTest::newRow("nothing before and") << "and berlin" << 1;
        QTest::newRow("or or") << "a or or b" << 6;
        QTest::newRow("no value") << "version<" << 9;
        QTest::newRow("no key") << "a and =x" << 7;
        QTest::newRow("two words") << "berlin munich" << 8;
        QTest::newRow("open bracket") << "a and (b or c" << 7;
        QTest::newRow("closing bracket") << "a)" << 2;
        QTest::newRow("empty brackets") << "()" << 2;
        QTest::newRow("open quote") << "name=\"a" << 6;
        QTest::newRow("bang") << "a and !b" << 7;
        QTest::newRow("no version") << "version<latest" << 9;
        QTest::newRow("health that does not exist") << "health=fine" << 8;
        QTest::newRow("environment that does not exist") << "environment=prod" << 13;
        QTest::newRow("reachable maybe") << "reachable=maybe" << 11;
        QTest::newRow("order of names") << "name<b" << 6;
        QTest::newRow("not alone") << "not" << 4;
        QTest::newRow("too deep") << QString(200, '(') + "a" + QString(200, ')') << 102;
        QTest::newRow("too long") << QString(5000, 'a') << 4097;
        QTest::newRow("operators") << "a==b" << 3;
    }
    void refusesWithItsColumn()
    {
        QFETCH(QString, expression);
        const auto filter = Filter::parse(expression);
        QVERIFY(!filter);
        QCOMPARE(int(filter.error().code), int(ErrorCode::BadFilter));
        QCOMPARE(filter.error().args.size(), 3);
        QVERIFY(!filter.error().args[1].isEmpty());
        QTEST(filter.error().args[2].toInt(), "column");
    }
    void longListsAreFine()
    {
        const auto filter = Filter::parse(QStringList(500, "x").join(" or "));
        QVERIFY(filter);
        QVERIFY(!filter->matches(berlin(), measured()));
    }
    void namesItsKeys()
    {
        QVERIFY(Filter::keys().contains("version"));
        QVERIFY(Filter::keys().contains("label."));
    }

private:
    static Installation berlin()
    {
        Installation i;
        i.name = "berlin-1";
        i.endpoint.address = "127.0.1.1";
        i.groups = QStringList{"eu", "canary-pool"};
        i.labels = {{"site", "fra"}, {"critical", "true"}, {"note", "a b"}, {"rank", "4"}};
        i.product = "shop";
        i.domain = "berlin.example.org";
        return i;
    }
    static HostFacts measured()
    {
        HostFacts facts;
        facts.reachable = true;
        facts.version = *Version::parse("1.4.10");
        facts.health = Health::Ok;
        return facts;
    }
};

QTEST_GUILESS_MAIN(TestFilter)
#include "tst_filter.moc"
