#include "remote/shellquote.h"

#include <algorithm>

namespace bellwether {

namespace {

bool isBare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
        || QByteArrayLiteral("_./:=@%+,-").contains(c);
}

// In first place these would be syntax or an assignment, not a program.
bool isSyntaxInFront(const QByteArray &word)
{
    static const QList<QByteArray> words{"if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while",
        "until", "for", "in", "time", "function", "select", "coproc"};
    return word.contains('=') || words.contains(word);
}

QByteArray inQuotes(const QByteArray &bytes)
{
    return '\'' + QByteArray(bytes).replace("'", "'\\''") + '\'';
}

} // namespace

Result<QByteArray> shellQuote(const QString &word)
{
    if (word.contains(QChar(u'\0')))
        return fail(ErrorCode::BadValue, {QStringLiteral("argument"), QStringLiteral("a NUL character"),
                                          QStringLiteral("text without NUL")});
    const QByteArray bytes = word.toUtf8();
    if (!bytes.isEmpty() && std::all_of(bytes.begin(), bytes.end(), isBare))
        return bytes;
    return inQuotes(bytes);
}

Result<QByteArray> shellCommand(const QStringList &argv)
{
    QByteArray command;
    for (const QString &word : argv) {
        auto quoted = shellQuote(word);
        if (!quoted)
            return quoted;
        if (command.isEmpty())
            command = isSyntaxInFront(*quoted) ? inQuotes(word.toUtf8()) : *quoted;
        else
            command += ' ' + *quoted;
    }
    return command;
}

QByteArray anyShellCommand(const QByteArray &posixText)
{
    // The first sh joins the pieces and undoes the escapes; each piece is plain enough for every login shell.
    static const QByteArray launcher = "exec sh -c 'h=;for p do h=$h$p;done;set --;eval \"$(printf %b \"$h\")\"' bwr";
    constexpr qsizetype pieceSize = 900; // old C shells end a word at 1024

    QByteArray escaped;
    escaped.reserve(posixText.size() + posixText.size() / 8);
    for (const char c : posixText) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n')
            escaped += "\\n";
        else if (byte < 0x20 || byte >= 0x7f || c == '\'' || c == '\\' || c == '!')
            escaped += "\\0" + QByteArray::number(byte, 8).rightJustified(3, '0');
        else
            escaped += c;
    }
    QByteArray command = launcher;
    for (qsizetype at = 0; at < escaped.size();) {
        qsizetype size = std::min(pieceSize, escaped.size() - at);
        if (escaped.at(at + size - 1) == '\\') // fish would take the closing quote for part of the word
            ++size;
        command += " '" + escaped.mid(at, size) + '\'';
        at += size;
    }
    return command;
}

} // namespace bellwether
