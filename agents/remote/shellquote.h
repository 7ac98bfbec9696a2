#pragma once
// The one place where argv becomes shell text.
#include "base/error.h"

#include <QByteArray>
#include <QStringList>

namespace bellwether {

// Single-quoted as POSIX sh wants it ('…'\''…'); BadValue for NUL. A word of [A-Za-z0-9_./:=@%+,-] stays bare.
Result<QByteArray> shellQuote(const QString &word);
Result<QByteArray> shellCommand(const QStringList &argv);

} // namespace bellwether
