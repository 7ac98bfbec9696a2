// A file to the selected hosts, by the window: asked for, watched, cancelled for one host. [issue 3, 5: transfer]
#include "fakeconsole.h"
#include "fleetview/copyfile.h"
#include "fleetview/fleetpage.h"
#include "shell/makewindow.h"
#include "widgets/confirmdialog.h"

#include <QApplication>
#include <QDateTime>
#include <QJsonArray>
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
        QCOMPARE(fields.size(), 2);
        QVERIFY(dialog->actionButton()->isBlocked());
        fields[0]->setText("relative/images.tar");
        QVERIFY(dialog->actionButton()->isBlocked());
        fields[0]->setText("/srv/sample/images.tar");
        QVERIFY(!dialog->actionButton()->isBlocked());
        fields[1]->setText(" ticket 7 ");
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
};

QTEST_MAIN(TestCopyDialog)
#include "tst_copydialog.moc"
