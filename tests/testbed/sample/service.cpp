#include "service.h"

#include "httpserver.h"
#include "metrics.h"
#include "migrator.h"

#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QThread>

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace bellwether::sample {

namespace {

std::atomic<bool> stopAsked = false;

void onTerminate(int)
{
    stopAsked = true;
}

// What the HTTP thread tells and the main thread sets.
class Condition {
public:
    void set(const QString &status, const QString &reason)
    {
        const std::scoped_lock lock(m_mutex);
        m_status = status;
        m_reason = reason;
    }
    std::pair<QString, QString> get() const
    {
        const std::scoped_lock lock(m_mutex);
        return {m_status, m_reason};
    }

private:
    mutable std::mutex m_mutex;
    QString m_status = QStringLiteral("starting"), m_reason = QStringLiteral("migrations are not done");
};

HttpAnswer jsonAnswer(int status, const QJsonObject &object)
{
    return {status, "application/json", QJsonDocument(object).toJson(QJsonDocument::Compact)};
}

class Service {
public:
    Service(const Product &product, const ReleaseSpec &release) : m_product(product), m_release(release) {}
    int run();

private:
    Outcome<void> checkEnvironment() const;
    Outcome<Database> openDatabase() const;
    Outcome<void> prepare(); // everything before customers may come
    void work();
    void workOnce(Database &database, int turn);
    HttpAnswer answer(const QString &path);
    HttpAnswer health() const;
    int refuse(const QString &reason);

    const Product &m_product;
    const ReleaseSpec &m_release;
    Process m_self = processOf(::getpid());
    HttpServer m_http;
    Metrics m_metrics;
    Condition m_condition;
    QElapsedTimer m_sinceReady;
};

Outcome<void> Service::checkEnvironment() const
{
    for (const QString &name : m_release.requiredEnv) {
        if (m_product.env(name).isEmpty())
            return problem(QStringLiteral("%1 is not set in .env and %2 needs it").arg(name, m_release.version));
    }
    if (m_product.fault(QStringLiteral("start")) == QLatin1String("crash"))
        return problem(QStringLiteral("fault switched on"));
    return {};
}

Outcome<Database> Service::openDatabase() const
{
    auto database = Database::open(m_product.databaseFile(), Database::Mode::Existing);
    if (!database)
        return database;
    if (auto ok = database->execute("PRAGMA foreign_keys = ON"); !ok)
        return problem(ok.error());
    if (auto wal = database->query("PRAGMA journal_mode = WAL"); !wal)
        return problem(wal.error());
    return database;
}

Outcome<void> Service::prepare()
{
    auto database = openDatabase();
    if (!database)
        return problem(database.error());
    const auto ledger = readLedger(*database);
    if (!ledger)
        return problem(ledger.error());
    if (auto ok = mayServe(*ledger, m_release); !ok)
        return ok;
    if (auto ok = migrate(*database, m_release, m_product); !ok)
        return ok;
    const auto content = countContent(*database);
    if (!content)
        return problem(content.error());
    m_metrics.setRows(*content);
    return {};
}

int Service::refuse(const QString &reason)
{
    logLine("ERROR", QStringLiteral("start failed: %1").arg(reason));
    return 1;
}

int Service::run()
{
    logLine("INFO", QStringLiteral("bellwether-sample %1 starts, process %2").arg(m_release.version, m_self.toString()));
    if (auto ok = checkEnvironment(); !ok)
        return refuse(ok.error());
    if (m_product.takeLock() < 0)
        return refuse(QStringLiteral("another process serves this database"));
    QFile pidFile(m_product.path(QStringLiteral("run/sample.pid")));
    if (!pidFile.open(QIODevice::WriteOnly | QIODevice::Truncate)
        || pidFile.write(QStringLiteral("%1 %2\n").arg(m_self.pid).arg(m_self.startTime).toLatin1()) < 0)
        return refuse(QStringLiteral("cannot write run/sample.pid"));
    pidFile.close();
    const QString address = m_product.env(QStringLiteral("SAMPLE_ADDRESS"));
    const int port = m_product.env(QStringLiteral("SAMPLE_PORT")).toInt();
    if (auto ok = m_http.listen(address, port); !ok)
        return refuse(ok.error());
    logLine("INFO", QStringLiteral("listening on %1:%2").arg(address).arg(port));
    std::thread http([this] { m_http.run([this](const QString &path) { return answer(path); }); });
    const auto prepared = prepare();
    if (prepared)
        work();
    m_http.stop();
    http.join();
    if (!prepared)
        return refuse(prepared.error());
    logLine("INFO", QStringLiteral("stopped"));
    return 0;
}

// Customers' work: reads, five a second, counted in the metrics. Row counts stay as they are.
void Service::work()
{
    auto database = openDatabase();
    if (!database) {
        m_condition.set(QStringLiteral("unhealthy"), database.error());
        return;
    }
    m_sinceReady.start();
    if (m_release.neverHealthy)
        m_condition.set(QStringLiteral("starting"), QStringLiteral("price cache is warming up, 0 of 4096 entries"));
    else
        m_condition.set(QStringLiteral("ok"), {});
    logLine("INFO", m_release.neverHealthy ? QStringLiteral("warming up the price cache") : QStringLiteral("ready"));
    bool warned = false;
    for (int turn = 0; !stopAsked || m_product.fault(QStringLiteral("stop")) == QLatin1String("ignore"); ++turn) {
        if (m_release.neverHealthy && !warned && m_sinceReady.elapsed() > 20'000) {
            warned = true;
            logLine("WARN", QStringLiteral("price cache: no answer for 20 s"));
            m_condition.set(QStringLiteral("unhealthy"), QStringLiteral("price cache: no answer for 20 s"));
        }
        workOnce(*database, turn);
        QThread::msleep(200);
    }
}

void Service::workOnce(Database &database, int turn)
{
    const bool degraded = (m_release.degradeAfterS > 0 && m_sinceReady.elapsed() > m_release.degradeAfterS * 1000)
                          || m_product.fault(QStringLiteral("metrics")) == QLatin1String("errors");
    QElapsedTimer timer;
    timer.start();
    if (degraded) // a lock held too long: slower with time, and every fourth request gives up
        QThread::msleep(static_cast<unsigned long>(120 + (turn % 5) * 60));
    const auto rows = database.query("SELECT count(*), coalesce(sum(quantity * price_cents), 0) FROM orders WHERE customer = ?1",
                                     {QString::number(turn % 180 + 1)});
    const int status = !rows || (degraded && turn % 4 == 0) ? 500 : 200;
    m_metrics.countRequest(QStringLiteral("/customers/orders"), status, static_cast<double>(timer.nsecsElapsed()) / 1e9);
    if (status == 500)
        logLine("ERROR", QStringLiteral("GET /customers/orders 500: %1").arg(rows ? QStringLiteral("lock wait timed out") : rows.error()));
}

HttpAnswer Service::health() const
{
    const QString fault = m_product.fault(QStringLiteral("health"));
    if (fault == QLatin1String("fail"))
        return jsonAnswer(503, {{"status", "unhealthy"}, {"reason", "fault switched on"}});
    const auto [status, reason] = m_condition.get();
    if (fault == QLatin1String("starting") || status == QLatin1String("starting"))
        return jsonAnswer(503, {{"status", "starting"}, {"reason", reason.isEmpty() ? QStringLiteral("fault switched on") : reason}});
    if (status != QLatin1String("ok"))
        return jsonAnswer(503, {{"status", status}, {"reason", reason}});
    return jsonAnswer(200, {{"status", "ok"}, {"version", m_release.version}});
}

HttpAnswer Service::answer(const QString &path)
{
    QElapsedTimer timer;
    timer.start();
    HttpAnswer answer{404, "application/json", R"({"error":"no such page"})"};
    if (path == QLatin1String("/health")) {
        answer = health();
    } else if (path == QLatin1String("/ready")) {
        const bool ready = m_condition.get().first == QLatin1String("ok");
        answer = jsonAnswer(ready ? 200 : 503, {{"ready", ready}});
    } else if (path == QLatin1String("/version")) {
        const QString other = m_product.fault(QStringLiteral("version"));
        answer = jsonAnswer(200, {{"version", other.isEmpty() ? m_release.version : other},
                                  {"pid", m_self.pid},
                                  {"process", m_self.toString()}});
    } else if (path == QLatin1String("/metrics")) {
        answer = {200, "text/plain; version=0.0.4", m_metrics.text()};
    }
    if (answer.status != 404)
        m_metrics.countRequest(path, answer.status, static_cast<double>(timer.nsecsElapsed()) / 1e9);
    return answer;
}

} // namespace

int serve(const Product &product, const ReleaseSpec &release)
{
    struct sigaction action{};
    action.sa_handler = onTerminate;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return Service(product, release).run();
}

} // namespace bellwether::sample
