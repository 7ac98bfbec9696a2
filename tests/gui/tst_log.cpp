// The log view's three parts: bytes made showable, blocks read on a thread, lines in a view.
#include "rolloutview/logservice.h"
#include "rolloutview/logview.h"

#include <QClipboard>
#include <QElapsedTimer>
#include <QGuiApplication>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <ctime>

using namespace bellwether;

namespace {

QStringList textsOf(const QList<LogLine> &lines)
{
    QStringList texts;
    for (const LogLine &line : lines)
        texts << line.text;
    return texts;
}

// Of this thread alone, whatever else the machine has to do.
qint64 cpuMs()
{
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return qint64(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

void append(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Append));
    QCOMPARE(file.write(bytes), bytes.size());
}

} // namespace

class TestLog : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_dir = std::make_unique<QTemporaryDir>(); }

    void makesBytesShowable_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QStringList>("lines");
        QTest::newRow("plain") << QByteArray("one\ntwo\n") << QStringList{"one", "two"};
        QTest::newRow("colours are left out") << QByteArray("\x1b[31;1mred\x1b[0m end\n") << QStringList{"red end"};
        QTest::newRow("title sequence is left out") << QByteArray("\x1b]0;owned\x07text\n") << QStringList{"text"};
        QTest::newRow("title sequence ended by ST") << QByteArray("\x1b]8;;http://x\x1b\\link\n") << QStringList{"link"};
        QTest::newRow("unended sequence ends with its line") << QByteArray("\x1b]0;swallow\nnext\n") << QStringList{"", "next"};
        QTest::newRow("C1 introducer") << QByteArray("\xc2\x9b" "31mred\n") << QStringList{"red"};
        QTest::newRow("controls become marks") << QByteArray("a\x08" "b\x00" "c\x7f\n", 7) << QStringList{QString::fromUtf8("a^Hb^@c^?")};
        QTest::newRow("carriage return and line feed") << QByteArray("one\r\ntwo\r\n") << QStringList{"one", "two"};
        QTest::newRow("what was overwritten is marked") << QByteArray("evil\rgood\n") << QStringList{QString::fromUtf8("⇤good")};
        QTest::newRow("the newest of a progress bar") << QByteArray("10%\r20%\r30%\r\nnext\n") << QStringList{QString::fromUtf8("⇤30%"), "next"};
        QTest::newRow("returns in front") << QByteArray("\r10%\n\r10%\r20%\n") << QStringList{"10%", QString::fromUtf8("⇤20%")};
        QTest::newRow("blanks overwrite nothing") << QByteArray("done\r    \r\n10%\r20%\r \x1b[K\r\n") << QStringList{"done", QString::fromUtf8("⇤20%")};
        QTest::newRow("two returns and a line feed") << QByteArray("one\r\r\ntwo\n") << QStringList{"one", "two"};
        QTest::newRow("blank lines stay") << QByteArray("\r\n  \r\n\r\r\n") << QStringList{"", "  ", ""};
        QTest::newRow("bidirectional override is named") << QByteArray("a\xe2\x80\xae" "b\n") << QStringList{QString::fromUtf8("a⟨U+202E⟩b")};
        QTest::newRow("isolate is named") << QByteArray("a\xe2\x81\xa6" "b\n") << QStringList{QString::fromUtf8("a⟨U+2066⟩b")};
        QTest::newRow("zero width space is named") << QByteArray("a\xe2\x80\x8b" "b\n") << QStringList{QString::fromUtf8("a⟨U+200B⟩b")};
        QTest::newRow("line separator is no line") << QByteArray("a\xe2\x80\xa8" "b\n") << QStringList{QString::fromUtf8("a⟨U+2028⟩b")};
        QTest::newRow("emoji stay whole") << QByteArray("\xf0\x9f\x9a\x80 go\n") << QStringList{QString::fromUtf8("🚀 go")};
        QTest::newRow("broken UTF-8") << QByteArray("a\xff" "b\n") << QStringList{QString::fromUtf8("a\ufffd" "b")};
        QTest::newRow("tab goes to the next stop") << QByteArray("ab\tc\n") << QStringList{"ab      c"};
        QTest::newRow("markup stays text") << QByteArray("<b>&amp;</b>\n") << QStringList{"<b>&amp;</b>"};
    }
    void makesBytesShowable()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QStringList, lines);
        QCOMPARE(textsOf(LogText().feed(bytes)), lines);
        for (qsizetype cut = 0; cut <= bytes.size(); ++cut) { // any cut gives the same lines
            LogText text;
            QList<LogLine> got = text.feed(bytes.left(cut));
            got += text.feed(bytes.mid(cut));
            QCOMPARE(textsOf(got), lines);
        }
    }

    void capsALine()
    {
        LogText text(10);
        QCOMPARE(textsOf(text.feed(QByteArray(1'000'000, 'x') + "\nshort\n")), (QStringList{QStringLiteral("xxxxxxxxxx … (+999990)"), "short"}));
    }

    void showsTheNewestOfALongProgressBar()
    {
        LogText text(10);
        QVERIFY(text.feed(QByteArray("0123456789 and more\r").repeated(100'000) + "99%").isEmpty());
        QCOMPARE(text.unfinished().text, QString::fromUtf8("⇤99%"));
        QVERIFY(text.feed("\r").isEmpty());
        QCOMPARE(text.unfinished().text, QString::fromUtf8("⇤99%"));
        QVERIFY(text.feed("100%").isEmpty());
        QCOMPARE(text.unfinished().text, QString::fromUtf8("⇤100%"));
        QCOMPARE(textsOf(text.feed("\rlast words of it\r\n")), QStringList{QString::fromUtf8("⇤last words … (+6)")});
        QCOMPARE(textsOf(text.feed("next\n")), QStringList{"next"});
    }

    void knowsLevels_data()
    {
        QTest::addColumn<QString>("line");
        QTest::addColumn<int>("level");
        QTest::newRow("warn") << "2026-11-21 WARN queue lag" << int(LogLevel::Warning);
        QTest::newRow("json warn") << R"({"level":"warn","message":"x"})" << int(LogLevel::Warning);
        QTest::newRow("error") << "ERROR: column exists" << int(LogLevel::Error);
        QTest::newRow("json error") << R"({"level":"error"})" << int(LogLevel::Error);
        QTest::newRow("a word with it inside") << "TERRORIST watch" << int(LogLevel::Plain);
        QTest::newRow("no errors") << "0 errors" << int(LogLevel::Plain);
    }
    void knowsLevels()
    {
        QFETCH(QString, line);
        QFETCH(int, level);
        QCOMPARE(int(levelOf(line)), level);
    }

    void followsAGrowingFile()
    {
        const QString path = m_dir->filePath("a.log");
        LogService service;
        service.show({{path, "t1", "migrate"}});
        QCOMPARE(service.document().rows(), 1); // its title
        append(path, "one\ntwo\nhal");
        QTRY_COMPARE(service.document().rows(), 4);
        QCOMPARE(service.document().text({0, 2}).text, QStringLiteral("hal"));
        append(path, "f\n");
        QTRY_COMPARE(service.document().text({0, 2}).text, QStringLiteral("half"));
        QCOMPARE(service.document().rows(), 4);
        append(path, "10%\r"); // one line that changes
        QTRY_COMPARE(service.document().rows(), 5);
        QCOMPARE(service.document().text({0, 3}).text, QStringLiteral("10%"));
        append(path, "20%\r");
        QTRY_COMPARE(service.document().text({0, 3}).text, QString::fromUtf8("⇤20%"));
        QCOMPARE(service.document().rows(), 5);
    }

    void startsAgainWhenTheFileIsReplaced()
    {
        const QString path = m_dir->filePath("a.log");
        append(path, "old 1\nold 2\nold 3\n");
        LogService service;
        service.show({{path, "t1", "migrate"}});
        QTRY_COMPARE(service.document().rows(), 4);
        QVERIFY(QFile::remove(path));
        append(path, "new\n");
        QTRY_COMPARE(service.document().rows(), 2);
        QCOMPARE(service.document().text({0, 0}).text, QStringLiteral("new"));
    }

    void keepsPartsApart()
    {
        append(m_dir->filePath("a.log"), "a1\na2\n");
        append(m_dir->filePath("b.log"), "b1\n");
        LogService service;
        service.show({{m_dir->filePath("a.log"), "a", "backup"}});
        QTRY_COMPARE(service.document().rows(), 3);
        service.show({{m_dir->filePath("a.log"), "a", "backup"}, {m_dir->filePath("b.log"), "b", "migrate"}});
        QCOMPARE(service.document().rows(), 4); // what was read stays in sight
        QTRY_COMPARE(service.document().rows(), 5);
        QCOMPARE(service.document().place(3), (LogPlace{1, -1}));
        QCOMPARE(service.document().place(4), (LogPlace{1, 0}));
        QCOMPARE(service.document().row({1, 0}), 4);
        QCOMPARE(service.document().partOf("b"), 1);
    }

    void refusesWhatIsNoFile()
    {
        LogService service;
        service.show({{QStringLiteral("/dev/zero"), "z", "z"}});
        QTRY_VERIFY(!service.document().lines(0).problem.isEmpty());
        QCOMPARE(service.document().rows(), 1);
    }

    void findsWhileTheLogGrows()
    {
        const QString path = m_dir->filePath("a.log");
        append(path, "apple\nPear\n");
        LogService service;
        service.show({{path, "t", "t"}});
        service.find("pear");
        QTRY_COMPARE(service.hits(), (QList<LogPlace>{{0, 1}}));
        append(path, "pEAR again\n");
        QTRY_COMPARE(service.hits(), (QList<LogPlace>{{0, 1}, {0, 2}}));
        service.find({});
        QVERIFY(service.hits().isEmpty());
    }

    void savesWhatItShows()
    {
        append(m_dir->filePath("a.log"), "\x1b[31mred\x1b[0m\nlast");
        LogService service;
        QSignalSpy saved(&service, &LogService::saved);
        service.show({{m_dir->filePath("a.log"), "a", "backup"}});
        service.save(m_dir->filePath("out.txt"), true);
        QTRY_COMPARE(saved.size(), 1);
        QFile out(m_dir->filePath("out.txt"));
        QVERIFY(out.open(QIODevice::ReadOnly));
        QCOMPARE(out.readAll(), QByteArray("== backup\nred\nlast\n"));
        QCOMPARE(out.permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions()); // [S18]
    }

    void saysWhyItCannotSave()
    {
        LogService service;
        QSignalSpy failed(&service, &LogService::saveFailed);
        service.show({{m_dir->filePath("a.log"), "a", "backup"}});
        service.save(m_dir->filePath("no/such/folder/out.txt"), true);
        QTRY_COMPARE(failed.size(), 1);
        QCOMPARE(failed[0][0].value<Error>().code, ErrorCode::FileUnwritable);
        append(m_dir->filePath("precious"), "precious");
        QVERIFY(QFile::link(m_dir->filePath("precious"), m_dir->filePath("link.txt")));
        service.save(m_dir->filePath("link.txt"), true); // [S18] through no link
        QTRY_COMPARE(failed.size(), 2);
        QFile precious(m_dir->filePath("precious"));
        QVERIFY(precious.open(QIODevice::ReadOnly));
        QCOMPARE(precious.readAll(), QByteArray("precious"));
    }

    // The window's thread must never be held up: while a million lines arrive it keeps answering.
    void showsAMillionLinesWithoutAStall()
    {
        const QString path = m_dir->filePath("big.log");
        {
            QFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly));
            QByteArray block;
            for (int i = 0; i < 1'000'000; ++i) {
                block += "2026-11-21T01:47:02.118 INFO line " + QByteArray::number(i) + " of many\n";
                if (block.size() > 1 << 20) {
                    file.write(block);
                    block.clear();
                }
            }
            file.write(block);
        }
        LogService service;
        LogView view(service);
        view.resize(800, 400);
        view.show();
        service.show({{path, "t", "migrate"}});
        QElapsedTimer all, beat;
        all.start();
        qint64 worst = 0, longest = 0;
        while (service.document().rows() < 1'000'001 && all.elapsed() < 120'000) {
            beat.start();
            const qint64 before = cpuMs();
            QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
            worst = std::max(worst, cpuMs() - before);
            longest = std::max(longest, beat.elapsed());
            QThread::msleep(1);
        }
        QCOMPARE(service.document().rows(), 1'000'001);
        QCOMPARE(service.document().text({0, 999'999}).text, QStringLiteral("2026-11-21T01:47:02.118 INFO line 999999 of many"));
        qInfo() << "longest turn of the event loop" << worst << "ms of its thread's time," << longest << "ms in all";
        QVERIFY2(worst < 250 && longest < 5'000, qPrintable(QStringLiteral("%1, %2").arg(worst).arg(longest))); // nor does it wait for anybody

        service.find(QStringLiteral("line 777777 "));
        QTRY_COMPARE_WITH_TIMEOUT(service.hits().size(), 1, 60'000);
        const qint64 before = cpuMs();
        QVERIFY(view.goToHit(1));
        view.grab();
        QVERIFY(cpuMs() - before < 250);
        QCOMPARE(view.current(), (LogPlace{0, 777'777}));
        QVERIFY(!view.follows());
    }

    void keysMoveAndCopy()
    {
        append(m_dir->filePath("a.log"), "one\ntwo\nthree\n");
        LogService service;
        LogView view(service);
        view.resize(600, 300);
        view.show();
        service.show({{m_dir->filePath("a.log"), "a", "backup"}});
        QTRY_COMPARE(service.document().rows(), 4);
        QTest::keyClick(&view, Qt::Key_Home);
        QCOMPARE(view.current(), (LogPlace{0, -1}));
        QTest::keyClick(&view, Qt::Key_Down);
        QTest::keyClick(&view, Qt::Key_Down, Qt::ShiftModifier);
        QTest::keyClick(&view, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("one\ntwo"));
        QVERIFY(!view.follows());
        QTest::keyClick(&view, Qt::Key_End);
        QVERIFY(view.follows());
        QCOMPARE(view.accessibleDescription(), QStringLiteral("three"));
    }

    void followStaysAtTheEnd()
    {
        const QString path = m_dir->filePath("a.log");
        LogService service;
        LogView view(service);
        view.resize(600, 180);
        view.show();
        service.show({{path, "a", "backup"}});
        QByteArray many;
        for (int i = 0; i < 500; ++i)
            many += "line " + QByteArray::number(i) + "\n";
        append(path, many);
        QTRY_COMPARE(service.document().rows(), 501);
        QCOMPARE(view.verticalScrollBar()->value(), view.verticalScrollBar()->maximum());
        view.setFollow(false);
        view.verticalScrollBar()->setValue(10);
        append(path, many);
        QTRY_COMPARE(service.document().rows(), 1001);
        QCOMPARE(view.verticalScrollBar()->value(), 10);
    }

    void wrapsALongLineToItsEnd()
    {
        append(m_dir->filePath("a.log"), QByteArray(3000, 'x') + "END\nlast\n");
        LogService service;
        LogView view(service);
        view.resize(500, 200);
        view.setWrap(true);
        view.show();
        service.show({{m_dir->filePath("a.log"), "a", "backup"}});
        QTRY_COMPARE(service.document().rows(), 3);
        view.setFollow(true);
        QCOMPARE(view.horizontalScrollBar()->maximum(), 0);
        QVERIFY(!view.grab().isNull());
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, QPoint(200, 190));
        QCOMPARE(view.current(), (LogPlace{0, 1})); // the last line stands at the foot
    }

private:
    std::unique_ptr<QTemporaryDir> m_dir;
};

QTEST_MAIN(TestLog)
#include "tst_log.moc"
