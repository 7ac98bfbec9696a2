// What dialogs of the Rollout page ask for, whatever the page shows by the time they are accepted; and retries that need
// a reason.
#include "fakeconsole.h"
#include "rolloutsamples.h"
#include "rolloutview/hostpanel.h"
#include "rolloutview/rollbackdialog.h"
#include "rolloutview/rolloutpage.h"
#include "shell/mainwindow.h"
#include "widgets/confirmdialog.h"

#include <QApplication>
#include <QDateTime>
#include <QJsonArray>
#include <QLabel>
#include <QLayout>
#include <QLineEdit>
#include <QScreen>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;
using samples::Situation;

class TestRolloutDialogs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { theme().install(*qApp); }
    void init()
    {
        m_dir = std::make_unique<QTemporaryDir>();
        m_now = QDateTime::currentMSecsSinceEpoch();
        m_console = std::make_unique<FakeConsole>(both(Situation::HalfMigrated));
        m_window = std::make_unique<MainWindow>(*m_console, m_dir->path());
        m_page = new RolloutPage(m_window->requests());
        m_window->addPage(m_page);
        m_window->finish();
        m_window->resize(1440, 900);
        m_window->show();
        m_window->openPage(QStringLiteral("rollout"), QStringLiteral("R-0142"));
        QCOMPARE(m_page->about(), QStringLiteral("R-0142"));
    }
    void cleanup()
    {
        m_window.reset();
        m_console.reset();
    }

    void aDecisionIsForTheRolloutThatWasNamed_data()
    {
        QTest::addColumn<QString>("verb");
        for (const char *verb : {"abort", "skip", "retry"})
            QTest::newRow(verb) << QString::fromLatin1(verb);
    }
    void aDecisionIsForTheRolloutThatWasNamed()
    {
        QFETCH(QString, verb);
        if (verb == QLatin1String("abort"))
            QTest::mouseClick(button("abort"), Qt::LeftButton);
        else if (verb == QLatin1String("skip"))
            Q_EMIT m_window->findChild<HostPanel *>()->skipAsked(QStringLiteral("lyon-2"));
        else
            Q_EMIT m_window->findChild<HostPanel *>()->retryAsked(QStringLiteral("berlin-1"));
        auto *dialog = m_window->findChild<ConfirmDialog *>();
        QVERIFY(dialog && dialog->windowTitle().contains(verb == QLatin1String("skip") ? QStringLiteral("lyon-2") : QStringLiteral("R-0142")));
        m_page->open(QStringLiteral("R-0131")); // as an answer that comes late does
        QCOMPARE(m_page->about(), QStringLiteral("R-0131"));
        QTest::keyClicks(dialog->findChild<QLineEdit *>(), "wrong night");
        QTest::mouseClick(dialog->actionButton(), Qt::LeftButton);
        QTRY_COMPARE(m_console->requests().size(), 1U);
        const Request sent = m_console->requests()[0];
        QCOMPARE(sent.verb, verb);
        QCOMPARE(sent.args.value("rollout").toString(), QStringLiteral("R-0142"));
        QCOMPARE(sent.args.value("reason").toString(), QStringLiteral("wrong night"));
    }

    void aRollbackStaysWithItsRollout()
    {
        QTest::mouseClick(button("rollback"), Qt::LeftButton);
        auto *dialog = m_window->findChild<RollbackDialog *>();
        QVERIFY(dialog);
        const QString sentence = dialog->sentence();
        QCOMPARE(dialog->table()->model()->rowCount(), 2);
        m_page->open(QStringLiteral("R-0131"));
        m_console->publish(both(Situation::HalfMigrated)); // the page's rollout is a new one, and so is the dialog's
        QTRY_COMPARE(dialog->rollout(), m_console->snapshot()->rollouts[0]);
        QCOMPARE(dialog->rollout()->name, QStringLiteral("R-0142"));
        QCOMPARE(dialog->sentence(), sentence);
        QTest::keyClicks(dialog->fields()[0], "berlin.example.org");
        dialog->restoreButton()->click();
        QTRY_COMPARE(m_console->requests().size(), 1U);
        QCOMPARE(m_console->requests()[0].args.value("rollout").toString(), QStringLiteral("R-0142"));
    }

    void wordsAreNeverCut() // a dialog that may not be higher than its screen's two thirds is made higher
    {
        ConfirmDialog dialog({QStringLiteral("Take leeds-1 over"), QStringLiteral("A sentence of some length. ").repeated(18), QStringLiteral("And what it means. ").repeated(50),
                              QStringLiteral("Take it"), QStringLiteral("Leave it"), true, true, true}, m_window.get());
        const QRect screen = dialog.screen()->availableGeometry();
        m_window->move(screen.left(), screen.bottom() - 200); // the dialog opens low, and grows where there is room
        dialog.open();
        QVERIFY(QTest::qWaitForWindowExposed(&dialog));
        QVERIFY(screen.height() * 2 / 3 < dialog.layout()->totalHeightForWidth(dialog.width()));
        QVERIFY(dialog.geometry().top() >= screen.top() && dialog.geometry().bottom() <= screen.bottom());
        for (const QLabel *label : dialog.findChildren<QLabel *>())
            QVERIFY2(!label->isVisible() || label->height() >= label->heightForWidth(label->width()), qPrintable(label->text()));
    }

    void evidenceIsShownWhereItBelongs()
    {
        QTest::mouseClick(button("rollback"), Qt::LeftButton);
        auto *dialog = m_window->findChild<RollbackDialog *>();
        m_page->open(QStringLiteral("R-0131"));
        Q_EMIT dialog->evidenceOpened(QStringLiteral("osaka-3"), QStringLiteral("line 8"));
        QCOMPARE(m_page->about(), QStringLiteral("R-0142"));
        QCOMPARE(m_page->selectedHost(), QStringLiteral("osaka-3"));
    }

    void whatWasHalfMigratedIsRetriedWithAReason() // [AS-08]
    {
        QTest::mouseClick(button("retry"), Qt::LeftButton);
        QTRY_COMPARE(m_console->requests().size(), 1U); // the others wait for nobody
        QCOMPARE(m_console->requests()[0].args.value("hosts").toArray(), (QJsonArray{"osaka-3"}));
        QVERIFY(!m_console->requests()[0].args.contains("reason"));
        auto *dialog = m_window->findChild<ConfirmDialog *>();
        QVERIFY(dialog && dialog->actionButton()->isBlocked());
        QTest::keyClicks(dialog->findChild<QLineEdit *>(), "column dropped by hand");
        QTest::mouseClick(dialog->actionButton(), Qt::LeftButton);
        QTRY_COMPARE(m_console->requests().size(), 2U);
        const QJsonObject args = m_console->requests()[1].args;
        QCOMPARE(m_console->requests()[1].verb, QStringLiteral("retry"));
        QCOMPARE(args.value("hosts").toArray(), (QJsonArray{"berlin-1"}));
        QCOMPARE(args.value("reason").toString(), QStringLiteral("column dropped by hand"));
    }

private:
    // R-0142 as given, and R-0131, another customer's, whose hosts wait.
    ConsoleSnapshot both(Situation situation) const
    {
        return *samples::console({samples::rollout(situation, m_now), samples::rollout(Situation::CanaryBaking, m_now, 131)}, m_dir->path());
    }
    Button *button(const char *name) const { return m_window->findChild<Button *>(QLatin1String(name)); }

    std::unique_ptr<QTemporaryDir> m_dir;
    std::unique_ptr<FakeConsole> m_console;
    std::unique_ptr<MainWindow> m_window;
    RolloutPage *m_page = nullptr;
    qint64 m_now = 0;
};

QTEST_MAIN(TestRolloutDialogs)
#include "tst_rolloutdialogs.moc"
