#include "journalview/eventtext.h"

#include "rollout/decide.h"
#include "text/format.h"

#include <QCoreApplication>

namespace bellwether {
namespace {

QString tr(const char *text, int n = -1) { return QCoreApplication::translate("EventText", text, nullptr, n); }
QString healthyIcon() { return QStringLiteral("state/healthy"); }

void decide(EventLine &line, const char *icon, StateRole role, const QString &mark)
{
    line.decision = true;
    line.icon = QStringLiteral("state/") + QLatin1String(icon);
    line.role = role;
    line.mark = mark;
}

QString waveText(int wave) { return wave == 0 ? tr("canary") : tr("wave %1").arg(wave); }

struct Words {
    EventLine &line;
    void operator()(const ConsoleStarted &e) const { line.what = tr("version %1 on %2").arg(e.version, e.hostName); }
    void operator()(const FleetImported &e) const { line.what = tr("%1 from %2").arg(hostsText(static_cast<int>(e.installations.size())), e.source); }
    void operator()(const HostRemoved &e) const { line.what = e.hosts.join(QStringLiteral(", ")); }
    void operator()(const HostTrusted &e) const { line.what = tr("%1 %2 of %3").arg(e.keyType, e.fingerprint, e.machine).trimmed(); }
    void operator()(const KeyRevoked &e) const { line.what = tr("%1 %2 is never believed again").arg(e.keyType, e.fingerprint); }
    void operator()(const ReleasesImported &e) const { line.what = e.source; }
    void operator()(const TransferBegun &e) const
    {
        line.what = e.direction == QLatin1String("get") ? tr("%1 from %2").arg(e.path, e.hosts.join(QStringLiteral(", ")))
                                                        : tr("%1 (%2, sha256 %3) to %4 on %5").arg(e.file, bytesText(e.size), shortHash(e.sha256), e.path, joinNames(e.hosts));
        if (!e.stagedOn.isEmpty())
            line.what += tr(", by way of %1").arg(joinNames(e.stagedOn));
        if (!e.reason.isEmpty())
            line.what += QStringLiteral(": ") + e.reason;
    }
    void operator()(const FileTransferred &e) const
    {
        line.what = e.direction == QLatin1String("get") ? tr("%1 copied from here, %2, sha256 %3").arg(e.path, bytesText(e.size), e.sha256)
            : e.already                                 ? tr("%1 was there already, %2, sha256 %3").arg(e.path, bytesText(e.size), e.sha256)
                                                        : tr("%1 copied here, %2, sha256 %3").arg(e.path, bytesText(e.size), e.sha256);
        if (!e.through.isEmpty())
            line.what += tr(", passed on by %1").arg(e.through);
        if (!e.reason.isEmpty())
            line.what += QStringLiteral(": ") + e.reason;
        line.icon = healthyIcon();
        line.role = StateRole::Healthy;
    }
    void operator()(const TransferFailed &e) const
    {
        line.what = tr("%1 not copied: %2").arg(e.path, e.problem);
        line.icon = QStringLiteral("state/warning");
        line.role = StateRole::Warning;
    }
    void operator()(const EverythingStopped &e) const
    {
        line.what = e.reason;
        decide(line, "paused", StateRole::Failed, tr("everything stopped"));
    }
    void operator()(const EverythingReleased &e) const
    {
        line.what = e.reason;
        decide(line, "running", StateRole::Running, tr("released"));
    }
    void operator()(const HoldsSpread &e) const { line.what = e.hosts.join(QStringLiteral(", ")); }
    void operator()(const HoldsLifted &e) const { line.what = e.hosts.join(QStringLiteral(", ")); }
    void operator()(const FactsMeasured &e) const
    {
        line.what = e.facts.reachable ? tr("%1: version %2, %3").arg(e.phase, e.facts.version ? e.facts.version->toString() : unknownText(), look(e.facts.health).word.toLower())
                                      : tr("%1: not reached").arg(e.phase);
    }
    void operator()(const RolloutStarted &e) const
    {
        line.what = tr("plan %1").arg(shortHash(e.planHash));
        decide(line, "canary", StateRole::Canary, tr("started"));
    }
    void operator()(const RolloutResumed &e) const
    {
        line.what = e.reason;
        decide(line, "running", StateRole::Running, tr("resumed"));
    }
    void operator()(const WaveOpened &e) const { line.what = waveText(e.wave); }
    void operator()(const HostBegun &e) const { line.what = tr("hop %1").arg(e.hop + 1); }
    void operator()(const HostEnded &e) const
    {
        const StateLook state = look(e.state);
        line.what = e.reason.isEmpty() ? state.word.toLower() : QStringLiteral("%1: %2").arg(state.word.toLower(), e.reason);
        line.icon = state.icon;
        line.role = state.role;
    }
    void operator()(const LeaseTaken &e) const
    {
        line.what = e.takenFrom.isEmpty() ? tr("epoch %1 on %2").arg(e.epoch).arg(e.machine) : tr("epoch %1 on %2, from %3").arg(e.epoch).arg(e.machine, e.takenFrom);
    }
    void operator()(const LeaseRefused &e) const { line.what = holderText(e); }
    void operator()(const TakeOverConfirmed &e) const
    {
        line.what = tr("from %1: %2").arg(e.by.isEmpty() ? e.owner : e.by, e.reason);
        decide(line, "warning", StateRole::Warning, tr("taken over"));
    }
    void operator()(const StepIntended &e) const { line.what = e.command.isEmpty() ? e.step : QStringLiteral("%1: %2").arg(e.step, e.command); }
    void operator()(const StepStarted &e) const { line.what = e.token; }
    void operator()(const StepEnded &e) const
    {
        const StateLook state = lookOfStep(nameOf(e.outcome));
        line.what = QStringLiteral("%1, %2").arg(state.word.toLower(), durationText(e.durationMs));
        if (!e.reason.isEmpty())
            line.what += QStringLiteral(", ") + e.reason;
        line.icon = state.icon;
        line.role = state.role;
    }
    void operator()(const StepReconciled &e) const { line.what = tr("the host says: %1").arg(e.found); }
    void operator()(const ConnectionChanged &e) const { line.what = e.connected ? tr("connected") : tr("lost: %1").arg(e.reason); }
    void operator()(const MigrationObserved &e) const
    {
        const StateLook state = look(e.migration.state);
        line.what = QStringLiteral("%1 %2").arg(e.migration.name, state.word);
        if (e.migration.durationMs)
            line.what += QStringLiteral(", ") + durationText(*e.migration.durationMs);
        if (!e.migration.reason.isEmpty())
            line.what += QStringLiteral(": ") + e.migration.reason;
        line.icon = state.icon;
        line.role = state.role;
    }
    void operator()(const BackupProven &e) const
    {
        line.what = e.backup.verified ? tr("%1, proven").arg(bytesText(e.backup.size)) : tr("not proven: %1").arg(e.backup.problem);
        line.icon = e.backup.verified ? healthyIcon() : QStringLiteral("state/warning");
        line.role = e.backup.verified ? StateRole::Healthy : StateRole::Warning;
    }
    void operator()(const HealthObserved &e) const
    {
        const StateLook state = look(e.health);
        line.what = QStringLiteral("%1 %2 %3").arg(state.word.toLower(), e.version, e.detail).trimmed();
        line.icon = state.icon;
        line.role = state.role;
    }
    void operator()(const GateAssessed &e) const
    {
        const StateLook state = look(e.verdict);
        line.what = QStringLiteral("%1: %2").arg(waveText(e.wave), state.word.toLower());
        if (!e.reason.isEmpty())
            line.what += QStringLiteral(", ") + e.reason;
        line.icon = state.icon;
        line.role = state.role;
    }
    void operator()(const GatePassed &e) const
    {
        line.what = e.by.isEmpty() ? waveText(e.wave) : tr("%1, by %2").arg(waveText(e.wave), e.by);
        decide(line, "healthy", StateRole::Healthy, tr("gate passed"));
    }
    void operator()(const Promoted &e) const
    {
        line.what = e.reason;
        decide(line, "running", StateRole::Running, tr("promoted"));
    }
    void operator()(const Paused &e) const
    {
        line.what = e.detail.isEmpty() ? wordOf(e.reason) : QStringLiteral("%1: %2").arg(wordOf(e.reason), e.detail);
        const bool bad = e.reason == PauseReason::FailureBudget || e.reason == PauseReason::GateFailed;
        decide(line, bad ? "failed" : "paused", bad ? StateRole::Failed : StateRole::Warning, bad ? tr("stopped") : tr("paused"));
    }
    void operator()(const Unpaused &e) const
    {
        line.what = wordOf(e.reason);
        decide(line, "running", StateRole::Running, tr("goes on"));
    }
    void operator()(const HostRetried &e) const
    {
        line.what = e.reason;
        decide(line, "running", StateRole::Running, tr("retried"));
    }
    void operator()(const HostSkipped &e) const
    {
        line.what = e.reason;
        decide(line, "excluded", StateRole::Waiting, tr("skipped"));
    }
    void operator()(const HostGivenUp &e) const
    {
        line.what = e.reason;
        decide(line, "in-doubt", StateRole::Warning, tr("waited for no longer"));
    }
    void operator()(const WayBackDecided &e) const { line.what = QStringLiteral("%1: %2").arg(wordOf(e.way.verdict), e.way.reason); }
    void operator()(const RollbackConfirmed &e) const
    {
        line.what = tr("%1, %2 domains typed").arg(hostsText(static_cast<int>(e.hosts.size()))).arg(e.confirmed.size());
        decide(line, "rolling-back", StateRole::Back, tr("rollback confirmed"));
    }
    void operator()(const AbortRequested &e) const
    {
        line.what = e.reason;
        decide(line, "excluded", StateRole::Waiting, tr("abort"));
    }
    void operator()(const RolloutEnded &e) const
    {
        const StateLook state = look(e.state);
        line.what = e.reason.isEmpty() ? state.word.toLower() : QStringLiteral("%1: %2").arg(state.word.toLower(), e.reason);
        decide(line, "healthy", state.role, state.word.toLower());
        line.icon = state.icon;
    }
    void operator()(const ReportExported &e) const { line.what = QStringLiteral("%1, %2").arg(e.format, e.file); }
};

} // namespace

EventLine lineOf(const Event &event)
{
    EventLine line;
    line.where = eventHost(event.body);
    if (line.where.isEmpty() && event.rollout > 0)
        line.where = tr("rollout");
    std::visit(Words{line}, event.body);
    line.what = visibleText(line.what, 400); // commands and last words come from hosts
    return line;
}

} // namespace bellwether
