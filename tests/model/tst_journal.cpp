// The journal as its users see it: what was acknowledged is there, in order, once, and nobody else writes beside us.
#include "base/canonicaljson.h"
#include "journal/chain.h"
#include "journal/journal.h"
#include "journalhelp.h"
#include "missing.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QRegularExpression>
#include <QSet>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <future>
#include <mutex>
#include <sqlite3.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace bellwether;
using namespace bellwether::support;

namespace {
std::unique_ptr<JournalWriter> openWriter(const QString &folder)
{
    auto writer = JournalWriter::open(folder);
    if (!writer)
        qFatal("cannot open: %s", qPrintable(writer.error().args.join(QLatin1Char(' '))));
    return std::move(*writer);
}

std::unique_ptr<JournalReader> openReader(const QString &folder)
{
    auto reader = JournalReader::open(folder);
    if (!reader)
        qFatal("cannot read: %s", qPrintable(reader.error().args.join(QLatin1Char(' '))));
    return std::move(*reader);
}

mode_t modeOf(const QString &path)
{
    struct stat info{};
    ::stat(QFile::encodeName(path).constData(), &info);
    return info.st_mode & 07777;
}

RolloutStarted largeStart(int hosts)
{
    QJsonArray list;
    for (int i = 0; i < hosts; ++i) {
        list.append(QJsonObject{{QStringLiteral("name"), QStringLiteral("host-%1").arg(i)},
                                {QStringLiteral("commands"), QString(2000, QLatin1Char('x'))}});
    }
    RolloutStarted body;
    body.plan = {{QStringLiteral("hosts"), list}};
    body.planHash = QString(64, QLatin1Char('a'));
    return body;
}
} // namespace

class TestJournal : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void numbersEventsInTheOrderOfTheCalls();
    void keepsAListTogether();
    void acknowledgesInOrderFromManyThreads();
    void commitsAllThatIsQueuedInOneTransaction();
    void continuesTheChainAfterReopening();
    void makesTheWorkspaceIdOnce();
    void readsBesideTheWriter();
    void readsOneRolloutFromAPlaceOn();
    void commitsWhatIsQueuedWhenItEnds();
    void keepsHostileText_data();
    void keepsHostileText();
    void keepsALargePlan();
    void whatIsHashedIsCanonicalJson();
    void refusesAJournalOfAnOlderProgram();
    void refusesASecondOwnerByName();
    void letsTheNextOwnerInAfterTheFirst();
    void isPrivate();
    void makesAWorldReadableJournalPrivate();
    void refusesAPlaceThatIsNotItsOwn_data();
    void refusesAPlaceThatIsNotItsOwn();
    void leavesASharedFolderAsItIs();
    void refusesAJournalOfANewerProgram();
    void refusesAnotherProgramsDatabase();
    void refusesAFileThatIsNoDatabase();
    void anEmptiedJournalIsNotBegunAnew_data();
    void anEmptiedJournalIsNotBegunAnew();
    void refusesToReadWhereNothingIs();
    void usesWalAndFullSynchronisation();
    void refusesChangesBySql_data();
    void refusesChangesBySql();
    void stopsWhenTheFileIsReplaced();
    void stopsWhenSomebodyElseWritesIntoIt();
    void takesItsFolderFromTheEnvironment();
};

void TestJournal::numbersEventsInTheOrderOfTheCalls()
{
    QTemporaryDir folder;
    const auto writer = openWriter(folder.path());
    for (int i = 0; i < 20; ++i) {
        const auto answer = appendAndWait(*writer, {paused(QString::number(i))});
        QVERIFY(answer);
        QCOMPARE(answer->size(), 1);
        QCOMPARE(answer->first().seq, i + 1);
        QCOMPARE(detailOf(answer->first()), QString::number(i));
    }
    const auto events = openReader(folder.path())->read();
    QVERIFY(events);
    QCOMPARE(events->size(), 20);
    for (int i = 0; i < 20; ++i) {
        QCOMPARE(events->at(i).seq, i + 1);
        QCOMPARE(detailOf(events->at(i)), QString::number(i));
        QCOMPARE(events->at(i).hash.size(), 32);
        if (i > 0)
            QCOMPARE(events->at(i).prev, events->at(i - 1).hash);
    }
}

