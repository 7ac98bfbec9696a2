#include "rolloutview/rolloutpage.h"

#include "rolloutview/gatepanel.h"
#include "rolloutview/hostpanel.h"
#include "rolloutview/laneswidget.h"
#include "rolloutview/logview.h"
#include "rolloutview/rollbackdialog.h"
#include "rolloutview/timeline.h"
#include "text/format.h"
#include "widgets/button.h"

#include <QComboBox>
#include <QDateTime>
#include <QLineEdit>
#include <QProgressBar>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <algorithm>

namespace bellwether {
namespace {

QString targetText(const RolloutSnapshot &rollout)
{
    return RolloutPage::tr("%1 %2 to %3").arg(rollout.productName.isEmpty() ? rollout.product : rollout.productName,
                                               rollout.from == QLatin1String("several") ? RolloutPage::tr("several versions") : rollout.from,
                                               rollout.to.toString());
}

bool isEnded(const RolloutSnapshot &rollout) { return rollout.endedMs > 0; }

// The host one looks at first: in trouble, else at work, else the canary.
QString firstHost(const RolloutSnapshot &rollout)
{
    const HostView *working = nullptr, *first = nullptr;
    for (const WaveView &wave : rollout.waves)
        for (const HostView &host : wave.hosts) {
            first = first ? first : &host;
            if (host.state == HostRunState::HalfMigrated || host.state == HostRunState::Failed || host.state == HostRunState::InDoubt
                || host.state == HostRunState::RollbackFailed)
                return host.name;
            if (!working && isBegun(host.state))
                working = &host;
        }
    return working ? working->name : first ? first->name : QString();
}

} // namespace

QString RolloutPage::title() const { return m_rollout ? targetText(*m_rollout) : tr("Rollout"); }
QString RolloutPage::about() const { return m_rollout ? m_rollout->name : QString(); }
QString RolloutPage::headerAbout() const { return m_chooser->count() > 1 ? QString() : about(); } // the chooser names it

std::optional<ChipText> RolloutPage::chip() const
{
    if (!m_rollout)
        return std::nullopt;
    StateLook state = look(m_rollout->state);
    if (m_rollout->interrupted)
        return ChipText{StateRole::Warning, QStringLiteral("state/paused"), tr("Interrupted")};
    if (m_rollout->state == RolloutLifecycle::Paused && !m_rollout->pauseReasons.isEmpty()) {
        PauseReason reason = PauseReason::Operator;
        QStringList words;
        for (const QString &name : m_rollout->pauseReasons)
            words << (enumFrom(name, reason) ? wordOf(reason) : name);
        state.word = tr("Paused: %1").arg(words.join(QStringLiteral(", ")));
    }
    return ChipText{state.role, state.icon, state.word};
}

QString RolloutPage::subline() const
{
    if (!m_rollout)
        return {};
    QString text = tr("%1, plan %2, strategy %3").arg(hostsText(m_rollout->hostsTotal), shortHash(m_rollout->planHash), m_rollout->strategy);
    if (!m_rollout->approver.isEmpty())
        text += m_rollout->approver == m_rollout->author ? tr(", approved by %1 (single person)").arg(visibleText(m_rollout->approver, 60))
                                                          : tr(", approved by %1").arg(visibleText(m_rollout->approver, 60));
    if (m_rollout->options.bakeScale < 1.0)
        text += tr(", bakes scaled by %1").arg(m_rollout->options.bakeScale);
    return text;
}

bool RolloutPage::hasProduction() const
{
    if (!m_rollout)
        return false;
    return std::ranges::any_of(m_rollout->waves, [](const WaveView &wave) {
        return std::ranges::any_of(wave.hosts, [](const HostView &h) { return h.environment == Environment::Production; });
    });
}

const HostView *RolloutPage::host() const { return m_rollout ? m_rollout->host(m_host) : nullptr; }
Permission RolloutPage::permission(const QString &verb) const
{
    return m_rollout ? m_rollout->permissions.value(verb) : Permission{false, tr("there is no rollout"), {}};
}

void RolloutPage::setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot)
{
    m_snapshot = std::move(snapshot);
    const int unfinished = static_cast<int>(std::ranges::count_if(m_snapshot->rollouts, [](const auto &r) { return !isEnded(*r); }));
    const auto before = m_rollout;
    choose();
    const bool changed = m_rollout != before;
    m_stale = m_stale || changed;
    if (changed || unfinished != m_unfinished) {
        m_unfinished = unfinished;
        Q_EMIT headerChanged();
    }
    if (m_stale && isVisible())
        showRollout();
    if (m_rollbackDialog) { // of its own rollout, whichever is shown here
        const auto own = std::ranges::find_if(m_snapshot->rollouts, [this](const auto &r) { return r->name == m_rollbackDialog->rollout()->name; });
        if (own != m_snapshot->rollouts.end() && *own != m_rollbackDialog->rollout())
            m_rollbackDialog->setRollout(*own);
    }
}

