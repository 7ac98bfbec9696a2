#include "lives.h"

#include "engine/runtime.h"
#include "journal/journal.h"
#include "plan/planner.h"
#include "sampleproduct.h"

#include <QJsonDocument>
#include <QThread>
#include <future>

namespace bellwether {

Reply askPort(ConsolePort &port, const QString &verb, const QJsonObject &args)
{
    std::promise<Reply> promise;
    port.request(Request{verb, args, QStringLiteral("tester")}, [&promise](Reply reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get();
}

int liveOn(const QString &dataFolder, const QString &planFile, const ConsoleStack::Between &between, double bakeScale)
{
    auto stack = ConsoleStack::open(dataFolder, between);
    if (!stack) {
        qWarning("%s", qPrintable(clauseOf(stack.error())));
        return 2;
    }
    ConsolePort &port = (*stack)->port();
    Reply reply = QJsonObject{};
    const auto snapshot = port.snapshot();
    if (snapshot->rollouts.isEmpty()) {
        QFile file(planFile);
        if (!file.open(QIODevice::ReadOnly))
            return 2;
        reply = askPort(port, QStringLiteral("run"), {{QStringLiteral("plan"), QString::fromUtf8(file.readAll())}, {QStringLiteral("auto_promote"), true},
                                                      {QStringLiteral("acknowledge_notes"), true}, {QStringLiteral("bake_scale"), bakeScale}});
    } else if (snapshot->rollouts.first()->interrupted) {
        reply = askPort(port, QStringLiteral("resume"), {{QStringLiteral("rollout"), 1}});
    }
    if (!reply) {
        qWarning("%s", qPrintable(clauseOf(reply.error())));
        return 2;
    }
    for (int i = 0; i < 600; ++i) {
        const auto now = port.snapshot();
        if (!now->rollouts.isEmpty() && now->rollouts.first()->state != RolloutLifecycle::Running && !now->rollouts.first()->interrupted) {
            const RolloutSnapshot &r = *now->rollouts.first();
            if (r.state == RolloutLifecycle::Succeeded)
                return 0;
            qWarning("%s: %s", qPrintable(nameOf(r.state)), qPrintable(r.pauseText));
            return 3;
        }
        QThread::msleep(100);
    }
    return 3;
}

LivesWorld::LivesWorld()
    : m_fleet(m_data.path())
{}

LivesWorld::~LivesWorld()
{
    (void)m_fleet.down();
}

QString LivesWorld::prepare(bool behindProxies)
{
    DemoFleet::Options options;
    options.hosts = 2;
    options.network = testNetwork();
    options.sample = sampleExecutable();
    const auto hosts = m_fleet.up(options);
    if (!hosts)
        return clauseOf(hosts.error());
    const Library library = loadShippedLibrary().value();
    PlanRequest request;
    request.profile = &*library.profiles.constFind(QStringLiteral("sample"));
    request.catalogue = &*library.catalogues.constFind(QStringLiteral("sample"));
    request.strategy = library.strategies[QStringLiteral("demo")];
    request.to = Version::parse(QStringLiteral("1.4.1")).value();
    request.author = QStringLiteral("tester");
    QJsonArray installations;
    for (const DemoFleet::Host &h : *hosts) {
        Installation i = h.installation;
        i.labels.remove(QStringLiteral("critical"));
        if (behindProxies) {
            m_proxies.push_back(std::make_unique<FaultProxy>(i.endpoint.port, LinkQuality{}, i.endpoint.address, i.endpoint.address));
            i.endpoint.port = m_proxies.back()->port();
        }
        installations.append(toJson(i));
    }
    auto stack = ConsoleStack::open(m_data.path());
    if (!stack)
        return clauseOf(stack.error());
    ConsolePort &port = (*stack)->port();
    QList<Reply> replies{askPort(port, QStringLiteral("fleet-import"), {{QStringLiteral("source"), QStringLiteral("test")}, {QStringLiteral("installations"), installations}})};
    for (const DemoFleet::Host &h : *hosts)
        replies += askPort(port, QStringLiteral("trust"), {{QStringLiteral("host"), h.installation.name}, {QStringLiteral("fingerprint"), h.fingerprint}, {QStringLiteral("key_type"), h.keyType}});
    replies += askPort(port, QStringLiteral("check"), {});
    for (const Reply &reply : std::as_const(replies)) {
        if (!reply)
            return clauseOf(reply.error());
    }
    const auto snapshot = port.snapshot();
    for (const FleetRow &row : snapshot->fleet) {
        if (!row.facts.reachable || !row.facts.problems.isEmpty())
            return row.facts.error + row.facts.errorArgs.join(u' ') + row.facts.problems.join(u'\n');
        request.hosts.append(row.installation);
        request.facts.insert(row.installation.name, row.facts);
    }
    m_plan = makePlan(request);
    if (!m_plan.isAccepted())
        return m_plan.findings.value(0).message;
    QFile file(m_data.filePath(QStringLiteral("plan.yaml")));
    return file.open(QIODevice::WriteOnly) && file.write(writePlan(m_plan)) > 0 ? QString() : file.errorString();
}

QStringList LivesWorld::console(const QStringList &more) const
{
    return QStringList{QStringLiteral("--console"), m_data.path(), m_data.filePath(QStringLiteral("plan.yaml"))} + more;
}

QString LivesWorld::effectsFile(int host) const
{
    return m_plan.hosts.value(host).installation.directory + QStringLiteral("/effects.log");
}

QList<Event> LivesWorld::events() const
{
    const auto reader = JournalReader::open(m_data.path());
    const auto all = reader ? (*reader)->read() : Result<QList<Event>>(std::unexpected(reader.error()));
    return all ? *all : QList<Event>();
}

QString LivesWorld::problem() const
{
    const auto reader = JournalReader::open(m_data.path());
    if (!reader || !(*reader)->verify() || !(*reader)->verify()->intact)
        return QStringLiteral("the journal is not intact");
    Workspace workspace;
    for (const Event &e : events())
        apply(workspace, e);
    const RolloutState &r = workspace.rollouts[1];
    if (r.lifecycle != RolloutLifecycle::Succeeded)
        return nameOf(r.lifecycle);
    for (qsizetype i = 0; i < m_plan.hosts.size(); ++i) {
        const QString name = m_plan.hosts.at(i).installation.name;
        if (r.hosts[name].state != HostRunState::Upgraded)
            return name + QStringLiteral(" is ") + nameOf(r.hosts[name].state);
        QFile effects(effectsFile(int(i)));
        if (!effects.open(QIODevice::ReadOnly))
            return effects.errorString();
        const QStringList lines = QString::fromUtf8(effects.readAll()).split(u'\n', Qt::SkipEmptyParts);
        for (const char *verb : {"backup ", "pull 1.4.1", "stop", "start 1.4.1"}) {
            const auto executed = lines.filter(QLatin1String(verb)).size();
            if (executed != 1)
                return QStringLiteral("%1: %2 was carried out %3 times\n%4").arg(name, QLatin1String(verb)).arg(executed).arg(lines.join(u'\n'));
        }
    }
    for (const DemoFleet::Host &h : m_fleet.status()) {
        if (h.running != QLatin1String("1.4.1"))
            return h.installation.name + QStringLiteral(" runs ") + h.running;
    }
    return {};
}

} // namespace bellwether
