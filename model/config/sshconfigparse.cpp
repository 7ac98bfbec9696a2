#include "config/sshconfig.h"

#include <QRegularExpression>
#include <QSet>
#include <algorithm>
#include <numeric>

namespace bellwether {

namespace {

using Kind = SshInstruction::Kind;

constexpr int deepestInclude = 16; // OpenSSH's own limit
constexpr int mostFiles = 256;
constexpr qint64 mostComparisons = 50'000'000; // of every host with every block, its patterns and what it holds
constexpr int mostWildFolders = 1;             // in front of the last part of an Include: it is not for walking through a disk
constexpr qint64 mostBytes = 4 << 20; // over all included files

const QSet<QString> takenKeys{QStringLiteral("hostname"), QStringLiteral("user"), QStringLiteral("port"), QStringLiteral("identityfile"),
                              QStringLiteral("certificatefile"), QStringLiteral("proxyjump"), QStringLiteral("proxycommand")};

class Parser {
public:
    Parser(const ImportFiles &files, Import &import) : m_files(files), m_import(import) {}
    SshConfig take() { return std::move(m_config); }
    bool isTooMuch() const { return m_forAll * m_names.size() + m_forFew > mostComparisons; }

    Status parse(const QByteArray &bytes, const QString &name)
    {
        m_bytes += bytes.size();
        const auto text = plainText(bytes, name);
        if (!text)
            return std::unexpected(text.error());
        const QStringList lines = linesOf(*text);
        int number = 0, open = -1; // the Host or Match line that is not closed yet
        for (const QString &line : lines)
            if (const Status status = parseLine(line, placeOf(name, ++number), open); !status)
                return status;
        close(open);
        return {};
    }

private:
    void close(int &open)
    {
        if (open >= 0)
            m_config.instructions[open].next = int(m_config.instructions.size());
        open = -1;
    }
    void openBlock(SshInstruction block, int &open)
    {
        close(open);
        open = int(m_config.instructions.size());
        const auto cost = [](const QStringList &patterns) {
            return std::accumulate(patterns.cbegin(), patterns.cend(), qint64{0}, [](qint64 sum, const QString &pattern) { return sum + pattern.size(); });
        };
        m_forAll += 1 + cost(block.arguments);
        for (const SshInstruction::Criterion &criterion : std::as_const(block.criteria))
            m_forAll += cost(criterion.patterns);
        m_reach = block.kind == Kind::Never ? 1 : block.kind == Kind::Host && block.arguments.isEmpty() ? block.names.size() : 0;
        m_config.instructions.append(std::move(block));
    }

    Status parseLine(const QString &line, const QString &where, int &open)
    {
        const QString written = line.trimmed();
        if (written.isEmpty() || written.startsWith(u'#'))
            return {};
        qsizetype at = 0;
        const bool quoted = written.startsWith(u'"');
        if (quoted)
            at = written.indexOf(u'"', 1) + 1;
        else
            while (at < written.size() && !written[at].isSpace() && written[at] != u'=')
                ++at;
        const QString key = (quoted ? written.mid(1, at - 2) : written.left(at)).toLower();
        QString rest = written.mid(at).trimmed();
        if (rest.startsWith(u'='))
            rest = rest.mid(1).trimmed();
        const auto arguments = splitSshArguments(rest);
        SshInstruction instruction{Kind::Option, key, arguments.value_or(QStringList()), {}, {}, where, written, 0};
        const bool isBlock = key == QLatin1String("host") || key == QLatin1String("match");
        if (!arguments || arguments->isEmpty()) {
            m_import.skip(where, written, arguments ? QStringLiteral("it has no value") : QStringLiteral("a quote is not closed"));
            if (isBlock) { // what follows must not fall to the block before it
                instruction.kind = Kind::Never;
                openBlock(instruction, open);
            }
            return {};
        }
        if (key == QLatin1String("host"))
            return parseHost(instruction, open);
        if (key == QLatin1String("match"))
            return parseMatch(instruction, rest, open);
        if (key == QLatin1String("include"))
            return include(instruction);
        parseOption(instruction);
        return {};
    }

