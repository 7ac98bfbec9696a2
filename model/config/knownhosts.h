#pragma once
// known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") and lists of fingerprints: which of their keys could be trusted
// for the machines of the inventory. Names are matched against those machines only, so hashed ones and patterns never bring in
// a stranger. A key that differs from a trusted one is a conflict and never replaces it; one marked @revoked is never believed
// again, whoever shows it. known_hosts knows no jump hosts: a machine behind one is found by its address, as ssh -J files it,
// and where machines behind different jump hosts share that address its line is skipped.
// A line of a list is `NAME SHA256:…`, NAME being a host of the inventory or its address[:port], or one that ssh-keygen -l
// prints. The first does not state the key's type: it is of the key that the host shows of itself (ed25519 where it has one).
#include "config/importer.h"

namespace bellwether {

struct MachineKey {
    QString machine; // as Endpoint::machine(); empty for a revoked key
    QString keyType, fingerprint; // the type is empty where a list of fingerprints does not state it
    QString where;
    template<class V, class S> static void fields(V &&v, S &s)
    { v("machine", s.machine); v("key_type", s.keyType); v("fingerprint", s.fingerprint); v("where", s.where); }
};

struct KeyConflict {
    MachineKey key;
    QString trusted; // the fingerprint that is trusted and stays so
    template<class V, class S> static void fields(V &&v, S &s) { v("key", s.key); v("trusted", s.trusted); }
};

struct KeyImport {
    QList<MachineKey> trust;      // one for each machine: ed25519 before ecdsa before rsa
    QList<MachineKey> revoke;     // not yet remembered
    QList<KeyConflict> conflicts;
    int unchanged = 0;            // trusted already
    QList<Skipped> skipped;       // machines of nobody are only counted
    int strangers = 0;            // lines for machines that are not in the inventory
};

bool isFingerprint(const QString &text); // SHA256: and 43 characters, as ssh-keygen -l prints it

// trusted: fingerprints by machine; revoked: fingerprints. FileEmpty, ImportSyntax (not a text at all).
Result<KeyImport> importKnownHosts(const QByteArray &text, const QString &name, const Inventory &inventory,
                                   const QMap<QString, QString> &trusted, const QStringList &revoked);

} // namespace bellwether
