#include "config/grammar.h"

#include "domain/version.h"

#include <QDate>
#include <QRegularExpression>

namespace bellwether {

namespace {

bool matches(const char *pattern, const QString &text)
{
    const QRegularExpression expression(QRegularExpression::anchoredPattern(QString::fromLatin1(pattern)));
    return expression.match(text).hasMatch();
}

bool isFreeOf(const QString &text, qsizetype limit, bool lines)
{
    if (text.size() > limit)
        return false;
    for (const QChar c : text) {
        const ushort u = c.unicode();
        if ((u < 0x20 && !(lines && (u == '\n' || u == '\t'))) || (u >= 0x7f && u < 0xa0))
            return false;
        if ((u >= 0x202a && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069)) // turns the reading direction over
            return false;
    }
    return true;
}

bool isName(const QString &t) { return matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}", t); }
bool isSlug(const QString &t) { return matches("[a-z0-9][a-z0-9-]{0,62}", t); }
bool isUser(const QString &t) { return matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", t); }
bool isVariable(const QString &t) { return matches("[A-Za-z_][A-Za-z0-9_]{0,127}", t); }

bool isDomain(const QString &t)
{
    return t.size() <= 253
           && matches("[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
                      "(?:\\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*", t);
}

bool isAddress(const QString &t)
{
    return t.count(u':') >= 2 ? matches("[0-9A-Fa-f:.]{2,45}", t) : isDomain(t);
}

bool isPath(const QString &t)
{
    if (t.size() > 1024 || !isFreeOf(t, 1024, false) || !t.startsWith(u'/') || t == QLatin1String("/"))
        return false;
    return !t.split(u'/').contains(QStringLiteral(".."));
}

bool isKeyFile(const QString &t)
{
    return isPath(t.startsWith(QLatin1String("~/")) ? t.mid(1) : t);
}

bool isIdentity(const QString &t)
{
    if (t == QLatin1String("agent") || t == QLatin1String("password"))
        return true;
    if (t.startsWith(QLatin1String("agent:")))
        return matches("agent:SHA256:[A-Za-z0-9+/]{43}", t);
    return isKeyFile(t);
}

bool isLine(const QString &t) { return isFreeOf(t, 1000, false); }
bool isProse(const QString &t) { return isFreeOf(t, 256 << 10, true); }
bool isArgument(const QString &t) { return isFreeOf(t, 64 << 10, true); }
bool isDay(const QString &t) { return matches("\\d{4}-\\d{2}-\\d{2}", t) && QDate::fromString(t, Qt::ISODate).isValid(); }

bool isVersionText(const QString &t)
{
    Version version;
    return Version::fromText(t, version);
}

bool isVersionLine(const QString &t) { return matches("(?:0|[1-9][0-9]{0,8})\\.(?:0|[1-9][0-9]{0,8})", t) || isVersionText(t); }
bool isWaveSize(const QString &t) { return matches("rest|[1-9][0-9]{0,5}|(?:100|[1-9][0-9]?)%", t); }

} // namespace

const TextRule kName{isName, "1 to 63 letters, digits, dots, dashes or underscores, not beginning with a dash or dot"};
const TextRule kSlug{isSlug, "lower-case letters, digits and dashes"};
const TextRule kAddress{isAddress, "a host name or an IP address"};
const TextRule kUser{isUser, "a user name: letters, digits, dots, dashes and underscores"};
const TextRule kIdentity{isIdentity, "agent, agent:SHA256:FINGERPRINT, password, or the path of a private key beginning with / or ~/"};
const TextRule kKeyFile{isKeyFile, "a path beginning with / or ~/"};
const TextRule kPath{isPath, "an absolute path without .."};
const TextRule kDomain{isDomain, "a domain name"};
const TextRule kVariable{isVariable, "the name of an environment variable"};
const TextRule kLine{isLine, "one line of at most 1000 characters without control characters"};
const TextRule kProse{isProse, "text without control characters, at most 256 KiB"};
const TextRule kArgument{isArgument, "text without control characters, at most 64 KiB"};
const TextRule kDay{isDay, "a day as 2026-11-20"};
const TextRule kVersionText{isVersionText, "a version as 1.5.0"};
const TextRule kVersionLine{isVersionLine, "a version as 1.5.0 or a line of versions as 1.5"};
const TextRule kWaveSize{isWaveSize, "a number of hosts as 3, a share as 10%, or rest"};

} // namespace bellwether
