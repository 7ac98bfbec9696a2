#include "invariants.h"

#include "base/canonicaljson.h"
#include "rollout/gates.h"
#include "rollout/judge.h"

#include <algorithm>

namespace bellwether {

namespace {

const QString tookOver = QStringLiteral("another console took over ");

QString place(int rollout, const QString &host, int hop)
{
    return QStringLiteral("%1/%2/%3").arg(rollout).arg(host).arg(hop);
}

QString stepPlace(int rollout, const QString &host, Direction direction, int hop, int index)
{
    return QStringLiteral("%1/%2/%3").arg(place(rollout, host, hop), nameOf(direction)).arg(index);
}

bool onlyAdds(const Hop &hop, const Ledger &before, const Ledger &after)
{
    if (after.halfMigrated != before.halfMigrated)
        return false;
    for (const QString &name : after.applied)
        if (!before.applied.contains(name) && !name.startsWith(QLatin1String("add-")))
            return false;
    return hop.schema == SchemaChange::Additive;
}

} // namespace

Invariants::Invariants(QString console, SimHosts &hosts, const SimTime &time)
    : m_console(std::move(console))
    , m_hosts(hosts)
    , m_time(time)
{}

void Invariants::violated(const QString &what)
{
    if (m_violations.size() < 5) // the first ones tell
        m_violations.append(QStringLiteral("%1: %2 (at %3 s)").arg(m_console, what).arg(m_time.mono() / 1000 - 1000));
}

void Invariants::see(const Event &e)
{
    if (e.seq != m_lastSeq + 1)
        violated(QStringLiteral("I5: event %1 after %2").arg(e.seq).arg(m_lastSeq));
    m_lastSeq = e.seq;
    if (std::holds_alternative<EverythingStopped>(e.body)) {
        m_hold = Hold{};
        m_heldMono = m_time.mono();
    } else if (std::holds_alternative<EverythingReleased>(e.body)) {
        m_hold.reset();
    }
    secrets(e);
    if (e.rollout > 0)
        aboutRollout(e);
    apply(m_folded, e);
    backups();
}

void Invariants::aboutRollout(const Event &e)
{
    static const RolloutState none;
    const auto before = m_folded.rollouts.constFind(e.rollout);
    const RolloutState &s = before == m_folded.rollouts.cend() ? none : *before;
    const bool begins = std::holds_alternative<StepIntended>(e.body) || std::holds_alternative<HostBegun>(e.body) || std::holds_alternative<GatePassed>(e.body);
    if (m_hold && begins)
        violated(QStringLiteral("OPS-03: %1 though everything is stopped").arg(eventName(e.body)));
    rules(s, e);
    truths(s, e);
    if (const auto *proven = std::get_if<BackupProven>(&e.body); proven && proven->backup.verified)
        m_proven.insert(proven->host, proven->backup.startedMs);
}

// I8: the newest proven backup of a host is there, whole, under its name or kept aside, whatever became of the host since.
void Invariants::backups()
{
    for (auto it = m_proven.begin(); it != m_proven.end();) {
        const QMap<QString, SimBundle> &kept = m_hosts.product(it.key()).backups;
        if (std::ranges::any_of(kept, [&](const SimBundle &b) { return b.readable && b.startedMs == it.value(); })) {
            ++it;
            continue;
        }
        violated(QStringLiteral("I8: the newest proven backup of %1 is gone").arg(it.key()));
        it = m_proven.erase(it); // it is told once
    }
}

// I13: a fold is a fold, whoever made it and in how many pieces.
void Invariants::compare(const Workspace &other, Plans plans)
{
    const QJsonObject mine = stateJson(m_folded, plans), theirs = stateJson(other, plans);
    if (mine == theirs)
        return;
    const QByteArray a = canonicalJson(mine), b = canonicalJson(theirs);
    const qsizetype at = std::ranges::mismatch(a, b).in1 - a.cbegin(), from = std::max<qsizetype>(0, at - 60);
    violated(QStringLiteral("I13: after event %1 the journal folds to …%2… and the console holds …%3…")
                 .arg(m_lastSeq).arg(QString::fromUtf8(a.mid(from, 120)), QString::fromUtf8(b.mid(from, 120))));
}

// The state is that before the event.
void Invariants::rules(const RolloutState &s, const Event &e)
{
    const auto *facts = std::get_if<FactsMeasured>(&e.body); // looking before an operator's way back is answered moves nothing
    if (s.interrupted && !(facts && facts->phase == QLatin1String("before-back")) && !std::holds_alternative<RolloutResumed>(e.body) && !std::holds_alternative<Paused>(e.body) && !std::holds_alternative<ConnectionChanged>(e.body)
        && !std::holds_alternative<ReportExported>(e.body))
        violated(QStringLiteral("%1 in a rollout that nobody resumed").arg(eventName(e.body)));
    if (const auto *begun = std::get_if<HostBegun>(&e.body)) {
        const HostRun &h = s.hosts[begun->host];
        if (!s.pauses.isEmpty())
            violated(QStringLiteral("I11: %1 is begun though the rollout is paused").arg(begun->host));
        if (s.abortRequested || s.isEnded())
            violated(QStringLiteral("I12: %1 is begun though the rollout was aborted").arg(begun->host));
        for (int w = 0; w < h.wave; ++w)
            if (!s.waves[w].passed)
                violated(QStringLiteral("I2: %1 of wave %2 is begun before the gate of wave %3").arg(begun->host).arg(h.wave).arg(w));
        // Begun is also what has lost its link. What was given up as in doubt counts in its own wave, where the budget keeps it in
        // sight; in a wave that has passed the engine does not count it (beginHosts), and nor can this.
        int under = 0, failures = 0;
        for (const HostRun &other : s.hosts) {
            under += isBegun(other.state) || (other.state == HostRunState::InDoubt && other.wave == h.wave);
            failures += other.wave == h.wave && countsAsFailure(other.state);
        }
        const int limit = h.wave == 0 ? 1 : h.wave == 1 ? s.plan.strategy.parallel : s.plan.strategy.parallelLater;
        if (under >= limit)
            violated(QStringLiteral("I1: %1 is begun while %2 are under way").arg(begun->host).arg(under));
        const GateReading gate = readGate(s, h.wave, m_time.now());
        if (failures > gate.allowed)
            violated(QStringLiteral("I16: %1 is begun after %2 failures").arg(begun->host).arg(failures));
    } else if (const auto *intended = std::get_if<StepIntended>(&e.body)) {
        const HostRun &h = s.hosts[intended->host];
        if (m_intents.contains(intended->token))
            violated(QStringLiteral("I4: %1 is intended twice").arg(intended->token));
        if (h.current())
            violated(QStringLiteral("%1 is intended while %2 is under way").arg(intended->token, h.current()->token));
        if (h.leaseEpoch == 0)
            violated(QStringLiteral("I6: %1 is intended without a lease").arg(intended->token));
        m_intents.insert(intended->token, intended->sha256);
        const QString where = stepPlace(s.id, h.name, intended->direction, intended->hop, intended->index);
        if (m_lost.contains(where))
            violated(QStringLiteral("I7: %1 repeats %2, which was lost, and nobody said so").arg(intended->token, m_lost[where]));
        const Direction direction = intended->direction;
        if (direction != Direction::Forward && h.state != HostRunState::RollingBack)
            violated(QStringLiteral("I10: %1 of a way back that was not confirmed").arg(intended->token));
        if (direction == Direction::Restore && h.confirmedDomain != s.plan.host(h.name)->installation.domain)
            violated(QStringLiteral("I10: %1 of a restore without its domain").arg(intended->token));
        if (h.wave > 0 && direction == Direction::Forward && !s.waves[0].passed)
            violated(QStringLiteral("I2: %1 before the canary's gate").arg(intended->token));
        oneOnEachMachine(s, h, *intended);
        if (h.mustBeSeen && intended->kind != StepKind::Preflight)
            violated(QStringLiteral("I6: %1 though another console has held %2 since it was measured").arg(intended->token, h.name));
        if (intended->kind == StepKind::Stop && direction == Direction::Forward) {
            const auto backup = h.backups.constFind(intended->hop);
            if (backup == h.backups.cend() || !backup->verified)
                violated(QStringLiteral("%1 stops %2 without a proven backup").arg(intended->token, h.name));
        }
    } else if (const auto *ended = std::get_if<StepEnded>(&e.body)) {
        for (const StepRun &step : s.hosts[ended->host].steps)
            if (step.token == ended->token && ended->outcome == StepOutcome::Lost)
                m_lost.insert(stepPlace(s.id, ended->host, step.direction, step.hop, step.index), ended->token);
    } else if (const auto *taken = std::get_if<LeaseTaken>(&e.body); taken && !taken->takenFrom.isEmpty()) {
        if (s.hosts[taken->host].takeOverFrom != taken->takenFrom)
            violated(QStringLiteral("I6: the lease on %1 was taken from %2 and nobody gave leave").arg(taken->host, taken->takenFrom));
    } else if (const auto *paused = std::get_if<Paused>(&e.body); paused && paused->reason == PauseReason::Hold && paused->detail.startsWith(tookOver)) {
        const HostRun &h = s.hosts[paused->detail.mid(tookOver.size())];
        const QMap<qint64, QString> &leases = m_hosts.machine(m_hosts.product(h.name).machine).leases;
        if (std::none_of(leases.upperBound(h.lastEpoch), leases.cend(), [this](const QString &owner) { return owner != m_console; }))
            violated(QStringLiteral("I6: another console is said to have taken over %1, and there was none").arg(h.name));
    } else if (const auto *retried = std::get_if<HostRetried>(&e.body)) {
        if (e.actor != QLatin1String("bellwether"))
            m_lost.removeIf([&](auto it) { return it.key().startsWith(QStringLiteral("%1/%2/").arg(s.id).arg(retried->host)); });
        if (s.hosts[retried->host].state == HostRunState::HalfMigrated && !s.plan.policy.migrationsIdempotent)
            violated(QStringLiteral("%1 is retried though it is half-migrated").arg(retried->host));
    } else if (const auto *confirmed = std::get_if<RollbackConfirmed>(&e.body)) {
        for (const QString &host : confirmed->hosts) {
            if (confirmed->ways[host] == QLatin1String("restore") && (confirmed->automatic || e.actor == QLatin1String("bellwether")))
                violated(QStringLiteral("I10: a restore of %1 was confirmed by nobody").arg(host));
            m_lost.removeIf([&](auto it) { return it.key().startsWith(QStringLiteral("%1/%2/").arg(s.id).arg(host)); });
        }
    }
}

// I1 by the truth: names are many, a machine is one. What was found out too late is measured, and no more, before its turn.
void Invariants::oneOnEachMachine(const RolloutState &s, const HostRun &h, const StepIntended &intended)
{
    const auto runs = [](StepKind kind) { return kind != StepKind::Preflight && kind != StepKind::Health && kind != StepKind::Check; };
    if (!runs(intended.kind))
        return;
    for (const HostRun &other : s.hosts) {
        if (other.name == h.name || m_hosts.product(other.name).machine != m_hosts.product(h.name).machine)
            continue;
        if (other.current() && runs(other.current()->kind))
            violated(QStringLiteral("I1: %1 though %2 is under way on the same machine").arg(intended.token, other.current()->token));
        const bool bothForward = intended.direction == Direction::Forward && other.direction == Direction::Forward;
        if (bothForward && isBegun(other.state) && other.state != HostRunState::Preflight && other.turn < h.turn)
            violated(QStringLiteral("I1: %1 though %2, on the same machine, is not at its end").arg(intended.token, other.name));
    }
}

// I15: what the hosts print of their secrets (see SimHosts) stands in no event.
void Invariants::secrets(const Event &e)
{
    const bool speaks = std::holds_alternative<StepEnded>(e.body) || std::holds_alternative<MigrationObserved>(e.body) || std::holds_alternative<HostEnded>(e.body)
        || std::holds_alternative<WayBackDecided>(e.body) || std::holds_alternative<HealthObserved>(e.body) || std::holds_alternative<Paused>(e.body);
    if (speaks && canonicalJson(eventBodyToJson(e.body)).contains(simSecret))
        violated(QStringLiteral("I15: a secret in %1").arg(eventName(e.body)));
}

// What the console says, against what is.
void Invariants::truths(const RolloutState &s, const Event &e)
{
    if (const auto *intended = std::get_if<StepIntended>(&e.body); intended && intended->direction == Direction::Forward) {
        const QString where = place(s.id, intended->host, intended->hop);
        const SimProduct &p = m_hosts.product(intended->host);
        if (intended->kind == StepKind::Stop && !m_before.contains(where))
            m_before.insert(where, {p.version, {p.ledger, p.halfMigrated}});
    } else if (const auto *passed = std::get_if<GatePassed>(&e.body)) {
        for (const HostRun &h : s.hosts) {
            if (h.wave != passed->wave || h.state != HostRunState::Upgraded)
                continue;
            const SimProduct &p = m_hosts.product(h.name);
            const QString target = targetOf(s, h).toString();
            if (p.version != target)
                violated(QStringLiteral("I3: the gate passed while %1 runs %2").arg(h.name, p.version));
            if (!p.halfMigrated.isEmpty())
                violated(QStringLiteral("I3: the gate passed while %1 is half-migrated").arg(h.name));
            const WaveRun &w = s.waves[passed->wave];
            const qint64 bakeMs = qint64(gateBakeS(s.plan, passed->wave, passed->hop) * 1000 * s.options.bakeScale);
            const qint64 slack = 3LL * s.plan.strategy.healthIntervalS * 1000 + 20'000; // what sampling over a bad network cannot see
            if (!w.held && p.healthySinceMono == 0 && m_time.mono() - p.sickSinceMono > slack)
                violated(QStringLiteral("I3: the gate passed while %1 is not healthy").arg(h.name));
            else if (!w.held && p.healthySinceMono > 0 && m_time.mono() - p.healthySinceMono + slack < bakeMs)
                violated(QStringLiteral("I3: the gate passed after %1 s of %2").arg((m_time.mono() - p.healthySinceMono) / 1000).arg(h.name));
        }
    } else if (const auto *back = std::get_if<StepIntended>(&e.body); back && back->direction == Direction::TagOnly && back->kind == StepKind::Start) {
        const auto before = m_before.constFind(place(s.id, back->host, back->hop));
        const SimProduct &p = m_hosts.product(back->host);
        const Ledger now{p.ledger, p.halfMigrated};
        if (before != m_before.cend() && now != before->ledger && !onlyAdds(s.plan.host(back->host)->hops[back->hop], before->ledger, now)) {
            const HostRun &h = s.hosts[back->host];
            violated(QStringLiteral("I9: %1 goes back by the version alone though its database changed (%2)").arg(back->host, h.way ? h.way->reason : QString()));
        }
    } else if (const auto *ended = std::get_if<HostEnded>(&e.body)) {
        const HostRun &h = s.hosts[ended->host];
        const SimProduct &p = m_hosts.product(ended->host);
        if (ended->state == HostRunState::Upgraded) {
            if (p.version != targetOf(s, h).toString() || !p.halfMigrated.isEmpty())
                violated(QStringLiteral("%1 is called upgraded and runs %2 %3").arg(ended->host, p.version, p.halfMigrated));
        } else if (ended->state == HostRunState::RolledBack) {
            const auto before = m_before.constFind(place(s.id, ended->host, h.hop));
            if (before != m_before.cend()) {
                if (p.version != before->version)
                    violated(QStringLiteral("I9: %1 is called rolled back and runs %2").arg(ended->host, p.version));
                const Ledger now{p.ledger, p.halfMigrated};
                if (now != before->ledger && !onlyAdds(s.plan.host(h.name)->hops[h.hop], before->ledger, now))
                    violated(QStringLiteral("I9: %1 is called rolled back and its database is not").arg(ended->host));
            }
        } else if (ended->state == HostRunState::Failed || ended->state == HostRunState::Deferred) {
            if (!p.halfMigrated.isEmpty() && m_claims.contains(h.last() ? h.last()->token : QString()))
                violated(QStringLiteral("%1 is called %2 and is half-migrated").arg(ended->host, nameOf(ended->state)));
        }
    }
}

void Invariants::claimed(const QString &product, const QString &token, qint64 epoch, const QByteArray &script)
{
    const auto intent = m_intents.constFind(token);
    if (intent == m_intents.cend())
        violated(QStringLiteral("I4: %1 began on %2 and was never intended").arg(token, product));
    else if (*intent != sha256Hex(script))
        violated(QStringLiteral("I4: %1 carries out something else than was intended").arg(token));
    if (++m_claims[token] > 1)
        violated(QStringLiteral("I4: %1 was carried out twice").arg(token));
    if (m_hold && m_time.mono() - m_heldMono > 20'000) // what was sent before may be on its way, and the way is long
        violated(QStringLiteral("OPS-03: %1 began on %2 %3 s after everything was stopped").arg(token, product).arg((m_time.mono() - m_heldMono) / 1000));
    if (epoch <= 0)
        violated(QStringLiteral("I6: %1 began without an epoch").arg(token));
}

} // namespace bellwether
