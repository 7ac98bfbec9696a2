// The verbs of rollout/console.h that change the fleet, the keys that are believed, and the catalogues.
#include "config/files.h"
#include "config/installationreader.h"
#include "config/inventorydiff.h"
#include "config/knownhosts.h"
#include "engine/engine.h"
#include "rollout/decide.h"

namespace bellwether {

namespace {

// Another machine, or another state folder on it: what the host was told stays at the old place.
bool isElsewhere(const Installation &a, const Installation &b)
{
    return a.endpoint.machine() != b.endpoint.machine() || a.endpoint.user != b.endpoint.user || a.state != b.state;
}

} // namespace

// While everything is stopped the hosts that were told of it keep their place: the release has to find them.
QString Engine::whyItStays(const QString &host) const
{
    if (!m_workspace.hold || !m_workspace.heldHosts.contains(host))
        return {};
    return QStringLiteral("%1 was told that %2; release it first").arg(host, holdText(*m_workspace.hold));
}

void Engine::handleFleet(const Request &request, const Done &done)
{
    if (!whenIdle(0, [=, this] { handleFleet(request, done); })) // a rollout that is just being begun has its hosts
        return;
    const QJsonObject &args = request.args;
    const QString reason = args.value(QLatin1String("reason")).toString();
    if (request.verb == QLatin1String("fleet-import")) {
        const qint64 newest = m_workspace.newestChange();
        if (args.value(QLatin1String("expect")).toInteger(newest) != newest)
            return done(fail(ErrorCode::NotAllowed, {QStringLiteral("fleet import"), QStringLiteral("the fleet was changed since it was compared with the file; read it again")}));
        FleetImported e;
        e.source = args.value(QLatin1String("source")).toString();
        if (!valueFromJson(args.value(QLatin1String("installations")), e.installations))
            return done(fail(ErrorCode::Internal, {QStringLiteral("the request's installations cannot be read")}));
        int replaced = 0, added = 0;
        QHash<QString, QString> jumps; // as it would be
        for (const Installation &i : std::as_const(m_workspace.inventory.installations))
            jumps.insert(i.name, i.endpoint.jump);
        for (const Installation &i : std::as_const(e.installations))
            jumps.insert(i.name, i.endpoint.jump);
        for (const Installation &i : std::as_const(e.installations)) {
            const Installation *old = m_workspace.inventory.find(i.name);
            replaced += old && !(*old == i);
            added += !old;
            if (const QStringList wrong = checkInstallation(i); !wrong.isEmpty())
                return done(fail(ErrorCode::BadValue, {wrong[0], i.name, wrong[1]}));
            if (leadsBack(jumps, i.name))
                return done(fail(ErrorCode::BadValue, {QStringLiteral("jump"), i.endpoint.jump, QStringLiteral("a host that does not lead back to %1").arg(i.name)}));
            if (!old || !isElsewhere(*old, i))
                continue;
            if (const QString holder = m_workspace.holderOf(i.name); !holder.isEmpty())
                return done(fail(ErrorCode::HostInOtherRollout, {i.name, holder}));
            if (const QString why = whyItStays(i.name); !why.isEmpty())
                return done(fail(ErrorCode::NotAllowed, {QStringLiteral("fleet import"), why}));
        }
        return recordUnder(fleetChanges, 0, {e}, [=, this] {
            done(QJsonObject{{QStringLiteral("added"), added}, {QStringLiteral("replaced"), replaced},
                             {QStringLiteral("undo"), m_workspace.newestChange()}});
        }, request.actor);
    }
    if (request.verb == QLatin1String("fleet-remove")) {
        HostRemoved e;
        valueFromJson(args.value(QLatin1String("hosts")), e.hosts);
        e.reason = reason;
        for (const QString &host : std::as_const(e.hosts)) {
            if (!m_workspace.inventory.find(host))
                return done(fail(ErrorCode::UnknownHost, {host}));
            if (const QString holder = m_workspace.holderOf(host); !holder.isEmpty())
                return done(fail(ErrorCode::HostInOtherRollout, {host, holder}));
            if (const QString why = whyItStays(host); !why.isEmpty())
                return done(fail(ErrorCode::NotAllowed, {QStringLiteral("fleet remove"), why}));
            for (const QString &behind : m_workspace.inventory.reachedThrough(host))
                if (!e.hosts.contains(behind))
                    return done(fail(ErrorCode::NotAllowed, {QStringLiteral("fleet remove"),
                                                             QStringLiteral("%1 is reached through %2").arg(behind, host)}));
        }
        return recordUnder(fleetChanges, 0, {e}, [=, n = e.hosts.size()] { done(QJsonObject{{QStringLiteral("removed"), n}}); }, request.actor);
    }
    if (request.verb == QLatin1String("releases-import")) {
        ReleasesImported e;
        e.source = args.value(QLatin1String("source")).toString();
        e.text = args.value(QLatin1String("text")).toString();
        const auto catalogue = parseCatalogue(e.text.toUtf8(), e.source);
        if (!catalogue)
            return done(std::unexpected(catalogue.error()));
        return record(0, {e}, [=, c = *catalogue] { done(QJsonObject{{QStringLiteral("product"), c.product}, {QStringLiteral("releases"), c.releases.size()}}); }, request.actor);
    }
    done(fail(ErrorCode::Usage, {QStringLiteral("unknown request %1").arg(request.verb)}));
}

void Engine::handleTrust(const Request &request, const Done &done)
{
    const Installation *host = m_workspace.inventory.find(request.args.value(QLatin1String("host")).toString());
    if (!host)
        return done(fail(ErrorCode::UnknownHost, {request.args.value(QLatin1String("host")).toString()}));
    const QString machine = host->endpoint.machine();
    const auto known = m_workspace.trusted.constFind(machine);
    const bool isKnown = known != m_workspace.trusted.cend();
    const QString before = isKnown ? known->fingerprint : QString();
    if (request.verb == QLatin1String("trust")) {
        HostTrusted e;
        e.machine = machine;
        e.keyType = request.args.value(QLatin1String("key_type")).toString();
        e.fingerprint = request.args.value(QLatin1String("fingerprint")).toString();
        e.source = request.args.value(QLatin1String("source")).toString(QStringLiteral("operator"));
        if (!isFingerprint(e.fingerprint))
            return done(fail(ErrorCode::BadValue, {QStringLiteral("fingerprint"), e.fingerprint, QStringLiteral("SHA256: and 43 characters")}));
        if (m_workspace.revoked.contains(e.fingerprint))
            return done(fail(ErrorCode::HostKeyRevoked, {machine, e.fingerprint}));
        e.reason = request.args.value(QLatin1String("reason")).toString();
        if (isKnown && before != e.fingerprint) {
            if (e.reason.isEmpty())
                return done(fail(ErrorCode::NotAllowed, {QStringLiteral("trust"), QStringLiteral("another key is trusted for %1; replacing it needs a reason").arg(machine)}));
            e.replaced = before;
        }
        return record(0, {e}, [done] { done(QJsonObject{}); }, request.actor);
    }
    m_hosts.scanKey(*host, [done, machine, before](const Result<HostKey> &key) {
        if (!key)
            return done(std::unexpected(key.error()));
        const QString state = before.isEmpty() ? QStringLiteral("unknown") : before == key->fingerprint ? QStringLiteral("trusted") : QStringLiteral("changed");
        done(QJsonObject{{QStringLiteral("machine"), machine}, {QStringLiteral("key_type"), key->keyType}, {QStringLiteral("fingerprint"), key->fingerprint},
                         {QStringLiteral("state"), state}, {QStringLiteral("trusted"), before}});
    });
}

// Keys read from a known_hosts file or a list of fingerprints. Whoever asks has shown what would be taken; what has changed since is refused, so
// that an import never replaces a key and never trusts one that was revoked.
void Engine::handleTrustImport(const Request &request, const Done &done)
{
    QSet<QString> machines, revoked;
    for (const Installation &i : std::as_const(m_workspace.inventory.installations))
        machines.insert(i.endpoint.machine());
    const QString source = QStringLiteral("import %1").arg(request.args.value(QLatin1String("source")).toString());
    QList<EventBody> events;
    const QJsonArray revocations = request.args.value(QLatin1String("revoked")).toArray();
    for (const QJsonValue value : revocations) {
        KeyRevoked e;
        e.keyType = value[QLatin1String("key_type")].toString();
        e.fingerprint = value[QLatin1String("fingerprint")].toString();
        e.source = source;
        if (!isFingerprint(e.fingerprint))
            return done(fail(ErrorCode::BadValue, {QStringLiteral("fingerprint"), e.fingerprint, QStringLiteral("SHA256: and 43 characters")}));
        revoked.insert(e.fingerprint);
        if (!m_workspace.revoked.contains(e.fingerprint))
            events.append(e);
    }
    int trusted = 0, leftOut = 0;
    const QJsonArray keys = request.args.value(QLatin1String("keys")).toArray();
    for (const QJsonValue value : keys) {
        HostTrusted e;
        e.machine = value[QLatin1String("machine")].toString();
        e.keyType = value[QLatin1String("key_type")].toString();
        e.fingerprint = value[QLatin1String("fingerprint")].toString();
        e.source = source;
        if (!isFingerprint(e.fingerprint))
            return done(fail(ErrorCode::BadValue, {QStringLiteral("fingerprint"), e.fingerprint, QStringLiteral("SHA256: and 43 characters")}));
        if (!machines.contains(e.machine))
            return done(fail(ErrorCode::UnknownHost, {e.machine}));
        if (m_workspace.revoked.contains(e.fingerprint) || revoked.contains(e.fingerprint)) {
            ++leftOut;
            continue;
        }
        const auto known = m_workspace.trusted.constFind(e.machine);
        if (known != m_workspace.trusted.cend() && known->fingerprint != e.fingerprint)
            return done(fail(ErrorCode::HostKeyChanged, {e.machine, e.keyType, e.fingerprint, known->fingerprint}));
        if (known != m_workspace.trusted.cend())
            continue;
        ++trusted;
        events.append(e);
    }
    const QJsonObject answer{{QStringLiteral("trusted"), trusted}, {QStringLiteral("revoked"), events.size() - trusted}, {QStringLiteral("left_out"), leftOut}};
    if (events.isEmpty())
        return done(answer);
    record(0, events, [done, answer] { done(answer); }, request.actor);
}

// The last change of the fleet, taken back by events that put the former values there. `expect` is the change that was
// shown to whoever asks: another one is not taken back in its place.
void Engine::handleFleetUndo(const Request &request, const Done &done)
{
    if (!whenIdle(0, [=, this] { handleFleetUndo(request, done); })) // asked twice, it is done once
        return;
    if (m_workspace.undo.isEmpty())
        return done(fail(ErrorCode::NotAllowed, {QStringLiteral("fleet undo"), QStringLiteral("no change of the fleet is left to take back")}));
    const FleetChange change = m_workspace.undo.last();
    const qint64 expected = request.args.value(QLatin1String("expect")).toInteger(change.seq);
    if (expected != change.seq)
        return done(fail(ErrorCode::NotAllowed, {QStringLiteral("fleet undo"), QStringLiteral("the fleet was changed again since")}));
    QStringList moved = change.added;
    for (const Installation &old : change.before)
        if (const Installation *current = m_workspace.inventory.find(old.name); current && isElsewhere(*current, old))
            moved.append(old.name);
    for (const QString &host : std::as_const(moved)) {
        if (const QString holder = m_workspace.holderOf(host); !holder.isEmpty())
            return done(fail(ErrorCode::HostInOtherRollout, {host, holder}));
        if (const QString why = whyItStays(host); !why.isEmpty())
            return done(fail(ErrorCode::NotAllowed, {QStringLiteral("fleet undo"), why}));
    }
    FleetImported back;
    back.source = QStringLiteral("undo of %1").arg(change.source.isEmpty() ? QStringLiteral("a removal") : change.source);
    back.installations = change.before;
    back.undoes = change.seq;
    QList<EventBody> events{back};
    if (!change.added.isEmpty()) {
        HostRemoved gone;
        gone.hosts = change.added;
        gone.reason = back.source;
        gone.undoes = change.seq;
        events.append(gone);
    }
    recordUnder(fleetChanges, 0, events, [=] {
        done(QJsonObject{{QStringLiteral("source"), change.source}, {QStringLiteral("removed"), QJsonArray::fromStringList(change.added)},
                         {QStringLiteral("put_back"), change.before.size()}});
    }, request.actor);
}

} // namespace bellwether
