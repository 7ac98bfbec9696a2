#include "headless/context.h"

#include "config/files.h"
#include "config/knownhosts.h"
#include "text/errortext.h"
#include "text/sshline.h"

#include <QFileInfo>

namespace bellwether {

namespace {

Result<Installation> knownHost(const Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const QString name = context.in.positionals.first();
    if (const Installation *installation = view->workspace().inventory.find(name))
        return *installation;
    return fail(ErrorCode::UnknownHost, {name});
}

QString keyText(const MachineKey &key) // lists of fingerprints need not state the type
{
    return key.keyType.isEmpty() ? key.fingerprint : key.keyType + u' ' + key.fingerprint;
}

void printKeys(Context &context, const KeyImport &keys, const QMap<QString, QString> &trusted)
{
    for (const MachineKey &key : keys.trust)
        context.out.line(QStringLiteral("+ %1  %2").arg(key.machine, keyText(key)));
    for (const MachineKey &key : keys.revoke) {
        const QString machine = trusted.key(key.fingerprint);
        context.out.line(QStringLiteral("- %1 is revoked%2").arg(keyText(key), machine.isEmpty() ? QString() : QStringLiteral(", and was trusted for %1").arg(machine)));
    }
    for (const KeyConflict &conflict : keys.conflicts)
        context.out.line(QStringLiteral("! %1: %2: %3 differs from the trusted %4, which stays").arg(printable(conflict.key.where), conflict.key.machine, keyText(conflict.key), conflict.trusted));
    for (const Skipped &skipped : keys.skipped)
        context.out.line(QStringLiteral("! %1: %2: %3").arg(printable(skipped.where), printable(skipped.what), printable(skipped.why, 1000)));
}

// Keys from a known_hosts file or a list of fingerprints: shown before they are taken, and only for machines of the inventory.
Result<int> importTrust(Context &context)
{
    if (!context.in.positionals.isEmpty() || context.in.has(QStringLiteral("fingerprint")))
        return usage(QStringLiteral("--import stands without HOST and --fingerprint"));
    const QString file = context.in.value(QStringLiteral("import"));
    const auto text = readFileBounded(file);
    if (!text)
        return std::unexpected(text.error());
    QMap<QString, QString> trusted;
    KeyImport keys;
    {
        const auto view = context.view();
        if (!view)
            return std::unexpected(view.error());
        const Workspace &w = view->workspace();
        for (auto it = w.trusted.cbegin(); it != w.trusted.cend(); ++it)
            trusted.insert(it.key(), it->fingerprint);
        auto read = importKnownHosts(*text, file, w.inventory, trusted, w.revoked.keys());
        if (!read)
            return std::unexpected(read.error());
        keys = std::move(*read);
    }
    const bool dry = context.in.has(QStringLiteral("dry-run"));
    if (!context.json())
        printKeys(context, keys, trusted);
    const auto sum = [&](const QString &word) {
        context.out.line(QStringLiteral("%1%2 trusted, %3 revoked, %4 in conflict, %5 unchanged, %6 for machines that are not in the fleet").arg(word)
                             .arg(keys.trust.size()).arg(keys.revoke.size()).arg(keys.conflicts.size()).arg(keys.unchanged).arg(keys.strangers));
    };
    const bool asks = !dry && !context.json() && !context.in.has(QStringLiteral("yes")) && context.out.canAsk();
    if (asks && keys.trust.size() + keys.revoke.size() > 0) {
        sum(QStringLiteral("Would be: "));
        context.out.flush();
        if (!context.out.ask(QStringLiteral("Were these fingerprints compared with the hosts' own? Take them?"))) {
            context.out.line(QStringLiteral("Nothing is taken."));
            return 3;
        }
    }
    if (!dry && keys.trust.size() + keys.revoke.size() > 0) {
        auto link = context.link();
        if (!link)
            return std::unexpected(link.error());
        const auto reply = (*link)->ask(context.request(QStringLiteral("trust-import"),
            {{QStringLiteral("source"), QFileInfo(file).fileName()}, {QStringLiteral("keys"), valueToJson(keys.trust)}, {QStringLiteral("revoked"), valueToJson(keys.revoke)}}));
        if (!reply)
            return std::unexpected(reply.error());
    }
    if (context.json()) {
        context.out.json({{QStringLiteral("dry_run"), dry}, {QStringLiteral("trusted"), valueToJson(keys.trust)}, {QStringLiteral("revoked"), valueToJson(keys.revoke)},
                          {QStringLiteral("conflicts"), valueToJson(keys.conflicts)}, {QStringLiteral("unchanged"), keys.unchanged},
                          {QStringLiteral("strangers"), keys.strangers}, {QStringLiteral("skipped"), valueToJson(keys.skipped)}});
        return 0;
    }
    sum(dry ? QStringLiteral("Would be: ") : QString());
    return 0;
}

} // namespace

Result<int> hostTrust(Context &context)
{
    if (context.in.has(QStringLiteral("import")))
        return importTrust(context);
    if (context.in.positionals.isEmpty())
        return usage(QStringLiteral("host trust needs HOST, or --import FILE"));
    for (const char *option : {"dry-run", "json", "yes"})
        if (context.in.has(QLatin1String(option)))
            return usage(QStringLiteral("--%1 belongs to --import").arg(QLatin1String(option)));
    const auto host = knownHost(context);
    if (!host)
        return std::unexpected(host.error());
    const QString wanted = context.in.value(QStringLiteral("fingerprint"));
    if (!wanted.isEmpty() && !isFingerprint(wanted))
        return fail(ErrorCode::BadValue, {QStringLiteral("--fingerprint"), wanted, QStringLiteral("SHA256: and 43 characters, as ssh-keygen -l prints it")});
    auto link = context.link();
    if (!link)
        return std::unexpected(link.error());
    const auto scanned = (*link)->ask(context.request(QStringLiteral("scan-key"), {{QStringLiteral("host"), host->name}}));
    if (!scanned)
        return std::unexpected(scanned.error());
    const QString type = scanned->value(QStringLiteral("key_type")).toString();
    const QString found = scanned->value(QStringLiteral("fingerprint")).toString();
    const QString trusted = scanned->value(QStringLiteral("trusted")).toString();
    const bool changes = !trusted.isEmpty() && trusted != found;
    context.out.line(QStringLiteral("%1 (%2) shows %3 %4").arg(host->name, host->endpoint.machine(), printable(type), printable(found)));
    if (trusted == found) {
        context.out.line(QStringLiteral("This key is trusted already."));
        return wanted.isEmpty() || wanted == found ? Result<int>(0) : fail(ErrorCode::HostKeyChanged, {host->name, type, found, wanted});
    }
    if (!wanted.isEmpty() && wanted != found)
        return fail(ErrorCode::HostKeyChanged, {host->name, type, found, wanted});
    const QString reason = context.in.value(QStringLiteral("reason")).trimmed();
    if (changes) {
        context.out.line(QStringLiteral("Trusted until now: %1").arg(printable(trusted)));
        if (reason.isEmpty())
            return fail(ErrorCode::NotAllowed, {QStringLiteral("host trust"), QStringLiteral("replacing a trusted key needs --reason")});
    }
    if (wanted.isEmpty()) {
        if (!context.out.canAsk())
            return fail(ErrorCode::HostKeyUnknown, {host->name, type, found});
        if (!context.out.ask(QStringLiteral("Is this the fingerprint you were told for %1? Trust it?").arg(host->name))) {
            context.out.line(QStringLiteral("Not trusted."));
            return 3;
        }
    }
    const auto reply = (*link)->ask(context.request(QStringLiteral("trust"),
        {{QStringLiteral("host"), host->name}, {QStringLiteral("fingerprint"), found}, {QStringLiteral("key_type"), type},
         {QStringLiteral("source"), QStringLiteral("operator")}, {QStringLiteral("reason"), reason}}));
    if (!reply)
        return std::unexpected(reply.error());
    context.out.line(QStringLiteral("Trusted."));
    return 0;
}

Result<int> hostShell(Context &context)
{
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const Inventory &inventory = view->workspace().inventory;
    const Installation *host = inventory.find(context.in.positionals.first());
    if (!host)
        return fail(ErrorCode::UnknownHost, {context.in.positionals.first()});
    const auto way = inventory.wayTo(*host);
    if (!way)
        return std::unexpected(way.error());
    context.out.line(sshLine(*host, *way));
    return 0;
}

} // namespace bellwether
