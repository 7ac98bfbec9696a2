// Nights in which everything goes wrong, from seeds: none of them makes the console lie, forget, or do a thing twice.
// A failure names its seed; `simulate SEED` tells that night again, event for event.
#include "simulation.h"

#include <QFile>
#include <QRandomGenerator>
#include <QTest>

using namespace bellwether;

class TestSimulation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theSameSeedGivesTheSameJournal();
    void seedsThatFailedOnce_data();
    void seedsThatFailedOnce();
    void freshSeeds();
};

void TestSimulation::theSameSeedGivesTheSameJournal() // I14
{
    for (quint64 seed = 1; seed <= 5; ++seed)
        QCOMPARE(Simulation(seed).run().journal, Simulation(seed).run().journal);
}

void TestSimulation::seedsThatFailedOnce_data()
{
    QTest::addColumn<quint64>("seed");
    QFile file(QStringLiteral(BELLWETHER_SOURCE_DIR "/tests/simulation/seeds.txt"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    for (const QByteArray &line : file.readAll().split('\n'))
        if (const quint64 seed = line.left(line.indexOf(' ') < 0 ? line.size() : line.indexOf(' ')).toULongLong())
            QTest::newRow(line.constData()) << seed;
}

void TestSimulation::seedsThatFailedOnce()
{
    QFETCH(quint64, seed);
    const SimulationResult r = Simulation(seed).run();
    QVERIFY2(r.violations.isEmpty(), qPrintable(r.violations.join(QLatin1Char('\n'))));
}

void TestSimulation::freshSeeds() // [N-07]
{
    bool given = false;
    const int count = qEnvironmentVariableIntValue("BELLWETHER_SEEDS", &given);
    const quint64 first = QRandomGenerator::global()->generate64() >> 16;
    for (quint64 seed = first; seed < first + quint64(given ? count : 2000); ++seed) {
        const SimulationResult r = Simulation(seed).run();
        QVERIFY2(r.violations.isEmpty(), qPrintable(QStringLiteral("seed %1:\n%2").arg(seed).arg(r.violations.join(QLatin1Char('\n')))));
    }
}

QTEST_GUILESS_MAIN(TestSimulation)
#include "tst_simulation.moc"
