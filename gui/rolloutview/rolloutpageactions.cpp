// What the parts of the Rollout page say to one another and to the console.
#include "rolloutview/gatepanel.h"
#include "rolloutview/hostpanel.h"
#include "rolloutview/laneswidget.h"
#include "rolloutview/logview.h"
#include "rolloutview/rollbackdialog.h"
#include "rolloutview/rolloutpage.h"
#include "rolloutview/timeline.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/button.h"
#include "widgets/confirmdialog.h"

#include <QComboBox>
#include <QTabBar>
#include <QFileDialog>
#include <QLineEdit>
#include <QScrollArea>
#include <QSplitter>
#include <QTableView>

namespace bellwether {

void RolloutPage::connectParts()
{
    connect(m_chooser, &QComboBox::activated, this, [this](int index) { open(m_chooser->itemText(index)); });
    connect(m_lanes, &LanesWidget::hostSelected, this, &RolloutPage::selectHost);
    connect(m_lanes, &LanesWidget::hostActivated, this, [this] { m_log->setFocus(Qt::TabFocusReason); });
    connect(m_lanes, &LanesWidget::contentHeightChanged, this, [this] { QMetaObject::invokeMethod(this, [this] { fitLanes(); }, Qt::QueuedConnection); });
    connect(m_lanes, &LanesWidget::tileRevealed, this, [this](const QRect &tile) {
        m_lanesScroll->ensureVisible(tile.center().x(), tile.center().y(), 0, tile.height() / 2);
    });
    connect(m_timeline, &Timeline::hostSelected, this, &RolloutPage::selectHost);
    connect(m_left, &QSplitter::splitterMoved, this, [this] { m_userSplit = true; });

    connect(m_logService, &LogService::documentChanged, this, &RolloutPage::tryJump);
    connect(m_logService, &LogService::hitsChanged, this, &RolloutPage::showHits);
    connect(m_logService, &LogService::saved, this, [this](const QString &file) { Q_EMIT said(tr("Log saved to %1").arg(file)); });
    connect(m_logService, &LogService::saveFailed, this, [this](const Error &error) { Q_EMIT failed(errorText(error)); });
    connect(m_log, &LogView::currentChanged, this, &RolloutPage::showHits);
    connect(m_log, &LogView::followChanged, m_follow, &QPushButton::setChecked);
    connect(m_follow, &QPushButton::toggled, m_log, &LogView::setFollow);
    connect(m_wrap, &QPushButton::toggled, m_log, &LogView::setWrap);
    connect(m_find, &QLineEdit::textChanged, this, [this](const QString &text) {
        m_log->setNeedle(text);
        m_logService->find(text);
        showHits();
    });
    auto *backwards = new QAction(this);
    backwards->setShortcut(QKeySequence(Qt::SHIFT | Qt::Key_Return));
    backwards->setShortcutContext(Qt::WidgetShortcut);
    m_find->addAction(backwards);
    connect(backwards, &QAction::triggered, m_log, [this] { m_log->goToHit(-1); });
    connect(m_find, &QLineEdit::returnPressed, m_log, [this] { m_log->goToHit(1); });
    connect(m_save, &QPushButton::clicked, this, [this] {
        auto *dialog = new QFileDialog(this, tr("Save the log of %1").arg(m_host));
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setAcceptMode(QFileDialog::AcceptSave);
        dialog->selectFile(QStringLiteral("%1-%2.log").arg(m_rollout ? m_rollout->name : QString(), m_host));
        connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &file) { m_logService->save(file, true); });
        dialog->open();
    });

    connect(m_migrationTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &index) {
        const HostView *shown = host();
        if (shown && index.isValid() && index.row() < shown->migrations.size() && shown->migrations[index.row()].line > 0)
            jumpTo(migrationToken(*shown), shown->migrations[index.row()].line);
    });
    const auto openProblem = [this](const QModelIndex &index) {
        if (!index.isValid() || index.row() >= m_problems.size())
            return;
        const Problem problem = m_problems[index.row()];
        selectHost(problem.host);
        if (!problem.token.isEmpty())
            jumpTo(problem.token, problem.line);
        m_log->setFocus(Qt::OtherFocusReason);
    };
    connect(m_problemTable, &QTableView::activated, this, openProblem);
    connect(m_problemTable, &QTableView::clicked, this, openProblem);

    connect(m_pause, &QPushButton::clicked, this, [this] {
        const bool resting = m_rollout && (m_rollout->state == RolloutLifecycle::Paused || m_rollout->interrupted);
        send(m_pause, resting ? QStringLiteral("resume") : QStringLiteral("pause"), {}, resting ? tr("%1 goes on") : tr("%1 is paused; it begins no more hosts"));
    });
    connect(m_retry, &QPushButton::clicked, this, [this] { retry(m_retry, permission(QStringLiteral("retry")).hosts); });
    connect(m_promote, &QPushButton::clicked, this, [this] { send(m_promote, QStringLiteral("promote"), {}, tr("%1: the next wave opens")); });
    connect(m_rollback, &QPushButton::clicked, this, &RolloutPage::openRollback);
    connect(m_abort, &QPushButton::clicked, this, &RolloutPage::askAbort);
    connect(m_hostPanel, &HostPanel::retryAsked, this, [this](const QString &name) { retry(nullptr, {name}); });
    connect(m_hostPanel, &HostPanel::skipAsked, this, &RolloutPage::askSkip);
    connect(m_hostPanel, &HostPanel::takeOverAsked, this, &RolloutPage::askTakeOver);

    const auto command = [this](const QString &text, const QKeySequence &keys, Button *button) {
        auto *action = new QAction(text, this);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, button, [button] {
            if (!button->isBlocked())
                button->click();
        });
        addAction(action);
        m_commands << action;
    };
    command(tr("Pause or resume this rollout"), QKeySequence(Qt::CTRL | Qt::Key_P), m_pause);
    command(tr("Retry failed hosts"), QKeySequence(Qt::CTRL | Qt::Key_R), m_retry);
    command(tr("Roll back…"), QKeySequence(Qt::CTRL | Qt::Key_B), m_rollback);
    command(tr("Promote to the next wave"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P), m_promote);
    command(tr("Abort…"), {}, m_abort);
}

