#include "config/files.h"
#include "config/yamlreader.h"
#include "plan/placeholders.h"

#include <QRegularExpression>
#include <QSet>

namespace bellwether {

namespace {

constexpr int kWeek = 7 * 24 * 3600;

// Templates: their placeholders must be ones that exist, so that a typing error shows before a host is involved.
void checkPlaceholders(YamlReader &reader, const YamlNode &node, const QString &path)
{
    for (const QString &name : placeholdersIn(node.text))
        if (!isPlaceholder(name))
            reader.badValue(node, path,
                            QStringLiteral("without {%1}: known are {name} {directory} {domain} {address} {from} {to} {product} "
                                           "{settings.KEY} {rollout} {backup} {confirmed-domain}").arg(name));
}

void readTemplate(MapReader &map, const char *key, QString &out, const TextRule &rule, Need need = Need::Optional)
{
    if (map.text(key, out, rule, need))
        checkPlaceholders(map.reader(), *map.node().find(QString::fromLatin1(key)), map.path(key));
}

// `sh -c TEXT`: values belong in its arguments, never in its text, where a shell would read them (security rule S7).
bool isScriptText(const QStringList &argv, qsizetype index)
{
    static const QStringList shells{QStringLiteral("sh"), QStringLiteral("bash"), QStringLiteral("dash"), QStringLiteral("ash"),
                                    QStringLiteral("ksh"), QStringLiteral("zsh"), QStringLiteral("busybox")};
    for (qsizetype i = 0; i + 2 <= index; ++i)
        if (shells.contains(argv[i].mid(argv[i].lastIndexOf(u'/') + 1))) {
            static const QRegularExpression commandFlag(QStringLiteral("\\A-[a-z]*c[a-z]*\\z"));
            return commandFlag.match(argv[index - 1]).hasMatch();
        }
    return false;
}

void readArgv(MapReader &map, const char *key, QStringList &out, Need need = Need::Optional)
{
    if (!map.texts(key, out, kArgument, need))
        return;
    const YamlNode &list = *map.node().find(QString::fromLatin1(key));
    for (qsizetype i = 0; i < out.size(); ++i) {
        const YamlNode &node = list.items[static_cast<std::size_t>(i)];
        const QString path = QStringLiteral("%1[%2]").arg(map.path(key)).arg(i);
        checkPlaceholders(map.reader(), node, path);
        if (isScriptText(out, i) && !placeholdersIn(out[i]).isEmpty())
            map.reader().badValue(node, path, QStringLiteral("a script without placeholders; give them as arguments after it, as in "
                                                             "[sh, -c, 'echo \"$1\"', sh, \"{to}\"]"));
    }
    if (out.isEmpty() || out.first().isEmpty())
        map.reader().badValue(list, map.path(key), QStringLiteral("a program and its arguments"));
}

void readPolicy(YamlReader &reader, const YamlNode &node, const QString &path, Policy &out)
{
    MapReader map(reader, node, path);
    map.flag("skip_minors", out.skipMinors);
    map.flag("majors", out.majors);
    map.flag("patch_rollback_keeps_data", out.patchRollbackKeepsData);
    map.flag("migrations_idempotent", out.migrationsIdempotent);
    map.flag("needs_window", out.needsWindow);
    map.number("backup_space_factor", out.backupSpaceFactor, 0.1, 100);
    map.finish();
}

bool isHttpPort(const QString &t)
{
    static const QRegularExpression port(QStringLiteral("\\A[1-9][0-9]{0,4}\\z"));
    return (port.match(t).hasMatch() && t.toInt() <= 65535) || !placeholdersIn(t).isEmpty();
}
bool isHttpPath(const QString &t)
{
    static const QRegularExpression path(QStringLiteral("\\A/[!-~]{0,1000}\\z"));
    return path.match(t).hasMatch();
}
bool isHttpAddress(const QString &t)
{
    return kAddress.accepts(t) || !placeholdersIn(t).isEmpty();
}
const TextRule kHttpPort{isHttpPort, "a port from 1 to 65535, or a placeholder as {settings.port}"};
const TextRule kHttpPath{isHttpPath, "a path beginning with / without spaces"};
const TextRule kHttpAddress{isHttpAddress, "an address of the host's own, e.g. 127.0.0.1"};

void readHttp(YamlReader &reader, const YamlNode &node, const QString &path, Probe &out)
{
    MapReader map(reader, node, path);
    readTemplate(map, "address", out.httpAddress, kHttpAddress);
    readTemplate(map, "port", out.httpPort, kHttpPort, Need::Required);
    readTemplate(map, "path", out.httpPath, kHttpPath, Need::Required);
    map.finish();
    out.via = ProbeVia::Http;
}

void readProbe(MapReader &probes, const char *key, Probe &out)
{
    const YamlNode *node = probes.value(key);
    if (!node)
        return;
    YamlReader &reader = probes.reader();
    MapReader map(reader, *node, probes.path(key));
    readArgv(map, "argv", out.argv);
    const YamlNode *http = map.value("http");
    if (http)
        readHttp(reader, *http, map.path("http"), out);
    if (http && !out.argv.isEmpty())
        reader.refuse(*node, map.path("http"), ErrorCode::BadValue,
                      {QStringLiteral("http"), QStringLiteral("beside argv"), QStringLiteral("either argv or http")});
    if (!http && out.argv.isEmpty())
        reader.refuse(*node, map.path("argv"), ErrorCode::MissingKey, {QStringLiteral("argv")});
    map.choice("format", out.format, ProbeFormatNames);
    map.text("field", out.field, kLine);
    map.text("expect", out.expect, kLine);
    map.seconds("timeout", out.timeoutS, 1, 600);
    map.finish();
}

void readProbes(YamlReader &reader, const YamlNode &node, const QString &path, Probes &out)
{
    MapReader map(reader, node, path);
    readProbe(map, "version", out.version);
    readProbe(map, "health", out.health);
    readProbe(map, "ledger", out.ledger);
    readProbe(map, "backup", out.backup);
    readProbe(map, "last_backup", out.lastBackup);
    readProbe(map, "content", out.content);
    readProbe(map, "storage", out.storage);
    map.finish();
}

bool hasCommand(StepKind kind)
{
    return kind != StepKind::Preflight && kind != StepKind::Check && kind != StepKind::Health && kind != StepKind::Pin;
}

void readStep(YamlReader &reader, const YamlNode &node, const QString &path, StepTemplate &out)
{
    MapReader map(reader, node, path);
    map.text("name", out.name, kSlug, Need::Required);
    map.choice("kind", out.kind, StepKindNames, Need::Required);
    readArgv(map, "argv", out.argv, !reader.hasFailed() && hasCommand(out.kind) ? Need::Required : Need::Optional);
    if (!out.argv.isEmpty() && !hasCommand(out.kind))
        reader.refuse(node, map.path("argv"), ErrorCode::BadValue,
                      {QStringLiteral("argv"), out.argv.first(), QStringLiteral("left out for a step of kind ") + nameOf(out.kind)});
    readTemplate(map, "stdin", out.stdinText, kArgument);
    readArgv(map, "probe", out.probe);
    readArgv(map, "verify", out.verify);
    map.flag("safe", out.safe);
    map.flag("idempotent", out.idempotent);
    map.flag("required", out.required);
    map.seconds("deadline", out.deadlineS, 1, kWeek);
    map.finish();
}

void readSteps(MapReader &map, const char *key, QList<StepTemplate> &out, Need need)
{
    QSet<QString> names;
    map.each(key, need, [&](const YamlNode &node, const QString &path) {
        StepTemplate step;
        readStep(map.reader(), node, path, step);
        if (names.contains(step.name))
            map.reader().refuse(node, path + QStringLiteral(".name"), ErrorCode::BadValue,
                                {QStringLiteral("name"), step.name, QStringLiteral("a name that no other step of this list has")});
        names.insert(step.name);
        out.append(step);
    });
}

void readPatterns(MapReader &map, const char *key, QStringList &out, bool needsName)
{
    if (!map.oneOrMore(key, out, kLine))
        return;
    const YamlNode &node = *map.node().find(QString::fromLatin1(key));
    for (qsizetype i = 0; i < out.size(); ++i) {
        const bool list = node.kind == YamlNode::Kind::List;
        const YamlNode &at = list ? node.items[static_cast<std::size_t>(i)] : node;
        const QString path = list ? QStringLiteral("%1[%2]").arg(map.path(key)).arg(i) : map.path(key);
        const QRegularExpression expression(out[i]);
        if (out[i].isEmpty() || !expression.isValid())
            map.reader().badValue(at, path, QStringLiteral("a regular expression: %1 at character %2")
                                                .arg(expression.errorString()).arg(expression.patternErrorOffset() + 1));
        else if (needsName && !expression.namedCaptureGroups().contains(QStringLiteral("name")))
            map.reader().badValue(at, path, QStringLiteral("a regular expression with the group (?<name>\u2026)"));
    }
}

void readLog(YamlReader &reader, const YamlNode &node, const QString &path, LogSpec &out)
{
    MapReader map(reader, node, path);
    map.flag("names_migrations", out.namesMigrations);
    readPatterns(map, "began", out.began, out.namesMigrations);
    readPatterns(map, "ran", out.ran, out.namesMigrations);
    readPatterns(map, "skipped", out.skipped, out.namesMigrations);
    readPatterns(map, "failed", out.failed, out.namesMigrations);
    readPatterns(map, "succeeded", out.succeeded, false);
    readPatterns(map, "failed_end", out.failedEnd, false);
    map.finish();
}

void readPin(YamlReader &reader, const YamlNode &node, const QString &path, ProductProfile &out)
{
    MapReader map(reader, node, path);
    readTemplate(map, "file", out.pinFile, kArgument, Need::Required);
    map.text("key", out.pinKey, kVariable, Need::Required);
    map.finish();
}

void refusePinWithoutFile(YamlReader &reader, const YamlNode &root, const ProductProfile &profile)
{
    for (const auto *steps : {&profile.steps, &profile.tagOnly, &profile.restore})
        for (const StepTemplate &step : *steps)
            if (step.kind == StepKind::Pin && profile.pinFile.isEmpty())
                reader.refuse(root, QStringLiteral("pin"), ErrorCode::MissingKey, {QStringLiteral("pin")});
}

void readProfile(MapReader &map, ProductProfile &out)
{
    YamlReader &reader = map.reader();
    map.integer("format", out.format, 1, 1, Need::Required);
    map.text("id", out.id, kSlug, Need::Required);
    map.text("name", out.name, kLine, Need::Required);
    map.text("description", out.description, kProse);
    if (const YamlNode *node = map.value("policy"))
        readPolicy(reader, *node, map.path("policy"), out.policy);
    if (const YamlNode *node = map.value("pin"))
        readPin(reader, *node, map.path("pin"), out);
    map.textMap("settings", out.settings, kName, kLine);
    map.texts("secrets", out.secrets, kVariable);
    if (const YamlNode *node = map.value("probes", Need::Required))
        readProbes(reader, *node, map.path("probes"), out.probes);
    if (const YamlNode *node = map.value("backup")) {
        MapReader backup(reader, *node, map.path("backup"));
        readTemplate(backup, "path", out.backupPath, kLine, Need::Required);
        backup.finish();
    }
    readSteps(map, "steps", out.steps, Need::Required);
    readSteps(map, "tag_only", out.tagOnly, Need::Optional);
    readSteps(map, "restore", out.restore, Need::Optional);
    if (const YamlNode *node = map.value("log"))
        readLog(reader, *node, map.path("log"), out.log);
    map.texts("companions", out.companions, kLine);
    map.texts("after", out.after, kLine);
    map.finish();
}

} // namespace

Result<ProductProfile> parseProfile(const QByteArray &text, const QString &name)
{
    const auto root = readYaml(text, name);
    if (!root)
        return std::unexpected(root.error());
    YamlReader reader(name);
    MapReader map(reader, *root, {});
    ProductProfile profile;
    readProfile(map, profile);
    if (!reader.hasFailed())
        refusePinWithoutFile(reader, *root, profile);
    if (reader.hasFailed())
        return std::unexpected(reader.error());
    return profile;
}

} // namespace bellwether
