// Power, disks and processes that end at the worst moment. An event that was acknowledged is there afterwards, an event
// that was refused is not acted on, and the chain holds.
#include "faultyvfs.h"
#include "journal/journal.h"
#include "journalhelp.h"
#include "missing.h"

#include <QCoreApplication>
#include <QFile>
#include <QProcess>
#include <QSet>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>
#include <future>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace bellwether;
using namespace bellwether::support;

namespace {
// The child: appends for ever and prints the number of each acknowledged event.
int appendForEver(const QString &folder)
{
    const auto writer = JournalWriter::open(folder);
    if (!writer) {
        std::fprintf(stderr, "%s\n", qPrintable(writer.error().args.join(QLatin1Char(' '))));
        return 1;
    }
    for (int i = 0;; ++i) {
        (*writer)->append({paused(QString::number(i)), paused(QString::number(i))}, [i](Result<QList<Event>> answer) {
            if (answer)
                std::printf("%lld %d\n", static_cast<long long>(answer->last().seq), i);
            std::fflush(stdout);
        });
        if (i % 7 == 0)
            appendAndWait(**writer, {paused(QStringLiteral("pace"))}); // keeps the queue short, groups of every size
    }
}

void verifyIntact(const QString &folder)
{
    const auto reader = JournalReader::open(folder);
    QVERIFY(reader);
    const auto check = (*reader)->verify();
    QVERIFY(check);
    QVERIFY2(check->intact, qPrintable(QStringLiteral("%1 at %2").arg(check->cause).arg(check->firstBroken)));
}
} // namespace

class TestJournalFaults : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { installFaultyDisk(); }
    void cleanup() { mendDisk(); }
    void keepsWhatWasAcknowledgedBeforeAKill_data();
    void keepsWhatWasAcknowledgedBeforeAKill();
    void theLockEndsWithItsProcess();
    void synchronisesOncePerGroup();
    void survivesAFaultAtEveryDiskOperation_data();
    void survivesAFaultAtEveryDiskOperation();
    void failsWhatWasQueuedBehindAFailure();
    void aFullDiskFailsTheAppendAndNothingElse();
    void aFileLimitFailsTheAppendAndNothingElse();
    void somebodyElsesLockIsWaitedForAndThenSaid();
};

void TestJournalFaults::keepsWhatWasAcknowledgedBeforeAKill_data()
{
    QTest::addColumn<int>("lines");
    for (int lines : {1, 2, 5, 40, 200, 700})
        QTest::addRow("[N-07] after %d answers", lines) << lines;
}

