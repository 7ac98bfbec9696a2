// Who goes first, by which way, with which exact steps, and what stands in the way.
#include "config/files.h"
#include "plan/planner.h"
#include "plan/waves.h"

#include <QTest>

using namespace bellwether;

namespace {

Version v(const QString &text)
{
    return *Version::parse(text);
}

const QByteArray kProfile = R"(
format: 1
id: shop
name: Shop
policy: {majors: true}
pin: {file: "{directory}/.env", key: SHOP_VERSION}
settings: {port: "8080"}
secrets: [SHOP_TOKEN]
probes:
  version: {http: {port: "{settings.port}", path: /version}, field: version}
  health: {http: {port: "{settings.port}", path: /health}, field: status, expect: ok}
  storage: {argv: [bin/storage]}
backup: {path: "{directory}/backups/{rollout}-{to}"}
steps:
  - {name: preflight, kind: preflight}
  - {name: backup, kind: backup, argv: [bin/backup, "{backup}"], verify: [bin/validate, "{backup}"], required: true, deadline: 30 min}
  - {name: pull, kind: pull, argv: [bin/pull, "{to}"], probe: [bin/has, "{to}"]}
  - {name: pin, kind: pin}
  - {name: migrate, kind: migrate, argv: [bin/start, "{to}"]}
  - {name: health, kind: health}
tag_only:
  - {name: pin, kind: pin}
  - {name: start, kind: start, argv: [bin/start, "{from}"]}
restore:
  - {name: restore, kind: restore, argv: [bin/restore, "{backup}"], stdin: "{confirmed-domain}"}
  - {name: pin, kind: pin}
)";

const QByteArray kReleases = R"(
product: shop
releases:
  - {version: 1.4.0, notes: n, schema: none, estimate: 5}
  - {version: 1.4.1, from: "1.4", notes: n, schema: none, estimate: 5}
  - {version: 1.4.2, from: "1.4", notes: n, schema: additive, migrations: [m142], estimate: 5}
  - {version: 1.5.0, from: "1.4", notes: n, schema: rewriting, migrations: [m150a, m150b], estimate: 8}
  - {version: 1.5.1, from: ["1.5.0"], notes: n, schema: none, estimate: 5}
  - {version: 1.5.2, from: "1.5", notes: n, schema: none, withdrawn: true}
  - {version: 1.5.3-rc.1, notes: n, schema: none}
  - {version: 1.6.0, from: "1.5", notes: n, schema: destructive, migrations: [m160], estimate: 10,
     env: {new: {SHOP_PREFIX: first part of numbers}, required: [SHOP_PREFIX], removed: [SHOP_OLD]}}
  - {version: 1.6.1, from: "1.6", estimate: 5}
  - {version: 2.0.0, from: "1.6", notes: n, schema: rewriting, estimate: 10}
)";

struct World {
    ProductProfile profile;
    Catalogue catalogue;
    PlanRequest request;

    explicit World(const QString &to, int hosts = 3, const QString &from = "1.4.0")
    {
        profile = *parseProfile(kProfile, "profile");
        catalogue = *parseCatalogue(kReleases, "releases");
        request.profile = &profile;
        request.catalogue = &catalogue;
        Version::fromText(to, request.to);
        for (int i = 1; i <= hosts; ++i)
            add(QStringLiteral("h%1").arg(i, 2, 10, QLatin1Char('0')), from);
    }
    World(const World &) = delete;
    void add(const QString &name, const QString &from)
    {
        Installation installation;
        installation.name = name;
        installation.endpoint.address = "127.0.0.1";
        installation.product = "shop";
        installation.directory = "/srv/" + name;
        installation.domain = name + ".example.test";
        request.hosts.append(installation);
        HostFacts facts;
        facts.measuredMs = 1'790'000'000'000;
        facts.reachable = true;
        facts.version = v(from);
        facts.health = Health::Ok;
        facts.diskFree = 1000;
        facts.databaseSize = 500;
        facts.databaseServer = "SQLite 3.40";
        facts.ledger = Ledger{};
        request.facts.insert(name, facts);
    }
    HostFacts &facts(const char *name) { return request.facts[QString::fromLatin1(name)]; }
    Installation &host(int index) { return request.hosts[index]; }
};

