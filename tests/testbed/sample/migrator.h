#pragma once
// Migrations at start, each recorded in schema_migrations and told in the log. Statements commit one by one, so a
// failure in the middle leaves a half-migrated database: that is what real products do, and what the console must see.
#include "database.h"
#include "product.h"
#include "release.h"

namespace bellwether::sample {

// Whether this release may run on this database at all: not when it is half-migrated, nor when it holds migrations
// the release does not know, unless those are additive.
Outcome<void> mayServe(const LedgerView &ledger, const ReleaseSpec &release);
Outcome<void> migrate(Database &database, const ReleaseSpec &release, const Product &product);
// A few hundred rows, the same for the same host name.
Outcome<void> fillWithCustomers(Database &database, const QString &host);

} // namespace bellwether::sample
