#include "config/ansible.h"

#include <QRegularExpression>

namespace bellwether {

namespace {

// The words of a host's line as Python's shlex splits them: quotes, backslashes, comments. Nothing: a quote stays open.
std::optional<QStringList> shellWords(const QString &line)
{
    QStringList words;
    QString word;
    bool inWord = false;
    QChar quote;
    for (qsizetype i = 0; i < line.size(); ++i) {
        const QChar c = line[i];
        if (quote.isNull() && c.isSpace()) {
            if (inWord)
                words.append(word);
            word.clear();
            inWord = false;
            continue;
        }
        if (quote.isNull() && c == u'#')
            break;
        inWord = true;
        if (c == u'\\' && quote != u'\'' && i + 1 < line.size()) {
            if (quote == u'"' && line[i + 1] != u'"' && line[i + 1] != u'\\')
                word += c;
            word += line[++i];
        } else if (quote.isNull() && (c == u'"' || c == u'\'')) {
            quote = c;
        } else if (!quote.isNull() && c == quote) {
            quote = QChar();
        } else {
            word += c;
        }
    }
    if (!quote.isNull())
        return std::nullopt;
    if (inWord)
        words.append(word);
    return words;
}

// A value that is a Python text stands for what is in its quotes.
QString unquoted(const QString &value)
{
    for (const QChar quote : {u'"', u'\''})
        if (value.size() >= 2 && value.startsWith(quote) && value.endsWith(quote) && value.count(quote) == 2 && !value.contains(u'\\'))
            return value.mid(1, value.size() - 2);
    return value;
}

struct Section {
    QString group = QStringLiteral("ungrouped");
    QString kind; // empty: hosts
};

std::unexpected<Error> wrong(const QString &words, const QString &file, int line)
{
    return fail(ErrorCode::ImportSyntax, {words}, {file, line, 1, {}});
}

Status readHost(const QString &line, const Section &section, const QString &file, int number, AnsibleInventory &inventory)
{
    const auto words = shellWords(line);
    if (!words)
        return wrong(QStringLiteral("a quote is not closed"), file, number);
    if (words->isEmpty())
        return {};
    const QString where = placeOf(file, number);
    AnsibleVariables variables;
    for (const QString &word : words->mid(1)) {
        const qsizetype equals = word.indexOf(u'=');
        if (equals < 1)
            return wrong(QStringLiteral("a host's line holds its name and KEY=VALUE, but here stands \u201c%1\u201d").arg(shownValue(word)), file, number);
        inventory.put(variables, word.left(equals), ansibleText(unquoted(word.mid(equals + 1)), where));
    }
    inventory.addHosts(words->first(), section.group, variables, where);
    return {};
}

} // namespace

Status readAnsibleIni(const QString &text, const QString &name, AnsibleInventory &inventory)
{
    static const QRegularExpression header(QStringLiteral("\\A\\[([^:\\]\\s]+)(?::(\\w+))?\\]\\s*(?:#.*)?\\z"));
    static const QRegularExpression child(QStringLiteral("\\A([^:\\]\\s]+)\\s*(?:#.*)?\\z"));
    const QStringList lines = linesOf(text);
    Section section;
    QMap<QString, QString> promised; // groups that are only named: where
    for (int number = 1; number <= lines.size(); ++number) {
        const QString line = lines[number - 1].trimmed(), where = placeOf(name, number);
        if (line.isEmpty() || line.startsWith(u'#') || line.startsWith(u';'))
            continue;
        if (line.startsWith(u'[')) {
            const auto match = header.match(line);
            section = {match.captured(1), match.captured(2)};
            if (!match.hasMatch() || !QStringList{QString(), QStringLiteral("children"), QStringLiteral("vars")}.contains(section.kind))
                return wrong(QStringLiteral("a section is [group], [group:children] or [group:vars]"), name, number);
            if (section.kind == QLatin1String("vars") && !inventory.hasGroup(section.group))
                promised.insert(section.group, where);
            if (section.kind != QLatin1String("vars"))
                promised.remove(section.group);
            inventory.group(section.group, where);
        } else if (section.kind.isEmpty()) {
            if (const Status status = readHost(line, section, name, number, inventory); !status)
                return status;
        } else if (section.kind == QLatin1String("children")) {
            const auto match = child.match(line);
            if (!match.hasMatch())
                return wrong(QStringLiteral("here stands the name of a group, alone on its line"), name, number);
            if (!inventory.hasGroup(match.captured(1)))
                promised.insert(match.captured(1), where);
            inventory.addChild(section.group, match.captured(1), where);
        } else {
            const qsizetype equals = line.indexOf(u'=');
            if (equals < 1)
                return wrong(QStringLiteral("here stands KEY=VALUE"), name, number);
            inventory.put(inventory.group(section.group, where), line.left(equals).trimmed(),
                          ansibleText(unquoted(line.mid(equals + 1).trimmed()), where));
        }
    }
    for (auto it = promised.cbegin(); it != promised.cend(); ++it)
        if (it.key() != QLatin1String("all") && it.key() != QLatin1String("ungrouped"))
            inventory.import().skip(it.value(), it.key(), QStringLiteral("no such group: it has no section of its own"));
    return {};
}

} // namespace bellwether
