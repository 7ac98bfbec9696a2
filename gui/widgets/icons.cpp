#include "widgets/icons.h"

#include <QFile>
#include <QHash>
#include <QIconEngine>
#include <QPainter>
#include <QSvgRenderer>
#include <cmath>
#include <functional>

namespace bellwether {

namespace {

QByteArray svgSource(const QString &name)
{
    static QHash<QString, QByteArray> sources;
    auto it = sources.constFind(name);
    if (it == sources.constEnd()) {
        QFile file(QStringLiteral(":/bellwether/icons/%1.svg").arg(name));
        it = sources.insert(name, file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray());
    }
    return *it;
}

// Asks the theme at each painting, so one QIcon serves light and dark.
class ThemedIconEngine final : public QIconEngine {
public:
    using Pick = std::function<QColor(QIcon::Mode, QIcon::State)>;
    ThemedIconEngine(QString name, Pick pick) : m_name(std::move(name)), m_pick(std::move(pick)) {}

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state) override
    {
        const int side = qMin(rect.width(), rect.height());
        paintIcon(*painter, QRect(rect.left(), rect.top() + (rect.height() - side) / 2, side, side), m_name, m_pick(mode, state));
    }
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override
    {
        return scaledPixmap(size, mode, state, 1.0);
    }
    QPixmap scaledPixmap(const QSize &size, QIcon::Mode mode, QIcon::State state, qreal scale) override
    {
        // size is in device pixels here; a size wider than high leaves its rest as the gap before a button's text
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        painter.drawPixmap(0, 0, iconPixmap(m_name, m_pick(mode, state), qMin(size.width(), size.height()), 1.0));
        painter.end();
        pixmap.setDevicePixelRatio(scale);
        return pixmap;
    }
    QIconEngine *clone() const override { return new ThemedIconEngine(m_name, m_pick); }

private:
    QString m_name;
    Pick m_pick;
};

} // namespace

QPixmap iconPixmap(const QString &name, const QColor &colour, int size, qreal devicePixelRatio)
{
    static QHash<QString, QPixmap> cache;
    const int pixels = qMax(1, static_cast<int>(std::lround(size * devicePixelRatio)));
    const QString key = QStringLiteral("%1|%2|%3|%4").arg(name, colour.name(QColor::HexArgb)).arg(pixels).arg(devicePixelRatio);
    const auto found = cache.constFind(key);
    if (found != cache.constEnd())
        return *found;
    QByteArray svg = svgSource(name);
    svg.replace("currentColor", colour.name().toLatin1());
    QPixmap pixmap(pixels, pixels);
    pixmap.fill(Qt::transparent);
    QSvgRenderer renderer(svg);
    if (renderer.isValid()) {
        renderer.setAspectRatioMode(Qt::KeepAspectRatio);
        QPainter painter(&pixmap);
        painter.setOpacity(colour.alphaF());
        renderer.render(&painter, QRectF(0, 0, pixels, pixels));
    }
    pixmap.setDevicePixelRatio(devicePixelRatio);
    if (cache.size() > 2000)
        cache.clear();
    return *cache.insert(key, pixmap);
}

void paintIcon(QPainter &painter, const QRectF &where, const QString &name, const QColor &colour)
{
    const qreal ratio = painter.device()->devicePixelRatioF();
    const int size = static_cast<int>(std::lround(qMin(where.width(), where.height())));
    const QPixmap pixmap = iconPixmap(name, colour, size, ratio);
    // on whole device pixels, or thin strokes blur
    const QPointF at(std::round((where.center().x() - size / 2.0) * ratio) / ratio,
                     std::round((where.center().y() - size / 2.0) * ratio) / ratio);
    painter.drawPixmap(at, pixmap);
}

QIcon themedIcon(const QString &name, Role role, Role checked)
{
    return QIcon(new ThemedIconEngine(name, [role, checked](QIcon::Mode mode, QIcon::State state) {
        if (mode == QIcon::Disabled)
            return theme().colour(Role::Muted);
        return theme().colour(state == QIcon::On || mode == QIcon::Selected ? checked : role);
    }));
}

QIcon themedIcon(const QString &name, StateRole role)
{
    return QIcon(new ThemedIconEngine(name, [role](QIcon::Mode mode, QIcon::State) {
        return mode == QIcon::Disabled ? theme().colour(Role::Muted) : theme().colour(role);
    }));
}

QIcon programIcon()
{
    QIcon icon;
    for (const int size : {16, 24, 32, 48, 64, 128})
        icon.addPixmap(iconPixmap(QStringLiteral("logo"), Qt::black, size, 1.0));
    return icon;
}

} // namespace bellwether
