#include "logging/redactor.h"

#include "base/secret.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QUrl>
#include <algorithm>

namespace bellwether {

namespace {

const QByteArray mask = "[redacted]";

QByteArray jsonEscaped(const QByteArray &secret)
{
    const QByteArray array = QJsonDocument(QJsonArray{QString::fromUtf8(secret)}).toJson(QJsonDocument::Compact);
    return array.mid(2, array.size() - 4); // without [" and "]
}

QByteArray shellQuoted(QByteArray secret)
{
    return secret.replace('\'', "'\\''");
}

const QRegularExpression &shapes()
{
    static const QRegularExpression pattern(QStringLiteral(
        "-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\\z)"
        "|\\bAKIA[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{20,}|\\bgithub_pat_[A-Za-z0-9_]{20,}|\\bxox[abprs]-[A-Za-z0-9-]{10,}"
        "|\\beyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*"
        "|(?<=://)[^/\\s:@]*:[^/\\s@]+(?=@)"),
        QRegularExpression::DotMatchesEverythingOption);
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
    QByteArray base64 = secret.toBase64(QByteArray::OmitTrailingEquals);
    if (secret.size() % 3 != 0)
        base64.chop(1); // its last character depends on what follows
    for (const QByteArray &form : {secret, base64, secret.toPercentEncoding(), jsonEscaped(secret), shellQuoted(secret)}) {
        if (!m_forms.contains(form))
            m_forms.append(form);
    }
    std::ranges::stable_sort(m_forms, std::ranges::greater(), &QByteArray::size);
}

QByteArray Redactor::redact(QByteArray text) const
{
    {
        const std::scoped_lock lock(m_mutex);
        for (const QByteArray &form : m_forms)
            text.replace(form, mask);
    }
    QString decoded = QString::fromUtf8(text);
    if (!shapes().match(decoded).hasMatch())
        return text;
    return decoded.replace(shapes(), QString::fromLatin1(mask)).toUtf8();
}

Redactor &processRedactor()
{
    static Redactor redactor;
    return redactor;
}

} // namespace bellwether
