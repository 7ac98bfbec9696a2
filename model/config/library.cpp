#include "config/files.h"

#include <QDir>

namespace bellwether {

namespace {

// A resource is named after what it holds, so that it can be found again by what people call it.
Status checkName(const QString &path, const QString &stated, const QString &expected, const char *key)
{
    if (stated == expected)
        return {};
    return fail(ErrorCode::BadValue, {QString::fromLatin1(key), stated, expected}, {path, 0, 0, QString::fromLatin1(key)});
}

Status loadProfileOrCatalogue(Library &library, const QString &path, const QByteArray &text)
{
    const QString base = path.mid(path.lastIndexOf(u'/') + 1);
    const QString id = base.left(base.indexOf(u'.'));
    if (base.endsWith(QLatin1String(".releases.yaml"))) {
        const auto catalogue = parseCatalogue(text, path);
        if (!catalogue)
            return std::unexpected(catalogue.error());
        library.catalogues.insert(id, *catalogue);
        return checkName(path, catalogue->product, id, "product");
    }
    const auto profile = parseProfile(text, path);
    if (!profile)
        return std::unexpected(profile.error());
    library.profiles.insert(id, *profile);
    return checkName(path, profile->id, id, "id");
}

Status loadStrategy(Library &library, const QString &path, const QByteArray &text)
{
    const auto strategy = parseStrategy(text, path);
    if (!strategy)
        return std::unexpected(strategy.error());
    library.strategies.insert(strategy->name, *strategy);
    const QString base = path.mid(path.lastIndexOf(u'/') + 1);
    return checkName(path, strategy->name, base.left(base.indexOf(u'.')), "name");
}

Status loadFolder(Library &library, const QString &folder, Status (*load)(Library &, const QString &, const QByteArray &))
{
    for (const QString &name : QDir(folder).entryList({QStringLiteral("*.yaml")}, QDir::Files, QDir::Name)) {
        const QString path = folder + u'/' + name;
        const auto text = readFileBounded(path);
        if (!text)
            return std::unexpected(text.error());
        if (const Status status = load(library, path, *text); !status)
            return status;
    }
    return {};
}

} // namespace

Result<Library> loadShippedLibrary()
{
    Library library;
    if (const Status s = loadFolder(library, QStringLiteral(":/bellwether/profiles"), loadProfileOrCatalogue); !s)
        return std::unexpected(s.error());
    if (const Status s = loadFolder(library, QStringLiteral(":/bellwether/strategies"), loadStrategy); !s)
        return std::unexpected(s.error());
    return library;
}

} // namespace bellwether
