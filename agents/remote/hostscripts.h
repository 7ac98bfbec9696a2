#pragma once
// What is sent to a host's shell: our own scripts from resources/host, and texts put in front of them.
#include "base/error.h"

#include <QByteArray>
#include <QMap>
#include <QStringList>

namespace bellwether {

QByteArray hostFile(const QString &name);     // resources/host/NAME as it stands
QByteArray hostResource(const QString &name); // without comments and indentation (they need not travel)

// The helper's verbs and what each of their words is: t a name, n a number, x any text, p
// "password" or nothing, o any text or nothing; what may be left out comes last. Names become file names.
const QMap<QString, QByteArray> &helperVerbs();
// Where the files of host-run lie, in words; empty is the login's own folder.
QString stateFolder(const QString &stateRoot);
// Command line for one verb of the host-run helper: what that verb needs and no more; `start` also carries the supervisor.
// Internal for words that are not what they should be: nothing is sent then.
Result<QByteArray> helperCommand(const QStringList &verbAndArgs, const QString &stateRoot);

// Command line for one verb of copying files (resources/host/transfer.sh, chunk.sh, relay.sh).
Result<QByteArray> transferCommand(const QStringList &verbAndArgs);

// Command line that announces itself with the line "bwr run" and then becomes argv; "bwr err=nodir" when the folder is
// not there. What a login shell printed before that line is noise. `sudo -S -- …` takes the password from the first line
// of stdin (resources/host/sudo.sh), "bwr err=sudo" when sudo does not; with nothing behind it, only that is tried.
Result<QByteArray> plainCommand(const QStringList &argv, const QString &directory);

} // namespace bellwether
