#include "config/importtext.h"

#include "config/grammar.h"
#include "config/yamltree.h"

namespace bellwether {

Result<QString> plainText(const QByteArray &bytes, const QString &name)
{
    QByteArrayView text(bytes);
    if (text.startsWith("\xff\xfe") || text.startsWith("\xfe\xff"))
        return fail(ErrorCode::ImportSyntax, {QStringLiteral("the file is UTF-16; save it as UTF-8")}, {name, 1, 1, {}});
    if (text.startsWith("\xef\xbb\xbf"))
        text = text.sliced(3);
    int line = 1;
    qsizetype begin = 0;
    for (qsizetype i = 0; i <= text.size(); ++i) {
        if (i < text.size() && text[i] != '\n') {
            const uchar c = static_cast<uchar>(text[i]);
            const bool endsLine = c == '\r' && (i + 1 == text.size() || text[i + 1] == '\n');
            if ((c < 0x20 && c != '\t' && !endsLine) || c == 0x7f)
                return fail(ErrorCode::ImportSyntax, {QStringLiteral("a control character stands here")}, {name, line, int(i - begin) + 1, {}});
            continue;
        }
        if (!text.sliced(begin, i - begin).isValidUtf8())
            return fail(ErrorCode::ImportSyntax, {QStringLiteral("this line is not UTF-8")}, {name, line, 1, {}});
        begin = i + 1;
        ++line;
    }
    return QString::fromUtf8(text);
}

QStringList linesOf(const QString &text)
{
    QStringList lines = text.split(u'\n');
    for (QString &line : lines)
        if (line.endsWith(u'\r'))
            line.chop(1);
    return lines;
}

QString placeOf(const QString &file, int line)
{
    return line > 0 ? QStringLiteral("%1:%2").arg(file).arg(line) : file;
}

void Import::skip(const QString &where, const QString &what, const QString &why)
{
    constexpr qsizetype listed = 2000;
    if (skipped.size() < listed)
        skipped.append({where, shownValue(what), why});
    else
        ++unlisted;
}

bool hasWildcard(QStringView pattern)
{
    return pattern.contains(u'*') || pattern.contains(u'?');
}

bool matchesWildcard(QStringView text, QStringView pattern)
{
    qsizetype t = 0, p = 0, star = -1, tried = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == u'*') {
            star = p++;
            tried = t;
        } else if (p < pattern.size() && (pattern[p] == u'?' || pattern[p] == text[t])) {
            ++t;
            ++p;
        } else if (star >= 0) { // the last star takes one character more; those before it need not
            p = star + 1;
            t = ++tried;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == u'*')
        ++p;
    return p == pattern.size();
}

namespace {

std::optional<JumpSpec> parseJump(QString text)
{
    JumpSpec spec;
    if (text.startsWith(QLatin1String("ssh://"), Qt::CaseInsensitive)) {
        text = text.mid(6);
        if (text.endsWith(u'/'))
            text.chop(1);
    }
    if (const qsizetype at = text.lastIndexOf(u'@'); at >= 0) {
        spec.user = text.left(at);
        text = text.mid(at + 1);
        if (!kUser.accepts(spec.user))
            return std::nullopt;
    }
    QString port;
    const bool bracketed = text.startsWith(u'[');
    if (bracketed) {
        const qsizetype close = text.indexOf(u']');
        if (close < 0 || (close + 1 < text.size() && text[close + 1] != u':'))
            return std::nullopt;
        port = text.mid(close + 2);
        if (close + 1 < text.size() && port.isEmpty())
            return std::nullopt;
        text = text.mid(1, close - 1);
    } else if (text.count(u':') == 1) {
        port = text.section(u':', 1);
        text = text.section(u':', 0, 0);
        if (port.isEmpty())
            return std::nullopt;
    }
    spec.host = text;
    if (!port.isEmpty()) {
        bool ok = false;
        spec.port = port.toInt(&ok);
        if (!ok || spec.port < 1 || spec.port > 65535 || QString::number(spec.port) != port)
            return std::nullopt;
    }
    return kAddress.accepts(spec.host) ? std::optional(spec) : std::nullopt;
}

} // namespace

std::optional<QList<JumpSpec>> parseJumps(const QString &chain)
{
    constexpr int longest = 8;
    QList<JumpSpec> jumps;
    const QStringList parts = chain.split(u',');
    for (const QString &part : parts) {
        const auto jump = parseJump(part.trimmed());
        if (!jump || jumps.size() == longest)
            return std::nullopt;
        jumps.append(*jump);
    }
    return jumps;
}

QString JumpHosts::nameFor(const Endpoint &way, const QString &writtenHost, const QStringList &stated, const QString &where)
{
    for (const ImportedHost &known : std::as_const(m_hosts))
        if (known.host.endpoint == way)
            return known.host.name;
    constexpr qsizetype most = 1000;
    if (m_hosts.size() >= most)
        return {};
    QString base = writtenHost; // ::1 and longer ones are no names
    for (QChar &c : base)
        if (c == u':')
            c = u'-';
    if (!kName.accepts(base.left(40)))
        base = QStringLiteral("jump");
    base = base.left(40);
    const QString port = QString::number(way.port);
    QStringList names{base, base + u'-' + port};
    if (!way.user.isEmpty())
        names << way.user.left(15) + u'-' + base << (way.user.left(15) + u'-' + base + u'-' + port);
    for (int n = 2; n < 1000; ++n)
        names << base + u'-' + port + u'-' + QString::number(n);
    const auto isFree = [this](const QString &name) {
        return kName.accepts(name) && !m_isTaken(name)
            && std::none_of(m_hosts.cbegin(), m_hosts.cend(), [&](const ImportedHost &h) { return h.host.name == name; });
    };
    const auto free = std::find_if(names.cbegin(), names.cend(), isFree);
    if (free == names.cend())
        return {};
    ImportedHost jump;
    jump.host.name = *free;
    jump.host.endpoint = way;
    jump.stated = stated;
    if (*free != writtenHost) // a name of our making: all that it means is said
        for (const QString &key : {QStringLiteral("port"), QStringLiteral("address")})
            if (!jump.stated.contains(key))
                jump.stated.prepend(key);
    jump.where = where;
    m_hosts.append(jump);
    return *free;
}

} // namespace bellwether
