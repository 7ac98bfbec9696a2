#pragma once
// The running service: HTTP from the first moment, migrations, then customers' work until it is told to stop.
#include "product.h"
#include "release.h"

namespace bellwether::sample {

int serve(const Product &product, const ReleaseSpec &release); // the process's exit status
// Starts `serve` in a session of its own and shows its log until the migrations are done (0) or it ended (1).
int startAndFollow(const Product &product);
int stopService(const Product &product); // asks, waits 10 s, then ends it by force

} // namespace bellwether::sample
