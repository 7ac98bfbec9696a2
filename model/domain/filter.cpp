#include "domain/filter.h"

#include <QRegularExpression>

#include <array>

namespace bellwether {

enum class Op { Has, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

struct Filter::Node {
    enum class Kind { And, Or, Not, Word, Compare };
    Kind kind = Kind::Word;
    std::shared_ptr<const Node> left, right;
    QString key, value;
    Op op = Op::Has;
    std::optional<Version> version; // of the value, for the key version
};

namespace {

using NodePtr = std::shared_ptr<const Filter::Node>;
constexpr qsizetype kMaxLength = 4096;
constexpr int kMaxDepth = 100;

const QStringList &ownKeys()
{
    static const QStringList keys{QStringLiteral("name"),        QStringLiteral("product"), QStringLiteral("version"),
                                  QStringLiteral("health"),      QStringLiteral("environment"), QStringLiteral("group"),
                                  QStringLiteral("domain"),      QStringLiteral("address"), QStringLiteral("reachable")};
    return keys;
}

struct Token {
    enum class Kind { Word, Quoted, Op, Open, Close, End };
    Kind kind = Kind::End;
    QString text;
    qsizetype at = 0; // index in the expression
    Op op = Op::Has;
};

bool isWordEnd(QChar c)
{
    return c.isSpace() || QStringLiteral("()=!<>:\"").contains(c);
}

// ---- text to tokens

class Lexer {
public:
    explicit Lexer(const QString &text) : m_text(text) {}

    Result<QList<Token>> tokens()
    {
        QList<Token> list;
        while (true) {
            while (m_at < m_text.size() && m_text[m_at].isSpace())
                ++m_at;
            const auto token = next();
            if (!token)
                return std::unexpected(token.error());
            list.append(*token);
            if (token->kind == Token::Kind::End)
                return list;
        }
    }

private:
    Result<Token> next()
    {
        Token token;
        token.at = m_at;
        if (m_at >= m_text.size())
            return token;
        const QChar c = m_text[m_at];
        if (c == u'(' || c == u')') {
            ++m_at;
            token.kind = c == u'(' ? Token::Kind::Open : Token::Kind::Close;
            token.text = c;
            return token;
        }
        if (c == u'"')
            return quoted();
        if (isWordEnd(c))
            return op();
        token.kind = Token::Kind::Word;
        while (m_at < m_text.size() && !isWordEnd(m_text[m_at]))
            token.text += m_text[m_at++];
        return token;
    }
    Result<Token> quoted()
    {
        Token token{Token::Kind::Quoted, {}, m_at, Op::Has};
        const qsizetype end = m_text.indexOf(u'"', m_at + 1);
        if (end < 0)
            return fail(ErrorCode::BadFilter, {m_text, QStringLiteral("this quote is not closed"), QString::number(m_at + 1)});
        token.text = m_text.mid(m_at + 1, end - m_at - 1);
        m_at = end + 1;
        return token;
    }
    Result<Token> op()
    {
        static const std::array<std::pair<QLatin1String, Op>, 7> ops{{{QLatin1String("!="), Op::NotEqual},
                                                                      {QLatin1String("<="), Op::LessEqual},
                                                                      {QLatin1String(">="), Op::GreaterEqual},
                                                                      {QLatin1String("="), Op::Equal},
                                                                      {QLatin1String("<"), Op::Less},
                                                                      {QLatin1String(">"), Op::Greater},
                                                                      {QLatin1String(":"), Op::Has}}};
        for (const auto &[text, op] : ops)
            if (QStringView(m_text).sliced(m_at).startsWith(text)) {
                const Token token{Token::Kind::Op, text, m_at, op};
                m_at += text.size();
                return token;
            }
        return fail(ErrorCode::BadFilter, {m_text, QStringLiteral("\u201c!\u201d means nothing here; write != or not"), QString::number(m_at + 1)});
    }

    const QString &m_text;
    qsizetype m_at = 0;
};

// ---- tokens to a tree

class Parser {
public:
    Parser(const QString &text, QList<Token> tokens) : m_text(text), m_tokens(std::move(tokens)) {}

    Result<NodePtr> parse()
    {
        NodePtr root = expression(0);
        if (!m_error && peek().kind != Token::Kind::End)
            refuse(peek(), peek().kind == Token::Kind::Close ? QStringLiteral("this bracket closes nothing")
                                                             : QStringLiteral("\u201c%1\u201d stands where and, or or the end should").arg(peek().text));
        if (m_error)
            return std::unexpected(*m_error);
        return root;
    }

private:
    const Token &peek() const { return m_tokens[m_at]; }
    const Token &take() { return m_tokens[m_at + 1 < m_tokens.size() ? m_at++ : m_at]; }
    bool isWord(const char *word) const
    {
        return peek().kind == Token::Kind::Word && peek().text.compare(QLatin1String(word), Qt::CaseInsensitive) == 0;
    }
    NodePtr refuse(const Token &at, const QString &what)
    {
        if (!m_error)
            m_error = Error{ErrorCode::BadFilter, {m_text, what, QString::number(at.at + 1)}, {}, nullptr};
        return nullptr;
    }
    static NodePtr join(Filter::Node::Kind kind, const NodePtr &left, const NodePtr &right)
    {
        Filter::Node node;
        node.kind = kind;
        node.left = left;
        node.right = right;
        return std::make_shared<const Filter::Node>(node);
    }

