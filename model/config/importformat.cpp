#include "config/importtext.h"

#include "config/files.h"
#include "config/hostkeys.h"

#include <QRegularExpression>
#include <QSet>

namespace bellwether {

namespace {

// The first line that says something, in any of the formats.
QString firstLineOf(const QString &text)
{
    const QStringList lines = linesOf(text);
    for (const QString &line : lines) {
        const QString trimmed = line.trimmed();
        if (!trimmed.isEmpty() && !trimmed.startsWith(u'#') && !trimmed.startsWith(u';'))
            return trimmed;
    }
    return {};
}

bool looksLikeCsv(const QString &first)
{
    for (const QChar separator : {u',', u';'}) {
        const QStringList columns = first.toLower().remove(u'"').split(separator);
        for (const QString &column : columns)
            if (columns.size() > 1 && column.trimmed() == QLatin1String("name"))
                return true;
    }
    return false;
}

bool looksLikeSshConfig(const QString &text, const QString &first)
{
    static const QRegularExpression block(QStringLiteral("^[ \\t]*(?:host|match)(?:[ \\t]+|[ \\t]*=[ \\t]*)\\S"),
                                          QRegularExpression::CaseInsensitiveOption | QRegularExpression::MultilineOption);
    static const QRegularExpression include(QStringLiteral("\\Ainclude[ \\t]+\\S"), QRegularExpression::CaseInsensitiveOption);
    return block.match(text).hasMatch() || include.match(first).hasMatch();
}

bool looksLikeIni(const QString &text, const QString &first)
{
    static const QRegularExpression section(QStringLiteral("^\\[[^\\[\\]\\s]+\\][ \\t]*(?:#.*)?\\r?$"), QRegularExpression::MultilineOption);
    static const QRegularExpression range(QStringLiteral("\\A\\S*\\[\\w*:\\w+(?::\\d+)?\\]"));
    return section.match(text).hasMatch() || range.match(first).hasMatch() || first.contains(QLatin1String(" ansible_"));
}

} // namespace

bool looksLikeYaml(const QString &text)
{
    static const QRegularExpression key(QStringLiteral("\\A(?:---(?:\\s.*)?|\\{.*|\"?[A-Za-z_][A-Za-z0-9_.-]*\"?:(?:\\s.*)?)\\z"));
    return key.match(firstLineOf(text)).hasMatch();
}

Result<ImportFormat> recogniseFormat(const QByteArray &bytes, const QString &name)
{
    if (bytes.trimmed().isEmpty())
        return fail(ErrorCode::FileEmpty, {name}, {name, 0, 0, {}});
    const auto text = plainText(bytes, name);
    if (!text)
        return std::unexpected(text.error());
    static const QRegularExpression hosts(QStringLiteral("^(?:\\{[ \\t]*)?\"?hosts\"?[ \\t]*:"), QRegularExpression::MultilineOption);
    const QString first = firstLineOf(*text);
    if (first.isEmpty()) // comments only
        return fail(ErrorCode::FileEmpty, {name}, {name, 0, 0, {}});
    if (looksLikeYaml(*text))
        return hosts.match(*text).hasMatch() ? ImportFormat::Fleet : ImportFormat::Ansible;
    if (looksLikeCsv(first))
        return ImportFormat::Csv;
    if (looksLikeSshConfig(*text, first))
        return ImportFormat::SshConfig;
    if (looksLikeIni(*text, first))
        return ImportFormat::Ansible;
    return fail(ErrorCode::ImportFormat, {name}, {name, 1, 1, {}});
}

namespace {

Result<Import> importFleet(const QByteArray &text, const QString &name)
{
    const auto fleet = parseFleet(text, name);
    if (!fleet)
        return std::unexpected(fleet.error());
    Import import;
    import.source = name;
    for (const Installation &host : *fleet)
        import.hosts.append({host, statedHostKeys(host), true, name, false});
    return import;
}

} // namespace

Result<Import> importText(const QByteArray &text, const QString &name, ImportFormat format, const ImportFiles &files)
{
    Result<Import> import = [&]() -> Result<Import> {
        switch (format) {
        case ImportFormat::Fleet: return importFleet(text, name);
        case ImportFormat::SshConfig: return importSshConfig(text, name, files);
        case ImportFormat::Ansible: return importAnsible(text, name, files);
        case ImportFormat::Csv: return importCsv(text, name);
        }
        return fail(ErrorCode::ImportFormat, {name});
    }();
    if (import && import->unlisted > 0)
        import->skipped.append({name, QStringLiteral("%1 more").arg(import->unlisted), QStringLiteral("too many to be listed")});
    return import;
}

Result<QList<Import>> importPaths(const QStringList &paths, std::optional<ImportFormat> format, const ImportFiles &files)
{
    QList<Import> imports;
    QSet<QString> names;
    for (const QString &path : paths) {
        const auto text = files.read(path);
        if (!text)
            return std::unexpected(text.error());
        const auto recognised = format ? Result<ImportFormat>(*format) : recogniseFormat(*text, path);
        if (!recognised)
            return std::unexpected(recognised.error());
        const auto import = importText(*text, path, *recognised, files);
        if (!import)
            return std::unexpected(import.error());
        for (const ImportedHost &host : import->hosts) {
            if (names.contains(host.host.name))
                return fail(ErrorCode::DuplicateHost, {host.host.name}, {path, 0, 0, {}});
            names.insert(host.host.name);
        }
        imports.append(*import);
    }
    return imports;
}

} // namespace bellwether
