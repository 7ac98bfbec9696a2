// Journals of nights gone by, replayed: the same events fold to the same state, and the same state and time give the same
// decisions, event by event. What fails here changes how a rollout goes on that an older program began. README.md says what to do.
#include "history.h"
#include "simulation.h"
#include "statejson.h"
#include "story.h"

#include <QDir>
#include <QLocale>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>
#include <ctime>

using namespace bellwether;

namespace {

const QString folderOfHistories = QStringLiteral(BELLWETHER_SOURCE_DIR "/tests/histories");

struct Wanted {
    const char *name;
    QStringList what; // see holds()
};

// Told by hand, and looked for in simulated nights: the shortest journal is taken in which all of it happens.
const Wanted told = {"restored-by-hand", {QStringLiteral("HostEnded state=half-migrated"), QStringLiteral("StepIntended direction=restore"), QStringLiteral("HostEnded state=rolled-back")}};
const QList<Wanted> nights{
    {"quiet", {QStringLiteral("RolloutEnded state=succeeded"), QStringLiteral("GatePassed wave=1"), QStringLiteral("Promoted")}},
    {"two-hops", {QStringLiteral("RolloutEnded state=succeeded"), QStringLiteral("WaveOpened hop=1"), QStringLiteral("GatePassed hop=1")}},
    {"interrupted", {QStringLiteral("RolloutResumed"), QStringLiteral("StepReconciled"), QStringLiteral("RolloutEnded state=succeeded")}},
    {"retried", {QStringLiteral("HostEnded state=failed"), QStringLiteral("HostRetried"), QStringLiteral("HostEnded state=upgraded"), QStringLiteral("RolloutEnded")}},
    {"tag-only", {QStringLiteral("StepIntended direction=tag-only"), QStringLiteral("HostEnded state=rolled-back"), QStringLiteral("RolloutEnded")}},
    {"restored", {QStringLiteral("HostEnded state=half-migrated"), QStringLiteral("StepIntended direction=restore"), QStringLiteral("HostEnded state=rolled-back"), QStringLiteral("RolloutEnded")}},
    {"in-doubt", {QStringLiteral("StepEnded outcome=lost"), QStringLiteral("HostEnded state=in-doubt"), QStringLiteral("RolloutEnded")}},
    {"lost-link", {QStringLiteral("ConnectionChanged connected=false"), QStringLiteral("ConnectionChanged connected=true"), QStringLiteral("HostEnded state=upgraded"), QStringLiteral("RolloutEnded")}},
    {"deferred", {QStringLiteral("HostEnded state=deferred"), QStringLiteral("HostRetried"), QStringLiteral("RolloutEnded")}},
    {"timed-out", {QStringLiteral("StepEnded outcome=timed-out"), QStringLiteral("RolloutEnded")}},
    {"taken-over", {QStringLiteral("LeaseRefused stale=true"), QStringLiteral("TakeOverConfirmed"), QStringLiteral("RolloutEnded")}},
    {"journal-failure", {QStringLiteral("Paused reason=journal-failure"), QStringLiteral("Unpaused reason=journal-failure"), QStringLiteral("RolloutEnded")}},
    {"stopped", {QStringLiteral("EverythingStopped"), QStringLiteral("EverythingReleased"), QStringLiteral("HostEnded state=upgraded"), QStringLiteral("RolloutEnded")}},
    {"aborted", {QStringLiteral("AbortRequested"), QStringLiteral("HostEnded state=excluded"), QStringLiteral("RolloutEnded state=aborted")}},
};

QList<Wanted> allWanted()
{
    return QList<Wanted>{told} + nights;
}

QString pathOf(const QString &folder, const QString &name)
{
    return QStringLiteral("%1/%2.journal").arg(folder, name);
}

bool holdsAll(const QList<Event> &events, const QStringList &what)
{
    return std::all_of(what.cbegin(), what.cend(), [&](const QString &one) { return holds(events, one); });
}

QString howToWrite()
{
    return QStringLiteral("BELLWETHER_WRITE_HISTORIES=%1 %2").arg(folderOfHistories, QCoreApplication::applicationFilePath());
}

// ---- writing

bool save(const QString &path, History history)
{
    history.expected = replay(history);
    const Result<History> again = writeHistory(path, history) ? readHistory(path) : Result<History>(fail(ErrorCode::BadValue, {path, QStringLiteral("it cannot be written")}));
    const QString wrong = again ? difference(*again) : again.error().args.join(QStringLiteral(": "));
    std::printf("%s: %s\n", qPrintable(path), wrong.isEmpty() ? qPrintable(QStringLiteral("%1 events").arg(history.events.size())) : qPrintable(wrong));
    return wrong.isEmpty();
}

// One that is there keeps its events for ever. What is expected of them changes with a reason, which it keeps as well.
bool renew(const QString &path, const QString &reason)
{
    Result<History> history = readHistory(path);
    if (!history) {
        std::printf("%s\n", qPrintable(history.error().args.join(QStringLiteral(": "))));
        return false;
    }
    const QString differs = difference(*history);
    if (differs.isEmpty())
        return true;
    if (reason.isEmpty()) {
        std::printf("%s answers otherwise; say why in BELLWETHER_HISTORY_REASON.\n%s\n", qPrintable(path), qPrintable(differs));
        return false;
    }
    history->changes.append(QJsonObject{{QStringLiteral("version"), QStringLiteral(BELLWETHER_VERSION)}, {QStringLiteral("reason"), reason}});
    return save(path, *history);
}

bool writeNights(const QString &folder)
{
    constexpr quint64 atLeast = 300, atMost = 3000; // nights that are looked at
    QMap<QString, History> best;
    QList<Wanted> missing;
    for (const Wanted &wanted : nights)
        if (!QFile::exists(pathOf(folder, QString::fromLatin1(wanted.name))))
            missing.append(wanted);
    for (quint64 seed = 1; seed <= atMost && !missing.isEmpty() && (seed <= atLeast || best.size() < missing.size()); ++seed) {
        const SimulationResult night = Simulation(seed).run();
        if (!night.violations.isEmpty()) // nothing to keep as an example
            continue;
        for (qsizetype i = 0; i < night.journals.size(); ++i) {
            const QList<Event> &events = night.journals[i];
            for (const Wanted &wanted : std::as_const(missing)) {
                const auto known = best.constFind(QString::fromLatin1(wanted.name));
                if ((known != best.cend() && known->events.size() <= events.size()) || !holdsAll(events, wanted.what))
                    continue;
                History history;
                history.about = QStringLiteral("night of seed %1, console %2: %3").arg(seed).arg(i + 1).arg(wanted.what.join(QStringLiteral(", ")));
                history.workspace = QStringLiteral("workspace-%1").arg(i + 1);
                history.events = events;
                best.insert(QString::fromLatin1(wanted.name), history);
            }
        }
    }
    bool all = true;
    for (const Wanted &wanted : std::as_const(missing)) {
        const QString name = QString::fromLatin1(wanted.name);
        if (!best.contains(name))
            std::printf("No night of %llu has what %s is to show: %s\n", static_cast<unsigned long long>(atMost), wanted.name, qPrintable(wanted.what.join(QStringLiteral(", "))));
        all = best.contains(name) && save(pathOf(folder, name), best[name]) && all;
    }
    return all;
}

int write(const QString &folder)
{
    bool all = QDir().mkpath(folder);
    const QStringList there = QDir(folder).entryList({QStringLiteral("*.journal")}, QDir::Files, QDir::Name);
    for (const QString &name : there)
        all = renew(QDir(folder).filePath(name), qEnvironmentVariable("BELLWETHER_HISTORY_REASON").trimmed()) && all;
    const QString byHand = pathOf(folder, QString::fromLatin1(told.name));
    if (!QFile::exists(byHand)) {
        History history;
        history.about = QStringLiteral("told by hand: a rollout of six hosts that went well, and one whose canary was restored");
        history.events = support::restoredStory();
        history.workspace = std::get<ConsoleStarted>(history.events.first().body).workspace;
        all = save(byHand, history) && all;
    }
    all = writeNights(folder) && all;
    return all ? 0 : 1;
}

} // namespace

