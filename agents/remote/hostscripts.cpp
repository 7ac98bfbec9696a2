#include "remote/hostscripts.h"

#include "plan/placeholders.h"
#include "remote/hostjobs.h"
#include "remote/shellquote.h"

#include <QFile>
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

Result<QByteArray> bounded(QByteArray command)
{
    if (command.size() > longestCommand)
        return badValue(QStringLiteral("command"), QStringLiteral("%1 bytes").arg(command.size()),
                        QStringLiteral("at most %1 bytes").arg(longestCommand));
    return command;
}

} // namespace

QByteArray hostResource(const QString &name)
{
    initHostResources();
    QFile file(QStringLiteral(":/bellwether/host/") + name);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QByteArray text;
    for (const QByteArray &line : file.readAll().split('\n')) {
        const QByteArray bare = line.trimmed();
        if (!bare.isEmpty() && !bare.startsWith('#'))
            text += bare + '\n';
    }
    return text;
}

Result<QByteArray> helperCommand(const QStringList &verbAndArgs, const QString &stateRoot)
{
    static const QByteArray helper = hostResource(QStringLiteral("helper.sh"));
    static const QByteArray supervisor = hostResource(QStringLiteral("supervisor.sh"));
    if (helper.isEmpty() || supervisor.isEmpty())
        return fail(ErrorCode::Internal, {QStringLiteral("the host scripts are not in the program")});
    const auto words = shellCommand(verbAndArgs);
    const auto root = shellQuote(stateRoot);
    if (!words)
        return words;
    if (!root)
        return root;
    // The empty line first: noise of a login shell may lack its newline.
    QByteArray text = "echo\nset -- " + *words + "\nBWR_ROOT=" + *root + '\n';
    if (verbAndArgs.first() == QLatin1String("start"))
        text += "BWR_SUP=" + *shellQuote(QString::fromUtf8(supervisor)) + '\n';
    return bounded(anyShellCommand(text + helper));
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

Result<QByteArray> pinScript(const QString &file, const QString &key, const QString &value)
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
    return "set -- " + *words + '\n' + pin;
}

} // namespace bellwether
