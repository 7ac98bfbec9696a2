#include "shell/stopall.h"

#include "shell/requests.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/confirmdialog.h"

namespace bellwether {

StopAll::StopAll(Requests &requests, QWidget *window)
    : QObject(window), m_requests(requests), m_window(window)
{}

void StopAll::setSnapshot(const ConsoleSnapshot &snapshot, bool production)
{
    m_hold = snapshot.hold;
    m_readOnly = snapshot.readOnlyReason;
    m_production = production;
    m_rollouts = m_hosts = 0;
    for (const auto &rollout : snapshot.rollouts) {
        if (rollout->state != RolloutLifecycle::Running && rollout->state != RolloutLifecycle::Paused)
            continue;
        ++m_rollouts;
        for (const WaveView &wave : rollout->waves)
            for (const HostView &host : wave.hosts)
                m_hosts += isBegun(host.state);
    }
}

QString StopAll::sentence() const
{
    return m_hold ? tr("Everything was stopped by %1 at %2: %3. No step is begun; what runs on a host goes on to its end there.")
                        .arg(visibleText(m_hold->by, 80), dateTimeText(m_hold->sinceMs), visibleText(m_hold->reason, 300))
                  : QString();
}

void StopAll::open()
{
    if (!m_readOnly.isEmpty())
        return Q_EMIT failed(m_readOnly);
    const QString rollouts = m_rollouts == 1 ? tr("1 rollout") : tr("%1 rollouts").arg(m_rollouts);
    const bool releases = isHeld();
    const QString held = m_rollouts == 0 ? tr("No rollout runs; none can begin.") : tr("%1 held, %2 in the middle.").arg(rollouts, hostsText(m_hosts));
    auto *dialog = new ConfirmDialog(
        releases ? ConfirmDialog::Words{tr("Release"), tr("%1 may go on.").arg(rollouts), sentence() + QLatin1Char(' ') + tr("Rollouts that were paused or interrupted besides stay so until they are resumed."),
                                        tr("Release"), tr("Keep everything stopped"), false, m_production, true}
                 : ConfirmDialog::Words{tr("Stop everything"), held,
                                        tr("No further step is begun in any rollout, there or back, until somebody releases it. A step that runs on a host goes on to its end. "
                                           "Other consoles are kept from these hosts as well, as far as they can be reached."),
                                        tr("Stop everything"), tr("Let it go on"), true, m_production, true},
        m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, releases] { send(releases ? QStringLiteral("release") : QStringLiteral("stop-all"), dialog->reason()); });
    dialog->open();
}

void StopAll::send(const QString &verb, const QString &reason)
{
    m_requests.send(verb, {{QStringLiteral("reason"), reason}}, this, [this, verb](const Reply &reply) {
        if (!reply)
            return Q_EMIT failed(errorText(reply.error()));
        const int reached = static_cast<int>(reply->value(QStringLiteral("hosts")).toArray().size());
        QStringList missed;
        for (const QJsonValue name : reply->value(QStringLiteral("missed")).toArray())
            missed.append(name.toString());
        const bool stops = verb == QLatin1String("stop-all");
        if (missed.isEmpty())
            return Q_EMIT said(stops ? tr("Everything is stopped, also for other consoles on %1.").arg(hostsText(reached)) : tr("Released on %1.").arg(hostsText(reached)));
        Q_EMIT failed((stops ? tr("Everything is stopped here. Other consoles were not told on %1; it is tried again: %2")
                             : tr("Released here. Not yet on %1; it is tried again: %2"))
                          .arg(hostsText(static_cast<int>(missed.size())), visibleText(missed.join(QStringLiteral(", ")), 300)));
    });
}

} // namespace bellwether
