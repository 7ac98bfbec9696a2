#include "migrations/logreader.h"

#include <QHash>
#include <QRegularExpression>

#include <cmath>

namespace bellwether {

namespace {

constexpr qsizetype kMaxLine = 16 << 10;
constexpr qsizetype kMaxProblems = 1000;
constexpr qsizetype kMaxMigrations = 10'000; // a log is hostile input: it may not fill the memory
constexpr qsizetype kMaxName = 200;
constexpr qsizetype kMaxReason = 1000;

QList<QRegularExpression> compiled(const QStringList &patterns)
{
    QList<QRegularExpression> expressions;
    for (const QString &pattern : patterns) {
        expressions.append(QRegularExpression(pattern));
        expressions.last().optimize();
    }
    return expressions;
}

// Terminal codes out, other control characters made harmless; what a progress bar overwrote is gone, as on a screen.
QString cleaned(const QByteArray &line)
{
    static const QRegularExpression codes(QStringLiteral("\\x1b(?:\\[[0-?]*[ -/]*[@-~]|[\\]PX^_][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)?|[ -/]*[0-~])|\\x9b[0-?]*[ -/]*[@-~]"));
    QString text = QString::fromUtf8(line);
    text.remove(codes);
    while (text.endsWith(u'\r'))
        text.chop(1);
    text = text.mid(text.lastIndexOf(u'\r') + 1);
    for (QChar &c : text)
        if ((c.unicode() < 0x20 && c != u'\t') || (c.unicode() >= 0x7f && c.unicode() < 0xa0))
            c = QChar(u'\ufffd');
    return text;
}

std::optional<qint64> durationOf(const QRegularExpressionMatch &match)
{
    for (const auto &[group, factor] : {std::pair{"ms", 1.0}, std::pair{"s", 1000.0}}) {
        bool ok = false;
        const double value = match.captured(QString::fromLatin1(group)).toDouble(&ok) * factor;
        if (ok && std::isfinite(value) && value >= 0 && value < 1e15)
            return static_cast<qint64>(std::llround(value));
    }
    return std::nullopt;
}

} // namespace

struct LogReader::Private {
    QList<QRegularExpression> began, ran, skipped, failed, succeeded, failedEnd;
    bool names = true;

    QByteArray rest;        // of a line that has not ended, at most kMaxLine
    bool tooLong = false;   // the rest of this line is passed over
    int line = 0;
    qint64 unread = 0;
    QList<Migration> migrations;
    QHash<QString, qsizetype> byName;
    QList<LogProblem> problems;
    bool sawSuccess = false, sawFailure = false, sawAnything = false;

    void problem(const QString &message)
    {
        if (problems.size() < kMaxProblems)
            problems.append({line, message});
    }

    static QRegularExpressionMatch matchOf(const QList<QRegularExpression> &expressions, const QString &text)
    {
        for (const QRegularExpression &expression : expressions)
            if (const QRegularExpressionMatch match = expression.match(text); match.hasMatch())
                return match;
        return {};
    }

    // The name a line speaks of, or of the migration that had begun where a failure does not say.
    QString nameIn(const QRegularExpressionMatch &match, MigrationState state) const
    {
        if (!names)
            return {}; // a product that prints no names has its one unnamed record, never an invented name
        const QString name = match.captured(QStringLiteral("name")).left(kMaxName);
        if (!name.isEmpty() || state != MigrationState::Failed)
            return name;
        for (auto it = migrations.crbegin(); it != migrations.crend(); ++it)
            if (it->state == MigrationState::Running)
                return it->name;
        return {};
    }

    Migration *record(const QString &name, MigrationState state)
    {
        const auto found = byName.constFind(name);
        if (found != byName.constEnd())
            return &migrations[*found];
        if (migrations.size() >= kMaxMigrations) {
            problem(QStringLiteral("more than %1 migrations").arg(kMaxMigrations));
            return nullptr;
        }
        byName.insert(name, migrations.size());
        migrations.append({name, state, std::nullopt, {}, 0});
        return &migrations.last();
    }

    // A failure is not talked away by later lines, only by a new beginning; what ran is not undone by a restart that
    // skips it.
    static bool mayBecome(MigrationState before, MigrationState after)
    {
        if (before == MigrationState::Failed)
            return after == MigrationState::Running || after == MigrationState::Failed;
        return after != MigrationState::Skipped || before == MigrationState::Running;
    }

