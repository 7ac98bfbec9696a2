#include "headless/context.h"

#include "migrations/logreader.h"
#include "text/errortext.h"

#include <QFile>

namespace bellwether {

namespace {

Result<ProductProfile> knownProfile(const Workspace &workspace, const QString &id)
{
    const auto it = workspace.library->profiles.constFind(id);
    if (it == workspace.library->profiles.cend())
        return fail(ErrorCode::UnknownProduct, {id});
    return *it;
}

QJsonObject profileJson(const ProductProfile &profile)
{
    return {{QStringLiteral("id"), profile.id}, {QStringLiteral("name"), profile.name}, {QStringLiteral("description"), profile.description}};
}

QString flags(const StepTemplate &step)
{
    QStringList words;
    if (step.safe)
        words << QStringLiteral("safe point");
    if (step.idempotent)
        words << QStringLiteral("idempotent");
    if (step.required)
        words << QStringLiteral("required");
    return words.join(QStringLiteral(", "));
}

void printSteps(Terminal &out, const QString &title, const QList<StepTemplate> &steps)
{
    out.line(title);
    QList<QStringList> rows;
    for (const StepTemplate &step : steps)
        rows.append({QStringLiteral("  ") + step.name, nameOf(step.kind), flags(step), step.argv.join(u' ')});
    if (rows.isEmpty())
        out.line(QStringLiteral("  none"));
    else
        out.table({QStringLiteral("  STEP"), QStringLiteral("KIND"), QStringLiteral("MARKS"), QStringLiteral("COMMAND")}, rows);
}

QString seconds(const std::optional<qint64> &ms)
{
    return ms ? QStringLiteral("%1 s").arg(static_cast<double>(*ms) / 1000, 0, 'f', 2) : QStringLiteral("?");
}

QString firstSentence(const QString &markdown)
{
    for (const QString &line : markdown.split(u'\n')) {
        if (!line.trimmed().isEmpty() && !line.startsWith(u'#'))
            return line.trimmed().left(100);
    }
    return {};
}

// An open file or FileUnreadable; folders and devices are refused.
Status openLog(QFile &file)
{
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::FileUnreadable, {file.fileName(), file.errorString()});
    if (file.isSequential())
        return fail(ErrorCode::FileUnreadable, {file.fileName(), QStringLiteral("it is not a regular file")});
    return {};
}

} // namespace

Result<int> profilesList(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    QJsonArray array;
    QList<QStringList> rows;
    for (const ProductProfile &profile : view->workspace().library->profiles) {
        array.append(profileJson(profile));
        rows.append({profile.id, profile.name, profile.description});
    }
    if (context.json())
        context.out.json({{QStringLiteral("profiles"), array}});
    else
        context.out.table({QStringLiteral("ID"), QStringLiteral("NAME"), QStringLiteral("DESCRIPTION")}, rows);
    return 0;
}

Result<int> profilesShow(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto profile = knownProfile(view->workspace(), context.in.positionals.first());
    if (!profile)
        return std::unexpected(profile.error());
    if (context.json()) {
        context.out.json(toJson(*profile));
        return 0;
    }
    context.out.line(QStringLiteral("%1: %2").arg(printable(profile->id), printable(profile->name)));
    if (!profile->description.isEmpty())
        context.out.line(printable(profile->description));
    context.out.line(QStringLiteral("version pinned by %1 in %2").arg(printable(profile->pinKey), printable(profile->pinFile)));
    for (auto it = profile->settings.cbegin(); it != profile->settings.cend(); ++it)
        context.out.line(QStringLiteral("setting %1 = %2").arg(printable(it.key()), printable(it.value())));
    printSteps(context.out, QStringLiteral("forward"), profile->steps);
    printSteps(context.out, QStringLiteral("way back: tag-only"), profile->tagOnly);
    printSteps(context.out, QStringLiteral("way back: restore"), profile->restore);
    return 0;
}

Result<int> profilesCheck(Context &context)
{
    QJsonArray array;
    for (const QString &file : context.in.positionals) {
        const auto text = readFileBounded(file);
        if (!text)
            return std::unexpected(text.error());
        const auto profile = parseProfile(*text, file);
        if (!profile)
            return std::unexpected(profile.error());
        array.append(profileJson(*profile));
        if (!context.json())
            context.out.line(QStringLiteral("%1: profile %2 is valid").arg(printable(file), printable(profile->id)));
    }
    if (context.json())
        context.out.json({{QStringLiteral("profiles"), array}});
    return 0;
}

