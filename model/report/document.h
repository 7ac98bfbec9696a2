#pragma once
// A report as a document for people, before it becomes HTML, Markdown or PDF: all of them say the same.
#include "report/auditreport.h"

#include <variant>

namespace bellwether {

enum class Tone { Plain, Muted, Good, Bad, Warn, Back, Half, Doubt, Running, Production };

struct ReportCell {
    QString text{}; // printable, see shown()
    Tone tone = Tone::Plain;
    bool mono = false, strong = false;
    QString icon{}; // name of a state icon; colour is never alone
};
struct ReportColumn {
    QString title;
    int width = 1; // share
    bool right = false;
};
struct ReportTable {
    QList<ReportColumn> columns;
    QList<QList<ReportCell>> rows;
};
struct ReportParagraph {
    QString text;
    Tone tone = Tone::Plain;
};
struct ReportList {
    QList<ReportCell> items;
};
struct ReportCode {
    QString text; // several lines
};
struct ReportFigureRow {
    struct Figure {
        QString value, label;
        Tone tone = Tone::Plain;
    };
    QList<Figure> figures;
};
struct ReportFacts { // two columns of label and value, filled from the left one down
    QList<std::pair<QString, ReportCell>> left, right;
};
struct ReportTimeline {
    enum class Kind { Upgrade, Failure, Back };
    struct Bar {
        qint64 fromMs = 0, toMs = 0;
        Kind kind = Kind::Upgrade;
    };
    struct Row {
        QString host, note; // note: what failed when
        QList<Bar> bars;
    };
    struct Band { // a gate's bake over the rows of its wave
        qint64 fromMs = 0, toMs = 0;
        int firstRow = 0, lastRow = 0;
        QString text;
    };
    qint64 fromMs = 0, toMs = 0;
    QList<Row> rows;
    QList<Band> bands;
    QString more; // hosts that are not drawn
};
using ReportBlock = std::variant<ReportParagraph, ReportTable, ReportList, ReportCode, ReportFigureRow, ReportFacts, ReportTimeline>;

struct ReportSection {
    QString title;
    QList<ReportBlock> blocks;
};
struct ReportDocument {
    QString name, origin;  // "Upgrade audit report", "Bellwether 0.1.0, journal events 9 814 to 10 215"
    QString rollout;       // "R-0131"
    QString headline, summary;
    QList<ReportSection> sections;
    QString lastEvent, headHash; // for the foot: "Last event 10 215"; short hash
};

ReportDocument reportDocument(const AuditReport &report);

Tone toneOf(HostRunState state);
QString toneColour(Tone tone);      // "#006D44", of the light theme: paper is light
QString reportIcon(HostRunState state);
QString iconMark(const QString &icon); // one character that stands for the icon where pictures cannot: "✓"

} // namespace bellwether