QList<QAction *> RolloutPage::commands() { return m_commands; }

void RolloutPage::send(Button *button, const QString &verb, const QJsonObject &more, const QString &done)
{
    if (!m_rollout)
        return;
    QJsonObject args = more;
    if (!args.contains(QStringLiteral("rollout")))
        args.insert(QStringLiteral("rollout"), m_rollout->name);
    if (button)
        button->setProperty("sent", true);
    showHeader();
    const QString sentence = done.arg(args.value(QStringLiteral("rollout")).toString());
    QPointer<Button> pressed = button;
    m_requests.send(verb, args, this, [this, pressed, sentence](const Reply &reply) {
        if (pressed)
            pressed->setProperty("sent", false);
        showHeader();
        if (reply)
            Q_EMIT said(sentence);
        else
            Q_EMIT failed(errorText(reply.error()));
    });
}

void RolloutPage::openRollback()
{
    if (!m_rollout || !permission(QStringLiteral("rollback")).allowed || m_rollbackDialog)
        return;
    auto *dialog = new RollbackDialog(m_requests, m_rollout, m_snapshot->rollouts, window());
    m_rollbackDialog = dialog;
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &RollbackDialog::evidenceOpened, this, [this, dialog](const QString &name, const QString &source) {
        if (dialog->rollout()->name != m_rollout->name) // the page was taken elsewhere meanwhile
            open(dialog->rollout()->name);
        selectHost(name);
        const HostView *shown = host();
        if (!shown)
            return;
        if (source.startsWith(QLatin1String("line ")))
            jumpTo(migrationToken(*shown), source.mid(5).toInt());
        else if (std::ranges::any_of(shown->steps, [&](const StepView &step) { return step.token == source; }))
            jumpTo(source, 1);
    });
    connect(dialog, &RollbackDialog::confirmed, this, [this](const QStringList &hosts) {
        Q_EMIT said(tr("Going back on %1").arg(hostsText(static_cast<int>(hosts.size()))));
    });
    dialog->open();
}

// What was half-migrated is repeated only with the fix as its reason, and what a step did that nobody knows of only by
// somebody who has looked; they keep nobody else waiting.
void RolloutPage::retry(Button *button, const QStringList &hosts)
{
    if (!m_rollout)
        return;
    const auto isHalf = [this](const QString &name) {
        const HostView *host = m_rollout->host(name);
        if (!host)
            return false;
        const auto last = std::find_if(host->steps.crbegin(), host->steps.crend(), [](const StepView &step) { return step.state != QLatin1String("planned"); });
        const bool unknown = last != host->steps.crend() && (last->state == QLatin1String("lost") || last->state == QLatin1String("in-doubt"));
        return host->state == HostRunState::HalfMigrated || unknown;
    };
    QStringList half, others;
    for (const QString &name : hosts)
        (isHalf(name) ? half : others) << name;
    if (!others.isEmpty())
        send(button, QStringLiteral("retry"), {{QStringLiteral("hosts"), QJsonArray::fromStringList(others)}}, tr("%1: retrying"));
    if (!half.isEmpty())
        askRetry(half);
}

// What an accepted dialog sends is meant for the rollout it named, whatever the page shows by then.
void RolloutPage::askRetry(const QStringList &half)
{
    auto *dialog = new ConfirmDialog({tr("Retry %1 of %2").arg(hostsText(static_cast<int>(half.size())), m_rollout->name), tr("What stopped on %1 is carried out again.").arg(joinNames(half, 3)),
                                      tr("A migration did not finish there, or what the last step did is not known. Look at it first, and state what you found and mended; where migrations may not be repeated, only a restore leads back."),
                                      tr("Retry %1").arg(hostsText(static_cast<int>(half.size()))), tr("Keep it as it is"), true, hasProduction(), true},
                                     window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, half, rollout = m_rollout->name] {
        send(m_retry, QStringLiteral("retry"), {{QStringLiteral("rollout"), rollout}, {QStringLiteral("hosts"), QJsonArray::fromStringList(half)}, {QStringLiteral("reason"), dialog->reason()}},
             tr("%1: retrying"));
    });
    dialog->open();
}

