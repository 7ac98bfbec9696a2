// Verdicts on steps that measure: what cannot be known is never a pass, whatever a host prints.
#include "rollout/judge.h"

#include <QTest>

#include <functional>
#include <limits>

using namespace bellwether;

namespace {

const QString name = QStringLiteral("demo-01"), token = QStringLiteral("r1.h0.0.0.1");

Version version(const char *text)
{
    return Version::parse(QString::fromLatin1(text)).value();
}

// A rollout from 1.4.0 to 1.5.0 whose only host stands in a step of this kind.
RolloutState stateIn(StepKind kind, Direction direction = Direction::Forward)
{
    RolloutState state;
    state.id = 1;
    PlanHost planned;
    planned.installation.name = name;
    planned.from = version("1.4.0");
    planned.probes.ledger.argv = {QStringLiteral("bin/ledger")};
    planned.probes.storage.argv = {QStringLiteral("bin/storage")};
    planned.probes.content.argv = {QStringLiteral("bin/content")};
    Hop hop;
    hop.from = planned.from;
    hop.to = version("1.5.0");
    hop.schema = SchemaChange::Rewriting;
    hop.migrations = {QStringLiteral("m2")};
    planned.hops = {hop};
    state.plan.hosts = {planned};
    state.plan.to = hop.to;
    HostRun host;
    host.name = name;
    host.direction = direction;
    StepRun run;
    run.token = token;
    run.kind = kind;
    run.direction = direction;
    run.phase = StepPhase::Started;
    host.steps = {run};
    host.measuredToken = token;
    state.hosts.insert(name, host);
    return state;
}

HostFacts factsOf(const char *running, const QStringList &ledger)
{
    HostFacts f;
    f.reachable = true;
    f.version = version(running);
    f.health = Health::Ok;
    f.ledger = Ledger{ledger, {}};
    f.diskFree = 10'000;
    f.databaseSize = 1000;
    f.content = {{QStringLiteral("rows"), 5}};
    return f;
}

using Change = std::function<void(HostFacts &)>;

} // namespace

class TestJudge : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void preflight_data();
    void preflight();
    void check_data();
    void check();
    void checkOnTheWayBack_data();
    void checkOnTheWayBack();
    void anUnmeasuredVersionIsNotHealthy_data();
    void anUnmeasuredVersionIsNotHealthy();
    void aSleepingConsoleWatchedNothing();
    void valuesAreNotLookedIntoAgain();
};

void TestJudge::preflight_data()
{
    QTest::addColumn<QString>("running");
    QTest::addColumn<QStringList>("ledger");
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("verdict"); // done, there, or a part of the reason
    const QStringList before{QStringLiteral("m1")}, after{QStringLiteral("m1"), QStringLiteral("m2")};
    const auto row = [](const char *title, const char *running, const QStringList &ledger, const char *verdict, Change change = [](HostFacts &) {}) {
        QTest::newRow(title) << QString::fromLatin1(running) << ledger << change << QString::fromLatin1(verdict);
    };
    row("as planned", "1.4.0", before, "done");
    row("build metadata is no other version", "1.4.0+7", before, "done");
    row("already there", "1.5.0", after, "there");
    row("already there, with build metadata", "1.5.0+7", after, "there");
    row("[AS-14] says it is there, its database is not", "1.5.0", before, "m2");
    row("says it is there, its ledger is not readable", "1.5.0", after, "ledger", [](HostFacts &f) { f.ledger.reset(); });
    row("newer", "1.6.0", after, "newer");
    row("[fault 37] no way to read", "1.4.0", before, "it has no tail", [](HostFacts &f) { f.lackingPrograms = QStringLiteral("tail"); });
    row("[OPS-10] no way to be root", "1.4.0", before, "cannot run as root: no sudo", [](HostFacts &f) { f.sudoProblem = QStringLiteral("no sudo"); });
    row("[PI-02] unhealthy", "1.4.0", before, "unhealthy", [](HostFacts &f) { f.health = Health::Unhealthy; });
    row("[AS-04] too little space", "1.4.0", before, "bytes free", [](HostFacts &f) { f.diskFree = 1199; });
    row("[AS-04] space that cannot be measured", "1.4.0", before, "free space", [](HostFacts &f) { f.diskFree.reset(); });
    row("[AS-04] a size that no disk has", "1.4.0", before, "bytes free", [](HostFacts &f) { f.databaseSize = std::numeric_limits<qint64>::max(); });
    row("[N-02] a ledger that cannot be read", "1.4.0", before, "ledger could not be read", [](HostFacts &f) { f.ledger.reset(); });
    row("[PI-18] content that cannot be counted", "1.4.0", before, "content could not be counted", [](HostFacts &f) {
        f.content.clear();
        f.problems = {QStringLiteral("content: it did not answer within 20 s")};
    });
    row("content that counts nothing, another probe failed", "1.4.0", before, "done", [](HostFacts &f) {
        f.content.clear();
        f.problems = {QStringLiteral("last backup: exit status 1")};
    });
    row("[N-02] half-migrated by somebody else", "1.4.0", before, "half-migrated", [](HostFacts &f) { f.ledger->halfMigrated = QStringLiteral("m9"); });
}

