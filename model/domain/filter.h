#pragma once
// The filter grammar shared by the command line and every filter field:
//   expr = term {("and"|"or") term} ; term = ["not"] ("(" expr ")" | key op value | word)
//   op = ":" (contains / is in) | "=" | "!=" | "<" | "<=" | ">" | ">="      and binds tighter than or
// Keys: name product version health environment group domain address reachable label.KEY (or a bare label key).
// Versions compare by precedence; a bare word matches a part of the name. Empty matches everything.
#include "base/error.h"
#include "domain/facts.h"
#include "domain/installation.h"

#include <memory>

namespace bellwether {

class Filter {
public:
    static Result<Filter> parse(const QString &expression); // BadFilter with column
    Filter();
    bool matches(const Installation &installation, const HostFacts &facts) const;
    QString toString() const { return m_text; }
    static QStringList keys(); // for completion
    struct Node;

private:
    QString m_text;
    std::shared_ptr<const Node> m_root;
};

} // namespace bellwether
