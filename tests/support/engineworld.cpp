#include "engineworld.h"

#include <QCoreApplication>
#include <QDir>
#include <QTemporaryDir>
#include <algorithm>

namespace bellwether {

namespace {

Step step(const char *name, StepKind kind, const QStringList &argv = {}, bool safe = false)
{
    Step s;
    s.name = QString::fromLatin1(name);
    s.kind = kind;
    s.argv = argv;
    s.safe = safe;
    return s;
}

Step pin(const QString &version)
{
    Step s = step("pin", StepKind::Pin);
    s.pinFile = QStringLiteral("/srv/product/.env");
    s.pinKey = QStringLiteral("VERSION");
    s.pinValue = version;
    return s;
}

QStringList product(const char *verb, const QString &argument = {})
{
    QStringList argv{QStringLiteral("product"), QString::fromLatin1(verb)};
    if (!argument.isEmpty())
        argv.append(argument);
    return argv;
}

} // namespace

Plan sketchPlan(const PlanSketch &sketch)
{
    const QString from = QStringLiteral("1.4.0"), backup = QStringLiteral("{backup}");
    Plan plan;
    plan.product = QStringLiteral("product");
    plan.productName = QStringLiteral("Product");
    plan.to = Version::parse(sketch.to).value();
    plan.strategy.bakeCanaryS = plan.strategy.bakeCanaryPatchS = plan.strategy.bakeWaveS = plan.strategy.bakeWavePatchS = 20;
    plan.strategy.steadyS = 5;
    plan.strategy.healthIntervalS = 1;
    plan.strategy.healthDeadlineS = 60;
    plan.strategy.manualGate = sketch.manualGate;
    plan.strategy.autoRollback = sketch.autoRollback;
    plan.log.began = {QStringLiteral("^begin (?<name>\\S+)")};
    plan.log.ran = {QStringLiteral("^applied (?<name>\\S+) in (?<ms>\\d+) ms")};
    plan.log.failed = {QStringLiteral("^failed (?<name>\\S+): (?<reason>.*)")};
    plan.log.succeeded = {QStringLiteral("^migrations done")};
    plan.author = QStringLiteral("tester");
    plan.waves = {{QStringLiteral("Canary"), {}}, {QStringLiteral("Wave 1"), {}}};
    for (int i = 1; i <= sketch.hosts; ++i) {
        PlanHost h;
        h.installation.name = QStringLiteral("demo-%1").arg(i, sketch.hosts < 100 ? 2 : 4, 10, QLatin1Char('0')); // sorted by name
        h.installation.endpoint.address = QStringLiteral("127.%1.9.%2").arg(i / 250).arg(i % 250);
        h.installation.endpoint.user = QStringLiteral("ops");
        h.installation.product = plan.product;
        h.installation.directory = QStringLiteral("/srv/product");
        h.installation.domain = h.installation.name + QStringLiteral(".example.test");
        h.from = Version::parse(from).value();
        Hop hop;
        hop.from = h.from;
        hop.to = plan.to;
        hop.schema = sketch.schema;
        hop.migrations = sketch.migrations;
        hop.backupPath = QStringLiteral("/backups/{rollout}-%1").arg(sketch.to);
        hop.steps = {step("preflight", StepKind::Preflight), step("backup", StepKind::Backup, product("backup", backup)),
                     step("stop", StepKind::Stop, product("stop"), true), pin(sketch.to), step("migrate", StepKind::Migrate, product("start", sketch.to)),
                     step("health", StepKind::Health), step("check", StepKind::Check)};
        hop.tagOnly = {step("stop", StepKind::Stop, product("stop")), pin(from), step("start", StepKind::Start, product("start", from)),
                       step("health", StepKind::Health), step("check", StepKind::Check)};
        Step restore = step("restore", StepKind::Restore, product("restore", backup));
        restore.stdinText = QStringLiteral("{confirmed-domain}");
        hop.restore = {step("validate", StepKind::Validate, product("validate", backup)), step("stop", StepKind::Stop, product("stop")), pin(from),
                       restore, step("start", StepKind::Start, product("start", from)), step("health", StepKind::Health), step("check", StepKind::Check)};
        h.hops = {hop};
        plan.hosts.append(h);
        plan.waves[i == 1 ? 0 : 1].hosts.append(h.installation.name);
    }
    if (plan.waves[1].hosts.isEmpty())
        plan.waves.removeLast();
    return plan;
}

EngineWorld::EngineWorld(const PlanSketch &sketch)
    : plan(sketchPlan(sketch))
{
    QTemporaryDir dir;
    dir.setAutoRemove(false);
    dataFolder = dir.path();
    fleet.releases.insert(QStringLiteral("1.4.0"), {});
    fleet.releases.insert(sketch.to, {sketch.migrations, {}, true});
    for (const PlanHost &h : std::as_const(plan.hosts))
        fleet.add(h.installation.name);
    startConsole();
}

EngineWorld::~EngineWorld()
{
    engine.reset();
    QDir(dataFolder).removeRecursively();
}

void EngineWorld::startConsole()
{
    Workspace workspace;
    workspace.id = QStringLiteral("workspace-1");
    for (const Event &e : journal.events())
        apply(workspace, e);
    engine = std::make_unique<Engine>(Engine::Setup{journal, fleet, clock, trust, dataFolder, workspace});
    engine->begin();
    turn();
}

void EngineWorld::killConsole()
{
    engine.reset();
    fleet.forgetCallers();
}

void EngineWorld::turn(qint64 ms)
{
    QCoreApplication::sendPostedEvents(engine.get());
    fleet.deliver();
    QCoreApplication::sendPostedEvents(engine.get());
    clock.advance(ms);
    engine->tick();
    QCoreApplication::sendPostedEvents(engine.get());
}

Reply EngineWorld::ask(const QString &verb, QJsonObject args)
{
    if (!args.contains(QLatin1String("rollout")))
        args.insert(QStringLiteral("rollout"), 1);
    std::optional<Reply> reply;
    engine->request(Request{verb, args, QStringLiteral("tester")}, [&reply](Reply r) { reply = std::move(r); });
    for (int i = 0; i < 1000 && !reply && !journal.isDead(); ++i)
        turn(10);
    return reply.value_or(fail(ErrorCode::Interrupted));
}

QList<Installation> EngineWorld::planned() const
{
    QList<Installation> hosts;
    for (const PlanHost &h : plan.hosts)
        hosts.append(h.installation);
    return hosts;
}

Reply EngineWorld::run(QJsonObject options)
{
    const auto known = [this](const Installation &i) {
        const Installation *now = engine->workspace().inventory.find(i.name);
        return now && *now == i;
    };
    if (const QList<Installation> hosts = planned(); !std::ranges::all_of(hosts, known))
        ask(QStringLiteral("fleet-import"), {{QStringLiteral("source"), QStringLiteral("test")}, {QStringLiteral("installations"), valueToJson(hosts)}});
    options.insert(QStringLiteral("plan"), QString::fromUtf8(writePlan(plan)));
    return ask(QStringLiteral("run"), options);
}

bool EngineWorld::until(const std::function<bool()> &holds)
{
    for (int i = 0; i < 4 * 900; ++i) {
        if (holds())
            return true;
        turn();
    }
    return holds();
}

QString EngineWorld::repeated() const
{
    for (auto it = fleet.effects.cbegin(); it != fleet.effects.cend(); ++it)
        if (it.value() > 1)
            return QStringLiteral("%1 was carried out %2 times").arg(it.key()).arg(it.value());
    return {};
}

bool EngineWorld::settle()
{
    int calm = 0;
    for (int i = 0; i < 4 * 3600; ++i) {
        turn();
        if (journal.isDead())
            return true;
        const auto it = engine->workspace().rollouts.constFind(1);
        if (it == engine->workspace().rollouts.cend())
            continue;
        bool under = !it->rollbackOrder.isEmpty();
        for (const HostRun &h : it->hosts)
            under = under || h.current();
        const bool rests = !under && (it->isEnded() || it->isPaused());
        calm = rests ? calm + 1 : 0;
        if (calm > 8)
            return true;
    }
    return false;
}

} // namespace bellwether
