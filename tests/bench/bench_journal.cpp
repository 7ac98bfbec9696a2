// Events per second with acknowledgement: one by one (each waits for its own commit), and as they come when many are
// under way at once (group commit). BELLWETHER_BENCH_DIR chooses the disk; the default is the temporary folder.
#include "journal/journal.h"
#include "journalhelp.h"

#include <QTemporaryDir>
#include <benchmark/benchmark.h>
#include <condition_variable>
#include <mutex>

using namespace bellwether;
using namespace bellwether::support;

namespace {

NewEvent typical()
{
    StepEnded body;
    body.host = QStringLiteral("demo-01.example.test");
    body.token = QStringLiteral("r12.hdemo-01.0.migrate.1");
    body.exitStatus = 0;
    body.durationMs = 1234;
    body.lastWords = QString(200, QLatin1Char('x'));
    return {12, 1'790'000'000'000, 1'000'000, QStringLiteral("bellwether"), body};
}

QTemporaryDir folderForBench()
{
    const QString base = qEnvironmentVariable("BELLWETHER_BENCH_DIR");
    return base.isEmpty() ? QTemporaryDir() : QTemporaryDir(base + QStringLiteral("/bench-XXXXXX"));
}

void oneByOne(benchmark::State &bench)
{
    const QTemporaryDir folder = folderForBench();
    const auto writer = JournalWriter::open(folder.path());
    for (auto _ : bench) {
        if (!appendAndWait(**writer, {typical()}))
            bench.SkipWithError("refused");
    }
    bench.SetItemsProcessed(bench.iterations());
}

// `range` appends are always under way, each acknowledged by itself.
void manyUnderWay(benchmark::State &bench)
{
    const QTemporaryDir folder = folderForBench();
    const auto writer = JournalWriter::open(folder.path());
    std::mutex mutex;
    std::condition_variable changed;
    qint64 underWay = 0, refused = 0;
    for (auto _ : bench) {
        std::unique_lock guard(mutex);
        changed.wait(guard, [&] { return underWay < bench.range(0); });
        ++underWay;
        guard.unlock();
        (*writer)->append({typical()}, [&](Result<QList<Event>> answer) {
            const std::scoped_lock lock(mutex);
            --underWay;
            refused += answer ? 0 : 1;
            changed.notify_one();
        });
    }
    std::unique_lock guard(mutex);
    changed.wait(guard, [&] { return underWay == 0; });
    if (refused > 0)
        bench.SkipWithError("refused");
    bench.SetItemsProcessed(bench.iterations());
}

void asOneList(benchmark::State &bench)
{
    const QTemporaryDir folder = folderForBench();
    const auto writer = JournalWriter::open(folder.path());
    const QList<NewEvent> list(bench.range(0), typical());
    for (auto _ : bench) {
        if (!appendAndWait(**writer, list))
            bench.SkipWithError("refused");
    }
    bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}

} // namespace

BENCHMARK(oneByOne)->UseRealTime();
BENCHMARK(manyUnderWay)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime();
BENCHMARK(asOneList)->Arg(100)->Arg(1000)->UseRealTime();
BENCHMARK_MAIN();
