// What was done to the file behind the program's back: verify() names the first row that is not as it was, and why.
#include "journal/chain.h"
#include "journal/journal.h"
#include "journalhelp.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;
using namespace bellwether::support;

namespace {
constexpr int count = 9;

void fill(const QString &folder)
{
    auto writer = JournalWriter::open(folder);
    if (!writer)
        qFatal("cannot open");
    for (int i = 1; i <= count; ++i) {
        if (!appendAndWait(**writer, {paused(QStringLiteral("event %1").arg(i), i % 3)}))
            qFatal("cannot append");
    }
}

JournalCheck verified(const QString &folder)
{
    auto reader = JournalReader::open(folder);
    if (!reader)
        qFatal("cannot read: %s", qPrintable(reader.error().args.join(QLatin1Char(' '))));
    auto check = (*reader)->verify();
    if (!check)
        qFatal("cannot verify: %s", qPrintable(check.error().args.join(QLatin1Char(' '))));
    return *check;
}
} // namespace

class TestJournalVerify : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anUntouchedJournalIsIntact();
    void anEmptyJournalIsIntact();
    void namesTheFirstBrokenRow_data();
    void namesTheFirstBrokenRow();
    void aJournalChainedAnewIsSeenByItsHead();
    void everyBitOfARowCounts();
    void damagedPagesAreReported();
    void everyDamagedPageIsFoundAndNothingIsWritten_data();
    void everyDamagedPageIsFoundAndNothingIsWritten();
    void theWriterRefusesABrokenEnd_data();
    void theWriterRefusesABrokenEnd();
    void readingAnUnreadableRowNamesIt();
};

void TestJournalVerify::anUntouchedJournalIsIntact()
{
    QTemporaryDir folder;
    fill(folder.path());
    const JournalCheck check = verified(folder.path());
    QVERIFY(check.intact);
    QCOMPARE(check.events, count);
    QCOMPARE(check.firstBroken, 0);
    QCOMPARE(check.cause, QString());
}

void TestJournalVerify::anEmptyJournalIsIntact()
{
    QTemporaryDir folder;
    QVERIFY(JournalWriter::open(folder.path()));
    QVERIFY(verified(folder.path()).intact);
}

