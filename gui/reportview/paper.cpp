#include "reportview/paper.h"

#include "reportview/paperobjects.h"

#include <QAbstractTextDocumentLayout>
#include <QFontDatabase>
#include <QTextBlock>
#include <QTextCursor>
#include <QTextTable>

namespace bellwether {

namespace {
constexpr double body = 8.5, small = 7.5, title = 11, head = 18;
const QColor rule(0xD2, 0xD7, 0xDE), strongRule(0x27, 0x30, 0x3F), sunken(0xF2, 0xF4, 0xF6);

QTextCharFormat format(const QFont &font, Tone tone)
{
    QTextCharFormat f;
    f.setFont(font);
    f.setForeground(inkOf(tone));
    return f;
}

QTextBlockFormat block(double above, double below, Qt::Alignment align = Qt::AlignLeft)
{
    QTextBlockFormat f;
    f.setTopMargin(above);
    f.setBottomMargin(below);
    f.setAlignment(align);
    f.setLineHeight(118, QTextBlockFormat::ProportionalHeight);
    return f;
}

// Hashes and commands have no spaces to break at: invisible break points after the marks that separate words in them.
QString breakable(const QString &text, bool code = false)
{
    QString out;
    int run = 0;
    for (const QChar c : text) {
        out += c;
        run = c == QLatin1Char(' ') ? 0 : run + 1;
        if ((code && QStringLiteral("/=,;:&?").contains(c)) || run >= 24) {
            out += QChar(0x200b);
            run = 0;
        }
    }
    return out;
}

struct Setter {
    QTextCursor &cursor;
    PaperObject &objects;
    double width;

    void text(const ReportCell &c, double size)
    {
        const QTextCharFormat f = format(c.mono ? paperMono(size - 0.5) : paperFont(size, c.strong ? QFont::DemiBold : QFont::Normal), c.tone);
        if (!c.icon.isEmpty()) {
            QTextCharFormat icon;
            icon.setObjectType(PaperObject::Icon);
            icon.setProperty(PaperObject::Name, c.icon);
            icon.setProperty(PaperObject::Colour, inkOf(c.tone == Tone::Plain ? Tone::Warn : c.tone));
            cursor.insertText(QString(QChar::ObjectReplacementCharacter), icon);
        }
        const QStringList lines = c.text.split(QLatin1Char('\n'));
        cursor.insertText(breakable(lines.join(QChar::LineSeparator), c.mono), f);
    }
    void paragraph(const QString &words, const QFont &font, Tone tone, double above, double below)
    {
        cursor.insertBlock(block(above, below));
        cursor.insertText(breakable(words), format(font, tone));
    }
    QTextTable *table(int rows, const QList<ReportColumn> &columns, double padding, int headRows)
    {
        QTextTableFormat f;
        f.setBorder(0);
        f.setCellPadding(0);
        f.setCellSpacing(0);
        f.setBorderCollapse(false); // collapsed borders are drawn in quadratic time
        f.setWidth(QTextLength(QTextLength::PercentageLength, 100));
        f.setTopMargin(padding);
        f.setBottomMargin(0); // a margin across a page's end would repeat the head over what follows
        f.setHeaderRowCount(headRows);
        double sum = 0;
        for (const ReportColumn &column : columns)
            sum += column.width;
        QList<QTextLength> lengths;
        for (const ReportColumn &column : columns)
            lengths.append(QTextLength(QTextLength::PercentageLength, 100.0 * column.width / sum));
        f.setColumnWidthConstraints(lengths);
        cursor.insertBlock(block(0, 0));
        return cursor.insertTable(rows, int(columns.size()), f);
    }
    // A cell with a line below; the cursor stands in it afterwards.
    void enter(QTextTable *in, int row, int column, const QColor &line, double weight, double right, Qt::Alignment align)
    {
        QTextTableCell at = in->cellAt(row, column);
        QTextTableCellFormat f;
        f.setTopPadding(2.6);
        f.setBottomPadding(2.6);
        f.setRightPadding(right);
        if (weight > 0) {
            f.setBottomBorder(weight);
            f.setBottomBorderStyle(QTextFrameFormat::BorderStyle_Solid);
            f.setBottomBorderBrush(line);
        }
        at.setFormat(f);
        cursor = at.firstCursorPosition();
        cursor.setBlockFormat(block(0, 0, align));
    }
    void leave(QTextTable *in)
    {
        cursor = in->lastCursorPosition();
        cursor.movePosition(QTextCursor::NextBlock);
    }