class TestHistories : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void everyKindIsThere_data();
    void everyKindIsThere();
    void theSameEventsGiveTheSameAnswers_data();
    void theSameEventsGiveTheSameAnswers();
    void whatIsOtherwiseIsFound_data();
    void whatIsOtherwiseIsFound();
    void theHashKnowsNoOrderOfATable();
};

// They were written elsewhere: in another time zone and another language.
void TestHistories::initTestCase()
{
    qputenv("TZ", "Asia/Kathmandu");
    tzset();
    QLocale::setDefault(QLocale(QLocale::Arabic, QLocale::Egypt));
}

void TestHistories::everyKindIsThere_data()
{
    QTest::addColumn<QStringList>("what");
    for (const Wanted &wanted : allWanted())
        QTest::newRow(wanted.name) << wanted.what;
}

void TestHistories::everyKindIsThere()
{
    QFETCH(QStringList, what);
    const QString path = pathOf(folderOfHistories, QString::fromLatin1(QTest::currentDataTag()));
    QVERIFY2(QFile::exists(path), qPrintable(QStringLiteral("There is no %1. Write the ones that are missing, look at them and commit them: %2").arg(path, howToWrite())));
    const Result<History> history = readHistory(path);
    QVERIFY2(history, qPrintable(history ? QString() : history.error().args.join(QStringLiteral(": "))));
    for (const QString &one : what)
        QVERIFY2(holds(history->events, one), qPrintable(QStringLiteral("%1 shows no %2").arg(path, one)));
}