void TestJournalFaults::keepsWhatWasAcknowledgedBeforeAKill()
{
    QFETCH(int, lines);
    QTemporaryDir folder;
    QProcess child;
    child.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--append"), folder.path()});
    QVERIFY(child.waitForStarted());
    int seen = 0;
    QByteArray output;
    while (seen < lines) {
        QVERIFY2(child.waitForReadyRead(20'000), child.readAllStandardError().constData());
        output += child.readAllStandardOutput();
        seen = int(output.count('\n'));
    }
    QCOMPARE(::kill(pid_t(child.processId()), SIGKILL), 0);
    QVERIFY(child.waitForFinished());
    QCOMPARE(child.exitStatus(), QProcess::CrashExit);
    output += child.readAllStandardOutput();

    verifyIntact(folder.path());
    const auto events = (*JournalReader::open(folder.path()))->read();
    QVERIFY(events);
    const QList<QByteArray> answers = output.left(output.lastIndexOf('\n')).split('\n');
    QVERIFY(answers.size() >= lines);
    for (const QByteArray &answer : answers) {
        const QList<QByteArray> words = answer.split(' ');
        const qint64 seq = words[0].toLongLong();
        QVERIFY(seq <= events->size());
        QCOMPARE(detailOf(events->at(seq - 1)), QString::fromLatin1(words[1]));
        QCOMPARE(detailOf(events->at(seq - 2)), QString::fromLatin1(words[1])); // its list is whole
    }
    const auto writer = JournalWriter::open(folder.path()); // and it goes on from there
    QVERIFY(writer);
    const auto next = appendAndWait(**writer, {paused(QStringLiteral("next"))});
    QVERIFY(next);
    QCOMPARE(next->first().seq, events->size() + 1);
}

void TestJournalFaults::theLockEndsWithItsProcess()
{
    QTemporaryDir folder;
    QProcess child;
    child.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--append"), folder.path()});
    QVERIFY(child.waitForReadyRead(20'000));
    const qint64 pid = child.processId();
    const auto refused = JournalWriter::open(folder.path());
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::DataFolderInUse);
    QVERIFY(refused.error().args[0].endsWith(QStringLiteral("(process %1)").arg(pid)));
    QVERIFY(JournalReader::open(folder.path())); // reading needs no owner
    QCOMPARE(::kill(pid_t(pid), SIGKILL), 0);
    QVERIFY(child.waitForFinished());
    QVERIFY(JournalWriter::open(folder.path()));
}

void TestJournalFaults::synchronisesOncePerGroup()
{
    QTemporaryDir folder;
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(writer);
    QVERIFY(appendAndWait(**writer, {paused(QStringLiteral("warm"))}));
    mendDisk();
    for (int i = 0; i < 10; ++i)
        QVERIFY(appendAndWait(**writer, {paused(QString::number(i))}));
    QVERIFY2(diskSyncs() >= 10, qPrintable(QString::number(diskSyncs()))); // NORMAL would not synchronise at all here
    mendDisk();
    QList<NewEvent> group(100, paused(QStringLiteral("x")));
    QVERIFY(appendAndWait(**writer, group));
    QVERIFY2(diskSyncs() >= 1 && diskSyncs() <= 2, qPrintable(QString::number(diskSyncs())));
}

void TestJournalFaults::survivesAFaultAtEveryDiskOperation_data()
{
    QTest::addColumn<int>("fault");
    QTest::newRow("[N-07] full") << int(DiskFault::Full);
    QTest::newRow("[N-07] torn write") << int(DiskFault::InputOutput);
    QTest::newRow("[N-07] failing sync") << int(DiskFault::Sync);
}

// A fault at operation 1, 2, 3, … until the whole course passes without meeting it. Each time: some appends, the disk
// mended, one more append, the end, and a look at what is there.
void TestJournalFaults::survivesAFaultAtEveryDiskOperation()
{
    QFETCH(int, fault);
    bool met = true;
    int failures = 0;
    for (int at = 1; met && at < 400; ++at) {
        QTemporaryDir folder;
        QStringList acknowledged, refused;
        {
            auto writer = JournalWriter::open(folder.path());
            QVERIFY(writer);
            breakDiskAt(at, DiskFault(fault));
            for (int i = 0; i < 6; ++i) {
                const QString name = QStringLiteral("%1 %2").arg(i).arg(QString(3000, QLatin1Char('x')));
                const auto answer = appendAndWait(**writer, {paused(name), paused(name)});
                if (!answer)
                    QCOMPARE(answer.error().code, ErrorCode::JournalWrite);
                (answer ? acknowledged : refused).append(name);
            }
            met = diskOperations() >= at;
            mendDisk();
            const auto after = appendAndWait(**writer, {paused(QStringLiteral("mended"))});
            QVERIFY2(after, after ? "" : qPrintable(after.error().args.join(QLatin1Char(' '))));
            acknowledged.append(QStringLiteral("mended"));
        }
        failures += int(refused.size());
        verifyIntact(folder.path());
        const auto events = (*JournalReader::open(folder.path()))->read();
        QVERIFY(events);
        QStringList found;
        for (const Event &event : *events) {
            if (found.isEmpty() || found.last() != detailOf(event))
                found.append(detailOf(event));
        }
        QCOMPARE(found, acknowledged); // all that was acknowledged, in order, and nothing that was refused
        QCOMPARE(events->size(), 2 * acknowledged.size() - 1);
    }
    QVERIFY(!met);
    QVERIFY2(failures > 20, qPrintable(QString::number(failures)));
}

void TestJournalFaults::failsWhatWasQueuedBehindAFailure()
{
    QTemporaryDir folder;
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(writer);
    std::promise<void> entered, release, last;
    auto released = release.get_future();
    (*writer)->append({paused(QStringLiteral("holds the writer"))}, [&](Result<QList<Event>>) {
        entered.set_value();
        released.wait();
    });
    entered.get_future().wait();
    QStringList answers;
    const auto note = [&](const char *name) {
        return [&answers, &last, name](Result<QList<Event>> answer) {
            answers.append(QLatin1String(name) + (answer ? QStringLiteral(" kept") : QStringLiteral(" refused")));
            if (answers.size() == 3)
                last.set_value();
        };
    };
    (*writer)->append({paused(QStringLiteral("small"))}, note("small"));
    (*writer)->append({paused(QString(300'000, QLatin1Char('x')))}, note("large"));
    (*writer)->append({paused(QStringLiteral("behind"))}, note("behind"));
    // The first attempt, all in one, meets the fault; then small alone passes and large meets it again.
    breakDiskAt(12, DiskFault::Full);
    release.set_value();
    last.get_future().wait();
    QCOMPARE(answers[1], QStringLiteral("large refused"));
    QCOMPARE(answers[2], QStringLiteral("behind refused"));
    mendDisk();
    QVERIFY(appendAndWait(**writer, {paused(QStringLiteral("later"))}));
    verifyIntact(folder.path());
}

void TestJournalFaults::aFullDiskFailsTheAppendAndNothingElse() // [fault 20]
{
    QTemporaryDir folder;
    if (geteuid() != 0 || ::mount("tmpfs", QFile::encodeName(folder.path()).constData(), "tmpfs", 0, "size=1m,mode=0700") != 0)
        MISSING("mounting a small disk takes root");
    const auto unmount = qScopeGuard([&] { ::umount2(QFile::encodeName(folder.path()).constData(), MNT_DETACH); });
    {
        const auto writer = JournalWriter::open(folder.path());
        QVERIFY(writer);
        int kept = 0;
        Result<QList<Event>> answer;
        do {
            answer = appendAndWait(**writer, {paused(QString(20'000, QLatin1Char('x')))});
            kept += answer ? 1 : 0;
        } while (answer && kept < 1000);
        QVERIFY(!answer);
        QCOMPARE(answer.error().code, ErrorCode::JournalWrite);
        QVERIFY2(kept > 3, qPrintable(QString::number(kept)));
        QCOMPARE((*JournalReader::open(folder.path()))->lastSeq().value_or(-1), kept);
        // Room again: it goes on without a new start.
        QCOMPARE(::mount("tmpfs", QFile::encodeName(folder.path()).constData(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
        QVERIFY(appendAndWait(**writer, {paused(QStringLiteral("room again"))}));
        QCOMPARE((*JournalReader::open(folder.path()))->lastSeq().value_or(-1), kept + 1);
    }
    verifyIntact(folder.path());
}

// The same for everybody: the system refuses to let a file grow.
void TestJournalFaults::aFileLimitFailsTheAppendAndNothingElse()
{
    QTemporaryDir folder;
    rlimit before{};
    QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
    ::signal(SIGXFSZ, SIG_IGN);
    const auto restore = qScopeGuard([&] { ::setrlimit(RLIMIT_FSIZE, &before); });
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(writer);
    rlimit small = before;
    small.rlim_cur = 500'000;
    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &small), 0);
    int kept = 0;
    Result<QList<Event>> answer;
    do {
        answer = appendAndWait(**writer, {paused(QString(20'000, QLatin1Char('x')))});
        kept += answer ? 1 : 0;
    } while (answer && kept < 1000);
    QVERIFY(!answer);
    QCOMPARE(answer.error().code, ErrorCode::JournalWrite);
    ::setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY(appendAndWait(**writer, {paused(QStringLiteral("room again"))}));
    QCOMPARE((*JournalReader::open(folder.path()))->lastSeq().value_or(-1), kept + 1);
    verifyIntact(folder.path());
}

void TestJournalFaults::somebodyElsesLockIsWaitedForAndThenSaid() // [fault 21]
{
    QTemporaryDir folder;
    {
        const auto writer = JournalWriter::open(folder.path());
        QVERIFY(writer);
        QVERIFY(appendAndWait(**writer, {paused(QStringLiteral("before"))}));
        sqlite3 *other = nullptr;
        QCOMPARE(sqlite3_open(QFile::encodeName(folder.filePath(QStringLiteral("journal.db"))).constData(), &other), SQLITE_OK);
        const auto close = qScopeGuard([&] { sqlite3_close(other); });
        QCOMPARE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
        std::promise<Result<QList<Event>>> answer;
        auto waits = answer.get_future();
        (*writer)->append({paused(QStringLiteral("waits"))}, [&](Result<QList<Event>> result) { answer.set_value(std::move(result)); });
        QVERIFY(waits.wait_for(std::chrono::milliseconds(500)) == std::future_status::timeout);
        QCOMPARE(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
        QVERIFY(waits.get());
        // Held for longer than anybody reads: said to be locked, and nothing is lost or written twice.
        QCOMPARE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
        const auto refused = appendAndWait(**writer, {paused(QStringLiteral("refused"))});
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::JournalWrite);
        QVERIFY2(refused.error().args.join(QLatin1Char(' ')).contains(QLatin1String("locked")), qPrintable(refused.error().args.join(QLatin1Char(' '))));
        QCOMPARE(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
        const auto after = appendAndWait(**writer, {paused(QStringLiteral("after"))});
        QVERIFY(after);
        QCOMPARE(after->last().seq, 3);
    }
    verifyIntact(folder.path());
}

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = application.arguments();
    if (arguments.size() == 3 && arguments[1] == QLatin1String("--append"))
        return appendForEver(arguments[2]);
    TestJournalFaults test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_journalfaults.moc"
