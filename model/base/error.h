#pragma once
// Errors as values. A layer returns a code with arguments; gui/text turns it into one sentence that says
// what is wrong, where, and what to do. Nothing here is translated and nothing is thrown across a function.
#include <QString>
#include <QStringList>
#include <expected>
#include <memory>
#include <optional>

namespace bellwether {

// One value per sentence. Adding one makes gui/text/errortext.cpp fail to compile until it has its sentence.
enum class ErrorCode {
    // -- general
    Internal,              // %1 what
    Usage,                 // %1 what is wrong with the command line
    Interrupted,
    // -- files
    FileUnreadable,        // %1 path, %2 reason of the system
    FileTooLarge,          // %1 path, %2 size, %3 limit (bytes)
    FileEmpty,             // %1 path
    FileUnwritable,        // %1 path, %2 reason
    // -- YAML and its schemas (place is set)
    YamlSyntax,            // %1 parser's words
    YamlAlias,             // anchors and aliases are refused
    YamlTooDeep,
    YamlTooManyNodes,
    YamlManyDocuments,
    DuplicateKey,          // %1 key
    UnknownKey,            // %1 key, %2 keys that are known
    MissingKey,            // %1 key
    WrongType,             // %1 key, %2 wanted, %3 found
    BadValue,              // %1 key, %2 value, %3 what is allowed
    // -- other files that are imported (place is set)
    ImportSyntax,          // %1 what is wrong
    ImportFormat,          // it is none of the formats
    // -- domain
    BadVersion,            // %1 text
    BadFilter,             // %1 expression, %2 what is wrong, %3 column (from 1)
    UnknownHost,           // %1 name
    UnknownProduct,        // %1 id
    UnknownRelease,        // %1 product, %2 version
    UnknownStrategy,       // %1 name
    DuplicateHost,         // %1 name
    // -- plans and rollouts
    PlanRefused,           // %1 number of refusals, %2 the first of them
    PlanChanged,           // %1 hash stated, %2 hash computed
    NothingToDo,
    UnknownRollout,        // %1 id
    NotAllowed,            // %1 verb, %2 reason
    HostInOtherRollout,    // %1 host, %2 rollout
    DomainNotConfirmed,    // %1 host, %2 domain
    WayRefused,            // %1 host, %2 way asked for, %3 reason
    NotesNotAcknowledged,  // %1 versions
    // -- journal
    JournalOpen,           // %1 path, %2 reason
    JournalWrite,          // %1 reason
    JournalTampered,       // %1 first broken sequence number, %2 cause
    JournalNewer,          // %1 its schema, %2 ours
    JournalOlder,          // %1 its schema, %2 ours
    DataFolderInUse,       // %1 who, %2 since
    OwnerUnreachable,      // %1 reason
    // -- reports
    ReportFormat,          // %1 format
    SignFailed,            // %1 reason
    SignatureInvalid,      // %1 file
    ReportTampered,        // %1 what
    // -- hosts
    HostNameUnresolved,    // %1 address, %2 reason
    ConnectFailed,         // %1 host, %2 address, %3 reason
    ConnectTimeout,        // %1 host, %2 phase, %3 seconds
    NotSsh,                // %1 host, %2 what was read
    HostKeyUnknown,        // %1 host, %2 type, %3 fingerprint
    HostKeyChanged,        // %1 host, %2 type, %3 fingerprint shown, %4 fingerprint trusted
    HostKeyRevoked,        // %1 host, %2 fingerprint
    AuthFailed,            // %1 host, %2 user, %3 methods the host accepts
    KeyUnusable,           // %1 path, %2 reason
    CredentialNeeded,      // %1 host, %2 what only a person can give, %3 why it was not given
    SudoRefused,           // %1 host, %2 reason
    NoCommonAlgorithm,     // %1 host, %2 for what, %3 what the host offers
    ConnectionLost,        // %1 host, %2 reason
    CommandTimeout,        // %1 host, %2 what, %3 seconds
    CommandFailed,         // %1 host, %2 what, %3 exit status or signal, %4 last words
    OutputUnreadable,      // %1 host, %2 what, %3 why
    NoShell,               // %1 host, %2 what its shell answered
    HostDiskFull,          // %1 host
    HostStateUnusable,     // %1 host, %2 directory, %3 reason
    HostBusy,              // %1 host, %2 who or what
    HostLocked,            // %1 host, %2 owner, %3 seconds left, %4 who (as it said), %5 seconds since it took it
    HostLeaseStale,        // %1 host, %2 owner, %3 who (as it said), %4 seconds since it took it, %5 seconds of silence
    HostFenced,            // %1 host, %2 whose lease is in force there (empty: nobody's), %3 its epoch, or the last one's
    HostHeld,              // %1 host, %2 owner, %3 reason: another console has stopped everything
    HostPathRefused,       // %1 host, %2 path, %3 why it cannot be copied to or from
    HostNoRoom,            // %1 host, %2 folder, %3 bytes needed, %4 bytes free
    FileChanged,           // %1 path, %2 host or "this computer": changed while it was being copied
    TransferMismatch,      // %1 host, %2 path, %3 sha256 wanted, %4 sha256 found
    Cancelled,             // %1 what
    // -- the demo fleet
    DemoFailed,            // %1 what was being done, %2 why it did not work
};

inline constexpr ErrorCode lastErrorCode = ErrorCode::DemoFailed;

// Stable names for facts, journals and the local socket: "host-key-unknown".
const char *errorKey(ErrorCode code);
std::optional<ErrorCode> errorFromKey(const QString &key);

// Where in a file: line and column from 1, 0 when unknown; key is the path, e.g. hosts[2].port.
struct Place {
    QString file;
    int line = 0;
    int column = 0;
    QString key;
    bool operator==(const Place &) const = default;
};

struct Error {
    ErrorCode code = ErrorCode::Internal;
    QStringList args;
    Place place;
    std::shared_ptr<const Error> cause;
};

template<class T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

inline std::unexpected<Error> fail(ErrorCode code, QStringList args = {}, Place place = {})
{
    return std::unexpected(Error{code, std::move(args), std::move(place), nullptr});
}

} // namespace bellwether
