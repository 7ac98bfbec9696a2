#pragma once
// Icons drawn from the program's own SVG files with currentColor replaced by a role's colour, at the device's pixel
// ratio, cached. Names: "state/healthy", "ui/fleet". GUI thread only.
#include "widgets/theme.h"

#include <QIcon>
#include <QPixmap>

class QPainter;

namespace bellwether {

QPixmap iconPixmap(const QString &name, const QColor &colour, int size, qreal devicePixelRatio);
void paintIcon(QPainter &painter, const QRectF &where, const QString &name, const QColor &colour);

// For buttons and actions: follows the theme; disabled is muted, checked and selected are `checked`.
QIcon themedIcon(const QString &name, Role role = Role::Text, Role checked = Role::Text);
QIcon themedIcon(const QString &name, StateRole role);

QIcon programIcon(); // the bell

} // namespace bellwether
