// First light by hand: the real program in a process of its own, on a display of its own, read as a screen reader reads it
// and used with real input events, by mouse alone ("mouse") or by keyboard alone ("keyboard"). Six real hosts over real
// sshd. What is believed is what the window says and what the hosts say, both. [PD-03] [AS-02] [AS-10] [PI-10]
#include "cliprocess.h"
#include "demohosts.h"
#include "desk.h"
#include "person.h"
#include "sampleproduct.h"

#include <QJsonArray>
#include <QRegularExpression>
#include <QTest>
#include <cstdio>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01");
bool byKeyboard = false;

} // namespace

// As QVERIFY2, which asks for its words even when it does not need them: reading the window is work for the program.
#define VERIFY_OR_SAY(act, words) \
    do { \
        const bool done = static_cast<bool>(act); \
        const QByteArray why = done ? QByteArray() : QString(words).toUtf8(); \
        if (!done) /* whole: Qt Test cuts words at a kilobyte */ \
            std::fprintf(stderr, "%s\n", why.constData()); \
        if (!QTest::qVerify(done, #act, "", __FILE__, __LINE__)) \
            return; \
    } while (false)
// Fails with what the person met.
#define VERIFY_DONE(act) VERIFY_OR_SAY(act, m_person->trouble + QStringLiteral("\n") + shown())
#define VERIFY_SEEN(name, seconds) VERIFY_OR_SAY(m_person->sees(QStringLiteral(name), seconds), shown())
#define VERIFY_NAMED() \
    do { \
        const QStringList nameless = m_person->nameless(); \
        VERIFY_OR_SAY(nameless.isEmpty(), nameless.join(u'\n')); \
    } while (false)

class TestHands : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void init() { QVERIFY2(!m_broken, "what came before failed"); }
    void cleanup() { m_broken = m_broken || QTest::currentTestFailed(); }
    void everyPageCanBeReadAloud();
    void theFleetIsMeasured();
    void theCanaryGoesFirst();
    void promotedTheOthersFollow();
    void aFailingMigrationStopsAtTheCanary();
    void theRestoreAsksForTheDomain();
    void everyRowIsBack();
    void aReleaseThatIsNeverHealthyIsStopped();
    void itsWayBackIsOneClick();

private:
    QString shown() const; // what the window says, for a failing test
    void picture(const char *name) const;
    void startRolloutOf(const QString &version); // plans and starts it
    QString descriptionOf(const QString &button) const;
    QList<QStringList> table(const QString &name) const;
    QString evidence() const;

    Cli m_cli;
    DemoHosts m_hosts{m_cli.data()};
    std::unique_ptr<Desk> m_desk;
    std::unique_ptr<QProcess> m_console;
    std::unique_ptr<ScreenReader> m_reader;
    std::unique_ptr<Hands> m_hands;
    std::unique_ptr<Person> m_person;
    QMap<QString, QString> m_rowsBefore;
    bool m_broken = false; // one story: nothing goes on after a failure
};

QString TestHands::shown() const
{
    QStringList all;
    for (const Seen &seen : m_reader->look()) {
        if (!seen.name.isEmpty())
            all.append(QStringLiteral("%1 \"%2\"%3").arg(seen.role, seen.name, seen.is(SeenState::Focused) ? QStringLiteral(" (focused)") : QString()));
    }
    return all.join(u'\n') + QStringLiteral("\n--- the program: ") + QString::fromUtf8(m_console->readAllStandardError().right(4000));
}

// Looked at beside the design when BELLWETHER_PICTURES names a folder.
void TestHands::picture(const char *name) const
{
    const QString folder = qEnvironmentVariable("BELLWETHER_PICTURES");
    if (folder.isEmpty())
        return;
    QTest::qWait(500);
    m_desk->screen().save(QStringLiteral("%1/hands-%2-%3.png").arg(folder, byKeyboard ? QStringLiteral("keyboard") : QStringLiteral("mouse"), QLatin1String(name)));
}

QString TestHands::descriptionOf(const QString &button) const
{
    const auto seen = m_person->see(QStringLiteral("push button"), button);
    return seen ? m_reader->description(*seen) : QStringLiteral("there is no button \"%1\"").arg(button);
}

QList<QStringList> TestHands::table(const QString &name) const
{
    const auto seen = m_reader->wait([&](const Seen &s) { return (s.role == QLatin1String("table") || s.role == QLatin1String("tree")) && s.name.startsWith(name); });
    return seen ? m_reader->cells(*seen) : QList<QStringList>();
}

QString TestHands::evidence() const
{
    QStringList all;
    for (const QStringList &row : table(QStringLiteral("Evidence")))
        all.append(row.value(0));
    return all.join(u'\n');
}

void TestHands::initTestCase()
{
    const CliResult up = m_cli.run({QStringLiteral("demo"), QStringLiteral("up"), QStringLiteral("--hosts"), QStringLiteral("6"), QStringLiteral("--network"), testNetwork()}, 180'000);
    QVERIFY2(up.exitCode == 0, up.told());
    QCOMPARE(m_hosts.names().size(), 6);
    m_desk = std::make_unique<Desk>();
    QVERIFY2(m_desk->error.isEmpty(), qPrintable(m_desk->error));
    m_console = m_desk->start(Cli::program(), {QStringLiteral("--data"), m_cli.data()});
    QVERIFY(m_console);
    m_reader = std::make_unique<ScreenReader>(m_desk->accessibilityBus(), m_console->processId());
    QVERIFY2(m_reader->waitForProgram(), m_console->readAllStandardError().constData());
    m_hands = std::make_unique<Hands>(m_desk->environment());
    if (byKeyboard)
        m_person = std::make_unique<KeyboardPerson>(*m_reader, *m_hands, *m_desk);
    else
        m_person = std::make_unique<MousePerson>(*m_reader, *m_hands);
    VERIFY_SEEN("Bellwether: Fleet", 30);
}

void TestHands::cleanupTestCase()
{
    if (m_console) {
        m_console->terminate();
        const bool ended = m_console->waitForFinished(60'000);
        const QByteArray said = m_console->readAllStandardError();
        QVERIFY2(ended, said.constData());
        QVERIFY2(m_console->exitStatus() == QProcess::NormalExit && m_console->exitCode() == 0, said.constData());
    }
    m_reader.reset();
    m_desk.reset();
    const CliResult down = m_cli.run({QStringLiteral("demo"), QStringLiteral("down")});
    QVERIFY2(down.exitCode == 0, down.told());
}

void TestHands::everyPageCanBeReadAloud()
{
    const std::pair<const char *, const char *> pages[] = {{"Plan", "ctrl+2"}, {"Rollout", "ctrl+3"}, {"History", "ctrl+4"}, {"Settings", "ctrl+comma"}, {"Fleet", "ctrl+1"}};
    for (const auto &[page, shortcut] : pages) {
        VERIFY_DONE(m_person->goTo(QLatin1String(page), QLatin1String(shortcut)));
        VERIFY_OR_SAY(m_person->see(QStringLiteral("frame"), QStringLiteral("Bellwether: ") + QLatin1String(page)), shown());
        VERIFY_NAMED();
    }
}

void TestHands::theFleetIsMeasured()
{
    VERIFY_DONE(m_person->press(QStringLiteral("Check 6 hosts")));
    VERIFY_SEEN("6 connected", 60);
    const auto measured = [this] {
        int old = 0;
        for (const QStringList &row : table(QStringLiteral("Hosts")))
            old += row.contains(QStringLiteral("Version: 1.4.0")) && row.contains(QStringLiteral("Health: ok"));
        return old;
    };
    VERIFY_OR_SAY(QTest::qWaitFor([&] { return measured() == 6; }, 60'000), shown());
    picture("1-fleet");
    VERIFY_NAMED();
}

void TestHands::startRolloutOf(const QString &version)
{
    VERIFY_DONE(m_person->goTo(QStringLiteral("Plan"), QStringLiteral("ctrl+2")));
    VERIFY_DONE(m_person->choose(QStringLiteral("Target version"), version));
    VERIFY_DONE(m_person->choose(QStringLiteral("Strategy"), QStringLiteral("demo")));
    VERIFY_OR_SAY(m_person->sees(QStringLiteral("to %1, 6 hosts").arg(version)), shown());
    VERIFY_SEEN("Release notes are not read", 30);
    VERIFY_OR_SAY(descriptionOf(QStringLiteral("Start rollout of 6 hosts")).contains(QStringLiteral("Read the release notes")), shown());
    VERIFY_NAMED();
    VERIFY_DONE(m_person->openTab(QStringLiteral("Release notes")));
    VERIFY_DONE(m_person->tick(QStringLiteral("I have read these release notes")));
    VERIFY_SEEN("Accepted.", 20);
    picture(qPrintable(QStringLiteral("plan-") + version));
    VERIFY_DONE(m_person->press(QStringLiteral("Start rollout of 6 hosts…")));
    VERIFY_SEEN("6 hosts go to", 10);
    VERIFY_NAMED();
    picture(qPrintable(QStringLiteral("start-") + version));
    const auto last = m_reader->wait([](const Seen &seen) { return seen.role == QLatin1String("push button") && seen.name == QLatin1String("Start rollout of 6 hosts"); });
    VERIFY_OR_SAY(last, shown());
    VERIFY_DONE(m_person->press(QStringLiteral("Start rollout of 6 hosts")));
}

// 1.4.0 → 1.5.0
void TestHands::theCanaryGoesFirst()
{
    startRolloutOf(QStringLiteral("1.5.0"));
    if (QTest::currentTestFailed())
        return;
    VERIFY_SEEN("R-0001", 30);
    QVERIFY2(descriptionOf(QStringLiteral("Promote")).size() > 5, "promoting is possible before the canary is done");
    VERIFY_SEEN("Paused: waits for promotion", 180);
    VERIFY_SEEN("1 of 6 upgraded", 10);
    VERIFY_NAMED();
    picture("2-gate");
    QCOMPARE(m_hosts.runningVersion(canary), QStringLiteral("1.5.0"));
    for (const QString &host : m_hosts.names().mid(1))
        QVERIFY2(m_hosts.effects(host).isEmpty() && m_hosts.runningVersion(host) == QLatin1String("1.4.0"), qPrintable(host));
    int ran = 0;
    for (const QStringList &row : table(QStringLiteral("Migrations"))) { // the others did not have to run again
        QVERIFY2(row.size() == 3, qPrintable(row.join(u'|')));
        if (row[1].startsWith(QLatin1String("Skipped"), Qt::CaseInsensitive))
            continue;
        ++ran;
        QVERIFY2(row[1].startsWith(QLatin1String("Ran"), Qt::CaseInsensitive) && row[2].contains(QRegularExpression(QStringLiteral("^\\d.*s$"))), qPrintable(row.join(u'|')));
    }
    QCOMPARE(ran, 3);
}

void TestHands::promotedTheOthersFollow()
{
    VERIFY_DONE(m_person->press(QStringLiteral("Promote")));
    VERIFY_SEEN("6 of 6 upgraded", 300);
    VERIFY_OR_SAY(m_person->see(QString(), QStringLiteral("Succeeded"), 60), shown());
    picture("3-succeeded");
    for (const QString &host : m_hosts.names()) {
        QCOMPARE(m_hosts.runningVersion(host), QStringLiteral("1.5.0"));
        QCOMPARE(m_hosts.effects(host).filter(QStringLiteral("start 1.5.0")).size(), 1);
        const QJsonArray told = m_cli.run({QStringLiteral("migrations"), QStringLiteral("R-0001"), host, QStringLiteral("--json")}).json().value(QStringLiteral("hosts")).toArray();
        int ran = 0;
        for (const QJsonValue migration : told.first().toObject().value(QStringLiteral("migrations")).toArray())
            ran += migration.toObject().value(QStringLiteral("state")) == QLatin1String("ran") && migration.toObject().value(QStringLiteral("duration_ms")).isDouble();
        QCOMPARE(ran, 3);
    }
}

// 1.5.0 → 1.5.1: its second migration fails.
void TestHands::aFailingMigrationStopsAtTheCanary()
{
    for (const QString &host : m_hosts.names())
        m_rowsBefore.insert(host, m_hosts.rows(host));
    QVERIFY(m_rowsBefore.value(canary).size() > 1000);
    const QStringList others = m_hosts.names().mid(1);
    QMap<QString, QStringList> before;
    for (const QString &host : others)
        before.insert(host, m_hosts.effects(host));
    startRolloutOf(QStringLiteral("1.5.1"));
    if (QTest::currentTestFailed())
        return;
    VERIFY_SEEN("R-0002", 30);
    VERIFY_SEEN("Half-migrated", 120);
    QVERIFY2(QTest::qWaitFor([this] { return descriptionOf(QStringLiteral("Promote")).contains(QStringLiteral("half-migrated")); }, 30'000), qPrintable(descriptionOf(QStringLiteral("Promote"))));
    picture("4-half-migrated");
    VERIFY_NAMED();
    VERIFY_DONE(m_person->press(QStringLiteral("Promote"))); // it does nothing but say why
    QTest::qWait(2000);
    for (const QString &host : others) {
        QCOMPARE(m_hosts.effects(host), before.value(host));
        QCOMPARE(m_hosts.rows(host), m_rowsBefore.value(host));
    }
    QVERIFY(m_hosts.rows(canary) != m_rowsBefore.value(canary));
}

void TestHands::theRestoreAsksForTheDomain()
{
    const QStringList before = m_hosts.effects(canary);
    VERIFY_DONE(m_person->command(QStringLiteral("Roll back"), QStringLiteral("Roll back"), QStringLiteral("ctrl+b")));
    VERIFY_SEEN("demo-01 needs a restore, because a migration did not finish", 20);
    VERIFY_SEEN("Tag only is refused on demo-01: 1.5.0 cannot run over the changed schema", 5);
    QVERIFY2(evidence().contains(QStringLiteral("0008_unique_customer_email failed")), qPrintable(evidence()));
    VERIFY_NAMED();
    VERIFY_OR_SAY(descriptionOf(QStringLiteral("Restore 1 host")).contains(QStringLiteral("Type demo-01's domain")), shown());
    VERIFY_DONE(m_person->press(QStringLiteral("Restore 1 host")));
    VERIFY_DONE(m_person->write(QStringLiteral("Domain of demo-01"), QStringLiteral("demo-02.example.test")));
    VERIFY_OR_SAY(descriptionOf(QStringLiteral("Restore 1 host")).contains(QStringLiteral("Type demo-01's domain")), shown());
    VERIFY_DONE(m_person->press(QStringLiteral("Restore 1 host")));
    QTest::qWait(1500);
    VERIFY_SEEN("demo-01 needs a restore", 5); // still asked, and nothing was touched
    QCOMPARE(m_hosts.effects(canary), before);
    picture("5-domain");
}

void TestHands::everyRowIsBack()
{
    VERIFY_DONE(m_person->write(QStringLiteral("Domain of demo-01"), canary + QStringLiteral(".example.test")));
    VERIFY_OR_SAY(QTest::qWaitFor([this] { return !descriptionOf(QStringLiteral("Restore 1 host")).contains(QStringLiteral("Type")); }, 10'000), shown());
    VERIFY_DONE(m_person->press(QStringLiteral("Restore 1 host")));
    VERIFY_OR_SAY(m_person->see(QString(), QStringLiteral("Rolled back"), 120), shown());
    picture("6-restored");
    QCOMPARE(m_hosts.runningVersion(canary), QStringLiteral("1.5.0"));
    QCOMPARE(m_hosts.rows(canary), m_rowsBefore.value(canary));
    QCOMPARE(m_hosts.effects(canary).filter(QStringLiteral("restore")).size(), 1);
}

// 1.5.0 → 1.5.2: starts and never becomes healthy.
void TestHands::aReleaseThatIsNeverHealthyIsStopped()
{
    startRolloutOf(QStringLiteral("1.5.2"));
    if (QTest::currentTestFailed())
        return;
    VERIFY_SEEN("R-0003", 30);
    VERIFY_OR_SAY(m_person->see(QString(), QStringLiteral("Paused"), 180), shown());
    VERIFY_SEEN("within 60 s", 20); // the deadline of its health
    picture("7-unhealthy");
    for (const QString &host : m_hosts.names().mid(1))
        QCOMPARE(m_hosts.runningVersion(host), QStringLiteral("1.5.0"));
    VERIFY_DONE(m_person->command(QStringLiteral("Roll back"), QStringLiteral("Roll back"), QStringLiteral("ctrl+b")));
    VERIFY_SEEN("demo-01 only needs its old version back", 20);
    VERIFY_SEEN("The database is not touched", 5);
    VERIFY_NAMED();
    picture("8-tag-only");
    QVERIFY2(evidence().contains(QStringLiteral("1.5.2 declares its schema change as none")) && evidence().contains(QStringLiteral("No migration ran")), qPrintable(evidence()));
}

void TestHands::itsWayBackIsOneClick()
{
    VERIFY_DONE(m_person->press(QStringLiteral("Re-tag 1 host")));
    VERIFY_OR_SAY(m_person->see(QString(), QStringLiteral("Rolled back"), 120), shown());
    QCOMPARE(m_hosts.runningVersion(canary), QStringLiteral("1.5.0"));
    QCOMPARE(m_hosts.rows(canary), m_rowsBefore.value(canary));
    picture("9-back");
}

int main(int argc, char **argv)
{
    byKeyboard = argc > 1 && qstrcmp(argv[1], "keyboard") == 0;
    if (!byKeyboard && !(argc > 1 && qstrcmp(argv[1], "mouse") == 0)) {
        qWarning("usage: tst_hands mouse|keyboard [QtTest options]");
        return 2;
    }
    argv[1] = argv[0];
    int left = argc - 1;
    QCoreApplication app(left, argv + 1);
    TestHands test;
    return QTest::qExec(&test, left, argv + 1);
}
#include "tst_hands.moc"
