#include "statejson.h"

#include "base/canonicaljson.h"

namespace bellwether {

namespace {

// Every field is named here, and one that is added to a state does not compile before it is. Since its default is left out, it
// changes the hash of no old history in which it says nothing.
template<class V>
void parts(V &&v, const StepRun &run)
{
    const auto &[token, name, command, sha256, kind, direction, hop, index, attempt, phase, outcome, intendedMs, startedMs, endedMs,
                 startedMono, exitStatus, reason, lastWords, overdue, partlyRead] = run;
    v("token", token), v("name", name), v("command", command), v("sha256", sha256), v("kind", kind), v("direction", direction);
    v("hop", hop), v("index", index), v("attempt", attempt), v("phase", phase), v("outcome", outcome), v("intended_ms", intendedMs);
    v("started_ms", startedMs), v("ended_ms", endedMs), v("started_mono", startedMono), v("exit", exitStatus), v("reason", reason);
    v("last_words", lastWords), v("overdue", overdue), v("partly_read", partlyRead);
}

template<class V>
void parts(V &&v, const HealthRecord &record)
{
    const auto &[health, version, detail, process, sinceMono, lastMono, lastMs, checks] = record;
    v("health", health), v("version", version), v("detail", detail), v("process", process), v("since_mono", sinceMono);
    v("last_mono", lastMono), v("last_ms", lastMs), v("checks", checks);
}

template<class V>
void parts(V &&v, const HostRun::Moment &moment)
{
    const auto &[wallMs, monoMs] = moment;
    v("wall_ms", wallMs), v("mono_ms", monoMs);
}

template<class V>
void parts(V &&v, const HostRun &host)
{
    const auto &[name, wave, state, hop, next, direction, reason, steps, migrations, migrationTokens, factsBefore, factsAfter, factsBack,
                 backups, backedUp, health, way, confirmedDomain, retryAsked, connected, beganMs, endedMs, changedMono, doubtSinceMono,
                 downSinceMs, downtimeMs, measuredVersion, leaseEpoch, lastEpoch, leaseGivenBack, abandonedEpoch, disturbed, mustBeSeen, machine, turn,
                 measureAnew, heldBy, takeOverFrom, measuredToken, deferrals, ledgersAfter, seq] = host;
    v("name", name), v("wave", wave), v("state", state), v("hop", hop), v("next", next), v("direction", direction), v("reason", reason);
    v("steps", steps), v("migrations", migrations), v("migration_tokens", migrationTokens), v("facts_before", factsBefore);
    v("facts_after", factsAfter), v("facts_back", factsBack), v("backups", backups), v("backed_up", backedUp), v("health", health);
    v("way", way), v("confirmed_domain", confirmedDomain), v("retry_asked", retryAsked), v("connected", connected);
    v("began_ms", beganMs), v("ended_ms", endedMs), v("changed_mono", changedMono), v("doubt_since_mono", doubtSinceMono);
    v("down_since_ms", downSinceMs), v("downtime_ms", downtimeMs), v("measured_version", measuredVersion), v("lease_epoch", leaseEpoch);
    v("last_epoch", lastEpoch), v("lease_given_back", leaseGivenBack), v("abandoned_epoch", abandonedEpoch), v("disturbed", disturbed), v("must_be_seen", mustBeSeen);
    v("machine", machine), v("turn", turn), v("measure_anew", measureAnew), v("held_by", heldBy), v("take_over_from", takeOverFrom);
    v("measured_token", measuredToken), v("deferrals", deferrals), v("ledgers_after", ledgersAfter), v("seq", seq);
}

template<class V>
void parts(V &&v, const WaveRun &wave)
{
    const auto &[opened, passed, hop, verdict, gateReason, conditions, settledMono, unsettled, held, promoted, promotedBy] = wave;
    v("opened", opened), v("passed", passed), v("hop", hop), v("verdict", verdict), v("gate_reason", gateReason);
    v("conditions", conditions), v("settled_mono", settledMono), v("unsettled", unsettled), v("held", held), v("promoted", promoted);
    v("promoted_by", promotedBy);
}

template<class V>
void parts(V &&v, const Hold &hold)
{
    const auto &[by, reason, sinceMs] = hold;
    v("by", by), v("reason", reason), v("since_ms", sinceMs);
}

template<class V>
void parts(V &&v, const RolloutState &state)
{
    const auto &[id, plan, statedHash, options, workspace, lifecycle, pauses, waves, hosts, leases, identities, machinesAreShared,
                 rollbackOrder, hold, interrupted, abortRequested, reopened, endedAs, startedBy, endReason, startedMs, endedMs, lastSeq,
                 lastMs, wholeSeq] = state; // the plan is a document of its own: see stateJson()
    v("id", id), v("stated_hash", statedHash), v("options", options), v("workspace", workspace), v("lifecycle", lifecycle);
    v("pauses", pauses), v("waves", waves), v("hosts", hosts), v("leases", leases), v("identities", identities);
    v("machines_are_shared", machinesAreShared), v("rollback_order", rollbackOrder), v("hold", hold), v("interrupted", interrupted);
    v("abort_requested", abortRequested), v("reopened", reopened), v("ended_as", endedAs), v("started_by", startedBy);
    v("end_reason", endReason), v("started_ms", startedMs), v("ended_ms", endedMs), v("last_seq", lastSeq), v("last_ms", lastMs);
    v("whole_seq", wholeSeq);
}

struct Unheard {
    template<class T>
    void operator()(const char *, const T &) const
    {}
};

template<class T>
concept HasParts = requires(const T &value) { parts(Unheard{}, value); };
template<class T>
concept IsMapping = requires { typename T::key_type; typename T::mapped_type; };

QString keyText(const QString &key) { return key; }
QString keyText(int key) { return QString::number(key); }
QString keyText(PauseReason key) { return nameOf(key); }

template<class T>
QJsonObject object(const T &value);

template<class T>
QJsonValue json(const T &value)
{
    if constexpr (HasParts<T>) {
        return object(value);
    } else if constexpr (IsMapping<T>) { // its keys are sorted in here, in whatever order they come
        QJsonObject all;
        for (auto it = value.cbegin(); it != value.cend(); ++it)
            all.insert(keyText(it.key()), json(it.value()));
        return all;
    } else if constexpr (IsList<T>::value) {
        QJsonArray all;
        for (const auto &element : value)
            all.append(json(element));
        return all;
    } else if constexpr (IsOptional<T>::value) {
        return value ? json(*value) : QJsonValue(QJsonValue::Undefined);
    } else {
        return valueToJson(value); // as an event would write it
    }
}

template<class T>
QJsonObject whole(const T &value)
{
    QJsonObject all;
    parts([&all](const char *key, const auto &part) { all.insert(QLatin1String(key), json(part)); }, value);
    return all;
}

template<class T>
QJsonObject object(const T &value)
{
    static const QJsonObject fresh = whole(T{});
    QJsonObject told;
    parts([&told](const char *key, const auto &part) {
        const QJsonValue now = json(part);
        if (now != fresh.value(QLatin1String(key)))
            told.insert(QLatin1String(key), now);
    }, value);
    return told;
}

} // namespace

QJsonObject stateJson(const RolloutState &state, Plans plans)
{
    QJsonObject told = object(state);
    if (plans == Plans::Hashed)
        told.insert(QStringLiteral("plan"), planHash(state.plan));
    return told;
}

QJsonObject stateJson(const Workspace &workspace, Plans plans)
{
    QJsonObject rollouts;
    for (auto it = workspace.rollouts.cbegin(); it != workspace.rollouts.cend(); ++it)
        rollouts.insert(QString::number(it.key()), stateJson(it.value(), plans));
    QJsonObject told{{QStringLiteral("rollouts"), rollouts}, {QStringLiteral("held_hosts"), QJsonArray::fromStringList(workspace.heldHosts)}};
    if (workspace.hold)
        told.insert(QStringLiteral("hold"), object(*workspace.hold));
    return told;
}

QString stateHash(const Workspace &workspace, Plans plans)
{
    return sha256Hex(canonicalJson(stateJson(workspace, plans)));
}

} // namespace bellwether
