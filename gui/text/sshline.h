#pragma once
// How one types the way to a host in a shell, with OpenSSH.
#include "domain/installation.h"

namespace bellwether {

// way: the jump hosts, the one that is connected to first first (Inventory::wayTo).
QString sshLine(const Installation &host, const QList<Installation> &way = {});

} // namespace bellwether