    void take(const QRegularExpressionMatch &match, MigrationState state, QList<Migration> &changed)
    {
        sawAnything = true;
        const QString reason = match.captured(QStringLiteral("reason")).trimmed().left(kMaxReason);
        if (state == MigrationState::Failed) {
            sawFailure = true;
            problem(reason.isEmpty() ? match.captured().left(kMaxReason) : reason);
        }
        const QString name = nameIn(match, state);
        if (names && name.isEmpty())
            return problem(QStringLiteral("a migration without a name"));
        Migration *migration = record(name, state);
        if (!migration || (migration->line > 0 && !mayBecome(migration->state, state)))
            return;
        const Migration before = *migration;
        *migration = {name, !names && state == MigrationState::Ran ? MigrationState::Unnamed : state, durationOf(match), reason, line};
        if (*migration != before)
            changed.append(*migration);
    }

    void end(const QRegularExpressionMatch &match, bool success, QList<Migration> &changed)
    {
        sawAnything = true;
        (success ? sawSuccess : sawFailure) = true;
        if (!success) {
            const QString reason = match.captured(QStringLiteral("reason")).trimmed();
            problem((reason.isEmpty() ? match.captured() : reason).left(kMaxReason));
        }
        for (Migration &migration : migrations) // the one unnamed record is done with the run
            if (success && !names && migration.state == MigrationState::Running) {
                migration.state = MigrationState::Unnamed;
                changed.append(migration);
            }
    }

    void takeLine(QList<Migration> &changed)
    {
        ++line;
        if (tooLong)
            problem(QStringLiteral("a line of more than %1 bytes; its end was passed over").arg(kMaxLine));
        const QString text = cleaned(rest);
        rest.clear();
        tooLong = false;
        const std::pair<const QList<QRegularExpression> *, MigrationState> perMigration[] = {
            {&failed, MigrationState::Failed}, {&ran, MigrationState::Ran}, {&skipped, MigrationState::Skipped}, {&began, MigrationState::Running}};
        bool read = false;
        for (const auto &[expressions, state] : perMigration)
            if (const QRegularExpressionMatch match = matchOf(*expressions, text); match.hasMatch()) {
                take(match, state, changed);
                read = true;
                break;
            }
        for (const auto &[expressions, success] : {std::pair{&failedEnd, false}, std::pair{&succeeded, true}})
            if (const QRegularExpressionMatch match = matchOf(*expressions, text); match.hasMatch()) {
                end(match, success, changed);
                read = true;
                break;
            }
        unread += !read && !text.trimmed().isEmpty();
    }
};

LogReader::LogReader(const LogSpec &spec) : d(std::make_unique<Private>())
{
    d->began = compiled(spec.began);
    d->ran = compiled(spec.ran);
    d->skipped = compiled(spec.skipped);
    d->failed = compiled(spec.failed);
    d->succeeded = compiled(spec.succeeded);
    d->failedEnd = compiled(spec.failedEnd);
    d->names = spec.namesMigrations;
}

LogReader::~LogReader() = default;
LogReader::LogReader(LogReader &&) noexcept = default;
LogReader &LogReader::operator=(LogReader &&) noexcept = default;

QList<Migration> LogReader::feed(const QByteArray &bytes)
{
    QList<Migration> changed;
    for (qsizetype at = 0; at < bytes.size();) {
        const qsizetype newline = bytes.indexOf('\n', at);
        const qsizetype end = newline < 0 ? bytes.size() : newline;
        const qsizetype room = kMaxLine - d->rest.size();
        d->rest.append(bytes.constData() + at, qMin(room, end - at));
        d->tooLong = d->tooLong || end - at > room;
        at = end + 1;
        if (newline >= 0)
            d->takeLine(changed);
    }
    return changed;
}

QList<Migration> LogReader::finish()
{
    QList<Migration> changed;
    if (!d->rest.isEmpty() || d->tooLong)
        d->takeLine(changed);
    return changed;
}

QList<Migration> LogReader::migrations() const
{
    return d->migrations;
}

// Success needs the product's word for it and no word against it; silence is never success.
LogOutcome LogReader::outcome() const
{
    if (d->sawFailure)
        return LogOutcome::Failed;
    if (d->sawSuccess)
        return LogOutcome::Succeeded;
    return d->sawAnything ? LogOutcome::Unfinished : LogOutcome::Unknown;
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
