// The way back, from evidence and nothing else: one row per rule and per way of not knowing.
#include "rollout/wayback.h"

#include <QTest>

using namespace bellwether;

namespace {

struct World {
    RolloutState state;
    HostRun host;
};

World worldOf(const QString &to, SchemaChange schema, const QStringList &declared)
{
    World w;
    PlanHost planned;
    planned.installation.name = QStringLiteral("demo-01");
    planned.from = Version::parse(QStringLiteral("1.4.0")).value();
    Hop hop;
    hop.from = planned.from;
    hop.to = Version::parse(to).value();
    hop.schema = schema;
    hop.migrations = declared;
    planned.hops = {hop};
    w.state.plan.hosts = {planned};
    w.state.plan.to = hop.to;
    w.host.name = planned.installation.name;
    return w;
}

void ran(World &w, StepKind kind)
{
    StepRun run;
    run.kind = kind;
    run.phase = StepPhase::Ended;
    run.token = QStringLiteral("r1.h0.0.4.1");
    w.host.steps.append(run);
}

HostFacts factsWith(const QStringList &applied)
{
    HostFacts f;
    f.ledger = Ledger{applied, {}};
    return f;
}

} // namespace

class TestWayBack : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isDecidedFromEvidence_data();
    void isDecidedFromEvidence();
    void lossCountsFromTheStartOfTheBackup();
    void logAndLedgerMustAgree();
    void betweenTwoHopsTheFirstCanBeTakenBack();
};

void TestWayBack::isDecidedFromEvidence_data()
{
    QTest::addColumn<QString>("to");
    QTest::addColumn<SchemaChange>("schema");
    QTest::addColumn<QStringList>("declared");
    QTest::addColumn<bool>("started");
    QTest::addColumn<QString>("before"); // "-" unknown, else names by comma
    QTest::addColumn<QString>("after");
    QTest::addColumn<QString>("half");
    QTest::addColumn<bool>("patchKeepsData");
    QTest::addColumn<WayBackVerdict>("verdict");
    QTest::addColumn<int>("rule");

    const auto tag = WayBackVerdict::TagOnly, restore = WayBackVerdict::Restore;
    const QStringList one{QStringLiteral("m2")};
    auto row = [](const char *name, const char *to, SchemaChange schema, const QStringList &declared, bool started, const char *before, const char *after,
                  const char *half, bool keeps, WayBackVerdict verdict, int rule) {
        QTest::newRow(name) << QString::fromLatin1(to) << schema << declared << started << QString::fromLatin1(before) << QString::fromLatin1(after)
                            << QString::fromLatin1(half) << keeps << verdict << rule;
    };
    row("[N-01] [PI-11] never started: tag", "1.5.0", SchemaChange::Destructive, one, false, "m1", "-", "", true, tag, 1);
    row("[N-01] same ledger, no schema change: tag", "1.5.2", SchemaChange::None, {}, true, "m1", "m1", "", true, tag, 2);
    row("[CS-09] additive patch: tag", "1.4.1", SchemaChange::Additive, one, true, "m1", "m1,m2", "", true, tag, 3);
    row("[CS-09] additive patch, profile forbids: restore", "1.4.1", SchemaChange::Additive, one, true, "m1", "m1,m2", "", false, restore, 4);
    row("[AS-10] additive minor: restore", "1.5.0", SchemaChange::Additive, one, true, "m1", "m1,m2", "", true, restore, 4);
    row("undeclared migration in a patch: restore", "1.4.1", SchemaChange::Additive, one, true, "m1", "m1,m2,m3", "", true, restore, 4);
    row("[CS-09] destructive patch: restore", "1.4.1", SchemaChange::Destructive, one, true, "m1", "m1,m2", "", true, restore, 4);
    row("[N-02] [AS-08] half-migrated: restore", "1.4.1", SchemaChange::Additive, one, true, "m1", "m1", "m2", true, restore, 4);
    row("half-migrated though none is declared: restore", "1.5.2", SchemaChange::None, {}, true, "m1", "m1", "m9", true, restore, 4);
    row("[N-12] release says nothing: restore", "1.4.1", SchemaChange::Unknown, {}, true, "m1", "m1", "", true, restore, 5);
    row("[PI-11] ledger before unknown: restore", "1.4.1", SchemaChange::None, {}, true, "-", "m1", "", true, restore, 5);
    row("[PI-11] ledger after unknown: restore", "1.4.1", SchemaChange::None, {}, true, "m1", "-", "", true, restore, 5);
    row("additive patch that lost an entry: restore", "1.4.1", SchemaChange::Additive, one, true, "m0,m1", "m1,m2", "", true, restore, 4);
    row("never started, yet another ledger: restore", "1.5.0", SchemaChange::Rewriting, one, false, "m1", "m1,m2", "", true, restore, 5);
    row("same ledger but changes declared: restore", "1.6.0", SchemaChange::Destructive, one, true, "m1", "m1", "", true, restore, 5);
}

