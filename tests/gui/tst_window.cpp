// The console window on a fleet of real hosts: planned, started, promoted and taken back with mouse and keys alone, over
// real sshd. On a display where there is one (the test run brings Xvfb), else offscreen.
#include "demo/demofleet.h"
#include "engine/consolestack.h"
#include "engine/runtime.h"
#include "sampleproduct.h"
#include "shell/makewindow.h"
#include "widgets/button.h"
#include "widgets/theme.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QDir>
#include <QJsonArray>
#include <QLineEdit>
#include <QTemporaryDir>
#include <QTest>
#include <future>

using namespace bellwether;

namespace {

Reply ask(ConsolePort &port, const QString &verb, const QJsonObject &args)
{
    std::promise<Reply> promise;
    port.request(Request{verb, args, QStringLiteral("tester")}, [&promise](Reply reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get();
}

// Letters as a person types them.
void type(QWidget *widget, const QString &text)
{
    widget->setFocus();
    for (const QChar c : text)
        QTest::keyClick(widget, c.toLatin1());
}

} // namespace

class TestWindow : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void plansAndStarts();
    void promotesByMouse();
    void takesBackByKeys();

private:
    RolloutSnapshot rollout() const
    {
        const auto snapshot = m_stack->port().snapshot();
        return snapshot->rollouts.isEmpty() ? RolloutSnapshot{} : *snapshot->rollouts.first();
    }
    template<class T>
    T *find(const char *name) const
    {
        return m_window->findChild<T *>(QLatin1String(name));
    }
    bool waitFor(const std::function<bool()> &reached, int seconds) const { return QTest::qWaitFor(reached, seconds * 1000); }
    void picture(const char *name) const // looked at beside the design when BELLWETHER_PICTURES names a folder
    {
        const QString folder = qEnvironmentVariable("BELLWETHER_PICTURES");
        if (folder.isEmpty())
            return;
        QTest::qWait(400);
        QWidget *top = QApplication::activeModalWidget() ? QApplication::activeModalWidget() : m_window.get();
        top->grab().save(QStringLiteral("%1/%2.png").arg(folder, QLatin1String(name)));
    }

    QTemporaryDir m_data;
    std::unique_ptr<DemoFleet> m_fleet;
    QList<DemoFleet::Host> m_hosts;
    std::unique_ptr<ConsoleStack> m_stack;
    std::unique_ptr<MainWindow> m_window;
};

void TestWindow::initTestCase()
{
    m_fleet = std::make_unique<DemoFleet>(m_data.path());
    DemoFleet::Options options;
    options.hosts = 2;
    options.network = testNetwork();
    options.sample = sampleExecutable();
    const auto hosts = m_fleet->up(options);
    QVERIFY2(hosts.has_value(), hosts ? "" : qPrintable(clauseOf(hosts.error())));
    m_hosts = *hosts;
    auto stack = ConsoleStack::open(m_data.path());
    QVERIFY(stack.has_value());
    m_stack = std::move(*stack);
    QJsonArray installations;
    for (const DemoFleet::Host &h : std::as_const(m_hosts))
        installations.append(toJson(h.installation));
    QVERIFY(ask(m_stack->port(), QStringLiteral("fleet-import"), {{QStringLiteral("source"), QStringLiteral("test")}, {QStringLiteral("installations"), installations}}).has_value());
    for (const DemoFleet::Host &h : std::as_const(m_hosts))
        QVERIFY(ask(m_stack->port(), QStringLiteral("trust"), {{QStringLiteral("host"), h.installation.name}, {QStringLiteral("fingerprint"), h.fingerprint}, {QStringLiteral("key_type"), h.keyType}}).has_value());
    QVERIFY(ask(m_stack->port(), QStringLiteral("check"), {}).has_value());
    theme().install(*qApp);
    m_window = makeMainWindow(m_stack->port(), m_data.path());
    m_window->resize(1440, 900);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
}

void TestWindow::cleanupTestCase()
{
    m_window.reset();
    m_stack.reset();
    m_fleet->down();
}

void TestWindow::plansAndStarts()
{
    picture("1-fleet");
    m_window->openPage(QStringLiteral("plan"));
    auto *version = find<QComboBox>("plan-version");
    auto *strategy = find<QComboBox>("plan-strategy");
    auto *start = find<Button>("plan-start");
    auto *read = find<QCheckBox>("plan-notes-read");
    QVERIFY(version && strategy && start && read);
    QVERIFY(waitFor([&] { return version->count() > 0; }, 10));
    const int wanted = version->findText(QStringLiteral("1.5.0"), Qt::MatchStartsWith);
    QVERIFY(wanted >= 0);
    version->setCurrentIndex(wanted);
    strategy->setCurrentIndex(strategy->findText(QStringLiteral("demo"), Qt::MatchStartsWith));
    QTest::qWait(1000);
    QVERIFY2(start->isBlocked(), "nothing starts before the notes are acknowledged"); // [AS-02]
    read->setChecked(true);
    QVERIFY(waitFor([&] { return !start->isBlocked(); }, 15));
    picture("2-plan");
    QTest::mouseClick(start, Qt::LeftButton);
    auto *dialog = find<QDialog>("plan-start-dialog");
    QVERIFY(dialog);
    for (QPushButton *button : dialog->findChildren<QPushButton *>())
        if (button->text().startsWith(QLatin1String("Start rollout")))
            QTest::mouseClick(button, Qt::LeftButton);
    QVERIFY(waitFor([&] { return rollout().id == 1; }, 15));
}

void TestWindow::promotesByMouse() // [PD-03]
{
    auto *promote = find<Button>("promote");
    QVERIFY(promote);
    QVERIFY(waitFor([&] { return promote->isBlocked(); }, 5)); // once the page shows it
    QTest::qWait(6000);
    picture("3-rollout");
    QVERIFY2(waitFor([&] { return rollout().pauseReasons.contains(QLatin1String("approval-needed")); }, 120), qPrintable(rollout().pauseText));
    QCOMPARE(rollout().hostsDone, 1); // the canary alone
    QVERIFY(waitFor([&] { return !promote->isBlocked(); }, 5));
    picture("4-gate");
    QTest::mouseClick(promote, Qt::LeftButton);
    QVERIFY2(waitFor([&] { return rollout().state == RolloutLifecycle::Succeeded; }, 150), qPrintable(rollout().pauseText));
    for (const DemoFleet::Host &h : m_fleet->status())
        QCOMPARE(h.running, QStringLiteral("1.5.0"));
}

void TestWindow::takesBackByKeys() // [PI-10] [AS-10]
{
    auto *rollback = find<Button>("rollback");
    QVERIFY(waitFor([&] { return !rollback->isBlocked(); }, 5));
    rollback->setFocus();
    QTest::keyClick(rollback, Qt::Key_Space);
    auto *dialog = find<QDialog>("rollback-dialog");
    QVERIFY(dialog && waitFor([&] { return dialog->isVisible(); }, 5));
    auto *restore = dialog->findChild<Button *>(QStringLiteral("restore"));
    QVERIFY(restore && restore->isBlocked());
    for (const DemoFleet::Host &h : std::as_const(m_hosts)) {
        auto *field = dialog->findChild<QLineEdit *>(QStringLiteral("domain-") + h.installation.name);
        QVERIFY(field);
        QVERIFY(field->text().isEmpty());
        QVERIFY(restore->isBlocked());
        type(field, h.installation.domain);
    }
    QVERIFY(waitFor([&] { return !restore->isBlocked(); }, 5));
    picture("5-rollback");
    restore->setFocus();
    QTest::keyClick(restore, Qt::Key_Space);
    QVERIFY2(waitFor([&] { return rollout().state == RolloutLifecycle::RolledBack; }, 120), qPrintable(rollout().pauseText));
    picture("6-rolled-back");
    for (const DemoFleet::Host &h : m_fleet->status())
        QCOMPARE(h.running, QStringLiteral("1.4.0"));
    m_window->openPage(QStringLiteral("history"));
    picture("7-history");
}

int main(int argc, char **argv)
{
    if (qEnvironmentVariableIsSet("DISPLAY"))
        qputenv("QT_QPA_PLATFORM", "xcb");
    QApplication app(argc, argv);
    TestWindow test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_window.moc"
