#pragma once
// Typed reading of a YamlNode with key paths. A reader remembers the first error of its file and does nothing after
// it, so that schemas read as plain lists of keys:
//     MapReader map(reader, node, path);
//     map.text("name", host.name, kName, Need::Required);
//     map.integer("port", host.port, 1, 65535);
//     map.finish();                            // every key not asked for until now is an error
#include "config/grammar.h"
#include "config/yamltree.h"

#include <QMap>
#include <QStringList>
#include <functional>
#include <optional>

namespace bellwether {

enum class Need { Optional, Required };

class YamlReader {
public:
    explicit YamlReader(const QString &file) : m_file(file) {}
    bool hasFailed() const { return m_error.has_value(); }
    Error error() const { return *m_error; }
    void refuse(const YamlNode &at, const QString &path, ErrorCode code, const QStringList &args); // keeps the first

    // Scalars. False (and an error) when the node is something else.
    bool text(const YamlNode &node, const QString &path, QString &out, const TextRule &rule);
    bool integer(const YamlNode &node, const QString &path, qint64 &out, qint64 min, qint64 max);
    bool number(const YamlNode &node, const QString &path, double &out, double min, double max);
    bool flag(const YamlNode &node, const QString &path, bool &out);
    bool seconds(const YamlNode &node, const QString &path, int &out, int min, int max); // 30, "30 s", "5 min", "2 h"
    bool texts(const YamlNode &node, const QString &path, QStringList &out, const TextRule &rule);
    bool isList(const YamlNode &node, const QString &path);
    bool isMap(const YamlNode &node, const QString &path);
    void badValue(const YamlNode &node, const QString &path, const QString &allowed);
    void wrongType(const YamlNode &node, const QString &path, const char *wanted);

private:
    QString m_file;
    std::optional<Error> m_error;
};

QString lastKey(const QString &path); // of hosts[2].port: port
QString enumChoices(const char *const *names, std::size_t count);

class MapReader {
public:
    MapReader(YamlReader &reader, const YamlNode &node, const QString &path);

    const YamlNode *value(const char *key, Need need = Need::Optional); // null when absent
    QString path(const char *key) const { return path(QString::fromLatin1(key)); }
    QString path(const QString &key) const;
    YamlReader &reader() { return m_reader; }
    const YamlNode &node() const { return m_node; }

    bool text(const char *key, QString &out, const TextRule &rule, Need need = Need::Optional);
    bool integer(const char *key, int &out, int min, int max, Need need = Need::Optional);
    bool number(const char *key, double &out, double min, double max);
    bool flag(const char *key, bool &out);
    bool seconds(const char *key, int &out, int min, int max);
    bool minutes(const char *key, int &out, int min, int max); // whole ones
    bool texts(const char *key, QStringList &out, const TextRule &rule, Need need = Need::Optional);
    bool oneOrMore(const char *key, QStringList &out, const TextRule &rule); // a text, or a list of texts
    bool textMap(const char *key, QMap<QString, QString> &out, const TextRule &keys, const TextRule &values);
    void each(const char *key, Need need, const std::function<void(const YamlNode &, const QString &path)> &read);
    template<class E, std::size_t N>
    void choice(const char *key, E &out, const char *const (&names)[N], Need need = Need::Optional)
    {
        const YamlNode *found = value(key, need);
        QString name;
        if (!found || !m_reader.text(*found, path(key), name, kLine))
            return;
        if (!enumFrom(name, out))
            m_reader.badValue(*found, path(key), enumChoices(names, N));
    }
    void finish();

private:
    YamlReader &m_reader;
    const YamlNode &m_node;
    QString m_path;
    QStringList m_known;
};

} // namespace bellwether
