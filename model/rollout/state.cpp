#include "rollout/state.h"

#include "base/canonicaljson.h"

#include <QRegularExpression>

namespace bellwether {

const StepRun *HostRun::current() const
{
    return !steps.isEmpty() && steps.last().phase != StepPhase::Ended ? &steps.last() : nullptr;
}

const StepRun *HostRun::last() const
{
    return steps.isEmpty() ? nullptr : &steps.last();
}

bool RolloutState::isEnded() const
{
    return lifecycle != RolloutLifecycle::Running && lifecycle != RolloutLifecycle::Paused;
}

const HostRun *RolloutState::underWayOnMachineOf(const HostRun &host) const
{
    if (!machinesAreShared)
        return nullptr;
    for (const HostRun &other : hosts) {
        if (other.machine != host.machine || other.name == host.name || !isBegun(other.state))
            continue;
        if (other.direction == Direction::Forward ? other.turn < host.turn : host.state == HostRunState::Preflight)
            return &other;
    }
    return nullptr;
}

int RolloutState::currentWave() const
{
    for (int w = 0; w < waves.size(); ++w)
        if (!waves[w].passed)
            return w;
    return -1;
}

const QList<Step> &stepsOf(const RolloutState &state, const HostRun &host, Direction direction, int hop)
{
    static const QList<Step> none;
    const PlanHost *planned = state.plan.host(host.name);
    if (!planned || hop < 0 || hop >= planned->hops.size())
        return none;
    const Hop &h = planned->hops[hop];
    switch (direction) {
    case Direction::Forward:
        return h.steps;
    case Direction::TagOnly:
        return h.tagOnly;
    case Direction::Restore:
        return h.restore;
    }
    return none;
}

QString resolvedBackupPath(const RolloutState &state, const HostRun &host, int hop)
{
    const PlanHost *planned = state.plan.host(host.name);
    if (!planned || hop < 0 || hop >= planned->hops.size())
        return {};
    return QString(planned->hops[hop].backupPath).replace(QLatin1String("{rollout}"), rolloutNameOnHosts(state));
}

Step stepAt(const RolloutState &state, const HostRun &host, Direction direction, int hop, int index)
{
    Step step = stepsOf(state, host, direction, hop).value(index);
    const QString backup = resolvedBackupPath(state, host, hop);
    auto resolve = [&](QString &text) {
        // ${backup} is a shell's variable, no placeholder of ours; and a value is text, it is not looked into again
        static const QRegularExpression known(QStringLiteral("(?<!\\$)\\{(rollout|backup|confirmed-domain)\\}"));
        QString out;
        qsizetype from = 0;
        for (auto it = known.globalMatch(text); it.hasNext();) {
            const QRegularExpressionMatch m = it.next();
            out += QStringView(text).mid(from, m.capturedStart() - from);
            from = m.capturedEnd();
            out += m.captured(1) == QLatin1String("rollout") ? rolloutNameOnHosts(state) : m.captured(1) == QLatin1String("backup") ? backup : host.confirmedDomain;
        }
        out += QStringView(text).mid(from);
        text = out;
    };
    for (QStringList *list : {&step.argv, &step.probe, &step.verify})
        for (QString &word : *list)
            resolve(word);
    resolve(step.stdinText);
    return step;
}

Version targetOf(const RolloutState &state, const HostRun &host)
{
    const PlanHost *planned = state.plan.host(host.name);
    if (!planned || host.hop < 0 || host.hop >= planned->hops.size())
        return state.plan.to;
    return host.direction == Direction::Forward ? planned->hops[host.hop].to : planned->hops[host.hop].from;
}

QString workspaceTag(const QString &workspace)
{
    return workspace.isEmpty() ? QString() : sha256Hex(workspace.toUtf8()).left(8);
}

QString rolloutNameOnHosts(const RolloutState &state)
{
    const QString tag = workspaceTag(state.workspace);
    return tag.isEmpty() ? rolloutName(state.id) : QStringLiteral("%1-%2").arg(rolloutName(state.id), tag);
}

bool isVersion(const QString &text, const Version &version)
{
    Version measured;
    return Version::fromText(text, measured) && measured.isSameRelease(version);
}

QString rolloutName(int id)
{
    return QStringLiteral("R-%1").arg(id, 4, 10, QLatin1Char('0'));
}

std::optional<int> rolloutIdFromName(const QString &text)
{
    QString digits = text.trimmed().toLower();
    if (digits.startsWith(QLatin1String("r-")))
        digits.remove(0, 2);
    else if (digits.startsWith(QLatin1Char('r')))
        digits.remove(0, 1);
    bool ok = false;
    const int id = digits.toInt(&ok);
    return ok && id > 0 ? std::optional(id) : std::nullopt;
}

} // namespace bellwether
