#include "rolloutsamples.h"

#include "rollout/console.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

namespace bellwether::samples {
namespace {

constexpr qint64 minute = 60'000;

Version version(const char *text) { return Version::parse(QString::fromLatin1(text)).value(); }

struct Builder {
    HostView &host;
    int rollout;
    qint64 at;
    int number = 0;
    void step(const char *name, StepKind kind, qint64 ms, const char *state = "done", Direction direction = Direction::Forward, const QString &reason = {})
    {
        StepView s;
        s.name = QString::fromLatin1(name);
        s.kind = kind;
        s.direction = direction;
        s.token = QStringLiteral("%1r%2.%3.0.%4.1").arg(direction == Direction::Forward ? QString() : QStringLiteral("b")).arg(rollout).arg(host.name).arg(++number);
        s.command = QStringLiteral("cd /srv/piprio && docker compose --file docker-compose.onprem.yml %1").arg(s.name);
        s.state = QString::fromLatin1(state);
        s.startedMs = at;
        s.endedMs = s.state == QLatin1String("running") ? 0 : at + ms;
        s.reason = reason;
        host.steps.append(s);
        host.step = s.name;
        host.stepSinceMs = at;
        at += ms;
    }
};

HostView waiting(const QString &name)
{
    HostView h;
    h.name = name;
    h.domain = name.section(QLatin1Char('-'), 0, 0) + QStringLiteral(".example.org");
    h.address = QStringLiteral("127.0.0.1:22");
    h.from = version("1.4.0");
    h.to = version("1.5.0");
    h.version = QStringLiteral("1.4.0");
    h.health = Health::Ok;
    return h;
}

void migrations(HostView &h, int ran, const char *failed = nullptr)
{
    const char *const names[] = {"0042_add_label_schema", "0043_backfill_tdigest", "0044_add_review_queue"};
    const qint64 took[] = {1350, 254'420, 550};
    for (int i = 0; i < ran; ++i)
        h.migrations.append({QString::fromLatin1(names[i]), MigrationState::Ran, took[i], {}, 6 + i});
    if (failed)
        h.migrations.append({QString::fromLatin1(names[ran]), MigrationState::Failed, std::nullopt, QString::fromLatin1(failed), 6 + ran});
    for (const char *name : {"0041_thread_index", "0040_reviewer_roles", "0039_export_jobs", "0038_audit_columns", "0037_label_colours",
                             "0036_user_locale", "0035_drop_legacy_acl"})
        h.migrations.append({QString::fromLatin1(name), MigrationState::Skipped, std::nullopt, {}, 0});
}

void prepare(HostView &h, Builder &b, qint64 backup)
{
    h.beganMs = b.at;
    b.step("preflight", StepKind::Preflight, 2 * minute);
    h.backup = Backup{};
    h.backup->path = QStringLiteral("/srv/piprio/backups/piprio_20261121T004622Z");
    h.backup->startedMs = b.at;
    h.backup->size = 4'100'000'000;
    h.backup->sha256 = QString(64, QLatin1Char('9'));
    h.backup->verified = true;
    b.step("backup", StepKind::Backup, backup);
    h.backup->endedMs = b.at;
    b.step("stop", StepKind::Stop, minute);
    h.contentBefore = {{QStringLiteral("labels"), 182'000}, {QStringLiteral("threads"), 900}};
    h.contentAfter = {{QStringLiteral("labels"), 183'214}, {QStringLiteral("threads"), 938}};
}

HostView upgraded(const QString &name, int rollout, qint64 began, qint64 backup, qint64 migrate)
{
    HostView h = waiting(name);
    Builder b{h, rollout, began};
    prepare(h, b, backup);
    b.step("migrate", StepKind::Migrate, migrate);
    b.step("health", StepKind::Health, minute);
    migrations(h, 3);
    h.state = HostRunState::Upgraded;
    h.version = QStringLiteral("1.5.0");
    h.endedMs = b.at;
    h.downtimeMs = migrate + 70'000;
    WayBack way;
    way.verdict = WayBackVerdict::Restore;
    way.rule = 4;
    way.reason = QStringLiteral("migrations changed its database: 0042_add_label_schema, 0043_backfill_tdigest, 0044_add_review_queue");
    way.lossFromMs = h.backup->startedMs;
    way.backupPath = h.backup->path;
    way.evidence = {{QStringLiteral("ledger"), QStringLiteral("Ledger before: 41 applied, last 0041_thread_index"), false, {}},
                    {QStringLiteral("backup"), QStringLiteral("Backup opened, listed and hashed: ") + way.backupPath, false, h.backup->sha256},
                    {QStringLiteral("ledger"), QStringLiteral("Ledger now: 44 applied, last 0044_add_review_queue"), true, {}},
                    {QStringLiteral("release"), QStringLiteral("Release 1.5.0 declares its schema change as rewriting"), true, {}},
                    {QStringLiteral("log"), QStringLiteral("3 migrations ran by the product's log"), true, h.steps[3].token}};
    h.way = way;
    return h;
}

void addBackSteps(HostView &h)
{
    const std::pair<const char *, StepKind> steps[] = {{"validate-bundle", StepKind::Validate}, {"stop", StepKind::Stop}, {"keep-aside", StepKind::SetAside},
                                                       {"pin-back", StepKind::Pin}, {"drop-and-restore", StepKind::Restore}, {"compare", StepKind::Check},
                                                       {"start", StepKind::Start}, {"health", StepKind::Health}};
    for (const auto &[name, kind] : steps) {
        StepView s;
        s.name = QString::fromLatin1(name);
        s.kind = kind;
        s.direction = Direction::Restore;
        s.command = QStringLiteral("/srv/piprio/scripts/%1.sh --target /srv/piprio").arg(s.name);
        s.state = QStringLiteral("planned");
        h.backSteps.append(s);
    }
}

WaveView wave(const char *name, const QStringList &hosts)
{
    WaveView w;
    w.name = QString::fromLatin1(name);
    w.state = QStringLiteral("waiting");
    for (const QString &host : hosts)
        w.hosts.append(waiting(host));
    return w;
}

QStringList numbered(const char *name, int from, int to)
{
    QStringList names;
    for (int i = from; i <= to; ++i)
        names << QStringLiteral("%1-%2").arg(QLatin1String(name)).arg(i);
    return names;
}

void allow(RolloutSnapshot &r, const char *verb, const QStringList &hosts) { r.permissions[QString::fromLatin1(verb)] = {true, {}, hosts}; }
void refuse(RolloutSnapshot &r, const char *verb, const char *reason) { r.permissions[QString::fromLatin1(verb)] = {false, QString::fromLatin1(reason), {}}; }

QStringList names(const WaveView &w)
{
    QStringList list;
    for (const HostView &h : w.hosts)
        list << h.name;
    return list;
}

void canaryBaking(RolloutSnapshot &r, qint64 now)
{
    WaveView &c = r.waves[0];
    c.hosts = {upgraded(QStringLiteral("berlin-1"), r.id, now - 43 * minute, 14 * minute, 4 * minute),
               upgraded(QStringLiteral("osaka-3"), r.id, now - 21 * minute, 3 * minute, 2 * minute),
               upgraded(QStringLiteral("lyon-2"), r.id, now - 12 * minute, 2 * minute, 2 * minute)};
    for (HostView &h : c.hosts)
        addBackSteps(h);
    c.state = QStringLiteral("gate");
    c.gate.bakeS = 3600;
    c.gate.bakeEndsMs = now + 55 * minute + 12'000;
    c.gate.reason = QStringLiteral("the canary bakes; health is observed every 3 s");
    c.gate.conditions = {{QStringLiteral("upgraded"), GateVerdict::Pass, QStringLiteral("3 of 3")},
                         {QStringLiteral("healthy"), GateVerdict::Pass, QStringLiteral("3 of 3")},
                         {QStringLiteral("budget"), GateVerdict::Pass, QStringLiteral("0 of 0 used")},
                         {QStringLiteral("bake"), GateVerdict::Pending, QStringLiteral("288 s of 3600 s")},
                         {QStringLiteral("manual"), GateVerdict::Pending, QStringLiteral("after the bake")}};
    r.hostsDone = 3;
    r.etaMs = now + 170 * minute;
    allow(r, "pause", names(r.waves[1]) + names(r.waves[2]) + names(r.waves[3]));
    refuse(r, "retry", "no host has failed or was deferred");
    allow(r, "rollback", {QStringLiteral("lyon-2"), QStringLiteral("osaka-3"), QStringLiteral("berlin-1")});
    refuse(r, "promote", "the canary's gate does not hold yet: the bake has 55 min left");
}

void halfMigrated(RolloutSnapshot &r, qint64 now)
{
    WaveView &c = r.waves[0];
    HostView bad = waiting(QStringLiteral("berlin-1"));
    Builder b{bad, r.id, now - 31 * minute};
    prepare(bad, b, 14 * minute);
    b.step("migrate", StepKind::Migrate, 3 * minute, "failed", Direction::Forward, QStringLiteral("exit 1: column \"set_id\" exists"));
    migrations(bad, 2, "column \"set_id\" of relation \"labels\" already exists");
    addBackSteps(bad);
    bad.state = HostRunState::HalfMigrated;
    bad.version = QStringLiteral("unknown");
    bad.health = Health::Unhealthy;
    bad.healthDetail = QStringLiteral("connection refused");
    bad.error = QStringLiteral("migrate ended with status 1: 0044_add_review_queue did not finish");
    bad.endedMs = b.at;
    WayBack way;
    way.verdict = WayBackVerdict::Restore;
    way.rule = 4;
    way.reason = QStringLiteral("the database is half-migrated: 0044_add_review_queue did not finish");
    way.lossFromMs = bad.backup->startedMs;
    way.backupPath = bad.backup->path;
    way.evidence = {{QStringLiteral("ledger"), QStringLiteral("Ledger before: 41 applied, last 0041_thread_index"), false, {}},
                    {QStringLiteral("backup"), QStringLiteral("Backup opened, listed and hashed: ") + way.backupPath, false, bad.backup->sha256},
                    {QStringLiteral("ledger"), QStringLiteral("Ledger now: 43 applied, 0044_add_review_queue begun and not finished"), true, {}},
                    {QStringLiteral("log"), QStringLiteral("0044_add_review_queue failed: column \"set_id\" exists"), true, QStringLiteral("line 8")}};
    bad.way = way;
    HostView second = waiting(QStringLiteral("osaka-3"));
    Builder s{second, r.id, now - 12 * minute};
    prepare(second, s, 3 * minute);
    second.state = HostRunState::Failed;
    second.error = QStringLiteral("the image could not be pulled");
    s.step("pull", StepKind::Pull, minute, "failed", Direction::Forward, QStringLiteral("registry answered 503"));
    second.endedMs = s.at;
    WayBack tag;
    tag.verdict = WayBackVerdict::TagOnly;
    tag.rule = 1;
    tag.reason = QStringLiteral("1.5.0 never started against the database");
    tag.evidence = {{QStringLiteral("step"), QStringLiteral("1.5.0 was never started on this host"), false, {}}};
    second.way = tag;
    c.hosts = {bad, second, waiting(QStringLiteral("lyon-2"))};
    c.state = QStringLiteral("open");
    c.gate.bakeS = 3600;
    c.gate.verdict = GateVerdict::Fail;
    c.gate.reason = QStringLiteral("berlin-1 is half-migrated: 0044_add_review_queue did not finish");
    c.gate.conditions = {{QStringLiteral("upgraded"), GateVerdict::Fail, QStringLiteral("0 of 3")},
                         {QStringLiteral("healthy"), GateVerdict::Pending, QStringLiteral("0 of 0")},
                         {QStringLiteral("budget"), GateVerdict::Fail, QStringLiteral("2 of 0 used")},
                         {QStringLiteral("bake"), GateVerdict::Pending, QStringLiteral("3600 s")}};
    r.state = RolloutLifecycle::Paused;
    r.pauseReasons = {QStringLiteral("failure-budget")};
    r.pauseText = QStringLiteral("failure-budget (2 failures, 0 allowed)");
    r.hostsFailed = 2;
    refuse(r, "resume", "retry, skip or roll back first: berlin-1 is half-migrated");
    refuse(r, "pause", "it is paused already");
    allow(r, "retry", {QStringLiteral("berlin-1"), QStringLiteral("osaka-3")});
    allow(r, "rollback", {QStringLiteral("osaka-3"), QStringLiteral("berlin-1")});
    refuse(r, "promote", "berlin-1 is half-migrated: 0044_add_review_queue did not finish");
    allow(r, "skip", {QStringLiteral("lyon-2")});
}

void rollingBack(RolloutSnapshot &r, qint64 now)
{
    halfMigrated(r, now);
    HostView &h = r.waves[0].hosts[0];
    h.state = HostRunState::RollingBack;
    Builder b{h, r.id, now - 5 * minute, 10};
    b.step("validate-bundle", StepKind::Validate, 20'000, "done", Direction::Restore);
    b.step("keep-aside", StepKind::SetAside, 110'000, "done", Direction::Restore);
    b.step("drop-and-restore", StepKind::Restore, 170'000, "running", Direction::Restore);
    h.stepWaitsFor = QStringLiteral("drop-and-restore to end");
    h.way.reset();
    refuse(r, "rollback", "a step is under way on berlin-1: it is taken back once it has ended");
}

void finished(RolloutSnapshot &r, qint64 now)
{
    qint64 at = now - 300 * minute;
    for (WaveView &w : r.waves) {
        for (HostView &h : w.hosts)
            h = upgraded(h.name, r.id, at, 4 * minute, 3 * minute);
        at += 40 * minute;
        w.state = QStringLiteral("passed");
        w.gate.verdict = GateVerdict::Pass;
        w.gate.reason = QStringLiteral("everything holds");
        w.gate.conditions = {{QStringLiteral("upgraded"), GateVerdict::Pass, QStringLiteral("%1 of %1").arg(w.hosts.size())},
                             {QStringLiteral("healthy"), GateVerdict::Pass, QStringLiteral("%1 of %1").arg(w.hosts.size())},
                             {QStringLiteral("budget"), GateVerdict::Pass, QStringLiteral("0 of 2 used")},
                             {QStringLiteral("bake"), GateVerdict::Pass, QStringLiteral("900 s")}};
    }
    r.state = RolloutLifecycle::Succeeded;
    r.hostsDone = r.hostsTotal;
    r.endedMs = now - 20 * minute;
    for (const char *verb : {"pause", "resume", "retry", "promote", "abort", "skip"})
        refuse(r, verb, "the rollout has ended: succeeded");
    allow(r, "rollback", names(r.waves[0]));
}

} // namespace

RolloutSnapshot rollout(Situation situation, qint64 nowMs, int id)
{
    RolloutSnapshot r;
    r.id = id;
    r.name = QStringLiteral("R-%1").arg(id, 4, 10, QLatin1Char('0'));
    r.product = QStringLiteral("piprio");
    r.productName = QStringLiteral("Piprio");
    r.planHash = QStringLiteral("7c1e") + QString(56, QLatin1Char('0')) + QStringLiteral("90ab");
    r.strategy = QStringLiteral("night");
    r.author = QStringLiteral("M. Lindqvist");
    r.approver = QStringLiteral("J. Okafor");
    r.from = QStringLiteral("1.4.0");
    r.to = version("1.5.0");
    r.startedMs = nowMs - 44 * minute;
    r.seq = 318;
    r.waves = {wave("Canary", {QStringLiteral("berlin-1"), QStringLiteral("osaka-3"), QStringLiteral("lyon-2")}),
               wave("Wave 1", {QStringLiteral("leeds-1"), QStringLiteral("leeds-4"), QStringLiteral("porto-1"), QStringLiteral("porto-2")}),
               wave("Wave 2", numbered("berlin", 2, 3) + numbered("lyon", 3, 4) + numbered("porto", 3, 4) + numbered("turin", 1, 2) + numbered("oslo", 1, 2) + numbered("fra", 1, 2)),
               wave("Wave 3", numbered("fra", 3, 12) + numbered("oslo", 3, 15))};
    for (const WaveView &w : r.waves)
        r.hostsTotal += static_cast<int>(w.hosts.size());
    for (const char *verb : {"pause", "resume", "retry", "promote", "skip", "rollback"})
        refuse(r, verb, "nothing to do");
    allow(r, "abort", names(r.waves[1]));
    switch (situation) {
    case Situation::CanaryBaking: canaryBaking(r, nowMs); break;
    case Situation::HalfMigrated: halfMigrated(r, nowMs); break;
    case Situation::RollingBack: rollingBack(r, nowMs); break;
    case Situation::Finished: finished(r, nowMs); break;
    }
    return r;
}

std::shared_ptr<ConsoleSnapshot> console(const QList<RolloutSnapshot> &rollouts, const QString &dataFolder)
{
    auto snapshot = std::make_shared<ConsoleSnapshot>();
    for (const RolloutSnapshot &r : rollouts)
        snapshot->rollouts.append(std::make_shared<const RolloutSnapshot>(r));
    snapshot->dataFolder = dataFolder;
    snapshot->journalState = QStringLiteral("intact");
    snapshot->journalEvents = 318;
    snapshot->library = std::make_shared<Library>();
    snapshot->connected = 42;
    return snapshot;
}

void writeLog(const QString &dataFolder, const RolloutSnapshot &rollout, const QString &host)
{
    const HostView *h = rollout.host(host);
    for (const StepView &step : h->steps) {
        const QString path = stepLogPath(dataFolder, rollout.id, host, step.token);
        QDir().mkpath(QFileInfo(path).path());
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly))
            return;
        if (step.kind == StepKind::Backup)
            file.write("01:32:20.118 pg_dump: dumping contents of table \"public.labels\"\n01:47:02.118 pg_dump ended, 4.1 GB in 13 min 58 s, sha256 9c41\xe2\x80\xa6" "e07a\n");
        if (step.kind == StepKind::Stop)
            file.write("\x1b[32mContainer piprio-api  Stopped\x1b[0m\n");
        if (step.kind == StepKind::Migrate)
            file.write("01:47:09.402 piprio/api:1.5.0 sha256:77d8\xe2\x80\xa6" "2b1c present\n"
                       "01:47:41.007 INFO  stopping scheduler, 0 jobs in hand\n"
                       "01:48:03.551 INFO  migrations: 3 pending, 41 applied\n"
                       "01:48:03.560 INFO  skip 0001_init \xe2\x80\xa6 0041_thread_index (41)\n"
                       "01:48:04.000 INFO  lock taken\n"
                       "01:48:04.912 INFO  apply 0042_add_label_schema.sql ok 1.35 s\n"
                       "01:52:19.330 INFO  apply 0043_backfill_tdigest.sql ok 254.42 s\n"
                       + QByteArray(step.state == QLatin1String("failed") ? "01:52:19.884 ERROR apply 0044_add_review_queue.sql: column \"set_id\" of relation \"labels\" already exists\n"
                                                                             "01:52:19.885 ERROR exit 1\n"
                                                                          : "01:52:19.884 INFO  apply 0044_add_review_queue.sql ok 0.55 s\n01:52:24.016 INFO  GET /health 200 in 41 ms, version 1.5.0\n"
                                                                            "02:09:51.774 WARN  worker-3 queue lag 12 s (limit 30 s)\n02:10:22.102 WARN  worker-3 queue lag 14 s (limit 30 s)\n"
                                                                            "02:13:54.660 INFO  worker-3 queue lag 2 s\n"));
    }
}

} // namespace bellwether::samples