void TestJournal::keepsAListTogether()
{
    QTemporaryDir folder;
    const auto writer = openWriter(folder.path());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 25; ++i) {
                const QString name = QStringLiteral("%1.%2").arg(t).arg(i);
                QVERIFY(appendAndWait(*writer, {paused(name), paused(name), paused(name)}));
            }
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    const auto events = openReader(folder.path())->read();
    QVERIFY(events);
    QCOMPARE(events->size(), 300);
    for (int i = 0; i < 300; i += 3) {
        QCOMPARE(detailOf(events->at(i)), detailOf(events->at(i + 1)));
        QCOMPARE(detailOf(events->at(i)), detailOf(events->at(i + 2)));
    }
}

void TestJournal::acknowledgesInOrderFromManyThreads()
{
    QTemporaryDir folder;
    std::vector<qint64> acknowledged; // touched on the writer's thread only
    {
        const auto writer = openWriter(folder.path());
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 250; ++i) {
                    writer->append({paused(QStringLiteral("x"))}, [&](Result<QList<Event>> answer) {
                        acknowledged.push_back(answer ? answer->first().seq : -1);
                    });
                }
            });
        }
        for (std::thread &thread : threads)
            thread.join();
    }
    QCOMPARE(acknowledged.size(), std::size_t(1000));
    for (std::size_t i = 0; i < acknowledged.size(); ++i)
        QCOMPARE(acknowledged[i], qint64(i + 1));
    const auto check = openReader(folder.path())->verify();
    QVERIFY(check && check->intact);
    QCOMPARE(check->events, 1000);
}

// While the writer is held inside an answer, everything piles up behind it; what piled up becomes visible at once.
void TestJournal::commitsAllThatIsQueuedInOneTransaction()
{
    QTemporaryDir folder;
    const auto writer = openWriter(folder.path());
    const auto reader = openReader(folder.path());
    std::promise<void> entered, release;
    auto released = release.get_future();
    writer->append({paused(QStringLiteral("first"))}, [&](Result<QList<Event>>) {
        entered.set_value();
        released.wait();
    });
    entered.get_future().wait();
    constexpr int piled = 500;
    std::atomic<int> answers = 0;
    std::promise<qint64> seenAtFirst;
    std::promise<void> last;
    for (int i = 0; i < piled; ++i) {
        writer->append({paused(QString::number(i))}, [&, i](Result<QList<Event>> answer) {
            QVERIFY(answer);
            if (i == 0) // the first answer of the group: the last row of the group is durable already
                seenAtFirst.set_value(reader->lastSeq().value_or(-1));
            if (++answers == piled)
                last.set_value();
        });
    }
    QCOMPARE(reader->lastSeq().value_or(-1), 1);
    release.set_value();
    QCOMPARE(seenAtFirst.get_future().get(), piled + 1);
    last.get_future().wait();
}

void TestJournal::continuesTheChainAfterReopening()
{
    QTemporaryDir folder;
    for (int i = 0; i < 5; ++i) {
        const auto writer = openWriter(folder.path());
        const auto answer = appendAndWait(*writer, {paused(QString::number(i))});
        QVERIFY(answer);
        QCOMPARE(answer->first().seq, i + 1);
    }
    const auto reader = openReader(folder.path());
    QVERIFY(reader->verify()->intact);
    QCOMPARE(reader->headHash(), reader->read()->constLast().hash.toHex());
}

void TestJournal::makesTheWorkspaceIdOnce()
{
    QTemporaryDir one, two;
    const QString id = openWriter(one.path())->workspaceId();
    QCOMPARE(id.size(), 36);
    QCOMPARE(openWriter(one.path())->workspaceId(), id);
    QCOMPARE(openReader(one.path())->workspaceId(), id);
    QVERIFY(openWriter(two.path())->workspaceId() != id);
}

