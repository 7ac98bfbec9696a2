// History: a real journal on disk, replayed, verified and reported. Pictures: BELLWETHER_PICTURES=folder keeps them.
#include "engineworld.h"
#include "journal/journal.h"
#include "journalhelp.h"
#include "journalview/historypage.h"
#include "journalview/journalmodel.h"
#include "journalview/replayslider.h"
#include "journalview/reportdialog.h"
#include "reportview/pdf.h"
#include "reportview/signature.h"
#include "rolloutsamples.h"
#include "rolloutview/laneswidget.h"
#include "shell/mainwindow.h"

#include <QApplication>
#include <QComboBox>
#include <QCryptographicHash>
#include <QLineEdit>
#include <QProcess>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;

namespace {

class Port final : public ConsolePort {
public:
    void request(Request request, std::function<void(Reply)> done) override
    {
        asked.append(request);
        done(QJsonObject{});
    }
    std::shared_ptr<const ConsoleSnapshot> snapshot() const override { return now; }
    void setChanged(std::function<void()>) override {}
    std::shared_ptr<ConsoleSnapshot> now = std::make_shared<ConsoleSnapshot>();
    QList<Request> asked;
};

} // namespace

class TestHistoryPage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { theme().install(*qApp); }
    void init()
    {
        theme().setMode(ThemeMode::Light);
        m_dir = std::make_unique<QTemporaryDir>();
        m_port = std::make_unique<Port>();
        // a whole rollout carried out by the engine, written to a journal on disk
        EngineWorld world;
        QVERIFY(world.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
        QVERIFY(world.settle());
        {
            auto writer = JournalWriter::open(m_dir->path());
            QVERIFY(writer.has_value());
            QList<NewEvent> events;
            for (const Event &event : world.journal.events())
                events.append({event.rollout, event.wallMs, event.monoMs, event.actor, event.body});
            QVERIFY(support::appendAndWait(**writer, events).has_value());
        }
        m_total = world.journal.events().size();
        m_port->now = samples::console({snapshotOf(world.rollout(), world.clock.now())}, m_dir->path());
        m_port->now->journalEvents = m_total;
        m_window = std::make_unique<MainWindow>(*m_port, m_dir->path());
        m_page = new HistoryPage(m_window->requests(), {reportPdf, signReport});
        m_window->addPage(m_page);
        m_window->finish();
        m_window->resize(1440, 900);
        m_window->show();
        m_window->openPage(QStringLiteral("history"));
        QTRY_VERIFY(journal()->model()->rowCount() > 20);
        QTRY_VERIFY(lanes()->tileCount() == 4);
    }
    void cleanup()
    {
        m_window.reset();
        m_port.reset();
    }

    void showsTheRolloutAsItEnded()
    {
        QCOMPARE(slider()->value(), slider()->maximum());
        for (int i = 0; i < 4; ++i)
            QCOMPARE(lanes()->tile(i).word, QStringLiteral("Upgraded"));
    }

    void theSliderFoldsTheState()
    {
        slider()->setFocus();
        QTest::keyClick(slider(), Qt::Key_Home);
        QCOMPARE(slider()->value(), 0);
        QTRY_COMPARE(lanes()->tile(1).word, QStringLiteral("Waiting"));
        QCOMPARE(journal()->currentIndex().row(), 0);
        QTest::keyClick(slider(), Qt::Key_Right);
        QCOMPARE(slider()->value(), 1);
        const int decision = slider()->nextDecision(1, 1);
        QVERIFY(decision > 1);
        QTest::keyClick(slider(), Qt::Key_Right, Qt::ControlModifier);
        QCOMPARE(slider()->value(), decision);
        QTest::keyClick(slider(), Qt::Key_End);
        QTRY_COMPARE(lanes()->tile(1).word, QStringLiteral("Upgraded"));
    }

    void choosingAnEventMovesTheSlider()
    {
        journal()->selectRow(5);
        QCOMPARE(slider()->value(), 5);
        const QVariant past = journal()->model()->index(3, 4).data(Qt::ForegroundRole), future = journal()->model()->index(9, 4).data(Qt::ForegroundRole);
        QCOMPARE(past.value<QColor>(), theme().colour(Role::Text));
        QCOMPARE(future.value<QColor>(), theme().colour(Role::Muted));
    }

    void playGoesToTheEndByItself()
    {
        QTest::mouseClick(button("play"), Qt::LeftButton); // from the end it begins anew
        QVERIFY(slider()->value() < slider()->maximum());
        QTRY_COMPARE_WITH_TIMEOUT(slider()->value(), slider()->maximum(), 60'000);
        QTRY_COMPARE(button("play")->text(), QStringLiteral("Play"));
    }

    void verifiesTheJournal()
    {
        QSignalSpy said(m_page, &Page::said);
        QTest::mouseClick(button("verify"), Qt::LeftButton);
        QTRY_COMPARE(said.size(), 1);
        QVERIFY(said[0][0].toString().contains(QStringLiteral("intact")));
        QVERIFY(m_port->asked.isEmpty());
    }

    void saysWhereAJournalWasChanged()
    {
        QSignalSpy failed(m_page, &Page::failed);
        support::tamper(m_dir->path(), {QStringLiteral("UPDATE events SET payload = replace(payload, 'demo-01', 'demo-02') WHERE seq = 7")});
        QTest::mouseClick(button("verify"), Qt::LeftButton);
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY2(failed[0][0].toString().contains(QStringLiteral("event 7")), qPrintable(failed[0][0].toString()));
    }

    void writesAReportAndRecordsIt_data()
    {
        QTest::addColumn<QString>("format");
        for (const char *format : {"html", "json", "csv", "md", "pdf"})
            QTest::newRow(format) << QString::fromLatin1(format);
    }
    void writesAReportAndRecordsIt()
    {
        QFETCH(QString, format);
        QSignalSpy said(m_page, &Page::said);
        QTest::mouseClick(button("report"), Qt::LeftButton);
        auto *dialog = m_window->findChild<ReportDialog *>();
        QVERIFY(dialog);
        auto *formats = dialog->findChild<QComboBox *>("format");
        formats->setCurrentIndex(formats->findData(format));
        auto *file = dialog->findChild<QLineEdit *>("file");
        file->setText(QStringLiteral("relative.html"));
        QVERIFY(dialog->findChild<Button *>("write")->isBlocked());
        const QString path = m_dir->filePath(QStringLiteral("report.") + format);
        file->setText(path);
        QTest::mouseClick(dialog->findChild<Button *>("write"), Qt::LeftButton);
        QTRY_COMPARE(m_port->asked.size(), 1);
        QFile written(path);
        QVERIFY(written.open(QIODevice::ReadOnly));
        const QByteArray bytes = written.readAll();
        QVERIFY(bytes.size() > 500);
        QCOMPARE(m_port->asked[0].verb, QStringLiteral("record-report"));
        QCOMPARE(m_port->asked[0].args.value("sha256").toString(), QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex()));
        if (format == QLatin1String("json"))
            QVERIFY(verifyReport(bytes).intact);
    }

    void aSignedReportHasItsSignatureBeside()
    {
        QProcess keygen;
        keygen.start(QStringLiteral("ssh-keygen"), {"-q", "-t", "ed25519", "-N", "", "-f", m_dir->filePath("key")});
        QVERIFY(keygen.waitForFinished());
        QCOMPARE(keygen.exitCode(), 0);
        QTest::mouseClick(button("report"), Qt::LeftButton);
        auto *dialog = m_window->findChild<ReportDialog *>();
        dialog->findChild<QLineEdit *>("file")->setText(m_dir->filePath("report.pdf"));
        dialog->findChild<QLineEdit *>("key")->setText(m_dir->filePath("key"));
        QTest::mouseClick(dialog->findChild<Button *>("write"), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(m_port->asked.size(), 1, 30'000);
        QCOMPARE(checkSignature(m_dir->filePath("report.pdf")).state, SignatureState::Valid);
    }

    void aReportThatCannotBeWrittenIsSaid()
    {
        QSignalSpy failed(m_page, &Page::failed);
        QTest::mouseClick(button("report"), Qt::LeftButton);
        auto *dialog = m_window->findChild<ReportDialog *>();
        dialog->findChild<QLineEdit *>("file")->setText(m_dir->filePath("no/folder/report.html"));
        QTest::mouseClick(dialog->findChild<Button *>("write"), Qt::LeftButton);
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(m_port->asked.isEmpty());
        QTRY_VERIFY(!button("report")->isBlocked());
    }

    void looksLikeTheDesign_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void looksLikeTheDesign()
    {
        QFETCH(bool, dark);
        theme().setMode(dark ? ThemeMode::Dark : ThemeMode::Light);
        slider()->setValue(slider()->maximum() / 2);
        QTest::qWait(300);
        const QPixmap picture = m_window->grab();
        QVERIFY(picture.width() >= 1400);
        const QString folder = qEnvironmentVariable("BELLWETHER_PICTURES");
        if (!folder.isEmpty())
            QVERIFY(picture.save(QStringLiteral("%1/history-%2-%3.png").arg(folder, QString::fromLatin1(QTest::currentDataTag())).arg(qRound(picture.devicePixelRatio() * 100))));
    }

private:
    ReplaySlider *slider() const { return m_page->findChild<ReplaySlider *>(); }
    LanesWidget *lanes() const { return m_page->findChild<LanesWidget *>(); }
    QTableView *journal() const { return m_page->findChild<QTableView *>("journal"); }
    Button *button(const char *name) const { return m_window->findChild<Button *>(QLatin1String(name)); }

    std::unique_ptr<QTemporaryDir> m_dir;
    std::unique_ptr<Port> m_port;
    std::unique_ptr<MainWindow> m_window;
    HistoryPage *m_page = nullptr;
    qint64 m_total = 0;
};

QTEST_MAIN(TestHistoryPage)
#include "tst_historypage.moc"
