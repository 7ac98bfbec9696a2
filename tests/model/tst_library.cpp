// What is shipped must load, and the strategies must say what the rollout rules say.
#include "config/files.h"

#include <QTest>

using namespace bellwether;

class TestLibrary : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void loads()
    {
        const auto library = loadShippedLibrary();
        QVERIFY2(library, qPrintable(library ? QString() : library.error().place.file + " " + library.error().place.key + " "
                                                               + library.error().args.join(" | ")));
        QCOMPARE(library->strategies.keys(), (QStringList{"careful", "demo", "fast", "standard"}));
        for (auto it = library->catalogues.cbegin(); it != library->catalogues.cend(); ++it)
            QVERIFY2(library->profiles.contains(it.key()), qPrintable(it.key()));
    }
    void standardIsTheDefaults()
    {
        Strategy standard = loadShippedLibrary()->strategies.value("standard");
        QCOMPARE(int(standard.autoRollback), int(AutoRollback::Patch)); // rollout rules: only for a patch without migrations
        standard.autoRollback = Strategy().autoRollback;
        standard.description.clear();
        QCOMPARE(toJson(standard), toJson(Strategy()));
    }
    void demoIsFastAndAsks()
    {
        const Strategy demo = loadShippedLibrary()->strategies.value("demo");
        for (int bake : {demo.bakeCanaryPatchS, demo.bakeCanaryS, demo.bakeWavePatchS, demo.bakeWaveS})
            QCOMPARE(bake, 20);
        QCOMPARE(demo.steadyS, 5);
        QCOMPARE(demo.steadyChecks, 3);
        QCOMPARE(demo.healthIntervalS, 1);
        QCOMPARE(demo.healthDeadlineS, 60);
        QCOMPARE(demo.canaryMax, 1);
        QVERIFY(demo.manualGate);
        QCOMPARE(int(demo.autoRollback), int(AutoRollback::Off));
    }
    void carefulIsNeverLaxerThanStandard()
    {
        const Library library = *loadShippedLibrary();
        const Strategy careful = library.strategies.value("careful"), standard = library.strategies.value("standard");
        QVERIFY(careful.bakeCanaryPatchS >= standard.bakeCanaryPatchS && careful.bakeCanaryS >= standard.bakeCanaryS);
        QVERIFY(careful.bakeWavePatchS >= standard.bakeWavePatchS && careful.bakeWaveS >= standard.bakeWaveS);
        QVERIFY(careful.budgetCount <= standard.budgetCount && careful.budgetPercent <= standard.budgetPercent);
        QVERIFY(careful.parallel <= standard.parallel && careful.opensAtPercent >= standard.opensAtPercent);
        QVERIFY(careful.secondPerson && careful.manualGate);
    }
};

QTEST_GUILESS_MAIN(TestLibrary)
#include "tst_library.moc"
