#include "fakeconsole.h"

#include <algorithm>


namespace bellwether {

FakeConsole::FakeConsole(ConsoleSnapshot first) { m_snapshot = std::make_shared<const ConsoleSnapshot>(std::move(first)); }

FakeConsole::~FakeConsole()
{
    for (std::thread &thread : m_threads)
        thread.join();
}

void FakeConsole::spawn(std::function<void()> work) { m_threads.emplace_back(std::move(work)); }

void FakeConsole::publish(ConsoleSnapshot snapshot)
{
    std::function<void()> changed;
    {
        const std::scoped_lock lock(m_mutex);
        snapshot.revision = ++m_revision;
        m_snapshot = std::make_shared<const ConsoleSnapshot>(std::move(snapshot));
        changed = m_changed;
    }
    if (changed)
        spawn(changed);
}

void FakeConsole::answer(const QString &verb, Answerer answerer) { m_answers.insert(verb, std::move(answerer)); }

std::vector<Request> FakeConsole::requests() const
{
    const std::scoped_lock lock(m_mutex);
    return m_requests;
}

void FakeConsole::request(Request request, std::function<void(Reply)> done)
{
    const Answerer answerer = m_answers.value(request.verb);
    {
        const std::scoped_lock lock(m_mutex);
        m_requests.push_back(request);
    }
    spawn([answerer, request, done] { done(answerer ? answerer(request) : Reply(QJsonObject())); });
}

std::shared_ptr<const ConsoleSnapshot> FakeConsole::snapshot() const
{
    const std::scoped_lock lock(m_mutex);
    return m_snapshot;
}

void FakeConsole::setChanged(std::function<void()> changed)
{
    const std::scoped_lock lock(m_mutex);
    m_changed = std::move(changed);
}

std::shared_ptr<const Library> shippedLibrary()
{
    static const auto library = [] {
        const Result<Library> loaded = loadShippedLibrary();
        return std::make_shared<const Library>(loaded ? *loaded : Library());
    }();
    return library;
}

namespace {

const char *const sites[] = {"berlin", "frankfurt", "leeds", "lyon", "osaka", "porto", "turin", "oslo", "austin"};

HostFacts healthyFacts(int i, qint64 nowMs)
{
    HostFacts facts;
    facts.measuredMs = nowMs - 40000 - i % 7 * 1000;
    facts.reachable = true;
    Version version;
    Version::fromText(i % 6 == 5 ? QStringLiteral("1.4.1") : QStringLiteral("1.4.0"), version);
    facts.version = version;
    facts.health = Health::Ok;
    facts.diskFree = 41000000000LL - i % 13 * 1000000000LL;
    facts.databaseSize = 18200000000LL;
    facts.databaseServer = QStringLiteral("SQLite 3.40.1");
    facts.ledger = Ledger{{QStringLiteral("0001_create_customers"), QStringLiteral("0002_create_orders"), QStringLiteral("0003_create_notes")}, {}};
    Backup backup;
    backup.path = QStringLiteral("/srv/sample/backups/R-0001-1.4.0");
    backup.startedMs = nowMs - (i % 11 + 1) * 3600000LL;
    backup.endedMs = backup.startedMs + 60000;
    backup.size = 4100000000LL;
    backup.verified = true;
    backup.sha256 = QString(64, QLatin1Char('a'));
    facts.backup = backup;
    facts.content = {{QStringLiteral("customers"), 1200 + i}, {QStringLiteral("orders"), 48000 + i}};
    return facts;
}

// The few that are not well, so that each state is seen.
void spoil(FleetRow &row, int i, qint64 nowMs)
{
    HostFacts &facts = row.facts;
    switch (i % 41) {
    case 7:
        facts.health = Health::Unhealthy;
        facts.healthDetail = QStringLiteral("answers 503: queue is not draining");
        break;
    case 13:
        facts = HostFacts();
        facts.measuredMs = nowMs - 18 * 60000;
        facts.error = QStringLiteral("connect-timeout");
        facts.errorArgs = {row.installation.name, QStringLiteral("connect"), QStringLiteral("10")};
        break;
    case 19: facts.health = Health::Starting; break;
    case 23: facts.ledger->halfMigrated = QStringLiteral("0008_unique_customer_email"); break;
    case 29: facts = HostFacts(); break;
    case 31: facts.backup->startedMs = nowMs - 2 * 86400000LL; break;
    case 37:
        row.keyState = QStringLiteral("unknown");
        row.keyFingerprint.clear();
        facts = HostFacts();
        break;
    default: break;
    }
}

} // namespace

ConsoleSnapshot madeUpFleet(int hosts, qint64 nowMs, bool production)
{
    ConsoleSnapshot snapshot;
    for (int i = 0; i < hosts; ++i) {
        FleetRow row;
        const QString site = QString::fromLatin1(sites[i % 9]);
        row.installation.name = QStringLiteral("%1-%2").arg(site).arg(i / 9 + 1, 2, 10, QLatin1Char('0'));
        row.installation.endpoint = {QStringLiteral("10.4.%1.%2").arg(i % 9 + 1).arg(i / 9 % 250 + 1), 22, QStringLiteral("ops"), QStringLiteral("agent"), {}};
        row.installation.groups = {i % 9 < 6 ? QStringLiteral("eu") : QStringLiteral("world")};
        row.installation.labels = {{QStringLiteral("site"), site}};
        if (i == 4)
            row.installation.labels.insert(QStringLiteral("critical"), QString());
        row.installation.environment = production ? Environment::Production : Environment::Development;
        row.installation.product = QStringLiteral("sample");
        row.installation.directory = QStringLiteral("/srv/sample");
        row.installation.domain = row.installation.name + QStringLiteral(".example.org");
        row.facts = healthyFacts(i, nowMs);
        row.keyState = QStringLiteral("trusted");
        row.keyFingerprint = QStringLiteral("SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDXzYP9");
        spoil(row, i, nowMs);
        snapshot.fleet << row;
    }
    std::sort(snapshot.fleet.begin(), snapshot.fleet.end(),
              [](const FleetRow &a, const FleetRow &b) { return a.installation.name < b.installation.name; });
    snapshot.library = shippedLibrary();
    snapshot.journalEvents = 12481;
    snapshot.journalState = QStringLiteral("intact");
    snapshot.connected = hosts > 7 ? hosts - 7 : hosts;
    snapshot.dataFolder = QStringLiteral("/var/lib/bellwether");
    return snapshot;
}

} // namespace bellwether
