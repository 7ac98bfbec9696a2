#include "text/errortext.h"

#include <QCoreApplication>

namespace bellwether {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("ErrorText", text);
}

// Sentences say what is wrong and, after it, what to do. %1… are the arguments listed in base/error.h.
QString pattern(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Internal:
        return tr("Something went wrong inside Bellwether: %1. Nothing further was done; please report it with logs/bellwether.log.");
    case ErrorCode::Usage:
        return tr("%1. Add --help to see what is possible.");
    case ErrorCode::Interrupted:
        return tr("Interrupted. Steps under way go on on their hosts; carry on with \"bellwether resume\".");
    case ErrorCode::FileUnreadable:
        return tr("The file %1 cannot be read: %2. Check the path and its permissions.");
    case ErrorCode::FileTooLarge:
        return tr("The file %1 has %2 bytes, more than the %3 that are allowed. Check that it is the right file.");
    case ErrorCode::FileEmpty:
        return tr("The file %1 is empty. Check that it is the right file.");
    case ErrorCode::FileUnwritable:
        return tr("The file %1 cannot be written: %2. Choose another place or make room.");
    case ErrorCode::YamlSyntax:
        return tr("This is not valid YAML: %1. Correct the file at this place.");
    case ErrorCode::YamlAlias:
        return tr("Anchors and aliases (& and *) are not accepted here. Write the value out.");
    case ErrorCode::YamlTooDeep:
        return tr("The file is nested too deeply (more than 32 levels). Check that it is the right file.");
    case ErrorCode::YamlTooManyNodes:
        return tr("The file has too many entries (more than 100000). Split it.");
    case ErrorCode::YamlManyDocuments:
        return tr("The file holds more than one YAML document. Keep one and remove the separator \"---\".");
    case ErrorCode::DuplicateKey:
        return tr("The key \"%1\" is given twice. Remove one of the two.");
    case ErrorCode::UnknownKey:
        return tr("The key \"%1\" is not known here. Known keys: %2.");
    case ErrorCode::MissingKey:
        return tr("The key \"%1\" is missing. Add it.");
    case ErrorCode::WrongType:
        return tr("\"%1\" must be %2, but here stands %3. Correct the value.");
    case ErrorCode::BadValue:
        return tr("\"%2\" is not a value for \"%1\". Allowed: %3.");
    case ErrorCode::ImportSyntax:
        return tr("This cannot be read: %1. Correct the file at this place.");
    case ErrorCode::ImportFormat:
        return tr("This is not recognised as a fleet file, an SSH configuration, an Ansible inventory or CSV. Say which with --format.");
    case ErrorCode::BadVersion:
        return tr("\"%1\" is not a version. Write it like 1.5.0 or v2.0.0-rc.1.");
    case ErrorCode::BadFilter:
        return tr("The filter \"%1\" is not understood at column %3: %2. Example: version<1.5 and group:eu.");
    case ErrorCode::UnknownHost:
        return tr("There is no host named \"%1\". \"bellwether fleet list\" shows those that are known.");
    case ErrorCode::UnknownProduct:
        return tr("There is no product named \"%1\". \"bellwether profiles list\" shows those that are known.");
    case ErrorCode::UnknownRelease:
        return tr("The catalogue of %1 has no release %2. \"bellwether releases list %1\" shows those that are known.");
    case ErrorCode::UnknownStrategy:
        return tr("There is no strategy named \"%1\". Use standard, careful, fast, demo or the path of a strategy file.");
    case ErrorCode::DuplicateHost:
        return tr("The host \"%1\" is listed twice. Give each installation a name of its own.");
    case ErrorCode::PlanRefused:
        return tr("The plan is refused for %1 reason(s), the first: %2. Mend the cause and plan again.");
    case ErrorCode::PlanChanged:
        return tr("The plan was changed after it was made: it states the hash %1, but its content has %2. Plan again.");
    case ErrorCode::NothingToDo:
        return tr("There is nothing to do: every chosen host is already there. Choose other hosts or another version.");
    case ErrorCode::UnknownRollout:
        return tr("There is no rollout \"%1\". \"bellwether status\" lists them.");
    case ErrorCode::NotAllowed:
        return tr("\"%1\" is not possible now: %2. \"bellwether status\" shows what is.");
    case ErrorCode::HostInOtherRollout:
        return tr("%1 is still part of rollout %2. End that one first.");
    case ErrorCode::DomainNotConfirmed:
        return tr("%1 would be restored from its backup, and that was not confirmed; nothing was touched. Add --confirm %2 (its domain).");
    case ErrorCode::WayRefused:
        return tr("%1 cannot go back by %2: %3. Leave out --way or choose the other one.");
    case ErrorCode::NotesNotAcknowledged:
        return tr("The release notes of %1 need attention and were not acknowledged. Read them in the plan, then add --acknowledge-notes.");
    case ErrorCode::JournalOpen:
        return tr("The journal %1 cannot be opened: %2. Check the folder given with --data.");
    case ErrorCode::JournalWrite:
        return tr("The journal cannot be written: %1. Nothing new was begun; make room, then resume.");
    case ErrorCode::JournalTampered:
        return tr("The journal is broken at event %1: %2. Keep the folder as it is and compare it with an exported report.");
    case ErrorCode::JournalNewer:
        return tr("The journal was written by a newer Bellwether (format %1, this one knows %2). Use the newer program.");
    case ErrorCode::JournalOlder:
        return tr("The journal has the older format %1, whose chain proves too little; this Bellwether writes format %2 and does not carry it on. Keep it for reading with the older program, and start with another folder (--data).");
    case ErrorCode::DataFolderInUse:
        return tr("The data folder is held by %1 since %2. Use that console, or close it first.");
    case ErrorCode::OwnerUnreachable:
        return tr("The console that owns the data folder does not answer: %1. Try again, or close that console.");
    case ErrorCode::ReportFormat:
        return tr("\"%1\" is not a report format. Use html, pdf, csv, json or md.");
    case ErrorCode::SignFailed:
        return tr("The report could not be signed: %1. The report itself was written; check the key.");
    case ErrorCode::SignatureInvalid:
        return tr("The signature of %1 is not valid. Do not trust this file; ask for it again from its author.");
    case ErrorCode::ReportTampered:
        return tr("The report was changed after it was made: %1. Do not trust this file; export it again from the journal.");
    case ErrorCode::HostNameUnresolved:
        return tr("The address %1 cannot be resolved: %2. Check the spelling and the name service.");
    case ErrorCode::ConnectFailed:
        return tr("%1 cannot be reached at %2: %3. Check that the machine runs and its SSH port is open.");
    case ErrorCode::ConnectTimeout:
        return tr("%1 did not answer within %3 s (%2). Check the network on the way to it.");
    case ErrorCode::NotSsh:
        return tr("What answers at %1 is not an SSH server; it said \"%2\". Check address and port.");
    case ErrorCode::HostKeyUnknown:
        return tr("The key of %1 is not trusted yet (%2 %3). Compare the fingerprint, then run \"bellwether host trust %1\".");
    case ErrorCode::HostKeyChanged:
        return tr("%1 shows another key than the trusted one (%2 %3 instead of %4). Somebody may be in between; find out why before trusting it.");
    case ErrorCode::HostKeyRevoked:
        return tr("%1 shows a key that was revoked (%2). Do not connect; give the machine a new key.");
    case ErrorCode::AuthFailed:
        return tr("%1 does not let %2 in (it accepts: %3). Check user, identity and authorized_keys.");
    case ErrorCode::KeyUnusable:
        return tr("The private key %1 cannot be used: %2. Check the path, or load it into the agent.");
    case ErrorCode::CredentialNeeded:
        return tr("%1 needs %2: %3. Nothing was sent to it.");
    case ErrorCode::SudoRefused:
        return tr("On %1, sudo did not run: %2. Check \"sudo -l\" there and the host's sudo setting (none, nopassword or password).");
    case ErrorCode::NoCommonAlgorithm:
        return tr("%1 offers no %2 that is good enough (it offers: %3). Update its SSH server; nothing was sent to it.");
    case ErrorCode::ConnectionLost:
        return tr("The connection to %1 was lost: %2. Steps go on on the host; it will be asked again.");
    case ErrorCode::CommandTimeout:
        return tr("On %1, %2 did not end within %3 s. Look at the host; then retry.");
    case ErrorCode::CommandFailed:
        return tr("On %1, %2 ended with %3: %4. \"bellwether logs\" shows the whole output.");
    case ErrorCode::OutputUnreadable:
        return tr("On %1, the answer of %2 cannot be understood: %3. Check the profile and the product's version.");
    case ErrorCode::NoShell:
        return tr("%1 has no usable sh; it answered \"%2\". Give the login user a POSIX shell without a banner.");
    case ErrorCode::HostDiskFull:
        return tr("The disk of %1 is full. Make room, then retry.");
    case ErrorCode::HostStateUnusable:
        return tr("On %1, the folder %2 cannot be used: %3. Correct its owner and permissions, or set \"state\" in the fleet file.");
    case ErrorCode::HostBusy:
        return tr("%1 is busy with %2. Wait until it ends.");
    case ErrorCode::HostLocked:
        return tr("%1 is held by %2 for another %3 s. Wait, or ask them.");
    case ErrorCode::HostLeaseStale:
        return tr("%1 is held by %2, and that console has gone silent. Take it over with a reason, or leave the host out.");
    case ErrorCode::HostFenced:
        return tr("Another console has taken over %1. Look at its rollout before you go on.");
    case ErrorCode::HostHeld:
        return tr("Everything on %1 was stopped by the console %2: %3. Ask them to release it.");
    case ErrorCode::HostPathRefused:
        return tr("On %1, %2 cannot be used: %3. Nothing there was changed.");
    case ErrorCode::HostNoRoom:
        return tr("On %1 there is no room for the file: %2 has %4 free and %3 are needed. Make room, then copy again; nothing was sent.");
    case ErrorCode::FileChanged:
        return tr("The file %1 on %2 changed while it was being copied, so nothing was put in place. Copy again when nobody writes to it.");
    case ErrorCode::TransferMismatch:
        return tr("What arrived of %2 is not what was sent, twice (%1: sha256 %4 instead of %3), so nothing was put in place. Check the disks of both machines.");
    case ErrorCode::Cancelled:
        return tr("Cancelled: %1.");
    case ErrorCode::DemoFailed:
        return tr("The demo fleet: %1: %2. \"bellwether demo down\" ends what is left of it; then try again.");
    }
    return tr("Unknown error.");
}

