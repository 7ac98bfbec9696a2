#include "widgets/factgrid.h"

#include "widgets/button.h"
#include "widgets/panel.h"

#include <QGridLayout>

namespace bellwether {

FactGrid::FactGrid(QWidget *parent) : QWidget(parent), m_grid(new QGridLayout(this))
{
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(theme().px(6));
    m_grid->setVerticalSpacing(theme().px(3));
    m_grid->setColumnMinimumWidth(0, theme().px(88));
    m_grid->setColumnStretch(2, 1);
}

void FactGrid::setFacts(const QList<Fact> &facts)
{
    if (facts == m_facts)
        return;
    m_facts = facts;
    while (QLayoutItem *item = m_grid->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    int row = 0;
    for (const Fact &fact : facts) {
        auto *name = new Label(fact.name, TextRole::Table, Role::Muted);
        auto *value = new Label(fact.value, fact.mono ? TextRole::Mono : TextRole::Table);
        value->setTextInteractionFlags(Qt::TextSelectableByMouse);
        value->setWordWrap(true);
        value->setToolTip(plainToolTip(fact.toolTip));
        value->setAccessibleName(fact.name + QStringLiteral(": ") + fact.value);
        if (fact.role)
            value->setColour(*fact.role);
        m_grid->addWidget(name, row, 0, Qt::AlignTop);
        if (!fact.icon.isEmpty())
            m_grid->addWidget(new IconLabel(fact.icon, 12, fact.role.value_or(StateRole::Waiting)), row, 1, Qt::AlignTop);
        m_grid->addWidget(value, row, fact.icon.isEmpty() ? 1 : 2, 1, fact.icon.isEmpty() ? 2 : 1);
        ++row;
    }
}

} // namespace bellwether
