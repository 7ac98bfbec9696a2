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
} // namespace

HoldKeeper::HoldKeeper(Runtime &runtime)
    : m_runtime(runtime)
{}

void HoldKeeper::spread(const QList<Installation> &machines, const std::optional<Hold> &hold, std::function<void(const Reached &)> done)
{
    const quint64 turn = ++m_turn;
    auto left = std::make_shared<qsizetype>(machines.size());
    auto reached = std::make_shared<Reached>();
    if (machines.isEmpty() && done)
        done(*reached);
    for (const Installation &machine : machines)
        tell(machine, hold, turn, [left, reached, name = machine.name, done](bool there) {
            (there ? reached->hosts : reached->missed).append(name);
            if (--*left == 0 && done)
                done(*reached);
        });
}

void HoldKeeper::lift(const Installation &machine)
{
    tell(machine, {}, m_turn, [this, name = machine.name](bool there) {
        if (there && onReachedLate)
            onReachedLate(name);
    });
}

void HoldKeeper::tell(const Installation &machine, const std::optional<Hold> &hold, quint64 turn, std::function<void(bool)> done)
{
    auto answered = [this, machine, hold, turn, done = std::move(done), alive = std::weak_ptr(m_alive)](const Status &status) {
        if (alive.expired())
            return;
        if (done)
            done(status.has_value());
        if (!status && turn == m_turn)
            m_runtime.schedule(againMs, [this, machine, hold, turn, alive] {
                if (!alive.expired() && turn == m_turn)
                    tell(machine, hold, turn, [this, name = machine.name](bool there) {
                        if (there && onReachedLate)
                            onReachedLate(name);
                    });
            });
    };
    if (hold)
        m_runtime.hosts().hold(machine, m_runtime.owner(), lineOf(*hold), std::move(answered));
    else
        m_runtime.hosts().unhold(machine, m_runtime.owner(), std::move(answered));
}

} // namespace bellwether
