// A plan is written for people and read back to the same hash; whatever was changed in it is noticed.
#include "config/files.h"
#include "config/yamltree.h"
#include "config/yamlwriter.h"
#include "plan/planner.h"

#include <QElapsedTimer>
#include <QTest>

using namespace bellwether;

namespace {

Plan shippedPlan(int hosts, const QString &to = QStringLiteral("1.6.0"))
{
    const Library library = *loadShippedLibrary();
    PlanRequest request;
    const ProductProfile profile = library.profiles.value(QStringLiteral("sample"));
    const Catalogue catalogue = library.catalogues.value(QStringLiteral("sample"));
    request.profile = &profile;
    request.catalogue = &catalogue;
    request.strategy = library.strategies.value(QStringLiteral("demo"));
    request.to = *Version::parse(to);
    request.author = QStringLiteral("ops");
    request.createdMs = 1'790'000'000'000;
    for (int i = 0; i < hosts; ++i) {
        Installation host;
        host.name = QStringLiteral("demo-%1").arg(i, 4, 10, QLatin1Char('0'));
        host.endpoint.address = QStringLiteral("127.0.1.1");
        host.product = QStringLiteral("sample");
        host.directory = QStringLiteral("/srv/") + host.name;
        host.domain = host.name + QStringLiteral(".example.test");
        host.labels.insert(QStringLiteral("region"), QStringLiteral("no"));
        HostFacts facts;
        facts.reachable = true;
        facts.version = Version::parse(QStringLiteral("1.4.0")).value();
        facts.health = Health::Ok;
        facts.diskFree = 1'000'000;
        facts.databaseSize = 1000;
        facts.ledger = Ledger{};
        request.facts.insert(host.name, facts);
        request.hosts.append(host);
    }
    return makePlan(request);
}

} // namespace

class TestPlanFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void shippedSamplePlansWithoutRefusal()
    {
        const Plan plan = shippedPlan(6);
        QStringList refusals;
        for (const Finding &f : plan.findings)
            if (f.refusal)
                refusals.append(f.rule + u' ' + f.message);
        QVERIFY2(plan.isAccepted(), qPrintable(refusals.join(u'\n')));
        QCOMPARE(plan.hosts.first().hops.size(), 2);
    }
    void readsBackTheSame()
    {
        Plan plan = shippedPlan(3);
        plan.approver = "second";
        plan.approvedMs = 5;
        const QByteArray text = writePlan(plan);
        const auto again = parsePlan(text, "plan.yaml");
        QVERIFY2(again, qPrintable(again ? QString() : again.error().place.key + " " + QString::number(again.error().place.line) + again.error().args.join("|")));
        QCOMPARE(toJson(*again), toJson(plan));
        QCOMPARE(writePlan(*again), text);
        QVERIFY(text.contains("\nhash: ") && text.contains(planHash(plan).toUtf8()));
    }
    void defaultsThatAreNotEmptySurvive()
    {
        Plan plan = shippedPlan(1);
        plan.strategy = Strategy();
        plan.strategy.waves.clear();
        plan.strategy.name.clear();
        plan.policy.patchRollbackKeepsData = false;
        plan.policy.backupSpaceFactor = 0.1;
        plan.hosts[0].installation.endpoint.port = 2222;
        plan.waves.append(PlanWave{"", {}});
        const auto again = parsePlan(writePlan(plan), "f");
        QVERIFY2(again, writePlan(plan).constData());
        QCOMPARE(planHash(*again), planHash(plan));
    }
    void anyTextSurvives_data()
    {
        QTest::addColumn<QString>("text");
        for (const char *text : {"", " ", "null", "~", "true", "NO", "1.10", "022", "0x16", "1e3", ".inf", "-", "- a", "a: b", "a #b", "#a", "'", "\"", "\\", "\\n",
                                 "{to}", "[x]", "&a", "*a", "!x", "|", ">", "%a", "@a", "`a`", "a\nb", "a\nb\n", "a\n\nb\n\n", "\na", " a\nb", "a \nb", "a\n b\n  c", "a\tb",
                                 "\ta\n\tb", "a\r\nb", "---", "...", "--- a\n...\nb", "# a\n# b", "a\n# b", "=", "<<", "y", "? a", "a:", ":a", "a\n---\nb"})
            QTest::newRow(qPrintable(QString::fromLatin1(text).toHtmlEscaped())) << QString::fromLatin1(text);
        QTest::newRow("escape") << QString::fromUtf8("a\x1b[2Jb\x7f");
        QTest::newRow("separators") << QString::fromUtf8("a\u2028b\u2029c\u0085d\ufeff e\u00a0f");
        QTest::newRow("beyond the plane") << QString::fromUtf8("\U0001f680 \u00fc \u4e2d");
        QTest::newRow("right to left") << QString::fromUtf8("a\u202eb");
        QTest::newRow("long") << QString(20'000, 'x');
    }
    void anyTextSurvives()
    {
        QFETCH(QString, text);
        YamlWriter yaml;
        yaml.text("a", text);
        yaml.texts("b", {text, "x", text});
        yaml.map("c", {{"k", text}});
        const bool asKey = !text.isEmpty() && text.size() < 1000; // keys of YAML end at 1024 characters
        if (asKey)
            yaml.map("d", {{text, "v"}});
        const auto tree = readYaml(yaml.bytes(), "f");
        QVERIFY2(tree, yaml.bytes().constData());
        QCOMPARE(tree->find("a")->text, text);
        QCOMPARE(tree->find("b")->items.size(), std::size_t(3));
        QCOMPARE(tree->find("b")->items[2].text, text);
        QCOMPARE(tree->find("c")->find("k")->text, text);
        if (asKey)
            QCOMPARE(tree->find("d")->keys[0].text, text);
    }
    void changesAreNoticed_data()
    {
        QTest::addColumn<QByteArray>("before");
        QTest::addColumn<QByteArray>("after");
        QTest::newRow("another command") << QByteArray("bin/check-release") << QByteArray("bin/other-release");
        QTest::newRow("another address") << QByteArray("127.0.1.1") << QByteArray("127.0.1.2");
        QTest::newRow("a bake") << QByteArray("bake_canary_s: 20") << QByteArray("bake_canary_s: 0");
        QTest::newRow("another hash") << QByteArray("hash: ") << QByteArray("hash: 0");
    }
    void changesAreNoticed() // [S21]
    {
        QFETCH(QByteArray, before);
        QFETCH(QByteArray, after);
        QByteArray text = writePlan(shippedPlan(2));
        QVERIFY(text.contains(before));
        text.replace(text.indexOf(before), before.size(), after);
        const auto plan = parsePlan(text, "f");
        QVERIFY(!plan);
        QCOMPARE(int(plan.error().code), int(ErrorCode::PlanChanged));
        QCOMPARE(plan.error().place.key, "hash");
    }
    void whoAndWhenMayChange()
    {
        QByteArray text = writePlan(shippedPlan(1));
        text.replace("author: ops", "author: somebody");
        QVERIFY(parsePlan(text, "f"));
    }
    void refusesWhatAFleetFileWouldRefuse()
    {
        Plan plan = shippedPlan(1);
        plan.hosts[0].installation.endpoint.address = "-oProxyCommand=touch ./pwned";
        const auto read = parsePlan(writePlan(plan), "f"); // its hash is right
        QVERIFY(!read);
        QCOMPARE(int(read.error().code), int(ErrorCode::BadValue));
        QCOMPARE(read.error().place.key, "hosts[0].installation.address");
    }
    void refusesHostsOutOfOrder()
    {
        Plan plan = shippedPlan(2);
        std::reverse(plan.hosts.begin(), plan.hosts.end());
        QCOMPARE(int(parsePlan(writePlan(plan), "f").error().code), int(ErrorCode::BadValue));
    }
    void refusesRubbish_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("code");
        QTest::newRow("empty") << QByteArray() << int(ErrorCode::FileEmpty);
        QTest::newRow("no hash") << QByteArray("format: 1\n") << int(ErrorCode::MissingKey);
        QTest::newRow("format 2") << QByteArray("hash: x\nformat: 2\n") << int(ErrorCode::BadValue);
        QTest::newRow("unknown key") << QByteArray("hash: x\nformat: 1\nwave: []\n") << int(ErrorCode::UnknownKey);
        QTest::newRow("negative number") << QByteArray("hash: x\nformat: 1\nstrategy: {canary_max: -1}\n") << int(ErrorCode::BadValue);
        QTest::newRow("unknown enum") << QByteArray("hash: x\nformat: 1\nstrategy: {auto_rollback: always}\n") << int(ErrorCode::BadValue);
        QTest::newRow("bad version") << QByteArray("hash: x\nformat: 1\nto: latest\n") << int(ErrorCode::BadValue);
        QTest::newRow("a report") << QByteArray("{\"rollout\": 1}") << int(ErrorCode::MissingKey);
    }
    void refusesRubbish()
    {
        QFETCH(QByteArray, text);
        const auto plan = parsePlan(text, "f");
        QVERIFY(!plan);
        QTEST(int(plan.error().code), "code");
    }
    void largeFleetsFit()
    {
        const Plan plan = shippedPlan(200);
        const QByteArray text = writePlan(plan);
        QVERIFY2(text.size() < (6 << 20), qPrintable(QString::number(text.size()))); // 2000 hosts within the limit of 64 MiB
        const auto again = parsePlan(text, "f");
        QVERIFY(again);
        QCOMPARE(planHash(*again), planHash(plan));
    }
};

QTEST_GUILESS_MAIN(TestPlanFile)
#include "tst_planfile.moc"