void TestJournal::readsBesideTheWriter()
{
    QTemporaryDir folder;
    const auto writer = openWriter(folder.path());
    const auto reader = openReader(folder.path());
    QCOMPARE(reader->read()->size(), 0);
    QVERIFY(appendAndWait(*writer, {paused(QStringLiteral("a"))}));
    QCOMPARE(reader->read()->size(), 1);
    QVERIFY(appendAndWait(*writer, {paused(QStringLiteral("b"))}));
    QCOMPARE(detailOf(reader->read(1)->first()), QStringLiteral("b"));
    QVERIFY(reader->verify()->intact);
}

void TestJournal::readsOneRolloutFromAPlaceOn()
{
    QTemporaryDir folder;
    const auto writer = openWriter(folder.path());
    for (int i = 1; i <= 12; ++i)
        QVERIFY(appendAndWait(*writer, {paused(QString::number(i), i % 3)}));
    const auto reader = openReader(folder.path());
    const auto events = reader->read(4, 2, 2);
    QVERIFY(events);
    QCOMPARE(events->size(), 2);
    QCOMPARE(events->at(0).seq, 5);
    QCOMPARE(events->at(1).seq, 8);
    QCOMPARE(reader->read(0, 0)->size(), 4);
    QCOMPARE(reader->lastSeq().value_or(0), 12);
}

void TestJournal::commitsWhatIsQueuedWhenItEnds()
{
    QTemporaryDir folder;
    std::atomic<int> good = 0;
    {
        const auto writer = openWriter(folder.path());
        for (int i = 0; i < 2000; ++i)
            writer->append({paused(QString::number(i))}, [&](Result<QList<Event>> answer) { good += answer ? 1 : 0; });
    }
    QCOMPARE(good.load(), 2000);
    QCOMPARE(openReader(folder.path())->lastSeq().value_or(0), 2000);
}

void TestJournal::keepsHostileText_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("sql") << QStringLiteral("'; DROP TABLE events;--");
    QTest::newRow("json") << QStringLiteral("\",\"seq\":1,\"x\":\"\\");
    QTest::newRow("nul") << QStringLiteral("a") + QChar(0) + QStringLiteral("b");
    QTest::newRow("newline") << QStringLiteral("a\r\nb\tc");
    QTest::newRow("escape") << QStringLiteral("\x1b]52;c;AAAA\x07\x1b[2J");
    QTest::newRow("bidi") << QStringLiteral("\u202egpj.exe");
    QTest::newRow("beyond the plane") << QStringLiteral("\U0001F514 é e\u0301");
    QTest::newRow("noncharacter") << QStringLiteral("\uffff\ufeff");
    QTest::newRow("html") << QStringLiteral("<img src=x onerror=alert(1)>&amp;]]>");
    QTest::newRow("empty") << QString();
    QTest::newRow("2 MB") << QString(2'000'000, QLatin1Char('\''));
}

void TestJournal::keepsHostileText()
{
    QFETCH(QString, text);
    QTemporaryDir folder;
    {
        const auto writer = openWriter(folder.path());
        const auto answer = appendAndWait(*writer, {paused(text, 1, text)});
        QVERIFY(answer);
        QCOMPARE(detailOf(answer->first()), text);
        QVERIFY(appendAndWait(*writer, {paused(QStringLiteral("after"))}));
    }
    const auto reader = openReader(folder.path());
    const auto events = reader->read();
    QVERIFY(events);
    QCOMPARE(detailOf(events->at(0)), text);
    QCOMPARE(events->at(0).actor, text);
    QVERIFY(reader->verify()->intact);
}

