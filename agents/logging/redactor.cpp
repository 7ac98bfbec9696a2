#include "logging/redactor.h"

#include "base/secret.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <algorithm>
#include <cctype>

namespace bellwether {

namespace {

const QByteArray mask = "[redacted]";
constexpr qsizetype longestLine = 64 << 10, longestSecret = 8 << 10, longestKey = 64 << 10;

// ---- the forms in which a known value is printed

QByteArray json(const QByteArray &secret)
{
    const QByteArray array = QJsonDocument(QJsonArray{QString::fromUtf8(secret)}).toJson(QJsonDocument::Compact);
    return array.mid(2, array.size() - 4); // without [" and "]
}

// As programs that keep to ASCII print it, and those that are careful about HTML as well.
QByteArray jsonAscii(const QByteArray &secret, const char *alsoEscaped)
{
    QByteArray out;
    const QString text = QString::fromUtf8(json(secret));
    for (const QChar c : text) {
        if (c.unicode() > 0x7e || (c.unicode() < 0x80 && QByteArrayView(alsoEscaped).contains(char(c.unicode()))))
            out += "\\u" + QByteArray::number(c.unicode(), 16).rightJustified(4, '0');
        else
            out += char(c.unicode());
    }
    return out;
}

// In the middle of other bytes a value has three base64 forms; what depends on its neighbours is left out.
QByteArray base64At(int offset, const QByteArray &secret, QByteArray::Base64Options options)
{
    QByteArray form = (QByteArray(offset, '\0') + secret).toBase64(options | QByteArray::OmitTrailingEquals);
    if ((offset + secret.size()) % 3 != 0)
        form.chop(1);
    return form.mid(offset == 0 ? 0 : offset + 1);
}

QByteArray backslashed(const QByteArray &secret, bool onlyInQuotes)
{
    QByteArray out;
    for (const char c : secret) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = byte >= 0x80 || std::isalnum(byte) || QByteArrayView("_-./:=@%+,").contains(c);
        if (onlyInQuotes ? QByteArrayView("$`\"\\").contains(c) : !plain)
            out += '\\';
        out += c;
    }
    return out;
}

QByteArray xml(QByteArray secret, const char *apostrophe, const char *quote)
{
    return secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', apostrophe).replace('"', quote);
}

QList<QByteArray> formsOf(const QByteArray &secret)
{
    const QByteArray percent = secret.toPercentEncoding(), hex = secret.toHex();
    QByteArray form = percent, lower, quoted = secret, slashes = json(secret);
    form.replace("%20", "+");
    for (qsizetype i = 0; i < percent.size(); ++i) {
        const bool digits = (i >= 1 && percent[i - 1] == '%') || (i >= 2 && percent[i - 2] == '%');
        lower += digits ? char(std::tolower(percent[i])) : percent[i];
    }
    QList<QByteArray> forms{secret, percent, form, lower, percent.toPercentEncoding(), json(secret), slashes.replace('/', "\\/"), jsonAscii(secret, ""), jsonAscii(secret, "<>&'"),
                            quoted.replace('\'', "'\\''"), backslashed(secret, false), backslashed(secret, true), hex, hex.toUpper(),
                            xml(secret, "&#39;", "&quot;"), xml(secret, "&#x27;", "&quot;"), xml(secret, "&apos;", "&#34;"), xml(secret, "'", "&quot;")};
    for (int offset = 0; offset < 3; ++offset)
        for (const auto options : {QByteArray::Base64Encoding, QByteArray::Base64UrlEncoding})
            if (const QByteArray in64 = base64At(offset, secret, options); in64.size() >= 5)
                forms.append(in64);
    return forms;
}

// ---- shapes, over bytes taken for Latin-1: what is no secret stays as it is, byte for byte

const QRegularExpression &shapes()
{
    static const QRegularExpression pattern(QStringLiteral(
        "-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\\z)"
        "|\\bA[KS]IA[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{20,}|\\bgithub_pat_[A-Za-z0-9_]{20,}|\\bxox[abeoprs]-[A-Za-z0-9-]{10,}"
        "|\\beyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*"
        "|(?i:\\bbearer)[ \\t]+[A-Za-z0-9._~+/=-]{16,}"
        "|(?<=://)[^/\\s:@]*+:\\S+(?=@)"), // a password may hold / and @: to the last @ of the word
        QRegularExpression::DotMatchesEverythingOption);
    return pattern;
}

// Values. Quantifiers are possessive where they can be: one that backtracks through a long value ends at the engine's limits,
// and nothing at all would be taken out.
const QString inQuotes = QStringLiteral("\\\\+\"(?:(?!\\\\+\")[^\\r\\n])*+(?:\\\\+\")?"                    // quoted inside of quotes
                                        "|(?<==)(?=[\"'\\\\])(?:\\\\[^\\r\\n]|\"(?:\\\\.|[^\"\\\\\\r\\n])*+\"?|'[^'\\r\\n]*+'?|[^\\s\"'\\\\]++)++" // a shell's word
                                        "|\"(?:\\\\.|[^\"\\\\\\r\\n])*+\"?|'(?:[^'\\r\\n]|'')*+'?");
// Bare, it runs to the end of its word: , ; & } and quotes are characters of passwords.
const QString word = QStringLiteral("[^\\s\"'](?:\\\\[ \\t]|\\S)*+");
// Behind "KEY: " and "KEY = " it may be a phrase, up to the end of the line or of the quoted text in which all of it stands.
const QString phrase = QStringLiteral("(?<=[ \\t])(?:[^\\r\\n\"]|\"(?![\\s,}\\]]|\\z))++");

// What is assigned to such names. A line of an environment that begins with one is secret up to its end.
QString assignedTo(const QString &names)
{
    return QStringLiteral("(^[ \\t]*+(?:(?:export|declare -x|[+-])[ \\t]++)?[A-Za-z0-9_.-]*(?:%1)[ \\t]*+=[ \\t]*+)[^\\s][^\\r\\n]*+"
                          "|((?:%1)\\\\*+[\"']?[ \\t]*+[=:][ \\t]*+)(?:%2|%3|%4)").arg(names, inQuotes, phrase, word);
}

constexpr QRegularExpression::PatternOptions byLines = QRegularExpression::MultilineOption;

const QRegularExpression &secretNames()
{
    static const QRegularExpression pattern(
        assignedTo(QStringLiteral("(?:passw(?:or)?d|passphrase|pwd|secret|token|(?:api|access|private|master|encryption|signing)[_-]?key|credential)[A-Za-z0-9_.-]*+"))
            + QStringLiteral("|(--?[a-z-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api-?key)[a-z-]*+[ \\t]++(?=[^-\\s])|authorization\\\\*+[\"']?[ \\t]*+[:=][ \\t]*+(?:[a-z]++[ \\t]++)?)(?:%1|%2)").arg(inQuotes, word),
        QRegularExpression::CaseInsensitiveOption | byLines);
    return pattern;
}

} // namespace