void TestWayBack::isDecidedFromEvidence()
{
    QFETCH(QString, to);
    QFETCH(SchemaChange, schema);
    QFETCH(QStringList, declared);
    QFETCH(bool, started);
    QFETCH(QString, before);
    QFETCH(QString, after);
    QFETCH(QString, half);
    QFETCH(bool, patchKeepsData);
    World w = worldOf(to, schema, declared);
    w.state.plan.policy.patchRollbackKeepsData = patchKeepsData;
    w.host.state = HostRunState::Failed;
    ran(w, StepKind::Stop);
    if (started)
        ran(w, StepKind::Migrate);
    if (before != QLatin1String("-"))
        w.host.factsBefore.insert(0, factsWith(before.split(QLatin1Char(','))));
    if (after != QLatin1String("-"))
        w.host.ledgersAfter.insert(0, Ledger{after.split(QLatin1Char(',')), half});
    const WayBack way = decideWayBack(w.state, w.host);
    QFETCH(WayBackVerdict, verdict);
    QFETCH(int, rule);
    QCOMPARE(nameOf(way.verdict), nameOf(verdict));
    QCOMPARE(way.rule, rule);
    QVERIFY(!way.reason.isEmpty());
    QVERIFY(!way.evidence.isEmpty()); // every verdict opens its evidence
}

void TestWayBack::lossCountsFromTheStartOfTheBackup() // [N-04] [AS-10]
{
    World w = worldOf(QStringLiteral("1.5.0"), SchemaChange::Rewriting, {QStringLiteral("m2")});
    w.host.state = HostRunState::HalfMigrated;
    ran(w, StepKind::Stop);
    ran(w, StepKind::Migrate);
    Backup backup;
    backup.startedMs = 1000;
    backup.endedMs = 9000;
    backup.verified = true;
    backup.path = QStringLiteral("/backups/R-0001-1.5.0");
    w.host.backups.insert(0, backup);
    const WayBack way = decideWayBack(w.state, w.host);
    QCOMPARE(way.verdict, WayBackVerdict::Restore);
    QCOMPARE(way.lossFromMs, 1000);
    QCOMPARE(way.backupPath, backup.path);
    w.host.steps.clear();
    QCOMPARE(decideWayBack(w.state, w.host).verdict, WayBackVerdict::None);
}

void TestWayBack::logAndLedgerMustAgree() // [N-01] a patch whose log says what its ledger does not
{
    World w = worldOf(QStringLiteral("1.4.1"), SchemaChange::Additive, {QStringLiteral("m2")});
    w.host.state = HostRunState::Failed;
    ran(w, StepKind::Stop);
    ran(w, StepKind::Migrate);
    w.host.factsBefore.insert(0, factsWith({QStringLiteral("m1")}));
    w.host.ledgersAfter.insert(0, Ledger{{QStringLiteral("m1")}, {}});
    w.host.migrations = {{QStringLiteral("m2"), MigrationState::Ran, 5, {}, 1}};
    QCOMPARE(decideWayBack(w.state, w.host).verdict, WayBackVerdict::Restore);
    w.host.ledgersAfter.insert(0, Ledger{{QStringLiteral("m1"), QStringLiteral("m2")}, {}});
    QCOMPARE(decideWayBack(w.state, w.host).verdict, WayBackVerdict::TagOnly);
    w.host.migrations.append({QStringLiteral("m9"), MigrationState::Ran, 5, {}, 2});
    QCOMPARE(decideWayBack(w.state, w.host).verdict, WayBackVerdict::Restore);
}

void TestWayBack::betweenTwoHopsTheFirstCanBeTakenBack() // [N-03]
{
    World w = worldOf(QStringLiteral("1.5.0"), SchemaChange::Rewriting, {QStringLiteral("m2")});
    Hop second = w.state.plan.hosts[0].hops[0];
    second.from = second.to;
    second.to = Version::parse(QStringLiteral("1.6.0")).value();
    w.state.plan.hosts[0].hops.append(second);
    ran(w, StepKind::Stop);
    ran(w, StepKind::Migrate);
    w.host.factsBefore.insert(0, factsWith({QStringLiteral("m1")}));
    w.host.ledgersAfter.insert(0, Ledger{{QStringLiteral("m1"), QStringLiteral("m2")}, {}});
    Backup backup;
    backup.startedMs = 1000;
    w.host.backups.insert(0, backup);
    w.host.hop = 1; // its second hop failed before anything was changed
    w.host.state = HostRunState::Failed;
    const WayBack way = decideWayBack(w.state, w.host);
    QCOMPARE(way.verdict, WayBackVerdict::Restore);
    QCOMPARE(way.hop, 0);
    QCOMPARE(way.lossFromMs, 1000);
}

QTEST_GUILESS_MAIN(TestWayBack)
#include "tst_wayback.moc"
