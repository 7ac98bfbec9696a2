#pragma once
// An OpenSSH user certificate as far as people need it: whom it lets in, and until when. Format: PROTOCOL.certkeys of
// OpenSSH. Its signature is the host's business, not ours.
#include "base/error.h"
#include "base/fields.h"

namespace bellwether {

struct UserCertificate {
    QString path;           // where it was read from
    QString id;             // key id, as its signer wrote it
    QString fingerprint;    // of the key it is for
    QStringList principals; // empty: any user
    qint64 fromMs = 0;      // wall clock; 0 = always
    qint64 untilMs = 0;     // 0 = for ever
    bool operator==(const UserCertificate &) const = default;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("path", s.path);
        v("id", s.id);
        v("fingerprint", s.fingerprint);
        v("principals", s.principals);
        v("from", s.fromMs);
        v("until", s.untilMs);
    }
    // Why it cannot be used at this time by this user; empty when it can.
    QString problemAt(qint64 wallMs, const QString &user) const;
};

// One line of a -cert.pub file. KeyUnusable (path, reason).
Result<UserCertificate> parseCertificate(const QByteArray &line, const QString &path);
// From a file that may be there: nullopt when it is not. "~/" is the home folder.
Result<std::optional<UserCertificate>> readCertificate(const QString &path);
// The certificate a private key is used with: the one that was chosen, else KEY-cert.pub.
QString certificatePath(const QString &keyPath, const std::optional<QString> &chosen);
QString expandHome(const QString &path);

} // namespace bellwether
