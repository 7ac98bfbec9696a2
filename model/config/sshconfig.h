#pragma once
// ssh_config(5) as OpenSSH 9.2 reads it, for the few keys that say how a host is reached. sshconfigparse.cpp turns files
// into one flat list of instructions, with Include in its place; sshconfigresolve.cpp follows it for one host. `ssh -G`
// is the reference (tests/model/tst_sshconfigimport.cpp asks it).
#include "config/importtext.h"

#include <QSet>

namespace bellwether {

struct SshInstruction {
    enum class Kind { Host, Match, Never, Option, Include, IncludeEnd };
    struct Criterion {
        bool original = false; // the name as typed, not the HostName that holds so far
        bool negated = false;
        QStringList patterns;
    };
    Kind kind = Kind::Option;
    QString key;               // of an option, lower-case
    QStringList arguments;     // of an option; of Host its patterns that are negated or hold wildcards
    QSet<QString> names;       // of Host: the other ones
    QList<Criterion> criteria; // of Match; empty: all
    QString where, written;
    int next = 0; // Host, Match, Never: the next of them or the end of the file; Include: behind its end
};

struct SshConfig {
    QList<SshInstruction> instructions;
    QStringList names; // concrete ones in Host lines, in their order, each once
};

// Lists what is not taken over in `import`.
Result<SshConfig> parseSshConfig(const QByteArray &text, const QString &name, const ImportFiles &files, Import &import);

// What holds for a name, the first value of each key winning. Unset: empty.
struct SshResolved {
    struct Value {
        QStringList arguments;
        QString where;
        bool isSet() const { return !where.isEmpty(); }
        QString text() const { return arguments.value(0); }
    };
    Value hostName, user, port, identity, certificate, jump;
    Value proxyCommand;          // the way, when it stands before any ProxyJump
    QList<Value> moreIdentities; // OpenSSH tries up to a hundred, in their order
    QString where; // of the Host line that names it; empty when none does
};
SshResolved resolveSshHost(const SshConfig &config, const QString &name);

// The words of a line as OpenSSH splits them: quotes, backslashes, comments. Nothing when a quote stays open.
std::optional<QStringList> splitSshArguments(const QString &text);

} // namespace bellwether