    void parseOption(const SshInstruction &option)
    {
        if (!takenKeys.contains(option.key)) {
            m_import.skip(option.where, option.written,
                          option.key == QLatin1String("localcommand") || option.key == QLatin1String("remotecommand") || option.key == QLatin1String("knownhostscommand")
                              ? QStringLiteral("commands are never run") : QStringLiteral("this key is not taken over"));
            return;
        }
        if (option.key == QLatin1String("proxycommand") && option.arguments.first().compare(QLatin1String("none"), Qt::CaseInsensitive) != 0)
            m_import.skip(option.where, option.written, QStringLiteral("commands are never run; hosts that are reached through it are not taken"));
        (m_reach == 0 ? m_forAll : m_forFew) += qMax<qint64>(1, m_reach);
        m_config.instructions.append(option);
    }

    Status parseHost(SshInstruction &block, int &open)
    {
        block.kind = Kind::Host;
        const QStringList patterns = std::exchange(block.arguments, {});
        for (const QString &pattern : patterns) {
            if (pattern.startsWith(u'!') || hasWildcard(pattern)) {
                block.arguments.append(pattern);
                continue;
            }
            block.names.insert(pattern);
            if (m_names.contains(pattern))
                continue;
            if (m_config.names.size() == kMostImportedHosts) {
                m_import.skip(block.where, pattern, QStringLiteral("more than %1 hosts").arg(kMostImportedHosts));
                continue;
            }
            m_names.insert(pattern);
            m_config.names.append(pattern);
        }
        openBlock(block, open);
        return {};
    }

    Status parseMatch(SshInstruction &block, const QString &rest, int &open)
    {
        block.kind = Kind::Match;
        QString why;
        // attributes and their values, which may also be joined by =
        QStringList words = splitSshArguments(QString(rest).replace(u'=', u' ')).value_or(QStringList());
        const bool all = words.size() == 1 && words.first().compare(QLatin1String("all"), Qt::CaseInsensitive) == 0;
        while (!all && !words.isEmpty() && why.isEmpty()) {
            SshInstruction::Criterion criterion;
            QString attribute = words.takeFirst().toLower();
            if (attribute.startsWith(u'!')) {
                criterion.negated = true;
                attribute = attribute.mid(1);
            }
            criterion.original = attribute == QLatin1String("originalhost");
            if (attribute == QLatin1String("exec"))
                why = QStringLiteral("commands are never run: nothing of this block is taken over");
            else if (!criterion.original && attribute != QLatin1String("host"))
                why = QStringLiteral("only host, originalhost and all are understood: nothing of this block is taken over");
            else if (words.isEmpty())
                why = QStringLiteral("a criterion has no value");
            else
                criterion.patterns = words.takeFirst().toLower().split(u',');
            block.criteria.append(criterion);
        }
        if (!why.isEmpty()) {
            m_import.skip(block.where, block.written, why);
            block.kind = Kind::Never;
        }
        openBlock(block, open);
        return {};
    }

    Status include(const SshInstruction &line)
    {
        for (const QString &pattern : line.arguments) {
            QString path = pattern;
            if (path.startsWith(QLatin1String("~/")))
                path = m_files.home() + path.mid(1);
            else if (!path.startsWith(u'/') && !path.startsWith(u'~'))
                path = m_files.home() + QStringLiteral("/.ssh/") + path;
            if (!path.startsWith(u'/')) {
                m_import.skip(line.where, line.written, QStringLiteral("somebody else's home is not read"));
                continue;
            }
            if (const QString why = whyNotSearched(path); !why.isEmpty()) {
                m_import.skip(line.where, line.written, why);
                continue;
            }
            const QStringList found = m_files.matching(path);
            if (found.isEmpty())
                m_import.skip(line.where, line.written, QStringLiteral("there is no such file"));
            for (const QString &file : found)
                if (const Status status = includeFile(file, line); !status)
                    return status;
        }
        return {};
    }

