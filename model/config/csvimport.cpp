#include "config/importtext.h"

#include "config/grammar.h"
#include "config/hostkeys.h"
#include "config/yamltree.h"

#include <QSet>

namespace bellwether {

namespace {

struct Field {
    QString text;
    int line = 0, column = 0; // from 1
};
using Record = QList<Field>;

// RFC 4180: fields in quotes may hold separators, line ends and doubled quotes.
class CsvReader {
public:
    CsvReader(const QString &text, const QString &file, QChar separator) : m_text(text), m_file(file), m_separator(separator) {}
    bool atEnd() const { return m_at >= m_text.size(); }

    Result<Record> next()
    {
        Record record;
        for (;;) {
            Field field{{}, m_line, m_column};
            const bool quoted = peek() == u'"';
            if (quoted ? !readQuoted(field.text) : !readPlain(field.text))
                return fail(ErrorCode::ImportSyntax, {quoted ? m_problem : QStringLiteral("a quote stands inside of a field that has none around it")},
                            {m_file, quoted ? field.line : m_line, quoted ? field.column : m_column, {}});
            record.append(field);
            if (peek() != m_separator)
                break;
            step();
        }
        if (peek() == u'\r')
            step();
        if (!atEnd())
            step();
        return record;
    }

private:
    QChar peek() const { return atEnd() ? QChar() : m_text[m_at]; }
    void step()
    {
        const bool newLine = m_text[m_at++] == u'\n';
        m_line += newLine;
        m_column = newLine ? 1 : m_column + 1;
    }
    bool readPlain(QString &out)
    {
        while (!atEnd() && peek() != m_separator && peek() != u'\n' && !(peek() == u'\r' && (m_at + 1 == m_text.size() || m_text[m_at + 1] == u'\n'))) {
            if (peek() == u'"')
                return false;
            out += peek();
            step();
        }
        out = out.trimmed();
        return true;
    }
    bool readQuoted(QString &out)
    {
        step();
        for (;; step()) {
            if (atEnd()) {
                m_problem = QStringLiteral("a quote is not closed");
                return false;
            }
            if (peek() != u'"') {
                out += peek();
                continue;
            }
            if (m_at + 1 < m_text.size() && m_text[m_at + 1] == u'"') {
                out += u'"';
                step();
                continue;
            }
            step();
            if (atEnd() || peek() == m_separator || peek() == u'\n' || peek() == u'\r')
                return true;
            m_problem = QStringLiteral("something stands behind the closing quote");
            return false;
        }
    }

    const QString &m_text;
    QString m_file, m_problem;
    QChar m_separator;
    qsizetype m_at = 0;
    int m_line = 1, m_column = 1;
};

// Whichever stands in the header more often.
QChar separatorOf(const QString &text)
{
    const QString header = text.section(u'\n', 0, 0);
    return header.count(u';') > header.count(u',') ? u';' : u',';
}

std::unexpected<Error> atField(const Field &field, const QString &file, ErrorCode code, const QStringList &args)
{
    return fail(code, args, {file, field.line, field.column, {}});
}

struct Column {
    QString key; // empty: not taken over
    QString title;
};

// label:KEY and setting:KEY; the names of the fleet file's keys otherwise.
QString keyOf(const QString &title)
{
    const QString lower = title.toLower();
    if (lower == QLatin1String("name") || plainHostKeys().contains(lower))
        return lower;
    for (const auto &[prefix, key] : {std::pair{"label:", "labels."}, {"labels.", "labels."}, {"setting:", "settings."}, {"settings.", "settings."}})
        if (lower.startsWith(QLatin1String(prefix)))
            return QLatin1String(key) + title.mid(qsizetype(qstrlen(prefix)));
    return {};
}

Result<QList<Column>> readHeader(CsvReader &reader, const QString &file, Import &import)
{
    const auto header = reader.next();
    if (!header)
        return std::unexpected(header.error());
    QList<Column> columns;
    QSet<QString> seen;
    for (const Field &field : *header) {
        const Column column{keyOf(field.text), shownValue(field.text)};
        const qsizetype dot = column.key.indexOf(u'.');
        if (dot > 0 && !kName.accepts(column.key.mid(dot + 1)))
            return atField(field, file, ErrorCode::BadValue, {QStringLiteral("column"), column.title, QStringLiteral("label:KEY or setting:KEY, where KEY is %1").arg(QString::fromLatin1(kName.allowed))});
        if (!column.key.isEmpty() && seen.contains(column.key))
            return atField(field, file, ErrorCode::DuplicateKey, {column.title});
        if (column.key.isEmpty())
            import.skip(QStringLiteral("%1:%2:%3").arg(file).arg(field.line).arg(field.column), field.text, QStringLiteral("this column is not a key of the fleet"));
        seen.insert(column.key);
        columns.append(column);
    }
    if (!seen.contains(QStringLiteral("name")))
        return atField(header->first(), file, ErrorCode::MissingKey, {QStringLiteral("name")});
    return columns;
}

// A cell that is empty says nothing: what is there stays.
Result<ImportedHost> readHost(const Record &record, const QList<Column> &columns, const QString &file)
{
    ImportedHost host;
    for (qsizetype i = 0; i < columns.size(); ++i) {
        const Field &field = record[i];
        if (columns[i].key == QLatin1String("name")) {
            if (!kName.accepts(field.text))
                return atField(field, file, ErrorCode::BadValue, {QStringLiteral("name"), shownValue(field.text), QString::fromLatin1(kName.allowed)});
            host.host.name = field.text;
            host.where = placeOf(file, field.line);
        } else if (!columns[i].key.isEmpty() && !field.text.isEmpty()) {
            QString text = field.text;
            if (columns[i].key == QLatin1String("groups")) // a cell's own separators
                text.replace(u';', u',').replace(u'|', u',').replace(u' ', u',');
            if (const Status set = setHostKey(host.host, columns[i].key, text); !set)
                return atField(field, file, set.error().code, set.error().args);
            host.stated.append(columns[i].key);
        }
    }
    return host;
}

} // namespace

Result<Import> importCsv(const QByteArray &bytes, const QString &name)
{
    Import import;
    import.format = ImportFormat::Csv;
    import.source = name;
    const auto text = plainText(bytes, name);
    if (!text)
        return std::unexpected(text.error());
    CsvReader reader(*text, name, separatorOf(*text));
    const auto columns = readHeader(reader, name, import);
    if (!columns)
        return std::unexpected(columns.error());
    QSet<QString> names;
    while (!reader.atEnd()) {
        const auto record = reader.next();
        if (!record)
            return std::unexpected(record.error());
        if (record->size() == 1 && record->first().text.isEmpty())
            continue;
        if (record->size() != columns->size())
            return atField(record->first(), name, ErrorCode::ImportSyntax,
                           {QStringLiteral("this row has %1 fields and the header %2").arg(record->size()).arg(columns->size())});
        const auto host = readHost(*record, *columns, name);
        if (!host)
            return std::unexpected(host.error());
        if (names.contains(host->host.name))
            return atField(record->first(), name, ErrorCode::DuplicateHost, {host->host.name});
        if (names.size() == kMostImportedHosts)
            return atField(record->first(), name, ErrorCode::ImportSyntax, {QStringLiteral("it has more than %1 hosts").arg(kMostImportedHosts)});
        names.insert(host->host.name);
        import.hosts.append(*host);
    }
    return import;
}

} // namespace bellwether
