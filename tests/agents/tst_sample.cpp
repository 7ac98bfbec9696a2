// The sample product as an operator meets it: each release's behaviour, and the round trip of a backup.
#include "config/files.h"
#include "migrations/logreader.h"
#include "sampleproduct.h"

#include <QJsonArray>
#include <QRegularExpression>
#include <QTest>

using namespace bellwether;

class TestSample : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void releasesBehaveAsPublished_data();
    void releasesBehaveAsPublished();
    void oneMigrationOfTheMinorIsSlow();
    void shippedProfileReadsItsLog();
    void failedMigrationLeavesAHalfMigratedDatabase();
    void killedMigrationIsHalfMigrated();
    void olderReleaseRefusesANewerLedger();
    void additiveMigrationMayBeTakenBackByTheVersion();
    void missingVariableIsRefusedBeforeMigrating();
    void neverHealthyReleaseStaysAt503();
    void degradingReleaseShowsItInItsMetrics();
    void restoreBringsEveryRowBack();
    void restoreRefuses_data();
    void restoreRefuses();
    void emptyBackupIsNotVerified();
    void damagedBackupIsNotVerified_data();
    void damagedBackupIsNotVerified();
    void stopEndsAServiceThatIgnoresIt();
    void damagedReleaseIsNotInstalled();
    void everyExecutionLeavesOneEffect();
};

namespace {
QStringList strings(const QJsonValue &array)
{
    QStringList list;
    for (const QJsonValue value : array.toArray())
        list.append(value.toString());
    return list;
}
const QString failing = QStringLiteral("0008_unique_customer_email");
}

void TestSample::releasesBehaveAsPublished_data()
{
    QTest::addColumn<QStringList>("way");
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("ran");
    QTest::addColumn<QString>("health");
    QTest::newRow("1.4.1 patch without schema change") << QStringList{"1.4.1"} << 0 << 0 << "ok";
    QTest::newRow("1.5.0 three migrations") << QStringList{"1.5.0"} << 0 << 3 << "ok";
    QTest::newRow("1.5.1 second of two fails") << QStringList{"1.5.0", "1.5.1"} << 1 << 1 << "";
    QTest::newRow("1.5.2 never healthy") << QStringList{"1.5.0", "1.5.2"} << 0 << 0 << "starting";
    QTest::newRow("1.5.3 one additive migration") << QStringList{"1.5.0", "1.5.3"} << 0 << 1 << "ok";
    QTest::newRow("1.6.0 without its variable") << QStringList{"1.5.0", "1.6.0"} << 1 << 0 << "";
}

void TestSample::releasesBehaveAsPublished()
{
    QFETCH(QStringList, way);
    QFETCH(int, status);
    QFETCH(int, ran);
    QFETCH(QString, health);
    SampleProduct product;
    QVERIFY2(product.error.isEmpty(), qPrintable(product.error));
    QCOMPARE(product.run({"start"}).status, 0);
    QVERIFY(product.becomes("ok"));
    Ran last;
    for (const QString &version : way)
        last = product.upgrade(version);
    QCOMPARE(last.status, status);
    QCOMPARE(last.out.count(QStringLiteral(" applied in ")), ran);
    if (health.isEmpty()) {
        QVERIFY(product.get("/health").isEmpty());
        return;
    }
    QVERIFY(product.becomes(health));
    const QByteArray version = product.get("/version");
    QVERIFY2(version.contains("\"version\":\"" + way.last().toLatin1() + '"'), version);
    QVERIFY2(QRegularExpression(QStringLiteral("\"process\":\"\\d+-\\d+\"")).match(QString::fromUtf8(version)).hasMatch(), version);
}

void TestSample::oneMigrationOfTheMinorIsSlow()
{
    SampleProduct product;
    QVERIFY(QFile::remove(product.path("faults")));
    const Ran ran = product.upgrade("1.5.0");
    const auto match = QRegularExpression("migration 0005_\\S+ applied in (\\d+) ms").match(ran.out);
    QVERIFY2(match.captured(1).toInt() >= 3500, qPrintable(ran.out));
}

