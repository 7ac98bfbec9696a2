#pragma once
// Makes what a vendor and a host would have: the registry of releases, and the product's folder on one host.
#include "product.h"

namespace bellwether::sample {

// <registry>/<version>/{bellwether-sample,release.json,SHA256SUMS} for every known version; one copy of the
// executable, hard-linked. Renewed when this executable is another one.
Outcome<void> makeRegistry(const QString &registry);

struct InstallOptions {
    QString directory, host, domain, address, registry, version;
    int port = 8080;
};
Outcome<void> installProduct(const InstallOptions &options); // into an empty folder; the service is not started

} // namespace bellwether::sample
