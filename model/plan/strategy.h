#pragma once
// How cautiously a plan is carried out. Defaults are the strategy "standard" of the rollout rules.
#include "base/fields.h"

namespace bellwether {

enum class AutoRollback { Off, Patch };
BELLWETHER_ENUM(AutoRollback, "off", "patch")

struct Strategy {
    QString name = QStringLiteral("standard");
    QString description;
    int canaryMax = 3;               // one per kind of installation, at most this many
    QStringList waves{QStringLiteral("10%"), QStringLiteral("30%"), QStringLiteral("rest")}; // "N", "N%" or "rest"
    int parallel = 4, parallelLater = 10; // hosts at once in wave 1, and after
    bool manualGate = true;          // after the canary
    int bakeCanaryPatchS = 3600, bakeCanaryS = 4 * 3600;
    int bakeWavePatchS = 900, bakeWaveS = 3600;
    int steadyS = 60, steadyChecks = 3;
    int healthDeadlineS = 180, healthIntervalS = 3, probeTimeoutS = 5;
    double budgetPercent = 5;        // a wave stops at more than this many per cent …
    int budgetCount = 2;             // … or more than this many failures, whichever is less; the canary at the first
    double opensAtPercent = 95;      // next wave opens when this share of the wave is upgraded
    double unreachablePercent = 10;
    int inDoubtMin = 10;             // minutes in doubt before the rollout pauses
    int migrationDeadlineMin = 30;   // or 3 × the estimate
    int progressDeadlineMin = 15;
    int backupMaxAgeMin = 15;
    AutoRollback autoRollback = AutoRollback::Off;
    int leaseTtlS = 150;
    int diskPercent = 20, diskRestorePercent = 120; // of the database's size
    bool secondPerson = false;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("name", s.name);
        v("description", s.description);
        v("canary_max", s.canaryMax);
        v("waves", s.waves);
        v("parallel", s.parallel);
        v("parallel_later", s.parallelLater);
        v("manual_gate", s.manualGate);
        v("bake_canary_patch_s", s.bakeCanaryPatchS);
        v("bake_canary_s", s.bakeCanaryS);
        v("bake_wave_patch_s", s.bakeWavePatchS);
        v("bake_wave_s", s.bakeWaveS);
        v("steady_s", s.steadyS);
        v("steady_checks", s.steadyChecks);
        v("health_deadline_s", s.healthDeadlineS);
        v("health_interval_s", s.healthIntervalS);
        v("probe_timeout_s", s.probeTimeoutS);
        v("budget_percent", s.budgetPercent);
        v("budget_count", s.budgetCount);
        v("opens_at_percent", s.opensAtPercent);
        v("unreachable_percent", s.unreachablePercent);
        v("in_doubt_min", s.inDoubtMin);
        v("migration_deadline_min", s.migrationDeadlineMin);
        v("progress_deadline_min", s.progressDeadlineMin);
        v("backup_max_age_min", s.backupMaxAgeMin);
        v("auto_rollback", s.autoRollback);
        v("lease_ttl_s", s.leaseTtlS);
        v("disk_percent", s.diskPercent);
        v("disk_restore_percent", s.diskRestorePercent);
        v("second_person", s.secondPerson);
    }
};

} // namespace bellwether