    NodePtr expression(int depth)
    {
        if (depth > kMaxDepth)
            return refuse(peek(), QStringLiteral("too many brackets within each other"));
        NodePtr left = conjunction(depth);
        while (!m_error && isWord("or")) {
            take();
            left = join(Filter::Node::Kind::Or, left, conjunction(depth));
        }
        return left;
    }
    NodePtr conjunction(int depth)
    {
        NodePtr left = term(depth);
        while (!m_error && isWord("and")) {
            take();
            left = join(Filter::Node::Kind::And, left, term(depth));
        }
        return left;
    }
    NodePtr term(int depth)
    {
        bool negated = false;
        while (isWord("not") && m_tokens[m_at + 1].kind != Token::Kind::Op) {
            negated = !negated;
            take();
        }
        NodePtr node = operand(depth);
        return negated && node ? join(Filter::Node::Kind::Not, node, nullptr) : node;
    }
    NodePtr operand(int depth)
    {
        if (m_error)
            return nullptr;
        const Token token = take();
        switch (token.kind) {
        case Token::Kind::Open: {
            NodePtr inner = expression(depth + 1);
            if (!m_error && peek().kind != Token::Kind::Close)
                return refuse(token, QStringLiteral("this bracket is not closed"));
            take();
            return inner;
        }
        case Token::Kind::Word:
        case Token::Kind::Quoted:
            return token.kind == Token::Kind::Word && peek().kind == Token::Kind::Op ? comparison(token) : word(token);
        case Token::Kind::Op:
            return refuse(token, QStringLiteral("nothing stands before \u201c%1\u201d").arg(token.text));
        case Token::Kind::Close:
            return refuse(token, QStringLiteral("nothing stands before this bracket"));
        case Token::Kind::End:
            break;
        }
        return refuse(token, QStringLiteral("something is missing at the end"));
    }
    NodePtr word(const Token &token)
    {
        for (const char *reserved : {"and", "or"})
            if (token.kind == Token::Kind::Word && token.text.compare(QLatin1String(reserved), Qt::CaseInsensitive) == 0)
                return refuse(token, QStringLiteral("nothing stands before \u201c%1\u201d").arg(token.text));
        Filter::Node node;
        node.value = token.text;
        return std::make_shared<const Filter::Node>(node);
    }
    NodePtr comparison(const Token &key)
    {
        Filter::Node node;
        node.kind = Filter::Node::Kind::Compare;
        node.key = key.text;
        node.op = take().op;
        const Token value = take();
        if (value.kind != Token::Kind::Word && value.kind != Token::Kind::Quoted)
            return refuse(value, QStringLiteral("a value is missing after \u201c%1\u201d").arg(key.text));
        node.value = value.text;
        if (node.key == QLatin1String("version") && !readVersion(node, value))
            return nullptr;
        const bool ordered = node.op == Op::Less || node.op == Op::LessEqual || node.op == Op::Greater || node.op == Op::GreaterEqual;
        if (ordered && ownKeys().contains(node.key) && node.key != QLatin1String("version"))
            return refuse(value, QStringLiteral("only versions and labels can be compared by size, not %1").arg(node.key));
        return checkChoice(node, value) ? std::make_shared<const Filter::Node>(node) : nullptr;
    }
    // 1.5 in a comparison stands for 1.5.0, 2 for 2.0.0.
    bool readVersion(Filter::Node &node, const Token &value)
    {
        if (node.op == Op::Has)
            return true; // a part of its text
        static const QRegularExpression shortForm(QStringLiteral("\\Av?\\d{1,9}(?:\\.\\d{1,9})?\\z"));
        QString text = value.text;
        if (shortForm.match(text).hasMatch())
            text += text.contains(u'.') ? QStringLiteral(".0") : QStringLiteral(".0.0");
        Version version;
        if (!Version::fromText(text, version)) {
            refuse(value, QStringLiteral("\u201c%1\u201d is not a version").arg(value.text.left(80)));
            return false;
        }
        node.version = version;
        return true;
    }
    // A value that can never occur is a typing error, not an empty list.
    bool checkChoice(const Filter::Node &node, const Token &value)
    {
        const auto isOneOf = [&](const auto &names) {
            QStringList all;
            for (const char *name : names)
                all.append(QString::fromLatin1(name));
            if (node.op == Op::Has || all.contains(node.value))
                return true;
            refuse(value, QStringLiteral("%1 is one of %2").arg(node.key, all.join(QStringLiteral(", "))));
            return false;
        };
        if (node.key == QLatin1String("health"))
            return isOneOf(HealthNames);
        if (node.key == QLatin1String("environment"))
            return isOneOf(EnvironmentNames);
        static constexpr const char *yesNo[] = {"true", "false", "yes", "no"};
        return node.key != QLatin1String("reachable") || isOneOf(yesNo);
    }