Redactor::~Redactor()
{
    for (QByteArray &form : m_forms)
        wipe(form);
}

void Redactor::add(QByteArray secret)
{
    if (secret.trimmed().size() < 4)
        return;
    const std::scoped_lock lock(m_mutex);
    for (const QByteArray &line : secret.split('\n')) { // output is looked at line by line
        if (line.trimmed().size() < 4)
            continue;
        const QList<QByteArray> forms = formsOf(line);
        for (const QByteArray &form : forms)
            if (!m_forms.contains(form))
                m_forms.append(form);
    }
    std::ranges::stable_sort(m_forms, std::ranges::greater(), &QByteArray::size);
}

void Redactor::addName(const QString &name)
{
    const std::scoped_lock lock(m_mutex);
    if (name.isEmpty() || m_names.contains(name))
        return;
    m_names.append(name);
    QStringList escaped;
    for (const QString &one : std::as_const(m_names))
        escaped.append(QRegularExpression::escape(QString::fromLatin1(one.toUtf8())));
    m_assigned.setPatternOptions(byLines);
    m_assigned.setPattern(assignedTo(QStringLiteral("\\b(?:%1)").arg(escaped.join(QLatin1Char('|')))));
}

QByteArray Redactor::redact(QByteArray text) const
{
    if (text.isEmpty())
        return text;
    QRegularExpression assigned;
    {
        const std::scoped_lock lock(m_mutex);
        for (const QByteArray &form : m_forms)
            text.replace(form, mask);
        if (!m_names.isEmpty())
            assigned = m_assigned;
    }
    QString bytes = QString::fromLatin1(text);
    const QString hidden = QString::fromLatin1(mask), kept = QStringLiteral("\\1\\2") + hidden;
    bytes.replace(shapes(), hidden);
    bytes.replace(secretNames(), QStringLiteral("\\1\\2\\3") + hidden);
    if (!assigned.pattern().isEmpty())
        bytes.replace(assigned, kept);
    return bytes.toLatin1();
}

QString Redactor::redact(const QString &text) const
{
    return text.isEmpty() ? text : QString::fromUtf8(redact(text.toUtf8()));
}

Redactor &processRedactor()
{
    static Redactor redactor;
    return redactor;
}

// ---- in pieces

// A whole line with its end. Inside of a private key's block nothing leaves, up to a length that no key has.
QByteArray RedactedStream::line(const QByteArray &text)
{
    const qsizetype end = text.lastIndexOf("-----END ");
    if (m_keyBytes >= 0) {
        m_keyBytes += text.size();
        if (end >= 0 || m_keyBytes > longestKey)
            m_keyBytes = -1;
        return end < 0 ? QByteArray() : m_redactor.redact(text.mid(text.indexOf("-----", end + 9) + 5));
    }
    const qsizetype begin = text.lastIndexOf("-----BEGIN ");
    if (begin >= 0 && begin > end && text.indexOf("PRIVATE KEY", begin) >= 0) {
        m_keyBytes = 0;
        return m_redactor.redact(text) + '\n'; // its line end went with it
    }
    return m_redactor.redact(text);
}

QByteArray RedactedStream::feed(const QByteArray &bytes)
{
    QByteArray out;
    m_pending += bytes;
    qsizetype from = 0;
    for (qsizetype i = 0; i < m_pending.size(); ++i) {
        if (m_pending[i] != '\n' && m_pending[i] != '\r')
            continue;
        out += line(m_pending.mid(from, i + 1 - from));
        from = i + 1;
    }
    m_pending.remove(0, from);
    if (m_pending.size() > longestLine) { // what is cut now at its end waits with it
        const QByteArray clean = m_keyBytes >= 0 ? line(m_pending) : m_redactor.redact(m_pending);
        const qsizetype leaves = std::max<qsizetype>(0, clean.size() - longestSecret);
        out += clean.left(leaves);
        m_pending = clean.mid(leaves);
    }
    return out;
}

QByteArray RedactedStream::finish()
{
    const QByteArray rest = line(std::exchange(m_pending, {}));
    m_keyBytes = -1;
    return rest;
}

} // namespace bellwether