Result<int> profilesReadLog(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto profile = knownProfile(view->workspace(), context.in.positionals[0]);
    if (!profile)
        return std::unexpected(profile.error());
    QFile file(context.in.positionals[1]);
    if (const Status opened = openLog(file); !opened)
        return std::unexpected(opened.error());
    LogReader reader(profile->log);
    while (!file.atEnd() && !isInterrupted()) {
        const QByteArray chunk = file.read(1 << 20);
        if (chunk.isEmpty())
            return fail(ErrorCode::FileUnreadable, {file.fileName(), file.errorString()});
        reader.feed(chunk);
    }
    reader.finish();
    QJsonArray migrations, problems;
    QList<QStringList> rows;
    for (const Migration &migration : reader.migrations()) {
        QJsonObject json = toJson(migration);
        if (!migration.durationMs)
            json.insert(QStringLiteral("duration_ms"), QJsonValue());
        migrations.append(json);
        rows.append({migration.name, nameOf(migration.state), seconds(migration.durationMs), migration.reason});
    }
    for (const LogProblem &problem : reader.problems())
        problems.append(QJsonObject{{QStringLiteral("line"), problem.line}, {QStringLiteral("message"), problem.message}});
    if (context.json()) {
        context.out.json({{QStringLiteral("outcome"), nameOf(reader.outcome())}, {QStringLiteral("migrations"), migrations},
                          {QStringLiteral("problems"), problems}, {QStringLiteral("unread_lines"), reader.unreadLines()}});
        return 0;
    }
    if (!rows.isEmpty())
        context.out.table({QStringLiteral("MIGRATION"), QStringLiteral("STATE"), QStringLiteral("DURATION"), QStringLiteral("REASON")}, rows);
    for (const LogProblem &problem : reader.problems())
        context.out.line(QStringLiteral("line %1: %2").arg(problem.line).arg(printable(problem.message)));
    context.out.line(QStringLiteral("outcome: %1; %2 migrations, %3 lines not known").arg(nameOf(reader.outcome())).arg(rows.size()).arg(reader.unreadLines()));
    return 0;
}

Result<int> releasesList(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const QString product = context.in.positionals.first();
    const Library &library = *view->workspace().library;
    if (!library.profiles.contains(product) && !library.catalogues.contains(product))
        return fail(ErrorCode::UnknownProduct, {product});
    QJsonArray array;
    QList<QStringList> rows;
    for (const Release &release : library.catalogues.value(product).releases) {
        array.append(toJson(release));
        rows.append({release.version.toString(), release.date, nameOf(release.schema), QString::number(release.migrations.size()),
                     release.withdrawn ? QStringLiteral("withdrawn") : firstSentence(release.notes)});
    }
    if (context.json())
        context.out.json({{QStringLiteral("product"), product}, {QStringLiteral("releases"), array}});
    else
        context.out.table({QStringLiteral("VERSION"), QStringLiteral("DATE"), QStringLiteral("SCHEMA"), QStringLiteral("MIGRATIONS"), QStringLiteral("NOTES")}, rows);
    return 0;
}

Result<int> releasesImport(Context &context)
{
    const QString source = context.in.positionals.first();
    if (source.contains(QLatin1String("://")))
        return usage(QStringLiteral("Reading releases from a URL is not in this version; download the file and give its path"));
    const auto text = readFileBounded(source);
    if (!text)
        return std::unexpected(text.error());
    const auto catalogue = parseCatalogue(*text, source);
    if (!catalogue)
        return std::unexpected(catalogue.error());
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    const auto reply = (*link)->ask(context.request(QStringLiteral("releases-import"),
        {{QStringLiteral("source"), source}, {QStringLiteral("text"), QString::fromUtf8(*text)}}));
    if (!reply)
        return std::unexpected(reply.error());
    context.out.line(QStringLiteral("%1: %2 releases").arg(printable(catalogue->product)).arg(catalogue->releases.size()));
    return 0;
}

} // namespace bellwether
