#pragma once
// A backup bundle: a folder with database.sqlite, manifest.json and, written last, END with the manifest's checksum.
#include "database.h"
#include "product.h"

namespace bellwether::sample {

Outcome<void> writeBundle(const Product &product, const QString &version, const QString &directory);
// The JSON of the console's backup probe. Opens the database, recounts and compares: verified, or why not.
QJsonObject inspectBundle(const Product &product, const QString &directory);
QString newestBundle(const Product &product); // empty when there is none
Outcome<void> keepAside(const Product &product, const QString &directory); // a copy of the present state
// Checks the bundle first and the service's absence, then drops and recreates the database and compares.
Outcome<void> restoreBundle(const Product &product, const QString &directory);
Outcome<void> compareWithBundle(const Product &product, const QString &directory); // the database as it is now

} // namespace bellwether::sample
