#include "history.h"

#include "base/canonicaljson.h"
#include "journal/chain.h"
#include "rollout/decide.h"
#include "statejson.h"

#include <QFile>
#include <QJsonDocument>

#include <algorithm>
#include <functional>

namespace bellwether {

namespace {

std::unexpected<Error> unreadable(const QString &path, int line, const QString &why)
{
    return fail(ErrorCode::BadValue, {QStringLiteral("%1, line %2").arg(path).arg(line), why, QStringLiteral("a history as written")});
}

QJsonArray decisions(const RolloutState &state, const Now &now)
{
    QJsonArray all;
    for (const EventBody &body : decide(state, now))
        all.append(QJsonObject{{QStringLiteral("type"), eventName(body)}, {QStringLiteral("body"), eventBodyToJson(body)}});
    return all;
}

QString text(const Expected &e, const QByteArray &state)
{
    return QStringLiteral("chain %1\n  state %2 %3\n  decided %4").arg(e.chain, e.state, QString::fromUtf8(state), QString::fromUtf8(canonicalJson(e.decided)));
}

// What is expected at each event goes to `see`, with the fold that it rests on, until that says no.
void replay(const History &history, const std::function<bool(const Expected &, const Workspace &)> &see)
{
    Workspace folded;
    QByteArray link = genesisHash(history.workspace);
    for (const Event &event : history.events) {
        Expected e;
        link = chainHash(link, chainRow(event));
        e.chain = QString::fromLatin1(link.toHex());
        apply(folded, event);
        const bool looksAtPlans = std::holds_alternative<RolloutStarted>(event.body) || event.seq == history.events.last().seq;
        e.state = stateHash(folded, looksAtPlans ? Plans::Hashed : Plans::LeftOut);
        for (const RolloutState &rollout : std::as_const(folded.rollouts))
            if (const QJsonArray decided = decisions(rollout, {event.wallMs, event.monoMs}); !decided.isEmpty())
                e.decided.insert(QString::number(rollout.id), decided);
        if (!see(e, folded))
            return;
    }
}

QJsonObject lineOf(const Event &event, const Expected &e)
{
    return {{QStringLiteral("seq"), event.seq},
            {QStringLiteral("rollout"), event.rollout},
            {QStringLiteral("wall"), event.wallMs},
            {QStringLiteral("mono"), event.monoMs},
            {QStringLiteral("actor"), event.actor},
            {QStringLiteral("type"), eventName(event.body)},
            {QStringLiteral("body"), event.payload.isEmpty() ? eventBodyToJson(event.body) : QJsonDocument::fromJson(event.payload).object()},
            {QStringLiteral("chain"), e.chain},
            {QStringLiteral("state"), e.state},
            {QStringLiteral("decided"), e.decided}};
}

} // namespace

Result<History> readHistory(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return unreadable(path, 0, file.errorString());
    History history;
    int number = 0;
    for (const QByteArray &line : file.readAll().split('\n')) {
        if (line.isEmpty())
            continue;
        ++number;
        const QJsonObject object = QJsonDocument::fromJson(line).object();
        if (canonicalJson(object) != line)
            return unreadable(path, number, QStringLiteral("it is not canonical JSON"));
        if (number == 1) {
            history.about = object.value(QLatin1String("about")).toString();
            history.workspace = object.value(QLatin1String("workspace")).toString();
            history.changes = object.value(QLatin1String("changes")).toArray();
            continue;
        }
        ChainRow row;
        row.seq = object.value(QLatin1String("seq")).toInteger();
        row.rollout = int(object.value(QLatin1String("rollout")).toInteger());
        row.wallMs = object.value(QLatin1String("wall")).toInteger();
        row.monoMs = object.value(QLatin1String("mono")).toInteger();
        row.actor = object.value(QLatin1String("actor")).toString().toUtf8();
        row.type = object.value(QLatin1String("type")).toString().toUtf8();
        row.payload = canonicalJson(object.value(QLatin1String("body")).toObject());
        Result<Event> event = eventOf(row);
        if (!event)
            return unreadable(path, number, QStringLiteral("this program does not know such an event"));
        event->payload = row.payload;
        if (event->seq != history.events.size() + 1)
            return unreadable(path, number, QStringLiteral("it is event %1").arg(event->seq));
        history.events.append(*event);
        history.expected.append({object.value(QLatin1String("chain")).toString(), object.value(QLatin1String("state")).toString(),
                                 object.value(QLatin1String("decided")).toObject()});
    }
    if (history.events.isEmpty())
        return unreadable(path, number, QStringLiteral("there is no event in it"));
    return history;
}

bool writeHistory(const QString &path, const History &history)
{
    QByteArray text = canonicalJson({{QStringLiteral("about"), history.about}, {QStringLiteral("changes"), history.changes}, {QStringLiteral("workspace"), history.workspace}}) + '\n';
    for (qsizetype i = 0; i < history.events.size(); ++i)
        text += canonicalJson(lineOf(history.events[i], history.expected[i])) + '\n';
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(text) == text.size() && file.flush();
}

QList<Expected> replay(const History &history)
{
    QList<Expected> all;
    replay(history, [&all](const Expected &e, const Workspace &) {
        all.append(e);
        return true;
    });
    return all;
}

QString difference(const History &history)
{
    QString found;
    qsizetype at = 0;
    replay(history, [&](const Expected &e, const Workspace &folded) {
        const Expected before = history.expected.value(at++);
        if (e == before)
            return true;
        found = QStringLiteral("event %1, %2:\n  then: %3\n  now:  %4").arg(at).arg(eventName(history.events[at - 1].body), text(before, {}),
                                                                     text(e, e.state == before.state ? QByteArray() : canonicalJson(stateJson(folded, Plans::LeftOut))));
        return false;
    });
    return found;
}

bool holds(const QList<Event> &events, const QString &what)
{
    const QString type = what.section(QLatin1Char(' '), 0, 0), key = what.section(QLatin1Char(' '), 1).section(QLatin1Char('='), 0, 0);
    const QString value = what.section(QLatin1Char('='), 1);
    return std::any_of(events.cbegin(), events.cend(), [&](const Event &e) {
        if (eventName(e.body) != type)
            return false;
        return key.isEmpty() || eventBodyToJson(e.body).value(key).toVariant().toString() == value;
    });
}

} // namespace bellwether
