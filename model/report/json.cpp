#include "base/canonicaljson.h"
#include "journal/chain.h"
#include "report/collect.h"

#include <QJsonDocument>

namespace bellwether {

namespace {

constexpr int reportVersion = 2; // 1 had links that proved nothing

QString hex(const QByteArray &bytes)
{
    return QString::fromLatin1(bytes.toHex());
}

QByteArray unhex(const QJsonValue &value)
{
    return QByteArray::fromHex(value.toString().toLatin1());
}

QJsonObject eventJson(const Event &event)
{
    const ChainRow row = chainRow(event);
    return {{QStringLiteral("seq"), event.seq},       {QStringLiteral("rollout"), event.rollout},
            {QStringLiteral("wall"), event.wallMs},   {QStringLiteral("mono"), event.monoMs},
            {QStringLiteral("actor"), event.actor},   {QStringLiteral("type"), QString::fromUtf8(row.type)},
            {QStringLiteral("payload"), QJsonDocument::fromJson(row.payload).object()},
            {QStringLiteral("prev"), hex(event.prev)}, {QStringLiteral("hash"), hex(event.hash)}};
}

QJsonObject linkJson(const ChainLink &link)
{
    return {{QStringLiteral("seq"), link.seq}, {QStringLiteral("rollout"), link.rollout},
            {QStringLiteral("type"), QString::fromUtf8(link.type)}, {QStringLiteral("content"), hex(link.content)}};
}

ChainLink linkOf(const QJsonObject &json)
{
    return {json.value(QLatin1String("seq")).toInteger(), json.value(QLatin1String("rollout")).toInt(),
            json.value(QLatin1String("type")).toString().toUtf8(), unhex(json.value(QLatin1String("content")))};
}

ChainRow rowOf(const QJsonObject &json)
{
    return {json.value(QLatin1String("seq")).toInteger(),  json.value(QLatin1String("rollout")).toInt(),
            json.value(QLatin1String("wall")).toInteger(), json.value(QLatin1String("mono")).toInteger(),
            json.value(QLatin1String("actor")).toString().toUtf8(), json.value(QLatin1String("type")).toString().toUtf8(),
            canonicalJson(json.value(QLatin1String("payload")).toObject())};
}

// What the report says beside its events; the part that verification derives anew.
QJsonObject derivedJson(const AuditReport &r)
{
    return {{QStringLiteral("rollout"), r.rollout.name},
            {QStringLiteral("workspace"), r.workspace},
            {QStringLiteral("state"), nameOf(r.rollout.state)},
            {QStringLiteral("product"), r.plan.product},
            {QStringLiteral("from"), r.rollout.from},
            {QStringLiteral("to"), r.plan.to.toString()},
            {QStringLiteral("plan_hash"), r.rollout.planHash},
            {QStringLiteral("strategy"), r.rollout.strategy},
            {QStringLiteral("bake_scale"), r.rollout.options.bakeScale},
            {QStringLiteral("auto_promote"), r.rollout.options.autoPromote},
            {QStringLiteral("single_person"), isSinglePerson(r.plan)},
            {QStringLiteral("author"), r.rollout.author},
            {QStringLiteral("approver"), r.rollout.approver},
            {QStringLiteral("started_by"), r.rollout.startedBy},
            {QStringLiteral("started"), r.rollout.startedMs},
            {QStringLiteral("ended"), r.rollout.endedMs},
            {QStringLiteral("figures"), toJson(r.figures)},
            {QStringLiteral("hosts"), valueToJson(r.hosts)},
            {QStringLiteral("migrations"), valueToJson(r.migrations)},
            {QStringLiteral("gates"), valueToJson(r.gates)},
            {QStringLiteral("losses"), valueToJson(r.losses)}};
}

// Words, which another version of the program may choose otherwise.
QJsonObject wordsJson(const AuditReport &r)
{
    return {{QStringLiteral("headline"), r.headline},
            {QStringLiteral("summary"), r.summary},
            {QStringLiteral("decisions"), valueToJson(r.decisions)},
            {QStringLiteral("gaps"), QJsonArray::fromStringList(r.gaps)}};
}

bool holdsAll(const QJsonObject &whole, const QJsonObject &part)
{
    for (auto it = part.constBegin(); it != part.constEnd(); ++it) {
        if (whole.value(it.key()) != it.value())
            return false;
    }
    return true;
}

// The bytes without the white space that a pretty-printer adds. What is left must be what we would write: a second key of
// one name, say, is read by one program and not by the next.
QByteArray withoutLayout(const QByteArray &bytes)
{
    QByteArray out;
    out.reserve(bytes.size());
    bool inString = false, escape = false;
    for (const char c : bytes) {
        if (!inString && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
            continue;
        if (inString && !escape && c == '\\') {
            escape = true;
        } else {
            if (c == '"' && !escape)
                inString = !inString;
            escape = false;
        }
        out += c;
    }
    return out;
}

struct Verifier {
    QJsonObject whole;
    ReportCheck check;
    AuditReport derived;

    ReportCheck broken(qint64 seq, const char *cause)
    {
        check.intact = false;
        check.firstBroken = seq;
        check.cause = QString::fromLatin1(cause);
        return check;
    }

    // Events and the links between them, in the order of the journal, each exactly once. The chain is computed over both, so
    // a link cannot say of an event that it is somebody else's.
    std::optional<ReportCheck> walk(int rollout)
    {
        const QJsonObject chain = whole.value(QLatin1String("chain")).toObject();
        const QJsonArray events = whole.value(QLatin1String("events")).toArray(), links = chain.value(QLatin1String("links")).toArray();
        QByteArray link = unhex(chain.value(QLatin1String("previous")));
        const qint64 first = chain.value(QLatin1String("first_seq")).toInteger(), last = chain.value(QLatin1String("last_seq")).toInteger();
        check.events = events.size();
        if (first <= 0 || last < first || link.size() != 32)
            return broken(0, "unreadable");
        if (first == 1 && link != genesisHash(check.workspace))
            return broken(1, "chain");
        qsizetype e = 0, l = 0;
        for (qint64 seq = first; seq <= last; ++seq) {
            const QJsonObject held = l < links.size() ? links[l].toObject() : QJsonObject();
            if (l < links.size() && held.value(QLatin1String("seq")).toInteger() == seq) {
                const ChainLink withheld = linkOf(held);
                if (withheld.content.size() != 32)
                    return broken(seq, "unreadable");
                if (isShown(withheld.rollout, QString::fromUtf8(withheld.type), rollout))
                    return broken(seq, "withheld");
                link = chainHash(link, withheld);
                derived.links.append(withheld);
                ++l;
                continue;
            }
            if (e >= events.size())
                return broken(seq, "missing");
            const QJsonObject json = events[e++].toObject();
            const ChainRow row = rowOf(json);
            if (row.seq != seq)
                return broken(qMin(seq, qMax(row.seq, first)), row.seq > seq ? "missing" : "chain");
            const QByteArray prev = unhex(json.value(QLatin1String("prev"))), hash = unhex(json.value(QLatin1String("hash")));
            if (hash.size() != 32 || chainHash(prev, row) != hash)
                return broken(seq, "altered");
            if (prev != link)
                return broken(seq, "chain");
            Result<Event> event = eventOf(row);
            if (!event)
                return broken(seq, "unreadable");
            event->prev = prev;
            event->hash = hash;
            event->payload = row.payload;
            derived.events.append(std::move(*event));
            link = hash;
        }
        if (e < events.size() || l < links.size())
            return broken(last + 1, "chain");
        if (link != unhex(chain.value(QLatin1String("head"))))
            return broken(last, "chain");
        return {};
    }
};

} // namespace

QByteArray reportJson(const AuditReport &report)
{
    QJsonArray events, links;
    for (const Event &event : report.events)
        events.append(eventJson(event));
    for (const ChainLink &link : report.links)
        links.append(linkJson(link));
    QJsonObject whole{{QStringLiteral("bellwether_report"), reportVersion},
                      {QStringLiteral("program"), report.programVersion},
                      {QStringLiteral("made"), report.madeMs},
                      {QStringLiteral("events"), events},
                      {QStringLiteral("chain"), QJsonObject{{QStringLiteral("first_seq"), report.firstSeq},
                                                            {QStringLiteral("last_seq"), report.lastSeq},
                                                            {QStringLiteral("previous"), hex(report.previousHash)},
                                                            {QStringLiteral("head"), hex(report.headHash)},
                                                            {QStringLiteral("links"), links}}}};
    if (!report.journalBroken.isEmpty())
        whole.insert(QStringLiteral("journal_broken"), report.journalBroken);
    for (const QJsonObject &part : {derivedJson(report), wordsJson(report)}) {
        for (auto it = part.constBegin(); it != part.constEnd(); ++it)
            whole.insert(it.key(), it.value());
    }
    return canonicalJson(whole) + '\n';
}

ReportCheck verifyReport(const QByteArray &bytes)
{
    Verifier v;
    v.check.cause = QStringLiteral("unreadable");
    const QJsonDocument document = QJsonDocument::fromJson(bytes);
    v.whole = document.object();
    if (v.whole.value(QLatin1String("bellwether_report")).toInteger() != reportVersion)
        return v.check;
    v.check.rollout = v.whole.value(QLatin1String("rollout")).toString();
    v.check.workspace = v.whole.value(QLatin1String("workspace")).toString();
    v.check.headHash = v.whole.value(QLatin1String("chain")).toObject().value(QLatin1String("head")).toString();
    const std::optional<int> rollout = rolloutIdFromName(v.check.rollout);
    if (!rollout)
        return v.check;
    if (const auto found = v.walk(*rollout))
        return *found;
    if (withoutLayout(bytes) != canonicalJson(v.whole))
        return v.broken(0, "altered");

    v.derived.workspace = v.check.workspace;
    v.derived.journalBroken = v.whole.value(QLatin1String("journal_broken")).toString();
    v.derived.madeMs = v.whole.value(QLatin1String("made")).toInteger();
    const Result<AuditReport> report = derivedReport(std::move(v.derived), *rollout);
    if (!report)
        return v.broken(0, "summary");
    v.check.program = v.whole.value(QLatin1String("program")).toString();
    v.check.headline = report->headline;
    const bool sameProgram = v.check.program == report->programVersion;
    // The same program says the same of the same events, to the byte; another one may word it otherwise, or hold more.
    if (sameProgram ? reportJson(*report) != canonicalJson(v.whole) + '\n' : !holdsAll(v.whole, derivedJson(*report)))
        return v.broken(0, "summary");
    v.check.intact = true;
    v.check.wordsChecked = sameProgram;
    v.check.cause.clear();
    return v.check;
}

} // namespace bellwether
