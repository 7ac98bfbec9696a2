#pragma once
// From a path to hops: what the releases declare, and the exact steps on this host.
#include "plan/placeholders.h"
#include "plan/planner.h"

namespace bellwether {

// What a hop takes in. A release that names the versions it may be reached from speaks for the whole way from them;
// one that does not speaks for itself only, and what is passed over between is added: it runs all the same.
QList<const Release *> releasesOf(const Catalogue &catalogue, const Version &from, const Version &to);

// The worst of them; unknown beats none and additive, rewriting and destructive beat unknown.
SchemaChange schemaOf(const QList<const Release *> &releases);

// `unknown` of the placeholders tells afterwards what could not be filled in.
Hop makeHop(const ProductProfile &profile, const Catalogue &catalogue, const Version &from, const Version &to, Placeholders &placeholders);

// Whether the way back from a hop is expected to need the backup.
bool needsRestore(const Hop &hop, const Policy &policy);

} // namespace bellwether
