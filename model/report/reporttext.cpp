#include "report/reporttext.h"

#include <QDateTime>
#include <QLocale>

namespace bellwether {

namespace {
QString utc(qint64 wallMs, const QString &format)
{
    if (wallMs <= 0)
        return QStringLiteral("–");
    return QLocale::c().toString(QDateTime::fromMSecsSinceEpoch(wallMs, Qt::UTC), format);
}

bool isInvisible(uint c)
{
    return (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)
        || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x61c || c == 0xad || (c >= 0xfff9 && c <= 0xfffb)
        || (c >= 0xd800 && c <= 0xdfff) || (c & 0xfffe) == 0xfffe;
}

void appendShown(QString &out, uint c, bool lines)
{
    if (c == '\n' && lines)
        out += QLatin1Char('\n');
    else if (c == '\n' || c == '\t')
        out += c == '\n' ? QStringLiteral("⏎") : QStringLiteral(" ");
    else if (c < 0x20 || isInvisible(c))
        out += QStringLiteral("<U+%1>").arg(c, 4, 16, QLatin1Char('0')).toUpper();
    else
        out += QString::fromUcs4(reinterpret_cast<const char32_t *>(&c), 1);
}
} // namespace

QString reportTime(qint64 wallMs)
{
    return utc(wallMs, QStringLiteral("d MMM yyyy HH:mm:ss"));
}

QString reportClock(qint64 wallMs)
{
    return utc(wallMs, QStringLiteral("HH:mm:ss"));
}

QString reportDuration(qint64 ms)
{
    if (ms < 0)
        return QStringLiteral("unknown");
    if (ms < 10'000)
        return QStringLiteral("%1 s").arg(double(ms) / 1000, 0, 'f', ms < 1000 ? 2 : 1);
    const qint64 s = (ms + 500) / 1000;
    if (s < 60)
        return QStringLiteral("%1 s").arg(s);
    if (s < 3600)
        return QStringLiteral("%1 min %2 s").arg(s / 60).arg(s % 60, 2, 10, QLatin1Char('0'));
    return QStringLiteral("%1 h %2 min").arg(s / 3600).arg(s / 60 % 60, 2, 10, QLatin1Char('0'));
}

QString reportCount(int count, const char *one, const char *many)
{
    const QString word = QString::fromLatin1(count == 1 ? one : many ? many : one);
    return QStringLiteral("%1 %2%3").arg(count).arg(word, count == 1 || many ? QString() : QStringLiteral("s"));
}

QString reportWord(HostRunState state)
{
    switch (state) {
    case HostRunState::Waiting: return QStringLiteral("Not begun");
    case HostRunState::Preflight: return QStringLiteral("In preflight");
    case HostRunState::BackingUp: return QStringLiteral("Backing up");
    case HostRunState::Upgrading: return QStringLiteral("Upgrading");
    case HostRunState::Migrating: return QStringLiteral("Migrating");
    case HostRunState::Checking: return QStringLiteral("Checking");
    case HostRunState::Baking: return QStringLiteral("Baking");
    case HostRunState::Upgraded: return QStringLiteral("Upgraded");
    case HostRunState::Deferred: return QStringLiteral("Deferred");
    case HostRunState::Excluded: return QStringLiteral("Excluded");
    case HostRunState::AlreadyThere: return QStringLiteral("Already there");
    case HostRunState::Failed: return QStringLiteral("Failed");
    case HostRunState::HalfMigrated: return QStringLiteral("Half-migrated");
    case HostRunState::InDoubt: return QStringLiteral("In doubt");
    case HostRunState::RollingBack: return QStringLiteral("Rolling back");
    case HostRunState::RolledBack: return QStringLiteral("Rolled back");
    case HostRunState::RollbackFailed: return QStringLiteral("Rollback failed");
    }
    return {};
}

QString reportWord(RolloutLifecycle state)
{
    switch (state) {
    case RolloutLifecycle::Running: return QStringLiteral("running");
    case RolloutLifecycle::Paused: return QStringLiteral("paused");
    case RolloutLifecycle::Succeeded: return QStringLiteral("succeeded");
    case RolloutLifecycle::Failed: return QStringLiteral("failed");
    case RolloutLifecycle::RolledBack: return QStringLiteral("rolled back");
    case RolloutLifecycle::Aborted: return QStringLiteral("aborted");
    }
    return {};
}

QString reportWord(WayBackVerdict verdict)
{
    switch (verdict) {
    case WayBackVerdict::None: return QStringLiteral("none needed");
    case WayBackVerdict::TagOnly: return QStringLiteral("tag only");
    case WayBackVerdict::Restore: return QStringLiteral("restore");
    }
    return {};
}

QString reportWord(StepOutcome outcome)
{
    switch (outcome) {
    case StepOutcome::Done: return QStringLiteral("done");
    case StepOutcome::Already: return QStringLiteral("was done already");
    case StepOutcome::Failed: return QStringLiteral("failed");
    case StepOutcome::Cancelled: return QStringLiteral("cancelled");
    case StepOutcome::TimedOut: return QStringLiteral("timed out");
    case StepOutcome::Lost: return QStringLiteral("lost");
    case StepOutcome::InDoubt: return QStringLiteral("in doubt");
    }
    return {};
}

QString guardedCell(const QString &text)
{
    static const QString skipped = QStringLiteral(" \"'\u00a0\ufeff\u200b\u3000"), signs = QStringLiteral("=+-@＝＋－＠"), separators = QStringLiteral(";,|\t\r\n");
    QString out;
    bool atStart = true;      // of a cell, or of what another program takes for one
    for (const QChar c : text) {
        if (c.isNull()) { // readers end at it
            atStart = true;
            continue;
        }
        const bool controls = out.isEmpty() && (c == u'\t' || c == u'\r' || c == u'\n');
        if (controls || (atStart && signs.contains(c)))
            out += u'\'';
        out += c;
        if (separators.contains(c))
            atStart = true;
        else if (!skipped.contains(c) && !c.isSpace())
            atStart = false;
    }
    return out;
}

QString shortHashText(const QString &hex)
{
    if (hex.size() < 32)
        return hex;
    return QStringLiteral("%1 %2 %3 … %4 %5").arg(hex.mid(0, 4), hex.mid(4, 4), hex.mid(8, 4), hex.mid(hex.size() - 8, 4), hex.right(4));
}

QString shown(const QString &text, bool lines, qsizetype most)
{
    QString out;
    qsizetype taken = 0;
    const QList<uint> characters = text.left(most * 2).toUcs4();
    for (const uint c : characters) {
        if (++taken > most)
            break;
        appendShown(out, c, lines);
    }
    if (text.size() > most)
        out += QStringLiteral(" … (%1 characters in all)").arg(text.size());
    return out;
}

} // namespace bellwether
