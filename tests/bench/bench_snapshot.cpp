// What the engine publishes of a live rollout of 2000 hosts, ten times a second at most: made from nothing, and from the
// last one after events about some hosts.
#include "rollout/snapshot.h"
#include "story.h"

#include <benchmark/benchmark.h>

using namespace bellwether;
using namespace bellwether::support;

namespace {

const Now now{1'790'000'600'000, 600'000};

// Half of the hosts are done, a quarter is in the middle of its steps, the rest waits.
RolloutState underWay(int hosts)
{
    RolloutState state;
    QMap<QString, int> told;
    for (const Event &event : manyHostsStory(hosts)) {
        const QString name = eventHost(event.body);
        const int host = name.mid(5).toInt(), most = host < hosts / 2 ? 24 : host < hosts * 3 / 4 ? 12 : 0;
        if (name.isEmpty() || told[name]++ < most)
            apply(state, event);
    }
    return state;
}

void fromNothing(benchmark::State &bench)
{
    const RolloutState state = underWay(int(bench.range(0)));
    for (auto _ : bench)
        benchmark::DoNotOptimize(snapshotOf(state, now));
}

void afterEvents(benchmark::State &bench)
{
    RolloutState state = underWay(2000);
    auto last = std::make_shared<const RolloutSnapshot>(snapshotOf(state, now));
    qint64 seq = state.lastSeq;
    for (auto _ : bench) {
        bench.PauseTiming();
        for (int i = 0; i < bench.range(0); ++i) {
            HealthObserved seen;
            seen.host = QStringLiteral("host-%1").arg(i * 7 % 2000, 5, 10, QLatin1Char('0'));
            seen.health = Health::Ok;
            apply(state, Event{.seq = ++seq, .rollout = 1, .wallMs = now.wallMs, .monoMs = now.monoMs, .body = seen});
        }
        bench.ResumeTiming();
        last = std::make_shared<const RolloutSnapshot>(snapshotOf(state, now, last.get()));
    }
}

} // namespace

BENCHMARK(fromNothing)->Arg(250)->Arg(1000)->Arg(2000)->Unit(benchmark::kMillisecond);
BENCHMARK(afterEvents)->Arg(0)->Arg(100)->Arg(500)->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
