#pragma once
// The one place where argv becomes shell text.
#include "base/error.h"

#include <QByteArray>
#include <QStringList>

namespace bellwether {

// Single-quoted as POSIX sh wants it ('…'\''…'); BadValue for NUL. A word of [A-Za-z0-9_./:=@%+,-] stays bare.
Result<QByteArray> shellQuote(const QString &word);
// The first word is also kept from being read as an assignment or a reserved word.
Result<QByteArray> shellCommand(const QStringList &argv);

// POSIX shell text as a command line that every login shell (dash, bash, busybox, fish, csh …) hands to `sh` unharmed:
// `exec sh -c LAUNCHER bwr 'piece' …` with the text escaped for printf %b. The text sees its caller's stdin.
QByteArray anyShellCommand(const QByteArray &posixText);

} // namespace bellwether
