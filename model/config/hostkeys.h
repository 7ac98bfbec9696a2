#pragma once
// The keys of a fleet file's entry as texts, for everything that sets or shows one of them alone: `fleet set`, CSV
// columns, what an import changes. The grammar is the fleet file's.
#include "base/error.h"
#include "domain/installation.h"

namespace bellwether {

// address, port, …, window: without name, labels and settings, which are "labels.KEY" and "settings.KEY".
const QStringList &plainHostKeys();

// All keys that say something of this host: the plain ones that are not empty, and its labels and settings.
QStringList statedHostKeys(const Installation &host);

// Groups are separated by commas; what is not set is empty.
QString hostKeyText(const Installation &host, const QString &key);

// BadValue and UnknownKey, without a place. An empty text takes the value away, except from address, port and environment.
Status setHostKey(Installation &host, const QString &key, const QString &text);

} // namespace bellwether
