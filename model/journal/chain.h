#pragma once
// How events are chained. A row is hashed exactly as it stands in the table, so that a changed space is seen too:
//   hash_0 = SHA-256(0x00 ‖ workspace id)
//   hash_n = SHA-256(0x01 ‖ hash_{n-1} ‖ canonical JSON of {actor, mono, payload, rollout, seq, type, wall})
// The chain proves order and content of what it holds. It cannot show that its end was cut off: for that the journal
// keeps a head record, and whoever distrusts the whole file keeps the head (number and hash) somewhere else.
#include "rollout/events.h"

namespace bellwether {

struct ChainRow {
    qint64 seq = 0;
    int rollout = 0;
    qint64 wallMs = 0, monoMs = 0;
    QByteArray actor;   // UTF-8
    QByteArray type;    // event's name
    QByteArray payload; // canonical JSON of its body
};

ChainRow chainRow(const Event &event); // with the payload as recorded, where it was
QByteArray canonicalRow(const ChainRow &row);
QByteArray genesisHash(const QString &workspaceId);                    // 32 bytes
QByteArray chainHash(const QByteArray &prev, const ChainRow &row);      // 32 bytes

Result<Event> eventOf(const ChainRow &row); // JournalTampered with cause "unreadable"

} // namespace bellwether
