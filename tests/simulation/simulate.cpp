// simulate SEED [COUNT]: runs COUNT nights from SEED on; one alone is told in full. Exit 1 when an invariant broke.
#include "simulation.h"

#include <QCoreApplication>
#include <cstdio>

using namespace bellwether;

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    if (argc < 2) {
        std::fprintf(stderr, "usage: simulate SEED [COUNT]\n");
        return 2;
    }
    std::setvbuf(stdout, nullptr, _IOLBF, 0); // what has been found is seen, also when somebody stops a long run
    const quint64 first = QByteArray(argv[1]).toULongLong();
    const quint64 count = argc > 2 ? QByteArray(argv[2]).toULongLong() : 1;
    int broken = 0;
    qsizetype events = 0, effects = 0;
    QMap<QString, int> ends;
    for (quint64 seed = first; seed < first + count; ++seed) {
        const SimulationResult r = Simulation(seed).run();
        events += r.events;
        effects += r.effects;
        for (const QString &end : r.ends)
            ++ends[end];
        if (count == 1)
            std::printf("%s\n\n%s\njournal %s\n", qPrintable(r.story), qPrintable(r.course), r.journal.constData());
        if (!r.violations.isEmpty()) {
            ++broken;
            std::printf("seed %llu\n  %s\n", static_cast<unsigned long long>(seed), qPrintable(r.violations.join(QStringLiteral("\n  "))));
        }
    }
    std::printf("%llu nights, %lld events, %lld effects, %d with a broken invariant;", static_cast<unsigned long long>(count), static_cast<long long>(events), static_cast<long long>(effects), broken);
    for (auto it = ends.cbegin(); it != ends.cend(); ++it)
        std::printf(" %d %s", it.value(), qPrintable(it.key()));
    std::printf("\n");
    return broken > 0;
}