void TestJournal::keepsALargePlan()
{
    QTemporaryDir folder;
    const RolloutStarted start = largeStart(2000);
    {
        const auto writer = openWriter(folder.path());
        QVERIFY(appendAndWait(*writer, {{1, 1, 1, QStringLiteral("o"), start}, paused(QStringLiteral("after"))}));
    }
    const auto reader = openReader(folder.path());
    const auto events = reader->read();
    QVERIFY(events);
    QCOMPARE(std::get<RolloutStarted>(events->first().body).plan, start.plan);
    QVERIFY(reader->verify()->intact);
}

void TestJournal::whatIsHashedIsCanonicalJson()
{
    Event event;
    event.seq = 9'007'199'254'740'993; // beyond what a double holds
    event.rollout = 7;
    event.wallMs = 1'790'000'000'001;
    event.monoMs = 12;
    event.actor = QStringLiteral("J. \"O'Kafor\" \\ \u202e\U0001F514");
    event.body = paused(QStringLiteral("a\nb")).body;
    const QByteArray content = canonicalJson({{QStringLiteral("wall"), event.wallMs},
                                              {QStringLiteral("mono"), event.monoMs},
                                              {QStringLiteral("actor"), event.actor},
                                              {QStringLiteral("payload"), eventBodyToJson(event.body)}});
    QCOMPARE(canonicalContent(chainRow(event)), content);
    // The format once more, by hand: somebody else's program must be able to follow it.
    const auto sha256 = [](const QByteArray &bytes) { return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256); };
    const QByteArray link = canonicalJson({{QStringLiteral("content"), QString::fromLatin1(sha256("\2" + content).toHex())},
                                           {QStringLiteral("rollout"), event.rollout},
                                           {QStringLiteral("seq"), event.seq},
                                           {QStringLiteral("type"), eventName(event.body)}});
    const QByteArray prev(32, 'p');
    QCOMPARE(canonicalLink(chainLink(chainRow(event))), link);
    QCOMPARE(chainHash(prev, chainRow(event)), sha256("\1" + prev + link));
}

void TestJournal::refusesASecondOwnerByName()
{
    QTemporaryDir folder;
    const auto writer = openWriter(folder.path());
    const auto second = JournalWriter::open(folder.path());
    QVERIFY(!second);
    QCOMPARE(second.error().code, ErrorCode::DataFolderInUse);
    QVERIFY2(second.error().args[0].contains(QStringLiteral("(process %1)").arg(getpid())), qPrintable(second.error().args[0]));
    static const QRegularExpression stamp(QStringLiteral("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$"));
    QVERIFY2(stamp.match(second.error().args[1]).hasMatch(), qPrintable(second.error().args[1]));
    QVERIFY(appendAndWait(*writer, {paused(QStringLiteral("still ours"))}));
}

void TestJournal::letsTheNextOwnerInAfterTheFirst()
{
    QTemporaryDir folder;
    openWriter(folder.path());
    QVERIFY(QFile::exists(folder.filePath(QStringLiteral("lock"))));
    const auto again = openWriter(folder.path());
    QVERIFY(appendAndWait(*again, {paused(QStringLiteral("x"))}));
}

void TestJournal::isPrivate()
{
    QTemporaryDir parent;
    const QString folder = parent.filePath(QStringLiteral("a/b"));
    const mode_t before = umask(0);
    const auto writer = openWriter(folder);
    QVERIFY(appendAndWait(*writer, {paused(QStringLiteral("x"))}));
    umask(before);
    QCOMPARE(modeOf(folder), mode_t(0700));
    for (const char *file : {"journal.db", "journal.db-wal", "journal.db-shm", "lock", "workspace"})
        QVERIFY2(modeOf(folder + QLatin1Char('/') + QLatin1String(file)) == 0600, file);
}

void TestJournal::makesAWorldReadableJournalPrivate()
{
    QTemporaryDir folder;
    openWriter(folder.path());
    QFile(folder.filePath(QStringLiteral("journal.db"))).setPermissions(QFile::Permissions(0x6444));
    openWriter(folder.path());
    QCOMPARE(modeOf(folder.filePath(QStringLiteral("journal.db"))), mode_t(0600));
}

