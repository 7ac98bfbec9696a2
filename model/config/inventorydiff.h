#pragma once
// What an import would change, before it is taken. Nothing is ever removed by it; what a source does not speak of stays.
#include "config/importer.h"

#include <QHash>

namespace bellwether {

struct KeyChange {
    QString key, before, after;
};
struct HostChange {
    Installation host; // as it would be
    QList<KeyChange> keys;
};
struct InventoryDifference {
    QList<Installation> added;
    QList<HostChange> changed;
    QStringList unchanged;
    QList<Skipped> skipped;
    bool isEmpty() const { return added.isEmpty() && changed.isEmpty(); }
    QList<Installation> toTake() const; // added and changed ones, as they would be
};

// Hosts that could not be used as they would be (without an address, with jump hosts that lead back to them) are skipped.
InventoryDifference differenceOf(const Inventory &inventory, const QList<Import> &imports);

// The keys of one host that differ, as texts.
QList<KeyChange> changesOf(const Installation &before, const Installation &after);

// Its jump hosts lead back to it or into a circle, or there are more of them than anybody has in a row. jumps: by name.
bool leadsBack(const QHash<QString, QString> &jumps, const QString &name);

} // namespace bellwether
