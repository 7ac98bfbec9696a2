// A live rollout of 2000 hosts, 500 of them at work at once, in the real window: engine, journal on disk and window are
// the real ones, hosts live in memory and answer five times a second. For each page, with a rollout of its own: what the
// engine's thread used of a core, and the window's CPU time per turn of its event loop.
#include "engine/engine.h"
#include "engine/truststore.h"
#include "engineworld.h"
#include "journal/journal.h"
#include "journalhelp.h"
#include "rollout/fleetjson.h"
#include "shell/makewindow.h"
#include "widgets/theme.h"

#include <QAbstractEventDispatcher>
#include <QApplication>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QThread>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <future>
#include <pthread.h>

using namespace bellwether;

namespace {

double cpuMs(clockid_t clock)
{
    timespec t{};
    clock_gettime(clock, &t);
    return double(t.tv_sec) * 1e3 + double(t.tv_nsec) / 1e6;
}

// Engine and hosts on a thread of their own, as in the console.
struct EngineThread {
    SystemClock clock;
    FakeFleet fleet{clock};
    TrustStore trust;
    std::unique_ptr<JournalWriter> writer;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<QTimer> tick, answers;
    QThread thread;
    QObject *context = new QObject;
    clockid_t cpu = 0;

    void onThread(const std::function<void()> &work)
    {
        QMetaObject::invokeMethod(context, work, Qt::BlockingQueuedConnection);
    }
    explicit EngineThread(const QString &folder, const Plan &plan)
    {
        for (const char *version : {"1.4.0", "1.5.0"})
            fleet.releases.insert(QString::fromLatin1(version), {});
        writer = JournalWriter::open(folder).value();
        QList<Installation> hosts;
        for (const PlanHost &h : plan.hosts) {
            fleet.add(h.installation.name);
            hosts.append(h.installation);
        }
        FleetImported imported;
        imported.installations = hosts;
        (void)support::appendAndWait(*writer, {NewEvent{0, 1, 1, QStringLiteral("bench"), imported}});
        Workspace workspace;
        workspace.id = writer->workspaceId();
        workspace.library = std::make_shared<Library>(loadShippedLibrary().value());
        const auto reader = JournalReader::open(folder);
        const auto events = (*reader)->read();
        for (const Event &e : *events)
            apply(workspace, e);
        context->moveToThread(&thread);
        thread.start();
        onThread([&] {
            pthread_getcpuclockid(pthread_self(), &cpu);
            engine = std::make_unique<Engine>(Engine::Setup{*writer, fleet, clock, trust, folder, workspace});
            engine->begin();
            tick = std::make_unique<QTimer>();
            QObject::connect(tick.get(), &QTimer::timeout, [this] { engine->tick(); });
            tick->start(100);
            answers = std::make_unique<QTimer>();
            QObject::connect(answers.get(), &QTimer::timeout, [this] { fleet.deliver(); });
            answers->start(200);
        });
    }
    ~EngineThread()
    {
        onThread([this] {
            tick.reset();
            answers.reset();
            engine->stop();
        });
        writer.reset();
        onThread([this] {
            engine.reset();
            context->deleteLater();
        });
        thread.quit();
        thread.wait();
    }
};

// CPU time of this thread from one moment at which it had nothing to do to the next.
class Turns : public QObject {
public:
    Turns()
    {
        connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::aboutToBlock, this, [this] {
            const double now = cpuMs(CLOCK_THREAD_CPUTIME_ID);
            m_turns.push_back(now - m_last);
            m_last = now;
        });
    }
    void begin()
    {
        m_turns.clear();
        m_last = cpuMs(CLOCK_THREAD_CPUTIME_ID);
    }
    // Turns under half a millisecond (a blinking cursor) are left out, so that they cannot thin out the others.
    void say(const char *page, double engineShare, double windowShare, qint64 events)
    {
        std::erase_if(m_turns, [](double ms) { return ms < 0.5; });
        std::sort(m_turns.begin(), m_turns.end());
        const auto at = [this](double share) { return m_turns.empty() ? 0 : m_turns[std::min(m_turns.size() - 1, size_t(double(m_turns.size()) * share))]; };
        std::printf("%-10s %9lld %11.1f %11.1f %7zu %8.1f %8.1f %8.1f\n", page, static_cast<long long>(events), 100 * engineShare, 100 * windowShare,
                    m_turns.size(), at(0.5), at(0.99), m_turns.empty() ? 0 : m_turns.back());
        std::fflush(stdout);
    }

private:
    std::vector<double> m_turns;
    double m_last = 0;
};

