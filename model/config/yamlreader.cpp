#include "config/yamlreader.h"

#include <QRegularExpression>
#include <cmath>

namespace bellwether {

namespace {

QString kindName(const YamlNode &node)
{
    switch (node.kind) {
    case YamlNode::Kind::Null:
        return QStringLiteral("nothing");
    case YamlNode::Kind::Scalar:
        return QStringLiteral("\u201c%1\u201d").arg(shownValue(node.text));
    case YamlNode::Kind::List:
        return QStringLiteral("a list");
    case YamlNode::Kind::Map:
        return QStringLiteral("a group of keys");
    }
    return {};
}

QString range(const QString &min, const QString &max)
{
    return QStringLiteral("from %1 to %2").arg(min, max);
}

} // namespace

QString lastKey(const QString &path)
{
    return path.mid(path.lastIndexOf(u'.') + 1);
}

QString enumChoices(const char *const *names, std::size_t count)
{
    QStringList choices;
    for (std::size_t i = 0; i < count; ++i)
        choices.append(QString::fromLatin1(names[i]));
    return QStringLiteral("one of ") + choices.join(QStringLiteral(", "));
}

void YamlReader::refuse(const YamlNode &at, const QString &path, ErrorCode code, const QStringList &args)
{
    if (!m_error)
        m_error = Error{code, args, Place{m_file, at.line, at.column, path}, nullptr};
}

void YamlReader::badValue(const YamlNode &node, const QString &path, const QString &allowed)
{
    refuse(node, path, ErrorCode::BadValue, {lastKey(path), shownValue(node.text), allowed});
}

void YamlReader::wrongType(const YamlNode &node, const QString &path, const char *wanted)
{
    refuse(node, path, ErrorCode::WrongType, {lastKey(path), QString::fromLatin1(wanted), kindName(node)});
}

bool YamlReader::isList(const YamlNode &node, const QString &path)
{
    if (node.kind != YamlNode::Kind::List)
        wrongType(node, path, "a list");
    return !hasFailed();
}

bool YamlReader::isMap(const YamlNode &node, const QString &path)
{
    if (node.kind != YamlNode::Kind::Map)
        wrongType(node, path, "a group of keys");
    return !hasFailed();
}

bool YamlReader::text(const YamlNode &node, const QString &path, QString &out, const TextRule &rule)
{
    if (node.kind != YamlNode::Kind::Scalar)
        wrongType(node, path, "a text");
    else if (!rule.accepts(node.text))
        badValue(node, path, QString::fromLatin1(rule.allowed));
    if (hasFailed())
        return false;
    out = node.text;
    return true;
}

// Strictly decimal: 022, 0x16, 1e3, 22.0, +5 and "5" in quotes are not numbers here.
bool YamlReader::integer(const YamlNode &node, const QString &path, qint64 &out, qint64 min, qint64 max)
{
    static const QRegularExpression decimal(QStringLiteral("\\A-?(?:0|[1-9][0-9]{0,18})\\z"));
    if (node.kind != YamlNode::Kind::Scalar || node.quoted || !decimal.match(node.text).hasMatch()) {
        wrongType(node, path, "a whole number");
        return false;
    }
    bool ok = false;
    const qint64 value = node.text.toLongLong(&ok);
    if (!ok || value < min || value > max)
        badValue(node, path, range(QString::number(min), QString::number(max)));
    if (hasFailed())
        return false;
    out = value;
    return true;
}

bool YamlReader::number(const YamlNode &node, const QString &path, double &out, double min, double max)
{
    static const QRegularExpression decimal(QStringLiteral("\\A-?[0-9]{1,15}(?:\\.[0-9]{1,17})?(?:e[+-]?[0-9]{1,3})?\\z"));
    if (node.kind != YamlNode::Kind::Scalar || node.quoted || !decimal.match(node.text).hasMatch()) {
        wrongType(node, path, "a number");
        return false;
    }
    const double value = node.text.toDouble();
    if (!std::isfinite(value) || value < min || value > max)
        badValue(node, path, range(QString::number(min), QString::number(max)));
    if (hasFailed())
        return false;
    out = value;
    return true;
}

bool YamlReader::flag(const YamlNode &node, const QString &path, bool &out)
{
    const bool yes = node.text == QLatin1String("true"), no = node.text == QLatin1String("false");
    if (node.kind != YamlNode::Kind::Scalar || node.quoted || (!yes && !no))
        wrongType(node, path, "true or false");
    if (hasFailed())
        return false;
    out = yes;
    return true;
}

bool YamlReader::seconds(const YamlNode &node, const QString &path, int &out, int min, int max)
{
    static const QRegularExpression duration(QStringLiteral("\\A(0|[1-9][0-9]{0,8})(?: ?(s|min|h))?\\z"));
    const auto match = duration.match(node.text);
    if (node.kind != YamlNode::Kind::Scalar || !match.hasMatch()) {
        wrongType(node, path, "a duration as 30 s, 5 min or 2 h");
        return false;
    }
    const QString unit = match.captured(2);
    const qint64 value = match.captured(1).toLongLong() * (unit == QLatin1String("h") ? 3600 : unit == QLatin1String("min") ? 60 : 1);
    if (value < min || value > max)
        badValue(node, path, range(QStringLiteral("%1 s").arg(min), QStringLiteral("%1 s").arg(max)));
    if (hasFailed())
        return false;
    out = static_cast<int>(value);
    return true;
}

bool YamlReader::texts(const YamlNode &node, const QString &path, QStringList &out, const TextRule &rule)
{
    if (!isList(node, path))
        return false;
    QStringList read;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        QString one;
        if (!text(node.items[i], QStringLiteral("%1[%2]").arg(path).arg(i), one, rule))
            return false;
        read.append(one);
    }
    out = read;
    return true;
}