void TestJournal::refusesAPlaceThatIsNotItsOwn_data()
{
    QTest::addColumn<QString>("kind");
    for (const char *kind : {"folder others may write to", "folder of another user", "file of another user",
                             "file others may write to", "link instead of the file", "file instead of the folder"})
        QTest::newRow(kind) << QString::fromLatin1(kind);
}

void TestJournal::refusesAPlaceThatIsNotItsOwn()
{
    QFETCH(QString, kind);
    if (kind.contains(QStringLiteral("another user")) && geteuid() != 0)
        MISSING("giving a file away takes root");
    QTemporaryDir parent;
    const QString folder = parent.filePath(QStringLiteral("data"));
    const QString file = folder + QStringLiteral("/journal.db");
    const QByteArray folderName = QFile::encodeName(folder), fileName = QFile::encodeName(file);
    if (kind == QLatin1String("file instead of the folder")) {
        QFile plain(folder);
        QVERIFY(plain.open(QFile::WriteOnly));
    } else {
        openWriter(folder);
    }
    if (kind == QLatin1String("folder others may write to"))
        QCOMPARE(::chmod(folderName.constData(), 0777), 0);
    else if (kind == QLatin1String("folder of another user"))
        QCOMPARE(::chown(folderName.constData(), 12345, 12345), 0);
    else if (kind == QLatin1String("file of another user"))
        QCOMPARE(::chown(fileName.constData(), 12345, 12345), 0);
    else if (kind == QLatin1String("file others may write to"))
        QCOMPARE(::chmod(fileName.constData(), 0666), 0);
    else if (kind == QLatin1String("link instead of the file")) {
        QVERIFY(QFile::rename(file, folder + QStringLiteral("/other.db")));
        QVERIFY(QFile::link(folder + QStringLiteral("/other.db"), file));
    }
    const auto writer = JournalWriter::open(folder);
    QVERIFY(!writer);
    QCOMPARE(writer.error().code, ErrorCode::JournalOpen);
    QVERIFY(writer.error().args[0].startsWith(folder));
}

void TestJournal::leavesASharedFolderAsItIs()
{
    QTemporaryDir parent;
    const QString folder = parent.filePath(QStringLiteral("home"));
    QVERIFY(QDir().mkdir(folder));
    QFile other(folder + QStringLiteral("/somebody's file"));
    QVERIFY(other.open(QFile::WriteOnly));
    QCOMPARE(::chmod(QFile::encodeName(folder).constData(), 0755), 0);
    openWriter(folder);
    QCOMPARE(modeOf(folder), mode_t(0755));
    QCOMPARE(modeOf(folder + QStringLiteral("/journal.db")), mode_t(0600));
}

void TestJournal::refusesAJournalOfANewerProgram() // [fault 49]
{
    QTemporaryDir folder;
    openWriter(folder.path());
    tamper(folder.path(), {QStringLiteral("PRAGMA user_version=99")});
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(!writer);
    QCOMPARE(writer.error().code, ErrorCode::JournalNewer);
    QCOMPARE(writer.error().args[0], QStringLiteral("99"));
    const auto reader = JournalReader::open(folder.path());
    QVERIFY(!reader);
    QCOMPARE(reader.error().code, ErrorCode::JournalNewer);
}

void TestJournal::refusesAJournalOfAnOlderProgram()
{
    QTemporaryDir folder;
    openWriter(folder.path());
    tamper(folder.path(), {QStringLiteral("PRAGMA user_version=1")});
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(!writer);
    QCOMPARE(writer.error().code, ErrorCode::JournalOlder);
    QCOMPARE(writer.error().args, (QStringList{QStringLiteral("1"), QStringLiteral("2")}));
    const auto reader = JournalReader::open(folder.path());
    QVERIFY(!reader);
    QCOMPARE(reader.error().code, ErrorCode::JournalOlder);
}

