#pragma once
// The frozen document a rollout carries out. It is self-contained: everything a rollout needs stands in it, so that
// editing the inventory, a profile or a strategy later changes nothing that was approved. Planning twice from the same
// facts gives the same bytes; the hash is SHA-256 over its canonical JSON without author, time and approval.
#include "base/error.h"
#include "domain/facts.h"
#include "domain/installation.h"
#include "domain/profile.h"
#include "domain/release.h"
#include "plan/strategy.h"

namespace bellwether {

// A step with every placeholder resolved that is known when planning.
struct Step : StepTemplate {
    QString pinFile, pinKey, pinValue; // for StepKind::Pin; its argv is sudo's words where the host has them, or empty
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        StepTemplate::fields(v, s);
        v("pin_file", s.pinFile);
        v("pin_key", s.pinKey);
        v("pin_value", s.pinValue);
    }
    QString displayText() const; // the exact command as one line, for people; secrets never stand in it
    bool runsOnHost() const;     // false for those the console carries out by measuring
};

struct FileChange {
    QString file;
    QStringList removed, added; // whole lines
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("file", s.file);
        v("removed", s.removed);
        v("added", s.added);
    }
};

struct Hop {
    Version from, to;
    SchemaChange schema = SchemaChange::Unknown;
    QStringList migrations; // as declared by the release
    int estimateS = 0;
    QList<Step> steps;   // forward
    QList<Step> tagOnly; // back to `from`
    QList<Step> restore;
    QString backupPath; // {backup}, still holding {rollout}
    QList<FileChange> changes;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("from", s.from);
        v("to", s.to);
        v("schema", s.schema);
        v("migrations", s.migrations);
        v("estimate_s", s.estimateS);
        v("steps", s.steps);
        v("tag_only", s.tagOnly);
        v("restore", s.restore);
        v("backup_path", s.backupPath);
        v("changes", s.changes);
    }
};

struct PlanHost {
    Installation installation;
    Version from;
    QList<Hop> hops;
    Probes probes; // resolved
    QString wayBack; // as far as known: "tag-only", "restore", "unknown"
    QString wayBackReason;
    QStringList unknowns;
    int estimateS = 0;
    std::optional<QString> sharedMachine; // where other addresses of the plan lead to the same machine: its name for all of them
    // Which machine it is on. Installations that share one are upgraded one after the other and count once.
    QString machine() const { return sharedMachine.value_or(installation.endpoint.machine()); }
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("installation", s.installation);
        v("from", s.from);
        v("hops", s.hops);
        v("probes", s.probes);
        v("way_back", s.wayBack);
        v("way_back_reason", s.wayBackReason);
        v("unknowns", s.unknowns);
        v("estimate_s", s.estimateS);
        v("shared_machine", s.sharedMachine);
    }
};

struct PlanWave {
    QString name; // "Canary", "Wave 1", …
    QStringList hosts;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("name", s.name);
        v("hosts", s.hosts);
    }
};

// Why the plan may not be carried out (refusal) or what a person should know (warning).
struct Finding {
    QString rule; // stable key: already-unhealthy, downgrade, no-path, disk, unreachable, version-unknown, …
    QString host; // empty: the whole plan
    QString message;
    QString remedy;
    bool refusal = true;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("rule", s.rule);
        v("host", s.host);
        v("message", s.message);
        v("remedy", s.remedy);
        v("refusal", s.refusal);
    }
};

struct ReleaseNotes {
    Version version;
    QString date, notes; // empty notes: nothing published
    QStringList attention; // what needs the operator, one line each
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("version", s.version);
        v("date", s.date);
        v("notes", s.notes);
        v("attention", s.attention);
    }
};

struct Plan {
    int format = 1;
    QString product, productName;
    Version to;
    Strategy strategy;
    Policy policy;
    LogSpec log;
    QStringList secrets;
    QList<PlanWave> waves; // wave 0 is the canary
    QList<PlanHost> hosts; // sorted by name; excludes those that are already there
    QStringList alreadyThere;
    QList<Finding> findings;
    QList<ReleaseNotes> notes;
    QStringList after;
    QString author, approver; // not hashed
    qint64 createdMs = 0, approvedMs = 0; // not hashed
    bool isAccepted() const; // no refusal
    const PlanHost *host(const QString &name) const;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("format", s.format);
        v("product", s.product);
        v("product_name", s.productName);
        v("to", s.to);
        v("strategy", s.strategy);
        v("policy", s.policy);
        v("log", s.log);
        v("secrets", s.secrets);
        v("waves", s.waves);
        v("hosts", s.hosts);
        v("already_there", s.alreadyThere);
        v("findings", s.findings);
        v("notes", s.notes);
        v("after", s.after);
        v("author", s.author);
        v("approver", s.approver);
        v("created", s.createdMs);
        v("approved", s.approvedMs);
    }
};

QString planHash(const Plan &plan); // 64 hex digits

// Why a plan that was accepted cannot be carried out all the same: its parts do not fit each other. Empty: they do.
// The planner makes no such plan; a file may hold anything, with a hash that is right.
QString planFault(const Plan &plan);

// The longest bake of the gate after a wave: canary or later, patch or more, scaled by the run's bake scale.
int gateBakeS(const Plan &plan, int wave, int hop);

} // namespace bellwether