void TestHistories::theSameEventsGiveTheSameAnswers_data()
{
    QTest::addColumn<QString>("path");
    const QDir folder(folderOfHistories);
    for (const QString &name : folder.entryList({QStringLiteral("*.journal")}, QDir::Files, QDir::Name))
        QTest::newRow(qPrintable(name)) << folder.filePath(name);
}

void TestHistories::theSameEventsGiveTheSameAnswers()
{
    QFETCH(QString, path);
    const Result<History> history = readHistory(path);
    QVERIFY2(history, qPrintable(history ? QString() : history.error().args.join(QStringLiteral(": "))));
    const QString differs = difference(*history);
    QVERIFY2(differs.isEmpty(), qPrintable(QStringLiteral("%1\nA rollout that an older program began goes on otherwise now. Is that meant, then say why: BELLWETHER_HISTORY_REASON='…' %2").arg(differs, howToWrite())));
}

void TestHistories::whatIsOtherwiseIsFound_data()
{
    QTest::addColumn<int>("what");
    QTest::newRow("an event's body") << 0;
    QTest::newRow("who did it") << 1;
    QTest::newRow("a state") << 2;
    QTest::newRow("a decision") << 3;
    QTest::newRow("the time") << 4;
    QTest::newRow("the workspace") << 5;
}

void TestHistories::whatIsOtherwiseIsFound()
{
    QFETCH(int, what);
    History history;
    history.events = support::restoredStory().mid(0, 12);
    history.workspace = QStringLiteral("w");
    history.expected = replay(history);
    QVERIFY2(difference(history).isEmpty(), qPrintable(difference(history)));
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("one.journal"));
    QVERIFY(writeHistory(path, history));
    Result<History> read = readHistory(path);
    QVERIFY2(read, qPrintable(read ? QString() : read.error().args.join(QStringLiteral(": "))));
    QVERIFY2(difference(*read).isEmpty(), qPrintable(difference(*read)));
    Event &event = read->events[7];
    if (what == 0)
        event.payload.replace('{', "{\"a\":1,");
    else if (what == 1)
        event.actor += u'x';
    else if (what == 2)
        read->expected[7].state = read->expected[8].state;
    else if (what == 3)
        read->expected[7].decided.insert(QStringLiteral("1"), QJsonArray{1});
    else if (what == 4)
        ++event.monoMs;
    else
        read->workspace += u'x';
    QVERIFY2(difference(*read).startsWith(what == 5 ? QStringLiteral("event 1,") : QStringLiteral("event 8,")), qPrintable(difference(*read)));
}

void TestHistories::theHashKnowsNoOrderOfATable()
{
    Workspace one, other;
    RolloutState &a = one.rollouts[1], &b = other.rollouts[1];
    b.identities.reserve(1000);
    for (int i = 0; i < 50; ++i) {
        a.identities.insert(QString::number(i), QStringLiteral("m"));
        b.identities.insert(QString::number(49 - i), QStringLiteral("m"));
    }
    QCOMPARE(stateHash(one, Plans::Hashed), stateHash(other, Plans::Hashed));
    b.identities.insert(QStringLiteral("7"), QStringLiteral("n"));
    QVERIFY(stateHash(one, Plans::Hashed) != stateHash(other, Plans::Hashed));
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    if (const QString folder = qEnvironmentVariable("BELLWETHER_WRITE_HISTORIES"); !folder.isEmpty())
        return write(folder);
    TestHistories test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_histories.moc"
