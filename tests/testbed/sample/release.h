#pragma once
// What a release of the sample product is: the executable is the same file in every release, and release.json beside
// it says which version it plays, which migrations it brings and how it behaves.
#include "outcome.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QList>
#include <QStringList>

namespace bellwether::sample {

struct Statement {
    QByteArray sql;
    int pauseMs = 0; // waited after it: a backfill in small batches gives the service room to breathe
};
struct MigrationSpec {
    QString name;
    QString kind; // additive | rewriting | destructive
    QList<Statement> statements; // each commits on its own, as in the products this one stands for
};
struct ReleaseSpec {
    QString version;
    QList<MigrationSpec> migrations;
    QStringList requiredEnv;   // without these it refuses to start, before it migrates
    bool neverHealthy = false; // warms up for ever
    int degradeAfterS = 0;     // from then on errors and latency rise; 0 = never
};

QStringList knownVersions();                  // ascending, from the compiled-in catalogue
QJsonObject releaseDocument(const QString &version); // content of release.json
Outcome<ReleaseSpec> readRelease(const QString &file);
QString ownFolder(); // where this executable lies: releases/<version> of a product folder

} // namespace bellwether::sample