const Finding *finding(const Plan &plan, const QString &rule, const QString &host = {})
{
    for (const Finding &f : plan.findings)
        if (f.rule == rule && f.host == host)
            return &f;
    return nullptr;
}

QString said(const Plan &plan)
{
    QStringList lines;
    for (const Finding &f : plan.findings)
        lines.append(f.rule + " " + f.host + " " + f.message + (f.refusal ? " (refusal)" : ""));
    return lines.join("\n");
}

QStringList names(const QList<Version> &versions)
{
    QStringList texts;
    for (const Version &version : versions)
        texts.append(version.toString());
    return texts;
}

} // namespace

class TestPlanner : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cutsWaves_data()
    {
        QTest::addColumn<int>("hosts");
        QTest::addColumn<QStringList>("sizes");
        QTest::addColumn<QList<int>>("counts");
        const QStringList standard{"10%", "30%", "rest"};
        QTest::newRow("no host") << 0 << standard << QList<int>{};
        QTest::newRow("one") << 1 << standard << QList<int>{1};
        QTest::newRow("five, rounded up") << 5 << standard << QList<int>{1, 2, 2};
        QTest::newRow("ten") << 10 << standard << QList<int>{1, 3, 6};
        QTest::newRow("hundred") << 100 << standard << QList<int>{10, 30, 60};
        QTest::newRow("counts") << 10 << QStringList{"2", "3", "rest"} << QList<int>{2, 3, 5};
        QTest::newRow("more than there are") << 3 << QStringList{"5", "rest"} << QList<int>{3};
        QTest::newRow("nobody is lost") << 10 << QStringList{"2"} << QList<int>{2, 8};
        QTest::newRow("all at once") << 10 << QStringList{"100%", "rest"} << QList<int>{10};
    }
    void cutsWaves()
    {
        QFETCH(int, hosts);
        QFETCH(QStringList, sizes);
        QFETCH(QList<int>, counts);
        QStringList all;
        for (int i = 0; i < hosts; ++i)
            all.append(QString::number(i));
        QStringList joined;
        QList<int> cut;
        for (const QStringList &wave : cutWaves(all, sizes)) {
            cut.append(int(wave.size()));
            joined += wave;
        }
        QCOMPARE(cut, counts);
        QCOMPARE(joined, all);
    }
    void choosesOneCanaryPerKindAndNeverACriticalOne()
    {
        World w("1.6.0", 0);
        w.add("a-critical", "1.4.0");
        w.request.hosts[0].labels.insert("critical", "true");
        for (const char *name : {"e", "d", "c"})
            w.add(name, "1.4.0");
        w.add("b", "1.5.0");
        w.add("f", "1.4.1");
        w.request.strategy.canaryMax = 2;
        const Plan plan = makePlan(w.request);
        QCOMPARE(plan.waves.first().name, "Canary");
        QCOMPARE(plan.waves.first().hosts, (QStringList{"c", "f"})); // commonest kind first, then the oldest version
        QCOMPARE(plan.waves.last().hosts.last(), "a-critical");
        QStringList all;
        for (const PlanWave &wave : plan.waves)
            all += wave.hosts;
        QCOMPARE(all.size(), 6);
        QCOMPARE(plan.waves[1].name, "Wave 1");
    }
    void refusesWhenAllAreCritical()
    {
        World w("1.4.1", 2);
        for (Installation &host : w.request.hosts)
            host.labels.insert("critical", "");
        const Plan plan = makePlan(w.request);
        QVERIFY(!plan.isAccepted());
        QVERIFY(finding(plan, "no-canary"));
        QVERIFY2(finding(plan, "no-canary")->message.contains("All 2 hosts are labelled critical"), qPrintable(said(plan)));
        QCOMPARE(plan.hosts.size(), 2);
    }

    void findsThePath_data()
    {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QStringList>("path");
        QTest::newRow("patch") << "1.4.0" << "1.4.2" << QStringList{"1.4.2"};
        QTest::newRow("minor") << "1.4.0" << "1.5.0" << QStringList{"1.5.0"};
        QTest::newRow("exact from") << "1.4.0" << "1.5.1" << QStringList{"1.5.0", "1.5.1"};
        QTest::newRow("[AS-16] fewest hops, then the highest allowed") << "1.4.1" << "1.6.0" << QStringList{"1.5.0", "1.6.0"};
        QTest::newRow("three hops over a major") << "1.4.0" << "2.0.0" << QStringList{"1.5.0", "1.6.0", "2.0.0"};
        QTest::newRow("highest patch, withdrawn and rc passed over") << "1.5.0" << "2.0.0" << QStringList{"1.6.0", "2.0.0"};
        QTest::newRow("a version nobody lists") << "1.4.7" << "1.5.0" << QStringList{"1.5.0"};
        QTest::newRow("none from an unknown line") << "1.2.0" << "1.5.0" << QStringList{};
        QTest::newRow("down") << "1.5.0" << "1.4.0" << QStringList{};
        QTest::newRow("same") << "1.5.0" << "1.5.0" << QStringList{};
        QTest::newRow("target not listed") << "1.5.0" << "1.5.9" << QStringList{};
    }
    void findsThePath()
    {
        QFETCH(QString, from);
        QFETCH(QString, to);
        Policy policy;
        policy.majors = true;
        QTEST(names(upgradePath(*parseCatalogue(kReleases, "r"), policy, v(from), v(to))), "path");
    }
    void followsThePolicyWhereTheVendorNamesNoVersions_data()
    {
        QTest::addColumn<bool>("skipMinors");
        QTest::addColumn<bool>("majors");
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QStringList>("path");
        QTest::newRow("[AS-16] one minor at a time, highest patches") << false << false << "1.1.0" << "1.4.0" << QStringList{"1.2.9", "1.3.2", "1.4.0"};
        QTest::newRow("skipping") << true << false << "1.1.0" << "1.4.0" << QStringList{"1.4.0"};
        QTest::newRow("gap in what is known") << false << false << "1.4.0" << "1.6.0" << QStringList{};
        QTest::newRow("majors not allowed") << true << false << "1.6.0" << "2.0.1" << QStringList{};
        QTest::newRow("major from the last minor to the first") << false << true << "1.6.0" << "2.1.0" << QStringList{"2.0.1", "2.1.0"};
        QTest::newRow("major, minors before it first") << false << true << "1.3.0" << "2.0.0" << QStringList{};
        QTest::newRow("major, skipping minors") << true << true << "1.1.0" << "2.1.0" << QStringList{"2.1.0"};
        QTest::newRow("two majors, one after the other") << true << true << "1.1.0" << "3.0.0" << QStringList{"2.1.0", "3.0.0"};
    }
    void followsThePolicyWhereTheVendorNamesNoVersions()
    {
        QFETCH(bool, skipMinors);
        QFETCH(bool, majors);
        QFETCH(QString, from);
        QFETCH(QString, to);
        Catalogue catalogue;
        for (const char *text : {"1.1.0", "1.2.0", "1.2.9", "1.3.0", "1.3.2", "1.3.3-rc.1", "1.4.0", "1.6.0", "2.0.0", "2.0.1", "2.1.0", "3.0.0"}) {
            Release release;
            release.version = v(text);
            catalogue.releases.append(release);
        }
        Policy policy;
        policy.skipMinors = skipMinors;
        policy.majors = majors;
        QTEST(names(upgradePath(catalogue, policy, v(from), v(to))), "path");
    }

    void resolvesExactStepsForEachHop()
    {
        World w("1.5.1", 1);
        w.host(0).settings.insert("port", "9090");
        const Plan plan = makePlan(w.request);
        QVERIFY2(plan.isAccepted(), qPrintable(said(plan)));
        const PlanHost &host = plan.hosts.first();
        QCOMPARE(host.hops.size(), 2);
        const Hop &second = host.hops[1];
        QCOMPARE(second.from.toString(), "1.5.0");
        QCOMPARE(second.to.toString(), "1.5.1");
        QCOMPARE(host.hops[0].steps[2].displayText(), "bin/pull 1.5.0");
        QCOMPARE(host.hops[0].steps[2].probe, (QStringList{"bin/has", "1.5.0"}));
        QCOMPARE(host.hops[0].steps[1].deadlineS, 1800);
        QCOMPARE(second.steps[3].displayText(), "set SHOP_VERSION=1.5.1 in /srv/h01/.env");
        QCOMPARE(second.tagOnly[0].displayText(), "set SHOP_VERSION=1.5.0 in /srv/h01/.env");
        QCOMPARE(second.tagOnly[1].displayText(), "bin/start 1.5.0");
        QCOMPARE(second.restore[1].pinValue, "1.5.0");
        QCOMPARE(second.restore[0].argv, (QStringList{"bin/restore", "{backup}"}));
        QCOMPARE(second.restore[0].stdinText, "{confirmed-domain}");
        QCOMPARE(second.backupPath, "/srv/h01/backups/{rollout}-1.5.1");
        QCOMPARE(second.changes.size(), 1);
        QCOMPARE(second.changes[0].file, "/srv/h01/.env");
        QCOMPARE(second.changes[0].removed, QStringList{"SHOP_VERSION=1.5.0"});
        QCOMPARE(second.changes[0].added, QStringList{"SHOP_VERSION=1.5.1"});
        QCOMPARE(host.probes.version.httpPort, "9090");
        QCOMPARE(host.hops[0].migrations, (QStringList{"m150a", "m150b"}));
        QCOMPARE(host.estimateS, 13);
    }
    void valuesAreNeverTemplatesOrWordsOfAShell()
    {
        World w("1.4.1", 1);
        w.host(0).directory = "/srv/$(touch ./pwned) {to}";
        const Plan plan = makePlan(w.request);
        QCOMPARE(plan.hosts[0].hops[0].backupPath, "/srv/$(touch ./pwned) {to}/backups/{rollout}-1.4.1");
    }

    void refuses_data()
    {
        QTest::addColumn<QString>("rule");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("words"); // of the message
        QTest::addColumn<bool>("refusal");
        const auto row = [](const char *tag, const char *rule, const char *target, const char *words, bool refusal = true) {
            QTest::newRow(tag) << QString::fromLatin1(rule) << QString::fromLatin1(target) << QString::fromUtf8(words) << refusal;
        };
        row("unreachable", "unreachable", "1.4.1", "ConnectTimeout");
        row("never measured", "unreachable", "1.4.1", "never measured");
        row("deferred, version known", "unreachable", "1.4.1", "wave's end", false);
        row("version unknown", "version-unknown", "1.4.1", "version could not be measured");
        row("[OPS-10] sudo", "sudo-refused", "1.4.1", "cannot run as root: it does not take the password");
        row("[fault 19] state folder", "state-unusable", "1.4.1", "cannot be used: /srv/state/v1 is not writable");
        row("[fault 37] programs", "programs-lacking", "1.4.1", "finds no tail, head, which every step needs");
        row("sessions end steps", "session-ends-steps", "1.4.1", "KillUserProcesses", false);
        row("unhealthy", "already-unhealthy", "1.4.1", "queue is stuck");
        row("starting", "already-unhealthy", "1.4.1", "starting");
        row("health unknown", "already-unhealthy", "1.4.1", "could not be measured");
        row("[S23] newer", "downgrade", "1.4.1", "runs 1.5.0, which is newer than 1.4.1");
        row("no path", "no-path", "1.5.0", "1.2.0 to 1.5.0");
        row("major", "major-refused", "2.0.0", "1.6.0 to 2.0.0 crosses a major");
        row("[AS-04] disk for a patch", "disk", "1.4.1", "has 99 B free and needs 100 B, 20 % of its database of 500 B");
        row("[AS-04] disk for a restore", "disk", "1.5.0", "has 599 B free and needs 600 B, 120 %");
        row("disk unmeasured", "disk", "1.4.1", "could not be measured");
        row("half-migrated", "half-migrated", "1.4.1", "m142 began");
        row("other rollout", "host-in-other-rollout", "1.4.1", "rollout R-0007");
        row("no domain", "domain-missing", "1.5.0", "typing its domain");
        row("no directory", "profile-incomplete", "1.4.1", "{directory}");
        row("bad port", "profile-incomplete", "1.4.1", "0x50");
        row("latest", "floating-version", "1.4.1", "shop:latest");
        row("latest on staging", "floating-version", "1.4.1", "shop:latest", false);
        row("says it is there, database is not", "ledger-mismatch", "1.5.0", "lacks 2 of that release's 2 migrations");
    }
    void refuses()
    {
        QFETCH(QString, rule);
        QFETCH(QString, to);
        QFETCH(QString, words);
        QFETCH(bool, refusal);
        World w(to, 2);
        HostFacts &facts = w.facts("h01");
        Installation &host = w.host(0);
        const QString tag = QString::fromUtf8(QTest::currentDataTag());
        if (tag.startsWith("unreachable") || tag.startsWith("deferred")) {
            facts.reachable = false;
            facts.error = "ConnectTimeout";
        }
        if (tag == "deferred, version known")
            w.request.acceptedAsDeferred = {"h01"};
        if (tag == "never measured")
            w.request.facts.remove("h01");
        if (tag == "version unknown")
            facts.version.reset();
        if (tag == "[OPS-10] sudo")
            facts.sudoProblem = "it does not take the password that was given";
        if (tag == "[fault 19] state folder")
            facts.stateProblem = "/srv/state/v1 is not writable for this login";
        if (tag == "[fault 37] programs")
            facts.lackingPrograms = "tail, head";
        if (tag == "sessions end steps")
            facts.sessionEndsSteps = true;
        if (tag == "unhealthy") {
            facts.health = Health::Unhealthy;
            facts.healthDetail = "queue is stuck";
        }
        if (tag == "starting")
            facts.health = Health::Starting;
        if (tag == "health unknown")
            facts.health = Health::Unknown;
        if (tag == "[S23] newer" || tag.startsWith("says it is there"))
            facts.version = v("1.5.0");
        if (tag == "no path")
            facts.version = v("1.2.0");
        if (tag == "major") {
            facts.version = v("1.6.0");
            w.facts("h02").version = v("2.0.0");
            w.profile.policy.majors = false;
        }
        if (tag == "[AS-04] disk for a patch")
            facts.diskFree = 99;
        if (tag == "[AS-04] disk for a restore")
            facts.diskFree = 599;
        if (tag == "disk unmeasured")
            facts.diskFree.reset();
        if (tag == "half-migrated")
            facts.ledger->halfMigrated = "m142";
        if (tag == "other rollout")
            w.request.heldBy.insert("h01", "R-0007");
        if (tag == "no domain")
            host.domain.clear();
        if (tag == "no directory")
            host.directory.clear();
        if (tag == "bad port")
            host.settings.insert("port", "0x50");
        if (tag.startsWith("latest"))
            host.settings.insert("image", "registry.example.test/shop:latest");
        if (tag == "latest on staging")
            host.environment = Environment::Staging;
        const Plan plan = makePlan(w.request);
        const Finding *found = finding(plan, rule, "h01");
        QVERIFY2(found, qPrintable(said(plan)));
        QVERIFY2(found->message.contains(words), qPrintable(found->message));
        QVERIFY(found->message.endsWith('.') && found->message[0].isUpper());
        QVERIFY(!found->remedy.isEmpty());
        QCOMPARE(found->refusal, refusal);
        QCOMPARE(plan.isAccepted(), !refusal);
        QVERIFY2(!finding(plan, rule, "h02"), qPrintable(said(plan)));
        QVERIFY(plan.host("h01")); // listed all the same
    }
    void anyFactAtItsLimitIsEnough()
    {
        World w("1.5.0", 1);
        w.facts("h01").diskFree = 600;
        QVERIFY(makePlan(w.request).isAccepted());
        w.facts("h01").databaseSize = std::numeric_limits<qint64>::max(); // from a host: may be anything
        QVERIFY(finding(makePlan(w.request), "disk", "h01"));
    }
    void unreachableWithoutVersionIsLeftOutWhenAccepted()
    {
        World w("1.4.1", 2);
        w.request.facts.remove("h01");
        w.request.acceptedAsDeferred = {"h01"};
        const Plan plan = makePlan(w.request);
        QVERIFY2(plan.isAccepted(), qPrintable(said(plan)));
        QVERIFY(finding(plan, "unreachable", "h01") && !finding(plan, "unreachable", "h01")->refusal);
        QVERIFY(!plan.host("h01"));
        QCOMPARE(plan.waves.first().hosts, QStringList{"h02"});
    }
    void alreadyThereIsNotListed()
    {
        World w("1.5.0", 3);
        w.facts("h02").version = v("1.5.0+build.7");
        w.facts("h02").ledger->applied = QStringList{"m150a", "m150b"};
        const Plan plan = makePlan(w.request);
        QVERIFY2(plan.isAccepted(), qPrintable(said(plan)));
        QCOMPARE(plan.alreadyThere, QStringList{"h02"});
        QVERIFY(!plan.host("h02"));
        for (const PlanWave &wave : plan.waves)
            QVERIFY(!wave.hosts.contains("h02"));
    }
    void backupMustBeTakenOrFresh()
    {
        World w("1.4.1", 1);
        w.profile.steps.removeIf([](const StepTemplate &s) { return s.kind == StepKind::Backup; });
        QVERIFY(finding(makePlan(w.request), "backup-missing", "h01"));
        Backup backup;
        backup.verified = true;
        backup.endedMs = w.facts("h01").measuredMs - 16 * 60'000;
        w.facts("h01").backup = backup;
        QVERIFY(finding(makePlan(w.request), "backup-missing", "h01")->message.contains("16 min old, 15 min"));
        w.facts("h01").backup->endedMs += 60'000;
        QVERIFY(makePlan(w.request).isAccepted());
        w.facts("h01").backup->verified = false;
        QVERIFY(finding(makePlan(w.request), "backup-missing", "h01"));
    }
    void planWideRefusals()
    {
        World w("1.5.9");
        QVERIFY(finding(makePlan(w.request), "unknown-release"));
        w.request.to = v("1.5.2");
        QVERIFY(finding(makePlan(w.request), "withdrawn-release"));
        w.request.to = Version();
        QVERIFY(finding(makePlan(w.request), "floating-version"));
        w.request.to = v("1.5.0");
        w.request.hosts.clear();
        QVERIFY(finding(makePlan(w.request), "no-hosts"));
        w.request.profile = nullptr;
        QVERIFY(!makePlan(w.request).isAccepted());
    }
    void warnsOfWhatTheReleasesAskFor()
    {
        World w("1.6.1", 2, "1.5.0");
        const Plan plan = makePlan(w.request);
        QVERIFY2(plan.isAccepted(), qPrintable(said(plan)));
        QVERIFY(finding(plan, "required-environment")->message.contains("1.6.0 does not start without SHOP_PREFIX, which must be set on 2 hosts"));
        QVERIFY(finding(plan, "destructive-migration"));
        QVERIFY(finding(plan, "notes-unpublished")->message.contains("1.6.1"));
        QCOMPARE(plan.notes.size(), 2);
        QVERIFY(plan.notes[0].attention.contains("New required variable SHOP_PREFIX: first part of numbers"));
        QVERIFY(plan.notes[0].attention.contains("Removed variables: SHOP_OLD"));
        QVERIFY(plan.notes[1].attention.contains("No release notes are published"));
        for (Installation &host : w.request.hosts)
            host.settings.insert("SHOP_PREFIX", "A");
        QVERIFY(!finding(makePlan(w.request), "required-environment"));
    }
    void tellsTheWayBack_data()
    {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("way");
        QTest::addColumn<QString>("words");
        QTest::newRow("no schema change") << "1.4.0" << "1.4.1" << "tag-only" << "leaves the database as it is";
        QTest::newRow("additive patch") << "1.4.0" << "1.4.2" << "tag-only" << "only adds";
        QTest::newRow("rewriting") << "1.4.0" << "1.5.0" << "restore" << "rewriting";
        QTest::newRow("unknown") << "1.6.0" << "1.6.1" << "restore" << "cannot tell";
        QTest::newRow("one hop of several") << "1.4.0" << "1.5.1" << "restore" << "1.5.0 changes the database";
    }
    void tellsTheWayBack()
    {
        QFETCH(QString, from);
        QFETCH(QString, to);
        QFETCH(QString, words);
        World w(to, 1, from);
        const PlanHost host = makePlan(w.request).hosts.first();
        QTEST(host.wayBack, "way");
        QVERIFY2(host.wayBackReason.contains(words), qPrintable(host.wayBackReason));
    }
    void profileMayForbidTagOnlyForPatches()
    {
        World w("1.4.2", 1);
        w.profile.policy.patchRollbackKeepsData = false;
        QCOMPARE(makePlan(w.request).hosts.first().wayBack, "restore");
    }
    void passedOverReleasesCountWhereNobodySpokeForThem()
    {
        World w("1.4.1", 1);
        w.catalogue = *parseCatalogue("product: shop\nreleases:\n"
                                      "  - {version: 1.4.1, notes: n, schema: additive, migrations: [a], estimate: 3}\n"
                                      "  - {version: 1.4.2, notes: n, schema: none, withdrawn: true}\n"
                                      "  - {version: 1.4.3, notes: n, schema: none, migrations: [b], estimate: 4}\n", "r");
        w.request.to = v("1.4.3");
        const Plan plan = makePlan(w.request);
        const Hop &hop = plan.hosts.first().hops.first();
        QCOMPARE(int(hop.schema), int(SchemaChange::Additive));
        QCOMPARE(hop.migrations, (QStringList{"a", "b"}));
        QCOMPARE(hop.estimateS, 7);
        QCOMPARE(plan.notes.size(), 2);
    }
    void wavesByHandAreTaken()
    {
        World w("1.4.1", 5);
        w.facts("h05").version = v("1.4.1");
        w.request.wavesOverride = {{"First", {"h03"}}, {"Nobody", {}}, {"Others", {"h01", "h05"}}};
        const Plan plan = makePlan(w.request);
        QVERIFY2(plan.isAccepted(), qPrintable(said(plan)));
        QCOMPARE(plan.waves.size(), 2);
        QCOMPARE(plan.waves[0].name, "First");
        QCOMPARE(plan.waves[0].hosts, QStringList{"h03"});
        QCOMPARE(plan.waves[1].hosts, QStringList{"h01"});
        QCOMPARE(plan.hosts.size(), 2); // a host of no wave is left out
    }
    void wavesByHandAreChecked()
    {
        World w("1.4.1", 3);
        w.request.wavesOverride = {{"Canary", {"h01"}}, {"Wave 1", {"h01", "h02", "elsewhere"}}};
        Plan plan = makePlan(w.request);
        QVERIFY(finding(plan, "wave-twice", "h01"));
        QVERIFY(finding(plan, "wave-unknown-host", "elsewhere"));
        w.request.wavesOverride = {{"Canary", {}}, {"Wave 1", {"h01"}}};
        QVERIFY(finding(makePlan(w.request), "no-canary"));
        w.request.wavesOverride = {{"Canary", {"h01"}}};
        w.host(0).labels.insert("critical", "");
        QVERIFY(finding(makePlan(w.request), "critical-canary", "h01"));
    }
    void planningTwiceGivesTheSameBytes()
    {
        World w("1.6.0", 40);
        w.facts("h07").reachable = false;
        const Plan first = makePlan(w.request);
        std::reverse(w.request.hosts.begin(), w.request.hosts.end());
        w.request.author = "somebody else";
        w.request.createdMs = 42;
        Plan second = makePlan(w.request);
        QCOMPARE(planHash(second), planHash(first));
        second.author = first.author;
        second.createdMs = first.createdMs;
        QCOMPARE(writePlan(second), writePlan(first));
    }
    void knowsWhatItDoesNotKnow()
    {
        World w("1.6.1", 1, "1.6.0");
        w.facts("h01").ledger.reset();
        w.facts("h01").problems = QStringList{"content: exit 3"};
        const QStringList unknowns = makePlan(w.request).hosts.first().unknowns;
        QVERIFY(unknowns.contains("what 1.6.1 does to the database"));
        QVERIFY(unknowns.contains("which migrations its database has had"));
        QVERIFY(unknowns.contains("content: exit 3"));
    }
    // [fault 50] [OPS-01] h01 and h02 by the id each states, the key each shows, and the way to each.
    void namesOfOneMachine_data()
    {
        QTest::addColumn<QString>("idOfTheOther");
        QTest::addColumn<QString>("keyOfTheOther");
        QTest::addColumn<QString>("jumpOfTheOther");
        QTest::addColumn<QString>("rule"); // empty: nothing to say
        const QString id(32, u'a'), other(32, u'b'), key = "SHA256:one", another = "SHA256:two", none;
        QTest::newRow("one machine, two addresses") << id << key << none << "same-machine";
        QTest::newRow("one machine, directly and through a jump host") << id << key << "gate" << "same-machine";
        QTest::newRow("clones of an image") << id << another << none << "cloned-machine-id";
        QTest::newRow("copied host keys") << other << key << none << "cloned-host-key";
        QTest::newRow("two machines") << other << another << none << none;
        QTest::newRow("the id is not known") << none << key << none << none;
        QTest::newRow("the key is not known") << id << none << none << none;
        QTest::newRow("an image that was not booted yet") << "uninitialized" << key << none << none;
    }
    void namesOfOneMachine()
    {
        QFETCH(QString, idOfTheOther);
        QFETCH(QString, keyOfTheOther);
        QFETCH(QString, jumpOfTheOther);
        QFETCH(QString, rule);
        World w("1.5.0");
        const QByteArray without = writePlan(makePlan(w.request));
        QVERIFY(!without.contains("shared_machine"));
        w.host(1).endpoint.address = jumpOfTheOther.isEmpty() ? "127.0.0.2" : "10.0.0.1";
        w.host(1).endpoint.jump = jumpOfTheOther;
        w.host(2).endpoint.address = "127.0.0.3";
        w.facts("h01").machineId = QString(32, u'a');
        w.facts("h01").hostKey = "SHA256:one";
        w.facts("h02").machineId = idOfTheOther;
        if (!keyOfTheOther.isEmpty())
            w.facts("h02").hostKey = keyOfTheOther;
        const Plan plan = makePlan(w.request);
        QVERIFY2(plan.isAccepted(), qPrintable(said(plan)));
        for (const char *one : {"same-machine", "cloned-machine-id", "cloned-host-key"}) {
            const Finding *f = finding(plan, one);
            QVERIFY2(bool(f) == (rule == one), qPrintable(said(plan)));
            QVERIFY(!f || (f->message.contains("h01") && f->message.contains("h02") && !f->message.contains("h03") && !f->remedy.isEmpty()));
        }
        const bool isOne = rule == "same-machine";
        QCOMPARE(plan.host("h01")->machine() == plan.host("h02")->machine(), isOne);
        QCOMPARE(plan.host("h03")->machine(), QString("127.0.0.3:22"));
        const QByteArray text = writePlan(plan);
        QCOMPARE(text.contains("shared_machine"), isOne);
        const auto again = parsePlan(text, "plan");
        QVERIFY(again);
        QCOMPARE(again->host("h02")->machine(), plan.host("h02")->machine());
        QCOMPARE(planHash(*again), planHash(plan));
    }
    void twoNamesOfOneInstallationAreSaidToBe()
    {
        World w("1.5.0");
        w.host(1).endpoint.address = "127.0.0.2";
        w.host(1).directory = w.host(0).directory;
        for (const char *name : {"h01", "h02"}) {
            w.facts(name).machineId = QString(32, u'c');
            w.facts(name).hostKey = "SHA256:one";
        }
        const Plan plan = makePlan(w.request);
        QVERIFY(finding(plan, "same-machine"));
        QVERIFY2(finding(plan, "same-machine")->message.contains("h01 and h02 even name one directory"), qPrintable(said(plan)));
        // h03 shares its address with h01: the machine is that of all three
        QCOMPARE(plan.host("h03")->machine(), plan.host("h02")->machine());
    }
    void twoThousandHostsAreQuick()
    {
        World w("2.0.0", 2000);
        QElapsedTimer timer;
        timer.start();
        const Plan plan = makePlan(w.request);
        QCOMPARE(plan.hosts.size(), 2000);
        QVERIFY2(timer.elapsed() < 20'000, qPrintable(QString::number(timer.elapsed()))); // generous for sanitizers
    }
};

QTEST_GUILESS_MAIN(TestPlanner)
#include "tst_planner.moc"
