// One file that a browser shows with the network off: no script, no remote resource, every text escaped.
#include "report/document.h"
#include "report/reporttext.h"

namespace bellwether {

namespace {

QString escaped(const QString &text)
{
    QString out = text.toHtmlEscaped(); // & < > "
    return out.replace(QLatin1Char('\''), QStringLiteral("&#39;"));
}

const char *toneClass(Tone tone)
{
    switch (tone) {
    case Tone::Plain: return "";
    case Tone::Muted: return "muted";
    case Tone::Good: return "good";
    case Tone::Bad: return "bad";
    case Tone::Warn: return "warn";
    case Tone::Back: return "back";
    case Tone::Half: return "half";
    case Tone::Doubt: return "doubt";
    case Tone::Running: return "running";
    case Tone::Production: return "production";
    }
    return "";
}

QString cell(const ReportCell &c)
{
    QStringList classes;
    if (c.tone != Tone::Plain)
        classes.append(QLatin1String(toneClass(c.tone)));
    if (c.mono)
        classes.append(QStringLiteral("mono"));
    if (c.strong)
        classes.append(QStringLiteral("strong"));
    QString text = escaped(c.text);
    if (!c.icon.isEmpty())
        text = QStringLiteral("<span class=\"icon %1\">%2</span> ").arg(QLatin1String(c.tone == Tone::Plain ? "warn" : toneClass(c.tone)), iconMark(c.icon)) + text;
    return classes.isEmpty() ? text : QStringLiteral("<span class=\"%1\">%2</span>").arg(classes.join(QLatin1Char(' ')), text);
}

struct Writer {
    QString &out;

    void operator()(const ReportParagraph &p) { out += QStringLiteral("<p class=\"%1\">%2</p>\n").arg(QLatin1String(toneClass(p.tone)), escaped(p.text)); }
    void operator()(const ReportCode &c) { out += QStringLiteral("<pre>%1</pre>\n").arg(escaped(c.text)); }
    void operator()(const ReportList &l)
    {
        out += QStringLiteral("<ul>\n");
        for (const ReportCell &item : l.items)
            out += QStringLiteral("<li>%1</li>\n").arg(cell(item));
        out += QStringLiteral("</ul>\n");
    }
    void operator()(const ReportFigureRow &f)
    {
        out += QStringLiteral("<div class=\"figures\">\n");
        for (const auto &figure : f.figures)
            out += QStringLiteral("<div><b class=\"%1\">%2</b><span>%3</span></div>\n").arg(QLatin1String(toneClass(figure.tone)), escaped(figure.value), escaped(figure.label));
        out += QStringLiteral("</div>\n");
    }
    void operator()(const ReportFacts &f)
    {
        out += QStringLiteral("<div class=\"facts\">\n");
        for (const auto *side : {&f.left, &f.right}) {
            out += QStringLiteral("<table>\n");
            for (const auto &[label, value] : *side)
                out += QStringLiteral("<tr><th>%1</th><td>%2</td></tr>\n").arg(escaped(label), cell(value));
            out += QStringLiteral("</table>\n");
        }
        out += QStringLiteral("</div>\n");
    }
    void operator()(const ReportTable &t)
    {
        out += QStringLiteral("<table class=\"list\">\n<thead><tr>");
        for (const ReportColumn &column : t.columns)
            out += QStringLiteral("<th%1>%2</th>").arg(QLatin1String(column.right ? " class=\"right\"" : ""), escaped(column.title));
        out += QStringLiteral("</tr></thead>\n<tbody>\n");
        for (const QList<ReportCell> &row : t.rows) {
            out += QStringLiteral("<tr>");
            for (qsizetype i = 0; i < row.size(); ++i)
                out += QStringLiteral("<td%1>%2</td>").arg(QLatin1String(t.columns.value(i).right ? " class=\"right\"" : ""), cell(row[i]));
            out += QStringLiteral("</tr>\n");
        }
        out += QStringLiteral("</tbody>\n</table>\n");
    }
    void operator()(const ReportTimeline &t) { timeline(t); }