    // A pattern is looked up before anybody knows what it finds: it has to begin at home, and not to walk far from there.
    QString whyNotSearched(const QString &path) const
    {
        static const QRegularExpression wild(QStringLiteral("[*?[]"));
        const qsizetype first = path.indexOf(wild);
        if (first < 0)
            return {};
        const QString folder = m_files.resolved(path.left(path.lastIndexOf(u'/', first) + 1)), home = m_files.resolved(m_files.home());
        if (folder.isEmpty())
            return QStringLiteral("there is no such file");
        if (home.isEmpty() || !(folder + u'/').startsWith(home + u'/'))
            return QStringLiteral("it lies outside of the home folder");
        const QStringList parts = path.mid(first).split(u'/');
        const auto wildFolders = std::count_if(parts.cbegin(), parts.cend() - 1, [](const QString &part) { return part.contains(wild); });
        return wildFolders > mostWildFolders ? QStringLiteral("more than %1 of its folders is a pattern").arg(mostWildFolders) : QString();
    }

    Status includeFile(const QString &file, const SshInstruction &line)
    {
        const QString real = m_files.resolved(file);
        const QString home = m_files.resolved(m_files.home());
        const auto skip = [&](const QString &why) {
            m_import.skip(line.where, QStringLiteral("Include %1").arg(file), why);
            return Status();
        };
        if (real.isEmpty() || home.isEmpty() || !real.startsWith(home + u'/'))
            return skip(QStringLiteral("it lies outside of the home folder"));
        if (m_open.contains(real))
            return skip(QStringLiteral("it includes itself"));
        if (m_open.size() >= deepestInclude)
            return skip(QStringLiteral("more than %1 files within each other").arg(deepestInclude));
        if (++m_read > mostFiles)
            return skip(QStringLiteral("more than %1 files").arg(mostFiles));
        const auto text = m_files.read(real);
        if (!text)
            return text.error().code == ErrorCode::FileTooLarge ? std::unexpected(text.error()) : skip(QStringLiteral("it cannot be read"));
        if (m_bytes + text->size() > mostBytes)
            return skip(QStringLiteral("the files hold more than 4 MiB together"));
        const int begin = int(m_config.instructions.size());
        m_config.instructions.append({Kind::Include, {}, {}, {}, {}, line.where, line.written, 0});
        m_open.append(real);
        const qint64 reach = m_reach;
        const Status status = parse(*text, file);
        m_reach = reach;
        m_open.removeLast();
        m_config.instructions.append({Kind::IncludeEnd, {}, {}, {}, {}, line.where, {}, 0});
        m_config.instructions[begin].next = int(m_config.instructions.size());
        return status;
    }

    const ImportFiles &m_files;
    Import &m_import;
    SshConfig m_config;
    QSet<QString> m_names;
    QStringList m_open; // included files that are being read
    int m_read = 0;
    qint64 m_bytes = 0;
    qint64 m_forAll = 0, m_forFew = 0; // comparisons: with every name, and within blocks that only name some
    qint64 m_reach = 0;                // how many names the block holds that is open; 0: it may hold for any
};

} // namespace

std::optional<QStringList> splitSshArguments(const QString &text)
{
    QStringList words;
    for (qsizetype i = 0; i < text.size();) {
        if (text[i] == u' ' || text[i] == u'\t') {
            ++i;
            continue;
        }
        if (text[i] == u'#')
            break;
        QString word;
        QChar quote;
        for (; i < text.size(); ++i) {
            const QChar c = text[i], after = i + 1 < text.size() ? text[i + 1] : QChar();
            if (c == u'\\' && (after == u'\'' || after == u'"' || after == u'\\' || (quote.isNull() && after == u' ')))
                word += text[++i];
            else if (quote.isNull() && (c == u' ' || c == u'\t'))
                break;
            else if (quote.isNull() && (c == u'"' || c == u'\''))
                quote = c;
            else if (!quote.isNull() && c == quote)
                quote = QChar();
            else
                word += c;
        }
        if (!quote.isNull())
            return std::nullopt;
        words.append(word);
    }
    return words;
}

Result<SshConfig> parseSshConfig(const QByteArray &text, const QString &name, const ImportFiles &files, Import &import)
{
    Parser parser(files, import);
    if (const Status status = parser.parse(text, name); !status)
        return std::unexpected(status.error());
    if (parser.isTooMuch())
        return fail(ErrorCode::ImportSyntax, {QStringLiteral("it has too many hosts in too many blocks; split it")}, {name, 0, 0, {}});
    return parser.take();
}

} // namespace bellwether