void TestSample::shippedProfileReadsItsLog()
{
    const auto library = loadShippedLibrary();
    QVERIFY(library.has_value());
    QVERIFY(library->profiles.contains("sample"));
    QCOMPARE(library->catalogues.value("sample").releases.size(), 8);
    SampleProduct product;
    product.upgrade("1.5.0");
    const Ran ran = product.upgrade("1.5.1");
    LogReader reader(library->profiles["sample"].log);
    reader.feed(ran.out.toUtf8());
    reader.finish();
    QCOMPARE(reader.outcome(), LogOutcome::Failed);
    QMap<MigrationState, int> count;
    for (const Migration &migration : reader.migrations())
        ++count[migration.state];
    QCOMPARE(count.value(MigrationState::Skipped), 6);
    QCOMPARE(count.value(MigrationState::Ran), 1);
    QCOMPARE(count.value(MigrationState::Failed), 1);
    QCOMPARE(reader.migrations().last().name, failing);
    QVERIFY(reader.migrations().last().reason.contains("UNIQUE"));
}

void TestSample::failedMigrationLeavesAHalfMigratedDatabase()
{
    SampleProduct product;
    QCOMPARE(product.upgrade("1.5.0").status, 0);
    const QString before = product.rows();
    QVERIFY(product.upgrade("1.5.1").status != 0);
    QCOMPARE(product.json({"ledger"})[u"half_migrated"].toString(), failing);
    QVERIFY(product.rows() != before); // its first statement has been committed
    product.pin("1.5.0");
    const Ran again = product.run({"start", "1.5.0"});
    QVERIFY(again.status != 0);
    QVERIFY2(again.out.contains("half-migrated: " + failing), qPrintable(again.out));
}

