#pragma once
// The fold over the whole journal: inventory, trusted and revoked keys, facts, catalogues and every rollout.
#include "rollout/snapshot.h"

namespace bellwether {

struct TrustedKey {
    QString keyType, fingerprint;
};

struct Workspace {
    QString id; // of the data folder
    Inventory inventory;
    QMap<QString, TrustedKey> trusted; // by machine
    QMap<QString, QString> revoked;    // fingerprint → type of key
    QList<FleetChange> undo;           // newest last, at most 20
    QMap<QString, HostFacts> facts;    // newest, by installation
    QMap<int, RolloutState> rollouts;
    std::optional<Hold> hold; // everything is stopped
    QStringList heldHosts;    // that were told of it, or of an earlier one, and have not confirmed its end
    std::shared_ptr<Library> library; // shipped + imported
    qint64 lastSeq = 0;

    int nextRollout() const;
    qint64 newestChange() const { return undo.isEmpty() ? 0 : undo.last().seq; } // of the fleet; what an import was compared with
    QString holderOf(const QString &host) const; // name of the unfinished rollout it is in, or empty
};

void apply(Workspace &workspace, const Event &event);

} // namespace bellwether