void RolloutPage::choose()
{
    const auto &all = m_snapshot->rollouts;
    auto found = std::ranges::find_if(all, [this](const auto &r) { return r->name == m_wanted; });
    if (found == all.end() && !m_rollout)
        found = std::ranges::find_if(all, [](const auto &r) { return !isEnded(*r); });
    else if (found == all.end())
        found = std::ranges::find_if(all, [this](const auto &r) { return r->name == m_rollout->name; });
    if (found == all.end())
        found = all.begin();
    m_rollout = found == all.end() ? nullptr : *found;
    if (m_rollout && !m_rollout->host(m_host))
        m_host = firstHost(*m_rollout);
}

void RolloutPage::showEvent(QShowEvent *event)
{
    Page::showEvent(event);
    showRollout();
}

void RolloutPage::resizeEvent(QResizeEvent *event)
{
    Page::resizeEvent(event);
    fold();
    fitLanes();
}

void RolloutPage::showRollout()
{
    m_stale = false;
    m_nowMs = QDateTime::currentMSecsSinceEpoch();
    m_stack->setCurrentIndex(m_rollout ? 1 : 0);
    showHeader();
    m_gate->setRollout(m_rollout.get(), m_nowMs);
    if (!m_rollout)
        return;
    m_lanes->setLanes(lanesOf(*m_rollout, m_nowMs));
    QString stops;
    if (m_rollout->state == RolloutLifecycle::Paused || m_rollout->interrupted)
        stops = visibleText(pauseWords(*m_rollout));
    else
        stops = isEnded(*m_rollout) ? tr("ended %1").arg(dateTimeText(m_rollout->endedMs)) : tr("the canary stops at the 1st failure");
    m_lanesPanel->setAbout(stops);
    showProblems();
    showHost();
    fitLanes();
}