void TestJudge::preflight()
{
    QFETCH(QString, running);
    QFETCH(QStringList, ledger);
    QFETCH(Change, change);
    QFETCH(QString, verdict);
    RolloutState state = stateIn(StepKind::Preflight);
    HostFacts facts = factsOf(running.toLatin1().constData(), ledger);
    change(facts);
    state.hosts[name].factsBefore.insert(0, facts);
    const Judgement j = judge(state, state.hosts[name], {1000, 1000});
    QVERIFY(j.decided);
    if (verdict == QLatin1String("done") || verdict == QLatin1String("there")) {
        QVERIFY2(j.outcome == StepOutcome::Done, qPrintable(j.reason));
        QCOMPARE(j.alreadyThere, verdict == QLatin1String("there"));
    } else {
        QCOMPARE(j.outcome, StepOutcome::Failed);
        QVERIFY2(j.reason.contains(verdict), qPrintable(j.reason));
    }
}

void TestJudge::check_data()
{
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("reason");
    const auto row = [](const char *title, const char *reason, Change change) { QTest::newRow(title) << change << QString::fromLatin1(reason); };
    row("as planned", "", [](HostFacts &) {});
    row("with build metadata", "", [](HostFacts &f) { f.version = version("1.5.0+7"); });
    row("[N-12] the ledger cannot be read", "ledger could not be read", [](HostFacts &f) { f.ledger.reset(); });
    row("[PI-07] a migration is not in the ledger", "m2", [](HostFacts &f) { f.ledger->applied = {QStringLiteral("m1")}; });
    row("the ledger lost one", "lost m1", [](HostFacts &f) { f.ledger->applied = {QStringLiteral("m2")}; });
    row("[N-02] half-migrated", "did not finish", [](HostFacts &f) { f.ledger->halfMigrated = QStringLiteral("m2"); });
    row("[PI-18] [PD-11] healthy but empty", "fell from 5 to 0", [](HostFacts &f) { f.content[QStringLiteral("rows")] = 0; });
    row("[PI-18] no longer counted", "no longer be counted", [](HostFacts &f) { f.content.clear(); });
    row("the old version answers", "1.5.0 should run", [](HostFacts &f) { f.version = version("1.4.0"); });
}

void TestJudge::check() // [fault 43]
{
    QFETCH(Change, change);
    QFETCH(QString, reason);
    RolloutState state = stateIn(StepKind::Check);
    HostRun &host = state.hosts[name];
    host.factsBefore.insert(0, factsOf("1.4.0", {QStringLiteral("m1")}));
    HostFacts facts = factsOf("1.5.0", {QStringLiteral("m1"), QStringLiteral("m2")});
    change(facts);
    host.factsAfter.insert(0, facts);
    const Judgement j = judge(state, host, {1000, 1000});
    QVERIFY(j.decided);
    QVERIFY2(j.reason.contains(reason), qPrintable(j.reason));
    QCOMPARE(j.outcome == StepOutcome::Done, reason.isEmpty());
}

void TestJudge::checkOnTheWayBack_data()
{
    QTest::addColumn<Direction>("direction");
    QTest::addColumn<Change>("change");
    QTest::addColumn<bool>("good");
    const auto row = [](const char *title, Direction direction, bool good, Change change) { QTest::newRow(title) << direction << change << good; };
    row("restored", Direction::Restore, true, [](HostFacts &) {});
    row("[PI-11] restored, the ledger cannot be read", Direction::Restore, false, [](HostFacts &f) { f.ledger.reset(); });
    row("[PI-11] restored, the ledger is not as before", Direction::Restore, false, [](HostFacts &f) { f.ledger->applied.append(QStringLiteral("m2")); });
    row("restored, half-migrated", Direction::Restore, false, [](HostFacts &f) { f.ledger->halfMigrated = QStringLiteral("m2"); });
    row("[N-04] restored, rows are missing", Direction::Restore, false, [](HostFacts &f) { f.content[QStringLiteral("rows")] = 4; });
    row("by the version, an additive patch stays", Direction::TagOnly, true, [](HostFacts &f) { f.ledger->applied.append(QStringLiteral("m2")); });
    row("by the version, the ledger lost one", Direction::TagOnly, false, [](HostFacts &f) { f.ledger->applied.clear(); });
}

