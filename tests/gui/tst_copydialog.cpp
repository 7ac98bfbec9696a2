// A file to the selected hosts, by the window: asked for, watched, cancelled for one host. [issue 3, 5: transfer]
#include "fakeconsole.h"
#include "fleetview/copyfile.h"
#include "fleetview/fleetpage.h"
#include "headless/copyfollower.h"
#include "shell/makewindow.h"
#include "text/copytext.h"
#include "widgets/confirmdialog.h"

#include <QApplication>
#include <QDateTime>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

#include <mutex>

using namespace bellwether;

namespace {

QJsonObject row(const QString &name, const QString &state, qint64 done, const QString &code = {})
{
    QJsonObject row{{"name", name}, {"state", state}, {"done", done}, {"total", 1000}, {"rate", 250.0}, {"eta_s", 3}, {"wait_ms", 4000}, {"sha256", "feed"}};
    if (!code.isEmpty()) {
        row.insert("error_code", code);
        row.insert("error_args", QJsonArray{name, "no route"});
    }
    return row;
}

QJsonObject queued(const QString &name)
{
    return {{"name", name}, {"state", "queued"}, {"done", 0}, {"total", 1000}, {"rate", 0.0}, {"eta_s", -1}, {"wait_ms", 0}};
}

QJsonObject reportOf(const QJsonArray &stages, const QJsonArray &hosts)
{
    return {{"transfer", 7}, {"stages", stages}, {"hosts", hosts}, {"ended", false}};
}

} // namespace

