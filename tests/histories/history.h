#pragma once
// A history: a journal as text, and beside each of its events what this program's rules made of it. One JSON object per line; the
// first line says what it is about.
#include "rollout/workspace.h"

namespace bellwether {

struct Expected {
    QString chain; // hash of the event's place in the chain, hex
    QString state; // hash of what is folded so far, see statejson.h
    QJsonObject decided; // rollout → what decide() answers at this event's time; those to which it answers nothing are left out
    bool operator==(const Expected &) const = default;
};

struct History {
    QString about, workspace;
    QJsonArray changes; // of what is expected: version and reason, oldest first
    QList<Event> events;
    QList<Expected> expected;
};

Result<History> readHistory(const QString &path); // the error names the line
bool writeHistory(const QString &path, const History &history);
QList<Expected> replay(const History &history);
// The first event at which the rules answer otherwise than written down, and how; empty: none.
QString difference(const History &history);

// "Type", or "Type key=value" with a field of its body.
bool holds(const QList<Event> &events, const QString &what);

} // namespace bellwether
