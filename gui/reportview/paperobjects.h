#pragma once
// What is painted rather than set: a state's icon, the row of figures, the timeline. Sizes in points.
#include "report/document.h"

#include <QTextFormat>
#include <QTextObjectInterface>

namespace bellwether {

class PaperObject final : public QObject, public QTextObjectInterface {
    Q_OBJECT
    Q_INTERFACES(QTextObjectInterface)
public:
    enum Type { Icon = QTextFormat::UserObject + 1, Timeline, Figures };
    enum Property { Name = QTextFormat::UserProperty + 1, Colour, Index };
    explicit PaperObject(QObject *parent) : QObject(parent) {}
    QList<ReportTimeline> timelines;
    QList<ReportFigureRow> figures;
    double width = 0; // of the page

    QSizeF intrinsicSize(QTextDocument *document, int position, const QTextFormat &format) override;
    void drawObject(QPainter *painter, const QRectF &rect, QTextDocument *document, int position, const QTextFormat &format) override;
};

void drawIcon(QPainter &painter, const QRectF &rect, const QString &name, const QColor &colour); // of resources/icons/state
void drawLogo(QPainter &painter, const QRectF &rect);
void drawFigures(QPainter &painter, const QRectF &rect, const ReportFigureRow &figures);
double timelineHeight(const ReportTimeline &timeline);
void drawTimeline(QPainter &painter, const QRectF &rect, const ReportTimeline &timeline);

} // namespace bellwether