    void timeline(const ReportTimeline &t)
    {
        constexpr double left = 120, right = 880, rowHeight = 22, top = 24;
        const auto x = [&](qint64 ms) { return left + (right - left) * double(ms - t.fromMs) / double(t.toMs - t.fromMs); };
        const double bottom = top + rowHeight * double(t.rows.size());
        out += QStringLiteral("<svg class=\"timeline\" viewBox=\"0 0 900 %1\" role=\"img\" aria-label=\"Timeline by host\">\n").arg(bottom + 6);
        for (int i = 0; i < 6; ++i) {
            const qint64 at = t.fromMs + (t.toMs - t.fromMs) * i / 5;
            out += QStringLiteral("<line x1=\"%1\" y1=\"18\" x2=\"%1\" y2=\"%2\" stroke=\"#D2D7DE\"/><text x=\"%1\" y=\"12\" text-anchor=\"%4\" class=\"tick\">%3</text>\n")
                       .arg(x(at), 0, 'f', 1).arg(bottom).arg(reportClock(at), QLatin1String(i == 0 ? "start" : i == 5 ? "end" : "middle"));
        }
        for (const auto &band : t.bands) {
            const double width = qMax(1.0, x(band.toMs) - x(band.fromMs));
            out += QStringLiteral("<rect x=\"%1\" y=\"%2\" width=\"%3\" height=\"%4\" fill=\"#EFECE0\" stroke=\"#7A5E00\"/>\n")
                       .arg(x(band.fromMs), 0, 'f', 1).arg(top + rowHeight * band.firstRow).arg(width, 0, 'f', 1).arg(rowHeight * (band.lastRow - band.firstRow + 1));
            if (width > 90)
                out += QStringLiteral("<text x=\"%1\" y=\"%2\" text-anchor=\"middle\" class=\"band\">%3</text>\n")
                           .arg(x(band.fromMs) + width / 2, 0, 'f', 1).arg(top + rowHeight * (band.firstRow + band.lastRow + 1) / 2 + 4).arg(escaped(band.text));
        }
        for (qsizetype i = 0; i < t.rows.size(); ++i)
            timelineRow(t.rows[i], top + rowHeight * double(i), x);
        out += QStringLiteral("</svg>\n<p class=\"legend\"><span class=\"box upgrade\"></span>upgrade <span class=\"box failure\"></span>failure <span class=\"box way\"></span>way back and check <span class=\"box bake\"></span>gate%1</p>\n")
                   .arg(t.more.isEmpty() ? QString() : QStringLiteral(" · ") + escaped(t.more));
    }

