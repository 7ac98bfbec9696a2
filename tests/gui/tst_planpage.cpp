// The Plan page while the fleet changes under it: what is shown, confirmed and started is of the hosts as they are.
#include "planscreen.h"
#include "widgets/confirmdialog.h"

#include "config/files.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QSignalSpy>
#include <QTest>

using namespace bellwether;

namespace {

// The sample product once more under another name.
std::shared_ptr<const Library> twoProducts()
{
    auto library = std::make_shared<Library>(*shippedLibrary());
    ProductProfile profile = library->profiles[QStringLiteral("sample")];
    Catalogue catalogue = library->catalogues[QStringLiteral("sample")];
    profile.id = catalogue.product = QStringLiteral("other");
    profile.name = QStringLiteral("Other");
    library->profiles.insert(profile.id, profile);
    library->catalogues.insert(profile.id, catalogue);
    return library;
}

void choose(QComboBox *box, const QString &data) { box->setCurrentIndex(box->findData(data)); }

} // namespace

class TestPlanPage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { theme().install(*qobject_cast<QApplication *>(QCoreApplication::instance())); }

    void anEditOfTheFleetIsPlannedAnew_data()
    {
        QTest::addColumn<bool>("hidden");
        QTest::newRow("while it is shown") << false;
        QTest::newRow("while another page is shown") << true;
    }
    void anEditOfTheFleetIsPlannedAnew()
    {
        QFETCH(bool, hidden);
        ConsoleSnapshot fleet = wellFleet(4);
        const QString name = fleet.fleet[2].installation.name;
        Screen screen(fleet);
        openPlan(screen, QStringLiteral("1.5.0"));
        if (hidden)
            screen.window->openPage(QStringLiteral("fleet"));
        fleet.fleet[2].installation.endpoint.address = QStringLiteral("10.9.9.9"); // and nothing else: not even measured
        fleet.fleet[2].installation.directory = QStringLiteral("/srv/moved");
        screen.console.publish(fleet);
        if (hidden) {
            QTRY_COMPARE(screen.window->requests().console().snapshot()->fleet[2].installation.directory, QStringLiteral("/srv/moved"));
            screen.window->openPage(QStringLiteral("plan"));
        }
        const auto planned = [&] { return screen.plan().result().plan.host(name); };
        QTRY_VERIFY(planned() && planned()->installation == fleet.fleet[2].installation);
    }

    void onlyWhatWasConfirmedIsStarted_data()
    {
        QTest::addColumn<bool>("changed");
        QTest::newRow("another plan by now") << true;
        QTest::newRow("made anew and the same") << false;
    }
    void onlyWhatWasConfirmedIsStarted()
    {
        QFETCH(bool, changed);
        ConsoleSnapshot fleet = wellFleet(4);
        Screen screen(fleet);
        screen.console.answer(QStringLiteral("run"), [](const Request &) { return Reply(QJsonObject{{"rollout", "R-0001"}}); });
        openPlan(screen, QStringLiteral("1.5.0"));
        read(screen)->setChecked(true);
        const QString confirmed = screen.plan().result().hash;
        const qint64 made = screen.plan().result().plan.createdMs;
        QTest::mouseClick(start(screen), Qt::LeftButton);
        auto *dialog = screen.plan().findChild<ConfirmDialog *>(QStringLiteral("plan-start-dialog"));
        QVERIFY(dialog);
        if (changed)
            fleet.fleet[1].installation.directory = QStringLiteral("/srv/moved");
        else
            fleet.fleet[1].facts.measuredMs += 1000;
        screen.console.publish(fleet);
        QTRY_VERIFY(screen.plan().result().plan.createdMs > made && start(screen)->reason().isEmpty());
        QCOMPARE(screen.plan().result().hash != confirmed, changed);
        QVERIFY(read(screen)->isChecked()); // the notes are the same
        QSignalSpy failed(&screen.plan(), &Page::failed);
        QTest::mouseClick(dialog->actionButton(), Qt::LeftButton);
        if (changed) {
            QTRY_COMPARE(failed.size(), 1);
            QVERIFY2(failed[0][0].toString().contains(QStringLiteral("changed while you decided")), qPrintable(failed[0][0].toString()));
            QTest::qWait(50);
            QVERIFY(screen.console.requests().empty());
            return;
        }
        QTRY_COMPARE(screen.console.requests().size(), 1U);
        const Result<Plan> sent = parsePlan(screen.console.requests()[0].args.value(QLatin1String("plan")).toString().toUtf8(), QStringLiteral("plan"));
        QVERIFY(sent && planHash(*sent) == confirmed);
    }

    void notesOfAnotherProductAreNotRead() // [AS-02]
    {
        ConsoleSnapshot fleet = wellFleet(6);
        fleet.library = twoProducts();
        for (int i = 3; i < 6; ++i)
            fleet.fleet[i].installation.product = QStringLiteral("other");
        Screen screen(fleet);
        screen.window->openPage(QStringLiteral("plan"));
        choose(product(screen), QStringLiteral("sample"));
        choose(version(screen), QStringLiteral("1.5.0"));
        QTRY_VERIFY(isPlanned(screen, "sample", "1.5.0"));
        read(screen)->setChecked(true);
        choose(product(screen), QStringLiteral("other")); // its version is suggested, not chosen
        QTRY_VERIFY(screen.plan().result().made && screen.plan().result().plan.product == QLatin1String("other"));
        QVERIFY(!screen.plan().result().plan.notes.isEmpty());
        QVERIFY(!read(screen)->isChecked());
        QVERIFY(start(screen)->isBlocked());
    }

    void notesOfASuggestedVersionAreNotRead() // [AS-02]
    {
        ConsoleSnapshot fleet = wellFleet(3);
        Screen screen(fleet);
        screen.window->openPage(QStringLiteral("plan"));
        QTRY_VERIFY(screen.plan().result().made && !screen.plan().result().plan.notes.isEmpty());
        const QString before = screen.plan().result().plan.to.toString();
        read(screen)->setChecked(true);
        auto library = std::make_shared<Library>(*shippedLibrary());
        QList<Release> &releases = library->catalogues[QStringLiteral("sample")].releases;
        for (Release &release : releases)
            if (release.version.toString() == before)
                release.notes += QStringLiteral("\nAnd one thing more.");
        fleet.library = library;
        screen.console.publish(fleet);
        QTRY_VERIFY(!read(screen)->isChecked());
        QTRY_VERIFY(screen.plan().result().made && screen.plan().result().plan.to.toString() == before);
    }

    void notesThatWereReadStayRead()
    {
        Screen screen(wellFleet(4));
        openPlan(screen, QStringLiteral("1.6.0"));
        const qsizetype all = screen.plan().result().plan.notes.size();
        QVERIFY(all > 1);
        read(screen)->setChecked(true);
        choose(version(screen), QStringLiteral("1.5.0")); // some of the same
        QTRY_VERIFY(isPlanned(screen, "sample", "1.5.0"));
        QVERIFY(screen.plan().result().plan.notes.size() < all);
        QVERIFY(read(screen)->isChecked());
        choose(version(screen), QStringLiteral("1.6.0"));
        QTRY_VERIFY(isPlanned(screen, "sample", "1.6.0"));
        QVERIFY(!read(screen)->isChecked());
    }

    void productsThatComeLaterCanBePlanned()
    {
        ConsoleSnapshot fleet = wellFleet(4);
        fleet.library = twoProducts();
        Screen screen(fleet);
        screen.window->openPage(QStringLiteral("plan"));
        QTRY_VERIFY(screen.plan().result().made);
        QCOMPARE(product(screen)->count(), 1);
        screen.window->openPage(QStringLiteral("fleet"));
        FleetRow other = fleet.fleet[0];
        other.installation.name = QStringLiteral("zurich-01");
        other.installation.product = QStringLiteral("other");
        fleet.fleet << other;
        screen.console.publish(fleet);
        QTRY_COMPARE(product(screen)->count(), 2);
        QCOMPARE(product(screen)->currentData().toString(), QStringLiteral("sample")); // what was chosen stays
        screen.window->openPage(QStringLiteral("plan"), QStringLiteral("hosts:zurich-01"));
        QCOMPARE(product(screen)->currentData().toString(), QStringLiteral("other"));
        QTRY_VERIFY(screen.plan().result().made && screen.plan().result().plan.host(QStringLiteral("zurich-01")));
    }

private:
    static QComboBox *version(Screen &screen) { return screen.plan().findChild<QComboBox *>(QStringLiteral("plan-version")); }
    static QComboBox *product(Screen &screen) { return screen.plan().findChild<QComboBox *>(QStringLiteral("plan-product")); }
    static QCheckBox *read(Screen &screen) { return screen.plan().findChild<QCheckBox *>(QStringLiteral("plan-notes-read")); }
    static Button *start(Screen &screen) { return screen.plan().findChild<Button *>(QStringLiteral("plan-start")); }
    static bool isPlanned(Screen &screen, const char *id, const char *to)
    {
        const PlanResult &result = screen.plan().result();
        return result.made && result.plan.product == QLatin1String(id) && result.plan.to.toString() == QLatin1String(to);
    }
    static void openPlan(Screen &screen, const QString &to)
    {
        screen.window->openPage(QStringLiteral("plan"));
        choose(version(screen), to);
        QTRY_VERIFY(isPlanned(screen, "sample", qPrintable(to)));
    }
};

QTEST_MAIN(TestPlanPage)
#include "tst_planpage.moc"