    void operator()(const ReportParagraph &p) { paragraph(p.text, paperFont(body), p.tone, 1, 4); }
    void operator()(const ReportCode &c)
    {
        QTextBlockFormat f = block(2, 5);
        f.setBackground(sunken);
        f.setLeftMargin(2);
        cursor.insertBlock(f);
        cursor.insertText(breakable(QString(c.text).replace(QLatin1Char('\n'), QChar::LineSeparator)), format(paperMono(small), Tone::Plain));
    }
    void operator()(const ReportList &l)
    {
        for (const ReportCell &item : l.items) {
            cursor.insertBlock(block(1.5, 1.5));
            text(item, body);
        }
    }
    void object(PaperObject::Type type, qsizetype index, double above, double below)
    {
        QTextCharFormat f;
        f.setObjectType(type);
        f.setProperty(PaperObject::Index, int(index));
        QTextBlockFormat plain = block(above, below);
        plain.setLineHeight(100, QTextBlockFormat::ProportionalHeight);
        cursor.insertBlock(plain);
        cursor.insertText(QString(QChar::ObjectReplacementCharacter), f);
    }
    void operator()(const ReportFigureRow &row)
    {
        objects.figures.append(row);
        object(PaperObject::Figures, objects.figures.size() - 1, 8, 2);
    }
    void operator()(const ReportFacts &facts)
    {
        const int rows = int(qMax(facts.left.size(), facts.right.size()));
        QTextTable *t = table(rows, {{{}, 13}, {{}, 39}, {{}, 13}, {{}, 39}}, 6, 0);
        for (int row = 0; row < rows; ++row) {
            int column = 0;
            for (const auto *side : {&facts.left, &facts.right}) {
                if (row < side->size()) {
                    enter(t, row, column, {}, 0, 4, Qt::AlignLeft);
                    text({side->at(row).first, Tone::Muted}, body);
                    enter(t, row, column + 1, {}, 0, 6, Qt::AlignLeft);
                    text(side->at(row).second, body);
                }
                column += 2;
            }
        }
        leave(t);
    }
    void operator()(const ReportTable &data)
    {
        QTextTable *t = table(int(data.rows.size()) + 1, data.columns, 2, 1);
        for (int column = 0; column < data.columns.size(); ++column) {
            const bool last = column == data.columns.size() - 1;
            const Qt::Alignment align = data.columns[column].right ? Qt::AlignRight : Qt::AlignLeft;
            enter(t, 0, column, strongRule, 1.1, last ? 0 : data.columns[column].right ? 14 : 7, align);
            text({data.columns[column].title, Tone::Muted}, small);
            for (int row = 0; row < data.rows.size(); ++row) {
                enter(t, row + 1, column, rule, 0.6, last ? 0 : data.columns[column].right ? 14 : 7, align);
                ReportCell cell = data.rows[row].value(column);
                if (data.columns[column].right)
                    cell.text.replace(QLatin1Char(' '), QChar::Nbsp); // "1 min 49 s" stays in one piece
                text(cell, small);
            }
        }
        leave(t);
    }
    void operator()(const ReportTimeline &timeline)
    {
        objects.timelines.append(timeline);
        object(PaperObject::Timeline, objects.timelines.size() - 1, 4, 2);
    }
};
} // namespace

QColor inkOf(Tone tone)
{
    return QColor(toneColour(tone));
}

QFont paperFont(double points, QFont::Weight weight)
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
    font.setPointSizeF(points);
    font.setWeight(weight);
    return font;
}

QFont paperMono(double points)
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setPointSizeF(points);
    return font;
}

PaperDocument::PaperDocument(const ReportDocument &report, QSizeF pageSize, QPaintDevice *device)
{
    setUndoRedoEnabled(false);
    setDefaultFont(paperFont(body));
    setDocumentMargin(0);
    documentLayout()->setPaintDevice(device);
    setPageSize(pageSize);
    auto *objects = new PaperObject(this);
    objects->width = pageSize.width();
    documentLayout()->registerHandler(PaperObject::Icon, objects);
    documentLayout()->registerHandler(PaperObject::Timeline, objects);
    documentLayout()->registerHandler(PaperObject::Figures, objects);

    QList<int> headings;
    QTextCursor cursor(this);
    cursor.beginEditBlock(); // laid out once, at the end
    cursor.setBlockFormat(block(0, 3));
    cursor.insertText(report.headline, format(paperFont(head, QFont::DemiBold), Tone::Plain));
    Setter setter{cursor, *objects, pageSize.width()};
    setter.paragraph(report.summary, paperFont(body + 1), Tone::Plain, 0, 4);
    for (const ReportSection &section : report.sections) {
        if (!section.title.isEmpty()) {
            setter.paragraph(section.title, paperFont(title, QFont::DemiBold), Tone::Plain, 12, 2);
            headings.append(cursor.block().blockNumber());
        }
        for (const ReportBlock &part : section.blocks)
            std::visit(setter, part);
    }
    cursor.endEditBlock();
    keepWithNext(headings, pageSize.height());
}

// A heading does not stand alone at the foot of a page: QTextDocument knows no such wish, so it is looked for.
void PaperDocument::keepWithNext(const QList<int> &headings, double pageHeight)
{
    constexpr double enough = 46; // what has to stand below it: a head and a row, or two lines
    const auto pageOf = [&](double y) { return int(y / pageHeight); };
    for (const int number : headings) {
        const QTextBlock heading = findBlockByNumber(number);
        QTextBlock next = heading.next();
        if (next.isValid() && next.length() <= 1) // before a table stands an empty one
            next = next.next();
        const double bottom = documentLayout()->blockBoundingRect(heading).bottom();
        const bool together = next.isValid() && pageOf(documentLayout()->blockBoundingRect(next).center().y()) == pageOf(bottom);
        if (together && pageHeight * (pageOf(bottom) + 1) - bottom >= enough)
            continue;
        QTextCursor cursor(heading);
        QTextBlockFormat f = heading.blockFormat();
        f.setPageBreakPolicy(QTextFormat::PageBreak_AlwaysBefore);
        cursor.setBlockFormat(f);
    }
}

QVariant PaperDocument::loadResource(int, const QUrl &)
{
    return {};
}

} // namespace bellwether
