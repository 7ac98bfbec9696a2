// One control that stops everything, and a window on a journal that nobody may write to any more.
#include "fakeconsole.h"
#include "headless/readonlyconsole.h"
#include "journal/journal.h"
#include "journalhelp.h"
#include "rolloutsamples.h"
#include "shell/makewindow.h"
#include "shell/palette.h"
#include "shell/rail.h"
#include "story.h"
#include "text/errortext.h"
#include "widgets/banner.h"
#include "widgets/confirmdialog.h"

#include <QApplication>
#include <QDateTime>
#include <QFile>
#include <QLineEdit>
#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;

namespace {

struct Screen {
    explicit Screen(ConsoleSnapshot snapshot) : console(std::move(snapshot)), window(makeMainWindow(console, data.path()))
    {
        window->resize(1440, 900);
        window->show();
        window->activateWindow();
    }
    RailButton *control() const { return window->findChild<RailButton *>(QStringLiteral("stop-all")); }
    ConfirmDialog *dialog() const { return window->findChild<ConfirmDialog *>(); }
    QStringList banners() const
    {
        QStringList says;
        for (const Banner *banner : window->findChildren<Banner *>())
            if (banner->isVisible())
                says.append(banner->sentence());
        return says;
    }
    QTemporaryDir data;
    FakeConsole console;
    std::unique_ptr<MainWindow> window;
};

ConsoleSnapshot busy(std::optional<Hold> hold = {})
{
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    ConsoleSnapshot snapshot = *samples::console({samples::rollout(samples::Situation::CanaryBaking, now)}, QStringLiteral("/nowhere"));
    snapshot.hold = std::move(hold);
    return snapshot;
}

Button *button(const QWidget *in, const QString &start)
{
    for (Button *one : in->findChildren<Button *>())
        if (one->text().startsWith(start) && one->isVisible())
            return one;
    return nullptr;
}

} // namespace

class TestStopAll : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void stopsWithAReasonAndReleasesWithOne();
    void standsOnEveryPageAndInThePalette();
    void aReadOnlyConsoleStopsNothing();
    void aBrokenJournalCanBeLookedAt_data();
    void aBrokenJournalCanBeLookedAt();
};

void TestStopAll::stopsWithAReasonAndReleasesWithOne() // [OPS-03]
{
    Screen screen(busy());
    QVERIFY(QTest::qWaitForWindowExposed(screen.window.get()));
    QVERIFY(screen.control() && screen.control()->isVisible());
    QCOMPARE(screen.control()->accessibleName(), QStringLiteral("Stop all"));
    QTest::mouseClick(screen.control(), Qt::LeftButton);
    QTRY_VERIFY(screen.dialog());
    ConfirmDialog *dialog = screen.dialog();
    QVERIFY2(dialog->accessibleDescription().contains(QStringLiteral("1 rollout")), qPrintable(dialog->accessibleDescription()));
    QVERIFY(dialog->actionButton()->isBlocked()); // no reason yet
    QTest::keyClick(dialog, Qt::Key_Return);
    QVERIFY(screen.console.requests().empty());
    auto *reason = dialog->findChild<QLineEdit *>();
    QTest::keyClicks(reason, QStringLiteral("the vendor called"));
    QTest::mouseClick(dialog->actionButton(), Qt::LeftButton);
    QTRY_COMPARE(screen.console.requests().size(), std::size_t(1));
    QCOMPARE(screen.console.requests()[0].verb, QStringLiteral("stop-all"));
    QCOMPARE(screen.console.requests()[0].args.value(QStringLiteral("reason")).toString(), QStringLiteral("the vendor called"));
    QTRY_VERIFY(!screen.dialog());

    screen.console.publish(busy(Hold{QStringLiteral("ann"), QStringLiteral("the vendor called"), QDateTime::currentMSecsSinceEpoch()}));
    QTRY_COMPARE(screen.control()->accessibleName(), QStringLiteral("Release"));
    QTRY_COMPARE(screen.banners().filter(QStringLiteral("Everything was stopped by ann")).size(), 1);
    QVERIFY(screen.banners().filter(QStringLiteral("Everything was stopped by ann")).first().contains(QStringLiteral("the vendor called")));
    Button *release = button(screen.window.get(), QStringLiteral("Release…"));
    QVERIFY(release && !release->isBlocked());
    QTest::mouseClick(release, Qt::LeftButton);
    QTRY_VERIFY(screen.dialog());
    QVERIFY(screen.dialog()->actionButton()->isBlocked());
    QTest::keyClicks(screen.dialog()->findChild<QLineEdit *>(), QStringLiteral("all is well"));
    QTest::mouseClick(screen.dialog()->actionButton(), Qt::LeftButton);
    QTRY_COMPARE(screen.console.requests().size(), std::size_t(2));
    QCOMPARE(screen.console.requests()[1].verb, QStringLiteral("release"));
    screen.console.publish(busy());
    QTRY_COMPARE(screen.control()->accessibleName(), QStringLiteral("Stop all"));
    QTRY_VERIFY(screen.banners().filter(QStringLiteral("stopped")).isEmpty());
}

