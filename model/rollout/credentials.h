#pragma once
// Port: what only a person can give (a key's passphrase, a password, the answer to a host's own question). The SSH layer
// asks; a window or a terminal listens and answers. Nothing here waits: sessions that need an answer stand by.
#include "base/secret.h"

#include <QList>
#include <QStringList>
#include <functional>

namespace bellwether {

enum class CredentialKind { Passphrase, Password, Prompts, Sudo };

struct CredentialQuestion {
    struct Prompt {
        QString text; // one printable line, bounded
        bool echo = false;
        bool operator==(const Prompt &) const = default;
    };
    qint64 id = 0;
    int round = 0; // grows each time the same thing is asked again
    CredentialKind kind = CredentialKind::Passphrase;
    QString subject;      // Passphrase: the key file; else user@address:port (Sudo: who becomes root)
    QString user;
    QStringList machines; // address:port of who waits for it, in order of asking
    QString instruction;  // Prompts: the host's own words, printable lines, bounded
    QList<Prompt> prompts; // at least one
    QString problem;      // why it is asked again; empty the first time
    QString cannotKeep;   // why the keychain is no choice; empty: it may be ticked
    bool forAll = false;  // may be used for all hosts of this user
    bool busy = false;    // an answer is being tried
    bool operator==(const CredentialQuestion &) const = default;
};
struct CredentialAnswer {
    QList<Secret> values; // one per prompt
    bool keep = false;    // in the desktop's keychain
    bool forAll = false;  // for every host of this user, also those that ask later
    QStringList machines = {}; // else for these, which the person was told of; empty: for the first of the question only
};

class CredentialPort {
public:
    virtual ~CredentialPort() = default;
    virtual QList<CredentialQuestion> questions() const = 0;           // any thread, oldest first
    virtual void answer(qint64 id, CredentialAnswer answer) = 0;       // any thread; ids that are gone are ignored
    virtual void refuse(qint64 id) = 0;                                // not asked again until a person asks for something
    virtual QString cannotKeep() const { return QStringLiteral("this console has no keychain"); } // empty: it can
    virtual void forgetKept() {} // what lies in the desktop's keychain; what is in memory serves until the end
    // Called on any thread after a change of questions(); it must do no more than post. Without a listener every
    // question is refused at once, and says that there was nobody to ask.
    virtual void listen(std::function<void()> changed) = 0;
};

} // namespace bellwether