void RolloutPage::showHeader()
{
    const auto say = [this](Button *button, const QString &verb, const QString &text, const QString &hint) {
        const Permission may = permission(verb);
        button->setText(text);
        button->setHint(hint);
        button->setAccessibleName(tr("%1, concerns %2").arg(text, hostsText(static_cast<int>(may.hosts.size()))));
        const bool sent = button->property("sent").toBool();
        const QString readOnly = m_snapshot ? m_snapshot->readOnlyReason : QString();
        button->setBlocked(sent ? tr("Sent; waits for the console's answer")
                                : !readOnly.isEmpty() ? readOnly : may.allowed ? QString() : may.reason);
    };
    const auto count = [this](const char *verb) { return static_cast<int>(permission(QLatin1String(verb)).hosts.size()); };
    const bool wide = window()->width() > theme().px(1560); // narrow windows keep the number and drop the noun
    const auto hosts = [wide](int number) { return wide ? hostsText(number) : QString::number(number); };
    const bool resting = m_rollout && (m_rollout->state == RolloutLifecycle::Paused || m_rollout->interrupted);
    const QString first = resting ? QStringLiteral("resume") : QStringLiteral("pause");
    m_pause->setIconName(resting ? QStringLiteral("ui/play") : QStringLiteral("ui/pause"));
    say(m_pause, first, resting ? tr("Resume %1").arg(hosts(count("resume"))) : tr("Pause %1").arg(hosts(count("pause"))),
        resting ? tr("Goes on with the hosts that are not done") : tr("Begins no more hosts; one that was begun goes on to its next safe point"));
    say(m_retry, QStringLiteral("retry"), tr("Retry %1").arg(hosts(count("retry"))), tr("Goes on at the step that failed, and with deferred hosts"));
    say(m_rollback, QStringLiteral("rollback"), tr("Roll back %1…").arg(hosts(count("rollback"))), tr("Shows first what it would mean on each host"));
    int wave = 0;
    if (m_rollout)
        while (wave < m_rollout->waves.size() && m_rollout->waves[wave].state == QLatin1String("passed"))
            ++wave;
    int next = count("promote");
    if (next == 0 && m_rollout && wave + 1 < m_rollout->waves.size())
        next = static_cast<int>(m_rollout->waves[wave + 1].hosts.size());
    const bool opens = m_rollout && wave + 1 < m_rollout->waves.size();
    const QString whole = opens ? tr("Promote %1 to wave %2").arg(hosts(next)).arg(wave + 1) : tr("Promote");
    say(m_promote, QStringLiteral("promote"), opens && !wide ? tr("Promote %1").arg(hosts(next)) : whole, opens ? tr("Opens wave %1").arg(wave + 1) : QString());
    m_promote->setAccessibleName(tr("%1, concerns %2").arg(whole, hostsText(count("promote"))));
    say(m_abort, QStringLiteral("abort"), tr("Abort…"), tr("Ends the rollout; hosts stay as they are"));
    for (Button *button : {m_pause, m_retry, m_rollback, m_promote, m_abort})
        button->setVisible(m_rollout != nullptr);

    m_progress->parentWidget()->setVisible(m_rollout != nullptr);
    m_progress->parentWidget()->setMinimumWidth(theme().px(wide ? 240 : 128));
    if (m_rollout) {
        m_progress->setRange(0, std::max(1, m_rollout->hostsTotal));
        m_progress->setValue(m_rollout->hostsDone);
        m_progressText->setText(m_rollout->hostsFailed > 0 ? (wide ? tr("%1 of %2 upgraded, %3 failed") : tr("%1 of %2, %3 failed")).arg(m_rollout->hostsDone).arg(m_rollout->hostsTotal).arg(m_rollout->hostsFailed)
                                                            : tr("%1 of %2 upgraded").arg(m_rollout->hostsDone).arg(m_rollout->hostsTotal));
        const bool eta = m_rollout->etaMs > m_nowMs && !resting;
        m_eta->setFullText(eta ? tr("about %1 left").arg(durationText(std::max<qint64>(60'000, (m_rollout->etaMs - m_nowMs) / 60'000 * 60'000))) : QString());
        const QString ran = tr("began %1").arg(timeText(m_rollout->startedMs));
        const QString took = durationText((m_rollout->endedMs - m_rollout->startedMs) / 1000 * 1000);
        m_ends->setFullText(isEnded(*m_rollout) ? (wide ? tr("took %1, ended %2").arg(took, timeText(m_rollout->endedMs)) : tr("took %1").arg(took))
                            : eta ? (wide ? tr("%1, ends about %2").arg(ran, timeText(m_rollout->etaMs).left(5)) : tr("ends about %1").arg(timeText(m_rollout->etaMs).left(5)))
                            : !resting ? ran
                            : wide ? tr("%1, waits for a person").arg(ran) : tr("waits for a person"));
        m_ends->setToolTip(plainToolTip(tr("Began %1").arg(localAndUtcText(m_rollout->startedMs))));
    }
    // The chooser is touched only when the list differs, so that an open popup stays open.
    QStringList names;
    if (m_snapshot)
        for (const auto &rollout : m_snapshot->rollouts)
            if (names.size() < 30)
                names << QStringLiteral("%1, %2").arg(rollout->name, look(rollout->state).word.toLower());
    QStringList shown;
    for (int i = 0; i < m_chooser->count(); ++i)
        shown << m_chooser->itemData(i).toString();
    if (shown != names) {
        const QSignalBlocker quiet(m_chooser);
        m_chooser->clear();
        for (const QString &name : names)
            m_chooser->addItem(name.section(QLatin1Char(','), 0, 0), name);
    }
    for (int i = 0; m_rollout && i < names.size(); ++i)
        if (names[i].startsWith(m_rollout->name + QLatin1Char(','))) {
            const QSignalBlocker quiet(m_chooser);
            m_chooser->setCurrentIndex(i);
        }
    m_chooser->setVisible(names.size() > 1);
}

void RolloutPage::showHost()
{
    const HostView *shown = host();
    m_lanes->setSelected(m_host);
    m_timeline->setRows(timelineOf(*m_rollout, m_host), m_nowMs, !isEnded(*m_rollout));
    m_timeline->setSelected(m_host);
    int wave = 0;
    for (int i = 0; i < m_rollout->waves.size(); ++i)
        if (std::ranges::find(m_rollout->waves[i].hosts, m_host, &HostView::name) != m_rollout->waves[i].hosts.end())
            wave = i;
    m_stepsPanel->setAbout(wave == 0 ? tr("canary") : tr("wave %1").arg(wave));
    m_hostPanel->setHost(shown, permission(QStringLiteral("retry")), permission(QStringLiteral("skip")), permission(QStringLiteral("take-over")), m_nowMs);
    m_migrationsPanel->setAbout(m_host);
    m_migrations->setRows(shown ? migrationRows(*shown) : QList<Row>{});
    m_migrationCount->setText(shown && !shown->migrations.isEmpty() ? migrationCount(*shown) : tr("none yet"));
    m_logPanel->setAbout(tr("%1, all steps").arg(m_host));
    m_log->setAccessibleName(tr("Log of %1").arg(m_host));
    showLog(shown);
}

void RolloutPage::showLog(const HostView *shown)
{
    QList<LogPart> parts;
    if (shown)
        for (const StepView &step : shown->steps) {
            if (step.token.isEmpty())
                continue;
            QString title = step.attempt > 1 ? tr("%1, attempt %2").arg(step.name).arg(step.attempt) : step.name;
            if (step.direction != Direction::Forward)
                title = tr("%1 (way back)").arg(title);
            title += QStringLiteral(" \u00b7 %1 \u00b7 %2").arg(timeText(step.startedMs), lookOfStep(step.state).word.toLower());
            if (step.endedMs > 0)
                title += tr(" in %1").arg(durationText(step.endedMs - step.startedMs));
            parts.append({stepLogPath(m_snapshot->dataFolder, m_rollout->id, shown->name, step.token), step.token, title});
        }
    const LogDocument &document = m_logService->document();
    bool same = document.parts() == parts.size();
    for (int i = 0; same && i < document.parts(); ++i)
        same = document.part(i) == parts[i];
    if (!same)
        m_logService->show(parts);
}

void RolloutPage::showProblems()
{
    m_problems = problemsOf(*m_rollout);
    m_problemModel->setRows(problemRows(m_problems));
    m_tabs->setTabText(2, m_problems.isEmpty() ? tr("Problems") : tr("Problems  %1").arg(m_problems.size()));
    const bool bad = std::ranges::any_of(m_problems, [](const Problem &p) { return p.role == StateRole::Failed; });
    if (m_problems.isEmpty())
        m_failures->set(StateRole::Healthy, QStringLiteral("state/healthy"), tr("none"));
    else
        m_failures->set(bad ? StateRole::Failed : StateRole::Warning, bad ? QStringLiteral("state/failed") : QStringLiteral("state/warning"),
                        QString::number(m_problems.size()));
}

void RolloutPage::selectHost(const QString &name)
{
    if (!m_rollout || !m_rollout->host(name) || name == m_host)
        return;
    m_host = name;
    m_jumpLine = -1;
    m_log->setFollow(true);
    showHost();
}

void RolloutPage::tick(qint64 nowMs)
{
    m_nowMs = nowMs;
    m_gate->setNow(nowMs);
    if (!m_rollout)
        return;
    m_lanes->setLanes(lanesOf(*m_rollout, nowMs));
    m_timeline->setNow(nowMs);
    m_hostPanel->setNow(nowMs);
    showHeader();
}

void RolloutPage::open(const QString &what)
{
    const QStringList parts = what.split(QLatin1Char('/'));
    m_wanted = parts.first();
    if (!m_snapshot)
        return;
    choose();
    if (parts.size() > 1 && m_rollout && m_rollout->host(parts[1]))
        m_host = parts[1];
    m_stale = true;
    if (isVisible())
        showRollout();
    Q_EMIT headerChanged();
}

// Lanes take what they need, at most half; a position chosen by hand stays.
void RolloutPage::fitLanes()
{
    if (m_userSplit || m_left->height() < 100)
        return;
    const int header = theme().metric(Metric::PanelHeader) + 2, gap = 2 * m_left->handleWidth();
    const int lanes = std::min(m_lanes->heightForWidth(m_lanesScroll->viewport()->width()) + header, m_left->height() / 2);
    const int steps = std::min(m_timeline->contentHeight() + header, theme().px(180));
    m_left->setSizes({lanes, steps, std::max(theme().px(120), m_left->height() - lanes - steps - gap)});
}

void RolloutPage::focusFilter()
{
    m_tabs->setCurrentIndex(0);
    m_find->setFocus(Qt::ShortcutFocusReason);
}

bool RolloutPage::escape()
{
    if (!m_find->text().isEmpty()) {
        m_find->clear();
        m_log->setFocus();
        return true;
    }
    if (m_find->hasFocus()) {
        m_log->setFocus();
        return true;
    }
    return false;
}

QList<QWidget *> RolloutPage::regions()
{
    if (!m_rollout)
        return {};
    return {m_lanes, m_timeline, m_tabs, m_log, m_migrationTable, m_gate, m_hostPanel, m_problemTable};
}

void RolloutPage::saveState(ViewState &settings)
{
    settings.setValue(QStringLiteral("columns"), m_columns->saveState());
    settings.setValue(QStringLiteral("lower"), m_lower->saveState());
    if (m_userSplit)
        settings.setValue(QStringLiteral("left"), m_left->saveState());
    settings.setValue(QStringLiteral("wrap"), m_log->wraps());
}

void RolloutPage::restoreState(ViewState &settings)
{
    m_columns->restoreState(settings.value(QStringLiteral("columns")).toByteArray());
    m_lower->restoreState(settings.value(QStringLiteral("lower")).toByteArray());
    m_userSplit = m_left->restoreState(settings.value(QStringLiteral("left")).toByteArray());
    m_wrap->setChecked(settings.value(QStringLiteral("wrap"), false).toBool());
}

} // namespace bellwether
