// Events survive their way through JSON, the fold takes any order without falling over, and big fleets stay quick to decide.
#include "rollout/decide.h"
#include "rollout/gates.h"
#include "rollout/snapshot.h"
#include "rollout/wayback.h"
#include "rollout/workspace.h"
#include "story.h"

#include <QJsonDocument>
#include <QTest>

using namespace bellwether;

namespace {

template<std::size_t I = 0>
QList<EventBody> oneOfEach()
{
    if constexpr (I == std::variant_size_v<AnyEventBody>) {
        return {};
    } else {
        QList<EventBody> list{EventBody(std::in_place_index<I>)};
        return list + oneOfEach<I + 1>();
    }
}

Plan planOf(int hosts)
{
    Plan plan;
    plan.to = Version::parse(QStringLiteral("1.5.0")).value();
    plan.waves = {{QStringLiteral("Canary"), {}}, {QStringLiteral("Wave 1"), {}}};
    for (int i = 0; i < hosts; ++i) {
        PlanHost h;
        h.installation.name = QStringLiteral("h%1").arg(i, 5, 10, QLatin1Char('0'));
        h.installation.endpoint.address = QStringLiteral("10.0.0.%1").arg(i);
        h.from = Version::parse(QStringLiteral("1.4.0")).value();
        Hop hop;
        hop.from = h.from;
        hop.to = plan.to;
        Step step;
        step.name = QStringLiteral("preflight");
        step.kind = StepKind::Preflight;
        hop.steps = {step};
        h.hops = {hop};
        plan.hosts.append(h);
        plan.waves[i == 0 ? 0 : 1].hosts.append(h.installation.name);
    }
    return plan;
}

Event eventOf(qint64 seq, EventBody body, qint64 mono = 1000)
{
    Event e;
    e.seq = seq;
    e.rollout = 1;
    e.wallMs = e.monoMs = mono;
    e.body = std::move(body);
    return e;
}

RolloutStarted startOf(const Plan &plan)
{
    RolloutStarted e;
    e.plan = toJson(plan);
    e.planHash = planHash(plan);
    return e;
}

} // namespace

class TestRolloutFold : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eventsSurviveJson();
    void takesAnyEventAtAnyTime();
    void namesRollouts_data();
    void namesRollouts();
    void budgetOfAWave_data();
    void budgetOfAWave();
    void noCanaryFailureIsAllowed();
    void decidesForTwoThousandHosts();
    void aSnapshotFromTheLastOneIsTheSame_data();
    void aSnapshotFromTheLastOneIsTheSame();
};

void TestRolloutFold::eventsSurviveJson()
{
    const QList<EventBody> bodies = oneOfEach();
    QCOMPARE(std::size_t(bodies.size()), std::variant_size_v<AnyEventBody>);
    for (const EventBody &body : bodies) {
        const QJsonObject json = eventBodyToJson(body);
        const auto again = eventBodyFromJson(eventName(body), json);
        QVERIFY2(again.has_value(), qPrintable(eventName(body)));
        QCOMPARE(eventBodyToJson(*again), json);
        QCOMPARE(eventName(*again), eventName(body));
    }
    QVERIFY(!eventBodyFromJson(QStringLiteral("NoSuchEvent"), {}));
}

void TestRolloutFold::takesAnyEventAtAnyTime() // journals are data: nothing in them may bring the console down
{
    for (const bool started : {false, true}) {
        Workspace w;
        if (started)
            apply(w, eventOf(1, startOf(planOf(3))));
        for (int round = 0; round < 3; ++round)
            for (EventBody body : oneOfEach()) {
                std::visit([round](auto &e) {
                    if constexpr (requires { e.host = QString(); })
                        e.host = QStringLiteral("h0000%1").arg(round);
                    if constexpr (requires { e.wave = 1; })
                        e.wave = round - 1;
                    if constexpr (requires { e.hop = 1; })
                        e.hop = round - 1;
                }, body);
                if (std::holds_alternative<RolloutStarted>(body))
                    continue;
                apply(w, eventOf(10, body));
                for (const RolloutState &r : std::as_const(w.rollouts)) {
                    decide(r, {2000, 2000});
                    snapshotOf(r, {2000, 2000});
                }
            }
    }
}

void TestRolloutFold::namesRollouts_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("id");
    QTest::newRow("full") << "R-0142" << 142;
    QTest::newRow("short") << "r7" << 7;
    QTest::newRow("number") << "12" << 12;
    QTest::newRow("nothing") << "" << 0;
    QTest::newRow("words") << "latest" << 0;
    QTest::newRow("negative") << "-3" << 0;
}

void TestRolloutFold::namesRollouts()
{
    QFETCH(QString, text);
    QFETCH(int, id);
    QCOMPARE(rolloutIdFromName(text).value_or(0), id);
    if (id > 0)
        QCOMPARE(rolloutIdFromName(rolloutName(id)).value(), id);
}

void TestRolloutFold::budgetOfAWave_data() // more than 5 % or 2 failures, whichever is less
{
    QTest::addColumn<int>("hosts");
    QTest::addColumn<int>("allowed");
    QTest::newRow("4 hosts: none") << 4 << 0;
    QTest::newRow("20 hosts: one") << 20 << 1;
    QTest::newRow("40 hosts: two") << 40 << 2;
    QTest::newRow("400 hosts: two") << 400 << 2;
}

void TestRolloutFold::budgetOfAWave()
{
    QFETCH(int, hosts);
    QFETCH(int, allowed);
    RolloutState state;
    apply(state, eventOf(1, startOf(planOf(hosts + 1))));
    QCOMPARE(readGate(state, 1, {}).allowed, allowed);
}

