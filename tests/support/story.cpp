#include "story.h"

#include "journal/chain.h"

namespace bellwether::support {

namespace {
const QString operatorName = QStringLiteral("J. Okafor");

QString hostName(int i)
{
    return QStringLiteral("demo-%1").arg(i, 2, 10, QLatin1Char('0'));
}

HostFacts factsOf(const QString &version, const QStringList &applied, qint64 customers, qint64 atMs)
{
    HostFacts facts;
    facts.measuredMs = atMs;
    facts.reachable = true;
    facts.version = *Version::parse(version);
    facts.health = Health::Ok;
    facts.ledger = Ledger{applied, {}};
    facts.content = {{QStringLiteral("customers"), customers}, {QStringLiteral("orders"), customers * 3}};
    return facts;
}

template<class Body>
Body at(const QString &host, int hop = 0)
{
    Body body;
    body.host = host;
    body.hop = hop;
    return body;
}

void measured(Story &story, int rollout, const QString &host, const char *phase, const HostFacts &facts)
{
    FactsMeasured body = at<FactsMeasured>(host);
    body.phase = QString::fromLatin1(phase);
    body.facts = facts;
    story.say(body, rollout);
}

void healthy(Story &story, int rollout, const QString &host, const QString &version)
{
    HealthObserved body;
    body.host = host;
    body.health = Health::Ok;
    body.version = version;
    body.process = QStringLiteral("4711.") + version;
    story.say(body, rollout);
}

void migrated(Story &story, int rollout, const QString &host, const QString &name, MigrationState state, std::optional<qint64> ms, const QString &reason = {})
{
    MigrationObserved body = at<MigrationObserved>(host);
    body.migration.name = name;
    body.migration.state = state;
    body.migration.durationMs = ms;
    body.migration.reason = reason;
    story.say(body, rollout);
}

void ended(Story &story, int rollout, const QString &host, HostRunState state, const QString &reason = {})
{
    HostEnded body = at<HostEnded>(host);
    body.state = state;
    body.reason = reason;
    story.say(body, rollout);
}

void gate(Story &story, int rollout, int wave, GateVerdict verdict, const QString &reason, const QList<GateCondition> &conditions)
{
    GateAssessed body;
    body.wave = wave;
    body.verdict = verdict;
    body.reason = reason;
    body.conditions = conditions;
    story.say(body, rollout);
}

Backup proven(const QString &path, qint64 atMs, qint64 customers)
{
    Backup backup;
    backup.path = path;
    backup.startedMs = atMs;
    backup.endedMs = atMs + 2'000;
    backup.size = 184'320;
    backup.sha256 = QString(64, QLatin1Char('b'));
    backup.verified = true;
    backup.content = {{QStringLiteral("customers"), customers}};
    return backup;
}

// The way there on one host, up to the start of the new version.
void begin(Story &story, int rollout, const QString &host, const QString &from, const QString &to, qint64 customers)
{
    story.say(at<HostBegun>(host), rollout);
    story.step(rollout, host, Direction::Forward, 0, QStringLiteral("preflight"), StepKind::Preflight, QStringLiteral("measure version, health, disk, database, backup, ledger"), 900);
    measured(story, rollout, host, "preflight", factsOf(from, {QStringLiteral("0001_init")}, customers, story.nowMs()));
    const qint64 backupAt = story.nowMs();
    const QString path = QStringLiteral("/srv/%1/backups/R-%2-%3.db").arg(host).arg(rollout, 4, 10, QLatin1Char('0')).arg(to);
    story.step(rollout, host, Direction::Forward, 1, QStringLiteral("backup"), StepKind::Backup, QStringLiteral("/srv/%1/bin/backup --to %2").arg(host, path), 2'300);
    BackupProven backup = at<BackupProven>(host);
    backup.backup = proven(path, backupAt, customers);
    story.say(backup, rollout);
    story.step(rollout, host, Direction::Forward, 2, QStringLiteral("pull"), StepKind::Pull, QStringLiteral("/srv/%1/bin/fetch %2").arg(host, to), 3'100);
    story.step(rollout, host, Direction::Forward, 3, QStringLiteral("stop"), StepKind::Stop, QStringLiteral("/srv/%1/bin/service stop").arg(host), 1'200);
    story.step(rollout, host, Direction::Forward, 4, QStringLiteral("pin"), StepKind::Pin, QStringLiteral("set SAMPLE_VERSION=%2 in /srv/%1/.env").arg(host, to), 150);
}

void finish(Story &story, int rollout, const QString &host, const QString &to, const QStringList &migrations, qint64 customers)
{
    story.step(rollout, host, Direction::Forward, 5, QStringLiteral("start"), StepKind::Start, QStringLiteral("/srv/%1/bin/service start").arg(host), 6'400);
    for (qsizetype i = 0; i < migrations.size(); ++i)
        migrated(story, rollout, host, migrations[i], MigrationState::Ran, 240 + 1'900 * qint64(i));
    healthy(story, rollout, host, to);
    story.step(rollout, host, Direction::Forward, 6, QStringLiteral("health"), StepKind::Health, QStringLiteral("GET http://127.0.0.1:8080/health until ok and steady"), 5'200);
    healthy(story, rollout, host, to);
    story.step(rollout, host, Direction::Forward, 7, QStringLiteral("check"), StepKind::Check, QStringLiteral("measure version, ledger and content"), 700);
    measured(story, rollout, host, "check", factsOf(to, QStringList{QStringLiteral("0001_init")} + migrations, customers + 2, story.nowMs()));
    ended(story, rollout, host, HostRunState::Upgraded);
}

void openWave(Story &story, int rollout, int wave)
{
    WaveOpened body;
    body.wave = wave;
    story.say(body, rollout);
}

void passGate(Story &story, int rollout, int wave, const QString &by)
{
    GatePassed body;
    body.wave = wave;
    body.by = by;
    story.say(body, rollout);
}

QList<GateCondition> holding(int hosts)
{
    return {{QStringLiteral("upgraded"), GateVerdict::Pass, QStringLiteral("%1 of %1").arg(hosts)}, {QStringLiteral("healthy"), GateVerdict::Pass, QStringLiteral("%1 of %1").arg(hosts)},
            {QStringLiteral("budget"), GateVerdict::Pass, QStringLiteral("0 failures, stops at the 1st")}, {QStringLiteral("bake"), GateVerdict::Pass, QStringLiteral("20 s of 20 s")}};
}

void startRollout(Story &story, int rollout, const Plan &plan)
{
    RolloutStarted start;
    start.plan = toJson(plan);
    start.planHash = planHash(plan);
    start.options.acknowledgedNotes = true;
    start.options.yes = true;
    start.workspace = story.workspace();
    story.say(start, rollout, operatorName);
}

void endRollout(Story &story, int rollout, RolloutLifecycle state, const QString &actor, const QString &reason)
{
    RolloutEnded end;
    end.state = state;
    end.reason = reason;
    story.say(end, rollout, actor);
}

const QStringList threeMigrations{QStringLiteral("0012_order_index"), QStringLiteral("0013_backfill_totals"), QStringLiteral("0014_customer_email")};

void tellGood(Story &story)
{
    ConsoleStarted console;
    console.workspace = QStringLiteral("6d1f0c0e-6d5b-4b3c-9a57-0123456789ab");
    story.say(console, 0);
    story.pass(60'000);
    startRollout(story, 1, sixHosts(QStringLiteral("1.4.0"), QStringLiteral("1.5.0"), threeMigrations));
    const QList<QList<int>> waves{{1}, {2}, {3, 4}, {5, 6}};
    for (int w = 0; w < waves.size(); ++w) {
        openWave(story, 1, w);
        for (const int i : waves[w]) {
            begin(story, 1, hostName(i), QStringLiteral("1.4.0"), QStringLiteral("1.5.0"), 100 + i);
            finish(story, 1, hostName(i), QStringLiteral("1.5.0"), threeMigrations, 100 + i);
        }
        story.pass(20'000);
        gate(story, 1, w, GateVerdict::Pass, {}, holding(int(waves[w].size())));
        if (w == 0) {
            HostRemoved foreign; // of another customer: its name must not enter the report
            foreign.hosts = {QStringLiteral("other-customer-7")};
            story.say(foreign, 0, QStringLiteral("somebody"));
            Promoted promoted;
            promoted.reason = QStringLiteral("looked at the dashboards");
            story.say(promoted, 1, operatorName);
        }
        passGate(story, 1, w, w == 0 ? operatorName : QString());
    }
    endRollout(story, 1, RolloutLifecycle::Succeeded, QStringLiteral("bellwether"), {});
}

void tellRestored(Story &story)
{
    story.pass(3'600'000);
    Plan plan = sixHosts(QStringLiteral("1.5.0"), QStringLiteral("1.5.1"), {QStringLiteral("0015_split_address"), QStringLiteral("0016_unique_email")});
    plan.approver = QStringLiteral("M. Lindqvist");
    startRollout(story, 2, plan);
    openWave(story, 2, 0);
    const QString host = hostName(1);
    begin(story, 2, host, QStringLiteral("1.5.0"), QStringLiteral("1.5.1"), 103);
    const qint64 backupAt = story.nowMs() - 6'750;
    story.step(2, host, Direction::Forward, 5, QStringLiteral("start"), StepKind::Start, QStringLiteral("/srv/demo-01/bin/service start"), 4'100, StepOutcome::Failed,
               QStringLiteral("migration 0016_unique_email failed: UNIQUE constraint failed: customers.email"));
    migrated(story, 2, host, QStringLiteral("0015_split_address"), MigrationState::Ran, 310);
    migrated(story, 2, host, QStringLiteral("0016_unique_email"), MigrationState::Failed, std::nullopt, QStringLiteral("UNIQUE constraint failed: customers.email"));
    ended(story, 2, host, HostRunState::HalfMigrated, QStringLiteral("migration 0016_unique_email failed: UNIQUE constraint failed: customers.email"));
    Paused paused;
    paused.reason = PauseReason::FailureBudget;
    paused.detail = QStringLiteral("1 failure in the canary, none allowed");
    story.say(paused, 2);
    gate(story, 2, 0, GateVerdict::Fail, QStringLiteral("1 failure in the canary, none allowed"), {{QStringLiteral("upgraded"), GateVerdict::Fail, QStringLiteral("0 of 1")}, {QStringLiteral("budget"), GateVerdict::Fail, QStringLiteral("1 failure, stops at the 1st")}});
    story.pass(95'000);
    WayBackDecided way;
    way.host = host;
    way.way.verdict = WayBackVerdict::Restore;
    way.way.rule = 4;
    way.way.reason = QStringLiteral("the database is half-migrated: 0015_split_address ran and 0016_unique_email failed");
    way.way.lossFromMs = backupAt;
    way.way.evidence = {{QStringLiteral("ledger"), QStringLiteral("2 applied, last 0015_split_address, 0016_unique_email begun and not finished"), true, QStringLiteral("preflight, check")},
                        {QStringLiteral("step"), QStringLiteral("start ended with exit 1"), true, QStringLiteral("r2.hdemo-01.0.start.1")},
                        {QStringLiteral("backup"), QStringLiteral("proven, 180 KB, 103 customers"), false, QStringLiteral("/srv/demo-01/backups/R-0002-1.5.1.db")}};
    story.say(way, 2, operatorName);
    RollbackConfirmed confirmed;
    confirmed.hosts = {host};
    confirmed.ways = {{host, QStringLiteral("restore")}};
    confirmed.confirmed = {{host, QStringLiteral("demo-01.example.test")}};
    story.say(confirmed, 2, operatorName);
    const auto back = [&](int index, const char *name, StepKind kind, const QString &command, qint64 ms) {
        story.step(2, host, Direction::Restore, index, QString::fromLatin1(name), kind, command, ms);
    };
    back(0, "validate", StepKind::Validate, QStringLiteral("/srv/demo-01/bin/restore --validate /srv/demo-01/backups/R-0002-1.5.1.db"), 800);
    back(1, "stop", StepKind::Stop, QStringLiteral("/srv/demo-01/bin/service stop"), 600);
    back(2, "set-aside", StepKind::SetAside, QStringLiteral("cp -a /srv/demo-01/data/sample.db /srv/demo-01/aside/R-0002.db"), 400);
    back(3, "restore", StepKind::Restore, QStringLiteral("/srv/demo-01/bin/restore --confirm demo-01.example.test /srv/demo-01/backups/R-0002-1.5.1.db"), 3'900);
    back(4, "start", StepKind::Start, QStringLiteral("/srv/demo-01/bin/service start"), 2'000);
    healthy(story, 2, host, QStringLiteral("1.5.0"));
    back(5, "health", StepKind::Health, QStringLiteral("GET http://127.0.0.1:8080/health until ok and steady"), 5'100);
    measured(story, 2, host, "back", factsOf(QStringLiteral("1.5.0"), {QStringLiteral("0001_init")}, 103, story.nowMs()));
    ended(story, 2, host, HostRunState::RolledBack);
    endRollout(story, 2, RolloutLifecycle::RolledBack, operatorName, QStringLiteral("vendor informed"));
}

} // namespace

Story::Story(QString workspace, qint64 startMs)
    : m_workspace(std::move(workspace))
    , m_nowMs(startMs)
{
}

Event &Story::say(const EventBody &body, int rollout, const QString &actor)
{
    m_nowMs += 20;
    Event event;
    event.rollout = rollout;
    event.wallMs = m_nowMs;
    event.monoMs = m_nowMs - 1'790'000'000'000;
    event.actor = actor;
    event.body = body;
    events.append(event);
    return events.last();
}

void Story::step(int rollout, const QString &host, Direction direction, int index, const QString &name, StepKind kind, const QString &command, qint64 durationMs,
                 StepOutcome outcome, const QString &reason)
{
    StepIntended intended = at<StepIntended>(host);
    intended.token = QStringLiteral("%1r%2.h%3.0.%4.1").arg(direction == Direction::Forward ? QString() : QStringLiteral("x")).arg(rollout).arg(host, name);
    intended.direction = direction;
    intended.index = index;
    intended.step = name;
    intended.kind = kind;
    intended.sha256 = QString(64, QLatin1Char('5'));
    intended.command = command;
    say(intended, rollout);
    StepStarted started;
    started.host = host;
    started.token = intended.token;
    say(started, rollout);
    pass(durationMs);
    StepEnded done;
    done.host = host;
    done.token = intended.token;
    done.outcome = outcome;
    done.exitStatus = outcome == StepOutcome::Done ? 0 : 1;
    done.reason = reason;
    done.durationMs = durationMs;
    say(done, rollout);
}

void Story::chain()
{
    QByteArray link = genesisHash(m_workspace);
    qint64 seq = 0;
    for (Event &event : events) {
        event.seq = ++seq;
        event.prev = link;
        const ChainRow row = chainRow(event);
        event.payload = row.payload;
        event.hash = chainHash(link, row);
        link = event.hash;
    }
}

Plan sixHosts(const QString &from, const QString &to, const QStringList &migrations)
{
    Plan plan;
    plan.product = QStringLiteral("sample");
    plan.productName = QStringLiteral("Sample");
    plan.to = *Version::parse(to);
    plan.strategy.name = QStringLiteral("demo");
    plan.author = operatorName;
    plan.createdMs = 1'789'999'000'000;
    plan.approvedMs = 1'789'999'500'000;
    for (int i = 1; i <= 6; ++i) {
        PlanHost host;
        host.installation.name = hostName(i);
        host.installation.endpoint.address = QStringLiteral("127.0.1.%1").arg(i);
        host.installation.endpoint.port = 2222;
        host.installation.domain = QStringLiteral("demo-%1.example.test").arg(i, 2, 10, QLatin1Char('0'));
        host.from = *Version::parse(from);
        Hop hop;
        hop.from = host.from;
        hop.to = plan.to;
        hop.migrations = migrations;
        host.hops = {hop};
        plan.hosts.append(host);
    }
    plan.waves = {{QStringLiteral("Canary"), {hostName(1)}}, {QStringLiteral("Wave 1"), {hostName(2)}}, {QStringLiteral("Wave 2"), {hostName(3), hostName(4)}}, {QStringLiteral("Wave 3"), {hostName(5), hostName(6)}}};
    return plan;
}

QString hostile()
{
    return QStringLiteral("=HYPERLINK(\"http://x\",\"y\")<script>alert('1')</script>\"><img src=\"file:///etc/passwd\" onerror=alert(1)> </style>&amp;|a`b``c|\r\n# h\n\x1b]52;c;AA\x07 \u202egpj.exe ]]> {{7*7}}");
}

QList<Event> goodStory()
{
    Story story(QStringLiteral("6d1f0c0e-6d5b-4b3c-9a57-0123456789ab"), 1'790'000'000'000);
    tellGood(story);
    story.chain();
    return story.events;
}

QList<Event> restoredStory()
{
    Story story(QStringLiteral("6d1f0c0e-6d5b-4b3c-9a57-0123456789ab"), 1'790'000'000'000);
    tellGood(story);
    tellRestored(story);
    story.chain();
    return story.events;
}

QList<Event> hostileStory()
{
    Story story(QStringLiteral("w"), 1'790'000'000'000);
    const QString bad = hostile();
    ConsoleStarted console;
    console.workspace = QStringLiteral("w");
    console.hostName = bad;
    story.say(console, 0);
    Plan plan = sixHosts(QStringLiteral("1.4.0"), QStringLiteral("1.5.0"), {bad});
    plan.productName = plan.author = plan.approver = plan.strategy.name = bad;
    plan.after = {bad};
    plan.waves[0].name = bad;
    plan.hosts[0].installation.name = bad;
    plan.hosts[0].installation.window = bad;
    plan.hosts[0].installation.labels.insert(QStringLiteral("customer"), bad);
    plan.hosts[0].unknowns = {bad};
    plan.waves[0].hosts = {bad};
    startRollout(story, 1, plan);
    story.events.last().actor = bad;
    openWave(story, 1, 0);
    story.say(at<HostBegun>(bad), 1);
    story.step(1, bad, Direction::Forward, 0, bad, StepKind::Stop, bad, 900, StepOutcome::Failed, bad);
    migrated(story, 1, bad, bad, MigrationState::Failed, std::nullopt, bad);
    healthy(story, 1, bad, bad);
    BackupProven backup = at<BackupProven>(bad);
    backup.backup.path = bad;
    story.say(backup, 1);
    WayBackDecided way;
    way.host = bad;
    way.way.verdict = WayBackVerdict::Restore;
    way.way.reason = bad;
    way.way.evidence = {{bad, bad, true, bad}};
    story.say(way, 1);
    gate(story, 1, 0, GateVerdict::Fail, bad, {{QStringLiteral("budget"), GateVerdict::Fail, bad}});
    Paused paused;
    paused.detail = bad;
    story.say(paused, 1, bad);
    ConnectionChanged lost;
    lost.host = bad;
    story.say(lost, 1);
    ended(story, 1, bad, HostRunState::HalfMigrated, bad);
    story.chain();
    return story.events;
}

QList<Event> manyHostsStory(int hosts)
{
    Story story(QStringLiteral("w"), 1'790'000'000'000);
    Plan plan = sixHosts(QStringLiteral("1.4.0"), QStringLiteral("1.5.0"), {});
    const PlanHost model = plan.hosts.first();
    plan.hosts.clear();
    plan.waves = {{QStringLiteral("Canary"), {}}, {QStringLiteral("Wave 1"), {}}};
    for (int i = 0; i < hosts; ++i) {
        PlanHost host = model;
        host.installation.name = QStringLiteral("host-%1").arg(i, 5, 10, QLatin1Char('0'));
        plan.hosts.append(host);
        plan.waves[i == 0 ? 0 : 1].hosts.append(host.installation.name);
    }
    startRollout(story, 1, plan);
    for (const PlanHost &host : std::as_const(plan.hosts)) { // 24 events each
        const QString name = host.installation.name;
        story.say(at<HostBegun>(name), 1);
        for (int i = 0; i < 7; ++i)
            story.step(1, name, Direction::Forward, i, QStringLiteral("step-%1").arg(i), i == 2 ? StepKind::Stop : StepKind::Guard, QStringLiteral("/srv/bin/step %1").arg(i), 10);
        healthy(story, 1, name, QStringLiteral("1.5.0"));
        ended(story, 1, name, HostRunState::Upgraded);
    }
    return story.events;
}

} // namespace bellwether::support
