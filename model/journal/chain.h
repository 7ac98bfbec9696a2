#pragma once
// How events are chained (format 2). A row is hashed exactly as it stands in the table, so that a changed space is seen too:
//   hash_0    = SHA-256(0x00 ‖ workspace id)
//   content_n = SHA-256(0x02 ‖ canonical JSON of {actor, mono, payload, wall})
//   hash_n    = SHA-256(0x01 ‖ hash_{n-1} ‖ canonical JSON of {content (hex), rollout, seq, type})
// So an event can be withheld from a report and the chain still be computed over it: its link says whose it is and of what
// type, and that cannot be altered; who did what and when it does not say.
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

struct ChainLink {
    qint64 seq = 0;
    int rollout = 0;
    QByteArray type;
    QByteArray content; // 32 bytes
};

ChainRow chainRow(const Event &event); // with the payload as recorded, where it was
ChainLink chainLink(const ChainRow &row);
QByteArray canonicalContent(const ChainRow &row);
QByteArray canonicalLink(const ChainLink &link);
QByteArray genesisHash(const QString &workspaceId);                  // 32 bytes
QByteArray chainHash(const QByteArray &prev, const ChainLink &link); // 32 bytes
QByteArray chainHash(const QByteArray &prev, const ChainRow &row);   // 32 bytes

Result<Event> eventOf(const ChainRow &row); // JournalTampered with cause "unreadable"

} // namespace bellwether