void TestJournalVerify::namesTheFirstBrokenRow_data()
{
    QTest::addColumn<QStringList>("sql");
    QTest::addColumn<qint64>("seq");
    QTest::addColumn<QString>("cause");
    const auto row = [](const char *name, const QStringList &sql, qint64 seq, const char *cause) {
        QTest::newRow(name) << sql << seq << QString::fromLatin1(cause);
    };
    const QString copy = QStringLiteral("INSERT INTO events SELECT %1, rollout, wall, mono, actor, type, payload, %2, hash FROM events WHERE seq=%3");
    row("[N-09] number", {QStringLiteral("UPDATE events SET seq=50 WHERE seq=4")}, 4, "missing");
    row("[N-09] rollout", {QStringLiteral("UPDATE events SET rollout=7 WHERE seq=4")}, 4, "altered");
    row("[N-09] rollout beyond an int", {QStringLiteral("UPDATE events SET rollout=rollout+4294967296 WHERE seq=4")}, 4, "altered");
    row("[N-09] wall clock", {QStringLiteral("UPDATE events SET wall=wall-1 WHERE seq=4")}, 4, "altered");
    row("[N-09] monotonic clock", {QStringLiteral("UPDATE events SET mono=mono+1 WHERE seq=4")}, 4, "altered");
    row("[N-09] actor", {QStringLiteral("UPDATE events SET actor='somebody else' WHERE seq=4")}, 4, "altered");
    row("[N-09] type", {QStringLiteral("UPDATE events SET type='Unpaused' WHERE seq=4")}, 4, "altered");
    row("[N-09] payload", {QStringLiteral("UPDATE events SET payload=replace(payload, 'event 4', 'event 5') WHERE seq=4")}, 4, "altered");
    row("[N-09] a space in the payload", {QStringLiteral("UPDATE events SET payload=payload||' ' WHERE seq=4")}, 4, "altered");
    row("[N-09] previous hash", {QStringLiteral("UPDATE events SET prev=zeroblob(32) WHERE seq=4")}, 4, "altered");
    row("[N-09] hash", {QStringLiteral("UPDATE events SET hash=zeroblob(32) WHERE seq=4")}, 4, "altered");
    row("[N-09] first row altered", {QStringLiteral("UPDATE events SET actor='x' WHERE seq=1")}, 1, "altered");
    row("[N-09] last row altered", {QStringLiteral("UPDATE events SET actor='x' WHERE seq=9")}, 9, "altered");
    row("[N-09] first row deleted", {QStringLiteral("DELETE FROM events WHERE seq=1")}, 1, "missing");
    row("[N-09] middle row deleted", {QStringLiteral("DELETE FROM events WHERE seq=5")}, 5, "missing");
    row("[N-09] last row deleted", {QStringLiteral("DELETE FROM events WHERE seq=9")}, 9, "missing");
    row("[N-09] last three deleted", {QStringLiteral("DELETE FROM events WHERE seq>6")}, 7, "missing");
    row("[N-09] all deleted", {QStringLiteral("DELETE FROM events")}, 1, "missing");
    row("[N-09] deleted and closed up", {QStringLiteral("DELETE FROM events WHERE seq=5"), QStringLiteral("UPDATE events SET seq=seq-1 WHERE seq>5")}, 5, "reordered");
    row("[N-09] neighbours swapped", {QStringLiteral("UPDATE events SET seq=100 WHERE seq=3"), QStringLiteral("UPDATE events SET seq=3 WHERE seq=4"), QStringLiteral("UPDATE events SET seq=4 WHERE seq=100")}, 3, "reordered");
    row("[N-09] distant rows swapped", {QStringLiteral("UPDATE events SET seq=100 WHERE seq=2"), QStringLiteral("UPDATE events SET seq=2 WHERE seq=8"), QStringLiteral("UPDATE events SET seq=8 WHERE seq=100")}, 2, "reordered");
    row("[N-09] row duplicated at the end", {copy.arg(QStringLiteral("10"), QStringLiteral("prev"), QStringLiteral("9"))}, 10, "reordered");
    row("[N-09] row inserted in the middle", {QStringLiteral("UPDATE events SET seq=-seq-1 WHERE seq>=5"), QStringLiteral("UPDATE events SET seq=-seq WHERE seq<0"), copy.arg(QStringLiteral("5"), QStringLiteral("prev"), QStringLiteral("2"))}, 5, "reordered");
    row("[N-09] row before the first", {copy.arg(QStringLiteral("0"), QStringLiteral("prev"), QStringLiteral("1"))}, 0, "chain");
    row("[N-09] another workspace", {QStringLiteral("UPDATE meta SET workspace='somebody else'")}, 1, "chain");
    row("[N-09] head back", {QStringLiteral("UPDATE head SET seq=5, hash=(SELECT hash FROM events WHERE seq=5)")}, 6, "chain");
    row("[N-09] head's hash", {QStringLiteral("UPDATE head SET hash=zeroblob(32)")}, 9, "chain");
    row("[N-09] head away", {QStringLiteral("DELETE FROM head")}, 10, "chain");
}

void TestJournalVerify::namesTheFirstBrokenRow()
{
    QFETCH(QStringList, sql);
    QTemporaryDir folder;
    fill(folder.path());
    tamper(folder.path(), sql);
    const JournalCheck check = verified(folder.path());
    QVERIFY(!check.intact);
    QTEST(check.firstBroken, "seq");
    QTEST(check.cause, "cause");
}