MapReader::MapReader(YamlReader &reader, const YamlNode &node, const QString &path)
    : m_reader(reader), m_node(node), m_path(path)
{
    m_reader.isMap(node, path);
}

QString MapReader::path(const QString &key) const
{
    return m_path.isEmpty() ? key : m_path + u'.' + key;
}

const YamlNode *MapReader::value(const char *key, Need need)
{
    m_known.append(QString::fromLatin1(key));
    const YamlNode *found = m_node.find(QString::fromLatin1(key));
    if (!found && need == Need::Required)
        m_reader.refuse(m_node, path(key), ErrorCode::MissingKey, {QString::fromLatin1(key)});
    return m_reader.hasFailed() ? nullptr : found;
}

bool MapReader::text(const char *key, QString &out, const TextRule &rule, Need need)
{
    const YamlNode *found = value(key, need);
    return found && m_reader.text(*found, path(key), out, rule);
}

bool MapReader::integer(const char *key, int &out, int min, int max, Need need)
{
    const YamlNode *found = value(key, need);
    qint64 wide = 0;
    if (!found || !m_reader.integer(*found, path(key), wide, min, max))
        return false;
    out = static_cast<int>(wide);
    return true;
}

bool MapReader::number(const char *key, double &out, double min, double max)
{
    const YamlNode *found = value(key);
    return found && m_reader.number(*found, path(key), out, min, max);
}

bool MapReader::flag(const char *key, bool &out)
{
    const YamlNode *found = value(key);
    return found && m_reader.flag(*found, path(key), out);
}

bool MapReader::seconds(const char *key, int &out, int min, int max)
{
    const YamlNode *found = value(key);
    return found && m_reader.seconds(*found, path(key), out, min, max);
}

bool MapReader::minutes(const char *key, int &out, int min, int max)
{
    const YamlNode *found = value(key);
    int inSeconds = 0;
    if (!found || !m_reader.seconds(*found, path(key), inSeconds, min * 60, max * 60))
        return false;
    if (inSeconds % 60 != 0)
        m_reader.badValue(*found, path(key), QStringLiteral("whole minutes"));
    else
        out = inSeconds / 60;
    return !m_reader.hasFailed();
}

bool MapReader::texts(const char *key, QStringList &out, const TextRule &rule, Need need)
{
    const YamlNode *found = value(key, need);
    return found && m_reader.texts(*found, path(key), out, rule);
}

bool MapReader::oneOrMore(const char *key, QStringList &out, const TextRule &rule)
{
    const YamlNode *found = value(key);
    if (!found)
        return false;
    if (found->kind != YamlNode::Kind::Scalar)
        return m_reader.texts(*found, path(key), out, rule);
    QString one;
    if (!m_reader.text(*found, path(key), one, rule))
        return false;
    out = {one};
    return true;
}

bool MapReader::textMap(const char *key, QMap<QString, QString> &out, const TextRule &keys, const TextRule &values)
{
    const YamlNode *found = value(key);
    if (!found || !m_reader.isMap(*found, path(key)))
        return false;
    QMap<QString, QString> read;
    for (std::size_t i = 0; i < found->keys.size(); ++i) {
        const YamlNode &name = found->keys[i];
        const QString where = path(key) + u'.' + shownValue(name.text);
        QString text;
        if (!keys.accepts(name.text))
            m_reader.badValue(name, where, QString::fromLatin1(keys.allowed));
        if (m_reader.hasFailed() || !m_reader.text(found->items[i], where, text, values))
            return false;
        read.insert(name.text, text);
    }
    out = read;
    return true;
}

void MapReader::each(const char *key, Need need, const std::function<void(const YamlNode &, const QString &)> &read)
{
    const YamlNode *found = value(key, need);
    if (!found || !m_reader.isList(*found, path(key)))
        return;
    for (std::size_t i = 0; i < found->items.size() && !m_reader.hasFailed(); ++i)
        read(found->items[i], QStringLiteral("%1[%2]").arg(path(key)).arg(i));
}

void MapReader::finish()
{
    for (const YamlNode &key : m_node.keys)
        if (!m_known.contains(key.text))
            m_reader.refuse(key, path(shownValue(key.text)), ErrorCode::UnknownKey,
                            {shownValue(key.text), m_known.join(QStringLiteral(", "))});
}

} // namespace bellwether
