// Planning off the window's thread, showing what came of it, saving and starting.
#include "base/wholefile.h"
#include "config/files.h"
#include "planview/estimateview.h"
#include "planview/findingsview.h"
#include "planview/pathview.h"
#include "planview/plandetails.h"
#include "planview/planpage.h"
#include "planview/waveboard.h"
#include "text/errortext.h"
#include "text/format.h"
#include "text/words.h"
#include "widgets/confirmdialog.h"
#include "widgets/filterfield.h"
#include "widgets/offthread.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDateTime>
#include <QFileDialog>
#include <QTabWidget>
#include <algorithm>

namespace bellwether {

namespace {

// What makes release notes the same as those that were read.
QStringList noteKeys(const Plan &plan)
{
    QStringList keys;
    for (const ReleaseNotes &notes : plan.notes)
        keys << QStringList{plan.product, notes.version.toString(), notes.date, notes.notes, notes.attention.join(QChar::LineFeed)}.join(QChar::Null);
    return keys;
}

} // namespace

void PlanPage::plan()
{
    m_soon.start();
}

void PlanPage::planNow()
{
    if (!m_snapshot || !m_snapshot->library)
        return;
    PlanDraft draft;
    draft.library = m_snapshot->library;
    draft.product = m_product->currentData().toString();
    draft.strategy = m_strategy->currentData().toString();
    draft.author = m_requests.actor();
    draft.createdMs = QDateTime::currentMSecsSinceEpoch();
    Version::fromText(m_version->currentData().toString(), draft.to);
    draft.waves = m_waves;
    draft.deferred = m_deferred;
    const QStringList names = candidates();
    const QSet<QString> chosen(names.cbegin(), names.cend());
    for (const FleetRow &row : m_snapshot->fleet) {
        const QString &name = row.installation.name;
        if (!chosen.contains(name) || m_excluded.contains(name))
            continue;
        draft.hosts << row.installation;
        if (row.facts.measuredMs != 0)
            draft.facts.insert(name, row.facts);
        if (!row.rollout.isEmpty())
            draft.heldBy.insert(name, row.rollout);
    }
    const quint64 generation = ++m_generation;
    if (draft.hosts.isEmpty() || draft.to.isNull()) {
        m_planning = false;
        take({});
        return;
    }
    m_planning = true;
    showVerdict();
    Q_EMIT headerChanged();
    offThread(this, [draft] { return makeResult(draft); }, [this, generation](PlanResult result) {
        if (generation != m_generation)
            return; // inputs changed meanwhile; another one is on its way
        m_planning = false;
        take(std::move(result));
    });
}

void PlanPage::take(PlanResult result)
{
    m_result = std::move(result);
    if (m_result.made) {
        const QStringList notes = noteKeys(m_result.plan);
        if (!std::ranges::all_of(notes, [this](const QString &key) { return m_notesShown.contains(key); }))
            m_read->setChecked(false); // some that nobody has seen
        m_notesShown = notes;
    }
    showPlan();
}

void PlanPage::showPlan()
{
    const Plan &plan = m_result.plan;
    m_path->setPlan(m_result.made ? &plan : nullptr);
    m_board->setPlan(plan);
    m_estimate->setNow(m_nowMs);
    m_estimate->setPlan(plan);
    m_estimatePanel->setAbout(m_result.made ? m_estimate->sentence() : QString());
    m_findings->setFindings(plan.findings);
    const QString counts = !m_result.made ? QString()
        : tr("%1, %2 to confirm").arg(m_result.refusals == 1 ? tr("1 refusal") : tr("%1 refusals").arg(m_result.refusals)).arg(m_result.warnings);
    m_findingsPanel->setAbout(counts);
    const int files = m_diff->setPlan(plan);
    m_tabs->setTabText(0, files == 1 ? tr("Differences  1 file") : tr("Differences  %1 files").arg(files));
    m_tabs->setTabText(1, plan.notes.isEmpty() ? tr("Release notes") : tr("Release notes  %1").arg(plan.notes.size()));
    m_notes->setNotes(plan.notes);
    m_read->setEnabled(!plan.notes.isEmpty());
    m_filter->recount();
    if (!plan.host(m_host))
        m_host = plan.waves.isEmpty() || plan.waves.first().hosts.isEmpty() ? (plan.hosts.isEmpty() ? QString() : plan.hosts.first().installation.name)
                                                                           : plan.waves.first().hosts.first();
    if (!m_host.isEmpty())
        m_board->choose(m_host);
    showHost(m_host);
    showVerdict();
    Q_EMIT headerChanged();
}

void PlanPage::showHost(const QString &name)
{
    const PlanHost *host = m_result.plan.host(name);
    const bool other = name != m_host || m_hop->count() == 0;
    m_host = name;
    const int kept = other ? 0 : m_hop->currentIndex();
    m_filling = true;
    m_hop->clear();
    if (host)
        for (int h = 0; h < host->hops.size(); ++h) {
            const QString hop = tr("%1 to %2").arg(host->hops[h].from.toString(), host->hops[h].to.toString());
            m_hop->addItem(hop, 3 * h);
            if (!host->hops[h].tagOnly.isEmpty())
                m_hop->addItem(tr("%1, way back: tag only").arg(hop), 3 * h + 1);
            if (!host->hops[h].restore.isEmpty())
                m_hop->addItem(tr("%1, way back: restore").arg(hop), 3 * h + 2);
        }
    m_hop->setCurrentIndex(qBound(-1, kept, m_hop->count() - 1));
    m_filling = false;
    m_hop->setVisible(m_hop->count() > 0);
    QList<Step> steps;
    if (host && m_hop->currentIndex() >= 0) {
        const int at = m_hop->currentData().toInt();
        const Hop &hop = host->hops[at / 3];
        steps = at % 3 == 0 ? hop.steps : at % 3 == 1 ? hop.tagOnly : hop.restore;
    }
    m_steps->setSteps(steps);
    m_commandsPanel->setAbout(host ? tr("%1, %2 steps, secrets masked").arg(name).arg(steps.size()) : QString());
}

QString PlanPage::whyNotStart() const
{
    if (!m_snapshot || m_snapshot->fleet.isEmpty())
        return tr("There are no hosts yet.");
    if (!m_snapshot->readOnlyReason.isEmpty())
        return m_snapshot->readOnlyReason;
    if (m_starting)
        return tr("Starting…");
    if (m_planning)
        return tr("The plan is being made.");
    if (!m_result.made)
        return tr("Choose a product, a version and hosts.");
    if (!m_result.plan.isAccepted())
        return m_result.refusals == 1 ? tr("1 refusal stands in the way.") : tr("%1 refusals stand in the way.").arg(m_result.refusals);
    if (m_result.plan.hosts.isEmpty())
        return tr("All chosen hosts are there already.");
    if (m_result.plan.strategy.secondPerson && m_result.plan.approver.isEmpty())
        return tr("The strategy %1 asks for approval by a second person. Save the plan and let somebody else approve it.").arg(m_result.plan.strategy.name);
    if (!m_result.plan.notes.isEmpty() && !m_read->isChecked())
        return tr("Read the release notes and say so.");
    return {};
}

void PlanPage::showVerdict()
{
    const Plan &plan = m_result.plan;
    const int hosts = static_cast<int>(plan.hosts.size());
    m_start->setText(m_starting ? tr("Starting…") : tr("Start rollout of %1…").arg(hostsText(hosts)));
    m_start->setBlocked(whyNotStart());
    m_start->setHint(tr("Asks once more, then begins with the canary"));
    m_save->setBlocked(m_result.made && !m_planning ? QString() : tr("There is no plan yet."));
    if (!m_result.made || m_planning) {
        m_verdictIcon->set(QStringLiteral("state/waiting"), StateRole::Waiting);
        m_verdict->setText(m_planning ? tr("Planning…") : tr("No plan yet."));
        m_detail->setFullText(m_planning ? QString() : tr("Choose a product, a version and hosts. Bellwether works out the path, the waves and what stands in the way."));
        m_person->setText({});
        return;
    }
    QMap<QString, int> ways;
    for (const PlanHost &host : plan.hosts)
        ++ways[host.wayBack];
    QStringList wayTexts;
    for (auto it = ways.cbegin(); it != ways.cend(); ++it)
        wayTexts << tr("%1 on %2 of %3 hosts").arg(it.key() == QLatin1String("tag-only") ? tr("tag only") : it.key()).arg(*it).arg(hosts);
    const QString way = hosts == 0 ? QString() : tr(" Way back as far as known: %1.").arg(wayTexts.join(QStringLiteral(", ")));
    const bool accepted = plan.isAccepted();
    const bool unread = accepted && !plan.notes.isEmpty() && !m_read->isChecked();
    m_verdictIcon->set(!accepted ? QStringLiteral("state/failed") : unread ? QStringLiteral("state/warning") : QStringLiteral("state/healthy"),
                       !accepted ? StateRole::Failed : unread ? StateRole::Warning : StateRole::Healthy);
    m_verdict->setText(!accepted ? tr("Not accepted.") : unread ? tr("Release notes are not read.") : tr("Accepted."));
    const QString there = plan.alreadyThere.isEmpty() ? QString() : tr(" %1 already there.").arg(hostsText(static_cast<int>(plan.alreadyThere.size())));
    m_detail->setFullText((accepted ? tr("%1 to confirm.").arg(m_result.warnings)
                                    : tr("%1, %2 to confirm.").arg(m_result.refusals == 1 ? tr("1 refusal") : tr("%1 refusals").arg(m_result.refusals)).arg(m_result.warnings)) + there + way);
    m_person->setText(plan.strategy.secondPerson ? tr("approver must be a second person") : tr("single person: %1").arg(m_requests.actor()));
}

void PlanPage::save()
{
    auto *dialog = new QFileDialog(this, tr("Save plan"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("yaml"));
    dialog->setNameFilters({tr("Plans (*.yaml)"), tr("All files (*)")});
    dialog->selectFile(QStringLiteral("%1-%2.yaml").arg(m_result.plan.product, m_result.plan.to.toString()));
    connect(dialog, &QFileDialog::fileSelected, this, [this, plan = m_result.plan](const QString &path) {
        offThread(this,
                  [plan, path]() -> QString {
                      const Status written = writeFile(path, writePlan(plan));
                      return written ? QString() : errorText(written.error());
                  },
                  [this, path](const QString &problem) {
                      if (problem.isEmpty())
                          Q_EMIT said(tr("Plan saved as %1.").arg(path));
                      else
                          Q_EMIT failed(problem);
                  });
    });
    dialog->open();
}

void PlanPage::start()
{
    const Plan &plan = m_result.plan;
    const QString hosts = hostsText(static_cast<int>(plan.hosts.size()));
    QStringList detail;
    if (!plan.waves.isEmpty())
        detail << tr("It begins with the canary: %1. %2").arg(joinNames(plan.waves.first().hosts, 3),
                      plan.strategy.manualGate ? tr("After its gate it waits for you to promote.") : QString());
    detail << tr("It stops at the first failure of the canary, later at more than %1 % or %2 failed hosts of a wave, whichever is less.")
                  .arg(plan.strategy.budgetPercent).arg(plan.strategy.budgetCount);
    if (m_result.warnings > 0)
        detail << (m_result.warnings == 1 ? tr("You confirm 1 warning.") : tr("You confirm %1 warnings.").arg(m_result.warnings));
    detail << tr("Approved by %1 alone; every report will say: single person. Plan %2.").arg(m_requests.actor(), shortHash(m_result.hash));
    auto *dialog = new ConfirmDialog({tr("Start rollout"), tr("%1 go to %2 %3.").arg(hosts, plan.productName, plan.to.toString()),
                                      detail.join(QLatin1Char('\n')), tr("Start rollout of %1").arg(hosts), tr("Not now"), false, hasProduction(), false}, this);
    dialog->setObjectName(QStringLiteral("plan-start-dialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, hash = m_result.hash] { send(hash); });
    dialog->open();
}

void PlanPage::send(const QString &hash)
{
    if (!whyNotStart().isEmpty()) { // facts may have changed while the dialog was open
        Q_EMIT failed(tr("Not started: %1").arg(whyNotStart()));
        return;
    }
    if (m_result.hash != hash) {
        Q_EMIT failed(tr("Not started: the plan changed while you decided. Look at it again."));
        return;
    }
    m_starting = true;
    showVerdict();
    offThread(this, [plan = m_result.plan] { return QString::fromUtf8(writePlan(plan)); }, [this, read = m_read->isChecked()](const QString &text) {
        const QJsonObject args{{QStringLiteral("plan"), text}, {QStringLiteral("source"), QStringLiteral("Plan page")},
                               {QStringLiteral("acknowledge_notes"), read}, {QStringLiteral("auto_promote"), false},
                               {QStringLiteral("bake_scale"), 1.0}, {QStringLiteral("yes"), true}};
        m_requests.send(QStringLiteral("run"), args, this, [this](const Reply &reply) {
            m_starting = false;
            showVerdict();
            if (!reply) {
                Q_EMIT failed(errorText(reply.error()));
                return;
            }
            m_read->setChecked(false);
            Q_EMIT openRequested(QStringLiteral("rollout"), reply->value(QLatin1String("rollout")).toString());
        });
    });
}

} // namespace bellwether