// One pass, so that a %2 inside an argument stays what it is. An argument that ends in a full stop loses it before ours.
QString filled(const QString &text, const QStringList &args)
{
    QString result;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] != u'%' || i + 1 >= text.size() || !text[i + 1].isDigit()) {
            result += text[i];
            continue;
        }
        const int n = text[++i].digitValue();
        QString value = n >= 1 && n <= args.size() ? printable(args[n - 1]).trimmed() : QString();
        if (i + 1 < text.size() && text[i + 1] == u'.' && value.endsWith(u'.') && !value.endsWith(QLatin1String("..")))
            value.chop(1);
        result += value.isEmpty() ? QStringLiteral("?") : value;
    }
    return result;
}

QString placeText(const Place &place)
{
    QString text = printable(place.file);
    if (place.line > 0)
        text += QStringLiteral(":%1").arg(place.line);
    if (place.line > 0 && place.column > 0)
        text += QStringLiteral(":%1").arg(place.column);
    if (!text.isEmpty())
        text += QStringLiteral(": ");
    if (!place.key.isEmpty())
        text += QStringLiteral("%1: ").arg(printable(place.key, 120));
    return text;
}

bool isInvisible(char32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)
        || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xd800 && c <= 0xdfff);
}

} // namespace

QString printable(const QString &text, int limit)
{
    QString result;
    int written = 0;
    for (const uint c : text.toUcs4()) {
        if (++written > limit)
            return result + QChar(0x2026);
        if (c == '\n' || c == '\t' || c == '\r')
            result += u' ';
        else if (isInvisible(c))
            result += QStringLiteral("<U+%1>").arg(c, 4, 16, QLatin1Char('0'));
        else
            result += QString::fromUcs4(reinterpret_cast<const char32_t *>(&c), 1);
    }
    return result;
}

