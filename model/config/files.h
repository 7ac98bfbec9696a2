#pragma once
// Everything people write, read through one guarded YAML reader: at most 1 MiB, no aliases, depth ≤ 32, ≤ 100 000
// nodes, one document, no duplicate and no unknown keys; every error carries file, line, column and key path.
// `name` stands for the text in errors (a path, or what it came from).
#include "base/error.h"
#include "domain/installation.h"
#include "domain/profile.h"
#include "domain/release.h"
#include "plan/plan.h"
#include "plan/strategy.h"

#include <QByteArray>

namespace bellwether {

Result<QByteArray> readFileBounded(const QString &path, qint64 limit = 1 << 20);

Result<QList<Installation>> parseFleet(const QByteArray &text, const QString &name);
QByteArray writeFleet(const QList<Installation> &installations);
Result<ProductProfile> parseProfile(const QByteArray &text, const QString &name);
Result<Catalogue> parseCatalogue(const QByteArray &text, const QString &name);
Result<Strategy> parseStrategy(const QByteArray &text, const QString &name);

// A plan file is YAML for people; reading checks its stated hash (PlanChanged). Limit 64 MiB.
QByteArray writePlan(const Plan &plan);
Result<Plan> parsePlan(const QByteArray &text, const QString &name);

// What is shipped with the program (resources/profiles, resources/strategies) and what was imported.
struct Library {
    QMap<QString, ProductProfile> profiles;
    QMap<QString, Catalogue> catalogues; // by product id
    QMap<QString, Strategy> strategies;
};
Result<Library> loadShippedLibrary();

} // namespace bellwether
