#pragma once
// A version of a product: semantic versioning 2.0.0 with an optional leading v. Total order by precedence (§11);
// build metadata takes part last so that the order is total and equality is identity of meaning.
#include "base/error.h"

#include <QString>
#include <compare>

namespace bellwether {

class Version {
public:
    Version() = default; // 0.0.0, isNull()
    static Result<Version> parse(const QString &text); // BadVersion
    static bool fromText(const QString &text, Version &out);

    bool isNull() const { return m_text.isEmpty(); }
    quint64 major() const { return m_major; }
    quint64 minor() const { return m_minor; }
    quint64 patch() const { return m_patch; }
    bool isPrerelease() const { return !m_prerelease.isEmpty(); }
    QString prerelease() const { return m_prerelease; }
    QString build() const { return m_build; }
    QString toString() const { return m_text; } // without the leading v

    bool isSameRelease(const Version &other) const; // equal precedence: build metadata does not matter
    std::strong_ordering operator<=>(const Version &other) const;
    bool operator==(const Version &other) const { return (*this <=> other) == 0; }

private:
    quint64 m_major = 0, m_minor = 0, m_patch = 0;
    QString m_prerelease, m_build, m_text;
};

enum class Bump { None, Patch, Minor, Major, Downgrade };
Bump bumpBetween(const Version &from, const Version &to);

} // namespace bellwether
