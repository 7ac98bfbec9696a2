#include "planview/findingsview.h"

#include "text/format.h"
#include "text/words.h"
#include "widgets/button.h"
#include "widgets/panel.h"

#include <QBoxLayout>
#include <QPainter>
#include <algorithm>

namespace bellwether {

namespace {

class Card final : public QWidget {
public:
    explicit Card(bool refusal) : m_role(refusal ? StateRole::Failed : StateRole::Warning) {}

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.fillRect(0, 0, 3, height(), theme().colour(m_role));
        painter.setPen(theme().colour(Role::Border));
        painter.drawLine(3, height() - 1, width(), height() - 1);
    }

private:
    StateRole m_role;
};

} // namespace

QList<FindingGroup> groupFindings(const QList<Finding> &findings)
{
    QList<FindingGroup> groups;
    for (const Finding &finding : findings) {
        const auto same = std::find_if(groups.begin(), groups.end(), [&](const FindingGroup &group) {
            return group.finding.rule == finding.rule && group.finding.message == finding.message && group.finding.refusal == finding.refusal;
        });
        if (same == groups.end())
            groups << FindingGroup{finding, finding.host.isEmpty() ? QStringList() : QStringList{finding.host}};
        else if (!finding.host.isEmpty())
            same->hosts << finding.host;
    }
    std::stable_sort(groups.begin(), groups.end(), [](const FindingGroup &a, const FindingGroup &b) { return a.finding.refusal && !b.finding.refusal; });
    return groups;
}

FindingsView::FindingsView(QWidget *parent) : QScrollArea(parent)
{
    auto *content = new QWidget;
    m_list = new QVBoxLayout(content);
    m_list->setContentsMargins(0, 0, 0, 0);
    m_list->setSpacing(0);
    m_list->addStretch();
    setWidget(content);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("What stands in the way"));
    viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
}

void FindingsView::setFindings(const QList<Finding> &findings)
{
    while (m_list->count() > 1) {
        QLayoutItem *item = m_list->takeAt(0);
        delete item->widget();
        delete item;
    }
    const QList<FindingGroup> groups = groupFindings(findings);
    int at = 0;
    for (const FindingGroup &group : groups) {
        if (at >= 100) {
            auto *more = new Label(tr("and %1 more of the kind").arg(groups.size() - at), TextRole::Table, Role::Muted);
            more->setContentsMargins(theme().px(12), theme().px(6), 0, theme().px(6));
            m_list->insertWidget(at, more);
            break;
        }
        const bool refusal = group.finding.refusal;
        auto *card = new Card(refusal);
        auto *box = new QVBoxLayout(card);
        box->setContentsMargins(theme().px(14), theme().px(8), theme().px(12), theme().px(9));
        box->setSpacing(theme().px(4));
        auto *head = new QHBoxLayout;
        head->setSpacing(theme().px(7));
        head->addWidget(new IconLabel(refusal ? QStringLiteral("state/failed") : QStringLiteral("state/warning"), 13, refusal ? StateRole::Failed : StateRole::Warning));
        head->addWidget(new Label(wordOfRule(group.finding.rule), TextRole::BodyBold), 1);
        auto *hosts = new Label(joinNames(group.hosts, 3), TextRole::Table, Role::Muted);
        hosts->setElided(true, 60);
        hosts->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
        hosts->setToolTip(plainToolTip(group.hosts.join(QLatin1Char('\n'))));
        head->addWidget(hosts);
        box->addLayout(head);
        QString sentence = visibleText(group.finding.message, 600);
        if (!sentence.isEmpty())
            sentence[0] = sentence[0].toUpper();
        auto *message = new Label(sentence, TextRole::Body);
        message->setWordWrap(true);
        message->setContentsMargins(theme().px(20), 0, 0, 0);
        box->addWidget(message);
        auto *foot = new QHBoxLayout;
        foot->setContentsMargins(theme().px(20), 0, 0, 0);
        foot->setSpacing(theme().px(8));
        if (!group.hosts.isEmpty()) {
            const int count = static_cast<int>(group.hosts.size());
            if (group.finding.rule == QLatin1String("unreachable") && refusal) {
                auto *defer = new Button(tr("Accept %1 as deferred").arg(count), ButtonKind::Outlined, ButtonSize::Tool);
                connect(defer, &QPushButton::clicked, this, [this, names = group.hosts] { Q_EMIT deferAsked(names); });
                foot->addWidget(defer);
            }
            if (refusal) {
                auto *exclude = new Button(tr("Exclude %1").arg(hostsText(count)), ButtonKind::Outlined, ButtonSize::Tool);
                connect(exclude, &QPushButton::clicked, this, [this, names = group.hosts] { Q_EMIT excludeAsked(names); });
                foot->addWidget(exclude);
            }
            auto *show = new Button(tr("Show"), ButtonKind::Outlined, ButtonSize::Tool);
            show->setAccessibleName(tr("Show %1").arg(group.hosts.first()));
            connect(show, &QPushButton::clicked, this, [this, name = group.hosts.first()] { Q_EMIT hostChosen(name); });
            foot->addWidget(show);
        }
        auto *remedy = new Label(visibleText(group.finding.remedy, 400), TextRole::Table, Role::Muted);
        remedy->setWordWrap(true);
        foot->addWidget(remedy, 1);
        box->addLayout(foot);
        card->setAccessibleName((refusal ? tr("Refusal: %1. %2") : tr("Warning: %1. %2")).arg(wordOfRule(group.finding.rule), sentence));
        m_list->insertWidget(at++, card);
    }
    if (groups.isEmpty()) {
        auto *none = new Label(tr("Nothing stands in the way."), TextRole::Body, Role::Muted);
        none->setContentsMargins(theme().px(14), theme().px(12), 0, 0);
        m_list->insertWidget(0, none);
    }
}

} // namespace bellwether