void TestRolloutFold::noCanaryFailureIsAllowed()
{
    RolloutState state;
    apply(state, eventOf(1, startOf(planOf(3))));
    WaveOpened opened;
    apply(state, eventOf(2, opened));
    HostEnded failed;
    failed.host = QStringLiteral("h00000");
    failed.state = HostRunState::Failed;
    apply(state, eventOf(3, failed));
    const QList<EventBody> next = decide(state, {2000, 2000});
    QCOMPARE(next.size(), 1);
    QCOMPARE(eventName(next.first()), QStringLiteral("Paused"));
    QCOMPARE(std::get<Paused>(next.first()).reason, PauseReason::FailureBudget);
}

void TestRolloutFold::decidesForTwoThousandHosts() // I1: never more at once than the strategy says, one per machine
{
    RolloutState state;
    Plan plan = planOf(2000);
    plan.waves.removeFirst();
    plan.waves.first().hosts.prepend(QStringLiteral("h00000"));
    plan.waves.prepend({QStringLiteral("Canary"), {QStringLiteral("h00000")}});
    plan.waves[1].hosts.removeFirst();
    apply(state, eventOf(1, startOf(plan)));
    qint64 seq = 2, mono = 1000;
    qsizetype most = 0;
    for (int i = 0; i < 60; ++i) {
        for (const EventBody &body : decide(state, {mono, mono}))
            apply(state, eventOf(seq++, body, mono));
        qsizetype under = 0;
        for (const HostRun &h : std::as_const(state.hosts))
            under += isBegun(h.state);
        most = std::max(most, under);
        mono += 1000;
    }
    QVERIFY(most >= 1);
    QVERIFY(most <= state.plan.strategy.parallelLater);
}

namespace {

// Everything a window shows of the hosts, as text.
QString pictureOf(const RolloutSnapshot &snapshot)
{
    QString text = QString::fromUtf8(QJsonDocument(statusJson(snapshot)).toJson());
    for (const WaveView &wave : snapshot.waves) {
        for (const HostView &h : wave.hosts) {
            text += QStringLiteral("%1 %2 %3 %4 %5 %6\n").arg(h.name, h.healthDetail).arg(h.connected).arg(h.beganMs).arg(h.endedMs).arg(h.stepSinceMs);
            text += QString::fromUtf8(QJsonDocument(valueToJson(h.migrations).toArray()).toJson());
            for (const QList<StepView> &steps : {h.steps, h.backSteps})
                for (const StepView &step : steps)
                    text += QStringLiteral("%1 %2 %3 %4 %5\n").arg(step.token, step.name, step.state, step.reason).arg(step.endedMs);
            if (h.backup)
                text += h.backup->path + h.backup->problem;
            for (auto it = h.contentAfter.cbegin(); it != h.contentAfter.cend(); ++it)
                text += it.key() + QString::number(it.value());
        }
    }
    return text;
}

} // namespace

void TestRolloutFold::aSnapshotFromTheLastOneIsTheSame_data()
{
    QTest::addColumn<QList<Event>>("events");
    QTest::newRow("went well") << support::goodStory();
    QTest::newRow("restored") << support::restoredStory();
    QTest::newRow("hostile") << support::hostileStory();
    QTest::newRow("many hosts") << support::manyHostsStory(12);
}

void TestRolloutFold::aSnapshotFromTheLastOneIsTheSame()
{
    QFETCH(QList<Event>, events);
    const Now now{1'790'000'900'000, 900'000};
    Workspace workspace;
    QMap<int, std::shared_ptr<RolloutSnapshot>> last;
    qint64 seq = 0;
    const auto check = [&](const char *where) {
        for (const RolloutState &state : std::as_const(workspace.rollouts)) {
            std::shared_ptr<RolloutSnapshot> &before = last[state.id];
            auto fresh = std::make_shared<RolloutSnapshot>(snapshotOf(state, now, before.get()));
            QVERIFY2(pictureOf(*fresh) == pictureOf(snapshotOf(state, now)), where);
            before = fresh;
            for (const HostRun &h : state.hosts)
                QCOMPARE(hasWayBack(state, h), decideWayBack(state, h).verdict != WayBackVerdict::None);
        }
    };
    for (Event event : std::as_const(events)) {
        event.seq = ++seq;
        apply(workspace, event);
        check(qPrintable(eventName(event.body)));
    }
    QVERIFY(!last.isEmpty());
    // events about the whole, and a console that begins after the last event of the rollout
    const int rollout = last.lastKey();
    Paused paused;
    paused.reason = PauseReason::Operator;
    ConnectionChanged lost;
    lost.host = workspace.rollouts[rollout].hosts.firstKey();
    lost.connected = false;
    LeaseTaken lease;
    lease.host = lost.host;
    lease.machine = workspace.rollouts[rollout].plan.host(lost.host)->installation.endpoint.machine();
    lease.epoch = 3;
    AbortRequested abort;
    for (const EventBody &body : QList<EventBody>{lease, lost, paused, ConsoleStarted{}, RolloutResumed{}, abort}) {
        Event event = eventOf(++seq, body);
        event.rollout = std::holds_alternative<ConsoleStarted>(body) ? 0 : rollout;
        apply(workspace, event);
        check(qPrintable(eventName(event.body)));
    }
}

QTEST_GUILESS_MAIN(TestRolloutFold)
#include "tst_rolloutfold.moc"
