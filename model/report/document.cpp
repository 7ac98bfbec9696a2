#include "report/document.h"

#include "report/collect.h"
#include "report/reporttext.h"

#include <algorithm>

namespace bellwether {

ReportTimeline timelineOf(const AuditReport &report);

namespace {

ReportCell plain(const QString &text) { return {text, Tone::Plain, false, false, {}}; }
ReportCell mono(const QString &text) { return {text, Tone::Plain, true, false, {}}; }
ReportCell strong(const QString &text) { return {text, Tone::Plain, false, true, {}}; }
ReportCell toned(const QString &text, Tone tone, const QString &icon = {}) { return {text, tone, false, false, icon}; }

QString orDash(const QString &text)
{
    return text.isEmpty() ? QStringLiteral("–") : shown(text);
}

QString hopText(const Plan &plan, const QString &host, int hop)
{
    const PlanHost *planned = plan.host(host);
    if (!planned || hop < 0 || hop >= planned->hops.size())
        return QString::number(hop + 1);
    return QStringLiteral("%1 → %2").arg(planned->hops[hop].from.toString(), planned->hops[hop].to.toString());
}

template<class Get>
QString common(const QList<PlanHost> &hosts, Get get)
{
    QStringList values;
    for (const PlanHost &host : hosts) {
        const QString value = get(host.installation);
        if (!value.isEmpty() && !values.contains(value))
            values.append(value);
    }
    return values.size() > 2 ? QStringLiteral("several") : shown(values.join(QStringLiteral("; ")));
}

ReportCell person(const QString &name)
{
    return name.isEmpty() ? toned(QStringLiteral("nobody"), Tone::Warn, QStringLiteral("warning")) : plain(shown(name));
}

ReportFigureRow figures(const AuditReport &r)
{
    const ReportFigures &f = r.figures;
    QString down = reportDuration(f.downtimeAtMostMs);
    return {{{QString::number(f.planned), f.planned == 1 ? QStringLiteral("host planned") : QStringLiteral("hosts planned"), Tone::Plain},
             {QString::number(f.upgraded), QStringLiteral("upgraded"), f.upgraded > 0 ? Tone::Good : Tone::Plain},
             {QString::number(f.rolledBack), QStringLiteral("rolled back"), f.rolledBack > 0 ? Tone::Back : Tone::Plain},
             {QString::number(f.migrationsFailed), f.migrationsFailed == 1 ? QStringLiteral("failed migration") : QStringLiteral("failed migrations"), f.migrationsFailed > 0 ? Tone::Bad : Tone::Plain},
             {down, QStringLiteral("downtime at most"), Tone::Plain}}};
}

ReportFacts facts(const AuditReport &r)
{
    ReportFacts facts;
    const auto left = [&](const char *label, const ReportCell &cell) { facts.left.append({QString::fromLatin1(label), cell}); };
    const auto right = [&](const char *label, const ReportCell &cell) { facts.right.append({QString::fromLatin1(label), cell}); };
    const QString customer = common(r.plan.hosts, [](const Installation &i) { return i.labels.value(QStringLiteral("customer")); });
    if (!customer.isEmpty())
        left("Customer", plain(customer));
    left("Product", plain(shown(r.plan.productName.isEmpty() ? r.plan.product : r.plan.productName)));
    const QString environment = common(r.plan.hosts, [](const Installation &i) { return nameOf(i.environment); });
    left("Environment", environment.contains(QLatin1String("production")) ? ReportCell{environment, Tone::Production, false, true, QStringLiteral("production")} : plain(environment));
    const QString window = common(r.plan.hosts, [](const Installation &i) { return i.window; });
    if (!window.isEmpty())
        left("Window", plain(window));
    left("Began", plain(reportTime(r.rollout.startedMs) + QStringLiteral(" UTC")));
    left("Ended", r.rollout.endedMs > 0 ? plain(reportTime(r.rollout.endedMs) + QStringLiteral(" UTC")) : toned(QStringLiteral("not ended"), Tone::Warn, QStringLiteral("warning")));
    right("Author", person(r.rollout.author));
    right("Approver", isSinglePerson(r.plan) ? toned((r.rollout.approver.isEmpty() ? QStringLiteral("nobody") : shown(r.rollout.approver)) + QStringLiteral(" (single person)"), Tone::Warn, QStringLiteral("warning"))
                                             : plain(shown(r.rollout.approver) + QStringLiteral(" (second person)")));
    right("Started by", person(r.rollout.startedBy));
    right("Plan hash", mono(shortHashText(r.rollout.planHash)));
    const double scale = r.rollout.options.bakeScale;
    const bool unscaled = !(scale < 1) && !(scale > 1);
    right("Strategy", unscaled ? plain(shown(r.rollout.strategy) + QStringLiteral(", bakes unscaled"))
                               : toned(QStringLiteral("%1, bakes scaled by %2").arg(shown(r.rollout.strategy)).arg(scale), Tone::Warn, QStringLiteral("warning")));
    return facts;
}

ReportCell migrationsCell(const ReportHost &host)
{
    if (!host.begun)
        return plain(QStringLiteral("not started"));
    QStringList parts;
    if (host.ran > 0)
        parts.append(QStringLiteral("%1 ran").arg(host.ran));
    if (host.skipped > 0)
        parts.append(QStringLiteral("%1 skipped").arg(host.skipped));
    if (host.failed > 0)
        parts.append(QStringLiteral("%1 failed").arg(host.failed));
    if (parts.isEmpty())
        parts.append(QStringLiteral("none seen"));
    if (host.state == HostRunState::RolledBack && host.way && host.way->verdict == WayBackVerdict::Restore)
        parts.append(QStringLiteral("restored"));
    return toned(parts.join(QStringLiteral(", ")), host.failed > 0 ? Tone::Bad : Tone::Plain);
}

ReportSection byHost(const AuditReport &r)
{
    ReportTable table{{{QStringLiteral("Host"), 15}, {QStringLiteral("Wave"), 10}, {QStringLiteral("From"), 8}, {QStringLiteral("Now"), 8}, {QStringLiteral("Result"), 16},
                       {QStringLiteral("Began"), 10}, {QStringLiteral("Took"), 13, true}, {QStringLiteral("Down"), 13, true}, {QStringLiteral("Migrations"), 19}}, {}};
    ReportList reasons;
    for (const ReportHost &h : r.hosts) {
        const qint64 took = h.endedMs > h.beganMs && h.begun ? h.endedMs - h.beganMs : -1;
        table.rows.append({strong(shown(h.name)), plain(shown(h.waveName)), mono(orDash(h.from)), mono(orDash(h.now)),
                           toned(reportWord(h.state), toneOf(h.state), reportIcon(h.state)), plain(reportClock(h.beganMs)),
                           plain(h.begun ? took < 0 ? QStringLiteral("not ended") : reportDuration(took) : QStringLiteral("–")),
                           plain(!h.begun ? QStringLiteral("–") : h.stillDown ? QStringLiteral("%1, still").arg(reportDuration(h.downtimeMs)) : h.downtimeMs > 0 ? reportDuration(h.downtimeMs) : QStringLiteral("none")),
                           migrationsCell(h)});
        if (!h.reason.isEmpty())
            reasons.items.append(plain(QStringLiteral("%1: %2").arg(shown(h.name), shown(h.reason))));
    }
    ReportSection section{QStringLiteral("What happened, by host"), {table}};
    if (!reasons.items.isEmpty())
        section.blocks.append(reasons);
    return section;
}

ReportSection migrations(const AuditReport &r)
{
    ReportSection section{QStringLiteral("Migrations"), {}};
    if (r.migrations.isEmpty()) {
        section.blocks.append(ReportParagraph{QStringLiteral("No migration was seen to run on any host."), Tone::Muted});
        return section;
    }
    ReportTable table{{{QStringLiteral("Host"), 14}, {QStringLiteral("Hop"), 15}, {QStringLiteral("Migration"), 32}, {QStringLiteral("Result"), 13}, {QStringLiteral("Took"), 13, true}, {QStringLiteral("Reason"), 24}}, {}};
    for (const ReportMigration &m : r.migrations) {
        const bool failed = m.migration.state == MigrationState::Failed;
        const bool good = m.migration.state == MigrationState::Ran;
        table.rows.append({strong(shown(m.host)), mono(hopText(r.plan, m.host, m.hop)),
                           mono(m.migration.state == MigrationState::Unnamed ? QStringLiteral("(without a name)") : shown(m.migration.name)),
                           toned(nameOf(m.migration.state), failed ? Tone::Bad : good ? Tone::Good : Tone::Muted, failed ? QStringLiteral("failed") : good ? QStringLiteral("healthy") : QString()),
                           plain(m.migration.durationMs ? reportDuration(*m.migration.durationMs) : QStringLiteral("unknown")), plain(orDash(m.migration.reason))});
    }
    section.blocks.append(table);
    return section;
}

ReportSection gates(const AuditReport &r)
{
    ReportSection section{QStringLiteral("Gates"), {}};
    if (r.gates.isEmpty()) {
        section.blocks.append(ReportParagraph{QStringLiteral("No gate was reached."), Tone::Muted});
        return section;
    }
    ReportTable table{{{QStringLiteral("After"), 12}, {QStringLiteral("Verdict"), 14}, {QStringLiteral("When"), 10}, {QStringLiteral("By"), 14}, {QStringLiteral("Conditions"), 50}}, {}};
    for (const ReportGate &g : r.gates) {
        QStringList conditions;
        for (const GateCondition &c : g.conditions)
            conditions.append(QStringLiteral("%1: %2 (%3)").arg(c.key, shown(c.value), nameOf(c.verdict)));
        if (!g.reason.isEmpty() && !g.passed)
            conditions.prepend(shown(g.reason));
        const Tone tone = g.passed ? Tone::Good : g.verdict == GateVerdict::Fail ? Tone::Bad : Tone::Warn;
        table.rows.append({strong(shown(r.plan.waves.value(g.wave).name)),
                           toned(g.passed ? QStringLiteral("passed") : g.verdict == GateVerdict::Pass ? QStringLiteral("holds, not passed") : nameOf(g.verdict), tone,
                                 g.passed ? QStringLiteral("healthy") : g.verdict == GateVerdict::Fail ? QStringLiteral("failed") : QStringLiteral("warning")),
                           plain(reportClock(g.atMs)), plain(g.passed ? g.by.isEmpty() ? QStringLiteral("its conditions") : shown(g.by) : QStringLiteral("–")),
                           plain(conditions.isEmpty() ? QStringLiteral("–") : conditions.join(QStringLiteral("; ")))});
    }
    section.blocks.append(table);
    return section;
}

ReportSection decisions(const AuditReport &r)
{
    ReportTable table{{{QStringLiteral("When, UTC"), 22}, {QStringLiteral("Who"), 18}, {QStringLiteral("Decision"), 70}}, {}};
    for (const ReportDecision &d : r.decisions)
        table.rows.append({plain(reportTime(d.atMs)), plain(orDash(d.who)), plain(d.what)});
    return {QStringLiteral("Who decided"), {table}};
}

ReportSection wayBack(const AuditReport &r)
{
    ReportSection section{QStringLiteral("The way back, and its evidence"), {}};
    ReportTable table{{{QStringLiteral("Host"), 14}, {QStringLiteral("Verdict"), 12}, {QStringLiteral("Rule"), 6, true}, {QStringLiteral("Reason"), 34}, {QStringLiteral("Evidence"), 46}}, {}};
    for (const ReportHost &h : r.hosts) {
        if (!h.way)
            continue;
        QStringList evidence;
        for (const Evidence &e : h.way->evidence)
            evidence.append(QStringLiteral("%1: %2%3%4").arg(shown(e.kind), shown(e.text), e.speaksForRestore ? QStringLiteral(" (speaks for a restore)") : QString(), e.source.isEmpty() ? QString() : QStringLiteral(" [%1]").arg(shown(e.source))));
        table.rows.append({strong(shown(h.name)), toned(reportWord(h.way->verdict), h.way->verdict == WayBackVerdict::Restore ? Tone::Half : Tone::Back),
                           plain(h.way->rule > 0 ? QString::number(h.way->rule) : QStringLiteral("–")), plain(orDash(h.way->reason)), plain(evidence.isEmpty() ? QStringLiteral("–") : evidence.join(QStringLiteral("; ")))});
    }
    if (table.rows.isEmpty())
        section.blocks.append(ReportParagraph{QStringLiteral("No way back was asked for or needed."), Tone::Muted});
    else
        section.blocks.append(table);
    return section;
}

ReportSection losses(const AuditReport &r)
{
    ReportSection section{QStringLiteral("What was lost by going back"), {}};
    if (r.losses.isEmpty()) {
        section.blocks.append(ReportParagraph{QStringLiteral("Nothing: no database was restored."), Tone::Muted});
        return section;
    }
    ReportTable table{{{QStringLiteral("Host"), 14}, {QStringLiteral("Backup began"), 14}, {QStringLiteral("Stopped"), 12}, {QStringLiteral("Window"), 16, true}, {QStringLiteral("Counted difference"), 46}}, {}};
    for (const ReportLoss &l : r.losses) {
        const bool known = l.backupMs > 0 && l.stoppedMs > 0;
        table.rows.append({strong(shown(l.host)), plain(reportClock(l.backupMs)), plain(reportClock(l.stoppedMs)),
                           plain(known ? reportDuration(qMax<qint64>(0, l.stoppedMs - l.backupMs)) : QStringLiteral("unknown")), plain(l.counted)});
    }
    section.blocks.append(table);
    return section;
}

ReportSection gaps(const AuditReport &r)
{
    ReportList list;
    for (const QString &gap : r.gaps)
        list.items.append(toned(gap, Tone::Plain, QStringLiteral("warning")));
    if (list.items.isEmpty())
        return {QStringLiteral("Gaps in the evidence"), {ReportParagraph{QStringLiteral("None known: every step that was begun has its outcome, and the journal's chain holds."), Tone::Good}}};
    return {QStringLiteral("Gaps in the evidence"), {list}};
}

ReportSection commands(const AuditReport &r)
{
    ReportSection section{QStringLiteral("Commands, as they were given"), {}};
    section.blocks.append(ReportParagraph{QStringLiteral("Secrets never stand in a command; what was known only at run time is filled in as it was used."), Tone::Muted});
    for (const ReportHost &h : r.hosts) {
        if (h.steps.isEmpty())
            continue;
        ReportTable table{{{shown(h.name), 12}, {QStringLiteral("Step"), 16}, {QStringLiteral("Outcome"), 17}, {QStringLiteral("Took"), 11, true}, {QStringLiteral("Command"), 60}}, {}};
        for (const StepRun &s : h.steps) {
            const bool ended = s.phase == StepPhase::Ended;
            const bool good = ended && (s.outcome == StepOutcome::Done || s.outcome == StepOutcome::Already);
            QString outcome = ended ? reportWord(s.outcome) : nameOf(s.phase);
            if (s.exitStatus && *s.exitStatus != 0)
                outcome += QStringLiteral(", exit %1").arg(*s.exitStatus);
            const qint64 from = s.startedMs > 0 ? s.startedMs : s.intendedMs;
            table.rows.append({plain(reportClock(s.intendedMs)), plain((s.direction == Direction::Forward ? QString() : QStringLiteral("back: ")) + shown(s.name) + (s.attempt > 1 ? QStringLiteral(" (attempt %1)").arg(s.attempt) : QString())),
                               toned(outcome, good ? Tone::Plain : Tone::Bad, good ? QString() : QStringLiteral("failed")), plain(ended ? reportDuration(s.endedMs - from) : QStringLiteral("–")),
                               mono(orDash(s.command))});
        }
        section.blocks.append(table);
    }
    if (section.blocks.size() == 1)
        section.blocks = {ReportParagraph{QStringLiteral("No command was given on any host."), Tone::Muted}};
    return section;
}

ReportSection verifying(const AuditReport &r)
{
    ReportSection section{QStringLiteral("How to verify this report"), {}};
    section.blocks.append(ReportParagraph{QStringLiteral("With OpenSSH alone, where the report was signed (FILE.sig lies beside FILE, and the file allowed_signers holds the signer's public key):"), Tone::Plain});
    section.blocks.append(ReportCode{QStringLiteral("ssh-keygen -Y verify -n bellwether-report -f allowed_signers -I SIGNER -s FILE.sig < FILE")});
    section.blocks.append(ReportParagraph{QStringLiteral("The JSON form of this report holds the events themselves with their hash chain: hash = SHA-256(0x01 ‖ previous hash ‖ canonical JSON of the event). "
                                                         "It is verified by \"bellwether verify FILE\" or by any program that can compute SHA-256. The last event is number %1 and its hash is:").arg(r.lastSeq), Tone::Plain});
    section.blocks.append(ReportCode{QString::fromLatin1(r.headHash.toHex())});
    section.blocks.append(ReportParagraph{QStringLiteral("Plan hash (SHA-256 over the plan's canonical JSON without author, time and approval):"), Tone::Plain});
    section.blocks.append(ReportCode{r.rollout.planHash});
    return section;
}

} // namespace

ReportDocument reportDocument(const AuditReport &r)
{
    ReportDocument d;
    d.name = QStringLiteral("Upgrade audit report");
    d.origin = QStringLiteral("Bellwether %1, journal events %2 to %3, made %4 UTC").arg(r.programVersion).arg(r.firstSeq).arg(r.lastSeq).arg(reportTime(r.madeMs));
    d.rollout = r.rollout.name;
    d.headline = r.headline;
    d.summary = r.summary;
    d.lastEvent = QStringLiteral("Last event %1").arg(r.lastSeq);
    const QString head = QString::fromLatin1(r.headHash.toHex());
    d.headHash = head.isEmpty() ? QString() : QStringLiteral("sha256 %1…%2").arg(head.left(8), head.right(8));
    d.sections.append({QString(), {figures(r), facts(r)}});
    d.sections.append(byHost(r));
    if (const ReportTimeline timeline = timelineOf(r); !timeline.rows.isEmpty())
        d.sections.append({QStringLiteral("When it happened, UTC"), {timeline}});
    d.sections.append(decisions(r));
    d.sections.append(losses(r));
    d.sections.append(gaps(r));
    d.sections.append(migrations(r));
    d.sections.append(gates(r));
    d.sections.append(wayBack(r));
    if (!r.plan.after.isEmpty()) {
        ReportList list;
        for (const QString &text : r.plan.after)
            list.items.append(plain(shown(text)));
        d.sections.append({QStringLiteral("Still to be done by hand"), {list}});
    }
    d.sections.append(commands(r));
    d.sections.append(verifying(r));
    return d;
}

} // namespace bellwether
