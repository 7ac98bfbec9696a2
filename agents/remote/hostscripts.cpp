#include "remote/hostscripts.h"

#include "plan/placeholders.h"
#include "remote/helpertext.h"
#include "remote/hostjobs.h"
#include "remote/shellquote.h"

#include <QFile>
#include <QMap>
#include <QRegularExpression>

// A static library's resources are linked only when somebody asks for them by name.
static void initHostResources()
{
    Q_INIT_RESOURCE(host);
}

namespace bellwether {

namespace {

// One argument of a command is at most 128 KiB on Linux, and sshd hands the whole line over as one.
constexpr qsizetype longestCommand = 120 * 1024;
// Of host-run's files, in the home folder of the login, where a host names no other.
const QByteArray ownFolder = ".local/state/bellwether";

std::unexpected<Error> badValue(const QString &what, const QString &value, const QString &allowed)
{
    return fail(ErrorCode::BadValue, {what, value, allowed});
}

Result<QByteArray> programCommand(const QStringList &argv)
{
    if (argv.isEmpty() || argv.first().isEmpty() || argv.first().startsWith(u'-'))
        return badValue(QStringLiteral("argv"), argv.join(u' '), QStringLiteral("a program and its arguments"));
    return shellCommand(argv);
}

Result<QByteArray> checkedFolder(const QString &directory)
{
    if (!directory.isEmpty() && !directory.startsWith(u'/'))
        return badValue(QStringLiteral("directory"), directory, QStringLiteral("an absolute path"));
    return shellQuote(directory);
}

// argv becomes root's by the password on stdin; `refused` is what is done when sudo does not take it, `announce` what is
// done before argv runs, which may be nothing at all.
Result<QByteArray> byPassword(const QStringList &argv, const QString &input, const QByteArray &announce, const QByteArray &refused)
{
    const auto words = argv.size() == 3 ? Result<QByteArray>(QByteArray()) : programCommand(argv.mid(3));
    if (!words)
        return words;
    QByteArray script = "refused() { " + refused + "; }\n" + hostResource(QStringLiteral("sudo.sh")) + announce;
    if (words->isEmpty())
        return script;
    const QByteArray text = input.toUtf8();
    if (text.isEmpty())
        return script + "bysudo " + *words + '\n';
    QByteArray end = "end-of-input";
    while (('\n' + text + '\n').contains('\n' + end + '\n'))
        end += '-';
    return script + "bysudo " + *words + " <<'" + end + "'\n" + text + '\n' + end + '\n';
}

// What becomes a file name on the host: letters, digits and ._- only, never hidden, never an option, never a folder.
bool isWord(char kind, const QString &word)
{
    static const QRegularExpression name(QStringLiteral("\\A[A-Za-z0-9_][A-Za-z0-9._-]{0,199}\\z")), number(QStringLiteral("\\A[0-9]{1,15}\\z"));
    return kind == 'x' || kind == 'o' || (kind == 'p' ? word == QLatin1String("password") : (kind == 't' ? name : number).match(word).hasMatch());
}

Result<QByteArray> bounded(QByteArray command)
{
    if (command.size() > longestCommand)
        return badValue(QStringLiteral("command"), QStringLiteral("%1 bytes").arg(command.size()),
                        QStringLiteral("at most %1 bytes").arg(longestCommand));
    return command;
}

} // namespace

QByteArray hostFile(const QString &name)
{
    initHostResources();
    QFile file(QStringLiteral(":/bellwether/host/") + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QByteArray hostResource(const QString &name)
{
    return bareScript(hostFile(name));
}

const QMap<QString, QByteArray> &helperVerbs()
{
    static const QMap<QString, QByteArray> verbs{
        {QStringLiteral("lock"), "tnoo"}, {QStringLiteral("renew"), "ntn"}, {QStringLiteral("unlock"), "nt"},
        {QStringLiteral("hold"), "tx"}, {QStringLiteral("unhold"), "t"}, {QStringLiteral("who"), ""},
        {QStringLiteral("env"), "tnt"}, {QStringLiteral("start"), "tntntp"}, {QStringLiteral("poll"), "tnnnn"},
        {QStringLiteral("cancel"), "tnt"}, {QStringLiteral("ack"), "t"}, {QStringLiteral("gc"), "n"}};
    return verbs;
}

QString stateFolder(const QString &stateRoot)
{
    return stateRoot.isEmpty() ? QStringLiteral("~/") + QString::fromLatin1(ownFolder) : stateRoot;
}

Result<QByteArray> helperCommand(const QStringList &verbAndArgs, const QString &stateRoot)
{
    static const HelperText helper(hostFile(QStringLiteral("helper.sh")));
    static const QByteArray supervisor = hostResource(QStringLiteral("supervisor.sh"));
    const QString verb = verbAndArgs.value(0);
    const QByteArray body = helper.forVerb(verb.toLatin1());
    if (body.isEmpty() || supervisor.isEmpty())
        return fail(ErrorCode::Internal, {QStringLiteral("the program has no host script for ") + verb});
    const QByteArray kinds = helperVerbs().value(verb);
    const qsizetype given = verbAndArgs.size() - 1, optional = kinds.count('p') + kinds.count('o'); // they come last
    bool fits = given <= kinds.size() && given >= kinds.size() - optional;
    for (qsizetype i = 0; fits && i < given; ++i)
        fits = isWord(kinds.at(i), verbAndArgs.at(i + 1));
    if (!fits)
        return fail(ErrorCode::Internal, {QStringLiteral("these are no words for a host: ") + verbAndArgs.join(u' ')});
    const auto words = shellCommand(verbAndArgs);
    const auto root = shellQuote(stateRoot + QStringLiteral("/v1"));
    if (!words)
        return words;
    if (!root)
        return root;
    // The empty line first: noise of a login shell may lack its newline.
    QByteArray text = "echo\nset -- " + *words + "\nR=";
    if (stateRoot.isEmpty())
        text += "${HOME:?}/" + ownFolder + "/v1\n";
    else
        text += (stateRoot.startsWith(u'/') ? QByteArray() : QByteArray("$PWD/")) + *root + '\n';
    if (verb == QLatin1String("start"))
        text += "BWR_M=$(umask)\nBWR_SUP=" + *shellQuote(QString::fromUtf8(supervisor)) + '\n';
    return bounded(anyShellCommand(text + body));
}

Result<QByteArray> transferCommand(const QStringList &verbAndArgs)
{
    static const QByteArray whole = hostResource(QStringLiteral("transfer.sh"));
    static const QByteArray chunk = hostResource(QStringLiteral("chunk.sh"));
    static const QByteArray relay = hostResource(QStringLiteral("relay.sh"));
    if (whole.isEmpty() || chunk.isEmpty() || relay.isEmpty())
        return fail(ErrorCode::Internal, {QStringLiteral("the host scripts are not in the program")});
    const auto words = shellCommand(verbAndArgs);
    if (!words)
        return words;
    const QString &verb = verbAndArgs.first();
    const bool isChunk = verb == QLatin1String("put") || verb == QLatin1String("get");
    const bool isRelay = verb == QLatin1String("stage") || verb == QLatin1String("relay");
    return bounded(anyShellCommand("echo\nset -- " + *words + '\n' + (isChunk ? chunk : isRelay ? relay : whole)));
}

Result<QByteArray> plainCommand(const QStringList &argv, const QString &directory)
{
    const QByteArray announce = "echo 'bwr run'\n";
    auto last = wantsSudoPassword(argv) ? byPassword(argv, {}, announce, "echo 'bwr err=sudo'; exit 1") : programCommand(argv);
    if (last && !wantsSudoPassword(argv))
        last = announce + "exec " + *last + '\n';
    const auto folder = checkedFolder(directory);
    if (!last)
        return last;
    if (!folder)
        return folder;
    QByteArray text = "echo\nPATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin\nLC_ALL=C.UTF-8\nexport PATH LC_ALL\n";
    if (!directory.isEmpty())
        text += "cd -- " + *folder + " || { echo 'bwr err=nodir'; exit 1; }\n";
    return bounded(anyShellCommand(text + *last));
}

Result<QByteArray> stepScript(const QStringList &argv, const QString &directory, const QString &stdinText)
{
    const QString text = stdinText.endsWith(u'\n') ? stdinText.chopped(1) : stdinText;
    const auto words = wantsSudoPassword(argv)
        ? byPassword(argv, text, {}, "echo 'sudo did not take the password; nothing was run' >&2; exit " + QByteArray::number(passwordRefused))
        : programCommand(argv);
    const auto folder = checkedFolder(directory);
    const auto input = shellQuote(text);
    if (!words)
        return words;
    if (!folder)
        return folder;
    if (!input)
        return input;
    QByteArray script = "PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin\nLC_ALL=C.UTF-8\nexport PATH LC_ALL\n";
    if (!directory.isEmpty())
        script += "cd -- " + *folder + " || exit 125\n";
    if (wantsSudoPassword(argv))
        script += *words;
    else if (stdinText.isEmpty())
        script += "exec " + *words + '\n';
    else
        script += "printf '%s\\n' " + *input + " | " + *words + '\n';
    return script;
}

bool wantsPassword(const QByteArray &stepScript)
{
    return stepScript.contains(hostResource(QStringLiteral("sudo.sh")));
}

Result<QByteArray> pinScript(const QString &file, const QString &key, const QString &value, const QStringList &sudo)
{
    static const QRegularExpression keyForm(QStringLiteral("\\A[A-Za-z_][A-Za-z0-9_]*\\z"));
    static const QRegularExpression valueForm(QStringLiteral("\\A[A-Za-z0-9._+:/@-]{1,256}\\z"));
    static const QByteArray pin = hostResource(QStringLiteral("pin.sh"));
    if (pin.isEmpty())
        return fail(ErrorCode::Internal, {QStringLiteral("the host scripts are not in the program")});
    if (!file.startsWith(u'/') || file.contains(u'\n'))
        return badValue(QStringLiteral("pin file"), file, QStringLiteral("an absolute path"));
    if (!keyForm.match(key).hasMatch())
        return badValue(QStringLiteral("pin key"), key, QStringLiteral("letters, digits and _"));
    if (!valueForm.match(value).hasMatch())
        return badValue(QStringLiteral("pin value"), value, QStringLiteral("letters, digits and . _ + : / @ -"));
    const auto words = shellCommand({file, key, value});
    if (!words)
        return words;
    const QByteArray byLogin = "set -- " + *words + '\n' + pin;
    if (sudo.isEmpty())
        return byLogin;
    // Only where it is needed: who may run a shell by sudo may run everything, and an exact list in sudoers has none.
    const auto byRoot = stepScript(sudo + QStringList{QStringLiteral("sh"), QStringLiteral("-s"), QStringLiteral("--"), file, key, value}, {}, QString::fromUtf8(pin));
    const auto name = shellQuote(file);
    if (!byRoot)
        return byRoot;
    if (!name)
        return name;
    // What is so already takes no right to write it. (Whoever may not write it cannot do anything else.)
    return "pin() (\n" + byLogin + ")\nif [ -r " + *name + " ] && [ -w " + *name + " ]; then pin </dev/null; exit; fi\n"
           "[ -r " + *name + " ] && pin </dev/null 2>/dev/null && exit\n" + *byRoot;
}

} // namespace bellwether
