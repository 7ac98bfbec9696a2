#pragma once
// What was measured on a host, each value absent when it could not be measured. "Unknown" is never guessed.
#include "base/fields.h"
#include "domain/certificate.h"
#include "domain/version.h"

namespace bellwether {

enum class Health { Unknown, Ok, Starting, Unhealthy };
BELLWETHER_ENUM(Health, "unknown", "ok", "starting", "unhealthy")

// Which migrations the database has had, in order, and the one that began and did not end.
struct Ledger {
    QStringList applied;
    QString halfMigrated; // name; empty when none
    bool operator==(const Ledger &) const = default;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("applied", s.applied);
        v("half_migrated", s.halfMigrated);
    }
};

struct Backup {
    QString path;
    qint64 startedMs = 0; // when the dump began: loss counts from here
    qint64 endedMs = 0;
    qint64 size = 0; // bytes
    QString sha256;
    bool verified = false; // opened and listed, checksum right, end marker present
    QString problem;       // why it is not verified
    QMap<QString, qint64> content;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("path", s.path);
        v("at", s.startedMs);
        v("ended", s.endedMs);
        v("size", s.size);
        v("sha256", s.sha256);
        v("verified", s.verified);
        v("problem", s.problem);
        v("content", s.content);
    }
};

struct HostFacts {
    qint64 measuredMs = 0; // wall clock; 0 = never measured
    bool reachable = false;
    QString error; // code name of what kept us from measuring (see errorKey), empty when reachable
    QStringList errorArgs;
    std::optional<Version> version;
    Health health = Health::Unknown;
    QString healthDetail;
    std::optional<qint64> diskFree, databaseSize; // bytes
    QString databaseServer;
    std::optional<Ledger> ledger;
    std::optional<Backup> backup;
    QMap<QString, qint64> content; // rows per thing the product counts
    QString machineId, bootId;
    std::optional<QString> hostKey; // SHA256:… it was reached with: the one that is trusted for it
    QString lockOwner; // who holds the host's lease, empty when nobody
    QStringList problems; // probes that failed, one line each
    std::optional<UserCertificate> certificate; // what its key is used with
    std::optional<QString> sudoProblem; // why commands cannot become root's with the password that was given
    std::optional<QString> stateProblem; // why its state folder cannot be used by the login: no step can begin
    std::optional<bool> sessionEndsSteps; // with the login's last session
    std::optional<QString> lackingPrograms; // that every step needs and its login does not find: "tail, head"
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("measured", s.measuredMs);
        v("reachable", s.reachable);
        v("error", s.error);
        v("error_args", s.errorArgs);
        v("version", s.version);
        v("health", s.health);
        v("health_detail", s.healthDetail);
        v("disk_free", s.diskFree);
        v("database_size", s.databaseSize);
        v("database_server", s.databaseServer);
        v("ledger", s.ledger);
        v("backup", s.backup);
        v("content", s.content);
        v("machine_id", s.machineId);
        v("boot_id", s.bootId);
        v("host_key", s.hostKey);
        v("lock_owner", s.lockOwner);
        v("problems", s.problems);
        v("certificate", s.certificate);
        v("sudo_problem", s.sudoProblem);
        v("state_problem", s.stateProblem);
        v("session_ends_steps", s.sessionEndsSteps);
        v("lacking_programs", s.lackingPrograms);
    }
};

// Which machine answered: what it says of itself and what it proves, together. Empty where either is not known, or the
// machine id is none (a container, an image that was not booted yet). Whoever copies a machine's id still lacks its key.
QString machineIdentity(const HostFacts &facts);
struct Installation;
// Two entries, one machine: by address (and jump host), or by what was measured of both.
bool isSameMachine(const Installation &a, const HostFacts &ofA, const Installation &b, const HostFacts &ofB);

} // namespace bellwether
