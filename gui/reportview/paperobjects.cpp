#include "reportview/paperobjects.h"

#include "report/reporttext.h"
#include "reportview/paper.h"

#include <QFile>
#include <QPainter>
#include <QSvgRenderer>

namespace bellwether {

namespace {
constexpr double rowHeight = 13, top = 15, nameWidth = 74, legendHeight = 17;
constexpr double iconSize = 8, figureHeight = 40;

QByteArray resource(const QString &path)
{
    QFile file(path);
    return file.open(QFile::ReadOnly) ? file.readAll() : QByteArray();
}

QColor colourOf(ReportTimeline::Kind kind)
{
    switch (kind) {
    case ReportTimeline::Kind::Upgrade: return QColor(0x27, 0x30, 0x3F);
    case ReportTimeline::Kind::Failure: return inkOf(Tone::Bad);
    case ReportTimeline::Kind::Back: return inkOf(Tone::Back);
    }
    return {};
}

const QColor grid(0xD2, 0xD7, 0xDE), bakeInk(0x7A, 0x5E, 0x00), bakeTint(0xEF, 0xEC, 0xE0);
} // namespace

QSizeF PaperObject::intrinsicSize(QTextDocument *, int, const QTextFormat &format)
{
    if (format.objectType() == Timeline)
        return {width, timelineHeight(timelines.value(format.intProperty(Index)))};
    if (format.objectType() == Figures)
        return {width, figureHeight};
    return {iconSize + 2.5, 5}; // lower than it is drawn, so that it does not push its line down
}

void PaperObject::drawObject(QPainter *painter, const QRectF &rect, QTextDocument *, int, const QTextFormat &format)
{
    if (format.objectType() == Timeline)
        drawTimeline(*painter, rect, timelines.value(format.intProperty(Index)));
    else if (format.objectType() == Figures)
        drawFigures(*painter, rect, figures.value(format.intProperty(Index)));
    else
        drawIcon(*painter, QRectF(rect.left(), rect.bottom() - iconSize + 1.2, iconSize, iconSize), format.stringProperty(Name), format.colorProperty(Colour));
}

void drawIcon(QPainter &painter, const QRectF &rect, const QString &name, const QColor &colour)
{
    QByteArray svg = resource(QStringLiteral(":/bellwether/icons/state/%1.svg").arg(name));
    svg.replace("currentColor", colour.name().toLatin1());
    QSvgRenderer renderer(svg);
    if (renderer.isValid())
        renderer.render(&painter, rect);
}

void drawLogo(QPainter &painter, const QRectF &rect)
{
    QSvgRenderer renderer(resource(QStringLiteral(":/bellwether/icons/logo.svg")));
    if (renderer.isValid())
        renderer.render(&painter, rect);
}

void drawFigures(QPainter &painter, const QRectF &rect, const ReportFigureRow &row)
{
    painter.save();
    const QRectF frame = rect.adjusted(0.4, 0.4, -0.4, -0.4);
    const double each = frame.width() / double(qMax<qsizetype>(1, row.figures.size()));
    painter.setPen(QPen(grid, 0.7));
    painter.drawRect(frame);
    for (qsizetype i = 0; i < row.figures.size(); ++i) {
        const QRectF box(frame.left() + each * double(i), frame.top(), each, frame.height());
        painter.setPen(QPen(grid, 0.7));
        if (i > 0)
            painter.drawLine(box.topLeft(), box.bottomLeft());
        const QRectF inner = box.adjusted(9, 5, -4, -5);
        painter.setFont(paperFont(14, QFont::DemiBold));
        painter.setPen(inkOf(row.figures[i].tone));
        painter.drawText(inner, Qt::AlignLeft | Qt::AlignTop, row.figures[i].value);
        painter.setFont(paperFont(7.5));
        painter.setPen(inkOf(Tone::Muted));
        painter.drawText(inner, Qt::AlignLeft | Qt::AlignBottom, row.figures[i].label);
    }
    painter.restore();
}

double timelineHeight(const ReportTimeline &timeline)
{
    return top + rowHeight * double(timeline.rows.size()) + legendHeight;
}

namespace {
struct TimelinePainter {
    QPainter &p;
    QRectF rect;
    const ReportTimeline &t;
    double left, right, bottom;

    double x(qint64 ms) const { return left + (right - left) * double(ms - t.fromMs) / double(t.toMs - t.fromMs); }
    double y(qsizetype row) const { return rect.top() + top + rowHeight * double(row); }

