// Reading products' logs: any cut of the bytes gives the same result, names are never invented, silence is no success.
#include "migrations/logreader.h"

#include <QJsonDocument>
#include <QTest>

using namespace bellwether;

namespace {

// As the sample product writes.
LogSpec sampleSpec()
{
    LogSpec spec;
    spec.began = QStringList{R"(^\S+ INFO migration (?<name>\S+) started$)"};
    spec.ran = QStringList{R"(^\S+ INFO migration (?<name>\S+) applied in (?<ms>\d+) ms$)"};
    spec.skipped = QStringList{R"(^\S+ INFO migration (?<name>\S+) skipped \(already applied\)$)"};
    spec.failed = QStringList{R"(^\S+ ERROR migration (?<name>\S+) failed: (?<reason>.*)$)"};
    spec.succeeded = QStringList{R"(^\S+ INFO migrations done$)"};
    spec.failedEnd = QStringList{R"(^\S+ ERROR start failed: (?<reason>.*)$)"};
    return spec;
}

// As products log that say only that migrations ran, not which.
LogSpec namelessSpec()
{
    LogSpec spec;
    spec.namesMigrations = false;
    spec.began = QStringList{R"("message":"Running database migrations\.\.\.")"};
    spec.succeeded = QStringList{R"("message":"Database migrations completed")"};
    spec.failedEnd = QStringList{R"json("message":"Failed to start server".*"message":"(?<reason>[^"]*))json"};
    return spec;
}

const QByteArray kGood = "2026-11-20T10:00:00.000Z INFO sample 1.5.0 starting\n"
                         "2026-11-20T10:00:00.001Z INFO migration 0001_create skipped (already applied)\n"
                         "2026-11-20T10:00:00.002Z INFO migration 0004_labels started\n"
                         "2026-11-20T10:00:00.012Z INFO migration 0004_labels applied in 10 ms\r\n"
                         "\x1b[32m2026-11-20T10:00:00.013Z INFO migration 0005_totals started\x1b[0m\n"
                         "  10 %\r  50 %\r2026-11-20T10:00:04.000Z INFO migration 0005_totals applied in 3987 ms\n"
                         "\n"
                         "gr\xc3\xbc\xc3\x9f" "e \xff\xc0\xaf \xe2\x82\n"
                         "2026-11-20T10:00:04.001Z INFO migrations done";

const QByteArray kBad = "2026-11-20T10:00:00.002Z INFO migration 0007_segment started\n"
                        "2026-11-20T10:00:00.012Z INFO migration 0007_segment applied in 10 ms\n"
                        "2026-11-20T10:00:00.013Z INFO migration 0008_unique started\n"
                        "2026-11-20T10:00:00.014Z ERROR migration 0008_unique failed: UNIQUE constraint failed: customer.email\n"
                        "2026-11-20T10:00:00.015Z ERROR start failed: migration 0008_unique failed\n";

QString told(const LogReader &reader)
{
    QStringList parts{nameOf(reader.outcome()), QString::number(reader.unreadLines())};
    for (const Migration &m : reader.migrations())
        parts.append(QString::fromUtf8(QJsonDocument(toJson(m)).toJson(QJsonDocument::Compact)));
    for (const LogProblem &p : reader.problems())
        parts.append(QStringLiteral("%1: %2").arg(p.line).arg(p.message));
    return parts.join(u'\n');
}

QString toldAfter(const LogSpec &spec, const QList<QByteArray> &chunks)
{
    LogReader reader(spec);
    for (const QByteArray &chunk : chunks)
        reader.feed(chunk);
    reader.finish();
    return told(reader);
}

} // namespace

class TestLogReader : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsAGoodRun()
    {
        LogReader reader(sampleSpec());
        reader.feed(kGood);
        reader.finish();
        QCOMPARE(int(reader.outcome()), int(LogOutcome::Succeeded));
        const QList<Migration> m = reader.migrations();
        QCOMPARE(m.size(), 3);
        QCOMPARE(m[0], (Migration{"0001_create", MigrationState::Skipped, std::nullopt, {}, 2}));
        QCOMPARE(m[1], (Migration{"0004_labels", MigrationState::Ran, 10, {}, 4}));
        QCOMPARE(m[2], (Migration{"0005_totals", MigrationState::Ran, 3987, {}, 6}));
        QCOMPARE(reader.unreadLines(), 2);
        QVERIFY(reader.problems().isEmpty());
    }
    void readsAFailedRun() // [AS-08]
    {
        LogReader reader(sampleSpec());
        reader.feed(kBad);
        QCOMPARE(int(reader.outcome()), int(LogOutcome::Failed));
        QCOMPARE(reader.migrations().last(),
                 (Migration{"0008_unique", MigrationState::Failed, std::nullopt, "UNIQUE constraint failed: customer.email", 4}));
        QCOMPARE(reader.problems().size(), 2);
        QCOMPARE(reader.problems().first().line, 4);
        QCOMPARE(reader.problems().first().message, "UNIQUE constraint failed: customer.email");
    }
    void reportsChangesAsTheyHappen() // [AS-07]
    {
        LogReader reader(sampleSpec());
        QVERIFY(reader.feed("t INFO migration 0005 star").isEmpty());
        QList<Migration> changed = reader.feed("ted\n");
        QCOMPARE(changed.size(), 1);
        QCOMPARE(int(changed[0].state), int(MigrationState::Running));
        QCOMPARE(int(reader.outcome()), int(LogOutcome::Unfinished));
        changed = reader.feed("nothing to see\nt INFO migration 0005 applied in 7 ms");
        QVERIFY(changed.isEmpty()); // the line has not ended yet
        changed = reader.finish();
        QCOMPARE(changed.size(), 1);
        QCOMPARE(changed[0].durationMs.value(), 7);
        QVERIFY(reader.finish().isEmpty());
    }
    void anyCutGivesTheSame_data()
    {
        QTest::addColumn<QByteArray>("log");
        QTest::newRow("good") << kGood;
        QTest::newRow("bad") << kBad;
        QTest::newRow("long line") << "x\n" + QByteArray(40'000, 'y') + "\n" + kBad;
        QTest::newRow("long line without end") << kBad + QByteArray(20'000, 'y');
    }
    void anyCutGivesTheSame()
    {
        QFETCH(QByteArray, log);
        const QString whole = toldAfter(sampleSpec(), {log});
        QList<QByteArray> bytes;
        for (const char c : log)
            bytes.append(QByteArray(1, c));
        QCOMPARE(toldAfter(sampleSpec(), bytes), whole);
        const int step = log.size() > 2000 ? 997 : 1;
        for (qsizetype cut = 0; cut <= log.size(); cut += step)
            QCOMPARE(toldAfter(sampleSpec(), {log.left(cut), log.mid(cut)}), whole);
        quint32 seed = 12345; // fixed: a failure can be repeated
        for (int round = 0; round < 50; ++round) {
            QList<QByteArray> pieces;
            for (qsizetype at = 0; at < log.size(); at += pieces.last().size()) {
                seed = seed * 1664525 + 1013904223;
                pieces.append(log.mid(at, 1 + (seed >> 16) % 200));
            }
            QCOMPARE(toldAfter(sampleSpec(), pieces), whole);
        }
    }
    void inventsNoNames()
    {
        LogReader reader(namelessSpec());
        reader.feed(R"({"level":"info","message":"Running database migrations..."})" "\n");
        QCOMPARE(reader.migrations().size(), 1);
        QCOMPARE(int(reader.migrations()[0].state), int(MigrationState::Running));
        const QList<Migration> changed = reader.feed(R"({"level":"info","message":"Database migrations completed"})" "\n");
        QCOMPARE(changed.size(), 1);
        QCOMPARE(int(changed[0].state), int(MigrationState::Unnamed));
        QVERIFY(changed[0].name.isEmpty());
        QCOMPARE(int(reader.outcome()), int(LogOutcome::Succeeded));
    }
    void errorsOfOtherThingsAreNotFailures()
    {
        LogReader reader(namelessSpec());
        reader.feed(R"({"level":"error","message":"Encryption at rest is disabled: running in passthrough mode"})" "\n"
                    R"({"level":"info","message":"Running database migrations..."})" "\n");
        QCOMPARE(int(reader.outcome()), int(LogOutcome::Unfinished));
        reader.feed(R"({"level":"error","message":"Failed to start server","error":{"name":"Error","message":"no key"}})" "\n");
        QCOMPARE(int(reader.outcome()), int(LogOutcome::Failed));
        QCOMPARE(reader.problems().last().message, "no key");
    }
    void silenceIsNotSuccess()
    {
        LogReader reader(sampleSpec());
        QCOMPARE(int(reader.outcome()), int(LogOutcome::Unknown));
        reader.feed("all good, migrations complete, success!\n");
        QCOMPARE(int(reader.outcome()), int(LogOutcome::Unknown));
        QCOMPARE(reader.unreadLines(), 1);
    }
    void failuresAreNotTalkedAway()
    {
        LogReader reader(sampleSpec());
        reader.feed("t ERROR migration a failed: x\nt INFO migration a skipped (already applied)\nt INFO migrations done\n");
        QCOMPARE(int(reader.migrations()[0].state), int(MigrationState::Failed));
        QCOMPARE(int(reader.outcome()), int(LogOutcome::Failed));
    }
    void whatRanIsNotUndoneByARestart()
    {
        LogReader reader(sampleSpec());
        reader.feed("t INFO migration a applied in 5 ms\nt INFO migration a skipped (already applied)\n");
        QCOMPARE(reader.migrations()[0], (Migration{"a", MigrationState::Ran, 5, {}, 1}));
    }
    void aFailureWithoutNameIsOfTheOneThatBegan()
    {
        LogSpec spec = sampleSpec();
        spec.failed = QStringList{"^(?<name>)boom: (?<reason>.*)$"};
        LogReader reader(spec);
        reader.feed("t INFO migration a applied in 5 ms\nt INFO migration b started\nboom: out of disk\n");
        QCOMPARE(reader.migrations()[1], (Migration{"b", MigrationState::Failed, std::nullopt, "out of disk", 3}));
    }
    void durationsInSecondsAndNonsense_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<qint64>("ms");
        QTest::newRow("seconds") << QByteArray("1.5") << qint64(1500);
        QTest::newRow("nan") << QByteArray("nan") << qint64(-1);
        QTest::newRow("infinite") << QByteArray("1e400") << qint64(-1);
        QTest::newRow("negative") << QByteArray("-3") << qint64(-1);
        QTest::newRow("huge") << QByteArray("9e99") << qint64(-1);
    }
    void durationsInSecondsAndNonsense()
    {
        QFETCH(QByteArray, text);
        QFETCH(qint64, ms);
        LogSpec spec;
        spec.ran = QStringList{R"(^applied (?<name>\w+) \((?<s>\S+)s\)$)"};
        LogReader reader(spec);
        reader.feed("applied a (" + text + "s)\n");
        QCOMPARE(reader.migrations()[0].durationMs.value_or(-1), ms);
    }
    void logsAreHostile()
    {
        LogReader reader(sampleSpec());
        for (int i = 0; i < 12'000; ++i)
            reader.feed("t INFO migration m" + QByteArray::number(i) + " started\nt ERROR start failed: x\n");
        QVERIFY(reader.migrations().size() <= 10'000);
        QVERIFY(reader.problems().size() <= 1000);
        LogReader terminal(sampleSpec());
        terminal.feed("t ERROR migration a failed: \x1b]52;c;QUJD\x07" "bad\x1b[999A\x08\x08" "ok\n");
        QCOMPARE(terminal.migrations()[0].reason, QString::fromUtf8("bad\ufffd\ufffdok"));
        LogReader fake(sampleSpec()); // a name may not smuggle a second line in
        fake.feed("t INFO migration a\rt INFO migrations done\n");
        QCOMPARE(fake.migrations().size(), 0);
    }
};

QTEST_GUILESS_MAIN(TestLogReader)
#include "tst_logreader.moc"
