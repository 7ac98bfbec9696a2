#include "config/files.h"
#include "config/yamlreader.h"

#include <algorithm>

namespace bellwether {

namespace {

void readEnvironment(YamlReader &reader, const YamlNode &node, const QString &path, EnvironmentChanges &out)
{
    MapReader map(reader, node, path);
    map.textMap("new", out.added, kVariable, kLine);
    map.texts("required", out.required, kVariable);
    map.textMap("changed", out.changed, kVariable, kLine);
    map.texts("deprecated", out.deprecated, kVariable);
    map.texts("removed", out.removed, kVariable);
    map.finish();
}

void readRelease(YamlReader &reader, const YamlNode &node, const QString &path, Release &out)
{
    MapReader map(reader, node, path);
    QString version;
    if (map.text("version", version, kVersionText, Need::Required))
        Version::fromText(version, out.version);
    map.oneOrMore("from", out.from, kVersionLine);
    map.text("date", out.date, kDay);
    map.text("notes", out.notes, kProse);
    map.choice("schema", out.schema, SchemaChangeNames);
    map.texts("migrations", out.migrations, kLine);
    if (const YamlNode *env = map.value("env"))
        readEnvironment(reader, *env, map.path("env"), out.environment);
    map.flag("window", out.needsWindow);
    map.flag("withdrawn", out.withdrawn);
    map.seconds("estimate", out.estimateS, 0, 7 * 24 * 3600);
    map.finish();
}

} // namespace

Result<Catalogue> parseCatalogue(const QByteArray &text, const QString &name)
{
    const auto root = readYaml(text, name);
    if (!root)
        return std::unexpected(root.error());
    YamlReader reader(name);
    MapReader map(reader, *root, {});
    Catalogue catalogue;
    map.text("product", catalogue.product, kSlug, Need::Required);
    map.each("releases", Need::Required, [&](const YamlNode &node, const QString &path) {
        Release release;
        readRelease(reader, node, path, release);
        if (!reader.hasFailed() && catalogue.find(release.version))
            reader.refuse(node, path + QStringLiteral(".version"), ErrorCode::BadValue,
                          {QStringLiteral("version"), release.version.toString(), QStringLiteral("a version that stands here only once")});
        catalogue.releases.append(release);
    });
    map.finish();
    if (reader.hasFailed())
        return std::unexpected(reader.error());
    std::sort(catalogue.releases.begin(), catalogue.releases.end(),
              [](const Release &a, const Release &b) { return a.version < b.version; });
    return catalogue;
}

} // namespace bellwether