void TestStopAll::standsOnEveryPageAndInThePalette() // [OPS-03]
{
    Screen screen(busy());
    QVERIFY(QTest::qWaitForWindowExposed(screen.window.get()));
    for (const char *page : {"fleet", "plan", "rollout", "history", "settings"}) {
        screen.window->openPage(QLatin1String(page));
        QVERIFY2(screen.control()->isVisible() && screen.control()->isEnabled(), page);
    }
    QTest::keyClick(screen.window.get(), Qt::Key_Period, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_VERIFY(screen.dialog());
    screen.dialog()->reject();
    QTRY_VERIFY(!screen.dialog());
    QVERIFY(screen.console.requests().empty());
}

void TestStopAll::aReadOnlyConsoleStopsNothing()
{
    ConsoleSnapshot snapshot = busy();
    snapshot.readOnlyReason = QStringLiteral("somebody else owns it");
    Screen screen(snapshot);
    QVERIFY(QTest::qWaitForWindowExposed(screen.window.get()));
    QVERIFY(!screen.control()->isEnabled());
    QCOMPARE(screen.control()->accessibleDescription(), QStringLiteral("somebody else owns it"));
}

void TestStopAll::aBrokenJournalCanBeLookedAt_data()
{
    QTest::addColumn<QString>("sql");
    QTest::addColumn<QString>("says");
    QTest::newRow("[fault 48] a row was altered") << QStringLiteral("UPDATE events SET actor='somebody' WHERE seq=5") << QStringLiteral("broken at event 5: altered");
    QTest::newRow("[fault 48] a row is missing") << QStringLiteral("DELETE FROM events WHERE seq=7") << QStringLiteral("broken at event 7: missing");
    QTest::newRow("[fault 48] a row cannot be read") << QStringLiteral("UPDATE events SET payload='{' WHERE seq=9") << QStringLiteral("broken at event 9: altered");
    QTest::newRow("[fault 22] its end was cut off") << QStringLiteral("DELETE FROM events WHERE seq>40") << QStringLiteral("broken at event 41: missing");
}

void TestStopAll::aBrokenJournalCanBeLookedAt()
{
    QFETCH(QString, sql);
    QFETCH(QString, says);
    QTemporaryDir folder;
    {
        const auto writer = JournalWriter::open(folder.path());
        QVERIFY(writer);
        for (const Event &event : support::restoredStory())
            QVERIFY(support::appendAndWait(**writer, {{event.rollout, event.wallMs, event.monoMs, event.actor, event.body}}));
    }
    support::tamper(folder.path(), {sql});
    const auto bytes = [&] {
        QFile file(folder.filePath(QStringLiteral("journal.db")));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    const QByteArray before = bytes();
    const auto writer = JournalWriter::open(folder.path());
    QVERIFY(!writer);
    QCOMPARE(writer.error().code, ErrorCode::JournalTampered);
    {
        const auto console = ReadOnlyConsole::open(folder.path(), errorText(writer.error()), false);
        QVERIFY(console);
        const auto window = makeMainWindow(**console, folder.path());
        window->resize(1440, 900);
        window->show();
        QVERIFY(QTest::qWaitForWindowExposed(window.get()));
        bool told = false;
        for (const Banner *banner : window->findChildren<Banner *>())
            told = told || (banner->isVisible() && banner->sentence().contains(says));
        QVERIFY2(told, qPrintable((*console)->snapshot()->readOnlyReason));
        QVERIFY((*console)->snapshot()->journalState.startsWith(QLatin1String("broken at ")));
        QVERIFY(!(*console)->snapshot()->rollouts.isEmpty()); // it is shown all the same
        for (const char *page : {"fleet", "plan", "rollout", "history", "settings"}) {
            window->openPage(QLatin1String(page));
            static const QStringList changing{QStringLiteral("Resume"), QStringLiteral("Abort"), QStringLiteral("Pause"), QStringLiteral("Promote"), QStringLiteral("Roll back"), QStringLiteral("Retry"),
                                              QStringLiteral("Skip"), QStringLiteral("Check"), QStringLiteral("Import"), QStringLiteral("Trust"), QStringLiteral("Start"), QStringLiteral("Undo")};
            for (const Button *one : window->findChildren<Button *>())
                for (const QString &word : changing)
                    if (one->isVisible() && one->text().startsWith(word))
                        QVERIFY2(one->isBlocked() || !one->isEnabled(), qPrintable(QLatin1String(page) + QLatin1Char(' ') + one->text()));
        }
        QVERIFY(!window->findChild<RailButton *>(QStringLiteral("stop-all"))->isEnabled());
        std::atomic<bool> refused = false;
        (*console)->request({QStringLiteral("stop-all"), {{QStringLiteral("reason"), QStringLiteral("x")}}, QStringLiteral("ann")}, [&refused](const Reply &reply) { refused = !reply; });
        QTRY_VERIFY(refused);
    }
    QVERIFY(bytes() == before);
}

QTEST_MAIN(TestStopAll)
#include "tst_stopall.moc"