QString errorText(const Error &error)
{
    const bool namedAnyway = error.place.line == 0 && error.args.contains(error.place.file);
    QString text = (namedAnyway ? QString() : placeText(error.place)) + filled(pattern(error.code), error.args);
    if (error.cause)
        text += QStringLiteral(" (%1)").arg(errorText(*error.cause));
    return text;
}

QString errorText(const QString &key, const QStringList &args)
{
    if (const auto code = errorFromKey(key))
        return filled(pattern(*code), args);
    return printable(args.isEmpty() ? key : QStringLiteral("%1: %2").arg(key, args.join(QStringLiteral(", "))));
}

int exitCode(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Internal:
    case ErrorCode::JournalOpen:
    case ErrorCode::JournalWrite:
    case ErrorCode::JournalNewer:
    case ErrorCode::JournalOlder:
        return 1;
    case ErrorCode::Usage:
    case ErrorCode::FileUnreadable:
    case ErrorCode::FileTooLarge:
    case ErrorCode::FileEmpty:
    case ErrorCode::FileUnwritable:
    case ErrorCode::YamlSyntax:
    case ErrorCode::YamlAlias:
    case ErrorCode::YamlTooDeep:
    case ErrorCode::YamlTooManyNodes:
    case ErrorCode::YamlManyDocuments:
    case ErrorCode::DuplicateKey:
    case ErrorCode::UnknownKey:
    case ErrorCode::MissingKey:
    case ErrorCode::WrongType:
    case ErrorCode::BadValue:
    case ErrorCode::ImportSyntax:
    case ErrorCode::ImportFormat:
    case ErrorCode::BadVersion:
    case ErrorCode::BadFilter:
    case ErrorCode::UnknownHost:
    case ErrorCode::UnknownProduct:
    case ErrorCode::UnknownRelease:
    case ErrorCode::UnknownStrategy:
    case ErrorCode::DuplicateHost:
    case ErrorCode::UnknownRollout:
    case ErrorCode::ReportFormat:
        return 2;
    case ErrorCode::PlanRefused:
    case ErrorCode::PlanChanged:
    case ErrorCode::NothingToDo:
    case ErrorCode::NotAllowed:
    case ErrorCode::DomainNotConfirmed:
    case ErrorCode::WayRefused:
    case ErrorCode::NotesNotAcknowledged:
    case ErrorCode::HostKeyUnknown:
    case ErrorCode::HostKeyChanged:
    case ErrorCode::HostKeyRevoked:
    case ErrorCode::HostPathRefused:
    case ErrorCode::HostNoRoom:
        return 3;
    case ErrorCode::SignFailed:
    case ErrorCode::DemoFailed:
    case ErrorCode::CommandTimeout:
    case ErrorCode::CommandFailed:
    case ErrorCode::OutputUnreadable:
    case ErrorCode::SudoRefused:
    case ErrorCode::HostDiskFull:
    case ErrorCode::HostStateUnusable:
    case ErrorCode::FileChanged:
    case ErrorCode::TransferMismatch:
        return 5;
    case ErrorCode::JournalTampered:
    case ErrorCode::SignatureInvalid:
    case ErrorCode::ReportTampered:
        return 7;
    case ErrorCode::HostInOtherRollout:
    case ErrorCode::DataFolderInUse:
    case ErrorCode::OwnerUnreachable:
    case ErrorCode::HostBusy:
    case ErrorCode::HostLocked:
    case ErrorCode::HostLeaseStale:
    case ErrorCode::HostFenced:
    case ErrorCode::HostHeld:
        return 8;
    case ErrorCode::HostNameUnresolved:
    case ErrorCode::ConnectFailed:
    case ErrorCode::ConnectTimeout:
    case ErrorCode::NotSsh:
    case ErrorCode::AuthFailed:
    case ErrorCode::KeyUnusable:
    case ErrorCode::CredentialNeeded:
    case ErrorCode::NoCommonAlgorithm:
    case ErrorCode::ConnectionLost:
    case ErrorCode::NoShell:
        return 9;
    case ErrorCode::Interrupted:
    case ErrorCode::Cancelled:
        return 130;
    }
    return 1;
}

} // namespace bellwether
