// The verbs of rollout/console.h.
#include "base/canonicaljson.h"
#include "engine/engine.h"
#include "logging/redactor.h"
#include "plan/placeholders.h"
#include "rollout/decide.h"
#include "rollout/fleetjson.h"
#include "rollout/fleetmatch.h"
#include "rollout/wayback.h"
#include "transfer/transfers.h"

namespace bellwether {

namespace {

const QString itself = QStringLiteral("bellwether");

QStringList textList(const QJsonValue &value)
{
    QStringList list;
    const QJsonArray array = value.toArray();
    for (const QJsonValue element : array)
        list.append(element.toString());
    return list;
}

std::optional<int> rolloutOf(const QJsonObject &args)
{
    const QJsonValue v = args.value(QLatin1String("rollout"));
    return v.isDouble() ? std::optional(v.toInt()) : rolloutIdFromName(v.toString());
}

QJsonObject rollbackRow(const QString &host, const WayBack &way, qint64 nowMs)
{
    return QJsonObject{{QStringLiteral("name"), host},
                       {QStringLiteral("verdict"), nameOf(way.verdict)},
                       {QStringLiteral("rule"), way.rule},
                       {QStringLiteral("reason"), way.reason},
                       {QStringLiteral("evidence"), valueToJson(way.evidence)},
                       {QStringLiteral("loss_s"), way.lossFromMs > 0 ? QJsonValue(std::max<qint64>(0, nowMs - way.lossFromMs) / 1000) : QJsonValue(0)},
                       {QStringLiteral("backup"), way.backupPath}};
}

} // namespace

void Engine::request(Request request, std::function<void(Reply)> done)
{
    // Blanks are no reason, whatever is asked for and whoever sends it.
    if (const QJsonValue reason = request.args.value(QLatin1String("reason")); reason.isString())
        request.args.insert(QStringLiteral("reason"), reason.toString().trimmed());
    auto clean = [done = std::move(done)](Reply reply) {
        if (!reply)
            for (QString &text : reply.error().args)
                text = processRedactor().redact(text);
        done(std::move(reply));
    };
    m_inbox.put([this, request = std::move(request), clean = std::move(clean)] { handle(request, clean); });
}

void Engine::handle(const Request &request, const Done &done)
{
    if (!m_backlog.isEmpty() || m_retrying)
        return done(fail(ErrorCode::JournalWrite, {m_journalFailure}));
    if (!m_begun) { // what the console before left does not look interrupted yet: "resume" would not resume it
        m_early.append([=, this] { handle(request, done); });
        return;
    }
    if (m_personAsked)
        m_personAsked();
    Verb verb{};
    if (enumFrom(request.verb, verb))
        return handleVerb(verb, request, done);
    if (request.verb == QLatin1String("run"))
        return handleRun(request, done);
    if (request.verb == QLatin1String("stop-all") || request.verb == QLatin1String("release"))
        return handleStop(request, done);
    if (request.verb == QLatin1String("check"))
        return handleCheck(request, done);
    if (request.verb == QLatin1String("trust") || request.verb == QLatin1String("scan-key"))
        return handleTrust(request, done);
    if (request.verb == QLatin1String("record-report"))
        return handleReport(request, done);
    if (request.verb == QLatin1String("trust-import"))
        return handleTrustImport(request, done);
    if (request.verb == QLatin1String("fleet-undo"))
        return handleFleetUndo(request, done);
    if (request.verb == QLatin1String("put") || request.verb == QLatin1String("get") || request.verb == QLatin1String("transfers") || request.verb == QLatin1String("transfer-cancel"))
        return handleTransfer(request, done);
    handleFleet(request, done);
}

void Engine::takeEarly()
{
    for (const auto &work : std::exchange(m_early, {}))
        work();
}

bool Engine::whenIdle(int queue, std::function<void()> work)
{
    if (m_inFlight.value(queue) == 0)
        return true;
    m_waiting[queue].append(std::move(work));
    return false;
}

void Engine::recordUnder(int queue, int rollout, QList<EventBody> bodies, const std::function<void()> &then, const QString &actor)
{
    ++m_inFlight[queue];
    record(rollout, std::move(bodies), [this, queue, then] {
        --m_inFlight[queue];
        then();
        if (m_inFlight[queue] == 0)
            for (const auto &work : m_waiting.take(queue))
                work();
    }, actor);
}

void Engine::handleRun(const Request &request, const Done &done)
{
    if (!whenIdle(0, [=, this] { handleRun(request, done); }))
        return;
    if (m_workspace.hold || m_holds.stopping)
        return done(fail(ErrorCode::NotAllowed, {QStringLiteral("run"), QStringLiteral("%1; release it first").arg(m_workspace.hold ? holdText(*m_workspace.hold) : QStringLiteral("everything is just being stopped"))}));
    auto plan = parsePlan(request.args.value(QLatin1String("plan")).toString().toUtf8(), request.args.value(QLatin1String("source")).toString(QStringLiteral("plan")));
    if (!plan)
        return done(std::unexpected(plan.error()));
    int refusals = 0;
    QString first;
    for (const Finding &f : std::as_const(plan->findings)) {
        if (f.refusal && refusals++ == 0)
            first = f.message;
    }
    if (refusals > 0)
        return done(fail(ErrorCode::PlanRefused, {QString::number(refusals), first}));
    if (plan->hosts.isEmpty())
        return done(fail(ErrorCode::NothingToDo));
    if (const QString fault = planFault(*plan); !fault.isEmpty())
        return done(fail(ErrorCode::PlanRefused, {QStringLiteral("1"), fault}));
    if (const QStringList outdated = outdatedHosts(*plan, m_workspace.inventory); !outdated.isEmpty())
        return done(fail(ErrorCode::PlanRefused, {QString::number(outdated.size()), outdated.first()}));
    for (const PlanHost &h : std::as_const(plan->hosts)) {
        QString holder = m_workspace.holderOf(h.installation.name);
        if (holder.isEmpty() && !h.installation.directory.isEmpty()) // the same installation under another name
            holder = otherRolloutOn(h.installation, 0, h.installation.directory);
        if (!holder.isEmpty())
            return done(fail(ErrorCode::HostInOtherRollout, {h.installation.name, holder}));
    }
    RunOptions options;
    fromJson(request.args, options);
    options.takeOver = options.takeOver.trimmed();
    options.acknowledgedNotes = request.args.value(QLatin1String("acknowledge_notes")).toBool();
    options.bakeScale = std::clamp(request.args.value(QLatin1String("bake_scale")).toDouble(1.0), 0.0001, 100.0);
    QStringList unread;
    for (const ReleaseNotes &notes : std::as_const(plan->notes))
        unread.append(notes.version.toString());
    if (!unread.isEmpty() && !options.acknowledgedNotes)
        return done(fail(ErrorCode::NotesNotAcknowledged, {unread.join(QStringLiteral(", "))}));
    if (plan->strategy.secondPerson && (plan->approver.isEmpty() || plan->approver == plan->author))
        return done(fail(ErrorCode::NotAllowed, {QStringLiteral("run"), QStringLiteral("its strategy asks for the approval of a second person")}));
    if (plan->approver.isEmpty())
        plan->approver = request.actor;
    RolloutStarted e;
    e.plan = toJson(*plan);
    e.planHash = planHash(*plan);
    e.options = options;
    e.workspace = m_workspace.id;
    const int id = m_workspace.nextRollout();
    // Under rollout 0's queue: two requests may not take the same number.
    recordUnder(0, id, {e}, [id, done] { done(QJsonObject{{QStringLiteral("rollout"), rolloutName(id)}}); }, request.actor);
}

// The journal first: from that event on nothing is begun, whatever becomes of the hosts. Then the hosts, for other consoles.
void Engine::handleStop(const Request &request, const Done &done)
{
    const bool stops = request.verb == QLatin1String("stop-all");
    const QString reason = request.args.value(QLatin1String("reason")).toString();
    const auto no = [&](const QString &why) { done(fail(ErrorCode::NotAllowed, {request.verb, why})); };
    if (reason.isEmpty())
        return no(QStringLiteral("it needs a reason"));
    if (m_holds.stopping)
        return no(QStringLiteral("everything is just being stopped"));
    if (stops && m_workspace.hold)
        return no(QStringLiteral("%1 already").arg(holdText(*m_workspace.hold)));
    if (!stops && !m_workspace.hold)
        return no(QStringLiteral("nothing is stopped"));
    m_holds.stopping = stops; // nothing is decided before it is durable
    if (stops && m_transfers)
        m_transfers->cancelPuts();
    EverythingStopped stopped;
    EverythingReleased released;
    stopped.reason = released.reason = reason;
    record(0, {stops ? EventBody(stopped) : EventBody(released)}, [this, done] {
        m_holds.stopping = false;
        publish(true);
        m_holds.spread([done](const HoldKeeper::Reached &reached) {
            done(QJsonObject{{QStringLiteral("hosts"), QJsonArray::fromStringList(reached.hosts)}, {QStringLiteral("missed"), QJsonArray::fromStringList(reached.missed)}});
        });
    }, request.actor);
}

// A verdict that leaves the database as it is rests on the ledger, and somebody may have migrated it since. It is read
// again before anything is confirmed; where it cannot be read the answer is no.
void Engine::lookBeforeGoingBack(int id, const QStringList &hosts, const Done &done, std::function<void()> then)
{
    struct Look {
        qsizetype left = 0;
        QList<EventBody> seen;
        QString unread, why;
    };
    auto look = std::make_shared<Look>();
    look->left = hosts.size();
    for (const QString &name : hosts) {
        const RolloutState &state = *rollout(id);
        const PlanHost *planned = state.plan.host(name);
        const int hop = decideWayBack(state, state.hosts.find(name).value()).hop;
        m_hosts.measure(planned->installation, planned->probes, [this, id, name, hop, look, done, then](const HostFacts &facts) {
            if (m_stopped)
                return;
            FactsMeasured e;
            e.host = name;
            e.phase = QStringLiteral("before-back");
            e.hop = hop;
            e.facts = facts;
            if (facts.reachable) {
                look->seen.append(e);
            } else {
                look->unread = name;
                look->why = facts.error;
            }
            if (--look->left > 0)
                return;
            if (!look->unread.isEmpty())
                return done(fail(ErrorCode::WayRefused, {look->unread, QStringLiteral("tag-only"), QStringLiteral("its ledger could not be read again (%1)").arg(look->why)}));
            record(id, look->seen, then, itself);
        });
    }
}

void Engine::handleVerb(Verb verb, const Request &request, const Done &done, bool looked)
{
    const auto id = rolloutOf(request.args);
    const RolloutState *state = id ? rollout(*id) : nullptr;
    if (!state)
        return done(fail(ErrorCode::UnknownRollout, {request.args.value(QLatin1String("rollout")).toVariant().toString()}));
    if (!whenIdle(*id, [=, this] { handleVerb(verb, request, done, looked); }))
        return;
    OperatorRequest asked;
    asked.verb = verb;
    asked.hosts = textList(request.args.value(QLatin1String("hosts")));
    asked.reason = request.args.value(QLatin1String("reason")).toString();
    asked.actor = request.actor;
    asked.way = request.args.value(QLatin1String("way")).toString(QStringLiteral("auto"));
    valueFromJson(request.args.value(QLatin1String("confirm")), asked.confirm);

    if (verb == Verb::Rollback) {
        const QStringList hosts = asked.hosts.isEmpty() ? permission(*state, verb).hosts : asked.hosts;
        for (const QString &host : hosts) { // somebody else may have changed it since
            for (const RolloutState &other : std::as_const(m_workspace.rollouts))
                if (other.id > *id && other.hosts.contains(host) && !other.hosts[host].steps.isEmpty() && other.hosts[host].state != HostRunState::RolledBack)
                    return done(fail(ErrorCode::HostInOtherRollout, {host, rolloutName(other.id)}));
        }
        if (request.args.value(QLatin1String("dry_run")).toBool()) {
            QJsonArray rows;
            for (const QString &host : hosts)
                if (state->hosts.contains(host))
                    rows.append(rollbackRow(host, decideWayBack(*state, state->hosts[host]), now().wallMs));
            return done(QJsonObject{{QStringLiteral("hosts"), rows}});
        }
    }
    if (verb == Verb::Rollback && !looked && asked.way != QLatin1String("restore")) {
        const QStringList allowed = permission(*state, verb).hosts;
        QStringList hosts;
        for (const QString &name : asked.hosts.isEmpty() ? allowed : asked.hosts)
            if (allowed.contains(name) && !hosts.contains(name) && decideWayBack(*state, state->hosts[name]).verdict == WayBackVerdict::TagOnly)
                hosts.append(name);
        if (!hosts.isEmpty())
            return lookBeforeGoingBack(*id, hosts, done, [=, this] { handleVerb(verb, request, done, true); });
    }
    const auto events = answer(*state, asked, now());
    if (!events)
        return done(std::unexpected(events.error()));
    QJsonArray rows;
    QJsonObject result;
    for (const EventBody &body : *events) {
        if (const auto *decided = std::get_if<WayBackDecided>(&body))
            rows.append(rollbackRow(decided->host, decided->way, now().wallMs));
        else if (const QString host = eventHost(body); !host.isEmpty())
            rows.append(host);
    }
    if (!rows.isEmpty())
        result.insert(QStringLiteral("hosts"), rows);
    if (events->isEmpty())
        return done(result);
    record(*id, *events, [done, result] { done(result); }, request.actor);
}

void Engine::handleReport(const Request &request, const Done &done)
{
    ReportExported e;
    e.format = request.args.value(QLatin1String("format")).toString();
    e.file = request.args.value(QLatin1String("file")).toString();
    e.sha256 = request.args.value(QLatin1String("sha256")).toString();
    return record(rolloutOf(request.args).value_or(0), {e}, [done] { done(QJsonObject{}); }, request.actor);
}

void Engine::handleCheck(const Request &request, const Done &done)
{
    QStringList names = textList(request.args.value(QLatin1String("hosts")));
    if (names.isEmpty())
        for (const Installation &i : std::as_const(m_workspace.inventory.installations))
            names.append(i.name);
    for (const QString &name : std::as_const(names))
        if (!m_workspace.inventory.find(name))
            return done(fail(ErrorCode::UnknownHost, {name}));
    auto left = std::make_shared<int>(int(names.size()));
    auto finish = [this, left, names, done] {
        if (--*left > 0)
            return;
        publish(true);
        QJsonArray rows;
        for (const FleetRow &row : snapshot()->fleet)
            if (names.contains(row.installation.name))
                rows.append(fleetRowJson(row));
        done(QJsonObject{{QStringLiteral("hosts"), rows}});
    };
    if (names.isEmpty())
        return done(QJsonObject{{QStringLiteral("hosts"), QJsonArray{}}});
    for (const QString &name : std::as_const(names)) {
        const Installation host = *m_workspace.inventory.find(name);
        Probes probes;
        if (m_workspace.library && m_workspace.library->profiles.contains(host.product)) {
            const ProductProfile &profile = m_workspace.library->profiles[host.product];
            probes = Placeholders(profile, host).resolve(profile.probes);
        }
        m_checking.insert(name);
        m_dirty = true;
        m_hosts.measure(host, probes, [this, host, finish, actor = request.actor](const HostFacts &facts) { takeChecked(host, facts, finish, actor); });
    }
}

void Engine::takeChecked(const Installation &host, const HostFacts &facts, const std::function<void()> &finish, const QString &actor)
{
    if (m_stopped || !whenIdle(fleetChanges, [=, this] { takeChecked(host, facts, finish, actor); }))
        return;
    m_checking.erase(host.name);
    m_dirty = true;
    const Installation *now = m_workspace.inventory.find(host.name);
    if (!now || !isSameInstallation(*now, host)) // what was measured goes by that name no more
        return finish();
    FactsMeasured e;
    e.host = host.name;
    e.phase = QStringLiteral("fleet");
    e.facts = facts;
    record(0, {e}, finish, actor);
}

} // namespace bellwether
