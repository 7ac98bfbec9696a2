// The window with its Fleet and Plan pages, driven as a person would, against a console without hosts.
#include "config/files.h"
#include "fleetview/fleettable.h"
#include "fleetview/importfleet.h"
#include "fleetview/inspector.h"
#include "fleetview/savedfilters.h"
#include "fleetview/trusthost.h"
#include "planscreen.h"
#include "planview/findingsview.h"
#include "planview/waveboard.h"
#include "shell/palette.h"
#include "shell/productionframe.h"
#include "text/sshline.h"
#include "widgets/banner.h"
#include "widgets/confirmdialog.h"
#include "widgets/filterfield.h"
#include "widgets/foldside.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDateTime>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QLabel>
#include <QThread>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTableView>
#include <QTest>

using namespace bellwether;

namespace {

qint64 now() { return QDateTime::currentMSecsSinceEpoch(); }

} // namespace

class TestPages : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aNarrowWindowFoldsTheChosenHost()
    {
        Screen screen(wellFleet(6));
        auto *side = screen.fleet().findChild<FoldSide *>();
        auto *inspector = screen.fleet().findChild<Inspector *>();
        QVERIFY(QTest::qWaitForWindowExposed(screen.window.get()));
        QVERIFY(!side->isFolded() && inspector->isVisible());
        screen.window->resize(1024, 700);
        QTRY_VERIFY(side->isFolded());
        QVERIFY(!inspector->isVisible());
        QVERIFY(side->strip()->isVisible());
        QTRY_COMPARE(side->mapTo(&screen.fleet(), QPoint(side->width(), 0)).x(), screen.fleet().width()); // no room is lost
        QTest::mouseClick(side->strip(), Qt::LeftButton); // opens over the page
        QVERIFY(side->isOpenOver() && inspector->isVisible());
        QVERIFY(screen.fleet().escape());
        QVERIFY(!inspector->isVisible());
        screen.window->resize(1440, 900);
        QTRY_VERIFY(inspector->isVisible());
    }

    void theInspectorIsFoldedByHandAndRemembered()
    {
        Screen screen(wellFleet(6));
        auto *side = screen.fleet().findChild<FoldSide *>();
        QVERIFY(QTest::qWaitForWindowExposed(screen.window.get()));
        Q_EMIT screen.fleet().findChild<Inspector *>()->foldAsked();
        QVERIFY(side->isFolded());
        ViewState kept;
        screen.fleet().saveState(kept);
        QTest::mouseClick(side->strip(), Qt::LeftButton);
        QVERIFY(!side->isFolded());
        screen.fleet().restoreState(kept);
        QVERIFY(side->isFolded());
    }

    void aFilterIsKeptUnderItsName()
    {
        Screen screen(wellFleet(6));
        auto *saved = screen.fleet().findChild<SavedFilters *>();
        saved->keep(QStringLiteral("  behind / one, minor "), QStringLiteral("version<1.5"));
        saved->keep(QStringLiteral("   "), QStringLiteral("health!=ok")); // no name, nothing kept
        ViewState kept;
        screen.fleet().saveState(kept);
        WindowState state{{QStringLiteral("fleet"), kept}};
        writeWindowState(screen.data.path(), state);
        ViewState read = readWindowState(screen.data.path()).value(QStringLiteral("fleet"));
        Screen other(wellFleet(6));
        other.fleet().restoreState(read);
        const QMap<QString, QString> wanted{{QStringLiteral("behind / one, minor"), QStringLiteral("version<1.5")}};
        QCOMPARE(other.fleet().findChild<SavedFilters *>()->filters(), wanted);
    }

    void initTestCase() { theme().install(*qobject_cast<QApplication *>(QCoreApplication::instance())); }

    void anEmptyFleetSaysTheNextStep()
    {
        Screen screen{ConsoleSnapshot()};
        QVERIFY(screen.button(QStringLiteral("Check"))->isBlocked());
        QVERIFY(screen.button(QStringLiteral("Plan upgrade"))->isBlocked());
        QCOMPARE(screen.button(QStringLiteral("Plan upgrade"))->reason(), QStringLiteral("There are no hosts yet."));
        QVERIFY(!screen.window->findChild<ProductionFrame *>()->isProduction());
        // a blocked button does nothing, by mouse or by keyboard
        Button *check = screen.button(QStringLiteral("Check"));
        QTest::mouseClick(check, Qt::LeftButton);
        QTest::keyClick(check, Qt::Key_Space);
        QVERIFY(screen.console.requests().empty());
    }

    void aChangedHostRepaintsItsRowOnly()
    {
        ConsoleSnapshot first = wellFleet(60);
        Screen screen(first);
        FleetModel &model = screen.fleet().model();
        model.sort(static_cast<int>(FleetColumn::Name), Qt::AscendingOrder);
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset), changed(&model, &QAbstractItemModel::dataChanged);
        const QPersistentModelIndex before = model.indexOf(QStringLiteral("leeds-02"));
        first.fleet[20].facts.measuredMs += 1000;
        const QString name = first.fleet[20].installation.name;
        screen.console.publish(first);
        QTRY_VERIFY(changed.size() > 0);
        QCOMPARE(reset.size(), 0);
        int rows = 0;
        for (const QList<QVariant> &signal : changed) {
            const QModelIndex top = signal[0].toModelIndex(), bottom = signal[1].toModelIndex();
            if (top.parent().isValid()) {
                rows += bottom.row() - top.row() + 1;
                QCOMPARE(model.nameAt(top), name);
            }
        }
        QCOMPARE(rows, 1);
        QCOMPARE(model.nameAt(before), QStringLiteral("leeds-02"));
    }

    void sortingByStateKeepsTheSelection()
    {
        ConsoleSnapshot first = wellFleet(60);
        Screen screen(first);
        FleetModel &model = screen.fleet().model();
        screen.fleet().open(QStringLiteral("leeds-02"));
        QCOMPARE(screen.fleet().selectedNames(), QStringList{QStringLiteral("leeds-02")});
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset), layout(&model, &QAbstractItemModel::layoutChanged);
        for (FleetRow &row : first.fleet)
            if (row.installation.name == QLatin1String("leeds-04")) {
                row.facts.health = Health::Unhealthy;
                row.facts.measuredMs += 5;
            }
        screen.console.publish(first);
        QTRY_COMPARE(layout.size(), 1);
        QCOMPARE(reset.size(), 0);
        QCOMPARE(screen.fleet().selectedNames(), QStringList{QStringLiteral("leeds-02")});
        QCOMPARE(model.nameAt(model.index(0, 0, model.indexOf(QStringLiteral("leeds-02")).parent())), QStringLiteral("leeds-04"));
    }

    void slashFiltersAndEscapeClears()
    {
        Screen screen(wellFleet(60));
        QVERIFY(QTest::qWaitForWindowActive(screen.window.get()));
        auto *filter = screen.fleet().findChild<FilterField *>();
        screen.fleet().findChild<FleetTable *>()->setFocus();
        QTest::keyClick(QApplication::focusWidget(), '/');
        QTRY_VERIFY(filter->hasFocus());
        QTest::keyClicks(filter, QStringLiteral("name:leeds"));
        QCOMPARE(filter->text(), QStringLiteral("name:leeds"));
        QTRY_COMPARE(screen.fleet().model().shown(), 7);
        QCOMPARE(filter->sentence(), QStringLiteral("Valid, 7 hosts"));
        QCOMPARE(screen.button(QStringLiteral("Check"))->text(), QStringLiteral("Check 7 hosts"));
        // unfinished: the last valid result stays, and the sentence says what is wrong
        QTest::keyClicks(filter, QStringLiteral(" and"));
        QVERIFY(!filter->isValid());
        QVERIFY(!filter->sentence().isEmpty());
        QCOMPARE(screen.fleet().model().shown(), 7);
        screen.fleet().escape();
        if (!filter->text().isEmpty()) // the first Esc closed the completion
            screen.fleet().escape();
        QCOMPARE(screen.fleet().model().shown(), 60);
    }

    void textOfHostsIsNeverMarkup()
    {
        ConsoleSnapshot first = wellFleet(3);
        first.fleet[0].facts.healthDetail = QStringLiteral("<img src=file:///etc/passwd>");
        first.fleet[0].facts.health = Health::Unhealthy;
        first.fleet[0].installation.domain = QStringLiteral("<b>x</b>");
        Screen screen(first);
        screen.fleet().open(first.fleet[0].installation.name);
        for (const QLabel *label : screen.window->findChildren<QLabel *>())
            QCOMPARE(label->textFormat(), Qt::PlainText);
        FleetModel &model = screen.fleet().model();
        for (int column = 0; column < fleetColumns; ++column) {
            const QString tip = model.indexOf(first.fleet[0].installation.name, column).data(Qt::ToolTipRole).toString();
            QVERIFY2(!tip.contains(QLatin1String("<img")) && !tip.contains(QLatin1String("<b>")), qPrintable(tip));
        }
    }

    void checkSendsTheShownHosts()
    {
        Screen screen(wellFleet(5));
        QTest::mouseClick(screen.button(QStringLiteral("Check 5 hosts")), Qt::LeftButton);
        QTRY_COMPARE(screen.console.requests().size(), 1U);
        QCOMPARE(screen.console.requests()[0].verb, QStringLiteral("check"));
        QCOMPARE(screen.console.requests()[0].args.value(QLatin1String("hosts")).toArray().size(), 5);
    }

    void answersComeOnTheWindowsThreadUnlessTheAskerIsGone()
    {
        FakeConsole console;
        Requests requests(console);
        int answers = 0;
        auto context = std::make_unique<QObject>();
        requests.send(QStringLiteral("check"), {}, context.get(), [&](const Reply &) {
            QCOMPARE(QThread::currentThread(), qApp->thread());
            ++answers;
        });
        QTRY_COMPARE(answers, 1);
        requests.send(QStringLiteral("check"), {}, context.get(), [&](const Reply &) { ++answers; });
        context.reset();
        QTest::qWait(50);
        QCOMPARE(answers, 1);
    }

    void trustIsNotTheDefaultAnswer() // S1: Enter does not accept
    {
        ConsoleSnapshot first = wellFleet(2);
        first.fleet[0].keyState = QStringLiteral("unknown");
        const QString host = first.fleet[0].installation.name;
        Screen screen(first);
        screen.console.answer(QStringLiteral("scan-key"), [](const Request &) {
            return Reply(QJsonObject{{"machine", "10.4.1.1:22"}, {"key_type", "ssh-ed25519"}, {"fingerprint", "SHA256:abc"}, {"state", "unknown"}});
        });
        screen.fleet().open(host);
        const auto dialog = [&]() -> ConfirmDialog * {
            for (ConfirmDialog *one : screen.window->findChildren<ConfirmDialog *>())
                if (one->isVisible())
                    return one;
            return nullptr;
        };
        QTest::mouseClick(screen.button(QStringLiteral("Trust key")), Qt::LeftButton);
        QTRY_VERIFY(dialog());
        QTest::keyClick(dialog(), Qt::Key_Return);
        QTRY_VERIFY(!dialog());
        QCOMPARE(screen.console.requests().size(), 1U); // the scan and nothing else
        QTest::mouseClick(screen.button(QStringLiteral("Trust key")), Qt::LeftButton);
        QTRY_VERIFY(dialog());
        QTest::mouseClick(dialog()->actionButton(), Qt::LeftButton);
        QTRY_COMPARE(screen.console.requests().size(), 3U);
        QCOMPARE(screen.console.requests()[2].verb, QStringLiteral("trust"));
        QCOMPARE(screen.console.requests()[2].args.value(QLatin1String("fingerprint")).toString(), QStringLiteral("SHA256:abc"));
    }

    void aChangedKeyIsTakenWithAReason()
    {
        ConsoleSnapshot first = wellFleet(2);
        const QString host = first.fleet[0].installation.name;
        Screen screen(first);
        screen.console.answer(QStringLiteral("scan-key"), [](const Request &) {
            return Reply(QJsonObject{{"machine", "10.4.1.1:22"}, {"key_type", "ssh-ed25519"}, {"fingerprint", "SHA256:new"}, {"state", "changed"}, {"trusted", "SHA256:old"}});
        });
        screen.fleet().findChild<TrustHost *>()->ask(host);
        ConfirmDialog *dialog = nullptr;
        QTRY_VERIFY((dialog = screen.window->findChild<ConfirmDialog *>()) && dialog->isVisible());
        auto *reason = dialog->findChild<QLineEdit *>();
        for (const char *blank : {"", "   "}) {
            reason->setText(QString::fromLatin1(blank));
            QVERIFY(dialog->actionButton()->isBlocked());
        }
        QTest::keyClicks(reason, QStringLiteral(" new disk "));
        QVERIFY(!dialog->actionButton()->isBlocked());
        QTest::mouseClick(dialog->actionButton(), Qt::LeftButton);
        QTRY_COMPARE(screen.console.requests().size(), 2U);
        QCOMPARE(screen.console.requests()[1].verb, QStringLiteral("trust"));
        QCOMPARE(screen.console.requests()[1].args.value(QLatin1String("reason")).toString(), QStringLiteral("new disk"));
    }

    void anInterruptedRolloutIsOffered()
    {
        ConsoleSnapshot first = wellFleet(3);
        auto rollout = std::make_shared<RolloutSnapshot>();
        rollout->id = 1;
        rollout->name = QStringLiteral("R-0001");
        rollout->interrupted = true;
        rollout->hostsDone = 11;
        rollout->hostsTotal = 40;
        rollout->permissions.insert(QStringLiteral("resume"), Permission{true, {}, {}});
        rollout->permissions.insert(QStringLiteral("abort"), Permission{true, {}, {}});
        first.rollouts << rollout;
        Screen screen(first);
        bool found = false;
        for (Banner *banner : screen.window->findChildren<Banner *>())
            found |= banner->sentence().contains(QLatin1String("R-0001 was interrupted at host 12 of 40"));
        QVERIFY(found);
        QVERIFY(screen.console.requests().empty()); // nothing by itself
        QTest::mouseClick(screen.button(QStringLiteral("Resume")), Qt::LeftButton);
        QTRY_COMPARE(screen.console.requests().size(), 1U);
        QCOMPARE(screen.console.requests()[0].verb, QStringLiteral("resume"));
        QTest::mouseClick(screen.button(QStringLiteral("Abort…")), Qt::LeftButton);
        auto *dialog = screen.window->findChild<ConfirmDialog *>();
        QVERIFY(dialog);
        QVERIFY(dialog->actionButton()->isBlocked()); // without a reason
    }

    void aFailingJournalIsSaidForAsLongAsItFails() // [fault 20]
    {
        ConsoleSnapshot first = wellFleet(3);
        const auto add = [&first](const char *name, RolloutLifecycle state, bool interrupted) {
            auto rollout = std::make_shared<RolloutSnapshot>();
            rollout->id = name[5] - '0';
            rollout->name = QString::fromLatin1(name);
            rollout->state = state;
            rollout->interrupted = interrupted;
            first.rollouts << rollout;
        };
        add("R-0004", RolloutLifecycle::Running, false);
        add("R-0003", RolloutLifecycle::Paused, false);
        add("R-0002", RolloutLifecycle::Running, true); // waits for a person anyway
        add("R-0001", RolloutLifecycle::Succeeded, false);
        Screen screen(first);
        const auto said = [&] {
            QStringList sentences;
            for (const Banner *banner : screen.window->findChildren<Banner *>())
                if (banner->isVisible() && banner->sentence().contains(QLatin1String("into the journal")))
                    sentences << banner->sentence();
            return sentences;
        };
        QVERIFY(QTest::qWaitForWindowExposed(screen.window.get()));
        QVERIFY(said().isEmpty());
        ConsoleSnapshot failing = first;
        failing.journalState = QStringLiteral("failing: journal write: database or disk is full");
        screen.console.publish(failing);
        QTRY_COMPARE(said().size(), 1);
        const QString sentence = said().first();
        for (const char *word : {"database or disk is full", "Make room", "/var/lib/bellwether", "R-0004, R-0003", "Resume"})
            QVERIFY2(sentence.contains(QLatin1String(word)), qPrintable(sentence));
        QVERIFY2(!sentence.contains(QLatin1String("R-0002")) && !sentence.contains(QLatin1String("R-0001")), qPrintable(sentence));
        QVERIFY(screen.console.requests().empty()); // it goes on by itself
        failing.journalState = QStringLiteral("failing: journal write: the file was removed or replaced");
        screen.console.publish(failing);
        QTRY_VERIFY(said().size() == 1 && said().first().contains(QLatin1String("removed or replaced")));
        screen.console.publish(first);
        QTRY_VERIFY(said().isEmpty());
    }

    void leavingARunningRolloutIsAsked()
    {
        // [fault 52] Stay is the default; what goes on without us is said.
        ConsoleSnapshot first = wellFleet(3);
        auto rollout = std::make_shared<RolloutSnapshot>();
        rollout->id = 1;
        rollout->name = QStringLiteral("R-0001");
        HostView host;
        host.name = QStringLiteral("austin-01");
        host.state = HostRunState::Upgrading;
        rollout->waves = {{QStringLiteral("canary"), QStringLiteral("open"), {}, {host}}};
        first.rollouts << rollout;
        Screen screen(first);
        QVERIFY(QTest::qWaitForWindowExposed(screen.window.get()));
        const auto question = [&] { return screen.window->findChild<ConfirmDialog *>(QStringLiteral("leaving")); };
        QVERIFY(!screen.window->close());
        QVERIFY(question() && !question()->actionButton()->isDefault());
        QTest::keyClick(question(), Qt::Key_Return);
        QTRY_VERIFY(!question());
        QVERIFY(screen.window->isVisible());
        QVERIFY(!screen.window->close());
        QTest::mouseClick(question()->actionButton(), Qt::LeftButton);
        QTRY_VERIFY(!screen.window->isVisible());
        QVERIFY(screen.console.requests().empty()); // nothing is asked of the engine: it just ends
    }
    void leavingWhileFilesAreCopiedIsAsked_data()
    {
        QTest::addColumn<int>("copies");
        QTest::addColumn<bool>("rollout");
        QTest::addColumn<QString>("says");
        QTest::newRow("one copy") << 1 << false << QStringLiteral("1 copy of a file is under way.");
        QTest::newRow("copies") << 12 << false << QStringLiteral("12 copies of files are under way.");
        QTest::newRow("beside a rollout") << 2 << true << QStringLiteral("R-0001 is running. 2 copies of files are under way.");
    }
    void leavingWhileFilesAreCopiedIsAsked() // [fault 52]
    {
        QFETCH(int, copies);
        QFETCH(bool, rollout);
        QFETCH(QString, says);
        ConsoleSnapshot first = wellFleet(3);
        first.transfers = copies;
        if (rollout) {
            auto running = std::make_shared<RolloutSnapshot>();
            running->id = 1;
            running->name = QStringLiteral("R-0001");
            first.rollouts << running;
        }
        Screen screen(first);
        QVERIFY(QTest::qWaitForWindowExposed(screen.window.get()));
        const auto question = [&] { return screen.window->findChild<ConfirmDialog *>(QStringLiteral("leaving")); };
        QVERIFY(!screen.window->close());
        QVERIFY(question() && !question()->actionButton()->isDefault());
        QCOMPARE(question()->accessibleDescription(), says);
        const auto labels = question()->findChildren<QLabel *>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel *label) { return label->text().contains(QLatin1String("goes on from there")); }));
        QTest::keyClick(question(), Qt::Key_Return);
        QTRY_VERIFY(!question());
        QVERIFY(screen.window->isVisible());
        QVERIFY(!screen.window->close());
        QTest::mouseClick(question()->actionButton(), Qt::LeftButton);
        QTRY_VERIFY(!screen.window->isVisible());
    }
    void leavingIsNotAskedWhereNothingMoves_data()
    {
        QTest::addColumn<HostRunState>("state");
        QTest::addColumn<QStringList>("pauses");
        QTest::addColumn<bool>("interrupted");
        QTest::newRow("paused, nobody at work") << HostRunState::Upgraded << QStringList{QStringLiteral("approval-needed")} << false;
        QTest::newRow("interrupted") << HostRunState::Upgrading << QStringList{} << true;
    }
    void leavingIsNotAskedWhereNothingMoves()
    {
        QFETCH(HostRunState, state);
        QFETCH(QStringList, pauses);
        QFETCH(bool, interrupted);
        ConsoleSnapshot first = wellFleet(3);
        auto rollout = std::make_shared<RolloutSnapshot>();
        rollout->id = 1;
        rollout->name = QStringLiteral("R-0001");
        rollout->interrupted = interrupted;
        rollout->pauseReasons = pauses;
        HostView host;
        host.state = state;
        rollout->waves = {{QStringLiteral("canary"), QStringLiteral("open"), {}, {host}}};
        first.rollouts << rollout;
        Screen screen(first);
        QVERIFY(screen.window->close());
    }

    void theFrameOfProductionFollowsThePage()
    {
        Screen screen(wellFleet(3));
        QVERIFY(screen.window->findChild<ProductionFrame *>()->isProduction());
        screen.window->openPage(QStringLiteral("settings"));
        QVERIFY(!screen.window->findChild<ProductionFrame *>()->isProduction());
        Screen calm(madeUpFleet(3, now(), false));
        QVERIFY(!calm.window->findChild<ProductionFrame *>()->isProduction());
    }

    void thePaletteFindsHostsAndCommands()
    {
        const QList<PaletteEntry> entries{{QStringLiteral("Check hosts"), {}, {}, {}, {}, {}}, {QStringLiteral("berlin-04"), QStringLiteral("berlin-04.example.org"), {}, {}, {}, {}},
                                          {QStringLiteral("Go to berlin"), {}, {}, {}, {}, {}}};
        QCOMPARE(matchEntries(entries, QStringLiteral("berl"), 10), (QList<int>{1, 2}));
        QCOMPARE(matchEntries(entries, QStringLiteral("host check"), 10), (QList<int>{0}));
        QVERIFY(matchEntries(entries, QStringLiteral("tokyo"), 10).isEmpty());
    }

    void anImportIsShownTakenAndTakenBack()
    {
        ConsoleSnapshot first = wellFleet(4);
        first.undo = FleetChange{60, QStringLiteral("fleet set"), {}, {}};
        Screen screen(first);
        const QString known = screen.console.snapshot()->fleet[1].installation.name;
        QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("config")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("Host " + known.toUtf8() + "\nHostName new.example.org\nPort 22\nHost tokyo-01\nLocalCommand touch /tmp/pwned\n");
        file.close();
        screen.console.answer(QStringLiteral("fleet-import"), [](const Request &) { return Reply(QJsonObject{{"added", 1}, {"replaced", 1}, {"undo", 77}}); });
        auto *importer = screen.fleet().findChild<ImportFleet *>();
        importer->read(file.fileName());
        ConfirmDialog *dialog = nullptr;
        QTRY_VERIFY((dialog = screen.window->findChild<ConfirmDialog *>()) && dialog->isVisible());
        const auto tables = dialog->findChildren<QTableView *>();
        QCOMPARE(tables.size(), 2);
        QStringList texts;
        for (const QTableView *table : tables)
            for (int row = 0; row < table->model()->rowCount(); ++row)
                for (int column = 0; column < table->model()->columnCount(); ++column)
                    texts << table->model()->index(row, column).data().toString();
        for (const QString &text : {known, QStringLiteral("address"), QStringLiteral("new.example.org"), QStringLiteral("tokyo-01:22"), QStringLiteral("config:5"), QStringLiteral("LocalCommand touch /tmp/pwned")})
            QVERIFY2(texts.contains(text), qPrintable(text + u'|' + texts.join(u'|')));
        // Enter is the safe answer; nothing was sent by it
        QTest::keyClick(dialog, Qt::Key_Return);
        QTRY_VERIFY(!screen.window->findChild<ConfirmDialog *>());
        const auto asked = screen.console.requests();
        QVERIFY(std::none_of(asked.begin(), asked.end(), [](const Request &r) { return r.verb == QLatin1String("fleet-import"); }));
        importer->read(file.fileName());
        QTRY_VERIFY((dialog = screen.window->findChild<ConfirmDialog *>()) && dialog->isVisible());
        dialog->actionButton()->click();
        QTRY_VERIFY(importer->hasTaken(77));
        const auto requests = screen.console.requests();
        const auto sent = std::find_if(requests.begin(), requests.end(), [](const Request &r) { return r.verb == QLatin1String("fleet-import"); });
        QList<Installation> hosts;
        QVERIFY(sent != requests.end() && valueFromJson(sent->args.value(QLatin1String("installations")), hosts));
        QCOMPARE(hosts.size(), 2);
        QCOMPARE(sent->args.value(QLatin1String("expect")).toInt(), 60); // what it was compared with
        for (const Installation &host : hosts)
            if (host.name == known)
                QCOMPARE(host.product, QStringLiteral("sample")); // what the file does not speak of stays

        ConsoleSnapshot after = wellFleet(4);
        FleetChange change;
        change.seq = 77;
        change.source = QStringLiteral("config");
        change.added = QStringList{QStringLiteral("tokyo-01")};
        after.undo = change;
        screen.console.publish(after);
        Button *undo = screen.button(QStringLiteral("Undo import"));
        QTRY_VERIFY(undo && undo->isVisible());
        QTRY_VERIFY(!screen.window->findChild<ConfirmDialog *>());
        undo->click();
        QTRY_VERIFY((dialog = screen.window->findChild<ConfirmDialog *>()) && dialog->isVisible());
        dialog->actionButton()->click();
        QTRY_VERIFY([&] {
            for (const Request &r : screen.console.requests())
                if (r.verb == QLatin1String("fleet-undo"))
                    return r.args.value(QLatin1String("expect")).toInt() == 77;
            return false;
        }());
    }

    void keysOfKnownHostsAreShownFirst()
    {
        ConsoleSnapshot snapshot = wellFleet(3);
        for (FleetRow &row : snapshot.fleet)
            row.keyFingerprint.clear();
        snapshot.fleet[1].keyFingerprint = QStringLiteral("SHA256:other");
        Screen screen(snapshot);
        QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("known_hosts")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const QByteArray key = " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO5Ti5S0cTkkyvnmfn+JQuVhC8xkTFvHHEmvwoEeZCAM\n";
        for (const FleetRow &row : snapshot.fleet)
            file.write(row.installation.endpoint.address.toUtf8() + key);
        file.close();
        auto *truster = screen.fleet().findChild<TrustHost *>();
        truster->read(file.fileName());
        ConfirmDialog *dialog = nullptr;
        QTRY_VERIFY((dialog = screen.window->findChild<ConfirmDialog *>()) && dialog->isVisible());
        const QAbstractItemModel *rows = dialog->findChild<QTableView *>()->model();
        QCOMPARE(rows->rowCount(), 3);
        QCOMPARE(rows->index(0, 0).data().toString(), snapshot.fleet[1].installation.endpoint.machine()); // the conflict, above the new ones
        QTest::keyClick(dialog, Qt::Key_Return);
        QTRY_VERIFY(!screen.window->findChild<ConfirmDialog *>());
        truster->read(file.fileName());
        QTRY_VERIFY((dialog = screen.window->findChild<ConfirmDialog *>()) && dialog->isVisible());
        dialog->actionButton()->click();
        const auto sent = [&] {
            QList<Request> found;
            for (const Request &r : screen.console.requests())
                if (r.verb == QLatin1String("trust-import"))
                    found << r;
            return found;
        };
        QTRY_COMPARE(sent().size(), 1); // none by Enter
        QCOMPARE(sent().first().args.value(QLatin1String("keys")).toArray().size(), 2);
    }

    void fingerprintsArePasted()
    {
        ConsoleSnapshot snapshot = wellFleet(2);
        for (FleetRow &row : snapshot.fleet)
            row.keyFingerprint.clear();
        Screen screen(snapshot);
        const QString print = QStringLiteral("SHA256:") + QString(43, u'A');
        QGuiApplication::clipboard()->setText(QStringLiteral("%1 %3\nnobody %3\n%2 SHA256:cut\n").arg(snapshot.fleet[0].installation.name, snapshot.fleet[1].installation.name, print));
        screen.fleet().findChild<TrustHost *>()->paste();
        ConfirmDialog *dialog = nullptr;
        QTRY_VERIFY((dialog = screen.window->findChild<ConfirmDialog *>()) && dialog->isVisible());
        const auto tables = dialog->findChildren<QTableView *>();
        QCOMPARE(tables.size(), 2);
        QCOMPARE(tables[0]->model()->rowCount(), 1);
        QCOMPARE(tables[0]->model()->index(0, 0).data().toString(), snapshot.fleet[0].installation.endpoint.machine());
        QCOMPARE(tables[1]->model()->rowCount(), 2); // with their places
        dialog->actionButton()->click();
        QTRY_COMPARE(screen.console.requests().size(), 1U);
        QCOMPARE(screen.console.requests()[0].verb, QStringLiteral("trust-import"));
        QCOMPARE(screen.console.requests()[0].args.value(QLatin1String("source")).toString(), QStringLiteral("clipboard"));
        QCOMPARE(screen.console.requests()[0].args.value(QLatin1String("keys")).toArray().size(), 1);
    }

    void ssHCommandsAreQuoted()
    {
        Installation host;
        host.endpoint = {QStringLiteral("127.0.1.1"), 2222, QStringLiteral("o'ps"), QStringLiteral("/home/a b/id"), {}};
        QCOMPARE(sshLine(host), QStringLiteral("ssh -p 2222 -i '/home/a b/id' -- 'o'\\''ps@127.0.1.1'"));
        Installation first, second;
        first.endpoint = {QStringLiteral("gate.example"), 22, QStringLiteral("ops"), {}, {}};
        second.endpoint = {QStringLiteral("fd00::2"), 2200, {}, QStringLiteral("agent"), {}};
        host.endpoint = {QStringLiteral("10.0.0.5"), 22, {}, {}, {}};
        QCOMPARE(sshLine(host, {first, second}), QStringLiteral("ssh -p 22 -J 'ops@gate.example:22,[fd00::2]:2200' -- 10.0.0.5"));
        // A key of the jump host's own is nothing -J could say; what ssh replaces in it is kept from it at each level.
        second.endpoint.identity = QStringLiteral("/k%d/b");
        QCOMPARE(sshLine(host, {second}), QStringLiteral("ssh -p 22 -o 'ProxyCommand=ssh -W '\\''[%h]:%p'\\'' -p 2200 -i /k%%d/b -- fd00::2' -- 10.0.0.5"));
        QVERIFY(sshLine(host, {first, second}).contains(QLatin1String("-J ops@gate.example:22 -- fd00::2")));
    }

    void aPlanIsMadeMovedUndoneAndStarted()
    {
        Screen screen(wellFleet(9));
        screen.console.answer(QStringLiteral("run"), [](const Request &) { return Reply(QJsonObject{{"rollout", "R-0001"}}); });
        screen.window->openPage(QStringLiteral("plan"), QStringLiteral("hosts:") + screen.fleet().targetNames().join(QLatin1Char(',')));
        PlanPage &page = screen.plan();
        auto *version = page.findChild<QComboBox *>(QStringLiteral("plan-version"));
        version->setCurrentIndex(version->findData(QStringLiteral("1.5.0")));
        QTRY_VERIFY(page.result().made && page.result().plan.to.toString() == QLatin1String("1.5.0"));
        for (const Finding &finding : page.result().plan.findings)
            QVERIFY2(!finding.refusal, qPrintable(finding.rule + finding.message));
        const Plan made = page.result().plan;
        QCOMPARE(made.hosts.size(), 9);
        QVERIFY(made.waves.size() > 1);

        // Alt+Right on the canary's first host moves it to the next wave; Undo brings it back
        const QString canary = made.waves[0].hosts[0];
        auto *list = page.findChildren<WaveList *>().first();
        list->choose(canary);
        QTest::keyClick(list, Qt::Key_Right, Qt::AltModifier);
        QTRY_VERIFY(page.result().plan.waves.size() > 1 && page.result().plan.waves[1].hosts.contains(canary));
        QVERIFY(page.result().hash.size() == 64);
        const auto ofPage = page.findChildren<Button *>(); // the Fleet page has an undo of its own
        const auto undo = std::find_if(ofPage.begin(), ofPage.end(), [](const Button *one) { return one->text() == QLatin1String("Undo"); });
        QVERIFY(undo != ofPage.end());
        QTest::mouseClick(*undo, Qt::LeftButton);
        QTRY_COMPARE(page.result().plan.waves[0].hosts, made.waves[0].hosts);

        // release notes first, then the question, then the request with a plan that reads back with its hash
        auto *start = page.findChild<Button *>(QStringLiteral("plan-start"));
        QTRY_COMPARE(start->reason(), QStringLiteral("Read the release notes and say so."));
        page.findChild<QCheckBox *>(QStringLiteral("plan-notes-read"))->setChecked(true);
        QVERIFY2(!start->isBlocked(), qPrintable(start->reason()));
        QTest::mouseClick(start, Qt::LeftButton);
        auto *dialog = page.findChild<ConfirmDialog *>(QStringLiteral("plan-start-dialog"));
        QVERIFY(dialog);
        QVERIFY(screen.console.requests().empty());
        QTest::mouseClick(dialog->actionButton(), Qt::LeftButton);
        QTRY_COMPARE(screen.console.requests().size(), 1U);
        const Request run = screen.console.requests()[0];
        QCOMPARE(run.verb, QStringLiteral("run"));
        QVERIFY(run.args.value(QLatin1String("acknowledge_notes")).toBool());
        QVERIFY(!run.args.value(QLatin1String("auto_promote")).toBool());
        const Result<Plan> read = parsePlan(run.args.value(QLatin1String("plan")).toString().toUtf8(), QStringLiteral("plan"));
        QVERIFY(read);
        QCOMPARE(planHash(*read), page.result().hash);
    }

    void aRefusedHostBlocksTheStartUntilItIsExcluded()
    {
        ConsoleSnapshot first = wellFleet(6);
        first.fleet[2].facts.health = Health::Unhealthy;
        const QString bad = first.fleet[2].installation.name;
        Screen screen(first);
        screen.window->openPage(QStringLiteral("plan"), QStringLiteral("hosts:") + screen.fleet().targetNames().join(QLatin1Char(',')));
        PlanPage &page = screen.plan();
        auto *version = page.findChild<QComboBox *>(QStringLiteral("plan-version"));
        version->setCurrentIndex(version->findData(QStringLiteral("1.5.0")));
        QTRY_VERIFY(page.result().made && page.result().refusals == 1);
        auto *start = page.findChild<Button *>(QStringLiteral("plan-start"));
        QTRY_COMPARE(start->reason(), QStringLiteral("1 refusal stands in the way."));
        Q_EMIT page.findChild<FindingsView *>()->excludeAsked({bad});
        QTRY_COMPARE(page.result().refusals, 0);
        QVERIFY(!page.result().plan.host(bad));
        QCOMPARE(page.result().plan.hosts.size(), 5);
    }

    void twoThousandHostsAreShownWithoutAStall()
    {
        ConsoleSnapshot first = madeUpFleet(2000, now());
        Screen screen(first);
        QTest::qWait(50);
        for (int i = 0; i < 2000; i += 100)
            first.fleet[i].facts.measuredMs += 1;
        QElapsedTimer timer;
        timer.start();
        QSignalSpy changed(&screen.fleet().model(), &QAbstractItemModel::dataChanged);
        screen.console.publish(first);
        QTRY_VERIFY(changed.size() > 0);
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed()))); // unoptimised, sanitized, busy machine
    }
};

QTEST_MAIN(TestPages)
#include "tst_pages.moc"
