#pragma once
// What we know of a product: everything product-specific, as data. Read from YAML by config/profilefile.
//
// Texts may hold {placeholders}. Known when planning: {name} {directory} {domain} {address} {from} {to} {product} and
// {settings.KEY}; known only at run time: {rollout} {backup} {confirmed-domain}. The latter stay visible in plans.
#include "base/fields.h"

namespace bellwether {

// The kind gives the word, the colour and the state of the host while the step runs, and how it is carried out:
// Preflight and Check measure through the probes, Health waits for first health and steadiness, Pin edits one line of
// the environment file, all others run argv on the host under the host-run protocol.
enum class StepKind { Preflight, Guard, Backup, Pull, Stop, Pin, Migrate, Start, Health, Check, Validate, SetAside, Restore };
BELLWETHER_ENUM(StepKind, "preflight", "guard", "backup", "pull", "stop", "pin", "migrate", "start", "health", "check",
                "validate", "set-aside", "restore")

struct StepTemplate {
    QString name; // unique in its list, [a-z0-9-]
    StepKind kind = StepKind::Guard;
    QStringList argv;    // for those that run on the host
    QString stdinText;   // given to argv; empty = none
    QStringList probe;   // argv: exit 0 = already done, do not apply
    QStringList verify;  // argv: exit 0 = the effect is there
    bool safe = false;   // a paused rollout may rest before this step
    bool idempotent = false;
    bool required = false; // cannot be skipped
    int deadlineS = 600;
    bool operator==(const StepTemplate &) const = default;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("name", s.name);
        v("kind", s.kind);
        v("argv", s.argv);
        v("stdin", s.stdinText);
        v("probe", s.probe);
        v("verify", s.verify);
        v("safe", s.safe);
        v("idempotent", s.idempotent);
        v("required", s.required);
        v("deadline", s.deadlineS);
    }
};

// How a fact is read: a command on the host or an HTTP GET to the host's loopback, then what to take of the answer.
// json: field is a dotted path, empty = the whole document; text: the trimmed output; lines: one value a line.
enum class ProbeVia { Command, Http };
BELLWETHER_ENUM(ProbeVia, "command", "http")
enum class ProbeFormat { Json, Text, Lines };
BELLWETHER_ENUM(ProbeFormat, "json", "text", "lines")

struct Probe {
    ProbeVia via = ProbeVia::Command;
    QStringList argv;
    QString httpAddress; // default 127.0.0.1
    QString httpPort;
    QString httpPath;
    ProbeFormat format = ProbeFormat::Json;
    QString field;
    QString expect; // the value that means yes (health); empty = any answer with status 2xx or exit 0
    int timeoutS = 5;
    bool isEmpty() const { return argv.isEmpty() && httpPath.isEmpty(); }
    bool operator==(const Probe &) const = default;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("via", s.via);
        v("argv", s.argv);
        v("http_address", s.httpAddress);
        v("http_port", s.httpPort);
        v("http_path", s.httpPath);
        v("format", s.format);
        v("field", s.field);
        v("expect", s.expect);
        v("timeout", s.timeoutS);
    }
};

// What each probe must yield:
//   version  text           health   compared with expect; an HTTP 503 means starting
//   ledger   {"applied":[…], "half_migrated": "name"|null}, or lines of names
//   backup   {"path","at","ended","size","sha256","verified","problem","content":{}} for argv with {backup}
//   last_backup  the same, for the newest backup on the host
//   content  {"thing": rows}       storage {"disk_free","database_size","database_server"}
struct Probes {
    Probe version, health, ledger, backup, lastBackup, content, storage;
    bool operator==(const Probes &) const = default;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("version", s.version);
        v("health", s.health);
        v("ledger", s.ledger);
        v("backup", s.backup);
        v("last_backup", s.lastBackup);
        v("content", s.content);
        v("storage", s.storage);
    }
};

// How the product's log speaks of migrations. Each pattern is a regular expression with named groups: name (required
// but for succeeded and failedEnd), ms or s (duration), reason.
struct LogSpec {
    QStringList began, ran, skipped, failed; // per migration
    QStringList succeeded, failedEnd;        // of the whole run
    bool namesMigrations = true;             // false: the product prints no names; never invent them
    bool operator==(const LogSpec &) const = default;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("began", s.began);
        v("ran", s.ran);
        v("skipped", s.skipped);
        v("failed", s.failed);
        v("succeeded", s.succeeded);
        v("failed_end", s.failedEnd);
        v("names_migrations", s.namesMigrations);
    }
};

struct Policy {
    bool skipMinors = false;       // may several minors be taken in one hop
    bool majors = false;           // may a major be crossed by this profile at all
    bool patchRollbackKeepsData = true; // rule 3 of the way back
    bool migrationsIdempotent = false;  // retry after a failed migration is allowed after a recorded fix
    bool needsWindow = false;
    double backupSpaceFactor = 1.2;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("skip_minors", s.skipMinors);
        v("majors", s.majors);
        v("patch_rollback_keeps_data", s.patchRollbackKeepsData);
        v("migrations_idempotent", s.migrationsIdempotent);
        v("needs_window", s.needsWindow);
        v("backup_space_factor", s.backupSpaceFactor);
    }
};

struct ProductProfile {
    int format = 1;
    QString id, name, description;
    Policy policy;
    QString pinFile, pinKey; // the environment file and the key in it that pins the version
    QMap<QString, QString> settings; // defaults of what a host may override
    QStringList secrets;             // keys of the environment file whose values are never shown
    Probes probes;
    QString backupPath;             // what {backup} stands for, e.g. {directory}/backups/{rollout}-{to}
    QList<StepTemplate> steps;      // forward, per hop
    QList<StepTemplate> tagOnly;    // way back without touching the database
    QList<StepTemplate> restore;    // way back with the database
    LogSpec log;
    QStringList companions; // things to downgrade with it
    QStringList after;      // texts: what a person still has to do
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("format", s.format);
        v("id", s.id);
        v("name", s.name);
        v("description", s.description);
        v("policy", s.policy);
        v("pin_file", s.pinFile);
        v("pin_key", s.pinKey);
        v("settings", s.settings);
        v("secrets", s.secrets);
        v("probes", s.probes);
        v("backup_path", s.backupPath);
        v("steps", s.steps);
        v("tag_only", s.tagOnly);
        v("restore", s.restore);
        v("log", s.log);
        v("companions", s.companions);
        v("after", s.after);
    }
};

} // namespace bellwether
