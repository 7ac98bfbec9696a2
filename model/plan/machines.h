#pragma once
// Names and addresses that lead to one machine, found by what was measured: the machine id it states and the host key it
// proves. Both alike: one machine, as far as anybody can tell. One of them alike: clones, which are told apart and named.
#include "plan/plan.h"

namespace bellwether {

struct SharedMachines {
    QMap<QString, QString> machines; // host → its machine's name; only hosts of machines with several addresses
    QList<Finding> findings;
};
SharedMachines sharedMachines(const QList<PlanHost> &hosts, const QMap<QString, HostFacts> &facts);

} // namespace bellwether
