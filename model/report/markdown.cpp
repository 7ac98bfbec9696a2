#include "report/document.h"
#include "report/reporttext.h"

#include <algorithm>

namespace bellwether {

namespace {

// Nothing that came from a host may become a heading, a link, a table or HTML.
QString escaped(const QString &text)
{
    static const QString special = QStringLiteral("\\`*_{}[]#!|~$");
    QString out;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text[i];
        if (c == QLatin1Char('\n')) {
            out += QLatin1Char(' ');
            continue;
        }
        const bool address = c == QLatin1Char(':') && text.mid(i + 1, 2) == QLatin1String("//"); // no link by itself
        if (special.contains(c) || address)
            out += QLatin1Char('\\');
        out += c;
    }
    out.replace(QLatin1Char('&'), QStringLiteral("&amp;")).replace(QLatin1Char('<'), QStringLiteral("&lt;")).replace(QLatin1Char('>'), QStringLiteral("&gt;"));
    if (out.startsWith(QLatin1Char('-')) || out.startsWith(QLatin1Char('+')) || out.startsWith(QLatin1Char('=')))
        out.prepend(QLatin1Char('\\'));
    return out;
}

QString longestRun(const QString &text, QChar of)
{
    int longest = 0, run = 0;
    for (const QChar c : text) {
        run = c == of ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return QString(longest, of);
}

// Code in a table's cell: fenced by more backticks than it holds; a bar would end the cell even inside of it.
QString code(const QString &text)
{
    const QString fence = longestRun(text, QLatin1Char('`')) + QLatin1Char('`');
    const QString inner = QString(text).replace(QLatin1Char('|'), QStringLiteral("\\|")).replace(QLatin1Char('\n'), QLatin1Char(' '));
    const QString space = inner.startsWith(QLatin1Char('`')) || inner.endsWith(QLatin1Char('`')) ? QStringLiteral(" ") : QString();
    return fence + space + inner + space + fence;
}

QString cell(const ReportCell &c)
{
    const bool dash = c.text == QStringLiteral("–");
    QString text = c.mono && !dash ? code(c.text) : escaped(c.text);
    if (c.strong && !c.mono)
        text = QStringLiteral("**%1**").arg(text);
    return c.icon.isEmpty() ? text : iconMark(c.icon) + QLatin1Char(' ') + text;
}

struct Writer {
    QString &out;

    void operator()(const ReportParagraph &p) { out += escaped(p.text) + QStringLiteral("\n\n"); }
    void operator()(const ReportCode &c)
    {
        const QString fence = std::max(longestRun(c.text, QLatin1Char('`')) + QLatin1Char('`'), QStringLiteral("```"), [](const QString &a, const QString &b) { return a.size() < b.size(); });
        out += QStringLiteral("%1\n%2\n%1\n\n").arg(fence, c.text);
    }
    void operator()(const ReportList &l)
    {
        for (const ReportCell &item : l.items)
            out += QStringLiteral("- ") + cell(item) + QLatin1Char('\n');
        out += QLatin1Char('\n');
    }
    void operator()(const ReportFigureRow &f)
    {
        ReportTable table;
        QList<ReportCell> values;
        for (const auto &figure : f.figures) {
            table.columns.append({figure.label, 1, true});
            values.append({figure.value, figure.tone, false, true, {}});
        }
        table.rows.append(values);
        (*this)(table);
    }
    void operator()(const ReportFacts &f)
    {
        for (const auto *side : {&f.left, &f.right}) {
            for (const auto &[label, value] : *side)
                out += QStringLiteral("- %1: %2\n").arg(escaped(label), cell(value));
        }
        out += QLatin1Char('\n');
    }
    void operator()(const ReportTable &t)
    {
        QString rule;
        out += QLatin1Char('|');
        for (const ReportColumn &column : t.columns) {
            out += QStringLiteral(" %1 |").arg(escaped(column.title));
            rule += column.right ? QStringLiteral(" ---: |") : QStringLiteral(" --- |");
        }
        out += QStringLiteral("\n|%1\n").arg(rule);
        for (const QList<ReportCell> &row : t.rows) {
            out += QLatin1Char('|');
            for (const ReportCell &c : row)
                out += QStringLiteral(" %1 |").arg(cell(c));
            out += QLatin1Char('\n');
        }
        out += QLatin1Char('\n');
    }
    void operator()(const ReportTimeline &t)
    {
        ReportTable table{{{QStringLiteral("Host"), 1}, {QStringLiteral("From"), 1}, {QStringLiteral("To"), 1}, {QStringLiteral("What"), 1}}, {}};
        for (const auto &row : t.rows) {
            for (const auto &bar : row.bars) {
                const char *what = bar.kind == ReportTimeline::Kind::Upgrade ? "upgrade" : bar.kind == ReportTimeline::Kind::Failure ? "failure" : "way back and check";
                table.rows.append({{row.host, Tone::Plain, false, true, {}}, {reportClock(bar.fromMs)}, {reportClock(bar.toMs)}, {QString::fromLatin1(what)}});
            }
        }
        (*this)(table);
        if (!t.more.isEmpty())
            out += escaped(t.more) + QStringLiteral("\n\n");
    }
};

} // namespace

QByteArray reportMarkdown(const AuditReport &report)
{
    const ReportDocument d = reportDocument(report);
    QString out = QStringLiteral("# %1\n\n%2\n\n%3, rollout %4. %5\n\n").arg(escaped(d.headline), escaped(d.summary), escaped(d.name), escaped(d.rollout), escaped(d.origin));
    Writer writer{out};
    for (const ReportSection &section : d.sections) {
        if (!section.title.isEmpty())
            out += QStringLiteral("## %1\n\n").arg(escaped(section.title));
        for (const ReportBlock &block : section.blocks)
            std::visit(writer, block);
    }
    return out.toUtf8();
}

} // namespace bellwether