void TestJournal::refusesAnotherProgramsDatabase()
{
    QTemporaryDir folder;
    QCOMPARE(refusalOf(folder.path(), QStringLiteral("CREATE TABLE mine(x); INSERT INTO mine VALUES(1)")), QString());
    ::chmod(QFile::encodeName(folder.filePath(QStringLiteral("journal.db"))).constData(), 0600);
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(!writer);
    QCOMPARE(writer.error().code, ErrorCode::JournalOpen);
    QVERIFY(!JournalReader::open(folder.path()));
}

void TestJournal::refusesAFileThatIsNoDatabase()
{
    QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("journal.db")));
    QVERIFY(file.open(QFile::WriteOnly));
    file.write(QByteArray(8192, 'x'));
    file.close();
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(!writer);
    QCOMPARE(writer.error().code, ErrorCode::JournalOpen);
    QVERIFY(file.open(QFile::ReadOnly));
    QCOMPARE(file.readAll(), QByteArray(8192, 'x')); // and nothing was done to it
}

void TestJournal::anEmptiedJournalIsNotBegunAnew_data() // [fault 22] hosts have leases and steps of the workspace that is gone
{
    QTest::addColumn<bool>("deleted");
    QTest::newRow("cut to nothing") << false;
    QTest::newRow("deleted") << true;
}

void TestJournal::anEmptiedJournalIsNotBegunAnew()
{
    QFETCH(bool, deleted);
    QTemporaryDir folder;
    QVERIFY(appendAndWait(*openWriter(folder.path()), {paused(QStringLiteral("x"))}));
    QFile journal(folder.filePath(QStringLiteral("journal.db")));
    QFile aside(folder.filePath(QStringLiteral("journal.db-wal")));
    QVERIFY(!aside.exists() || aside.remove());
    QVERIFY(deleted ? journal.remove() : journal.resize(0));
    for (int times = 0; times < 2; ++times) {
        const auto writer = JournalWriter::open(folder.path());
        QVERIFY(!writer);
        QCOMPARE(writer.error().code, ErrorCode::JournalOpen);
        QVERIFY2(writer.error().args.join(u' ').contains(QStringLiteral("gone or empty")), qPrintable(writer.error().args.join(u' ')));
        QCOMPARE(journal.size(), 0);
    }
}

void TestJournal::refusesToReadWhereNothingIs()
{
    QTemporaryDir folder;
    const auto reader = JournalReader::open(folder.path());
    QVERIFY(!reader);
    QCOMPARE(reader.error().code, ErrorCode::JournalOpen);
    QVERIFY(!QFile::exists(folder.filePath(QStringLiteral("journal.db")))); // reading makes nothing
}

void TestJournal::usesWalAndFullSynchronisation()
{
    QTemporaryDir folder;
    const auto writer = openWriter(folder.path());
    QVERIFY(appendAndWait(*writer, {paused(QStringLiteral("x"))}));
    QVERIFY(QFile::exists(folder.filePath(QStringLiteral("journal.db-wal"))));
    sqlite3 *handle = nullptr;
    QCOMPARE(sqlite3_open(folder.filePath(QStringLiteral("journal.db")).toUtf8().constData(), &handle), SQLITE_OK);
    QStringList found;
    sqlite3_exec(handle, "SELECT strict FROM pragma_table_list WHERE name IN ('events','head','meta')",
                 [](void *list, int, char **values, char **) {
                     static_cast<QStringList *>(list)->append(QString::fromUtf8(values[0]));
                     return 0;
                 },
                 &found, nullptr);
    sqlite3_close(handle);
    QCOMPARE(found, QStringList(3, QStringLiteral("1")));
}

