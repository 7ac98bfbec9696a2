#include "rolloutview/laneitems.h"

#include "text/format.h"

#include <QCoreApplication>
#include <algorithm>

namespace bellwether {
namespace {

QString tr(const char *text, int n = -1) { return QCoreApplication::translate("Lanes", text, nullptr, n); }

QString since(qint64 thenMs, qint64 nowMs) { return thenMs > 0 ? durationText((nowMs - thenMs) / 1000 * 1000) : QString(); }

int count(const WaveView &wave, auto predicate)
{
    return static_cast<int>(std::ranges::count_if(wave.hosts, predicate));
}

bool failedState(HostRunState state)
{
    return state == HostRunState::Failed || state == HostRunState::HalfMigrated || state == HostRunState::InDoubt
        || state == HostRunState::RollbackFailed;
}

// A settled host in a large wave needs no full tile; whatever is under way or went wrong does.
bool grows(const WaveView &wave, bool canary, const HostView &host)
{
    if (isBegun(host.state) || failedState(host.state) || host.state == HostRunState::RolledBack)
        return true;
    if (canary)
        return true;
    return wave.state != QLatin1String("waiting") && wave.state != QLatin1String("passed") && wave.hosts.size() <= 24;
}

LaneTile tileOf(const WaveView &wave, bool canary, const HostView &host, qint64 nowMs)
{
    const StateLook state = look(host.state);
    LaneTile tile;
    tile.host = host.name;
    tile.word = state.word;
    tile.role = state.role;
    tile.icon = state.icon;
    tile.canary = canary;
    tile.production = host.environment == Environment::Production;
    tile.full = grows(wave, canary, host);
    tile.detail = tile.full ? hostDetail(host, nowMs) : QString();
    QStringList tip{host.name + QStringLiteral(": ") + state.word};
    if (!host.error.isEmpty())
        tip << visibleText(host.error);
    if (!host.stepWaitsFor.isEmpty())
        tip << tr("Waits for %1").arg(visibleText(host.stepWaitsFor));
    if (!host.connected)
        tip << tr("Not connected");
    tile.toolTip = tip.join(QLatin1Char('\n'));
    return tile;
}

bool waitsForPerson(const GateView &gate) // all but the person's word holds
{
    bool manual = false, rest = true;
    for (const GateCondition &condition : gate.conditions) {
        const bool passed = condition.verdict == GateVerdict::Pass;
        if (condition.key == QLatin1String("manual"))
            manual = !passed;
        else
            rest = rest && passed;
    }
    return manual && rest;
}

void describeGate(const WaveView &wave, Lane &lane)
{
    const StateLook verdict = look(wave.gate.verdict);
    lane.role = verdict.role;
    lane.icon = verdict.icon;
    switch (wave.gate.verdict) {
    case GateVerdict::Pending:
        lane.role = StateRole::Canary;
        lane.icon = QStringLiteral("ui/hourglass");
        lane.status = waitsForPerson(wave.gate) ? tr("Waits for a person") : wave.gate.bakeEndsMs > 0 ? tr("Gate is baking") : tr("At the gate");
        break;
    case GateVerdict::Pass: lane.status = tr("Gate would pass"); break;
    case GateVerdict::Fail: lane.status = tr("Gate failed"); break;
    case GateVerdict::Inconclusive: lane.status = tr("Gate has no verdict"); break;
    case GateVerdict::Error: lane.status = tr("Gate could not measure"); break;
    }
}

void describe(const WaveView &wave, int index, Lane &lane)
{
    const int hosts = static_cast<int>(wave.hosts.size());
    const int done = count(wave, [](const HostView &h) {
        return h.state == HostRunState::Upgraded || h.state == HostRunState::AlreadyThere;
    });
    const int failed = count(wave, [](const HostView &h) { return failedState(h.state); });
    const int back = count(wave, [](const HostView &h) {
        return h.state == HostRunState::RolledBack || h.state == HostRunState::RollingBack;
    });
    const int under = count(wave, [](const HostView &h) { return isBegun(h.state); });
    lane.note = tr("%1 of %2 upgraded, %3 failed").arg(done).arg(hosts).arg(failed);
    if (back > 0)
        lane.note = tr("%1 of %2 upgraded, %3 taken back").arg(done).arg(hosts).arg(back);
    if (wave.state == QLatin1String("waiting")) {
        lane.waiting = true;
        lane.icon = look(HostRunState::Waiting).icon;
        lane.status = tr("Waiting, %1").arg(hostsText(hosts));
        lane.note = index == 0 ? tr("begins first") : index == 1 ? tr("opens after the canary gate") : tr("barrier after wave %1").arg(index - 1);
    } else if (wave.state == QLatin1String("passed")) {
        lane.role = StateRole::Healthy;
        lane.icon = QStringLiteral("state/healthy");
        lane.status = tr("Gate passed");
    } else if (failed > 0) {
        const auto worst = std::ranges::find_if(wave.hosts, [](const HostView &h) { return failedState(h.state); });
        lane.role = look(worst->state).role;
        lane.icon = look(worst->state).icon;
        lane.status = tr("Stopped, %1 failed").arg(hostsText(failed));
    } else if (under > 0) {
        lane.role = StateRole::Running;
        lane.icon = QStringLiteral("state/running");
        lane.status = tr("Running, %1 under way").arg(under);
    } else if (wave.state == QLatin1String("gate")) {
        describeGate(wave, lane);
    } else {
        lane.role = back > 0 ? StateRole::Back : StateRole::Running;
        lane.icon = back > 0 ? QStringLiteral("state/rolled-back") : QStringLiteral("state/running");
        lane.status = back > 0 ? tr("Taken back") : tr("Open");
    }
}

} // namespace

QString LaneTile::spoken() const
{
    QString text = host + QStringLiteral(", ") + word;
    if (!detail.isEmpty())
        text += QStringLiteral(", ") + detail;
    if (canary)
        text += QStringLiteral(", ") + tr("canary");
    if (production)
        text += QStringLiteral(", ") + tr("production");
    return text;
}

QString hostDetail(const HostView &host, qint64 nowMs)
{
    const auto failed = std::ranges::find(host.migrations, MigrationState::Failed, &Migration::state);
    switch (host.state) {
    case HostRunState::Upgraded:
    case HostRunState::RolledBack:
        return host.endedMs > 0 ? tr("%1 for %2").arg(host.version, ageText(nowMs - host.endedMs)) : host.version;
    case HostRunState::HalfMigrated:
        return failed != host.migrations.end() ? visibleText(failed->name) : tr("a migration did not end");
    case HostRunState::Failed:
    case HostRunState::RollbackFailed: return visibleText(host.error.isEmpty() ? host.step : host.error);
    case HostRunState::InDoubt: return tr("for %1").arg(since(host.stepSinceMs, nowMs));
    case HostRunState::RollingBack:
        return host.stepSinceMs > 0 ? QStringLiteral("%1, %2").arg(host.step, since(host.stepSinceMs, nowMs)) : host.step;
    case HostRunState::Preflight:
    case HostRunState::BackingUp:
    case HostRunState::Upgrading:
    case HostRunState::Migrating:
    case HostRunState::Checking:
    case HostRunState::Baking: return host.connected ? since(host.stepSinceMs, nowMs) : tr("not connected");
    case HostRunState::AlreadyThere: return host.version;
    case HostRunState::Waiting: return {};
    case HostRunState::Deferred:
    case HostRunState::Excluded: return visibleText(host.error);
    }
    return {};
}

QList<Lane> lanesOf(const RolloutSnapshot &rollout, qint64 nowMs)
{
    QList<Lane> lanes;
    for (int i = 0; i < rollout.waves.size(); ++i) {
        const WaveView &wave = rollout.waves[i];
        Lane lane;
        lane.canary = i == 0;
        lane.title = i == 0 ? tr("Canary") : tr("Wave %1").arg(i);
        describe(wave, i, lane);
        for (const HostView &host : wave.hosts)
            lane.tiles.append(tileOf(wave, lane.canary, host, nowMs));
        lanes.append(lane);
    }
    return lanes;
}

} // namespace bellwether
