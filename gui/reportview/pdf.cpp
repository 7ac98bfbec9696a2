#include "reportview/pdf.h"

#include "report/document.h"
#include "reportview/paper.h"
#include "reportview/paperobjects.h"

#include <QAbstractTextDocumentLayout>
#include <QBuffer>
#include <QPainter>
#include <QPdfWriter>

namespace bellwether {

namespace {
constexpr int resolution = 72; // one unit is one point; PDF is exact all the same
constexpr double marginMm = 15;
constexpr double headHeight = 46, footHeight = 34;

struct Pages {
    QPainter &painter;
    const ReportDocument &report;
    QSizeF page; // inside the margins
    int count;

    void line(double y, const QColor &colour, double weight)
    {
        painter.setPen(QPen(colour, weight));
        painter.drawLine(QPointF(0, y), QPointF(page.width(), y));
    }
    void words(const QRectF &box, Qt::Alignment align, const QFont &font, Tone tone, const QString &text)
    {
        painter.setFont(font);
        painter.setPen(inkOf(tone));
        painter.drawText(box, int(align | Qt::AlignVCenter), QFontMetricsF(font, painter.device()).elidedText(text, Qt::ElideRight, box.width()));
    }
    void header(int number)
    {
        const double w = page.width();
        drawLogo(painter, QRectF(0, 1, 26, 26));
        words(QRectF(34, 0, w * 0.7 - 34, 14), Qt::AlignLeft, paperFont(10, QFont::DemiBold), Tone::Plain, report.name);
        words(QRectF(34, 14, w * 0.8 - 34, 13), Qt::AlignLeft, paperFont(7.5), Tone::Muted, report.origin);
        words(QRectF(w * 0.8, 0, w * 0.2, 14), Qt::AlignRight, paperFont(8), Tone::Muted, QStringLiteral("Rollout %1").arg(report.rollout));
        words(QRectF(w * 0.8, 14, w * 0.2, 13), Qt::AlignRight, paperFont(8), Tone::Muted, QStringLiteral("Page %1 of %2").arg(number).arg(count));
        line(33, inkOf(Tone::Plain), 1.1);
    }
    void footer()
    {
        const double w = page.width(), y = page.height() - footHeight + 8;
        line(y, QColor(0xD2, 0xD7, 0xDE), 0.6);
        words(QRectF(0, y + 4, w * 0.7, 11), Qt::AlignLeft, paperFont(7.5), Tone::Muted, QStringLiteral("Where a signature lies beside it, check it with OpenSSH:"));
        words(QRectF(0, y + 15, w * 0.76, 11), Qt::AlignLeft, paperMono(6.5), Tone::Plain, QStringLiteral("ssh-keygen -Y verify -n bellwether-report -f allowed_signers -I SIGNER -s FILE.sig < FILE"));
        words(QRectF(w * 0.7, y + 4, w * 0.3, 11), Qt::AlignRight, paperFont(7.5), Tone::Muted, report.lastEvent);
        words(QRectF(w * 0.7, y + 15, w * 0.3, 11), Qt::AlignRight, paperMono(6.5), Tone::Muted, report.headHash);
    }
};
} // namespace

Result<QByteArray> reportPdf(const AuditReport &auditReport)
{
    const ReportDocument report = reportDocument(auditReport);
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QBuffer::WriteOnly);
    QPdfWriter writer(&buffer);
    writer.setPageLayout(QPageLayout(QPageSize(QPageSize::A4), QPageLayout::Portrait, QMarginsF(marginMm, marginMm, marginMm, marginMm), QPageLayout::Millimeter));
    writer.setResolution(resolution);
    writer.setTitle(QStringLiteral("%1: %2").arg(report.rollout, report.headline));
    writer.setCreator(QStringLiteral("Bellwether %1").arg(auditReport.programVersion));

    const QSizeF page(writer.width(), writer.height());
    const QSizeF inside(page.width(), page.height() - headHeight - footHeight);
    PaperDocument document(report, inside, &writer);
    QPainter painter;
    if (!painter.begin(&writer))
        return fail(ErrorCode::Internal, {QStringLiteral("the PDF cannot be painted")});
    Pages pages{painter, report, page, document.pageCount()};
    for (int i = 0; i < pages.count; ++i) {
        if (i > 0)
            writer.newPage();
        pages.header(i + 1);
        pages.footer();
        painter.save();
        painter.translate(0, headHeight - i * inside.height());
        QAbstractTextDocumentLayout::PaintContext context;
        context.clip = QRectF(0, i * inside.height(), inside.width(), inside.height());
        context.palette.setColor(QPalette::Text, inkOf(Tone::Plain));
        painter.setClipRect(context.clip);
        document.documentLayout()->draw(&painter, context);
        painter.restore();
    }
    painter.end();
    buffer.close();
    return bytes;
}

} // namespace bellwether