void RolloutPage::askAbort()
{
    if (!m_rollout || !permission(QStringLiteral("abort")).allowed)
        return;
    const int open = m_rollout->hostsTotal - m_rollout->hostsDone;
    auto *dialog = new ConfirmDialog({tr("Abort %1").arg(m_rollout->name), tr("%1 ends with %2 not upgraded.").arg(m_rollout->name, hostsText(open)),
                                      tr("Hosts stay as they are. What runs on a host now ends there by itself; nothing is rolled back."),
                                      tr("Abort %1").arg(m_rollout->name), tr("Keep it"), true, hasProduction(), true},
                                     window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, rollout = m_rollout->name] {
        send(m_abort, QStringLiteral("abort"), {{QStringLiteral("rollout"), rollout}, {QStringLiteral("reason"), dialog->reason()}}, tr("%1 is being aborted"));
    });
    dialog->open();
}

void RolloutPage::askSkip(const QString &name)
{
    const HostView *host = m_rollout ? m_rollout->host(name) : nullptr;
    if (!host)
        return;
    const bool isLost = !host->connected && host->isUnderWay();
    const ConfirmDialog::Words out{tr("Skip %1").arg(name), tr("%1 is left out of %2.").arg(name, m_rollout->name),
                                   tr("It keeps the version it has now and is counted as excluded."), tr("Skip 1 host"), tr("Keep it in"), true, hasProduction(), true};
    const ConfirmDialog::Words doubt{tr("Wait no longer for %1").arg(name), tr("What became of its step \u201c%1\u201d stays unknown: %2 is in doubt from now on.").arg(visibleText(host->step, 100), name),
                                     tr("The step may still be going on there. Once the host answers again it can be retried or taken back; until then it counts as a failure, and an abort no longer waits for it."),
                                     tr("Skip 1 host"), tr("Keep waiting"), true, hasProduction(), true};
    auto *dialog = new ConfirmDialog(isLost ? doubt : out, window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, name, rollout = m_rollout->name] {
        send(nullptr, QStringLiteral("skip"), {{QStringLiteral("rollout"), rollout}, {QStringLiteral("hosts"), QJsonArray{name}}, {QStringLiteral("reason"), dialog->reason()}},
             tr("%1: host skipped"));
    });
    dialog->open();
}

// Who has it, since when, and since when nothing was heard of them stands in the dialog: so does what taking it means.
void RolloutPage::askTakeOver(const QString &name)
{
    const HostView *held = m_rollout ? m_rollout->host(name) : nullptr;
    if (!held || !held->heldBy)
        return;
    auto *dialog = new ConfirmDialog({tr("Take %1 over").arg(name), visibleText(tr("%1: %2.").arg(name, holderText(*held->heldBy))),
                                      tr("Ask them first where you can. Their console can do nothing more on this host once it is taken: should it wake up, it is told so. "
                                         "The host is measured before anything is done on it."),
                                      tr("Take 1 host over"), tr("Leave it to them"), true, hasProduction(), true},
                                     window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, name, rollout = m_rollout->name] {
        send(nullptr, QStringLiteral("take-over"), {{QStringLiteral("rollout"), rollout}, {QStringLiteral("hosts"), QJsonArray{name}}, {QStringLiteral("reason"), dialog->reason()}},
             tr("%1: host taken over"));
    });
    dialog->open();
}

// The line may not have been read yet: the wish is kept until it has, or until something else is asked for.
void RolloutPage::jumpTo(const QString &token, int line)
{
    m_jumpToken = token;
    m_jumpLine = line;
    m_tabs->setCurrentIndex(0);
    tryJump();
}

void RolloutPage::tryJump()
{
    if (m_jumpLine < 0)
        return;
    const LogDocument &document = m_logService->document();
    const int part = document.partOf(m_jumpToken);
    if (part < 0)
        return;
    const LogPartLines &lines = document.lines(part);
    const qint64 wanted = m_jumpLine == 0 ? lines.lines - 1 : m_jumpLine - 1 - lines.left;
    if (lines.lines == 0 || wanted >= lines.lines)
        return;
    m_log->goTo({part, std::max<qint64>(0, wanted)});
    m_jumpLine = -1;
}

void RolloutPage::showHits()
{
    if (m_find->text().isEmpty()) {
        m_hits->setText({});
        return;
    }
    const qsizetype count = m_logService->hits().size();
    if (m_logService->isSearching() && count == 0)
        m_hits->setText(tr("searching…"));
    else if (count == 0)
        m_hits->setText(tr("no match"));
    else
        m_hits->setText(m_log->hitNumber() > 0 ? tr("%1 of %2").arg(m_log->hitNumber()).arg(count) : tr("%1 found").arg(count));
}

} // namespace bellwether
