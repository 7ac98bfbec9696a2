// What may go wrong around a step that is under way: the host has forgotten it, nobody is let in to ask, only what watched
// over it has died. The real engine, with hosts, journal and clock in memory.
#include "engineworld.h"

#include "rollout/wayback.h"

#include <QFile>
#include <QJsonArray>
#include <QTest>

#include <algorithm>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("demo-01");

QString told(const EngineWorld &w)
{
    const HostRun &h = w.host(canary);
    return QStringLiteral("%1 (%2); paused: %3").arg(nameOf(h.state), h.reason, QStringList(w.rollout().pauses.values()).join(u'|'));
}

// Until a step of this kind has begun on the canary.
bool under(EngineWorld &w, StepKind kind)
{
    for (int i = 0; i < 4000; ++i) {
        const StepRun *step = w.host(canary).current();
        if (step && step->kind == kind && step->phase == StepPhase::Started)
            return true;
        w.turn();
    }
    return false;
}

FakeHost::Job &job(EngineWorld &w)
{
    return w.fleet.host(canary).jobs[w.host(canary).current()->token];
}

qsizetype timesDone(const EngineWorld &w, const QString &verb)
{
    return w.fleet.effectLog.filter(QStringLiteral("%1 %2 ").arg(canary, verb)).size();
}

template<class T>
QList<T> eventsOf(const EngineWorld &w)
{
    QList<T> found;
    for (const Event &e : w.journal.events())
        if (const T *body = std::get_if<T>(&e.body))
            found.append(*body);
    return found;
}

// Everything that asks a host is refused so, but for what is asked about other hosts.
void refuse(EngineWorld &w, ErrorCode code)
{
    w.fleet.refusing = [code](const QString &, const QString &host) {
        return host == canary ? std::optional(Error{code, {host, QStringLiteral("refused")}, {}, nullptr}) : std::nullopt;
    };
}

Step &planned(EngineWorld &w, StepKind kind)
{
    for (Step &step : w.plan.hosts[0].hops[0].steps)
        if (step.kind == kind)
            return step;
    qFatal("no such step");
}

QString stateOf(const EngineWorld &w, const QString &migration)
{
    for (const Migration &m : w.host(canary).migrations)
        if (m.name == migration)
            return nameOf(m.state) + u' ' + m.reason;
    return {};
}

