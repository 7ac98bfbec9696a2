// What the fold decides by itself where an error would cost most: going back, opening waves, and what an abort leaves.
#include "rollout/decide.h"
#include "rollout/gates.h"

#include <QTest>

using namespace bellwether;

namespace {

const QString canary = QStringLiteral("a"), other = QStringLiteral("b");

Step step(const char *name, StepKind kind, bool safe = false)
{
    Step s;
    s.name = QString::fromLatin1(name);
    s.kind = kind;
    s.safe = safe;
    return s;
}

// Two hosts, one the canary, through the versions given; a stop alone is a safe point before it.
Plan planThrough(const QStringList &versions)
{
    Plan plan;
    plan.to = Version::parse(versions.last()).value();
    plan.waves = {{QStringLiteral("Canary"), {canary}}, {QStringLiteral("Wave 1"), {other}}};
    plan.strategy.manualGate = false;
    for (const QString &name : {canary, other}) {
        PlanHost h;
        h.installation.name = name;
        h.installation.endpoint.address = QStringLiteral("192.0.2.") + (name == canary ? u'1' : u'2');
        h.from = Version::parse(versions.first()).value();
        for (int i = 1; i < versions.size(); ++i) {
            Hop hop;
            hop.from = Version::parse(versions[i - 1]).value();
            hop.to = Version::parse(versions[i]).value();
            hop.schema = SchemaChange::None;
            hop.steps = {step("preflight", StepKind::Preflight), step("pull", StepKind::Pull), step("stop", StepKind::Stop, true), step("start", StepKind::Start)};
            hop.tagOnly = {step("stop", StepKind::Stop), step("start", StepKind::Start)};
            h.hops.append(hop);
        }
        plan.hosts.append(h);
    }
    return plan;
}

// The canary, so many hosts in the first wave, two in the second.
Plan planOfThreeWaves(int inTheFirst)
{
    Plan plan = planThrough({QStringLiteral("1.4.0"), QStringLiteral("1.5.0")});
    const PlanHost sketch = plan.hosts.takeLast();
    plan.waves[1].hosts.clear();
    plan.waves.append({QStringLiteral("Wave 2"), {}});
    for (int i = 0; i < inTheFirst + 2; ++i) {
        const int wave = i < inTheFirst ? 1 : 2;
        PlanHost host = sketch;
        host.installation.name = QStringLiteral("w%1-%2").arg(wave).arg(i, 2, 10, QLatin1Char('0'));
        host.installation.endpoint.address = QStringLiteral("192.0.2.%1").arg(10 + i);
        plan.waves[wave].hosts.append(host.installation.name);
        plan.hosts.append(host);
    }
    return plan;
}

struct World {
    RolloutState state;
    qint64 seq = 0, at = 1'000'000; // both clocks

    explicit World(const Plan &plan, bool autoPromote = false)
    {
        RolloutStarted e;
        e.plan = toJson(plan);
        e.options.autoPromote = autoPromote;
        put(e);
        put(WaveOpened{});
    }
    void put(EventBody body)
    {
        Event e;
        e.seq = ++seq;
        e.rollout = 1;
        e.actor = QStringLiteral("tester");
        e.wallMs = e.monoMs = at;
        e.body = std::move(body);
        if (concernsEveryRollout(eventName(e.body)))
            applyToEvery(state, e);
        else
            apply(state, e);
    }
    const HostRun &host(const QString &name) const { return state.hosts.find(name).value(); }
    QList<EventBody> next() const { return decide(state, {at, at}); }
    // Decides until there is nothing more to decide; the names of what was.
    QStringList goOn()
    {
        QStringList names;
        for (QList<EventBody> bodies = next(); !bodies.isEmpty() && names.size() < 100; bodies = next())
            for (const EventBody &body : bodies) {
                names.append(eventName(body));
                put(body);
            }
        return names;
    }
    void begin(const QString &name, int hop = 0, bool withLease = true)
    {
        HostBegun begun;
        begun.host = name;
        begun.hop = hop;
        put(begun);
        if (!withLease)
            return;
        LeaseTaken lease;
        lease.host = name;
        lease.machine = state.plan.host(name)->installation.endpoint.machine();
        lease.epoch = 7;
        put(lease);
    }
    // The steps up to `count` are done, the ones behind it not yet intended.
    void carryOut(const QString &name, int hop, int count)
    {
        for (int i = 0; i < count; ++i) {
            intend(name, hop, i);
            StepStarted started;
            started.host = name;
            started.token = host(name).current()->token;
            put(started);
            end(name, StepOutcome::Done);
        }
    }
    void intend(const QString &name, int hop, int index)
    {
        StepIntended e;
        e.host = name;
        e.hop = hop;
        e.index = index;
        const Step &s = state.plan.host(name)->hops[hop].steps[index];
        e.step = s.name;
        e.kind = s.kind;
        e.token = QStringLiteral("%1.%2.%3.%4").arg(name).arg(hop).arg(index).arg(seq);
        put(e);
    }
    void end(const QString &name, StepOutcome outcome)
    {
        StepEnded e;
        e.host = name;
        e.token = host(name).current()->token;
        e.outcome = outcome;
        put(e);
    }
    void endHost(const QString &name, HostRunState as, int hop = 0)
    {
        HostEnded e;
        e.host = name;
        e.state = as;
        e.hop = hop;
        put(e);
    }
    void healthy(const QString &name, qint64 forMs) { healthy(QStringList{name}, forMs); }
    void healthy(const QStringList &names, qint64 forMs)
    {
        for (qint64 until = at + forMs; at < until; at += 3000)
            for (const QString &name : names) {
                HealthObserved e;
                e.host = name;
                e.health = Health::Ok;
                e.version = targetOf(state, host(name)).toString();
                put(e);
            }
    }
};

template<class T>
const T *firstOf(const QList<EventBody> &bodies)
{
    for (const EventBody &body : bodies)
        if (const T *found = std::get_if<T>(&body))
            return found;
    return nullptr;
}

} // namespace