void waitMs(int ms)
{
    QEventLoop loop;
    QTimer::singleShot(ms, &loop, &QEventLoop::quit);
    loop.exec();
}

int working(const Engine &engine)
{
    int count = 0;
    const auto snapshot = engine.snapshot();
    for (const auto &rollout : snapshot->rollouts)
        for (const WaveView &wave : rollout->waves)
            for (const HostView &h : wave.hosts)
                count += isBegun(h.state);
    return count;
}

// A rollout of its own for each page: none is looked at while the work runs out. False: not measured, and why was said.
bool measure(const char *page, const Plan &plan, int atOnce, int seconds)
{
    const QTemporaryDir folder;
    EngineThread engine(folder.path(), plan);
    bool ok = true;
    {
        const auto window = makeMainWindow(*engine.engine, folder.path());
        window->resize(1440, 900);
        window->show();
        window->openPage(QString::fromLatin1(page));
        std::promise<Reply> started;
        engine.engine->request({QStringLiteral("run"), {{QStringLiteral("plan"), QString::fromUtf8(writePlan(plan))}, {QStringLiteral("auto_promote"), true}, {QStringLiteral("bake_scale"), 0.0001}}, QStringLiteral("bench")},
                               [&started](Reply reply) { started.set_value(std::move(reply)); });
        const Reply reply = started.get_future().get();
        if (!reply) {
            std::fprintf(stderr, "refused: %s\n", qPrintable(clauseOf(reply.error())));
            engine.engine->setChanged({});
            return false;
        }
        const int most = std::min(atOnce, int(plan.hosts.size()) - 1);
        QElapsedTimer patience;
        for (patience.start(); working(*engine.engine) < most * 9 / 10 && patience.elapsed() < 60'000;)
            waitMs(100);
        const int atBegin = working(*engine.engine);
        const qint64 events = engine.engine->snapshot()->journalEvents;
        const double engineBefore = cpuMs(engine.cpu), windowBefore = cpuMs(CLOCK_THREAD_CPUTIME_ID);
        Turns turns;
        turns.begin();
        waitMs(seconds * 1000);
        turns.say(page, (cpuMs(engine.cpu) - engineBefore) / seconds / 1e3, (cpuMs(CLOCK_THREAD_CPUTIME_ID) - windowBefore) / seconds / 1e3,
                  (engine.engine->snapshot()->journalEvents - events) / seconds);
        const int atEnd = working(*engine.engine);
        if (std::min(atBegin, atEnd) < most / 2) {
            std::printf("%d hosts were at work when it began, %d at its end: measure fewer seconds\n", atBegin, atEnd);
            ok = false;
        }
        engine.engine->setChanged({});
    }
    return ok;
}

} // namespace

int main(int argc, char **argv)
{
    if (qEnvironmentVariableIsEmpty("DISPLAY"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication app(argc, argv);
    theme().install(app);
    const int hosts = argc > 1 ? atoi(argv[1]) : 2000, atOnce = argc > 2 ? atoi(argv[2]) : 500, seconds = argc > 3 ? atoi(argv[3]) : 6;
    PlanSketch sketch;
    sketch.hosts = hosts;
    sketch.migrations = {};
    Plan plan = sketchPlan(sketch);
    plan.strategy.parallel = atOnce;
    std::printf("%d hosts, up to %d at work\n%-10s %9s %11s %11s %7s %8s %8s %8s\n", hosts, atOnce, "page", "events/s", "engine %", "window %", "turns", "p50 ms", "p99 ms", "max ms");
    bool ok = true;
    for (const char *page : {"fleet", "rollout", "history"})
        ok = measure(page, plan, atOnce, seconds) && ok;
    return ok ? 0 : 1;
}