// Somebody who knows the format rewrites a row and every link after it. Without a signature that is seen only where the
// head is kept too: here in the table beside, and for those who rewrite that as well by a head kept elsewhere.
void TestJournalVerify::aJournalChainedAnewIsSeenByItsHead()
{
    QTemporaryDir folder;
    fill(folder.path());
    QByteArray keptElsewhere;
    QStringList rewrite;
    {
        const auto reader = JournalReader::open(folder.path());
        keptElsewhere = (*reader)->headHash();
        const auto events = (*reader)->read();
        QVERIFY(events);
        QByteArray link = events->at(3).prev;
        for (qsizetype i = 3; i < events->size(); ++i) {
            Event event = events->at(i);
            if (i == 3)
                event.actor = QStringLiteral("somebody else");
            const QByteArray hash = chainHash(link, chainRow(event));
            rewrite.append(QStringLiteral("UPDATE events SET actor='%1', prev=x'%2', hash=x'%3' WHERE seq=%4")
                               .arg(event.actor, QString::fromLatin1(link.toHex()), QString::fromLatin1(hash.toHex()))
                               .arg(event.seq));
            link = hash;
        }
        tamper(folder.path(), rewrite);
        const auto check = (*reader)->verify();
        QVERIFY(check && !check->intact);
        QCOMPARE(check->firstBroken, count);
        QCOMPARE(check->cause, QStringLiteral("chain"));
        tamper(folder.path(), {QStringLiteral("UPDATE head SET hash=x'%1'").arg(QString::fromLatin1(link.toHex()))});
        QVERIFY((*reader)->verify()->intact); // the limit of a chain
        QVERIFY((*reader)->headHash() != keptElsewhere);
    }
}

void TestJournalVerify::everyBitOfARowCounts()
{
    QTemporaryDir folder;
    fill(folder.path());
    const auto events = (*JournalReader::open(folder.path()))->read();
    QVERIFY(events);
    const ChainRow row = chainRow(events->at(4));
    const QByteArray hash = chainHash(events->at(4).prev, row);
    QCOMPARE(hash, events->at(4).hash);
    for (qsizetype bit = 0; bit < row.payload.size() * 8; ++bit) {
        ChainRow changed = row;
        changed.payload[bit / 8] = char(changed.payload[bit / 8] ^ (1 << (bit % 8)));
        QVERIFY(chainHash(events->at(4).prev, changed) != hash);
    }
}

void TestJournalVerify::damagedPagesAreReported()
{
    QTemporaryDir folder;
    fill(folder.path());
    QFile file(folder.filePath(QStringLiteral("journal.db")));
    QVERIFY(file.open(QFile::ReadWrite));
    const QByteArray whole = file.readAll();
    const qsizetype at = whole.lastIndexOf("event 6");
    QVERIFY(at > 0);
    const qsizetype page = at / 4096 * 4096; // the header of the page that holds the rows
    file.seek(page);
    file.write(QByteArray(64, '\xff'));
    file.close();
    const auto reader = JournalReader::open(folder.path());
    if (reader) {
        const auto check = (*reader)->verify();
        QVERIFY(check && !check->intact);
        QCOMPARE(check->cause, QStringLiteral("unreadable"));
    }
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(!writer);
    QCOMPARE(writer.error().code, ErrorCode::JournalTampered);
    QVERIFY2(writer.error().args[1].startsWith(QStringLiteral("unreadable (")), qPrintable(writer.error().args[1])); // and SQLite's words
}

void TestJournalVerify::everyDamagedPageIsFoundAndNothingIsWritten_data()
{
    QTest::addColumn<QString>("how");
    QTest::newRow("[fault 22] overwritten") << QStringLiteral("overwritten");
    QTest::newRow("[fault 22] its first bytes") << QStringLiteral("header");
    QTest::newRow("[fault 22] cut off before it") << QStringLiteral("cut");
    QTest::newRow("[fault 22] cut off within it") << QStringLiteral("cut within");
}

