#pragma once
// What is known of one migration on one host, from the product's own log or its ledger.
#include "base/fields.h"

namespace bellwether {

enum class MigrationState { Running, Ran, Skipped, Failed, Unnamed };
BELLWETHER_ENUM(MigrationState, "running", "ran", "skipped", "failed", "unnamed")

struct Migration {
    QString name;
    MigrationState state = MigrationState::Running;
    std::optional<qint64> durationMs;
    QString reason; // of a failure
    int line = 0;   // in the step's output, from 1
    bool operator==(const Migration &) const = default;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("name", s.name);
        v("state", s.state);
        v("duration_ms", s.durationMs);
        v("reason", s.reason);
        v("line", s.line);
    }
};

} // namespace bellwether
