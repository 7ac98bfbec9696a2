#include "rolloutview/waytext.h"

#include "text/format.h"
#include "text/words.h"

#include <QCoreApplication>

namespace bellwether {

namespace {

QString tr(const char *text) { return QCoreApplication::translate("bellwether::WayText", text); }
qint64 tookMs(const StepView &step) { return step.state == QLatin1String("done") && step.endedMs > step.startedMs ? step.endedMs - step.startedMs : -1; }
bool restores(const HostView &host) { return host.way && host.way->verdict == WayBackVerdict::Restore; }

} // namespace

qint64 measuredMs(const StepView &wanted, const QString &product, const Rollouts &known)
{
    qint64 forward = -1;
    for (const auto &rollout : known) { // newest first
        if (rollout->product != product)
            continue;
        for (const WaveView &wave : rollout->waves)
            for (const HostView &host : wave.hosts)
                for (const StepView &step : host.steps) {
                    const qint64 took = tookMs(step);
                    if (took >= 0 && step.direction == wanted.direction && step.name == wanted.name)
                        return took;
                    if (took >= 0 && forward < 0 && step.direction == Direction::Forward && step.kind == wanted.kind)
                        forward = took;
                }
    }
    return forward;
}

WayTime timeOfWay(const HostView &host, const QString &product, const Rollouts &known)
{
    WayTime time{0, 0, static_cast<int>(host.backSteps.size())};
    for (const StepView &step : host.backSteps)
        if (const qint64 took = measuredMs(step, product, known); took >= 0) {
            time.ms += took;
            ++time.measured;
        }
    return time;
}

QString wayTimeText(const WayTime &time)
{
    if (time.measured == 0)
        return tr("not measured yet");
    const qint64 whole = std::max<qint64>(1000, (time.ms + 999) / 1000 * 1000);
    return (time.measured == time.steps ? tr("about %1") : tr("at least %1")).arg(durationText(whole));
}

QString backStepText(const StepView &step, const QString &version)
{
    switch (step.kind) {
    case StepKind::Preflight: return tr("Measure the host first");
    case StepKind::Stop: return tr("Stop the service");
    case StepKind::Pin: return tr("Pin back to %1").arg(version);
    case StepKind::Start: return tr("Start %1").arg(version);
    case StepKind::Health: return tr("Wait until it is healthy");
    case StepKind::Check: return tr("Measure version, health and ledger");
    case StepKind::Validate: return tr("Validate the backup");
    case StepKind::SetAside: return tr("Keep the present state aside");
    case StepKind::Restore: return tr("Replace the database by the backup");
    case StepKind::Guard:
    case StepKind::Backup:
    case StepKind::Pull:
    case StepKind::Migrate: break;
    }
    const QString name = visibleText(step.name);
    return name.left(1).toUpper() + name.mid(1);
}

QString userMessage(const RolloutSnapshot &rollout, const QStringList &hosts, qint64 nowMs)
{
    QStringList lines;
    for (const QString &name : hosts) {
        const HostView *host = rollout.host(name);
        if (!host || !host->way)
            continue;
        const QString where = host->domain.isEmpty() ? host->name : host->domain;
        lines << tr("%1 on %2 is taken back from version %3 to %4.").arg(rollout.productName, where, rollout.to.toString(), host->from.toString());
        if (restores(*host) && host->way->lossFromMs > 0)
            lines << tr("Its data is restored from the backup of %1. What was entered after that moment is lost and has to be entered again; please note now what you remember of it.")
                         .arg(localAndUtcText(host->way->lossFromMs));
        else
            lines << tr("Its data stays as it is.");
        lines << tr("It cannot be used while this goes on. We write again as soon as it is available.") << QString();
    }
    return tr("%1\n\nWritten %2, concerning change %3.").arg(lines.join(QLatin1Char('\n')).trimmed(), localAndUtcText(nowMs), rollout.name);
}

QString runbook(const RolloutSnapshot &rollout, const QStringList &hosts, qint64 nowMs)
{
    QStringList lines{tr("# Going back by hand: %1, %2 %3").arg(rollout.name, rollout.productName, rollout.to.toString()), {},
                      tr("Written %1 from the journal. For the case that the console is not there: do the steps in this order, host by host, and go on only when a step ended with status 0. "
                         "Secrets are masked and have to be put in. While the console is there, let it do this: it checks each step.")
                          .arg(localAndUtcText(nowMs))};
    for (const QString &name : hosts) {
        const HostView *host = rollout.host(name);
        if (!host || !host->way)
            continue;
        lines << QString() << tr("## %1 (%2), back to %3").arg(name, visibleText(host->address), host->from.toString()) << QString()
              << tr("Way: %1, because %2.").arg(wordOf(host->way->verdict), visibleText(host->way->reason, 300));
        if (restores(*host))
            lines << (host->backup && host->backup->verified ? tr("Backup: %1, begun %2, proven.").arg(visibleText(host->backup->path), localAndUtcText(host->backup->startedMs))
                                                             : tr("There is no proven backup of this host: do not begin."));
        lines << QString();
        int number = 0;
        for (const StepView &step : host->backSteps) {
            lines << QStringLiteral("%1. %2").arg(++number).arg(backStepText(step, host->from.toString()));
            if (!step.command.isEmpty())
                lines << QString() << QStringLiteral("       ") + visibleText(step.command, 2000) << QString();
        }
    }
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

} // namespace bellwether
