#pragma once
// What stands in the way of upgrading one host, each a name and a pure function. Adding a check: its function in
// checks.cpp and its line in hostChecks(). The rule's name is a contract with scripts: add, never change.
#include "plan/planner.h"

namespace bellwether {

struct HostCheckInput {
    const PlanRequest &request;
    const Installation &installation;
    const HostFacts &facts;
    const PlanHost &planned;   // hops empty when there is no path
    const QStringList &unresolved; // placeholders that nothing stands for
};

struct Objection {
    QString message; // one sentence, with numbers; empty = nothing to object
    QString remedy;
    bool refusal = true;
};

struct HostCheck {
    const char *rule;
    Objection (*check)(const HostCheckInput &);
};

// In order. The path checks only make sense for a host whose version is known and older than the target.
const QList<HostCheck> &stateChecks();
const QList<HostCheck> &pathChecks();

QString sizeText(qint64 bytes); // "1.5 GiB"

} // namespace bellwether
