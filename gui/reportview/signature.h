#pragma once
// Signatures in OpenSSH's own format, made and checked by its own program, started without a shell. The caller must not
// be on the thread that paints windows: both functions wait (at most 60 s: an agent may ask a person to touch a key).
#include "base/error.h"

namespace bellwether {

enum class SignatureState { Valid, Invalid, None, Unchecked }; // Unchecked: ssh-keygen could not be asked
const char *enumName(SignatureState state); // "valid" …: contract of the command line

// Writes a report as base/wholefile.h has it; a FILE.sig of what stood there before goes first.
Status writeReportFile(const QString &file, const QByteArray &bytes);

// Writes FILE.sig (namespace bellwether-report). KEY: a private key's file, or a public key whose private part the
// agent holds. SignFailed.
Status signReport(const QString &file, const QString &key);

// FILE.sig against FILE: does the signature fit the bytes? Whether its key is to be trusted is for
// `ssh-keygen -Y verify` with a list of allowed signers.
struct SignatureCheck {
    SignatureState state = SignatureState::None;
    QString key;    // "ED25519 SHA256:…" as ssh-keygen names it
    QString reason; // when invalid or unchecked
};
SignatureCheck checkSignature(const QString &file);

} // namespace bellwether
