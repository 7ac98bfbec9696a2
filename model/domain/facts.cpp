#include "domain/facts.h"

#include "domain/installation.h"

#include <algorithm>

namespace bellwether {

namespace {

// As machine-id(5) says: 32 lower-case hexadecimal digits, not all of them zero.
bool isMachineId(const QString &text)
{
    const auto isHex = [](QChar c) { return (c >= u'0' && c <= u'9') || (c >= u'a' && c <= u'f'); };
    return text.size() == 32 && std::all_of(text.cbegin(), text.cend(), isHex) && text.count(u'0') < text.size();
}

} // namespace

QString machineIdentity(const HostFacts &facts)
{
    if (!facts.hostKey || facts.hostKey->isEmpty() || !isMachineId(facts.machineId))
        return {};
    return facts.machineId + u' ' + *facts.hostKey;
}

bool isSameMachine(const Installation &a, const HostFacts &ofA, const Installation &b, const HostFacts &ofB)
{
    if (a.endpoint.machine() == b.endpoint.machine())
        return true;
    return ofA.machineId == ofB.machineId && ofA.hostKey == ofB.hostKey && !machineIdentity(ofA).isEmpty();
}

} // namespace bellwether