void TestJournalVerify::everyDamagedPageIsFoundAndNothingIsWritten()
{
    QFETCH(QString, how);
    QTemporaryDir whole;
    {
        auto writer = JournalWriter::open(whole.path());
        QVERIFY(writer);
        for (int i = 1; i <= 60; ++i)
            QVERIFY(appendAndWait(**writer, {paused(QStringLiteral("event %1 ").arg(i) + QString(300, QLatin1Char('x')), i % 3)}));
    }
    QFile file(whole.filePath(QStringLiteral("journal.db")));
    QVERIFY(file.open(QFile::ReadOnly));
    const QByteArray good = file.readAll();
    QVERIFY(good.size() > 8 * 4096);
    for (qsizetype page = 0; page * 4096 < good.size(); ++page) {
        QByteArray bad = good;
        if (how == QLatin1String("overwritten"))
            bad.replace(page * 4096, 4096, QByteArray(4096, '\xa5'));
        else if (how == QLatin1String("header"))
            bad.replace(page * 4096 + (page == 0 ? 100 : 0), 8, QByteArray(8, '\xff'));
        else
            bad.truncate(page * 4096 + (how == QLatin1String("cut") ? 0 : 2000));
        QTemporaryDir folder;
        for (const char *beside : {"lock", "workspace"}) // what a folder has that was in use
            QFile::copy(whole.filePath(QLatin1String(beside)), folder.filePath(QLatin1String(beside)));
        QFile copy(folder.filePath(QStringLiteral("journal.db")));
        QVERIFY(copy.open(QFile::ReadWrite) && copy.write(bad) == bad.size() && copy.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
        copy.close();
        const QByteArray at = "page " + QByteArray::number(page + 1);
        if (const auto reader = JournalReader::open(folder.path())) {
            const auto check = (*reader)->verify();
            QVERIFY2(check && !check->intact, at);
            QVERIFY2(check->firstBroken >= 0, at);
            QVERIFY2((*reader)->readable().size() <= 60, at);
        }
        const auto writer = JournalWriter::open(folder.path());
        QVERIFY2(!writer, at);
        QVERIFY2(writer.error().code == ErrorCode::JournalTampered || writer.error().code == ErrorCode::JournalOpen, errorKey(writer.error().code));
        QVERIFY2(!writer.error().args[1].isEmpty(), at);
        QVERIFY(copy.open(QFile::ReadOnly));
        QVERIFY2(copy.readAll() == bad, at);
    }
}

void TestJournalVerify::theWriterRefusesABrokenEnd_data()
{
    QTest::addColumn<QString>("sql");
    QTest::addColumn<QString>("seq");
    QTest::newRow("cut") << QStringLiteral("DELETE FROM events WHERE seq>7") << QStringLiteral("8");
    QTest::newRow("emptied") << QStringLiteral("DELETE FROM events") << QStringLiteral("1");
    QTest::newRow("other hash") << QStringLiteral("UPDATE events SET hash=zeroblob(32) WHERE seq=9") << QStringLiteral("9");
    QTest::newRow("no head") << QStringLiteral("DELETE FROM head") << QStringLiteral("10");
}

void TestJournalVerify::theWriterRefusesABrokenEnd()
{
    QFETCH(QString, sql);
    QTemporaryDir folder;
    fill(folder.path());
    tamper(folder.path(), {sql});
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(!writer);
    QCOMPARE(writer.error().code, ErrorCode::JournalTampered);
    QTEST(writer.error().args[0], "seq");
}

void TestJournalVerify::readingAnUnreadableRowNamesIt()
{
    QTemporaryDir folder;
    fill(folder.path());
    tamper(folder.path(), {QStringLiteral("UPDATE events SET payload='{\"detail\":' WHERE seq=3")});
    const auto reader = JournalReader::open(folder.path());
    const auto events = (*reader)->read();
    QVERIFY(!events);
    QCOMPARE(events.error().code, ErrorCode::JournalTampered);
    QCOMPARE(events.error().args, (QStringList{QStringLiteral("3"), QStringLiteral("unreadable")}));
    QCOMPARE((*reader)->read(3)->size(), count - 3); // the rest is still there for whoever looks into it
}

QTEST_GUILESS_MAIN(TestJournalVerify)
#include "tst_journalverify.moc"
