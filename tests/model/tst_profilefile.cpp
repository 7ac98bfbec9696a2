// Profiles, catalogues and strategies as people write them: every key, and every wrong value with its place.
#include "config/files.h"

#include <QTest>

using namespace bellwether;

Q_DECLARE_METATYPE(ErrorCode)

namespace {

const QByteArray kProfile = R"(format: 1
id: shop
name: Shop
probes: {version: {argv: [bin/version]}}
steps: [{name: stop, kind: stop, argv: [bin/stop]}]
)";

const QByteArray kFull = R"(
format: 1
id: shop
name: Shop
description: |
  Two lines
  of text
policy: {skip_minors: true, majors: true, patch_rollback_keeps_data: false, migrations_idempotent: true, needs_window: true, backup_space_factor: 1.5}
pin: {file: "{directory}/.env", key: TAG}
settings: {port: "8080"}
secrets: [SHOP_TOKEN]
probes:
  version: {http: {port: "{settings.port}", path: "/version?x=1"}, format: json, field: a.b, timeout: 10 s}
  health: {http: {address: "{address}", port: "80", path: /health}, expect: ok}
  ledger: {argv: [bin/ledger], format: lines}
backup: {path: "{directory}/backups/{rollout}-{to}"}
steps:
  - {name: preflight, kind: preflight}
  - {name: backup, kind: backup, argv: [sh, -c, dump $1, sh, "{backup}"], probe: [test, -f, x], verify: [ok], safe: true, idempotent: true, required: true, deadline: 2 h}
  - {name: pin, kind: pin, deadline: 30}
tag_only: [{name: start, kind: start, argv: [up], stdin: "{from}\n"}]
restore: [{name: restore, kind: restore, argv: [re], stdin: "{confirmed-domain}", deadline: 5 min}]
log: {began: '(?<name>a)', ran: ['(?<name>b)', '(?<name>c)'], succeeded: done, failed_end: boom, names_migrations: true}
companions: [plugin]
after: [Tell the customer.]
)";

const QByteArray kReleases = R"(product: shop
releases:
  - {version: 1.10.0, from: "1.9"}
  - version: v1.9.0
    from: [1.8.0, "1.8"]
    date: 2026-11-20
    notes: "# Notes"
    schema: additive
    migrations: [a, b]
    env: {new: {A: why}, required: [A], changed: {B: what}, deprecated: [C], removed: [D]}
    window: true
    withdrawn: true
    estimate: 5 min
)";

QByteArray with(const QByteArray &lines)
{
    return kProfile + lines + "\n";
}

// kProfile with its steps or probes replaced, still on their lines 5 and 4.
QByteArray withSteps(const QByteArray &steps)
{
    return QByteArray(kProfile).replace("steps: [{name: stop, kind: stop, argv: [bin/stop]}]", "steps: [" + steps + "]");
}
QByteArray withProbes(const QByteArray &probes)
{
    return QByteArray(kProfile).replace("{version: {argv: [bin/version]}}", "{" + probes + "}");
}

} // namespace

class TestProfileFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsEveryKey()
    {
        const auto profile = parseProfile(kFull, "shop.yaml");
        QVERIFY2(profile, qPrintable(profile ? QString() : QString::number(profile.error().place.line) + ":" + QString::number(profile.error().place.column) + profile.error().place.key + profile.error().args.join('|')));
        QCOMPARE(profile->description, "Two lines\nof text\n");
        QVERIFY(profile->policy.skipMinors && profile->policy.majors && !profile->policy.patchRollbackKeepsData
                && profile->policy.migrationsIdempotent && profile->policy.needsWindow);
        QCOMPARE(profile->policy.backupSpaceFactor, 1.5);
        QCOMPARE(profile->pinFile, "{directory}/.env");
        QCOMPARE(profile->pinKey, "TAG");
        QCOMPARE(int(profile->probes.version.via), int(ProbeVia::Http));
        QCOMPARE(profile->probes.version.httpPort, "{settings.port}");
        QCOMPARE(profile->probes.version.field, "a.b");
        QCOMPARE(profile->probes.version.timeoutS, 10);
        QCOMPARE(profile->probes.health.expect, "ok");
        QCOMPARE(profile->probes.health.httpAddress, "{address}");
        QCOMPARE(int(profile->probes.ledger.via), int(ProbeVia::Command));
        QCOMPARE(int(profile->probes.ledger.format), int(ProbeFormat::Lines));
        QVERIFY(profile->probes.content.isEmpty());
        QCOMPARE(profile->steps.size(), 3);
        QCOMPARE(profile->steps[1].deadlineS, 7200);
        QVERIFY(profile->steps[1].safe && profile->steps[1].idempotent && profile->steps[1].required);
        QCOMPARE(profile->steps[1].argv.last(), "{backup}");
        QCOMPARE(profile->steps[2].deadlineS, 30);
        QCOMPARE(profile->tagOnly[0].stdinText, "{from}\n");
        QCOMPARE(profile->restore[0].deadlineS, 300);
        QCOMPARE(profile->log.began, QStringList{"(?<name>a)"});
        QCOMPARE(profile->log.ran.size(), 2);
        QCOMPARE(profile->companions, QStringList{"plugin"});
        QCOMPARE(profile->after, QStringList{"Tell the customer."});
    }
    void refuses_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<QString>("key");
        const auto row = [](const char *tag, const QByteArray &text, ErrorCode code, const char *key) {
            QTest::newRow(tag) << text << code << QString::fromLatin1(key);
        };
        row("format 2", QByteArray(kProfile).replace("format: 1", "format: 2"), ErrorCode::BadValue, "format");
        row("format missing", QByteArray(kProfile).replace("format: 1\n", ""), ErrorCode::MissingKey, "format");
        row("id with a path", QByteArray(kProfile).replace("id: shop", "id: ../shop"), ErrorCode::BadValue, "id");
        row("unknown key", with("polcy: {}"), ErrorCode::UnknownKey, "polcy");
        row("unknown policy", with("policy: {skip: true}"), ErrorCode::UnknownKey, "policy.skip");
        row("[100] NO is no truth value", with("policy: {majors: NO}"), ErrorCode::WrongType, "policy.majors");
        row("[105] NaN", with("policy: {backup_space_factor: .nan}"), ErrorCode::WrongType, "policy.backup_space_factor");
        row("[105] infinite", with("policy: {backup_space_factor: .inf}"), ErrorCode::WrongType, "policy.backup_space_factor");
        row("[105] huge", with("policy: {backup_space_factor: 1e308}"), ErrorCode::BadValue, "policy.backup_space_factor");
        row("pin without key", with("pin: {file: /x}"), ErrorCode::MissingKey, "pin.key");
        row("secret no variable", with("secrets: [a-b]"), ErrorCode::BadValue, "secrets[0]");
        row("probe of both kinds", withProbes("version: {argv: [x], http: {port: \"1\", path: /}}"), ErrorCode::BadValue, "probes.version.http");
        row("probe of no kind", withProbes("version: {format: json}"), ErrorCode::MissingKey, "probes.version.argv");
        row("probe's port", withProbes("version: {http: {port: 65536, path: /}}"), ErrorCode::BadValue, "probes.version.http.port");
        row("probe's path", withProbes("version: {http: {port: 1, path: x}}"), ErrorCode::BadValue, "probes.version.http.path");
        row("[106] timeout", withProbes("version: {argv: [x], timeout: 999999999999}"), ErrorCode::WrongType, "probes.version.timeout");
        row("[105] timeout .inf", withProbes("version: {argv: [x], timeout: .inf}"), ErrorCode::WrongType, "probes.version.timeout");
        row("timeout zero", withProbes("version: {argv: [x], timeout: 0}"), ErrorCode::BadValue, "probes.version.timeout");
        row("empty argv", withProbes("version: {argv: []}"), ErrorCode::BadValue, "probes.version.argv");
        row("unknown probe", withProbes("versions: {argv: [x]}"), ErrorCode::UnknownKey, "probes.versions");
        row("unknown kind", withSteps("{name: a, kind: reboot, argv: [x]}"), ErrorCode::BadValue, "steps[0].kind");
        row("step without argv", withSteps("{name: a, kind: stop}"), ErrorCode::MissingKey, "steps[0].argv");
        row("argv where none belongs", withSteps("{name: a, kind: health, argv: [x]}"), ErrorCode::BadValue, "steps[0].argv");
        row("same name twice", withSteps("{name: a, kind: health}, {name: a, kind: check}"), ErrorCode::BadValue, "steps[1].name");
        row("step's name", withSteps("{name: A b, kind: health}"), ErrorCode::BadValue, "steps[0].name");
        row("pin step without pin", withSteps("{name: a, kind: pin}"), ErrorCode::MissingKey, "pin");
        row("[106] deadline", withSteps("{name: a, kind: health, deadline: 8 days}"), ErrorCode::WrongType, "steps[0].deadline");
        row("deadline of weeks", withSteps("{name: a, kind: health, deadline: 200 h}"), ErrorCode::BadValue, "steps[0].deadline");
        row("deadline below nothing", withSteps("{name: a, kind: health, deadline: -1}"), ErrorCode::WrongType, "steps[0].deadline");
        row("unknown placeholder", withSteps("{name: a, kind: stop, argv: [x, \"{versoin}\"]}"), ErrorCode::BadValue, "steps[0].argv[1]");
        row("[S7] value in a script", withSteps("{name: a, kind: stop, argv: [/bin/sh, -ec, \"rm {directory}/x\"]}"), ErrorCode::BadValue, "steps[0].argv[2]");
        row("[S7] value in a script under sudo", withSteps("{name: a, kind: stop, argv: [sudo, -n, bash, -c, \"x {to}\"]}"), ErrorCode::BadValue, "steps[0].argv[4]");
        row("escape in an argument", withSteps("{name: a, kind: stop, argv: [\"\\e[2J\"]}"), ErrorCode::BadValue, "steps[0].argv[0]");
        row("pattern that does not compile", with("log: {ran: '(?<name>'}"), ErrorCode::BadValue, "log.ran");
        row("pattern without a name", with("log: {ran: [applied]}"), ErrorCode::BadValue, "log.ran[0]");
        row("steps missing", QByteArray(kProfile).replace("steps: [{name: stop, kind: stop, argv: [bin/stop]}]\n", ""), ErrorCode::MissingKey, "steps");
        row("empty", "", ErrorCode::FileEmpty, "");
    }
    void refuses()
    {
        QFETCH(QByteArray, text);
        QFETCH(ErrorCode, code);
        QFETCH(QString, key);
        const auto profile = parseProfile(text, "shop.yaml");
        QVERIFY(!profile);
        QCOMPARE(profile.error().place.key, key);
        QCOMPARE(int(profile.error().code), int(code));
        QCOMPARE(profile.error().place.file, "shop.yaml");
        QVERIFY(key.isEmpty() || profile.error().place.line > 0);
    }
    void shellsMayUseBracesOfTheirOwn()
    {
        QVERIFY(parseProfile(withSteps("{name: a, kind: stop, argv: [sh, -c, 'echo \"${x}\" | awk \"{print 1}\"', sh, \"{to}\"]}"), "f"));
    }
    void namelessLogsNeedNoNames()
    {
        QVERIFY(parseProfile(with("log: {names_migrations: false, began: running}"), "f"));
    }

    void readsCatalogues()
    {
        const auto catalogue = parseCatalogue(kReleases, "f");
        QVERIFY2(catalogue, qPrintable(catalogue ? QString() : catalogue.error().place.key));
        QCOMPARE(catalogue->releases.size(), 2);
        const Release &first = catalogue->releases[0]; // ascending by version, not by text
        QCOMPARE(first.version.toString(), "1.9.0");
        QCOMPARE(first.from, (QStringList{"1.8.0", "1.8"}));
        QCOMPARE(first.date, "2026-11-20");
        QCOMPARE(int(first.schema), int(SchemaChange::Additive));
        QCOMPARE(first.migrations.size(), 2);
        QCOMPARE(first.environment.added.value("A"), "why");
        QCOMPARE(first.environment.required, QStringList{"A"});
        QCOMPARE(first.environment.changed.value("B"), "what");
        QVERIFY(first.needsWindow && first.withdrawn);
        QCOMPARE(first.estimateS, 300);
        const Release &left = catalogue->releases[1]; // what is left out is unknown
        QCOMPARE(int(left.schema), int(SchemaChange::Unknown));
        QCOMPARE(left.estimateS, 0);
        QVERIFY(left.notes.isEmpty());
        QCOMPARE(left.from, QStringList{"1.9"});
    }
    void refusesCatalogues_data()
    {
        QTest::addColumn<QByteArray>("release");
        QTest::addColumn<QString>("key");
        QTest::newRow("[99] 1.10 is no version") << QByteArray("version: 1.10") << "releases[0].version";
        QTest::newRow("shell") << QByteArray("version: \"1.2.3; reboot\"") << "releases[0].version";
        QTest::newRow("latest") << QByteArray("version: latest") << "releases[0].version";
        QTest::newRow("from a range") << QByteArray("version: 1.2.3, from: \">=1.0\"") << "releases[0].from";
        QTest::newRow("no such day") << QByteArray("version: 1.2.3, date: 2026-02-30") << "releases[0].date";
        QTest::newRow("unknown schema") << QByteArray("version: 1.2.3, schema: big") << "releases[0].schema";
        QTest::newRow("variable") << QByteArray("version: 1.2.3, env: {new: {\"A B\": x}}") << "releases[0].env.new.A B";
        QTest::newRow("twice") << QByteArray("version: 1.2.3}, {version: v1.2.3") << "releases[1].version";
    }
    void refusesCatalogues()
    {
        QFETCH(QByteArray, release);
        const auto catalogue = parseCatalogue("product: shop\nreleases: [{" + release + "}]\n", "f");
        QVERIFY(!catalogue);
        QTEST(catalogue.error().place.key, "key");
        QCOMPARE(catalogue.error().place.line, 2);
    }

    void readsStrategies()
    {
        const auto s = parseStrategy("name: mine\nwaves: [\"2\", 25%, rest]\nbake_canary: 90 min\nsteady: 5\nin_doubt: 2 h\nauto_rollback: off\nbudget_percent: 2.5\n", "f");
        QVERIFY(s);
        QCOMPARE(s->waves, (QStringList{"2", "25%", "rest"}));
        QCOMPARE(s->bakeCanaryS, 5400);
        QCOMPARE(s->steadyS, 5);
        QCOMPARE(s->inDoubtMin, 120);
        QCOMPARE(int(s->autoRollback), int(AutoRollback::Off));
        QCOMPARE(s->budgetPercent, 2.5);
        QCOMPARE(s->bakeWaveS, Strategy().bakeWaveS);
    }
    void refusesStrategies_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("key");
        for (const char *wave : {"0", "0%", "101%", "\"50 %\"", "-1", "half", "all", "1.5", "\"\""})
            QTest::newRow(qPrintable(QString("[110] wave %1").arg(wave))) << QByteArray("waves: [") + wave + "]" << "waves[0]";
        QTest::newRow("rest first") << QByteArray("waves: [rest, 10%]") << "waves[0]";
        QTest::newRow("no canary") << QByteArray("canary_max: 0") << "canary_max";
        QTest::newRow("[105] bake .inf") << QByteArray("bake_canary: .inf") << "bake_canary";
        QTest::newRow("[106] bake of ages") << QByteArray("bake_canary: 999999999 h") << "bake_canary";
        QTest::newRow("budget above all") << QByteArray("budget_percent: 101") << "budget_percent";
        QTest::newRow("budget nan") << QByteArray("budget_percent: .nan") << "budget_percent";
        QTest::newRow("part of a minute") << QByteArray("in_doubt: 90 s") << "in_doubt";
        QTest::newRow("raw key") << QByteArray("bake_canary_s: 1") << "bake_canary_s";
    }
    void refusesStrategies()
    {
        QFETCH(QByteArray, text);
        const auto strategy = parseStrategy("name: mine\n" + text + "\n", "f");
        QVERIFY(!strategy);
        QTEST(strategy.error().place.key, "key");
        QCOMPARE(strategy.error().place.line, 2);
    }
};

QTEST_GUILESS_MAIN(TestProfileFile)
#include "tst_profilefile.moc"
