#pragma once
// One list of fields per struct, used for both directions of JSON. A struct says
//     template<class V, class S> static void fields(V &&v, S &s) { v("name", s.name); v("port", s.port); }
// and gets toJson(const T&) and fromJson(const QJsonObject&, T&). Reading is lenient about missing keys (they keep
// their defaults) so that newer programs read older journals; files made by people go through model/config instead.
// Enums need enumName(E) -> const char * and enumFrom(QString, E&) -> bool (see BELLWETHER_ENUM).
#include <QJsonArray>
#include <QJsonObject>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>
#include <concepts>
#include <optional>
#include <type_traits>

namespace bellwether {

// Names of an enum's values, in their order of declaration from 0.
#define BELLWETHER_ENUM(Type, ...)                                                                        \
    inline constexpr const char *Type##Names[] = {__VA_ARGS__};                                           \
    inline const char *enumName(Type value) { return Type##Names[static_cast<int>(value)]; }              \
    inline QString nameOf(Type value) { return QString::fromLatin1(enumName(value)); }                    \
    inline bool enumFrom(const QString &name, Type &value)                                                \
    {                                                                                                     \
        int i = 0;                                                                                        \
        for (const char *candidate : Type##Names) {                                                       \
            if (name == QLatin1String(candidate)) {                                                       \
                value = static_cast<Type>(i);                                                             \
                return true;                                                                              \
            }                                                                                             \
            ++i;                                                                                          \
        }                                                                                                 \
        return false;                                                                                     \
    }

struct FieldProbe {
    template<class T>
    void operator()(const char *, T &) const {}
};

template<class T>
concept HasFields = requires(T &t) { T::fields(FieldProbe{}, t); };
template<class T>
concept HasText = requires(const T &t, T &m, const QString &s) {
    { t.toString() } -> std::convertible_to<QString>;
    { T::fromText(s, m) } -> std::same_as<bool>;
};

template<class T>
QJsonValue valueToJson(const T &value);
template<class T>
bool valueFromJson(const QJsonValue &json, T &value);

template<HasFields T>
QJsonObject toJson(const T &value)
{
    QJsonObject object;
    auto write = [&](const char *key, const auto &field) {
        const QJsonValue json = valueToJson(field);
        if (!json.isUndefined())
            object.insert(QLatin1String(key), json);
    };
    T::fields(write, value);
    return object;
}

// False when a field has a value of another kind; the rest is read all the same.
template<HasFields T>
bool fromJson(const QJsonObject &object, T &value)
{
    bool ok = true;
    auto read = [&](const char *key, auto &field) {
        const auto it = object.constFind(QLatin1String(key));
        if (it != object.constEnd())
            ok = valueFromJson(*it, field) && ok;
    };
    T::fields(read, value);
    return ok;
}

template<class T>
struct IsOptional : std::false_type {};
template<class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template<class T>
struct IsList : std::false_type {};
template<class T>
struct IsList<QList<T>> : std::true_type {};
template<class T>
struct IsMap : std::false_type {};
template<class T>
struct IsMap<QMap<QString, T>> : std::true_type {};

template<class T>
QJsonValue valueToJson(const T &value)
{
    if constexpr (std::is_same_v<T, QJsonValue> || std::is_same_v<T, QJsonObject> || std::is_same_v<T, QJsonArray>)
        return value;
    else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, QString>)
        return value;
    else if constexpr (std::is_enum_v<T>)
        return nameOf(value);
    else if constexpr (std::is_integral_v<T>)
        return QJsonValue(static_cast<qint64>(value));
    else if constexpr (std::is_floating_point_v<T>)
        return QJsonValue(static_cast<double>(value));
    else if constexpr (IsOptional<T>::value)
        return value ? valueToJson(*value) : QJsonValue(QJsonValue::Undefined);
    else if constexpr (IsList<T>::value) {
        QJsonArray array;
        for (const auto &element : value)
            array.append(valueToJson(element));
        return array;
    } else if constexpr (IsMap<T>::value) {
        QJsonObject object;
        for (auto it = value.cbegin(); it != value.cend(); ++it)
            object.insert(it.key(), valueToJson(it.value()));
        return object;
    } else if constexpr (HasText<T>)
        return value.toString();
    else
        return toJson(value);
}

template<class T>
bool valueFromJson(const QJsonValue &json, T &value)
{
    if constexpr (std::is_same_v<T, QJsonValue>) {
        value = json;
        return true;
    } else if constexpr (std::is_same_v<T, QJsonObject>) {
        value = json.toObject();
        return json.isObject();
    } else if constexpr (std::is_same_v<T, QJsonArray>) {
        value = json.toArray();
        return json.isArray();
    } else if constexpr (std::is_same_v<T, bool>) {
        value = json.toBool();
        return json.isBool();
    } else if constexpr (std::is_same_v<T, QString>) {
        value = json.toString();
        return json.isString();
    } else if constexpr (std::is_enum_v<T>)
        return enumFrom(json.toString(), value);
    else if constexpr (std::is_integral_v<T>) {
        value = static_cast<T>(json.toInteger());
        return json.isDouble();
    } else if constexpr (std::is_floating_point_v<T>) {
        value = json.toDouble();
        return json.isDouble();
    } else if constexpr (IsOptional<T>::value) {
        typename T::value_type inner{};
        const bool ok = valueFromJson(json, inner);
        if (ok)
            value = std::move(inner);
        return ok;
    } else if constexpr (IsList<T>::value) {
        bool ok = json.isArray();
        value.clear();
        const QJsonArray array = json.toArray();
        for (const QJsonValue element : array) {
            typename T::value_type inner{};
            ok = valueFromJson(element, inner) && ok;
            value.append(std::move(inner));
        }
        return ok;
    } else if constexpr (IsMap<T>::value) {
        bool ok = json.isObject();
        value.clear();
        const QJsonObject object = json.toObject();
        for (auto it = object.constBegin(); it != object.constEnd(); ++it) {
            typename T::mapped_type inner{};
            ok = valueFromJson(it.value(), inner) && ok;
            value.insert(it.key(), std::move(inner));
        }
        return ok;
    } else if constexpr (HasText<T>)
        return T::fromText(json.toString(), value);
    else
        return fromJson(json.toObject(), value) && json.isObject();
}

} // namespace bellwether
