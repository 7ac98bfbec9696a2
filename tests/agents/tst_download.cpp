// Files from a host over a real sshd, and how copies are paced. [issue 3, 5: transfer]
#include "missing.h"
#include "transferworld.h"

#include <sys/stat.h>
#include <unistd.h>

using namespace bellwether;

class TestDownload : public TransferWorld {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { startHost(); }
    void init() { startCopies(); }
    void cleanup() { endCopies(); }

    void aCutLinkGoesOnWhereItWas()
    {
        constexpr int size = 3'000'000;
        QVERIFY(writeTo(there("a"), noise(size)));
        m_proxy = std::make_unique<FaultProxy>(m_sshd->port(), LinkQuality{.downPerSecond = 4'000'000});
        const auto copy = get(there("a"), here("a"));
        QVERIFY(QTest::qWaitFor([&] { return m_proxy->carried() > 1'500'000; }, 30'000));
        m_proxy->resetAll();
        ENDS(ended(copy), Done);
        QCOMPARE(contentOf(here("a")), noise(size));
        QVERIFY(!m_waits.isEmpty());
        // A piece under way is fetched again, and no more.
        QVERIFY2(m_proxy->carried() < size + 2'000'000, QByteArray::number(m_proxy->carried()).constData());
        QCOMPARE(QDir(m_here->path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList{"a"});
    }
    void anotherRunGoesOnWithThePart_data()
    {
        QTest::addColumn<bool>("damaged");
        QTest::newRow("as it was left") << false;
        QTest::newRow("not what it was") << true;
    }
    void anotherRunGoesOnWithThePart()
    {
        QFETCH(bool, damaged);
        constexpr int size = 2'000'000;
        QVERIFY(writeTo(there("a"), noise(size)));
        const auto first = get(there("a"), here("a"), 200'000);
        QVERIFY(reaches(first, 500'000));
        first->cancel();
        const QStringList parts = QDir(m_here->path()).entryList({".bwr-*.part"}, QDir::Files | QDir::Hidden);
        QCOMPARE(parts.size(), 1);
        struct stat s = {};
        QCOMPARE(::stat(QFile::encodeName(here(parts.first())).constData(), &s), 0);
        QCOMPARE(s.st_mode & 0777, mode_t(0600));
        if (damaged) {
            QFile part(here(parts.first()));
            QVERIFY(part.open(QIODevice::ReadWrite) && part.write("damaged") == 7);
        }
        const CopyProgress second = ended(get(there("a"), here("a")));
        ENDS(second, Done);
        if (damaged)
            QCOMPARE(second.carried, size);
        else
            QVERIFY(second.carried <= size - first->progress().done);
        QCOMPARE(contentOf(here("a")), noise(size));
    }
    void aFileThatChangesThereIsNoticed_data()
    {
        QTest::addColumn<bool>("longer");
        QTest::newRow("longer") << true;
        QTest::newRow("as long") << false;
    }
    void aFileThatChangesThereIsNoticed()
    {
        QFETCH(bool, longer);
        QVERIFY(writeTo(there("a"), noise(1'000'000)));
        QVERIFY(writeTo(here("a"), "old"));
        const auto copy = get(there("a"), here("a"), 100'000);
        QVERIFY(reaches(copy, 200'000));
        QFile file(there("a"));
        QVERIFY(file.open(QIODevice::ReadWrite) && file.seek(longer ? 1'000'000 : 900'000) && file.write("changed") == 7);
        file.close();
        FAILS_WITH(ended(copy), "file-changed", "berlin-1");
        QCOMPARE(contentOf(here("a")), QByteArray("old"));
    }
    void refusalsAreSaid_data()
    {
        QTest::addColumn<QString>("before"); // done by a shell: `there` and `here` are folders
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("words");
        QTest::newRow("no such file") << "true" << "host-path-refused" << "no such file";
        QTest::newRow("a folder there") << "mkdir there/a" << "host-path-refused" << "it is a folder";
        QTest::newRow("a pipe there") << "mkfifo there/a" << "host-path-refused" << "no regular file";
        QTest::newRow("a folder here") << "echo x >there/a; mkdir here/a" << "file-unwritable" << "it is a folder";
        QTest::newRow("a link here") << "echo x >there/a; echo precious >here/b; ln -s b here/a" << "file-unwritable" << "symbolic link";
        QTest::newRow("no folder here") << "echo x >there/a; rm -r here; touch here" << "file-unwritable" << "";
    }
    void refusalsAreSaid()
    {
        QFETCH(QString, before);
        QFETCH(QString, key);
        QFETCH(QString, words);
        const QTemporaryDir both;
        QVERIFY(QDir(both.path()).mkdir("here") && QDir(both.path()).mkdir("there"));
        QCOMPARE(runProcess({"sh", "-c", before}, {}, both.path()).exitStatus, 0);
        FAILS_WITH(ended(get(both.filePath("there/a"), both.filePath("here/a"))), key.toLatin1(), words.toLatin1().constData());
        if (QFileInfo::exists(both.filePath("here/b")))
            QCOMPARE(contentOf(both.filePath("here/b")), QByteArray("precious\n"));
    }
    void aLinkPlantedWhileItRunsIsNotFollowed()
    {
        QVERIFY(writeTo(there("a"), noise(500'000)));
        QVERIFY(writeTo(here("victim"), "precious"));
        const auto copy = get(there("a"), here("a"), 100'000);
        QVERIFY(reaches(copy, 100'000));
        QVERIFY(QFile::link(here("victim"), here("a")));
        FAILS_WITH(ended(copy), "file-unwritable", "something else");
        QCOMPARE(contentOf(here("victim")), QByteArray("precious"));
    }
    void aFullDiskHereIsSaid()
    {
        const SmallDisk disk(here("disk"), "size=512k");
        if (!disk.isMounted())
            MISSING("only root can mount a small disk");
        QVERIFY(writeTo(there("a"), noise(2'000'000)));
        const CopyProgress p = ended(get(there("a"), here("disk/a")));
        FAILS_WITH(p, "file-unwritable", "are needed");
        QCOMPARE(p.carried, 0);
        QVERIFY(writeTo(there("b"), noise(400'000)));
        const auto copy = get(there("b"), here("disk/b"), 20'000);
        QVERIFY(reaches(copy, 60'000));
        [[maybe_unused]] const bool fitted = writeTo(here("disk/hog"), QByteArray(500'000, 'x'));
        FAILS_WITH(ended(copy), "file-unwritable", "No space");
        QVERIFY(!QFileInfo::exists(here("disk/b")));
    }
    void twoToOnePlaceAreNotMixed()
    {
        QVERIFY(writeTo(there("a"), noise(500'000)));
        const auto first = get(there("a"), here("a"), 100'000);
        QVERIFY(reaches(first, 100'000));
        FAILS_WITH(ended(get(there("a"), here("a"))), "file-unwritable", "another copy");
        ENDS(ended(first), Done);
        QCOMPARE(contentOf(here("a")), noise(500'000));
    }

    // ---- pace: no clock but the numbers given
    void aLimitIsNeverExceeded_data()
    {
        QTest::addColumn<int>("copies"); // with one machine at once
        QTest::addColumn<int>("rate"); // the smallest limit: the others were given twice as much, three times as much …
        QTest::addColumn<int>("piece");
        QTest::addColumn<int>("linkMs"); // how long the link itself takes
        QTest::newRow("link is fast") << 1 << 100'000 << 50'000 << 0;
        QTest::newRow("link is slower than the limit") << 1 << 100'000 << 50'000 << 900;
        QTest::newRow("odd numbers") << 1 << 3'333 << 4'096 << 7;
        QTest::newRow("two copies") << 2 << 100'000 << 50'000 << 20;
        QTest::newRow("eight copies on a slow link") << 8 << 100'000 << 50'000 << 900;
    }
    void aLimitIsNeverExceeded()
    {
        QFETCH(int, copies);
        QFETCH(int, rate);
        QFETCH(int, piece);
        QFETCH(int, linkMs);
        HostPace pace;
        for (int i = copies; i > 0; --i)
            pace.join(QStringLiteral("berlin-1"), qint64{rate} * i);
        pace.join(QStringLiteral("berlin-1"), 0); // nobody limited this one: the machine's limit holds for it as well
        QList<qint64> ready(copies, 5'000), sent; // when each may ask for its next piece; when pieces went
        for (int i = 0; i < 400; ++i) {
            qint64 &now = *std::min_element(ready.begin(), ready.end());
            now += pace.take(QStringLiteral("berlin-1"), piece, now);
            sent.append(now);
            now += linkMs;
        }
        std::sort(sent.begin(), sent.end());
        for (int i = 0; i < sent.size(); ++i)
            QVERIFY2(qint64{piece} * (i + 1) <= rate * (sent[i] - 5'000) / 1000 + piece + i + 1, QByteArray::number(i).constData());
        const qint64 slowest = std::max<qint64>(qint64{piece} * 1000 / rate, linkMs / copies) + 1; // and nobody waits for nothing
        QVERIFY2(sent.last() - 5'000 <= 400 * slowest + copies * (slowest + linkMs), QByteArray::number(sent.last()).constData());
    }
    void anHourOfRestSavesNothingUp()
    {
        const QString berlin = QStringLiteral("berlin-1"), osaka = QStringLiteral("osaka-3");
        HostPace pace;
        pace.join(berlin, 1000);
        const auto take = [&](qint64 nowMs) { return pace.take(berlin, 1000, nowMs); };
        QCOMPARE(take(0), 0);
        QCOMPARE(take(3'600'000), 0);
        QCOMPARE(take(3'600'000), 1000); // not an hour's worth at once
        QCOMPARE(pace.take(osaka, 1 << 30, 3'600'000), 0); // no limit there
        pace.join(osaka, 1000);
        QCOMPARE(pace.take(osaka, 1000, 3'600'000), 0); // nobody waits for another machine
        QCOMPARE(take(3'600'000), 2000);
        pace.giveBack(berlin, 2000, 1000); // two were cancelled while they waited
        QCOMPARE(take(3'600'000), 1000);
    }
    void theSmallestLimitOfThoseUnderWayHolds()
    {
        const QString berlin = QStringLiteral("berlin-1");
        HostPace pace;
        QCOMPARE(pace.rateOf(berlin), 0);
        pace.join(berlin, 4000);
        QCOMPARE(pace.take(berlin, 4000, 0), 0);
        QCOMPARE(pace.take(berlin, 4000, 0), 1000); // allowed from 1000 to 2000
        pace.join(berlin, 1000);
        pace.join(berlin, 0);
        QCOMPARE(pace.rateOf(berlin), 1000);
        QCOMPARE(pace.take(berlin, 1000, 0), 2000); // together: after both of the others
        QCOMPARE(pace.take(berlin, 1000, 0), 3000);
        pace.giveBack(berlin, 4000, 4000); // what was taken at another rate takes as much time with it as it cost
        QCOMPARE(pace.take(berlin, 1000, 0), 3000);
        pace.join(berlin, 1000);
        pace.leave(berlin, 1000); // two had the same: one of them is still there
        QCOMPARE(pace.rateOf(berlin), 1000);
        pace.leave(berlin, 1000);
        QCOMPARE(pace.rateOf(berlin), 4000);
        pace.leave(berlin, 0);
        pace.leave(berlin, 4000);
        QCOMPARE(pace.rateOf(berlin), 0);
        QCOMPARE(pace.take(berlin, 1 << 30, 0), 0);
    }
    void piecesFitTheLink()
    {
        PieceSize piece(0);
        for (int i = 0; i < 20; ++i)
            piece.carried(piece.bytes(), piece.bytes() / 1'000'000); // a gigabyte a second
        QCOMPARE(piece.bytes(), qint64(8) << 20);
        for (int i = 0; i < 20; ++i)
            piece.carried(piece.bytes(), piece.bytes() / 10); // ten kilobytes a second
        QVERIFY2(piece.bytes() >= 8192 && piece.bytes() <= 16'384, QByteArray::number(piece.bytes()).constData());
        for (int i = 0; i < 20; ++i)
            piece.failed();
        QCOMPARE(piece.bytes(), blockBytes);
        QVERIFY(PieceSize(20'000).bytes() <= 20'000);
        QVERIFY(PieceSize(0).bytesAt(20'000) <= 20'000); // a limit that came with another copy
        QCOMPARE(PieceSize(0).bytesAt(0), PieceSize(0).bytes());
        QCOMPARE(PieceSize(999'999'999'000'000'000).bytes(), PieceSize(0).bytes());
        QCOMPARE(PieceSize(1'024).bytes(), blockBytes);
    }
};

QTEST_GUILESS_MAIN(TestDownload)
#include "tst_download.moc"