class TestCopyDialog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aCopyIsAskedForWatchedAndCancelled()
    {
        QTemporaryDir data;
        FakeConsole console(madeUpFleet(4, QDateTime::currentMSecsSinceEpoch()));
        const auto window = makeMainWindow(console, data.path());
        window->show();
        auto &fleet = *qobject_cast<FleetPage *>(window->page(QStringLiteral("fleet")));
        auto *copier = fleet.findChild<CopyFile *>();
        QVERIFY(copier);
        QFile file(data.filePath("images.tar"));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(QByteArray(1000, 'x')) == 1000);
        file.close();
        std::mutex mutex;
        QJsonArray hosts{row("a-1", "copying", 250), row("b-1", "waiting", 100, "connection-lost")};
        bool over = false;
        QStringList cancelled;
        console.answer(QStringLiteral("put"), [](const Request &) { return Reply(QJsonObject{{"transfer", 7}}); });
        const auto report = [&](const Request &) {
            const std::scoped_lock lock(mutex);
            return Reply(QJsonObject{{"transfer", 7}, {"hosts", hosts}, {"ended", over}});
        };
        console.answer(QStringLiteral("transfers"), report);
        console.answer(QStringLiteral("transfer-cancel"), [&](const Request &r) {
            {
                const std::scoped_lock lock(mutex);
                cancelled.append(r.args.value("host").toString());
            }
            return report(r);
        });

        copier->ask(file.fileName(), {"a-1", "b-1"});
        QTRY_VERIFY(window->findChild<ConfirmDialog *>());
        auto *dialog = window->findChild<ConfirmDialog *>();
        const auto fields = dialog->findChildren<QLineEdit *>();
        QCOMPARE(fields.size(), 3);
        QVERIFY(dialog->actionButton()->isBlocked());
        fields[0]->setText("relative/images.tar");
        QVERIFY(dialog->actionButton()->isBlocked());
        fields[0]->setText("/srv/sample/images.tar");
        QVERIFY(!dialog->actionButton()->isBlocked());
        fields[1]->setText(" ticket 7 ");
        auto *limit = dialog->findChild<QLineEdit *>("limit");
        QVERIFY(limit && limit->text().isEmpty());
        for (const char *wrong : {"fast", "500", "1000000", "0.5 KB/s", "2 MB/h", "-1 MB/s", "1.5.5 MB/s"}) { // a number alone says too little
            limit->setText(wrong);
            QVERIFY2(dialog->actionButton()->isBlocked() && dialog->actionButton()->reason().contains("unit"), wrong);
        }
        limit->setText("");
        QVERIFY(!dialog->actionButton()->isBlocked());
        limit->setText(" 1.5 MB/s ");
        QVERIFY(!dialog->actionButton()->isBlocked());
        dialog->actionButton()->click();

        QTRY_VERIFY(window->findChild<CopyDialog *>());
        auto *progress = window->findChild<CopyDialog *>();
        auto *table = progress->findChild<QTableView *>();
        QTRY_COMPARE(table->model()->rowCount(), 2);
        const auto text = [&](int i, int column) { return table->model()->index(i, column).data().toString(); };
        QCOMPARE(text(0, 1), QStringLiteral("25 %"));
        QVERIFY2(text(0, 2).contains("3 s left"), qPrintable(text(0, 2)));
        QVERIFY2(text(1, 2).contains("tries again in 4 s") && text(1, 2).contains("no route"), qPrintable(text(1, 2)));
        for (const Request &r : console.requests())
            if (r.verb == QLatin1String("put")) {
                QCOMPARE(r.args.value("path").toString(), QStringLiteral("/srv/sample/images.tar"));
                QCOMPARE(r.args.value("file").toString(), file.fileName());
                QCOMPARE(r.args.value("reason").toString(), QStringLiteral("ticket 7"));
                QCOMPARE(r.args.value("hosts").toArray().size(), 2);
                QCOMPARE(r.args.value("limit").toInteger(), 1'500'000);
            }
        Button *one = nullptr;
        for (Button *button : progress->findChildren<Button *>())
            if (button->text().startsWith(QLatin1String("Cancel the chosen")))
                one = button;
        QVERIFY(one);
        table->setCurrentIndex(table->model()->index(1, 0));
        QTRY_VERIFY(!one->isBlocked());
        one->click();
        QTRY_VERIFY([&] {
            const std::scoped_lock lock(mutex);
            return cancelled == QStringList{"b-1"};
        }());
        {
            const std::scoped_lock lock(mutex);
            hosts = {row("a-1", "done", 1000), row("b-1", "cancelled", 100, "cancelled")};
            over = true;
        }
        QTRY_VERIFY(one->isBlocked());
        QVERIFY2(text(0, 2).contains("copied") && text(0, 2).contains("feed"), qPrintable(text(0, 2)));
        QVERIFY2(text(1, 2).contains("cancelled at"), qPrintable(text(1, 2)));
    }

    void limitsAreRead_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<qint64>("limit"); // -1: it is none
        const auto row = [](const char *text, qint64 limit) { QTest::addRow("\"%s\"", text) << QString::fromLatin1(text) << limit; };
        row("", 0);
        row("500k", 500'000);
        row("500 KB/s", 500'000);
        row("2MB/s", 2'000'000);
        row("1,5 m", 1'500'000);
        row("0.9GB", 900'000'000);
        row("1024", 1024);
        row("1023", -1);
        row("1k", -1);
        row("  ", -1);
        row("9999999999k", -1);
        row("999999999g", 999'999'999'000'000'000);
        row("1.25MB", -1);
        row("MB/s", -1);
        row("fast", -1);
    }
    void limitsAreRead()
    {
        QFETCH(QString, text);
        QFETCH(qint64, limit);
        QCOMPARE(copyLimit(text).value_or(-1), limit);
    }

    void whatGoesToAJumpHostFirstIsSeenOnItsWay()
    {
        std::mutex mutex;
        QJsonObject report = reportOf({row("gate-1", "copying", 250)}, {queued("a-1"), queued("b-1")});
        const auto say = [&](const QJsonObject &fresh) {
            const std::scoped_lock lock(mutex);
            report = fresh;
        };
        QTemporaryDir data;
        FakeConsole console(madeUpFleet(2, QDateTime::currentMSecsSinceEpoch()));
        console.answer(QStringLiteral("transfers"), [&](const Request &) {
            const std::scoped_lock lock(mutex);
            return Reply(report);
        });
        const auto window = makeMainWindow(console, data.path());
        CopyDialog dialog(window->requests(), 7, "Copy images.tar", window.get());
        auto *table = dialog.findChild<QTableView *>();
        const auto text = [&](int i, int column) { return table->model()->index(i, column).data().toString(); };
        const auto says = [&](const char *words) {
            for (const QLabel *label : dialog.findChildren<QLabel *>())
                if (label->text().contains(QLatin1String(words)))
                    return true;
            return false;
        };
        QTRY_COMPARE(table->model()->rowCount(), 3);
        QVERIFY2(text(0, 0).startsWith("gate-1, "), qPrintable(text(0, 0)));
        QCOMPARE(text(0, 1), QStringLiteral("25 %"));
        QVERIFY2(text(0, 2).contains("/s, 3 s left"), qPrintable(text(0, 2)));
        QVERIFY(says("0 of 2 hosts copied, 8 %") && says("3 s to gate-1") && !says("Reading the file"));
        Button *one = nullptr;
        for (Button *button : dialog.findChildren<Button *>())
            if (button->text().startsWith(QLatin1String("Cancel the chosen")))
                one = button;
        QVERIFY(one);
        table->setCurrentIndex(table->model()->index(1, 0));
        QTRY_VERIFY(!one->isBlocked());
        table->setCurrentIndex(table->model()->index(0, 0)); // no host of this copy
        QTRY_VERIFY(one->isBlocked());
        say(reportOf({row("gate-1", "done", 1000)}, {row("a-1", "copying", 500), queued("b-1")}));
        QTRY_VERIFY(says("0 of 2 hosts copied, 50 %") && says("3 s left"));
        say(reportOf({}, {row("a-1", "reading", 0), row("b-1", "reading", 0)}));
        QTRY_VERIFY(says("Reading the file"));
        QCOMPARE(table->model()->rowCount(), 2);
    }

    void aTerminalIsToldOfTheJumpHostToo()
    {
        CopyFollower follower;
        const QJsonObject first = reportOf({row("gate-1", "copying", 250)}, {queued("a-1"), queued("b-1")});
        QCOMPARE(follower.news(first), QStringList{"gate-1: takes the file first, for the hosts behind it"});
        QCOMPARE(copyTotals(first).percent(), 8);
        const QString bar = CopyFollower::barText(first);
        QVERIFY2(bar.startsWith("0 of 2 hosts, ") && bar.endsWith("/s, 3 s to gate-1"), qPrintable(bar));
        QVERIFY(follower.news(first).isEmpty()); // said once
        const QStringList cut = follower.news(reportOf({row("gate-1", "waiting", 500, "connection-lost")}, {queued("a-1"), queued("b-1")}));
        QVERIFY2(cut.size() == 1 && cut[0].startsWith("gate-1: ") && cut[0].contains("tries again in 4 s"), qPrintable(cut.join(u'\n')));
        const QJsonObject passing = reportOf({row("gate-1", "done", 1000)}, {row("a-1", "copying", 500), queued("b-1")});
        QCOMPARE(follower.news(passing), QStringList{"gate-1: has the file, and passes it on"});
        QCOMPARE(copyTotals(passing).percent(), 50);
        QVERIFY2(CopyFollower::barText(passing).endsWith("3 s left"), qPrintable(CopyFollower::barText(passing)));
        // A jump host that cannot: its share is nobody's any more, and each host says who feeds it.
        QJsonObject fed = row("a-1", "copying", 500);
        fed.insert("not_through", "gate-1 has no room");
        const QJsonObject without = reportOf({row("gate-1", "failed", 250, "host-no-room")}, {fed, queued("b-1")});
        QCOMPARE(copyTotals(without).percent(), 25);
        const QStringList said = follower.news(without);
        QVERIFY2(said.size() == 1 && said[0].startsWith("a-1: ") && said[0].contains("gate-1 has no room"), qPrintable(said.join(u'\n')));
    }
};

QTEST_MAIN(TestCopyDialog)
#include "tst_copydialog.moc"