    const QString &m_text;
    QList<Token> m_tokens;
    qsizetype m_at = 0;
    std::optional<Error> m_error;
};

// ---- matching

bool holds(Op op, std::strong_ordering order)
{
    switch (op) {
    case Op::Less:
        return order < 0;
    case Op::LessEqual:
        return order <= 0;
    case Op::Greater:
        return order > 0;
    case Op::GreaterEqual:
        return order >= 0;
    case Op::NotEqual:
        return order != 0;
    case Op::Equal:
    case Op::Has:
        break;
    }
    return order == 0;
}

bool textHolds(const Filter::Node &node, const QString &text)
{
    if (node.op == Op::Has)
        return text.contains(node.value, Qt::CaseInsensitive);
    bool number = false, otherNumber = false; // labels such as a rack's number
    const qint64 a = text.toLongLong(&number), b = node.value.toLongLong(&otherNumber);
    const bool byValue = number && otherNumber && node.op != Op::Equal && node.op != Op::NotEqual;
    return holds(node.op, byValue ? a <=> b : text.compare(node.value, Qt::CaseInsensitive) <=> 0);
}

// != means that none of them is it; every other operator that at least one is.
bool anyHolds(const Filter::Node &node, const QStringList &texts)
{
    if (node.op == Op::NotEqual)
        return !texts.contains(node.value, Qt::CaseInsensitive);
    for (const QString &text : texts)
        if (node.op == Op::Has ? text.compare(node.value, Qt::CaseInsensitive) == 0 : textHolds(node, text))
            return true;
    return false;
}

// An unknown version is unequal to every version and neither before nor after any.
bool versionHolds(const Filter::Node &node, const std::optional<Version> &version)
{
    if (!version)
        return node.op == Op::NotEqual;
    if (!node.version)
        return textHolds(node, version->toString());
    if (version->isSameRelease(*node.version))
        return holds(node.op, std::strong_ordering::equal);
    return holds(node.op, *version <=> *node.version);
}

bool compares(const Filter::Node &node, const Installation &i, const HostFacts &facts)
{
    if (node.key == QLatin1String("version"))
        return versionHolds(node, facts.version);
    if (node.key == QLatin1String("group"))
        return anyHolds(node, i.groups);
    if (node.key == QLatin1String("reachable")) {
        const bool wanted = node.value.startsWith(u't', Qt::CaseInsensitive) || node.value.startsWith(u'y', Qt::CaseInsensitive);
        return (facts.reachable == wanted) != (node.op == Op::NotEqual);
    }
    if (node.key == QLatin1String("name"))
        return textHolds(node, i.name);
    if (node.key == QLatin1String("product"))
        return textHolds(node, i.product);
    if (node.key == QLatin1String("health"))
        return textHolds(node, nameOf(facts.health));
    if (node.key == QLatin1String("environment"))
        return textHolds(node, nameOf(i.environment));
    if (node.key == QLatin1String("domain"))
        return textHolds(node, i.domain);
    if (node.key == QLatin1String("address"))
        return textHolds(node, i.endpoint.address);
    const QString label = node.key.startsWith(QLatin1String("label.")) ? node.key.mid(6) : node.key;
    if (!i.labels.contains(label))
        return node.op == Op::NotEqual;
    return textHolds(node, i.labels.value(label));
}

bool nodeMatches(const Filter::Node &node, const Installation &i, const HostFacts &facts)
{
    switch (node.kind) {
    case Filter::Node::Kind::And:
        return nodeMatches(*node.left, i, facts) && nodeMatches(*node.right, i, facts);
    case Filter::Node::Kind::Or:
        return nodeMatches(*node.left, i, facts) || nodeMatches(*node.right, i, facts);
    case Filter::Node::Kind::Not:
        return !nodeMatches(*node.left, i, facts);
    case Filter::Node::Kind::Word:
        return i.name.contains(node.value, Qt::CaseInsensitive);
    case Filter::Node::Kind::Compare:
        return compares(node, i, facts);
    }
    return false;
}

} // namespace

Filter::Filter() = default;

Result<Filter> Filter::parse(const QString &expression)
{
    Filter filter;
    filter.m_text = expression;
    if (expression.trimmed().isEmpty())
        return filter;
    if (expression.size() > kMaxLength)
        return fail(ErrorCode::BadFilter, {expression.left(80), QStringLiteral("it is longer than %1 characters").arg(kMaxLength), QString::number(kMaxLength + 1)});
    const auto tokens = Lexer(expression).tokens();
    if (!tokens)
        return std::unexpected(tokens.error());
    const auto root = Parser(expression, *tokens).parse();
    if (!root)
        return std::unexpected(root.error());
    filter.m_root = *root;
    return filter;
}

bool Filter::matches(const Installation &installation, const HostFacts &facts) const
{
    return !m_root || nodeMatches(*m_root, installation, facts);
}

QStringList Filter::keys()
{
    return ownKeys() + QStringList{QStringLiteral("label.")};
}

} // namespace bellwether
