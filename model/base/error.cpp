#include "base/error.h"

namespace bellwether {

const char *errorKey(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Internal: return "internal";
    case ErrorCode::Usage: return "usage";
    case ErrorCode::Interrupted: return "interrupted";
    case ErrorCode::FileUnreadable: return "file-unreadable";
    case ErrorCode::FileTooLarge: return "file-too-large";
    case ErrorCode::FileEmpty: return "file-empty";
    case ErrorCode::FileUnwritable: return "file-unwritable";
    case ErrorCode::YamlSyntax: return "yaml-syntax";
    case ErrorCode::YamlAlias: return "yaml-alias";
    case ErrorCode::YamlTooDeep: return "yaml-too-deep";
    case ErrorCode::YamlTooManyNodes: return "yaml-too-many-nodes";
    case ErrorCode::YamlManyDocuments: return "yaml-many-documents";
    case ErrorCode::DuplicateKey: return "duplicate-key";
    case ErrorCode::UnknownKey: return "unknown-key";
    case ErrorCode::MissingKey: return "missing-key";
    case ErrorCode::WrongType: return "wrong-type";
    case ErrorCode::BadValue: return "bad-value";
    case ErrorCode::ImportSyntax: return "import-syntax";
    case ErrorCode::ImportFormat: return "import-format";
    case ErrorCode::BadVersion: return "bad-version";
    case ErrorCode::BadFilter: return "bad-filter";
    case ErrorCode::UnknownHost: return "unknown-host";
    case ErrorCode::UnknownProduct: return "unknown-product";
    case ErrorCode::UnknownRelease: return "unknown-release";
    case ErrorCode::UnknownStrategy: return "unknown-strategy";
    case ErrorCode::DuplicateHost: return "duplicate-host";
    case ErrorCode::PlanRefused: return "plan-refused";
    case ErrorCode::PlanChanged: return "plan-changed";
    case ErrorCode::NothingToDo: return "nothing-to-do";
    case ErrorCode::UnknownRollout: return "unknown-rollout";
    case ErrorCode::NotAllowed: return "not-allowed";
    case ErrorCode::HostInOtherRollout: return "host-in-other-rollout";
    case ErrorCode::DomainNotConfirmed: return "domain-not-confirmed";
    case ErrorCode::WayRefused: return "way-refused";
    case ErrorCode::NotesNotAcknowledged: return "notes-not-acknowledged";
    case ErrorCode::JournalOpen: return "journal-open";
    case ErrorCode::JournalWrite: return "journal-write";
    case ErrorCode::JournalTampered: return "journal-tampered";
    case ErrorCode::JournalNewer: return "journal-newer";
    case ErrorCode::JournalOlder: return "journal-older";
    case ErrorCode::DataFolderInUse: return "data-folder-in-use";
    case ErrorCode::OwnerUnreachable: return "owner-unreachable";
    case ErrorCode::ReportFormat: return "report-format";
    case ErrorCode::SignFailed: return "sign-failed";
    case ErrorCode::SignatureInvalid: return "signature-invalid";
    case ErrorCode::ReportTampered: return "report-tampered";
    case ErrorCode::HostNameUnresolved: return "host-name-unresolved";
    case ErrorCode::ConnectFailed: return "connect-failed";
    case ErrorCode::ConnectTimeout: return "connect-timeout";
    case ErrorCode::NotSsh: return "not-ssh";
    case ErrorCode::HostKeyUnknown: return "host-key-unknown";
    case ErrorCode::HostKeyChanged: return "host-key-changed";
    case ErrorCode::HostKeyRevoked: return "host-key-revoked";
    case ErrorCode::AuthFailed: return "auth-failed";
    case ErrorCode::KeyUnusable: return "key-unusable";
    case ErrorCode::CredentialNeeded: return "credential-needed";
    case ErrorCode::SudoRefused: return "sudo-refused";
    case ErrorCode::NoCommonAlgorithm: return "no-common-algorithm";
    case ErrorCode::ConnectionLost: return "connection-lost";
    case ErrorCode::CommandTimeout: return "command-timeout";
    case ErrorCode::CommandFailed: return "command-failed";
    case ErrorCode::OutputUnreadable: return "output-unreadable";
    case ErrorCode::NoShell: return "no-shell";
    case ErrorCode::HostDiskFull: return "host-disk-full";
    case ErrorCode::HostStateUnusable: return "host-state-unusable";
    case ErrorCode::HostBusy: return "host-busy";
    case ErrorCode::HostLocked: return "host-locked";
    case ErrorCode::HostLeaseStale: return "host-lease-stale";
    case ErrorCode::HostFenced: return "host-fenced";
    case ErrorCode::HostHeld: return "host-held";
    case ErrorCode::HostPathRefused: return "host-path-refused";
    case ErrorCode::HostNoRoom: return "host-no-room";
    case ErrorCode::FileChanged: return "file-changed";
    case ErrorCode::TransferMismatch: return "transfer-mismatch";
    case ErrorCode::Cancelled: return "cancelled";
    case ErrorCode::DemoFailed: return "demo-failed";
    }
    return "internal";
}

std::optional<ErrorCode> errorFromKey(const QString &key)
{
    for (int i = 0; i <= static_cast<int>(lastErrorCode); ++i) {
        if (key == QLatin1String(errorKey(static_cast<ErrorCode>(i))))
            return static_cast<ErrorCode>(i);
    }
    return std::nullopt;
}

} // namespace bellwether