void TestJudge::checkOnTheWayBack()
{
    QFETCH(Direction, direction);
    QFETCH(Change, change);
    QFETCH(bool, good);
    RolloutState state = stateIn(StepKind::Check, direction);
    HostRun &host = state.hosts[name];
    host.factsBefore.insert(0, factsOf("1.4.0", {QStringLiteral("m1")}));
    HostFacts facts = factsOf("1.4.0", {QStringLiteral("m1")});
    change(facts);
    host.factsBack = facts;
    const Judgement j = judge(state, host, {1000, 1000});
    QVERIFY(j.decided);
    QVERIFY2((j.outcome == StepOutcome::Done) == good, qPrintable(j.reason));
}

namespace {

void observe(RolloutState &state, qint64 mono, const char *running)
{
    HealthObserved b;
    b.host = name;
    b.health = Health::Ok;
    b.version = QString::fromLatin1(running);
    Event e;
    e.rollout = 1;
    e.wallMs = e.monoMs = mono;
    e.body = b;
    apply(state, e);
}

} // namespace

void TestJudge::anUnmeasuredVersionIsNotHealthy_data()
{
    QTest::addColumn<QString>("running");
    QTest::addColumn<bool>("healthy");
    QTest::newRow("the target") << "1.5.0" << true;
    QTest::newRow("the target with build metadata") << "1.5.0+7" << true;
    QTest::newRow("the old one answers") << "1.4.0" << false;
    QTest::newRow("it cannot be measured") << "" << false;
}

void TestJudge::anUnmeasuredVersionIsNotHealthy() // [fault 43]
{
    QFETCH(QString, running);
    QFETCH(bool, healthy);
    RolloutState state = stateIn(StepKind::Health);
    for (qint64 mono = 1000; mono <= 100'000; mono += 3000)
        observe(state, mono, running.toLatin1().constData());
    const Judgement j = judge(state, state.hosts[name], {100'000, 100'000});
    QCOMPARE(j.decided && j.outcome == StepOutcome::Done, healthy);
    // Nobody has looked for five minutes: what does not hold already waits for the next look.
    QCOMPARE(judge(state, state.hosts[name], {400'000, 400'000}).decided, healthy);
    for (qint64 mono = 100'000; mono <= 400'000; mono += 3000)
        observe(state, mono, running.toLatin1().constData());
    const Judgement late = judge(state, state.hosts[name], {400'000, 400'000});
    QVERIFY(late.decided);
    QCOMPARE(late.outcome == StepOutcome::Done, healthy);
}

void TestJudge::aSleepingConsoleWatchedNothing() // [N-07] [fault 11] a laptop that slept through the bake
{
    RolloutState state = stateIn(StepKind::Health);
    observe(state, 1000, "1.5.0");
    observe(state, 61'000, "1.5.0"); // as far apart as the watch records under a gate
    QCOMPARE(state.hosts[name].health.sinceMono, 1000);
    observe(state, 61'000 + 3'600'000, "1.5.0");
    QCOMPARE(state.hosts[name].health.sinceMono, 61'000 + 3'600'000);
    QCOMPARE(state.hosts[name].health.checks, 1);
}

void TestJudge::valuesAreNotLookedIntoAgain() // [S7] ${backup} belongs to the shell; a value is text
{
    RolloutState state = stateIn(StepKind::Guard);
    Hop &hop = state.plan.hosts[0].hops[0];
    hop.backupPath = QStringLiteral("/b/{rollout}-{confirmed-domain}");
    Step step;
    step.argv = {QStringLiteral("sh"), QStringLiteral("-c"), QStringLiteral("echo \"${backup}\""), QStringLiteral("sh"), QStringLiteral("{backup}")};
    hop.steps = {step};
    state.hosts[name].confirmedDomain = QStringLiteral("a.example");
    const Step resolved = stepAt(state, state.hosts[name], Direction::Forward, 0, 0);
    QCOMPARE(resolved.argv[2], step.argv[2]);
    QCOMPARE(resolved.argv[4], QStringLiteral("/b/R-0001-{confirmed-domain}"));
}

QTEST_GUILESS_MAIN(TestJudge)
#include "tst_judge.moc"
