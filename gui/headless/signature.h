#pragma once
// Signatures in OpenSSH's format (namespace bellwether-report), by ssh-keygen, started without a shell.
#include "base/error.h"

namespace bellwether {

// KEY: a private key file, or a public key whose private half is in the agent. SignFailed.
Result<QByteArray> sshSign(const QByteArray &content, const QString &key);

struct SignatureCheck {
    QString state = QStringLiteral("none"); // valid, invalid, none
    QString key; // fingerprint of the signing key; whose it is, is not proven by the file
};
SignatureCheck checkSignature(const QByteArray &content, const QString &signatureFile);

} // namespace bellwether
