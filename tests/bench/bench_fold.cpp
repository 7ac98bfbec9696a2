// Folding a rollout of 2000 hosts × 24 events from memory, and reading it from a journal first: what a start costs.
#include "journal/journal.h"
#include "journalhelp.h"
#include "rollout/state.h"
#include "story.h"

#include <QTemporaryDir>
#include <benchmark/benchmark.h>

using namespace bellwether;
using namespace bellwether::support;

namespace {

void foldEvents(benchmark::State &bench)
{
    const QList<Event> events = manyHostsStory(int(bench.range(0)));
    for (auto _ : bench) {
        RolloutState state;
        for (const Event &event : events)
            apply(state, event);
        benchmark::DoNotOptimize(state.lastSeq);
        if (state.hosts.size() != bench.range(0))
            bench.SkipWithError("the fold lost hosts");
    }
    bench.SetItemsProcessed(bench.iterations() * events.size());
    bench.counters["events"] = double(events.size());
}

void readAndFold(benchmark::State &bench)
{
    QTemporaryDir folder;
    {
        auto writer = JournalWriter::open(folder.path());
        QList<NewEvent> list;
        for (const Event &event : manyHostsStory(int(bench.range(0))))
            list.append({event.rollout, event.wallMs, event.monoMs, event.actor, event.body});
        if (!appendAndWait(**writer, list))
            bench.SkipWithError("cannot write");
    }
    qint64 count = 0;
    for (auto _ : bench) {
        const auto reader = JournalReader::open(folder.path());
        const auto events = (*reader)->read();
        RolloutState state;
        for (const Event &event : *events)
            apply(state, event);
        benchmark::DoNotOptimize(state.lastSeq);
        count = events->size();
    }
    bench.SetItemsProcessed(bench.iterations() * count);
}

void verifyChain(benchmark::State &bench)
{
    QTemporaryDir folder;
    qint64 count = 0;
    {
        auto writer = JournalWriter::open(folder.path());
        QList<NewEvent> list;
        for (const Event &event : manyHostsStory(int(bench.range(0))))
            list.append({event.rollout, event.wallMs, event.monoMs, event.actor, event.body});
        count = list.size();
        if (!appendAndWait(**writer, list))
            bench.SkipWithError("cannot write");
    }
    for (auto _ : bench) {
        const auto reader = JournalReader::open(folder.path());
        const auto check = (*reader)->verify();
        if (!check || !check->intact)
            bench.SkipWithError("not intact");
    }
    bench.SetItemsProcessed(bench.iterations() * count);
}

} // namespace

BENCHMARK(foldEvents)->Arg(250)->Arg(1000)->Arg(2000)->Unit(benchmark::kMillisecond);
BENCHMARK(readAndFold)->Arg(2000)->Unit(benchmark::kMillisecond);
BENCHMARK(verifyChain)->Arg(2000)->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
