#include "journal/chain.h"

#include "base/canonicaljson.h"

#include <QCryptographicHash>
#include <QJsonDocument>

namespace bellwether {

namespace {
QByteArray jsonString(const QByteArray &utf8)
{
    const QByteArray object = canonicalJson({{QStringLiteral("s"), QString::fromUtf8(utf8)}});
    return object.mid(5, object.size() - 6); // between {"s": and }
}

QByteArray sha256(char domain, const QByteArray &first, const QByteArray &second = {})
{
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(QByteArrayView(&domain, 1));
    hash.addData(first);
    hash.addData(second);
    return hash.result();
}
} // namespace

ChainRow chainRow(const Event &event)
{
    return {event.seq,  event.rollout, event.wallMs, event.monoMs, event.actor.toUtf8(), eventName(event.body).toUtf8(),
            event.payload.isEmpty() ? canonicalJson(eventBodyToJson(event.body)) : event.payload};
}

// Put together by hand because the payload may be megabytes and is canonical already; a test holds it against
// canonicalJson() of the whole.
QByteArray canonicalContent(const ChainRow &row)
{
    return "{\"actor\":" + jsonString(row.actor) + ",\"mono\":" + QByteArray::number(row.monoMs)
        + ",\"payload\":" + row.payload + ",\"wall\":" + QByteArray::number(row.wallMs) + '}';
}

QByteArray canonicalLink(const ChainLink &link)
{
    return "{\"content\":\"" + link.content.toHex() + "\",\"rollout\":" + QByteArray::number(link.rollout)
        + ",\"seq\":" + QByteArray::number(link.seq) + ",\"type\":" + jsonString(link.type) + '}';
}

ChainLink chainLink(const ChainRow &row)
{
    return {row.seq, row.rollout, row.type, sha256('\2', canonicalContent(row))};
}

QByteArray genesisHash(const QString &workspaceId)
{
    return sha256('\0', workspaceId.toUtf8());
}

QByteArray chainHash(const QByteArray &prev, const ChainLink &link)
{
    return sha256('\1', prev, canonicalLink(link));
}

QByteArray chainHash(const QByteArray &prev, const ChainRow &row)
{
    return chainHash(prev, chainLink(row));
}

Result<Event> eventOf(const ChainRow &row)
{
    const auto unreadable = [&] {
        return fail(ErrorCode::JournalTampered, {QString::number(row.seq), QStringLiteral("unreadable")});
    };
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(row.payload, &error);
    if (error.error != QJsonParseError::NoError || !document.isObject())
        return unreadable();
    Result<EventBody> body = eventBodyFromJson(QString::fromUtf8(row.type), document.object());
    if (!body)
        return unreadable();
    Event event;
    event.seq = row.seq;
    event.rollout = row.rollout;
    event.wallMs = row.wallMs;
    event.monoMs = row.monoMs;
    event.actor = QString::fromUtf8(row.actor);
    event.body = std::move(*body);
    return event;
}

} // namespace bellwether