QByteArray logOf(const EngineWorld &w, const QString &token)
{
    QFile file(stepLogPath(w.dataFolder, 1, canary, token));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// Until this step has ended; the milliseconds that took, −1 when it has not within ten minutes.
qint64 ended(EngineWorld &w, const QString &token, qint64 turnMs)
{
    const qint64 from = w.clock.now().monoMs;
    while (w.host(canary).current() && w.host(canary).current()->token == token) {
        if (w.clock.now().monoMs - from > 900'000)
            return -1;
        w.turn(turnMs);
    }
    return w.clock.now().monoMs - from;
}

bool takeBackByRestore(EngineWorld &w)
{
    return w.ask(QStringLiteral("rollback"), {{QStringLiteral("hosts"), QJsonArray{canary}}, {QStringLiteral("confirm"), QJsonObject{{canary, canary + QStringLiteral(".example.test")}}}}).has_value();
}

} // namespace

class TestStepFaults : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aForgottenStepIsNeverRunAgain_data()
    {
        QTest::addColumn<bool>("restore");
        QTest::newRow("migration") << false;
        QTest::newRow("restore") << true;
    }
    void aForgottenStepIsNeverRunAgain()
    {
        // [fault 12] It had begun, the console was closed, the host answers before its state folder is mounted.
        QFETCH(bool, restore);
        EngineWorld w;
        if (restore)
            w.fleet.releases[QStringLiteral("1.5.0")].failing = QStringLiteral("0004");
        QVERIFY(w.run());
        if (restore) {
            QVERIFY(w.settle());
            QVERIFY(takeBackByRestore(w));
        }
        QVERIFY(under(w, restore ? StepKind::Restore : StepKind::Migrate));
        w.killConsole();
        w.fleet.host(canary).jobs.clear();
        w.startConsole();
        QVERIFY(w.ask(QStringLiteral("resume")));
        QVERIFY(w.settle());
        QCOMPARE(timesDone(w, restore ? QStringLiteral("restore") : QStringLiteral("start")), 1);
        QVERIFY2(w.host(canary).state == (restore ? HostRunState::RollbackFailed : HostRunState::InDoubt), qPrintable(told(w)));
        QCOMPARE(w.host(canary).last()->outcome, StepOutcome::InDoubt);
    }
    void aRefusedLoginIsNoVerdict_data()
    {
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<bool>("restart");
        QTest::newRow("the certificate ran out") << ErrorCode::KeyUnusable << false;
        QTest::newRow("the directory is down") << ErrorCode::AuthFailed << false;
        QTest::newRow("another key") << ErrorCode::HostKeyChanged << false;
        QTest::newRow("the shell could not be started") << ErrorCode::NoShell << false;
        QTest::newRow("refused to the next console") << ErrorCode::AuthFailed << true;
    }
    void aRefusedLoginIsNoVerdict()
    {
        // [fault 32] A migration is under way and nobody is let in to ask for it: it is asked for until somebody is.
        QFETCH(ErrorCode, code);
        QFETCH(bool, restart);
        EngineWorld w;
        w.fleet.pollsOfAStart = 5;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        const QString token = w.host(canary).current()->token;
        refuse(w, code);
        if (restart) {
            w.killConsole();
            w.startConsole();
            QVERIFY(w.ask(QStringLiteral("resume")));
        }
        for (int i = 0; i < 700; ++i)
            w.turn(1000);
        QVERIFY2(w.host(canary).current() && w.host(canary).current()->token == token, qPrintable(told(w)));
        const QString detail = w.rollout().pauses.value(PauseReason::LostHosts);
        QVERIFY2(detail.contains(QLatin1String("refused")) && detail.contains(canary), qPrintable(told(w)));
        QVERIFY(w.host(canary).reason.contains(QLatin1String("refused")));
        w.fleet.refusing = nullptr;
        QVERIFY(w.settle());
        QVERIFY2(w.host(canary).state == HostRunState::Upgraded || w.host(canary).state == HostRunState::Baking || isBegun(w.host(canary).state), qPrintable(told(w)));
        QVERIFY(w.ask(QStringLiteral("resume")));
        QVERIFY(w.settle());
        QVERIFY2(w.host(canary).state == HostRunState::Upgraded, qPrintable(told(w)));
        QCOMPARE(timesDone(w, QStringLiteral("start")), 1);
    }
    void aSurvivorIsWaitedFor()
    {
        // [fault 13] Only the supervisor was killed: the migration goes on, and nothing is concluded before it has ended.
        EngineWorld w;
        w.fleet.pollsOfAStart = 1000;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        job(w).orphanPolls = 20;
        job(w).lost = true;
        for (int i = 0; i < 4000 && w.host(canary).current(); ++i) {
            w.turn();
            if (w.host(canary).current() && w.host(canary).current()->phase == StepPhase::Started && job(w).orphanPolls > 0)
                QVERIFY(w.host(canary).ledgersAfter.isEmpty());
        }
        QVERIFY(w.settle());
        for (const FakeHost::Job &j : std::as_const(w.fleet.host(canary).jobs))
            QVERIFY(j.orphanPolls <= 0);
        QCOMPARE(w.host(canary).last()->outcome, StepOutcome::Lost);
        QVERIFY2(w.host(canary).state == HostRunState::InDoubt, qPrintable(told(w)));
        const auto seen = eventsOf<StepReconciled>(w);
        QCOMPARE(seen.size(), 1);
        QVERIFY(seen.first().found.startsWith(QLatin1String("running")));
        QCOMPARE(timesDone(w, QStringLiteral("start")), 1);
    }
    void aFrozenWatcherIsSaidOnce()
    {
        // [fault 13, 14] The step goes on and is believed; that nobody keeps its deadline is for people to know.
        EngineWorld w;
        w.fleet.pollsOfAStart = 5;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        const QString token = w.host(canary).current()->token;
        job(w).pollsLeft = 20;
        job(w).heartbeatAgeS = 200;
        QVERIFY(w.settle());
        const auto seen = eventsOf<StepReconciled>(w);
        QCOMPARE(seen.size(), 1);
        QCOMPARE(seen.first().token, token);
        QVERIFY2(seen.first().found.contains(QLatin1String("has not moved for 200 s")), qPrintable(seen.first().found));
        QVERIFY2(w.host(canary).state != HostRunState::InDoubt, qPrintable(told(w)));
        QCOMPARE(timesDone(w, QStringLiteral("start")), 1);
    }
    void aSurvivorsDeadlineIsKept()
    {
        // [fault 13] What the supervisor would have ended at its deadline the console ends.
        EngineWorld w;
        for (Step &step : w.plan.hosts[0].hops[0].steps)
            if (step.kind == StepKind::Stop)
                step.deadlineS = 60;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Stop));
        job(w).orphanPolls = 1'000'000;
        job(w).lost = true;
        job(w).pollsLeft = 1000;
        const QString token = w.host(canary).current()->token;
        for (int i = 0; i < 50; ++i)
            w.turn(1000);
        QCOMPARE(w.fleet.host(canary).jobs[token].pollsLeft, 1000);
        for (int i = 0; i < 30; ++i)
            w.turn(1000);
        QCOMPARE(w.fleet.host(canary).jobs[token].pollsLeft, 0); // cancelled
    }
    void linesOfTwoStreamsStayWhole()
    {
        // [fault 39] The window of one stream ends in the middle of a line, and the other one's follows.
        EngineWorld w;
        w.fleet.releases[QStringLiteral("1.5.0")].failing = QStringLiteral("0004");
        w.fleet.pollsOfAStart = 3;
        w.fleet.chunk = 52; // "… failed 00" of stdout
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        for (int i = 0; i < 60; ++i)
            job(w).err += "Container x Started\n";
        QVERIFY(w.settle());
        QCOMPARE(stateOf(w, QStringLiteral("0003")), QStringLiteral("ran "));
        QCOMPARE(stateOf(w, QStringLiteral("0004")), QStringLiteral("failed column exists"));
        QCOMPARE(w.host(canary).migrations.size(), 2);
    }
    void aLineWithoutEndStandsInNobodysWay()
    {
        // [fault 38] It is cut off; what the other stream says meanwhile, and what comes after it, is read.
        EngineWorld w;
        w.fleet.pollsOfAStart = 30;
        w.fleet.chunk = 20'000;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        job(w).err = "x" + QByteArray(400'000, '.') + "\nfailed 0009: said after it\n";
        job(w).exitStatus = 1;
        QVERIFY(w.settle());
        QCOMPARE(stateOf(w, QStringLiteral("0004")), QStringLiteral("ran "));
        QCOMPARE(stateOf(w, QStringLiteral("0009")), QStringLiteral("failed said after it"));
    }
    void whatIsReadAgainIsComparedByWhatItSays()
    {
        // [N-07] The same line has another number for the next console: what came since is news all the same.
        EngineWorld w;
        w.fleet.chunk = 0;
        w.fleet.pollsOfAStart = 1000;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        w.fleet.chunk = 100'000;
        const QByteArray all = std::exchange(job(w).out, {});
        const qsizetype half = all.indexOf("applied 0003");
        job(w).err = QByteArray("progress\n").repeated(300);
        for (int i = 0; i < 8; ++i)
            w.turn();
        job(w).out = all.left(half); // "begin 0003" is line 301 of what this console reads
        for (int i = 0; i < 8; ++i)
            w.turn();
        QCOMPARE(stateOf(w, QStringLiteral("0003")), QStringLiteral("running "));
        const QString token = w.host(canary).current()->token;
        w.killConsole();
        FakeHost::Job &onHost = w.fleet.host(canary).jobs[token];
        onHost.out = all;
        onHost.pollsLeft = 3;
        w.startConsole();
        QVERIFY(w.ask(QStringLiteral("resume")));
        QVERIFY(w.settle());
        QCOMPARE(stateOf(w, QStringLiteral("0003")), QStringLiteral("ran "));
        QCOMPARE(stateOf(w, QStringLiteral("0004")), QStringLiteral("ran "));
        QVERIFY2(w.host(canary).state == HostRunState::Upgraded, qPrintable(told(w)));
        int begins = 0; // and what was known is not told again
        for (const MigrationObserved &e : eventsOf<MigrationObserved>(w))
            begins += e.migration.name == QLatin1String("0003") && e.migration.state == MigrationState::Running;
        QCOMPARE(begins, 1);
    }
    void nothingBeginsWhileTheJournalFails_data()
    {
        QTest::addColumn<ErrorCode>("code");
        QTest::newRow("its start's answer was lost") << ErrorCode::ConnectionLost;
        QTest::newRow("its host was busy") << ErrorCode::HostBusy;
        QTest::newRow("its host was held") << ErrorCode::HostHeld;
    }
    void nothingBeginsWhileTheJournalFails()
    {
        // [fault 20] A step was intended, its host took no start, and the disk of the console is full when it is time to try
        // again: what would become of it could not be recorded.
        QFETCH(ErrorCode, code);
        EngineWorld w;
        int starts = 0, whileFailing = 0;
        w.fleet.refusing = [&](const QString &verb, const QString &host) -> std::optional<Error> {
            if (verb != QLatin1String("start") || host != canary)
                return std::nullopt;
            if (starts++ == 0) {
                w.journal.failNext(20);
                return Error{code, {host, QStringLiteral("t of somebody"), QStringLiteral("why")}, {}, nullptr};
            }
            whileFailing += w.journal.isFailing();
            return std::nullopt;
        };
        QVERIFY(w.run());
        for (int i = 0; i < 400 && starts == 0; ++i)
            w.turn();
        QCOMPARE(starts, 1);
        const StepRun step = *w.host(canary).current();
        int turns = 0;
        for (; turns < 400 && w.journal.isFailing(); ++turns)
            w.turn();
        QVERIFY(turns > 40 && !w.journal.isFailing()); // for longer than any of them waits before it tries again
        QCOMPARE(whileFailing, 0);
        QCOMPARE(w.fleet.effects.value(step.token), 0);
        QVERIFY(ended(w, step.token, 250) >= 0); // a step that was intended goes on by itself
        QCOMPARE(w.fleet.effects.value(step.token), 1);
        QVERIFY(w.rollout().pauses.contains(PauseReason::JournalFailure));
        QVERIFY(w.settle());
        QVERIFY(w.ask(QStringLiteral("resume")));
        QVERIFY(w.settle());
        QVERIFY2(w.host(canary).state == HostRunState::Upgraded, qPrintable(told(w)));
        for (auto it = w.fleet.effects.cbegin(); it != w.fleet.effects.cend(); ++it)
            QCOMPARE(it.value(), 1);
    }
    void whatHasEndedIsNotHeldUpByItsOutput_data()
    {
        QTest::addColumn<qint64>("bytes");
        QTest::addColumn<int>("window"); // what one poll brings
        QTest::addColumn<int>("turnMs"); // and takes
        QTest::addColumn<int>("running");
        QTest::newRow("[fault 38] 1 GB, once it has ended") << qint64{976'562} * 1024 << (256 << 10) << 250 << 0;
        QTest::newRow("[fault 38] 1 GB, while it runs") << qint64{976'562} * 1024 << (256 << 10) << 250 << 25;
        QTest::newRow("[fault 4] 20 MB at 1 kB a second") << qint64{19'531} * 1024 << 2048 << 2000 << 0;
    }
    void whatHasEndedIsNotHeldUpByItsOutput()
    {
        // Its beginning and its end are kept, between them stands what is missing, and its last words are its last.
        QFETCH(qint64, bytes);
        QFETCH(int, window);
        QFETCH(int, turnMs);
        QFETCH(int, running);
        EngineWorld w;
        int polls = 0;
        w.fleet.refusing = [&polls](const QString &verb, const QString &host) {
            polls += verb == QLatin1String("poll") && host == canary;
            return std::optional<Error>();
        };
        w.fleet.pollsOfABackup = 1000;
        w.fleet.chunk = window;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Backup));
        const QString token = w.host(canary).current()->token;
        polls = 0;
        job(w).filler = bytes;
        job(w).outEnd = "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkw\n-----END PRIVATE KEY-----\nit broke\nthe last words\n";
        job(w).out = "the first words\n";
        job(w).err = "said beside it\n";
        job(w).exitStatus = 1;
        job(w).pollsLeft = running;
        const qint64 ms = ended(w, token, turnMs);
        QVERIFY2(ms >= 0 && ms < (running > 0 ? 120'000 : 40'000), qPrintable(QString::number(ms)));
        QVERIFY2(polls < 60, qPrintable(QString::number(polls)));
        const StepRun &step = *w.host(canary).last();
        QCOMPARE(step.token, token);
        QVERIFY2(step.lastWords.endsWith(QLatin1String("it broke\nthe last words")), qPrintable(step.lastWords.right(200)));
        QCOMPARE(step.reason, QStringLiteral("exit status 1: the last words"));
        const QByteArray log = logOf(w, token);
        QVERIFY2(log.startsWith("the first words\n") && log.contains("\nsaid beside it\n"), log.left(200).constData());
        QVERIFY(log.endsWith("it broke\nthe last words\n"));
        QVERIFY(log.size() > 4000 && log.size() < (9 << 20));
        const QByteArray place = "are not shown; they are on the host in ~/.local/state/bellwether/v1/jobs/" + token.toUtf8() + "/out and err]\n";
        QCOMPARE(log.count(place), 1);
        const QByteArray missing = log.left(log.indexOf(place)).mid(log.left(log.indexOf(place)).lastIndexOf('[') + 1);
        const double bytesMissing = missing.split(' ').first().toDouble() * 1e6;
        QVERIFY2(missing.endsWith(" MB ") && bytesMissing <= double(bytes) + 1e5 && bytesMissing > double(bytes) - 9e6, missing.constData());
        QVERIFY(window > 2048 || !log.contains("MIIEvw")); // the end of a key whose beginning was left out
        for (const QByteArray &line : log.split('\n')) // none is cut
            QVERIFY2(!line.startsWith('.') || line.size() == 1023, line.left(100).constData());
        const auto ends = eventsOf<StepEnded>(w);
        const auto end = std::ranges::find(ends, token, &StepEnded::token);
        QVERIFY(end != ends.end());
        const FakeHost::Job &onHost = w.fleet.host(canary).jobs[token];
        QCOMPARE(end->outputBytes, bytes + onHost.out.size() + onHost.outEnd.size() + onHost.err.size());
        QVERIFY(end->unreadBytes.value_or(0) > bytes / 2);
    }
    void whatMigratesIsReadFurther()
    {
        // More than is kept of any other step, and a failure in the middle of it.
        EngineWorld w;
        w.fleet.chunk = 0;
        w.fleet.pollsOfAStart = 1000;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        const QString token = w.host(canary).current()->token;
        job(w).out = QByteArray(1023, '.').append('\n').repeated(5 << 10) + "failed 0009: in its middle\n";
        job(w).filler = 1 << 20;
        job(w).outEnd = "migrations done\n";
        job(w).pollsLeft = 0;
        w.fleet.chunk = 256 << 10;
        QVERIFY(ended(w, token, 250) >= 0);
        QVERIFY(w.settle());
        QCOMPARE(stateOf(w, QStringLiteral("0009")), QStringLiteral("failed in its middle"));
        QVERIFY2(w.host(canary).state == HostRunState::HalfMigrated, qPrintable(told(w)));
        QVERIFY(!w.host(canary).last()->partlyRead);
        QVERIFY(logOf(w, token).endsWith("migrations done\n"));
    }
    void whatWasNotReadOfAMigrationIsNotTakenForGood_data()
    {
        QTest::addColumn<int>("exitStatus");
        QTest::addColumn<QByteArray>("end");
        QTest::addColumn<QString>("half");
        QTest::addColumn<StepOutcome>("outcome");
        QTest::newRow("it left with 0 and its ledger is clean") << 0 << QByteArray("migrations done\n") << QString() << StepOutcome::Done;
        QTest::newRow("it left with 0 and its ledger is not") << 0 << QByteArray("migrations done\n") << QStringLiteral("0003") << StepOutcome::Failed;
        QTest::newRow("it failed") << 1 << QByteArray("out of memory\n") << QString() << StepOutcome::InDoubt;
        QTest::newRow("it never says that it succeeded") << 0 << QByteArray("started\n") << QString() << StepOutcome::InDoubt;
    }
    void whatWasNotReadOfAMigrationIsNotTakenForGood()
    {
        // [N-07] On a slow link its middle is left on the host, and a failure may stand there: by what was read and by the
        // ledger alone the old version could be put back over the data.
        QFETCH(int, exitStatus);
        QFETCH(QByteArray, end);
        QFETCH(QString, half);
        QFETCH(StepOutcome, outcome);
        PlanSketch sketch;
        sketch.schema = SchemaChange::None;
        sketch.migrations.clear();
        EngineWorld w(sketch);
        w.fleet.chunk = 0;
        w.fleet.pollsOfAStart = 1000;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        const QString token = w.host(canary).current()->token;
        job(w).out = "begins\n";
        job(w).filler = qint64{19'531} * 1024; // whole lines
        job(w).outEnd = end;
        job(w).exitStatus = exitStatus;
        job(w).pollsLeft = 0;
        w.fleet.host(canary).halfMigrated = half;
        w.fleet.chunk = 2048;
        const qint64 ms = ended(w, token, 2000);
        QVERIFY2(ms > 300'000 && ms < 360'000, qPrintable(QString::number(ms)));
        const HostRun host = w.host(canary);
        const auto step = std::ranges::find(host.steps, token, &StepRun::token);
        QVERIFY(step != host.steps.end());
        QVERIFY2(step->outcome == outcome, qPrintable(nameOf(step->outcome) + u' ' + step->reason));
        QVERIFY(step->partlyRead);
        QCOMPARE(decideWayBack(w.rollout(), host).verdict, WayBackVerdict::Restore);
        if (outcome == StepOutcome::Done)
            return;
        QVERIFY(w.settle());
        QVERIFY2(w.host(canary).state == (half.isEmpty() ? HostRunState::InDoubt : HostRunState::HalfMigrated), qPrintable(told(w)));
    }
    void aProgressBarIsKeptAsItMoves()
    {
        // It ends no line for minutes; and what the other stream says does not go on with its line.
        EngineWorld w;
        w.fleet.pollsOfABackup = 100'000;
        w.fleet.chunk = 4096;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Backup));
        const QString token = w.host(canary).current()->token;
        const auto say = [&](QByteArray &stream, const QByteArray &words) {
            stream += words;
            for (int i = 0; i < 6; ++i)
                w.turn();
            return logOf(w, token);
        };
        QCOMPARE(say(job(w).out, "disk  10%\r"), QByteArray()); // it may be half of a line's end
        QCOMPARE(say(job(w).out, "disk  20%\r"), QByteArray("disk  10%\r"));
        QCOMPARE(say(job(w).err, "layer done\r\n"), QByteArray("disk  10%\r\nlayer done\r\n"));
        QCOMPARE(say(job(w).out, "disk  30%\rdisk 100%"), QByteArray("disk  10%\r\nlayer done\r\ndisk  20%\rdisk  30%\r"));
        job(w).pollsLeft = 0;
        QVERIFY(ended(w, token, 250) >= 0);
        QCOMPARE(logOf(w, token), QByteArray("disk  10%\r\nlayer done\r\ndisk  20%\rdisk  30%\rdisk 100%\n"));
    }
    void aSlowCheckIsNoLostLink_data()
    {
        QTest::addColumn<QString>("verb");
        QTest::addColumn<bool>("lost");
        QTest::addColumn<int>("slow");
        QTest::newRow("verify, once") << QStringLiteral("ask") << false << 1;
        QTest::newRow("verify") << QStringLiteral("ask") << false << 1000;
        QTest::newRow("verify of what was lost") << QStringLiteral("ask") << true << 1000;
        QTest::newRow("backup") << QStringLiteral("proveBackup") << false << 1000;
    }
    void aSlowCheckIsNoLostLink()
    {
        // Its host was reached and the check did not end in time: it is not asked for over and over.
        QFETCH(QString, verb);
        QFETCH(bool, lost);
        QFETCH(int, slow);
        EngineWorld w;
        const bool backup = verb == QLatin1String("proveBackup");
        planned(w, StepKind::Stop).verify = QStringList{QStringLiteral("is-stopped")};
        planned(w, StepKind::Stop).deadlineS = planned(w, StepKind::Backup).deadlineS = 600;
        int asked = 0;
        w.fleet.refusing = [&, verb, slow](const QString &what, const QString &host) {
            return what == verb && asked++ < slow ? std::optional(Error{ErrorCode::CommandTimeout, {host, what, QStringLiteral("600")}, {}, nullptr}) : std::nullopt;
        };
        QVERIFY(w.run());
        if (lost) {
            QVERIFY(under(w, StepKind::Stop));
            job(w).lost = true;
        }
        QVERIFY(w.settle());
        QCOMPARE(asked, 2);
        QVERIFY(eventsOf<ConnectionChanged>(w).isEmpty());
        QCOMPARE(w.fleet.timeouts.value(verb), 600);
        if (slow == 1) {
            QVERIFY2(w.host(canary).state == HostRunState::Upgraded, qPrintable(told(w)));
            return;
        }
        QVERIFY2(w.host(canary).state == (lost ? HostRunState::InDoubt : HostRunState::Failed), qPrintable(told(w)));
        QVERIFY2(w.host(canary).reason.contains(backup || lost ? QLatin1String("command timeout") : QLatin1String("within 600 s")), qPrintable(told(w)));
    }
    void whatALostLinkWasIsToldOnceItIsBack()
    {
        // The link is lost while an effect is asked for: the next answer says that the host is there again.
        EngineWorld w;
        planned(w, StepKind::Stop).verify = QStringList{QStringLiteral("is-stopped")};
        int left = 3;
        w.fleet.refusing = [&](const QString &what, const QString &host) {
            return what == QLatin1String("ask") && left-- > 0 ? std::optional(Error{ErrorCode::ConnectionLost, {host}, {}, nullptr}) : std::nullopt;
        };
        QVERIFY(w.run());
        QVERIFY(w.settle());
        QVERIFY(w.host(canary).connected);
        QVERIFY(w.host(canary).reason.isEmpty());
        QVERIFY2(w.host(canary).state == HostRunState::Upgraded, qPrintable(told(w)));
    }
    void anUnknownMigrationIsNotRepeatedLightly_data()
    {
        QTest::addColumn<bool>("repeatable");
        QTest::addColumn<bool>("probed");
        QTest::addColumn<bool>("there");
        QTest::addColumn<int>("starts");
        QTest::newRow("nothing promised") << false << false << false << 1;
        QTest::newRow("it took effect") << false << true << true << 1;
        QTest::newRow("it took none, nothing promised") << false << true << false << 1;
        QTest::newRow("repeatable") << true << false << false << 2;
        QTest::newRow("repeatable, it took effect") << true << true << true << 1;
        QTest::newRow("repeatable, it took none") << true << true << false << 2;
    }
    void anUnknownMigrationIsNotRepeatedLightly()
    {
        // [N-07] Its supervisor was killed with it: a bare retry is no answer, and whether it took effect is asked first.
        QFETCH(bool, repeatable);
        QFETCH(bool, probed);
        QFETCH(bool, there);
        QFETCH(int, starts);
        EngineWorld w;
        w.plan.policy.migrationsIdempotent = repeatable;
        if (probed)
            planned(w, StepKind::Migrate).probe = QStringList{QStringLiteral("is-migrated")};
        bool answer = false;
        w.fleet.asked = [&answer](const QString &, const QStringList &) { return answer; };
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        job(w).lost = true;
        QVERIFY(w.settle());
        QVERIFY2(w.host(canary).state == HostRunState::InDoubt, qPrintable(told(w)));
        QVERIFY(!w.ask(QStringLiteral("retry")));
        answer = there;
        const Reply again = w.ask(QStringLiteral("retry"), {{QStringLiteral("reason"), QStringLiteral("looked at the database")}});
        QCOMPARE(again.has_value(), repeatable || probed);
        if (!again)
            QVERIFY2(again.error().args.value(1).contains(QLatin1String("restore it")), qPrintable(again.error().args.join(u'|')));
        QVERIFY(w.settle());
        QCOMPARE(timesDone(w, QStringLiteral("start")), starts);
        const bool goesOn = there || starts == 2;
        QVERIFY2(w.host(canary).state == (goesOn ? HostRunState::Upgraded : HostRunState::InDoubt), qPrintable(told(w)));
    }
    void aStepThatWasNotBegunLeavesTheUnknownUnknown()
    {
        // [N-07] The retry found the disk full: what the run before it did is as unknown as it was.
        EngineWorld w;
        w.plan.policy.migrationsIdempotent = true;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Migrate));
        job(w).lost = true;
        QVERIFY(w.settle());
        w.fleet.refusing = [](const QString &what, const QString &host) {
            return what == QLatin1String("start") ? std::optional(Error{ErrorCode::HostDiskFull, {host}, {}, nullptr}) : std::nullopt;
        };
        QVERIFY(w.ask(QStringLiteral("retry"), {{QStringLiteral("reason"), QStringLiteral("looked at it")}}));
        QVERIFY(w.settle());
        w.fleet.refusing = nullptr;
        QVERIFY2(w.host(canary).state == HostRunState::Failed, qPrintable(told(w)));
        QVERIFY(!w.ask(QStringLiteral("retry")));
        QCOMPARE(timesDone(w, QStringLiteral("start")), 1);
    }
    void aBusyHostIsWaitedFor_data()
    {
        QTest::addColumn<QString>("whose");
        QTest::newRow("ours") << QStringLiteral("workspace-1");
        QTest::newRow("another console's") << QStringLiteral("workspace-2");
    }
    void aBusyHostIsWaitedFor()
    {
        // A step of another rollout has the slot of the machine, in the middle of this host's upgrade: its turn comes.
        QFETCH(QString, whose);
        EngineWorld w;
        const bool ours = whose == QLatin1String("workspace-1");
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Stop));
        int left = 4;
        w.fleet.refusing = [&](const QString &what, const QString &host) {
            return what == QLatin1String("start") && left-- > 0 ? std::optional(Error{ErrorCode::HostBusy, {host, QStringLiteral("r2.h0.0.3.1 of ") + whose}, {}, nullptr}) : std::nullopt;
        };
        for (int i = 0; i < 200; ++i)
            w.turn();
        QVERIFY(left < 0);
        QCOMPARE(w.rollout().pauses.contains(PauseReason::Hold), !ours);
        if (!ours)
            QVERIFY(w.ask(QStringLiteral("resume")));
        QVERIFY(w.settle());
        QVERIFY2(w.host(canary).state == HostRunState::Upgraded, qPrintable(told(w)));
        for (const StepEnded &e : eventsOf<StepEnded>(w))
            QVERIFY2(e.outcome == StepOutcome::Done, qPrintable(e.reason));
    }
    void aLostLeaseIsTakenAgain_data()
    {
        QTest::addColumn<bool>("changed");
        QTest::addColumn<bool>("abort");
        QTest::newRow("before the stop") << false << false;
        QTest::newRow("after the stop") << true << false;
        QTest::newRow("after the stop, aborted") << true << true;
    }
    void aLostLeaseIsTakenAgain()
    {
        // [fault 27] Another console had the host and has gone: a person goes on, the lease is taken again, and what was
        // measured before it is not relied upon. Nothing fails for want of a lease.
        QFETCH(bool, changed);
        QFETCH(bool, abort);
        EngineWorld w;
        QVERIFY(w.run());
        QVERIFY(under(w, changed ? StepKind::Stop : StepKind::Backup));
        FakeHost &host = w.fleet.host(canary);
        job(w).pollsLeft = 2;
        ++host.epoch;
        host.leaseOwner = QStringLiteral("ws-other");
        w.turn(20'000);
        w.turn(20'000); // a renewal finds out
        QVERIFY(w.settle());
        QVERIFY2(w.rollout().pauses.value(PauseReason::Hold).contains(canary), qPrintable(told(w)));
        QVERIFY(isBegun(w.host(canary).state));
        const QStringList before = w.fleet.effectLog;
        host.leaseOwner.clear();
        QVERIFY(w.ask(abort ? QStringLiteral("abort") : QStringLiteral("resume")));
        QVERIFY(w.settle());
        if (changed) {
            QCOMPARE(w.fleet.effectLog, before);
            QVERIFY2(w.host(canary).state == HostRunState::InDoubt, qPrintable(told(w)));
            QCOMPARE(w.rollout().isEnded(), abort);
        } else {
            QCOMPARE(timesDone(w, QStringLiteral("backup")), 2); // measured and backed up anew
            QVERIFY2(w.host(canary).state == HostRunState::Upgraded, qPrintable(told(w)));
        }
        for (const StepEnded &e : eventsOf<StepEnded>(w))
            QVERIFY2(e.outcome == StepOutcome::Done, qPrintable(e.reason));
    }
    void aStepThatWaitsForItsLeaseIsLookedAt()
    {
        // [fault 27] It was decided and its link was lost, then the lease: once that is back the host is not what it was.
        EngineWorld w;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Stop));
        FakeHost &host = w.fleet.host(canary);
        w.fleet.refusing = [](const QString &what, const QString &name) { // the next step cannot be begun yet
            return what == QLatin1String("start") ? std::optional(Error{ErrorCode::HostBusy, {name, QStringLiteral("x of workspace-1")}, {}, nullptr}) : std::nullopt;
        };
        for (int i = 0; i < 40; ++i)
            w.turn();
        ++host.epoch;
        host.leaseOwner = QStringLiteral("ws-other");
        w.fleet.refusing = nullptr;
        for (int i = 0; i < 100; ++i)
            w.turn(1000);
        QVERIFY(w.rollout().pauses.contains(PauseReason::Hold));
        QVERIFY(w.host(canary).current() && w.host(canary).current()->phase == StepPhase::Intended);
        const QStringList before = w.fleet.effectLog;
        host.leaseOwner.clear();
        QVERIFY(w.ask(QStringLiteral("resume")));
        QVERIFY(w.settle());
        QCOMPARE(w.fleet.effectLog, before);
        QVERIFY2(w.host(canary).reason.contains(QLatin1String("another console")), qPrintable(told(w)));
    }
    void aLeaseThatComesTooLateIsGivenBack()
    {
        // The next console aborts at once: the rollout has ended before the host answers.
        EngineWorld w;
        QVERIFY(w.run());
        QVERIFY(under(w, StepKind::Backup));
        QVERIFY(w.ask(QStringLiteral("pause")));
        QVERIFY(w.settle());
        w.killConsole();
        QCOMPARE(w.fleet.host(canary).leaseOwner, QStringLiteral("workspace-1"));
        w.startConsole();
        QVERIFY(w.ask(QStringLiteral("abort")));
        for (int i = 0; i < 40; ++i)
            w.turn();
        QVERIFY(w.rollout().isEnded());
        QCOMPARE(w.fleet.host(canary).leaseOwner, QString());
    }
};

QTEST_GUILESS_MAIN(TestStepFaults)
#include "tst_stepfaults.moc"
