#include "shell/productionframe.h"

#include "widgets/theme.h"

#include <QLayout>
#include <QPainter>

namespace bellwether {

ProductionFrame::ProductionFrame(QWidget *parent) : QWidget(parent)
{
    connect(&theme(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ProductionFrame::setProduction(bool production)
{
    m_production = production;
    const int edge = production ? 3 : 0;
    if (layout())
        layout()->setContentsMargins(edge, edge, edge, edge);
    update();
}

void ProductionFrame::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().colour(m_production ? Role::ProductionFill : Role::Surface));
    painter.fillRect(contentsRect().adjusted(m_production ? 3 : 0, m_production ? 3 : 0, m_production ? -3 : 0, m_production ? -3 : 0),
                     theme().colour(Role::Surface));
}

} // namespace bellwether
