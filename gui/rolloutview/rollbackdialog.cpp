#include "rolloutview/rollbackdialog.h"

#include "text/errortext.h"
#include "text/format.h"
#include "text/words.h"

#include <QGridLayout>
#include <QTableView>
#include <algorithm>

namespace bellwether {
namespace {

bool restores(const HostView *host) { return host && host->way && host->way->verdict == WayBackVerdict::Restore; }

QString subject(const QStringList &names) { return names.size() == 1 ? names.first() : hostsText(static_cast<int>(names.size())); }

} // namespace

QString RollbackDialog::versionBack() const
{
    QStringList versions;
    for (const QString &name : m_hosts)
        if (const HostView *host = view(name); host && !versions.contains(host->from.toString()))
            versions << host->from.toString();
    return versions.size() == 1 ? versions.first() : tr("what it was before");
}

void RollbackDialog::setRollout(std::shared_ptr<const RolloutSnapshot> rollout)
{
    m_rollout = std::move(rollout);
    const Permission may = m_rollout->permissions.value(QStringLiteral("rollback"));
    if (may.hosts != m_hosts && !m_sent) {
        for (const QString &name : may.hosts)
            if (!m_hosts.contains(name))
                m_left.insert(name); // whoever comes while one decides is not decided upon
        m_hosts = may.hosts;
    }
    if (!m_hosts.contains(m_current))
        m_current = m_hosts.value(0);
    showHosts();
    showVerdict();
    showDomains();
    showDetails();
    showFoot();
}

void RollbackDialog::setNow(qint64 nowMs)
{
    m_nowMs = nowMs;
    showHosts();
    showVerdict();
}

QStringList RollbackDialog::chosen() const
{
    QStringList names;
    for (const QString &name : m_hosts)
        if (!m_left.contains(name))
            names << name;
    return names;
}

void RollbackDialog::showHosts()
{
    QList<Row> rows;
    for (const QString &name : std::as_const(m_hosts)) {
        const HostView *host = view(name);
        if (!host || !host->way)
            continue;
        const StateLook state = look(host->state);
        Cell title, now, way, because, lost, backup, takes;
        title.text = name;
        title.bold = true;
        title.checked = !m_left.contains(name);
        now.text = state.word;
        now.icon = state.icon;
        now.ink = state.role;
        const QString word = wordOf(host->way->verdict);
        way.text = word.left(1).toUpper() + word.mid(1);
        way.bold = true;
        because.text = visibleText(host->way->reason, 300);
        lost.text = host->way->lossFromMs > 0 ? durationText((m_nowMs - host->way->lossFromMs) / 1000 * 1000) : tr("none");
        lost.bold = host->way->lossFromMs > 0;
        if (host->way->verdict != WayBackVerdict::Restore) {
            backup.text = tr("kept, not used");
            backup.muted = true;
        } else if (host->backup && host->backup->verified) {
            backup.text = tr("%1, %2, proven").arg(timeText(host->backup->startedMs), bytesText(host->backup->size));
            backup.icon = QStringLiteral("state/healthy");
            backup.ink = StateRole::Healthy;
            backup.toolTip = visibleText(host->backup->path) + QLatin1Char('\n') + localAndUtcText(host->backup->startedMs);
        } else {
            backup.text = tr("no proven backup");
            backup.icon = QStringLiteral("state/failed");
            backup.ink = StateRole::Failed;
        }
        const WayTime time = timeOfWay(*host, m_rollout->product, m_known);
        takes.text = wayTimeText(time);
        takes.muted = time.measured == 0;
        takes.toolTip = tr("%1 of %2 steps were measured before, on this fleet").arg(time.measured).arg(time.steps);
        rows.append({name, {title, now, way, because, lost, backup, takes}});
    }
    m_model->setRows(rows);
    QString about = m_hosts.size() > 1 ? tr("newest first") : QString();
    m_hostPanel->setAbout((about.isEmpty() ? QString() : about + QStringLiteral("; ")) + tr("%1 of %2 chosen").arg(chosen().size()).arg(m_hosts.size()));
}

void RollbackDialog::showVerdict()
{
    QStringList restore, tag;
    bool half = false, unsure = false;
    const HostView *oldest = nullptr;
    for (const QString &name : chosen()) {
        const HostView *host = view(name);
        if (!host || !host->way)
            continue;
        (restores(host) ? restore : tag) << name;
        half = half || host->state == HostRunState::HalfMigrated;
        unsure = unsure || host->way->rule == 5;
        if (host->way->lossFromMs > 0 && (!oldest || host->way->lossFromMs < oldest->way->lossFromMs))
            oldest = host;
    }
    const QString reason = half ? tr("because a migration did not finish") : unsure ? tr("because it cannot be told what happened to the database")
                                                                                    : tr("because migrations changed the database");
    QString text;
    if (restore.isEmpty() && tag.isEmpty())
        text = tr("No host is chosen; nothing would happen.");
    else if (tag.isEmpty())
        text = restore.size() == 1 ? tr("%1 needs a restore, %2.").arg(restore.first(), reason) : tr("%1 need a restore, %2.").arg(subject(restore), reason);
    else if (restore.isEmpty())
        text = tag.size() == 1 ? tr("%1 only needs its old version back.").arg(tag.first()) : tr("%1 only need their old version back.").arg(subject(tag));
    else
        text = (restore.size() == 1 ? tr("%1 needs a restore, %2; ").arg(restore.first(), reason) : tr("%1 need a restore, %2; ").arg(subject(restore), reason))
            + (tag.size() == 1 ? tr("%1 only needs its old version back.").arg(tag.first()) : tr("%1 only need their old version back.").arg(subject(tag)));
    m_sentence->setText(text);
    if (m_icon) {
        const StateLook icon = restore.isEmpty() ? look(HostRunState::RolledBack) : half ? look(HostRunState::HalfMigrated) : StateLook{StateRole::Warning, QStringLiteral("state/warning"), {}};
        m_icon->set(icon.icon, icon.role);
    }
    m_because->setText(restore.isEmpty() ? tr("Decided from the evidence below. The database is not touched.")
                                         : tr("Decided from the evidence below. Tag only is refused on %1: %2 cannot run over the changed schema.")
                                               .arg(joinNames(restore), versionBack()));
    m_loss->setVisible(oldest != nullptr);
    if (!oldest)
        return;
    m_lossOf->setText(tr("Work that would be lost on %1, growing").arg(oldest->name));
    m_clock->setText(clockText(std::max<qint64>(0, m_nowMs - oldest->way->lossFromMs)));
    m_lossSince->setText(tr("since the backup began\nat %1").arg(timeText(oldest->way->lossFromMs)));
    QStringList counted;
    for (auto it = oldest->contentAfter.cbegin(); it != oldest->contentAfter.cend(); ++it)
        if (oldest->contentBefore.contains(it.key()) && it.value() > oldest->contentBefore[it.key()])
            counted << tr("%1 %2").arg(numberText(it.value() - oldest->contentBefore[it.key()]), visibleText(it.key(), 40));
    m_lost->setText(counted.isEmpty() ? tr("rows written since: unknown") : counted.join(QStringLiteral(", ")));
}

void RollbackDialog::showDetails()
{
    const HostView *host = view(m_current);
    m_evidencePanel->setTitle(tr("Evidence for %1").arg(m_current));
    m_stepsPanel->setTitle(tr("Steps on %1").arg(m_current));
    QList<Row> evidence, steps;
    if (host && host->way) {
        for (const Evidence &seen : host->way->evidence) {
            Cell what, where;
            what.text = visibleText(seen.text, 400);
            what.icon = seen.speaksForRestore ? QStringLiteral("state/warning") : QStringLiteral("state/healthy");
            what.ink = seen.speaksForRestore ? StateRole::Warning : StateRole::Healthy;
            what.inkText = false;
            where.text = seen.source.size() == 64 ? shortHash(seen.source) : visibleText(seen.source, 60);
            where.toolTip = visibleText(seen.source);
            where.mono = true;
            where.muted = true;
            evidence.append({seen.kind + seen.text, {what, where}});
        }
        int number = 0;
        for (const StepView &step : host->backSteps) {
            Cell no, what, kind;
            no.text = QString::number(++number);
            no.muted = true;
            what.text = m_commands ? visibleText(step.command.isEmpty() ? step.name : step.command, 1000) : backStepText(step, host->from.toString());
            what.mono = m_commands;
            what.toolTip = visibleText(step.command, 1000);
            what.bold = step.kind == StepKind::Restore && !m_commands; // the step nobody should meet first in a log
            const qint64 took = measuredMs(step, m_rollout->product, m_known);
            kind.text = took >= 0 ? durationText(took) : unknownText();
            kind.toolTip = took >= 0 ? QString() : tr("Never measured on this fleet");
            kind.muted = true;
            steps.append({QString::number(number) + step.name, {no, what, kind}});
        }
    }
    m_evidence->setRows(evidence);
    m_steps->setRows(steps);
}

// One field for each chosen host that is to be restored; what was typed already stays.
void RollbackDialog::showDomains()
{
    QStringList wanted;
    for (const QString &name : chosen())
        if (restores(view(name)))
            wanted << name;
    QStringList shown;
    for (const DomainField *field : std::as_const(m_fields))
        shown << field->host();
    m_domainBox->setVisible(!wanted.isEmpty());
    if (wanted == shown)
        return;
    QHash<QString, QString> typed;
    for (DomainField *field : std::as_const(m_fields))
        typed.insert(field->host(), field->text());
    while (QLayoutItem *item = m_domainGrid->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    m_fields.clear();
    for (int i = 0; i < wanted.size(); ++i) {
        const HostView *host = view(wanted[i]);
        auto *label = new Label(tr("%1, %2").arg(wanted[i], host->domain.isEmpty() ? tr("has no domain: it cannot be confirmed") : visibleText(host->domain, 253)),
                                TextRole::Table, Role::Muted);
        auto *field = new DomainField(wanted[i], host->domain);
        field->setText(typed.value(wanted[i]));
        label->setBuddy(field);
        m_domainGrid->addWidget(label, i / 2 * 2, i % 2);
        m_domainGrid->addWidget(field, i / 2 * 2 + 1, i % 2);
        connect(field, &QLineEdit::textChanged, this, &RollbackDialog::showFoot);
        m_fields.append(field);
    }
    QWidget *before = m_showCommands;
    for (DomainField *field : std::as_const(m_fields)) {
        setTabOrder(before, field);
        before = field;
    }
    setTabOrder(before, m_keep);
    setTabOrder(m_keep, m_restore);
}

QString RollbackDialog::blockedBecause() const
{
    if (m_sent)
        return tr("Sent; waits for the console's answer");
    const Permission may = m_rollout->permissions.value(QStringLiteral("rollback"));
    if (!may.allowed)
        return may.reason;
    if (chosen().isEmpty())
        return tr("Choose at least one host");
    for (const QString &name : chosen())
        if (const HostView *host = view(name); restores(host) && (!host->backup || !host->backup->verified))
            return tr("There is no proven backup of %1 from this rollout; leave it out").arg(name);
    for (const DomainField *field : m_fields)
        if (!field->matches())
            return tr("Type %1's domain to go on").arg(field->host());
    return {};
}

void RollbackDialog::showFoot()
{
    int restore = 0, tag = 0;
    for (const QString &name : chosen())
        ++(restores(view(name)) ? restore : tag);
    QString text = tr("Restore %1").arg(hostsText(restore));
    if (restore == 0)
        text = tr("Re-tag %1").arg(hostsText(tag));
    else if (tag > 0)
        text = tr("Restore %1, re-tag %2").arg(hostsText(restore)).arg(tag);
    m_restore->setText(text);
    m_restore->setBlocked(blockedBecause());
    m_restore->setHint(tr("Begins now, newest host first"));
    for (Button *button : {m_message, m_runbook})
        button->setBlocked(chosen().isEmpty() ? tr("Choose at least one host") : QString());
    m_next->setText(blockedBecause());
    m_next->setVisible(m_error->text().isEmpty());
}

void RollbackDialog::send()
{
    if (!blockedBecause().isEmpty())
        return;
    QJsonObject confirm;
    for (const DomainField *field : std::as_const(m_fields))
        confirm.insert(field->host(), field->text());
    const QStringList hosts = chosen();
    m_sent = true;
    m_error->setText({});
    showFoot();
    m_requests.send(QStringLiteral("rollback"),
                    {{QStringLiteral("rollout"), m_rollout->name},
                     {QStringLiteral("hosts"), QJsonArray::fromStringList(hosts)},
                     {QStringLiteral("way"), QStringLiteral("auto")},
                     {QStringLiteral("confirm"), confirm}},
                    this, [this, hosts](const Reply &reply) {
                        m_sent = false;
                        if (!reply) {
                            m_error->setColour(StateRole::Failed);
                            m_error->setText(errorText(reply.error()));
                            showFoot();
                            return;
                        }
                        Q_EMIT confirmed(hosts);
                        accept();
                    });
}

} // namespace bellwether
