#include "migrations/logreader.h"

#include <QRegularExpression>

namespace bellwether {

namespace {

constexpr qsizetype lineLimit = 16 << 10;
constexpr qsizetype problemLimit = 1000;

QList<QRegularExpression> compiled(const QStringList &patterns)
{
    QList<QRegularExpression> list;
    for (const QString &pattern : patterns)
        list.append(QRegularExpression(pattern, QRegularExpression::UseUnicodePropertiesOption));
    return list;
}

std::optional<QRegularExpressionMatch> firstMatch(const QList<QRegularExpression> &patterns, const QString &line)
{
    for (const QRegularExpression &pattern : patterns)
        if (const auto match = pattern.match(line); match.hasMatch())
            return match;
    return std::nullopt;
}

// Terminal colours out, control characters out; what is left of a carriage return is what a terminal would show.
QString plain(const QByteArray &bytes)
{
    static const QRegularExpression escapes(QStringLiteral("\\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)|[@-Z\\\\-_])"));
    QString line = QString::fromUtf8(bytes);
    line.remove(escapes);
    while (line.endsWith(QLatin1Char('\r')))
        line.chop(1);
    line = line.mid(line.lastIndexOf(QLatin1Char('\r')) + 1);
    line.removeIf([](QChar c) { return c.unicode() < 0x20 && c != QLatin1Char('\t'); });
    return line;
}

} // namespace

struct LogReader::Private {
    QList<QRegularExpression> began, ran, skipped, failed, succeeded, failedEnd;
    QByteArray rest;
    int line = 0;
    QList<Migration> migrations;
    LogOutcome outcome = LogOutcome::Unknown;
    QList<LogProblem> problems;
    qint64 unread = 0;

    void problem(const QString &message)
    {
        if (problems.size() < problemLimit)
            problems.append({line, message});
    }

    void put(QList<Migration> &changed, const QRegularExpressionMatch &match, MigrationState state)
    {
        Migration m;
        m.name = match.hasCaptured(QStringLiteral("name")) ? match.captured(QStringLiteral("name")) : QString();
        m.state = state;
        m.line = line;
        if (match.hasCaptured(QStringLiteral("ms")))
            m.durationMs = qRound64(match.captured(QStringLiteral("ms")).toDouble());
        else if (match.hasCaptured(QStringLiteral("s")))
            m.durationMs = qRound64(match.captured(QStringLiteral("s")).toDouble() * 1000);
        if (match.hasCaptured(QStringLiteral("reason")))
            m.reason = match.captured(QStringLiteral("reason")).trimmed();
        if (state == MigrationState::Failed) {
            problem(m.reason.isEmpty() ? match.captured() : m.reason);
            outcome = LogOutcome::Failed;
            if (m.name.isEmpty()) { // the one that had begun, where the line does not say
                for (auto it = migrations.rbegin(); it != migrations.rend() && m.name.isEmpty(); ++it)
                    if (it->state == MigrationState::Running)
                        m.name = it->name;
            }
        }
        for (Migration &known : migrations) {
            if (known.name != m.name)
                continue;
            if (known != m) {
                known = m;
                changed.append(m);
            }
            return;
        }
        migrations.append(m);
        changed.append(m);
    }

    void read(QList<Migration> &changed, const QByteArray &bytes)
    {
        ++line;
        const QString text = plain(bytes);
        if (text.trimmed().isEmpty())
            return;
        bool known = true;
        if (const auto f = firstMatch(failed, text))
            put(changed, *f, MigrationState::Failed);
        else if (const auto r = firstMatch(ran, text))
            put(changed, *r, MigrationState::Ran);
        else if (const auto s = firstMatch(skipped, text))
            put(changed, *s, MigrationState::Skipped);
        else if (const auto b = firstMatch(began, text))
            put(changed, *b, MigrationState::Running);
        else
            known = false;
        if (const auto e = firstMatch(failedEnd, text)) {
            known = true;
            outcome = LogOutcome::Failed;
            problem(e->hasCaptured(QStringLiteral("reason")) ? e->captured(QStringLiteral("reason")) : text);
        } else if (firstMatch(succeeded, text)) {
            known = true;
            if (outcome != LogOutcome::Failed)
                outcome = LogOutcome::Succeeded;
        }
        if (known && outcome == LogOutcome::Unknown)
            outcome = LogOutcome::Unfinished;
        unread += !known;
    }
};

LogReader::LogReader(const LogSpec &spec)
    : d(std::make_unique<Private>())
{
    d->began = compiled(spec.began);
    d->ran = compiled(spec.ran);
    d->skipped = compiled(spec.skipped);
    d->failed = compiled(spec.failed);
    d->succeeded = compiled(spec.succeeded);
    d->failedEnd = compiled(spec.failedEnd);
}

LogReader::~LogReader() = default;
LogReader::LogReader(LogReader &&) noexcept = default;
LogReader &LogReader::operator=(LogReader &&) noexcept = default;

QList<Migration> LogReader::feed(const QByteArray &bytes)
{
    QList<Migration> changed;
    qsizetype from = 0;
    while (from < bytes.size()) {
        const qsizetype end = bytes.indexOf('\n', from);
        const QByteArray piece = bytes.mid(from, end < 0 ? -1 : end - from);
        d->rest += piece.left(std::max<qsizetype>(0, lineLimit - d->rest.size())); // a longer line is read to its limit
        if (end < 0)
            break;
        d->read(changed, d->rest);
        d->rest.clear();
        from = end + 1;
    }
    return changed;
}

QList<Migration> LogReader::finish()
{
    QList<Migration> changed;
    if (!d->rest.isEmpty())
        d->read(changed, std::exchange(d->rest, {}));
    return changed;
}

QList<Migration> LogReader::migrations() const
{
    return d->migrations;
}

LogOutcome LogReader::outcome() const
{
    return d->outcome;
}

QList<LogProblem> LogReader::problems() const
{
    return d->problems;
}

qint64 LogReader::unreadLines() const
{
    return d->unread;
}

} // namespace bellwether
