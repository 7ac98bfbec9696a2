#include "config/files.h"
#include "config/yamlreader.h"

namespace bellwether {

namespace {

constexpr int kOneDay = 24 * 3600;
constexpr int kWeek = 7 * kOneDay;

void readPace(MapReader &map, Strategy &s)
{
    map.integer("canary_max", s.canaryMax, 1, 1000);
    map.texts("waves", s.waves, kWaveSize);
    map.integer("parallel", s.parallel, 1, 1000);
    map.integer("parallel_later", s.parallelLater, 1, 1000);
    map.flag("manual_gate", s.manualGate);
    map.flag("second_person", s.secondPerson);
    map.choice("auto_rollback", s.autoRollback, AutoRollbackNames);
}

void readBakes(MapReader &map, Strategy &s)
{
    map.seconds("bake_canary_patch", s.bakeCanaryPatchS, 0, kWeek);
    map.seconds("bake_canary", s.bakeCanaryS, 0, kWeek);
    map.seconds("bake_wave_patch", s.bakeWavePatchS, 0, kWeek);
    map.seconds("bake_wave", s.bakeWaveS, 0, kWeek);
    map.seconds("steady", s.steadyS, 0, kOneDay);
    map.integer("steady_checks", s.steadyChecks, 1, 1000);
    map.seconds("health_deadline", s.healthDeadlineS, 1, kOneDay);
    map.seconds("health_interval", s.healthIntervalS, 1, 3600);
    map.seconds("probe_timeout", s.probeTimeoutS, 1, 600);
}

void readLimits(MapReader &map, Strategy &s)
{
    map.number("budget_percent", s.budgetPercent, 0, 100);
    map.integer("budget_count", s.budgetCount, 0, 1'000'000);
    map.number("opens_at_percent", s.opensAtPercent, 1, 100);
    map.number("unreachable_percent", s.unreachablePercent, 0, 100);
    map.minutes("in_doubt", s.inDoubtMin, 1, 7 * 24 * 60);
    map.minutes("migration_deadline", s.migrationDeadlineMin, 1, 7 * 24 * 60);
    map.minutes("progress_deadline", s.progressDeadlineMin, 1, 7 * 24 * 60);
    map.minutes("backup_max_age", s.backupMaxAgeMin, 1, 7 * 24 * 60);
    map.seconds("lease_ttl", s.leaseTtlS, 30, 3600);
    map.integer("disk_percent", s.diskPercent, 0, 1000);
    map.integer("disk_restore_percent", s.diskRestorePercent, 0, 1000);
}

void checkWaves(MapReader &map, const Strategy &s)
{
    const YamlNode *waves = map.node().find(QStringLiteral("waves"));
    for (qsizetype i = 0; waves && i + 1 < s.waves.size(); ++i)
        if (s.waves[i] == QLatin1String("rest"))
            map.reader().badValue(waves->items[static_cast<std::size_t>(i)], QStringLiteral("waves[%1]").arg(i),
                                  QStringLiteral("the last one, when it is rest"));
}

} // namespace

Result<Strategy> parseStrategy(const QByteArray &text, const QString &name)
{
    const auto root = readYaml(text, name);
    if (!root)
        return std::unexpected(root.error());
    YamlReader reader(name);
    MapReader map(reader, *root, {});
    Strategy strategy;
    map.text("name", strategy.name, kSlug, Need::Required);
    map.text("description", strategy.description, kProse);
    readPace(map, strategy);
    readBakes(map, strategy);
    readLimits(map, strategy);
    map.finish();
    if (!reader.hasFailed())
        checkWaves(map, strategy);
    if (reader.hasFailed())
        return std::unexpected(reader.error());
    return strategy;
}

} // namespace bellwether
