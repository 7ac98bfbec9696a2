#pragma once
// Writes YAML for people: block style, keys in the order they are given, quotes only where a reader might take a text
// for something else. What it writes reads back as the same texts through readYaml().
#include <QByteArray>
#include <QMap>
#include <QStringList>

namespace bellwether {

class YamlWriter {
public:
    void comment(const QString &line);
    void text(const char *key, const QString &value) { value_(key, scalar(value)); }
    void number(const char *key, qint64 value) { value_(key, QString::number(value)); }
    void real(const char *key, double value);
    void flag(const char *key, bool value) { value_(key, value ? QStringLiteral("true") : QStringLiteral("false")); }
    void texts(const char *key, const QStringList &values);
    void map(const char *key, const QMap<QString, QString> &values);
    void textUnlessEmpty(const char *key, const QString &value);
    void textsUnlessEmpty(const char *key, const QStringList &values);
    void mapUnlessEmpty(const char *key, const QMap<QString, QString> &values);

    void beginMap(const QString &key);
    void endMap();
    void beginList(const QString &key);
    void endList();
    void beginItem(); // of a list: an item that is a map
    void endItem();
    QByteArray bytes() const { return m_out.toUtf8(); }

private:
    void value_(const QString &key, const QString &written);
    void value_(const char *key, const QString &written) { value_(QString::fromLatin1(key), written); }
    void line(const QString &text);
    QString scalar(const QString &text) const;

    struct Level {
        int indent = 0;
        qsizetype start = 0; // where its contents began, to see whether it stayed empty
        bool list = false;
    };
    QString m_out;
    QList<Level> m_levels;
    int m_indent = 0;
    bool m_dash = false; // the next line begins an item
};

} // namespace bellwether
