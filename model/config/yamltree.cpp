#include "config/yamltree.h"

#include <QSet>
#include <QStringDecoder>

#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace bellwether {

namespace {

struct Stop { // leaves the parser; caught in parseTree, never further
    Error error;
};

class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const QString &file, const YamlLimits &limits) : m_file(file), m_limits(limits) {}

    bool hasRoot() const { return m_hasRoot; }
    YamlNode takeRoot() { return std::move(m_root); }

    void OnDocumentStart(const YAML::Mark &mark) override
    {
        if (m_documents++ > 0)
            stop(mark, ErrorCode::YamlManyDocuments);
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark &mark, YAML::anchor_t anchor) override
    {
        add(node(YamlNode::Kind::Null, mark, anchor));
    }
    void OnAlias(const YAML::Mark &mark, YAML::anchor_t) override { stop(mark, ErrorCode::YamlAlias); }
    void OnAnchor(const YAML::Mark &mark, const std::string &) override { stop(mark, ErrorCode::YamlAlias); }
    void OnScalar(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor, const std::string &value) override
    {
        const QString named = QString::fromStdString(tag);
        const bool letThrough = m_limits.tags.contains(named);
        if (!letThrough)
            checkTag(mark, tag);
        YamlNode scalar = node(YamlNode::Kind::Scalar, mark, anchor);
        scalar.tag = letThrough ? named : QString();
        scalar.quoted = tag == "!";
        scalar.text = QString::fromUtf8(value.data(), static_cast<qsizetype>(value.size()));
        add(std::move(scalar));
    }
    void OnSequenceStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override
    {
        open(YamlNode::Kind::List, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override
    {
        open(YamlNode::Kind::Map, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    [[noreturn]] void stop(const YAML::Mark &mark, ErrorCode code, const QStringList &args = {}) const
    {
        throw Stop{Error{code, args, Place{m_file, mark.line + 1, mark.column + 1, {}}, nullptr}};
    }
    void checkTag(const YAML::Mark &mark, const std::string &tag) const
    {
        if (!tag.empty() && tag != "?" && tag != "!")
            stop(mark, ErrorCode::YamlSyntax, {QStringLiteral("tags such as %1 are not accepted").arg(shownValue(QString::fromStdString(tag)))});
    }
    YamlNode node(YamlNode::Kind kind, const YAML::Mark &mark, YAML::anchor_t anchor)
    {
        if (anchor != 0)
            stop(mark, ErrorCode::YamlAlias);
        if (++m_nodes > m_limits.nodes)
            stop(mark, ErrorCode::YamlTooManyNodes);
        YamlNode result;
        result.kind = kind;
        result.line = mark.line + 1;
        result.column = mark.column + 1;
        return result;
    }
    void open(YamlNode::Kind kind, const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor)
    {
        checkTag(mark, tag);
        if (static_cast<int>(m_open.size()) >= m_limits.depth)
            stop(mark, ErrorCode::YamlTooDeep);
        m_open.push_back(node(kind, mark, anchor));
    }
    void close()
    {
        YamlNode done = std::move(m_open.back());
        m_open.pop_back();
        add(std::move(done));
    }
    void add(YamlNode child)
    {
        if (m_open.empty()) {
            m_root = std::move(child);
            m_hasRoot = true;
            return;
        }
        YamlNode &parent = m_open.back();
        if (parent.kind == YamlNode::Kind::Map && parent.keys.size() == parent.items.size()) {
            if (child.kind != YamlNode::Kind::Scalar)
                throw Stop{Error{ErrorCode::YamlSyntax, {QStringLiteral("a key must be a text")},
                                 Place{m_file, child.line, child.column, {}}, nullptr}};
            parent.keys.push_back(std::move(child));
        } else {
            parent.items.push_back(std::move(child));
        }
    }

    QString m_file;
    YamlLimits m_limits;
    std::vector<YamlNode> m_open;
    YamlNode m_root;
    bool m_hasRoot = false;
    int m_documents = 0, m_nodes = 0;
};

Status findDuplicates(const YamlNode &node, const QString &file, const QString &path)
{
    QSet<QString> seen;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        QString childPath = path;
        if (node.kind == YamlNode::Kind::Map) {
            const YamlNode &key = node.keys[i];
            childPath += (path.isEmpty() ? QString() : QStringLiteral(".")) + shownValue(key.text);
            if (seen.contains(key.text))
                return fail(ErrorCode::DuplicateKey, {shownValue(key.text)}, {file, key.line, key.column, childPath});
            seen.insert(key.text);
        } else {
            childPath += QStringLiteral("[%1]").arg(i);
        }
        if (!node.items[i].items.empty())
            if (const Status status = findDuplicates(node.items[i], file, childPath); !status)
                return status;
    }
    return {};
}

constexpr const char *kTabWords = "a tab stands in the indentation; use spaces";

// A tab after spaces may belong to a block of text; it is blamed only where the parser stumbled.
bool hasTabbedIndent(const QByteArray &text, int line)
{
    const QByteArray indent = text.split('\n').value(line);
    for (const char c : indent)
        if (c != ' ')
            return c == '\t';
    return false;
}

// What the parser would take without complaint, or complain of in its own words only.
Status checkBytes(const QByteArray &text, const QString &name)
{
    const auto refuse = [&](const char *words, qsizetype at) {
        const QByteArray before = text.left(at);
        return fail(ErrorCode::YamlSyntax, {QString::fromLatin1(words)},
                    {name, int(before.count('\n')) + 1, int(at - (before.lastIndexOf('\n') + 1)) + 1, {}});
    };
    if (text.startsWith("\xff\xfe") || text.startsWith("\xfe\xff") || text.startsWith(QByteArrayView("\0\0\xfe\xff", 4)))
        return refuse("the file is UTF-16 or UTF-32; save it as UTF-8", 0);
    for (qsizetype i = 0; i < text.size(); ++i) {
        const uchar c = static_cast<uchar>(text[i]);
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            return refuse("a control character stands here", i);
    }
    if (!text.isValidUtf8()) {
        qsizetype at = 0; // line by line: enough to say where
        for (qsizetype end = text.indexOf('\n'); at < text.size(); at = end + 1, end = text.indexOf('\n', at)) {
            if (end < 0)
                end = text.size();
            if (!QByteArrayView(text).sliced(at, end - at).isValidUtf8())
                break;
        }
        return refuse("this line is not UTF-8", qMin(at, text.size()));
    }
    const qsizetype tab = text.startsWith('\t') ? 0 : text.indexOf("\n\t") + 1;
    if (tab > 0 || text.startsWith('\t'))
        return refuse(kTabWords, tab);
    return {};
}

Result<YamlNode> parseTree(const QByteArray &text, const QString &name, const YamlLimits &limits)
{
    try {
        // yaml-cpp 0.7 takes a quote left open for closed at the end of the file when that is a new line. A comment
        // without one after it makes a file that was cut off the error it is.
        std::istringstream stream(text.toStdString() + (text.endsWith('\n') ? "# end" : "\n# end"));
        YAML::Parser parser(stream);
        TreeBuilder builder(name, limits);
        while (parser.HandleNextDocument(builder)) {
        }
        const YamlNode root = builder.takeRoot();
        if (!builder.hasRoot() || root.kind == YamlNode::Kind::Null)
            return fail(ErrorCode::FileEmpty, {name}, {name, 0, 0, {}});
        if (const Status status = findDuplicates(root, name, {}); !status)
            return std::unexpected(status.error());
        return root;
    } catch (const Stop &stop) {
        return std::unexpected(stop.error);
    } catch (const YAML::Exception &e) {
        const bool known = !e.mark.is_null();
        const bool tab = known && hasTabbedIndent(text, e.mark.line);
        const QString words = tab ? QString::fromLatin1(kTabWords) : shownValue(QString::fromStdString(e.msg));
        return fail(ErrorCode::YamlSyntax, {words},
                    {name, known ? e.mark.line + 1 : 0, known ? e.mark.column + 1 : 0, {}});
    } catch (const std::exception &e) {
        return fail(ErrorCode::YamlSyntax, {shownValue(QString::fromLocal8Bit(e.what()))}, {name, 0, 0, {}});
    }
}

} // namespace

const YamlNode *YamlNode::find(const QString &key) const
{
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (keys[i].text == key)
            return &items[i];
    return nullptr;
}

QString shownValue(const QString &text)
{
    constexpr qsizetype kShown = 80;
    QString shown;
    for (const QChar c : text.left(kShown))
        shown += c.isPrint() && c.category() != QChar::Other_Format ? c : QChar(u'\ufffd');
    return text.size() > kShown ? shown + u'\u2026' : shown;
}

Result<YamlNode> readYaml(const QByteArray &text, const QString &name, const YamlLimits &limits)
{
    if (text.size() > limits.bytes)
        return fail(ErrorCode::FileTooLarge, {name, QString::number(text.size()), QString::number(limits.bytes)}, {name, 0, 0, {}});
    if (const Status status = checkBytes(text, name); !status)
        return std::unexpected(status.error());
    return parseTree(text, name, limits);
}

} // namespace bellwether
