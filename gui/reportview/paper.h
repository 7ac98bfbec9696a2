#pragma once
// A report document as a QTextDocument, with the pictures that HTML cannot do (icons, figures, timeline) as text objects.
#include "report/document.h"

#include <QTextDocument>
#include <QTextObjectInterface>

namespace bellwether {

QColor inkOf(Tone tone);
QFont paperFont(double points, QFont::Weight weight = QFont::Normal);
QFont paperMono(double points);

class PaperDocument : public QTextDocument {
public:
    explicit PaperDocument(const ReportDocument &report, QSizeF pageSize, QPaintDevice *device);

protected:
    QVariant loadResource(int type, const QUrl &name) override; // nothing, ever

private:
    void keepWithNext(const QList<int> &headings, double pageHeight);
};

} // namespace bellwether
