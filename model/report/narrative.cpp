// The sentences of a report. Each is chosen by what was recorded; none says more than that.
#include "report/collect.h"
#include "report/reporttext.h"

#include <QSet>

namespace bellwether {

namespace {

bool wasAtTheCanary(const AuditReport &report)
{
    for (const ReportHost &host : report.hosts) {
        if (host.wave > 0 && host.begun)
            return false;
    }
    return report.plan.waves.size() > 1;
}

QString what(const AuditReport &report)
{
    const QString product = report.plan.productName.isEmpty() ? report.plan.product : report.plan.productName;
    if (report.rollout.from.isEmpty())
        return QStringLiteral("%1 to %2").arg(shown(product), report.plan.to.toString());
    if (report.rollout.from == QLatin1String("several"))
        return QStringLiteral("%1 from several versions to %2").arg(shown(product), report.plan.to.toString());
    return QStringLiteral("%1 %2 to %3").arg(shown(product), report.rollout.from, report.plan.to.toString());
}

QString environments(const AuditReport &report)
{
    QSet<QString> kinds;
    for (const ReportHost &host : report.hosts)
        kinds.insert(host.environment);
    return kinds.size() == 1 ? *kinds.cbegin() + QLatin1Char(' ') : QString();
}

QString listed(const QStringList &parts)
{
    if (parts.size() < 2)
        return parts.value(0);
    return parts.mid(0, parts.size() - 1).join(QStringLiteral(", ")) + QStringLiteral(" and ") + parts.last();
}

QString wereOf(int count)
{
    return QString::number(count) + (count == 1 ? QStringLiteral(" was ") : QStringLiteral(" were "));
}

QString migrationSentence(const ReportFigures &f)
{
    if (f.migrationsRan == 0 && f.migrationsFailed == 0)
        return QStringLiteral("No migration was seen to run.");
    QString text = f.migrationsRan == 1 ? QStringLiteral("1 migration ran") : QStringLiteral("%1 migrations ran").arg(f.migrationsRan);
    text += f.migrationsFailed == 0 ? QStringLiteral(", none failed.") : QStringLiteral(", %1 failed.").arg(f.migrationsFailed);
    return text;
}

QString lossSentence(const AuditReport &report)
{
    if (report.losses.isEmpty())
        return report.figures.rolledBack > 0 ? QStringLiteral("Nothing was restored, so no work was lost.") : QString();
    qint64 most = -1;
    for (const ReportLoss &loss : report.losses) {
        if (loss.backupMs <= 0 || loss.stoppedMs <= 0)
            return QStringLiteral("How much work was lost by the restore is not known for every host; see below.");
        most = qMax(most, loss.stoppedMs - loss.backupMs);
    }
    return QStringLiteral("Work done after the backups, at most %1 on one host, was lost and is listed below.").arg(reportDuration(most));
}

} // namespace

QString headlineOf(const AuditReport &report)
{
    const ReportFigures &f = report.figures;
    const QString place = wasAtTheCanary(report) ? QStringLiteral(" at the canary") : QString();
    switch (report.rollout.state) {
    case RolloutLifecycle::Succeeded:
        if (f.upgraded == f.planned)
            return QStringLiteral("%1 was carried out on %2").arg(what(report), f.planned == 1 ? QStringLiteral("1 host") : QStringLiteral("all %1 hosts").arg(f.planned));
        return QStringLiteral("%1 was carried out on %2 of %3 hosts").arg(what(report)).arg(f.upgraded).arg(f.planned);
    case RolloutLifecycle::RolledBack:
        return QStringLiteral("%1 was stopped%2 and rolled back").arg(what(report), place);
    case RolloutLifecycle::Aborted:
        return QStringLiteral("%1 was aborted%2").arg(what(report), f.upgraded + f.rolledBack + f.troubled == 0 ? QStringLiteral(" before any host was changed") : QString());
    case RolloutLifecycle::Failed:
        return QStringLiteral("%1 failed%2").arg(what(report), place);
    case RolloutLifecycle::Paused:
        return QStringLiteral("%1 is stopped%2 and has not ended").arg(what(report), place);
    case RolloutLifecycle::Running:
        return QStringLiteral("%1 is still under way").arg(what(report));
    }
    return what(report);
}

QString summaryOf(const AuditReport &report)
{
    const ReportFigures &f = report.figures;
    QStringList parts;
    const auto part = [&](int count, const char *words) {
        if (count > 0)
            parts.append(wereOf(count) + QString::fromLatin1(words));
    };
    part(f.upgraded, "upgraded");
    part(f.rolledBack, f.restored >= f.rolledBack && f.restored > 0 ? "taken back by restore"
                     : f.restored == 0                              ? "taken back by the version alone"
                                                                    : "taken back");
    if (f.troubled > 0)
        parts.append(QString::number(f.troubled) + (f.troubled == 1 ? QStringLiteral(" is not in order") : QStringLiteral(" are not in order")));
    if (f.underWay > 0)
        parts.append(QString::number(f.underWay) + (f.underWay == 1 ? QStringLiteral(" is under way") : QStringLiteral(" are under way")));
    part(f.deferred, "deferred");
    part(f.excluded, "left out with a reason");
    part(f.notBegun, "never touched");
    QStringList sentences{QStringLiteral("Of %1 %2%3, %4.").arg(f.planned).arg(environments(report), f.planned == 1 ? QStringLiteral("host") : QStringLiteral("hosts"), listed(parts))};
    sentences.append(migrationSentence(f));
    if (const QString loss = lossSentence(report); !loss.isEmpty())
        sentences.append(loss);
    if (!report.rollout.pauseText.isEmpty() && report.rollout.endedMs == 0)
        sentences.append(QStringLiteral("It waits: %1.").arg(shown(report.rollout.pauseText)));
    return sentences.join(QLatin1Char(' '));
}

namespace {

QString reasoned(const QString &text, const QString &reason)
{
    return reason.isEmpty() ? text : QStringLiteral("%1: %2").arg(text, shown(reason));
}

struct Teller {
    const AuditReport &report;
    QString operator()(const RolloutStarted &b) const
    {
        QString text = QStringLiteral("started the rollout of plan %1").arg(shortHashText(b.planHash));
        if (b.options.acknowledgedNotes)
            text += QStringLiteral(", release notes acknowledged");
        if (b.options.autoPromote)
            text += QStringLiteral(", the canary's gate to pass without a person");
        return text;
    }
    QString operator()(const RolloutResumed &b) const { return reasoned(QStringLiteral("resumed it after an interruption"), b.reason); }
    QString operator()(const EverythingStopped &b) const { return reasoned(QStringLiteral("stopped everything"), b.reason); }
    QString operator()(const EverythingReleased &b) const { return reasoned(QStringLiteral("released what was stopped"), b.reason); }
    QString operator()(const Promoted &b) const { return reasoned(QStringLiteral("promoted past the gate of %1").arg(wave(b.wave)), b.reason); }
    QString operator()(const GatePassed &b) const
    {
        return b.by == QLatin1String("auto-promote") ? QStringLiteral("passed the gate of %1 without a person, as asked for at the start").arg(wave(b.wave)) : QString();
    }
    QString operator()(const Paused &b) const { return reasoned(QStringLiteral("paused it (%1)").arg(nameOf(b.reason)), b.detail); }
    QString operator()(const Unpaused &b) const { return reasoned(QStringLiteral("lifted the pause (%1)").arg(nameOf(b.reason)), b.detail); }
    QString operator()(const HostRetried &b) const { return reasoned(QStringLiteral("tried %1 again").arg(shown(b.host)), b.reason); }
    QString operator()(const HostSkipped &b) const { return reasoned(QStringLiteral("left %1 out").arg(shown(b.host)), b.reason); }
    QString operator()(const HostGivenUp &b) const { return reasoned(QStringLiteral("waited no longer for %1, which did not answer").arg(shown(b.host)), b.reason); }
    QString operator()(const RollbackConfirmed &b) const
    {
        QStringList restore, tag;
        for (const QString &host : b.hosts)
            (b.ways.value(host) == QLatin1String("restore") ? restore : tag).append(shown(host));
        QStringList parts;
        if (!restore.isEmpty())
            parts.append(QStringLiteral("restore of %1 (%2 typed)").arg(listed(restore), reportCount(int(b.confirmed.size()), "domain")));
        if (!tag.isEmpty())
            parts.append(QStringLiteral("the previous version on %1, database untouched").arg(listed(tag)));
        return (b.automatic ? QStringLiteral("began by itself: ") : QStringLiteral("confirmed ")) + listed(parts);
    }
    QString operator()(const LeaseTaken &b) const
    {
        return b.takenFrom.isEmpty() ? QString() : QStringLiteral("took the lease on %1 over from %2").arg(shown(b.machine), shown(b.takenFrom));
    }
    QString operator()(const TakeOverConfirmed &b) const
    {
        return reasoned(QStringLiteral("gave leave to take %1 over from %2, whose console was silent").arg(shown(b.host), shown(b.by.isEmpty() ? b.owner : b.by)), b.reason);
    }
    QString operator()(const AbortRequested &b) const { return reasoned(QStringLiteral("aborted it"), b.reason); }
    QString operator()(const RolloutEnded &b) const { return reasoned(QStringLiteral("ended the rollout as %1").arg(reportWord(b.state)), b.reason); }
    template<class T>
    QString operator()(const T &) const { return {}; }

    QString wave(int index) const
    {
        const QString name = report.plan.waves.value(index).name;
        return name.isEmpty() ? QStringLiteral("wave %1").arg(index) : shown(name);
    }
};

} // namespace

QList<ReportDecision> decisionsOf(const AuditReport &report)
{
    QList<ReportDecision> decisions;
    if (report.plan.approvedMs > 0) {
        decisions.append({report.plan.approvedMs, report.plan.approver.isEmpty() ? report.plan.author : report.plan.approver,
                          QStringLiteral("approved plan %1%2").arg(shortHashText(report.rollout.planHash),
                              isSinglePerson(report.plan) ? QStringLiteral(" as its author (single person)") : QStringLiteral(" as second person"))});
    }
    for (const Event &event : report.events) {
        const QString what = std::visit(Teller{report}, event.body);
        if (!what.isEmpty())
            decisions.append({event.wallMs, event.actor, what});
    }
    return decisions;
}

} // namespace bellwether
