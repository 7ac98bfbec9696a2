#pragma once
// What the lanes say, worked out from a snapshot without painting anything: one lane per wave, one tile per host.
#include "text/words.h"

namespace bellwether {

struct LaneTile {
    QString host, word, detail; // "berlin-1", "Upgraded", "1.5.0 for 22 min"
    StateRole role = StateRole::Waiting;
    QString icon, toolTip;
    bool canary = false, production = false;
    bool full = false; // grown, because something happens or happened on it
    bool operator==(const LaneTile &) const = default;
    QString spoken() const; // for a screen reader
};

struct Lane {
    QString title, status, note;
    StateRole role = StateRole::Waiting;
    QString icon;
    bool canary = false, waiting = false;
    QList<LaneTile> tiles;
    bool operator==(const Lane &) const = default;
};

QList<Lane> lanesOf(const RolloutSnapshot &rollout, qint64 nowMs);
QString hostDetail(const HostView &host, qint64 nowMs); // after the state's word: what is awaited and since when

} // namespace bellwether
