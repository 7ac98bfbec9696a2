#include "config/yamlwriter.h"

#include <QLocale>
#include <QRegularExpression>

namespace bellwether {

namespace {

bool isPlain(const QString &text)
{
    static const QRegularExpression safe(QStringLiteral("\\A[A-Za-z/][A-Za-z0-9_./+-]*\\z"));
    static const QRegularExpression taken(QStringLiteral("\\A(?:null|true|false|yes|no|on|off|y|n|nan|inf)\\z"),
                                          QRegularExpression::CaseInsensitiveOption);
    return safe.match(text).hasMatch() && !taken.match(text).hasMatch();
}

QString quoted(const QString &text)
{
    QString out(u'"');
    for (const QChar c : text) {
        const ushort u = c.unicode();
        if (c == u'"' || c == u'\\')
            out += u'\\', out += c;
        else if (c == u'\n')
            out += QLatin1String("\\n");
        else if (c == u'\t')
            out += QLatin1String("\\t");
        else if (u < 0x20 || (u >= 0x7f && u < 0xa0) || u == 0x2028 || u == 0x2029 || u == 0xfeff || c.category() == QChar::Other_Format)
            out += QStringLiteral("\\u%1").arg(u, 4, 16, QLatin1Char('0'));
        else
            out += c;
    }
    return out + u'"';
}

// As a literal block it stays readable: only for clean texts of several lines.
bool fitsBlock(const QString &text)
{
    if (!text.contains(u'\n') || text.endsWith(QLatin1String("\n\n")) || text.startsWith(u'\n') || text.startsWith(u' '))
        return false;
    for (const QChar c : text) {
        const ushort u = c.unicode();
        if ((u < 0x20 && u != '\n') || (u >= 0x7f && u < 0xa0) || u == 0x2028 || u == 0x2029 || u == 0xfeff
            || c.category() == QChar::Other_Format)
            return false;
    }
    for (const QStringView line : QStringView(text).split(u'\n'))
        if (line.endsWith(u' ') || (!line.isEmpty() && line.trimmed().isEmpty()))
            return false;
    return true;
}

} // namespace

void YamlWriter::line(const QString &text)
{
    const int indent = m_dash ? m_indent - 2 : m_indent;
    m_out += QString(indent, u' ') + (m_dash ? QStringLiteral("- ") : QString()) + text + u'\n';
    m_dash = false;
}

void YamlWriter::value_(const QString &key, const QString &written)
{
    line((isPlain(key) ? key : quoted(key)) + QStringLiteral(": ") + written);
}

QString YamlWriter::scalar(const QString &text) const
{
    if (isPlain(text))
        return text;
    if (!fitsBlock(text))
        return quoted(text);
    const bool newlineAtEnd = text.endsWith(u'\n');
    QString out = newlineAtEnd ? QStringLiteral("|") : QStringLiteral("|-");
    for (const QStringView part : QStringView(text).chopped(newlineAtEnd ? 1 : 0).split(u'\n'))
        out += u'\n' + (part.isEmpty() ? QString() : QString(m_indent + 2, u' ')) + part.toString();
    return out;
}

void YamlWriter::comment(const QString &text)
{
    m_out += QString(m_indent, u' ') + QStringLiteral("# ") + text + u'\n';
}

void YamlWriter::real(const char *key, double value)
{
    value_(key, QString::number(value, 'g', QLocale::FloatingPointShortest));
}

void YamlWriter::texts(const char *key, const QStringList &values)
{
    constexpr qsizetype kFlowWidth = 100;
    QStringList flow;
    bool clean = true;
    for (const QString &value : values) {
        flow.append(isPlain(value) ? value : quoted(value));
        clean = clean && !value.contains(u'\n');
    }
    const QString oneLine = u'[' + flow.join(QStringLiteral(", ")) + u']';
    if (clean && (oneLine.size() <= kFlowWidth || values.isEmpty())) {
        value_(key, oneLine);
        return;
    }
    line(QString::fromLatin1(key) + u':');
    m_indent += 2;
    for (const QString &value : values) {
        m_indent += 2;
        m_dash = true;
        line(scalar(value));
        m_indent -= 2;
    }
    m_indent -= 2;
}

void YamlWriter::map(const char *key, const QMap<QString, QString> &values)
{
    beginMap(QString::fromLatin1(key));
    for (auto it = values.cbegin(); it != values.cend(); ++it)
        value_(it.key(), scalar(it.value()));
    endMap();
}

void YamlWriter::textUnlessEmpty(const char *key, const QString &value)
{
    if (!value.isEmpty())
        text(key, value);
}

void YamlWriter::textsUnlessEmpty(const char *key, const QStringList &values)
{
    if (!values.isEmpty())
        texts(key, values);
}

void YamlWriter::mapUnlessEmpty(const char *key, const QMap<QString, QString> &values)
{
    if (!values.isEmpty())
        map(key, values);
}

void YamlWriter::beginMap(const QString &key)
{
    line((isPlain(key) ? key : quoted(key)) + u':');
    m_levels.append({m_indent, m_out.size(), false});
    m_indent += 2;
}

void YamlWriter::endMap()
{
    const Level level = m_levels.takeLast();
    m_indent = level.indent;
    m_dash = false;
    if (m_out.size() == level.start) // nothing was written: not null, but an empty one
        m_out.insert(m_out.size() - 1, level.list ? QStringLiteral(" []") : QStringLiteral(" {}"));
}

void YamlWriter::beginList(const QString &key)
{
    beginMap(key);
    m_levels.last().list = true;
}

void YamlWriter::endList()
{
    endMap();
}

void YamlWriter::beginItem()
{
    m_levels.append({m_indent, m_out.size(), false});
    m_indent += 2;
    m_dash = true;
}

void YamlWriter::endItem()
{
    const Level level = m_levels.takeLast();
    if (m_dash)
        line(QStringLiteral("{}"));
    m_indent = level.indent;
    m_dash = false;
}

} // namespace bellwether