    template<class X>
    void timelineRow(const ReportTimeline::Row &row, double y, X x)
    {
        out += QStringLiteral("<text x=\"0\" y=\"%1\" class=\"host\">%2</text>\n").arg(y + 15).arg(escaped(row.host.left(20)));
        double end = 0;
        for (const auto &bar : row.bars) {
            const char *colour = bar.kind == ReportTimeline::Kind::Upgrade ? "#27303F" : bar.kind == ReportTimeline::Kind::Failure ? "#820A00" : "#495F6C";
            const double width = qMax(2.0, x(bar.toMs) - x(bar.fromMs));
            out += QStringLiteral("<rect x=\"%1\" y=\"%2\" width=\"%3\" height=\"12\" fill=\"%4\"/>\n").arg(x(bar.fromMs), 0, 'f', 1).arg(y + 5).arg(width, 0, 'f', 1).arg(QLatin1String(colour));
            end = qMax(end, x(bar.fromMs) + width);
        }
        if (!row.note.isEmpty())
            out += QStringLiteral("<text x=\"%1\" y=\"%2\" text-anchor=\"%4\" class=\"note\">%3</text>\n").arg(end > 600 ? x(row.bars.first().fromMs) - 6 : end + 6, 0, 'f', 1).arg(y + 15).arg(escaped(row.note), QLatin1String(end > 600 ? "end" : "start"));
    }
};

// The logo's shapes, in the file itself: nothing is loaded from anywhere.
constexpr const char *logo =
    "<svg class=\"logo\" viewBox=\"0 0 64 64\" aria-hidden=\"true\"><g transform=\"translate(32 0) scale(1.2 1.04) translate(-32 -1)\">"
    "<path fill=\"none\" stroke=\"#6B7688\" stroke-width=\"4.5\" d=\"M23 16V11.5C23 7.9 25.9 5 29.5 5H34.5C38.1 5 41 7.9 41 11.5V16\"/>"
    "<path fill=\"#D6A536\" d=\"M22.6 15H41.4C44 15 46 16.7 46.5 19.2L53 46.2C53.5 48.2 52 50 50 50H14C12 50 10.5 48.2 11 46.2L17.5 19.2C18 16.7 20 15 22.6 15Z\"/>"
    "<path fill=\"#8A6510\" d=\"M12.2 41H51.8L53 46.2C53.5 48.2 52 50 50 50H14C12 50 10.5 48.2 11 46.2Z\"/>"
    "<path fill=\"#F3D98A\" d=\"M24.5 20H29L25.6 36H20.4Z\"/><path fill=\"#6B7688\" d=\"M25 53H39A7 7 0 0 1 25 53Z\"/></g></svg>";

constexpr const char *style = R"(
:root{color-scheme:light}
body{margin:0;background:#F2F4F6;color:#1A1F28;font:14px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:900px;margin:24px auto;padding:40px 48px;background:#fff;border:1px solid #D2D7DE}
header{display:flex;gap:14px;align-items:center;padding-bottom:14px;border-bottom:2px solid #27303F}
header div{flex:1}header strong{font-size:16px}header small,header aside{color:#565F6E;display:block;font-size:13px}
.logo{width:36px;height:36px}
h1{font-size:28px;line-height:1.25;margin:24px 0 8px}h2{font-size:17px;margin:32px 0 8px}
.summary{font-size:15px;margin:0 0 20px}
.figures{display:flex;border:1px solid #D2D7DE;margin:20px 0}.figures div{flex:1;padding:10px 14px;border-left:1px solid #D2D7DE}
.figures div:first-child{border-left:0}.figures b{display:block;font-size:22px}.figures span{color:#565F6E;font-size:13px}
.facts{display:flex;gap:32px}.facts table{flex:1}.facts th{color:#565F6E;font-weight:400;text-align:left;width:96px;padding:2px 0;vertical-align:top}
.facts td{padding:2px 0}
table{border-collapse:collapse;width:100%}
.list{font-size:13px;margin-bottom:16px}.list th{color:#565F6E;font-weight:400;text-align:left;padding:6px 12px 6px 0;border-bottom:2px solid #27303F}
.list td{padding:5px 12px 5px 0;border-bottom:1px solid #D2D7DE;vertical-align:top;overflow-wrap:anywhere}
.list tr>:last-child{padding-right:0}.list .right{text-align:right;white-space:nowrap}
.mono,pre{font:12px/1.5 ui-monospace,monospace}pre{background:#F2F4F6;border:1px solid #D2D7DE;padding:8px 12px;white-space:pre-wrap;overflow-wrap:anywhere}
.strong{font-weight:600}.muted{color:#565F6E}.good{color:#006D44}.bad{color:#820A00}.warn{color:#9A5100}.back{color:#495F6C}
.half{color:#7E297B}.doubt{color:#18209C}.running{color:#305EC7}.production{color:#C5004B}
ul{margin:8px 0;padding-left:4px;list-style:none}li{padding:2px 0}
.timeline{width:100%;height:auto;font-family:inherit}.timeline text{font-size:12px;fill:#1A1F28}.timeline .tick{fill:#565F6E}
.timeline .band{fill:#7A5E00}.timeline .note{fill:#820A00;font-weight:600}
.legend{color:#565F6E;font-size:13px}.box{display:inline-block;width:11px;height:11px;margin:0 4px 0 12px}.box:first-child{margin-left:0}
.upgrade{background:#27303F}.failure{background:#820A00}.way{background:#495F6C}.bake{background:#EFECE0;outline:1px solid #7A5E00}
footer{margin-top:32px;padding-top:10px;border-top:1px solid #D2D7DE;color:#565F6E;font-size:13px;display:flex;justify-content:space-between}
@media print{body{background:#fff}main{margin:0;padding:0;border:0;max-width:none}tr,pre,svg{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}}
@page{size:A4;margin:15mm}
@media(max-width:700px){main{padding:20px}.facts,.figures{flex-wrap:wrap}.list{display:block;overflow-x:auto}}
)";

} // namespace

QByteArray reportHtml(const AuditReport &report)
{
    const ReportDocument d = reportDocument(report);
    QString out = QStringLiteral("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
                                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
                                 "<title>%1: %2</title>\n<style>%3</style>\n</head>\n<body>\n<main>\n")
                      .arg(escaped(d.rollout), escaped(d.headline), QLatin1String(style));
    out += QStringLiteral("<header>%1<div><strong>%2</strong><small>%3</small></div><aside>Rollout %4</aside></header>\n")
               .arg(QLatin1String(logo), escaped(d.name), escaped(d.origin), escaped(d.rollout));
    out += QStringLiteral("<h1>%1</h1>\n<p class=\"summary\">%2</p>\n").arg(escaped(d.headline), escaped(d.summary));
    Writer writer{out};
    for (const ReportSection &section : d.sections) {
        if (!section.title.isEmpty())
            out += QStringLiteral("<h2>%1</h2>\n").arg(escaped(section.title));
        for (const ReportBlock &block : section.blocks)
            std::visit(writer, block);
    }
    out += QStringLiteral("<footer><span>%1</span><span class=\"mono\">%2</span></footer>\n</main>\n</body>\n</html>\n").arg(escaped(d.lastEvent), escaped(d.headHash));
    return out.toUtf8();
}

} // namespace bellwether
