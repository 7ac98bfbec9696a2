#include "engine/holdkeeper.h"

namespace bellwether {

namespace {
constexpr qint64 againMs = 30'000;

// One short line: it goes into a file on the host and from there to other consoles.
QString lineOf(const Hold &hold)
{
    QString text = QStringLiteral("%1: %2").arg(hold.by, hold.reason).simplified().left(200);
    for (QChar &c : text)
        if (!c.isPrint() && !c.isSurrogate())
            c = QLatin1Char('?');
    return text;
}

QString placeOf(const Installation &i) // state folders of their own have holds of their own
{
    return i.endpoint.machine() + QLatin1Char(' ') + i.endpoint.user + QLatin1Char(' ') + i.state;
}
} // namespace

HoldKeeper::HoldKeeper(Runtime &runtime, const Workspace &workspace)
    : m_runtime(runtime)
    , m_workspace(workspace)
{}

QList<Installation> HoldKeeper::machines() const
{
    QMap<QString, Installation> found;
    for (const Installation &i : m_workspace.inventory.installations)
        found.insert(placeOf(i), i);
    for (const RolloutState &r : m_workspace.rollouts)
        if (!r.isEnded())
            for (const PlanHost &h : r.plan.hosts)
                found.insert(placeOf(h.installation), h.installation);
    return found.values();
}

// Who is told stands in the journal before anybody is, so that the end of a stop reaches all of them, whatever became of
// their rollouts and of this console meanwhile.
void HoldKeeper::spread(std::function<void(const Reached &)> done)
{
    if (m_workspace.hold) {
        const QList<Installation> all = machines();
        HoldsSpread e;
        for (const Installation &i : all)
            if (!m_workspace.heldHosts.contains(i.name))
                e.hosts.append(i.name);
        const auto tellThem = [this, all, done = std::move(done)] {
            if (m_workspace.hold)
                tellAll(all, m_workspace.hold, {}, done);
            else if (done)
                done({});
        };
        return e.hosts.isEmpty() ? tellThem() : m_runtime.record(0, {e}, tellThem);
    }
    QMap<QString, Installation> known;
    for (const RolloutState &r : m_workspace.rollouts)
        for (const PlanHost &h : r.plan.hosts)
            known.insert(h.installation.name, h.installation);
    for (const Installation &i : m_workspace.inventory.installations)
        known.insert(i.name, i);
    QList<Installation> told;
    Reached before;
    for (const QString &name : m_workspace.heldHosts) {
        if (known.contains(name))
            told.append(known[name]);
        else
            before.missed.append(name); // nobody knows any more where it is; its hold stays
    }
    tellAll(told, {}, before, [this, done = std::move(done)](const Reached &reached) {
        lifted(reached.hosts);
        if (done)
            done(reached);
    });
}

void HoldKeeper::tellAll(const QList<Installation> &machines, const std::optional<Hold> &hold, const Reached &before, std::function<void(const Reached &)> done)
{
    const quint64 turn = ++m_turn;
    if (machines.isEmpty() && done)
        done(before);
    auto left = std::make_shared<qsizetype>(machines.size());
    auto reached = std::make_shared<Reached>(before);
    for (const Installation &machine : machines)
        tell({machine, hold, turn, {[left, reached, name = machine.name, done](bool there) {
            (there ? reached->hosts : reached->missed).append(name);
            if (--*left == 0 && done)
                done(*reached);
        }}});
}

void HoldKeeper::lift(const Installation &machine)
{
    tell({machine, {}, m_turn, {whenLate(machine.name)}});
}

void HoldKeeper::tell(Wish wish)
{
    const QString place = placeOf(wish.machine);
    if (m_busy.contains(place)) {
        if (const auto older = m_next.find(place); older != m_next.end()) {
            const Wish gone = *older;
            m_next.erase(older);
            if (gone.turn == wish.turn) // the same, asked for another installation there
                wish.done += gone.done;
            else
                for (const Done &done : gone.done)
                    done(false);
        }
        m_next.insert(place, wish);
        return;
    }
    m_busy.insert(place);
    const auto then = [this, wish, alive = std::weak_ptr(m_alive)](const Status &status) {
        if (!alive.expired())
            answered(wish, status);
    };
    if (wish.hold)
        m_runtime.hosts().hold(wish.machine, m_runtime.owner(), lineOf(*wish.hold), then);
    else if (const QString former = m_runtime.formerOwner(); former.isEmpty())
        m_runtime.hosts().unhold(wish.machine, m_runtime.owner(), then);
    else
        m_runtime.hosts().unhold(wish.machine, former, [this, machine = wish.machine, then, alive = std::weak_ptr(m_alive)](const Status &status) {
            if (alive.expired() || !status)
                return then(status);
            m_runtime.hosts().unhold(machine, m_runtime.owner(), then);
        });
}

void HoldKeeper::answered(const Wish &wish, const Status &status)
{
    const QString place = placeOf(wish.machine);
    m_busy.remove(place);
    if (m_next.contains(place))
        tell(m_next.take(place));
    else if (!status && wish.turn == m_turn)
        m_runtime.schedule(againMs, [this, again = Wish{wish.machine, wish.hold, wish.turn, {whenLate(wish.machine.name)}}, alive = std::weak_ptr(m_alive)] {
            if (!alive.expired() && again.turn == m_turn)
                tell(again);
        });
    for (const Done &done : wish.done)
        done(status.has_value());
}

HoldKeeper::Done HoldKeeper::whenLate(const QString &host)
{
    return [this, host](bool there) {
        if (there)
            lifted({host});
    };
}

void HoldKeeper::lifted(const QStringList &hosts)
{
    if (m_workspace.hold || stopping || hosts.isEmpty())
        return;
    HoldsLifted e;
    e.hosts = hosts;
    m_runtime.record(0, {e});
}

} // namespace bellwether