void TestSample::killedMigrationIsHalfMigrated()
{
    SampleProduct product;
    QCOMPARE(product.run({"start"}).status, 0);
    product.setFaults("migration=slow:60\n");
    product.run({"pull", "1.5.0"});
    product.run({"stop"});
    product.pin("1.5.0");
    // The follower is given up after two seconds; the service goes on without it.
    runProgram(product.path({}), {product.path("bin/start"), "1.5.0"}, {}, 2000);
    QTRY_COMPARE_WITH_TIMEOUT(product.json({"ledger"})[u"running"].toString(), QString("0004_add_label_schema"), 30'000);
    QVERIFY(product.json({"ledger"})[u"half_migrated"].isNull());
    QVERIFY(product.becomes("starting"));
    const qint64 pid = product.read("run/sample.pid").split(' ').first().toLongLong();
    QCOMPARE(runProgram(product.path({}), {"kill", "-KILL", QString::number(pid)}).status, 0);
    QTRY_COMPARE_WITH_TIMEOUT(product.json({"ledger"})[u"half_migrated"].toString(), QString("0004_add_label_schema"), 30'000);
}

void TestSample::olderReleaseRefusesANewerLedger()
{
    SampleProduct product;
    QCOMPARE(product.upgrade("1.5.0").status, 0);
    const Ran back = product.upgrade("1.4.0");
    QVERIFY(back.status != 0);
    QVERIFY2(back.out.contains("newer than 1.4.0"), qPrintable(back.out));
}

void TestSample::additiveMigrationMayBeTakenBackByTheVersion()
{
    SampleProduct product;
    QCOMPARE(product.upgrade("1.5.0").status, 0);
    QCOMPARE(product.upgrade("1.5.3").status, 0);
    QCOMPARE(product.upgrade("1.5.0").status, 0);
    QVERIFY(product.becomes("ok"));
}

void TestSample::missingVariableIsRefusedBeforeMigrating()
{
    SampleProduct product;
    QCOMPARE(product.upgrade("1.5.0").status, 0);
    const QString before = product.rows();
    const Ran refused = product.upgrade("1.6.0");
    QVERIFY2(refused.out.contains("SAMPLE_INVOICE_PREFIX is not set"), qPrintable(refused.out));
    QCOMPARE(product.rows(), before);
    QFile env(product.path(".env"));
    QVERIFY(env.open(QIODevice::WriteOnly | QIODevice::Append));
    env.write("SAMPLE_INVOICE_PREFIX=T\n");
    env.close();
    QCOMPARE(product.upgrade("1.6.0").status, 0);
    QVERIFY(strings(product.json({"ledger"})[u"applied"]).contains("0010_drop_customer_city"));
    QCOMPARE(product.upgrade("2.0.0").status, 0);
    QVERIFY(product.becomes("ok"));
}

void TestSample::neverHealthyReleaseStaysAt503()
{
    SampleProduct product;
    QCOMPARE(product.upgrade("1.5.0").status, 0);
    QCOMPARE(product.upgrade("1.5.2").status, 0);
    int status = 0;
    product.get("/ready", &status);
    QCOMPARE(status, 503);
    QVERIFY(product.becomes("unhealthy", 60'000));
    const QByteArray health = product.get("/health", &status);
    QCOMPARE(status, 503);
    QVERIFY2(health.contains("\"reason\":"), health);
}

void TestSample::degradingReleaseShowsItInItsMetrics()
{
    SampleProduct product;
    QCOMPARE(product.upgrade("1.5.0").status, 0);
    QCOMPARE(product.upgrade("1.5.3").status, 0);
    auto errors = [&] {
        const auto match = QRegularExpression("^sample_errors_total (\\d+)$", QRegularExpression::MultilineOption).match(QString::fromUtf8(product.get("/metrics")));
        return match.hasMatch() ? match.captured(1).toInt() : -1;
    };
    QCOMPARE(errors(), 0);
    QTRY_VERIFY_WITH_TIMEOUT(errors() >= 3, 30'000);
    QVERIFY(product.becomes("ok")); // its health says nothing of it
}

void TestSample::restoreBringsEveryRowBack()
{
    SampleProduct product;
    QCOMPARE(product.upgrade("1.5.0").status, 0);
    const QString before = product.rows();
    QVERIFY(before.count(QLatin1Char('\n')) > 300);
    QCOMPARE(product.run({"backup", "backups/R-1"}).status, 0);
    const QJsonObject info = product.json({"backup-info", "backups/R-1"});
    QVERIFY2(info[u"verified"].toBool(), qPrintable(info[u"problem"].toString()));
    QCOMPARE(info[u"content"].toObject(), product.json({"content"}));
    QCOMPARE(product.json({"last-backup"})[u"path"], info[u"path"]);
    QVERIFY(product.upgrade("1.5.1").status != 0);
    QCOMPARE(product.run({"validate-backup", "backups/R-1"}).status, 0);
    QVERIFY(product.run({"matches-backup", "backups/R-1"}).status != 0);
    QCOMPARE(product.run({"stop"}).status, 0);
    QCOMPARE(product.run({"set-aside", "aside/R-1"}).status, 0);
    product.pin("1.5.0");
    const Ran restored = product.run({"restore", "backups/R-1"}, product.domain().toUtf8() + '\n');
    QVERIFY2(restored.status == 0, qPrintable(restored.out + restored.err));
    QCOMPARE(product.rows(), before);
    QCOMPARE(product.run({"matches-backup", "backups/R-1"}).status, 0);
    QVERIFY(QFile::exists(product.path("aside/R-1/app.db"))); // the state that was given up
    QCOMPARE(product.run({"start", "1.5.0"}).status, 0);
    QVERIFY(product.becomes("ok"));
    QCOMPARE(product.run({"migrated", "1.5.0"}).status, 0);
}

void TestSample::restoreRefuses_data()
{
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("spoil"); // shell, in the product's folder
    QTest::addColumn<QString>("says");
    const QString right = QStringLiteral("test.example.test");
    QTest::newRow("wrong domain") << "other.example.test" << "true" << "does not match";
    QTest::newRow("no domain") << "" << "true" << "does not match";
    QTest::newRow("database of another backup") << right << "echo x >> backups/R-1/database.sqlite" << "checksum";
    QTest::newRow("cut short") << right << "rm backups/R-1/END" << "end marker";
    QTest::newRow("manifest altered") << right << "sed -i 's/customers\": [0-9]*/customers\": 1/' backups/R-1/manifest.json" << "end marker";
    QTest::newRow("no bundle") << right << "rm -r backups/R-1" << "no bundle";
    QTest::newRow("running") << right << "bin/start" << "running";
}

void TestSample::restoreRefuses()
{
    QFETCH(QString, typed);
    QFETCH(QString, spoil);
    QFETCH(QString, says);
    SampleProduct product;
    QCOMPARE(product.run({"backup", "backups/R-1"}).status, 0);
    QCOMPARE(runProgram(product.path({}), {"sh", "-c", spoil}).status, 0);
    const QString before = product.rows();
    const Ran refused = product.run({"restore", "backups/R-1"}, typed.toUtf8() + '\n');
    QVERIFY(refused.status > 0);
    QVERIFY2(refused.err.contains(says), qPrintable(refused.err));
    QCOMPARE(product.rows(), before);
    QVERIFY(product.effects().filter("restore").isEmpty());
}

void TestSample::emptyBackupIsNotVerified() // [fault 45]
{
    SampleProduct product;
    product.setFaults("backup=empty\n");
    QCOMPARE(product.run({"backup", "backups/R-1"}).status, 0); // it claims success …
    const QJsonObject info = product.json({"backup-info", "backups/R-1"});
    QVERIFY(!info[u"verified"].toBool());
    QCOMPARE(info[u"problem"].toString(), QString("its database is empty"));
    QVERIFY(product.run({"validate-backup", "backups/R-1"}).status != 0);
    product.setFaults({});
    QCOMPARE(product.run({"backup", "backups/R-1"}).status, 0); // the old one is kept under another name
    QVERIFY(product.json({"backup-info", "backups/R-1"})[u"verified"].toBool());
    QVERIFY(QFile::exists(product.path("backups/R-1.1/END")));
}

void TestSample::damagedBackupIsNotVerified_data()
{
    QTest::addColumn<qint64>("at");
    for (const qint64 at : {16, 5000, 30000})
        QTest::addRow("one byte at %lld", static_cast<long long>(at)) << at;
}

void TestSample::damagedBackupIsNotVerified() // [fault 45]
{
    QFETCH(qint64, at);
    SampleProduct product;
    QCOMPARE(product.run({"backup", "backups/R-1"}).status, 0);
    QFile file(product.path("backups/R-1/database.sqlite"));
    QVERIFY(file.open(QIODevice::ReadWrite) && file.seek(at));
    const char byte = static_cast<char>(file.peek(1).at(0) ^ 0x40);
    file.write(&byte, 1);
    file.close();
    QVERIFY(!product.json({"backup-info", "backups/R-1"})[u"verified"].toBool());
}

void TestSample::stopEndsAServiceThatIgnoresIt()
{
    SampleProduct product;
    product.setFaults("stop=ignore\n");
    QCOMPARE(product.run({"start"}).status, 0);
    const Ran stopped = product.run({"stop"});
    QCOMPARE(stopped.status, 0);
    QVERIFY2(stopped.out.contains("by force"), qPrintable(stopped.out));
    QCOMPARE(product.run({"stopped"}).status, 0);
}

void TestSample::damagedReleaseIsNotInstalled()
{
    SampleProduct product;
    QCOMPARE(runProgram(product.path({}), {"sh", "-c", "echo >> ../registry/1.5.0/release.json"}).status, 0);
    const Ran pulled = product.run({"pull", "1.5.0"});
    QVERIFY(pulled.status != 0);
    QVERIFY2(pulled.err.contains("checksum"), qPrintable(pulled.err));
    QVERIFY(!QFile::exists(product.path("releases/1.5.0")));
    for (const char *hostile : {"../../etc", "-x", "a b", ""})
        QCOMPARE(product.run({"pull", hostile}).status, 2);
}

void TestSample::everyExecutionLeavesOneEffect()
{
    SampleProduct product;
    product.run({"backup", "backups/R-1"});
    product.run({"pull", "1.4.1"});
    product.run({"stop"});
    product.pin("1.4.1");
    product.run({"start", "1.4.1"});
    product.run({"ledger"});
    product.run({"last-backup"});
    QCOMPARE(product.effects(), (QStringList{"backup backups/R-1", "pull 1.4.1", "stop", "start 1.4.1"}));
}

QTEST_GUILESS_MAIN(TestSample)
#include "tst_sample.moc"