class TestDecide : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void goesBackByItselfOnlyAtOnce_data();
    void goesBackByItselfOnlyAtOnce();
    void withoutACanaryAPersonOpensTheNextWave_data();
    void withoutACanaryAPersonOpensTheNextWave();
    void anAbortEndsWhatNobodyCanBegin_data();
    void anAbortEndsWhatNobodyCanBegin();
    void anAbortNamesWhatItLeavesBetweenVersions_data();
    void anAbortNamesWhatItLeavesBetweenVersions();
    void theWayBackOutlivesAStepThatNobodyAskedFor();
    void whatIsLeftInDoubtIsTheBudgets_data();
    void whatIsLeftInDoubtIsTheBudgets();
};

void TestDecide::goesBackByItselfOnlyAtOnce_data()
{
    QTest::addColumn<qint64>("later");
    QTest::addColumn<bool>("held");
    QTest::addColumn<bool>("automatic");
    QTest::newRow("[N-01] when it fails") << qint64(0) << false << true;
    QTest::newRow("on a busy console") << qint64(20'000) << false << true;
    QTest::newRow("[N-02] after a release: somebody may have migrated it by hand") << qint64(600'000) << true << false;
    QTest::newRow("[N-02] after the journal had stopped everything") << qint64(600'000) << false << false;
    QTest::newRow("the wall clock was set back") << qint64(-5000) << false << false;
}

void TestDecide::goesBackByItselfOnlyAtOnce()
{
    QFETCH(qint64, later);
    QFETCH(bool, held);
    QFETCH(bool, automatic);
    Plan plan = planThrough({QStringLiteral("1.4.0"), QStringLiteral("1.4.1")});
    plan.strategy.autoRollback = AutoRollback::Patch;
    World w(plan);
    w.begin(canary);
    w.carryOut(canary, 0, 4);
    if (held)
        w.put(EverythingStopped{});
    WayBackDecided way;
    way.host = canary;
    way.way.verdict = WayBackVerdict::TagOnly;
    way.way.rule = 2;
    w.endHost(canary, HostRunState::Failed);
    w.put(way);
    if (held)
        QVERIFY(!firstOf<RollbackConfirmed>(w.next()));
    w.at += later;
    if (held)
        w.put(EverythingReleased{});
    const QList<EventBody> next = w.next();
    const auto *confirmed = firstOf<RollbackConfirmed>(next);
    QCOMPARE(confirmed != nullptr, automatic);
    if (confirmed)
        QVERIFY(confirmed->automatic && confirmed->hosts == QStringList{canary});
}

void TestDecide::withoutACanaryAPersonOpensTheNextWave_data()
{
    QTest::addColumn<HostRunState>("ended");
    QTest::addColumn<bool>("manualGate");
    QTest::addColumn<bool>("autoPromote");
    QTest::addColumn<bool>("opens");
    QTest::newRow("upgraded, no gate") << HostRunState::Upgraded << false << false << true;
    QTest::newRow("upgraded, promotes itself") << HostRunState::Upgraded << true << true << true;
    QTest::newRow("upgraded, a person promotes") << HostRunState::Upgraded << true << false << false;
    QTest::newRow("it had been there already") << HostRunState::AlreadyThere << false << false << true;
    QTest::newRow("[PD-03] left out, no gate") << HostRunState::Excluded << false << false << false;
    QTest::newRow("[PD-03] left out, promotes itself") << HostRunState::Excluded << true << true << false;
    QTest::newRow("[PD-03] left out, a person promotes") << HostRunState::Excluded << true << false << false;
}

void TestDecide::withoutACanaryAPersonOpensTheNextWave()
{
    QFETCH(HostRunState, ended);
    QFETCH(bool, manualGate);
    QFETCH(bool, autoPromote);
    QFETCH(bool, opens);
    Plan plan = planThrough({QStringLiteral("1.4.0"), QStringLiteral("1.5.0")});
    plan.strategy.manualGate = manualGate;
    plan.strategy.bakeCanaryS = 30;
    World w(plan, autoPromote);
    w.begin(canary);
    w.endHost(canary, ended);
    if (ended == HostRunState::Upgraded)
        w.healthy(canary, 60'000);
    const QStringList decided = w.goOn();
    QCOMPARE(decided.contains(QLatin1String("GatePassed")), opens);
    QCOMPARE(w.state.pauses.contains(PauseReason::ApprovalNeeded), !opens);
    if (opens)
        return;
    const bool proven = ended == HostRunState::Upgraded;
    QVERIFY2(w.state.waves[0].gateReason.startsWith(QLatin1String("everything holds")) == proven, qPrintable(w.state.waves[0].gateReason));
    for (const GateCondition &condition : std::as_const(w.state.waves[0].conditions))
        if (condition.key == QLatin1String("upgraded"))
            QCOMPARE(nameOf(condition.verdict), proven ? QStringLiteral("pass") : QStringLiteral("inconclusive"));
    OperatorRequest promote;
    promote.verb = Verb::Promote;
    const auto answered = answer(w.state, promote, {w.at, w.at});
    QVERIFY(answered.has_value());
    for (const EventBody &body : *answered)
        w.put(body);
    QVERIFY(w.goOn().contains(QLatin1String("GatePassed")));
    QVERIFY(w.state.waves[0].passed);
}

void TestDecide::anAbortEndsWhatNobodyCanBegin_data()
{
    QTest::addColumn<int>("steps");
    QTest::addColumn<bool>("ends");
    QTest::newRow("[OPS-03] begun, and another console's hold keeps its lease") << 0 << true;
    QTest::newRow("the same after its pull") << 2 << true;
    QTest::newRow("what is stopped goes on to its end") << 3 << false;
}

void TestDecide::anAbortEndsWhatNobodyCanBegin()
{
    QFETCH(int, steps);
    QFETCH(bool, ends);
    World w(planThrough({QStringLiteral("1.4.0"), QStringLiteral("1.5.0")}));
    w.begin(canary, 0, false);
    w.carryOut(canary, 0, steps);
    QVERIFY(w.goOn().isEmpty()); // the engine is taking the lease
    w.put(AbortRequested{});
    w.goOn();
    QCOMPARE(w.state.isEnded(), ends);
    if (!ends)
        return;
    QCOMPARE(nameOf(w.host(canary).state), QStringLiteral("excluded"));
    QCOMPARE(nameOf(w.state.lifecycle), QStringLiteral("aborted"));
}

void TestDecide::anAbortNamesWhatItLeavesBetweenVersions_data()
{
    QTest::addColumn<QString>("where");
    for (const char *where : {"upgraded to the first", "waiting for the second", "at rest before the second", "without a lease", "deferred", "its pull is cancelled"})
        QTest::newRow(where) << QString::fromLatin1(where);
}

void TestDecide::anAbortNamesWhatItLeavesBetweenVersions() // [N-03]
{
    QFETCH(QString, where);
    World w(planThrough({QStringLiteral("1.4.0"), QStringLiteral("1.5.0"), QStringLiteral("1.6.0")}));
    w.begin(canary);
    w.carryOut(canary, 0, 4);
    w.endHost(canary, HostRunState::Upgraded);
    if (where != QLatin1String("upgraded to the first")) {
        WaveOpened second;
        second.hop = 1;
        w.put(second);
        QCOMPARE(w.host(canary).hop, 1);
    }
    if (where == QLatin1String("at rest before the second")) {
        w.begin(canary, 1);
        w.carryOut(canary, 1, 2);
    } else if (where == QLatin1String("without a lease")) {
        w.begin(canary, 1, false);
    } else if (where == QLatin1String("deferred")) {
        w.endHost(canary, HostRunState::Deferred, 1);
    } else if (where == QLatin1String("its pull is cancelled")) {
        w.begin(canary, 1);
        w.carryOut(canary, 1, 1);
        w.intend(canary, 1, 1);
    }
    w.put(AbortRequested{});
    if (w.host(canary).current())
        w.end(canary, StepOutcome::Cancelled);
    w.goOn();
    QCOMPARE(nameOf(w.host(canary).state), QStringLiteral("failed"));
    QVERIFY2(w.host(canary).reason.contains(QLatin1String("left on 1.5.0")) && w.host(canary).reason.contains(QLatin1String("1.6.0")), qPrintable(w.host(canary).reason));
    QVERIFY(w.host(canary).way.has_value());
    QCOMPARE(w.host(canary).way->hop, 0);
    QVERIFY(w.host(canary).way->verdict != WayBackVerdict::None);
    QCOMPARE(nameOf(w.state.lifecycle), QStringLiteral("failed"));
    QCOMPARE(nameOf(w.host(other).state), QStringLiteral("waiting"));
    QVERIFY(permission(w.state, Verb::Rollback).hosts.contains(canary));
}

void TestDecide::theWayBackOutlivesAStepThatNobodyAskedFor() // [PI-10] its host refused the next console, and the rollout was given up
{
    World w(planThrough({QStringLiteral("1.4.0"), QStringLiteral("1.5.0")}));
    w.begin(canary);
    w.carryOut(canary, 0, 3);
    w.intend(canary, 0, 3);
    w.endHost(canary, HostRunState::InDoubt);
    QVERIFY(w.host(canary).current());
    w.goOn();
    QVERIFY(!permission(w.state, Verb::Rollback).allowed); // what became of it may still be asked for
    w.put(AbortRequested{});
    const QStringList decided = w.goOn();
    QCOMPARE(decided.last(), QStringLiteral("RolloutEnded"));
    QVERIFY(w.state.isEnded());
    QVERIFY(!w.host(canary).current());
    QCOMPARE(nameOf(w.host(canary).last()->outcome), QStringLiteral("in-doubt"));
    const Permission back = permission(w.state, Verb::Rollback);
    QVERIFY2(back.allowed && back.hosts == QStringList{canary}, qPrintable(back.reason));
}

void TestDecide::whatIsLeftInDoubtIsTheBudgets_data()
{
    QTest::addColumn<int>("hosts");
    QTest::addColumn<double>("budgetPercent");
    QTest::addColumn<bool>("isLeftBehind");
    QTest::newRow("one of twenty, 5 % may fail") << 20 << 5.0 << true;
    QTest::newRow("one of ten, 5 % may fail") << 10 << 5.0 << false;
    QTest::newRow("one of twenty, none may fail") << 20 << 0.0 << false;
}

// A host in doubt takes no slot of the hosts at once (model/README.md): only the budget lets a gate leave it behind, and the rollout
// does not end before a person has settled it.
void TestDecide::whatIsLeftInDoubtIsTheBudgets() // [N-07]
{
    QFETCH(int, hosts);
    QFETCH(double, budgetPercent);
    QFETCH(bool, isLeftBehind);
    Plan plan = planOfThreeWaves(hosts);
    plan.strategy.budgetPercent = budgetPercent;
    plan.strategy.parallel = plan.strategy.parallelLater = 1;
    plan.strategy.bakeCanaryS = plan.strategy.bakeWaveS = 30;
    World w(plan);
    w.begin(canary);
    w.endHost(canary, HostRunState::Upgraded);
    w.healthy(canary, 60'000);
    w.goOn();
    QVERIFY(w.state.waves[0].passed);

    QStringList upgraded = plan.waves[1].hosts;
    const QString doubtful = upgraded.takeFirst();
    w.endHost(doubtful, HostRunState::InDoubt);
    for (const QString &name : std::as_const(upgraded))
        w.endHost(name, HostRunState::Upgraded);
    w.healthy(upgraded, 60'000);
    w.goOn();
    const QStringList later = plan.waves[2].hosts;
    QCOMPARE(w.state.waves[1].passed, isLeftBehind);
    QCOMPARE(w.state.waves[2].opened, isLeftBehind);
    QCOMPARE(w.state.pauses.contains(PauseReason::FailureBudget), !isLeftBehind);
    QCOMPARE(isBegun(w.host(later[0]).state), isLeftBehind);
    QCOMPARE(nameOf(w.host(later[1]).state), QStringLiteral("waiting")); // one at a time
    if (!isLeftBehind)
        return;

    for (const QString &name : later)
        w.endHost(name, HostRunState::Upgraded);
    w.healthy(later, 60'000);
    w.goOn();
    QVERIFY(w.state.waves[2].passed);
    QVERIFY(!w.state.isEnded());
    QVERIFY2(w.state.pauses.value(PauseReason::GateFailed).contains(doubtful), qPrintable(w.state.pauses.value(PauseReason::GateFailed)));
    QCOMPARE(permission(w.state, Verb::Retry).hosts, QStringList{doubtful});
}

QTEST_GUILESS_MAIN(TestDecide)
#include "tst_decide.moc"
