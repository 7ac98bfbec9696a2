#pragma once
// What is sent to a host's shell: our own scripts from resources/host, and texts put in front of them.
#include "base/error.h"

#include <QByteArray>
#include <QStringList>

namespace bellwether {

// resources/host/NAME without comments and indentation (they need not travel).
QByteArray hostResource(const QString &name);

// Command line for one verb of the host-run helper. `start` also carries the supervisor.
Result<QByteArray> helperCommand(const QStringList &verbAndArgs, const QString &stateRoot);

// Command line for one verb of copying files (resources/host/transfer.sh, chunk.sh, relay.sh).
Result<QByteArray> transferCommand(const QStringList &verbAndArgs);

// Command line that announces itself with the line "bwr run" and then becomes argv; "bwr err=nodir" when the folder is
// not there. What a login shell printed before that line is noise. `sudo -S -- …` takes the password from the first line
// of stdin (resources/host/sudo.sh), "bwr err=sudo" when sudo does not; with nothing behind it, only that is tried.
Result<QByteArray> plainCommand(const QStringList &argv, const QString &directory);

} // namespace bellwether
