#include "rolloutview/hostpanel.h"

#include "text/format.h"
#include "text/words.h"

#include <QClipboard>
#include <QGridLayout>
#include <QGuiApplication>

namespace bellwether {

HostPanel::HostPanel(QWidget *parent)
    : Panel(tr("Host"), QStringLiteral("ui/host"), parent), m_grid(new QGridLayout), m_state(new StateLabel),
      m_copy(new Button(tr("Copy"), ButtonKind::Outlined, ButtonSize::Panel)),
      m_retry(new Button(tr("Retry"), ButtonKind::Outlined, ButtonSize::Panel)),
      m_skip(new Button(tr("Skip…"), ButtonKind::Outlined, ButtonSize::Panel)),
      m_takeOver(new Button(tr("Take over…"), ButtonKind::Outlined, ButtonSize::Panel))
{
    addToHeader(m_takeOver);
    addToHeader(m_retry);
    addToHeader(m_skip);
    m_takeOver->setObjectName(QStringLiteral("takeOver"));
    m_grid->setContentsMargins(theme().px(14), theme().px(8), theme().px(10), theme().px(8));
    m_grid->setHorizontalSpacing(theme().px(10));
    m_grid->setVerticalSpacing(theme().px(3));
    m_grid->setColumnStretch(1, 1);
    m_grid->addWidget(new Label(tr("State"), TextRole::Table, Role::Muted), 0, 0);
    m_grid->addWidget(m_state, 0, 1, Qt::AlignLeft); // else its fixed width would bind the column
    m_doing = addRow(tr("Doing"));
    m_version = addRow(tr("Version"));
    m_health = addRow(tr("Health"));
    m_downtime = addRow(tr("Downtime"));
    m_backup = addRow(tr("Backup"));
    m_way = addRow(tr("Way back"));
    m_command = addRow(tr("Command"));
    m_command->setType(TextRole::Mono);
    m_command->setWordWrap(false);
    m_command->setElided(true);
    m_command->setTextInteractionFlags(Qt::NoTextInteraction);
    m_grid->removeWidget(m_command); // of two columns: it leaves the third to the button
    m_grid->addWidget(m_command, m_grid->rowCount() - 1, 1);
    m_grid->addWidget(m_copy, m_grid->rowCount() - 1, 2);
    body()->addLayout(m_grid);
    body()->addStretch(1);
    m_copy->setHint(tr("Copies the exact command; secrets never stand in it"));
    connect(m_copy, &QPushButton::clicked, this, [this] {
        if (m_host)
            for (auto it = m_host->steps.crbegin(); it != m_host->steps.crend(); ++it)
                if (!it->token.isEmpty() && !it->command.isEmpty()) {
                    QGuiApplication::clipboard()->setText(it->command);
                    return;
                }
    });
    connect(m_retry, &QPushButton::clicked, this, [this] { Q_EMIT retryAsked(m_host ? m_host->name : QString()); });
    connect(m_skip, &QPushButton::clicked, this, [this] { Q_EMIT skipAsked(m_host ? m_host->name : QString()); });
    connect(m_takeOver, &QPushButton::clicked, this, [this] { Q_EMIT takeOverAsked(m_host ? m_host->name : QString()); });
    setHost(nullptr, {}, {}, {}, 0);
}

Label *HostPanel::addRow(const QString &name)
{
    const int row = m_grid->rowCount();
    auto *title = new Label(name, TextRole::Table, Role::Muted);
    title->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    auto *value = new Label({}, TextRole::Table);
    value->setWordWrap(true);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    title->setBuddy(value);
    m_grid->addWidget(title, row, 0);
    m_grid->addWidget(value, row, 1, 1, 2); // the third column is the copy button's alone
    return value;
}

void HostPanel::setHost(const HostView *host, const Permission &retry, const Permission &skip, const Permission &takeOver, qint64 nowMs)
{
    m_host = host ? std::optional(*host) : std::nullopt;
    setAbout(host ? host->name : QString());
    const auto allow = [&](Button *button, const Permission &permission, const QString &otherwise) {
        button->setVisible(host != nullptr);
        if (!host)
            return;
        const bool mine = permission.allowed && permission.hosts.contains(host->name);
        button->setBlocked(mine ? QString() : permission.allowed ? otherwise.arg(host->name) : permission.reason);
    };
    allow(m_retry, retry, tr("%1 has not failed and was not deferred"));
    allow(m_skip, skip, tr("%1 cannot be left out: what was changed has to go on or go back"));
    const bool isElsewhere = host && takeOver.allowed && takeOver.hosts.contains(host->name);
    m_takeOver->setVisible(isElsewhere);
    m_retry->setVisible(host && !isElsewhere);
    m_takeOver->setHint(isElsewhere ? tr("Takes %1 from a console that has gone silent, with a reason").arg(host->name) : QString());
    m_retry->setHint(host ? tr("Goes on with the step of %1 that failed").arg(host->name) : QString());
    m_skip->setHint(host ? tr("Leaves %1 out of this rollout, with a reason").arg(host->name) : QString());
    m_nowMs = nowMs;
    show();
}

void HostPanel::setNow(qint64 nowMs)
{
    m_nowMs = nowMs;
    show();
}

void HostPanel::show()
{
    for (int i = 0; i < m_grid->count(); ++i)
        m_grid->itemAt(i)->widget()->setVisible(m_host.has_value());
    if (!m_host)
        return;
    const HostView &host = *m_host;
    const StateLook state = look(host.state);
    m_state->set(state.role, state.icon, state.word);
    const bool under = isBegun(host.state);
    QString doing = under ? host.step : tr("nothing is under way");
    if (under && host.stepSinceMs > 0)
        doing += tr(", since %1 (%2)").arg(timeText(host.stepSinceMs), durationText((m_nowMs - host.stepSinceMs) / 1000 * 1000));
    if (!host.stepWaitsFor.isEmpty())
        doing = tr("%1; waits for %2").arg(doing, visibleText(host.stepWaitsFor));
    if (!under && !host.error.isEmpty())
        doing = visibleText(host.error);
    m_doing->setText(doing);
    m_version->setText(host.version.isEmpty() ? tr("unknown, from %1").arg(host.from.toString())
                                              : tr("%1, from %2 to %3").arg(visibleText(host.version, 60), host.from.toString(), host.to.toString()));
    QString health = look(host.health).word.toLower();
    if (!host.healthDetail.isEmpty())
        health += QStringLiteral(", ") + visibleText(host.healthDetail, 200);
    m_health->setText(health);
    m_downtime->setText(host.downtimeMs > 0 ? durationText(host.downtimeMs) : noneText());
    if (!host.backup)
        m_backup->setText(tr("none of this rollout yet"));
    else if (host.backup->verified)
        m_backup->setText(tr("%1, begun %2, proven").arg(bytesText(host.backup->size), timeText(host.backup->startedMs)));
    else
        m_backup->setText(tr("not proven: %1").arg(visibleText(host.backup->problem, 200)));
    m_backup->setColour(host.backup && !host.backup->verified ? StateRole::Warning : StateRole::Waiting);
    if (!host.backup || host.backup->verified)
        m_backup->setColour(Role::Text);
    if (!host.way)
        m_way->setText(under ? tr("decided when the step has ended") : noneText());
    else
        m_way->setText(tr("%1: %2").arg(wordOf(host.way->verdict), visibleText(host.way->reason, 300)));
    QString command;
    for (auto it = host.steps.crbegin(); it != host.steps.crend() && command.isEmpty(); ++it)
        if (!it->token.isEmpty())
            command = it->command;
    m_command->setFullText(command.isEmpty() ? noneText() : visibleText(command, 2000));
    m_copy->setVisible(!command.isEmpty());
}

} // namespace bellwether
