#include "rolloutview/gatepanel.h"

#include "text/format.h"
#include "text/words.h"

#include <QGridLayout>
#include <QProgressBar>
#include <algorithm>

namespace bellwether {

GatePanel::GatePanel(QWidget *parent)
    : Panel(tr("Gate"), QStringLiteral("ui/hourglass"), parent), m_chip(new StateLabel(true)),
      m_clock(new Label({}, TextRole::Clock)), m_caption(new Label({}, TextRole::Table, Role::Muted)),
      m_reason(new Label({}, TextRole::Table, Role::Muted)), m_bar(new QProgressBar), m_grid(new QGridLayout), m_conditions(new QWidget)
{
    addToHeader(m_chip);
    auto *top = new QHBoxLayout;
    top->setContentsMargins(theme().px(14), theme().px(10), theme().px(14), theme().px(4));
    top->setSpacing(theme().px(12));
    m_caption->setWordWrap(true);
    top->addWidget(m_clock);
    top->addWidget(m_caption, 1);
    body()->addLayout(top);
    auto *barRow = new QHBoxLayout;
    barRow->setContentsMargins(theme().px(14), 0, theme().px(14), theme().px(10));
    m_bar->setTextVisible(false);
    m_bar->setRange(0, 1000);
    m_bar->setAccessibleName(tr("Bake of the gate"));
    barRow->addWidget(m_bar);
    body()->addLayout(barRow);
    m_grid->setContentsMargins(theme().px(14), theme().px(8), theme().px(14), theme().px(8));
    m_grid->setVerticalSpacing(theme().px(5));
    m_grid->setHorizontalSpacing(theme().px(8));
    m_grid->setColumnStretch(1, 1);
    m_conditions->setLayout(m_grid);
    m_conditions->setAccessibleName(tr("What must hold"));
    body()->addWidget(m_conditions);
    m_reason->setWordWrap(true);
    m_reason->setContentsMargins(theme().px(14), theme().px(6), theme().px(14), theme().px(8));
    body()->addWidget(m_reason);
    body()->addStretch(1);
    const auto colours = [this] {
        m_bar->setStyleSheet(QStringLiteral("QProgressBar::chunk { background: %1; }").arg(theme().colour(StateRole::Canary).name()));
    };
    colours();
    connect(&theme(), &Theme::changed, this, colours);
}

int GatePanel::gateOf(const RolloutSnapshot &rollout)
{
    for (int i = 0; i < rollout.waves.size(); ++i)
        if (rollout.waves[i].state != QLatin1String("passed"))
            return i;
    return static_cast<int>(rollout.waves.size()) - 1;
}

void GatePanel::setRollout(const RolloutSnapshot *rollout, qint64 nowMs)
{
    const int index = rollout ? gateOf(*rollout) : -1;
    m_hosts = index >= 0;
    if (!m_hosts) {
        setTitle(tr("Gate"));
        setAbout({});
        m_chip->hide();
        m_gate = {};
        showConditions({});
        m_quiet = tr("No gate");
        m_reason->setText({});
        setNow(nowMs);
        return;
    }
    const WaveView &wave = rollout->waves[index];
    m_gate = wave.gate;
    m_passed = wave.state == QLatin1String("passed");
    m_live = rollout->endedMs == 0;
    setTitle(index == 0 ? tr("Gate after the canary") : tr("Gate after wave %1").arg(index));
    setAbout(tr("to %1").arg(rollout->to.toString()));
    const StateLook verdict = look(m_passed ? GateVerdict::Pass : m_gate.verdict);
    m_chip->set(verdict.role, verdict.icon, verdict.word);
    m_chip->show();
    setOutline(m_gate.verdict == GateVerdict::Fail ? std::optional(StateRole::Failed) : std::nullopt);
    const auto under = std::ranges::count_if(wave.hosts, [](const HostView &h) { return isBegun(h.state); });
    const bool wantsPerson = rollout->pauseReasons.contains(nameOf(PauseReason::ApprovalNeeded));
    if (m_passed)
        m_quiet = tr("Passed");
    else if (!m_live)
        m_quiet = tr("Ended");
    else if (m_gate.verdict == GateVerdict::Fail)
        m_quiet = tr("Failed");
    else if (wantsPerson)
        m_quiet = tr("Waits for you");
    else if (wave.state == QLatin1String("waiting"))
        m_quiet = tr("Not begun");
    else if (under > 0)
        m_quiet = tr("Not yet");
    else
        m_quiet = look(m_gate.verdict).word;
    showConditions(m_gate.conditions);
    m_reason->setText(visibleText(m_gate.reason));
    m_reason->setVisible(!m_gate.reason.isEmpty());
    setNow(nowMs);
}

void GatePanel::setNow(qint64 nowMs)
{
    m_nowMs = nowMs;
    showClock();
}

void GatePanel::showClock()
{
    const bool bakes = m_hosts && m_live && m_gate.bakeEndsMs > m_nowMs && !m_passed;
    m_bar->setVisible(bakes);
    m_clock->setType(bakes ? TextRole::Clock : TextRole::Verdict);
    const QString before = m_clock->text();
    if (bakes) {
        const qint64 left = m_gate.bakeEndsMs - m_nowMs, whole = qint64{m_gate.bakeS} * 1000;
        m_clock->setText(clockText(left));
        m_caption->setText(tr("of %1 bake left, ends %2\nstarts again if health is not observed")
                               .arg(durationText(whole), timeText(m_gate.bakeEndsMs)));
        m_bar->setValue(whole > 0 ? static_cast<int>(1000 - 1000 * left / whole) : 0);
        m_clock->setAccessibleName(tr("%1 of the bake left").arg(clockText(left)));
        return;
    }
    m_clock->setText(m_quiet);
    m_clock->setAccessibleName(m_quiet);
    m_caption->setText(!m_hosts || m_passed || !m_live || m_gate.bakeS == 0
                           ? QString()
                           : tr("bakes %1 once no host of the wave runs").arg(durationText(qint64{m_gate.bakeS} * 1000)));
    if (m_gate.verdict == GateVerdict::Fail)
        m_caption->setText(tr("nothing more is begun"));
    if (before != m_quiet)
        m_clock->updateGeometry();
}

void GatePanel::showConditions(const QList<GateCondition> &conditions)
{
    const bool same = conditions.size() == m_shown.size()
        && std::equal(conditions.begin(), conditions.end(), m_shown.begin(), [](const GateCondition &a, const GateCondition &b) {
               return a.key == b.key && a.verdict == b.verdict && a.value == b.value;
           });
    if (same)
        return;
    m_shown = conditions;
    while (QLayoutItem *item = m_grid->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    m_conditions->setVisible(!conditions.isEmpty());
    for (int row = 0; row < conditions.size(); ++row) {
        const GateCondition &condition = conditions[row];
        const StateLook verdict = look(condition.verdict);
        static const QMap<QString, QString> words{{QStringLiteral("upgraded"), tr("All hosts upgraded")},
                                                  {QStringLiteral("healthy"), tr("Healthy without a restart")},
                                                  {QStringLiteral("budget"), tr("Failure budget")},
                                                  {QStringLiteral("bake"), tr("Bake observed without a gap")},
                                                  {QStringLiteral("manual"), tr("Manual approval")}};
        auto *name = new Label(words.value(condition.key, visibleText(condition.key)), TextRole::Body);
        auto *value = new Label(visibleText(condition.value), condition.verdict == GateVerdict::Pending || condition.verdict == GateVerdict::Pass ? TextRole::Body : TextRole::BodyBold);
        name->setAccessibleName(QStringLiteral("%1: %2, %3").arg(name->text(), verdict.word, condition.value));
        value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        m_grid->addWidget(new IconLabel(verdict.icon, 14, verdict.role), row, 0);
        m_grid->addWidget(name, row, 1);
        m_grid->addWidget(value, row, 2);
    }
}

} // namespace bellwether
