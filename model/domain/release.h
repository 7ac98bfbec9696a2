#pragma once
// What a vendor says of a version. What is left out of a catalogue is unknown, and unknown makes gates stricter (N-12).
#include "base/fields.h"
#include "domain/version.h"

namespace bellwether {

enum class SchemaChange { Unknown, None, Additive, Rewriting, Destructive };
BELLWETHER_ENUM(SchemaChange, "unknown", "none", "additive", "rewriting", "destructive")

struct EnvironmentChanges {
    QMap<QString, QString> added;   // name → why it is needed; required variables end with " (required)"
    QStringList required;           // names without which the version does not start
    QMap<QString, QString> changed; // name → what changed
    QStringList deprecated, removed;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("new", s.added);
        v("required", s.required);
        v("changed", s.changed);
        v("deprecated", s.deprecated);
        v("removed", s.removed);
    }
};

struct Release {
    Version version;
    QStringList from; // versions one may come from: exact "1.5.0", line "1.5", empty = any by the policy's rules
    QString date;     // ISO 8601 day
    QString notes;    // Markdown; empty = nothing published
    SchemaChange schema = SchemaChange::Unknown;
    QStringList migrations;
    EnvironmentChanges environment;
    bool needsWindow = false;
    bool withdrawn = false; // never chosen as an intermediate hop
    int estimateS = 0;      // 0 = unknown
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("version", s.version);
        v("from", s.from);
        v("date", s.date);
        v("notes", s.notes);
        v("schema", s.schema);
        v("migrations", s.migrations);
        v("env", s.environment);
        v("window", s.needsWindow);
        v("withdrawn", s.withdrawn);
        v("estimate", s.estimateS);
    }
};

struct Catalogue {
    QString product;
    QList<Release> releases; // ascending by version
    const Release *find(const Version &version) const;
};

} // namespace bellwether