void TestJournal::refusesChangesBySql_data()
{
    QTest::addColumn<QString>("sql");
    QTest::newRow("update") << QStringLiteral("UPDATE events SET actor='somebody' WHERE seq=2");
    QTest::newRow("update all") << QStringLiteral("UPDATE events SET wall=wall+1");
    QTest::newRow("delete") << QStringLiteral("DELETE FROM events WHERE seq=3");
    QTest::newRow("delete all") << QStringLiteral("DELETE FROM events");
    QTest::newRow("replace") << QStringLiteral("INSERT OR REPLACE INTO events SELECT seq, rollout, wall, mono, 'somebody', type, payload, prev, hash FROM events WHERE seq=2");
    QTest::newRow("gap") << QStringLiteral("INSERT INTO events SELECT seq+10, rollout, wall, mono, actor, type, payload, prev, hash FROM events WHERE seq=3");
    QTest::newRow("wrong type") << QStringLiteral("INSERT INTO events SELECT seq+1, 'one', wall, mono, actor, type, payload, prev, hash FROM events WHERE seq=3");
    QTest::newRow("short hash") << QStringLiteral("INSERT INTO events SELECT seq+1, rollout, wall, mono, actor, type, payload, prev, x'00' FROM events WHERE seq=3");
    QTest::newRow("head back") << QStringLiteral("UPDATE head SET seq=1");
    QTest::newRow("head away") << QStringLiteral("DELETE FROM head");
    QTest::newRow("workspace") << QStringLiteral("UPDATE meta SET workspace='x'");
}

void TestJournal::refusesChangesBySql()
{
    QFETCH(QString, sql);
    QTemporaryDir folder;
    {
        const auto writer = openWriter(folder.path());
        for (int i = 0; i < 3; ++i)
            QVERIFY(appendAndWait(*writer, {paused(QString::number(i))}));
    }
    QVERIFY(!refusalOf(folder.path(), sql).isEmpty());
    const auto check = openReader(folder.path())->verify();
    QVERIFY(check->intact);
    QCOMPARE(check->events, 3);
}

void TestJournal::stopsWhenTheFileIsReplaced()
{
    QTemporaryDir folder;
    const auto writer = openWriter(folder.path());
    QVERIFY(appendAndWait(*writer, {paused(QStringLiteral("x"))}));
    QVERIFY(QFile::remove(folder.filePath(QStringLiteral("journal.db"))));
    const auto answer = appendAndWait(*writer, {paused(QStringLiteral("y"))});
    QVERIFY(!answer);
    QCOMPARE(answer.error().code, ErrorCode::JournalWrite);
}

void TestJournal::stopsWhenSomebodyElseWritesIntoIt()
{
    QTemporaryDir folder;
    const auto writer = openWriter(folder.path());
    QVERIFY(appendAndWait(*writer, {paused(QStringLiteral("x"))}));
    tamper(folder.path(), {QStringLiteral("UPDATE head SET seq=5")});
    for (int i = 0; i < 2; ++i) {
        const auto answer = appendAndWait(*writer, {paused(QStringLiteral("y"))});
        QVERIFY(!answer);
        QCOMPARE(answer.error().code, ErrorCode::JournalWrite);
    }
    QCOMPARE(openReader(folder.path())->lastSeq().value_or(0), 1);
}

void TestJournal::takesItsFolderFromTheEnvironment()
{
    qputenv("BELLWETHER_DATA", "/somewhere/data");
    QCOMPARE(defaultDataFolder(), QStringLiteral("/somewhere/data"));
    qunsetenv("BELLWETHER_DATA");
    qputenv("XDG_DATA_HOME", "/xdg");
    QCOMPARE(defaultDataFolder(), QStringLiteral("/xdg/bellwether"));
    qputenv("XDG_DATA_HOME", "relative");
    QCOMPARE(defaultDataFolder(), QDir::homePath() + QStringLiteral("/.local/share/bellwether"));
    qunsetenv("XDG_DATA_HOME");
    QCOMPARE(defaultDataFolder(), QDir::homePath() + QStringLiteral("/.local/share/bellwether"));
}

QTEST_GUILESS_MAIN(TestJournal)
#include "tst_journal.moc"
