#pragma once
// The guarded YAML reader. Everything that is YAML passes through readYaml(), which counts size, depth and nodes while
// the parser is still at work (a hostile file costs no more than its bytes), refuses anchors, aliases, tags, several
// documents, duplicate and non-text keys, and keeps every scalar as the text it was written as: nothing is guessed to
// be a number, a truth value or a version.
#include "base/error.h"

#include <QByteArray>
#include <QStringList>
#include <vector>

namespace bellwether {

struct YamlLimits {
    qint64 bytes = 1 << 20;
    int depth = 32;
    int nodes = 100'000;
    QStringList tags; // of texts, that are let through, as "!vault"
};

struct YamlNode {
    enum class Kind { Null, Scalar, List, Map };
    Kind kind = Kind::Null;
    bool quoted = false; // scalar in quotes or as a block
    int line = 0, column = 0; // from 1
    QString text;        // of a scalar
    QString tag;         // of a scalar: one of the limits' tags
    std::vector<YamlNode> keys;  // of a map, scalars, unique; in the order of the file
    std::vector<YamlNode> items; // of a list, or a map's values beside their keys

    const YamlNode *find(const QString &key) const;
};

// An empty text (or one of comments only) is FileEmpty. `name` becomes the file of places.
Result<YamlNode> readYaml(const QByteArray &text, const QString &name, const YamlLimits &limits = {});

// A value as it may stand in an error: one short line without control characters.
QString shownValue(const QString &text);

} // namespace bellwether
