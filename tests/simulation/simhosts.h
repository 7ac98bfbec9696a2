#pragma once
// Hosts as they are, seen from outside of any console: machines with one lease and one slot, and on each one or two
// installations of a product whose database remembers. They follow the host-run protocol of resources/host (states,
// fences, claims) in virtual time: a step takes a while, and what it does to the database happens bit by bit, so that
// a reboot in the middle leaves what a reboot in the middle leaves.
#include "domain/facts.h"
#include "remote/hostjobs.h"
#include "simtime.h"

#include <QSet>

namespace bellwether {

inline constexpr char simSecret[] = "hunter-of-the-night-22"; // what steps print although nobody should see it

struct SimRelease {
    QStringList migrations; // of this release alone
    QString failing;        // this one fails half way
    bool healthy = true;
};

struct SimJob {
    QString token, product, owner;
    QByteArray script, out;
    bool supervised = true; // its supervisor lives
    bool working = true;    // the step itself lives
    bool done = false, acknowledged = false;
    int exitStatus = 0;
    QString why = QStringLiteral("exit");
    qint64 beganMono = 0, endedMono = 0;
    qint64 hangsMs = 0;    // before it does anything
    bool stubborn = false; // it does not end when it is told to
};

struct SimBundle {
    QString version;
    QStringList ledger;
    QMap<QString, qint64> content;
    qint64 startedMs = 0, endedMs = 0;
    bool readable = false;
};

struct SimProduct {
    QString name, machine;
    QString version = QStringLiteral("1.4.0"), pinned = QStringLiteral("1.4.0");
    bool running = true;
    qint64 healthySinceMono = 0; // 0: it is not healthy
    qint64 sickSinceMono = 0, healthyBeforeMono = 0;
    QStringList ledger{QStringLiteral("0001"), QStringLiteral("0002")};
    QString halfMigrated;
    QMap<QString, qint64> content{{QStringLiteral("customers"), 120}};
    QMap<QString, SimBundle> backups;
    bool sick = false; // fails its health check for a while, whatever it runs
    int starts = 0;
    QString ruined; // what must never happen to a database, and did
};

struct SimMachine {
    QString name;
    bool up = true, cut = false, diskFull = false;
    double loss = 0; // of each message, either way
    int boot = 1;
    qint64 epoch = 0, leaseMono = 0;
    int leaseTtlS = 0, leaseBoot = 0;
    QString leaseOwner, leaseBy;
    QMap<qint64, QString> leases; // all that there were: epoch → owner
    QMap<QString, QString> holds; // owner → reason: what stops other consoles
    QMap<QString, SimJob> jobs;
};

class SimHosts {
public:
    SimHosts(SimTime &time, SimRandom &random, quint64 seed = 0);
    void add(const QString &product, const QString &machine);
    void move(const QString &product, const QString &machine); // to one that there is
    SimMachine &machine(const QString &name) { return m_machines[name]; }
    SimProduct &product(const QString &name) { return m_products[name]; }
    const QMap<QString, SimMachine> &machines() const { return m_machines; }
    QMap<QString, SimRelease> releases; // in the order of their versions
    bool ledgerTellsHalf = true; // otherwise only the log tells of a migration that did not end
    // Runs when a claim was won: the one moment after which a step has effects.
    std::function<void(const QString &product, const QString &token, qint64 epoch, const QString &owner, const QByteArray &script)> onClaimed;

    // The protocol's verbs, at the moment in which the request reaches the machine.
    Result<Lease> lock(const QString &product, const QString &owner, int ttlS, const LeaseClaim &claim);
    Status renew(const QString &product, qint64 epoch, const QString &owner, int ttlS);
    Status unlock(const QString &product, qint64 epoch, const QString &owner);
    void hold(const QString &product, const QString &owner, const QString &reason);
    void unhold(const QString &product, const QString &owner);
    Result<JobState> start(const QString &product, const QString &token, qint64 epoch, const QString &owner, const QByteArray &script, int timeoutS = 0);
    JobPoll poll(const QString &product, const QString &token, qint64 outOffset) const;
    Status cancel(const QString &product, const QString &token, qint64 epoch, const QString &owner);
    Status acknowledge(const QString &product, const QString &token);
    HostFacts measure(const QString &product) const;
    Health healthOf(const QString &product) const;
    Backup backup(const QString &product, const QString &path) const;
    bool ask(const QString &product, const QStringList &argv) const;

    // Faults
    void reboot(const QString &machine, qint64 downMs);
    void killSupervisor(const QString &machine, bool itsStepToo);
    void setSick(const QString &product, bool sick);
    double hanging = 0; // share of the steps with a deadline that outlive it

private:
    std::optional<Error> heldByAnother(const QString &product, const QString &owner) const;
    bool leaseIsFresh(const SimMachine &machine) const;
    const SimJob *live(const SimMachine &machine) const;
    SimJob *job(const QString &machine, const QString &token);
    void work(const QString &machine, const QString &token, std::vector<std::pair<qint64, std::function<bool(SimProduct &, SimJob &)>>> parts);
    void carryOut(const QString &machine, const QString &token);
    void migrateAndStart(const QString &machine, const QString &token, const QString &version);
    void settle(SimProduct &product);
    void breakOff(SimProduct &product, SimJob &job);
    void endOf(SimJob &job, int exitStatus);
    void deadline(const QString &machine, const QString &token);

    SimTime &m_time;
    SimRandom &m_random;
    SimRandom m_hangs; // a stream of its own: nights in which nothing hangs stay as they were
    QMap<QString, SimMachine> m_machines;
    QMap<QString, SimProduct> m_products;
    QMap<QString, QString> m_inTheMiddle; // token → the migration (or "restore") that is half done
};

} // namespace bellwether
