#pragma once
// Error → one clear sentence for people and an exit code for scripts. The only place where error codes become words.
#include "base/error.h"

namespace bellwether {

// "FILE:LINE:COLUMN: what is wrong (KEY). What to do." One line, always: control characters, line ends and bidi marks
// of arguments (some come from hosts) are made visible, long arguments are shortened.
QString errorText(const Error &error);

// The sentence alone, for facts that keep a code's key and its arguments (HostFacts::error).
QString errorText(const QString &errorKey, const QStringList &args);

// 1 internal · 2 bad usage or input · 3 refused, nothing touched · 5 failed · 7 verification failed · 8 held by somebody
// else · 9 a host cannot be reached · 130 interrupted. Contract of the command line.
int exitCode(ErrorCode code);

// Text that came from elsewhere, safe to print on a terminal or to show as plain text: at most `limit` characters.
QString printable(const QString &text, int limit = 400);

} // namespace bellwether