    void ticks()
    {
        p.setFont(paperFont(7));
        for (int i = 0; i < 6; ++i) {
            const double at = x(t.fromMs + (t.toMs - t.fromMs) * i / 5);
            p.setPen(QPen(grid, 0.6));
            p.drawLine(QPointF(at, rect.top() + top - 3), QPointF(at, bottom));
            p.setPen(inkOf(Tone::Muted));
            const QRectF box(at - 40, rect.top(), 80, 10);
            const Qt::Alignment side = i == 0 ? Qt::AlignLeft : i == 5 ? Qt::AlignRight : Qt::AlignHCenter;
            p.drawText(i == 0 ? box.translated(40, 0) : i == 5 ? box.translated(-40, 0) : box, int(side | Qt::AlignVCenter), reportClock(t.fromMs + (t.toMs - t.fromMs) * i / 5));
        }
    }
    void bands()
    {
        for (const auto &band : t.bands) {
            const QRectF box(x(band.fromMs), y(band.firstRow), qMax(1.0, x(band.toMs) - x(band.fromMs)), rowHeight * (band.lastRow - band.firstRow + 1));
            p.setPen(QPen(bakeInk, 0.7));
            p.setBrush(bakeTint);
            p.drawRect(box);
            p.setPen(bakeInk);
            if (QFontMetricsF(p.font(), p.device()).horizontalAdvance(band.text) < box.width() - 6)
                p.drawText(box, Qt::AlignCenter, band.text);
        }
    }
    void row(qsizetype index)
    {
        const ReportTimeline::Row &row = t.rows[index];
        p.setFont(paperFont(7.5));
        p.setPen(inkOf(Tone::Plain));
        const QFontMetricsF metrics(p.font(), p.device());
        p.drawText(QRectF(rect.left(), y(index), nameWidth - 4, rowHeight), Qt::AlignVCenter, metrics.elidedText(row.host, Qt::ElideRight, nameWidth - 6));
        double first = right, last = left;
        for (const auto &bar : row.bars) {
            const QRectF box(x(bar.fromMs), y(index) + 3, qMax(1.2, x(bar.toMs) - x(bar.fromMs)), rowHeight - 6);
            p.fillRect(box, colourOf(bar.kind));
            first = qMin(first, box.left());
            last = qMax(last, box.right());
        }
        if (row.note.isEmpty())
            return;
        p.setFont(paperFont(7, QFont::DemiBold));
        p.setPen(inkOf(Tone::Bad));
        const bool before = right - last < first - left;
        const QRectF room = before ? QRectF(left, y(index), first - left - 4, rowHeight) : QRectF(last + 4, y(index), right - last - 4, rowHeight);
        p.drawText(room, int((before ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter), QFontMetricsF(p.font(), p.device()).elidedText(row.note, Qt::ElideRight, room.width()));
    }
    void legend()
    {
        double at = rect.left();
        p.setFont(paperFont(7.5));
        const auto entry = [&](const QColor &colour, const QColor &outline, const QString &word) {
            p.setPen(QPen(outline, 0.7));
            p.setBrush(colour);
            p.drawRect(QRectF(at, bottom + 7, 6.5, 6.5));
            p.setPen(inkOf(Tone::Muted));
            p.drawText(QRectF(at + 10, bottom + 4, 200, 12), Qt::AlignVCenter, word);
            at += 24 + QFontMetricsF(p.font(), p.device()).horizontalAdvance(word);
        };
        using Kind = ReportTimeline::Kind;
        entry(colourOf(Kind::Upgrade), colourOf(Kind::Upgrade), QStringLiteral("upgrade"));
        entry(colourOf(Kind::Failure), colourOf(Kind::Failure), QStringLiteral("failure"));
        entry(colourOf(Kind::Back), colourOf(Kind::Back), QStringLiteral("way back and check"));
        entry(bakeTint, bakeInk, QStringLiteral("gate"));
        if (!t.more.isEmpty())
            p.drawText(QRectF(at, bottom + 4, 200, 12), Qt::AlignVCenter, t.more);
    }
};
} // namespace

void drawTimeline(QPainter &painter, const QRectF &rect, const ReportTimeline &timeline)
{
    painter.save();
    TimelinePainter p{painter, rect, timeline, rect.left() + nameWidth, rect.right() - 1, rect.top() + top + rowHeight * double(timeline.rows.size())};
    p.ticks();
    p.bands();
    for (qsizetype i = 0; i < timeline.rows.size(); ++i)
        p.row(i);
    p.legend();
    painter.restore();
}

} // namespace bellwether
