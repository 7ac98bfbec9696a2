#include "fleetview/fleetcopy.h"

#include "report/reporttext.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace bellwether {

namespace {

QString quoted(QString text, CopyFormat format)
{
    if (format == CopyFormat::Markdown)
        return text.replace(QLatin1Char('|'), QStringLiteral("\\|"));
    text = guardedCell(text);
    if (format == CopyFormat::Csv)
        return QLatin1Char('"') + text.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
    for (QChar &c : text) // a cell of its own is what a tab or a new line would begin
        if (c == u'\t' || c == u'\r' || c == u'\n')
            c = u' ';
    return text;
}

QString lineOf(const QStringList &cells, CopyFormat format)
{
    if (format == CopyFormat::Markdown)
        return QStringLiteral("| ") + cells.join(QStringLiteral(" | ")) + QStringLiteral(" |");
    return cells.join(format == CopyFormat::Csv ? QLatin1Char(',') : QLatin1Char('\t'));
}

QString sshCommands(const FleetModel &model, const QStringList &names)
{
    QStringList lines;
    for (const QString &name : names)
        if (model.row(name))
            lines << model.sshOf(name);
    return lines.join(QLatin1Char('\n'));
}

} // namespace

QString copyOfHosts(const FleetModel &model, const QStringList &names, CopyFormat format)
{
    if (format == CopyFormat::Ssh)
        return sshCommands(model, names);
    QStringList heads, rule;
    for (int c = 0; c < fleetColumns; ++c) {
        heads << model.headerData(c, Qt::Horizontal, Qt::DisplayRole).toString();
        rule << QStringLiteral("---");
    }
    QStringList lines{lineOf(heads, format)};
    if (format == CopyFormat::Markdown)
        lines << lineOf(rule, format);
    QJsonArray json;
    for (const QString &name : names) {
        if (!model.row(name))
            continue;
        QJsonObject object;
        QStringList cells;
        for (int c = 0; c < fleetColumns; ++c) {
            const QString value = model.indexOf(name, c).data().toString();
            cells << quoted(value, format);
            object.insert(heads[c], value);
        }
        lines << lineOf(cells, format);
        json.append(object);
    }
    return format == CopyFormat::Json ? QString::fromUtf8(QJsonDocument(json).toJson()) : lines.join(QLatin1Char('\n'));
}

} // namespace bellwether
