#pragma once
// From a probe's value to a fact. Pure; an answer of another shape is OutputUnreadable and never half believed.
#include "probes/probe.h"

namespace bellwether {

Result<Version> versionFrom(const QJsonValue &value, const Probe &probe, const QString &host);
Result<Ledger> ledgerFrom(const QJsonValue &value, const Probe &probe, const QString &host);
Result<Backup> backupFrom(const QJsonValue &value, const Probe &probe, const QString &host);
Result<QMap<QString, qint64>> contentFrom(const QJsonValue &value, const Probe &probe, const QString &host);

struct Storage {
    std::optional<qint64> diskFree, databaseSize;
    QString databaseServer;
};
Result<Storage> storageFrom(const QJsonValue &value, const Probe &probe, const QString &host);

struct HealthFact {
    Health health = Health::Unknown;
    QString detail;
};
// Every outcome of asking is a statement about health, except a failed way to the host (the caller looks first).
HealthFact healthFrom(const Result<ProbeAnswer> &answer, const Probe &probe, const QString &host);

// What tells one running process from the next: the answer's field "process" or "pid"; empty when it has none.
QString processFrom(const Result<ProbeAnswer> &answer);

} // namespace bellwether
