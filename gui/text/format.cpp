#include "text/format.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QStringList>
#include <QTimeZone>

namespace bellwether {

namespace {

struct T {
    Q_DECLARE_TR_FUNCTIONS(Format)
};

constexpr qint64 second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

QString two(const QString &big, const QString &small, qint64 rest)
{
    return rest > 0 ? big + QLatin1Char(' ') + small : big;
}

} // namespace

QString durationText(qint64 ms)
{
    if (ms < 0)
        return unknownText();
    if (ms < 10 * second && ms % second != 0)
        return T::tr("%1 s").arg(QLocale().toString(static_cast<double>(ms) / second, 'f', 2));
    if (ms < minute)
        return T::tr("%1 s").arg(ms / second);
    if (ms < hour)
        return two(T::tr("%1 min").arg(ms / minute), T::tr("%1 s").arg(ms % minute / second), ms % minute / second);
    if (ms < day)
        return two(T::tr("%1 h").arg(ms / hour), T::tr("%1 min").arg(ms % hour / minute), ms % hour / minute);
    return two(T::tr("%1 d").arg(ms / day), T::tr("%1 h").arg(ms % day / hour), ms % day / hour);
}

QString ageText(qint64 ms)
{
    if (ms < minute)
        return T::tr("%1 s").arg(qMax<qint64>(0, ms) / second);
    if (ms < hour)
        return T::tr("%1 min").arg(ms / minute);
    if (ms < 2 * day)
        return T::tr("%1 h").arg(ms / hour);
    return T::tr("%1 d").arg(ms / day);
}

QString agoText(qint64 thenMs, qint64 nowMs)
{
    return thenMs == 0 ? noneText() : T::tr("%1 ago").arg(ageText(nowMs - thenMs));
}

QString clockText(qint64 ms)
{
    const qint64 seconds = qMax<qint64>(0, ms + 999) / 1000;
    const QLatin1Char zero('0');
    if (seconds >= 3600)
        return QStringLiteral("%1:%2:%3").arg(seconds / 3600).arg(seconds % 3600 / 60, 2, 10, zero).arg(seconds % 60, 2, 10, zero);
    return QStringLiteral("%1:%2").arg(seconds / 60, 2, 10, zero).arg(seconds % 60, 2, 10, zero);
}

QString timeText(qint64 wallMs)
{
    return wallMs == 0 ? noneText() : QDateTime::fromMSecsSinceEpoch(wallMs).toString(QStringLiteral("HH:mm:ss"));
}

QString dateTimeText(qint64 wallMs)
{
    if (wallMs == 0)
        return noneText();
    const QDateTime local = QDateTime::fromMSecsSinceEpoch(wallMs);
    return QLocale().toString(local, QStringLiteral("d MMM HH:mm:ss ")) + local.timeZoneAbbreviation();
}

QString utcText(qint64 wallMs)
{
    if (wallMs == 0)
        return noneText();
    return QDateTime::fromMSecsSinceEpoch(wallMs, Qt::UTC).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")) + QStringLiteral(" UTC");
}

QString localAndUtcText(qint64 wallMs)
{
    const QDateTime utc = QDateTime::fromMSecsSinceEpoch(wallMs, Qt::UTC);
    return T::tr("%1 (%2 UTC)").arg(dateTimeText(wallMs), utc.toString(QStringLiteral("HH:mm:ss")));
}

QString bytesText(qint64 bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double value = static_cast<double>(bytes);
    int unit = 0;
    while (value >= 999.5 && unit < 5) {
        value /= 1000;
        ++unit;
    }
    return QStringLiteral("%1 %2").arg(QLocale().toString(value, 'f', unit == 0 || value >= 100 ? 0 : 1), QLatin1String(units[unit]));
}

QString bytesText(const std::optional<qint64> &bytes) { return bytes ? bytesText(*bytes) : unknownText(); }

QString hostsText(int count) { return count == 1 ? T::tr("1 host") : T::tr("%n hosts", nullptr, count); }

QString numberText(qint64 number)
{
    QString text = QString::number(qAbs(number));
    for (qsizetype at = text.size() - 3; at > 0; at -= 3)
        text.insert(at, QChar(0x202F)); // narrow no-break space: the same in every language
    return number < 0 ? QLatin1Char('-') + text : text;
}

QString shortHash(const QString &hash)
{
    return hash.size() <= 12 ? hash : hash.left(4) + QChar(0x2026) + hash.right(4);
}

QString unknownText() { return T::tr("unknown"); }
QString noneText() { return QString(QChar(0x2013)); }

QString joinNames(const QStringList &names, int most)
{
    if (names.size() <= most + 1)
        return names.join(QStringLiteral(", "));
    return T::tr("%1 and %2 more").arg(names.first(most).join(QStringLiteral(", "))).arg(names.size() - most);
}

QString caret(char16_t control)
{
    return QStringLiteral("^") + QChar(control ^ 0x40);
}

QString visibleText(const QString &text, int most)
{
    QString out;
    out.reserve(qMin<qsizetype>(text.size(), most));
    for (const QChar c : text) {
        if (out.size() >= most)
            return out + QChar(0x2026);
        const char16_t u = c.unicode();
        if (u < 0x20)
            out += u == '\t' ? QStringLiteral(" ") : caret(u);
        else if (u == 0x7F || (u >= 0x80 && u < 0xA0) || (u >= 0x202A && u <= 0x202E) || (u >= 0x2066 && u <= 0x2069)
                 || u == 0x200E || u == 0x200F || u == 0x2028 || u == 0x2029)
            out += QChar(0xFFFD);
        else
            out += c;
    }
    return out;
}

} // namespace bellwether
