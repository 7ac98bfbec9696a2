#include "domain/version.h"

namespace bellwether {

namespace {

constexpr int kMaxLength = 128;

bool isDigits(QStringView text)
{
    for (const QChar c : text)
        if (c < u'0' || c > u'9')
            return false;
    return !text.isEmpty();
}

bool isIdentifier(QStringView text)
{
    for (const QChar c : text)
        if (!(c >= u'0' && c <= u'9') && !(c >= u'a' && c <= u'z') && !(c >= u'A' && c <= u'Z') && c != u'-')
            return false;
    return !text.isEmpty();
}

// A number without sign and leading zeros that fits 64 bits.
bool readNumber(QStringView text, quint64 &out)
{
    if (!isDigits(text) || (text.size() > 1 && text.front() == u'0'))
        return false;
    bool ok = false;
    out = text.toULongLong(&ok);
    return ok;
}

bool isDotted(QStringView text, bool zerosAllowed)
{
    for (const QStringView part : text.split(u'.')) {
        if (!isIdentifier(part))
            return false;
        if (!zerosAllowed && isDigits(part) && part.size() > 1 && part.front() == u'0')
            return false;
    }
    return true;
}

std::strong_ordering textOrder(QStringView a, QStringView b)
{
    return a.compare(b) <=> 0;
}

// §11.4: numbers before words; numbers by value (they may be longer than any integer type), words by ASCII.
std::strong_ordering identifierOrder(QStringView a, QStringView b)
{
    const bool numberA = isDigits(a), numberB = isDigits(b);
    if (numberA != numberB)
        return numberA ? std::strong_ordering::less : std::strong_ordering::greater;
    if (numberA && a.size() != b.size())
        return a.size() <=> b.size();
    return textOrder(a, b);
}

std::strong_ordering prereleaseOrder(const QString &a, const QString &b)
{
    if (a.isEmpty() || b.isEmpty()) // a release follows its pre-releases
        return a.isEmpty() <=> b.isEmpty();
    const auto partsA = QStringView(a).split(u'.'), partsB = QStringView(b).split(u'.');
    for (qsizetype i = 0; i < qMin(partsA.size(), partsB.size()); ++i)
        if (const auto order = identifierOrder(partsA[i], partsB[i]); order != 0)
            return order;
    return partsA.size() <=> partsB.size();
}

} // namespace

Result<Version> Version::parse(const QString &text)
{
    Version version;
    if (!fromText(text, version))
        return fail(ErrorCode::BadVersion, {text.left(kMaxLength)});
    return version;
}

bool Version::fromText(const QString &text, Version &out)
{
    if (text.size() > kMaxLength)
        return false;
    QStringView rest(text);
    if (rest.startsWith(u'v'))
        rest = rest.mid(1);
    Version version;
    version.m_text = rest.toString();
    if (const auto plus = rest.indexOf(u'+'); plus >= 0) {
        version.m_build = rest.mid(plus + 1).toString();
        if (!isDotted(rest.mid(plus + 1), true))
            return false;
        rest = rest.left(plus);
    }
    if (const auto dash = rest.indexOf(u'-'); dash >= 0) {
        version.m_prerelease = rest.mid(dash + 1).toString();
        if (!isDotted(rest.mid(dash + 1), false))
            return false;
        rest = rest.left(dash);
    }
    const auto numbers = rest.split(u'.');
    if (numbers.size() != 3 || !readNumber(numbers[0], version.m_major) || !readNumber(numbers[1], version.m_minor)
        || !readNumber(numbers[2], version.m_patch))
        return false;
    out = version;
    return true;
}

std::strong_ordering Version::operator<=>(const Version &other) const
{
    if (isNull() || other.isNull()) // "no version" comes before all and is not 0.0.0
        return other.isNull() <=> isNull();
    if (const auto order = m_major <=> other.m_major; order != 0)
        return order;
    if (const auto order = m_minor <=> other.m_minor; order != 0)
        return order;
    if (const auto order = m_patch <=> other.m_patch; order != 0)
        return order;
    if (const auto order = prereleaseOrder(m_prerelease, other.m_prerelease); order != 0)
        return order;
    return textOrder(m_build, other.m_build);
}

bool Version::isSameRelease(const Version &other) const
{
    return isNull() == other.isNull() && m_major == other.m_major && m_minor == other.m_minor && m_patch == other.m_patch
           && m_prerelease == other.m_prerelease;
}

Bump bumpBetween(const Version &from, const Version &to)
{
    if (from.isSameRelease(to))
        return Bump::None;
    if (to < from)
        return Bump::Downgrade;
    if (from.major() != to.major())
        return Bump::Major;
    return from.minor() != to.minor() ? Bump::Minor : Bump::Patch;
}

} // namespace bellwether
