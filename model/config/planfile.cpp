// A plan as YAML: its fields in their order, what equals its default left out, a hash that is computed again.
#include "config/files.h"
#include "config/installationreader.h"
#include "config/yamlreader.h"
#include "config/yamlwriter.h"

#include <limits>

namespace bellwether {

namespace {

const YamlLimits kPlanLimits{qint64(64) << 20, 32, 4'000'000, {}};
const TextRule kAnyText{[](const QString &) { return true; }, "a text"};

template<class T>
concept PlainValue = std::is_same_v<T, bool> || std::is_same_v<T, QString> || std::is_arithmetic_v<T> || std::is_enum_v<T>
                     || std::is_same_v<T, QStringList> || std::is_same_v<T, QMap<QString, QString>> || HasText<T>;

// ---- writing

void writePlain(YamlWriter &yaml, const char *key, bool value) { yaml.flag(key, value); }
void writePlain(YamlWriter &yaml, const char *key, const QString &value) { yaml.text(key, value); }
void writePlain(YamlWriter &yaml, const char *key, int value) { yaml.number(key, value); }
void writePlain(YamlWriter &yaml, const char *key, qint64 value) { yaml.number(key, value); }
void writePlain(YamlWriter &yaml, const char *key, double value) { yaml.real(key, value); }
void writePlain(YamlWriter &yaml, const char *key, const QStringList &value) { yaml.texts(key, value); }
void writePlain(YamlWriter &yaml, const char *key, const QMap<QString, QString> &value) { yaml.map(key, value); }
template<class T>
    requires std::is_enum_v<T>
void writePlain(YamlWriter &yaml, const char *key, T value)
{
    yaml.text(key, nameOf(value));
}
template<HasText T>
void writePlain(YamlWriter &yaml, const char *key, const T &value)
{
    yaml.text(key, value.toString());
}

template<class T>
const QJsonObject &defaultsOf()
{
    static const QJsonObject defaults = toJson(T{});
    return defaults;
}

template<HasFields T>
void writeFields(YamlWriter &yaml, const T &value)
{
    const auto write = [&]<class F>(const char *key, const F &field) {
        if constexpr (PlainValue<F>) {
            if (valueToJson(field) != defaultsOf<T>().value(QLatin1String(key)))
                writePlain(yaml, key, field);
        } else if constexpr (IsOptional<F>::value) {
            if (field)
                writePlain(yaml, key, *field);
        } else if constexpr (IsList<F>::value) {
            if (field.isEmpty())
                return;
            yaml.beginList(QString::fromLatin1(key));
            for (const auto &element : field) {
                yaml.beginItem();
                writeFields(yaml, element);
                yaml.endItem();
            }
            yaml.endList();
        } else {
            if (valueToJson(field) == defaultsOf<T>().value(QLatin1String(key)))
                return;
            yaml.beginMap(QString::fromLatin1(key));
            writeFields(yaml, field);
            yaml.endMap();
        }
    };
    T::fields(write, value);
}

// ---- reading

void readPlain(MapReader &map, const char *key, bool &out) { map.flag(key, out); }
void readPlain(MapReader &map, const char *key, QString &out) { map.text(key, out, kAnyText); }
void readPlain(MapReader &map, const char *key, int &out) { map.integer(key, out, 0, std::numeric_limits<int>::max()); }
void readPlain(MapReader &map, const char *key, qint64 &out)
{
    if (const YamlNode *node = map.value(key))
        map.reader().integer(*node, map.path(key), out, 0, std::numeric_limits<qint64>::max());
}
void readPlain(MapReader &map, const char *key, double &out) { map.number(key, out, 0, 1e9); }
void readPlain(MapReader &map, const char *key, QStringList &out) { map.texts(key, out, kAnyText); }
void readPlain(MapReader &map, const char *key, QMap<QString, QString> &out) { map.textMap(key, out, kAnyText, kAnyText); }
template<class T>
    requires std::is_enum_v<T>
void readPlain(MapReader &map, const char *key, T &out)
{
    const YamlNode *node = map.value(key);
    QString name;
    if (node && map.reader().text(*node, map.path(key), name, kAnyText) && !enumFrom(name, out))
        map.reader().badValue(*node, map.path(key), QStringLiteral("one of the names this program knows"));
}
void readPlain(MapReader &map, const char *key, Version &out)
{
    QString text;
    if (map.text(key, text, kVersionText))
        Version::fromText(text, out);
}

template<HasFields T>
void readFields(MapReader &map, T &out);

template<HasFields T>
void readObject(YamlReader &reader, const YamlNode &node, const QString &path, T &out)
{
    MapReader map(reader, node, path);
    readFields(map, out);
    map.finish();
}

template<HasFields T>
void readFields(MapReader &map, T &out)
{
    const auto read = [&]<class F>(const char *key, F &field) {
        if constexpr (PlainValue<F>) {
            readPlain(map, key, field);
        } else if constexpr (IsOptional<F>::value) {
            if (map.value(key))
                readPlain(map, key, field.emplace());
        } else if constexpr (IsList<F>::value) {
            map.each(key, Need::Optional, [&](const YamlNode &node, const QString &path) {
                typename F::value_type element{};
                readObject(map.reader(), node, path, element);
                field.append(std::move(element));
            });
        } else if (const YamlNode *node = map.value(key)) {
            readObject(map.reader(), *node, map.path(key), field);
        }
    };
    T::fields(read, out);
}

// A plan is a file like any other: what reaches a connection must pass the same grammar as in a fleet file.
void checkHosts(YamlReader &reader, const YamlNode &root, const Plan &plan)
{
    const YamlNode *hosts = root.find(QStringLiteral("hosts"));
    for (qsizetype i = 0; hosts && i < plan.hosts.size(); ++i) {
        const QString &name = plan.hosts[i].installation.name;
        if (i > 0 && name <= plan.hosts[i - 1].installation.name) // looked up by halving, so order is part of the format
            reader.refuse(hosts->items[static_cast<std::size_t>(i)], QStringLiteral("hosts[%1].installation.name").arg(i),
                          ErrorCode::BadValue, {QStringLiteral("name"), shownValue(name), QStringLiteral("in the order of names, each once")});
        const QStringList wrong = checkInstallation(plan.hosts[i].installation);
        if (!wrong.isEmpty())
            reader.refuse(hosts->items[static_cast<std::size_t>(i)], QStringLiteral("hosts[%1].installation.%2").arg(i).arg(wrong[0]),
                          ErrorCode::BadValue, {wrong[0], shownValue(name), wrong[1]});
    }
}

} // namespace

QByteArray writePlan(const Plan &plan)
{
    YamlWriter yaml;
    yaml.comment(QStringLiteral("A plan is approved as it stands: after any change its hash is wrong and it is refused."));
    yaml.text("hash", planHash(plan));
    yaml.number("format", plan.format);
    Plan rest = plan;
    rest.format = Plan().format; // written above, always
    writeFields(yaml, rest);
    return yaml.bytes();
}

Result<Plan> parsePlan(const QByteArray &text, const QString &name)
{
    const auto root = readYaml(text, name, kPlanLimits);
    if (!root)
        return std::unexpected(root.error());
    YamlReader reader(name);
    MapReader map(reader, *root, {});
    QString stated;
    Plan plan;
    map.text("hash", stated, kLine, Need::Required);
    map.integer("format", plan.format, 1, 1, Need::Required);
    readFields(map, plan);
    map.finish();
    if (!reader.hasFailed())
        checkHosts(reader, *root, plan);
    if (reader.hasFailed())
        return std::unexpected(reader.error());
    const QString computed = planHash(plan);
    if (stated != computed)
        return fail(ErrorCode::PlanChanged, {shownValue(stated), computed}, {name, root->find(QStringLiteral("hash"))->line, 1, QStringLiteral("hash")});
    return plan;
}

} // namespace bellwether
